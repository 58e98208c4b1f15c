//! A person's history: read for a decision, and added to with it.

use std::fmt::Display;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{CachedStatement, OptionalExtension, Row, params};

use super::database::Database;
use super::fault::{from_sqlite, unreadable};
use crate::domain::ledger::{Counted, Ledger, Received, TOLD_AHEAD_MAX, Told};
use crate::domain::restriction::Mode;
use crate::ports::{CommitRequest, JournalEntry, StoreError};
use crate::runtime::limits::{COUNTED_KEPT, COUNTED_KEPT_NEWEST, RECEIVED_PER_PERSON_MAX};
use crate::store::record::{Codec, Label, Sheet, kind, unless_destroyed};

/// A person's ledger, to be read.
pub(super) struct LedgerReading<'c> {
    counted: CachedStatement<'c>,
    received: CachedStatement<'c>,
    told: CachedStatement<'c>,
    lanes_used: CachedStatement<'c>,
    codec: &'c Codec,
}

impl<'c> LedgerReading<'c> {
    pub(super) fn prepare(connection: &'c Database) -> Result<Self, StoreError> {
        let prepare = |sql| connection.prepare_cached(sql).map_err(from_sqlite);
        Ok(LedgerReading {
            counted: prepare(
                "SELECT restriction, mode, at, issue, contact FROM counted
                 WHERE organisation = ?1 AND person = ?2 AND at >= ?3 ORDER BY at, rowid",
            )?,
            received: prepare(
                "SELECT contact, record FROM received WHERE organisation = ?1 AND person = ?2
                 ORDER BY at, rowid",
            )?,
            told: prepare(
                "SELECT code, at FROM told WHERE organisation = ?1 AND person = ?2 ORDER BY code",
            )?,
            lanes_used: prepare(
                "SELECT lane, used FROM lane WHERE organisation = ?1 AND person = ?2 ORDER BY lane",
            )?,
            codec: &connection.codec,
        })
    }

    /// As far as the request needs it; empty where nobody is counted.
    pub(super) fn ledger(&mut self, request: &CommitRequest) -> Result<Ledger, StoreError> {
        let Some(person) = &request.person else { return Ok(Ledger::default()) };
        let mut ledger = self.of(request, person)?;
        for other in &request.also {
            ledger.join(self.of(request, other)?);
        }
        Ok(ledger)
    }

    fn of(&mut self, request: &CommitRequest, person: &str) -> Result<Ledger, StoreError> {
        let organisation = request.organisation.as_str();
        Ok(Ledger {
            recorded: None,
            counted: self.counted(organisation, person, request.counted_since)?,
            received: if request.needs_received {
                // Somebody who has the same id now does not answer for the person who was erased.
                let all = self.each_received(organisation, person, unless_destroyed)?;
                all.into_iter().flatten().collect()
            } else {
                Vec::new()
            },
            told: self.told(organisation, person)?,
            lanes_used: self.lanes_used(organisation, person)?,
        })
    }

    fn counted(
        &mut self,
        organisation: &str,
        person: &str,
        since: DateTime<Utc>,
    ) -> Result<Vec<Counted>, StoreError> {
        let mut rows = self
            .counted
            .query(params![organisation, person, since.timestamp_micros()])
            .map_err(from_sqlite)?;
        let mut counted = Vec::new();
        while let Some(row) = rows.next().map_err(from_sqlite)? {
            // It is not counted for somebody else who has the same id now.
            counted.extend(unless_destroyed(counted_in(self.codec, organisation, row))?);
        }
        Ok(counted)
    }

    pub(super) fn received(
        &mut self,
        organisation: &str,
        person: &str,
    ) -> Result<Vec<Received>, StoreError> {
        self.each_received(organisation, person, |read| read)
    }

