//! The header fields that the gateway writes on top of a message.
//!
//! Everything that comes from outside is reduced to harmless characters here, even if it was checked before: no CR, LF
//! or NUL reaches a field (RFC 5322 2.2).

use crate::ports::Original;
use crate::ports::message::{
    DECISION_FIELD, DecisionTold, FLAGS_FIELD, ORIGINAL_TO_FIELD, PASS_FIELD, VALUE_CHARS_MAX,
    decision_parts, token,
};
use crate::ports::relay::{OwnField, RelayedMessage, Trace};
use crate::runtime::limits::MAIL_ORIGINAL_TO_MAX;

use super::mark::MarkKey;

/// A field is one line where that is short enough to read: people look for it with `grep`, and
/// simple filters do not unfold. (RFC 5322 2.1.1 allows 998.)
const LINE_CHARS: usize = 240;

pub struct Letterhead {
    hostname: String,
    key: MarkKey,
}

impl Letterhead {
    pub fn new(hostname: &str, key: MarkKey) -> Self {
        Letterhead { hostname: hostname.to_owned(), key }
    }

    pub const fn mark_key(&self) -> &MarkKey {
        &self.key
    }

    /// The fields for a message, in their published order, `Received` last. `sender`: the
    /// reverse-path in its brackets.
    pub fn write(&self, letter: &RelayedMessage, sender: &[u8]) -> Vec<u8> {
        let trace = &letter.trace;
        let mut fields = String::new();
        for OwnField { name, value } in self.own_fields(trace, sender) {
            fields.extend([name, ": ", &value, "\r\n"]);
        }
        fields.push_str(&self.received(trace));
        // A message that begins with a continuation line would extend the field above it. Servers
        // take such a message for one without a header (Postfix's smtpd does); so it stays one.
        if begins_with_space(letter) {
            fields.push_str("\r\n");
        }
        fields.into_bytes()
    }

    /// The fields but `Received`, in their published order. `sender`: the reverse-path in its
    /// brackets.
    pub fn own_fields(&self, trace: &Trace, sender: &[u8]) -> Vec<OwnField> {
        let mut fields = Vec::new();
        if let Some(decision) = &trace.decision {
            fields.push(field(DECISION_FIELD, &decision_parts(decision, DecisionTold::Whole), ";"));
            let flags: Vec<String> =
                decision.flags.iter().map(|flag| token(&flag.to_string())).collect();
            if !flags.is_empty() {
                fields.push(field(FLAGS_FIELD, &flags, ","));
            }
        }
        if !trace.original_to.is_empty() {
            let named = trace.original_to.iter().take(MAIL_ORIGINAL_TO_MAX);
            let named: Vec<String> = named.map(|address| address_text(address)).collect();
            fields.push(field(ORIGINAL_TO_FIELD, &named, ","));
        }
        if let Some(marked) = &trace.mark {
            let mark = self.key.make(marked, sender, trace.at);
            let parts: Vec<String> = mark.split("; ").map(str::to_owned).collect();
            fields.push(field(PASS_FIELD, &parts, ";"));
        }
        fields
    }

    /// RFC 5321 4.4, without `for`: a message may have many recipients, and none is shown another.
    fn received(&self, trace: &Trace) -> String {
        let date = trace.at.format("%a, %d %b %Y %H:%M:%S +0000");
        format!(
            "Received: from {}\r\n\tby {} with {} id {};\r\n\t{date}\r\n",
            comment_text(&trace.client),
            token(&self.hostname),
            trace.protocol,
            token(&trace.id),
        )
    }
}

fn begins_with_space(letter: &RelayedMessage) -> bool {
    let first = match &letter.original {
        Original::Bytes(bytes) => bytes.first(),
        Original::File(_) => letter.head.first(),
    };
    matches!(first, Some(b' ' | b'\t'))
}

/// One field, folded between its parts.
fn field(name: &'static str, parts: &[String], separator: &str) -> OwnField {
    let mut value = String::new();
    let mut column = name.len() + 1;
    for (index, part) in parts.iter().enumerate() {
        let end = if index + 1 < parts.len() { separator } else { "" };
        let length = 1 + part.chars().count() + end.len();
        if index > 0 {
            if column + length > LINE_CHARS {
                value.push_str("\r\n");
                column = 0;
            }
            value.push(' ');
        }
        value.push_str(part);
        value.push_str(end);
        column += length;
    }
    OwnField { name, value }
}

