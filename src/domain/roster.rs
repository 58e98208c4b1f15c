//! Everybody on an organisation's record, by identifier. Held in memory, so that an unknown sender costs no store
//! access.

use std::borrow::Borrow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::identifier::{IdentifierKey, listed_keys};
use super::merge;
use super::nation::Nation;
use super::person::Person;

/// As what a person's record lists an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListedAs {
    /// The person's own.
    Own,
    /// The person's, and used by others too.
    Shared,
    /// That of the person's representative with this index.
    Representative(u32),
}

/// One person who lists an identifier.
#[derive(Debug, Clone)]
pub struct Listing {
    pub person: Arc<Person>,
    pub listed_as: ListedAs,
}

/// An organisation's people and the index of their identifiers. Made for very many people: an id
/// is stored once, and a list is made only if several people share an identifier.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    people: HashSet<ById>,
    index: HashMap<IdentifierKey, Listed>,
    /// The records that are merged into one, by that one's id.
    merged: BTreeMap<String, BTreeSet<String>>,
}

/// A person found by the id on the record.
#[derive(Debug, Clone)]
struct ById(Arc<Person>);

impl Borrow<str> for ById {
    fn borrow(&self) -> &str {
        &self.0.id
    }
}

impl Hash for ById {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // As a `str` does, for `Borrow`.
        self.0.id.as_str().hash(state);
    }
}

impl PartialEq for ById {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for ById {}

/// Who lists one identifier.
#[derive(Debug, Clone)]
enum Listed {
    One(Listing),
    Several(Vec<Listing>),
}

impl Listed {
    fn as_slice(&self) -> &[Listing] {
        match self {
            Listed::One(listing) => std::slice::from_ref(listing),
            Listed::Several(listings) => listings,
        }
    }

    fn with(&self, listing: Listing) -> Self {
        Listed::Several(self.as_slice().iter().cloned().chain([listing]).collect())
    }

    /// The rest without one person; `None`: nothing.
    fn without(&self, id: &str) -> Option<Self> {
        let left = self.as_slice().iter().filter(|listing| listing.person.id != id).cloned();
        let mut left: Vec<Listing> = left.collect();
        match left.len() {
            1 => left.pop().map(Listed::One),
            _ => (!left.is_empty()).then_some(Listed::Several(left)),
        }
    }
}

impl Roster {
    pub fn new(people: impl IntoIterator<Item = Arc<Person>>, nation: Nation) -> Self {
        let mut roster = Roster::default();
        for person in people {
            roster.put(person, nation);
        }
        roster
    }

    pub fn person(&self, id: &str) -> Option<&Arc<Person>> {
        self.people.get(id).map(|ById(person)| person)
    }

    /// Everybody, in no order.
    pub fn people(&self) -> impl Iterator<Item = &Arc<Person>> {
        self.people.iter().map(|ById(person)| person)
    }

    /// A person's record as it is enforced: with what the person has on others that it is merged with.
    pub fn enforced(&self, id: &str) -> Option<Arc<Person>> {
        let own = self.person(id)?;
        let records = self.records_of(merge::root_of(own));
        let found = merge::together(&records).into_iter().find(|one| one.id == id);
        Some(found.unwrap_or_else(|| Arc::clone(own)))
    }

    /// Adds a person, or puts the record in the place of the one that was there.
    pub fn put(&mut self, person: Arc<Person>, nation: Nation) {
        self.remove(&person.id, nation);
        if let Some(root) = &person.merged_into {
            self.merged.entry(root.clone()).or_default().insert(person.id.clone());
        }
        let root = merge::root_of(&person).to_owned();
        self.list(&person, &person, nation);
        self.people.insert(ById(person));
        self.show_together(&root, nation);
    }

    pub fn remove(&mut self, id: &str, nation: Nation) {
        let Some(ById(person)) = self.people.take(id) else { return };
        self.unlist(&person, nation);
        let Some(root) = &person.merged_into else {
            self.show_together(id, nation);
            return;
        };
        let records = self.records_of(root);
        if let Some(merged) = self.merged.get_mut(root) {
            merged.remove(id);
            if merged.is_empty() {
                self.merged.remove(root);
                // A record that is by itself again is shown by itself.
                for own in records {
                    self.unlist(&own, nation);
                    self.list(&own, &own, nation);
                }
            }
        }
        self.show_together(root, nation);
    }

