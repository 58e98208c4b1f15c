//! The sender's own text apart from what mail programs quote in it.

use std::borrow::Cow;

/// The lines of a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Split<'t> {
    pub own: Vec<&'t str>,
    /// Without marks, attribution lines included.
    pub quoted: Vec<&'t str>,
    /// Of the quotations, the messages that the sender forwards: without the fields that mail programs put
    /// on top of them.
    pub forwarded: Vec<&'t str>,
}

/// What the sender wrote, or all that is quoted where they wrote nothing.
pub(super) fn own_or_quoted(text: &str) -> Cow<'_, str> {
    let split = split(text);
    if split.quoted.is_empty() {
        return Cow::Borrowed(text);
    }
    if split.own.iter().all(|line| line.trim().is_empty()) {
        let only_forwarded = !split.forwarded.is_empty();
        let said = if only_forwarded { split.forwarded } else { split.quoted };
        return Cow::Owned(said.join("\n"));
    }
    Cow::Owned(split.own.join("\n"))
}

/// Words of one's own that only introduce a forwarded message ("See below, again.").
const NOTE_WORDS_MAX: usize = 12;

/// What a text is compared by. Under no more than a note, the forwarded text is the sender's message:
/// forwarding does not make the text of a closed matter new.
pub(super) fn compared(text: &str) -> Option<String> {
    let split = split(text);
    if split.forwarded.is_empty() {
        return None;
    }
    let words = split.own.iter().flat_map(|line| line.split_whitespace()).count();
    let is_note = (1..=NOTE_WORDS_MAX).contains(&words);
    is_note
        .then(|| split.own.iter().chain(&split.forwarded).copied().collect::<Vec<_>>().join("\n"))
}

/// Parts the sender's own lines from those quoted with `>`, attribution lines, and what mail programs
/// put under them.
pub fn split(text: &str) -> Split<'_> {
    let lines: Vec<&str> = text.lines().collect();
    let mut split = Split::default();
    let mut index = 0;
    while let Some(line) = lines.get(index) {
        let rest = lines.get(index..).unwrap_or_default();
        if starts_forward(line) {
            split.quoted.extend(rest);
            split.forwarded.extend(forwarded(rest));
            break;
        } else if line.trim_start().starts_with('>') {
            split.quoted.push(unmarked(line));
            index += 1;
        } else if let Some(height) = attribution_height(rest) {
            if !quotes_follow(rest.get(height..).unwrap_or_default()) {
                split.quoted.extend(rest);
                break;
            }
            // Only marked lines are quoted; an answer may follow.
            split.quoted.extend(rest.iter().take(height));
            index += height;
        } else if starts_quoted_message(rest) && !split.own.is_empty() {
            split.quoted.extend(rest);
            break;
        } else {
            split.own.push(line);
            index += 1;
        }
    }
    split
}

fn unmarked(line: &str) -> &str {
    line.trim_start_matches(|c: char| c == '>' || c.is_whitespace())
}

/// Lines over which an attribution may be folded.
const ATTRIBUTION_LINES_MAX: usize = 4;

/// How many lines an attribution takes ("On … wrote:", "Ar … ysgrifennodd …:"), if one starts here.
fn attribution_height(lines: &[&str]) -> Option<usize> {
    if begins_with(lines.first()?.trim_start(), &["on ", "ar ", "le "]) {
        let mut joined = String::new();
        for (taken, line) in lines.iter().take(ATTRIBUTION_LINES_MAX).enumerate() {
            joined.push(' ');
            joined.push_str(&line.to_lowercase());
            let end = joined.trim_end();
            let says = end.contains(" wrote") || end.contains(" ysgrifennodd");
            // An attribution names a time or an address; "On Monday he wrote:" does not.
            let dated = end.chars().any(|c| c.is_ascii_digit()) || end.contains('@');
            if end.ends_with(':') && says && dated {
                return Some(taken + 1);
            }
        }
    }
    // Gmail's other form: a date and an address, then the quotation.
    let bare = lines.first()?.trim_end();
    let named = bare.ends_with(':') && bare.contains('@');
    (named && quotes_follow(lines.get(1..)?)).then_some(1)
}

