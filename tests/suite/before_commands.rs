//! `may-contact` and `case back-test`: what is asked before somebody is contacted or restricted, as commands.

use serde_json::{Value, json};

use crate::import::{Place, counts, text};

fn place() -> Place {
    let place = Place::new();
    let people = json!([{
        "id": "P-1", "name": "Jo Doe", "identifiers": [{"kind": "email", "value": "jo@home.example"}],
        "restrictions": [{"id": "R-1", "kind": "single_point_of_contact", "grounds": "demands", "clause": "8.3",
            "starts": "2020-01-01", "review_due": "2020-12-01", "decided_by": "A",
            "contact": {"name": "Pat Lee", "email": "pat@office.example"}}]
    }]);
    counts(&place.import("people.json", &people.to_string()));
    place
}

#[test]
fn may_contact_answers_a_script() {
    let place = place();
    let ask = |purpose: &str, more: &[&str]| {
        let asked = ["may-contact", "P-1", "--channel", "email", "--purpose", purpose];
        place.run(&[&asked[..], more].concat())
    };
    // The organisation only observes: nothing keeps anybody from contacting the person.
    let yes = ask("survey", &["--json"]);
    assert_eq!(yes.status.code(), Some(0), "{}", text(&yes.stderr));
    let said: Value = serde_json::from_slice(&yes.stdout).unwrap();
    assert_eq!(said["may"], true, "{said}");
    let yes = ask("statutory", &[]);
    assert_eq!(yes.status.code(), Some(0), "{}", text(&yes.stderr));
    assert!(text(&yes.stdout).starts_with("yes\n"), "{}", text(&yes.stdout));
    assert_eq!(ask("gossip", &[]).status.code(), Some(2));
    let nobody = place.run(&["may-contact", "P-9", "--channel", "email", "--purpose", "reply"]);
    assert_eq!(nobody.status.code(), Some(2));
    assert!(text(&nobody.stderr).contains("P-9"), "{}", text(&nobody.stderr));

    // Enforced, surveys don't go past the point of contact.
    let config = place.read("gateway.toml").replace("\"observe\"", "\"enforce\"");
    place.write("gateway.toml", &config);
    let no = ask("survey", &[]);
    assert_eq!(no.status.code(), Some(1), "{}", text(&no.stderr));
    assert!(text(&no.stdout).starts_with("no\n"), "{}", text(&no.stdout));
    assert_eq!(ask("statutory", &[]).status.code(), Some(0));
}

#[test]
fn a_back_test_is_a_command_too() {
    let place = place();
    let draft = json!({"id": "R-9", "kind": "contact_quota", "limit": 2, "per": "week"});
    place.write("draft.json", &draft.to_string());
    let tested = place.run(&["case", "--json", "back-test", "P-1", "draft.json", "--days", "14"]);
    assert_eq!(tested.status.code(), Some(0), "{}", text(&tested.stderr));
    let said: Value = serde_json::from_slice(&tested.stdout).unwrap();
    assert_eq!(said["contacts"], json!([]), "{said}");
    assert!(said["lighter"].as_array().unwrap().len() > 1, "{said}");
    let table = place.run(&["case", "back-test", "P-1", "draft.json"]);
    assert!(
        text(&table.stdout).starts_with("contacts 0, decided otherwise 0"),
        "{}",
        text(&table.stdout)
    );
    let too_long = place.run(&["case", "back-test", "P-1", "draft.json", "--days", "100000"]);
    assert_eq!(too_long.status.code(), Some(1), "{}", text(&too_long.stderr));
    place.write("draft.json", r#"{"id": "R-9", "kind": "contact_quota"}"#);
    let faulty = place.run(&["case", "back-test", "P-1", "draft.json"]);
    assert_eq!(faulty.status.code(), Some(2));
    assert!(text(&faulty.stderr).contains("draft.json"), "{}", text(&faulty.stderr));
}
