//! Something that is handed out, to come back as it was: sealed, so that nobody reads or changes it on the way.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const KEY_BYTES: usize = 32;

/// What seals and opens. Everybody who knows the secret has the same.
pub struct Seal {
    key: RandomizedNonceKey,
}

struct KeyLength;

impl KeyType for KeyLength {
    fn len(&self) -> usize {
        KEY_BYTES
    }
}

impl Seal {
    /// A key of its own for each purpose (HKDF, RFC 5869), out of one secret. `None`: it can't be derived.
    pub fn new(secret: &[u8], purpose: &str) -> Option<Self> {
        let mut key = [0; KEY_BYTES];
        let extracted = Salt::new(HKDF_SHA256, b"contact-gateway seal").extract(secret);
        extracted.expand(&[purpose.as_bytes()], KeyLength).ok()?.fill(&mut key).ok()?;
        Some(Seal { key: RandomizedNonceKey::new(&AES_256_GCM, &key).ok()? })
    }

    /// As text that a cookie can carry. `None`: there are no random bytes.
    pub fn seal(&self, plain: &[u8]) -> Option<String> {
        let mut sealed = plain.to_vec();
        let nonce = self.key.seal_in_place_append_tag(Aad::empty(), &mut sealed).ok()?;
        let whole: Vec<u8> = nonce.as_ref().iter().copied().chain(sealed).collect();
        Some(URL_SAFE_NO_PAD.encode(whole))
    }

    /// What was sealed. `None`: it was not sealed with this secret for this purpose, or was changed since.
    pub fn open(&self, sealed: &str) -> Option<Vec<u8>> {
        let whole = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = whole.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        Some(self.key.open_in_place(nonce, Aad::empty(), &mut sealed).ok()?.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_comes_back_and_nothing_else() {
        let seal = Seal::new(b"a secret", "one").unwrap();
        let sealed = seal.seal(b"hello").unwrap();
        assert_eq!(seal.open(&sealed).as_deref(), Some(&b"hello"[..]));
        assert_eq!(Seal::new(b"a secret", "one").unwrap().open(&sealed).unwrap(), b"hello");
        assert_ne!(sealed, seal.seal(b"hello").unwrap(), "the same looks like another");
        for other in [Seal::new(b"a secret", "other"), Seal::new(b"another", "one")] {
            assert_eq!(other.unwrap().open(&sealed), None);
        }
        for at in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_ne!(seal.open(&changed).as_deref(), Some(&b"hello"[..]), "{at}");
        }
        for none in ["", "AAAA", "%", &sealed[..sealed.len() - 4]] {
            assert_eq!(seal.open(none), None, "{none}");
        }
    }
}
