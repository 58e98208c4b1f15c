//! The message in hand: put together again from what the mail server takes it apart into.

use std::collections::BTreeMap;
use std::path::Path as FilePath;
use std::sync::Arc;

use bytes::Bytes;

use super::Client;
use crate::channels::mail::envelope::{EnvelopeRoom, Full};
use crate::channels::mail::message::{Addressed, Message, Protocol};
use crate::channels::mail::settings::MailListener;
use crate::channels::mail::spool::{Intaking, UnreadHead};
use crate::channels::mail::wire::{self, Command, Path};
use crate::ports::message::own_name;
use crate::ports::relay::{Envelope, Recipient};
use crate::runtime::limits::{MILTER_FORGED_MAX, MILTER_PARAMETER_BYTES_MAX, SMTP_PATH_BYTES_MAX};

/// Why a message can't be taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    TooLarge,
    /// The spool can't be written to.
    Spool,
    /// More fields of our own names than anybody writes in good faith.
    Forged,
}

/// Why a recipient is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotNamed {
    Full(Full),
    LongSender,
    LongRecipient,
}

impl From<Full> for NotNamed {
    fn from(full: Full) -> Self {
        NotNamed::Full(full)
    }
}

/// A path is longer than [`SMTP_PATH_BYTES_MAX`].
#[derive(Debug)]
struct TooLong;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Recipients,
    Fields,
    Body,
}

pub(super) struct Draft {
    at: At,
    /// `None`: it is too long, and no recipient is taken. (There may be no answer to its own command.)
    sender: Option<Path>,
    parameters: Vec<Bytes>,
    smtp_utf8: bool,
    recipients: Vec<Addressed>,
    /// Of the recipients.
    pub(super) room: EnvelopeRoom,
    content: Intaking,
    /// Fields of the gateway's own names, and how many of each.
    forged: BTreeMap<&'static str, u32>,
    trouble: Option<Trouble>,
}

impl Draft {
    /// `words`: the sender's path and the parameters.
    pub(super) fn new(spool: &FilePath, words: &[Bytes]) -> Draft {
        const KNOWN: [&str; 4] = ["BODY", "SMTPUTF8", "RET", "ENVID"];
        let (sender, parameters) = match read(b"MAIL FROM:", words, &KNOWN) {
            Ok((sender, parameters)) => (Some(sender), parameters),
            Err(TooLong) => (None, Vec::new()),
        };
        let smtp_utf8 = parameters.iter().any(|word| word.eq_ignore_ascii_case(b"SMTPUTF8"));
        Draft {
            at: At::Recipients,
            sender,
            parameters,
            smtp_utf8,
            recipients: Vec::new(),
            room: EnvelopeRoom::default(),
            content: Intaking::new(spool),
            forged: BTreeMap::new(),
            trouble: None,
        }
    }

    pub(super) fn takes_recipients(&self) -> bool {
        self.at == At::Recipients
    }

    /// A message always has a recipient.
    pub(super) fn takes_fields(&self) -> bool {
        self.at != At::Body && !self.recipients.is_empty()
    }

    pub(super) fn takes_body(&self) -> bool {
        self.at == At::Body
    }

    /// One recipient more.
    ///
    /// # Errors
    /// Its path or the sender's is too long; or there are too many, and the client sends this one again.
    pub(super) fn recipient(&mut self, words: &[Bytes]) -> Result<(), NotNamed> {
        if self.sender.is_none() {
            return Err(NotNamed::LongSender);
        }
        let read = read(b"RCPT TO:", words, &["NOTIFY", "ORCPT"]);
        let (address, parameters) = read.map_err(|TooLong| NotNamed::LongRecipient)?;
        self.room.take(&address, parameters.iter())?;
        let recipient = Recipient { path: address.raw.clone(), parameters };
        self.recipients.push(Addressed { address, recipient });
        Ok(())
    }

    /// `leading_space`: the spaces behind the colon are part of the value.
    pub(super) fn field(&mut self, name: &[u8], value: &[u8], leading_space: bool, limit: u64) {
        self.at = At::Fields;
        if let Some(own) = own_name(name) {
            let count = self.forged.entry(own).or_default();
            *count += 1;
            if *count > MILTER_FORGED_MAX {
                self.trouble = Some(Trouble::Forged);
            }
        }
        let mut line = Vec::with_capacity(name.len() + value.len() + 8);
        line.extend_from_slice(name);
        line.extend_from_slice(if leading_space { b":" } else { b": " });
        // Lines of a folded value end in LF here.
        for byte in value {
            if *byte == b'\n' && line.last() != Some(&b'\r') {
                line.push(b'\r');
            }
            line.push(*byte);
        }
        line.extend_from_slice(b"\r\n");
        self.push(&line, limit);
    }

    pub(super) fn end_of_header(&mut self) {
        self.at = At::Body;
        self.push(b"\r\n", u64::MAX);
    }

