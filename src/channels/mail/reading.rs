//! What a message says, as far as a decision needs it. Nothing that can't be read keeps a message
//! from being delivered.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};

use aws_lc_rs::digest;
use bytes::Bytes;
use mail_parser::HeaderValue;

use super::authentication::{self, Border};
use super::doubt;
use super::mailbox::{Address, FromField, from_field};
use super::said;
use super::spool::Content;
use crate::domain::contact::Attachment;
use crate::domain::identifier::Assurance;
use crate::ports::Original;
use crate::ports::message::{HeaderBlock, PASS_FIELD, content_digest};
use crate::runtime::limits::{MAIL_ATTACHMENTS_MAX, MAIL_PARSED_BYTES_MAX, MAIL_THREAD_MAX};
use crate::runtime::mime::{self, Head, MimePart, PARSER, Report};
use crate::runtime::tokens::{hex, sha256};

/// A message read.
#[derive(Debug)]
pub struct MailReading {
    pub header: HeaderBlock,
    /// [`content_digest`].
    pub digest: [u8; 32],
    /// The From addresses, each as far as all are proven together.
    pub from: Vec<Address>,
    pub assurance: Assurance,
    /// The border has checked the sender, so that nobody else need.
    pub checked: bool,
    /// DKIM signatures.
    pub signatures: usize,
    /// From is not exactly one mailbox, or the message can't be read.
    pub ambiguous: bool,
    /// Written by a program (RFC 3834 2).
    pub automatic: bool,
    /// Written to a list or in bulk: never answered, but a contact like any other.
    pub bulk: bool,
    pub subject: Option<String>,
    pub text: Option<String>,
    pub message_id: Option<String>,
    pub thread: Vec<String>,
    pub attachments: Vec<Attachment>,
    /// `Received` fields.
    pub hops: usize,
    /// The values of loop marks, from the top.
    pub marks: Vec<String>,
    /// Fields of the gateway's own names, marks included.
    pub own_fields: usize,
    /// The header block is longer than is read, parts are nested too deep, or the parser gave up.
    pub unread: bool,
    /// What could not be read for certain: From fields that readers differ about, and of a message
    /// that can't be read its beginning.
    pub obscure: Option<String>,
}

/// Reads a message. Blocking, where it is spooled.
///
/// # Errors
/// The spooled file can't be read.
pub fn read(
    content: &Content,
    null_sender: bool,
    border: Border<'_>,
) -> std::io::Result<MailReading> {
    let head = &content.head[..];
    let header = HeaderBlock::scan(head, head.len() as u64 == content.length);
    let digest = content_digest(head, &header, &content.original)?;
    let values = |name| header.named(head, name).map(|field| field.value(head));
    let (from, one_from) = match (from_field(values("From")), doubt::first_line(head)) {
        (FromField::One(address), None) => (vec![address], true),
        (FromField::One(address), Some(_)) => (vec![address], false),
        (FromField::Ambiguous(addresses), _) => (addresses, false),
    };
    let checked = match from.as_slice() {
        [one] if header.complete => authentication::assurance(head, &header, border, one),
        _ => None,
    };
    let list = header.fields.iter().any(|field| {
        field.name(head).get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"List-"))
    });
    let precedence = values("Precedence").any(|value| {
        let value = value.trim_ascii().to_ascii_lowercase();
        [&b"bulk"[..], b"list", b"junk"].contains(&value.as_slice())
    });
    // What programs wrote before RFC 3834, and many still do.
    let replies_by_itself = values("Precedence")
        .any(|value| value.trim_ascii().eq_ignore_ascii_case(b"auto_reply"))
        || ["X-Autoreply", "X-Autorespond", "X-Auto-Reply"]
            .into_iter()
            .any(|name| values(name).any(|value| !value.trim_ascii().eq_ignore_ascii_case(b"no")));
    // RFC 3834 5: anything but `no` was sent by a program. (X-Auto-Response-Suppress only asks
    // others not to answer; Exchange sets it on what people write.)
    let auto_submitted = values("Auto-Submitted").any(|value| {
        let keyword = value.split(|byte| matches!(byte, b';' | b'(')).next().unwrap_or_default();
        !keyword.trim_ascii().eq_ignore_ascii_case(b"no")
    });
    let parsed = Parsed::of(content)?;
    let read_whole = header.complete && parsed.as_ref().is_some_and(|parsed| !parsed.beyond);
    let unread = !read_whole;
    let obscure = (!one_from || unread).then(|| doubt::obscure(head, &header, unread));
    let report = parsed.as_ref().map(|parsed| parsed.report).unwrap_or_default();
    Ok(MailReading {
        digest,
        from,
        assurance: checked.unwrap_or(Assurance::Asserted),
        checked: checked.is_some(),
        signatures: values("DKIM-Signature").count(),
        ambiguous: !one_from || !read_whole,
        automatic: null_sender
            || auto_submitted
            || replies_by_itself
            || (precedence && list)
            || report == Report::Whole
            // A list puts its footer next to the message.
            || (report == Report::Wrapped && list),
        bulk: precedence || list,
        hops: values("Received").count(),
        marks: values(PASS_FIELD).map(unfolded).collect(),
        own_fields: header.fields.iter().filter(|field| field.is_own(head)).count(),
        unread,
        obscure,
        header,
        ..parsed.unwrap_or_default().into_reading()
    })
}

