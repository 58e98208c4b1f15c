//! A contact: one approach by one sender, on any channel.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::channel::Channel;
use super::doubt::Doubt;
use super::flag::Flag;
use super::identifier::{Assurance, IdentifierKind};
use super::lane::AskedLane;

/// The longest id of a contact, in bytes: what every edge makes fits, and so do a UUID, a URN and a
/// provider's id with an account in front.
pub const ID_BYTES_MAX: usize = 200;

/// Why a text can't be a contact's id; `None`: it can. Ids appear in logs, headers, addresses and file names:
/// they are visible ASCII without spaces (`!` to `~`).
pub fn id_fault(id: &str) -> Option<String> {
    if id.is_empty() {
        return Some("is empty".to_owned());
    }
    if id.len() > ID_BYTES_MAX {
        return Some(format!("has {} bytes; at most {ID_BYTES_MAX} are allowed", id.len()));
    }
    let wrong = id.chars().find(|c| !c.is_ascii_graphic())?;
    Some(format!("has the character U+{:04X}; use visible ASCII without spaces", u32::from(wrong)))
}

/// An id as submitted.
fn id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let id = String::deserialize(deserializer)?;
    match id_fault(&id) {
        None => Ok(id),
        Some(fault) => Err(serde::de::Error::custom(format!("the id {fault}"))),
    }
}

/// One inbound e-mail, form, call, text message, letter, visit, post or chat. One message to five
/// colleagues is one contact. This is the published JSON shape; unknown keys are refused by name.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Chosen by the submitter; the same id again is the same contact.
    #[serde(deserialize_with = "id")]
    pub id: String,
    pub channel: Channel,
    /// When the contact was made.
    pub at: DateTime<Utc>,
    #[serde(default)]
    pub from: Vec<SenderIdentifier>,
    /// The recipients as addressed: e-mail addresses or numbers of the organisation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The case reference, where the contact carries one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    /// Message-ids that the contact answers or refers to (RFC 5322 3.6.4).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thread: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Bounce, out-of-office, receipt (RFC 3834): neither counted nor answered.
    #[serde(default, skip_serializing_if = "is_false")]
    pub automatic: bool,
    /// A reply to a message that staff sent.
    #[serde(default, skip_serializing_if = "is_false")]
    pub invited: bool,
    /// This contact's own message-id, so that a later reply to it is on the same thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The provider's id of the call or message, for channels that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    /// What the channel could not settle about the sender: two From fields, conflicting form
    /// fields. Such a contact is delivered and flagged, never limited.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ambiguous: bool,
    /// The channel could not read the contact's fields or text: still decided on what is known, and flagged.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unread: bool,
    /// What could not be read for certain, within a bound: whose identifiers appear in it is looked at.
    #[serde(skip)]
    pub obscure: Option<String>,
    /// The channel that submits the contact has no way to answer its sender. A limited sender does not count
    /// as notified then, and the item says so.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unanswerable: bool,
    /// The channel that submits the contact can neither answer a limited sender nor hold the contact back: what would
    /// be limited or filed is delivered, and flagged.
    #[serde(skip)]
    pub unstoppable: bool,
    /// The answer to this contact shows nothing of the decision, since anybody may have made it; a
    /// notice goes to the person's address on record.
    #[serde(skip)]
    pub notified_apart: bool,
    /// The lane that the sender asked for by a key or a button of its own, not in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<AskedLane>,
}

impl Contact {
    /// A contact of which nothing else is known.
    pub const fn new(id: String, channel: Channel, at: DateTime<Utc>) -> Self {
        Contact {
            id,
            channel,
            at,
            from: Vec::new(),
            to: Vec::new(),
            subject: None,
            text: None,
            issue: None,
            thread: Vec::new(),
            attachments: Vec::new(),
            automatic: false,
            invited: false,
            message_id: None,
            call_id: None,
            ambiguous: false,
            unread: false,
            obscure: None,
            unanswerable: false,
            unstoppable: false,
            notified_apart: false,
            lane: None,
        }
    }
}

/// Shows id and channel: no subject, text or address reaches a log by way of `{:?}`.
impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Contact({}, {})", self.id, self.channel.name())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// One identifier that a contact carries, and how far it is proven.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SenderIdentifier {
    pub kind: IdentifierKind,
    pub value: String,
    #[serde(default = "asserted")]
    pub assurance: Assurance,
}

