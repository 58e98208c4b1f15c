//! What scenarios can't say: stores that are away, recorded decisions, organisations that observe.

mod circumstances;

use std::sync::Arc;

use super::*;
use crate::domain::nation::Nation;
use crate::domain::profile::Profile;
use crate::domain::roster::Roster;
use crate::domain::sender;

fn organisation(mode: Mode) -> Organisation {
    Organisation { mode, ..Organisation::new("o", Profile::silent("Bare Homes", Nation::England)) }
}

fn person(restrictions: &str) -> Arc<Person> {
    let json = format!(
        r#"{{"id":"P","identifiers":[{{"kind":"email","value":"p@x.example"}}],
            "restrictions":[{restrictions}]}}"#
    );
    Arc::new(serde_json::from_str(&json).unwrap())
}

fn contact(id: &str) -> Contact {
    serde_json::from_str(&format!(
        r#"{{"id":"{id}","channel":"email","at":"2026-11-21T10:00:00Z",
            "from":[{{"kind":"email","value":"p@x.example"}}],"text":"hello there again"}}"#
    ))
    .unwrap()
}

fn verdict(organisation: &Organisation, restrictions: &str, ledger: Option<&Ledger>) -> Verdict {
    verdict_on(organisation, restrictions, ledger, contact("c"))
}

fn verdict_on(
    organisation: &Organisation,
    restrictions: &str,
    ledger: Option<&Ledger>,
    contact: Contact,
) -> Verdict {
    let roster = Roster::new([person(restrictions)], organisation.profile.nation);
    let sender = sender::resolve(&roster, &organisation.profile, &contact, contact.at);
    decide(organisation, Dossier { sender: &sender, ledger, reading: None }, &contact, contact.at)
}

const QUOTA: &str = r#"{"id":"R","kind":"contact_quota","limit":1,"per":"week"}"#;
const CLOSED: &str = r#"{"id":"R2","kind":"channels_only","channels":["letter"]}"#;

fn codes(verdict: &Verdict) -> Vec<&str> {
    verdict.decision.reasons.iter().map(|reason| reason.code.as_str()).collect()
}

#[test]
fn without_the_store_counters_limit_nobody_and_the_rest_is_enforced() {
    let organisation = organisation(Mode::Enforce);
    let quota = verdict(&organisation, QUOTA, None);
    assert_eq!(quota.decision.disposition, Disposition::Deliver);
    assert!(quota.decision.stale);
    assert_eq!(quota.decision.flags, [Flag::LimitsUnchecked]);
    assert_eq!(quota.additions.counted.len(), 1, "counted when the store is back");
    let closed = verdict(&organisation, CLOSED, None);
    assert_eq!(closed.decision.disposition, Disposition::Limit);
}

#[test]
fn a_recorded_decision_is_given_again_and_nothing_is_added() {
    let organisation = organisation(Mode::Enforce);
    let first = verdict(&organisation, QUOTA, Some(&Ledger::default()));
    assert_eq!(first.additions.counted.len(), 1);
    let ledger = Ledger { recorded: Some(first.decision.clone()), ..Ledger::default() };
    let again = verdict(&organisation, CLOSED, Some(&ledger));
    assert_eq!(again.decision, first.decision);
    assert_eq!(again.additions, Additions::default());
}

#[test]
fn an_organisation_that_observes_only_records() {
    let organisation = organisation(Mode::Observe);
    let observed = verdict(&organisation, CLOSED, Some(&Ledger::default()));
    assert_eq!(observed.decision.disposition, Disposition::Deliver);
    assert_eq!(observed.decision.would, Some(Disposition::Limit));
    assert_eq!(observed.decision.mode, Mode::Observe);
    assert!(codes(&observed).contains(&"channels_only.closed"));
    assert!(observed.item.is_none() && observed.decision.notice.is_none());
}

