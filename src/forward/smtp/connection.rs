//! One connection to the mail server: greeting, bounded replies, commands.

use std::pin::Pin;
use std::task::Poll;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::ports::relay::{
    Capabilities, Downstream, DownstreamAddress, DownstreamProtocol, RelayError, Reply,
};
use crate::runtime::limits::{
    DOWNSTREAM_CONNECT_WAIT, DOWNSTREAM_REPLY_LINES_MAX, DOWNSTREAM_REPLY_WAIT, SMTP_LINE_BYTES_MAX,
};
use crate::runtime::tls::{ClientStart, Connector};

/// Either kind of socket.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

pub(super) struct Connection {
    stream: BufReader<Box<dyn Duplex>>,
    pub(super) capabilities: Capabilities,
    pub(super) protocol: DownstreamProtocol,
}

impl Connection {
    /// Connects, waits for the greeting and says EHLO or LHLO (HELO to a server of 1982); with
    /// `tls`, by TLS or not at all.
    pub(super) async fn open(
        downstream: &Downstream,
        tls: Option<&Connector>,
        hostname: &str,
    ) -> Result<Connection, RelayError> {
        let connecting = connect(&downstream.address);
        let stream = match timeout(DOWNSTREAM_CONNECT_WAIT, connecting).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(_)) | Err(_) => return Err(RelayError::Unreachable),
        };
        let mut connection = Connection {
            stream: BufReader::new(stream),
            capabilities: Capabilities::default(),
            protocol: downstream.protocol,
        };
        match tls.map(|tls| (tls, tls.start)) {
            Some((tls, ClientStart::AtOnce)) => {
                let mut connection = connection.by_tls(tls).await?;
                connection.greet(hostname).await?;
                Ok(connection)
            }
            Some((tls, ClientStart::ByCommand)) => {
                connection.greet(hostname).await?;
                connection.start_tls().await?;
                let mut connection = connection.by_tls(tls).await?;
                // RFC 3207 4.2: extensions offered without TLS are forgotten.
                connection.hello(hostname).await?;
                Ok(connection)
            }
            None => {
                connection.greet(hostname).await?;
                Ok(connection)
            }
        }
    }

    async fn greet(&mut self, hostname: &str) -> Result<(), RelayError> {
        if self.reply().await?.code != 220 {
            return Err(RelayError::Unreachable);
        }
        self.hello(hostname).await
    }

    async fn hello(&mut self, hostname: &str) -> Result<(), RelayError> {
        let verb = match self.protocol {
            DownstreamProtocol::Smtp => "EHLO",
            DownstreamProtocol::Lmtp => "LHLO",
        };
        let mut hello = self.ask(format!("{verb} {hostname}\r\n").as_bytes()).await?;
        if hello.is_permanent() && self.protocol == DownstreamProtocol::Smtp {
            hello = self.ask(format!("HELO {hostname}\r\n").as_bytes()).await?;
            hello.lines.truncate(1);
        }
        if hello.code != 250 {
            return Err(RelayError::Unreachable);
        }
        self.capabilities = offered(&hello);
        Ok(())
    }

    async fn start_tls(&mut self) -> Result<(), RelayError> {
        if self.ask(b"STARTTLS\r\n").await?.code != 220 {
            tracing::warn!("the mail server does not take STARTTLS, which is configured");
            return Err(RelayError::Unreachable);
        }
        // What came with the reply was not said within TLS (CVE-2011-0411, the client's side).
        if self.stream.buffer().is_empty() { Ok(()) } else { Err(RelayError::Protocol) }
    }

    async fn by_tls(self, tls: &Connector) -> Result<Connection, RelayError> {
        let Connection { stream, capabilities, protocol } = self;
        let handshake = tls.current().connect(tls.name.clone(), stream.into_inner());
        match timeout(DOWNSTREAM_CONNECT_WAIT, handshake).await {
            Ok(Ok(stream)) => {
                let stream = BufReader::new(Box::new(stream) as Box<dyn Duplex>);
                Ok(Connection { stream, capabilities, protocol })
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "the TLS handshake with the mail server failed");
                Err(RelayError::Unreachable)
            }
            Err(_) => Err(RelayError::Slow),
        }
    }

    /// Whether nothing has come since the last reply, the end of the connection included.
    pub(super) fn is_quiet(&mut self) -> bool {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        matches!(Pin::new(&mut self.stream).poll_fill_buf(&mut context), Poll::Pending)
    }

    /// One command and its reply.
    pub(super) async fn ask(&mut self, command: &[u8]) -> Result<Reply, RelayError> {
        self.write(command).await?;
        self.reply().await
    }

    /// Writes and flushes. A server that takes nothing for too long is slow.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), RelayError> {
        let writing = async {
            self.stream.get_mut().write_all(bytes).await?;
            self.stream.get_mut().flush().await
        };
        match timeout(DOWNSTREAM_REPLY_WAIT, writing).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(RelayError::Lost),
            Err(_) => Err(RelayError::Slow),
        }
    }

    /// The next reply (RFC 5321 4.2.1: `250-more`, `250 last`).
    pub(super) async fn reply(&mut self) -> Result<Reply, RelayError> {
        match timeout(DOWNSTREAM_REPLY_WAIT, self.read_reply()).await {
            Ok(reply) => reply,
            Err(_) => Err(RelayError::Slow),
        }
    }

    async fn read_reply(&mut self) -> Result<Reply, RelayError> {
        let mut reply = Reply { code: 0, lines: Vec::new() };
        for _ in 0..DOWNSTREAM_REPLY_LINES_MAX {
            let line = self.read_line().await?;
            let (code, last, text) = reply_line(&line).ok_or(RelayError::Protocol)?;
            if !reply.lines.is_empty() && reply.code != code {
                return Err(RelayError::Protocol);
            }
            reply.code = code;
            reply.lines.push(text);
            if last {
                return Ok(reply);
            }
        }
        Err(RelayError::Protocol)
    }

    async fn read_line(&mut self) -> Result<Vec<u8>, RelayError> {
        let mut line = Vec::new();
        loop {
            let available = self.stream.fill_buf().await.map_err(|_| RelayError::Lost)?;
            if available.is_empty() {
                return Err(RelayError::Lost);
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(available.len(), |end| end + 1);
            line.extend_from_slice(available.get(..taken).unwrap_or_default());
            self.stream.consume(taken);
            if line.len() > SMTP_LINE_BYTES_MAX {
                return Err(RelayError::Protocol);
            }
            if end.is_some() {
                return Ok(line);
            }
        }
    }
}

