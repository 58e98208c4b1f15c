//! Every bound of the gateway in one place, each with its unit and what happens when it is reached.

mod archive;
mod casework;
mod console;
mod documents;
mod mail;
mod memory;
mod redis;
mod telemetry;
mod telephony;

use std::time::Duration;

use chrono::TimeDelta;

pub use self::archive::*;
pub use self::casework::*;
pub use self::console::*;
pub use self::documents::*;
pub use self::mail::*;
pub use self::memory::*;
pub use self::redis::*;
pub use self::telemetry::*;
pub use self::telephony::*;

// === HTTP ===

/// Connections of the contacts listener at once, each of which takes some 10 KiB. More wait to be accepted.
pub const HTTP_CONNECTIONS_MAX: usize = 4_000;
/// The same of the staff listener: the streams to browsers, and half as many.
pub const HTTP_STAFF_CONNECTIONS_MAX: usize = 1_500;
/// Wait for a request's header block. Over: the connection is closed.
pub const HTTP_HEADER_WAIT: Duration = Duration::from_secs(30);
/// A request's header block. Longer: 431, and the connection is closed.
pub const HTTP_HEAD_BYTES_MAX: usize = 64 * 1024;
/// Bytes read from a connection at once: a head at its longest, and some of what follows. A connection that is
/// sent more keeps this much for as long as it is open, as far as [`READS_MEMORY_BYTES_MAX`] allows.
pub const HTTP_READ_BYTES_MAX: usize = HTTP_HEAD_BYTES_MAX + 8 * 1024;
/// Chunk extensions of one request's body, in bytes. More: the connection is closed.
pub const HTTP_CHUNK_EXTENSION_BYTES_MAX: usize = 1024;
/// Wait for the next piece of a request's or an upstream's body. Over: the connection is closed.
pub const HTTP_BODY_WAIT: Duration = Duration::from_secs(30);
/// From a request's header to the end of its body, however steadily pieces come: 25 MiB on a slow line
/// take as long. Over: 408, and the connection is closed.
pub const HTTP_BODY_WHOLE_WAIT: Duration = Duration::from_secs(900);
/// How long a peer has to take [`HTTP_WRITE_BYTES_MIN`] more of an answer. Over: the connection is closed.
pub const HTTP_WRITE_WAIT: Duration = Duration::from_secs(30);
/// The least of an answer that a peer must take in that time, in bytes.
pub const HTTP_WRITE_BYTES_MIN: usize = 4 * 1024;
/// Wait for a connection to a form's handler or a call flow. Over: it counts as not there.
pub const HTTP_UPSTREAM_CONNECT_WAIT: Duration = Duration::from_secs(5);
/// Idle connections to one upstream that are kept.
pub const HTTP_UPSTREAM_IDLE_MAX: usize = 64;
/// How long a connection to an upstream is kept without a request. Over: it is closed.
pub const HTTP_UPSTREAM_IDLE_WAIT: Duration = Duration::from_secs(90);
/// A decision endpoint's and the API's request body. More: 413.
pub const API_BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Values (of lists and members, nested ones too) of an API request's JSON. More: 413.
pub const API_VALUES_MAX: usize = 80_000;
/// What one such value may take in memory, in bytes: an object of one member takes a node of a map. Counted in
/// [`STAFF_MEMORY_BYTES_MAX`] with the body.
pub const JSON_VALUE_BYTES: usize = 320;
/// When to try again a request whose body there was no room for.
pub const API_BODY_WAIT: Duration = Duration::from_secs(5);
/// One API request from its header to its answer. Over: 503.
pub const API_REQUEST_WAIT: Duration = Duration::from_secs(30);
/// Failed sign-ins of one peer address before it has to wait.
pub const SIGN_IN_FAILURES_MAX: u32 = 20;
/// How long until a peer address has one failed sign-in back.
pub const SIGN_IN_FAILURE_AGE: Duration = Duration::from_secs(15);
/// Peer addresses with failed sign-ins that are remembered. More: those long past are forgotten.
pub const SIGN_IN_PEERS_MAX: usize = 10_000;
/// Items that are decided again when a contact was not theirs, in one go. More: ask again.
pub const DECIDED_AGAIN_MAX: usize = 100;
/// Posts of one client to forms, and requests with a wrong token to the decision endpoint, by default
/// (`posts_per_minute`). More: 429.
pub const POSTS_PER_MINUTE_DEFAULT: u32 = 60;
/// The most that `posts_per_minute` may be.
pub const POSTS_PER_MINUTE_MAX: u32 = 100_000;
/// Clients whose posts are counted. More: those long past are forgotten.
pub const POST_CLIENTS_MAX: usize = 100_000;
/// A telephony webhook's body. More: 413 (no provider sends as much).
pub const WEBHOOK_BODY_BYTES_MAX: usize = 256 * 1024;
/// Values (of lists and members, nested ones too) of a telephony webhook's JSON, or fields of its form. A value
/// takes up to 300 times its bytes in memory. More: its body is one that can't be read.
pub const WEBHOOK_VALUES_MAX: usize = 1_000;
/// The same of a contact that a decision endpoint is handed. More: 400.
pub const CONTACT_VALUES_MAX: usize = 10_000;
/// A form's body by default (`body_limit`). More: 413.
pub const FORM_BODY_BYTES_DEFAULT: u64 = 25 * 1024 * 1024;
/// A form body up to this size stays in memory; a longer one is spooled to disk.
pub const FORM_MEMORY_BYTES_MAX: usize = 1024 * 1024;
/// A form's own handler by default (`timeout`). Over: 504.
pub const FORM_UPSTREAM_WAIT_DEFAULT: Duration = Duration::from_secs(30);
/// The same body from the same sender within this is one submission.
pub const FORM_REPEAT_WINDOW: Duration = Duration::from_secs(600);
/// Answers to submissions that are remembered for a repeat. More: the oldest are forgotten.
pub const FORM_REPEATS_MAX: usize = 10_000;
/// The precision of a submission's first sight when a repeat is looked for after a restart: ids
/// carry the time in steps of this, and [`FORM_REPEAT_WINDOW`] is looked back step by step.
pub const FORM_REPEAT_STEP: Duration = Duration::from_secs(60);
/// A handler's answer up to this size is remembered for a repeat. A longer one is passed on as it
/// comes, and a repeat is forwarded again (and not counted again).
pub const FORM_ANSWER_BYTES_MAX: usize = 256 * 1024;
/// The text of a form that a limited sender's page shows as a copy, in bytes. A longer one is not shown.
pub const FORM_COPY_BYTES_MAX: usize = 16 * 1024;
/// Memory for remembered answers of one edge, in bytes. More: the oldest are forgotten.
pub const REPEATS_BYTES_MAX: usize = 12 * 1024 * 1024;
/// Parts of a multipart form. More: the form is delivered unread and flagged.
pub const FORM_PARTS_MAX: usize = 1_000;
/// Values of the configured fields that are kept of one form. More: the form is flagged as ambiguous.
pub const FORM_VALUES_MAX: usize = 256;
/// The text that is read of a form, and of one field of it. Of a longer one the beginning is.
pub const FORM_FIELD_BYTES_MAX: usize = 1024 * 1024;
/// Spooled bodies that are parsed at once. More wait their turn.
pub const FORM_LARGE_PARSES_MAX: usize = 2;
/// JSON up to this size is read as lenient readers read it where it is not strict: that takes up to five times
/// its size in memory. A larger body that is not strict is unread.
pub const FORM_LENIENT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Sending a routed form to its mailbox. Over: it is only on the queue.
pub const FORM_MAIL_WAIT: Duration = Duration::from_secs(10);
/// How often a request waits for the answer to an identical one that then fails, before it goes
/// its own way.
pub const REPEAT_WAITS_MAX: usize = 3;

