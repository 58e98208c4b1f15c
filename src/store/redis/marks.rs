//! What entries of the audit trail are found by.

use std::convert::Infallible;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::domain::audit::{AuditEvent, DecidedEntry};
use crate::ports::StoreError;
use crate::store::record;
use crate::store::trail::{day, decided_marks, marks, of_person};

/// What `append.lua` notes of an entry.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Note {
    Day(i64),
    Mark(String),
}

/// The day, then the marks. `of`: people it concerns, besides those it names.
pub(super) fn notes<'p>(
    at: DateTime<Utc>,
    event: &AuditEvent,
    of: impl IntoIterator<Item = &'p str>,
) -> Vec<Note> {
    let mut notes = vec![Note::Day(day(at))];
    notes.extend(of.into_iter().map(|person| Note::Mark(of_person(person))));
    let Ok(()) = marks(event, None, |mark| {
        notes.push(Note::Mark(mark.to_owned()));
        Ok::<_, Infallible>(())
    });
    notes
}

/// [`notes`] as `append.lua` reads them.
pub(super) fn notes_of<'p>(
    at: DateTime<Utc>,
    event: &AuditEvent,
    of: impl IntoIterator<Item = &'p str>,
) -> Result<String, StoreError> {
    record::argument(&notes(at, event, of))
}

/// As [`notes_of`].
pub(super) fn notes_of_decision(
    at: DateTime<Utc>,
    decided: &DecidedEntry,
) -> Result<String, StoreError> {
    let mut notes = vec![Note::Day(day(at))];
    for person in decided.person.iter().chain(&decided.in_doubt) {
        notes.push(Note::Mark(of_person(person)));
    }
    let Ok(()) = decided_marks(decided.disposition, &decided.flags, |mark| {
        notes.push(Note::Mark(mark.to_owned()));
        Ok::<_, Infallible>(())
    });
    record::argument(&notes)
}
