//! A verdict for every contact, whatever happens: one that the decider can't make delivers and says why.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::domain::audit::{AuditRow, DecidedEntry};
use crate::domain::contact::{Contact, UNREAD};
use crate::domain::decide::{self, Dossier, Verdict};
use crate::domain::decision::{Decision, Disposition, Reason};
use crate::domain::ledger::Additions;
use crate::domain::organisation::Organisation;
use crate::domain::restriction::Mode;
use crate::ports::Settled;

/// The flag, and the reason, of a request to a form that is not a submission.
pub(super) const NOT_SUBMITTED: &str = "not_submitted";

/// Of a message that came back with the gateway's own mark: decided before, row 0.
pub(super) const PASSED_BY_MARK: &str = "passed_by_mark";

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
        tracing::error!("the decider failed; the contact is delivered and flagged");
        undecided(organisation, contact, "decider_failed")
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
pub(super) fn undecided(organisation: &Organisation, contact: &Contact, why: &str) -> Verdict {
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
            row: 1,
            code: why.into(),
            restriction: None,
            clause: None,
            observed: false,
            settled: true,
        }],
        flags: decision.flags.clone(),
        in_doubt: Vec::new(),
    };
    Verdict { decision, additions: Additions::default(), item: None, audit }
}

pub(super) fn delivered(contact: &Contact, mode: Mode, why: &str) -> Decision {
    let text = match why {
        "restrictions_unknown" => "The restrictions are not known at the moment: delivered",
        "decider_failed" => "The decision failed because of a fault in the gateway: delivered",
        NOT_SUBMITTED => "A request that the form does not take as a submission: passed on",
        PASSED_BY_MARK => {
            "It came round again with the gateway's own mark: decided before, passed on"
        }
        UNREAD => "It could not be read: passed on",
        _ => "Nothing could be decided: delivered",
    };
    Decision {
        contact: contact.id.clone(),
        person: None,
        disposition: Disposition::Deliver,
        mode,
        route: None,
        reasons: vec![Reason {
            code: why.into(),
            restriction: None,
            clause: None,
            text: text.to_owned(),
        }],
        flags: flags(why, contact),
        quotas: Vec::new(),
        notice: None,
        would: None,
        stale: true,
    }
}

/// The reason, and what the channel could not settle, each once.
fn flags(why: &str, contact: &Contact) -> Vec<String> {
    let doubts = contact.doubts().filter(|doubt| *doubt != why);
    std::iter::once(why.to_owned()).chain(doubts.map(str::to_owned)).collect()
}
