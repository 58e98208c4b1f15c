//! Where one request ends and the next begins, determined from the raw bytes before hyper reads them.
//!
//! hyper forgives what a proxy in front may read in another way (a length as well as `chunked`, a line that ends
//! without CR), and reports nothing. Two readings of one message are how a request is smuggled past the program that
//! checked the first (RFC 9112 11.2), so that everything here that has a second reading is refused. What passes is a
//! subset of what hyper takes, framed as hyper frames it.

use crate::runtime::limits::HTTP_CHUNK_EXTENSION_BYTES_MAX;

/// What of a header line is looked at: enough for the names and values that frame a message.
const LINE_KEPT_BYTES: usize = 128;
/// Hexadecimal digits of a chunk's size that fit its number.
const CHUNK_SIZE_DIGITS_MAX: u8 = 16;

/// The framing of one connection's incoming bytes.
#[derive(Debug)]
pub struct Framing {
    state: State,
    /// Bytes of the head in hand.
    head: usize,
}

#[derive(Debug)]
enum State {
    Head(Head),
    /// This many bytes of a body with a length are still to come.
    Length(u64),
    Chunked(Chunked),
    Refused,
}

/// What one byte leads to.
enum Step {
    Stay,
    Next(State),
    Refuse,
}

impl Default for Framing {
    fn default() -> Self {
        Framing { state: State::Head(Head::default()), head: 0 }
    }
}

impl Framing {
    /// How many of the next bytes may go on. Fewer than all: the one behind them is refused, and
    /// nothing more of this connection is passed on. `has_room`: whether there is room for a head of so many bytes.
    pub fn passes(&mut self, bytes: &[u8], mut has_room: impl FnMut(usize) -> bool) -> usize {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let is_head = matches!(self.state, State::Head(_));
            let (taken, step) = self.state.take(rest);
            if is_head {
                self.head += taken;
                if !has_room(self.head) {
                    self.state = State::Refused;
                    return at;
                }
            }
            match step {
                Step::Stay => at += taken,
                Step::Next(state) => {
                    at += taken;
                    self.state = state;
                    self.head = 0;
                }
                Step::Refuse => {
                    self.state = State::Refused;
                    return at;
                }
            }
        }
        at
    }

    pub fn is_refused(&self) -> bool {
        matches!(self.state, State::Refused)
    }
}

impl State {
    /// Takes at least one byte of those given, which are not none.
    fn take(&mut self, bytes: &[u8]) -> (usize, Step) {
        let first = bytes.first().copied().unwrap_or_default();
        match self {
            State::Head(head) => match head.take_plain(bytes) {
                0 => (1, head.take(first)),
                plain => (plain, Step::Stay),
            },
            State::Length(left) => through(left, bytes.len(), || State::Head(Head::default())),
            State::Chunked(Chunked { part: Part::Data(left), .. }) => {
                let (taken, step) = through(left, bytes.len(), || State::Refused);
                match (step, self) {
                    // The data is through: its line end comes.
                    (Step::Next(_), State::Chunked(chunked)) => {
                        chunked.part = Part::DataCr;
                        (taken, Step::Stay)
                    }
                    (step, _) => (taken, step),
                }
            }
            State::Chunked(chunked) => (1, chunked.take(first)),
            State::Refused => (0, Step::Refuse),
        }
    }
}

/// Counts bytes that are nothing but content.
fn through(left: &mut u64, here: usize, then: impl Fn() -> State) -> (usize, Step) {
    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(here);
    *left -= taken as u64;
    (taken, if *left == 0 { Step::Next(then()) } else { Step::Stay })
}

/// A request's head, line by line (RFC 9112 2.1).
#[derive(Debug, Default)]
struct Head {
    /// The beginning of the line in hand.
    line: Vec<u8>,
    /// The line in hand is longer than its kept part.
    cut: bool,
    after_cr: bool,
    /// The request line was seen.
    begun: bool,
    length: Option<u64>,
    chunked: bool,
}

impl Head {
    /// Takes the bytes in front of the next that may end the line, and says how many.
    fn take_plain(&mut self, bytes: &[u8]) -> usize {
        if self.after_cr {
            return 0;
        }
        let end = memchr::memchr3(b'\r', b'\n', 0, bytes);
        let plain = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
        let room = LINE_KEPT_BYTES.saturating_sub(self.line.len());
        let kept = plain.get(..room).unwrap_or(plain);
        self.cut |= kept.len() < plain.len();
        self.line.extend_from_slice(kept);
        plain.len()
    }