fn quotes_follow(lines: &[&str]) -> bool {
    lines
        .iter()
        .find(|line| !line.trim().is_empty())
        .is_some_and(|line| line.trim_start().starts_with('>'))
}

/// Outlook's and others' way: the earlier message in full under a divider or a header block.
fn starts_quoted_message(lines: &[&str]) -> bool {
    let Some(first) = lines.first() else { return false };
    let first = first.trim();
    if first.starts_with("--") {
        let dashed = first.trim_matches(|c: char| c == '-' || c.is_whitespace()).to_lowercase();
        if matches!(dashed.as_str(), "original message" | "neges wreiddiol") {
            return true;
        }
    }
    let has = |names: &[&str]| {
        lines.iter().take(6).any(|line| begins_with(line.trim().trim_matches('*'), names))
    };
    begins_with(first.trim_matches('*'), &["from:", "oddi wrth:"])
        && has(&["sent:", "date:", "anfonwyd:", "dyddiad:"])
        && has(&["to:", "subject:", "at:", "pwnc:"])
}

/// The line that mail programs write over a message that is forwarded.
fn starts_forward(line: &str) -> bool {
    let line = line.trim();
    let plain = line.trim_matches(|c: char| c == '-' || c.is_whitespace()).trim_end_matches(':');
    let is_one_of = |names: &[&str]| names.iter().any(|name| plain.eq_ignore_ascii_case(name));
    let dashed = line.starts_with("--") && line.ends_with('-');
    (dashed && is_one_of(&["forwarded message", "neges a anfonwyd ymlaen"]))
        || is_one_of(&["begin forwarded message"])
}

/// The text under such a line: without marks, and without the fields on top.
fn forwarded<'t>(lines: &[&'t str]) -> Vec<&'t str> {
    const FIELDS: [&str; 12] = [
        "from:",
        "date:",
        "sent:",
        "subject:",
        "to:",
        "cc:",
        "reply-to:",
        "oddi wrth:",
        "dyddiad:",
        "anfonwyd:",
        "pwnc:",
        "at:",
    ];
    let lines = lines.iter().skip(1).map(|line| unmarked(line));
    let is_on_top = |line: &&str| line.is_empty() || begins_with(line.trim_matches('*'), &FIELDS);
    lines.skip_while(is_on_top).collect()
}

