//! Room in memory for what is in hand, shared by everything that reads it: a bound on each does not bound many at
//! once. Each kind has room of its own, so that none takes that of another. All that is not of mail has less together
//! than the sum; what strangers can fill of it leaves enough for staff.

use bytes::Bytes;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::sleep;

use super::limits::{
    BODIES_MEMORY_BYTES_MAX, ENVELOPES_MEMORY_BYTES_MAX, FORMS_MEMORY_BYTES_MAX,
    HEADS_MEMORY_BYTES_MAX, IN_HAND_MEMORY_BYTES_MAX, MAIL_HEADS_MEMORY_BYTES_MAX,
    MAIL_TEXTS_MEMORY_BYTES_MAX, MESSAGES_MEMORY_BYTES_MAX, ORIGINAL_SMALL_BYTES,
    ORIGINALS_MEMORY_BYTES_MAX, PACKETS_MEMORY_BYTES_MAX, READS_MEMORY_BYTES_MAX, ROOM_LOOK_EVERY,
    SMALL_ORIGINALS_MEMORY_BYTES_MAX, SPOOLED_MEMORY_BYTES_MAX, STAFF_MEMORY_BYTES_MAX,
};

/// What room is counted in, in bytes.
const UNIT: usize = 1024;

/// The memory is the process's, and so are these.
static ALL: Semaphore = Semaphore::const_new(IN_HAND_MEMORY_BYTES_MAX / UNIT);
static FORMS: Kind = Kind::shared(FORMS_MEMORY_BYTES_MAX);
static BODIES: Kind = Kind::shared(BODIES_MEMORY_BYTES_MAX);
static STAFF: Kind = Kind::shared(STAFF_MEMORY_BYTES_MAX);
static SPOOLED: Kind = Kind::shared(SPOOLED_MEMORY_BYTES_MAX);
static HEADS: Kind = Kind::shared(HEADS_MEMORY_BYTES_MAX);
static READS: Kind = Kind::shared(READS_MEMORY_BYTES_MAX);
static ORIGINALS: Kind = Kind::shared(ORIGINALS_MEMORY_BYTES_MAX);
static SMALL_ORIGINALS: Kind = Kind::apart(SMALL_ORIGINALS_MEMORY_BYTES_MAX);
static PACKETS: Kind = Kind::apart(PACKETS_MEMORY_BYTES_MAX);
static MESSAGES: Kind = Kind::apart(MESSAGES_MEMORY_BYTES_MAX);
static MAIL_HEADS: Kind = Kind::apart(MAIL_HEADS_MEMORY_BYTES_MAX);
static MAIL_TEXTS: Kind = Kind::apart(MAIL_TEXTS_MEMORY_BYTES_MAX);
static ENVELOPES: Kind = Kind::apart(ENVELOPES_MEMORY_BYTES_MAX);

#[derive(Debug)]
struct Kind {
    units: usize,
    free: Semaphore,
    /// What it shares with other kinds.
    all: Option<&'static Semaphore>,
}

impl Kind {
    const fn shared(bytes: usize) -> Self {
        Kind { units: bytes / UNIT, free: Semaphore::const_new(bytes / UNIT), all: Some(&ALL) }
    }

    const fn apart(bytes: usize) -> Self {
        Kind { units: bytes / UNIT, free: Semaphore::const_new(bytes / UNIT), all: None }
    }
}

/// The room of one thing that is being read; given back when it is dropped.
#[derive(Debug)]
pub struct IncomingRoom {
    kind: &'static Kind,
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    of_kind: SemaphorePermit<'static>,
    of_all: Option<SemaphorePermit<'static>>,
}

impl IncomingRoom {
    const fn of(kind: &'static Kind) -> Self {
        IncomingRoom { kind, held: None }
    }

    /// For a form's body, which otherwise goes to disk.
    pub const fn for_form() -> Self {
        IncomingRoom::of(&FORMS)
    }

    /// For the body of a webhook or of a program's question.
    pub const fn for_body() -> Self {
        IncomingRoom::of(&BODIES)
    }

    /// For a body that the staff listener takes, and what is made of it.
    pub const fn for_staff() -> Self {
        IncomingRoom::of(&STAFF)
    }

