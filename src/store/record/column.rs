//! What is stored beside a record, in a column or field of its own: encrypted like the record, and without a key in the
//! form that it always had.
//!
//! A digest is encrypted because the number of a call that was logged without a text could be found by trying them all.

use std::borrow::Cow;

use super::{Codec, ENVELOPE, Label, MARK, kind};
use crate::ports::StoreError;
use crate::runtime::tokens::{hex, sha256_of_hex};

impl Codec {
    /// The digest of a decided contact, as bytes. The label is that of the decision.
    ///
    /// # Errors
    /// As [`Codec::write`].
    pub(in crate::store) fn digest_bytes<'d>(
        &self,
        decision: Label<'_>,
        digest: &'d [u8; 32],
    ) -> Result<Cow<'d, [u8]>, StoreError> {
        if self.keyring.is_none() {
            return Ok(Cow::Borrowed(digest));
        }
        Ok(Cow::Owned(self.digest_text(decision, digest)?.into_bytes()))
    }

    /// Reads back [`Codec::digest_bytes`].
    ///
    /// # Errors
    /// As [`Codec::read`].
    pub(in crate::store) fn digest_of_bytes(
        &self,
        decision: Label<'_>,
        stored: &[u8],
    ) -> Result<[u8; 32], StoreError> {
        // Nothing that is encrypted is so short.
        if let Ok(plain) = <[u8; 32]>::try_from(stored) {
            return Ok(plain);
        }
        self.opened_digest(decision, stored)
    }

    /// The same digest as text.
    ///
    /// # Errors
    /// As [`Codec::write`].
    pub(in crate::store) fn digest_text(
        &self,
        decision: Label<'_>,
        digest: &[u8; 32],
    ) -> Result<String, StoreError> {
        let digits = hex(digest);
        if self.keyring.is_none() {
            return Ok(digits);
        }
        self.write(decision.called(kind::DIGEST), &digits)
    }

    /// Reads back [`Codec::digest_text`].
    ///
    /// # Errors
    /// As [`Codec::read`].
    pub(in crate::store) fn digest_of_text(
        &self,
        decision: Label<'_>,
        stored: &str,
    ) -> Result<[u8; 32], StoreError> {
        match sha256_of_hex(stored) {
            Some(plain) => Ok(plain),
            None => self.opened_digest(decision, stored.as_bytes()),
        }
    }

    fn opened_digest(&self, decision: Label<'_>, stored: &[u8]) -> Result<[u8; 32], StoreError> {
        let label = decision.called(kind::DIGEST);
        let digits: String = self.read(stored, label)?;
        sha256_of_hex(&digits).ok_or_else(|| label.unreadable())
    }

    /// A reference of an issue, which the sender may have chosen. Plain, it is its own text, unless that looks like a
    /// record.
    ///
    /// # Errors
    /// As [`Codec::write`].
    pub(in crate::store) fn write_issue<'i>(
        &self,
        label: Label<'_>,
        issue: Option<&'i str>,
    ) -> Result<Option<Cow<'i, str>>, StoreError> {
        let Some(issue) = issue else { return Ok(None) };
        if self.keyring.is_none() && !is_record(issue) {
            return Ok(Some(Cow::Borrowed(issue)));
        }
        Ok(Some(Cow::Owned(self.write(label, issue)?)))
    }

    /// Reads back [`Codec::write_issue`].
    ///
    /// # Errors
    /// As [`Codec::read`].
    pub(in crate::store) fn read_issue(
        &self,
        label: Label<'_>,
        stored: String,
    ) -> Result<String, StoreError> {
        if is_record(&stored) { self.read(stored, label) } else { Ok(stored) }
    }
}

