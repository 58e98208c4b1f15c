//! The LMTP client of `pipe`: one message, without a runtime of its own. A process that lives for
//! one message and must never fail oddly is plainest with blocking sockets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::{Arguments, PipeFault};
use crate::channels::mail::settings::Bind;
use crate::runtime::limits::{
    DOWNSTREAM_CONNECT_WAIT, DOWNSTREAM_PIPELINE_MAX, DOWNSTREAM_REPLY_LINES_MAX, PIPE_REPLY_WAIT,
    SMTP_LINE_BYTES_MAX,
};

/// Bytes of the message that are read and sent at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Either kind of socket.
trait Socket: Read + Write {}

impl<T: Read + Write> Socket for T {}

/// Delivers the message to all recipients, or not at all as far as the caller must know: the gateway remembers which
/// parts of a retried message were accepted.
pub(super) fn deliver(
    bind: &Bind,
    arguments: &Arguments,
    message: &mut dyn Read,
) -> Result<(), PipeFault> {
    let mut session = Session { stream: BufReader::new(connect(bind)?) };
    session.expect(220)?;
    let offer = session.ask("LHLO localhost", 250)?;
    let offers = |keyword: &str| {
        offer
            .iter()
            .any(|line| line.split(' ').next().is_some_and(|w| w.eq_ignore_ascii_case(keyword)))
    };
    let mut commands = Vec::new();
    if let Some(id) = arguments.queue_id.as_deref().filter(|id| !id.is_empty())
        && offers("XFORWARD")
    {
        commands.push((format!("XFORWARD IDENT={}", xtext(id)), 250));
    }
    let mut mail = format!("MAIL FROM:<{}>", arguments.sender);
    if offers("8BITMIME") {
        mail.push_str(" BODY=8BITMIME");
    }
    let ascii = arguments.sender.is_ascii() && arguments.recipients.iter().all(|to| to.is_ascii());
    if !ascii {
        mail.push_str(" SMTPUTF8");
    }
    commands.push((mail, 250));
    commands.extend(arguments.recipients.iter().map(|to| (format!("RCPT TO:<{to}>"), 250)));
    commands.push(("DATA".to_owned(), 354));
    // RFC 2920. Where one is refused the connection is dropped: what DATA began is void without its
    // dot.
    let at_once = if offers("PIPELINING") { DOWNSTREAM_PIPELINE_MAX } else { 1 };
    for group in commands.chunks(at_once) {
        let lines: Vec<&str> =
            group.iter().flat_map(|(command, _)| [command.as_str(), "\r\n"]).collect();
        session.write(lines.concat().as_bytes())?;
        for (_, expected) in group {
            session.expect(*expected)?;
        }
    }
    session.message(message)?;
    let mut refused = None;
    for _ in &arguments.recipients {
        let (code, _) = session.reply()?;
        if code / 100 != 2 {
            refused = Some(code);
        }
    }
    // The answer is known; how the gateway takes the farewell changes nothing.
    let _ = session.write(b"QUIT\r\n");
    refused.map_or(Ok(()), |code| Err(PipeFault::NotTaken(code)))
}

fn connect(bind: &Bind) -> Result<Box<dyn Socket>, PipeFault> {
    let unreachable = |_| PipeFault::Unreachable;
    let wait: Option<Duration> = Some(PIPE_REPLY_WAIT);
    match bind {
        Bind::Unix(path) => {
            let stream = UnixStream::connect(path).map_err(unreachable)?;
            stream.set_read_timeout(wait).map_err(unreachable)?;
            stream.set_write_timeout(wait).map_err(unreachable)?;
            Ok(Box::new(stream))
        }
        Bind::Tcp(address) => {
            let stream = TcpStream::connect_timeout(address, DOWNSTREAM_CONNECT_WAIT)
                .map_err(unreachable)?;
            stream.set_read_timeout(wait).map_err(unreachable)?;
            stream.set_write_timeout(wait).map_err(unreachable)?;
            Ok(Box::new(stream))
        }
    }
}

struct Session {
    stream: BufReader<Box<dyn Socket>>,
}

impl Session {
    fn write(&mut self, bytes: &[u8]) -> Result<(), PipeFault> {
        self.stream.get_mut().write_all(bytes).map_err(|_| PipeFault::Lost)
    }

