//! Erasing, step by step: first the record, so that nothing new is added; then documents; then the trail, with
//! the contacts that it leads to. Each step is one batch that says what it removed; after an interruption it
//! goes on with what has not been removed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::trail::{Leaving, count};
use super::{ApprovedErasure, AskedErasure, PROOF, Proof};
use crate::casework::keeper::REMINDED;
use crate::casework::lease::{Held, Lease, Take, Work};
use crate::casework::unlisted::Unlisted;
use crate::casework::{Desk, Fault};
use crate::domain::audit::AuditEntry;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::ports::documents::{BY_ID, Batch, Document, Gone, Listing, WriteFault};
use crate::ports::{ErasedKeys, KeyOf, StoreError};
use crate::runtime::limits::{
    ERASURE_PIECE, ERASURE_ROUNDS_MAX, ERASURE_SETTLES_AFTER, ERASURE_TRIES_MAX,
};

/// An erasure that was approved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::casework) struct Erasing {
    pub(super) asked: AskedErasure,
    pub(super) approved_by: String,
    pub(super) approved_at: DateTime<Utc>,
    #[serde(default)]
    lease: Lease,
}

/// The same once nothing was left, to look again: other gateways may have had the person in memory still.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Settling(Erasing);

impl Erasing {
    pub(in crate::casework) fn new(asked: AskedErasure, by: &str, at: DateTime<Utc>) -> Self {
        Erasing { asked, approved_by: by.to_owned(), approved_at: at, lease: Lease::NONE }
    }

    fn fresh(&self) -> Proof {
        Proof::begun(ApprovedErasure {
            id: &self.asked.id,
            clause: &self.asked.clause,
            asked_by: &self.asked.by,
            approved_by: &self.approved_by,
            approved_at: self.approved_at,
        })
    }
}

impl Work for Erasing {
    const KIND: &'static str = "erasure";

    fn id(&self) -> &str {
        &self.asked.id
    }

    fn at(&self) -> DateTime<Utc> {
        self.approved_at
    }

    fn lease(&mut self) -> &mut Lease {
        &mut self.lease
    }
}

impl Work for Settling {
    const KIND: &'static str = "erasure_settling";

    fn id(&self) -> &str {
        self.0.id()
    }

    fn at(&self) -> DateTime<Utc> {
        self.0.at()
    }

    fn lease(&mut self) -> &mut Lease {
        &mut self.0.lease
    }
}

impl Desk {
    /// Erases until nothing is left, and says so on the trail.
    pub(super) async fn erase(
        &self,
        organisation: &Arc<Organisation>,
        held: &Held<Erasing>,
        unlisted: &mut Unlisted,
    ) -> Result<Proof, Fault> {
        // Somebody who is entered under the same id from now on has a key of their own.
        let (id, person) = (&organisation.id, &held.work.asked.person);
        self.retire_key(id, person).await?;
        let erase = async {
            let unlisted = unlisted.under(self, id, person).await?;
            self.erase_all(organisation, &held.work, &unlisted).await?;
            // Records written about them in the meantime are gone, and had a key of their own.
            self.retire_key(id, person).await
        };
        match self.while_held(held, erase).await {
            Ok(_) => self.say_complete(id, held).await,
            Err(fault) => {
                self.put_off(held, Desk::pause_of(held)).await?;
                Err(fault)
            }
        }
    }

    /// Work left by a gateway that ended, and records to be looked at again. That waits while the clock may be wrong: it
    /// tells how long a key has settled.
    pub(in crate::casework) async fn erase_what_was_left(
        &self,
        organisation: &Arc<Organisation>,
    ) -> Result<(), Fault> {
        let id = &organisation.id;
        let documents = self.work_of(id, Erasing::KIND).await?;
        let erased = documents.iter().filter_map(|document| document.read::<Erasing>().ok());
        let mut unlisted = Unlisted::of(erased.map(|erasing| erasing.asked.person));
        for document in documents {
            let Some(held) = self.take_up::<Erasing>(id, &document, Take::Due).await? else {
                continue;
            };
            self.erase(organisation, &held, &mut unlisted).await?;
        }
        let settling = self.work_of(id, Settling::KIND).await?;
        if settling.is_empty() || !self.is_clock_sure(id).await? {
            return Ok(());
        }
        for document in settling {
            let Some(held) = self.take_up::<Settling>(id, &document, Take::Due).await? else {
                continue;
            };
            if self.while_held(&held, self.settle(organisation, &held.work.0)).await? {
                self.done_with(&held).await?;
            } else {
                self.put_off(&held, ERASURE_SETTLES_AFTER).await?;
            }
        }
        Ok(())
    }

    async fn work_of(&self, id: &OrganisationId, kind: &str) -> Result<Vec<Document>, Fault> {
        Ok(self.store.documents(id, kind, Listing::of(BY_ID)).await?.documents)
    }

