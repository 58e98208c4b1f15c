//! Whole milter sessions: packets of the mail server in, answers out.
//!
//! The first byte says how the rest is read: `p` as packets without their lengths, [`BETWEEN`] two of them, so
//! that a mutation stays a packet; anything else as the bytes of the connection.

use std::ops::RangeInclusive;
use std::sync::Arc;

use contact_gateway::channels::mail::milter::serve_stream;
use contact_gateway::runtime::shutdown::Shutdown;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::chance::Chance;
use super::data::pieces;
use super::scene::{QUIET, Scene};

/// Between two packets of a script (ASCII's record separator).
const BETWEEN: u8 = 30;

pub const TOKENS: &[&[u8]] = &[
    b"\x1e",
    b"O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff\x1e",
    b"O\0\0\0\x02\0\0\0\x3f\0\0\0\x7f\x1e",
    b"DM{client_addr}\0IPv6:::1\0i\x004bX\0\x1e",
    b"Cx.example\x004\0\x19192.0.2.1\0\x1e",
    b"Cx\0U\x1e",
    b"Hx.example\0\x1e",
    b"M<limited@x.example>\0\x1e",
    b"M<>\0SIZE=10\0\x1e",
    b"R<b@karbon.example>\0\x1e",
    b"R<c@other.example>\0NOTIFY=NEVER\0\x1e",
    b"T\x1e",
    b"U\x1e",
    b"LFrom\0limited@x.example\0\x1e",
    b"LFrom\0 routed@x.example\0\x1e",
    b"LFrom\0quota@x.example\0\x1e",
    b"LX-Contact-Gateway-Flags\0a\0\x1e",
    b"LSubject\0=?utf-8?q?=0A?=\n x\0\x1e",
    b"LContent-Type\0multipart/mixed; boundary=b\0\x1e",
    b"N\x1e",
    b"Bno heating\r\n\x1e",
    b"E\x1e",
    b"A\x1e",
    b"K\x1e",
    b"Q\x1e",
    b"\0",
    b"\r\n",
    b"\n",
    b"\xff",
    b"\0\0\0\x01",
    b"\xff\xff\xff\xff",
];

/// How replies begin: a message that is too large, addresses that are too long.
const REPLIES: [&[u8]; 3] = [b"552 5.3.4 ", b"501 5.1.7 ", b"501 5.1.3 "];

/// Above what is answered before the server reads.
const PIPE_BYTES: usize = 4 * 1024 * 1024;

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
}

pub fn run(bytes: &[u8]) {
    let Some((mode, input)) = bytes.split_first() else { return };
    let input = if *mode == b'p' { framed(input) } else { input.to_vec() };
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let whole = answers(&talk(&[&input]).await);
            check(&whole);
            let split = answers(&talk(&pieces(&input, &mut Chance::of(bytes))).await);
            assert_eq!(split, whole, "what is answered depends on the pieces");
        });
    });
}

fn framed(script: &[u8]) -> Vec<u8> {
    let packets = script.split(|byte| *byte == BETWEEN).filter(|packet| !packet.is_empty());
    packets
        .flat_map(|packet| {
            let length = u32::try_from(packet.len()).expect("a short packet");
            [&length.to_be_bytes()[..], packet].concat()
        })
        .collect()
}

/// Everything that a session says to these pieces.
async fn talk(pieces: &[&[u8]]) -> Vec<u8> {
    let scene = Scene::new(true).await;
    let (mut near, far) = tokio::io::duplex(PIPE_BYTES);
    let shutdown = Shutdown::new();
    let edge = Arc::clone(&scene.edge);
    let session = tokio::spawn(serve_stream(Box::new(far), edge, shutdown.stopping()));
    let mut said = Vec::new();
    for piece in pieces {
        if near.write_all(piece).await.is_err() {
            break;
        }
        while let Ok(Ok(1..)) = timeout(QUIET, near.read_buf(&mut said)).await {}
    }
    // It may have closed already.
    let _ = near.shutdown().await;
    near.read_to_end(&mut said).await.expect("a pipe can be read");
    session.await.expect("the session does not panic");
    said
}

/// One answer: its letter, and what it says but for what differs from one time to the next.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    letter: u8,
    text: Vec<u8>,
}

fn answers(mut said: &[u8]) -> Vec<Said> {
    let mut found = Vec::new();
    while let Some((length, rest)) = said.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).expect("a short answer");
        let (packet, rest) = rest.split_at_checked(length).expect("a whole answer");
        let (letter, text) = packet.split_first().expect("an answer has a letter");
        found.push(read(*letter, text));
        said = rest;
    }
    assert!(said.is_empty(), "an answer is cut off");
    found
}

fn read(letter: u8, text: &[u8]) -> Said {
    let texts = |bytes: &[u8], number: RangeInclusive<usize>| -> Vec<Vec<u8>> {
        let inner = bytes.strip_suffix(b"\0").expect("texts end in NUL");
        let texts: Vec<_> = inner.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
        assert!(number.contains(&texts.len()), "{} texts in `{}`", texts.len(), letter as char);
        texts
    };
    let text = match letter {
        b'O' => text.to_vec(),
        b'c' | b't' | b'd' => {
            assert!(text.is_empty(), "`{}` says more", letter as char);
            Vec::new()
        }
        b'y' => {
            let reply = texts(text, 1..=1).remove(0);
            let known = REPLIES.iter().any(|start| reply.starts_with(start));
            assert!(known && !reply.iter().any(u8::is_ascii_control), "{}", reply.escape_ascii());
            reply
        }
        b'i' => {
            assert_eq!(text.get(..4), Some(&[0; 4][..]), "not on top");
            let [name, value] = texts(&text[4..], 2..=2).try_into().expect("two texts");
            assert!(is_own(&name), "a field that is not ours: {}", name.escape_ascii());
            assert!(!value.contains(&b'\r'), "a CR in a field");
            let mut lines = value.split(|byte| *byte == b'\n').skip(1);
            assert!(
                lines.all(|line| matches!(line.first(), Some(b' ' | b'\t'))),
                "a field ends early"
            );
            name
        }
        b'm' => {
            let (number, texts_of) = text.split_first_chunk::<4>().expect("a number");
            assert_ne!(u32::from_be_bytes(*number), 0, "fields are counted from 1");
            let [name, value] = texts(texts_of, 2..=2).try_into().expect("two texts");
            assert!(is_own(&name) && value.is_empty(), "{}", name.escape_ascii());
            text.to_vec()
        }
        b'-' | b'+' => texts(text, 1..=1).remove(0),
        b'2' => texts(text, 2..=2).concat(),
        other => panic!("an unknown answer `{}`", other.escape_ascii()),
    };
    Said { letter, text }
}

fn is_own(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with(b"x-contact-gateway") || name == b"auto-submitted"
}

fn check(answers: &[Said]) {
    let negotiated = answers.iter().filter(|said| said.letter == b'O').count();
    let first = answers.first().is_none_or(|said| said.letter == b'O');
    assert!(negotiated <= 1 && first, "it is agreed once, before all else");
    // What changes a message comes right before the last word on it.
    let changes = |said: &Said| matches!(said.letter, b'i' | b'm' | b'-' | b'+' | b'2');
    for pair in answers.windows(2) {
        let [one, next] = pair else { continue };
        assert!(
            !changes(one) || changes(next) || next.letter == b'c',
            "changes without a last word"
        );
    }
    assert!(!answers.last().is_some_and(changes), "changes without a last word");
}
