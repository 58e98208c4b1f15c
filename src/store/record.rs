//! How a record is written: the one place through which everything passes that a store keeps.
//!
//! A record is JSON behind a mark. The mark of this format is one space, which leaves the record JSON for SQL, for
//! other tools, and for a gateway from before there was a mark; a record of that time has none and begins with its
//! JSON. The mark of any other format begins with [`ENVELOPE`], which no JSON does; it names the format and what it
//! takes to read what follows (a key, a cipher). This gateway knows none yet, and says so instead of taking the record
//! for damaged.
//!
//! A fault names a record by its kind and its key, and never shows its content.

use std::fmt::Display;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ports::StoreError;

/// JSON that a record carries as it was handed in.
pub(super) use serde_json::value::RawValue;

/// The mark of this format.
const MARK: u8 = b' ';

/// Begins the mark of a format that is not JSON: `%`, the format's number, `:`, and what that format puts there.
const ENVELOPE: u8 = b'%';

/// A record as it is stored.
///
/// # Errors
/// `Refused`: it can't be written as JSON: a float or a map key that JSON does not have.
pub(super) fn write(what: &(impl Serialize + ?Sized)) -> Result<String, StoreError> {
    let mut bytes = Vec::new();
    write_to(&mut bytes, what)?;
    text(bytes)
}

/// Appends a record as it is stored.
///
/// # Errors
/// As [`write`].
pub(super) fn write_to(
    bytes: &mut Vec<u8>,
    what: &(impl Serialize + ?Sized),
) -> Result<(), StoreError> {
    bytes.push(MARK);
    serde_json::to_writer(bytes, what).map_err(unwritable)
}

/// A record's content, in whatever format it is stored: what two stores that hold the same agree on.
///
/// # Errors
/// As [`write`].
pub(super) fn content(what: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(what).map_err(unwritable)
}

/// JSON that a script of the store's reads with its arguments. It is no record, and is not kept.
///
/// # Errors
/// As [`write`].
pub(super) fn argument(what: &(impl Serialize + ?Sized)) -> Result<String, StoreError> {
    text(content(what)?)
}

fn text(bytes: Vec<u8>) -> Result<String, StoreError> {
    String::from_utf8(bytes).map_err(|_| unreadable("record"))
}

/// Reads a record back. Its kind and its key are for the text of a fault.
///
/// # Errors
/// `Corrupt`: it is not what was written. `Refused`: it has a format that this gateway does not know.
pub(super) fn read<T: DeserializeOwned>(
    record: impl AsRef<[u8]>,
    kind: &str,
    key: impl Display,
) -> Result<T, StoreError> {
    let json = match record.as_ref() {
        [MARK, json @ ..] => json,
        [ENVELOPE, ..] => {
            return Err(StoreError::Refused(format!(
                "the stored {kind} `{key}` has a format that this gateway does not know; a newer one wrote it"
            )));
        }
        json => json,
    };
    serde_json::from_slice(json)
        .map_err(|_| StoreError::Corrupt(format!("the stored {kind} `{key}` can't be read back")))
}

/// Something stored beside records, such as a column, that can't be read back.
pub(super) fn unreadable(what: &str) -> StoreError {
    StoreError::Corrupt(format!("a stored {what} can't be read back"))
}

fn unwritable(_: serde_json::Error) -> StoreError {
    StoreError::Refused("a record can't be written as JSON".to_owned())
}

/// Records that are written one after another into the same memory.
#[derive(Default)]
pub(super) struct Sheet {
    record: Vec<u8>,
}

impl Sheet {
    /// The record stays until the next one is written.
    ///
    /// # Errors
    /// As [`write`].
    pub(super) fn write(&mut self, what: &impl Serialize) -> Result<&str, StoreError> {
        self.record.clear();
        write_to(&mut self.record, what)?;
        std::str::from_utf8(&self.record).map_err(|_| unreadable("record"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_is_written_reads_back_and_is_json_for_others() {
        for what in [json!({"a": [1, "ŵ"]}), json!([]), json!("text"), json!(7), Value::Null] {
            let record = write(&what).unwrap();
            assert!(record.starts_with(' '), "{record}");
            assert_eq!(read::<Value>(&record, "thing", "t").unwrap(), what);
            assert_eq!(serde_json::from_str::<Value>(&record).unwrap(), what);
            assert_eq!(Sheet::default().write(&what).unwrap(), record);
        }
    }

    #[test]
    fn a_record_from_before_there_was_a_mark_is_read() {
        let read: Value = read(r#"{"a":1}"#, "thing", "t").unwrap();
        assert_eq!(read, json!({"a": 1}));
    }

    #[test]
    fn a_format_of_a_later_gateway_is_no_damage() {
        let later = read::<Value>("%2:key-7:c2VhbGVk", "person", "P-1").unwrap_err();
        assert!(matches!(&later, StoreError::Refused(why) if why.contains("newer")), "{later}");
        assert!(!later.is_retryable());
    }

    #[test]
    fn a_fault_names_the_record_and_not_its_content() {
        for damaged in ["", " ", "{", " {", " {\"name\":\"Alun", "x"] {
            let fault = read::<Value>(damaged, "person", "P-1").unwrap_err();
            let expected = "the stored person `P-1` can't be read back";
            assert!(matches!(&fault, StoreError::Corrupt(what) if what == expected), "{fault}");
        }
    }
}