// === Intake and store ===

/// One contact's commit. Over: the store counts as away for this contact.
pub const STORE_COMMIT_WAIT: Duration = Duration::from_secs(5);
/// Commits that wait for the embedded store's writer. More: the caller waits for a place.
pub const STORE_QUEUE_MAX: usize = 1_024;
/// Contacts that one transaction of the embedded store commits together.
pub const STORE_BATCH_MAX: usize = 256;
/// How long `ready` reports a failed commit when nothing is committed after it.
pub const STANDING_FAULT_KEPT: Duration = Duration::from_secs(60);
/// Decisions on unrestricted contacts that wait to be recorded. More: the contact waits.
pub const PLAIN_QUEUE_MAX: usize = 8_192;
/// How long such a decision waits at most for others to be recorded with.
pub const PLAIN_FLUSH_WAIT: Duration = Duration::from_millis(200);
/// How often it is checked, until then, whether enough others have come to be recorded at once.
pub const PLAIN_LOOK_EVERY: Duration = Duration::from_millis(25);
/// Mails to mailboxes of queues that wait to be sent. More: the item on the queue must do.
pub const ANNOUNCEMENTS_MAX: usize = 1_024;
/// Ids of unrestricted contacts that are remembered in memory to tell a repeat.
pub const PLAIN_RECENT_MAX: usize = 65_536;
/// Changes of people that a slow follower may lag behind before it loads all again.
pub const CHANGE_LAG_MAX: usize = 4_096;
/// Contacts of one person that are remembered for comparison, newest kept.
pub const RECEIVED_PER_PERSON_MAX: usize = 200;
/// Characters of a text that a list of items shows; the item itself shows all.
pub const EXCERPT_CHARS_MAX: usize = 300;
/// Items of one export of a queue. It ends there: a queue to which contacts come faster than they are read
/// would have no end.
pub const EXPORT_ITEMS_MAX: usize = 1_000_000;
/// Items that are read whole at once, to be cut to their excerpts, and of those the lists that are made at
/// once. More wait their turn.
pub const PAGE_PIECE_ITEMS: usize = 4;
pub const PAGES_AT_ONCE_MAX: usize = 2;
/// Items per query where a list shows excerpts.
pub const LISTED_PIECE_ITEMS: usize = 64;
/// Items that one API call lists at most.
pub const PAGE_ITEMS_MAX: usize = 500;