/// A field's value on one line.
fn unfolded(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value).replace("\r\n", "");
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the body and the fields that belong to it say.
#[derive(Debug, Default)]
struct Parsed {
    /// It exceeded the bounds on parts and containers.
    beyond: bool,
    report: Report,
    subject: Option<String>,
    text: Option<String>,
    message_id: Option<String>,
    thread: Vec<String>,
    attachments: Vec<Attachment>,
}

impl Parsed {
    /// `None`: the parser can make nothing of it.
    fn of(content: &Content) -> std::io::Result<Option<Parsed>> {
        let bytes = beginning(&content.original)?;
        let cut_off = (bytes.len() as u64) < content.length;
        // The parser is others' work on hostile input: a panic in it is one unread message.
        let parsed = catch_unwind(AssertUnwindSafe(|| Parsed::from(&bytes)));
        let Ok(Some(mut parsed)) = parsed else { return Ok(None) };
        if cut_off {
            // An unread part may be new: it counts as one attachment of its own, by the digest of the whole, so that it
            // is never taken for a repetition of something else.
            let whole = file_digest(&content.original)?;
            parsed.attachments.push(Attachment {
                name: String::new(),
                sha256: whole,
                bytes: content.length,
            });
        }
        Ok(Some(parsed))
    }

    fn from(bytes: &Bytes) -> Option<Parsed> {
        let Head { header, .. } = Head::of(bytes);
        let message = PARSER.parse_headers(&header)?;
        let mut thread = ids(message.references());
        thread.extend(ids(message.in_reply_to()));
        let mut seen = std::collections::HashSet::new();
        thread.retain(|id| seen.insert(id.clone()));
        let surplus = thread.len().saturating_sub(MAIL_THREAD_MAX);
        let found = mime::parts(bytes.clone());
        Some(Parsed {
            beyond: found.beyond,
            report: found.report,
            subject: mime::subject(&header),
            text: said::text(&found.parts),
            message_id: message.message_id().map(str::to_owned),
            thread: thread.split_off(surplus),
            attachments: attachments(&found.parts),
        })
    }

    fn into_reading(self) -> MailReading {
        MailReading {
            header: HeaderBlock::default(),
            digest: [0; 32],
            from: Vec::new(),
            assurance: Assurance::Asserted,
            checked: false,
            signatures: 0,
            ambiguous: false,
            automatic: false,
            bulk: false,
            subject: self.subject,
            text: self.text,
            message_id: self.message_id,
            thread: self.thread,
            attachments: self.attachments,
            hops: 0,
            marks: Vec::new(),
            own_fields: 0,
            unread: false,
            obscure: None,
        }
    }
}