#[test]
fn a_quota_counts_then_limits_and_says_when_the_next_slot_opens() {
    let organisation = organisation(Mode::Enforce);
    let mut ledger = Ledger::default();
    let first = verdict(&organisation, QUOTA, Some(&ledger));
    assert_eq!(codes(&first), ["within_limits"]);
    assert_eq!(first.decision.quotas[0].used, 1);
    ledger.absorb(&first.additions);
    let second = verdict(&organisation, QUOTA, Some(&ledger));
    assert_eq!(codes(&second), ["contact_quota.over"]);
    let next = second.decision.notice.as_ref().unwrap().next_slot;
    assert_eq!(next, Some("2026-11-23T00:00:00Z".parse().unwrap()));
    ledger.absorb(&second.additions);
    let third = verdict(&organisation, QUOTA, Some(&ledger));
    assert_eq!(third.decision.disposition, Disposition::Limit);
    assert!(third.decision.notice.is_none(), "told once a period");
}

/// Two messages at once: the one that came first may be decided last.
#[test]
fn a_contact_that_is_overtaken_is_told_once_as_well() {
    let organisation = organisation(Mode::Enforce);
    let mut ledger = Ledger::default();
    let first = verdict(&organisation, CLOSED, Some(&ledger));
    assert!(first.decision.notice.is_some());
    ledger.absorb(&first.additions);
    for told in &mut ledger.told {
        told.at += chrono::TimeDelta::milliseconds(3);
    }
    let overtaken = verdict(&organisation, CLOSED, Some(&ledger));
    assert_eq!(overtaken.decision.disposition, Disposition::Limit);
    assert!(overtaken.decision.notice.is_none());
}

/// On which of these days, by the clock as it is then, a limited contact is notified.
fn notified_on(restrictions: &str, days: &[i64]) -> Vec<bool> {
    let organisation = organisation(Mode::Enforce);
    let mut ledger = Ledger::default();
    // A quota that is used up for as long as this takes.
    for day in -60..120 {
        ledger.counted.push(crate::domain::ledger::Counted {
            restriction: "R".into(),
            mode: Mode::Enforce,
            at: contact("c").at + chrono::TimeDelta::days(day) - chrono::TimeDelta::hours(1),
            issue: None,
        });
    }
    let notified = days.iter().map(|day| {
        let mut contact = contact("c");
        contact.at += chrono::TimeDelta::days(*day);
        let verdict = verdict_on(&organisation, restrictions, Some(&ledger), contact);
        assert_eq!(verdict.decision.disposition, Disposition::Limit);
        ledger.absorb(&verdict.additions);
        verdict.decision.notice.is_some()
    });
    notified.collect()
}

#[test]
fn a_clock_that_was_ahead_gives_no_notice_twice_and_withholds_none_for_long() {
    const ROLLING: &str =
        r#"{"id":"R","kind":"contact_quota","limit":1,"per":"week","window":"rolling"}"#;
    for restriction in [CLOSED, ROLLING] {
        let notified = |days: &[i64]| notified_on(restriction, days);
        assert_eq!(notified(&[0, 1, 6, 8, 9]), [true, false, false, true, false]);
        // A month ahead, where nobody was notified before; back; and a week later.
        assert_eq!(notified(&[30, 0, 3, 6, 8, 9]), [true, false, false, false, true, false]);
        // Notified in the true present as well: the notice ahead is the only one more.
        assert_eq!(notified(&[0, 30, 1, 3, 9, 10]), [true, true, false, false, true, false]);
        // A clock that falls behind and is corrected: what was said is still said.
        assert_eq!(notified(&[0, -30, -29, 1, 6, 8]), [true, false, false, false, false, true]);
        // Ahead a second time, long after the first.
        assert_eq!(
            notified(&[30, 0, 8, 60, 40, 44, 48]),
            [true, false, true, true, false, false, true]
        );
    }
}

#[test]
fn an_observed_restriction_never_ends_the_search() {
    let organisation = organisation(Mode::Enforce);
    let both = format!(
        r#"{{"id":"R1","kind":"channels_only","channels":["letter"],"mode":"observe"}},{QUOTA}"#
    );
    let ledger = Ledger {
        counted: vec![crate::domain::ledger::Counted {
            restriction: "R".into(),
            mode: Mode::Enforce,
            at: "2026-11-20T10:00:00Z".parse().unwrap(),
            issue: None,
        }],
        ..Ledger::default()
    };
    let verdict = verdict(&organisation, &both, Some(&ledger));
    assert_eq!(verdict.decision.disposition, Disposition::Limit);
    assert_eq!(codes(&verdict), ["channels_only.closed", "contact_quota.over"]);
    assert_eq!(verdict.decision.mode, Mode::Enforce);
    assert!(verdict.audit.rows[0].observed && verdict.audit.rows[1].settled);
}

