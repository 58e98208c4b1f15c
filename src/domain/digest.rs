//! Digests by which a later reader recognises what a decision depended on.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Of the 32 bytes of a SHA-256: enough that nobody finds other terms with the same ones.
const BYTES: usize = 16;

/// The first half of a SHA-256, in base64 (RFC 4648 5, without padding): 22 characters. It is recorded, and never
/// changes.
pub fn digest_of(bytes: &[u8]) -> String {
    let whole = digest(&SHA256, bytes);
    URL_SAFE_NO_PAD
        .encode(whole.as_ref().first_chunk::<BYTES>().map_or(&[][..], <[u8; BYTES]>::as_slice))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-2 B.1: `ba7816bf 8f01cfea 414140de 5dae2223 …`.
    #[test]
    fn it_is_the_first_half_of_a_sha_256() {
        assert_eq!(digest_of(b"abc"), "ungWv48Bz-pBQUDeXa4iIw");
    }
}
