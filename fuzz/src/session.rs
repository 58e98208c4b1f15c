//! Whole SMTP and LMTP sessions: bytes in, replies and messages out.
//!
//! The first byte says how: `s` SMTP, `l` LMTP, in upper case from a peer that is not trusted. The
//! rest is what the client sends. It keeps to one rule of RFC 2920: behind DATA it waits for the
//! answer. (Not to do so has an answer of its own, which depends on what has arrived.)

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;
use std::sync::Arc;

use contact_gateway::channels::mail::listener::{Protocol, serve_stream};
use contact_gateway::runtime::shutdown::Shutdown;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::chance::Chance;
use super::scene::{QUIET, Scene, Taken};
use super::wire_form::{end_of_message, has_bare_end, unstuffed};

pub const TOKENS: &[&[u8]] = &[
    b"EHLO a\r\n",
    b"LHLO a\r\n",
    b"HELO a\r\n",
    b"MAIL FROM:<a@x.example>\r\n",
    b"MAIL FROM:<>",
    b"RCPT TO:<b@karbon.example>\r\n",
    b"RCPT TO:<refused@karbon.example>\r\n",
    b"RCPT TO:<later@y.example>\r\n",
    b"DATA\r\n",
    b"RSET\r\n",
    b"NOOP x\r\n",
    b"VRFY a\r\n",
    b"QUIT\r\n",
    b"XFORWARD NAME=a ADDR=[UNAVAILABLE] IDENT=4bX\r\n",
    b" SIZE=10",
    b" BODY=8BITMIME",
    b" SMTPUTF8",
    b" RET=HDRS ENVID=a+2B",
    b" NOTIFY=NEVER",
    b" ORCPT=rfc822;a@b",
    b" FOO=bar",
    b"<@r1,@r2:a@b>",
    b"<\"a> @\\\" b\"@c.example>",
    b"<postmaster>",
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
    b"\0",
    b"..",
    b"From: limited@x.example\r\n",
    b"From: routed@x.example\r\n",
    b"From: quota@x.example\r\n",
    b"X-Contact-Gateway-Flags: a\r\n",
    b" ",
    b"BDAT 10 LAST\r\n",
    b"STARTTLS\r\n",
    b"\xc3\xb6",
    b"\xff",
];

/// Above what a session answers with before the client reads.
const PIPE_BYTES: usize = 4 * 1024 * 1024;

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
}

pub fn run(bytes: &[u8]) {
    alike(bytes, [Pieces::Random(Chance::of(bytes))]);
}

/// The same of every two pieces whose border is in `range`.
pub fn at_every_split(bytes: &[u8], range: Range<usize>) {
    alike(bytes, range.map(Pieces::Two));
}

fn alike(bytes: &[u8], pieces: impl IntoIterator<Item = Pieces>) {
    let Some((mode, input)) = bytes.split_first() else { return };
    let protocol = match mode {
        b'l' | b'L' => Protocol::Lmtp,
        _ => Protocol::Smtp,
    };
    let trusted = !mode.is_ascii_uppercase();
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let whole = Client::talk(input, protocol, trusted, Pieces::Whole).await;
            whole.check();
            for pieces in pieces {
                let split = Client::talk(input, protocol, trusted, pieces).await;
                assert_eq!(split.said, whole.said, "what is answered depends on the pieces");
                assert_eq!(split.taken, whole.taken, "what comes out depends on the pieces");
            }
        });
    });
}

/// How the bytes are sent.
enum Pieces {
    /// As many at once as may be.
    Whole,
    Random(Chance),
    /// With a border behind so many bytes of all.
    Two(usize),
}

/// A session that is over.
struct Heard {
    /// Everything that the gateway said.
    said: Vec<u8>,
    taken: Vec<Taken>,
    /// The wire forms of the messages that were sent whole.
    sent: Vec<Vec<u8>>,
}

impl Heard {
    fn check(&self) {
        assert!(!has_bare_end(&self.said), "a bare CR or LF is said");
        for line in self.said.split_inclusive(|byte| *byte == b'\n') {
            let text = line.strip_suffix(b"\r\n").expect("a whole line");
            let code = text.get(..3).expect("a code");
            assert!(code.iter().all(u8::is_ascii_digit), "no code");
            assert!(matches!(text.get(3), Some(b' ' | b'-')), "no reply");
            assert!(line.len() <= 512 && !text.iter().any(u8::is_ascii_control));
        }
        for taken in &self.taken {
            let original = &taken.original;
            assert!(!has_bare_end(original));
            // Nothing but CRLF.CRLF has ended it, and nothing in it was changed but bare ends.
            let known = self.sent.iter().any(|sent| {
                if has_bare_end(sent) {
                    normalised_alike(&unstuffed(sent), original)
                } else {
                    unstuffed(sent) == *original
                }
            });
            assert!(known, "a message came out that was not sent");
            assert!(!has_bare_end(&taken.wire), "a bare CR or LF goes out");
            assert_eq!(end_of_message(&taken.wire), Some(taken.wire.len()), "not one message");
        }
    }
}

