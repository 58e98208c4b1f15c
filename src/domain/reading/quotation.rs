//! The sender's own text apart from what mail programs quote in it.

use std::borrow::Cow;

/// The lines of a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Split<'t> {
    pub own: Vec<&'t str>,
    /// Without marks, attribution lines included.
    pub quoted: Vec<&'t str>,
}

/// What the sender wrote, or all that is quoted where they wrote nothing.
pub(super) fn own_or_quoted(text: &str) -> Cow<'_, str> {
    let split = split(text);
    if split.quoted.is_empty() {
        return Cow::Borrowed(text);
    }
    if split.own.iter().all(|line| line.trim().is_empty()) {
        return Cow::Owned(split.quoted.join("\n"));
    }
    Cow::Owned(split.own.join("\n"))
}

/// Parts the sender's own lines from those quoted with `>`, attribution lines, and what mail programs
/// put under them.
pub fn split(text: &str) -> Split<'_> {
    let lines: Vec<&str> = text.lines().collect();
    let mut split = Split::default();
    let mut index = 0;
    while let Some(line) = lines.get(index) {
        let rest = lines.get(index..).unwrap_or_default();
        if line.trim_start().starts_with('>') {
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
        ] {
            assert_eq!(split(text).own.join("\n"), own, "{text}");
        }
    }
}
