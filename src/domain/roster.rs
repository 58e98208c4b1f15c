//! Everybody on an organisation's record, by identifier. Held in memory, so that a sender about
//! whom nothing is known costs no store access.

use std::collections::HashMap;
use std::sync::Arc;

use super::identifier::{IdentifierKey, listed_keys};
use super::person::Person;
use super::profile::Nation;

/// As what a person's record lists an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListedAs {
    /// The person's own.
    Own,
    /// The person's, and used by others too.
    Shared,
    /// That of the person's representative with this index.
    Representative(usize),
}

/// One person who lists an identifier.
#[derive(Debug, Clone)]
pub struct Listing {
    pub person: Arc<Person>,
    pub listed_as: ListedAs,
}

/// An organisation's people and the index of their identifiers.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    people: HashMap<Arc<str>, Arc<Person>>,
    index: HashMap<IdentifierKey, Vec<(Arc<str>, ListedAs)>>,
}

impl Roster {
    pub fn new(people: impl IntoIterator<Item = Arc<Person>>, nation: Nation) -> Self {
        let mut roster = Roster::default();
        for person in people {
            roster.put(person, nation);
        }
        roster
    }

    pub fn len(&self) -> usize {
        self.people.len()
    }

    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    pub fn person(&self, id: &str) -> Option<&Arc<Person>> {
        self.people.get(id)
    }

    /// Adds a person, or puts the record in the place of the one that was there.
    pub fn put(&mut self, mut person: Arc<Person>, nation: Nation) {
        // A list that is read grows to four entries at once, and most people have one restriction.
        if let Some(own) = Arc::get_mut(&mut person) {
            own.identifiers.shrink_to_fit();
            own.restrictions.shrink_to_fit();
        }
        self.remove(&person.id, nation);
        let id: Arc<str> = Arc::from(person.id.as_str());
        for (key, listed_as) in keys_of(&person, nation) {
            self.index.entry(key).or_default().push((Arc::clone(&id), listed_as));
        }
        self.people.insert(id, person);
    }

    pub fn remove(&mut self, id: &str, nation: Nation) {
        let Some(person) = self.people.remove(id) else { return };
        for (key, _) in keys_of(&person, nation) {
            if let Some(listed) = self.index.get_mut(&key) {
                listed.retain(|(listed, _)| &**listed != id);
                if listed.is_empty() {
                    self.index.remove(&key);
                }
            }
        }
    }

    /// Everybody who lists this identifier, in the order of their ids.
    pub fn listings(&self, key: &IdentifierKey) -> Vec<Listing> {
        let mut listings: Vec<Listing> = self
            .index
            .get(key)
            .into_iter()
            .flatten()
            .filter_map(|(id, listed_as)| {
                let person = Arc::clone(self.people.get(id)?);
                Some(Listing { person, listed_as: *listed_as })
            })
            .collect();
        listings.sort_by(|a, b| (&a.person.id, a.listed_as).cmp(&(&b.person.id, b.listed_as)));
        listings
    }
}

/// Every key under which a person is found. A value that is no identifier of its kind is found
/// under none; an import has refused it before.
fn keys_of(person: &Person, nation: Nation) -> Vec<(IdentifierKey, ListedAs)> {
    let own = person.identifiers.iter().map(|identifier| {
        (identifier, if identifier.shared { ListedAs::Shared } else { ListedAs::Own })
    });
    let representatives =
        person.representatives.iter().enumerate().flat_map(|(index, representative)| {
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
