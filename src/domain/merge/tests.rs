//! What records are together, what keeps two from being merged, and what staff should look at before.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::domain::nation::Nation;
use crate::domain::restriction::{Mode, Status};

fn record(json: Value) -> Arc<Person> {
    Arc::new(serde_json::from_value(json).unwrap())
}

fn silent() -> Profile {
    Profile::silent("Bare Homes", Nation::England)
}

#[test]
fn records_of_one_person_know_their_root_and_the_others() {
    let records = ["P-1", "P-2", "P-3"].map(|id| record(json!({"id": id})));
    let whole = together(&records);
    assert_eq!(others(&whole[0]), ["P-2", "P-3"]);
    assert_eq!(others(&whole[1]), ["P-1", "P-3"]);
    assert!(whole.iter().all(|one| root_of(one) == "P-1"));
    let alone = together(&records[1..2]);
    assert_eq!((others(&alone[0]), root_of(&alone[0])), (Vec::new(), "P-2"));
    assert_eq!(alone, records[1..2]);
    assert!(together(&[]).is_empty());
    // As it is stored, a record only says what it is merged into.
    assert_eq!(root_of(&record(json!({"id": "P-2", "merged_into": "P-1"}))), "P-1");
}

#[test]
fn each_record_is_enforced_with_what_the_others_have_after_its_own_and_nothing_twice() {
    let both = json!({"kind": "email", "value": "both@x.example"});
    let of = |id: &str| {
        record(json!({
            "id": id, "name": id,
            "identifiers": [both, {"kind": "email", "value": format!("{id}@x.example")}],
            "representatives": [{"name": format!("Rep of {id}")}],
            "adjustments": [{"kind": "large_print"}, {"kind": "other", "note": id}],
            "issues": ["C-0", format!("C-{id}")],
            "invitations": [{"thread": format!("<{id}@x>")}],
            "engaged": [{"issue": format!("N-{id}")}],
            "restrictions": [{"id": format!("R-{id}"), "kind": "visits_in_pairs"}],
        }))
    };
    let whole = together(&[of("P-1"), of("P-2")]);
    let mut expected: Person = serde_json::from_value(json!({
        "id": "P-2", "name": "P-2",
        "identifiers": [both, {"kind": "email", "value": "P-2@x.example"}, {"kind": "email", "value": "P-1@x.example"}],
        "representatives": [{"name": "Rep of P-2"}, {"name": "Rep of P-1"}],
        "adjustments": [{"kind": "large_print"}, {"kind": "other", "note": "P-2"}, {"kind": "other", "note": "P-1"}],
        "issues": ["C-0", "C-P-2", "C-P-1"],
        "invitations": [{"thread": "<P-2@x>"}, {"thread": "<P-1@x>"}],
        "engaged": [{"issue": "N-P-2"}, {"issue": "N-P-1"}],
        "restrictions": [{"id": "R-P-2", "kind": "visits_in_pairs"}, {"id": "R-P-1", "kind": "visits_in_pairs"}],
    }))
    .unwrap();
    let owned = |restriction: &str, owner: &str| (restriction.to_owned(), owner.to_owned());
    expected.together = Some(Arc::new(Together {
        root: "P-1".to_owned(),
        records: vec!["P-1".to_owned(), "P-2".to_owned()],
        owners: vec![owned("R-P-1", "P-1"), owned("R-P-2", "P-2")],
    }));
    assert_eq!(serde_json::to_value(&*whole[1]).unwrap(), serde_json::to_value(&expected).unwrap());
    assert_eq!(*whole[1], expected);
}

