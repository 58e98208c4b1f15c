//! Conduct, what was tried before a restriction, and everything else that is only recorded.

use super::*;

const NOW: &str = "2026-03-04T10";
const AT: &str = "2026-03-04T10:00:00Z";

fn refused_each(case: &OneCase, by: &str, rows: Vec<(Value, Vec<&str>)>) {
    for (act, expected) in rows {
        assert_eq!(case.refused(NOW, by, act.clone()), expected, "{act}");
    }
}

#[test]
fn an_incident_is_on_a_ground_of_the_policy_and_not_in_the_future() {
    let act = |key: &str, value: Value| {
        let mut act = incident("2026-03-01T09:00:00Z");
        act[key] = value;
        act
    };
    let mut case = OneCase::new();
    refused_each(
        &case,
        "Ann",
        vec![
            (act("happened_at", json!(AT)), vec![]),
            (act("happened_at", json!("2026-03-04T10:00:01Z")), vec!["dates.order happened_at"]),
            (act("ground", json!("noise")), vec!["grounds.missing ground 2"]),
            (act("ground", json!(" ")), vec!["field.missing ground"]),
            (act("severity", json!(null)), vec!["field.missing severity"]),
            (act("channel", json!(null)), vec!["field.missing channel"]),
            (act("what", json!("")), vec!["field.missing what"]),
        ],
    );
    case.policy().grounds = Vec::new();
    refused_each(&case, "Ann", vec![(act("ground", json!("noise")), vec![])]);
}

#[test]
fn one_incident_is_closed_once() {
    let mut case = warned_case();
    let close = |id: &str, outcome: &str| json!({"act": "close_incident", "incident": id, "outcome": outcome, "why": " Known. "});
    case.take(NOW, "Ann", close("P-1-I-2", "answered"));
    let closed: Vec<Option<&str>> = case
        .file
        .incidents
        .iter()
        .map(|one| one.closed.as_ref().map(|closed| closed.why.as_str()))
        .collect();
    assert_eq!(closed, [None, Some("Known.")]);
    refused_each(
        &case,
        "Ann",
        vec![
            (close("P-1-I-2", "no_action"), vec!["state.wrong"]),
            (close("P-1-I-3", "no_action"), vec!["reference.unknown incident"]),
            (close("P-1-I-1", "no_action"), vec![]),
            (
                json!({"act": "close_incident", "incident": "P-1-I-1"}),
                vec!["field.missing outcome", "field.missing why"],
            ),
        ],
    );
}

#[test]
fn a_warning_says_what_the_policy_asks_and_answers_conduct() {
    let mut case = warned_case();
    let act = |changes: Value| {
        let mut act = warning(&["P-1-I-1"]);
        for (key, value) in changes.as_object().unwrap() {
            act[key] = value.clone();
        }
        act
    };
    let verbal = vec!["medium.not_allowed 7"];
    let formal = json!({"kind": "formal"});
    refused_each(
        &case,
        "Max",
        vec![
            (act(json!({})), vec![]),
            (act(json!({"medium": "written"})), vec![]),
            (act(formal), vec!["field.missing consequences 7"]),
            (act(json!({"kind": "formal", "consequences": "A limit."})), vec![]),
            (act(json!({"behaviour": " "})), vec!["field.missing behaviour 7"]),
            (act(json!({"must_change": null})), vec!["field.missing must_change 7"]),
            (act(json!({"incidents": []})), vec!["incident.missing incidents"]),
            (act(json!({"incidents": ["P-1-I-9"]})), vec!["reference.unknown incidents"]),
        ],
    );
    for (outcome, expected) in [("answered", vec![]), ("no_action", vec!["state.wrong"])] {
        let mut case = warned_case();
        let close = json!({"act": "close_incident", "incident": "P-1-I-1", "outcome": outcome, "why": "Known."});
        case.take(NOW, "Ann", close);
        refused_each(&case, "Max", vec![(act(json!({})), expected)]);
    }
    case.policy().warn_first.media = vec!["written".to_owned()];
    refused_each(
        &case,
        "Max",
        vec![(act(json!({})), verbal), (act(json!({"medium": "written"})), vec![])],
    );
    case.policy().warn_first.media.push("verbal".to_owned());
    case.policy().warn_first.must_say = vec!["consequences".to_owned()];
    refused_each(&case, "Max", vec![(act(json!({})), vec!["field.missing consequences 7"])]);
    case.policy().warn_first.must_say = vec!["behaviour".to_owned()];
    case.take(NOW, "Max", act(json!({"consequences": " A limit. ", "behaviour": " Insults. "})));
    assert_eq!(
        case.shown("warnings")[1],
        json!({"id": "P-1-W-2", "at": AT, "by": "Max", "incidents": ["P-1-I-1"], "kind": "informal",
            "medium": "verbal", "behaviour": "Insults.", "must_change": "No shouting.", "consequences": " A limit. "})
    );
    refused_each(&case, "Ann", vec![(act(json!({})), vec!["role.not_allowed by"])]);
}

