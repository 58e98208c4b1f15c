//! What an import leaves alone, what it ends and says so, and what it refuses: nothing that protects
//! or restricts somebody changes without a word.

use std::process::Output;

use serde_json::{Value, json};

use crate::import::{Place, counts, text};

/// Whole records: what an office might have exported.
const WHOLE: &str = "\
id,name,email,phone,shared_phone,needs_channel,issues,restriction,kind,channels,grounds,clause,starts,review_due,decided_by
P-1,Jo Doe,jo@home.example,0115 496 0123,0115 496 0124,telephone,C-1,R-1,channels_only,letter,demands,8.2,2026-11-01,2027-05-01,A. Manager
P-2,Al Roe,al@home.example,,,,,R-2,channels_only,letter;email,demands,8.2,2026-11-01,2027-05-01,A. Manager
P-3,Bo Poe,bo@home.example,,,,,,,,,,,,
";

fn set_up() -> Place {
    let place = Place::new();
    assert_eq!(counts(&place.import("people.csv", WHOLE))["restrictions"], 2);
    place
}

fn audit(place: &Place) -> Value {
    let store = place.folder.path().join("store");
    let file = std::fs::read_dir(store).unwrap().flatten().map(|entry| entry.path());
    let database =
        file.into_iter().find(|path| path.extension().is_some_and(|end| end == "sqlite3"));
    let database = database.expect("the embedded store has a database file");
    let connection = rusqlite::Connection::open(database).unwrap();
    let entry: String = connection
        .query_row("SELECT record FROM audit ORDER BY number DESC LIMIT 1", [], |row| row.get(0))
        .unwrap();
    serde_json::from_str(&entry).unwrap()
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
    assert!(output.stdout.is_empty());
    text(&output.stderr)
}

#[test]
fn a_list_of_contacts_ends_no_restriction_and_loses_no_number() {
    let place = set_up();
    let contacts = "id,name,email\nP-1,Jo Doe,new@home.example\nP-2,Al Roe,al@home.example\n";
    let done = counts(&place.import("contacts.csv", contacts));
    assert_eq!(done, json!({"people": 2, "restrictions": 2, "unchanged": 1, "ended": []}));
    // What it did not speak of is there as it was: the same file as before changes the address alone.
    let again = counts(&place.import("people.csv", &WHOLE.replace("jo@home", "new@home")));
    assert_eq!(again["unchanged"], 3, "{again}");
}

