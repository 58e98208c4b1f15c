//! What a letter takes from a case, a person and a draft.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::super::{About, Lasting, Letter, Part, Said, compose};
use crate::domain::case::CaseFile;
use crate::domain::case::letter::CaseLetter;
use crate::domain::nation::Nation;
use crate::domain::notice::{Day, Until};
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::domain::profile::{OnOverdue, Profile, Role, Roles};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn profile() -> Profile {
    Profile::silent("Bare Homes", Nation::England)
}

fn person(restrictions: Value) -> Person {
    let address = "1 High Street, Newcastle\n NE1 1AA,, ";
    serde_json::from_value(json!({
        "id": "P-1", "name": " Jo Doe ", "address": address, "restrictions": restrictions,
    }))
    .unwrap()
}

/// A draft about the restriction `R-1`, with what else it says.
fn composed(profile: &Profile, person: &Person, kind: &str, more: Value) -> Letter {
    let mut draft = json!({
        "id": "L-1", "kind": kind, "about": "R-1", "language": "en", "format": "standard", "parts": [],
        "drafted_at": "2026-11-20T09:00:00Z", "drafted_by": "Ann Bell", "approval": null, "sent": null,
    });
    draft.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let draft: CaseLetter = serde_json::from_value(draft).unwrap();
    let mut organisation = Organisation::new("o", profile.clone());
    organisation
        .reach
        .details
        .insert(crate::domain::channel::Channel::Letter, "2 Road, York".to_owned());
    compose(About {
        organisation: &organisation,
        file: &CaseFile::of("P-1"),
        person,
        letter: &draft,
        day: day("2026-11-30"),
    })
}

fn quota() -> Value {
    json!({"id": "R-1", "kind": "contact_quota", "limit": 2, "per": "week", "starts": "2026-02-09"})
}

fn parts(letter: &Letter) -> Vec<&'static str> {
    letter.said.iter().map(|said| said.part().map_or("own", Part::name)).collect()
}

#[test]
fn a_letter_has_the_addresses_line_by_line_and_its_parts_in_order() {
    let letter = composed(&profile(), &person(json!([quota()])), "restriction", json!({}));
    assert_eq!(letter.from, ["2 Road", "York"]);
    assert_eq!(letter.address, ["1 High Street", "Newcastle", "NE1 1AA"]);
    assert_eq!((letter.name.as_str(), letter.signed_by.as_ref()), ("Jo Doe", None));
    let expected = [
        "opening",
        "restrictions",
        "duration",
        "reasons",
        "monitoring",
        "how_to_reach",
        "always_open",
        "how_to_appeal",
        "policy_copy",
    ];
    assert_eq!(parts(&letter), expected);
}

#[test]
fn other_restrictions_count_if_they_are_in_force_and_limit_contact() {
    for (kind, more, others) in [
        ("call_length", json!({"minutes": 9}), true),
        ("call_length", json!({"minutes": 9, "ends": "2026-11-01"}), false),
        ("call_length", json!({"minutes": 9, "starts": "2027-01-01"}), false),
        ("call_length", json!({"minutes": 9, "status": "lifted"}), false),
        ("visits_in_pairs", json!({}), false),
        ("appointment_only", json!({}), false),
        ("contact_ended", json!({}), true),
    ] {
        let mut other = json!({"id": "R-2", "kind": kind});
        other.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let person = person(json!([quota(), other]));
        let letter = composed(&profile(), &person, "restriction", json!({}));
        let Some(Said::HowToReach { others: said, .. }) = letter.says(Part::HowToReach) else {
            panic!("{letter:?}")
        };
        assert_eq!(*said, others, "{kind} {more}");
    }
    let own = composed(&profile(), &person(json!([quota()])), "restriction", json!({}));
    assert!(matches!(own.says(Part::HowToReach), Some(Said::HowToReach { others: false, .. })));
}

#[test]
fn what_a_draft_leaves_out_is_left_out_if_the_policy_asked_for_it() {
    let mut profile = profile();
    profile.letter.must_say = ["limits", "reasons", "review_date"].map(str::to_owned).to_vec();
    let person = person(json!([quota()]));
    let of = |asked: Value| {
        let letter = composed(&profile, &person, "restriction", json!({"parts": asked}));
        parts(&letter)
            .into_iter()
            .filter(|part| !["opening", "monitoring"].contains(part))
            .collect::<Vec<_>>()
    };
    let rest = ["how_to_reach", "always_open", "how_to_appeal", "policy_copy"];
    assert_eq!(of(json!(["limits"])), [&["restrictions"][..], &rest].concat());
    let all = [&["restrictions", "duration", "reasons"][..], &rest].concat();
    assert_eq!(of(json!(["limits", "reasons", "review_date"])), all);
}

