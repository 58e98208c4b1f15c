//! How much is kept of each person and each organisation, and whether more may be.
//!
//! The files themselves are what counts: their names say whose they are, so that nothing has to be kept in
//! step with them. Between two counts, what this process keeps is added. Another gateway's is in the next
//! count: together they may exceed a quota by the originals kept in that time.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::place::{self, OriginalPlace, Places};
use crate::ports::{Allowance, QuotaFault};
use crate::runtime::limits::ORIGINALS_OF_SAFEGUARDS_FACTOR;
use crate::store::settings::ArchiveQuota;

/// Bytes kept, by the folder of each organisation.
#[derive(Debug, Default)]
pub(super) struct KeptBytes {
    quota: ArchiveQuota,
    organisations: Mutex<HashMap<String, Held>>,
}

#[derive(Debug, Default)]
struct Held {
    counted: Bytes,
    /// Bytes kept during a count, which may have missed them.
    meanwhile: Option<Bytes>,
}

#[derive(Debug, Default)]
pub(super) struct Bytes {
    all: u64,
    people: HashMap<String, u64>,
}

impl Bytes {
    pub(super) fn add(&mut self, person: Option<&str>, bytes: u64) {
        self.all = self.all.saturating_add(bytes);
        if let Some(person) = person {
            let own = self.people.entry(person.to_owned()).or_default();
            *own = own.saturating_add(bytes);
        }
    }

    fn take_off(&mut self, person: Option<&str>, bytes: u64) {
        self.all = self.all.saturating_sub(bytes);
        if let Some(own) = person.and_then(|person| self.people.get_mut(person)) {
            *own = own.saturating_sub(bytes);
        }
    }

    fn of(&self, person: &str) -> u64 {
        self.people.get(person).copied().unwrap_or_default()
    }
}

impl KeptBytes {
    pub(super) fn within(quota: ArchiveQuota) -> Self {
        KeptBytes { quota, organisations: Mutex::default() }
    }

    fn organisations(&self) -> MutexGuard<'_, HashMap<String, Held>> {
        self.organisations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an original about to be kept, if there is room for it. A person's originals include those under names
    /// that were made with another key, or without any.
    pub(super) fn add(
        &self,
        places: &Places,
        bytes: u64,
        allowance: Allowance,
    ) -> Result<(), QuotaFault> {
        let factor = match allowance {
            Allowance::Ordinary => 1,
            Allowance::Safeguard => ORIGINALS_OF_SAFEGUARDS_FACTOR,
        };
        let goes_past =
            |held: u64, quota: u64| held.saturating_add(bytes) > quota.saturating_mul(factor);
        let person = places.now.person.as_deref();
        let mut organisations = self.organisations();
        let held = organisations.entry(places.now.organisation.clone()).or_default();
        let names = places.people().into_iter();
        let own = names.fold(0_u64, |sum, name| sum.saturating_add(held.counted.of(name)));
        if person.is_some() && goes_past(own, self.quota.per_person) {
            return Err(QuotaFault::Person);
        }
        if goes_past(held.counted.all, self.quota.per_organisation) {
            return Err(QuotaFault::Organisation);
        }
        held.counted.add(person, bytes);
        if let Some(meanwhile) = &mut held.meanwhile {
            meanwhile.add(person, bytes);
        }
        Ok(())
    }

    /// A counted original is not kept after all, or no longer.
    pub(super) fn take_off(&self, place: &OriginalPlace, bytes: u64) {
        let person = place.person.as_deref();
        let mut organisations = self.organisations();
        if let Some(held) = organisations.get_mut(&place.organisation) {
            held.counted.take_off(person, bytes);
            if let Some(meanwhile) = &mut held.meanwhile {
                meanwhile.take_off(person, bytes);
            }
        }
    }

    /// Counts the files of an organisation's folder. An original kept during a count may be counted twice, until the
    /// next count, and is never missed.
    pub(super) fn measure(&self, root: &Path, organisation: &str) -> io::Result<u64> {
        self.begin_count(organisation);
        count(root, organisation).map(|counted| self.end_count(organisation, counted))
    }

    /// From here on, kept originals are added to the next count too.
    pub(super) fn begin_count(&self, organisation: &str) {
        self.organisations().entry(organisation.to_owned()).or_default().meanwhile =
            Some(Bytes::default());
    }

    /// Takes the count since [`KeptBytes::begin_count`] as the bytes kept, and returns it.
    pub(super) fn end_count(&self, organisation: &str, mut counted: Bytes) -> u64 {
        let mut organisations = self.organisations();
        let held = organisations.entry(organisation.to_owned()).or_default();
        let meanwhile = held.meanwhile.take().unwrap_or_default();
        counted.all = counted.all.saturating_add(meanwhile.all);
        for (person, bytes) in &meanwhile.people {
            let own = counted.people.entry(person.clone()).or_default();
            *own = own.saturating_add(*bytes);
        }
        held.counted = counted;
        held.counted.all
    }
}

fn count(root: &Path, organisation: &str) -> io::Result<Bytes> {
    let mut counted = Bytes::default();
    place::each(root, organisation, &mut |place, _, file| {
        // It may have been let go of since.
        if let Some(file) = place::there(file.metadata())? {
            counted.add(place.person.as_deref(), file.len());
        }
        Ok(())
    })?;
    Ok(counted)
}
