//! Bounds of an archive: in a folder, and on S3.

use std::time::Duration;

/// Threads that work in an archive's folder at once: a network share that hangs keeps as many. More wait for
/// [`ARCHIVE_THREAD_WAIT`].
pub const ARCHIVE_THREADS_MAX: usize = 64;
/// Wait for one of them. Over: the archive counts as away.
pub const ARCHIVE_THREAD_WAIT: Duration = Duration::from_secs(8);
/// Wait for a request to an archive on S3, tries included, apart from the time that its bytes take. Over: the
/// archive counts as away.
pub const ARCHIVE_S3_WAIT: Duration = Duration::from_secs(8);
/// How fast an original travels at least, in bytes per second: so much longer is waited for a large one.
pub const ARCHIVE_S3_BYTES_PER_SECOND_MIN: u64 = 2 * 1024 * 1024;
/// Tries at one request, where the server answers that it is busy or the connection breaks. More: it counts as away.
pub const ARCHIVE_S3_TRIES_MAX: u32 = 3;
/// Pause before the second try, and twice as long before the third.
pub const ARCHIVE_S3_PAUSE: Duration = Duration::from_millis(200);
/// How long nothing is asked of a server that did not answer: later requests need not wait for it too.
pub const ARCHIVE_S3_LEFT_ALONE: Duration = Duration::from_secs(2);
/// How long a signed request may take to reach the server, by its clock.
pub const ARCHIVE_S3_SIGNED_FOR: Duration = Duration::from_secs(300);
/// Requests to an archive on S3 at once. More wait for their turn, within their time.
pub const ARCHIVE_S3_REQUESTS_MAX: usize = 32;
/// Idle connections to an archive on S3 that are kept.
pub const ARCHIVE_S3_IDLE_MAX: usize = 8;
/// The largest object that is read, in bytes: more than a message may have, and its encryption. Larger: it was altered.
pub const ARCHIVE_S3_OBJECT_BYTES_MAX: u64 = super::MAIL_SIZE_BYTES_MAX + 16 * 1024 * 1024;
/// An answer that is a text, in bytes: a page of a listing, or why something was refused. Longer: it can't be read.
pub const ARCHIVE_S3_TEXT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long an archive on S3 is taken to be the one that it was, before its identity is read again.
pub const ARCHIVE_S3_IDENTITY_HOLDS: Duration = Duration::from_secs(30);
/// How long an original may be without an item that refers to it: one is kept before its item is written.
pub const ORIGINAL_WITHOUT_ITEM: Duration = Duration::from_secs(3600);
/// How much of an encrypted original is read to see with which key it is, in bytes: its mark and the key's name.
pub const KEY_HEAD_BYTES: u64 = 8 + super::KEY_ID_BYTES_MAX as u64;
