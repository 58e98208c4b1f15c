//! Reading the journal of a gateway that runs.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::aside::Aside;
use super::damage::Damage;
use super::file::{Payload, away};
use super::frame::{self, HEAD_BYTES};
use super::{label, reserve};
use crate::ports::{JournalEntry, StoreError};
use crate::store::record::Codec;

/// What waited in the journal of a folder at some moment while this ran, oldest first. Entries being written at that
/// time may or may not be among them, and so may those being marked as done.
///
/// # Errors
/// The file can't be read. A missing one is not an error: nothing waits.
pub fn pending(folder: &Path, codec: &Codec) -> Result<Vec<JournalEntry>, StoreError> {
    let mut bytes = match std::fs::read(folder.join("pending.journal")) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(away(&error).at(folder)),
    };
    bytes.truncate(reserve::written(&bytes));
    let (mut at, mut pending) = (0, BTreeMap::new());
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(payload) = frame::payload(rest) else {
            // Half of an entry being written or blanked, or a torn end.
            let Some(skip) = frame::next_whole(rest) else { break };
            at += skip;
            continue;
        };
        match codec.read(payload, label(&format_args!("at byte {at}")))? {
            Payload::Entry { number, entry } => drop(pending.insert(number, *entry)),
            // Waiting notes refer to no original.
            Payload::Outbound { .. } => {}
            Payload::Done { number } => drop(pending.remove(&number)),
        }
        at += HEAD_BYTES + payload.len();
    }
    Ok(pending.into_values().collect())
}

/// What a journal's folder has that nobody replays, and that somebody has to look at: one line each.
///
/// # Errors
/// The folder can't be read. A missing one is not an error: there is nothing.
pub fn faults(folder: &Path) -> Result<Vec<String>, StoreError> {
    let unread = Aside::open(folder).map_err(|error| away(&error).at(folder))?.fault();
    let damage = Damage::look(folder).fault();
    let named = |fault: String| format!("{}: {fault}", folder.display());
    Ok(damage.into_iter().chain(unread).map(named).collect())
}
