//! The gateway's own mail: notices to senders, and copies to mailboxes of the organisation.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use lettre::message::header::{
    ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue,
};
use lettre::message::{Attachment, Body, Mailbox, MultiPart, SinglePart};
use tokio::time::{Instant, timeout};

use crate::domain::organisation::{Organisation, OrganisationId};
use crate::ports::message::HeaderBlock;
use crate::ports::relay::{Envelope, OwnFields, Partly, Recipient, Relay, RelayedMessage, Trace};
use crate::ports::{Clock, Mailer, Original, OwnMail, OwnMailKind, SendError};
use crate::runtime::limits::{MAIL_HEADER_BYTES_MAX, OWN_MAIL_WAIT};
use crate::runtime::tokens::{hex, sha256};

/// Writes mail and hands it to the server behind the gateway.
pub struct SmtpMailer {
    relay: Arc<dyn Relay>,
    senders: BTreeMap<OrganisationId, Mailbox>,
    hostname: String,
    clock: Arc<dyn Clock>,
}

impl SmtpMailer {
    /// Organisations without a `notice_from` (or with an invalid one; `check` says so)
    /// send no notices.
    pub fn new(
        relay: Arc<dyn Relay>,
        organisations: &[Arc<Organisation>],
        hostname: &str,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let senders = organisations
            .iter()
            .filter_map(|organisation| {
                let from = organisation.notice_from.as_ref()?.parse().ok()?;
                Some((organisation.id.clone(), from))
            })
            .collect();
        SmtpMailer { relay, senders, hostname: hostname.to_owned(), clock }
    }

    fn from(&self, mail: &OwnMail) -> Result<Mailbox, SendError> {
        match (self.senders.get(&mail.organisation), mail.kind) {
            (Some(from), _) => Ok(from.clone()),
            (None, OwnMailKind::Notice | OwnMailKind::Letter) => Err(SendError::NoSender),
            (None, OwnMailKind::Internal) => format!("contact-gateway@{}", self.hostname)
                .parse()
                .map_err(|_| SendError::HostName),
        }
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: OwnMail) -> Result<(), SendError> {
        let from = self.from(&mail)?;
        let offer = self.relay.capabilities().await;
        let at = self.clock.now();
        let message_id = message_id(&mail, &self.hostname);
        let reverse_path = from.email.to_string();
        let message = compose(&mail, from, &message_id, at, offer.eight_bit_mime)?;
        let letter = letter(message, message_id, at);
        let (sender, notify) = match mail.kind {
            // RFC 3834 3.3, and for copies: nobody gets a report of a full mailbox.
            OwnMailKind::Notice | OwnMailKind::Internal => {
                (Bytes::from_static(b"<>"), "NOTIFY=NEVER")
            }
            OwnMailKind::Letter => (Bytes::from(format!("<{reverse_path}>")), "NOTIFY=FAILURE"),
        };
        let envelope =
            Envelope { sender, parameters: parameters(&mail, &letter), forwarded: Vec::new() };
        let recipient = Recipient {
            path: Bytes::from(format!("<{}>", mail.to)),
            parameters: if offer.dsn { vec![Bytes::from(notify)] } else { vec![] },
        };
        let deadline = Instant::now() + OWN_MAIL_WAIT;
        let sending = self.relay.deliver(
            &envelope,
            std::slice::from_ref(&recipient),
            Partly::Refused,
            &letter,
            deadline,
        );
        let replies = timeout(OWN_MAIL_WAIT, sending).await.map_err(|_| SendError::Slow)??;
        match replies.first() {
            Some(reply) if reply.is_positive() => Ok(()),
            Some(reply) => Err(SendError::Answered(reply.code)),
            None => Err(SendError::NoAnswer),
        }
    }
}

fn parameters(mail: &OwnMail, letter: &RelayedMessage) -> Vec<Bytes> {
    let mut parameters = Vec::new();
    if let Original::Bytes(bytes) = &letter.original
        && !bytes.is_ascii()
    {
        parameters.push(Bytes::from_static(b"BODY=8BITMIME"));
    }
    if !mail.to.is_ascii() {
        parameters.push(Bytes::from_static(b"SMTPUTF8"));
    }
    parameters
}