#[test]
fn an_agreement_goes_from_offered_to_its_end() {
    let mut case = OneCase::new();
    let offer = json!({"act": "offer_agreement", "terms": "Call less.", "until": "2026-06-01"});
    for id in ["P-1-G-1", "P-1-G-2", "P-1-G-3", "P-1-G-4"] {
        assert_eq!(case.take("2026-03-02T10", "Max", offer.clone()).made["id"], id);
    }
    let of = |act: &str, id: &str| json!({"act": act, "agreement": id});
    let answer = |id: &str, accepted: bool| json!({"act": "answer_agreement", "agreement": id, "accepted": accepted});
    case.take("2026-03-03T10", "Max", answer("P-1-G-2", true));
    case.take("2026-03-03T10", "Max", answer("P-1-G-3", true));
    case.take("2026-03-03T10", "Max", answer("P-1-G-4", false));
    let mut breach = of("breach_agreement", "P-1-G-2");
    refused_each(
        &case,
        "Max",
        vec![
            (breach.clone(), vec!["field.missing what"]),
            (answer("P-1-G-2", false), vec!["state.wrong"]),
            (of("close_agreement", "P-1-G-1"), vec!["state.wrong"]),
            (of("close_agreement", "P-1-G-9"), vec!["reference.unknown agreement"]),
            (of("answer_agreement", "P-1-G-1"), vec!["field.missing accepted"]),
        ],
    );
    breach["what"] = json!("Ten calls.");
    case.take(NOW, "Max", breach);
    let mut close = of("close_agreement", "P-1-G-3");
    close["why"] = json!("All was well.");
    case.take(NOW, "Max", close);
    let (offered, answered) = ("2026-03-02T10:00:00Z", "2026-03-03T10:00:00Z");
    let states: Vec<Value> = case
        .shown("agreements")
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["id"], one["offered_at"], one["state"], one["since"], one["what"]]))
        .collect();
    assert_eq!(
        states,
        [
            json!(["P-1-G-1", offered, "offered", offered, null]),
            json!(["P-1-G-2", offered, "breached", AT, "Ten calls."]),
            json!(["P-1-G-3", offered, "kept", AT, "All was well."]),
            json!(["P-1-G-4", offered, "refused", answered, null]),
        ]
    );
}

