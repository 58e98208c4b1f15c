//! What staff write: versioned records of any kind, and one atomic step that writes them together
//! with people, queue items and audit entries.
//!
//! A store knows of a document its kind, id, version and the keys under which it is listed. The body belongs to the
//! caller: a new kind of record needs nothing of any store.
//!
//! Whatever a batch replaces it names as it was read. If somebody else has changed one of these in the meantime, none
//! of the batch is done, and [`Conflict`] says which it was: read it again, judge again, write again.

mod about;
mod concerned;
mod gone;
mod listing;

pub use about::OF_PERSON;
pub use gone::Gone;
pub use listing::{DocumentPage, Listing, Order, Place, PlacePage};

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Stamp, StoreError};
use crate::domain::audit::AuditEvent;
use crate::domain::organisation::OrganisationId;
use crate::domain::person::Person;
use crate::domain::queue::QueueItem;
use crate::runtime::limits::{
    BATCH_AUDIT_MAX, BATCH_DOCUMENTS_MAX, BATCH_GONE_MAX, BATCH_ITEMS_MAX, DOCUMENT_BYTES_MAX,
    DOCUMENT_KEY_BYTES_MAX, DOCUMENT_KEYS_MAX, REDIS_PEOPLE_MAX,
};

/// The index that every document is in, under its own id.
pub const BY_ID: &str = "id";

/// One record of a kind.
#[derive(Clone, Serialize, Deserialize)]
pub struct Document {
    /// Lower-case letters, digits and `_`.
    pub kind: String,
    pub id: String,
    /// As read: of this very content, and of no other that ever bore the id. To be written: what it
    /// was read at; 0: it is new.
    pub version: u64,
    pub keys: Vec<IndexKey>,
    /// JSON.
    pub body: Box<RawValue>,
}

/// The place of a document in one of its kind's lists. It may occur there more than once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IndexKey {
    /// Lower-case letters, digits and `_`.
    pub index: String,
    /// Ordered by its bytes: an instant or a number is to be written so that they come in its order.
    pub value: String,
}

impl IndexKey {
    pub fn new(index: &str, value: impl Into<String>) -> Self {
        IndexKey { index: index.to_owned(), value: value.into() }
    }
}

impl Document {
    /// A document to be written, of a body that can be written as JSON.
    ///
    /// # Errors
    /// `Refused`: it can't.
    pub fn new(
        kind: &str,
        id: impl Into<String>,
        version: u64,
        keys: Vec<IndexKey>,
        body: &impl Serialize,
    ) -> Result<Self, StoreError> {
        let body = serde_json::value::to_raw_value(body)
            .map_err(|_| StoreError::Refused("a record can't be written as JSON".to_owned()))?;
        Ok(Document { kind: kind.to_owned(), id: id.into(), version, keys, body })
    }

    /// The body's content.
    ///
    /// # Errors
    /// `Corrupt`: it is something else.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, StoreError> {
        serde_json::from_str(self.body.get()).map_err(|_| {
            StoreError::Corrupt(format!("a stored document `{}` can't be read back", self.kind))
        })
    }

    /// The same with the version that it has once it is written.
    #[must_use]
    pub fn written(self, at: DateTime<Utc>) -> Self {
        Document { version: version_after(self.version, at), ..self }
    }
}

/// The version written over another. The first is the microsecond in which it is made, so that a new document is not
/// taken for one removed before.
pub fn version_after(read_at: u64, at: DateTime<Utc>) -> u64 {
    match read_at {
        0 => u64::try_from(at.timestamp_micros()).unwrap_or(0).max(1),
        read_at => read_at + 1,
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        (&self.kind, &self.id, self.version, &self.keys, self.body.get())
            == (&other.kind, &other.id, other.version, &other.keys, other.body.get())
    }
}

/// Shows which it is: a body or a key may hold a name.
impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Document({} {} at {})", self.kind, self.id, self.version)
    }
}

impl std::fmt::Debug for IndexKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IndexKey({})", self.index)
    }
}

