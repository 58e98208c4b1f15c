//! A verdict for every contact, whatever happens: one that the decider can't make delivers and says why.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::domain::audit::{AuditRow, DecidedEntry};
use crate::domain::contact::Contact;
use crate::domain::decide::{self, Dossier, Verdict};
use crate::domain::decision::{Decision, Disposition, Reason};
use crate::domain::flag::Flag;
use crate::domain::ledger::Additions;
use crate::domain::organisation::Organisation;
use crate::domain::reason_code::ReasonCode;
use crate::domain::restriction::Mode;
use crate::domain::row::DecisionRow;
use crate::ports::Settled;

/// Why a contact is delivered without a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Undecided {
    RestrictionsUnknown,
    DeciderFailed,
    /// A request to a form that is not a submission.
    NotSubmitted,
    /// A message that came back with the gateway's own mark: decided before.
    PassedByMark,
    /// It can't be read.
    Unread,
}

impl Undecided {
    const fn code(self) -> ReasonCode {
        match self {
            Undecided::RestrictionsUnknown => ReasonCode::RestrictionsUnknown,
            Undecided::DeciderFailed => ReasonCode::DeciderFailed,
            Undecided::NotSubmitted => ReasonCode::NotSubmitted,
            Undecided::PassedByMark => ReasonCode::PassedByMark,
            Undecided::Unread => ReasonCode::Unread,
        }
    }

    const fn flag(self) -> Flag {
        match self {
            Undecided::RestrictionsUnknown => Flag::RestrictionsUnknown,
            Undecided::DeciderFailed => Flag::DeciderFailed,
            Undecided::NotSubmitted => Flag::NotSubmitted,
            Undecided::PassedByMark => Flag::PassedByMark,
            Undecided::Unread => Flag::Unread,
        }
    }

    const fn row(self) -> DecisionRow {
        match self {
            Undecided::PassedByMark => DecisionRow::Recorded,
            Undecided::RestrictionsUnknown
            | Undecided::DeciderFailed
            | Undecided::NotSubmitted
            | Undecided::Unread => DecisionRow::Unrestricted,
        }
    }

    /// One line for staff.
    const fn text(self) -> &'static str {
        match self {
            Undecided::RestrictionsUnknown => {
                "The restrictions are not known at the moment: delivered"
            }
            Undecided::DeciderFailed => {
                "The decision failed because of a fault in the gateway: delivered"
            }
            Undecided::NotSubmitted => {
                "A request that the form does not take as a submission: passed on"
            }
            Undecided::PassedByMark => {
                "It came round again with the gateway's own mark: decided before, passed on"
            }
            Undecided::Unread => "It could not be read: passed on",
        }
    }
}

/// Decides; a panic of the decider is a decision as well.
pub(super) fn decided(
    organisation: &Organisation,
    dossier: Dossier<'_>,
    contact: &Contact,
) -> Verdict {
    guarded(organisation, contact, || decide::decide(organisation, dossier, contact, contact.at))
}

fn guarded(
    organisation: &Organisation,
    contact: &Contact,
    decide: impl FnOnce() -> Verdict,
) -> Verdict {
    catch_unwind(AssertUnwindSafe(decide)).unwrap_or_else(|_| {
        let id = contact.id.as_str();
        tracing::error!(contact = id, "the decider failed; the contact is delivered and flagged");
        undecided(organisation, contact, Undecided::DeciderFailed)
    })
}

pub(super) fn into_settled(verdict: Verdict, archived: Option<&str>) -> Settled {
    let mut item = verdict.item;
    if let Some(item) = &mut item {
        item.archived = archived.map(str::to_owned);
    }
    Settled { decision: verdict.decision, additions: verdict.additions, item, audit: verdict.audit }
}

/// A decision to deliver that says why nothing else could be decided.
pub(super) fn undecided(organisation: &Organisation, contact: &Contact, why: Undecided) -> Verdict {
    let decision = delivered(contact, organisation.mode, why);
    let audit = DecidedEntry {
        contact: contact.id.clone(),
        person: None,
        channel: contact.channel,
        contact_at: contact.at,
        disposition: decision.disposition,
        mode: decision.mode,
        would: None,
        stale: true,
        profile_version: organisation.profile.version.clone(),
        rows: vec![AuditRow {
            row: why.row(),
            code: why.code(),
            restriction: None,
            clause: None,
            observed: false,
            settled: true,
        }],
        flags: decision.flags.clone(),
        in_doubt: Vec::new(),
        facts: None,
    };
    Verdict { decision, additions: Additions::default(), item: None, audit }
}

pub(super) fn delivered(contact: &Contact, mode: Mode, why: Undecided) -> Decision {
    Decision {
        contact: contact.id.clone(),
        person: None,
        disposition: Disposition::Deliver,
        mode,
        route: None,
        reasons: vec![Reason {
            code: why.code(),
            restriction: None,
            clause: None,
            text: why.text().to_owned(),
        }],
        flags: flags(why, contact),
        quotas: Vec::new(),
        notice: None,
        would: None,
        stale: true,
    }
}

/// The reason, and what the channel could not settle, each once.
fn flags(why: Undecided, contact: &Contact) -> Vec<Flag> {
    let doubts = contact.doubts().filter(|doubt| *doubt != why.flag());
    std::iter::once(why.flag()).chain(doubts).collect()
}
