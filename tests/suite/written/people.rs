//! Whom tests name: what the harness has sent and put on record, and whatever looks like an address or a number.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// Names, addresses, digits of numbers, subjects and lines of text that this process has sent, in lower case.
static NAMED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Ids that a test made of an address, in lower case. Whoever sends a contact chooses its id, and the log names it.
static IDS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Tests that send more vary a number in it.
const NAMED_MAX: usize = 512;

/// The fewest characters of a line that is searched for: shorter lines may be words of the log.
const LINE_CHARS: std::ops::RangeInclusive<usize> = 12..=60;

/// Digits of a telephone number.
const DIGITS: std::ops::RangeInclusive<usize> = 9..=15;

pub fn locked<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

fn note(word: &str) {
    keep(word, &NAMED);
}

fn keep(word: &str, among: &Mutex<BTreeSet<String>>) {
    let mut kept = locked(among);
    if kept.len() < NAMED_MAX {
        kept.insert(word.to_lowercase());
    }
}

/// An address or a number.
fn note_identifier(value: &str) {
    let value = value.trim();
    if value.contains('@') {
        if value.len() >= 7 && !value.contains(char::is_whitespace) {
            note(value);
        }
    } else if value.starts_with(['+', '0'])
        && value.chars().all(|c| c.is_ascii_digit() || "+ -()".contains(c))
    {
        let digits: String = value.chars().filter(char::is_ascii_digit).collect();
        // The part that every way of writing it has.
        let country = if value.starts_with("+44") { 2 } else { 0 };
        let digits = digits.get(country..).unwrap_or_default();
        let digits = digits.trim_start_matches('0');
        if DIGITS.contains(&digits.len()) {
            note(digits);
        }
    }
}

fn note_text(text: &str) {
    for line in text.lines().map(str::trim) {
        let line: String = line.chars().take(*LINE_CHARS.end()).collect();
        if line.chars().count() >= *LINE_CHARS.start() && line.contains(' ') {
            note(&line);
        }
    }
}

fn note_name(name: &str) {
    let name = name.trim().trim_matches('"');
    if name.contains(' ') && name.chars().count() >= 6 {
        note(name);
    }
}

/// Everything about people in a request or a list of people.
pub fn note_json(value: &Value) {
    match value {
        Value::Array(all) => all.iter().for_each(note_json),
        Value::Object(all) => {
            for (key, value) in all {
                match (key.as_str(), value) {
                    ("id", Value::String(id)) if id.contains('@') => keep(id, &IDS),
                    ("name", Value::String(name)) => note_name(name),
                    ("text" | "subject" | "message" | "reason", Value::String(text)) => {
                        note_text(text);
                    }
                    ("value" | "email" | "phone", Value::String(value)) => note_identifier(value),
                    (_, value) => note_json(value),
                }
            }
        }
        _ => {}
    }
}

/// The pairs of a form.
pub fn note_form(body: &str) {
    for pair in body.split('&') {
        let Some((_, value)) = pair.split_once('=') else { continue };
        let value = decoded(value);
        note_identifier(&value);
        note_text(&value);
    }
}

fn decoded(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let digits = String::from_utf8_lossy(&digits).into_owned();
                u8::from_str_radix(&digits, 16).unwrap_or(b'?')
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Its sender, subject and text, as far as they are plain.
pub fn note_mail(from: &str, message: &[u8]) {
    note_identifier(from);
    let text = String::from_utf8_lossy(message);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&*text, ""));
    for line in head.lines() {
        match line.split_once(": ") {
            Some(("Subject", subject)) => note_text(subject),
            Some(("From", from)) => {
                let (name, address) = from.split_once('<').unwrap_or(("", from));
                note_name(name);
                note_identifier(address.trim_end_matches('>'));
            }
            _ => {}
        }
    }
    note_text(body);
}

/// The body of an HTTP request.
pub fn note_request(request: &[u8]) {
    let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else { return };
    let body = &request[end + 4..];
    if let Ok(value) = serde_json::from_slice::<Value>(body) {
        note_json(&value);
    } else if let Ok(body) = std::str::from_utf8(body)
        && request[..end].windows(FORM.len()).any(|part| part.eq_ignore_ascii_case(FORM))
    {
        note_form(body);
    }
}