    fn ask(&mut self, command: &str, expected: u16) -> Result<Vec<String>, PipeFault> {
        self.write(format!("{command}\r\n").as_bytes())?;
        self.expect(expected)
    }

    fn expect(&mut self, expected: u16) -> Result<Vec<String>, PipeFault> {
        match self.reply()? {
            (code, lines) if code == expected => Ok(lines),
            (code, _) => Err(PipeFault::NotTaken(code)),
        }
    }

    fn reply(&mut self) -> Result<(u16, Vec<String>), PipeFault> {
        let mut lines = Vec::new();
        for _ in 0..DOWNSTREAM_REPLY_LINES_MAX {
            let mut line = Vec::new();
            let mut bounded = (&mut self.stream).take(SMTP_LINE_BYTES_MAX as u64);
            bounded.read_until(b'\n', &mut line).map_err(|_| PipeFault::Lost)?;
            let line = String::from_utf8_lossy(&line).into_owned();
            let code = line.get(..3).and_then(|code| code.parse().ok()).ok_or(PipeFault::Lost)?;
            lines.push(line.get(4..).unwrap_or_default().trim_end().to_owned());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok((code, lines));
            }
        }
        Err(PipeFault::Lost)
    }

    /// The message with LF or CRLF line ends, as servers write to pipes, dot-stuffed with CRLF.
    /// Without its whole input it is never ended: half a message must not pass for one.
    fn message(&mut self, message: &mut dyn Read) -> Result<(), PipeFault> {
        let mut lines = WireLines { at_line_start: true, after_cr: false };
        let mut piece = vec![0; PIECE_BYTES];
        let mut wire = Vec::with_capacity(PIECE_BYTES * 2);
        loop {
            let read = match message.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(_) => return Err(PipeFault::Unreadable),
            };
            lines.push(piece.get(..read).unwrap_or_default(), &mut wire);
            // A small message goes out at once, with its dot.
            if wire.len() >= PIECE_BYTES {
                self.write(&wire)?;
                wire.clear();
            }
        }
        lines.finish(&mut wire);
        self.write(&wire)
    }
}

/// Makes every line end CRLF and doubles dots at line starts.
struct WireLines {
    at_line_start: bool,
    after_cr: bool,
}

impl WireLines {
    fn push(&mut self, bytes: &[u8], wire: &mut Vec<u8>) {
        for &byte in bytes {
            if self.at_line_start && byte == b'.' {
                wire.push(b'.');
            }
            if byte == b'\n' && !self.after_cr {
                wire.push(b'\r');
            }
            wire.push(byte);
            self.after_cr = byte == b'\r';
            self.at_line_start = byte == b'\n';
        }
    }

    fn finish(self, wire: &mut Vec<u8>) {
        if !self.at_line_start {
            wire.extend_from_slice(if self.after_cr { b"\n" } else { b"\r\n" });
        }
        wire.extend_from_slice(b".\r\n");
    }
}

/// RFC 3461 4: everything but plain visible characters as `+XX`.
fn xtext(value: &str) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        match byte {
            b'!'..=b'~' if byte != b'+' && byte != b'=' => text.push(char::from(byte)),
            _ => text.push_str(&format!("+{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_whole_and_dots_double_whatever_the_pieces() {
        let wire = |pieces: &[&[u8]]| {
            let mut lines = WireLines { at_line_start: true, after_cr: false };
            let mut wire = Vec::new();
            for piece in pieces {
                lines.push(piece, &mut wire);
            }
            lines.finish(&mut wire);
            wire
        };
        assert_eq!(wire(&[b".a\n.\nb"]), b"..a\r\n..\r\nb\r\n.\r\n");
        assert_eq!(wire(&[b"a\r", b"\n.", b"\r\n"]), b"a\r\n..\r\n.\r\n");
        assert_eq!(wire(&[b""]), b".\r\n");
        assert_eq!(wire(&[b"a\r"]), b"a\r\n.\r\n");
    }

    #[test]
    fn a_queue_id_is_xtext() {
        assert_eq!(xtext("4bX+y z"), "4bX+2By+20z");
    }
}
