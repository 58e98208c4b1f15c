//! What a terminal may show. A name, a subject or an id comes from outside; control characters in it
//! could move the cursor, retitle the window or make one line look like another.
//!
//! Everything that the command line and the log write passes [`Shown`], so that no caller can forget
//! it. [`line()`] is for values inside a line, which must not end it.

use std::borrow::Cow;
use std::io::{self, Write};

/// C0 and C1 controls, DEL, line and paragraph separators, and what turns the direction of writing
/// (Unicode 16, 23.1 and UAX #9 3).
const fn is_escaped(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{61c}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A value inside one line: its control characters written as `\n`, `\t` or `\u{1b}`.
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_escaped) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().fold(String::with_capacity(text.len() + 16), |mut shown, c| {
        if is_escaped(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
        shown
    }))
}

/// A writer whose reader may be a terminal. Line ends and tabs pass; other control characters are
/// written as JSON and the log write them, `\u001b`, so that JSON stays JSON.
pub struct Shown<W> {
    to: W,
    /// The beginning of a character whose rest has not come yet.
    begun: Vec<u8>,
}

impl<W: Write> Shown<W> {
    pub const fn new(to: W) -> Self {
        Shown { to, begun: Vec::new() }
    }

    fn show(&mut self, text: &str) -> io::Result<()> {
        let mut rest = text;
        let passes = |c: char| matches!(c, '\n' | '\t') || !is_escaped(c);
        while let Some(at) = rest.find(|c| !passes(c)) {
            let (plain, escaped) = rest.split_at(at);
            self.to.write_all(plain.as_bytes())?;
            let mut after = escaped.chars();
            if let Some(c) = after.next() {
                write!(self.to, "\\u{:04x}", u32::from(c))?;
            }
            rest = after.as_str();
        }
        self.to.write_all(rest.as_bytes())
    }
}

impl<W: Write> Write for Shown<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = std::mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        let mut rest = all.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.show(text)?;
                    return Ok(bytes.len());
                }
                Err(error) => {
                    let (whole, from) = rest.split_at(error.valid_up_to());
                    self.show(std::str::from_utf8(whole).unwrap_or_default())?;
                    let Some(broken) = error.error_len() else {
                        self.begun = from.to_vec();
                        return Ok(bytes.len());
                    };
                    self.to.write_all("\u{fffd}".as_bytes())?;
                    rest = from.get(broken..).unwrap_or_default();
                }
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pieces: &[&[u8]]) -> String {
        let mut out = Vec::new();
        let mut writer = Shown::new(&mut out);
        for piece in pieces {
            writer.write_all(piece).unwrap();
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing_reaches_a_terminal_that_it_would_obey() {
        let hostile = "a\u{1b}[2J\u{7}b\rc\u{9b}31md\u{202e}e\u{7f}";
        let seen = shown(&[hostile.as_bytes()]);
        assert_eq!(seen, "a\\u001b[2J\\u0007b\\u000dc\\u009b31md\\u202ee\\u007f");
        assert_eq!(shown(&["Siân\tO’Neill 👍\n".as_bytes()]), "Siân\tO’Neill 👍\n");
    }

    #[test]
    fn a_character_in_two_pieces_is_one_and_broken_bytes_are_replaced() {
        assert_eq!(shown(&[b"Si\xc3", b"\xa2n"]), "Siân");
        assert_eq!(shown(&[b"\xc2", b"\x9b"]), "\\u009b");
        assert_eq!(shown(&[b"a\xffb"]), "a\u{fffd}b");
    }

    #[test]
    fn json_stays_json() {
        let value = serde_json::json!({ "subject": "a\u{7f}\u{9b}b" });
        let read: serde_json::Value =
            serde_json::from_str(&shown(&[value.to_string().as_bytes()])).unwrap();
        assert_eq!(read, value);
    }

    #[test]
    fn a_value_never_ends_its_line() {
        assert_eq!(line("one\ntwo\u{1b}[m"), "one\\ntwo\\u{1b}[m");
        assert!(matches!(line("plain"), Cow::Borrowed("plain")));
    }
}
