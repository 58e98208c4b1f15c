//! The decision on one contact: a pure function of organisation, dossier, contact and time.
//!
//! [`decide`] reads as the decision order does: the first row that settles the disposition ends
//! the search. Restrictions that only observe take the same path; what they would have done is
//! recorded, and the search continues behind them.

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
use super::ledger::{Additions, Ledger};
use super::merge::OF_SEVERAL_RECORDS;
use super::organisation::Organisation;
use super::person::Person;
use super::queue::QueueItem;
use super::reading::Reading;
use super::restriction::{Kind, Mode};
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
enum End<'a> {
    Settled(Disposition, Option<Route>),
    /// Rows 5 and 6 and the end of row 12: the contact is admitted.
    Admitted(&'a str),
}

/// Decides one contact at one instant.
pub fn decide(
    organisation: &Organisation,
    dossier: Dossier<'_>,
    contact: &Contact,
    at: DateTime<Utc>,
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
    let end = search(&mut walk);
    let settled = match end {
        End::Settled(disposition, route) => (disposition, route),
        End::Admitted(code) => admit(&mut walk, code),
    };
    walk.finish(settled)
}

/// Rows 2 to 12, in this order.
fn search<'a>(walk: &mut Walk<'a>) -> End<'a> {
    if walk.dossier.sender.is_of_several_records() {
        walk.flag(OF_SEVERAL_RECORDS);
    }
    if let Some(end) = safeguard(walk) {
        return end;
    }
    if walk.contact.automatic {
        walk.flag("automatic");
        walk.find(3, Finding::of_contact("automatic"));
        return End::Settled(Disposition::Deliver, None);
    }
    if let Standing::Doubtful { doubts, .. } = &walk.dossier.sender.standing {
        for doubt in doubts {
            walk.flag(doubt.flag());
            walk.find(4, Finding::of_contact(doubt.code()));
        }
        return End::Settled(Disposition::Deliver, None);
    }
    if walk.is_admitted_representative() {
        walk.find(5, Finding::of_contact("representative"));
        return End::Admitted("representative");
    }
    if walk.is_invited() {
        walk.find(6, Finding::of_contact("invited"));
        return End::Admitted("invited");
    }
    type Row = for<'a> fn(&mut Walk<'a>) -> Option<(Disposition, Option<Route>)>;
    const ROWS: [Row; 6] = [
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
    End::Admitted("within_limits")
}

/// Row 2: a safeguard, on any channel, closed or not. Several lanes are all reasons; the first that
/// has a queue routes, and one that protects sender or recipient delivers where no other routes.
fn safeguard<'a>(walk: &mut Walk<'a>) -> Option<End<'a>> {
    let hits: Vec<Hit> = walk.reading().hits.clone();
    let first = hits.first()?.clone();
    for hit in &hits {
        walk.flag(hit.lane.code());
        walk.find(2, Finding::of_safeguard(hit));
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
fn admit(walk: &mut Walk<'_>, code: &str) -> (Disposition, Option<Route>) {
    walk.admitted = true;
    let zone = walk.profile().timezone;
    let team = walk.profile().team.clone();
    let mut settled = (Disposition::Deliver, None);
    let mut observed_settles = false;
    for restriction in walk.in_force() {
        let Kind::SinglePointOfContact(point) = &restriction.kind else { continue };
        let (taker, route) = point.route(walk.at, zone, &team);
        match walk.mode_of(restriction) {
            Mode::Enforce if settled.1.is_none() => {
                walk.find(13, Finding::of(restriction, taker.code()));
                settled = (Disposition::Route, Some(route));
            }
            Mode::Observe if !observed_settles && !walk.observed_search_ended() => {
                observed_settles = true;
                walk.observe(13, Disposition::Route, Finding::of(restriction, taker.code()));
            }
            Mode::Enforce | Mode::Observe => {}
        }
    }
    if settled.1.is_none() && code == "within_limits" {
        walk.find(13, Finding::of_contact("within_limits"));
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