    /// Takes a byte that may end the line.
    fn take(&mut self, byte: u8) -> Step {
        match (self.after_cr, byte) {
            (true, b'\n') => self.line_end(),
            (false, b'\r') => {
                self.after_cr = true;
                Step::Stay
            }
            // A bare CR or LF ends a line for some readers, and for others not (RFC 9112 2.2).
            (true | false, _) => Step::Refuse,
        }
    }

    fn line_end(&mut self) -> Step {
        self.after_cr = false;
        if self.line.is_empty() {
            // Empty lines in front of a request are passed over (RFC 9112 2.2).
            return if self.begun { self.end() } else { Step::Stay };
        }
        let understood = if self.begun { self.field() } else { self.request_line() };
        self.line.clear();
        self.cut = false;
        if understood { Step::Stay } else { Step::Refuse }
    }

    /// The gateway is not a tunnel: whatever followed a CONNECT would belong to no request.
    fn request_line(&mut self) -> bool {
        self.begun = true;
        !self.line.starts_with(b"CONNECT ")
    }

    /// `false`: the line is folded, its name has a blank in it (RFC 9112 5.1, 5.2), or it says a
    /// second time, or not plainly, how long the body is (RFC 9112 6.1, 6.3).
    fn field(&mut self) -> bool {
        let Some(colon) = self.line.iter().position(|byte| *byte == b':') else {
            // A name longer than any that matters; hyper has the last word on it.
            return self.cut;
        };
        let (name, value) = self.line.split_at(colon);
        if name.is_empty() || name.iter().any(u8::is_ascii_whitespace) {
            return false;
        }
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = if self.cut { None } else { length_of(value) };
            return self.length.is_none() && {
                self.length = length;
                length.is_some()
            };
        }
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let plain = !self.cut && value.eq_ignore_ascii_case(b"chunked");
            return plain && !std::mem::replace(&mut self.chunked, true);
        }
        true
    }

    fn end(&self) -> Step {
        match (self.chunked, self.length) {
            // RFC 9112 6.3: "ought to be handled as an error".
            (true, Some(_)) => Step::Refuse,
            (true, None) => Step::Next(State::Chunked(Chunked::default())),
            (false, Some(0) | None) => Step::Next(State::Head(Head::default())),
            (false, Some(length)) => Step::Next(State::Length(length)),
        }
    }
}

/// Only digits (RFC 9110 8.6): no sign, no list.
fn length_of(value: &[u8]) -> Option<u64> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(value).ok().filter(|_| digits)?.parse().ok()
}

/// A body in chunks (RFC 9112 7.1).
#[derive(Debug, Default)]
struct Chunked {
    part: Part,
    /// Bytes of chunk extensions so far, in the whole body.
    extensions: usize,
}

#[derive(Debug)]
enum Part {
    Size { digits: u8, size: u64 },
    Extension { size: u64 },
    SizeLf { size: u64 },
    Data(u64),
    DataCr,
    DataLf,
    Trailer { is_empty: bool, after_cr: bool },
}

impl Default for Part {
    fn default() -> Self {
        Part::Size { digits: 0, size: 0 }
    }
}

impl Chunked {
    fn take(&mut self, byte: u8) -> Step {
        let next = match (&self.part, byte) {
            (Part::Size { digits, size }, _) if byte.is_ascii_hexdigit() => {
                if *digits == CHUNK_SIZE_DIGITS_MAX {
                    return Step::Refuse;
                }
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                Part::Size { digits: digits + 1, size: size << 4 | u64::from(digit) }
            }
            (Part::Size { digits: 0, .. }, _) => return Step::Refuse,
            (Part::Size { size, .. }, b'\r') | (Part::Extension { size }, b'\r') => {
                Part::SizeLf { size: *size }
            }
            (Part::Size { size, .. }, b';' | b' ' | b'\t') => self.extended(*size),
            (Part::Size { .. }, _) | (Part::Extension { .. }, b'\n' | 0) => return Step::Refuse,
            (Part::Extension { size }, _) => self.extended(*size),
            (Part::SizeLf { size: 0 }, b'\n') => Part::Trailer { is_empty: true, after_cr: false },
            (Part::SizeLf { size }, b'\n') => Part::Data(*size),
            (Part::DataCr, b'\r') => Part::DataLf,
            (Part::DataLf, b'\n') => Part::default(),
            (Part::Trailer { is_empty: true, after_cr: true }, b'\n') => {
                return Step::Next(State::Head(Head::default()));
            }
            (Part::Trailer { after_cr: true, .. }, b'\n') => {
                Part::Trailer { is_empty: true, after_cr: false }
            }
            (Part::Trailer { after_cr: true, .. }, _) => return Step::Refuse,
            (Part::Trailer { .. }, b'\n' | 0) => return Step::Refuse,
            (Part::Trailer { is_empty, .. }, b'\r') => {
                Part::Trailer { is_empty: *is_empty, after_cr: true }
            }
            (Part::Trailer { .. }, _) => Part::Trailer { is_empty: false, after_cr: false },
            // Data goes by in pieces, above.
            (Part::SizeLf { .. } | Part::DataCr | Part::DataLf | Part::Data(_), _) => {
                return Step::Refuse;
            }
        };
        self.part = next;
        // Extensions are ignored (RFC 9112 7.1.1), and few: nobody sends them but to hide something.
        if self.extensions > HTTP_CHUNK_EXTENSION_BYTES_MAX { Step::Refuse } else { Step::Stay }
    }

