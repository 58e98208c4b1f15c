//! Percent-encoding (RFC 3986 2.1).

/// `%XX` undone, in bytes. A percent sign before anything else is itself.
pub fn decoded(escaped: &[u8]) -> Vec<u8> {
    let hex = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some(at) = memchr::memchr(b'%', rest) {
        let (plain, after) = rest.split_at(at);
        let after = after.get(1..).unwrap_or_default();
        bytes.extend_from_slice(plain);
        rest = after;
        match after {
            [high, low, after @ ..] => match (hex(high), hex(low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            [] | [_] => bytes.push(b'%'),
        }
    }
    bytes.extend_from_slice(rest);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_and_what_only_looks_so() {
        for (escaped, meant) in
            [("%41%2b+", "A++"), ("100%", "100%"), ("%4", "%4"), ("%%41", "%A"), ("%C3%a9", "é")]
        {
            assert_eq!(decoded(escaped.as_bytes()), meant.as_bytes(), "{escaped}");
        }
    }
}
