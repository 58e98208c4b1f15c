//! Room in memory for input still coming in, shared by everything that reads it: a bound on each does not
//! bound many at once.

use bytes::{Bytes, BytesMut};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::limits::{BODIES_MEMORY_BYTES_MAX, HEADS_MEMORY_BYTES_MAX, PACKETS_MEMORY_BYTES_MAX};

/// What room is counted in, in bytes.
const UNIT: usize = 1024;

/// The memory is the process's, and so are these.
static BODIES: Semaphore = Semaphore::const_new(BODIES_MEMORY_BYTES_MAX / UNIT);
static HEADS: Semaphore = Semaphore::const_new(HEADS_MEMORY_BYTES_MAX / UNIT);
static PACKETS: Semaphore = Semaphore::const_new(PACKETS_MEMORY_BYTES_MAX / UNIT);

/// The room of one thing that is being read; given back when it is dropped.
#[derive(Debug)]
pub struct IncomingRoom {
    shared: &'static Semaphore,
    held: Option<SemaphorePermit<'static>>,
}

impl IncomingRoom {
    /// For a request's body.
    pub const fn for_body() -> Self {
        IncomingRoom { shared: &BODIES, held: None }
    }

    /// For a request's head that is not whole yet: apart from bodies, so that those who send no more than heads
    /// take nothing from them.
    pub const fn for_head() -> Self {
        IncomingRoom { shared: &HEADS, held: None }
    }

    /// For a packet of a mail server that is not whole yet: apart from whatever anybody can send.
    pub const fn for_packet() -> Self {
        IncomingRoom { shared: &PACKETS, held: None }
    }

    /// Grows to hold this many bytes. `false`: there is no room now.
    pub fn grow(&mut self, bytes: usize) -> bool {
        let held = self.held.as_ref().map_or(0, SemaphorePermit::num_permits);
        let missing = bytes.div_ceil(UNIT).saturating_sub(held);
        if missing == 0 {
            return true;
        }
        let missing = u32::try_from(missing).ok();
        let Some(Ok(more)) = missing.map(|missing| self.shared.try_acquire_many(missing)) else {
            return false;
        };
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        true
    }

    /// Gives all of it back.
    pub fn clear(&mut self) {
        self.held = None;
    }
}

/// A body that holds its room for as long as anybody holds it.
pub fn held(body: BytesMut, room: IncomingRoom) -> Bytes {
    struct Held(
        Bytes,
        #[expect(dead_code, reason = "held, and given back with the bytes")] IncomingRoom,
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
        let mut first = IncomingRoom::for_body();
        assert!(first.grow(1) && first.grow(BODIES_MEMORY_BYTES_MAX));
        let mut second = IncomingRoom::for_body();
        assert!(!second.grow(1));
        assert!(IncomingRoom::for_head().grow(1));
        let body = held(BytesMut::from("body"), first);
        let part = body.slice(1..);
        drop(body);
        assert!(!second.grow(1) && part == "ody");
        drop(part);
        assert!(second.grow(BODIES_MEMORY_BYTES_MAX));
        assert!(!second.grow(BODIES_MEMORY_BYTES_MAX + 1));
        second.clear();
        assert!(IncomingRoom::for_body().grow(BODIES_MEMORY_BYTES_MAX));
    }
}