/// Records of a copy between stores that are carried with one step.
pub const COPY_PAGE_MAX: usize = 500;
/// Of queue items, which may hold a text each, so many.
pub const COPY_ITEMS_MAX: usize = 100;
/// How many people's history is remembered: each has up to [`RECEIVED_PER_PERSON_MAX`] traces.
pub const COPY_LEDGERS_MAX: usize = 16;
/// Tries to reach a server that a copy reads or writes, before it is said to be away.
pub const COPY_CONNECT_TRIES: usize = 30;
/// Records between two lines of a copy's progress.
pub const COPY_PROGRESS_EVERY: u64 = 1_000;
/// Ranges of numbers that one entry of a copied trail names as missing. More: another entry names them.
pub const COPY_ERASED_RANGES_MAX: usize = 1_000;
/// Attempts to read a store on Redis as of one instant while gateways write. More: the backup is not made.
pub const LIVE_TRIES_MAX: usize = 200;
/// People whose ledgers are read at that instant, with one script. More: those that changed last.
pub const LIVE_ACTIVE_MAX: usize = 64;
/// Originals between two lines of a backup's progress.
pub const BACKUP_PROGRESS_EVERY: u64 = 1_000;
/// Keys that one step of a walk over a Redis server looks at.
pub const REDIS_SCAN_PIECE: usize = 2_000;

// === Casework ===