/// The attachments, the first [`MAIL_ATTACHMENTS_MAX`] one by one and the rest as one. A text without a file's name is
/// not an attachment, even if its sender calls it one: it is read. The content of an attached message is part of that
/// message.
fn attachments(parts: &[MimePart]) -> Vec<Attachment> {
    let mut attachments = Vec::new();
    let mut rest = digest::Context::new(&digest::SHA256);
    let mut rest_bytes = 0_u64;
    let attached =
        |part: &&MimePart| !part.inner && (!part.is_text() || (part.attached && parts.len() > 1));
    for (index, part) in parts.iter().filter(attached).enumerate() {
        let contents = part.encoding.bytes(&part.body);
        if index < MAIL_ATTACHMENTS_MAX {
            attachments.push(Attachment {
                name: part.name.clone(),
                sha256: hex(&sha256(&contents)),
                bytes: contents.len() as u64,
            });
        } else {
            rest.update(&contents);
            rest_bytes += contents.len() as u64;
        }
    }
    if attachments.len() == MAIL_ATTACHMENTS_MAX && rest_bytes > 0 {
        let sha256 = hex(rest.finish().as_ref());
        attachments.push(Attachment { name: String::new(), sha256, bytes: rest_bytes });
    }
    attachments
}

/// Message-ids of a References or In-Reply-To field, without brackets.
fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    match value {
        HeaderValue::Text(id) => vec![id.to_string()],
        HeaderValue::TextList(ids) => ids.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

/// As much of a message as is parsed.
fn beginning(original: &Original) -> std::io::Result<Bytes> {
    match original {
        Original::Bytes(all) => Ok(all.slice(..MAIL_PARSED_BYTES_MAX.min(all.len()))),
        Original::File(path) => {
            let mut bytes = Vec::new();
            let file = std::fs::File::open(path)?;
            // All at once: a buffer that grows is held twice while it does.
            bytes.reserve_exact(MAIL_PARSED_BYTES_MAX);
            file.take(MAIL_PARSED_BYTES_MAX as u64).read_to_end(&mut bytes)?;
            Ok(Bytes::from(bytes))
        }
    }
}

fn file_digest(original: &Original) -> std::io::Result<String> {
    let mut context = digest::Context::new(&digest::SHA256);
    match original {
        Original::Bytes(bytes) => context.update(bytes),
        Original::File(path) => {
            let mut file = std::fs::File::open(path)?;
            let mut piece = vec![0; 64 * 1024];
            loop {
                let read = file.read(&mut piece)?;
                if read == 0 {
                    break;
                }
                context.update(piece.get(..read).unwrap_or_default());
            }
        }
    }
    Ok(hex(context.finish().as_ref()))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use proptest::prelude::*;

    use super::super::spool::Intaking;
    use super::*;

    fn reading_of(text: &[u8]) -> MailReading {
        let mut intaking = Intaking::new(&std::env::temp_dir());
        intaking.push(text).unwrap();
        let border = Border { authserv_ids: &[], hosts: &[] };
        read(&intaking.finish(), false, border).unwrap()
    }

    fn reading(text: &str) -> MailReading {
        reading_of(text.replace('\n', "\r\n").as_bytes())
    }

    #[test]
    fn text_subject_thread_and_attachments_are_found() {
        let read = reading(
            "From: Jo <jo@x.example>\nSubject: =?utf-8?q?R=C3=A9pairs?=\nMessage-ID: <3@x>\n\
             In-Reply-To: <2@x>\nReferences: <1@x> <2@x>\nMIME-Version: 1.0\n\
             Content-Type: multipart/mixed; boundary=\n zz\n\n--zz\nContent-Type: text/plain\n\n\
             plain words\n--zz\nContent-Type: application/pdf;\n name=\"a.pdf\"\n\
             Content-Disposition: attachment; filename=\"a.pdf\"\n\
             Content-Transfer-Encoding: base64\n\naGVsbG8=\n--zz--\n",
        );
        assert!(!read.ambiguous && !read.unread && !read.automatic);
        assert_eq!(read.subject.as_deref(), Some("Répairs"));
        assert_eq!(read.text.as_deref().map(str::trim), Some("plain words"));
        assert_eq!(read.thread, ["1@x", "2@x"]);
        assert_eq!(read.message_id.as_deref(), Some("3@x"));
        let hello = hex(&sha256(b"hello"));
        let expected = Attachment { name: "a.pdf".into(), sha256: hello, bytes: 5 };
        assert_eq!(read.attachments, [expected]);
    }

    #[test]
    fn html_alone_is_read_as_text() {
        let read = reading(
            "From: jo@x.example\nContent-Type: text/html\n\n<p>I want to <b>appeal</b></p>\n",
        );
        assert_eq!(read.text.as_deref().map(str::trim), Some("I want to appeal"));
    }

    #[test]
    fn a_folded_boundary_hides_nothing_in_nested_parts_either() {
        let read = reading(
            "From: jo@x.example\nContent-Type: multipart/mixed;\n boundary=\n \"a\"\n\n--a\n\
             Content-Type: multipart/alternative;\n boundary=\n b\n\n--b\n\
             Content-Type: text/plain\n\nhidden words\n--b--\n--a--\n",
        );
        assert_eq!(read.text.as_deref().map(str::trim), Some("hidden words"));
    }

    #[test]
    fn automatic_mail_is_told_by_rfc_3834_and_not_by_exchange() {
        let automatic =
            |head: &str| reading(&format!("From: jo@x.example\n{head}\n\nx\n")).automatic;
        assert!(automatic("Auto-Submitted: auto-replied"));
        assert!(automatic("Auto-submitted: auto-generated; x=y"));
        assert!(automatic("Precedence: bulk\nList-Id: <x>"));
        assert!(!automatic("Auto-Submitted: no (really)"));
        assert!(automatic("Content-Type: multipart/report; boundary=b"));

        assert!(!automatic("Auto-Submitted: No"));
        assert!(!automatic("X-Auto-Response-Suppress: All"));
        assert!(!automatic("Precedence: bulk"));
        assert!(reading("From: a@x\nPrecedence: bulk\n\n").bulk);
    }

    #[test]
    fn what_can_not_be_read_is_ambiguous_and_nothing_worse() {
        for text in ["", "\n", "no header at all", " folded first\nFrom: a@x\n\n", "\0\n\n"] {
            assert!(reading(text).ambiguous, "{text:?}");
        }
        let two = reading("From: a@x.example\nFrom: b@x.example\n\nx\n");
        assert!(two.ambiguous && two.from.len() == 2);
        // Some programs take the first line for mbox's, and see one sender more or less.
        assert!(reading("From : a@x.example\nFrom: b@x.example\n\nx\n").ambiguous);
        assert!(!reading("From a@x.example Mon Nov  2\nFrom: b@x.example\n\nx\n").ambiguous);
    }

    #[test]
    fn marks_are_unfolded_and_own_fields_counted() {
        let read = reading(
            "X-Contact-Gateway-Pass: v1; a;\n 1; b\nX-Contact-Gateway-Flags: x\nFrom: a@x\n\n",
        );
        assert_eq!(read.marks, ["v1; a; 1; b"]);
        assert_eq!(read.own_fields, 2);
    }

    #[test]
    fn what_is_nested_too_deep_is_read_as_text_and_flagged() {
        let from = "From: jo@x.example\n";
        let multiparts: String = (0..40_000)
            .map(|at| format!("Content-Type: multipart/mixed; boundary=b{at}\n\n--b{at}\n"))
            .collect();
        let encoded = base64::engine::general_purpose::STANDARD
            .encode("Content-Type: message/rfc822\r\n\r\n".repeat(40_000));
        for nested in [
            "Content-Type: message/rfc822\n\n".repeat(40_000),
            "Content-Type: message/rfc822\n\n".repeat(400_000),
            "Content-Type: multipart/digest; boundary=b\n\n--b\n\n".repeat(40_000),
            // Each boundary is looked for to the end, and is nowhere.
            "Content-Type: multipart/mixed; boundary=none\n\n--b\n".repeat(40_000),
            multiparts,
            format!("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{encoded}"),
            // Each level would keep a copy of all below it: some 380 MB.
            format!(
                "{}{}",
                "Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\n"
                    .repeat(200),
                "words and words\n".repeat(120_000)
            ),
        ] {
            let read = reading(&format!("{from}{nested}Subject: deep\n\nI want to appeal.\n"));
            assert!(read.unread && read.ambiguous, "{}", nested.get(..60).unwrap_or_default());
            assert_eq!(read.from.len(), 1);
        }
        // In memory in full, text and all.
        let nested = "Content-Type: message/rfc822\n\n".repeat(5_000);
        let read = reading(&format!("{from}{nested}Subject: deep\n\nI want to appeal.\n"));
        assert!(read.unread && read.attachments.len() == 1);
    }

    #[test]
    fn empty_attachments_hide_no_other() {
        let mixed = "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhi\n";
        let attached = "--b\nContent-Type: image/png; name=a.png\n\n";
        let empty = format!("{mixed}{}", format!("{attached}\n").repeat(150));
        let plain = reading(&format!("{empty}--b--\n")).attachments;
        assert_eq!(plain.len(), MAIL_ATTACHMENTS_MAX);
        assert!(plain.iter().all(|one| one.bytes == 0));
        let one_more = reading(&format!("{empty}{attached}something\n--b--\n")).attachments;
        assert_eq!(one_more.len(), MAIL_ATTACHMENTS_MAX + 1);
        assert_eq!(one_more.last().unwrap().bytes, 9);
    }

    #[test]
    fn an_attachment_is_what_it_was_without_the_line_break_of_its_boundary() {
        let mixed = "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n";
        let plain = "--b\nContent-Type: text/csv; name=a.csv\n\n1,2\n3,4\n\n--b";
        let encoded = "\nContent-Type: text/csv; name=a.csv\nContent-Transfer-Encoding: base64\n\n\
                       MSwyDQozLDQNCg==\n--b--\n";
        let text = "--b\n\nhi\n";
        let read = reading(&format!("{mixed}{text}{plain}{encoded}")).attachments;
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].bytes, &read[0].sha256), (10, &read[1].sha256));
    }

    #[test]
    fn comments_groups_and_tags_are_as_deep_as_they_like() {
        for text in [
            format!("From: {}jo@x.example\n\nhi\n", "(".repeat(400_000)),
            format!("From: {}jo@x.example;\n\nhi\n", "a:".repeat(400_000)),
            format!("From: {}jo@x.example{}\n\nhi\n", "<".repeat(400_000), ">".repeat(400_000)),
            format!("From: jo@x.example\nAuthentication-Results: {}\n\nhi\n", "a(".repeat(400_000)),
            format!(
                "From: jo@x.example\nContent-Type: text/plain; {}\n\nhi\n",
                "(".repeat(400_000)
            ),
            format!("From: jo@x.example\nTo: {}\n\nhi\n", "a:(".repeat(400_000)),
            format!("From: jo@x.example\nReferences: {}\n\nhi\n", "<a@b(".repeat(400_000)),
            format!("From: jo@x.example\nSubject: {}\n\nhi\n", "=?utf-8?q?".repeat(400_000)),
        ] {
            assert!(reading(&text).ambiguous);
        }
        for tag in ["<div>", "<!--", "<style>", "<p", "&amp", "<![CDATA[", "</"] {
            let tags = tag.repeat(400_000);
            let read =
                reading(&format!("From: jo@x.example\nContent-Type: text/html\n\n{tags}hi\n"));
            assert_eq!(read.from.len(), 1, "{tag}");
        }
    }

    proptest! {
        #[test]
        fn no_message_breaks_the_reader(text in "(From: [a@.x]{0,9}\r\n)?([A-Za-z: ;=\"\r\n-]|--a\r\n){0,200}") {
            reading_of(text.as_bytes());
        }
    }
}
