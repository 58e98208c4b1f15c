//! Bytes to commands (RFC 5321 4.1, RFC 2033, RFC 3461, XFORWARD). Pure: no socket, no clock.
//!
//! Addresses and parameters are kept as they were written, since they are replayed; what is
//! understood of them is understood beside that.

use bytes::{Bytes, BytesMut};

use crate::runtime::limits::{SMTP_LINE_BYTES_MAX, SMTP_PATH_BYTES_MAX};

/// What the line reader found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A line without its CRLF.
    Whole(Bytes),
    /// A line longer than [`SMTP_LINE_BYTES_MAX`]; all of it was skipped.
    TooLong,
    /// A line that ended in a bare LF: a sender that does not speak SMTP, or that tries to
    /// smuggle.
    BareEnd,
    /// A line with a control character in it.
    Control,
}

/// Takes command lines off a buffer, with the same result however the bytes arrive.
#[derive(Debug, Default)]
pub struct Lines {
    skipping: bool,
}

impl Lines {
    /// The next line, or `None` until more bytes are there.
    pub fn next(&mut self, buffer: &mut BytesMut) -> Option<Line> {
        let Some(end) = memchr::memchr(b'\n', buffer) else {
            if self.skipping || buffer.len() >= SMTP_LINE_BYTES_MAX {
                self.skipping = true;
                buffer.clear();
            }
            return None;
        };
        let line = buffer.split_to(end + 1).freeze();
        if std::mem::take(&mut self.skipping) || line.len() > SMTP_LINE_BYTES_MAX {
            return Some(Line::TooLong);
        }
        let Some(text) = line.strip_suffix(b"\r\n") else { return Some(Line::BareEnd) };
        if text.iter().any(u8::is_ascii_control) {
            return Some(Line::Control);
        }
        Some(Line::Whole(line.slice(..text.len())))
    }
}

/// One command.
#[derive(Clone, PartialEq, Eq)]
pub enum Command {
    Helo(String),
    Ehlo(String),
    Lhlo(String),
    Mail {
        path: Path,
        parameters: Vec<Parameter>,
    },
    Rcpt {
        path: Path,
        parameters: Vec<Parameter>,
    },
    Data,
    Rset,
    Noop,
    Vrfy,
    Quit,
    StartTls,
    Xforward(Vec<(String, String)>),
    /// Known to nobody here: EXPN, HELP, AUTH, BDAT, XCLIENT and the rest.
    Other,
}

/// Shows only the verb: commands carry addresses.
impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Command::Helo(_) => "HELO",
            Command::Ehlo(_) => "EHLO",
            Command::Lhlo(_) => "LHLO",
            Command::Mail { .. } => "MAIL",
            Command::Rcpt { .. } => "RCPT",
            Command::Data => "DATA",
            Command::Rset => "RSET",
            Command::Noop => "NOOP",
            Command::Vrfy => "VRFY",
            Command::Quit => "QUIT",
            Command::StartTls => "STARTTLS",
            Command::Xforward(_) => "XFORWARD",
            Command::Other => "other",
        })
    }
}

/// A reverse-path or forward-path as written, angle brackets included.
#[derive(Clone, PartialEq, Eq)]
pub struct Path {
    pub raw: Bytes,
    /// The mailbox inside, without brackets and source route (RFC 5321 C); empty: null.
    pub mailbox: String,
}

impl Path {
    /// What follows the last `@` of the mailbox; `None` for `<>` and `<postmaster>`.
    pub fn domain(&self) -> Option<&str> {
        // An `@` within a quoted local part comes before the last one.
        self.mailbox.rsplit_once('@').map(|(_, domain)| domain)
    }
}

impl std::fmt::Debug for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Path({} bytes)", self.raw.len())
    }
}

/// One MAIL or RCPT parameter.
#[derive(Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Upper case.
    pub keyword: String,
    pub value: Option<String>,
    /// As written.
    pub raw: Bytes,
}

impl std::fmt::Debug for Parameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Parameter({})", self.keyword)
    }
}

/// Why a line is not a command. Each has one reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireFault {
    #[error("the command's syntax is wrong")]
    Syntax,
    #[error("the sender's address is malformed")]
    Sender,
    #[error("the recipient's address is malformed")]
    Recipient,
    #[error("the sender's address is too long")]
    LongSender,
    #[error("the recipient's address is too long")]
    LongRecipient,
    #[error("a parameter is malformed")]
    Parameter,
}

