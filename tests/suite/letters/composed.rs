//! Letters as they follow from a case, as a snapshot: of each kind, and of each outcome that it can tell of.

use chrono::NaiveDate;
use serde_json::{Value, json};

use contact_gateway::domain::case::CaseFile;
use contact_gateway::domain::case::letter::{CaseLetter, parts_of};
use contact_gateway::domain::letter::{About, Templates, compose, plain};
use contact_gateway::domain::person::Person;

use crate::notices::organisation;

const GROUND: &str = "persistence";

/// Under one restriction, perhaps with others beside it.
fn person(others: &[&str]) -> Person {
    let held = |id: &str, kind: &str| {
        json!({
            "id": id, "kind": kind, "starts": "2026-02-09", "review_due": "2026-08-09", "status": "active",
            "grounds": GROUND,
        })
    };
    let mut quota = held("R-1", "contact_quota");
    quota["limit"] = json!(2);
    quota["per"] = json!("week");
    let mut restrictions = vec![quota];
    for kind in others {
        let mut other = held(&format!("R-{kind}"), kind);
        if *kind == "call_length" {
            other["minutes"] = json!(10);
        }
        restrictions.push(other);
    }
    serde_json::from_value(json!({
        "id": "P-1", "name": "Jo Doe", "address": "1 High Street, Newcastle, NE1 1AA", "reference": "T-1",
        "restrictions": restrictions,
    }))
    .unwrap()
}

fn proposal(id: &str, restriction: Value) -> Value {
    json!({
        "id": id, "at": "2026-02-03T09:00:00Z", "by": "Bo Carr", "restriction": restriction,
        "incidents": ["I-1", "I-2"], "aim": "Fewer calls.",
        "why_no_lesser": "Less was tried and changed nothing.",
        "adjustments_considered": "None was needed.",
        "exceptions": [{
            "exception": "no_notification", "justification": "It would endanger somebody.",
            "review_due": "2026-05-04",
            "signature": {"name": "Ed Fox", "role": "head_of_service", "at": "2026-02-04T09:00:00Z"},
        }],
        "state": "signed",
        "signature": {"name": "Cy Dunn", "role": "manager", "at": "2026-02-04T09:00:00Z"},
        "sent_back": null,
    })
}

fn appeal(id: &str, hearer: bool, outcome: Option<&str>) -> Value {
    let decision = outcome.map(|outcome| {
        json!({"at": "2026-03-20T09:00:00Z", "by": "Ed Fox", "outcome": outcome, "why": "We looked at all of it."})
    });
    let hearer = hearer.then(|| {
        json!({"name": "Ed Fox", "role": "head_of_service", "assigned_at": "2026-03-03T09:00:00Z"})
    });
    json!({
        "id": id, "restriction": "R-1", "joined": [], "out_of_time": hearer.is_none(), "suspends": hearer.is_some(),
        "received": {"at": "2026-03-02T09:00:00Z", "channel": "telephone", "grounds": [], "text": null,
            "contact": null, "recorded_by": "Ann Bell"},
        "hearer": hearer, "decision": decision, "notified_at": null, "withdrawn_at": null,
    })
}

