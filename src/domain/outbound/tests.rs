//! Whose mail passes, and what becomes of the rest.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::domain::nation::Nation;
use crate::domain::organisation::OrganisationId;
use crate::domain::profile::Profile;
use crate::domain::restriction::Mode;

fn organisation(answers: Option<OutboundAnswers>) -> Organisation {
    let mut profile = Profile::silent("Karbon Homes", Nation::England);
    profile.outbound_answers = answers;
    profile.team.email = Some("team@karbon.example".to_owned());
    Organisation {
        id: OrganisationId::new("karbon"),
        profile: Arc::new(profile),
        mode: Mode::Enforce,
        emergency: None,
        mail_domains: vec!["karbon.example".to_owned()],
        queue_mailboxes: [("sams".to_owned(), "sams-queue@karbon.example".to_owned())].into(),
        notice_from: Some("Contact Team <no-reply@karbon.example>".to_owned()),
        reach: Default::default(),
        equality: Default::default(),
    }
}

fn point_of_contact() -> Value {
    json!({ "id": "R-1", "kind": "single_point_of_contact", "clause": "6.2", "status": "active",
        "starts": "2026-11-01", "review_due": "2027-05-01",
        "contact": {"name": "Sam Okoro", "email": "Sam@Karbon.example", "queue": "sams"},
        "deputies": [{"name": "Dee", "email": "dee@karbon.example"}] })
}

fn person(restriction: Value) -> Arc<Person> {
    let record = json!({ "id": "P-1", "name": "Jo", "restrictions": [restriction],
        "identifiers": [{"kind": "email", "value": "jo@x.example"}] });
    Arc::new(serde_json::from_value(record).unwrap())
}

fn own(person: &Arc<Person>) -> Listing {
    Listing { person: Arc::clone(person), listed_as: ListedAs::Own }
}

fn mail(senders: &[String], purpose: Option<Purpose>) -> OutboundMail<'_> {
    OutboundMail { senders, purpose, automatic: false, at: "2026-11-18T10:00:00Z".parse().unwrap() }
}

fn from(sender: &str) -> Vec<String> {
    vec![sender.to_owned()]
}

/// The objections to an answer of `sender` to Jo.
fn judged(organisation: &Organisation, restriction: Value, sender: &str) -> Vec<Objection> {
    judge(organisation, &[own(&person(restriction))], &mail(&from(sender), None))
}

#[test]
fn an_answer_by_somebody_else_is_treated_as_the_profile_says() {
    for (answers, expected) in [
        (None, Some(OutboundTreatment::Noted)),
        (Some(OutboundAnswers::Deliver), None),
        (Some(OutboundAnswers::Warn), Some(OutboundTreatment::Warned)),
        (Some(OutboundAnswers::Hold), Some(OutboundTreatment::Held)),
    ] {
        let found = judged(&organisation(answers), point_of_contact(), "ann@karbon.example");
        assert_eq!(found.first().map(|one| one.treatment), expected, "{answers:?}");
        let Some(objection) = found.first() else { continue };
        assert_eq!((objection.person.as_str(), objection.restriction.as_str()), ("P-1", "R-1"));
        assert_eq!(objection.reason.clause.as_deref(), Some("6.2"));
        let through = objection.through.as_ref().unwrap();
        assert_eq!(through.name.as_deref(), Some("Sam Okoro"));
        assert!(objection.is_theirs_only);
    }
}

#[test]
fn the_point_of_contact_and_everybody_in_the_chain_may_answer() {
    let organisation = organisation(Some(OutboundAnswers::Hold));
    for sender in [
        "sam@karbon.example",
        "SAM@KARBON.EXAMPLE",
        "dee@karbon.example",
        "team@karbon.example",
        "sams-queue@karbon.example",
        "no-reply@karbon.example",
    ] {
        assert_eq!(judged(&organisation, point_of_contact(), sender), [], "{sender}");
    }
    // The envelope's sender, or that of the From field.
    let both = vec!["bounces@karbon.example".to_owned(), "sam@karbon.example".to_owned()];
    let jo = person(point_of_contact());
    assert_eq!(judge(&organisation, &[own(&jo)], &mail(&both, None)), []);
    let neither = vec!["bounces@karbon.example".to_owned(), "sam@other.example".to_owned()];
    assert_eq!(judge(&organisation, &[own(&jo)], &mail(&neither, None)).len(), 1);
}