/// Reads one command line (without CRLF).
///
/// # Errors
/// [`WireFault`] where the verb is known and the rest is not what it asks.
pub fn command(line: &Bytes) -> Result<Command, WireFault> {
    let verb_end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    let verb = line.slice(..verb_end).to_ascii_uppercase();
    let rest = line.slice(verb_end..);
    let argument = trim(&rest);
    match verb.as_slice() {
        b"HELO" => hello(&argument).map(Command::Helo),
        b"EHLO" => hello(&argument).map(Command::Ehlo),
        b"LHLO" => hello(&argument).map(Command::Lhlo),
        b"MAIL" => {
            let faults = (WireFault::Sender, WireFault::LongSender);
            let (path, parameters) = path_command(&argument, b"FROM:", faults)?;
            Ok(Command::Mail { path, parameters })
        }
        b"RCPT" => {
            let faults = (WireFault::Recipient, WireFault::LongRecipient);
            let (path, parameters) = path_command(&argument, b"TO:", faults)?;
            if path.mailbox.is_empty() {
                return Err(WireFault::Recipient);
            }
            Ok(Command::Rcpt { path, parameters })
        }
        b"DATA" => bare(&argument, Command::Data),
        b"RSET" => bare(&argument, Command::Rset),
        b"QUIT" => bare(&argument, Command::Quit),
        b"STARTTLS" => bare(&argument, Command::StartTls),
        // RFC 5321 4.1.1.9: a parameter is ignored.
        b"NOOP" => Ok(Command::Noop),
        b"VRFY" => Ok(Command::Vrfy),
        b"XFORWARD" => xforward(&argument).map(Command::Xforward),
        _ => Ok(Command::Other),
    }
}

fn trim(bytes: &Bytes) -> Bytes {
    let start = bytes.len() - bytes.trim_ascii_start().len();
    let length = bytes.trim_ascii().len();
    bytes.slice(start..start + length)
}

fn bare(argument: &Bytes, command: Command) -> Result<Command, WireFault> {
    if argument.is_empty() { Ok(command) } else { Err(WireFault::Syntax) }
}

fn hello(argument: &Bytes) -> Result<String, WireFault> {
    if argument.is_empty() {
        return Err(WireFault::Syntax);
    }
    Ok(String::from_utf8_lossy(argument).into_owned())
}

fn path_command(
    argument: &Bytes,
    keyword: &[u8],
    (fault, too_long): (WireFault, WireFault),
) -> Result<(Path, Vec<Parameter>), WireFault> {
    let named =
        argument.get(..keyword.len()).is_some_and(|start| start.eq_ignore_ascii_case(keyword));
    if !named {
        return Err(WireFault::Syntax);
    }
    // Many senders write a space here, against RFC 5321 4.1.1.2.
    let rest = trim(&argument.slice(keyword.len()..));
    let end = path_end(&rest).ok_or(fault)?;
    if end > SMTP_PATH_BYTES_MAX {
        return Err(too_long);
    }
    // What is kept is copied: a slice would hold on to the whole buffer that was read into.
    let path = path(Bytes::copy_from_slice(rest.get(..end).unwrap_or_default()), fault)?;
    let rest = rest.slice(end..);
    if !rest.is_empty() && !rest.starts_with(b" ") {
        return Err(fault);
    }
    Ok((path, parameters(&rest)?))
}

/// The length of the path with its brackets; a quoted local part may hold any of `<> `.
fn path_end(bytes: &[u8]) -> Option<usize> {
    if !bytes.starts_with(b"<") {
        return None;
    }
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in bytes.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'>' => return Some(at + 1),
            b'<' | b' ' => return None,
            _ => {}
        }
    }
    None
}

fn path(raw: Bytes, fault: WireFault) -> Result<Path, WireFault> {
    let inside = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    let inside = std::str::from_utf8(inside).map_err(|_| fault)?;
    // RFC 5321 C: `@one,@two:mailbox`; the route is kept in `raw` and otherwise ignored.
    let mailbox = match inside.strip_prefix('@') {
        Some(route) => route.split_once(':').ok_or(fault)?.1,
        None => inside,
    };
    if let Some((local, domain)) = mailbox.rsplit_once('@')
        && (local.is_empty() || domain.is_empty() || domain.ends_with('"'))
    {
        return Err(fault);
    }
    let mailbox = mailbox.to_owned();
    Ok(Path { raw, mailbox })
}