#[test]
fn mediation_other_action_and_complaints_are_put_on_record() {
    let mut case = OneCase::new();
    let mediation =
        json!({"act": "record_mediation", "step": "offered", "why": "Both may want it."});
    let action = json!({"act": "record_action", "kind": "police", "what": "Told."});
    let complaint =
        |about: &str| json!({"act": "record_staff_complaint", "about": about, "what": "Rude."});
    for number in ["1", "2"] {
        let made = case.take(NOW, "Max", mediation.clone()).made;
        assert_eq!(
            Value::Object(made),
            json!({"id": format!("P-1-M-{number}"), "kind": "mediation"})
        );
        let made = case.take(NOW, "Ann", action.clone()).made;
        assert_eq!(Value::Object(made), json!({"id": format!("P-1-X-{number}"), "kind": "action"}));
        let made = case.take(NOW, "Ann", complaint("max")).made;
        assert_eq!(
            Value::Object(made),
            json!({"id": format!("P-1-C-{number}"), "kind": "staff_complaint"})
        );
    }
    assert_eq!(
        case.shown("mediations")[1],
        json!({"id": "P-1-M-2", "at": AT, "by": "Max", "step": "offered", "why": "Both may want it."})
    );
    assert_eq!(
        case.shown("actions")[1],
        json!({"id": "P-1-X-2", "at": AT, "by": "Ann", "action": "police", "what": "Told."})
    );
    let close = |id: &str| json!({"act": "close_staff_complaint", "complaint": id, "outcome": "Unfounded."});
    refused_each(&case, "Max", vec![(close("P-1-C-2"), vec!["decider.accused by"])]);
    case.take(NOW, "Hal", close("P-1-C-2"));
    refused_each(
        &case,
        "Hal",
        vec![
            (close("P-1-C-2"), vec!["state.wrong"]),
            (close("P-1-C-3"), vec!["reference.unknown complaint"]),
            (close("P-1-C-1"), vec![]),
        ],
    );
    assert_eq!(
        case.shown("staff_complaints"),
        json!([
            {"id": "P-1-C-1", "at": AT, "by": "Ann", "about": "max", "what": "Rude.", "closed": null},
            {"id": "P-1-C-2", "at": AT, "by": "Ann", "about": "max", "what": "Rude.",
                "closed": {"at": AT, "by": "Hal", "why": "Unfounded.", "outcome": "Unfounded."}},
        ])
    );
}

#[test]
fn whoever_is_accused_decides_nothing() {
    let mut case = warned_case();
    case.record("restrictions", json!([held(json!({}))]));
    let lift = json!({"act": "lift", "restriction": "R-1", "why": "Enough."});
    let said = |case: &OneCase| {
        let broken = case.tried(NOW, "Hal", lift.clone()).unwrap_err();
        broken.into_iter().map(|one| one.what).next().unwrap()
    };
    let mut incidents = case.shown("incidents");
    incidents[0]["staff"] = json!(["hal "]);
    case.lay("incidents", incidents);
    assert_eq!(said(&case), "an incident on this person's file is about Hal");
    case.take(
        NOW,
        "Ann",
        json!({"act": "record_staff_complaint", "about": "Hal", "what": "Rude."}),
    );
    assert_eq!(said(&case), "Hal is the subject of an open complaint by this person");
    assert_eq!(case.refused(NOW, "Hil", lift), ["letter.not_sent letter 9"]);
}

fn tasks() -> Value {
    let task = |contact: &str, kind: &str, issue: Option<&str>| {
        json!({"contact": contact, "kind": kind, "at": "2026-03-02T10:00:00Z", "restriction": "R-1", "issue": issue,
            "thread": [format!("<{contact}@x>")], "done": null})
    };
    json!([
        task("c-1", "read_filed", None),
        task("c-1", "engagement", Some("REP-1")),
        task("c-2", "engagement", None),
        task("c-2", "read_filed", None),
        task("c-3", "engagement", Some("REP-3")),
    ])
}

fn done(case: &OneCase) -> Vec<bool> {
    case.file.tasks.iter().map(|task| task.done.is_some()).collect()
}

#[test]
fn a_filed_contact_is_read_once() {
    let mut case = OneCase::new();
    case.lay("tasks", tasks());
    let read = |item: &str| json!({"act": "mark_read", "item": item});
    case.take(NOW, "Ann", read("c-2"));
    assert_eq!(done(&case), [false, false, false, true, false]);
    assert_eq!(
        case.shown("tasks")[3]["done"],
        json!({"at": AT, "by": "Ann", "engage": null, "why": null})
    );
    refused_each(
        &case,
        "Ann",
        vec![
            (read("c-2"), vec!["state.wrong"]),
            (read("c-3"), vec!["reference.unknown item"]),
            (read("c-1"), vec![]),
        ],
    );
}