#[test]
fn own_words_take_the_place_of_a_part_or_come_last() {
    let words = json!({"words": {"annual_leave": "Ann is away.", "why": "Because of it."}});
    let letter = composed(&profile(), &person(json!([quota()])), "restriction", words);
    let own = |name: &str, text: &str| Said::Own { name: name.into(), text: text.into() };
    assert_eq!(letter.said[3], own("why", "Because of it."));
    assert_eq!(letter.said.last(), Some(&own("annual_leave", "Ann is away.")));
    assert_eq!(letter.said.len(), 10);
}

#[test]
fn how_long_it_lasts_depends_on_what_is_new_and_what_is_reviewed() {
    let mut profile = profile();
    profile.review.on_overdue = Some(OnOverdue::Lapse);
    profile.review.earlier = Some("good_conduct".to_owned());
    let whole = |text: &str| Day { day: day(text), time: None };
    let (ends, due) = (Until::Ends(whole("2027-02-09")), Until::ReviewedBy(whole("2026-12-09")));
    let lasting = |profile: &Profile, kind: &str, dates: Value| {
        let mut restriction = quota();
        restriction.as_object_mut().unwrap().extend(dates.as_object().unwrap().clone());
        let person = person(json!([restriction]));
        let letter = composed(profile, &person, kind, json!({}));
        letter.says(Part::Duration).cloned()
    };
    let dates = || json!({"ends": "2027-02-09", "review_due": "2026-12-09"});
    let said = |from: Option<&str>, until: Vec<Until>, lapses, earlier| {
        Some(Said::Duration(Lasting { from: from.map(whole), until, lapses, earlier }))
    };
    let from = Some("2026-02-09");
    assert_eq!(lasting(&profile, "restriction", dates()), said(from, vec![ends, due], true, true));
    assert_eq!(lasting(&profile, "upcoming_review", dates()), said(None, vec![ends], false, false));
    assert_eq!(
        lasting(&profile, "no_notification_record", dates()),
        said(from, vec![ends, due], true, true)
    );
    assert_eq!(lasting(&profile, "upcoming_review", json!({})), None);
    assert_eq!(
        lasting(&profile, "contact_ended", json!({"ends": "2027-02-09"})),
        said(from, vec![ends], false, true)
    );
    profile.review.on_overdue = Some(OnOverdue::Keep);
    profile.review.earlier = Some("annual".to_owned());
    assert_eq!(
        lasting(&profile, "restriction", dates()),
        said(from, vec![ends, due], false, false)
    );
    assert_eq!(
        lasting(&profile, "restriction", json!({})),
        said(from, vec![Until::Reviewed], false, false)
    );
    let nothing = json!({"starts": null});
    assert_eq!(
        lasting(&profile, "restriction", nothing),
        said(None, vec![Until::Reviewed], false, false)
    );
}

#[test]
fn a_letter_is_signed_by_who_decides_and_a_warning_by_nobody() {
    let mut profile = profile();
    let role = |name: &str| Role(name.to_owned());
    profile.responsible.decides = Roles::any_of(vec![role("director"), role("manager")]);
    let person = person(json!([quota()]));
    let signed = |kind: &str| composed(&profile, &person, kind, json!({})).signed_by;
    assert_eq!(signed("restriction"), Some(role("director")));
    assert_eq!(signed("lifted"), Some(role("director")));
    assert_eq!((signed("warning"), signed("appeal_outcome")), (None, None));
}

#[test]
fn a_variation_without_its_terms_says_that_it_is_less_than_before() {
    use super::super::terms::Terms;
    let terms = |kind: &str, changes: Value| {
        let person = person(json!([quota()]));
        let letter = composed(&profile(), &person, kind, json!({"changes": changes}));
        match letter.says(Part::Restrictions) {
            Some(Said::Restrictions { terms: Terms::LessThanBefore }) => None,
            Some(Said::Restrictions { terms: Terms::Contacts { quota, .. } }) => Some(quota.limit),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(terms("variation", json!({})), None);
    assert_eq!(terms("variation", json!({"limit": 3})), Some(3));
    assert_eq!(terms("restriction", json!({})), Some(2));
    // What can't be read changes nothing.
    assert_eq!(terms("variation", json!({"limit": "some"})), Some(2));
}