/// `KEYWORD[=value]`, separated by spaces (RFC 5321 4.1.2, `Mail-parameters`).
fn parameters(bytes: &Bytes) -> Result<Vec<Parameter>, WireFault> {
    let mut parameters: Vec<Parameter> = Vec::new();
    for word in bytes.split(|byte| *byte == b' ').filter(|word| !word.is_empty()) {
        let raw = Bytes::copy_from_slice(word);
        let text = std::str::from_utf8(word).map_err(|_| WireFault::Parameter)?;
        let (keyword, value) = match text.split_once('=') {
            Some((keyword, value)) => (keyword, Some(value.to_owned())),
            None => (text, None),
        };
        let wellformed = keyword.starts_with(|c: char| c.is_ascii_alphanumeric())
            && keyword.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && value.as_ref().is_none_or(|value| !value.is_empty());
        let keyword = keyword.to_ascii_uppercase();
        if !wellformed || parameters.iter().any(|known| known.keyword == keyword) {
            return Err(WireFault::Parameter);
        }
        parameters.push(Parameter { keyword, value, raw });
    }
    Ok(parameters)
}

/// Postfix's XFORWARD_README: attributes with xtext values (RFC 3461 4).
fn xforward(argument: &Bytes) -> Result<Vec<(String, String)>, WireFault> {
    const KNOWN: [&str; 7] = ["NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE"];
    let text = std::str::from_utf8(argument).map_err(|_| WireFault::Syntax)?;
    let mut attributes = Vec::new();
    for attribute in text.split(' ').filter(|attribute| !attribute.is_empty()) {
        let (name, value) = attribute.split_once('=').ok_or(WireFault::Syntax)?;
        let name = name.to_ascii_uppercase();
        if !KNOWN.contains(&name.as_str()) || xtext(value).is_none() {
            return Err(WireFault::Syntax);
        }
        attributes.push((name, value.to_owned()));
    }
    if attributes.is_empty() { Err(WireFault::Syntax) } else { Ok(attributes) }
}

