//! A contact from somebody who has or had a restriction: decided on the person's counters,
//! and committed with all that goes with it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::degraded::{self, Patience};
use super::kept::Keeping;
use super::verdict::decided;
use super::{Inbound, Intake, Outcome};
use crate::domain::contact::Contact;
use crate::domain::decide::{self, Dossier};
use crate::domain::decision::Decision;
use crate::domain::merge;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::reading::Reading;
use crate::domain::sender::Sender;
use crate::ports::{
    Allowance, Commit, CommitRequest, Committed, NoSuchOrganisation, Original, Owner, Settled,
    StoreError, Withheld,
};
use crate::runtime::limits::STORE_COMMIT_WAIT;
use crate::runtime::trace::{TraceSpan, TraceStep};

/// The longest period of any quota, and a day for the clocks of a zone.
const COUNTED_DAYS: i64 = 32;

/// What one contact is decided on, however often it is.
struct Case {
    organisation: Arc<Organisation>,
    sender: Arc<Sender>,
    contact: Arc<Contact>,
    digest: [u8; 32],
    /// What the contact says. `None`: reading it failed, and so does the decision, which says so.
    reading: Arc<Option<Reading>>,
}

impl Case {
    async fn new(
        intake: &Intake,
        organisation: &Arc<Organisation>,
        sender: Sender,
        contact: Contact,
        digest: [u8; 32],
    ) -> Self {
        // Before the commit, which others wait for.
        let read = AssertUnwindSafe(|| Reading::of(&organisation.profile, &contact));
        let mut reading = catch_unwind(read).ok();
        if let Some(reading) = reading.as_mut().filter(|_| intake.helper.is_some()) {
            intake.helped(organisation, &sender, &contact, reading).await;
        }
        let reading = Arc::new(reading);
        let organisation = Arc::clone(organisation);
        let (sender, contact) = (Arc::new(sender), Arc::new(contact));
        Case { organisation, sender, contact, digest, reading }
    }

    /// Whose the original is.
    fn owner(&self, allowance: Allowance) -> Owner<'_> {
        let person = self.sender.person().map(|person| person.id.as_str());
        Owner { contact: &self.contact.id, person, allowance }
    }

    /// What a store is asked to commit.
    fn request(&self, intake: &Intake, keeping: Keeping) -> CommitRequest {
        let person = self.sender.person();
        let (organisation, sender, contact, reading) = (
            Arc::clone(&self.organisation),
            Arc::clone(&self.sender),
            Arc::clone(&self.contact),
            Arc::clone(&self.reading),
        );
        CommitRequest {
            organisation: self.organisation.id.clone(),
            contact: self.contact.id.clone(),
            digest: self.digest,
            person: person.map(|person| person.id.clone()),
            also: person.map(|person| merge::others(person)).unwrap_or_default(),
            needs_received: person.is_some_and(|person| decide::needs_received(person)),
            counted_since: self.contact.at - chrono::Duration::days(COUNTED_DAYS),
            at: intake.clock.now(),
            preview: false,
            decide: Arc::new(move |ledger| {
                let reading = (*reading).as_ref();
                let dossier = Dossier { sender: &sender, ledger: Some(ledger), reading };
                keeping.settle(decided(&organisation, dossier, &contact))
            }),
        }
    }
}

impl Intake {
    /// An original is kept, synced, before anything refers to it; and only then, so that a contact that is simply
    /// delivered touches no disk but the store's.
    pub(super) async fn receive_restricted(
        &self,
        organisation: &Arc<Organisation>,
        sender: Sender,
        inbound: Inbound,
    ) -> Outcome {
        let Inbound { contact, digest, mut original } = inbound;
        let patience = Patience::of(original.as_ref());
        let case = Case::new(self, organisation, sender, contact, digest).await;
        let mut keeping = Keeping::of(original.as_ref());
        loop {
            let mut request = case.request(self, keeping.clone());
            let handed_over = remember_what_is_decided(&mut request);
            let came = self.commit_in_time(request).await;
            if let Ok(Commit::Withheld(Withheld::OriginalWanted(allowance))) = came
                && let Some(wanted) = original.take()
            {
                let kept = self.keep(&case.organisation.id, case.owner(allowance), wanted).await;
                if let Keeping::Failed = kept {
                    let Case { organisation, sender, contact, reading, .. } = &case;
                    let (asked, reading) = ((contact.as_ref(), digest), (**reading).as_ref());
                    let counters = degraded::Counters::Read;
                    let unkept =
                        degraded::unkept(self, organisation, sender, asked, reading, counters);
                    // Rare and large, as below: others need not carry it about.
                    return Box::pin(unkept).await;
                }
                keeping = kept;
                continue;
            }
            let error = match came {
                Ok(Commit::Committed(committed)) => {
                    return self.committed(&case, committed, keeping, original).await;
                }
                // The decider withholds nothing for which it has the original.
                Ok(Commit::Withheld(_)) => withheld_in_vain(),
                Err(error) => error,
            };
            let contact = case.contact.id.as_str();
            tracing::warn!(%error, contact, "a contact could not be committed");
            // A store that is behind has refused it for certain.
            let handed_over = match error {
                StoreError::Behind(_) => None,
                _ => handed_over.lock().unwrap_or_else(PoisonError::into_inner).take(),
            };
            let reading = Arc::clone(&case.reading);
            let known = degraded::KnownFacts { reading, keeping, original, handed_over, patience };
            let Case { organisation, sender, contact, .. } = &case;
            let alone = degraded::without_store(self, organisation, sender, contact, digest, known);
            return Box::pin(alone).await;
        }
    }