#[test]
fn a_new_issue_is_engaged_with_by_the_role_that_decides_on_it() {
    let mut case = OneCase::new();
    case.lay("tasks", tasks());
    case.record("issues", json!(["REP-3"]));
    let decide = |item: &str, engage: bool| json!({"act": "decide_engagement", "item": item, "engage": engage, "why": "A leak."});
    assert_eq!(case.refused(NOW, "Max", decide("c-1", true)), ["role.not_allowed"]);
    let stepped = case.take(NOW, "Hal", decide("c-1", true));
    assert_eq!(stepped.effects, [Effect::Release { contact: "c-1".to_owned() }]);
    let stepped = case.take(NOW, "Hal", decide("c-3", true));
    assert_eq!(stepped.effects, [Effect::Release { contact: "c-3".to_owned() }]);
    let stepped = case.take(NOW, "Hal", decide("c-2", false));
    assert_eq!(stepped.effects, []);
    assert_eq!(done(&case), [false, true, true, false, true]);
    assert_eq!(
        case.shown("tasks")[2]["done"],
        json!({"at": AT, "by": "Hal", "engage": false, "why": "A leak."})
    );
    assert_eq!(case.person.issues, ["REP-3", "REP-1"]);
    assert_eq!(
        json!(case.person.engaged),
        json!([{"issue": "REP-1", "threads": ["<c-1@x>"]}, {"issue": "REP-3", "threads": ["<c-3@x>"]}])
    );
    assert_eq!(case.refused(NOW, "Hal", decide("c-2", true)), ["state.wrong"]);
    case.policy().responsible.engages_after_end = Vec::new();
    case.lay("tasks", tasks());
    let unset = ["profile.unset responsible.engages_after_end"];
    assert_eq!(case.refused(NOW, "Hal", decide("c-1", true)), unset);
}

#[test]
fn an_adjustment_recorded_again_voids_what_was_reconciled_with_another_need() {
    let mut case = warned_case();
    let record = |adjustment: Value| json!({"act": "record_adjustment", "adjustment": adjustment});
    let needs =
        |id: &str, channel: &str| json!({"id": id, "kind": "needs_channel", "channel": channel});
    case.take(NOW, "Ann", record(json!({"kind": "large_print"})));
    let made = case.take(NOW, "Ann", record(json!({"kind": "braille"}))).made;
    assert_eq!(Value::Object(made), json!({"id": "P-1-J-2", "kind": "adjustment"}));
    let mut named = record(json!({"kind": "audio"}));
    named["id"] = json!("J-9");
    case.take(NOW, "Ann", named);
    case.take(NOW, "Ann", record(needs("J-4", "email")));
    let ids = |case: &OneCase| {
        case.person.adjustments.iter().map(|one| one.id.clone().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&case), ["P-1-J-1", "P-1-J-2", "J-9", "J-4"]);
    case.take(NOW, "Max", proposal(json!({})));
    let reconcile = |adjustment: &str, restriction: &str| json!({"act": "reconcile_adjustment", "adjustment": adjustment, "restriction": restriction, "how": "Both."});
    refused_each(
        &case,
        "Max",
        vec![
            (reconcile("J-5", "R-1"), vec!["reference.unknown adjustment"]),
            (reconcile("J-4", "R-2"), vec!["reference.unknown restriction"]),
        ],
    );
    case.take(NOW, "Max", reconcile("J-9", "R-1"));
    case.take(NOW, "Max", reconcile("J-4", "R-1"));
    let void = |case: &OneCase| {
        case.file.reconciliations.iter().map(|one| one.void_since).collect::<Vec<_>>()
    };
    case.take("2026-03-05T10", "Ann", record(needs("J-4", "email")));
    assert_eq!(void(&case), [None, None], "the same again");
    case.take("2026-03-06T10", "Ann", record(needs("J-4", "telephone")));
    let then = Some(instant("2026-03-06T10"));
    assert_eq!(void(&case), [None, then]);
    case.take("2026-03-07T10", "Ann", record(json!({"id": "J-4", "kind": "other"})));
    assert_eq!(void(&case), [None, then], "it was void before");
    assert_eq!(ids(&case), ["P-1-J-1", "P-1-J-2", "J-9", "J-4"]);
    // A restriction in force can be reconciled without a proposal.
    case.record("restrictions", json!([held(json!({"id": "R-7"}))]));
    case.record("adjustments", json!([{"kind": "audio"}]));
    refused_each(
        &case,
        "Max",
        vec![
            (reconcile("1", "R-7"), vec![]),
            (reconcile("0", "R-7"), vec!["reference.unknown adjustment"]),
        ],
    );
}

