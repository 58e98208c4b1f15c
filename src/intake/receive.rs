//! Receiving one contact.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::announce::announcement;
use super::degraded;
use super::recent::Recent;
use super::roster::Rosters;
use super::standing::Standing;
use super::{Inbound, Outcome};
use crate::domain::contact::Contact;
use crate::domain::decide::{self, Dossier, Verdict};
use crate::domain::decision::Decision;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::sender::Sender;
use crate::ports::helper::SafeguardHelper;
use crate::ports::{Archive, Clock, Journal, JournalEntry, OwnMail, PlainDecision, Settled, Store};
use crate::runtime::metrics::Metrics;

/// The contact use case, shared by every channel.
pub struct Intake {
    pub(super) organisations: HashMap<OrganisationId, Arc<Organisation>>,
    pub(super) by_mail_domain: HashMap<String, Arc<Organisation>>,
    pub(super) rosters: Arc<Rosters>,
    pub(super) store: Arc<dyn Store>,
    pub(super) archive: Arc<dyn Archive>,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) clock: Arc<dyn Clock>,
    /// Decisions on unrestricted contacts, on their way to the store.
    pub(super) plain: mpsc::Sender<PlainDecision>,
    announcements: mpsc::Sender<OwnMail>,
    recent: Recent,
    pub(super) standing: Arc<Standing>,
    pub(super) archive_standing: Standing,
    pub(super) metrics: Arc<Metrics>,
    pub(super) helper: Option<Arc<dyn SafeguardHelper>>,
}

/// Who a contact is from, as far as is known without the store.
pub enum Identified {
    /// Nobody who ever had a restriction: nothing of the store is needed.
    Plain(Sender),
    /// The store is needed to decide: its sender may have, or have had, a restriction. A channel
    /// that would look something up for such a sender need not for others.
    Known(Sender),
    /// The organisation's people are not loaded yet.
    PeopleUnknown,
}

impl Identified {
    /// Whether the store is needed to decide.
    pub const fn may_be_restricted(&self) -> bool {
        !matches!(self, Identified::Plain(_))
    }
}

/// What intake works with.
pub struct Parts {
    pub organisations: Vec<Arc<Organisation>>,
    pub rosters: Arc<Rosters>,
    pub store: Arc<dyn Store>,
    pub archive: Arc<dyn Archive>,
    pub journal: Arc<dyn Journal>,
    pub clock: Arc<dyn Clock>,
    /// The other end is drained by [`super::plain::record`].
    pub plain: mpsc::Sender<PlainDecision>,
    /// The other end is drained by [`super::announce::announce`].
    pub announcements: mpsc::Sender<OwnMail>,
    pub metrics: Arc<Metrics>,
}

impl Intake {
    pub fn new(parts: Parts) -> Self {
        let of_domains = |one: &Arc<Organisation>| {
            let owner = Arc::clone(one);
            one.mail_domains.clone().into_iter().map(move |domain| (domain, Arc::clone(&owner)))
        };
        Intake {
            by_mail_domain: parts.organisations.iter().flat_map(of_domains).collect(),
            organisations: parts
                .organisations
                .into_iter()
                .map(|one| (one.id.clone(), one))
                .collect(),
            rosters: parts.rosters,
            store: parts.store,
            archive: parts.archive,
            journal: parts.journal,
            clock: parts.clock,
            plain: parts.plain,
            announcements: parts.announcements,
            recent: Recent::default(),
            standing: Arc::default(),
            archive_standing: Standing::default(),
            metrics: parts.metrics,
            helper: None,
        }
    }

    /// Asks a service of the organisation's own where no safeguard is found.
    #[must_use]
    pub fn with_helper(mut self, helper: Arc<dyn SafeguardHelper>) -> Self {
        self.helper = Some(helper);
        self
    }

    /// Told what the store answers to commits, here and by those who record beside intake.
    pub fn standing(&self) -> Arc<Standing> {
        Arc::clone(&self.standing)
    }

    /// What keeps commits from succeeding, as of the last ones.
    pub fn store_fault(&self) -> Option<String> {
        self.standing.fault()
    }

    /// What keeps originals from being kept, as of the last ones.
    pub fn archive_fault(&self) -> Option<String> {
        self.archive_standing.fault()
    }

    /// What keeps the local journal from taking entries, now or as soon as the disk is full.
    pub fn journal_fault(&self) -> Option<String> {
        self.journal.fault()
    }

    pub fn organisation(&self, id: &OrganisationId) -> Option<Arc<Organisation>> {
        self.organisations.get(id).map(Arc::clone)
    }

    pub fn organisations(&self) -> impl Iterator<Item = &Arc<Organisation>> {
        self.organisations.values()
    }

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
        let outcome = match identified {
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
        };
        self.count(&organisation.id, channel, &outcome);
        outcome
    }

    /// Looks up in memory who a contact is from.
    pub fn identify(&self, organisation: &Organisation, contact: &Contact) -> Identified {
        match self.rosters.resolve(organisation, contact) {
            None => Identified::PeopleUnknown,
            Some(sender) if is_plain(organisation, &sender, contact) => Identified::Plain(sender),
            Some(sender) => Identified::Known(sender),
        }
    }

    /// With what finds no place among those that wait to be recorded.
    fn receive_plain(
        &self,
        organisation: &Arc<Organisation>,
        sender: &Sender,
        inbound: Inbound,
    ) -> (Outcome, Option<Box<PlainDecision>>) {
        let dossier = Dossier { sender, ledger: None, reading: None };
        let mut verdict = decided(organisation, dossier, &inbound.contact);
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

    /// Keeps what was decided without the store in the local journal; `false`: it could not.
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
        let appended = self.journal.append(entry).await;
        if let Err(error) = &appended {
            tracing::error!(%error, "a decision could not be journalled either");
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
        degraded::undecided(organisation, contact, "decider_failed")
    })
}

pub(super) fn into_settled(verdict: Verdict, archived: Option<&str>) -> Settled {
    let mut item = verdict.item;
    if let Some(item) = &mut item {
        item.archived = archived.map(str::to_owned);
    }
    Settled { decision: verdict.decision, additions: verdict.additions, item, audit: verdict.audit }
}
