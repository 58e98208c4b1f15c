//! What the trail leads to of a person: contacts, their items and originals, and the entries themselves.

use std::collections::BTreeMap;

use super::Proof;
use crate::casework::lease::Work;
use crate::casework::release::ToRelease;
use crate::casework::reminder_mail::ToMail;
use crate::casework::sealing::seal::{self, SEAL, Seal};
use crate::casework::unlisted;
use crate::casework::{Desk, Fault};
use crate::domain::audit::AuditEntry;
use crate::domain::erasure::ranges;
use crate::domain::organisation::OrganisationId;
use crate::domain::queue::QueueItem;
use crate::ports::StoreError;
use crate::ports::audit_trail::{ERASED, ErasedNumbers, TrailFilter, TrailSearch, erased_id};
use crate::ports::documents::{BY_ID, Batch, Document, Gone, Listing, Order};
use crate::runtime::limits::ERASURE_PIECE;

/// An entry that goes.
pub(in crate::casework) struct Leaving {
    pub entry: AuditEntry,
    /// The contact that goes with it.
    pub contact: Option<String>,
    /// The people it concerns, besides those it names; empty: nobody.
    pub of: String,
}

impl Leaving {
    /// Of a person whose whole record is erased.
    pub(super) fn with(person: &str, entry: AuditEntry) -> Self {
        let contact = contact_of(&entry, person).map(str::to_owned);
        Leaving { entry, contact, of: person.to_owned() }
    }
}

/// Documents that some entries change when they go, each read once.
#[derive(Default)]
struct Changed {
    seals: BTreeMap<String, (u64, Seal)>,
    listed: BTreeMap<String, (u64, ErasedNumbers)>,
}

impl Desk {
    /// The first entries that concern a person, behind a number.
    pub(super) async fn entries_of(
        &self,
        organisation: &OrganisationId,
        person: &str,
        after: Option<u64>,
    ) -> Result<(Vec<AuditEntry>, Option<u64>), Fault> {
        let filter = TrailFilter { person: Some(person.to_owned()), ..TrailFilter::default() };
        let search = TrailSearch { filter, order: Order::Ascending, after, limit: ERASURE_PIECE };
        let page = self.store.search_audit(organisation, search).await?;
        Ok((page.entries, page.next))
    }

    /// Those of some entries that are still there.
    pub(super) async fn entries_at(
        &self,
        organisation: &OrganisationId,
        numbers: &[u64],
    ) -> Result<Vec<AuditEntry>, Fault> {
        let mut entries = Vec::with_capacity(numbers.len());
        for number in numbers {
            entries.extend(unlisted::at(self.store.as_ref(), organisation, *number).await?);
        }
        Ok(entries)
    }

    /// How much there is of each kind, for the person who decides.
    pub(super) async fn count_trail_of(
        &self,
        organisation: &OrganisationId,
        person: &str,
    ) -> Result<BTreeMap<String, u64>, Fault> {
        let (mut counts, mut after) = (BTreeMap::from([("record".to_owned(), 1)]), None);
        loop {
            let (entries, next) = self.entries_of(organisation, person, after).await?;
            for entry in &entries {
                count(&mut counts, "entries");
                let Some(contact) = contact_of(entry, person) else { continue };
                count(&mut counts, "contacts");
                if let Some(item) = self.store.item(organisation, contact).await? {
                    count(&mut counts, "items");
                    if item.archived.is_some() {
                        count(&mut counts, "originals");
                    }
                }
            }
            let Some(next) = next else { return Ok(counts) };
            after = Some(next);
        }
    }

    /// Adds to a batch that these entries go, with the contacts that they are about.
    pub(in crate::casework) async fn entries_gone(
        &self,
        organisation: &OrganisationId,
        leaving: Vec<Leaving>,
        (batch, proof): (Batch, &mut Proof),
    ) -> Result<Batch, Fault> {
        let (mut batch, mut counts) = (batch, BTreeMap::new());
        let mut changed = Changed::default();
        let numbers: Vec<u64> = leaving.iter().map(|one| one.entry.number).collect();
        for Leaving { entry, contact, of } in leaving {
            if let Some(contact) = contact {
                count(&mut counts, "contacts");
                if let Some(item) = self.store.item(organisation, &contact).await? {
                    let counted = (&mut *proof, &mut counts);
                    batch = self.item_gone(organisation, item, batch, counted).await?;
                }
                batch = batch.gone(Gone::Contact { contact, person: of.clone() });
            }
            if !self.unseal(organisation, entry.number, &mut changed).await? {
                proof.unsealed.push(entry.number);
            }
            self.list_gone(organisation, &entry, &mut changed).await?;
            count(&mut counts, "entries");
            batch = batch.gone(Gone::Entry { entry: Box::new(entry), of });
        }
        for (id, (version, seal)) in changed.seals {
            batch = batch.put(Document::new(SEAL, id, version, Vec::new(), &seal)?);
        }
        for (id, (version, listed)) in changed.listed {
            batch = batch.put(Document::new(ERASED, id, version, Vec::new(), &listed)?);
        }
        Ok(batch.audit(proof.add(counts, ranges(numbers))))
    }

