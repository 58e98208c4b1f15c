//! What a walk depended on, for the audit trail: read off the walk when it is over, so that the decision itself
//! knows nothing of it.

use super::issues::{claims_listed, is_engaged};
use super::limits::counted_before;
use super::walk::Walk;
use crate::domain::audit::facts::{Circumstance, DecisionFacts, RestrictionFact, SentBy};
use crate::domain::digest::digest_of;
use crate::domain::reason_code::ReasonCode;
use crate::domain::restriction::{Kind, Mode, Restriction};
use crate::domain::row::DecisionRow;
use crate::domain::sender::Standing;

pub(super) fn facts(walk: &Walk<'_>) -> DecisionFacts {
    let compared = is_compared(walk);
    DecisionFacts {
        rules: walk.profile().rules().to_owned(),
        sent_by: match walk.dossier.sender.standing {
            Standing::Own(_) => SentBy::Person,
            Standing::Representative { .. } => SentBy::Representative,
            // Nothing is in force of somebody unknown.
            Standing::Doubtful { .. } | Standing::Unknown => SentBy::Doubtful,
        },
        found: found(walk),
        in_force: walk.in_force.iter().map(|one| met(walk, one)).collect(),
        not_in_force: if compared { others(walk) } else { Vec::new() },
        circumstances: circumstances(walk, compared),
        compared: compared.then(|| walk.ledger().map_or(0, |ledger| ledger.received.len())),
        told: match walk.ledger() {
            Some(ledger) if walk.contact.unanswerable => ledger.told.clone(),
            Some(_) | None => Vec::new(),
        },
    }
}

/// Whether the search came to a row, and behind it.
fn reached(walk: &Walk<'_>, row: DecisionRow) -> bool {
    // Representatives, and what is invited, go past the rows in between.
    walk.is_counted_sender() && walk.findings.iter().any(|(found, _)| *found >= row)
}

/// Whether it mattered what the contact says, on which issue, and what was received before.
fn is_compared(walk: &Walk<'_>) -> bool {
    walk.in_force.iter().any(|restriction| match restriction.kind {
        Kind::ContactEnded => reached(walk, DecisionRow::ContactEnded),
        Kind::IssueClosed(_) | Kind::ComplaintClosed(_) | Kind::ReadAndFile { .. } => {
            reached(walk, DecisionRow::ClosedOrFiled)
        }
        Kind::IssueQuota(_) => reached(walk, DecisionRow::Quotas),
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

fn found(walk: &Walk<'_>) -> Vec<ReasonCode> {
    let lanes = walk.reading().hits.iter().map(|hit| ReasonCode::Safeguard(hit.lane));
    let mut found: Vec<ReasonCode> = lanes.collect();
    if let Standing::Doubtful { doubts, .. } = &walk.dossier.sender.standing {
        found.extend(doubts.iter().map(|doubt| ReasonCode::Identity(*doubt)));
    }
    found
}

fn named(restriction: &Restriction) -> RestrictionFact {
    RestrictionFact {
        restriction: restriction.id.clone(),
        terms: restriction.terms(),
        counted: Vec::new(),
        issues: Vec::new(),
        names_sender: false,
    }
}

fn met<'a>(walk: &Walk<'a>, restriction: &'a Restriction) -> RestrictionFact {
    let mut fact = named(restriction);
    if reached(walk, DecisionRow::Quotas) {
        for (at, issue) in counted_before(walk, restriction) {
            fact.counted.push(at);
            fact.issues.extend(issue.map(|issue| digest_of(issue.as_bytes())));
        }
    }
    if let (
        Standing::Representative { name, .. },
        Kind::RepresentativeOnly { names: Some(names) },
    ) = (&walk.dossier.sender.standing, &restriction.kind)
    {
        fact.names_sender = names.contains(name);
    }
    fact
}

/// The person's other restrictions that say what was received or answered before.
fn others(walk: &Walk<'_>) -> Vec<RestrictionFact> {
    let all = walk.person().map_or(&[][..], |person| &person.restrictions);
    all.iter()
        .filter(|one| one.kind.closed().is_some() || matches!(one.kind, Kind::ReadAndFile { .. }))
        .filter(|one| !walk.in_force.iter().any(|met| met.id == one.id))
        .map(named)
        .collect()
}

fn circumstances(walk: &Walk<'_>, compared: bool) -> Vec<Circumstance> {
    let (contact, sender) = (walk.contact, walk.dossier.sender);
    let by_hours = || walk.in_force.iter().any(|one| matches!(one.kind, Kind::HoursOnly(_)));
    let is_holiday = || walk.profile().is_bank_holiday(walk.at);
    let needs = || walk.person().is_some_and(|person| person.needs_channel(contact.channel));
    let all = [
        (Circumstance::Automatic, contact.automatic),
        (Circumstance::Invited, walk.is_invited()),
        (Circumstance::Ambiguous, contact.ambiguous),
        (Circumstance::Unread, contact.unread),
        (Circumstance::SenderUnread, sender.unread),
        (Circumstance::Unanswerable, contact.unanswerable),
        (Circumstance::Unstoppable, contact.unstoppable),
        (Circumstance::NotifiedApart, contact.notified_apart),
        (Circumstance::NeedsChannel, needs()),
        (Circumstance::SeveralRecords, sender.is_of_several_records()),
        (Circumstance::HasMessageId, compared && contact.message_id.is_some()),
        (Circumstance::IssueListed, compared && claims_listed(walk)),
        (Circumstance::Engaged, compared && is_engaged(walk)),
        (Circumstance::BankHoliday, by_hours() && is_holiday()),
        (Circumstance::Observing, walk.organisation.mode == Mode::Observe),
        (Circumstance::StoreAway, walk.dossier.ledger.is_none()),
    ];
    all.into_iter().filter(|(_, holds)| *holds).map(|(circumstance, _)| circumstance).collect()
}