fn asserted() -> Assurance {
    Assurance::Asserted
}

/// Shows only the kind: no address reaches a log through `{:?}`.
impl std::fmt::Debug for SenderIdentifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SenderIdentifier({}, {:?})", self.kind.name(), self.assurance)
    }
}

/// An attachment as the decision sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    #[serde(default)]
    pub name: String,
    /// Lower-case hex SHA-256 of the decoded content.
    pub sha256: String,
    #[serde(default)]
    pub bytes: u64,
}

/// A contact with its keys in the order of the alphabet. What is recorded under an id is compared
/// with it for as long as that is kept, so that it never changes. Whether its sender can be answered
/// is nothing of its content.
#[derive(Serialize)]
struct Canonical<'a> {
    #[serde(skip_serializing_if = "is_false")]
    ambiguous: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<CanonicalAttachment<'a>>,
    #[serde(skip_serializing_if = "is_false")]
    automatic: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_id: Option<&'a str>,
    channel: Channel,
    from: Vec<CanonicalIdentifier<'a>>,
    id: &'a str,
    #[serde(skip_serializing_if = "is_false")]
    invited: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    issue: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lane: Option<AskedLane>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    thread: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    to: &'a [String],
}

#[derive(Serialize)]
struct CanonicalAttachment<'a> {
    bytes: u64,
    name: &'a str,
    sha256: &'a str,
}

#[derive(Serialize)]
struct CanonicalIdentifier<'a> {
    assurance: Assurance,
    kind: IdentifierKind,
    value: &'a str,
}

impl<'a> Canonical<'a> {
    fn of(contact: &'a Contact, with_time: bool) -> Self {
        let attachments = contact.attachments.iter().map(|one| CanonicalAttachment {
            bytes: one.bytes,
            name: &one.name,
            sha256: &one.sha256,
        });
        let from = contact.from.iter().map(|one| CanonicalIdentifier {
            assurance: one.assurance,
            kind: one.kind,
            value: &one.value,
        });
        Canonical {
            ambiguous: contact.ambiguous,
            at: with_time.then_some(contact.at),
            attachments: attachments.collect(),
            automatic: contact.automatic,
            call_id: contact.call_id.as_deref(),
            channel: contact.channel,
            from: from.collect(),
            id: &contact.id,
            invited: contact.invited,
            issue: contact.issue.as_deref(),
            lane: contact.lane,
            message_id: contact.message_id.as_deref(),
            subject: contact.subject.as_deref(),
            text: contact.text.as_deref(),
            thread: &contact.thread,
            to: &contact.to,
        }
    }
}

impl Contact {
    /// The flags of what the channel could not settle or read: on every decision about the contact, regardless of
    /// sender.
    pub fn doubts(&self) -> impl Iterator<Item = Flag> {
        let doubts =
            [(self.ambiguous, Flag::Identity(Doubt::Ambiguous)), (self.unread, Flag::Unread)];
        doubts.into_iter().filter(|(is_so, _)| *is_so).map(|(_, flag)| flag)
    }

    /// What the contact's id stands for, as bytes to take a digest of: its canonical JSON. The time is left out if none
    /// was submitted with the contact, so that a repeat is the same.
    ///
    /// # Errors
    /// None that is known: every contact has a JSON form.
    pub fn canonical(&self, with_time: bool) -> Result<Vec<u8>, serde_json::Error> {
        // All but long subjects and lists fit, and nothing is moved as it grows.
        const BESIDE_THE_TEXT: usize = 512;
        let text = self.text.as_ref().map_or(0, String::len);
        let mut canonical = Vec::with_capacity(BESIDE_THE_TEXT + text);
        serde_json::to_writer(&mut canonical, &Canonical::of(self, with_time))?;
        Ok(canonical)
    }
}

#[cfg(test)]
mod id_tests {
    use super::*;

