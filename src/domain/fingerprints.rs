//! How the fingerprints of a text are recorded: base64 of eight bytes each, the most significant
//! first. A list of numbers, as it once was written, is read as well; it takes twice the room and several
//! times the time, and a person's contacts are all read again with each that is compared with them.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserializer, Serializer};

use super::folding::{each_word, folded};

const BYTES: usize = size_of::<u64>();

pub(super) fn serialize<S: Serializer>(prints: &[u64], to: S) -> Result<S::Ok, S::Error> {
    let bytes: Vec<u8> = prints.iter().flat_map(|print| print.to_be_bytes()).collect();
    to.serialize_str(&STANDARD.encode(bytes))
}

/// # Errors
/// Where it is neither base64 of whole fingerprints nor a list of numbers from 0 to 2⁶⁴ − 1.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u64>, D::Error> {
    from.deserialize_any(Prints)
}

struct Prints;

impl<'de> Visitor<'de> for Prints {
    type Value = Vec<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("fingerprints in base64, eight bytes each, or as a list of numbers")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u64>, E> {
        let bytes = STANDARD.decode(text).map_err(E::custom)?;
        let (prints, rest) = bytes.as_chunks::<BYTES>();
        if !rest.is_empty() {
            return Err(E::invalid_length(bytes.len(), &self));
        }
        Ok(prints.iter().copied().map(u64::from_be_bytes).collect())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<u64>, A::Error> {
        let mut prints = Vec::new();
        while let Some(print) = list.next_element()? {
            prints.push(print);
        }
        Ok(prints)
    }
}

/// The fingerprints of words: a hash for every three words in a row, sorted. A text of fewer words has
/// one fingerprint, an empty one none.
pub(super) fn fingerprint_of(own: &str) -> Vec<u64> {
    let words = each_word(&folded(own), |word| {
        word.bytes().fold(OFFSET, |state, byte| stirred(state, byte.into()))
    });
    if words.is_empty() {
        return Vec::new();
    }
    let together = |words: &[u64]| words.iter().fold(OFFSET, |state, word| stirred(state, *word));
    let mut prints: Vec<u64> = if words.len() < TOGETHER {
        vec![together(&words)]
    } else {
        words.windows(TOGETHER).map(together).collect()
    };
    prints.sort_unstable();
    prints.dedup();
    prints.truncate(FINGERPRINTS_MAX);
    prints
}

/// FNV-1a of 64 bits, of the letters of a word and of the words of a fingerprint. It stays as it is over
/// versions of the program: fingerprints are stored.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

const fn stirred(state: u64, with: u64) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    (state ^ with).wrapping_mul(PRIME)
}

/// Words that go together into one fingerprint.
const TOGETHER: usize = 3;

/// Fingerprints kept of one text, the smallest first, so that the same text keeps the same ones.
const FINGERPRINTS_MAX: usize = 2_048;

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Record(#[serde(with = "super")] Vec<u64>);

    fn read(json: &str) -> Result<Record, String> {
        serde_json::from_str(json).map_err(|fault| fault.to_string())
    }

    #[test]
    fn what_is_written_is_read_and_so_is_a_list_of_numbers() {
        let record = Record(vec![1, 0x0102_0304_0506_0708, u64::MAX]);
        let json = serde_json::to_string(&record).unwrap();
        assert_eq!(json, r#""AAAAAAAAAAEBAgMEBQYHCP//////////""#);
        assert_eq!(read(&json).unwrap(), record);
        assert_eq!(read("[1, 72623859790382856, 18446744073709551615]").unwrap(), record);
        for (nothing, json) in [(Record(vec![]), "\"\""), (Record(vec![]), "[]")] {
            assert_eq!(read(json).unwrap(), nothing);
        }
    }

    #[test]
    fn what_is_cut_off_or_no_number_is_told() {
        assert!(read("\"AAAAAAAAAAE\"").is_err_and(|fault| !fault.is_empty()));
        assert!(read("\"AAAAAAAA\"").is_err_and(|fault| fault.contains("eight bytes each")));
        assert!(read("\"!\"").is_err());
        assert!(read("[-1]").is_err());
    }

    #[test]
    fn three_words_in_a_row_make_one_in_order_each_once_and_not_too_many() {
        let of = |text: &str| fingerprint_of(text);
        assert_eq!((of("").len(), of("a").len(), of("a b").len(), of("a b c").len()), (0, 1, 1, 1));
        let prints = of("a b c d");
        let mut expected = [of("a b c"), of("b c d")].concat();
        expected.sort_unstable();
        assert_eq!(prints, expected);
        assert_eq!(of("a b c a b c a b c").len(), 3, "each once");
        assert_eq!(of("A, B. c!"), of("a b c"));
        let long: String = (0..3_000).map(|n| format!("w{n} ")).collect();
        let many = of(&long);
        assert_eq!(many.len(), FINGERPRINTS_MAX);
        assert!(many.is_sorted());
    }

    #[test]
    fn a_fingerprint_is_fnv_1a_of_its_words() {
        // Known values of FNV-1a (64 bits): of nothing, and of "a" and "foobar".
        let of = |word: &str| word.bytes().fold(OFFSET, |state, byte| stirred(state, byte.into()));
        assert_eq!(of("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(of("foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(fingerprint_of("a"), [stirred(OFFSET, of("a"))]);
    }
}