/// Quotas of three records of one person: of all channels, of e-mail and of issues.
fn with_quotas() -> Arc<Person> {
    let quota = |id: &str, more: Value| {
        let mut quota = json!({"id": id, "kind": "contact_quota", "limit": 9, "per": "week"});
        quota.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        quota
    };
    let email = json!({"channels": ["email"]});
    let issues = json!({"kind": "issue_quota"});
    let records = [
        json!({"id": "P-1", "restrictions": [
            quota("ALL", json!({"starts": "2026-11-23"})), quota("OWN-EMAIL", email.clone()),
            quota("ISSUES", issues.clone()),
        ]}),
        json!({"id": "P-2", "restrictions": [
            quota("EMAIL", email), quota("OTHER-ISSUES", issues), {"id": "PAIRS", "kind": "visits_in_pairs"},
        ]}),
        json!({"id": "P-3", "restrictions": [quota("ALSO-ALL", json!({}))]}),
    ];
    Arc::clone(&together(&records.map(record))[0])
}

fn counted(restriction: &str, mode: Mode, at: &str) -> Counted {
    let at = format!("2026-11-{at}Z").parse().unwrap();
    Counted { restriction: restriction.to_owned(), mode, at, issue: None }
}

fn ledger() -> Ledger {
    let (enforced, observed) = (Mode::Enforce, Mode::Observe);
    let counted = [
        ("ALL", enforced, "24T10:00:00"),
        ("OWN-EMAIL", enforced, "24T10:01:00"),
        ("ISSUES", enforced, "24T10:02:00"),
        // At the instant of a counted contact in the same mode, so it is the same contact.
        ("EMAIL", enforced, "24T10:00:00"),
        ("EMAIL", observed, "24T10:00:00"),
        ("EMAIL", enforced, "24T10:03:00"),
        ("ALSO-ALL", enforced, "24T10:03:00"),
        ("ALSO-ALL", observed, "24T10:03:00"),
        // At the start of the period of the quota for all channels, and just before.
        ("EMAIL", enforced, "23T00:00:00"),
        ("EMAIL", enforced, "22T23:59:59"),
        ("OTHER-ISSUES", enforced, "24T10:04:00"),
        ("PAIRS", enforced, "24T10:05:00"),
        ("GONE", enforced, "24T10:06:00"),
    ]
    .map(|(restriction, mode, at)| counted(restriction, mode, at));
    Ledger { counted: counted.to_vec(), ..Ledger::default() }
}

#[test]
fn a_quota_counts_with_its_own_what_only_quotas_of_other_records_counted() {
    let (person, ledger) = (with_quotas(), ledger());
    let found = |person: Option<&Person>, quota: &str| -> Vec<Counted> {
        let held = with_quotas();
        let quota = held.restrictions.iter().find(|one| one.id == quota).unwrap();
        counted_for(person, &silent(), quota, &ledger).into_iter().cloned().collect()
    };
    let (enforced, observed) = (Mode::Enforce, Mode::Observe);
    let all = counted("ALL", enforced, "24T10:00:00");
    assert_eq!(
        found(Some(&person), "ALL"),
        [
            all.clone(),
            counted("EMAIL", observed, "24T10:00:00"),
            counted("EMAIL", enforced, "24T10:03:00"),
            counted("ALSO-ALL", observed, "24T10:03:00"),
            counted("EMAIL", enforced, "23T00:00:00"),
        ]
    );
    // A quota for all channels counts contacts that one for e-mail would not.
    let own: Vec<Counted> =
        ledger.counted.iter().filter(|one| one.restriction == "EMAIL").cloned().collect();
    let from_own_email = counted("OWN-EMAIL", enforced, "24T10:01:00");
    assert_eq!(found(Some(&person), "EMAIL"), [own, vec![from_own_email]].concat());
    assert_eq!(
        found(Some(&person), "ISSUES"),
        [
            counted("ISSUES", enforced, "24T10:02:00"),
            counted("OTHER-ISSUES", enforced, "24T10:04:00")
        ]
    );
    let apart = Person { together: None, ..Person::clone(&person) };
    for person in [None, Some(&apart)] {
        assert_eq!(found(person, "ALL"), std::slice::from_ref(&all));
    }
}

