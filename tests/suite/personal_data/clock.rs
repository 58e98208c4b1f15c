//! While the clock may be wrong, nothing is removed that nobody can bring back.

use chrono::{DateTime, TimeDelta, Utc};
use contact_gateway::casework::clock_doubt::ClockDoubt;
use contact_gateway::casework::erasure::AskErasure;
use contact_gateway::casework::{Desk, Fault};
use contact_gateway::domain::refusal_code::RefusalCode;
use contact_gateway::domain::retention::{Class, Rule, Schedule};
use contact_gateway::store::memory::Memory;

use super::retention::{GWEN, MAX, begun, key, office, schedule};
use crate::casework::rig::CaseOffice;

/// Contacts of nobody on record go after a year without anybody's approval.
fn automatic() -> Schedule {
    let rule = Rule { months: 12, clause: "Schedule 12".to_owned(), automatic: true };
    Schedule::from([(Class::Contacts, rule)])
}

/// A gateway signs for the trail once a day, from one day to another.
async fn signs_daily(desk: &Desk, office: &CaseOffice, from: DateTime<Utc>, days: i64) {
    for day in 0..=days {
        office.clock.set(from + TimeDelta::days(day));
        desk.seal(&office.organisation.id, &key()).await.unwrap();
    }
}

/// Some rounds of the keeper. How many sweeps there were until now, and whether what is due is still there.
async fn rounds(desk: &Desk, office: &CaseOffice) -> (usize, bool) {
    let of = &office.organisation.id;
    for _ in 0..3 {
        desk.sweep_by_rule(of, &automatic()).await.unwrap();
        office.finish(desk).await;
    }
    let is_there = office.store.recorded(of, "s-0").await.unwrap().is_some();
    (desk.erasures(of).await.unwrap().len(), is_there)
}

fn is_doubtful<T>(done: &Result<T, Fault>) -> bool {
    matches!(done, Err(Fault::Broken(broken)) if broken[0].code == RefusalCode::ClockDoubtful)
}

#[tokio::test]
async fn a_clock_far_ahead_removes_nothing_until_it_has_run_steadily() {
    let office = office(Memory::new(), 3).await;
    let (desk, of) = (office.wary_desk(office.store.clone()), &office.organisation.id);
    let first = begun() + TimeDelta::days(1);
    signs_daily(&desk, &office, first, 10).await;
    assert_eq!(desk.look_at_clock(of).await.unwrap(), None);
    // Nothing is due yet.
    assert_eq!(rounds(&desk, &office).await, (1, true));

    // The machine starts with a clock that is two years ahead.
    let ahead = first + TimeDelta::days(730);
    for day in 0..=2 {
        office.clock.set(ahead + TimeDelta::days(day));
        let doubt = desk.look_at_clock(of).await.unwrap();
        assert!(matches!(doubt, Some(ClockDoubt::Ahead { .. })), "{day}: {doubt:?}");
        assert!(doubt.unwrap().to_string().contains("may be ahead"));
        desk.seal(of, &key()).await.unwrap();
        assert_eq!(rounds(&desk, &office).await, (1, true), "{day}");
        let asked = desk.ask_sweep(of, &schedule(), Class::Contacts, GWEN).await;
        assert!(is_doubtful(&asked), "{asked:?}");
        let ask = AskErasure { clause: "Art. 17(1)(d)", despite: Some("Unlawful.") };
        let asked = desk.ask_erasure(&office.organisation, "P-1", ask, GWEN.into()).await;
        assert!(is_doubtful(&asked), "{asked:?}");
    }
    // It has run on for three days: it is the right time.
    office.clock.set(ahead + TimeDelta::days(3));
    assert_eq!(desk.look_at_clock(of).await.unwrap(), None);
    assert_eq!(rounds(&desk, &office).await, (2, false));
}

#[tokio::test]
async fn a_clock_that_is_behind_is_said_and_removes_nothing() {
    let office = office(Memory::new(), 3).await;
    let (desk, of) = (office.wary_desk(office.store.clone()), &office.organisation.id);
    let first = begun() + TimeDelta::days(1);
    signs_daily(&desk, &office, first, 400).await;
    let due = desk.ask_sweep(of, &automatic(), Class::Contacts, GWEN).await.unwrap();
    office.clock.set(first + TimeDelta::days(380));
    let doubt = desk.look_at_clock(of).await.unwrap();
    assert!(matches!(doubt, Some(ClockDoubt::Behind { .. })), "{doubt:?}");
    assert_eq!(rounds(&desk, &office).await, (0, true));
    let approved = desk.approve_sweep(&office.organisation, Class::Contacts, MAX).await;
    assert!(is_doubtful(&approved), "{approved:?}");

    // A gateway that starts then sees it too, whatever has been recorded since.
    let other = office.wary_desk(office.store.clone());
    other.seal(of, &key()).await.unwrap();
    let doubt = other.look_at_clock(of).await.unwrap();
    assert!(matches!(doubt, Some(ClockDoubt::Behind { .. })), "{doubt:?}");

    // Even if somebody says that it is right: the request was for what is due later than now.
    desk.trust_clock();
    let approved = desk.approve_sweep(&office.organisation, Class::Contacts, MAX).await;
    assert!(is_doubtful(&approved), "{approved:?}");
    office.clock.set(due.at + TimeDelta::minutes(1));
    desk.approve_sweep(&office.organisation, Class::Contacts, MAX).await.unwrap();
    assert!(office.store.recorded(of, "s-0").await.unwrap().is_none());
}
