//! Requests that a channel passes on without asking for a decision, although they name somebody.

use super::Intake;
use super::verdict::{Undecided, undecided};
use crate::domain::contact::Contact;
use crate::domain::organisation::Organisation;
use crate::ports::PlainDecision;

/// Why it is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passed {
    NotSubmitted,
    ByMark,
    /// What it is can't be read.
    Unread,
}

impl Intake {
    /// Leaves an audit entry, on the timelines of the restricted people whose identifiers the contact
    /// carries. Nothing is decided or counted of anybody.
    pub fn note_passed(&self, organisation: &Organisation, contact: &Contact, why: Passed) {
        let undecided_for = match why {
            Passed::NotSubmitted => Undecided::NotSubmitted,
            Passed::ByMark => Undecided::PassedByMark,
            Passed::Unread => Undecided::Unread,
        };
        let mut verdict = undecided(organisation, contact, undecided_for);
        verdict.decision.stale = false;
        verdict.audit.stale = false;
        if let Some(sender) = self.rosters.resolve(organisation, contact) {
            verdict.audit.in_doubt = sender.named(&organisation.profile, contact.at);
        }
        // What came round again was counted before.
        if why != Passed::ByMark {
            self.count_flags(&organisation.id, &verdict.decision.flags);
        }
        let noted = PlainDecision {
            organisation: organisation.id.clone(),
            contact: contact.id.clone(),
            digest: [0; 32],
            at: self.clock.now(),
            decision: verdict.decision,
            audit: verdict.audit,
        };
        if self.plain.try_send(noted).is_err() {
            tracing::warn!(
                "a contact that was passed on is not recorded: the queue of decisions \
                to record is full"
            );
        }
    }
}