/// A decoded xtext value (RFC 3461 4); `None` if malformed.
pub fn xtext(value: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(value.len());
    let mut bytes = value.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                decoded.push(u8::try_from(high * 16 + low).ok()?);
            }
            b'!'..=b'~' => decoded.push(byte),
            _ => return None,
        }
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(line: &str) -> Result<Command, WireFault> {
        command(&Bytes::copy_from_slice(line.as_bytes()))
    }

    fn mailbox(line: &str) -> String {
        match read(line) {
            Ok(Command::Mail { path, .. } | Command::Rcpt { path, .. }) => path.mailbox,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn addresses_are_found_however_they_are_written() {
        assert_eq!(mailbox("MAIL FROM:<>"), "");
        assert_eq!(mailbox("mail from: <a@b.example>"), "a@b.example");
        assert_eq!(mailbox("RCPT TO:<postmaster>"), "postmaster");
        assert_eq!(mailbox("RCPT TO:<@r1,@r2:a@b.example>"), "a@b.example");
        assert_eq!(mailbox(r#"RCPT TO:<"a> @\" b"@c.example>"#), r#""a> @\" b"@c.example"#);
        assert_eq!(mailbox("RCPT TO:<jö@ü.example>"), "jö@ü.example");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for line in ["MAIL FROM:a@b", "MAIL FROM:<a b@c>", "MAIL FROM:<a@b", "MAIL FROM:<a@b>x"] {
            assert_eq!(read(line), Err(WireFault::Sender), "{line}");
        }
        for line in ["RCPT TO:<>", "RCPT TO:<@r:>", "RCPT TO:<@r>", "RCPT TO:<a@>", "RCPT TO:<@>"] {
            assert_eq!(read(line), Err(WireFault::Recipient), "{line}");
        }
        for line in ["MAIL", "MAIL <a@b>", "RCPT FROM:<a@b>", "DATA x", "EHLO", "XFORWARD"] {
            assert_eq!(read(line), Err(WireFault::Syntax), "{line}");
        }
    }

    #[test]
    fn a_path_at_the_limit_passes_and_one_past_it_does_not() {
        let path = |octets: usize| format!("<{}@x.example>", "a".repeat(octets - 12));
        assert_eq!(mailbox(&format!("MAIL FROM:{}", path(SMTP_PATH_BYTES_MAX))).len(), 998);
        let long = path(SMTP_PATH_BYTES_MAX + 1);
        assert_eq!(read(&format!("MAIL FROM:{long}")), Err(WireFault::LongSender));
        assert_eq!(read(&format!("RCPT TO:{long} NOTIFY=NEVER")), Err(WireFault::LongRecipient));
    }

    #[test]
    fn parameters_keep_their_bytes() {
        let Ok(Command::Rcpt { parameters, .. }) =
            read("RCPT TO:<a@b>  notify=SUCCESS,FAILURE ORCPT=rfc822;A+2Bx@b")
        else {
            panic!("no RCPT")
        };
        let raw: Vec<&[u8]> = parameters.iter().map(|p| &p.raw[..]).collect();
        assert_eq!(raw, [&b"notify=SUCCESS,FAILURE"[..], b"ORCPT=rfc822;A+2Bx@b"]);
        assert_eq!(parameters[0].keyword, "NOTIFY");
        for line in ["MAIL FROM:<a@b> SIZE=", "MAIL FROM:<a@b> =1", "MAIL FROM:<a@b> A=1 a=2"] {
            assert_eq!(read(line), Err(WireFault::Parameter), "{line}");
        }
    }

    #[test]
    fn xforward_attributes_are_xtext() {
        assert_eq!(
            read("XFORWARD NAME=a+20b ident=[UNAVAILABLE]"),
            Ok(Command::Xforward(vec![
                ("NAME".into(), "a+20b".into()),
                ("IDENT".into(), "[UNAVAILABLE]".into())
            ]))
        );
        assert_eq!(xtext("a+2Bb").as_deref(), Some(&b"a+b"[..]));
        for line in ["XFORWARD FOO=1", "XFORWARD NAME", "XFORWARD NAME=+2", "XFORWARD NAME=+zz"] {
            assert_eq!(read(line), Err(WireFault::Syntax), "{line}");
        }
    }

    fn lines(pieces: &[&[u8]]) -> Vec<Line> {
        let mut buffer = BytesMut::new();
        let mut reader = Lines::default();
        let mut lines = Vec::new();
        for piece in pieces {
            buffer.extend_from_slice(piece);
            while let Some(line) = reader.next(&mut buffer) {
                lines.push(line);
            }
        }
        lines
    }

    #[test]
    fn a_line_at_the_limit_passes_and_one_past_it_does_not() {
        let fits = [vec![b'a'; SMTP_LINE_BYTES_MAX - 2], b"\r\n".to_vec()].concat();
        assert!(matches!(lines(&[&fits])[0], Line::Whole(_)));
        let long = [vec![b'a'; SMTP_LINE_BYTES_MAX - 1], b"\r\nNOOP\r\n".to_vec()].concat();
        let expected = vec![Line::TooLong, Line::Whole(Bytes::from_static(b"NOOP"))];
        assert_eq!(lines(&[&long]), expected);
        for split in [1, SMTP_LINE_BYTES_MAX - 1, SMTP_LINE_BYTES_MAX, SMTP_LINE_BYTES_MAX + 1] {
            let (one, two) = long.split_at(split);
            assert_eq!(lines(&[one, two]), expected, "{split}");
        }
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_the_pieces(bytes in "[a\r\n\u{0}]{0,40}", split in 0_usize..40) {
            let (one, two) = bytes.as_bytes().split_at(split.min(bytes.len()));
            prop_assert_eq!(lines(&[one, two]), lines(&[bytes.as_bytes()]));
        }

        #[test]
        fn no_line_breaks_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = command(&Bytes::from(bytes));
        }

        #[test]
        fn no_mail_command_breaks_the_reader(rest in "[ -~]{0,80}") {
            if let Ok(Command::Mail { path, .. }) = read(&format!("MAIL FROM:{rest}")) {
                prop_assert!(path.raw.starts_with(b"<") && path.raw.ends_with(b">"));
            }
        }
    }
}