    /// The records of one person that are here, the one that the others are merged into first.
    fn records_of(&self, root: &str) -> Vec<Arc<Person>> {
        let merged = self.merged.get(root).into_iter().flatten().map(String::as_str);
        std::iter::once(root)
            .chain(merged)
            .filter_map(|id| self.person(id))
            .map(Arc::clone)
            .collect()
    }

    /// Lists the records of one person as they are enforced.
    fn show_together(&mut self, root: &str, nation: Nation) {
        if !self.merged.contains_key(root) {
            return;
        }
        let records = self.records_of(root);
        for (own, shown) in records.iter().zip(merge::together(&records)) {
            self.unlist(own, nation);
            self.list(own, &shown, nation);
        }
    }

    fn list(&mut self, own: &Arc<Person>, shown: &Arc<Person>, nation: Nation) {
        for (key, listed_as) in keys_of(own, nation) {
            let listing = Listing { person: Arc::clone(shown), listed_as };
            match self.index.entry(key) {
                Entry::Vacant(free) => {
                    free.insert(Listed::One(listing));
                }
                Entry::Occupied(mut taken) => {
                    let listed = taken.get().with(listing);
                    taken.insert(listed);
                }
            }
        }
    }

    fn unlist(&mut self, own: &Person, nation: Nation) {
        for (key, _) in keys_of(own, nation) {
            let Entry::Occupied(mut listed) = self.index.entry(key) else { continue };
            match listed.get().without(&own.id) {
                Some(left) => {
                    listed.insert(left);
                }
                None => {
                    listed.remove();
                }
            }
        }
    }

    /// Everybody needed for enforcement, in the order of their ids: who has or had a restriction, and who lists the
    /// same identifiers as one of them, because otherwise a shared identifier would count as one person's own.
    pub fn needed_to_enforce(&self, nation: Nation) -> Vec<Arc<Person>> {
        let mut needed: BTreeMap<&str, &Arc<Person>> = BTreeMap::new();
        let restricted = self.people.iter().filter(|ById(one)| !one.restrictions.is_empty());
        for ById(person) in restricted {
            needed.insert(&person.id, person);
            for (key, _) in keys_of(person, nation) {
                // As they are on record: only that is stored.
                let sharing = self.listings(&key).iter();
                let sharing = sharing.filter_map(|listing| self.person(&listing.person.id));
                needed.extend(sharing.map(|one| (one.id.as_str(), one)));
            }
        }
        let together: Vec<Arc<Person>> =
            needed.values().flat_map(|one| self.records_of(merge::root_of(one))).collect();
        let mut all: BTreeMap<String, Arc<Person>> =
            needed.into_values().map(|one| (one.id.clone(), Arc::clone(one))).collect();
        all.extend(together.into_iter().map(|one| (one.id.clone(), one)));
        all.into_values().collect()
    }

    /// Everybody who lists this identifier, in no order.
    pub fn listings(&self, key: &IdentifierKey) -> &[Listing] {
        self.index.get(key).map_or(&[], Listed::as_slice)
    }
}

/// Every key under which a person is found. A value that is not an identifier of its kind is found under none; an
/// import has refused it before.
fn keys_of(person: &Person, nation: Nation) -> Vec<(IdentifierKey, ListedAs)> {
    let own = person.identifiers.iter().map(|identifier| {
        (identifier, if identifier.shared { ListedAs::Shared } else { ListedAs::Own })
    });
    let representatives = (0..).zip(&person.representatives).flat_map(|(index, representative)| {
        representative
            .identifiers
            .iter()
            .map(move |identifier| (identifier, ListedAs::Representative(index)))
    });
    let mut keys: Vec<(IdentifierKey, ListedAs)> = own
        .chain(representatives)
        .filter_map(|(identifier, listed_as)| {
            let keys = listed_keys(identifier.kind, &identifier.value, nation).ok()?;
            Some(keys.exact.into_iter().chain(keys.provider).map(move |key| (key, listed_as)))
        })
        .flatten()
        .collect();
    keys.sort();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests;