/// A people file that is imported. Larger: refused; split it.
pub const IMPORT_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Faults of a people file that are shown. More: the rest is counted.
pub const IMPORT_FAULTS_SHOWN_MAX: usize = 200;
/// Restrictions that one import may end: the audit entry names each. More: refused; split the file.
pub const IMPORT_ENDED_MAX: usize = 1_000;
/// Faults that are looked for in one restriction of a CSV row. More: found the next time.
pub const IMPORT_ROW_FAULTS_MAX: usize = 16;
/// People between two lines of an import's progress.
pub const IMPORT_PROGRESS_EVERY: usize = 1_000;
/// A note on a queue item, in characters. Longer: refused.
pub const NOTE_CHARS_MAX: usize = 4_000;
/// Tries to change an item that somebody else changes at the same moment. More: 409.
pub const ITEM_TRIES_MAX: usize = 5;
/// Reads that the embedded store serves at once. More wait.
pub const STORE_READERS_MAX: usize = 4;
/// Wait for another process's transaction on the embedded store. Over: the store counts as away.
pub const STORE_LOCK_WAIT: Duration = Duration::from_secs(2);
/// Wait of one process's writer for those of others who wait for the embedded store before it. Over:
/// it asks for the store anyway.
pub const STORE_TURN_WAIT: Duration = Duration::from_millis(500);
/// Wait between two looks whether it is its turn, and whether the store is free then.
pub const STORE_TURN_RETRY: Duration = Duration::from_millis(1);
/// Wait between two tries to prepare a new database while another process does so.
pub const STORE_READY_RETRY: Duration = Duration::from_millis(20);
/// The fewest queue items that the embedded store reads with one query: many of them may be unreadable.
pub const STORE_ITEMS_PIECE: usize = 64;
/// Pages of 4 KiB in the embedded store's log after which it is written back, with two more syncs: pages
/// that many contacts change are then written back once. A start after a crash reads the log.
pub const STORE_LOG_PAGES: i64 = 8_192;
/// Disk that the embedded store's log may keep once it is written back, in bytes.
pub const STORE_LOG_BYTES_KEPT: i64 = 64 * 1024 * 1024;
/// How long nobody writes before the embedded store writes its log back, so that the database file
/// is complete.
pub const STORE_IDLE: Duration = Duration::from_secs(2);
/// How often the store is compared with its last known state, which is then written down.
pub const PAST_LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often everything in an embedded store is read to find damage, where the configuration does not say; the
/// first time at the start.
pub const PAST_READ_EVERY: Duration = Duration::from_secs(6 * 3_600);
/// The shortest time that it may say, for small stores and for tests: each reading reads the whole store, and the next
/// one may follow at once. Shorter: a fault of the configuration.
pub const PAST_READ_EVERY_MIN: Duration = Duration::from_secs(1);
/// The longest time that it may say. Longer: a fault of the configuration.
pub const PAST_READ_EVERY_MAX: Duration = Duration::from_secs(31 * 86_400);
/// Lines of SQLite's about damage that `check --store` asks for. More: the first of them.
pub const INTEGRITY_FAULTS_MAX: u32 = 20;
/// Faults of records and originals that `check --store` shows. More: the rest is counted.
pub const VERIFY_FAULTS_SHOWN_MAX: usize = 200;
/// Names that a store's trail remembers. More: the oldest is forgotten, and a gateway that knows the trail only by that
/// name takes the store for a different one.
pub const BRANCHES_MAX: usize = 64;
/// How often the log says that the store is still behind.
pub const PAST_SAY_EVERY: Duration = Duration::from_secs(60);
/// Statements that one connection to the embedded store keeps prepared: more than there are.
pub const STORE_PREPARED_MAX: usize = 128;
/// One piece of an original that is read to be hashed, in bytes.
pub const ARCHIVE_PIECE_BYTES: usize = 64 * 1024;
/// Originals of one person's contacts that are kept, in bytes, by default (`[archive] per_person`). More: the
/// text is kept and flagged; mail is deferred, and a form with files refused with the reason.
pub const ORIGINALS_OF_PERSON_BYTES_DEFAULT: u64 = 1024 * 1024 * 1024;
/// The same of one organisation (`[archive] per_organisation`).
pub const ORIGINALS_OF_ORGANISATION_BYTES_DEFAULT: u64 = 64 * 1024 * 1024 * 1024;
/// How many times as far both go for what comes by a safeguard lane. More: as above, but nothing is deferred
/// or refused.
pub const ORIGINALS_OF_SAFEGUARDS_FACTOR: u64 = 2;
/// The most that either may be.
pub const ORIGINALS_BYTES_MAX: u64 = 1 << 50;
/// How often the originals are counted, which other gateways keep too.
pub const ORIGINALS_COUNTED_EVERY: Duration = Duration::from_secs(600);
/// Tries to find a name for a process's temporary files. Each fails only if another process sweeps at the same instant.
pub const ARCHIVE_NAME_TRIES: usize = 16;
/// How often changes made by another process are looked for.
pub const CHANGE_POLL: Duration = Duration::from_millis(25);
/// Changes of people that the store remembers for its followers. Older ones are forgotten; a
/// follower that far behind loads all people again.
pub const CHANGES_KEPT_MAX: usize = 65_536;
/// Changes announced one by one at once. More: the organisation's people are loaded again.
pub const CHANGES_AT_ONCE_MAX: usize = 1_024;
/// How long counts are remembered: well past the longest period (a month).
pub const COUNTED_KEPT: Duration = Duration::from_secs(92 * 24 * 3_600);
/// The last counts of each person are remembered regardless of age: a clock that is far ahead must not
/// take the counters of the true present with it. More than any quota that restricts anybody.
pub const COUNTED_KEPT_NEWEST: usize = 512;
/// A jump of the machine's clock that is not trusted at once.
pub const CLOCK_STEP_MAX: Duration = Duration::from_secs(60);
/// How long the clock must run steadily after a jump before it is trusted. Until then the
/// gateway counts the time that passes.
pub const CLOCK_BELIEVED_AFTER: Duration = Duration::from_secs(600);
/// Days without an anchor on a trail, after which the clock may be ahead.
pub const CLOCK_GAP_MAX: TimeDelta = TimeDelta::days(7);
/// How long gateways must have signed for a trail day by day before a clock that may be wrong counts as right: a weekend
/// is no longer, so that somebody has seen the alert.
pub const CLOCK_STEADY_FOR: TimeDelta = TimeDelta::days(3);
/// The beginning of 2026, in seconds since 1970, when no gateway had been made. A clock that shows less is never
/// trusted where a later time is known.
pub const CLOCK_EARLIEST: i64 = 1_767_225_600;
/// How often a gateway on Redis forgets what is older, of each person.
pub const COUNTED_FORGOTTEN_EVERY: Duration = Duration::from_secs(24 * 3_600);
/// Attachments of one queue item (voicemails, outcomes). More: refused.
pub const ATTACHED_PER_ITEM_MAX: usize = 64;
/// Entries that wait for the local journal's writer. More: the caller waits for a place.
pub const JOURNAL_QUEUE_MAX: usize = 1_024;
/// Entries that the local journal writes with one sync.
pub const JOURNAL_BATCH_MAX: usize = 256;
/// Journalled decisions that are replayed at once. More: after them.
pub const REPLAYS_AT_ONCE_MAX: usize = 32;
/// Entries that the local journal hands out at once.
pub const JOURNAL_PAGE_MAX: usize = 256;
/// One entry of the local journal. A longer one is refused, but no contact is that long: its text
/// (`MAIL_PARSED_BYTES_MAX`) is up to six times as long in JSON, and a third longer again if encrypted.
pub const JOURNAL_ENTRY_BYTES_MAX: usize = 24 * 1024 * 1024;
/// Records that `store rekey` writes in one transaction: others wait for so many.
pub const REKEY_PAGE: usize = 200;
/// People whose keys are in memory: some 2 KiB each. More: all are read again from their files.
pub const PERSON_KEYS_IN_MEMORY_MAX: usize = 20_000;
/// How long a person's key is used before looking whether it was retired: far below [`ERASURE_SETTLES_AFTER`].
pub const PERSON_KEY_SEEN_FOR: Duration = Duration::from_secs(5);
/// A look at a person's key, which may be on a share. Over: the folder counts as away, until that look ends.
pub const PERSON_KEY_WAIT: Duration = Duration::from_secs(2);
/// One piece of an encrypted original, in bytes. Part of the format of such files.
pub const ORIGINAL_PIECE_BYTES: usize = 64 * 1024;
/// The name of a key. Longer: refused.
pub const KEY_ID_BYTES_MAX: usize = 64;
/// What the local journal holds of the disk from its start, so that a decision can be journalled while
/// the disk is full: some ten thousand entries.
pub const JOURNAL_RESERVED_BYTES: u64 = 16 * 1024 * 1024;
/// The part of the reserve that is kept for decisions that do something against a sender or for
/// one. Where the disk is full and no more is left, decisions to deliver wait in memory.
pub const JOURNAL_KEPT_BYTES: u64 = 8 * 1024 * 1024;
/// The local journal. Fuller: no entry is taken, so that senders try again or are delivered.
pub const JOURNAL_BYTES_MAX: u64 = 512 * 1024 * 1024;
// === Configuration ===
/// A configuration, profile or secret file. Longer: refused.
pub const CONFIG_FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// The largest `body_limit` of a form. Larger: refused at start.
pub const FORM_BODY_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// A logo on the gateway's own pages, which every page carries whole. Larger: refused at start.
pub const PAGE_LOGO_BYTES_MAX: u64 = 64 * 1024;
/// The longest `timeout` of a form. Longer: refused at start.
pub const FORM_UPSTREAM_WAIT_MAX: Duration = Duration::from_secs(600);
/// Days before the known bank holidays run out from which every start and check warns.
pub const BANK_HOLIDAYS_WARNING_DAYS: u64 = 120;

