//! The decision on one contact: a pure function of organisation, dossier, contact and time.
//!
//! [`decide`] reads as the decision order does: the first row that settles the disposition ends
//! the search. Restrictions that only observe take the same path; what they would have done is
//! recorded, and the search continues behind them.

mod facts;
mod finish;
mod issues;
mod limits;
mod outcome;
mod route;
mod walk;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use super::audit::{AuditRow, DecidedEntry};
use super::contact::Contact;
use super::decision::{Decision, Route};
use super::disposition::Disposition;
use super::flag::Flag;
use super::ledger::{Additions, Ledger};
use super::organisation::Organisation;
use super::person::Person;
use super::point_of_contact::Routed;
use super::queue::QueueItem;
use super::reading::Reading;
use super::reason_code::ReasonCode;
use super::restriction::{Kind, Mode};
use super::row::DecisionRow;
use super::safeguard::Hit;
use super::sender::{Sender, Standing, has_restriction_in_force};
use walk::{Finding, Walk};

/// Everything about one person that a decision needs.
#[derive(Debug, Clone, Copy)]
pub struct Dossier<'a> {
    pub sender: &'a Sender,
    /// `None`: the store is away. Last known restrictions hold; what depends on a counter does not.
    pub ledger: Option<&'a Ledger>,
    /// What the contact says, where it was read already.
    pub reading: Option<&'a Reading>,
}

/// A decision, its additions to the record, and where staff find it.
#[derive(Debug, Clone)]
pub struct Verdict {
    pub decision: Decision,
    pub additions: Additions,
    pub item: Option<QueueItem>,
    pub audit: DecidedEntry,
}

/// Whether a decision on this person's contact compares it with earlier ones.
pub fn needs_received(person: &Person) -> bool {
    person.restrictions.iter().any(|restriction| match restriction.kind {
        Kind::IssueClosed(_)
        | Kind::ComplaintClosed(_)
        | Kind::ReadAndFile { .. }
        | Kind::ContactEnded
        | Kind::IssueQuota(_) => true,
        Kind::SinglePointOfContact(_)
        | Kind::ChannelsOnly { .. }
        | Kind::HoursOnly(_)
        | Kind::ContactQuota { .. }
        | Kind::RepresentativeOnly { .. }
        | Kind::CallLength { .. }
        | Kind::VisitsInPairs
        | Kind::AppointmentOnly
        | Kind::DocumentsReturned { .. } => false,
    })
}

/// Whether the order ends at its first row: the sender matches nobody, or nobody with a restriction
/// in force. Nothing is looked at further then, and nothing of the store is needed.
pub fn is_unrestricted(organisation: &Organisation, sender: &Sender, at: DateTime<Utc>) -> bool {
    !sender
        .candidates
        .iter()
        .any(|person| has_restriction_in_force(person, &organisation.profile, at))
}

/// How the search ended.
enum End {
    Settled(Disposition, Option<Route>),
    /// Rows 5 and 6 and the end of row 12: the contact is admitted.
    Admitted(Admission),
}

/// Why a contact is admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Admission {
    Representative,
    Invited,
    WithinLimits,
}

/// Decides one contact at one instant.
pub fn decide(
    organisation: &Organisation,
    dossier: Dossier<'_>,
    contact: &Contact,
    at: DateTime<Utc>,
) -> Verdict {
    decide_for(organisation, dossier, contact, (at, at))
}

/// Decides a contact again that was held, as at its own instant. A point of contact has it from `now` on.
pub fn decide_again(
    organisation: &Organisation,
    dossier: Dossier<'_>,
    contact: &Contact,
    now: DateTime<Utc>,
) -> Verdict {
    let mut verdict = decide_for(organisation, dossier, contact, (contact.at, now));
    verdict.audit.flags.push(Flag::DecidedAgain);
    verdict
}

/// `had_from`: since when a point of contact has it.
fn decide_for(
    organisation: &Organisation,
    dossier: Dossier<'_>,
    contact: &Contact,
    (at, had_from): (DateTime<Utc>, DateTime<Utc>),
) -> Verdict {
    // Row 0: decided before.
    if let Some(recorded) = dossier.ledger.and_then(|ledger| ledger.recorded.as_ref()) {
        return outcome::repeated(organisation, dossier.sender, recorded, contact);
    }
    // Row 1: nobody, or nobody with a restriction in force.
    if is_unrestricted(organisation, dossier.sender, at) {
        return outcome::unrestricted(organisation, dossier.sender, contact);
    }
    let mut walk = Walk::new(organisation, dossier, contact, at);
    walk.had_from = had_from;
    let end = search(&mut walk);
    let settled = match end {
        End::Settled(disposition, route) => (disposition, route),
        End::Admitted(why) => admit(&mut walk, why),
    };
    walk.finish(settled)
}

