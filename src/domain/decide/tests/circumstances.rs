//! What else holds of a contact: invitations, what a gateway can't hold back, marks for staff, and the facts on record.

use serde_json::{Value, json};

use super::*;
use crate::domain::audit::facts::{Circumstance, SentBy};

/// Decides a contact of a person; both have the given JSON keys besides their own.
fn decided(organisation: &Organisation, person: &Value, contact: &Contact) -> Verdict {
    let mut own = json!({"id": "P", "identifiers": [{"kind": "email", "value": "p@x.example"},
        {"kind": "phone", "value": "+441914980123"}]});
    for (key, value) in person.as_object().unwrap() {
        own[key] = value.clone();
    }
    let person = Arc::new(serde_json::from_value::<Person>(own).unwrap());
    let roster = Roster::new([person], organisation.profile.nation);
    let sender = sender::resolve(&roster, &organisation.profile, contact, contact.at);
    let ledger = Ledger::default();
    let dossier = Dossier { sender: &sender, ledger: Some(&ledger), reading: None };
    decide(organisation, dossier, contact, contact.at)
}

fn by_telephone() -> Contact {
    serde_json::from_value(json!({"id": "c", "channel": "telephone", "at": "2026-11-21T10:00:00Z",
        "from": [{"kind": "phone", "value": "+441914980123", "assurance": "asserted"}]}))
    .unwrap()
}

#[test]
fn an_open_invitation_admits_what_it_covers() {
    let organisation = organisation(Mode::Enforce);
    let closed: Value = serde_json::from_str(CLOSED).unwrap();
    let mut reply = contact("c");
    reply.thread = vec!["<other@x>".to_owned(), "<m-1@x>".to_owned()];
    let mut by_staff = contact("c");
    by_staff.invited = true;
    for (contact, invitations, is_admitted) in [
        (contact("c"), json!([]), false),
        (by_staff, json!([]), true),
        (contact("c"), json!([{}]), true),
        (contact("c"), json!([{"channels": ["email"]}]), true),
        (contact("c"), json!([{"channels": ["telephone"]}]), false),
        (contact("c"), json!([{"channels": ["telephone"]}, {"channels": ["email"]}]), true),
        (contact("c"), json!([{"until": "2026-11-21"}]), true),
        (contact("c"), json!([{"until": "2026-11-20"}]), false),
        (contact("c"), json!([{"until": "2026-11-21T10:00:01Z"}]), true),
        (contact("c"), json!([{"until": "2026-11-21T10:00:00Z"}]), false),
        (contact("c"), json!([{"thread": "<m-1@x>"}]), false),
        (reply.clone(), json!([{"thread": "m-1@x"}]), true),
        (reply.clone(), json!([{"thread": "<m-2@x>"}]), false),
        (reply, json!([{"thread": "<m-1@x>", "channels": ["telephone"]}]), false),
    ] {
        let person = json!({"restrictions": [closed], "invitations": invitations});
        let verdict = decided(&organisation, &person, &contact);
        let said = if is_admitted { "invited" } else { "channels_only.closed" };
        assert_eq!(codes(&verdict), [said], "{invitations}");
        let facts = verdict.audit.facts.unwrap();
        assert_eq!(facts.has(Circumstance::Invited), is_admitted, "{invitations}");
    }
}

#[test]
fn what_can_t_be_held_back_goes_on_and_says_so() {
    let organisation = organisation(Mode::Enforce);
    let closed = json!({"restrictions": [serde_json::from_str::<Value>(CLOSED).unwrap()]});
    let held = decided(&organisation, &closed, &contact("c")).decision;
    assert_eq!((held.disposition, held.would), (Disposition::Limit, None));
    let mut unstoppable = contact("c");
    unstoppable.unstoppable = true;
    let passed = decided(&organisation, &closed, &unstoppable).decision;
    assert_eq!(
        (passed.disposition, passed.would),
        (Disposition::Deliver, Some(Disposition::Limit))
    );
    assert!(passed.flags.contains(&Flag::NotHeldBack), "{:?}", passed.flags);
    let open = json!({"restrictions": [{"id": "R", "kind": "visits_in_pairs"}]});
    let delivered = decided(&organisation, &open, &unstoppable).decision;
    assert_eq!((delivered.disposition, delivered.would), (Disposition::Deliver, None));
    assert_eq!(delivered.flags, [Flag::VisitsInPairs]);
}

