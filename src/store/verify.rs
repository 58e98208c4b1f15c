//! Reading a store through: whether its file is sound, each record can be read back, and each item's original is there
//! and is what was kept; and whether each original has an item. Nothing is written, and a gateway may keep running on
//! it.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use chrono::{DateTime, Utc};

use super::archive::{FoundOriginal, Originals};
use super::embedded::AsItIs;
use super::journal::peek;
use super::settings::{ArchiveUrl, Codec, StoreUrl};
use super::{damaged, open_as_it_is};
use crate::domain::organisation::OrganisationId;
use crate::ports::portable::{Contents, Kind, Record};
use crate::ports::{FetchError, JournalEntry, StoreError};
use crate::runtime::limits::{ORIGINAL_WITHOUT_ITEM, VERIFY_FAULTS_SHOWN_MAX};
use crate::runtime::tokens::sha256;

/// What was read, and its faults.
#[derive(Debug, Default)]
pub struct Verified {
    /// One line each, by organisation and id; at most [`VERIFY_FAULTS_SHOWN_MAX`].
    pub faults: Vec<String>,
    /// Faults beyond those.
    pub more: u64,
    /// How many records were read back.
    pub records: BTreeMap<Kind, u64>,
    /// How many originals were intact.
    pub originals: u64,
    /// The number of the last entry of each organisation's trail.
    pub trail_ends: BTreeMap<OrganisationId, u64>,
    /// The entry of each organisation's trail that is of the newest time: its number, and the time.
    pub newest: BTreeMap<OrganisationId, (u64, DateTime<Utc>)>,
    /// There is no store there.
    pub is_absent: bool,
    /// Its records were not looked at: it is of an older version, which the gateway brings up to date when
    /// it starts.
    pub is_older: bool,
}

impl Verified {
    fn fault(&mut self, fault: String) {
        if self.faults.len() < VERIFY_FAULTS_SHOWN_MAX {
            self.faults.push(fault);
        } else {
            self.more += 1;
        }
    }
}

/// The parts read.
pub struct Premises<'a> {
    pub store: &'a StoreUrl,
    pub archive: &'a ArchiveUrl,
    pub codec: &'a Codec,
    /// `[state] folder`: decisions that wait in its journal may refer to originals.
    pub state: &'a Path,
    pub now: DateTime<Utc>,
}

/// Reads the store and the archive through. A store that is not there yet holds nothing wrong.
///
/// # Errors
/// What keeps it from being looked at at all: a server that is away, a folder that can't be read.
pub async fn verify(premises: &Premises<'_>) -> Result<Verified, StoreError> {
    let Premises { store: url, archive, codec, state, now } = *premises;
    let mut verified = Verified::default();
    if let StoreUrl::Embedded(folder) = url
        && let Some(file) = AsItIs::of(folder, codec)
    {
        for said in file.damage().await? {
            verified.fault(damaged(said).to_string());
        }
        verified.is_older = match file.is_up_to_date().await {
            Ok(is_up_to_date) => !is_up_to_date,
            // Said already; what can still be read is.
            Err(StoreError::Corrupt(_)) => false,
            Err(error) => return Err(error),
        };
    }
    if verified.is_older {
        return Ok(verified);
    }
    let Some(store) = open_as_it_is(url, codec)? else {
        verified.is_absent = true;
        return Ok(verified);
    };
    let waiting = peek::pending(&state.join("journal"), codec)?;
    let reading = Reading {
        store: store.as_ref(),
        originals: Originals::of(archive, codec).await?,
        archive: archive.shown(),
        waiting,
        kept_before: now - ORIGINAL_WITHOUT_ITEM,
    };
    match store.organisations().await {
        Ok(organisations) => {
            for organisation in &organisations {
                reading.all_of(organisation, &mut verified).await?;
            }
        }
        Err(StoreError::Corrupt(what)) => {
            verified.fault(format!("store: its contents can't be determined: {what}"));
        }
        Err(error) => return Err(error),
    }
    Ok(verified)
}

struct Reading<'a> {
    store: &'a dyn Contents,
    /// `None`: there is no archive.
    originals: Option<Originals>,
    archive: String,
    /// What waits in the journal.
    waiting: Vec<JournalEntry>,
    /// A recent original may not have its item yet.
    kept_before: DateTime<Utc>,
}

