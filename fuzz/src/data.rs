//! The bytes of a message on their way in (`DataReader`) and out (`Stuffing`).
//!
//! The first byte says whether the peer is trusted (lower case), the rest is what follows 354.

use contact_gateway::channels::mail::data::{BareEnds, DataReader, Progress};
use contact_gateway::forward::smtp::stuffing::Stuffing;

use super::chance::Chance;
use super::wire_form::{end_of_message, has_bare_end, unstuffed};

pub const TOKENS: &[&[u8]] = &[
    b"\r\n.\r\n",
    b"\n.\n",
    b"\r.\r",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r\n.\r",
    b"\r\n.\r\r\n",
    b"\r\r\n",
    b"\r\n",
    b"\n",
    b"\r",
    b".",
    b"..",
    b"\0",
    b"\r\n..\r\n",
    b"\r\n.\0\r\n",
    b"\r\n. \r\n",
    b"\xff",
];

pub fn run(bytes: &[u8]) {
    let Some((mode, wire)) = bytes.split_first() else { return };
    let mode = if mode.is_ascii_lowercase() { BareEnds::Normalise } else { BareEnds::Refuse };
    let mut chance = Chance::of(bytes);
    let whole = read(&[wire], mode);
    let pieces = pieces(wire, &mut chance);
    assert_eq!(read(&pieces, mode), whole, "it depends on the pieces");
    let (message, progress, normalised) = whole;
    assert!(!has_bare_end(&message), "a bare CR or LF came through");
    let end = end_of_message(wire);
    match (progress, mode) {
        (Progress::End(taken), _) => {
            // Nothing but CRLF.CRLF ends a message, and the first one does.
            assert_eq!(Some(taken), end);
            if normalised == 0 {
                assert_eq!(message, unstuffed(&wire[..taken]));
            }
        }
        (Progress::More, _) => assert_eq!(end, None, "an end was missed"),
        (Progress::Bare, BareEnds::Refuse) => {
            assert!(has_bare_end(&wire[..end.unwrap_or(wire.len())]), "nothing was bare");
        }
        (Progress::Bare, BareEnds::Normalise) => panic!("a trusted peer was refused"),
    }
    out_and_in(wire, &mut chance);
}

fn read(pieces: &[&[u8]], mode: BareEnds) -> (Vec<u8>, Progress, u64) {
    let mut reader = DataReader::new(mode);
    let mut message = Vec::new();
    let mut before = 0;
    for piece in pieces {
        match reader.push(piece, &mut message) {
            Progress::More => before += piece.len(),
            Progress::End(taken) => {
                return (message, Progress::End(before + taken), reader.normalised);
            }
            Progress::Bare => return (message, Progress::Bare, reader.normalised),
        }
    }
    (message, Progress::More, reader.normalised)
}

pub(super) fn pieces<'a>(bytes: &'a [u8], chance: &mut Chance) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        // Small pieces mostly: an end is split within itself.
        let most = if chance.below(3) == 0 { rest.len() } else { rest.len().min(4) };
        let (piece, after) = rest.split_at(1 + chance.index(most));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// Any bytes go out as one message, and come in at the next server as they were.
fn out_and_in(bytes: &[u8], chance: &mut Chance) {
    let mut wire = Vec::new();
    let mut stuffing = Stuffing::new();
    for piece in pieces(bytes, chance) {
        stuffing.push(piece, &mut wire);
    }
    stuffing.finish(&mut wire);
    assert!(!has_bare_end(&wire), "a bare CR or LF goes out");
    assert_eq!(end_of_message(&wire), Some(wire.len()), "not one message goes out");
    let (message, progress, _) = read(&[&wire], BareEnds::Refuse);
    assert_eq!(progress, Progress::End(wire.len()));
    if !has_bare_end(bytes) && (bytes.is_empty() || bytes.ends_with(b"\r\n")) {
        assert_eq!(message, bytes, "it came out changed");
    }
}
