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

#[test]
fn a_case_is_empty_without_any_entry_and_finds_what_is_said_of_a_restriction() {
    assert!(Brought::default().is_empty());
    for (part, entries) in brought().as_object().unwrap() {
        let one: Brought = serde_json::from_value(json!({part: entries})).unwrap();
        assert!(!one.is_empty(), "{part}");
    }
    let review = |id: &str, restriction: &str| json!({"id": id, "restriction": restriction, "at": "2026-05-04", "outcome": "keep"});
    let mut several = brought();
    several["reviews"] = json!([review("V-1", "R-1"), review("V-2", "R-1"), review("V-3", "R-2")]);
    several["decisions"] = json!([{"restriction": "R-1"}, {"restriction": "R-2"}]);
    let several: Brought = serde_json::from_value(several).unwrap();
    let last = |restriction: &str| several.last_review(restriction).map(|one| one.id.as_str());
    assert_eq!((last("R-1"), last("R-2"), last("R-3")), (Some("V-2"), Some("V-3"), None));
    let decision =
        |restriction: &str| several.decision(restriction).map(|one| one.restriction.as_str());
    assert_eq!(
        (decision("R-1"), decision("R-2"), decision("R-3")),
        (Some("R-1"), Some("R-2"), None)
    );
    // The appeal against the first is decided.
    let open = |restriction: &str| several.open_appeal(restriction).map(|one| one.id.as_str());
    assert_eq!((open("R-1"), open("R-2")), (None, Some("A-2")));
    assert_eq!(several.incidents[0].severity, Severity::Ordinary);
}

#[test]
fn a_letter_that_went_is_on_record_once_and_only_of_what_was_written() {
    let mut file = CaseFile::of("P-1");
    let mut spoken = brought();
    spoken["warnings"][0]["medium"] = json!("verbal");
    lay(&mut file, spoken);
    let letters: Vec<(&str, &str, &str)> = file
        .letters
        .iter()
        .map(|one| (one.id.as_str(), one.kind.name(), one.about.as_str()))
        .collect();
    assert_eq!(letters, [("R-1-restriction", "restriction", "R-1")]);
    let letter = &file.letters[0];
    let sent = letter.sent.as_ref().unwrap();
    assert_eq!((sent.means, sent.by.as_str()), (Means::Post, "not recorded"));
    assert_eq!(sent.at.to_rfc3339(), "2026-02-03T00:00:00+00:00");
    assert!(letter.has_gone() && letter.approval.is_none());
    // Correcting a day adds no second letter.
    let mut corrected = brought();
    corrected["decisions"][0]["letter_sent"] = json!("2026-02-04");
    lay(&mut file, corrected);
    assert_eq!(file.letters.len(), 1);
    assert!(file.is_from_elsewhere("letters", "R-1-restriction"));
    assert!(!file.is_from_elsewhere("letters", "R-2-restriction"));
}

#[test]
fn an_appeal_is_out_of_time_after_the_last_day_of_the_window() {
    use crate::domain::profile::{Anchor, Deadline, Length};
    let mut profile = Profile::silent("Bare Homes", Nation::England);
    profile.appeal.window =
        Some(Deadline { length: Length::Months(1), from: Some(Anchor::Decision) });
    for (received, out_of_time) in [("2026-03-02", false), ("2026-03-03", true)] {
        let mut brought = brought();
        brought["appeals"] = json!([
            {"id": "A-1", "restriction": "R-1", "received": received},
            {"id": "A-2", "restriction": "R-9", "received": received},
        ]);
        let brought: Brought = serde_json::from_value(brought).unwrap();
        let mut file = CaseFile::of("P-1");
        file.lay(&brought, &person(), &profile, "2026-06-01T10:00:00Z".parse().unwrap());
        let [appeal] = file.appeals.as_slice() else { panic!("{:?}", file.appeals) };
        assert_eq!((appeal.out_of_time, appeal.suspends), (out_of_time, false), "{received}");
        assert_eq!((appeal.received.channel, &appeal.hearer), (Channel::Letter, &None));
    }
}

#[test]
fn days_follow_the_record_until_a_step_is_taken_here() {
    let profile = Profile::silent("Bare Homes", Nation::England);
    let at = "2026-06-01T10:00:00Z".parse().unwrap();
    let mut file = CaseFile::of("P-1");
    assert!(!file.follow_record(&person(), &profile, at), "nothing is known of it");
    file.take_in(&person(), &profile, at);
    assert!(!file.follow_record(&person(), &profile, at), "nothing has changed");
    let mut corrected = person();
    for restriction in &mut corrected.restrictions {
        restriction.starts = Some("2026-02-16".parse().unwrap());
        restriction.decided_by = Some("Ann Bell".to_owned());
    }
    let mut varied = file.clone();
    assert!(file.follow_record(&corrected, &profile, at));
    assert_eq!(file.restraints.len(), 2);
    for known in &file.restraints {
        assert_eq!(known.decided.to_string(), "2026-02-16");
        assert_eq!(known.took_part, ["Ann Bell"]);
    }
    // Of a restriction that was varied here, and of one that was decided here.
    varied.restraints[0].variations.push(crate::domain::case::restraint::Variation {
        at,
        by: "Ed Fox".to_owned(),
        why: "Enough.".to_owned(),
    });
    varied.restraints[1].decided_elsewhere = false;
    assert!(!varied.follow_record(&corrected, &profile, at));
}

#[test]
fn days_of_a_file_stay_when_the_record_is_followed_and_nobody_takes_part_twice() {
    let mut file = CaseFile::of("P-1");
    let mut said = brought();
    said["decisions"][0]["took_part"] = json!(["Cy Dunn", "Ann Bell", "Cy Dunn"]);
    lay(&mut file, said);
    let mut known = person();
    known.restrictions[0].decided_by = Some("Ann Bell".to_owned());
    let profile = Profile::silent("Bare Homes", Nation::England);
    assert!(file.follow_record(&known, &profile, "2026-06-01T10:00:00Z".parse().unwrap()));
    let followed = file.restraint("R-1").unwrap();
    assert_eq!(followed.decided.to_string(), "2026-02-02");
    assert_eq!(followed.took_part, ["Ann Bell", "Cy Dunn"]);
}
