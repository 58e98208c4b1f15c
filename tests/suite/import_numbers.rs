//! `tests/faults/csv-*`: what spreadsheets and people make of numbers and addresses. Whoever was meant is
//! held to the restriction afterwards; what could be somebody else's is refused with its line.

use serde_json::{Value, json};

use crate::import::{Place, counts, text};

/// What a contact by such an identifier would come to.
fn would(place: &Place, kind: &str, value: &str) -> Value {
    let channel = if kind == "email" { "email" } else { "telephone" };
    let contact = json!({
        "id": "C", "channel": channel, "at": "2026-11-18T10:00:00Z",
        "from": [{"kind": kind, "value": value}]
    });
    place.write("contact.json", &contact.to_string());
    let output = place.run(&["decide", "--at", "2026-11-18T10:00:00Z", "contact.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let decision: Value = serde_json::from_slice(&output.stdout).unwrap();
    json!([decision["person"], decision["would"]])
}

#[test]
fn the_number_or_address_that_was_meant_is_held_to_the_restriction() {
    for (name, file) in [
        ("csv-float", include_str!("../faults/csv-float/people.csv")),
        ("csv-phone-note", include_str!("../faults/csv-phone-note/people.csv")),
        ("csv-zwsp-email", include_str!("../faults/csv-zwsp-email/people.csv")),
    ] {
        let place = Place::new();
        let done = counts(&place.import("people.csv", file));
        assert_eq!((&done["people"], &done["restrictions"]), (&json!(1), &json!(1)), "{name}");
        assert_eq!(would(&place, "phone", "+447700900123"), json!(["P-1", "limit"]), "{name}");
        assert_eq!(would(&place, "email", "jo@x.example"), json!(["P-1", "limit"]), "{name}");
        assert_eq!(would(&place, "phone", "+447700900124"), json!([null, null]), "{name}");
    }
}

#[test]
fn a_number_that_could_be_somebody_elses_is_refused_with_its_line() {
    let short = include_str!("../faults/csv-phone-short/people.csv");
    for (number, file) in
        [("960123", short.to_owned()), ("7.7009E+11", short.replace("960123", "7.7009E+11"))]
    {
        let place = Place::new();
        let output = place.import("people.csv", &file);
        assert_eq!(output.status.code(), Some(2), "{number}");
        let said = text(&output.stderr);
        assert!(said.contains("people.csv:2: phone: person \"P-1\": "), "{number}: {said}");
        // Nothing was imported of the row either.
        assert_eq!(would(&place, "email", "jo@x.example"), json!([null, null]), "{number}");
    }
}

/// The same in a list that another program exports.
#[test]
fn a_json_list_is_read_as_a_spreadsheet_is() {
    for (email, phone) in [
        ("jo@x.example", "447700900123.0"),
        ("jo@x.example", "07700 900123 (mum)"),
        ("\u{200b}jo@x.example", "07700 900123"),
    ] {
        let place = Place::new();
        let done = counts(&place.import("people.json", &listed(email, phone)));
        assert_eq!((&done["people"], &done["restrictions"]), (&json!(1), &json!(1)), "{phone}");
        assert_eq!(would(&place, "phone", "+447700900123"), json!(["P-1", "limit"]), "{phone}");
        assert_eq!(would(&place, "email", "jo@x.example"), json!(["P-1", "limit"]), "{phone}");
        assert_eq!(would(&place, "phone", "+447700900124"), json!([null, null]), "{phone}");
    }
    for number in ["960123", "7.7009E+11"] {
        let place = Place::new();
        let output = place.import("people.json", &listed("jo@x.example", number));
        assert_eq!(output.status.code(), Some(2), "{number}");
        let said = text(&output.stderr);
        assert!(said.contains("person \"P-1\": "), "{number}: {said}");
        assert_eq!(would(&place, "email", "jo@x.example"), json!([null, null]), "{number}");
    }
}

fn listed(email: &str, phone: &str) -> String {
    json!([{
        "id": "P-1", "name": "Jo Doe",
        "identifiers": [{"kind": "email", "value": email}, {"kind": "phone", "value": phone}],
        "restrictions": [{
            "id": "R-1", "kind": "channels_only", "channels": ["letter"], "grounds": "g",
            "clause": "6.2", "starts": "2026-11-01", "review_due": "2027-05-01", "decided_by": "A"
        }]
    }])
    .to_string()
}