    fn extended(&mut self, size: u64) -> Part {
        self.extensions += 1;
        Part::Extension { size }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How much passes, given whole and byte by byte: the same.
    fn passes(bytes: &[u8]) -> usize {
        let whole = Framing::default().passes(bytes, |_| true);
        let mut framing = Framing::default();
        let single =
            bytes.iter().take_while(|byte| framing.passes(&[**byte], |_| true) == 1).count();
        assert_eq!(single, whole, "{:?}", String::from_utf8_lossy(bytes));
        assert_eq!(framing.is_refused(), whole < bytes.len());
        whole
    }

    #[test]
    fn plain_requests_pass_one_behind_the_other() {
        let requests = b"\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n\r\n\n\
            POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=b\r\n\r\nabc\r\n0\r\nT: 1\r\n\r\n\
            POST / HTTP/1.1\r\ncontent-length:0\r\n\r\nGET / HTTP/1.1\r\n\r\n";
        assert_eq!(passes(requests), requests.len());
    }

    #[test]
    fn a_head_without_room_is_refused_and_the_body_before_it_passes_whole() {
        let first = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
        let long = [first, &b"GET / HTTP/1.1\r\nX: "[..], &[b'a'; 100]].concat();
        let mut framing = Framing::default();
        let passed = framing.passes(&long, |head| head <= 64);
        assert!((first.len()..long.len()).contains(&passed), "{passed}");
        assert!(framing.is_refused());
    }

    #[test]
    fn what_has_a_second_reading_is_refused_at_once() {
        for head in [
            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
            "Content-Length: 3\r\nContent-Length: 3\r\n\r\n",
            "Content-Length: 3, 3\r\n\r\n",
            "Content-Length: +3\r\n\r\n",
            "Content-Length: 0x3\r\n\r\n",
            "Content-Length:\r\n\r\n",
            "Content-Length: 99999999999999999999\r\n\r\n",
            "Transfer-Encoding: xchunked\r\n\r\n",
            "Transfer-Encoding: gzip, chunked\r\n\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            "Transfer-Encoding : chunked\r\n\r\n",
            "X: 1\r\n folded\r\n\r\n",
            "X Y: 1\r\n\r\n",
            "X: 1\n\r\n",
            "X: 1\r\r\n\r\n",
            "X: \0\r\n\r\n",
            "no colon\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n3;\nabc\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n10000000000000003\r\nabc\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n0\r\nT: 1\n\r\n",
        ] {
            let request = format!("POST / HTTP/1.1\r\nHost: x\r\n{head}");
            assert!(passes(request.as_bytes()) < request.len(), "{head:?}");
        }
        assert_eq!(passes(b"CONNECT x:80 HTTP/1.1\r\n\r\n"), "CONNECT x:80 HTTP/1.1\r".len());
    }

    #[test]
    fn chunk_extensions_are_few() {
        let long = "a".repeat(HTTP_CHUNK_EXTENSION_BYTES_MAX + 1);
        let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        let one = format!("{head}1;{long}\r\nx\r\n0\r\n\r\n");
        assert!(passes(one.as_bytes()) < one.len());
        let many = format!("{head}{}0\r\n\r\n", "1;a=b\r\nx\r\n".repeat(long.len()));
        assert!(passes(many.as_bytes()) < many.len());
    }

    #[test]
    fn a_long_line_passes_and_hides_nothing_behind_it() {
        let long = "x".repeat(4 * LINE_KEPT_BYTES);
        let fine = format!("GET /{long} HTTP/1.1\r\nCookie: {long}\r\n{long}: 1\r\n\r\n");
        assert_eq!(passes(fine.as_bytes()), fine.len());
        let hiding = format!("GET / HTTP/1.1\r\nContent-Length: {}3\r\n\r\n", " ".repeat(200));
        assert!(passes(hiding.as_bytes()) < hiding.len());
    }
}
