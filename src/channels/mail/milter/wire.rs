//! Bytes of the milter protocol, version 6: packets to commands, and answers to packets. Pure.
//!
//! The protocol is Sendmail's (`libmilter/docs`, `include/libmilter/mfdef.h`); Postfix speaks it as
//! its MILTER_README says. A packet is its length (32 bits, most significant byte first), one
//! letter, and what the letter says follows.

use std::net::IpAddr;

use bytes::{Buf as _, Bytes, BytesMut};

use crate::runtime::limits::MILTER_PACKET_BYTES_MAX;

/// The version that is spoken here. Mail servers with an older one are met with theirs.
pub(super) const VERSION: u32 = 6;
/// Version 1 is of 1999 and says nothing of what it can do.
pub(super) const VERSION_LEAST: u32 = 2;

/// What a filter may do to a message (`SMFIF_…`).
pub(super) mod actions {
    pub(in super::super) const ADD_FIELDS: u32 = 0x01;
    pub(in super::super) const ADD_RECIPIENTS: u32 = 0x04;
    pub(in super::super) const DELETE_RECIPIENTS: u32 = 0x08;
    pub(in super::super) const CHANGE_FIELDS: u32 = 0x10;
    pub(in super::super) const QUARANTINE: u32 = 0x20;
    pub(in super::super) const ADD_RECIPIENTS_WITH_PARAMETERS: u32 = 0x80;
}

/// What a mail server leaves out, or expects no answer to (`SMFIP_…`).
pub(super) mod steps {
    pub(in super::super) const NO_UNKNOWN: u32 = 0x100;
    pub(in super::super) const NO_DATA: u32 = 0x200;
    pub(in super::super) const SILENT_FIELD: u32 = 0x80;
    pub(in super::super) const SILENT_CONNECT: u32 = 0x1000;
    pub(in super::super) const SILENT_HELO: u32 = 0x2000;
    pub(in super::super) const SILENT_MAIL: u32 = 0x4000;
    pub(in super::super) const SILENT_END_OF_HEADER: u32 = 0x4_0000;
    /// The spaces behind a field's colon are sent, and are written as they are given.
    pub(in super::super) const LEADING_SPACE: u32 = 0x10_0000;
}

/// Why bytes are no command. The connection can't go on: what follows is not to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum WireFault {
    #[error("an empty packet")]
    Empty,
    #[error("a packet of {0} bytes, which is too long")]
    TooLong(usize),
    #[error("a packet that ends too early")]
    Truncated,
    #[error("a packet of an unknown kind")]
    Unknown,
    #[error("an invalid field name")]
    Name,
}

/// One command of the mail server.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Command {
    Negotiate {
        version: u32,
        actions: u32,
        steps: u32,
    },
    /// Values that go with the command that follows.
    Macros(Vec<(Bytes, Bytes)>),
    Connect {
        name: Bytes,
        address: Option<IpAddr>,
    },
    Helo(Bytes),
    /// The path and the parameters, as the client wrote them.
    Mail(Vec<Bytes>),
    Rcpt(Vec<Bytes>),
    Data,
    /// An SMTP command that the mail server does not know.
    Unknown,
    Field {
        name: Bytes,
        value: Bytes,
    },
    EndOfHeader,
    Body(Bytes),
    /// The message is whole; a last piece of its body may come with this.
    EndOfBody(Bytes),
    Abort,
    Quit,
    /// The connection is used for another client.
    QuitForAnother,
}

/// Shows only the kind: commands carry addresses and bodies.
impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Command::Negotiate { .. } => "negotiate",
            Command::Macros(_) => "macros",
            Command::Connect { .. } => "connect",
            Command::Helo(_) => "helo",
            Command::Mail(_) => "mail",
            Command::Rcpt(_) => "rcpt",
            Command::Data => "data",
            Command::Unknown => "unknown",
            Command::Field { .. } => "field",
            Command::EndOfHeader => "end of header",
            Command::Body(_) => "body",
            Command::EndOfBody(_) => "end of body",
            Command::Abort => "abort",
            Command::Quit => "quit",
            Command::QuitForAnother => "quit for another",
        })
    }
}

