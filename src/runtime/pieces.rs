//! A file that is encrypted piece by piece, each with a tag of its own, by a key that encrypts nothing else.
//!
//! A piece's nonce is its number and whether it is the last: pieces can't be exchanged, and a file that was cut off at
//! the end of one is noticed.

use std::io::{self, Read, Write};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::tokens::random;

/// By how many bytes a piece is longer when it is encrypted.
pub const TAG_BYTES: usize = 16;

const KEY_BYTES: usize = 32;

/// What encrypts and decrypts the pieces of one file.
pub struct PieceCipher {
    key: LessSafeKey,
    /// Of every piece but the last, which may be shorter.
    piece_bytes: usize,
}

impl PieceCipher {
    /// By a key that is only for this file, in pieces of so many bytes.
    pub fn new(key: LessSafeKey, piece_bytes: usize) -> Self {
        PieceCipher { key, piece_bytes }
    }

    /// By a key that nobody else has, and that goes with it.
    ///
    /// # Errors
    /// The system provides no random bytes.
    pub fn with_new_key(piece_bytes: usize) -> io::Result<Self> {
        let key = random::<KEY_BYTES>().map_err(io::Error::other)?;
        let key = UnboundKey::new(&AES_256_GCM, &key).map_err(|_| io::Error::other("no key"))?;
        Ok(PieceCipher::new(LessSafeKey::new(key), piece_bytes))
    }

    /// Encrypts all that is read, once for each cipher: at least one piece, which may be empty. The label is
    /// authenticated with every piece.
    ///
    /// # Errors
    /// It can't be read or written.
    pub fn seal_all(
        &self,
        from: &mut dyn Read,
        to: &mut dyn Write,
        label: &[u8],
    ) -> io::Result<()> {
        let (mut number, mut piece) = (0, up_to(from, self.piece_bytes)?);
        loop {
            let next = up_to(from, self.piece_bytes)?;
            let nonce = nonce(number, next.is_empty());
            self.key
                .seal_in_place_append_tag(nonce, Aad::from(label), &mut piece)
                .map_err(|_| io::Error::other("not encrypted"))?;
            to.write_all(&piece)?;
            if next.is_empty() {
                return Ok(());
            }
            (number, piece) = (number + 1, next);
        }
    }

    /// Decrypts a piece in its place. `number`: from 0. `None`: it is not this piece, or was changed.
    pub fn open(
        &self,
        (number, is_last): (u64, bool),
        label: &[u8],
        piece: &mut Vec<u8>,
    ) -> Option<()> {
        let opened = self.key.open_in_place(nonce(number, is_last), Aad::from(label), piece);
        let length = opened.ok()?.len();
        piece.truncate(length);
        Some(())
    }
}

/// So many bytes, or all that are left, with room for a tag.
///
/// # Errors
/// It can't be read.
pub fn up_to(from: &mut dyn Read, bytes: usize) -> io::Result<Vec<u8>> {
    let mut piece = Vec::with_capacity(bytes + TAG_BYTES);
    from.take(bytes as u64).read_to_end(&mut piece)?;
    Ok(piece)
}

/// Never twice with one key: the key is only for one file.
fn nonce(number: u64, is_last: bool) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    for (to, from) in nonce.iter_mut().zip(number.to_be_bytes()) {
        *to = from;
    }
    if let Some(last) = nonce.last_mut() {
        *last = u8::from(is_last);
    }
    Nonce::assume_unique_for_key(nonce)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE: usize = 8;

    #[test]
    fn a_piece_is_opened_as_what_it_was_sealed_as_and_as_nothing_else() {
        let cipher = PieceCipher::with_new_key(PIECE).unwrap();
        let mut sealed = Vec::new();
        cipher.seal_all(&mut b"a few words".as_slice(), &mut sealed, b"label").unwrap();
        let (first, last) = sealed.split_at(PIECE + TAG_BYTES);
        let opened = |cipher: &PieceCipher, which, label: &[u8], piece: &[u8]| {
            let mut piece = piece.to_vec();
            cipher.open(which, label, &mut piece).map(|()| piece)
        };
        assert_eq!(opened(&cipher, (0, false), b"label", first).unwrap(), b"a few wo");
        assert_eq!(opened(&cipher, (1, true), b"label", last).unwrap(), b"rds");
        for which in [(0, true), (1, false), (1, true)] {
            assert_eq!(opened(&cipher, which, b"label", first), None, "{which:?}");
        }
        assert_eq!(opened(&cipher, (0, false), b"other", first), None);
        assert_eq!(opened(&cipher, (1, true), b"label", &last[1..]), None);
        let other = PieceCipher::with_new_key(PIECE).unwrap();
        assert_eq!(opened(&other, (0, false), b"label", first), None);
    }
}
