//! Receiving one contact.

use std::sync::Arc;

use tokio::sync::mpsc::error::TrySendError;

use super::announce::announcement;
use super::verdict::decided;
use super::{Identified, Inbound, Intake, Outcome, degraded};
use crate::domain::contact::Contact;
use crate::domain::decide::{self, Dossier};
use crate::domain::decision::Decision;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::sender::Sender;
use crate::ports::{JournalEntry, PlainDecision, Settled};
use crate::runtime::trace::{TraceSpan, TraceStep};

impl Intake {
    /// Decides one contact and commits the decision with all that goes with it.
    pub async fn receive(&self, organisation: &OrganisationId, inbound: Inbound) -> Outcome {
        let Some(organisation) = self.organisation(organisation) else {
            let outcome = degraded::no_such_organisation(&inbound.contact);
            self.count(organisation, inbound.contact.channel, &outcome);
            return outcome;
        };
        let identified = self.identify(&organisation, &inbound.contact);
        self.receive_from(&organisation, identified, inbound).await
    }

    /// The same, for a channel that has looked up already who the contact is from.
    pub async fn receive_from(
        &self,
        organisation: &Arc<Organisation>,
        identified: Identified,
        inbound: Inbound,
    ) -> Outcome {
        let channel = inbound.contact.channel;
        let span = TraceSpan::next(TraceStep::Intake);
        span.of_contact(organisation.id.as_str(), &inbound.contact.id, channel.name());
        let deciding = self.decided_from(organisation, identified, inbound);
        let outcome = span.clone().around(deciding).await;
        let decision = &outcome.decision;
        span.decided(decision.disposition.name(), outcome.repeated, decision.stale);
        if !outcome.durable {
            span.failed("not recorded");
        }
        self.count(&organisation.id, channel, &outcome);
        outcome
    }

    async fn decided_from(
        &self,
        organisation: &Arc<Organisation>,
        identified: Identified,
        inbound: Inbound,
    ) -> Outcome {
        match identified {
            Identified::Plain(sender) => {
                let (outcome, waiting) = self.receive_plain(organisation, &sender, inbound);
                if let Some(plain) = waiting {
                    // The recorder is gone only when the process is: then there is nobody to tell.
                    let _ = Box::pin(self.plain.send(*plain)).await;
                }
                outcome
            }
            // Many times as large as what most contacts take: on the heap, so that those need not
            // carry it about.
            Identified::Known(sender) => {
                Box::pin(self.receive_restricted(organisation, sender, inbound)).await
            }
            Identified::PeopleUnknown => {
                Box::pin(degraded::restrictions_unknown(self, organisation, inbound)).await
            }
        }
    }

    /// Looks up in memory who a contact is from.
    pub fn identify(&self, organisation: &Organisation, contact: &Contact) -> Identified {
        let _looking = TraceSpan::next(TraceStep::LookUp);
        match self.rosters.resolve(organisation, contact) {
            None => Identified::PeopleUnknown,
            Some(sender) if is_plain(organisation, &sender, contact) => Identified::Plain(sender),
            Some(sender) => Identified::Known(sender),
        }
    }

    /// Also returns the decision if the queue of plain decisions is full.
    fn receive_plain(
        &self,
        organisation: &Arc<Organisation>,
        sender: &Sender,
        inbound: Inbound,
    ) -> (Outcome, Option<Box<PlainDecision>>) {
        let dossier = Dossier { sender, ledger: None, reading: None };
        let mut verdict = {
            let _deciding = TraceSpan::next(TraceStep::Decide);
            decided(organisation, dossier, &inbound.contact)
        };
        degraded::mark_behind(self, &organisation.id, &mut verdict);
        let seen = self.recent.see(&organisation.id, &inbound.contact.id, inbound.digest);
        let outcome = Outcome {
            decision: verdict.decision.clone(),
            repeated: seen.repeated,
            conflicting: seen.conflicting,
            durable: true,
            defer: None,
            unkept: false,
        };
        if seen.repeated {
            return (outcome, None);
        }
        let plain = PlainDecision {
            organisation: organisation.id.clone(),
            contact: inbound.contact.id,
            digest: inbound.digest,
            at: self.clock.now(),
            decision: verdict.decision,
            audit: verdict.audit,
        };
        match self.plain.try_send(plain) {
            Err(TrySendError::Full(plain)) => (outcome, Some(Box::new(plain))),
            Ok(()) | Err(TrySendError::Closed(_)) => (outcome, None),
        }
    }

    /// Notifies the queue's mailbox. If very many notifications wait, the item on the queue must do.
    pub(super) fn announce(
        &self,
        organisation: &Organisation,
        contact: &Contact,
        decision: &Decision,
    ) {
        if let Some(mail) = announcement(organisation, contact, decision)
            && self.announcements.try_send(mail).is_err()
        {
            tracing::warn!("a queue's mailbox is not notified: too many mails are waiting");
        }
    }

    /// Keeps a decision made without the store in the local journal; `false`: it could not.
    pub(super) async fn journal(
        &self,
        organisation: &Organisation,
        contact: &Contact,
        digest: [u8; 32],
        settled: Settled,
    ) -> bool {
        let entry = JournalEntry {
            organisation: organisation.id.clone(),
            contact: contact.id.clone(),
            digest,
            person: settled.decision.person.clone(),
            at: self.clock.now(),
            settled,
        };
        let span = TraceSpan::next(TraceStep::Journal);
        let appended = span.clone().around(self.journal.append(entry)).await;
        if let Err(error) = &appended {
            span.failed("not journalled");
            tracing::error!(%error, contact = contact.id, "a decision could not be journalled either");
        }
        appended.is_ok()
    }
}

/// Whether a contact is from nobody who ever had a restriction.
///
/// A restriction that has ended needs the store still. An id that was limited while it was in force
/// may come again (a mail server's retry of days, a provider's of hours, at another gateway or after
/// a restart), and the recorded decision is the answer to it for ever: delivered now, it would be
/// kept and delivered both. The price is that those who once had a restriction are answered a
/// commit later than those who never had one.
fn is_plain(organisation: &Organisation, sender: &Sender, contact: &Contact) -> bool {
    decide::is_unrestricted(organisation, sender, contact.at)
        && sender.candidates.iter().all(|person| person.restrictions.is_empty())
}