/// An address: anything allowed in a path may appear in a field, except control characters and folds.
fn address_text(address: &str) -> String {
    let harmless = |c: char| if c.is_control() { '_' } else { c };
    let text: String = address.chars().take(VALUE_CHARS_MAX).map(harmless).collect();
    format!("<{text}>")
}

/// The client's name and address, as the session put them together.
fn comment_text(text: &str) -> String {
    let harmless = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '_' };
    let text: String = text.chars().take(VALUE_CHARS_MAX).map(harmless).collect();
    if text.is_empty() { "unknown".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use chrono::DateTime;

    use super::*;
    use crate::domain::decision::{Decision, Disposition, Reason};
    use crate::domain::restriction::Mode;
    use crate::ports::message::HeaderBlock;
    use crate::ports::relay::{Marked, OwnFields};

    fn letter(text: &'static str, reason: &str) -> RelayedMessage {
        let decision = Decision {
            contact: "4bX:00".into(),
            person: Some("P-1".into()),
            disposition: Disposition::Deliver,
            mode: Mode::Enforce,
            route: None,
            reasons: vec![Reason {
                code: reason.into(),
                restriction: Some("R-1".into()),
                clause: None,
                text: String::new(),
            }],
            flags: vec!["automatic".into(), "identity_shared".into()],
            quotas: Vec::new(),
            notice: None,
            would: None,
            stale: false,
        };
        let head = Bytes::from_static(text.as_bytes());
        RelayedMessage {
            original: Original::Bytes(head.clone()),
            header: Arc::new(HeaderBlock::scan(&head, true)),
            length: head.len() as u64,
            head,
            trace: Trace {
                own_fields: OwnFields::TakenOff,
                decision: Some(Arc::new(decision)),
                original_to: vec!["a@b.example".into()],
                mark: Some(Marked {
                    contact: "4bX:00".into(),
                    digest: [0; 32],
                    recipients: vec!["a@b.example".to_owned()],
                }),
                client: "mx ([192.0.2.1])".into(),
                protocol: "ESMTP",
                id: "1".into(),
                at: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
            },
        }
    }

    fn written(letter: &RelayedMessage) -> String {
        let letterhead = Letterhead::new("gw.example", MarkKey::new(&[0; 32]));
        String::from_utf8(letterhead.write(letter, b"<>")).unwrap()
    }

    #[test]
    fn the_fields_stand_in_their_published_order() {
        let mut letter = letter("A: 1\r\n\r\n", "within_limits");
        let text = written(&letter);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "X-Contact-Gateway-Decision: deliver; reason=within_limits; contact=4bX:00; \
             person=P-1; restriction=R-1"
        );
        assert_eq!(lines[1], "X-Contact-Gateway-Flags: automatic, identity_shared");
        assert_eq!(lines[2], "X-Contact-Gateway-Original-To: <a@b.example>");
        assert!(lines[3].starts_with("X-Contact-Gateway-Pass: v2; 4bX:00; 1800000000; "));
        assert_eq!(lines[4], "Received: from mx ([192.0.2.1])");
        assert_eq!(lines[5], "\tby gw.example with ESMTP id 1;");
        assert_eq!(lines[6], "\tFri, 15 Jan 2027 08:00:00 +0000");
        assert_eq!(lines.len(), 7);
        letter.trace.original_to = vec!["somebody@else.example".into(); 20];
        assert!(written(&letter).lines().all(|line| line.len() <= LINE_CHARS));
    }

    #[test]
    fn nothing_from_outside_starts_a_line() {
        let mut letter = letter("A: 1\r\n\r\n", "x\r\nBcc: evil; y");
        letter.trace.client = "a\r\nB: c".into();
        letter.trace.original_to = vec!["a\r\nC: d".into()];
        let text = written(&letter);
        let allowed = ["X-Contact-Gateway-", "Received: ", " ", "\t"];
        for line in text.lines() {
            assert!(allowed.iter().any(|start| line.starts_with(start)), "{line}");
        }
    }

    #[test]
    fn a_message_that_begins_with_a_continuation_extends_no_field_of_ours() {
        assert!(written(&letter(" evil\r\n\r\n", "x")).ends_with("+0000\r\n\r\n"));
        assert!(written(&letter("\tevil\r\n\r\n", "x")).ends_with("+0000\r\n\r\n"));
    }
}
