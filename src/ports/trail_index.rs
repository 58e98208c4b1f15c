//! What a store finds entries of the audit trail by, for whoever compares that with the entries.
//!
//! Of an entry that somebody may look for there is a *mark* for each person, flag and disposition: a list of the
//! numbers of such entries. A contact that was simply delivered, to whomever, has none but its person's. Of days there
//! is noted in which *blocks* of numbers they have entries: entries replayed after an outage follow later ones, and are
//! still found.

use std::collections::BTreeSet;
use std::convert::Infallible;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::StoreError;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::decision::Disposition;
use crate::domain::flag::Flag;
use crate::domain::organisation::OrganisationId;

/// Numbers of one block.
pub const BLOCK: u64 = 1_024;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// How the mark of a person begins.
const PERSON: &str = "person:";

/// The day of an instant, in UTC, counted from 1970.
pub fn day(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros().div_euclid(MICROS_PER_DAY)
}

/// The block of a number.
pub const fn block(number: u64) -> u64 {
    number / BLOCK
}

/// Hands over every mark of an entry. `item_of`: the person of the queue item that it is about.
///
/// # Errors
/// As `note`.
pub fn marks<E>(
    event: &AuditEvent,
    item_of: Option<&str>,
    mut note: impl FnMut(&str) -> Result<(), E>,
) -> Result<(), E> {
    for person in event.people().into_iter().chain(item_of) {
        note(&of_person(person))?;
    }
    match event {
        AuditEvent::Decided(decided) => decided_marks(decided.disposition, &decided.flags, note),
        _ => Ok(()),
    }
}

/// The parts of a decision that are not about people.
///
/// # Errors
/// As `note`.
pub fn decided_marks<E>(
    disposition: Disposition,
    flags: &[Flag],
    mut note: impl FnMut(&str) -> Result<(), E>,
) -> Result<(), E> {
    if let Some(mark) = of_disposition(disposition) {
        note(mark)?;
    }
    flags.iter().try_for_each(|flag| note(&of_flag(flag)))
}

/// As [`marks`], all of them.
pub fn every_mark(event: &AuditEvent, item_of: Option<&str>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let Ok(()) = marks(event, item_of, |mark| {
        all.insert(mark.to_owned());
        Ok::<_, Infallible>(())
    });
    all
}

pub fn of_person(person: &str) -> String {
    [PERSON, person].concat()
}

/// The person whose mark it is; `None`: it is that of a flag or disposition.
pub fn person_of(mark: &str) -> Option<&str> {
    mark.strip_prefix(PERSON)
}

pub fn of_flag(flag: &Flag) -> String {
    format!("flag:{flag}")
}

/// `None`: nearly all are that, so that a list of them would be another trail.
pub const fn of_disposition(disposition: Disposition) -> Option<&'static str> {
    match disposition {
        Disposition::Deliver => None,
        Disposition::Route => Some("disposition:route"),
        Disposition::Limit => Some("disposition:limit"),
        Disposition::File => Some("disposition:file"),
    }
}

/// What a row of the index leads to.
#[derive(Debug, Clone, PartialEq)]
pub enum Led {
    Entry(Box<AuditEntry>),
    /// An entry that can't be read, or no more: its key is destroyed.
    Unread,
    Nowhere,
}

/// That an entry has a mark. The number is 0 where the row names none.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexRow {
    pub number: u64,
    /// As of the moment at which the row was read.
    pub led: Led,
}

/// Rows of one mark.
#[derive(Debug, Clone, Default)]
pub struct IndexPage {
    pub rows: Vec<IndexRow>,
    /// Where to go on: only this store knows what it means. `None`: that was all.
    pub next: Option<i64>,
}

/// The rows by which a store finds entries of the audit trail.
#[async_trait]
pub trait TrailIndex: Send + Sync {
    /// Every mark that an entry is listed under: about as many as people are or were on record.
    async fn index_marks(
        &self,
        organisation: &OrganisationId,
    ) -> Result<BTreeSet<String>, StoreError>;

    /// A page of the rows of a mark, behind a place.
    async fn index_rows(
        &self,
        organisation: &OrganisationId,
        mark: &str,
        after: Option<i64>,
    ) -> Result<IndexPage, StoreError>;

    /// Of these marks of entries, by number, those under which the entry is not found.
    async fn unindexed(
        &self,
        organisation: &OrganisationId,
        marks: Vec<(String, u64)>,
    ) -> Result<Vec<(String, u64)>, StoreError>;

    /// In which blocks each day has entries: days counted from 1970, with the block.
    async fn index_days(
        &self,
        organisation: &OrganisationId,
    ) -> Result<BTreeSet<(i64, u64)>, StoreError>;
}