    #[test]
    fn an_id_has_a_length_and_an_alphabet() {
        for right in ["c-1", "urn:uuid:0190a5c2", "!~", &"x".repeat(ID_BYTES_MAX)] {
            assert_eq!(id_fault(right), None, "{right}");
        }
        for (wrong, says) in [
            ("", "empty"),
            ("a b", "U+0020"),
            ("a\nb", "U+000A"),
            ("a\u{1b}[2J", "U+001B"),
            ("siân", "U+00E2"),
            (&"x".repeat(ID_BYTES_MAX + 1), "201 bytes"),
        ] {
            let fault = id_fault(wrong).unwrap();
            assert!(fault.contains(says), "{wrong:?}: {fault}");
            let json = serde_json::json!({
                "id": wrong, "channel": "letter", "at": "2026-11-21T10:00:00Z"
            });
            let read = serde_json::from_value::<Contact>(json).unwrap_err().to_string();
            assert!(read.contains(says), "{read}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `serde_json` orders the keys of a value by the alphabet.
    #[test]
    fn the_canonical_form_is_the_json_form_with_its_keys_in_order() {
        let whole = r#"{"id":"c\"1","channel":"whatsapp","at":"2026-11-21T10:00:00.123Z",
            "from":[{"kind":"phone","value":"+447700900123","assurance":"proven"},
                    {"kind":"whatsapp","value":"GB.1349aZ"}],
            "to":["a@x.example","b@x.example"],"subject":"Boiler","text":"It\u2028leaks\n",
            "issue":"4711","thread":["<m1@x.example>"],"automatic":true,"invited":true,
            "attachments":[{"name":"a.pdf","sha256":"00ff","bytes":18446744073709551615}],
            "message_id":"<m2@x.example>","call_id":"CA1","ambiguous":true,"lane":"appeal"}"#;
        let bare = r#"{"id":"c","channel":"letter","at":"2026-11-21T10:00:00Z"}"#;
        for json in [whole, bare] {
            let contact: Contact = serde_json::from_str(json).unwrap();
            let mut value = serde_json::to_value(&contact).unwrap();
            assert_eq!(contact.canonical(true).unwrap(), serde_json::to_vec(&value).unwrap());
            let unanswerable = Contact { unanswerable: true, ..contact.clone() };
            assert_eq!(unanswerable.canonical(true).unwrap(), contact.canonical(true).unwrap());
            value.as_object_mut().unwrap().remove("at");
            assert_eq!(contact.canonical(false).unwrap(), serde_json::to_vec(&value).unwrap());
        }
    }

    #[test]
    fn nothing_but_kinds_ids_and_channels_shows_in_debug() {
        let json = r#"{"id":"c-1","channel":"sms","at":"2026-11-21T10:00:00Z","text":"secret",
            "from":[{"kind":"phone","value":"+447700900123"},
                    {"kind":"account","value":"T1","assurance":"proven"}]}"#;
        let contact: Contact = serde_json::from_str(json).unwrap();
        assert_eq!(format!("{contact:?}"), "Contact(c-1, sms)");
        assert_eq!(
            format!("{:?}", contact.from),
            "[SenderIdentifier(phone, Asserted), SenderIdentifier(account, Proven)]"
        );
    }

    #[test]
    fn what_the_channel_left_open_is_flagged() {
        let at = "2026-11-21T10:00:00Z".parse().unwrap();
        for (ambiguous, unread, flags) in [
            (false, false, vec![]),
            (true, false, vec![Flag::Identity(Doubt::Ambiguous)]),
            (false, true, vec![Flag::Unread]),
            (true, true, vec![Flag::Identity(Doubt::Ambiguous), Flag::Unread]),
        ] {
            let contact =
                Contact { ambiguous, unread, ..Contact::new("c".into(), Channel::Email, at) };
            assert_eq!(contact.doubts().collect::<Vec<_>>(), flags);
        }
    }

    #[test]
    fn a_contact_is_written_with_what_it_has_and_read_back() {
        let bare = r#"{"id":"c","channel":"letter","at":"2026-11-21T10:00:00Z","from":[]}"#;
        let mut contact: Contact = serde_json::from_str(bare).unwrap();
        assert_eq!(serde_json::to_string(&contact).unwrap(), bare);
        for set in [
            |one: &mut Contact| one.automatic = true,
            |one: &mut Contact| one.invited = true,
            |one: &mut Contact| one.ambiguous = true,
            |one: &mut Contact| one.unread = true,
            |one: &mut Contact| one.unanswerable = true,
        ] {
            set(&mut contact);
            let json = serde_json::to_string(&contact).unwrap();
            assert_eq!(serde_json::from_str::<Contact>(&json).unwrap(), contact, "{json}");
        }
    }
}