#[test]
fn statutory_notices_and_automatic_mail_always_pass() {
    let organisation = organisation(Some(OutboundAnswers::Hold));
    let ann = from("ann@karbon.example");
    let objections = |restriction: Value, purpose: Option<Purpose>, automatic: bool| {
        let jo = own(&person(restriction));
        judge(&organisation, &[jo], &OutboundMail { automatic, ..mail(&ann, purpose) }).len()
    };
    let ended = json!({ "id": "R-2", "kind": "contact_ended", "status": "active",
        "starts": "2026-11-01", "review_due": "2027-05-01" });
    for restriction in [point_of_contact(), ended.clone()] {
        assert_eq!(objections(restriction.clone(), Some(Purpose::Statutory), false), 0);
        assert_eq!(objections(restriction.clone(), None, true), 0);
        // A system that says what it sends is taken at its word.
        assert_eq!(objections(restriction.clone(), Some(Purpose::Survey), true), 1);
        assert_eq!(objections(restriction, None, false), 1);
    }
    // The organisation's own business passes a point of contact, and not an end of all contact.
    assert_eq!(objections(point_of_contact(), Some(Purpose::Service), false), 0);
    assert_eq!(objections(ended, Some(Purpose::Service), false), 1);
}

#[test]
fn only_a_restriction_in_force_and_enforced_objects() {
    let mut organisation = organisation(Some(OutboundAnswers::Hold));
    let ann = "ann@karbon.example";
    let with = |key: &str, value: &str| {
        let mut restriction = point_of_contact();
        restriction[key] = json!(value);
        restriction
    };
    assert_eq!(judged(&organisation, with("status", "lifted"), ann), []);
    assert_eq!(judged(&organisation, with("starts", "2026-12-01"), ann), []);
    assert_eq!(judged(&organisation, with("mode", "observe"), ann), []);
    let quota = json!({ "id": "R-3", "kind": "contact_quota", "limit": 1, "per": "week",
        "status": "active", "starts": "2026-11-01", "review_due": "2027-05-01" });
    assert_eq!(judged(&organisation, quota, ann), []);
    let letters = json!({ "id": "R-4", "kind": "channels_only", "channels": ["letter"],
        "status": "active", "starts": "2026-11-01", "review_due": "2027-05-01" });
    let found = judged(&organisation, letters, ann);
    assert_eq!(found.len(), 1);
    assert!(found.iter().all(|one| one.through.is_none()), "{found:?}");
    organisation.mode = Mode::Observe;
    assert_eq!(judged(&organisation, point_of_contact(), ann), []);
}

#[test]
fn a_shared_address_holds_nothing_back_and_a_representative_may_be_written_to() {
    let organisation = organisation(Some(OutboundAnswers::Hold));
    let ann = from("ann@karbon.example");
    let jo = person(point_of_contact());
    let mut other = Person::clone(&jo);
    other.id = "P-2".to_owned();
    other.restrictions.clear();
    let other = Arc::new(other);
    let listed =
        |person: &Arc<Person>, listed_as| Listing { person: Arc::clone(person), listed_as };
    for listings in [
        vec![listed(&jo, ListedAs::Shared)],
        vec![listed(&jo, ListedAs::Own), listed(&other, ListedAs::Own)],
        // Another record of the same person lists it as shared, or Jo acts for somebody by it.
        vec![listed(&jo, ListedAs::Own), listed(&jo, ListedAs::Shared)],
        vec![listed(&jo, ListedAs::Own), listed(&other, ListedAs::Representative(0))],
    ] {
        let found = judge(&organisation, &listings, &mail(&ann, None));
        let found: Vec<_> = found
            .iter()
            .map(|one| (one.person.as_str(), one.treatment, one.is_theirs_only))
            .collect();
        assert_eq!(found, [("P-1", OutboundTreatment::Warned, false)]);
    }
    let representative = vec![listed(&jo, ListedAs::Representative(0))];
    assert_eq!(judge(&organisation, &representative, &mail(&ann, None)), []);
    assert_eq!(judge(&organisation, &[own(&other)], &mail(&ann, None)), []);
}

#[test]
fn nobody_is_notified_of_their_own_restriction() {
    let organisation = organisation(Some(OutboundAnswers::Hold));
    // Sent on by a colleague's mailbox, or written by a customer who works here.
    let sent_on = vec!["JO@x.example".to_owned(), "ann@karbon.example".to_owned()];
    let mut jo = Person::clone(&person(point_of_contact()));
    assert_eq!(judge(&organisation, &[own(&Arc::new(jo.clone()))], &mail(&sent_on, None)), []);
    jo.identifiers[0].shared = true;
    let shared = judge(&organisation, &[own(&Arc::new(jo))], &mail(&sent_on, None));
    assert_eq!(shared.len(), 1, "anybody may use a shared address");
}