// === Events ===

/// Wait for a receiver's answer to an event. Over: it is sent again later.
pub const EVENT_ANSWER_WAIT: Duration = Duration::from_secs(15);
/// How often the audit trail is read for events to send.
pub const EVENT_LOOK_EVERY: Duration = Duration::from_millis(500);
/// Entries of the audit trail that are read at once for a receiver.
pub const EVENT_PAGE_MAX: usize = 256;
/// Pause after the first attempt that failed; each further one doubles it.
pub const EVENT_PAUSE_FIRST: Duration = Duration::from_secs(5);
/// The longest pause between two attempts.
pub const EVENT_PAUSE_MAX: Duration = Duration::from_secs(600);
/// Attempts at an event that its receiver refuses. More: it becomes a dead letter.
pub const EVENT_REFUSALS_MAX: u32 = 5;
/// How old an event may grow while its receiver is away. Older: it becomes a dead letter.
pub const EVENT_AGE_MAX: Duration = Duration::from_secs(3 * 24 * 3600);
/// Dead letters of one organisation. More: events wait until somebody has dealt with some.
pub const DEAD_LETTERS_MAX: usize = 1_000;
/// Receivers of one organisation. More: refused at start.
pub const EVENT_RECEIVERS_MAX: usize = 16;

// === The machine ===

