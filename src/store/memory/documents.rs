//! Batches over all that staff write, in memory.

use std::sync::Arc;

use super::room::Room;
use crate::domain::person::Person;
use crate::ports::documents::{Batch, Conflict, DocumentWrite, Gone};

impl Room {
    /// Writes all of a batch; answers which people it changed. On a conflict nothing is done.
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