    fn each_received<T>(
        &mut self,
        organisation: &str,
        person: &str,
        take: impl Fn(Result<Received, StoreError>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut rows = self.received.query([organisation, person]).map_err(from_sqlite)?;
        let mut received = Vec::new();
        while let Some(row) = rows.next().map_err(from_sqlite)? {
            let contact = row.get_ref(0).and_then(|it| Ok(it.as_str()?)).map_err(from_sqlite)?;
            let record = row.get_ref(1).and_then(|it| Ok(it.as_str()?)).map_err(from_sqlite)?;
            let label = Label::new(organisation, kind::RECEIVED, &contact);
            received.push(take(self.codec.read(record, label))?);
        }
        Ok(received)
    }

    pub(super) fn told(
        &mut self,
        organisation: &str,
        person: &str,
    ) -> Result<Vec<Told>, StoreError> {
        let mut rows = self.told.query([organisation, person]).map_err(from_sqlite)?;
        let mut told = Vec::new();
        while let Some(row) = rows.next().map_err(from_sqlite)? {
            told.push(Told {
                code: row.get(0).map_err(from_sqlite)?,
                at: instant(row.get(1).map_err(from_sqlite)?)?,
            });
        }
        Ok(told)
    }

    pub(super) fn lanes_used(
        &mut self,
        organisation: &str,
        person: &str,
    ) -> Result<Vec<(String, u32)>, StoreError> {
        self.lanes_used
            .query_map([organisation, person], |row| Ok((row.get(0)?, row.get(1)?)))
            .and_then(Iterator::collect)
            .map_err(from_sqlite)
    }
}

/// A person's ledger, to be added to.
pub(super) struct Adding<'c> {
    count: CachedStatement<'c>,
    long_ago: CachedStatement<'c>,
    receive: CachedStatement<'c>,
    over: CachedStatement<'c>,
    record: Sheet,
    codec: &'c Codec,
}

