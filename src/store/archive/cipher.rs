//! Originals that are encrypted: a stream of pieces, each with a tag of its own, of which the last is marked.
//!
//! ```text
//! "%o1:"  name of the key  ":"  salt (32 bytes)  pieces: ciphertext (up to 64 KiB)  tag (16 bytes)
//! ```
//!
//! Each file has a key of its own, derived from the keyring's and the salt. How a piece is encrypted is said in
//! [`pieces`](crate::runtime::pieces). What the original is (its organisation, digest and owner) is authenticated with
//! every piece.

use std::io::{self, Read, Write};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

use crate::ports::StoreError;
use crate::runtime::limits::{KEY_ID_BYTES_MAX, ORIGINAL_PIECE_BYTES};
use crate::runtime::pieces::{PieceCipher, TAG_BYTES, up_to};
use crate::store::keyring::{Key, SALT_BYTES};
use crate::store::person_keys::FIRST;
use crate::store::record::Codec;

const MARK: &[u8] = b"%o1:";

/// Why an encrypted original can't be read.
#[derive(Debug)]
pub(super) enum OpenFault {
    /// The file can't be read, or its content can't be handed on.
    Io(io::Error),
    /// It was altered.
    Altered,
    /// The name of a key that is not there.
    NoKey(String),
    /// The person's key can't be had.
    PersonKey(StoreError),
}

impl From<io::Error> for OpenFault {
    fn from(error: io::Error) -> Self {
        OpenFault::Io(error)
    }
}

/// How long the file of an original of so many bytes is.
pub(super) fn length(plain: u64, key: &Key) -> u64 {
    let head = (MARK.len() + key.id().len() + 1 + SALT_BYTES) as u64;
    let pieces = plain.div_ceil(ORIGINAL_PIECE_BYTES as u64).max(1);
    plain.saturating_add(head).saturating_add(pieces.saturating_mul(TAG_BYTES as u64))
}

/// Encrypts an original, piece by piece.
///
/// # Errors
/// It can't be read or written, or the system provides no random bytes.
pub(super) fn encrypt(
    from: &mut dyn Read,
    to: &mut dyn Write,
    key: &Key,
    label: &[u8],
) -> io::Result<()> {
    let mut salt = [0; SALT_BYTES];
    SystemRandom::new().fill(&mut salt).map_err(|_| io::Error::other("no random bytes"))?;
    let cipher = key.of_original(&salt).ok_or_else(|| io::Error::other("no key"))?;
    for part in [MARK, key.id().as_bytes(), b":", &salt] {
        to.write_all(part)?;
    }
    cipher.seal_all(from, to, label)
}

/// Decrypts an original, piece by piece. Bytes handed on before a fault must not be used.
///
/// # Errors
/// [`OpenFault`].
pub(super) fn decrypt(
    from: &mut dyn Read,
    to: &mut dyn Write,
    codec: &Codec,
    label: &[u8],
) -> Result<(), OpenFault> {
    let cipher = begin(from, codec)?;
    let (mut number, mut piece) = (0, up_to(from, ORIGINAL_PIECE_BYTES + TAG_BYTES)?);
    loop {
        let next = up_to(from, ORIGINAL_PIECE_BYTES + TAG_BYTES)?;
        let opened = cipher.open((number, next.is_empty()), label, &mut piece);
        opened.ok_or(OpenFault::Altered)?;
        to.write_all(&piece)?;
        if next.is_empty() {
            return Ok(());
        }
        (number, piece) = (number + 1, next);
    }
}

/// Whether what begins like this is encrypted with the key of this name, or with a person's.
pub(super) fn is_by(from: &mut dyn Read, key: &str) -> io::Result<bool> {
    let mark = [MARK, key.as_bytes(), b":"].concat();
    let begins = up_to(from, mark.len())?;
    let id = begins.strip_prefix(MARK).unwrap_or_default();
    Ok(begins == mark || id.first() == Some(&(FIRST as u8)))
}