    /// For what is read ahead of a spooled body that is sent on.
    pub const fn for_spooled() -> Self {
        IncomingRoom::of(&SPOOLED)
    }

    /// For a request's head that is not whole yet: apart from bodies, so that those who send no more than heads
    /// take nothing from them.
    pub const fn for_head() -> Self {
        IncomingRoom::of(&HEADS)
    }

    /// For what is read of a connection at once.
    pub const fn for_reading() -> Self {
        IncomingRoom::of(&READS)
    }

    /// For a packet of a mail server that is not whole yet: apart from whatever anybody can send.
    pub const fn for_packet() -> Self {
        IncomingRoom::of(&PACKETS)
    }

    /// For a message by e-mail, which otherwise goes to disk.
    pub const fn for_message() -> Self {
        IncomingRoom::of(&MESSAGES)
    }

    /// For the beginning of a message that is on disk, while it is answered: apart from messages that are still
    /// coming in, which may take their time.
    pub const fn for_mail_head() -> Self {
        IncomingRoom::of(&MAIL_HEADS)
    }

    /// For a message that is read and decided.
    pub const fn for_text() -> Self {
        IncomingRoom::of(&MAIL_TEXTS)
    }

    /// For the recipients of a message.
    pub const fn for_envelope() -> Self {
        IncomingRoom::of(&ENVELOPES)
    }

    /// For a kept original of so many bytes that is read.
    pub const fn for_original(bytes: usize) -> Self {
        IncomingRoom::of(if bytes <= ORIGINAL_SMALL_BYTES { &SMALL_ORIGINALS } else { &ORIGINALS })
    }

    /// Grows to hold this many bytes. `false`: there is no room now.
    pub fn grow(&mut self, bytes: usize) -> bool {
        let held = self.held.as_ref().map_or(0, |held| held.of_kind.num_permits());
        let missing = bytes.div_ceil(UNIT).saturating_sub(held);
        if missing == 0 {
            return true;
        }
        let Ok(missing) = u32::try_from(missing) else { return false };
        let Ok(of_kind) = self.kind.free.try_acquire_many(missing) else { return false };
        let Ok(of_all) = self.kind.all.map(|all| all.try_acquire_many(missing)).transpose() else {
            return false;
        };
        match &mut self.held {
            Some(held) => {
                held.of_kind.merge(of_kind);
                if let (Some(held), Some(more)) = (&mut held.of_all, of_all) {
                    held.merge(more);
                }
            }
            None => self.held = Some(Held { of_kind, of_all }),
        }
        true
    }

    /// Waits for room for this many bytes, or for all that its kind has, in place of what it holds. Who waits must
    /// hold nothing else that others wait for.
    pub async fn wait_for(&mut self, bytes: usize) {
        self.held = None;
        let units = bytes.div_ceil(UNIT).min(self.kind.units);
        let Ok(units) = u32::try_from(units) else { return };
        // Nobody closes them.
        let Ok(of_kind) = self.kind.free.acquire_many(units).await else { return };
        let of_all = loop {
            // Not in turn: who waits for much would keep all other kinds waiting behind it.
            match self.kind.all.map(|all| all.try_acquire_many(units)).transpose() {
                Ok(of_all) => break of_all,
                Err(_) => sleep(ROOM_LOOK_EVERY).await,
            }
        };
        self.held = Some(Held { of_kind, of_all });
    }

    /// Gives back what it holds beyond this many bytes.
    pub fn shrink(&mut self, bytes: usize) {
        let Some(held) = &mut self.held else { return };
        let more = held.of_kind.num_permits().saturating_sub(bytes.div_ceil(UNIT));
        drop(held.of_kind.split(more));
        drop(held.of_all.as_mut().and_then(|of_all| of_all.split(more)));
    }

    /// Gives all of it back.
    pub fn clear(&mut self) {
        self.held = None;
    }
}

/// Bytes that come piece by piece, with their room.
#[derive(Debug)]
pub struct Gathered {
    bytes: Vec<u8>,
    room: IncomingRoom,
}

impl Gathered {
    pub const fn new(begun: Vec<u8>, room: IncomingRoom) -> Self {
        Gathered { bytes: begun, room }
    }