/// Whether a line begins with one of these, in capitals or not.
fn begins_with(line: &str, names: &[&str]) -> bool {
    let is =
        |name: &&str| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    names.iter().any(is)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_mail_programs_quote_is_set_aside() {
        for (text, own) in [
            ("new\n> old\nmore", "new\nmore"),
            ("new\nOn 2 Nov 2026, A\n<a@b.example> wrote:\n> old\nbelow", "new\nbelow"),
            ("new\nOn 2 Nov 2026 A wrote:\n\nold without marks", "new"),
            ("new\n-----Original Message-----\nFrom: x\nold", "new"),
            ("new\nFrom: A\nSent: Monday\nTo: B\nSubject: C\nold", "new"),
            ("new\nAr 2 Tach 2026, ysgrifennodd A:\n> hen", "new"),
            ("On Monday he wrote: nothing came", "On Monday he wrote: nothing came"),
            ("new\n---------- Forwarded message ---------\nFrom: A <a@b.example>\n\nold", "new"),
            ("new\n\nBegin forwarded message:\n\n> From: A\n> Subject: B\n> \n> old", "new\n"),
        ] {
            assert_eq!(split(text).own.join("\n"), own, "{text}");
        }
    }

    const GMAIL: &str = "---------- Forwarded message ---------\nFrom: Jo <jo@x.example>\n\
                         Date: Mon, 2 Nov 2026 at 10:00\nSubject: Damp\nTo: <repairs@y.example>\n\n\n\
                         The wall is damp.\n\nFrom: is a word too.";
    const APPLE: &str = "Begin forwarded message:\n\n> From: Jo <jo@x.example>\n> Subject: Damp\n> \n\
                         > The wall is damp.\n> \n> From: is a word too.";

    #[test]
    fn what_is_forwarded_is_what_was_said_where_there_is_no_more_than_a_note() {
        for forward in [GMAIL, APPLE] {
            let text = "The wall is damp.\n\nFrom: is a word too.";
            assert_eq!(own_or_quoted(forward), text, "nothing of one's own");
            assert_eq!(compared(forward), None);
            let note = format!("See below, again.\n{forward}");
            assert_eq!(own_or_quoted(&note), "See below, again.");
            assert_eq!(compared(&note).unwrap(), format!("See below, again.\n{text}"));
            let own = "Since I wrote this the ceiling has come down as well, and the surveyor's report says so.";
            let more = format!("{own}\n{forward}");
            assert_eq!((own_or_quoted(&more).as_ref(), compared(&more)), (own, None));
        }
        assert_eq!(
            compared("See below, again.\n> old"),
            None,
            "an answer is compared by its own words"
        );
    }

    #[test]
    fn what_only_looks_like_a_quotation_is_the_senders_own() {
        for text in [
            "new\n--\nJo",
            "new\n-- Forwarded message",
            "new\nForwarded message -",
            "new\nFrom: Jo\nI rang on Monday",
            "new\nFrom: A\nSent: Monday\nold",
            "new\nFrom: A\nTo: B\nold",
            "new\nSent: Monday\nTo: B\nold",
            "From: A\nSent: Monday\nTo: B\nold",
            "On Monday:\nnothing",
            "On 2 Nov I rang\nand waited",
            "On Monday he wrote:\nnothing",
            "ring jo@x.example\nsoon",
            "I asked jo@x.example:\nnothing",
        ] {
            assert_eq!(split(text).own.join("\n"), text);
            assert_eq!(split(text).quoted, [""; 0], "{text}");
        }
        for (text, own) in [
            ("Look here:\n> old\nmore", "Look here:\nmore"),
            ("On Monday he wrote:\n> old", "On Monday he wrote:"),
            ("On Monday, Jo <a@b.example> wrote:\n\n> old\nmore", "\nmore"),
            ("new\n2 Nov 2026, 10:00 <a@b.example>:\n> old", "new"),
            ("new\n-- Original Message --\nold", "new"),
            ("new\n----- Neges wreiddiol -----\nhen", "new"),
            ("new\n*From:* A\n*Date:* Monday\n*To:* B\n\nold", "new"),
            ("new\nOddi wrth: A\nAnfonwyd: Llun\nAt: B\nhen", "new"),
            ("new\n--- Forwarded message: ---\nold", "new"),
            ("new\n- Neges a anfonwyd ymlaen -\nhen", "new\n- Neges a anfonwyd ymlaen -\nhen"),
        ] {
            assert_eq!(split(text).own.join("\n"), own, "{text}");
        }
    }

    #[test]
    fn an_attribution_may_be_folded_over_four_lines_and_no_more() {
        let folded = |lines: usize| {
            let middle = "x\n".repeat(lines - 2);
            format!("new\nOn 2 Nov 2026\n{middle}Jo wrote:\n> old\nmore")
        };
        for lines in 2..=4 {
            let text = folded(lines);
            let split = split(&text);
            assert_eq!(
                (split.own, split.quoted.len()),
                (vec!["new", "more"], lines + 1),
                "{lines}"
            );
        }
        assert_eq!(split(&folded(5)).quoted, ["old"]);
    }

    #[test]
    fn quoted_lines_are_kept_without_their_marks() {
        let text = "new\n> > old\n>\n  >> older > old\nmore";
        assert_eq!(
            split(text),
            Split {
                own: vec!["new", "more"],
                quoted: vec!["old", "", "older > old"],
                forwarded: Vec::new(),
            }
        );
        let text = "new\nBegin forwarded message:\n> From: A\n>\n> *To:* B\n> old\n> To: end";
        let split = split(text);
        assert_eq!(split.forwarded, ["old", "To: end"]);
        assert_eq!(split.quoted.len(), 6);
    }

    #[test]
    fn a_note_has_up_to_twelve_words() {
        let with = |words: usize| compared(&format!("{}\n{GMAIL}", "word ".repeat(words)));
        assert_eq!((with(0), with(13)), (None, None));
        assert!(with(1).is_some() && with(12).is_some());
    }
}