/// The next packet without its length, or `None` until more bytes are there.
///
/// # Errors
/// [`WireFault`] where the length is out of bounds: nothing behind it makes sense.
pub(super) fn packet(buffer: &mut BytesMut) -> Result<Option<Bytes>, WireFault> {
    let Some(length) = buffer.first_chunk::<4>() else { return Ok(None) };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if length == 0 {
        return Err(WireFault::Empty);
    }
    if length > MILTER_PACKET_BYTES_MAX {
        return Err(WireFault::TooLong(length));
    }
    if buffer.len() < 4 + length {
        return Ok(None);
    }
    buffer.advance(4);
    Ok(Some(buffer.split_to(length).freeze()))
}

/// Reads one packet.
///
/// # Errors
/// [`WireFault`] if it is not a command.
pub(super) fn command(packet: &Bytes) -> Result<Command, WireFault> {
    let (kind, _) = packet.split_first().ok_or(WireFault::Empty)?;
    let rest = packet.slice(1..);
    Ok(match kind {
        b'O' => negotiate(&rest)?,
        b'D' => macros(&rest)?,
        b'C' => connect(&rest)?,
        b'H' => Command::Helo(only(strings(&rest)?)?),
        b'M' => Command::Mail(some(strings(&rest)?)?),
        b'R' => Command::Rcpt(some(strings(&rest)?)?),
        b'T' => Command::Data,
        b'U' => Command::Unknown,
        b'L' => field(&rest)?,
        b'N' => Command::EndOfHeader,
        b'B' => Command::Body(rest),
        b'E' => Command::EndOfBody(rest),
        b'A' => Command::Abort,
        b'Q' => Command::Quit,
        b'K' => Command::QuitForAnother,
        _ => return Err(WireFault::Unknown),
    })
}

fn negotiate(rest: &[u8]) -> Result<Command, WireFault> {
    let mut rest = rest;
    let mut number = || rest.try_get_u32().map_err(|_| WireFault::Truncated);
    Ok(Command::Negotiate { version: number()?, actions: number()?, steps: number()? })
}

/// The letter of the command that they go with, then names and values in turn.
fn macros(rest: &Bytes) -> Result<Command, WireFault> {
    if rest.is_empty() {
        return Err(WireFault::Truncated);
    }
    let mut texts = strings(&rest.slice(1..))?.into_iter();
    let mut pairs = Vec::new();
    while let Some(name) = texts.next() {
        pairs.push((name, texts.next().ok_or(WireFault::Truncated)?));
    }
    Ok(Command::Macros(pairs))
}

/// The client's name, the kind of its address (`U` unknown, `L` a socket file, `4`, `6`), and for
/// all but the first a port and the address.
fn connect(rest: &Bytes) -> Result<Command, WireFault> {
    let end = rest.iter().position(|byte| *byte == 0).ok_or(WireFault::Truncated)?;
    let name = rest.slice(..end);
    let mut kind = rest.slice(end + 1..);
    let address = match kind.try_get_u8().map_err(|_| WireFault::Truncated)? {
        b'4' | b'6' => {
            kind.try_get_u16().map_err(|_| WireFault::Truncated)?;
            let text = only(strings(&kind)?)?;
            // Sendmail writes `IPv6:` before an address of that kind, Postfix does not.
            let text = String::from_utf8_lossy(&text);
            let text = text.strip_prefix("IPv6:").unwrap_or(&text);
            text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
        }
        b'U' | b'L' => None,
        _ => return Err(WireFault::Unknown),
    };
    Ok(Command::Connect { name, address })
}

fn field(rest: &Bytes) -> Result<Command, WireFault> {
    let mut texts = strings(rest)?.into_iter();
    let (Some(name), Some(value), None) = (texts.next(), texts.next(), texts.next()) else {
        return Err(WireFault::Truncated);
    };
    // RFC 5322 4.5.1: old senders put spaces before the colon, and a server may leave them.
    let name = name.slice(..name.trim_ascii_end().len());
    // Beyond that a name is the server's affair: a line that is not a field to it does not come as one.
    if name.is_empty() || name.iter().any(|byte| byte.is_ascii_control() || *byte == b':') {
        return Err(WireFault::Name);
    }
    Ok(Command::Field { name, value })
}

/// Texts of which each ends in NUL.
fn strings(bytes: &Bytes) -> Result<Vec<Bytes>, WireFault> {
    let mut texts = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        let length = rest.iter().position(|byte| *byte == 0).ok_or(WireFault::Truncated)?;
        texts.push(bytes.slice(at..at + length));
        at += length + 1;
    }
    Ok(texts)
}

