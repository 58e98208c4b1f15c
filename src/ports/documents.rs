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

pub use about::OF_PERSON;
pub use gone::Gone;

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
    DOCUMENT_KEY_BYTES_MAX, DOCUMENT_KEYS_MAX, PAGE_ITEMS_MAX, REDIS_PEOPLE_MAX,
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

/// The place of a document in a list: by its key's value, and among equal ones by its id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub value: String,
    pub id: String,
}

/// Some of a list.
#[derive(Debug, Clone)]
pub struct Listing {
    pub index: String,
    /// From this value on; `None`: from the first.
    pub from: Option<String>,
    /// Up to this value and without it; `None`: to the last.
    pub to: Option<String>,
    pub order: Order,
    /// Behind this place, in the order of the list.
    pub after: Option<Place>,
    /// 0: as many as a page holds.
    pub limit: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

impl Listing {
    /// All of a list.
    pub fn of(index: &str) -> Self {
        Listing {
            index: index.to_owned(),
            from: None,
            to: None,
            order: Order::Ascending,
            after: None,
            limit: 0,
        }
    }

    /// Those with exactly this value.
    pub fn with(index: &str, value: &str) -> Self {
        // No value has a byte 0, so that none lies between a value and the same with a byte 1.
        let to = Some(format!("{value}\u{1}"));
        Listing { from: Some(value.to_owned()), to, ..Listing::of(index) }
    }

    /// Those whose value begins with this text, which does not end with the last of all characters.
    pub fn beginning(index: &str, with: &str) -> Self {
        Listing { from: Some(with.to_owned()), to: behind(with), ..Listing::of(index) }
    }

    pub(crate) fn has(&self, place: &Place) -> bool {
        let value = place.value.as_str();
        self.from.as_deref().is_none_or(|from| value >= from)
            && self.to.as_deref().is_none_or(|to| value < to)
            && self.after.as_ref().is_none_or(|after| match self.order {
                Order::Ascending => place > after,
                Order::Descending => place < after,
            })
    }

    pub(crate) fn page_size(&self) -> usize {
        if self.limit == 0 { PAGE_ITEMS_MAX } else { self.limit.min(PAGE_ITEMS_MAX) }
    }
}

/// The first text behind all that begin with this one.
fn behind(text: &str) -> Option<String> {
    let mut characters: Vec<char> = text.chars().collect();
    let last = characters.pop()?;
    // Behind U+D7FF there is no character before U+E000.
    let next = char::from_u32(u32::from(last) + 1).or_else(|| char::from_u32(0xE000))?;
    characters.push(next);
    Some(characters.into_iter().collect())
}

/// Some documents in the order of a list.
#[derive(Debug, Clone)]
pub struct DocumentPage {
    pub documents: Vec<Document>,
    /// Where the next page goes on; `None`: that was all for now.
    pub next: Option<Place>,
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
    fn a_list_of_one_value_has_that_one_alone() {
        let listing = Listing::with("status", "open");
        let has = |value: &str| listing.has(&Place { value: value.to_owned(), id: "x".to_owned() });
        assert!(has("open"));
        assert!(!has("opem") && !has("open ") && !has("opened") && !has(""));
    }

    #[test]
    fn a_list_of_a_beginning_has_whatever_goes_on() {
        let listing = Listing::beginning("due", "2026-11-");
        let has = |value: &str| listing.has(&Place { value: value.to_owned(), id: "x".to_owned() });
        assert!(has("2026-11-") && has("2026-11-30") && has("2026-11-\u{10FFFF}"));
        assert!(!has("2026-12-01") && !has("2026-11") && !has("2026-10-31"));
        assert_eq!(behind("a\u{D7FF}").unwrap(), "a\u{E000}");
    }

    #[test]
    fn what_is_made_anew_has_a_version_that_none_had() {
        let at = "2026-11-21T10:00:00Z".parse().unwrap();
        let first = version_after(0, at);
        assert!(first > 1_000_000);
        assert_eq!(version_after(first, at), first + 1);
    }
}