fn file() -> CaseFile {
    let incident = |id: &str, day: &str, ground: &str| {
        json!({
            "id": id, "recorded_at": format!("{day}T09:00:00Z"), "reported_by": "Ann Bell", "ground": ground,
            "severity": "ordinary", "happened_at": format!("{day}T08:00:00Z"), "channel": "telephone",
            "what": format!("Calls all day on {day}."), "contacts": [], "interaction_ended": false, "told": [],
            "staff": [], "closed": null,
        })
    };
    let warning = |id: &str, kind: &str, incidents: &[&str], consequences: Option<&str>| {
        json!({
            "id": id, "at": "2026-01-06T09:00:00Z", "by": "Bo Carr", "incidents": incidents, "kind": kind,
            "medium": "verbal", "behaviour": "You call all day.", "must_change": "Call once a week.",
            "consequences": consequences,
        })
    };
    let review = |id: &str, outcome: &str, next: Option<&str>| {
        json!({
            "id": id, "restriction": "R-1", "at": "2026-08-03T09:00:00Z", "by": "Bo Carr",
            "was_due": "2026-08-09", "outcome": outcome, "why": "You called less.", "conduct": null,
            "next_due": next, "letter_owed": true,
        })
    };
    let restraint = |restriction: &str, proposal: Option<&str>, ended: Option<Value>| {
        json!({
            "restriction": restriction, "proposal": proposal, "decided_elsewhere": proposal.is_none(),
            "decided": "2026-02-04", "letter_sent": "2026-02-05", "implemented": "2026-02-09",
            "took_part": [], "variations": [], "ended": ended,
        })
    };
    let ended = json!({"at": "2026-08-04T09:00:00Z", "by": "Bo Carr", "status": "lifted", "why": "All is well."});
    let quota = json!({"id": "R-1", "kind": "contact_quota", "limit": 2, "per": "week", "grounds": GROUND, "clause": "8.3",
        "starts": "2026-02-09"});
    let ending = json!({"id": "R-2", "kind": "contact_ended", "grounds": "abuse", "starts": "2026-02-09",
        "ends": "2027-02-09"});
    serde_json::from_value(json!({
        "person": "P-1",
        "incidents": [incident("I-1", "2026-01-05", GROUND), incident("I-2", "2026-02-02", "abuse")],
        "warnings": [
            warning("W-1", "formal", &["I-1"], Some("We may limit how you contact us.")),
            warning("W-2", "informal", &["I-9"], None),
        ],
        "proposals": [proposal("PR-1", quota), proposal("PR-2", ending)],
        "restraints": [restraint("R-1", Some("PR-1"), None), restraint("R-visits_in_pairs", None, Some(ended))],
        "reviews": [
            review("V-1", "keep", Some("2027-02-09")),
            review("V-2", "vary", None),
            review("V-3", "lift", None),
        ],
        "appeals": [
            appeal("A-1", false, None),
            appeal("A-2", true, None),
            appeal("A-3", true, Some("upheld")),
            appeal("A-4", true, Some("varied")),
            appeal("A-5", true, Some("quashed")),
        ],
    }))
    .unwrap()
}

/// The kind of a letter, what it is about, and what else its draft says.
fn drafts() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("warning", "W-1", json!({})),
        ("warning", "W-2", json!({})),
        ("restriction", "PR-1", json!({})),
        ("restriction", "PR-1", json!({"words": {"restrictions": "Call us on Mondays."}})),
        ("variation", "R-1", json!({})),
        ("variation", "R-1", json!({"changes": {"limit": 3}, "why": "You called less."})),
        ("lifted", "R-1", json!({"why": "You called less."})),
        ("lifted", "R-visits_in_pairs", json!({})),
        ("upcoming_review", "R-1", json!({})),
        ("review_outcome", "R-1", json!({})),
        ("review_outcome", "V-1", json!({})),
        ("review_outcome", "V-2", json!({})),
        ("review_outcome", "V-3", json!({})),
        ("appeal_acknowledged", "A-1", json!({})),
        ("appeal_acknowledged", "A-2", json!({})),
        ("appeal_outcome", "A-3", json!({})),
        ("appeal_outcome", "A-4", json!({})),
        ("appeal_outcome", "A-5", json!({})),
        ("contact_ended", "PR-2", json!({})),
        ("no_notification_record", "PR-1", json!({})),
    ]
}

fn letter(kind: &str, about: &str, more: Value) -> CaseLetter {
    let mut letter = json!({
        "id": "L-1", "kind": kind, "about": about, "language": "en", "format": "standard", "parts": [],
        "drafted_at": "2026-02-03T09:00:00Z", "drafted_by": "Bo Carr", "approval": null, "sent": null,
    });
    let Value::Object(more) = more else { unreachable!() };
    letter.as_object_mut().unwrap().extend(more);
    serde_json::from_value(letter).unwrap()
}

#[test]
fn every_letter_of_a_case_reads_as_its_snapshot() {
    let file = file();
    let (none, some): (&[&str], &[&str]) =
        (&["visits_in_pairs"], &["call_length", "visits_in_pairs"]);
    for name in ["tuntum", "united-welsh"] {
        let organisation = organisation(name);
        let mut all = String::new();
        for (number, (kind, about, more)) in drafts().into_iter().enumerate() {
            let mut letter = letter(kind, about, more);
            letter.parts = parts_of(&organisation.profile, letter.kind);
            let person = person(if number % 2 == 0 { none } else { some });
            let day = NaiveDate::from_ymd_opt(2026, 2, 5).unwrap();
            let about = About {
                organisation: &organisation,
                file: &file,
                person: &person,
                letter: &letter,
                day,
            };
            let composed = compose(about);
            let document = Templates::default().english.lay_out(&composed).unwrap();
            all.push_str(&format!(
                "{:=^72}\n\n{}\n",
                format!(" {kind} {} ", letter.about),
                plain(&document)
            ));
        }
        super::snapshot(&format!("composed-{name}.txt"), &all);
    }
}