    /// A piece of the body, its lines ended by CRLF.
    pub(super) fn body(&mut self, piece: &[u8], limit: u64) -> Result<(), Trouble> {
        self.push(piece, limit);
        self.trouble.map_or(Ok(()), Err)
    }

    fn push(&mut self, bytes: &[u8], limit: u64) {
        if self.trouble.is_some() {
            return;
        }
        if self.content.length() + bytes.len() as u64 > limit {
            self.trouble = Some(Trouble::TooLarge);
        } else if let Err(error) = self.content.push(bytes) {
            tracing::error!(%error, "a message could not be spooled");
            self.trouble = Some(Trouble::Spool);
        }
    }

    pub(super) fn forged(&self) -> &BTreeMap<&'static str, u32> {
        &self.forged
    }

    /// The whole message.
    ///
    /// # Errors
    /// The message is on disk, and its header can't be read back.
    pub(super) async fn finish(self, client: &Client) -> Result<Message, UnreadHead> {
        let content = self.content.with_head().await?.finish();
        let name = [&client.hello, &client.name].into_iter().find(|name| !name.is_empty());
        let name = name.map_or("unknown", String::as_str);
        // Without a sender there is no recipient, and no message.
        let sender = self.sender.unwrap_or(Path { raw: Bytes::new(), mailbox: String::new() });
        Ok(Message {
            // One answer for all of it.
            protocol: Protocol::Smtp,
            listener: MailListener::Milter,
            // No queue id: the server makes a new one each time that its client tries, and a
            // contact must be the same then. Sender and content are.
            envelope: Envelope {
                sender: sender.raw.clone(),
                parameters: self.parameters,
                forwarded: forwarded(client),
            },
            sender,
            recipients: self.recipients,
            content: Arc::new(content),
            client: match client.address {
                Some(address) => format!("{name} ([{address}])"),
                None => format!("{name} (local)"),
            },
            with: if self.smtp_utf8 { "UTF8SMTP" } else { "ESMTP" },
            id: uuid::Uuid::now_v7().simple().to_string(),
        })
    }
}