fn letter(message: Vec<u8>, message_id: String, at: DateTime<Utc>) -> RelayedMessage {
    let original = Bytes::from(message);
    let head = original.slice(..MAIL_HEADER_BYTES_MAX.min(original.len()));
    RelayedMessage {
        header: Arc::new(HeaderBlock::scan(&head, head.len() == original.len())),
        head,
        length: original.len() as u64,
        original: Original::Bytes(original),
        trace: Trace {
            own_fields: OwnFields::TakenOff,
            decision: None,
            original_to: Vec::new(),
            mark: None,
            client: "localhost".into(),
            protocol: "LMTP",
            id: message_id.trim_start_matches('<').chars().take(16).collect(),
            at,
        },
    }
}

/// The same key gives the same id, so that a mailbox shows a mail that was sent twice once.
fn message_id(mail: &OwnMail, hostname: &str) -> String {
    let kind = match mail.kind {
        OwnMailKind::Notice => "notice",
        OwnMailKind::Internal => "internal",
        OwnMailKind::Letter => "letter",
    };
    let named = format!("{}\n{kind}\n{}", mail.organisation, mail.key);
    let digest = sha256(named.as_bytes());
    let id = hex(digest.get(..16).unwrap_or(&digest));
    format!("<{id}.{kind}@{hostname}>")
}

fn compose(
    mail: &OwnMail,
    from: Mailbox,
    message_id: &str,
    at: DateTime<Utc>,
    eight_bit: bool,
) -> Result<Vec<u8>, SendError> {
    let unwritable = |_| SendError::Unwritable;
    let to: Mailbox = mail.to.parse().map_err(|_| SendError::Recipient)?;
    let mut builder = lettre::Message::builder()
        .from(from)
        .to(to)
        .subject(one_line(&mail.subject))
        .date(at.into())
        .message_id(Some(message_id.to_owned()));
    if mail.kind != OwnMailKind::Letter {
        builder = builder.header(AutoSubmitted(mail.kind));
    }
    if let Some(answered) = mail.in_reply_to.as_deref().map(one_line).filter(|id| !id.is_empty()) {
        let answered = bracketed(&answered);
        builder = builder.in_reply_to(answered.clone()).references(answered);
    }
    let text = SinglePart::plain(mail.text.replace("\r\n", "\n").replace('\r', "\n"));
    let message = match (&mail.html, &mail.original) {
        (Some(html), _) => {
            let both = MultiPart::alternative().singlepart(text).singlepart(page(html)?);
            builder.multipart(both).map_err(unwritable)?
        }
        (None, None) => builder.singlepart(text).map_err(unwritable)?,
        (None, Some(original)) => builder
            .multipart(
                MultiPart::mixed().singlepart(text).singlepart(attached(original, eight_bit)),
            )
            .map_err(unwritable)?,
    };
    Ok(message.formatted())
}

/// A page as it is, to the byte: the hash covers exactly the bytes that arrive.
fn page(html: &str) -> Result<SinglePart, SendError> {
    let encoding = ContentTransferEncoding::Base64;
    let body = Body::new_with_encoding(html.as_bytes().to_vec(), encoding)
        .map_err(|_| SendError::Unwritable)?;
    Ok(SinglePart::builder().header(ContentType::TEXT_HTML).body(body))
}

