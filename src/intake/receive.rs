//! Receiving one contact.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use super::announce::announcement;
use super::degraded;
use super::recent::Recent;
use super::roster::Rosters;
use super::{Inbound, Outcome};
use crate::domain::contact::Contact;
use crate::domain::decide::{self, Dossier, Verdict};
use crate::domain::decision::{Decision, Disposition};
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::reading::Reading;
use crate::domain::sender::Sender;
use crate::ports::{
    Archive, Clock, CommitRequest, Committed, Journal, JournalEntry, OwnMail, PlainDecision,
    Settled, Store, StoreError,
};
use crate::runtime::limits::STORE_COMMIT_WAIT;
use crate::runtime::metrics::Metrics;

/// The longest period of any quota, and a day for the clocks of a zone.
const COUNTED_DAYS: i64 = 32;

/// The contact use case, shared by every channel.
pub struct Intake {
    pub(super) organisations: HashMap<OrganisationId, Arc<Organisation>>,
    pub(super) by_mail_domain: HashMap<String, Arc<Organisation>>,
    pub(super) rosters: Arc<Rosters>,
    pub(super) store: Arc<dyn Store>,
    archive: Arc<dyn Archive>,
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    /// Decisions on unrestricted contacts, on their way to the store.
    plain: mpsc::Sender<PlainDecision>,
    announcements: mpsc::Sender<OwnMail>,
    recent: Recent,
    pub(super) metrics: Arc<Metrics>,
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
            metrics: parts.metrics,
        }
    }

    pub fn organisation(&self, id: &OrganisationId) -> Option<Arc<Organisation>> {
        self.organisations.get(id).map(Arc::clone)
    }

    pub fn organisations(&self) -> impl Iterator<Item = &Arc<Organisation>> {
        self.organisations.values()
    }

    /// Decides one contact and commits the decision with all that goes with it.
    pub async fn receive(&self, organisation: &OrganisationId, inbound: Inbound) -> Outcome {
        let channel = inbound.contact.channel;
        let outcome = self.decide_and_commit(organisation, inbound).await;
        self.count(organisation, channel, &outcome);
        outcome
    }

    async fn decide_and_commit(&self, organisation: &OrganisationId, inbound: Inbound) -> Outcome {
        let Some(organisation) = self.organisation(organisation) else {
            return degraded::no_such_organisation(&inbound.contact);
        };
        let Some(sender) = self.rosters.resolve(&organisation, &inbound.contact) else {
            return Box::pin(degraded::restrictions_unknown(self, &organisation, inbound)).await;
        };
        if self.is_plain(&organisation, &sender, &inbound.contact) {
            return self.receive_plain(&organisation, &sender, inbound).await;
        }
        // Many times as large as what most contacts take: on the heap, so that those need not carry
        // it about.
        Box::pin(self.receive_restricted(&organisation, sender, inbound)).await
    }

    /// Nobody who ever had a restriction: nothing of the store is needed.
    ///
    /// A restriction that has ended needs it still. An id that was limited while it was in force may
    /// come again (a mail server's retry of days, a provider's of hours, at another gateway or after a
    /// restart), and the recorded decision is the answer to it for ever: delivered now, it would be
    /// kept and delivered both. The price is that those who once had a restriction are answered a
    /// commit later than those who never had one.
    fn is_plain(&self, organisation: &Organisation, sender: &Sender, contact: &Contact) -> bool {
        decide::is_unrestricted(organisation, sender, contact.at)
            && sender.candidates.iter().all(|person| person.restrictions.is_empty())
    }

    /// Whether the store is needed to decide a contact: its sender may have, or have had, a
    /// restriction. A channel that would look something up for such a sender need not for others.
    pub fn may_be_restricted(&self, organisation: &OrganisationId, contact: &Contact) -> bool {
        let Some(organisation) = self.organisation(organisation) else { return false };
        self.rosters
            .resolve(&organisation, contact)
            .is_none_or(|sender| !self.is_plain(&organisation, &sender, contact))
    }

    async fn receive_plain(
        &self,
        organisation: &Arc<Organisation>,
        sender: &Sender,
        inbound: Inbound,
    ) -> Outcome {
        let dossier = Dossier { sender, ledger: None, reading: None };
        let verdict = decided(organisation, dossier, &inbound.contact);
        let seen = self.recent.see(&organisation.id, &inbound.contact.id, inbound.digest);
        let outcome = Outcome {
            decision: verdict.decision.clone(),
            repeated: seen.repeated,
            conflicting: seen.conflicting,
            durable: true,
            defer: false,
        };
        if !seen.repeated {
            let plain = PlainDecision {
                organisation: organisation.id.clone(),
                contact: inbound.contact.id,
                digest: inbound.digest,
                at: self.clock.now(),
                decision: verdict.decision,
                audit: verdict.audit,
            };
            // The recorder is gone only when the process is: then there is nobody to tell.
            let _ = self.plain.send(plain).await;
        }
        outcome
    }

    async fn receive_restricted(
        &self,
        organisation: &Arc<Organisation>,
        sender: Sender,
        inbound: Inbound,
    ) -> Outcome {
        let Inbound { contact, digest, original } = inbound;
        let mut archived = None;
        if let Some(original) = original {
            match self.archive.keep(&organisation.id, &contact.id, original).await {
                Ok(reference) => archived = Some(reference),
                Err(error) => {
                    tracing::error!(%error, "an original could not be kept");
                    return degraded::deliver_unkept(self, organisation, &sender, &contact, digest)
                        .await;
                }
            }
        }
        let contact = Arc::new(contact);
        let sender = Arc::new(sender);
        let mut request = self.request(organisation, &sender, &contact, digest, &archived, false);
        let handed_over = remember_what_is_decided(&mut request);
        let started = std::time::Instant::now();
        let commit = tokio::time::timeout(STORE_COMMIT_WAIT, self.store.commit(request)).await;
        self.metrics.commit_seconds.observe(started.elapsed().as_secs_f64());
        let too_long = || StoreError::Unavailable("the commit took too long".to_owned());
        let committed = match commit.unwrap_or_else(|_| Err(too_long())) {
            Ok(committed) => committed,
            Err(error) => {
                tracing::warn!(%error, "a contact could not be committed");
                let handed_over = handed_over.lock().unwrap_or_else(PoisonError::into_inner).take();
                return degraded::without_store(
                    self,
                    organisation,
                    &sender,
                    &contact,
                    digest,
                    degraded::Known { archived, handed_over },
                )
                .await;
            }
        };
        self.let_go(organisation, &committed, archived).await;
        if !committed.repeated {
            self.announce(organisation, &contact, &committed.decision);
        }
        Outcome {
            decision: committed.decision,
            repeated: committed.repeated,
            conflicting: committed.conflicting,
            durable: true,
            defer: false,
        }
    }

    /// Tells the queue's mailbox. Where very many wait to be told, the item on the queue must do.
    fn announce(&self, organisation: &Organisation, contact: &Contact, decision: &Decision) {
        if let Some(mail) = announcement(organisation, contact, decision)
            && self.announcements.try_send(mail).is_err()
        {
            tracing::warn!("a queue's mailbox is not told: too many mails wait");
        }
    }

    /// An original is not kept of what was simply delivered.
    async fn let_go(
        &self,
        organisation: &Organisation,
        committed: &Committed,
        archived: Option<String>,
    ) {
        if committed.decision.disposition != Disposition::Deliver {
            return;
        }
        if let Some(reference) = archived
            && let Err(error) = self.archive.discard(&organisation.id, &reference).await
        {
            tracing::warn!(%error, "an original that is not needed could not be discarded");
        }
    }

    fn request(
        &self,
        organisation: &Arc<Organisation>,
        sender: &Arc<Sender>,
        contact: &Arc<Contact>,
        digest: [u8; 32],
        archived: &Option<String>,
        preview: bool,
    ) -> CommitRequest {
        let person = sender.person();
        let (organisation_for, sender_for, contact_for) =
            (Arc::clone(organisation), Arc::clone(sender), Arc::clone(contact));
        let archived = archived.clone();
        // Before the commit, which others wait for.
        let reading = read(organisation, contact);
        CommitRequest {
            organisation: organisation.id.clone(),
            contact: contact.id.clone(),
            digest,
            person: person.map(|person| person.id.clone()),
            needs_received: person.is_some_and(|person| decide::needs_received(person)),
            counted_since: contact.at - chrono::Duration::days(COUNTED_DAYS),
            at: self.clock.now(),
            preview,
            decide: Arc::new(move |ledger| {
                let dossier = Dossier {
                    sender: &sender_for,
                    ledger: Some(ledger),
                    reading: reading.as_ref(),
                };
                let verdict = decided(&organisation_for, dossier, &contact_for);
                into_settled(verdict, archived.as_deref())
            }),
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

    /// What would be decided now; changes nothing.
    ///
    /// # Errors
    /// Where the store is away: a preview says nothing rather than something wrong.
    pub async fn preview(
        &self,
        organisation: &OrganisationId,
        contact: Contact,
    ) -> Result<Decision, StoreError> {
        let organisation = self
            .organisation(organisation)
            .ok_or_else(|| StoreError::Refused("there is no such organisation".to_owned()))?;
        let sender = self
            .rosters
            .resolve(&organisation, &contact)
            .ok_or_else(|| StoreError::Unavailable("restrictions are not known yet".to_owned()))?;
        let (sender, contact) = (Arc::new(sender), Arc::new(contact));
        let request = self.request(&organisation, &sender, &contact, [0; 32], &None, true);
        Ok(self.store.commit(request).await?.decision)
    }
}

/// What the store was handed last to commit, should it not say what came of it.
fn remember_what_is_decided(request: &mut CommitRequest) -> Arc<Mutex<Option<Settled>>> {
    let handed_over = Arc::new(Mutex::new(None));
    let (remembering, decide) = (Arc::clone(&handed_over), Arc::clone(&request.decide));
    request.decide = Arc::new(move |ledger| {
        let settled = decide(ledger);
        *remembering.lock().unwrap_or_else(PoisonError::into_inner) = Some(settled.clone());
        settled
    });
    handed_over
}

/// What a contact says. Where that fails, so does the decision, which says so.
fn read(organisation: &Organisation, contact: &Contact) -> Option<Reading> {
    catch_unwind(AssertUnwindSafe(|| Reading::of(&organisation.profile, contact))).ok()
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
