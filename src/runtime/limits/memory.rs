//! Bounds of what is in hand at once, in bytes of memory: a bound on each thing does not bound many.

use std::time::Duration;

/// What is below and is not of mail, together. More: as each says. Strangers have less than this, whatever they fill:
/// the rest is enough for the largest original that is taken by default. What mail takes is apart, so that nobody else
/// can stop it.
pub const IN_HAND_MEMORY_BYTES_MAX: usize = 100 * 1024 * 1024;
/// How often a waiting task looks whether all kinds together have room again.
pub const ROOM_LOOK_EVERY: Duration = Duration::from_millis(20);
/// Bodies of forms. More: a body is spooled to disk however short it is.
pub const FORMS_MEMORY_BYTES_MAX: usize = 12 * 1024 * 1024;
/// Bodies of webhooks and of programs that ask for decisions. More: 503.
pub const BODIES_MEMORY_BYTES_MAX: usize = 12 * 1024 * 1024;
/// Bodies of requests to the staff listener, and what is made of them. More: 503.
pub const STAFF_MEMORY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// What is read ahead of spooled forms while they are sent on, [`FORM_SPOOL_READ_BYTES`] twice for each. More wait their
/// turn for [`FORM_SPOOL_WAIT`]; over: 503.
pub const SPOOLED_MEMORY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes read of a spooled form at once.
pub const FORM_SPOOL_READ_BYTES: usize = 16 * 1024;
/// Wait for a turn to send a spooled form on.
pub const FORM_SPOOL_WAIT: Duration = Duration::from_secs(20);
/// Heads of requests that are not whole yet, as far as each is longer than [`BEGINNING_BYTES_FREE`]. More: 400, and the
/// connection is closed.
pub const HEADS_MEMORY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// What is read of connections at once beyond [`BEGINNING_BYTES_FREE`]: each that is sent much keeps as much for as long
/// as it is open. More: a connection is read in small pieces.
pub const READS_MEMORY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Packets by the milter protocol that are not whole yet, as far as each is longer than that. More: the session ends, and
/// the server does as its default action says.
pub const PACKETS_MEMORY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// A head or packet up to this size takes no part in that.
pub const BEGINNING_BYTES_FREE: usize = 4 * 1024;
/// Messages by e-mail, as far as each is longer than [`MESSAGE_BYTES_FREE`]. More: a message is spooled to disk however
/// short it is.
pub const MESSAGES_MEMORY_BYTES_MAX: usize = 12 * 1024 * 1024;
/// A message up to this size takes no part in that.
pub const MESSAGE_BYTES_FREE: usize = 4 * 1024;
/// The beginnings of messages of which nothing but the spooled file was left, while they are answered. More wait their
/// turn.
pub const MAIL_HEADS_MEMORY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Messages that are read and decided, [`MAIL_TEXT_FACTOR`] times as long as each is in memory. More wait their turn;
/// over the message's own time: 451.
pub const MAIL_TEXTS_MEMORY_BYTES_MAX: usize = 12 * 1024 * 1024;
/// A message while it is read and decided: its text, decoded and as words.
pub const MAIL_TEXT_FACTOR: usize = 4;
/// The fields of a header up to this size take no part in [`MESSAGES_MEMORY_BYTES_MAX`]: some 500. Where there is no room
/// for more: 451.
pub const MAIL_FIELDS_BYTES_FREE: usize = 16 * 1024;
/// The recipients of messages, as far as those of each take more than [`ENVELOPE_BYTES_FREE`]. More: 452 4.3.1.
pub const ENVELOPES_MEMORY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Recipients that take up to this much take no part in that.
pub const ENVELOPE_BYTES_FREE: usize = 2 * 1024;
/// Kept originals that are read: the largest message that is taken by default fits. A larger one is read while no other
/// is. More wait their turn for [`ORIGINAL_WAIT`]; over: 503.
pub const ORIGINALS_MEMORY_BYTES_MAX: usize = 52 * 1024 * 1024;
/// The same of originals up to [`ORIGINAL_SMALL_BYTES`], which wait for no large one.
pub const SMALL_ORIGINALS_MEMORY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What a small original has at most.
pub const ORIGINAL_SMALL_BYTES: usize = 256 * 1024;
/// Bytes of an original in one frame of a download.
pub const DOWNLOAD_PIECE_BYTES: usize = 64 * 1024;
/// Characters of an id in a download's file name. More are left out.
pub const FILE_NAME_CHARS_MAX: usize = 100;
/// How long a download is served from memory. The rest is then served from disk.
pub const ORIGINAL_IN_MEMORY: Duration = Duration::from_secs(5);
/// Bytes of all downloads on disk. More: the download stays in memory.
pub const DOWNLOADS_DISK_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Wait for room to read a kept original.
pub const ORIGINAL_WAIT: Duration = Duration::from_secs(15);

const _: () = {
    assert!(ORIGINAL_IN_MEMORY.as_secs() < ORIGINAL_WAIT.as_secs());
    assert!(ORIGINALS_MEMORY_BYTES_MAX as u64 > super::MAIL_SIZE_BYTES_DEFAULT);
    assert!(
        STAFF_MEMORY_BYTES_MAX
            > super::API_BODY_BYTES_MAX + super::API_VALUES_MAX * super::JSON_VALUE_BYTES
    );
    assert!(BODIES_MEMORY_BYTES_MAX > super::API_BODY_BYTES_MAX);
    let of_strangers = FORMS_MEMORY_BYTES_MAX
        + BODIES_MEMORY_BYTES_MAX
        + SPOOLED_MEMORY_BYTES_MAX
        + HEADS_MEMORY_BYTES_MAX
        + READS_MEMORY_BYTES_MAX;
    assert!((IN_HAND_MEMORY_BYTES_MAX - of_strangers) as u64 > super::MAIL_SIZE_BYTES_DEFAULT);
    assert!(MAIL_TEXTS_MEMORY_BYTES_MAX >= MAIL_TEXT_FACTOR * super::MAIL_MEMORY_BYTES_MAX);
    assert!(MAIL_HEADS_MEMORY_BYTES_MAX > super::MAIL_HEADER_BYTES_MAX);
};