/// An original's reference, shortened: there are many.
type Mark = [u8; 16];

fn mark(reference: &str) -> Mark {
    let mut mark = [0; 16];
    for (to, from) in mark.iter_mut().zip(sha256(reference.as_bytes())) {
        *to = from;
    }
    mark
}

impl Reading<'_> {
    async fn all_of(
        &self,
        organisation: &OrganisationId,
        verified: &mut Verified,
    ) -> Result<(), StoreError> {
        let mut named: HashSet<Mark> = self
            .waiting
            .iter()
            .filter(|entry| entry.organisation == *organisation)
            .filter_map(|entry| Some(mark(entry.settled.item.as_ref()?.archived.as_deref()?)))
            .collect();
        let mut is_whole = true;
        for kind in Kind::ALL {
            match self.kind(organisation, kind, (verified, &mut named)).await {
                Ok(all_of_kind) => is_whole &= all_of_kind,
                // Later records of this kind can't be reached; the other kinds may be.
                Err(StoreError::Corrupt(what)) => {
                    verified.fault(format!("store: {organisation}: {kind}: {what}"));
                    is_whole = false;
                }
                Err(error) => return Err(error),
            }
        }
        // Of items that can't be read nobody knows what they refer to.
        match is_whole {
            true => self.orphans(organisation, &named, verified).await,
            false => Ok(()),
        }
    }

    /// Originals to which nothing refers.
    async fn orphans(
        &self,
        organisation: &OrganisationId,
        named: &HashSet<Mark>,
        verified: &mut Verified,
    ) -> Result<(), StoreError> {
        let Some(originals) = &self.originals else { return Ok(()) };
        let mut found = |found: FoundOriginal| {
            let is_settled = found.modified.is_none_or(|kept| kept < self.kept_before);
            if is_settled && !named.contains(&mark(&found.reference)) {
                let reference = found.reference;
                verified.fault(format!(
                    "archive: {organisation}: no item refers to the original {reference}"
                ));
            }
        };
        originals.each(organisation, &mut found).await
    }

    /// `false`: some of it can't be read back.
    async fn kind(
        &self,
        organisation: &OrganisationId,
        kind: Kind,
        (verified, named): (&mut Verified, &mut HashSet<Mark>),
    ) -> Result<bool, StoreError> {
        let mut is_whole = true;
        let mut pages = self.store.pages(organisation, kind, None).await?;
        while let Some(page) = pages.next().await? {
            is_whole &= page.unreadable.is_empty();
            for id in page.unreadable {
                verified.fault(format!("store: {organisation}: {kind}: {id} can't be read back"));
            }
            for id in page.destroyed {
                verified.fault(format!(
                    "store: {organisation}: {kind}: {id} is of somebody whose key is destroyed"
                ));
            }
            *verified.records.entry(kind).or_default() += page.records.len() as u64;
            for record in &page.records {
                match record {
                    Record::Item(item) => {
                        if let Some(reference) = &item.archived {
                            named.insert(mark(reference));
                            self.original(organisation, &item.id, reference, verified).await?;
                        }
                    }
                    Record::Audit(entry) => {
                        let end = verified.trail_ends.entry(organisation.clone()).or_default();
                        *end = entry.number.max(*end);
                        let found = (entry.number, entry.at);
                        let newest = verified.newest.entry(organisation.clone()).or_insert(found);
                        if newest.1 < entry.at {
                            *newest = found;
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(is_whole)
    }

    async fn original(
        &self,
        organisation: &OrganisationId,
        item: &str,
        reference: &str,
        verified: &mut Verified,
    ) -> Result<(), StoreError> {
        let found = match &self.originals {
            Some(originals) => originals.verify(organisation, reference).await,
            None => {
                let archive = &self.archive;
                let why = format!("there is no archive in {archive} to hold its original");
                Err(StoreError::Refused(why).into())
            }
        };
        match found {
            Ok(()) => verified.originals += 1,
            Err(error @ (FetchError::Original(_) | FetchError::Store(StoreError::Refused(_)))) => {
                verified.fault(format!("archive: {organisation}: item {item}: {error}"));
            }
            Err(FetchError::Store(error)) => return Err(error),
        }
        Ok(())
    }
}