/// One atomic step of a member of staff, or of the gateway for them.
#[derive(Debug, Clone)]
pub struct Batch {
    pub stamp: Stamp,
    pub documents: Vec<DocumentWrite>,
    pub people: Vec<PersonWrite>,
    pub items: Vec<ItemWrite>,
    /// Records removed for good.
    pub gone: Vec<Gone>,
    /// At least one where people or items are written: its trail distinguishes a store from an older copy of itself.
    pub audit: Vec<AuditEvent>,
}

/// A document to be written, or to be removed.
#[derive(Debug, Clone)]
pub enum DocumentWrite {
    Put(Document),
    Remove {
        kind: String,
        id: String,
        /// What it was read at.
        version: u64,
    },
}

/// A person's record in the place of the one that was read.
#[derive(Debug, Clone)]
pub struct PersonWrite {
    /// `None`: nobody of this id was on record.
    pub was: Option<Arc<Person>>,
    pub now: Person,
}

/// A queue item in the place of the one that was read.
#[derive(Debug, Clone)]
pub struct ItemWrite {
    /// `None`: there was none of this id.
    pub was: Option<QueueItem>,
    pub now: QueueItem,
}

/// What somebody else has changed since it was read, or made, or removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    #[error("the {kind} `{id}` was changed in the meantime")]
    Document { kind: String, id: String },
    #[error("the person `{id}` was changed in the meantime")]
    Person { id: String },
    #[error("the item `{id}` was changed in the meantime")]
    Item { id: String },
}

/// Why nothing of a batch was written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WriteFault {
    #[error(transparent)]
    Conflict(Conflict),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The documents of every kind.
#[async_trait]
pub trait Documents: Send + Sync {
    async fn document(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        id: &str,
    ) -> Result<Option<Document>, StoreError>;

    /// Documents of a kind in the order of one of its lists, a page at a time.
    async fn documents(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        listing: Listing,
    ) -> Result<DocumentPage, StoreError>;

    /// A page of the list without the documents: only the index is read.
    async fn places(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        listing: Listing,
    ) -> Result<PlacePage, StoreError>;

    /// How many places a list has between its `from` and its `to`, counted up to [`PLACES_COUNTED_MAX`].
    ///
    /// [`PLACES_COUNTED_MAX`]: crate::runtime::limits::PLACES_COUNTED_MAX
    async fn count_places(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        listing: Listing,
    ) -> Result<usize, StoreError>;

    /// Writes all of a batch, durably and at once, or nothing of it. Every gateway hears of changed people.
    async fn write(&self, organisation: &OrganisationId, batch: Batch) -> Result<(), WriteFault>;
}

impl Batch {
    /// A batch that writes nothing yet.
    pub const fn new(stamp: Stamp) -> Self {
        Batch {
            stamp,
            documents: Vec::new(),
            people: Vec::new(),
            items: Vec::new(),
            gone: Vec::new(),
            audit: Vec::new(),
        }
    }

    #[must_use]
    pub fn put(mut self, document: Document) -> Self {
        self.documents.push(DocumentWrite::Put(document));
        self
    }

    #[must_use]
    pub fn remove(mut self, document: &Document) -> Self {
        let (kind, id) = (document.kind.clone(), document.id.clone());
        let version = document.version;
        self.documents.push(DocumentWrite::Remove { kind, id, version });
        self
    }

    #[must_use]
    pub fn person(mut self, was: Option<Arc<Person>>, now: Person) -> Self {
        self.people.push(PersonWrite { was, now });
        self
    }

    #[must_use]
    pub fn item(mut self, was: Option<QueueItem>, now: QueueItem) -> Self {
        self.items.push(ItemWrite { was, now });
        self
    }

    #[must_use]
    pub fn audit(mut self, event: AuditEvent) -> Self {
        self.audit.push(event);
        self
    }