#[test]
fn staff_see_how_long_a_call_is_and_how_to_meet() {
    let organisation = organisation(Mode::Enforce);
    let of = |contact: &Contact, restrictions: Value| {
        decided(&organisation, &json!({"restrictions": restrictions}), contact).decision.flags
    };
    let call =
        |id: &str, minutes: u32| json!({"id": id, "kind": "call_length", "minutes": minutes});
    let minutes = |minutes| [Flag::CallLength { minutes }];
    let phone = by_telephone();
    assert_eq!(of(&phone, json!([call("R-1", 10)])), minutes(10));
    assert_eq!(of(&phone, json!([call("R-1", 10), call("R-2", 5)])), minutes(5));
    assert_eq!(of(&phone, json!([call("R-1", 5), call("R-2", 10)])), minutes(5));
    assert_eq!(of(&contact("c"), json!([call("R-1", 10)])), []);
    let closed = json!({"id": "R-3", "kind": "channels_only", "channels": ["email"]});
    assert_eq!(of(&phone, json!([call("R-1", 10), closed])), []);
    let mut observed = call("R-1", 10);
    observed["mode"] = json!("observe");
    assert_eq!(of(&phone, json!([observed])), []);
    let marks = json!([{"id": "R-1", "kind": "visits_in_pairs"}, {"id": "R-2", "kind": "appointment_only"}]);
    assert_eq!(of(&phone, marks), [Flag::VisitsInPairs, Flag::AppointmentOnly]);
    // Documents go back only with a contact that is filed.
    let returned = json!({"id": "R-1", "kind": "documents_returned", "instruction": "return"});
    let filed = json!({"id": "R-2", "kind": "read_and_file"});
    assert_eq!(of(&contact("c"), json!([returned])), []);
    let both = of(&contact("c"), json!([returned, filed]));
    assert!(both.iter().any(|flag| matches!(flag, Flag::DocumentsReturned(_))), "{both:?}");
}

#[test]
fn the_facts_on_record_say_what_held() {
    let pairs = || json!([{"id": "R", "kind": "visits_in_pairs"}]);
    let of = |organisation: &Organisation, person: Value, contact: &Contact| {
        decided(organisation, &person, contact).audit.facts.unwrap()
    };
    let enforcing = organisation(Mode::Enforce);
    let plain = || json!({"restrictions": pairs()});
    let facts = of(&enforcing, plain(), &contact("c"));
    assert_eq!(
        (facts.sent_by, facts.circumstances, facts.compared),
        (SentBy::Person, vec![], None)
    );
    let marked = |mark: fn(&mut Contact)| {
        let mut contact = contact("c");
        mark(&mut contact);
        of(&enforcing, plain(), &contact).circumstances
    };
    assert_eq!(marked(|contact| contact.automatic = true), [Circumstance::Automatic]);
    assert_eq!(marked(|contact| contact.ambiguous = true), [Circumstance::Ambiguous]);
    assert_eq!(marked(|contact| contact.unread = true), [Circumstance::Unread]);
    assert_eq!(marked(|contact| contact.unanswerable = true), [Circumstance::Unanswerable]);
    assert_eq!(marked(|contact| contact.unstoppable = true), [Circumstance::Unstoppable]);
    assert_eq!(marked(|contact| contact.notified_apart = true), [Circumstance::NotifiedApart]);
    assert_eq!(marked(|contact| contact.message_id = Some("<m@x>".to_owned())), []);
    let needs = json!({"restrictions": pairs(), "adjustments": [{"kind": "needs_channel", "channel": "email"}]});
    assert_eq!(
        of(&enforcing, needs.clone(), &contact("c")).circumstances,
        [Circumstance::NeedsChannel]
    );
    assert_eq!(of(&enforcing, needs, &by_telephone()).circumstances, []);
    let observing = organisation(Mode::Observe);
    assert_eq!(of(&observing, plain(), &contact("c")).circumstances, [Circumstance::Observing]);
    // Where it is compared with what came before, its ids and its issue matter as well.
    let closed = json!([{"id": "R", "kind": "issue_closed", "issues": ["C-1"]}, {"id": "R-9", "kind": "issue_closed",
        "issues": ["C-9"], "status": "lifted"}]);
    let mut on_issue = contact("c");
    on_issue.message_id = Some("<m@x>".to_owned());
    let facts = of(&enforcing, json!({"restrictions": closed}), &on_issue);
    assert_eq!((facts.compared, facts.circumstances), (Some(0), vec![Circumstance::HasMessageId]));
    let others: Vec<&str> = facts.not_in_force.iter().map(|one| one.restriction.as_str()).collect();
    assert_eq!(others, ["R-9"]);
}