async fn connect(address: &DownstreamAddress) -> std::io::Result<Box<dyn Duplex>> {
    match address {
        DownstreamAddress::Tcp { host, port } => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            // Commands are small and each waits for its answer.
            stream.set_nodelay(true)?;
            Ok(Box::new(stream))
        }
        DownstreamAddress::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
    }
}

/// Code, whether it is the last line, and the text without control characters.
fn reply_line(line: &[u8]) -> Option<(u16, bool, String)> {
    let line = line.trim_ascii_end();
    let digits = line.get(..3)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let code: u16 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    if !(200..600).contains(&code) {
        return None;
    }
    let last = match line.get(3) {
        None | Some(b' ') => true,
        Some(b'-') => false,
        Some(_) => return None,
    };
    let mut text = String::from_utf8_lossy(line.get(4..).unwrap_or_default()).into_owned();
    text.retain(|c| !c.is_control());
    Some((code, last, text))
}

/// The capabilities in an answer to EHLO: its first line is the greeting.
fn offered(hello: &Reply) -> Capabilities {
    let mut capabilities = Capabilities::default();
    for line in hello.lines.iter().skip(1) {
        let mut words = line.split_ascii_whitespace();
        let keyword = words.next().unwrap_or_default().to_ascii_uppercase();
        match keyword.as_str() {
            "PIPELINING" => capabilities.pipelining = true,
            "8BITMIME" => capabilities.eight_bit_mime = true,
            "SMTPUTF8" => capabilities.smtp_utf8 = true,
            "DSN" => capabilities.dsn = true,
            "SIZE" => {
                capabilities.size = Some(words.next().and_then(|n| n.parse().ok()).unwrap_or(0));
            }
            "XFORWARD" => {
                capabilities.xforward = words.map(str::to_ascii_uppercase).collect();
            }
            _ => {}
        }
    }
    capabilities
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_line_is_taken_apart() {
        assert_eq!(reply_line(b"250-a\r\n"), Some((250, false, "a".into())));
        assert_eq!(reply_line(b"250\r\n"), Some((250, true, String::new())));
        assert_eq!(reply_line(b"550 5.1.1 \x07no\r\n"), Some((550, true, "5.1.1 no".into())));
        for bad in [&b"25 x\r\n"[..], b"abc x\r\n", b"250_x\r\n", b"999 x\r\n", b"\r\n"] {
            assert_eq!(reply_line(bad), None);
        }
    }

    #[test]
    fn an_offer_is_read_and_what_is_unknown_left() {
        let lines = ["mx", "PIPELINING", "size 1000", "8bitmime", "XFORWARD NAME addr", "FOO"];
        let hello = Reply { code: 250, lines: lines.map(str::to_owned).to_vec() };
        let capabilities = offered(&hello);
        assert!(capabilities.pipelining && capabilities.eight_bit_mime && !capabilities.dsn);
        assert_eq!(capabilities.size, Some(1000));
        assert_eq!(capabilities.xforward, ["NAME", "ADDR"]);
    }
}