/// Files that the gateway opens for itself: store, archive, journal, certificates, the runtime's own.
/// Connections get the rest of the limit of open files.
pub const DESCRIPTORS_OWN: u64 = 256;
/// Pause of a listener after a connection that could not be accepted.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Between two lines in the log about connections that a listener can't accept. The failures in
/// between are counted in the next one.
pub const ACCEPT_FAULT_SAID_EVERY: Duration = Duration::from_secs(1);

// === Start and stop ===

/// One part's answer to a readiness check. Over: the part counts as not ready.
pub const HEALTH_PART_WAIT: Duration = Duration::from_secs(2);
/// How long the store's answer to a readiness check is kept, however many ask: an ill store gets no work from it.
pub const HEALTH_ANSWER_KEPT: Duration = Duration::from_secs(1);
/// How long a gateway that does not know its restrictions asks that no contacts be sent to it. Over: it serves, and
/// delivers and flags everything, because what nobody serves is lost.
pub const SERVES_UNKNOWING_AFTER: Duration = Duration::from_secs(60);
/// How often the gateway looks at its parts and queues for its metrics.
pub const MONITOR_EVERY: Duration = Duration::from_secs(15);
/// How long a helper of the safeguards is waited for unless its settings say otherwise, and at most. Over:
/// it added nothing.
pub const HELPER_WAIT: Duration = Duration::from_millis(300);
pub const HELPER_WAIT_MAX: Duration = Duration::from_millis(1500);
/// Bytes of a text that a helper is sent. More: it is sent the beginning.
pub const HELPER_TEXT_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a helper's answer. More: it added nothing.
pub const HELPER_ANSWER_BYTES_MAX: usize = 16 * 1024;
/// Characters of what a helper says is its reason. More are cut off.
pub const HELPER_BECAUSE_CHARS_MAX: usize = 200;
/// Questions to one helper at once. More: it is not asked.
pub const HELPER_ASKED_MAX: usize = 32;
/// Failures of a helper in a row, after which it is not asked for [`HELPER_LEFT_ALONE`].
pub const HELPER_FAILURES_MAX: u32 = 5;
pub const HELPER_LEFT_ALONE: Duration = Duration::from_secs(30);
/// How often the gateway looks for limited or filed contacts that nobody has read in time.
pub const UNREAD_LOOK_EVERY: Duration = Duration::from_secs(300);
/// How often entries of the audit trail are sealed.
pub const SEAL_EVERY: Duration = Duration::from_secs(60);
/// An entry is sealed once it is so old: by then no failover takes it back.
pub const SEAL_AFTER: TimeDelta = TimeDelta::seconds(30);
/// Entries under one seal. A seal takes 64 bytes for each.
pub const SEAL_ENTRIES_MAX: usize = 1_000;
/// Entries per query when a trail is sealed.
pub const SEAL_PIECE_ENTRIES: usize = 50;
/// An entry older than this without a seal is a finding of `audit verify`.
pub const SEAL_LATE: TimeDelta = TimeDelta::hours(1);
/// Findings of which `audit verify` keeps the words; the others are counted.
pub const TRAIL_FINDINGS_MAX: usize = 1_000;
/// What `health` reads of the gateway's answer. More: the answer counts as broken.
pub const HEALTH_ANSWER_BYTES_MAX: usize = 64 * 1024;