/// The client, as XFORWARD would name it (Postfix's XFORWARD_README).
fn forwarded(client: &Client) -> Vec<(String, String)> {
    let plain = |text: &str| {
        let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
        (!text.is_empty() && text.chars().all(harmless)).then(|| text.to_owned())
    };
    let address = client.address.map(|address| match address {
        std::net::IpAddr::V4(address) => address.to_string(),
        std::net::IpAddr::V6(address) => format!("IPV6:{address}"),
    });
    let named = [("NAME", plain(&client.name)), ("ADDR", address), ("HELO", plain(&client.hello))];
    named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// A path and those of its parameters that a copy is handed on with, in memory of their own: words of a packet hold on
/// to all of it.
fn read(verb: &[u8], words: &[Bytes], known: &[&str]) -> Result<(Path, Vec<Bytes>), TooLong> {
    let (first, rest) = words
        .split_first()
        .map_or((Bytes::new(), &[][..]), |(first, rest)| (bracketed(first), rest));
    if first.len() > SMTP_PATH_BYTES_MAX {
        return Err(TooLong);
    }
    let line = Bytes::from([verb, &first].concat());
    let path = match wire::command(&line) {
        Ok(Command::Mail { path, .. } | Command::Rcpt { path, .. }) => path,
        // The server took it, so it is not ours to refuse: it belongs to no organisation.
        Ok(_) | Err(_) => Path { raw: Bytes::copy_from_slice(&first), mailbox: String::new() },
    };
    let keyword = |word: &Bytes| {
        let end = word.iter().position(|byte| *byte == b'=').unwrap_or(word.len());
        word.slice(..end)
    };
    let wanted = |word: &&Bytes| {
        let keyword = keyword(word);
        let plain = word.iter().all(u8::is_ascii_graphic);
        let short = word.len() <= MILTER_PARAMETER_BYTES_MAX;
        plain && short && known.iter().any(|known| keyword.eq_ignore_ascii_case(known.as_bytes()))
    };
    let parameters = rest.iter().filter(wanted).map(|word| Bytes::copy_from_slice(word));
    Ok((path, parameters.collect()))
}

/// Clients that leave the brackets out are taken as well.
fn bracketed(path: &Bytes) -> Bytes {
    if path.starts_with(b"<") {
        return path.clone();
    }
    Bytes::from([b"<", path.as_ref(), b">"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Original;
    use crate::runtime::limits::SMTP_RECIPIENTS_MAX;

    fn words(words: &[&'static str]) -> Vec<Bytes> {
        words.iter().map(|word| Bytes::from_static(word.as_bytes())).collect()
    }

    fn draft() -> Draft {
        let words = words(&["<a@x.example>", "SIZE=5", "body=8BITMIME", "AUTH=<>"]);
        let mut draft = Draft::new(&std::env::temp_dir(), &words);
        let words = self::words(&["b@y.example", "NOTIFY=NEVER", "X=1"]);
        assert_eq!(draft.recipient(&words), Ok(()));
        draft
    }

    fn bytes(message: &Message) -> Bytes {
        match &message.content.original {
            Original::Bytes(bytes) => bytes.clone(),
            Original::File(_) => panic!("on disk"),
        }
    }

    #[tokio::test]
    async fn a_message_is_put_together_as_it_was() {
        let mut draft = draft();
        draft.field(b"A", b"  1\n\ttwo", true, 1_000);
        draft.field(b"B", b"x\r\n y", false, 1_000);
        draft.end_of_header();
        draft.body(b"text\r\n", 1_000).unwrap();
        draft.body(b"more", 1_000).unwrap();
        let client = Client { hello: "mx".into(), ..Client::default() };
        let message = draft.finish(&client).await.unwrap();
        assert_eq!(bytes(&message), "A:  1\r\n\ttwo\r\nB: x\r\n y\r\n\r\ntext\r\nmore");
        assert_eq!(message.envelope.parameters, ["body=8BITMIME"]);
        assert_eq!(message.recipients[0].recipient.path, "<b@y.example>");
        assert_eq!(message.recipients[0].recipient.parameters, ["NOTIFY=NEVER"]);
        assert_eq!(message.client, "mx (local)");
        assert_eq!(message.envelope.forwarded, [("HELO".to_owned(), "mx".to_owned())]);
    }

    #[test]
    fn size_and_own_fields_are_counted() {
        let mut draft = draft();
        draft.field(b"x-contact-gateway-PASS", b" v1", true, 100);
        draft.end_of_header();
        assert_eq!(draft.forged().iter().collect::<Vec<_>>(), [(&"X-Contact-Gateway-Pass", &1)]);
        assert_eq!(draft.body(&[b'a'; 70], 100), Ok(()));
        assert_eq!(draft.body(b"b", 100), Err(Trouble::TooLarge));
        for _ in 0..MILTER_FORGED_MAX {
            draft.field(b"X-Contact-Gateway-Pass", b" v1", true, 100);
        }
        assert_eq!(draft.body(b"", 100), Err(Trouble::Forged));
    }

    #[test]
    fn odd_paths_belong_to_nobody() {
        let path = |path| read(b"MAIL FROM:", &words(&[path]), &[]).unwrap().0.mailbox;
        assert_eq!(path("<>"), "");
        assert_eq!(path("<a b@x.example>"), "");
        assert_eq!(path("<\"a b\"@x.example>"), "\"a b\"@x.example");
        assert_eq!(read(b"RCPT TO:", &[], &[]).unwrap().0.mailbox, "");
    }

    #[test]
    fn recipients_have_a_bound() {
        let mut draft = draft();
        for _ in 1..SMTP_RECIPIENTS_MAX {
            assert_eq!(draft.recipient(&words(&["<b@y.example>"])), Ok(()));
        }
        let full = Err(NotNamed::Full(Full::Transaction));
        assert_eq!(draft.recipient(&words(&["<b@y.example>"])), full);
    }

    #[test]
    fn a_path_that_is_too_long_is_not_taken_and_neither_are_recipients_of_such_a_sender() {
        let long = |octets: usize| vec![Bytes::from(format!("<{}>", "a".repeat(octets - 2)))];
        let mut draft = draft();
        assert_eq!(draft.recipient(&long(SMTP_PATH_BYTES_MAX)), Ok(()));
        let past = long(SMTP_PATH_BYTES_MAX + 1);
        assert_eq!(draft.recipient(&past), Err(NotNamed::LongRecipient));
        let mut draft = Draft::new(&std::env::temp_dir(), &past);
        let named = draft.recipient(&words(&["<b@y.example>"]));
        assert_eq!(named, Err(NotNamed::LongSender));
        assert!(!draft.takes_fields(), "a message without recipients");
    }

    #[test]
    fn words_hold_on_to_no_packet() {
        let packet = Bytes::from([&b"<b@y.example>\0NOTIFY=NEVER\0"[..], &[b'x'; 9_000]].concat());
        let mut draft = draft();
        draft.recipient(&[packet.slice(..13), packet.slice(14..26)]).unwrap();
        let long = [&b"ORCPT=rfc822;"[..], &[b'x'; MILTER_PARAMETER_BYTES_MAX]].concat();
        draft.recipient(&[packet.slice(..13), Bytes::from(long)]).unwrap();
        assert!(packet.is_unique());
        let [_, second, third] = &draft.recipients[..] else { panic!("three recipients") };
        assert_eq!(second.recipient.parameters, ["NOTIFY=NEVER"]);
        assert!(third.recipient.parameters.is_empty());
    }
}