const FORM: &[u8] = b"x-www-form-urlencoded";

/// Who was named so far, to be searched for.
pub struct People {
    /// The organisation's own, in lower case.
    own: String,
    ids: BTreeSet<String>,
    /// By their first two bytes.
    named: HashMap<[u8; 2], Vec<String>>,
    /// Whether any begins with these two bytes.
    begins: Vec<bool>,
}

impl People {
    /// Without what a gateway's configuration says.
    pub fn but(own: &str) -> People {
        let own = own.to_lowercase();
        let mut named: HashMap<[u8; 2], Vec<String>> = HashMap::new();
        let mut begins = vec![false; 1 << 16];
        for word in locked(&NAMED).iter().filter(|word| !own.contains(word.as_str())) {
            let [first, second, ..] = word.as_bytes() else { continue };
            begins[begin(*first, *second)] = true;
            named.entry([*first, *second]).or_default().push(word.clone());
        }
        People { own, ids: locked(&IDS).clone(), named, begins }
    }

    /// Those named in a line, and whatever looks like an address or a number.
    pub fn in_text(&self, line: &str) -> BTreeSet<String> {
        let mut line = line.to_lowercase();
        for id in &self.ids {
            line = line.replace(id, "an id");
        }
        let line = line.replace("%40", "@").replace("%2b", "+");
        let mut found = self.in_bytes(line.as_bytes());
        // However a number is grouped.
        let grouped: String = line.chars().filter(|c| !" -()".contains(*c)).collect();
        let numbers = self.in_bytes(grouped.as_bytes()).into_iter();
        found.extend(numbers.filter(|word| is_digits(word)));
        let shapes = addresses(&line).into_iter().chain(numbers_in(&line));
        found.extend(shapes.filter(|shape| !self.own.contains(*shape)).map(str::to_owned));
        found
    }

    /// Those named in a file.
    pub fn in_bytes(&self, bytes: &[u8]) -> BTreeSet<String> {
        let bytes = bytes.to_ascii_lowercase();
        let mut found = BTreeSet::new();
        for at in 1..bytes.len() {
            let (first, second) = (bytes[at - 1], bytes[at]);
            if self.begins[begin(first, second)] {
                let rest = &bytes[at - 1..];
                let words = self.named.get(&[first, second]).into_iter().flatten();
                found.extend(words.filter(|word| rest.starts_with(word.as_bytes())).cloned());
            }
        }
        found
    }
}

fn begin(first: u8, second: u8) -> usize {
    usize::from(u16::from_be_bytes([first, second]))
}

/// What looks like an address with a domain of its own.
fn addresses(line: &str) -> Vec<&str> {
    let is_local = |c: char| c.is_alphanumeric() || "._%+'-".contains(c);
    let is_domain = |c: char| c.is_alphanumeric() || ".-".contains(c);
    let mut found = Vec::new();
    for (at, _) in line.match_indices('@') {
        let begin = line[..at].trim_end_matches(is_local).len();
        let end = line.len() - line[at + 1..].trim_start_matches(is_domain).len();
        let domain = line[at + 1..end].trim_matches(['.', '-']);
        let top = domain.rsplit_once('.').map_or("", |(_, top)| top);
        // `user:password@127.0.0.1` is a server's address.
        if begin < at && top.contains(char::is_alphabetic) {
            found.push(line[begin..end].trim_end_matches(['.', '-']));
        }
    }
    found
}

fn is_digits(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

/// What looks like a number to dial: `+` or 0 and the rest, apart from other words.
fn numbers_in(line: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || "+._:-".contains(c);
    let words = line.split(|c: char| !is_word(c));
    let words = words.map(|word| word.trim_end_matches(['.', ':', '-', '_']));
    words
        .filter(|word| match word.strip_prefix('+') {
            Some(digits) => DIGITS.contains(&digits.len()) && is_digits(digits),
            None => word.starts_with('0') && (10..=11).contains(&word.len()) && is_digits(word),
        })
        .collect()
}
