//! Bounds of what staff write in one step.

use std::time::Duration;

use chrono::TimeDelta;

/// Documents that one batch writes or removes. More: refused.
pub const BATCH_DOCUMENTS_MAX: usize = 1_000;
/// Queue items that one batch writes. More: refused.
pub const BATCH_ITEMS_MAX: usize = 1_000;
/// Audit entries of one batch. More: refused.
pub const BATCH_AUDIT_MAX: usize = 1_000;
/// Bytes of a document's body. More: refused.
pub const DOCUMENT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Index keys of one document. More: refused. A case file with more entries in the lists over all cases leaves out the
/// oldest closed ones.
pub const DOCUMENT_KEYS_MAX: usize = 1_024;
/// Places of a list that are counted. More: this number, which a page shows with a plus.
pub const PLACES_COUNTED_MAX: usize = 10_000;
/// Bytes of a document's id, and of the value of one of its keys. More: refused.
pub const DOCUMENT_KEY_BYTES_MAX: usize = 1_024;

/// Tries to change a person's record that somebody else changes at the same moment. More: 409.
pub const PERSON_TRIES_MAX: usize = 5;
/// People of one import who are read one by one. More: everybody is read at once.
pub const IMPORT_READ_APART_MAX: usize = 32;
/// Characters of an `Idempotency-Key`. More: refused.
pub const IMPORT_KEY_CHARS_MAX: usize = 255;
/// How long the result of an import is stored under its key. An import sent again later is checked again, and changes
/// nothing that it changed before.
pub const IMPORT_KEY_KEPT: TimeDelta = TimeDelta::hours(24);
/// Expired keys, of imports or forms, removed in one write. More: the next writes remove them.
pub const KEYS_FORGOTTEN_AT_ONCE: usize = 20;
/// Entries of the audit trail that one page of a search looks at. The page then ends where it is, with
/// fewer entries than were asked for.
pub const AUDIT_LOOKED_AT_MAX: usize = 5_000;
/// How long the counts of a timeline are remembered, and of how many people. More: counted each time.
pub const TIMELINE_COUNTS_KEPT: Duration = Duration::from_secs(300);
pub const TIMELINE_COUNTS_KEPT_MAX: usize = 1_000;
/// People of one import who have it on their own timeline. More: it is on nobody's.
pub const IMPORT_MARKED_MAX: usize = 1_000;
/// The reason that staff give for a change, in characters. Longer: refused.
pub const REASON_CHARS_MAX: usize = 1_000;

/// People who are looked at for a restriction's id, which one of them should have. More: not looked at.
pub const PEOPLE_OF_RESTRICTION_MAX: usize = 100;
/// Records that one batch removes for good. More: refused.
pub const BATCH_GONE_MAX: usize = 1_000;
