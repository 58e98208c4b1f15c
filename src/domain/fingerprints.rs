//! How the fingerprints of a text are recorded: base64 of eight bytes each, the most significant
//! first. A list of numbers, as it once was written, is read as well; it takes twice the room and several
//! times the time, and a person's contacts are all read again with each that is compared with them.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserializer, Serializer};

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

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

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
}
