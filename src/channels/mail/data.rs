//! The bytes between DATA's 354 and the final dot (RFC 5321 4.5.2). Pure.
//!
//! Only CRLF.CRLF ends a message, whatever pieces it comes in. Anything else that some server
//! might take for a line end is never one here: it is made CRLF and counted (a trusted mail
//! server sent it), or the session ends.

use crate::ports::message::ordinary;

/// The reader's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Behind a real CRLF, or at the very start.
    LineStart,
    /// Behind a dot at the start of a line.
    Dot,
    /// Behind a dot and a CR.
    DotCr,
    Text,
    /// Behind a CR within a line.
    Cr,
}

/// What to do with a bare CR or LF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BareEnds {
    Normalise,
    Refuse,
}

/// What came of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The whole piece was read; the message continues.
    More,
    /// The message ended; so many bytes of the piece were its.
    End(usize),
    /// A bare CR or LF that is refused.
    Bare,
}

#[derive(Debug)]
pub struct DataReader {
    at: At,
    bare_ends: BareEnds,
    /// Bare CRs and LFs that were made CRLF.
    pub normalised: u64,
}

impl DataReader {
    pub const fn new(bare_ends: BareEnds) -> Self {
        DataReader { at: At::LineStart, bare_ends, normalised: 0 }
    }

    /// Takes a piece and adds the message's bytes in it to `message`.
    pub fn push(&mut self, piece: &[u8], message: &mut Vec<u8>) -> Progress {
        let mut taken = 0;
        while let Some(&byte) = piece.get(taken) {
            if self.at == At::Text || (self.at == At::LineStart && byte != b'.') {
                // The long run of ordinary lines, at once. The byte after its end is not a dot, so that it makes no
                // difference whether a line begins there.
                let rest = piece.get(taken..).unwrap_or_default();
                let run = ordinary(rest);
                if run > 0 {
                    message.extend_from_slice(rest.get(..run).unwrap_or_default());
                    self.at = At::Text;
                    taken += run;
                    continue;
                }
            }
            taken += 1;
            match self.step(byte, message) {
                Step::On => {}
                Step::End => return Progress::End(taken),
                Step::Bare => match self.bare_ends {
                    BareEnds::Refuse => return Progress::Bare,
                    BareEnds::Normalise => {}
                },
            }
        }
        Progress::More
    }

    fn step(&mut self, byte: u8, message: &mut Vec<u8>) -> Step {
        match (self.at, byte) {
            (At::LineStart, b'.') => self.go(At::Dot),
            (At::Dot, b'\r') => self.go(At::DotCr),
            (At::DotCr, b'\n') => {
                self.at = At::LineStart;
                Step::End
            }
            (At::Cr, b'\n') => {
                message.extend_from_slice(b"\r\n");
                self.go(At::LineStart)
            }
            // A CR that no LF follows: behind a dot or within a line.
            (At::DotCr | At::Cr, _) => {
                self.bare(message);
                self.text(byte, message);
                Step::Bare
            }
            (At::LineStart | At::Dot | At::Text, _) => self.text(byte, message),
        }
    }

    /// A byte within a line. The dot that stood before it was stuffing.
    fn text(&mut self, byte: u8, message: &mut Vec<u8>) -> Step {
        match byte {
            b'\r' => self.go(At::Cr),
            b'\n' => {
                self.bare(message);
                Step::Bare
            }
            _ => {
                message.push(byte);
                self.go(At::Text)
            }
        }
    }

    /// A bare end becomes CRLF. What follows is not at the start of a line: a dot there was never
    /// stuffed, and ends nothing.
    fn bare(&mut self, message: &mut Vec<u8>) {
        message.extend_from_slice(b"\r\n");
        self.normalised += 1;
        self.at = At::Text;
    }

    fn go(&mut self, at: At) -> Step {
        self.at = at;
        Step::On
    }
}