/// Rows 2 to 12, in this order.
fn search(walk: &mut Walk<'_>) -> End {
    if walk.dossier.sender.is_of_several_records() {
        walk.flag(Flag::OfSeveralRecords);
    }
    if let Some(end) = safeguard(walk) {
        return end;
    }
    if walk.contact.automatic {
        walk.flag(Flag::Automatic);
        walk.find(DecisionRow::Automatic, Finding::of_contact(ReasonCode::Automatic));
        return End::Settled(Disposition::Deliver, None);
    }
    if let Standing::Doubtful { doubts, .. } = &walk.dossier.sender.standing {
        for doubt in doubts {
            walk.flag(Flag::Identity(*doubt));
            walk.find(DecisionRow::Identity, Finding::of_contact(ReasonCode::Identity(*doubt)));
        }
        return End::Settled(Disposition::Deliver, None);
    }
    if walk.is_admitted_representative() {
        walk.find(DecisionRow::Representative, Finding::of_contact(ReasonCode::Representative));
        return End::Admitted(Admission::Representative);
    }
    if walk.is_invited() {
        walk.find(DecisionRow::Invited, Finding::of_contact(ReasonCode::Invited));
        return End::Admitted(Admission::Invited);
    }
    type Step = for<'a> fn(&mut Walk<'a>) -> Option<(Disposition, Option<Route>)>;
    const ROWS: [Step; 6] = [
        issues::contact_ended,
        limits::representative_only,
        limits::channels_only,
        limits::hours_only,
        issues::closed_or_filed,
        limits::quotas,
    ];
    for row in ROWS {
        if let Some((disposition, route)) = row(walk) {
            return End::Settled(disposition, route);
        }
    }
    End::Admitted(Admission::WithinLimits)
}

/// Row 2: a safeguard, on any channel, closed or not. Several lanes are all reasons; the first that
/// has a queue routes, and one that protects sender or recipient delivers where no other routes.
fn safeguard(walk: &mut Walk<'_>) -> Option<End> {
    let hits: Vec<Hit> = walk.reading().hits.clone();
    let first = hits.first()?.clone();
    for hit in &hits {
        walk.flag(Flag::Safeguard(hit.lane));
        walk.find(DecisionRow::Safeguard, Finding::of_safeguard(hit));
    }
    if walk.dossier.sender.is_believed() {
        walk.additions.lane = Some(first.lane.name().to_owned());
    }
    let route = walk
        .profile()
        .safeguards
        .queue(first.lane)
        .map(|queue| route::safeguard_route(walk.organisation, queue, walk.contact.channel));
    let disposition = if route.is_some() { Disposition::Route } else { Disposition::Deliver };
    if walk.only_observes() {
        walk.would(disposition);
        return Some(End::Settled(Disposition::Deliver, None));
    }
    Some(End::Settled(disposition, route))
}

/// Row 13: admitted, to the point of contact where there is one.
fn admit(walk: &mut Walk<'_>, why: Admission) -> (Disposition, Option<Route>) {
    walk.admitted = true;
    let zone = walk.profile().timezone;
    let team = walk.profile().team.clone();
    let mut settled = (Disposition::Deliver, None);
    let mut observed_settles = false;
    for restriction in walk.in_force() {
        let Kind::SinglePointOfContact(point) = &restriction.kind else { continue };
        let Routed { taker, member, route } = point.route(walk.at, zone, &team);
        match walk.mode_of(restriction) {
            Mode::Enforce if settled.1.is_none() => {
                walk.find(DecisionRow::Admitted, Finding::of(restriction, taker.code()));
                settled = (Disposition::Route, Some(route));
                walk.routed_to = member;
            }
            Mode::Observe if !observed_settles && !walk.observed_search_ended() => {
                observed_settles = true;
                let finding = Finding::of(restriction, taker.code());
                walk.observe(DecisionRow::Admitted, Disposition::Route, finding);
            }
            Mode::Enforce | Mode::Observe => {}
        }
    }
    if settled.1.is_none() && why == Admission::WithinLimits {
        walk.find(DecisionRow::Admitted, Finding::of_contact(ReasonCode::WithinLimits));
    }
    settled
}

/// The rows of the trace, for the auditor.
fn audit_rows(walk: &Walk<'_>) -> Vec<AuditRow> {
    let last = walk.findings.iter().filter(|(_, finding)| !finding.observed).map(|(row, _)| *row);
    let settled_by = last.max();
    walk.findings
        .iter()
        .map(|(row, finding)| AuditRow {
            row: *row,
            code: finding.code.clone(),
            restriction: finding.restriction.clone(),
            clause: walk.clause_of(finding),
            observed: finding.observed,
            settled: !finding.observed && Some(*row) == settled_by,
        })
        .collect()
}