    /// `unlisted`: entries that the trail's index lacks.
    async fn erase_all(
        &self,
        organisation: &Arc<Organisation>,
        erasing: &Erasing,
        unlisted: &BTreeSet<u64>,
    ) -> Result<(), Fault> {
        for _ in 0..ERASURE_TRIES_MAX {
            match self.erase_once(organisation, erasing, unlisted).await {
                // Somebody changed a record due for removal in the meantime: it is read again.
                Err(Fault::Contended) => {}
                done => return done,
            }
        }
        Err(Fault::Contended)
    }

    /// Round by round, until one finds nothing: what the trail is followed to may note something of the person.
    async fn erase_once(
        &self,
        organisation: &Arc<Organisation>,
        erasing: &Erasing,
        unlisted: &BTreeSet<u64>,
    ) -> Result<(), Fault> {
        let id = &organisation.id;
        for _ in 0..ERASURE_ROUNDS_MAX {
            // What the trail says is counted before it goes: figures keep their counts.
            self.keep_house(organisation).await?;
            let record = self.erase_record(id, erasing).await?;
            let unlisted = self.erase_unlisted(id, erasing, unlisted).await?;
            let trail = self.erase_trail(id, erasing).await?;
            let documents = self.erase_documents(id, erasing).await?;
            if !(record || unlisted || trail || documents) {
                return Ok(());
            }
        }
        Err(Fault::Contended)
    }

    /// Whether there was any of it; so do the others.
    async fn erase_record(&self, id: &OrganisationId, erasing: &Erasing) -> Result<bool, Fault> {
        let person = erasing.asked.person.as_str();
        let Some(record) = self.store.person(id, person).await? else { return Ok(false) };
        let (batch, mut proof) = self.step_of(id, erasing.fresh()).await?;
        let counts = BTreeMap::from([("record".to_owned(), 1)]);
        let batch = batch
            .gone(Gone::Person(record))
            .gone(Gone::Ledger { person: person.to_owned() })
            .audit(proof.add(counts, Vec::new()));
        self.write_step(id, batch, &proof).await?;
        Ok(true)
    }

    /// The newest go first: work on an item before the item, which says whose it was.
    async fn erase_unlisted(
        &self,
        id: &OrganisationId,
        erasing: &Erasing,
        unlisted: &BTreeSet<u64>,
    ) -> Result<bool, Fault> {
        let mut any = false;
        if unlisted.is_empty() {
            return Ok(any);
        }
        let followed = self.followed_to(id).await?;
        let mut left: Vec<u64> = unlisted.range(..=followed).copied().collect();
        while !left.is_empty() {
            let piece = left.split_off(left.len().saturating_sub(ERASURE_PIECE));
            let entries = self.entries_at(id, &piece).await?;
            if !entries.is_empty() {
                any = true;
                self.erase_entries(id, erasing, entries).await?;
            }
        }
        Ok(any)
    }

    async fn erase_trail(&self, id: &OrganisationId, erasing: &Erasing) -> Result<bool, Fault> {
        let person = erasing.asked.person.as_str();
        let mut any = false;
        loop {
            let followed = self.followed_to(id).await?;
            let (mut entries, mut next) = self.entries_of(id, person, None).await?;
            // A page may have none, though more follow.
            while entries.is_empty()
                && let Some(after) = next
            {
                (entries, next) = self.entries_of(id, person, Some(after)).await?;
            }
            entries.retain(|entry| entry.number <= followed);
            if entries.is_empty() {
                return Ok(any);
            }
            any = true;
            self.erase_entries(id, erasing, entries).await?;
        }
    }

    /// One step.
    async fn erase_entries(
        &self,
        id: &OrganisationId,
        erasing: &Erasing,
        entries: Vec<AuditEntry>,
    ) -> Result<(), Fault> {
        let person = erasing.asked.person.as_str();
        let (batch, mut proof) = self.step_of(id, erasing.fresh()).await?;
        let batch = batch.gone(Gone::Ledger { person: person.to_owned() });
        let leaving = entries.into_iter().map(|entry| Leaving::with(person, entry)).collect();
        let batch = self.entries_gone(id, leaving, (batch, &mut proof)).await?;
        self.write_step(id, batch, &proof).await
    }

    async fn erase_documents(&self, id: &OrganisationId, erasing: &Erasing) -> Result<bool, Fault> {
        let mut any = false;
        loop {
            let documents = self.documents_about(id, &erasing.asked.person).await?;
            if documents.is_empty() {
                return Ok(any);
            }
            any = true;
            let (mut batch, mut proof) = self.step_of(id, erasing.fresh()).await?;
            let mut counts = BTreeMap::new();
            for document in documents.iter().take(ERASURE_PIECE) {
                count(&mut counts, &document.kind);
                batch = batch.remove(document);
                // A reminder's item has its id.
                if document.kind == REMINDED
                    && let Some(item) = self.store.item(id, &document.id).await?
                {
                    batch = self.item_gone(id, item, batch, (&mut proof, &mut counts)).await?;
                }
            }
            let said = proof.add(counts, Vec::new());
            self.write_step(id, batch.audit(said), &proof).await?;
        }
    }