fn answered() -> OneCase {
    let mut case = OneCase::new();
    let point = json!({"id": "R-1", "kind": "single_point_of_contact", "starts": "2026-01-05",
        "contact": {"name": "Sam"}, "deputies": [{"name": "Dee"}]});
    case.record("restrictions", json!([held(json!({"id": "R-2"})), point]));
    case
}

fn absent(changes: Value) -> Value {
    let mut act = json!({"act": "record_absence", "restriction": "R-1", "contact": "Sam", "from": "2026-03-09",
        "to": "2026-03-10"});
    for (key, value) in changes.as_object().unwrap() {
        act[key] = value.clone();
    }
    act
}

#[test]
fn an_absence_is_of_somebody_who_answers_and_ends_after_it_begins() {
    let mut case = answered();
    let from_ten = |to: &str| absent(json!({"from": "2026-03-09T10:00:00Z", "to": to}));
    refused_each(
        &case,
        "Ann",
        vec![
            (absent(json!({"to": "2026-03-09"})), vec![]),
            (absent(json!({"to": "2026-03-08"})), vec!["dates.order to"]),
            (from_ten("2026-03-09T10:00:01Z"), vec![]),
            (from_ten("2026-03-09T10:00:00Z"), vec!["dates.order to"]),
            (absent(json!({"contact": "Dee"})), vec![]),
            (absent(json!({"contact": "Eve"})), vec!["reference.unknown contact"]),
            (absent(json!({"restriction": "R-2"})), vec!["state.wrong"]),
            (
                absent(json!({"from": null, "to": null})),
                vec!["field.missing from", "field.missing to"],
            ),
        ],
    );
    case.take(NOW, "Ann", absent(json!({})));
    case.take(NOW, "Ann", absent(json!({})));
    case.take(NOW, "Ann", absent(json!({"contact": "Dee"})));
    let away = |name: &str| json!({"contact": name, "from": "2026-03-09", "to": "2026-03-10"});
    let restrictions = json!(case.person.restrictions);
    assert_eq!(restrictions[1]["absences"], json!([away("Sam"), away("Dee")]));
    assert_eq!(restrictions[0], json!(answered().person.restrictions[0]));
}

#[test]
fn a_leaver_is_followed_by_a_successor_or_leaves_the_team_to_answer() {
    let for_good = |changes: Value| {
        let mut act = absent(json!({"to": "9999-12-31"}));
        for (key, value) in changes.as_object().unwrap() {
            act[key] = value.clone();
        }
        act
    };
    let mut case = answered();
    let eve = json!({"name": "Eve"});
    refused_each(
        &case,
        "Max",
        vec![
            (absent(json!({"successor": eve})), vec!["state.wrong successor"]),
            (for_good(json!({"successor": {"name": "Sam"}})), vec!["state.wrong successor"]),
            (for_good(json!({"successor": eve})), vec![]),
        ],
    );
    refused_each(
        &case,
        "Ann",
        vec![
            (for_good(json!({"successor": eve})), vec!["role.not_allowed by"]),
            (for_good(json!({})), vec![]),
        ],
    );
    case.take(NOW, "Max", for_good(json!({"successor": eve})));
    let point = |case: &OneCase| json!(case.person.restrictions[1]);
    assert_eq!(point(&case)["contact"], json!({"name": "Sam"}));
    assert_eq!(point(&case)["deputies"], json!([{"name": "Eve"}, {"name": "Dee"}]));
    let left = |name: &str| json!({"contact": name, "from": "2026-03-09", "to": "9999-12-31"});
    assert_eq!(point(&case)["absences"], json!([left("Sam")]));
    case.take(NOW, "Ann", for_good(json!({"contact": "Eve"})));
    case.take(NOW, "Ann", for_good(json!({"contact": "Dee"})));
    assert_eq!(point(&case)["absences"], json!([left("Sam"), left("Eve"), left("Dee")]));
}
