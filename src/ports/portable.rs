//! Carrying everything that a store holds of an organisation to another store.
//!
//! Records have one shape, whatever the store; instants that a store orders by are whole
//! microseconds. What a store makes for itself (indexes, word of changes to its followers, steps
//! that may be retried) is not carried.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::documents::Document;
use super::{Past, StoreError};
use crate::domain::audit::AuditEntry;
use crate::domain::decision::Decision;
use crate::domain::ledger::{Counted, Received, Told};
use crate::domain::organisation::OrganisationId;
use crate::domain::person::Person;
use crate::domain::queue::QueueItem;

/// What a store holds, in the order in which it is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// People with their restrictions.
    People,
    /// The decision recorded for each contact id.
    Decisions,
    /// Each person's history: contacts counted and received, notices sent, lanes used.
    Ledgers,
    /// Queue items with notes and attachments.
    Items,
    /// The audit trail with its numbers.
    Audit,
    /// What downstream has taken.
    Deliveries,
    /// Records of whatever kind that staff write.
    Documents,
}

impl Kind {
    pub const ALL: [Kind; 7] = [
        Kind::People,
        Kind::Decisions,
        Kind::Ledgers,
        Kind::Items,
        Kind::Audit,
        Kind::Deliveries,
        Kind::Documents,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Kind::People => "people",
            Kind::Decisions => "decisions",
            Kind::Ledgers => "ledgers",
            Kind::Items => "items",
            Kind::Audit => "audit",
            Kind::Deliveries => "deliveries",
            Kind::Documents => "documents",
        }
    }

    /// The kind that is carried after this one.
    pub const fn next(self) -> Option<Kind> {
        match self {
            Kind::People => Some(Kind::Decisions),
            Kind::Decisions => Some(Kind::Ledgers),
            Kind::Ledgers => Some(Kind::Items),
            Kind::Items => Some(Kind::Audit),
            Kind::Audit => Some(Kind::Deliveries),
            Kind::Deliveries => Some(Kind::Documents),
            Kind::Documents => None,
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// One record of a kind. Written again, it takes the place of the one before.
#[derive(Clone, Serialize)]
#[serde(untagged)]
pub enum Record {
    Person(Box<Person>),
    Decision(Box<RecordedDecision>),
    Ledger(PersonLedger),
    Item(Box<QueueItem>),
    Audit(Box<AuditEntry>),
    Delivery(Delivery),
    Document(Box<Document>),
}

/// Shows only the kind: a record holds personal data.
impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Record::Person(_) => "Person",
            Record::Decision(_) => "Decision",
            Record::Ledger(_) => "Ledger",
            Record::Item(_) => "Item",
            Record::Audit(_) => "Audit",
            Record::Delivery(_) => "Delivery",
            Record::Document(_) => "Document",
        })
    }
}

/// The decision recorded for a contact id.
#[derive(Clone, Serialize)]
pub struct RecordedDecision {
    pub contact: String,
    /// As [`super::CommitRequest::digest`].
    pub digest: [u8; 32],
    /// When the decision was made, in whole microseconds.
    pub at: DateTime<Utc>,
    pub decision: Decision,
}

/// Everything remembered of a person. If that is nothing, there is no record.
#[derive(Clone, Serialize)]
pub struct PersonLedger {
    pub person: String,
    /// By at, then by contact.
    pub counted: Vec<CountedContact>,
    /// By at, then by contact.
    pub received: Vec<Received>,
    /// By code.
    pub told: Vec<Told>,
    /// By lane.
    pub lanes_used: Vec<(String, u32)>,
}

impl PersonLedger {
    /// Whether nothing is remembered.
    pub const fn is_bare(&self) -> bool {
        self.counted.is_empty()
            && self.received.is_empty()
            && self.told.is_empty()
            && self.lanes_used.is_empty()
    }

    /// Puts everything into its order, and instants into whole microseconds.
    pub fn settle(&mut self) {
        for one in &mut self.counted {
            one.counted.at = whole_micros(one.counted.at);
        }
        for told in &mut self.told {
            told.at = whole_micros(told.at);
        }
        let place = |one: &CountedContact| {
            let counted = &one.counted;
            let mode = matches!(counted.mode, crate::domain::restriction::Mode::Observe);
            (
                counted.at,
                one.contact.clone(),
                counted.restriction.clone(),
                mode,
                counted.issue.clone(),
            )
        };
        self.counted.sort_by_cached_key(place);
        self.received.sort_by_cached_key(|one| (one.at.timestamp_micros(), one.contact.clone()));
        self.told.sort_by(|one, other| one.code.cmp(&other.code));
        self.lanes_used.sort();
    }
}