#[test]
fn quotas_in_force_are_shown_with_their_record_and_what_each_has_counted_in_its_mode() {
    let person = with_quotas();
    let at = "2026-11-25T10:00:00Z".parse().unwrap();
    let shown = |person: &Person| quotas(person, &silent(), &ledger(), at);
    let quota = |restriction: &str, of: &str, used: u32| QuotaShown {
        restriction: restriction.to_owned(),
        of: of.to_owned(),
        used,
        limit: 9,
    };
    // Issues count only where a contact is about one.
    assert_eq!(
        shown(&person),
        [
            quota("ALL", "P-1", 3),
            quota("OWN-EMAIL", "P-1", 4),
            quota("ISSUES", "P-1", 0),
            quota("EMAIL", "P-2", 4),
            quota("OTHER-ISSUES", "P-2", 0),
            quota("ALSO-ALL", "P-3", 4),
        ]
    );
    let mut apart = Person { together: None, ..Person::clone(&person) };
    apart.restrictions.truncate(2);
    apart.restrictions[1].status = Status::Lifted;
    assert_eq!(shown(&apart), [quota("ALL", "P-1", 1)]);
}

fn refused(kept: &Value, other: &Value) -> Vec<(RefusalCode, Option<String>)> {
    let (kept, other) = (record(kept.clone()), record(other.clone()));
    let whole = together(&[Arc::clone(&kept), Arc::clone(&other)]);
    let at = "2026-06-30T23:30:00Z".parse().unwrap();
    let found = refusals(&kept, &other, &whole[0], at, &silent());
    found.into_iter().map(|one| (one.code, one.key)).collect()
}

#[test]
fn records_are_not_merged_twice_nor_with_a_representative_or_a_restriction_of_one_id() {
    let plain = |id: &str| json!({"id": id});
    let merged_into = |id: &str| json!({"id": id, "merged_into": "P-9"});
    let has_merged = |id: &str| json!({"id": id, "merged": ["P-8"]});
    let with = |id: &str, kind: &str, value: &str| json!({"id": id, "identifiers": [{"kind": kind, "value": value}]});
    let represented = |id: &str, kind: &str, value: &str| {
        json!({"id": id, "representatives": [
            {"name": "Al"}, {"name": "Bo", "identifiers": [{"kind": kind, "value": value}]},
        ]})
    };
    let held = |id: &str, restriction: &str| json!({"id": id, "restrictions": [{"id": restriction, "kind": "contact_ended"}]});
    let (phone, other_phone) = ("+447700900123", "+447700900124");
    let already = |key: &'static str| (RefusalCode::MergeAlready, key);
    let represents = (RefusalCode::MergeRepresents, "representatives");
    for (kept, other, expected) in [
        (plain("P-1"), plain("P-2"), vec![]),
        (merged_into("P-1"), merged_into("P-1"), vec![(RefusalCode::MergeSame, "other")]),
        (merged_into("P-1"), plain("P-2"), vec![already("person")]),
        (plain("P-1"), merged_into("P-2"), vec![already("other")]),
        (plain("P-1"), has_merged("P-2"), vec![already("other")]),
        (has_merged("P-1"), plain("P-2"), vec![]),
        (held("P-1", "R-1"), held("P-2", "R-2"), vec![]),
        (
            held("P-1", "R-1"),
            held("P-2", "R-1"),
            vec![(RefusalCode::MergeSameRestriction, "restrictions")],
        ),
        (with("P-1", "phone", phone), represented("P-2", "phone", phone), vec![represents]),
        (represented("P-1", "phone", phone), with("P-2", "phone", phone), vec![represents]),
        (with("P-1", "phone", phone), represented("P-2", "phone", other_phone), vec![]),
        (with("P-1", "phone", phone), represented("P-2", "whatsapp", phone), vec![]),
    ] {
        let expected: Vec<_> =
            expected.into_iter().map(|(code, key)| (code, Some(key.to_owned()))).collect();
        assert_eq!(refused(&kept, &other), expected, "{kept} {other}");
    }
}

