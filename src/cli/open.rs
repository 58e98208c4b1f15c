//! Opening what a command works on: the configuration, the store, the archive.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Fault, Which, load};
use crate::app;
use crate::casework::Desk;
use crate::casework::case::StaffList;
use crate::config::Loaded;
use crate::domain::organisation::Organisation;
use crate::domain::retention::Schedule;
use crate::store;

/// An organisation and the desk at which its commands work. They may run while a gateway serves from the same store.
pub struct Opened {
    pub organisation: Arc<Organisation>,
    pub desk: Desk,
    /// The folder with the gateway's own keys.
    pub state: PathBuf,
    /// Everybody who may be named in a step.
    pub staff: StaffList,
    /// How long the organisation keeps what.
    pub schedule: Schedule,
}

/// Opens what `--config` and `--organisation` name.
///
/// # Errors
/// Names the faults of the configuration, or that it has no such organisation; or says that there is no store.
pub async fn open(which: &Which) -> Result<Opened, Fault> {
    let (loaded, organisation) = read(which)?;
    store::refuse_absent(&loaded.settings.store)
        .map_err(|error| Fault::input(error.to_string()))?;
    opened(loaded, organisation).await
}

/// Like [`open`], but makes a store if there is none, because people may be imported before the gateway first starts.
///
/// # Errors
/// As [`open`].
pub async fn open_or_make(which: &Which) -> Result<Opened, Fault> {
    let (loaded, organisation) = read(which)?;
    opened(loaded, organisation).await
}

fn read(which: &Which) -> Result<(Loaded, Arc<Organisation>), Fault> {
    let (config, organisation) = which.given()?;
    let loaded = load::without_secrets(config)?;
    let organisation = load::organisation(&loaded, organisation)?;
    Ok((loaded, organisation))
}

async fn opened(loaded: Loaded, organisation: Arc<Organisation>) -> Result<Opened, Fault> {
    let (stored, codec) = (&loaded.settings.store, &loaded.settings.codec);
    store::refuse_unfinished(stored, codec, std::slice::from_ref(&organisation.id))
        .await
        .map_err(|error| Fault::input(error.to_string()))?;
    let desk =
        app::desk(&loaded.settings).await.map_err(|fault| Fault::input(fault.to_string()))?;
    let members = loaded.settings.staff.iter();
    let staff = members
        .filter(|member| member.organisation == organisation.id)
        .map(|member| (member.name.clone(), member.role.clone()))
        .collect();
    let schedule = loaded.settings.retention.get(&organisation.id).cloned().unwrap_or_default();
    Ok(Opened { schedule, organisation, desk, state: loaded.settings.state, staff })
}