/// How long work in hand may take to finish at a stop. Over: it is cut off; senders try again.
pub const DRAIN_WAIT: Duration = Duration::from_secs(20);
/// How long the program waits, at its end, for calls to the disk. Over: it ends without them, since a share that hangs
/// may never answer.
pub const DISK_CALLS_WAIT: Duration = Duration::from_secs(5);
/// How long a stop takes at most: work in hand, what must be recorded, the last look at the store, calls to the disk.
/// Service managers have to wait for longer.
pub const STOP_WAIT_MAX: Duration =
    DRAIN_WAIT.saturating_mul(2).saturating_add(STORE_COMMIT_WAIT).saturating_add(DISK_CALLS_WAIT);
/// How long the rehearsal of a start takes at most when the gateway is reloaded. Over: the reload is refused.
pub const REHEARSAL_WAIT: Duration = Duration::from_secs(60);
/// How long another store may take to answer in a rehearsal. Over: the reload is refused.
pub const REHEARSAL_STORE_WAIT: Duration = Duration::from_secs(10);
/// Connections that an HTTP listener still accepts once a stop was called: as many as may be waiting in its socket.
/// More are refused, so that a flood can't keep the listener open.
pub const HTTP_LATE_CONNECTIONS_MAX: usize = 1_024;
/// How long, at a stop, a connection may take to send the first byte of its first request.
pub const FIRST_REQUEST_WAIT: Duration = Duration::from_secs(2);