    /// What every store refuses.
    ///
    /// # Errors
    /// `Refused`, with why.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let refused = |why: String| Err(StoreError::Refused(why));
        for (what, many, most) in [
            ("documents", self.documents.len(), BATCH_DOCUMENTS_MAX),
            ("people", self.people.len(), REDIS_PEOPLE_MAX),
            ("items", self.items.len(), BATCH_ITEMS_MAX),
            ("removals", self.gone.len(), BATCH_GONE_MAX),
            ("audit entries", self.audit.len(), BATCH_AUDIT_MAX),
        ] {
            if many > most {
                return refused(format!("at most {most} {what} are written at once"));
            }
        }
        let is_plain = self.people.is_empty() && self.items.is_empty() && self.gone.is_empty();
        if self.audit.is_empty() && !is_plain {
            return refused("a change of people or items needs an audit entry".to_owned());
        }
        // A record as it is enforced includes parts of another record.
        if self.people.iter().any(|write| write.now.together.is_some()) {
            return refused("a person's record holds parts of another one".to_owned());
        }
        let mut written = HashSet::new();
        for write in &self.documents {
            write.check()?;
            if !written.insert(write.names()) {
                return refused("a batch names a document twice".to_owned());
            }
        }
        let people =
            self.people.iter().map(|one| (one.was.as_deref().map(|was| &was.id), &one.now.id));
        let items = self.items.iter().map(|one| (one.was.as_ref().map(|was| &was.id), &one.now.id));
        for (kind, (was, now)) in
            people.map(|it| ("person", it)).chain(items.map(|it| ("item", it)))
        {
            if was.is_some_and(|was| was != now) {
                return refused(format!("{kind}: an id can't be changed"));
            }
            // No document's kind has a space.
            let place = if kind == "person" { " person" } else { " item" };
            if !written.insert((place, now)) {
                return refused(format!("a batch names a {kind} twice"));
            }
        }
        Ok(())
    }
}

impl DocumentWrite {
    /// Which it is.
    pub(crate) fn names(&self) -> (&str, &str) {
        match self {
            DocumentWrite::Put(document) => (&document.kind, &document.id),
            DocumentWrite::Remove { kind, id, .. } => (kind, id),
        }
    }

    /// What it was read at; 0: there was none.
    pub(crate) const fn read_at(&self) -> u64 {
        match self {
            DocumentWrite::Put(document) => document.version,
            DocumentWrite::Remove { version, .. } => *version,
        }
    }

    pub(crate) fn conflict(&self) -> Conflict {
        let (kind, id) = self.names();
        Conflict::Document { kind: kind.to_owned(), id: id.to_owned() }
    }

    fn check(&self) -> Result<(), StoreError> {
        let refused = |why: &str| Err(StoreError::Refused(format!("document: {why}")));
        let (kind, id) = self.names();
        if !is_name(kind) {
            return refused("its kind is not a name");
        }
        if !is_text(id) || id.is_empty() {
            return refused("its id is empty, too long, or has a byte 0");
        }
        match self {
            DocumentWrite::Remove { version: 0, .. } => refused("a new document can't be removed"),
            DocumentWrite::Remove { .. } => Ok(()),
            DocumentWrite::Put(document) => {
                if document.body.get().len() > DOCUMENT_BYTES_MAX {
                    return refused("its body is too long");
                }
                if document.keys.len() > DOCUMENT_KEYS_MAX {
                    return refused("it has too many keys");
                }
                for key in &document.keys {
                    if !is_name(&key.index) || key.index == BY_ID || !is_text(&key.value) {
                        return refused("one of its keys is too long, or misnamed");
                    }
                }
                Ok(())
            }
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= DOCUMENT_KEY_BYTES_MAX
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn is_text(text: &str) -> bool {
    text.len() <= DOCUMENT_KEY_BYTES_MAX && !text.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_anew_has_a_version_that_none_had() {
        let at = "2026-11-21T10:00:00Z".parse().unwrap();
        let first = version_after(0, at);
        assert!(first > 1_000_000);
        assert_eq!(version_after(first, at), first + 1);
    }
}
