//! Originals that are read, which are whole in memory: as many at once as there is room for.

use tokio::time::timeout;

use crate::ports::StoreError;
use crate::runtime::limits::ORIGINAL_WAIT;
use crate::runtime::room::IncomingRoom;

/// Room for an original of so many bytes. Others are waited for, and not for ever.
///
/// # Errors
/// `Unavailable`: there is no room in time.
pub(super) async fn room(bytes: u64) -> Result<IncomingRoom, StoreError> {
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    let mut room = IncomingRoom::for_original(bytes);
    if timeout(ORIGINAL_WAIT, room.wait_for(bytes)).await.is_err() {
        tracing::warn!("an original was not read: too many are in hand");
        return Err(StoreError::Unavailable("too many originals are being read".to_owned()));
    }
    Ok(room)
}
