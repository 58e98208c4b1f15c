//! Where a request ends, told from the raw bytes.

use contact_gateway::runtime::http_server::framing::Framing;

use super::chance::Chance;
use super::data::pieces;

pub const TOKENS: &[&[u8]] = &[
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\r",
    b"\0",
    b" ",
    b":",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST / HTTP/1.1\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: +5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: xchunked\r\n",
    b"0\r\n\r\n",
    b"5\r\nhello\r\n",
    b"ffffffffffffffff\r\n",
    b";x=y\r\n",
    b"Trailer: x\r\n",
];

pub fn run(bytes: &[u8]) {
    let passed = |pieces: &[&[u8]]| {
        let mut framing = Framing::default();
        let mut passed = 0;
        for piece in pieces {
            passed += framing.passes(piece, |_| true);
            if framing.is_refused() {
                return (passed, true);
            }
        }
        (passed, false)
    };
    let whole = passed(&[bytes]);
    assert_eq!(whole, passed(&pieces(bytes, &mut Chance::of(bytes))), "pieces are read otherwise");
    assert!(whole.0 <= bytes.len());
    assert!(whole.1 || whole.0 == bytes.len(), "something is held back without being refused");
}