    /// Adds a piece to what has up to `most` bytes in the end. `false`: there is no room, and nothing was added.
    pub fn push(&mut self, piece: &[u8], most: usize) -> bool {
        let needed = self.bytes.len() + piece.len();
        if needed > self.bytes.capacity() {
            // What is made is counted, not what is in it.
            let capacity = needed.max((2 * self.bytes.capacity()).min(most));
            if !self.room.grow(capacity) {
                return false;
            }
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        self.bytes.extend_from_slice(piece);
        true
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// All of it, which holds its room.
    pub fn finish(self) -> Bytes {
        held(Bytes::from(self.bytes), self.room)
    }
}

/// Bytes that hold their room for as long as anybody holds them.
pub fn held(bytes: Bytes, room: IncomingRoom) -> Bytes {
    struct Held(
        Bytes,
        #[expect(dead_code, reason = "held, and given back with the bytes")] IncomingRoom,
    );
    impl AsRef<[u8]> for Held {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }
    Bytes::from_owner(Held(bytes, room))
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
        let body = held(Bytes::from("body"), first);
        let part = body.slice(1..);
        drop(body);
        assert!(!second.grow(1) && part == "ody");
        drop(part);
        assert!(second.grow(BODIES_MEMORY_BYTES_MAX));
        assert!(!second.grow(BODIES_MEMORY_BYTES_MAX + 1));
        second.shrink(1024);
        let mut third = IncomingRoom::for_body();
        assert!(third.grow(BODIES_MEMORY_BYTES_MAX - 1024) && !third.grow(BODIES_MEMORY_BYTES_MAX));
        drop(third);
        second.shrink(BODIES_MEMORY_BYTES_MAX);
        second.clear();
        assert!(IncomingRoom::for_body().grow(BODIES_MEMORY_BYTES_MAX));
    }

    #[test]
    fn what_is_gathered_counts_as_it_is_made() {
        let mut gathered = Gathered::new(Vec::new(), IncomingRoom::for_body());
        assert!((0..9).all(|_| gathered.push(&[b'a'; 1024], 10 * 1024)));
        let mut others = IncomingRoom::for_body();
        assert!(!others.grow(BODIES_MEMORY_BYTES_MAX - 9 * 1024), "ten were made");
        assert!(others.grow(BODIES_MEMORY_BYTES_MAX - 10 * 1024));
        assert!(gathered.push(&[b'a'; 1024], 10 * 1024) && !gathered.push(b"a", 11 * 1024));
        assert_eq!(gathered.finish().len(), 10 * 1024);
        assert!(others.grow(BODIES_MEMORY_BYTES_MAX));
    }

    #[tokio::test]
    async fn what_is_not_of_mail_has_less_together_than_the_sum_and_mail_is_apart() {
        let shared = [&FORMS, &BODIES, &STAFF, &SPOOLED, &HEADS, &READS, &ORIGINALS];
        let all = IN_HAND_MEMORY_BYTES_MAX / UNIT;
        assert!(shared.iter().map(|kind| kind.units).sum::<usize>() > all);
        let mut taken = 0;
        let mut rooms = Vec::new();
        for kind in shared {
            assert!(kind.units < all);
            let mut room = IncomingRoom::of(kind);
            let units = kind.units.min(all - taken);
            assert!(room.grow(units * UNIT));
            taken += units;
            rooms.push(room);
        }
        assert_eq!(taken, all);
        let large = ORIGINAL_SMALL_BYTES + 1;
        let mut one_more = IncomingRoom::for_original(large);
        assert!(!one_more.grow(UNIT));
        for kind in [&SMALL_ORIGINALS, &PACKETS, &MESSAGES, &MAIL_HEADS, &MAIL_TEXTS, &ENVELOPES] {
            assert!(IncomingRoom::of(kind).grow(kind.units * UNIT), "apart");
        }
        // Nothing was taken of its kind in vain, and who waits gets what is given back.
        rooms.truncate(1);
        one_more.wait_for(usize::MAX).await;
        assert!(!IncomingRoom::for_original(large).grow(UNIT));
        assert!(IncomingRoom::for_head().grow(UNIT) && IncomingRoom::for_original(1).grow(UNIT));
    }
}
