//! Reading a message: header block, digest, MIME.

use contact_gateway::channels::mail::authentication::Border;
use contact_gateway::channels::mail::reading::{MailReading, read};
use contact_gateway::channels::mail::spool::{Content, Intaking};
use contact_gateway::ports::message::HeaderBlock;
use contact_gateway::runtime::limits::{MAIL_ATTACHMENTS_MAX, MAIL_MAILBOXES_MAX, MAIL_THREAD_MAX};

use super::chance::Chance;
use super::data::pieces;

pub const TOKENS: &[&[u8]] = &[
    b"\r\n",
    b"\r\n\r\n",
    b"\r\n ",
    b"\r\n\t",
    b":",
    b"--b\r\n",
    b"--b--\r\n",
    b"--",
    b"\0",
    b"\xff",
    b"From: jo@x.example\r\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n",
    b"Content-Type: multipart/report; boundary=\r\n b\r\n",
    b"Content-Type: text/html\r\n",
    b"Content-Type: message/rfc822\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: quoted-printable\r\n",
    b"Content-Disposition: attachment; filename=a\r\n",
    b"filename*0*=utf-8''%0d%0a",
    b"charset=utf-7",
    b"=?utf-8?q?=0D=0A?=",
    b"=?utf-8?b?AA==?=",
    b"=0D=0A",
    b"References: <1@x> <2@x>\r\n",
    b"X-Contact-Gateway-Pass: v1; a\r\n",
    b"X-Contact-Gateway-Flags : x\r\n",
    b"Auto-Submitted: no\r\n",
    b"From x Mon\r\n",
    b"Received: by a\r\n",
];

pub fn run(bytes: &[u8]) {
    let first = reading(&[bytes]);
    let again = reading(&pieces(bytes, &mut Chance::of(bytes)));
    assert_eq!(format!("{first:?}"), format!("{again:?}"), "it is not read the same twice");
    assert!(first.from.len() <= MAIL_MAILBOXES_MAX && first.thread.len() <= MAIL_THREAD_MAX);
    assert!(first.attachments.len() <= MAIL_ATTACHMENTS_MAX + 1);
    assert!(first.ambiguous || first.from.len() == 1);
    assert!(first.marks.iter().all(|mark| !mark.contains(['\r', '\n'])));
    fields_cover_the_block(bytes);
}

fn reading(pieces: &[&[u8]]) -> MailReading {
    let mut intaking = Intaking::new(&std::env::temp_dir());
    for piece in pieces {
        intaking.push(piece).expect("a small message stays in memory");
    }
    let content: Content = intaking.finish();
    let border = Border { authserv_ids: &["mx.example".to_owned()], hosts: &[] };
    read(&content, false, border).expect("nothing is on disk")
}

/// What is kept and what is taken off are the message, in its order, and no field of ours stays
/// where fields are read.
fn fields_cover_the_block(bytes: &[u8]) {
    let block = HeaderBlock::scan(bytes, true);
    assert!(block.body_at <= bytes.len());
    let mut kept = Vec::new();
    let mut from = 0;
    for range in block.without_own(bytes, bytes.len() as u64) {
        assert!(range.start >= from && range.start < range.end, "out of order");
        from = range.end;
        let at = |offset| usize::try_from(offset).expect("within the message");
        kept.extend_from_slice(&bytes[at(range.start)..at(range.end)]);
    }
    let own = block.fields.iter().any(|field| field.is_own(bytes));
    assert!(own || kept == bytes, "something was taken off");
    if bytes.starts_with(b" ") || bytes.starts_with(b"\t") {
        // The gateway writes an empty line above it: there is no header to say anything.
        assert!(block.fields.is_empty());
        return;
    }
    // As it goes out: below fields of the gateway's.
    let top = b"Received: x\r\n";
    let below = [&top[..], &kept].concat();
    let left = HeaderBlock::scan(&below, true);
    assert!(!left.fields.iter().any(|field| field.is_own(&below)), "a forged field stays");
    let whole = [&top[..], bytes].concat();
    let all = HeaderBlock::scan(&whole, true);
    let others = all.fields.iter().filter(|field| !field.is_own(&whole)).count();
    assert_eq!(left.fields.len(), others, "taking off changed other fields");
}
