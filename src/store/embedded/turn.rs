//! Whose turn it is to write, where several processes have the folder open: a gateway, an `import`,
//! another gateway.
//!
//! SQLite's lock goes to the process that asks at the moment when it is free, and waiting processes ask from time to
//! time (sqlite.org/c3ref/busy_timeout.html). A process that always has something to write asks again at once, and the
//! others would hardly ever be in luck. So a process that waits for SQLite's lock holds another one until then, which
//! everybody takes first: he who has just written does not come before him who waits.
//!
//! It is a courtesy and guards nothing. Without it, SQLite's lock decides.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Instant;

use crate::ports::StoreError;
use crate::runtime::limits::{STORE_TURN_RETRY, STORE_TURN_WAIT};

pub(super) struct WriteTurn {
    file: File,
    /// A process has it that does not write: a process that was stopped while it waited.
    is_stuck: bool,
}

/// Held while its process waits for SQLite's lock. `None`: it could not be had.
pub(super) struct HeldTurn<'a>(Option<&'a File>);

impl Drop for HeldTurn<'_> {
    fn drop(&mut self) {
        if let Some(file) = self.0 {
            // Let go of with the process at the latest.
            let _ = file.unlock();
        }
    }
}

impl WriteTurn {
    /// The lock of a folder, readable only by the gateway's own user, like everything in it.
    pub(super) fn of(folder: &Path) -> Result<Self, StoreError> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join("gateway.turn"))
            .map_err(|error| {
                let kind = error.kind();
                StoreError::Unavailable(format!("the store's folder can't be written: {kind}"))
            })?;
        Ok(WriteTurn { file, is_stuck: false })
    }

    /// Waits for those who wait already, for a bounded time, and not again for one who is stuck.
    pub(super) fn take(&mut self) -> HeldTurn<'_> {
        let until = Instant::now() + STORE_TURN_WAIT;
        loop {
            match self.file.try_lock() {
                Ok(()) => {
                    self.is_stuck = false;
                    return HeldTurn(Some(&self.file));
                }
                Err(TryLockError::WouldBlock) if !self.is_stuck && Instant::now() < until => {
                    std::thread::sleep(STORE_TURN_RETRY);
                }
                Err(TryLockError::WouldBlock) => {
                    self.is_stuck = true;
                    return HeldTurn(None);
                }
                // A file system without such locks.
                Err(TryLockError::Error(_)) => return HeldTurn(None),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_who_is_stuck_is_waited_for_once() {
        let folder = tempfile::tempdir().unwrap();
        let (mut one, mut other) =
            (WriteTurn::of(folder.path()).unwrap(), WriteTurn::of(folder.path()).unwrap());
        let held = one.take();
        let before = Instant::now();
        assert!(other.take().0.is_none());
        assert!(before.elapsed() >= STORE_TURN_WAIT);
        let before = Instant::now();
        assert!(other.take().0.is_none());
        assert!(before.elapsed() < STORE_TURN_WAIT);
        drop(held);
        assert!(other.take().0.is_some());
        assert!(one.take().0.is_some());
        assert!(!other.is_stuck);
    }
}