enum Step {
    On,
    End,
    Bare,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]], bare_ends: BareEnds) -> (Vec<u8>, Progress, u64) {
        let mut message = Vec::new();
        let mut reader = DataReader::new(bare_ends);
        let mut before = 0;
        for piece in pieces {
            match reader.push(piece, &mut message) {
                Progress::More => before += piece.len(),
                Progress::End(at) => {
                    return (message, Progress::End(before + at), reader.normalised);
                }
                Progress::Bare => return (message, Progress::Bare, reader.normalised),
            }
        }
        (message, Progress::More, reader.normalised)
    }

    fn all(bytes: &[u8]) -> (Vec<u8>, Progress) {
        let (message, progress, _) = read(&[bytes], BareEnds::Normalise);
        (message, progress)
    }

    #[test]
    fn the_dot_line_alone_ends_a_message() {
        assert_eq!(all(b".\r\n"), (vec![], Progress::End(3)));
        assert_eq!(all(b"\r\n.\r\nQUIT"), (b"\r\n".to_vec(), Progress::End(5)));
        assert_eq!(all(b"..\r\n.\r\n"), (b".\r\n".to_vec(), Progress::End(7)));
        assert_eq!(all(b".a\r\n.\r\n"), (b"a\r\n".to_vec(), Progress::End(7)));
    }

    #[test]
    fn nothing_else_ends_it() {
        for smuggled in [
            &b"a\n.\r\nb"[..],
            b"a\r.\r\nb",
            b"a\r\n.\nb",
            b"a\r\n.\rb",
            b"a\n.\nb",
            b"a\r.\rb",
            b"a\r\n.\r\r\nb",
            b"a\r\n.\0\r\nb",
            b"a\r\n. \r\nb",
            b".\nb",
            b".\rb",
        ] {
            assert_eq!(all(smuggled).1, Progress::More, "{smuggled:?}");
        }
        for bare in [&b"a\nb"[..], b"a\rb", b"a\r\rb", b"\n", b".\n", b".\rb", b"\r\r"] {
            assert_eq!(read(&[bare], BareEnds::Refuse).1, Progress::Bare, "{bare:?}");
        }
    }

    #[test]
    fn bare_ends_become_whole_ones_and_are_counted() {
        let (message, progress, normalised) =
            read(&[b"a\n.b\rc\r\r\n.\rd\r\n.\r\n"], BareEnds::Normalise);
        assert_eq!(message, b"a\r\n.b\r\nc\r\n\r\n\r\nd\r\n");
        assert_eq!((progress, normalised), (Progress::End(17), 4));
    }

    proptest! {
        #[test]
        fn the_message_does_not_depend_on_the_pieces(
            bytes in "[.\r\na]{0,24}(\r\n\\.\r\n)?", split in 0_usize..30, trusted: bool,
        ) {
            let bare_ends = if trusted { BareEnds::Normalise } else { BareEnds::Refuse };
            let (one, two) = bytes.as_bytes().split_at(split.min(bytes.len()));
            prop_assert_eq!(read(&[one, two], bare_ends), read(&[bytes.as_bytes()], bare_ends));
        }

        #[test]
        fn every_message_without_bare_ends_comes_out_as_it_went_in(
            lines in proptest::collection::vec("[.a]{0,6}", 0..8)
        ) {
            let message: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
            let stuffed: String = lines
                .iter()
                .map(|line| format!("{}{line}\r\n", if line.starts_with('.') { "." } else { "" }))
                .collect();
            let wire = format!("{stuffed}.\r\nNEXT");
            let expected = (message.into_bytes(), Progress::End(wire.len() - 4));
            prop_assert_eq!(all(wire.as_bytes()), expected);
        }

        #[test]
        fn no_bare_end_comes_out(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let (message, _) = all(&bytes);
            for (at, byte) in message.iter().enumerate() {
                prop_assert!(*byte != b'\n' || at > 0 && message[at - 1] == b'\r');
                prop_assert!(*byte != b'\r' || message.get(at + 1) == Some(&b'\n'));
            }
        }
    }
}
