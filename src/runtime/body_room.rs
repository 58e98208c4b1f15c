//! Room in memory for the bodies being read, shared by everything that reads one: a bound on each
//! does not bound many at once.

use bytes::{Bytes, BytesMut};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::limits::BODIES_MEMORY_BYTES_MAX;

/// What room is counted in, in bytes.
const UNIT: usize = 1024;

/// The memory is the process's, and so is this.
static ROOM: Semaphore = Semaphore::const_new(BODIES_MEMORY_BYTES_MAX / UNIT);

/// The room of one body; given back when it is dropped.
#[derive(Debug, Default)]
pub struct BodyRoom(Option<SemaphorePermit<'static>>);

impl BodyRoom {
    /// Grows to hold this many bytes. `false`: there is no room now.
    pub fn grow(&mut self, bytes: usize) -> bool {
        let held = self.0.as_ref().map_or(0, SemaphorePermit::num_permits);
        let missing = bytes.div_ceil(UNIT).saturating_sub(held);
        if missing == 0 {
            return true;
        }
        let missing = u32::try_from(missing).ok();
        let Some(Ok(more)) = missing.map(|missing| ROOM.try_acquire_many(missing)) else {
            return false;
        };
        match &mut self.0 {
            Some(held) => held.merge(more),
            None => self.0 = Some(more),
        }
        true
    }
}

/// A body that holds its room for as long as anybody holds it.
pub fn held(body: BytesMut, room: BodyRoom) -> Bytes {
    struct Held(
        Bytes,
        #[expect(dead_code, reason = "held, and given back with the bytes")] BodyRoom,
    );
    impl AsRef<[u8]> for Held {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }
    Bytes::from_owner(Held(body.freeze(), room))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_share_one_room_and_give_it_back() {
        let mut first = BodyRoom::default();
        assert!(first.grow(1) && first.grow(BODIES_MEMORY_BYTES_MAX));
        let mut second = BodyRoom::default();
        assert!(!second.grow(1));
        let body = held(BytesMut::from("body"), first);
        let part = body.slice(1..);
        drop(body);
        assert!(!second.grow(1) && part == "ody");
        drop(part);
        assert!(second.grow(BODIES_MEMORY_BYTES_MAX));
        assert!(!second.grow(BODIES_MEMORY_BYTES_MAX + 1));
    }
}