/// Whether two messages are the same but for how their lines end, and for dots there: one behind a
/// bare end was never stuffed.
fn normalised_alike(sent: &[u8], taken: &[u8]) -> bool {
    let plain = |bytes: &[u8]| -> Vec<u8> {
        bytes.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n' | b'.')).collect()
    };
    plain(sent) == plain(taken)
}

struct Client<'a> {
    stream: DuplexStream,
    rest: &'a [u8],
    /// The command line that has begun.
    line: Vec<u8>,
    said: Vec<u8>,
    sent: Vec<Vec<u8>>,
    open: bool,
    /// Bytes that were sent.
    gone: usize,
    pieces: Pieces,
}

impl Client<'_> {
    async fn talk(input: &[u8], protocol: Protocol, trusted: bool, pieces: Pieces) -> Heard {
        let scene = Scene::new(trusted).await;
        let (near, far) = tokio::io::duplex(PIPE_BYTES);
        let shutdown = Shutdown::new();
        let peer = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let edge = Arc::clone(&scene.edge);
        let session = serve_stream(Box::new(far), peer, protocol, edge, shutdown.stopping());
        let session = tokio::spawn(session);
        let line = Vec::new();
        let (said, sent) = (Vec::new(), Vec::new());
        let mut client =
            Client { stream: near, rest: input, line, said, sent, open: true, gone: 0, pieces };
        client.listen().await;
        while client.open && !client.rest.is_empty() {
            if client.commands().await {
                client.message().await;
            }
        }
        // It may have closed already.
        let _ = client.stream.shutdown().await;
        client.listen().await;
        session.await.expect("the session does not panic");
        let taken = std::mem::take(&mut *scene.behind.taken.lock().expect("nobody panics"));
        Heard { said: client.said, taken, sent: client.sent }
    }

    /// Sends up to the next DATA; `true`: a message is wanted.
    async fn commands(&mut self) -> bool {
        while self.open && !self.rest.is_empty() {
            let stop = self.next_data();
            let whole = stop.unwrap_or(self.rest.len());
            let length = self.piece(whole);
            self.send(length).await;
            if stop == Some(length) {
                let last = self.said.len().checked_sub(2).and_then(|end| {
                    let begin =
                        self.said[..end].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
                    self.said.get(begin..end)
                });
                if last.is_some_and(|line| line.starts_with(b"354")) {
                    return true;
                }
            }
        }
        false
    }

    /// Where the next line ends that may be DATA.
    fn next_data(&self) -> Option<usize> {
        let mut line = self.line.clone();
        for (at, byte) in self.rest.iter().enumerate() {
            line.push(*byte);
            if *byte == b'\n' {
                if line.trim_ascii().eq_ignore_ascii_case(b"DATA") {
                    return Some(at + 1);
                }
                line.clear();
            }
        }
        None
    }

    async fn message(&mut self) {
        let end = end_of_message(self.rest);
        if let Some(end) = end {
            self.sent.push(self.rest[..end].to_vec());
        }
        let mut left = end.unwrap_or(self.rest.len());
        while self.open && left > 0 {
            let length = self.piece(left);
            self.send(length).await;
            left -= length;
        }
        self.line.clear();
    }

    fn piece(&mut self, whole: usize) -> usize {
        match &mut self.pieces {
            Pieces::Whole => whole,
            Pieces::Two(border) if (self.gone + 1..self.gone + whole).contains(border) => {
                *border - self.gone
            }
            Pieces::Two(_) => whole,
            Pieces::Random(chance) => {
                let most = if chance.below(2) == 0 { whole } else { whole.min(5) };
                1 + chance.index(most)
            }
        }
    }

    async fn send(&mut self, length: usize) {
        let (piece, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.gone += length;
        for byte in piece {
            self.line.push(*byte);
            if *byte == b'\n' {
                self.line.clear();
            }
        }
        self.open &= self.stream.write_all(piece).await.is_ok();
        self.listen().await;
    }

    /// Takes in what is said, until nothing more is.
    async fn listen(&mut self) {
        loop {
            match timeout(QUIET, self.stream.read_buf(&mut self.said)).await {
                Ok(Ok(read)) if read > 0 => {}
                Ok(Ok(_) | Err(_)) => {
                    self.open = false;
                    return;
                }
                Err(_) => return,
            }
        }
    }
}
