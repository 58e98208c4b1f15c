//! The dot-stuffed form of a message (RFC 5321 4.5.2).

use crate::ports::message::ordinary;

/// Turns message bytes into what goes over the wire, whatever pieces they come in. A bare CR or LF
/// becomes CRLF: none ever leaves the gateway, since servers differ in what they take it for.
pub struct Stuffing {
    at_line_start: bool,
    after_cr: bool,
}

impl Default for Stuffing {
    fn default() -> Self {
        Stuffing::new()
    }
}

impl Stuffing {
    pub const fn new() -> Self {
        Stuffing { at_line_start: true, after_cr: false }
    }

    /// Adds the wire form of `bytes` to `wire`.
    pub fn push(&mut self, bytes: &[u8], wire: &mut Vec<u8>) {
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            if self.after_cr {
                self.after_cr = false;
                wire.extend_from_slice(b"\r\n");
                self.at_line_start = true;
                if byte == b'\n' {
                    rest = after;
                    continue;
                }
            }
            match byte {
                b'\r' => {
                    self.after_cr = true;
                    rest = after;
                }
                b'\n' => {
                    wire.extend_from_slice(b"\r\n");
                    self.at_line_start = true;
                    rest = after;
                }
                _ => {
                    if self.at_line_start && byte == b'.' {
                        wire.push(b'.');
                    }
                    self.at_line_start = false;
                    // No dot follows it, so it makes no difference whether a line begins there.
                    let (plain, next) = rest.split_at(ordinary(rest));
                    wire.extend_from_slice(plain);
                    rest = next;
                }
            }
        }
    }

    /// Adds the end of the message: a line end if one is missing, and the dot.
    pub fn finish(mut self, wire: &mut Vec<u8>) {
        if self.after_cr {
            self.push(b"\n", wire);
        }
        if !self.at_line_start {
            wire.extend_from_slice(b"\r\n");
        }
        wire.extend_from_slice(b".\r\n");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stuffed(pieces: &[&[u8]]) -> Vec<u8> {
        let mut wire = Vec::new();
        let mut stuffing = Stuffing::new();
        for piece in pieces {
            stuffing.push(piece, &mut wire);
        }
        stuffing.finish(&mut wire);
        wire
    }

    #[test]
    fn dots_are_doubled_and_bare_line_ends_made_whole() {
        assert_eq!(stuffed(&[b".a\r\n..\r\nb"]), b"..a\r\n...\r\nb\r\n.\r\n");
        assert_eq!(stuffed(&[b""]), b".\r\n");
        assert_eq!(stuffed(&[b"a\n.\r\rb\r"]), b"a\r\n..\r\n\r\nb\r\n.\r\n");
    }

    proptest! {
        #[test]
        fn the_wire_form_does_not_depend_on_the_pieces(
            bytes in proptest::collection::vec(prop_oneof![
                Just(b'.'), Just(b'\r'), Just(b'\n'), any::<u8>()
            ], 0..64),
            split in 0_usize..64,
        ) {
            let (one, two) = bytes.split_at(split.min(bytes.len()));
            prop_assert_eq!(stuffed(&[one, two]), stuffed(&[&bytes]));
        }

        #[test]
        fn only_the_end_ends_the_message(bytes in "[.\r\na]{0,32}") {
            let wire = stuffed(&[bytes.as_bytes()]);
            let first = wire.windows(5).position(|w| w == b"\r\n.\r\n").map(|at| at + 5);
            prop_assert!(first.is_none_or(|end| end == wire.len()));
            prop_assert!(wire == b".\r\n" || !wire.starts_with(b".\r\n"));
        }
    }
}
