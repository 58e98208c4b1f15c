//! Originals that are read, which are whole in memory: as many at once as there is room for.

use tokio::time::timeout;

use crate::ports::StoreError;
use crate::runtime::limits::ORIGINAL_WAIT;
use crate::runtime::room::IncomingRoom;

/// Reserves `memory` bytes, in which an original of `bytes` is read. Waits at most [`ORIGINAL_WAIT`] for others to
/// finish.
///
/// # Errors
/// `Unavailable`: there is no room in time.
pub(super) async fn room(bytes: u64, memory: u64) -> Result<IncomingRoom, StoreError> {
    let count = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    let mut room = IncomingRoom::for_original(count(bytes));
    if timeout(ORIGINAL_WAIT, room.wait_for(count(memory))).await.is_err() {
        tracing::warn!("an original was not read: too many are in hand");
        return Err(StoreError::Unavailable("too many originals are being read".to_owned()));
    }
    Ok(room)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::limits::ORIGINAL_SMALL_BYTES;

    #[tokio::test]
    async fn a_small_original_that_takes_twice_its_length_waits_for_no_large_one() {
        let small = ORIGINAL_SMALL_BYTES as u64;
        let large = room(u64::MAX, u64::MAX).await.unwrap();
        tokio::time::pause();
        room(small, 2 * small).await.unwrap();
        assert!(room(2 * small, 2 * small).await.is_err());
        drop(large);
    }
}