/// Whether what begins like this is encrypted with the key of a person.
pub(super) fn is_by_a_person(from: &mut dyn Read) -> io::Result<bool> {
    let begins = up_to(from, MARK.len() + 1)?;
    Ok(begins.strip_prefix(MARK).is_some_and(|id| id.first() == Some(&(FIRST as u8))))
}

/// Reads the head; what decrypts the file.
fn begin(from: &mut dyn Read, codec: &Codec) -> Result<PieceCipher, OpenFault> {
    if up_to(from, MARK.len())? != MARK {
        return Err(OpenFault::Altered);
    }
    let mut id = Vec::new();
    loop {
        match up_to(from, 1)?.as_slice() {
            [b':'] => break,
            [byte] if id.len() < KEY_ID_BYTES_MAX => id.push(*byte),
            _ => return Err(OpenFault::Altered),
        }
    }
    let id = String::from_utf8(id).map_err(|_| OpenFault::Altered)?;
    let salt: [u8; SALT_BYTES] =
        up_to(from, SALT_BYTES)?.try_into().map_err(|_| OpenFault::Altered)?;
    match codec.named(&id).map_err(OpenFault::PersonKey)? {
        Some(key) => key.of_original(&salt).ok_or(OpenFault::Altered),
        None => Err(OpenFault::NoKey(id)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::store::keyring::Keyring;

    const LABEL: &[u8] = b"karbon 3f9a";

    fn keyring(name: &str) -> Keyring {
        let key = format!("{name}:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        Keyring::of(&[key.into()]).unwrap()
    }

    fn encrypted(plain: &[u8]) -> Vec<u8> {
        let (mut file, keyring) = (Vec::new(), keyring("k"));
        encrypt(&mut &*plain, &mut file, keyring.first(), LABEL).unwrap();
        assert_eq!(file.len() as u64, length(plain.len() as u64, keyring.first()));
        file
    }

    fn opened(mut file: &[u8], label: &[u8]) -> Result<Vec<u8>, OpenFault> {
        let mut plain = Vec::new();
        let codec = Codec::with(Some(Arc::new(keyring("k"))));
        decrypt(&mut file, &mut plain, &codec, label).map(|()| plain)
    }

    #[test]
    fn an_original_of_any_length_reads_back_and_is_never_alike_twice() {
        let piece = ORIGINAL_PIECE_BYTES;
        for length in [0, 1, piece - 1, piece, piece + 1, 3 * piece, 3 * piece + 7] {
            let plain: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let file = encrypted(&plain);
            assert_eq!(opened(&file, LABEL).unwrap(), plain, "{length}");
            assert_ne!(encrypted(&plain), file);
        }
    }

    #[test]
    fn whatever_is_cut_off_exchanged_or_changed_is_noticed() {
        let piece = ORIGINAL_PIECE_BYTES;
        let file = encrypted(&vec![7; 2 * piece + 9]);
        let head = file.len() - (2 * piece + 9) - 3 * TAG_BYTES;
        let altered = |file: &[u8], label| matches!(opened(file, label), Err(OpenFault::Altered));
        let whole = piece + TAG_BYTES;
        for cut in [0, 3, head, head + 1, head + whole, head + 2 * whole, file.len() - 1] {
            assert!(altered(&file[..cut], LABEL), "{cut}");
        }
        assert!(altered(&[file.as_slice(), b"x"].concat(), LABEL));
        let exchanged =
            [&file[..head], &file[head + whole..head + 2 * whole], &file[head..head + whole]];
        assert!(altered(
            &[exchanged.concat().as_slice(), &file[head + 2 * whole..]].concat(),
            LABEL
        ));
        assert!(altered(&file, b"karbon 3f9b"));
        for at in (0..file.len()).step_by(4_999) {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(opened(&changed, LABEL).is_err(), "{at}");
        }
    }

    #[test]
    fn a_key_that_is_not_there_is_named() {
        let file = encrypted(b"text");
        for keyring in [None, Some(keyring("other"))] {
            let codec = Codec::with(keyring.map(Arc::new));
            let fault = decrypt(&mut file.as_slice(), &mut io::sink(), &codec, LABEL);
            assert!(matches!(fault, Err(OpenFault::NoKey(id)) if id == "k"));
        }
    }
}
