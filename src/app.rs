//! Putting it together: the only place that names concrete adapters, the order in which things
//! start, and the order in which they stop.

mod beside;
mod binding;
mod console;
mod core;
mod events;
mod first_link;
mod health;
mod keeper;
mod monitor;
mod originals;
mod outward;
mod rehearsal;
mod running;
mod sealer;
mod start_fault;
mod tasks;
#[cfg(feature = "otlp")]
mod traces;
mod unread;

pub use rehearsal::rehearse;
pub use running::{Addresses, Running, start};
pub use start_fault::StartFault;

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::casework::Desk;
use crate::config::Settings;
use crate::config::state_key::pass_key;
use crate::domain::contact::Contact;
use crate::domain::decision::Decision;
use crate::domain::organisation::OrganisationId;
use crate::intake::roster::Rosters;
use crate::intake::{Intake, Parts};
use crate::ports::{
    Clock, Deliveries, Journal, JournalEntry, OutboundNote, StoreError, SystemClock,
};
use crate::runtime::metrics::Metrics;
use crate::store;

/// The desk at which the commands work, on the configured store.
///
/// # Errors
/// [`StartFault`] where store, archive or the key of the loop mark can't be opened.
pub async fn desk(settings: &Settings) -> Result<Desk, StartFault> {
    desk_by(settings, Arc::new(SystemClock)).await
}

/// The same by a clock of one's own: the demo's cases began weeks ago.
///
/// # Errors
/// As [`desk`].
pub async fn desk_by(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Desk, StartFault> {
    let store = store::open(&settings.store, &settings.codec)?;
    let mail = match &settings.mail {
        Some(mail) => Some(mail.with_key(pass_key(&settings.state)?)),
        None => None,
    };
    let deliveries = Arc::clone(&store) as Arc<dyn Deliveries>;
    let out = outward::outward(settings, mail.as_ref(), deliveries, &clock)?;
    let desk = Desk::new(store, core::archive(settings).await?, out.release, clock);
    Ok(desk.with_keys(core::erased_keys(settings)))
}

/// What would be decided for a contact, on the configured store; changes nothing.
///
/// # Errors
/// Where the store can't be read.
pub async fn preview(
    settings: &Settings,
    organisation: &OrganisationId,
    contact: Contact,
) -> Result<Decision, StoreError> {
    let store = store::open(&settings.store, &settings.codec)?;
    let rosters = Arc::new(Rosters::new(&settings.organisations));
    rosters.load(store.as_ref(), organisation).await?;
    let (plain, _) = mpsc::channel(1);
    let (announcements, _) = mpsc::channel(1);
    let intake = Intake::new(Parts {
        organisations: settings.organisations.clone(),
        rosters,
        store,
        archive: core::archive(settings).await?,
        journal: Arc::new(NoJournal),
        clock: Arc::new(SystemClock),
        plain,
        announcements,
        metrics: Arc::new(Metrics::new()),
    });
    let previewed = intake.preview(organisation, contact).await;
    previewed.map_err(|error| StoreError::Refused(error.to_string()))
}

/// A preview keeps nothing, so that it journals nothing.
struct NoJournal;

#[async_trait::async_trait]
impl Journal for NoJournal {
    async fn append(&self, _entry: JournalEntry) -> Result<(), StoreError> {
        Err(StoreError::Refused("a preview keeps nothing".to_owned()))
    }

    async fn pending(&self) -> Result<Vec<(u64, JournalEntry)>, StoreError> {
        Ok(Vec::new())
    }

    async fn append_outbound(&self, _note: OutboundNote) -> Result<(), StoreError> {
        Err(StoreError::Refused("a preview keeps nothing".to_owned()))
    }

    async fn pending_outbound(&self) -> Result<Vec<(u64, OutboundNote)>, StoreError> {
        Ok(Vec::new())
    }

    async fn done(&self, _number: u64) -> Result<(), StoreError> {
        Ok(())
    }

    async fn rejected(&self, _number: u64, _why: String) -> Result<(), StoreError> {
        Ok(())
    }

    async fn try_rejected(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