const _: () = {
    assert!(LIVE_STREAMS_MAX < HTTP_STAFF_CONNECTIONS_MAX);
    assert!(MAIL_HEADER_BYTES_MAX <= MAIL_MEMORY_BYTES_MAX);
    assert!(MAIL_READ_IN_PLACE_BYTES_MAX <= MAIL_MEMORY_BYTES_MAX as u64);
    assert!(MAIL_CHECK_WAIT.as_secs() < MAIL_DECIDE_AND_SEND.as_secs());
    assert!(MAIL_DECIDE_AND_SEND.as_secs() < MILTER_ANSWER_WAIT.as_secs());
    assert!(MILTER_ANSWER_WAIT.as_secs() < MILTER_CONTENT_WAIT.as_secs());
    assert!(SMTP_DATA_WAIT.as_secs() < SMTP_MESSAGE_WAIT.as_secs());
    assert!(
        MAIL_DECIDE_AND_SEND.as_secs()
            + MAIL_SEND_LONGER_MAX.as_secs()
            + DOWNSTREAM_REPLY_WAIT.as_secs()
            < PIPE_REPLY_WAIT.as_secs()
    );
    assert!(STORE_BATCH_MAX <= STORE_QUEUE_MAX);
    assert!(STORE_LOCK_WAIT.as_millis() < STORE_COMMIT_WAIT.as_millis());
    assert!(CHANGES_AT_ONCE_MAX < CHANGE_LAG_MAX && CHANGES_AT_ONCE_MAX < CHANGES_KEPT_MAX);
    assert!(JOURNAL_BATCH_MAX <= JOURNAL_QUEUE_MAX);
    assert!(JOURNAL_KEPT_BYTES < JOURNAL_RESERVED_BYTES);
    assert!(JOURNAL_RESERVED_BYTES < JOURNAL_BYTES_MAX);
    // Even the contact behind the failures that open the breaker is answered in time.
    assert!(
        REDIS_RESPONSE_WAIT.as_millis()
            + REDIS_REPLICAS_WAIT.as_millis()
            + REDIS_CONNECT_WAIT.as_millis()
            < CALL_ANSWER_WAIT.as_millis()
    );
    assert!(REDIS_RESPONSE_WAIT.as_millis() < REDIS_STAFF_WAIT.as_millis());
    assert!(REDIS_STAFF_WAIT.as_millis() < REDIS_BULK_WAIT.as_millis());
    assert!(REDIS_BULK_WAIT.as_millis() < STORE_COMMIT_WAIT.as_millis());
    assert!(MAIL_PARSED_BYTES_MAX * 6 / 3 * 4 < JOURNAL_ENTRY_BYTES_MAX);
    assert!(FORM_MEMORY_BYTES_MAX as u64 <= FORM_BODY_BYTES_DEFAULT);
    assert!(FORM_REPEAT_WINDOW.as_secs().is_multiple_of(FORM_REPEAT_STEP.as_secs()));
    assert!(SIP_DECIDE_WAIT.as_millis() < SIP_ANSWER_WAIT.as_millis());
    assert!(CALL_DECIDE_WAIT.as_millis() < CALL_ANSWER_WAIT.as_millis());
    assert!(CALL_ANSWER_WAIT.as_millis() < STORE_COMMIT_WAIT.as_millis());
    // A request to the collector, and then all spans that are left.
    assert!(TRACE_EXPORT_WAIT.as_millis() + TRACE_END_WAIT.as_millis() < DRAIN_WAIT.as_millis());
};