    async fn commit_in_time(&self, mut request: CommitRequest) -> Result<Commit, StoreError> {
        let started = Instant::now();
        let span = TraceSpan::next(TraceStep::StoreCommit);
        if span.is_recorded() {
            // The store decides on its own thread, where the task's span is not known.
            let (committing, decide) = (span.clone(), Arc::clone(&request.decide));
            request.decide = Arc::new(move |ledger| {
                let _deciding = committing.step(TraceStep::Decide);
                decide(ledger)
            });
        }
        let committing = span.clone().around(self.store.commit(request));
        let commit = tokio::time::timeout(STORE_COMMIT_WAIT, committing).await;
        let too_long = || StoreError::Unavailable("the commit took too long".to_owned());
        let came = commit.unwrap_or_else(|_| Err(too_long()));
        match &came {
            Ok(Commit::Committed(_)) => span.came("committed"),
            Ok(Commit::Withheld(_)) => span.came("original wanted"),
            Err(_) => span.failed("not committed"),
        }
        // That an original is wanted first says nothing of the store: nothing was written.
        if !matches!(came, Ok(Commit::Withheld(_))) {
            self.metrics.commit_seconds.observe(started.elapsed().as_secs_f64());
            self.standing.heard(&came);
        }
        came
    }

    async fn committed(
        &self,
        case: &Case,
        committed: Committed,
        keeping: Keeping,
        original: Option<Original>,
    ) -> Outcome {
        let mut unkept = committed.decision.lacks_original();
        if committed.repeated && unkept {
            // It may be kept since, or there may be room by now.
            let owner = case.owner(Allowance::of(&committed.decision));
            unkept =
                !Box::pin(self.keep_late(&case.organisation.id, owner, &keeping, original)).await;
        }
        self.let_go(&case.organisation, &committed, keeping).await;
        if !committed.repeated {
            self.announce(&case.organisation, &case.contact, &committed.decision);
        }
        Outcome {
            decision: committed.decision,
            repeated: committed.repeated,
            conflicting: committed.conflicting,
            durable: true,
            defer: None,
            unkept,
        }
    }

    /// What would be decided now; changes nothing. While the store is away, it is the decision that a contact would get
    /// for now, and says so in the same way.
    ///
    /// # Errors
    /// The gateway serves no such organisation.
    pub async fn preview(
        &self,
        organisation: &OrganisationId,
        contact: Contact,
    ) -> Result<Decision, NoSuchOrganisation> {
        let organisation = self.organisation(organisation).ok_or(NoSuchOrganisation)?;
        let Some(sender) = self.rosters.resolve(&organisation, &contact) else {
            return Ok(degraded::previewed_unknown(self, &organisation, &contact));
        };
        let case = Case::new(self, &organisation, sender, contact, [0; 32]).await;
        let request = CommitRequest { preview: true, ..case.request(self, Keeping::Nothing) };
        match tokio::time::timeout(STORE_COMMIT_WAIT, self.store.commit(request)).await {
            Ok(Ok(Commit::Committed(committed))) => Ok(committed.decision),
            Ok(Ok(Commit::Withheld(_)) | Err(_)) | Err(_) => {
                let Case { sender, contact, reading, .. } = &case;
                let reading = (**reading).as_ref();
                Ok(degraded::previewed_alone(self, &organisation, sender, contact, reading))
            }
        }
    }
}

/// A decider that withholds what it has the original of, or has none for, would be asked for ever.
fn withheld_in_vain() -> StoreError {
    StoreError::Refused("the contact's original is not kept yet".to_owned())
}

/// What the store was handed last to commit, should it not say what came of it.
fn remember_what_is_decided(request: &mut CommitRequest) -> Arc<Mutex<Option<Settled>>> {
    let handed_over = Arc::new(Mutex::new(None));
    let (remembering, decide) = (Arc::clone(&handed_over), Arc::clone(&request.decide));
    request.decide = Arc::new(move |ledger| {
        let settled = decide(ledger)?;
        *remembering.lock().unwrap_or_else(PoisonError::into_inner) = Some(settled.clone());
        Ok(settled)
    });
    handed_over
}
