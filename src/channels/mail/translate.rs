//! A message as a contact.

use aws_lc_rs::digest;
use chrono::{DateTime, Utc};

use super::reading::MailReading;
use super::wire::xtext;
use crate::domain::channel::Channel;
use crate::domain::contact::{Contact, SenderIdentifier};
use crate::domain::identifier::IdentifierKind;
use crate::ports::relay::Envelope;
use crate::runtime::tokens::hex;

/// Hex digits of a digest in an id: 128 bits.
const ID_DIGITS: usize = 32;

/// Characters of a queue id in a contact id; Postfix's long ones have at most 20.
const IDENT_CHARS_MAX: usize = 64;

/// The contact's id: the sending server's queue id and the content, so that one message in several
/// transactions, and every retry of it, is one contact. Queue ids are reused, so never by itself;
/// without one, the sender and the content.
pub(super) fn contact_id(envelope: &Envelope, content: &[u8; 32]) -> String {
    let digits = |digest: &[u8]| hex(digest).chars().take(ID_DIGITS).collect::<String>();
    match ident(envelope) {
        Some(ident) => format!("mail-{ident}-{}", digits(content)),
        None => {
            let mut context = digest::Context::new(&digest::SHA256);
            context.update(&envelope.sender);
            context.update(b"\0");
            context.update(content);
            format!("mail-{}", digits(context.finish().as_ref()))
        }
    }
}

/// The queue id that the sending server gave; `[UNAVAILABLE]` counts as absent.
fn ident(envelope: &Envelope) -> Option<String> {
    let (_, value) = envelope.forwarded.iter().rev().find(|(name, _)| name == "IDENT")?;
    let value = String::from_utf8_lossy(&xtext(value)?).into_owned();
    if value.is_empty() || value.eq_ignore_ascii_case("[UNAVAILABLE]") {
        return None;
    }
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    Some(value.chars().take(IDENT_CHARS_MAX).map(plain).collect())
}

/// The contact that a message is to one organisation. `sender`: the envelope's; `to`: its recipients
/// there.
pub(super) fn contact(
    id: String,
    reading: &MailReading,
    sender: &str,
    to: Vec<String>,
    at: DateTime<Utc>,
) -> Contact {
    let from = reading
        .from
        .iter()
        .map(|address| SenderIdentifier {
            kind: IdentifierKind::Email,
            value: address.text(),
            assurance: reading.assurance,
        })
        .collect();
    Contact {
        from,
        to,
        subject: reading.subject.clone(),
        text: reading.text.clone(),
        thread: reading.thread.clone(),
        attachments: reading.attachments.clone(),
        automatic: reading.automatic,
        message_id: reading.message_id.clone(),
        ambiguous: reading.ambiguous,
        unread: reading.unread,
        // Where the message's own fields settle nothing, the envelope may.
        obscure: reading.obscure.as_ref().map(|text| format!("{sender}\n{text}")),
        ..Contact::new(id, Channel::Email, at)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn id(ident: Option<&str>, sender: &'static str, content: u8) -> String {
        let forwarded = ident.map(|ident| ("IDENT".to_owned(), ident.to_owned()));
        let envelope = Envelope {
            sender: Bytes::from_static(sender.as_bytes()),
            parameters: Vec::new(),
            forwarded: forwarded.into_iter().collect(),
        };
        contact_id(&envelope, &[content; 32])
    }

    #[test]
    fn an_id_is_the_queue_id_with_the_content_or_the_sender_with_the_content() {
        assert_eq!(id(Some("4bX"), "<a@x>", 1), id(Some("4bX"), "<b@x>", 1));
        assert!(id(Some("4bX"), "<a@x>", 1).starts_with("mail-4bX-0101"));
        assert_ne!(id(Some("4bX"), "<a@x>", 1), id(Some("4bX"), "<a@x>", 2));
        assert_ne!(id(Some("4bX"), "<a@x>", 1), id(Some("4bY"), "<a@x>", 1));
        assert_eq!(id(Some("[UNAVAILABLE]"), "<a@x>", 1), id(None, "<a@x>", 1));
        assert_ne!(id(None, "<a@x>", 1), id(None, "<b@x>", 1));
        assert_ne!(id(None, "<a@x>", 1), id(None, "<a@x>", 2));
    }
}
