//! What a message looks like on the wire, said once more and as simply as can be: what the gateway
//! does is held against it.

/// Where the message that begins here ends, behind its CRLF.CRLF (RFC 5321 4.1.1.4).
pub fn end_of_message(wire: &[u8]) -> Option<usize> {
    if wire.starts_with(b".\r\n") {
        return Some(3);
    }
    wire.windows(5).position(|part| part == b"\r\n.\r\n").map(|at| at + 5)
}

/// The message of a whole wire form without bare ends (RFC 5321 4.5.2).
pub fn unstuffed(wire: &[u8]) -> Vec<u8> {
    let lines = wire.split_inclusive(|byte| *byte == b'\n');
    let message: Vec<u8> =
        lines.flat_map(|line| line.strip_prefix(b".").unwrap_or(line).to_vec()).collect();
    // The last line is the dot's own.
    message.strip_suffix(b"\r\n").expect("a whole wire form").to_vec()
}

/// Whether a CR stands without its LF or an LF without its CR.
pub fn has_bare_end(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().any(|(at, byte)| match byte {
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        b'\n' => at == 0 || bytes[at - 1] != b'\r',
        _ => false,
    })
}