fn only(texts: Vec<Bytes>) -> Result<Bytes, WireFault> {
    let mut texts = texts.into_iter();
    match (texts.next(), texts.next()) {
        (Some(text), None) => Ok(text),
        _ => Err(WireFault::Truncated),
    }
}

fn some(texts: Vec<Bytes>) -> Result<Vec<Bytes>, WireFault> {
    if texts.is_empty() { Err(WireFault::Truncated) } else { Ok(texts) }
}

/// One answer to the mail server. Modifications come before the last word on a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MilterAnswer<'a> {
    Negotiated {
        version: u32,
        actions: u32,
        steps: u32,
    },
    Continue,
    /// The client is asked to try again.
    TryAgain,
    /// An SMTP reply with its code, in place of the server's own.
    Reply(&'a str),
    /// The client gets 250, and the message goes no further.
    Discard,
    /// The server keeps the message on hold.
    Quarantine(&'a str),
    /// A field above all others. Its value may be folded with CRLF.
    InsertField {
        name: &'a str,
        value: &'a str,
    },
    /// The `number`th field of this name (from 1) is taken off.
    DeleteField {
        name: &'a str,
        number: u32,
    },
    DeleteRecipient(&'a [u8]),
    AddRecipient(&'a [u8]),
    AddRecipientWith {
        path: &'a [u8],
        parameters: &'a str,
    },
}

impl MilterAnswer<'_> {
    /// Adds the packet to `wire`.
    pub(super) fn write(&self, wire: &mut Vec<u8>) {
        let at = wire.len();
        wire.extend_from_slice(&[0; 4]);
        match self {
            MilterAnswer::Negotiated { version, actions, steps } => {
                wire.push(b'O');
                for number in [version, actions, steps] {
                    wire.extend_from_slice(&number.to_be_bytes());
                }
            }
            MilterAnswer::Continue => wire.push(b'c'),
            MilterAnswer::TryAgain => wire.push(b't'),
            MilterAnswer::Reply(text) => texts(wire, b'y', &[text.as_bytes()]),
            MilterAnswer::Discard => wire.push(b'd'),
            MilterAnswer::Quarantine(reason) => texts(wire, b'q', &[reason.as_bytes()]),
            MilterAnswer::InsertField { name, value } => {
                wire.push(b'i');
                wire.extend_from_slice(&0_u32.to_be_bytes());
                // Within a value, lines end in LF (libmilter's `smfi_insheader`).
                let value = value.replace("\r\n", "\n");
                nul_ended(wire, &[name.as_bytes(), value.as_bytes()]);
            }
            MilterAnswer::DeleteField { name, number } => {
                wire.push(b'm');
                wire.extend_from_slice(&number.to_be_bytes());
                // An empty value deletes (libmilter's `smfi_chgheader`).
                nul_ended(wire, &[name.as_bytes(), b""]);
            }
            MilterAnswer::DeleteRecipient(path) => texts(wire, b'-', &[path]),
            MilterAnswer::AddRecipient(path) => texts(wire, b'+', &[path]),
            MilterAnswer::AddRecipientWith { path, parameters } => {
                texts(wire, b'2', &[path, parameters.as_bytes()]);
            }
        }
        let length = u32::try_from(wire.len() - at - 4).unwrap_or(u32::MAX);
        if let Some(place) = wire.get_mut(at..at + 4) {
            place.copy_from_slice(&length.to_be_bytes());
        }
    }
}

fn texts(wire: &mut Vec<u8>, kind: u8, texts: &[&[u8]]) {
    wire.push(kind);
    nul_ended(wire, texts);
}

/// A NUL within a text would end it early: it is left out.
fn nul_ended(wire: &mut Vec<u8>, texts: &[&[u8]]) {
    for text in texts {
        wire.extend(text.iter().filter(|byte| **byte != 0));
        wire.push(0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(packet: &[u8]) -> Result<Command, WireFault> {
        command(&Bytes::copy_from_slice(packet))
    }

    fn bytes(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[test]
    fn commands_are_read() {
        assert_eq!(
            read(b"O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff"),
            Ok(Command::Negotiate { version: 6, actions: 0x1ff, steps: 0x001f_ffff })
        );
        let address = |text: &str| Some(text.parse().unwrap());
        for (packet, expected) in [
            (&b"Cmx\x004\x12\x34192.0.2.1\0"[..], address("192.0.2.1")),
            (b"Cmx\x006\x12\x34IPv6:2001:db8::1\0", address("2001:db8::1")),
            (b"Cmx\x006\x12\x34::ffff:192.0.2.1\0", address("192.0.2.1")),
            (b"Cmx\x00L\0\0/run/x\0", None),
            (b"Cmx\0U", None),
        ] {
            let name = bytes("mx");
            assert_eq!(read(packet), Ok(Command::Connect { name, address: expected }));
        }
        assert_eq!(
            read(b"M<a@b>\0SIZE=1\0"),
            Ok(Command::Mail(vec![bytes("<a@b>"), bytes("SIZE=1")]))
        );
        assert_eq!(
            read(b"LSubject \0 two\n\tlines\0"),
            Ok(Command::Field { name: bytes("Subject"), value: bytes(" two\n\tlines") })
        );
        assert_eq!(read(b"DMi\x004bX\0"), Ok(Command::Macros(vec![(bytes("i"), bytes("4bX"))])));
        assert_eq!(read(b"DM"), Ok(Command::Macros(Vec::new())));
        assert_eq!(read(b"Btext"), Ok(Command::Body(bytes("text"))));
    }

    #[test]
    fn what_is_no_command_is_a_fault() {
        for (packet, fault) in [
            (&b""[..], WireFault::Empty),
            (b"X", WireFault::Unknown),
            (b"O\0\0\0\x06", WireFault::Truncated),
            (b"Mno end", WireFault::Truncated),
            (b"M", WireFault::Truncated),
            (b"R", WireFault::Truncated),
            (b"D", WireFault::Truncated),
            (b"DMi\0", WireFault::Truncated),
            (b"Cmx", WireFault::Truncated),
            (b"Cmx\0", WireFault::Truncated),
            (b"Cmx\x004\x12", WireFault::Truncated),
            (b"Cmx\0Z", WireFault::Unknown),
            (b"LSubject\0", WireFault::Truncated),
            (b"L\0x\0", WireFault::Name),
            (b"LSub:ject\0x\0", WireFault::Name),
            (b"LSub\r\nject\0x\0", WireFault::Name),
        ] {
            assert_eq!(read(packet), Err(fault), "{packet:?}");
        }
    }

    #[test]
    fn a_packet_is_whole_or_waited_for_and_never_too_long() {
        let next = |bytes: &[u8]| packet(&mut BytesMut::from(bytes));
        assert_eq!(next(b"\0\0\0\x01Q"), Ok(Some(bytes("Q"))));
        assert_eq!(next(b"\0\0\0"), Ok(None));
        assert_eq!(next(b"\0\0\0\x02Q"), Ok(None));
        assert_eq!(next(b"\0\0\0\0Q"), Err(WireFault::Empty));
        let longest = u32::try_from(MILTER_PACKET_BYTES_MAX).unwrap();
        assert_eq!(next(&longest.to_be_bytes()), Ok(None));
        let longer = MILTER_PACKET_BYTES_MAX + 1;
        assert_eq!(next(&(longest + 1).to_be_bytes()), Err(WireFault::TooLong(longer)));
    }

    #[test]
    fn answers_are_written() {
        for (answer, expected) in [
            (MilterAnswer::Continue, &b"\0\0\0\x01c"[..]),
            (
                MilterAnswer::Negotiated { version: 6, actions: 1, steps: 2 },
                b"\0\0\0\x0dO\0\0\0\x06\0\0\0\x01\0\0\0\x02",
            ),
            (
                MilterAnswer::InsertField { name: "A", value: "b\r\n\tc" },
                b"\0\0\0\x0ci\0\0\0\0A\0b\n\tc\0",
            ),
            (MilterAnswer::DeleteField { name: "A", number: 2 }, b"\0\0\0\x08m\0\0\0\x02A\0\0"),
            (MilterAnswer::DeleteRecipient(b"<a\0@b>"), b"\0\0\0\x07-<a@b>\0"),
            (
                MilterAnswer::AddRecipientWith { path: b"<a>", parameters: "X=1" },
                b"\0\0\0\x092<a>\0X=1\0",
            ),
        ] {
            let mut wire = Vec::new();
            answer.write(&mut wire);
            assert_eq!(wire, expected, "{answer:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let mut buffer = BytesMut::from(bytes.as_slice());
            while let Ok(Some(packet)) = packet(&mut buffer) {
                let _ = command(&packet);
            }
            let _ = command(&Bytes::from(bytes));
        }
    }
}