/// An instant to the microsecond: what every store keeps of it.
pub fn whole_micros(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

/// What quotas counted, with the contact that was counted.
#[derive(Clone, Serialize)]
pub struct CountedContact {
    pub contact: String,
    pub counted: Counted,
}

/// A delivery key that downstream has taken.
#[derive(Clone, Serialize)]
pub struct Delivery {
    pub key: String,
    /// In whole microseconds.
    pub at: DateTime<Utc>,
}

/// Records of one kind, a bounded number.
#[derive(Debug)]
pub struct Page {
    /// May be empty even though the end is not reached.
    pub records: Vec<Record>,
    /// The ids of those that can't be read back.
    pub unreadable: Vec<String>,
    /// The ids of those that were about somebody whose key is destroyed: they are gone.
    pub destroyed: Vec<String>,
    /// Where the next page begins: what [`Contents::pages`] accepts.
    pub last: String,
}

impl Page {
    /// For a reader that may leave nothing out because it can't be read.
    ///
    /// # Errors
    /// `Corrupt` with the first of a kind that can't be read back.
    pub fn all_read(&self, kind: Kind) -> Result<(), StoreError> {
        match self.unreadable.first() {
            None => Ok(()),
            Some(id) => Err(StoreError::Corrupt(format!("{kind}: {id} can't be read back"))),
        }
    }
}

/// The records of a kind, a page at a time.
#[async_trait]
pub trait Pages: Send {
    /// How many records there are, from the first: for progress. More than there are, where a
    /// store would have to read all to tell.
    fn total(&self) -> u64;

    /// `None`: that was all.
    async fn next(&mut self) -> Result<Option<Page>, StoreError>;
}

/// How many records were carried, and a digest of them that does not depend on their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub records: u64,
    /// The sum of the records' SHA-256, in four parts that wrap around.
    pub sum: [u64; 4],
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [first, ..] = self.sum;
        write!(f, "{} ({first:016x})", self.records)
    }
}

/// How far the copy of an organisation has come. Kept by the store that it is copied to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyMark {
    /// The address of the store that is copied, without users and passwords.
    pub from: String,
    pub state: CopyState,
    /// The records carried so far.
    pub tallies: BTreeMap<Kind, Tally>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum CopyState {
    /// Records of this kind are carried; those up to a place are there.
    Carrying { kind: Kind, after: Option<String> },
    /// All are there; they are to be compared.
    Carried,
    /// All are there, and were the same.
    Finished { at: DateTime<Utc> },
}

impl CopyMark {
    pub const fn is_finished(&self) -> bool {
        match self.state {
            CopyState::Finished { .. } => true,
            CopyState::Carrying { .. } | CopyState::Carried => false,
        }
    }
}

/// What a store holds, to be read through.
#[async_trait]
pub trait Contents: Send + Sync {
    /// Every organisation with any record.
    async fn organisations(&self) -> Result<Vec<OrganisationId>, StoreError>;

    /// The records of a kind behind a place; `None`: from the first.
    async fn pages<'s>(
        &'s self,
        organisation: &OrganisationId,
        kind: Kind,
        after: Option<String>,
    ) -> Result<Box<dyn Pages + 's>, StoreError>;

    /// How far a copy of another store into this one has come.
    async fn copy_mark(
        &self,
        organisation: &OrganisationId,
    ) -> Result<Option<CopyMark>, StoreError>;
}

/// A store that can hand over what it holds, and take over what another held.
#[async_trait]
pub trait Portable: Contents + Past {
    /// Whether nothing is held of an organisation.
    async fn is_empty(&self, organisation: &OrganisationId) -> Result<bool, StoreError>;

    /// Stores records and the position that the copy has reached with them: both or neither.
    async fn carry_in(
        &self,
        organisation: &OrganisationId,
        records: Vec<Record>,
        mark: &CopyMark,
    ) -> Result<(), StoreError>;
}
