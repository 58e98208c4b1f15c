//! Messages nested as deep as their size allows. A script of pairs of bytes: what is opened, and how
//! often; a few bytes make a message of the largest size that is read.

use contact_gateway::channels::mail::authentication::Border;
use contact_gateway::channels::mail::reading::read;
use contact_gateway::channels::mail::spool::Intaking;
use contact_gateway::runtime::limits::{MAIL_ATTACHMENTS_MAX, MAIL_PARSED_BYTES_MAX};

/// What opens something, or closes it.
const OPENINGS: &[&[u8]] = &[
    b"Content-Type: message/rfc822\r\n\r\n",
    b"Content-Type: message/global\r\n\r\n--b\r\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
    b"Content-Type: multipart/mixed; boundary=none\r\n\r\n--b\r\n",
    b"Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n",
    b"Content-Type: multipart/alternative; boundary=bb\r\n\r\n--bb\r\n",
    b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n",
    b"Content-Transfer-Encoding: quoted-printable\r\nContent-Type: message/rfc822\r\n\r\n",
    b"Content-Type: text/html\r\n\r\n",
    b"Content-Type: text/plain; x*0*=utf-8''a; x*1=b; y=\"",
    b"--b\r\n",
    b"--b--\r\n",
    b"--bb--\r\n",
    b"\r\n",
    b"\r\n ",
    b"(",
    b")",
    b"<div>",
    b"<!--",
    b"<style>",
    b"&amp;",
    b"a:",
    b"=?utf-8?q?=41?= ",
    b"Q29udGVudC1UeXBlOiBtZXNzYWdlL3JmYzgyMg0KDQpD",
    b"> ",
    b"begin 644 a\r\n",
];

pub const TOKENS: &[&[u8]] =
    &[b"\x00\xff", b"\x02\xff", b"\x06\x01\x17\xff", b"\x11\xff", b"\x0f\xff"];

pub fn run(script: &[u8]) {
    let mut message = b"From: jo@x.example\r\n".to_vec();
    for step in script.chunks_exact(2) {
        let opening = OPENINGS[usize::from(step[0]) % OPENINGS.len()];
        // Most of them a few times, some as often as there is room.
        let often = if step[1] < 128 { usize::from(step[1]) } else { 1 << (step[1] % 18) };
        for _ in 0..often {
            if message.len() > MAIL_PARSED_BYTES_MAX {
                break;
            }
            message.extend_from_slice(opening);
        }
    }
    let mut intaking = Intaking::new(&std::env::temp_dir());
    intaking.push(&message).expect("the folder for temporary files takes it");
    let border = Border { authserv_ids: &["mx.example".to_owned()], hosts: &[] };
    let read = read(&intaking.finish(), false, border).expect("it can be read again");
    assert!(read.attachments.len() <= MAIL_ATTACHMENTS_MAX + 2);
    assert!(read.ambiguous || !read.unread, "what is unread is flagged");
}
