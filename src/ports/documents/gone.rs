//! What a batch removes for good, besides documents: people, decisions on contacts, entries of the trail.

use std::sync::Arc;

use super::{Batch, Conflict};
use crate::domain::audit::AuditEntry;
use crate::domain::person::Person;
use crate::domain::queue::QueueItem;

/// Something that is removed.
#[derive(Debug, Clone)]
pub enum Gone {
    /// A person's record, as it was read; every gateway hears of it.
    Person(Arc<Person>),
    /// All that is remembered of a person's contacts: counters, traces, notices, lanes.
    Ledger { person: String },
    /// A queue item, as it was read.
    Item(Box<QueueItem>),
    /// The decision on a contact, and its trace.
    Contact { contact: String, person: String },
    /// An entry of the trail. The batch says so by an entry of its own, which comes after it.
    Entry {
        entry: Box<AuditEntry>,
        /// The people it concerns, besides those it names.
        of: String,
    },
}

impl Gone {
    /// What it is that may have changed since it was read.
    pub(crate) fn conflict(&self) -> Option<Conflict> {
        match self {
            Gone::Person(person) => Some(Conflict::Person { id: person.id.clone() }),
            Gone::Item(item) => Some(Conflict::Item { id: item.id.clone() }),
            Gone::Ledger { .. } | Gone::Contact { .. } | Gone::Entry { .. } => None,
        }
    }
}

impl Batch {
    /// Whether gateways must hear of it.
    pub(crate) fn changes_people(&self) -> bool {
        !self.people.is_empty() || self.people_gone().next().is_some()
    }

    /// Whose records are removed.
    pub(crate) fn people_gone(&self) -> impl Iterator<Item = &str> {
        self.gone.iter().filter_map(|gone| match gone {
            Gone::Person(person) => Some(person.id.as_str()),
            _ => None,
        })
    }

    #[must_use]
    pub fn gone(mut self, gone: Gone) -> Self {
        self.gone.push(gone);
        self
    }
}