#[test]
fn a_person_in_json_without_the_key_keeps_restrictions() {
    let place = set_up();
    let done = counts(&place.import("people.json", r#"[{"id": "P-1", "name": "Jo Roe"}]"#));
    assert_eq!(done, json!({"people": 1, "restrictions": 1, "unchanged": 0, "ended": []}));
    let again = counts(&place.import("people.csv", &WHOLE.replace("Jo Doe", "Jo Roe")));
    assert_eq!(again["unchanged"], 3, "{again}");
}

#[test]
fn what_a_file_would_end_is_listed_and_needs_the_flag() {
    let place = set_up();
    let without = r#"[{"id": "P-1", "restrictions": []}, {"id": "P-2", "restrictions": []}]"#;
    let said = refused(&place.import("people.json", without));
    for line in [
        "people.json: person \"P-1\": restriction \"R-1\" is in force, but not in the file",
        "people.json: person \"P-2\": restriction \"R-2\" is in force, but not in the file",
        "people.json: 2 restriction(s) would end; nothing was imported. --end-missing ends them",
    ] {
        assert!(said.lines().any(|said| said == line), "{line}\n{said}");
    }
    let output = place.run(&["import", "--json", "--end-missing", "people.json"]);
    let ended =
        json!([{"person": "P-1", "restriction": "R-1"}, {"person": "P-2", "restriction": "R-2"}]);
    let done = counts(&output);
    assert_eq!(done, json!({"people": 2, "restrictions": 2, "unchanged": 0, "ended": ended}));
    assert!(text(&output.stderr).contains("person \"P-1\": restriction \"R-1\" is ended"));
    // They are over, and on record.
    let again = counts(&place.import("people.json", without));
    assert_eq!(again, json!({"people": 2, "restrictions": 2, "unchanged": 2, "ended": []}));
}

#[test]
fn a_status_in_the_file_needs_no_flag_and_is_said() {
    let place = set_up();
    let lifted = WHOLE
        .replace(",review_due,", ",review_due,status,")
        .replace(",2027-05-01,", ",2027-05-01,lifted,")
        .replace(
            "P-3,Bo Poe,bo@home.example,,,,,,,,,,,,",
            "P-3,Bo Poe,bo@home.example,,,,,,,,,,,,,",
        );
    let output = place.import("people.csv", &lifted);
    assert_eq!(counts(&output)["ended"].as_array().unwrap().len(), 2);
    assert!(text(&output.stderr).contains("restriction \"R-2\" is ended"));
}

#[test]
fn the_audit_trail_names_what_was_ended() {
    let place = set_up();
    place.write("people.json", r#"[{"id": "P-2", "restrictions": []}]"#);
    counts(&place.run(&["import", "--json", "--end-missing", "--by", "Front desk", "people.json"]));
    let entry = audit(&place);
    assert_eq!(entry["event"], "imported", "{entry}");
    assert_eq!(entry["ended"], json!([{"person": "P-2", "restriction": "R-2"}]), "{entry}");
    assert_eq!((&entry["people"], &entry["restrictions"]), (&json!(1), &json!(1)), "{entry}");
}

#[test]
fn two_restrictions_that_together_shut_every_channel_are_refused() {
    let place = Place::new();
    let with = |second: &str, channel: &str| {
        format!(
            "id,restriction,kind,channels,grounds,clause,starts,{second},decided_by\n\
             P-1,R-1,channels_only,letter,g,8.2,2026-11-01,2026-12-31,A\n\
             P-1,R-2,channels_only,{channel},g,8.2,2026-12-01,2027-02-01,A\n"
        )
    };
    let said = refused(&place.import("people.csv", &with("ends", "telephone")));
    assert!(
        said.contains(
            "people.csv:3: channels: person \"P-1\": `R-1` and `R-2` together leave the person no way \
             to contact you that somebody answers"
        ),
        "{said}"
    );
    // With a channel in common, or one behind the other, they may stand.
    counts(&place.import("people.csv", &with("ends", "telephone;letter")));
    let place = Place::new();
    counts(
        &place.import("people.csv", &with("ends", "telephone").replace("2026-12-01", "2027-01-01")),
    );
}

#[test]
fn each_thing_that_must_be_on_record_is_named_where_it_is_missing() {
    let place = Place::new();
    let bare = r#"[{"id": "P-1", "restrictions": [{"id": "R-1", "kind": "contact_quota", "limit": 2, "per": "week"}]}]"#;
    let said = refused(&place.import("people.json", bare));
    let csv = refused(
        &place
            .import("people.csv", "id,restriction,kind,limit,per\nP-1,R-1,contact_quota,2,week\n"),
    );
    for key in ["grounds", "starts", "review_due", "decided_by"] {
        let named = format!("people.json:1:33: [0].restrictions[0].{key}: person \"P-1\": ");
        assert!(said.contains(&named), "{named}\n{said}");
        assert!(csv.contains(&format!("people.csv:2: {key}: person \"P-1\": ")), "{key}\n{csv}");
    }
    // What is over stays on record as it was.
    let over = bare.replace("contact_quota\"", "contact_quota\", \"status\": \"lifted\"");
    counts(&place.import("people.json", &over));
}

#[test]
fn every_fault_of_a_row_is_named_at_once_with_its_line() {
    let faulty = include_str!("../faults/csv-crlf-line/people.csv");
    assert!(faulty.contains("\r\n"));
    let place = Place::new();
    let said = refused(&place.import("people.csv", faulty));
    assert!(
        said.contains("\npeople.csv:4: review_due: person \"P-3\": `01/05/2027` is not a date"),
        "{said}"
    );
    let several = "id,email,restriction,kind,limit,per,starts,grounds,clause,review_due,decided_by\n\
                   \n\
                   P-1,not an address,R-1,contact_quota,two,fortnight,1/11/26,,8.2,2027-05-01,A\n";
    for text in [several.to_owned(), several.replace('\n', "\r\n")] {
        let said = refused(&place.import("people.csv", &text));
        for key in ["limit", "per", "starts", "grounds"] {
            assert!(
                said.contains(&format!("people.csv:3: {key}: person \"P-1\": ")),
                "{key}\n{said}"
            );
        }
        assert!(said.contains("the email "), "{said}");
        assert!(said.contains(" 5 fault(s)"), "{said}");
    }
}

#[test]
fn files_of_excel_are_read_or_called_what_they_are() {
    let place = Place::new();
    let write =
        |bytes: &[u8]| std::fs::write(place.folder.path().join("people.csv"), bytes).unwrap();
    write(b"id,name\r\nP-1,Si\xe2n Rees\r\n");
    let output = place.run(&["import", "--json", "people.csv"]);
    assert_eq!(counts(&output)["people"], 1);
    let said = text(&output.stderr);
    assert!(said.contains("people.csv: is not UTF-8, and was read as Windows-1252"), "{said}");
    let same = place.import("people.csv", "id,name\nP-1,Siân Rees\n");
    assert_eq!(counts(&same)["unchanged"], 1);
    for (bytes, says) in [
        (
            &b"id;name;email\r\nP-1;Jo;a@b.example\r\n"[..],
            "people.csv:1: id: the file is separated by semicolons",
        ),
        (b"id\tname\nP-1\tJo\n", "people.csv:1: id: the file is separated by tabs"),
        (b"PK\x03\x04\x14\x00\x06\x00", "people.csv:1: is a workbook"),
    ] {
        write(bytes);
        let said = refused(&place.run(&["import", "people.csv"]));
        assert!(said.lines().any(|line| line.starts_with(says)), "{said}");
    }
}
