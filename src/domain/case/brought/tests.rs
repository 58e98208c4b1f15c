//! What laying a case from elsewhere over a file puts on record.

use serde_json::{Value, json};

use super::*;
use crate::domain::case::CaseFile;
use crate::domain::nation::Nation;
use crate::domain::person::Person;
use crate::domain::profile::Profile;

fn brought() -> Value {
    json!({
        "incidents": [{"id": "I-1", "ground": "abuse", "happened": "2026-01-05", "channel": "email",
            "what": "Insults.", "reported_by": "Ann Bell", "answered": "2026-01-06"}],
        "warnings": [{"id": "W-1", "given": "2026-01-07", "incidents": ["I-1"], "kind": "formal",
            "medium": "written", "behaviour": "Insults."}],
        "agreements": [{"id": "G-1", "offered": "2026-01-08", "by": "Bo Carr", "terms": "Be polite.",
            "state": "refused", "since": "2026-01-09"}],
        "mediations": [{"id": "M-1", "at": "2026-01-10", "step": "declined", "why": "No interest."}],
        "decisions": [{"restriction": "R-1", "decided": "2026-02-02", "letter_sent": "2026-02-03",
            "implemented": "2026-02-09", "took_part": ["Cy Dunn"]}],
        "reviews": [{"id": "V-1", "restriction": "R-1", "at": "2026-05-04", "outcome": "keep"}],
        "appeals": [
            {"id": "A-1", "restriction": "R-1", "received": "2026-02-10", "outcome": "upheld",
                "decided": "2026-02-20", "heard_by": "Ed Fox", "notified": "2026-02-21"},
            {"id": "A-2", "restriction": "R-2", "received": "2026-02-11"},
        ],
        "staff_complaints": [{"id": "S-1", "at": "2026-02-12", "about": "Bo Carr", "what": "Rude.",
            "closed": "2026-02-13", "outcome": "No."}],
    })
}

fn person() -> Person {
    let held = |id: &str, status: &str| json!({"id": id, "kind": "visits_in_pairs", "starts": "2026-02-09", "status": status});
    let restrictions = [held("R-1", "active"), held("R-2", "under_appeal")];
    serde_json::from_value(json!({"id": "P-1", "restrictions": restrictions})).unwrap()
}

fn lay(file: &mut CaseFile, brought: Value) -> Laid {
    let brought: Brought = serde_json::from_value(brought).unwrap();
    let profile = Profile::silent("Bare Homes", Nation::England);
    file.lay(&brought, &person(), &profile, "2026-06-01T10:00:00Z".parse().unwrap())
}

#[test]
fn every_entry_is_put_on_record_once_and_marked() {
    let mut file = CaseFile::of("P-1");
    assert_eq!(lay(&mut file, brought()), Laid { changed: 9, kept: Vec::new() });
    let marked: Vec<&str> = file.elsewhere.iter().map(String::as_str).collect();
    assert_eq!(
        marked,
        [
            "agreements G-1",
            "appeals A-1",
            "appeals A-2",
            "incidents I-1",
            "letters R-1-restriction",
            "letters W-1-warning",
            "mediations M-1",
            "reviews V-1",
            "staff_complaints S-1",
            "warnings W-1",
        ]
    );
    let known = file.restraint("R-1").unwrap();
    let day = |day: &str| day.parse::<chrono::NaiveDate>().unwrap();
    assert_eq!(known.decided, day("2026-02-02"));
    assert_eq!(known.letter_sent, Some(day("2026-02-03")));
    assert_eq!(known.implemented, day("2026-02-09"));
    assert_eq!(
        (known.took_part.as_slice(), known.decided_elsewhere),
        (&["Cy Dunn".to_owned()][..], true)
    );
    assert!(file.restraint("R-2").is_none());
    let [upheld, open] = file.appeals.as_slice() else { panic!("{:?}", file.appeals) };
    assert_eq!((upheld.state(), upheld.suspends), ("notified", false));
    assert_eq!(upheld.hearer.as_ref().unwrap().name, "Ed Fox");
    assert_eq!((open.state(), open.suspends, &open.hearer), ("received", true, &None));
    assert_eq!(file.incidents[0].state(), "answered");
    assert_eq!(file.agreements[0].since.to_rfc3339(), "2026-01-09T00:00:00+00:00");
    assert_eq!(
        (file.mediations[0].by.as_str(), file.warnings[0].by.as_str()),
        ("not recorded", "not recorded")
    );

    let before = file.clone();
    assert_eq!(lay(&mut file, brought()), Laid::default());
    assert_eq!(file, before);
}

#[test]
fn what_is_on_record_otherwise_stays_and_a_decision_is_corrected() {
    let mut file = CaseFile::of("P-1");
    lay(&mut file, brought());
    let mut other = brought();
    other["incidents"][0]["what"] = json!("Threats.");
    other["agreements"][0]["terms"] = json!("Call less.");
    other["appeals"][1]["received"] = json!("2026-03-11");
    other["decisions"][0]["decided"] = json!("2026-02-01");
    let laid = lay(&mut file, other);
    let kept = ["incidents I-1", "agreements G-1", "appeals A-2"].map(str::to_owned).to_vec();
    assert_eq!(laid, Laid { changed: 1, kept });
    assert_eq!(file.incidents[0].what, "Insults.");
    assert_eq!(file.restraint("R-1").unwrap().decided.to_string(), "2026-02-01");
    assert_eq!(file.restraints.len(), 1);
}
