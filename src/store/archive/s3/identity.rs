//! Which archive a bucket holds: the object `.identity`, as a folder has a file of that name. What a gateway found there
//! is remembered in its state folder, so that it starts while the server is away.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::fault::S3Fault;
use super::wire::{Only, Wire};
use crate::ports::{ArchiveIdentity, Original, StoreError};
use crate::runtime::{hashed, whole_file};
use crate::store::archive::identity::{FILE, parsed};

const REMEMBERED: &str = "archive-identity";

/// The identity of the archive; where it has none yet, it is given this one.
///
/// # Errors
/// `Refused`: the bucket is not there, or the credentials are not accepted. `Unavailable`: the server is away, and this
/// gateway has never seen the archive. `Corrupt`: the object holds something else.
pub(super) async fn of(wire: &Wire, state: &Path, id: &str) -> Result<ArchiveIdentity, StoreError> {
    let found = match read(wire).await {
        Ok(Some(found)) => found,
        Ok(None) => give(wire, id).await?,
        Err(S3Or::Away(fault)) => match fault.at_start(&wire.shown) {
            away @ StoreError::Unavailable(_) => {
                return remembered(wire, state).ok_or(away).inspect(|known| {
                    tracing::warn!(%fault, archive = %known, "the archive is away; it is known from before");
                });
            }
            refused => return Err(refused),
        },
        Err(S3Or::Store(error)) => return Err(error),
    };
    remember(state, &found);
    Ok(found)
}

/// What reading the identity came to besides one.
#[derive(Debug)]
pub(super) enum S3Or {
    Away(S3Fault),
    Store(StoreError),
}

/// The identity that the bucket has, if any.
pub(super) async fn read(wire: &Wire) -> Result<Option<ArchiveIdentity>, S3Or> {
    let Some(bytes) = wire.bytes(FILE).await.map_err(S3Or::Away)? else { return Ok(None) };
    parsed(&String::from_utf8_lossy(&bytes), &wire.shown).map(Some).map_err(S3Or::Store)
}

/// Gives the archive an identity. Of several that come at once the first one's stays, with a server that knows
/// `If-None-Match` (as Amazon's does since 2024); with others the last, and who started with another refuses its next
/// start.
pub(super) async fn give(wire: &Wire, id: &str) -> Result<ArchiveIdentity, StoreError> {
    let text = Bytes::from(format!("{id}\n"));
    let hashed = hashed::of(&text);
    let put = wire.put(FILE, &Original::Bytes(text), &hashed, Only::IfNew).await;
    put.map_err(|fault| fault.at_start(&wire.shown))?;
    match read(wire).await {
        Ok(Some(found)) => Ok(found),
        Ok(None) => Err(S3Fault::Unreadable.at_start(&wire.shown)),
        Err(S3Or::Away(fault)) => Err(fault.at_start(&wire.shown)),
        Err(S3Or::Store(error)) => Err(error),
    }
}

fn file(state: &Path) -> PathBuf {
    state.join(REMEMBERED)
}

fn remembered(wire: &Wire, state: &Path) -> Option<ArchiveIdentity> {
    let text = std::fs::read_to_string(file(state)).ok()?;
    let (place, id) = text.split_once('\n')?;
    (place == wire.shown).then(|| parsed(id, place).ok())?
}

/// It is only of use to a later start: this one goes on without.
fn remember(state: &Path, found: &ArchiveIdentity) {
    let text = format!("{}\n{}\n", found.place, found.id);
    let known = std::fs::read_to_string(file(state));
    let written = match known {
        Ok(known) if known == text => Ok(()),
        _ => whole_file::replace(&file(state), text.as_bytes()),
    };
    if let Err(error) = written {
        let kind: io::ErrorKind = error.kind();
        tracing::warn!(%kind, "the archive's identity could not be remembered in the state folder");
    }
}
