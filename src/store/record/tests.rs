use serde_json::{Value, json};

use super::*;

fn encrypting(keys: &[&str]) -> Codec {
    let keys: Vec<_> = keys.iter().map(|key| (*key).into()).collect();
    Codec::with(Some(Arc::new(Keyring::of(&keys).unwrap())))
}

/// Two keys, as `contact-gateway store new-key` prints them.
const OLD: &str = "k-old:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW: &str = "k-new://///wQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

const PERSON: Label<'static> =
    Label { organisation: "karbon", kind: "person", key: &"P-1", is_bound: true, of: None };

#[test]
fn what_is_written_reads_back_and_is_json_for_others() {
    let codec = Codec::plain();
    for what in [json!({"a": [1, "ŵ"]}), json!([]), json!("text"), json!(7), Value::Null] {
        let record = codec.write(PERSON, &what).unwrap();
        assert!(record.starts_with(' '), "{record}");
        assert_eq!(codec.read::<Value>(&record, PERSON).unwrap(), what);
        assert_eq!(serde_json::from_str::<Value>(&record).unwrap(), what);
        assert_eq!(Sheet::default().write(&codec, PERSON, &what).unwrap(), record);
    }
}

#[test]
fn a_record_from_before_there_was_a_mark_is_read() {
    for codec in [Codec::plain(), encrypting(&[OLD])] {
        let read: Value = codec.read(r#"{"a":1}"#, PERSON).unwrap();
        assert_eq!(read, json!({"a": 1}));
    }
}

#[test]
fn a_format_of_a_later_gateway_is_no_damage() {
    for codec in [Codec::plain(), encrypting(&[OLD])] {
        let later = codec.read::<Value>("%2:key-7:c2VhbGVk", PERSON).unwrap_err();
        assert!(matches!(&later, StoreError::Locked(why) if why.contains("newer")), "{later}");
        assert!(!later.is_retryable());
    }
}

#[test]
fn a_fault_names_the_record_and_not_its_content() {
    let encrypted = encrypting(&[OLD]).write(PERSON, "Alun").unwrap();
    let cut = encrypted.get(..encrypted.len() - 2).unwrap();
    for damaged in ["", " ", "{", " {", " {\"name\":\"Alun", "x", "%1:k-old:", "%1:k-old:é", cut] {
        let fault = encrypting(&[OLD]).read::<Value>(damaged, PERSON).unwrap_err();
        let expected = "the stored person `P-1` can't be read back";
        assert!(matches!(&fault, StoreError::Corrupt(what) if what == expected), "{fault}");
    }
}

#[test]
fn an_encrypted_record_says_nothing_and_reads_back_with_its_key() {
    let codec = encrypting(&[OLD]);
    for what in [json!({"name": "Alun Example"}), json!([]), Value::Null, json!("é".repeat(70_000))]
    {
        let record = codec.write(PERSON, &what).unwrap();
        assert!(record.starts_with("%1:k-old:") && !record.contains("Alun"), "{record}");
        assert_eq!(codec.read::<Value>(&record, PERSON).unwrap(), what);
        assert_ne!(codec.write(PERSON, &what).unwrap(), record, "never encrypted alike twice");
    }
}

#[test]
fn the_first_key_writes_and_every_key_reads() {
    let before = encrypting(&[OLD]).write(PERSON, &7).unwrap();
    let after = encrypting(&[NEW, OLD]);
    assert_eq!(after.read::<u32>(&before, PERSON).unwrap(), 7);
    let rewritten = after.write(PERSON, &7).unwrap();
    assert!(rewritten.starts_with("%1:k-new:"), "{rewritten}");
    assert_eq!(encrypting(&[NEW]).read::<u32>(&rewritten, PERSON).unwrap(), 7);
    for codec in [encrypting(&[NEW]), Codec::plain()] {
        let fault = codec.read::<u32>(&before, PERSON).unwrap_err();
        let says = "the stored person `P-1` is encrypted with the key `k-old`, which is not in [keys] store";
        assert!(matches!(&fault, StoreError::Locked(why) if why == says), "{fault}");
    }
}

#[test]
fn an_encrypted_record_holds_in_its_own_place_alone_and_as_it_was_written() {
    let codec = encrypting(&[OLD]);
    let record = codec.write(PERSON, &7).unwrap();
    for elsewhere in [
        Label { key: &"P-2", ..PERSON },
        Label { kind: "queue item", ..PERSON },
        Label { organisation: "tuntum", ..PERSON },
        // Where one word ends and the next begins counts.
        Label { organisation: "karbonp", kind: "erson", ..PERSON },
    ] {
        assert!(matches!(codec.read::<u32>(&record, elsewhere), Err(StoreError::Corrupt(_))));
    }
    let start = "%1:k-old:".len();
    for at in start..record.len() {
        let mut altered = record.clone().into_bytes();
        *altered.get_mut(at).unwrap() = if altered[at] == b'A' { b'B' } else { b'A' };
        assert!(matches!(codec.read::<u32>(&altered, PERSON), Err(StoreError::Corrupt(_))), "{at}");
    }
}
