//! One text of all that a message says: every alternative and every text in it, each word once.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::domain::reading::split;
use crate::runtime::limits::MAIL_ATTACHED_TEXT_BYTES_MAX;
use crate::runtime::mime::html::{self, Lines};
use crate::runtime::mime::{MimePart, decode};

/// The text of a message's parts; `None`: none of them is a text.
pub(super) fn text(parts: &[MimePart]) -> Option<String> {
    let mut room = MAIL_ATTACHED_TEXT_BYTES_MAX;
    let mut texts: Vec<String> = Vec::new();
    for part in parts.iter().filter(|part| part.is_text()) {
        let mut text = text_of(part);
        if part.attached && parts.len() > 1 {
            // A file may be long: its beginning is read, as somebody would who opens it.
            let mut end = room.min(text.len());
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            room -= end;
        }
        texts.extend((!text.trim().is_empty()).then_some(text));
    }
    match texts.len() {
        0 | 1 => texts.pop().or_else(|| parts.iter().any(MimePart::is_text).then(String::new)),
        _ => Some(together(texts)),
    }
}

fn text_of(part: &MimePart) -> String {
    let bytes = part.encoding.bytes(&part.body);
    let shown = decode::text(&bytes, part.charset.as_deref());
    let mut text = match part.kind.as_str() {
        _ if part.is_html() => html::text(&shown, Lines::Flow),
        // RFC 1896: commands in angle brackets.
        "text/enriched" | "text/richtext" => html::text(&shown, Lines::Kept),
        _ => shown,
    };
    if let Some(footer) = part.encoding.footer(&part.body) {
        text.push('\n');
        text.push_str(&footer);
    }
    match &part.subject {
        Some(subject) if !subject.is_empty() => format!("{subject}\n{text}"),
        _ => text,
    }
}

/// The first text, and what the others add to it. The sender's own words come first; quotations follow with their
/// marks.
fn together(texts: Vec<String>) -> String {
    // What one text quotes may be another's own words: those are looked for only among own words.
    let (mut known_own, mut known) = (Known::default(), Known::default());
    let mut texts = texts.into_iter();
    let first = texts.next().unwrap_or_default();
    known_own.add(&split(&first).own.join("\n"));
    known.add(&first);
    let (mut own, mut quoted): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for text in texts {
        let split = split(&text);
        let new = |lines: &[&str], known: &Known| -> Vec<String> {
            lines.iter().filter(|line| known.is_new(line)).map(|line| (*line).to_owned()).collect()
        };
        let (new_own, new_quoted) = (new(&split.own, &known_own), new(&split.quoted, &known));
        known_own.add(&split.own.join("\n"));
        known.add(&text);
        own.extend(new_own);
        quoted.extend(new_quoted);
    }
    if own.is_empty() && quoted.is_empty() {
        return first;
    }
    let split = split(&first);
    let before = split.own.iter().map(|line| (*line).to_owned());
    let own: Vec<String> = before.chain(own).collect();
    let quoted = split.quoted.iter().map(|line| (*line).to_owned()).chain(quoted);
    let marked = quoted.map(|line| if line.starts_with('>') { line } else { format!("> {line}") });
    own.into_iter().chain(marked).collect::<Vec<_>>().join("\n")
}

/// Words that go together in the comparison.
const TOGETHER: usize = 3;

/// Earlier text, three words at a time.
#[derive(Default)]
struct Known {
    seen: HashSet<u64>,
}

impl Known {
    fn add(&mut self, text: &str) {
        let words: Vec<u64> = words(text).collect();
        for length in 1..=TOGETHER {
            self.seen.extend(words.windows(length).map(hash));
        }
    }

    fn is_new(&self, line: &str) -> bool {
        let words: Vec<u64> = words(line).collect();
        let length = words.len().min(TOGETHER);
        length > 0 && words.windows(length).any(|words| !self.seen.contains(&hash(words)))
    }
}

fn words(text: &str) -> impl Iterator<Item = u64> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(|word| {
        let mut hasher = DefaultHasher::new();
        word.chars().flat_map(char::to_lowercase).for_each(|c| c.hash(&mut hasher));
        hasher.finish()
    })
}

fn hash(words: &[u64]) -> u64 {
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    hasher.finish()
}
