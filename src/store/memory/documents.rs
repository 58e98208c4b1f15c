//! Documents in memory, and batches over all that staff write.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use super::room::Room;
use crate::domain::person::Person;
use crate::ports::documents::{
    BY_ID, Batch, Conflict, Document, DocumentPage, DocumentWrite, Gone, Listing, Order, Place,
};

/// The documents of one organisation.
#[derive(Default)]
pub(super) struct Shelf {
    /// By kind and id.
    documents: BTreeMap<(String, String), Document>,
    /// By kind and index.
    lists: BTreeMap<(String, String), BTreeSet<Place>>,
}

impl Shelf {
    pub(super) fn get(&self, kind: &str, id: &str) -> Option<&Document> {
        self.documents.get(&(kind.to_owned(), id.to_owned()))
    }

    pub(super) fn put(&mut self, document: Document) {
        self.remove(&document.kind, &document.id);
        for (index, place) in places(&document) {
            self.lists.entry((document.kind.clone(), index)).or_default().insert(place);
        }
        self.documents.insert((document.kind.clone(), document.id.clone()), document);
    }

    pub(super) fn remove(&mut self, kind: &str, id: &str) {
        let Some(gone) = self.documents.remove(&(kind.to_owned(), id.to_owned())) else { return };
        for (index, place) in places(&gone) {
            if let Some(list) = self.lists.get_mut(&(kind.to_owned(), index)) {
                list.remove(&place);
            }
        }
    }

    pub(super) fn list(&self, kind: &str, listing: &Listing) -> DocumentPage {
        let none = BTreeSet::new();
        let list = self.lists.get(&(kind.to_owned(), listing.index.clone())).unwrap_or(&none);
        let after = listing.after.clone();
        let size = listing.page_size();
        // Starting at the page: earlier entries are not walked over.
        let mut found: Vec<&Place> = match listing.order {
            Order::Ascending => {
                let start = listing.from.clone().map(|value| Place { value, id: String::new() });
                let from = after.clone().max(start).map_or(Bound::Unbounded, Bound::Included);
                let later =
                    list.range((from, Bound::Unbounded)).filter(|it| Some(*it) != after.as_ref());
                later.take_while(|it| listing.has(it)).take(size + 1).collect()
            }
            Order::Descending => {
                let start = listing.to.clone().map(|value| Place { value, id: String::new() });
                let to = [after, start].into_iter().flatten().min();
                let to = to.map_or(Bound::Unbounded, Bound::Excluded);
                let earlier = list.range((Bound::Unbounded, to)).rev();
                earlier.take_while(|it| listing.has(it)).take(size + 1).collect()
            }
        };
        let is_more = found.len() > size;
        found.truncate(size);
        let next = found.last().filter(|_| is_more).map(|place| Place::clone(place));
        let documents = found.iter().filter_map(|place| self.get(kind, &place.id)).cloned();
        DocumentPage { documents: documents.collect(), next }
    }

    /// By kind and id.
    pub(super) const fn all(&self) -> &BTreeMap<(String, String), Document> {
        &self.documents
    }
}

/// Every list that a document is in, and where.
fn places(document: &Document) -> impl Iterator<Item = (String, Place)> {
    let id = || document.id.clone();
    let keys = document
        .keys
        .iter()
        .map(move |key| (key.index.clone(), Place { value: key.value.clone(), id: id() }));
    let by_id = (BY_ID.to_owned(), Place { value: document.id.clone(), id: document.id.clone() });
    keys.chain(std::iter::once(by_id))
}

impl Room {
    /// Writes all of a batch; answers whom it changed. On a conflict nothing is done.
    pub(super) fn write(&mut self, batch: Batch) -> Result<Vec<Arc<Person>>, Conflict> {
        self.holds(&batch)?;
        for event in &batch.audit {
            self.append_audit(batch.stamp.clone(), event.clone(), &batch.concerned_by(event));
        }
        let Batch { stamp, documents, people, items, gone, audit: _ } = batch;
        for write in documents {
            match write {
                DocumentWrite::Put(document) => self.shelf.put(document.written(stamp.at)),
                DocumentWrite::Remove { kind, id, .. } => self.shelf.remove(&kind, &id),
            }
        }
        let people: Vec<_> = people.into_iter().map(|write| Arc::new(write.now)).collect();
        for person in &people {
            self.people.insert(person.id.clone(), Arc::clone(person));
        }
        for write in items {
            self.items.insert(write.now.id.clone(), write.now);
        }
        for gone in gone {
            self.remove(gone);
        }
        Ok(people)
    }

    fn remove(&mut self, gone: Gone) {
        match gone {
            Gone::Person(person) => drop(self.people.remove(&person.id)),
            Gone::Ledger { person } => drop(self.remembered.remove(&person)),
            Gone::Item(item) => drop(self.items.remove(&item.id)),
            Gone::Contact { contact, .. } => {
                self.decisions.remove(&contact);
                for remembered in self.remembered.values_mut() {
                    remembered.received.retain(|received| received.contact != contact);
                }
            }
            Gone::Entry { entry, .. } => {
                self.audit.retain(|one| one.number != entry.number);
                for numbers in self.marks.values_mut() {
                    numbers.remove(&entry.number);
                }
            }
        }
    }

    /// Whether everything still is as it was read.
    fn holds(&self, batch: &Batch) -> Result<(), Conflict> {
        for write in &batch.documents {
            let (kind, id) = write.names();
            if self.shelf.get(kind, id).map_or(0, |is| is.version) != write.read_at() {
                return Err(write.conflict());
            }
        }
        for write in &batch.people {
            if self.people.get(&write.now.id) != write.was.as_ref() {
                return Err(Conflict::Person { id: write.now.id.clone() });
            }
        }
        for gone in &batch.gone {
            let is_as_read = match gone {
                Gone::Person(person) => self.people.get(&person.id) == Some(person),
                Gone::Item(item) => self.items.get(&item.id) == Some(item),
                Gone::Ledger { .. } | Gone::Contact { .. } | Gone::Entry { .. } => true,
            };
            if let Some(conflict) = gone.conflict().filter(|_| !is_as_read) {
                return Err(conflict);
            }
        }
        for write in &batch.items {
            if self.items.get(&write.now.id) != write.was.as_ref() {
                return Err(Conflict::Item { id: write.now.id.clone() });
            }
        }
        Ok(())
    }
}