    /// Adds to a batch that an item goes, with the work still to be done on it. The proof names its original, which the
    /// next step removes: so no item is ever without its original, wherever a gateway ends.
    pub(in crate::casework) async fn item_gone(
        &self,
        organisation: &OrganisationId,
        item: QueueItem,
        mut batch: Batch,
        (proof, counts): (&mut Proof, &mut BTreeMap<String, u64>),
    ) -> Result<Batch, Fault> {
        if let Some(reference) = &item.archived {
            proof.originals.insert(item.id.clone(), reference.clone());
        }
        for kind in WORK_ON_ITEMS {
            if let Some(work) = self.store.document(organisation, kind, &item.id).await? {
                batch = batch.remove(&work);
            }
        }
        count(counts, "items");
        Ok(batch.gone(Gone::Item(Box::new(item))))
    }

    /// Removes the originals of items that are gone. A contact that came in again meanwhile has an item again, which
    /// keeps the original.
    pub(super) async fn originals_gone(
        &self,
        organisation: &OrganisationId,
        proof: &mut Proof,
    ) -> Result<(), Fault> {
        let mut gone = 0;
        for (item, reference) in std::mem::take(&mut proof.originals) {
            let names = |item: QueueItem| item.archived.as_ref() == Some(&reference);
            if !self.store.item(organisation, &item).await?.is_some_and(names) {
                self.archive.discard(organisation, &reference).await?;
                gone += 1;
            }
        }
        proof.count_originals(gone);
        Ok(())
    }

    /// Forgets the salt of an entry; `false`: it has no seal yet.
    async fn unseal(
        &self,
        organisation: &OrganisationId,
        number: u64,
        changed: &mut Changed,
    ) -> Result<bool, Fault> {
        let holds = |seal: &Seal| (seal.from..=seal.to).contains(&number);
        if let Some((_, seal)) = changed.seals.values_mut().find(|(_, seal)| holds(seal)) {
            seal.forget(number);
            return Ok(true);
        }
        let Some((id, version, mut seal)) = self.seal_of(organisation, number).await? else {
            return Ok(false);
        };
        seal.forget(number);
        changed.seals.insert(id, (version, seal));
        Ok(true)
    }

    async fn seal_of(
        &self,
        organisation: &OrganisationId,
        number: u64,
    ) -> Result<Option<(String, u64, Seal)>, Fault> {
        let (to, order) = (Some(seal::id(number.saturating_add(1))), Order::Descending);
        let last = Listing { to, order, limit: 1, ..Listing::of(BY_ID) };
        let page = self.store.documents(organisation, SEAL, last).await?;
        let Some(document) = page.documents.into_iter().next() else { return Ok(None) };
        let seal: Seal = document.read()?;
        let holds = (seal.from..=seal.to).contains(&number);
        Ok(holds.then_some((document.id, document.version, seal)))
    }

    /// Forgets the salts of entries that had no seal when they went.
    pub(super) async fn unseal_late(
        &self,
        organisation: &OrganisationId,
        numbers: &[u64],
        batch: Batch,
    ) -> Result<Batch, Fault> {
        let mut changed = Changed::default();
        for number in numbers {
            self.unseal(organisation, *number, &mut changed).await?;
        }
        let mut seals = changed.seals.into_iter();
        let put = |batch: Batch, (id, (version, seal))| {
            Ok::<_, StoreError>(batch.put(Document::new(SEAL, id, version, Vec::new(), &seal)?))
        };
        Ok(seals.try_fold(batch, put)?)
    }

    /// Lists that an entry was there and went, so that no gateway that knows the trail by it takes the store
    /// for another.
    async fn list_gone(
        &self,
        organisation: &OrganisationId,
        entry: &AuditEntry,
        changed: &mut Changed,
    ) -> Result<(), Fault> {
        let id = erased_id(entry.number);
        if !changed.listed.contains_key(&id) {
            let stored = self.store.document(organisation, ERASED, &id).await?;
            let version = stored.as_ref().map_or(0, |document| document.version);
            let listed = stored.map(|document| document.read()).transpose()?.unwrap_or_default();
            changed.listed.insert(id.clone(), (version, listed));
        }
        if let Some((_, listed)) = changed.listed.get_mut(&id) {
            listed.at.insert(entry.number, entry.at.timestamp_micros());
        }
        Ok(())
    }
}

/// The contact of theirs that an entry is the decision on.
fn contact_of<'e>(entry: &'e AuditEntry, person: &str) -> Option<&'e str> {
    entry.event.contact_of(person)
}

pub(super) fn count(counts: &mut BTreeMap<String, u64>, what: &str) {
    *counts.entry(what.to_owned()).or_default() += 1;
}

/// What may still be to be done with an item, by its id.
pub(super) const WORK_ON_ITEMS: [&str; 2] = [ToRelease::KIND, ToMail::KIND];
