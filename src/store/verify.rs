//! Reading a store through: whether its file is sound, each record can be read back, and each item's original
//! is there and is what was kept. Nothing is written, and a gateway may run on it meanwhile.

use std::collections::BTreeMap;

use super::archive::Originals;
use super::embedded::AsItIs;
use super::settings::{ArchiveUrl, Codec, StoreUrl};
use super::{damaged, open_as_it_is};
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::ports::portable::{Contents, Kind, Record};
use crate::runtime::limits::VERIFY_FAULTS_SHOWN_MAX;

/// What was read, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Verified {
    /// One line each, by organisation and id; at most [`VERIFY_FAULTS_SHOWN_MAX`].
    pub faults: Vec<String>,
    /// Faults beyond those.
    pub more: u64,
    /// How many records were read back.
    pub records: BTreeMap<Kind, u64>,
    /// How many originals were what was kept.
    pub originals: u64,
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

/// Reads the store and the archive through. A store that is not there yet holds nothing wrong.
///
/// # Errors
/// What keeps it from being looked at at all: a server that is away, a folder that can't be read.
pub async fn verify(
    url: &StoreUrl,
    archive: &ArchiveUrl,
    codec: &Codec,
) -> Result<Verified, StoreError> {
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
    let Some(store) = open_as_it_is(url, codec)?.filter(|_| !verified.is_older) else {
        return Ok(verified);
    };
    let ArchiveUrl::File(folder) = archive;
    let reading = Reading {
        store: store.as_ref(),
        originals: Originals::of(folder, codec)?,
        archive: folder.display().to_string(),
    };
    match store.organisations().await {
        Ok(organisations) => {
            for organisation in &organisations {
                reading.all_of(organisation, &mut verified).await?;
            }
        }
        Err(StoreError::Corrupt(what)) => {
            verified.fault(format!("store: it can't be told what it holds: {what}"));
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
}

impl Reading<'_> {
    async fn all_of(
        &self,
        organisation: &OrganisationId,
        verified: &mut Verified,
    ) -> Result<(), StoreError> {
        for kind in Kind::ALL {
            match self.kind(organisation, kind, verified).await {
                Ok(()) => {}
                // What is behind it in this kind can't be reached; the other kinds may be.
                Err(StoreError::Corrupt(what)) => {
                    verified.fault(format!("store: {organisation}: {kind}: {what}"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn kind(
        &self,
        organisation: &OrganisationId,
        kind: Kind,
        verified: &mut Verified,
    ) -> Result<(), StoreError> {
        let mut pages = self.store.pages(organisation, kind, None).await?;
        while let Some(page) = pages.next().await? {
            for id in page.unreadable {
                verified.fault(format!("store: {organisation}: {kind}: {id} can't be read back"));
            }
            *verified.records.entry(kind).or_default() += page.records.len() as u64;
            for record in &page.records {
                if let Record::Item(item) = record
                    && let Some(reference) = &item.archived
                {
                    self.original(organisation, &item.id, reference, verified).await?;
                }
            }
        }
        Ok(())
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
                Err(StoreError::Refused(format!(
                    "there is no archive in {archive} to hold its original"
                )))
            }
        };
        match found {
            Ok(()) => verified.originals += 1,
            Err(error @ (StoreError::Original(_) | StoreError::Refused(_))) => {
                verified.fault(format!("archive: {organisation}: item {item}: {error}"));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