impl<'c> Adding<'c> {
    pub(super) fn prepare(connection: &'c Database) -> Result<Self, StoreError> {
        let prepare = |sql| connection.prepare_cached(sql).map_err(from_sqlite);
        Ok(Adding {
            count: prepare(
                "INSERT INTO counted (organisation, person, contact, restriction, mode, at, issue)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?,
            // Asked before anything is deleted: there is seldom something, and asking costs less.
            long_ago: prepare(
                "SELECT at FROM counted WHERE organisation = ?1 AND person = ?2
                 ORDER BY at DESC LIMIT 1 OFFSET ?3",
            )?,
            receive: prepare(
                "INSERT INTO received (organisation, person, contact, at, record)
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            )?,
            over: prepare(
                "SELECT rowid FROM received WHERE organisation = ?1 AND person = ?2
                 ORDER BY at DESC, rowid DESC LIMIT -1 OFFSET ?3",
            )?,
            record: Sheet::default(),
            codec: &connection.codec,
        })
    }

    /// Adds to the person's ledger, and removes entries past its bound.
    pub(super) fn add(
        &mut self,
        connection: &Database,
        entry: &JournalEntry,
        person: &str,
    ) -> Result<(), StoreError> {
        let organisation = entry.organisation.as_str();
        let additions = &entry.settled.additions;
        self.add_counted(connection, entry, person)?;
        if let Some(received) = &additions.received {
            self.add_received(connection, entry, person, received)?;
        }
        if let Some(told) = &additions.told {
            connection
                .prepare_cached(
                    "INSERT INTO told (organisation, person, code, at) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT DO UPDATE SET at = iif(at - excluded.at > ?5, excluded.at, max(at, excluded.at))",
                )
                .and_then(|mut it| {
                    it.execute(params![
                        organisation,
                        person,
                        told.code,
                        told.at.timestamp_micros(),
                        TOLD_AHEAD_MAX.num_microseconds()
                    ])
                })
                .map_err(from_sqlite)?;
        }
        if let Some(lane) = &additions.lane {
            connection
                .prepare_cached(
                    "INSERT INTO lane (organisation, person, lane, used) VALUES (?1, ?2, ?3, 1)
                     ON CONFLICT DO UPDATE SET used = used + 1",
                )
                .and_then(|mut it| it.execute([organisation, person, lane]))
                .map_err(from_sqlite)?;
        }
        Ok(())
    }

    fn add_counted(
        &mut self,
        connection: &Database,
        entry: &JournalEntry,
        person: &str,
    ) -> Result<(), StoreError> {
        let organisation = entry.organisation.as_str();
        for counted in &entry.settled.additions.counted {
            let label = of_issue(organisation, person, &entry.contact);
            let issue = self.codec.write_issue(label, counted.issue.as_deref())?;
            self.count
                .execute(params![
                    organisation,
                    person,
                    entry.contact,
                    counted.restriction,
                    mode_name(counted.mode),
                    counted.at.timestamp_micros(),
                    issue
                ])
                .map_err(from_sqlite)?;
        }
        if entry.settled.additions.counted.is_empty() {
            return Ok(());
        }
        // Old by this clock, and not among the newest: those are kept by any clock.
        let kept = TimeDelta::from_std(COUNTED_KEPT).unwrap_or(TimeDelta::MAX);
        let oldest = entry.at.checked_sub_signed(kept).unwrap_or(DateTime::<Utc>::MIN_UTC);
        let newest = i64::try_from(COUNTED_KEPT_NEWEST).unwrap_or(i64::MAX);
        let next: Option<i64> = self
            .long_ago
            .query_row(params![organisation, person, newest], |row| row.get(0))
            .optional()
            .map_err(from_sqlite)?;
        if let Some(next) = next {
            let before = oldest.timestamp_micros().min(next.saturating_add(1));
            connection
                .prepare_cached(
                    "DELETE FROM counted WHERE organisation = ?1 AND person = ?2 AND at < ?3",
                )
                .and_then(|mut it| it.execute(params![organisation, person, before]))
                .map_err(from_sqlite)?;
        }
        Ok(())
    }

    fn add_received(
        &mut self,
        connection: &Database,
        entry: &JournalEntry,
        person: &str,
        received: &Received,
    ) -> Result<(), StoreError> {
        let organisation = entry.organisation.as_str();
        let label = Label::new(organisation, kind::RECEIVED, &entry.contact).about(Some(person));
        let record = self.record.write(self.codec, label, received)?;
        self.receive
            .execute(params![
                organisation,
                person,
                entry.contact,
                received.at.timestamp_micros(),
                record
            ])
            .map_err(from_sqlite)?;
        let kept = i64::try_from(RECEIVED_PER_PERSON_MAX).unwrap_or(i64::MAX);
        let over: Vec<i64> = self
            .over
            .query_map(params![organisation, person, kept], |row| row.get(0))
            .and_then(Iterator::collect)
            .map_err(from_sqlite)?;
        for row in over {
            connection
                .prepare_cached("DELETE FROM received WHERE rowid = ?1")
                .and_then(|mut it| it.execute([row]))
                .map_err(from_sqlite)?;
        }
        Ok(())
    }
}

/// What a row counted. Its columns: restriction, mode, at, issue, contact.
pub(super) fn counted_in(
    codec: &Codec,
    organisation: &str,
    row: &Row<'_>,
) -> Result<Counted, StoreError> {
    let mode = row.get_ref(1).and_then(|it| Ok(it.as_str()?)).map_err(from_sqlite)?;
    let issue: Option<String> = row.get(3).map_err(from_sqlite)?;
    let issue = match issue {
        Some(stored) => {
            let contact = row.get_ref(4).and_then(|it| Ok(it.as_str()?)).map_err(from_sqlite)?;
            Some(codec.read_issue(Label::new(organisation, kind::ISSUE, &contact), stored)?)
        }
        None => None,
    };
    Ok(Counted {
        restriction: row.get(0).map_err(from_sqlite)?,
        mode: mode_named(mode)?,
        at: instant(row.get(2).map_err(from_sqlite)?)?,
        issue,
    })
}

/// Where the reference is kept of an issue for which a contact of somebody was counted.
pub(super) fn of_issue<'a>(
    organisation: &'a str,
    person: &'a str,
    contact: &'a dyn Display,
) -> Label<'a> {
    Label::new(organisation, kind::ISSUE, contact).about(Some(person))
}

pub(super) fn instant(micros: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| unreadable("instant"))
}

pub(super) const fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Enforce => "enforce",
        Mode::Observe => "observe",
    }
}

pub(super) fn mode_named(name: &str) -> Result<Mode, StoreError> {
    match name {
        "enforce" => Ok(Mode::Enforce),
        "observe" => Ok(Mode::Observe),
        _ => Err(unreadable("mode")),
    }
}