    /// A batch, and the removals so far, with the originals whose items went before.
    pub(in crate::casework) async fn step_of(
        &self,
        id: &OrganisationId,
        fresh: Proof,
    ) -> Result<(Batch, Proof), Fault> {
        let mut proof = self.removed_so_far(id, fresh).await?;
        self.originals_gone(id, &mut proof).await?;
        Ok((Batch::new(self.stamp(&proof.approved_by)), proof))
    }

    /// The proof as the last step left it.
    pub(in crate::casework) async fn removed_so_far(
        &self,
        id: &OrganisationId,
        fresh: Proof,
    ) -> Result<Proof, Fault> {
        let stored = self.store.document(id, PROOF, &fresh.id).await?;
        let Some(document) = stored else { return Ok(fresh) };
        let mut proof: Proof = document.read()?;
        proof.version = document.version;
        Ok(proof)
    }

    pub(in crate::casework) async fn write_step(
        &self,
        id: &OrganisationId,
        batch: Batch,
        proof: &Proof,
    ) -> Result<(), Fault> {
        let document = Document::new(PROOF, proof.id.clone(), proof.version, Vec::new(), proof)?;
        match self.store.write(id, batch.put(document)).await {
            Ok(()) => Ok(()),
            Err(WriteFault::Conflict(_)) => Err(Fault::Contended),
            Err(WriteFault::Store(error)) => Err(error.into()),
        }
    }

    /// The last step: that nothing is left, and that somebody looks again later.
    async fn say_complete(
        &self,
        id: &OrganisationId,
        held: &Held<Erasing>,
    ) -> Result<Proof, Fault> {
        for _ in 0..ERASURE_TRIES_MAX {
            let Some((document, _)) = self.own(held).await? else { return Err(Fault::Contended) };
            let (batch, mut proof) = self.step_of(id, held.work.fresh()).await?;
            let mut settling = Settling(held.work.clone());
            settling.0.lease = Lease::after(self.clock.now() + ERASURE_SETTLES_AFTER);
            let settling = Document::new(Settling::KIND, held.work.id(), 0, Vec::new(), &settling)?;
            let said = proof.complete();
            let batch = batch.remove(&document).put(settling).audit(said);
            match self.write_step(id, batch, &proof).await {
                Ok(()) => return Ok(proof),
                // The lease was renewed in the meantime.
                Err(Fault::Contended) => {}
                Err(fault) => return Err(fault),
            }
        }
        Err(Fault::Contended)
    }

    /// Runs some work on the keys of people and days, if they have any.
    pub(in crate::casework) async fn of_keys<T: Default + Send + 'static>(
        &self,
        organisation: &OrganisationId,
        work: impl FnOnce(&dyn ErasedKeys, &OrganisationId) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Fault> {
        let Some(keys) = self.keys.get().cloned() else { return Ok(T::default()) };
        let organisation = organisation.clone();
        let work = tokio::task::spawn_blocking(move || work(keys.as_ref(), &organisation));
        Ok(work.await.map_err(|_| Fault::stopping())??)
    }

    /// `false`: no key encrypts new records about the person.
    async fn retire_key(&self, id: &OrganisationId, person: &str) -> Result<bool, Fault> {
        let person = person.to_owned();
        self.of_keys(id, move |keys, id| keys.retire(id, KeyOf::Person(&person))).await
    }

    /// Destroys the person's key, once nothing is written with it any more. `false`: the same id is being erased
    /// again.
    async fn destroy_key(&self, id: &OrganisationId, person: &str) -> Result<bool, Fault> {
        for document in self.work_of(id, Erasing::KIND).await? {
            if document.read::<Erasing>()?.asked.person == person {
                return Ok(false);
            }
        }
        let person = person.to_owned();
        self.of_keys(id, move |keys, id| keys.destroy(id, KeyOf::Person(&person))).await?;
        Ok(true)
    }

    /// Looks again for what another gateway still wrote, forgets the salts of what had no seal yet, and destroys the
    /// person's key. `false`: some of it still has no seal, or a key was still used.
    async fn settle(
        &self,
        organisation: &Arc<Organisation>,
        erasing: &Erasing,
    ) -> Result<bool, Fault> {
        self.erase_all(organisation, erasing, &BTreeSet::new()).await?;
        let id = &organisation.id;
        let (batch, mut proof) = self.step_of(id, erasing.fresh()).await?;
        let batch = self.unseal_late(id, &proof.unsealed, batch).await?;
        let sealed_to = self.newest_seal(id).await?.map_or(0, |seal| seal.to);
        proof.unsealed.retain(|number| *number > sealed_to);
        // Its other steps are on the trail; originals of the last of them are removed only here.
        let batch = if proof.originals_gone > 0 {
            batch.audit(proof.add(BTreeMap::new(), Vec::new()))
        } else {
            batch
        };
        self.write_step(id, batch, &proof).await?;
        // A key that was made since is destroyed the next time, once nobody has it in memory any more.
        let is_used = self.retire_key(id, &erasing.asked.person).await?;
        Ok(!is_used
            && proof.unsealed.is_empty()
            && self.destroy_key(id, &erasing.asked.person).await?)
    }
}
