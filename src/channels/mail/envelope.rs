//! What the recipients of a message take in memory: bounded for each transaction, and together for all in hand.

use bytes::Bytes;

use super::replies;
use super::wire::Path;
use crate::ports::relay::Reply;
use crate::runtime::limits::{
    ENVELOPE_BYTES_FREE, SMTP_ENVELOPE_BYTES_MAX, SMTP_RECIPIENT_BYTES, SMTP_RECIPIENTS_MAX,
};
use crate::runtime::room::IncomingRoom;

/// Why a recipient is not taken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// The transaction names as many as one may.
    Transaction,
    /// All transactions in hand take as much as they may.
    Gateway,
}

impl Full {
    pub(super) fn reply(self) -> Reply {
        match self {
            Full::Transaction => replies::too_many_recipients(),
            Full::Gateway => replies::no_room_for_recipient(),
        }
    }
}

/// The room of one transaction's recipients; given back when it is dropped.
#[derive(Debug)]
pub(super) struct EnvelopeRoom {
    /// Recipients that were named, refused ones too.
    named: usize,
    bytes: usize,
    room: IncomingRoom,
}

impl Default for EnvelopeRoom {
    fn default() -> Self {
        EnvelopeRoom { named: 0, bytes: 0, room: IncomingRoom::for_envelope() }
    }
}

impl EnvelopeRoom {
    /// Takes room for one recipient more.
    pub(super) fn take<'a>(
        &mut self,
        path: &Path,
        parameters: impl Iterator<Item = &'a Bytes>,
    ) -> Result<(), Full> {
        let parameters: usize = parameters.map(|one| 2 * one.len()).sum();
        // A mailbox is also one of those decided for, of those on record, and of those remembered as delivered to.
        let bytes = SMTP_RECIPIENT_BYTES + path.raw.len() + 4 * path.mailbox.len() + parameters;
        let whole = self.bytes + bytes;
        if self.named >= SMTP_RECIPIENTS_MAX || whole > SMTP_ENVELOPE_BYTES_MAX {
            return Err(Full::Transaction);
        }
        if whole > ENVELOPE_BYTES_FREE && !self.room.grow(whole) {
            return Err(Full::Gateway);
        }
        self.named += 1;
        self.bytes = whole;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::limits::{ENVELOPES_MEMORY_BYTES_MAX, SMTP_PATH_BYTES_MAX};

    fn path(bytes: usize) -> Path {
        let mailbox = "a".repeat(bytes - 2);
        Path { raw: Bytes::from(format!("<{mailbox}>")), mailbox }
    }

    fn named(room: &mut EnvelopeRoom, path: &Path) -> (usize, Full) {
        for count in 0.. {
            if let Err(full) = room.take(path, std::iter::empty()) {
                return (count, full);
            }
        }
        unreachable!("the number is bounded")
    }

    #[test]
    fn a_transaction_names_many_short_recipients_or_fewer_long_ones() {
        let ordinary = named(&mut EnvelopeRoom::default(), &path(120));
        assert_eq!(ordinary, (1_899, Full::Transaction));
        let short = named(&mut EnvelopeRoom::default(), &path(40));
        assert_eq!(short, (SMTP_RECIPIENTS_MAX, Full::Transaction));
        let (long, full) = named(&mut EnvelopeRoom::default(), &path(SMTP_PATH_BYTES_MAX));
        assert!((300..400).contains(&long) && full == Full::Transaction, "{long}");
    }

    #[test]
    fn transactions_share_one_room_and_each_has_a_little_without() {
        let mut others = IncomingRoom::for_envelope();
        assert!(others.grow(ENVELOPES_MEMORY_BYTES_MAX));
        let mut room = EnvelopeRoom::default();
        assert_eq!(named(&mut room, &path(40)), (2, Full::Gateway));
        others.clear();
        let parameter = Bytes::from("NOTIFY=NEVER");
        assert_eq!(room.take(&path(40), std::iter::once(&parameter)), Ok(()));
        assert!(!others.grow(ENVELOPES_MEMORY_BYTES_MAX));
        drop(room);
        assert!(others.grow(ENVELOPES_MEMORY_BYTES_MAX));
    }
}