/// The original as `message/rfc822`, which may not be encoded (RFC 2046 5.2.1); behind a server
/// that takes only seven bits, as a file.
fn attached(original: &Bytes, eight_bit: bool) -> SinglePart {
    let name = "original.eml".to_owned();
    let encoding = if original.is_ascii() {
        ContentTransferEncoding::SevenBit
    } else {
        ContentTransferEncoding::EightBit
    };
    match ContentType::parse("message/rfc822") {
        Ok(message) if original.is_ascii() || eight_bit => {
            let body = Body::dangerous_pre_encoded(original.to_vec(), encoding);
            Attachment::new(name).body(body, message)
        }
        Ok(_) | Err(_) => {
            let file = ContentType::parse("application/octet-stream");
            Attachment::new(name).body(original.to_vec(), file.unwrap_or(ContentType::TEXT_PLAIN))
        }
    }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

fn bracketed(id: &str) -> String {
    if id.starts_with('<') { id.to_owned() } else { format!("<{id}>") }
}

/// `Auto-Submitted` (RFC 3834 5).
#[derive(Clone)]
struct AutoSubmitted(OwnMailKind);

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(value: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        match value.trim() {
            "auto-replied" => Ok(AutoSubmitted(OwnMailKind::Notice)),
            _ => Ok(AutoSubmitted(OwnMailKind::Internal)),
        }
    }

    fn display(&self) -> HeaderValue {
        let value = match self.0 {
            OwnMailKind::Notice => "auto-replied",
            OwnMailKind::Internal | OwnMailKind::Letter => "auto-generated",
        };
        HeaderValue::new(Self::name(), value.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn mail(kind: OwnMailKind, original: Option<Bytes>) -> OwnMail {
        OwnMail {
            organisation: OrganisationId::new("karbon"),
            key: "k".into(),
            kind,
            to: "jo@x.example".into(),
            subject: "Your e\u{2011}mail\r\nBcc: evil@x.example".into(),
            text: "Dear Jo,\nplease wait.".into(),
            html: None,
            in_reply_to: Some("a@x.example".into()),
            original,
        }
    }

    fn composed(mail: &OwnMail) -> String {
        let from = "Karbon <no-reply@karbon.example>".parse().unwrap();
        let id = message_id(mail, "gw.example");
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        String::from_utf8(compose(mail, from, &id, at, true).unwrap()).unwrap()
    }

    #[test]
    fn a_notice_says_that_it_is_automatic_and_what_it_answers() {
        let text = composed(&mail(OwnMailKind::Notice, None));
        for line in [
            "Auto-Submitted: auto-replied",
            "In-Reply-To: <a@x.example>",
            "References: <a@x.example>",
            "From: Karbon <no-reply@karbon.example>",
            "To: jo@x.example",
            "Date: Fri, 15 Jan 2027 08:00:00 +0000",
        ] {
            assert!(text.contains(&format!("{line}\r\n")), "{line}\n{text}");
        }
        assert!(!text.contains("\r\nBcc"), "{text}");
        assert_eq!(text, composed(&mail(OwnMailKind::Notice, None)));
    }

    #[test]
    fn a_letter_carries_the_page_to_the_byte() {
        let html = "<!doctype html>\n<title>Llythyr</title>\r\n<p>Annwyl Jo \u{2014} \u{175}y\n"
            .to_owned();
        let text =
            composed(&OwnMail { html: Some(html.clone()), ..mail(OwnMailKind::Letter, None) });
        assert!(!text.contains("Auto-Submitted"), "{text}");
        assert!(text.contains("multipart/alternative"), "{text}");
        let (_, part) = text.split_once("text/html; charset=utf-8").unwrap();
        let (_, part) = part.split_once("\r\n\r\n").unwrap();
        let encoded: String = part.split("\r\n--").next().unwrap().split_whitespace().collect();
        let decoded = STANDARD.decode(&encoded).unwrap();
        assert_eq!(decoded, html.as_bytes());
    }

    #[test]
    fn a_copy_carries_the_original_as_it_came() {
        let original = Bytes::from_static("Subject: ä\r\n\r\nbody ü\r\n".as_bytes());
        let text = composed(&mail(OwnMailKind::Internal, Some(original)));
        assert!(text.contains("Auto-Submitted: auto-generated\r\n"), "{text}");
        assert!(text.contains("Content-Type: message/rfc822\r\n"), "{text}");
        assert!(text.contains("Content-Transfer-Encoding: 8bit\r\n"), "{text}");
        assert!(text.contains("Subject: ä\r\n\r\nbody ü\r\n"), "{text}");
    }
}