#[test]
fn a_merge_that_leaves_no_way_open_is_refused_by_its_clause() {
    let mut profile = silent();
    profile.staffed_hours = Some(BTreeMap::new());
    profile.clauses.insert("open_way".to_owned(), "4.7".to_owned());
    let restricted = |id: &str| {
        let held =
            json!([{"id": format!("R-{id}"), "kind": "channels_only", "channels": ["letter"]}]);
        record(json!({"id": id, "restrictions": held}))
    };
    let records = [restricted("P-1"), restricted("P-2")];
    let whole = together(&records);
    // The day in the organisation's zone.
    let at = "2026-06-30T23:30:00Z".parse().unwrap();
    let found = refusals(&records[0], &records[1], &whole[0], at, &profile);
    let [closed] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(closed.code, RefusalCode::OpenWayNone);
    assert_eq!(
        (closed.clause.as_deref(), closed.key.as_deref()),
        (Some("4.7"), Some("restrictions"))
    );
    assert!(closed.what.contains("from 2026-07-01"), "{}", closed.what);
}

#[test]
fn staff_look_at_what_both_records_say_and_say_differently() {
    let point = |status: &str| json!([{"id": "R", "kind": "single_point_of_contact", "status": status, "contact": {"name": "Ann Bell"}}]);
    let shared = json!([{"kind": "phone", "value": "+447700900123", "shared": true}]);
    let own = json!([{"kind": "phone", "value": "+447700900123"}]);
    let held = |restrictions: Value| json!({"restrictions": restrictions});
    let pairs = held(json!([{"id": "R", "kind": "visits_in_pairs"}]));
    let (active, lifted) = (held(point("active")), held(point("lifted")));
    let listed = |identifiers: &Value| json!({"identifiers": identifiers});
    for (kept, other, expected) in [
        (json!({"name": "Jo Doe"}), json!({"name": "Al Roe"}), vec![Difference::Name]),
        (json!({"name": "Jo Doe"}), json!({"name": " jo DOE "}), vec![]),
        (json!({"name": "Jo Doe"}), json!({"name": " "}), vec![]),
        (json!({"name": " "}), json!({"name": "Jo Doe"}), vec![]),
        (json!({"reference": "T-1"}), json!({"reference": "T-2"}), vec![Difference::Reference]),
        (json!({"reference": "T-1"}), json!({}), vec![]),
        (json!({"address": "1 Elm"}), json!({"address": "2 Elm"}), vec![Difference::Address]),
        (json!({"address": "1 Elm"}), json!({"address": "1 elm"}), vec![]),
        (json!({"language": "en"}), json!({"language": "cy"}), vec![Difference::Language]),
        (json!({"language": "en"}), json!({"language": "en"}), vec![]),
        (json!({"language": "en"}), json!({}), vec![]),
        (active.clone(), active.clone(), vec![Difference::PointsOfContact]),
        (active.clone(), lifted.clone(), vec![]),
        (lifted.clone(), lifted, vec![]),
        (active, json!({}), vec![]),
        (pairs.clone(), pairs, vec![]),
        (listed(&shared), json!({}), vec![Difference::Shared]),
        (json!({}), listed(&shared), vec![Difference::Shared]),
        (listed(&own), listed(&own), vec![]),
    ] {
        let of = |id: &str, said: &Value| {
            let mut said = said.clone();
            said["id"] = json!(id);
            record(said)
        };
        assert_eq!(differences(&of("P-1", &kept), &of("P-2", &other)), expected, "{kept} {other}");
    }
}

#[test]
fn a_difference_is_written_in_its_own_words() {
    let all = [
        Difference::Name,
        Difference::Reference,
        Difference::Address,
        Difference::Language,
        Difference::PointsOfContact,
        Difference::Shared,
    ];
    let mut words = all.map(Difference::what).to_vec();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), all.len());
    for one in all {
        assert_eq!(serde_json::to_value(one).unwrap(), one.what());
        assert!(one.what().ends_with('.'), "{one:?}");
    }
}