/// Who got an item, and from when it counts as unanswered.
type RoutedItem = (Option<String>, Option<DateTime<Utc>>);

/// When the item of Jo's contact of a Monday at ten counts as unanswered, with these absences: as it came, and as
/// it was let through on Friday.
fn unanswered_from(absences: &str) -> [Option<RoutedItem>; 2] {
    let mut profile = Profile::silent("Bare Homes", Nation::England);
    profile.answered_within_hours = Some(8);
    let organisation = Organisation { profile: Arc::new(profile), ..organisation(Mode::Enforce) };
    let point = format!(
        r#"{{"id":"R","kind":"single_point_of_contact","contact":{{"name":"Sam"}},
            "deputies":[{{"name":"Dee","roster":{{"windows":
                [{{"days":["tue"],"from":"09:00","to":"17:00"}}]}}}}],
            "absences":[{absences}]}}"#
    );
    let contact = Contact { at: "2026-11-02T10:00:00Z".parse().unwrap(), ..contact("c") };
    let roster = Roster::new([person(&point)], organisation.profile.nation);
    let sender = sender::resolve(&roster, &organisation.profile, &contact, contact.at);
    let ledger = Ledger::default();
    let dossier = Dossier { sender: &sender, ledger: Some(&ledger), reading: None };
    let now = "2026-11-06T15:00:00Z".parse().unwrap();
    let came = decide(&organisation, dossier, &contact, contact.at);
    let again = decide_again(&organisation, dossier, &contact, now);
    assert_eq!(came.decision, again.decision, "as at the contact's own instant");
    assert_eq!((came.audit.flags, again.audit.flags), (vec![], vec![Flag::DecidedAgain]));
    [came.item, again.item].map(|item| item.map(|item| (item.routed_to, item.read_by)))
}

#[test]
fn the_hours_of_a_contact_that_was_held_begin_when_it_is_let_through() {
    let by = |name: &str, at: &str| Some((Some(name.to_owned()), Some(at.parse().unwrap())));
    assert_eq!(
        unanswered_from(""),
        [by("Sam", "2026-11-03T10:00:00Z"), by("Sam", "2026-11-09T15:00:00Z")]
    );
    let sam_is_away = r#"{"contact":"Sam","from":"2026-11-02","to":"2026-11-02"}"#;
    assert_eq!(
        unanswered_from(sam_is_away),
        [by("Dee", "2026-11-03T17:00:00Z"), by("Dee", "2026-11-10T17:00:00Z")],
        "by Dee's roster"
    );
    let both_are =
        format!(r#"{sam_is_away},{{"contact":"Dee","from":"2026-11-02","to":"2026-11-02"}}"#);
    assert_eq!(unanswered_from(&both_are), [Some((None, None)), Some((None, None))], "the team");
}

#[test]
fn only_what_depends_on_earlier_contacts_asks_for_them() {
    let needs = |restrictions: &str| needs_received(&person(restrictions));
    let filed = r#"{"id":"R3","kind":"read_and_file"}"#;
    let ended = r#"{"id":"R4","kind":"contact_ended"}"#;
    let issues = r#"{"id":"R5","kind":"issue_quota","limit":1,"per":"week"}"#;
    let closed = r#"{"id":"R6","kind":"issue_closed","issues":["C-1"]}"#;
    let complaint = r#"{"id":"R7","kind":"complaint_closed","issues":["C-1"]}"#;
    for restriction in [filed, ended, issues, closed, complaint] {
        assert!(needs(restriction), "{restriction}");
        assert!(needs(&format!("{QUOTA},{restriction}")), "{restriction}");
    }
    for restrictions in ["", QUOTA, CLOSED, r#"{"id":"R8","kind":"visits_in_pairs"}"#] {
        assert!(!needs(restrictions), "{restrictions}");
    }
}
