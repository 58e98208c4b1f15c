//! What a start leaves out while it is rehearsed beside the gateway that runs, and what it looks at instead.
//!
//! Left out is what that gateway holds alone: its journal, its embedded store (opened again in this process, a close
//! would take away SQLite's locks), and what a start clears away that a crash left.

use std::path::{Path, PathBuf};
use std::time::Instant;

use secrecy::ExposeSecret as _;

use super::start_fault::StartFault;
use crate::config::Settings;
use crate::domain::organisation::OrganisationId;
use crate::domain::past::TrailEnd;
use crate::intake::past::other_archive;
use crate::ports::{ArchiveIdentity, Store, StoreError};
use crate::runtime::limits::{REDIS_PROBE_EVERY, REHEARSAL_STORE_WAIT};
use crate::store::archive::carried::identity_of;
use crate::store::embedded::AsItIs;
use crate::store::settings::{ArchiveUrl, Codec, StoreUrl};

/// The gateway beside which a start is rehearsed.
pub(super) struct Rehearsal<'a> {
    running: &'a Settings,
    /// Stands in for the state folder where a start clears away what a crash left: what is there now is in use.
    scratch: &'a Path,
}

impl<'a> Rehearsal<'a> {
    pub(super) fn new(running: &'a Settings, scratch: &'a Path) -> Self {
        Rehearsal { running, scratch }
    }

    /// Where a start clears away what a crash left.
    pub(super) fn cleared(&self) -> &Path {
        self.scratch
    }

    /// Whether this state folder is that of the gateway that runs.
    pub(super) fn holds(&self, state: &Path) -> bool {
        whole(&self.running.state) == whole(state)
    }

    /// What reads the remembered state of the store. The gateway that runs has written it, and writes it anew with its own
    /// first key before it ends: that key the next one must have.
    ///
    /// # Errors
    /// `Locked`: it has not.
    pub(super) fn codec_of_state(&self, next: &Settings) -> Result<Codec, StoreError> {
        if !self.holds(&next.state) {
            return Ok(next.codec.clone());
        }
        next.codec.must_read(&self.running.codec)?;
        Ok(self.running.codec.clone())
    }

    /// Refuses the archive of the gateway that runs where its folder holds none now. Opening it would make one, say
    /// under the mount point of a share that is away, and that gateway would keep originals there. Blocks.
    ///
    /// # Errors
    /// `Refused`, with the remedy; else as the archive's.
    pub(super) fn refuse_unmounted(&self, next: &Settings) -> Result<(), StoreError> {
        let (ArchiveUrl::File(present), ArchiveUrl::File(folder)) =
            (&self.running.archive, &next.archive)
        else {
            return Ok(());
        };
        if whole(present) != whole(folder) || identity_of(folder)?.is_some() {
            return Ok(());
        }
        Err(StoreError::Refused(format!(
            "the archive is not in its folder {}; mount it, and reload again",
            folder.display()
        )))
    }

    /// Whether the store of the next configuration is left closed: the gateway that runs has it open, or opening it
    /// would bring it up to date, although the configuration may still be refused.
    ///
    /// # Errors
    /// `Refused`: it is no gateway's database, or a newer version's.
    pub(super) async fn leaves_closed(&self, next: &Settings) -> Result<bool, StoreError> {
        let StoreUrl::Embedded(folder) = &next.store else { return Ok(false) };
        if self.is_same_store(next) {
            return Ok(true);
        }
        match AsItIs::of(folder, &next.codec) {
            Some(store) => Ok(!store.is_up_to_date().await?),
            None => Ok(false),
        }
    }

    /// What a start finds out as it first reads the store: whether it has the key of the records, and whether the
    /// archive is the store's. Nothing is written. Another store must also answer: the gateway has one that does.
    ///
    /// # Errors
    /// It has not, is not, or does not.
    pub(super) async fn look(
        &self,
        next: &Settings,
        store: &dyn Store,
        archive: Option<&ArchiveIdentity>,
    ) -> Result<(), StartFault> {
        let is_same = self.is_same_store(next);
        let as_it_is = match &next.store {
            StoreUrl::Embedded(folder) if is_same => AsItIs::of(folder, &next.codec),
            StoreUrl::Embedded(_) | StoreUrl::Redis(_) => None,
        };
        for organisation in next.organisation_ids() {
            let end = match &as_it_is {
                Some(store) => store.trail_end(&organisation).await,
                None => trail_end(store, &organisation).await,
            };
            let recorded = match end {
                Ok(end) => end.nameplate.and_then(|plate| plate.archive),
                // It was left closed.
                Err(StoreError::Behind(_)) => None,
                Err(locked @ StoreError::Locked(_)) => return Err(locked.into()),
                // The gateway that runs lives with it, and so will the next one.
                Err(_) if is_same => return Ok(()),
                Err(fault) => return Err(fault.into()),
            };
            if let Some(fault) = other_archive(recorded.as_ref(), archive) {
                return Err(StartFault::Archive(StoreError::Refused(fault)));
            }
        }
        Ok(())
    }

    fn is_same_store(&self, next: &Settings) -> bool {
        match (&self.running.store, &next.store) {
            (StoreUrl::Embedded(_), StoreUrl::Embedded(_)) => {
                self.running.store.shown() == next.store.shown()
            }
            (StoreUrl::Redis(one), StoreUrl::Redis(other)) => {
                one.url.expose_secret() == other.url.expose_secret()
            }
            (StoreUrl::Embedded(_), StoreUrl::Redis(_))
            | (StoreUrl::Redis(_), StoreUrl::Embedded(_)) => false,
        }
    }
}

/// One path of a folder, by whichever it is named.
fn whole(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Where a trail ends. A server is connected to when it is first asked, and may then take longer to answer.
async fn trail_end(
    store: &dyn Store,
    organisation: &OrganisationId,
) -> Result<TrailEnd, StoreError> {
    let until = Instant::now() + REHEARSAL_STORE_WAIT;
    loop {
        match store.trail_end(organisation).await {
            Err(StoreError::Unavailable(_)) if Instant::now() < until => {
                tokio::time::sleep(REDIS_PROBE_EVERY).await;
            }
            answer => return answer,
        }
    }
}