/// A reference is counted without the blanks around it, so that none begins like a plain record by itself. Those from
/// before that begin like an encrypted one were rewritten (`embedded::migration`).
fn is_record(text: &str) -> bool {
    matches!(text.as_bytes(), [MARK, ..] | [ENVELOPE, b'1', b':', ..])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Keyring;
    use super::*;

    const OLD: &str = "k-old:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const NEW: &str = "k-new://///wQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const DECISION: Label<'static> = Label::new("karbon", kind::DECISION, &"c-1");
    const OF_ISSUE: Label<'static> = Label::new("karbon", kind::ISSUE, &"c-1");

    fn encrypting(keys: &[&str]) -> Codec {
        let keys: Vec<_> = keys.iter().map(|key| (*key).into()).collect();
        Codec::with(Some(Arc::new(Keyring::of(&keys).unwrap())))
    }

    #[test]
    fn a_plain_digest_is_as_it_always_was_and_reads_back_with_a_key_too() {
        let (plain, digest) = (Codec::plain(), [0xa5; 32]);
        let (bytes, text) = (plain.digest_bytes(DECISION, &digest).unwrap(), hex(&digest));
        assert_eq!(*bytes, digest);
        assert_eq!(plain.digest_text(DECISION, &digest).unwrap(), text);
        for codec in [plain, encrypting(&[OLD])] {
            assert_eq!(codec.digest_of_bytes(DECISION, &bytes).unwrap(), digest);
            assert_eq!(codec.digest_of_text(DECISION, &text).unwrap(), digest);
        }
    }

    #[test]
    fn an_encrypted_digest_reads_back_in_its_place_and_by_its_key() {
        let (codec, digest) = (encrypting(&[OLD]), [0xa5; 32]);
        let bytes = codec.digest_bytes(DECISION, &digest).unwrap().into_owned();
        let text = codec.digest_text(DECISION, &digest).unwrap();
        for stored in [&bytes[..], text.as_bytes()] {
            assert!(stored.starts_with(b"%1:k-old:"));
        }
        for codec in [codec, encrypting(&[NEW, OLD])] {
            assert_eq!(codec.digest_of_bytes(DECISION, &bytes).unwrap(), digest);
            assert_eq!(codec.digest_of_text(DECISION, &text).unwrap(), digest);
            let elsewhere = Label::new("karbon", kind::DECISION, &"c-2");
            let moved = codec.digest_of_bytes(elsewhere, &bytes);
            assert!(matches!(moved, Err(StoreError::Corrupt(_))));
        }
        let locked = encrypting(&[NEW]).digest_of_text(DECISION, &text);
        assert!(matches!(locked, Err(StoreError::Locked(_))));
    }

    #[test]
    fn a_digest_of_another_length_is_damage() {
        let codec = encrypting(&[OLD]);
        for stored in ["", "a5", "x", "g".repeat(64).as_str()] {
            let read = codec.digest_of_text(DECISION, stored);
            assert!(matches!(read, Err(StoreError::Corrupt(_))), "{stored}");
            let read = codec.digest_of_bytes(DECISION, stored.as_bytes());
            assert!(matches!(read, Err(StoreError::Corrupt(_))), "{stored}");
        }
    }

    #[test]
    fn a_reference_is_its_own_text_or_encrypted_whatever_a_sender_wrote() {
        let plain = Codec::plain();
        let stored = plain.write_issue(OF_ISSUE, Some("C-1")).unwrap().unwrap();
        assert_eq!(stored, "C-1");
        for codec in [plain, encrypting(&[OLD])] {
            assert_eq!(codec.write_issue(OF_ISSUE, None).unwrap(), None);
            for issue in ["C-1", "", "%1:K-OLD:C2VHBGVK", "%1:", "% OFF", "\u{a0}", " \"X\""] {
                let stored = codec.write_issue(OF_ISSUE, Some(issue)).unwrap().unwrap();
                let read = codec.read_issue(OF_ISSUE, stored.into_owned()).unwrap();
                assert_eq!(read, issue);
            }
        }
        let stored = encrypting(&[OLD]).write_issue(OF_ISSUE, Some("C-1")).unwrap().unwrap();
        assert!(stored.starts_with("%1:k-old:"), "{stored}");
        let of_before = encrypting(&[OLD]).read_issue(OF_ISSUE, "C-1".to_owned()).unwrap();
        assert_eq!(of_before, "C-1");
    }
}
