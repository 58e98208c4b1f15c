//! Bounds of the store on Redis.

use std::time::Duration;

/// One answer of a Redis server, to a contact. Over: the connection is dropped and reopened.
pub const REDIS_RESPONSE_WAIT: Duration = Duration::from_millis(250);
/// One answer of a Redis server to staff and to work in the background, and a connection for it: they
/// can wait for a link that is late. Over: as for a contact.
pub const REDIS_STAFF_WAIT: Duration = Duration::from_secs(2);
/// How long a write waits for the replicas that must have it (`[store] replicas_acknowledged`).
/// Over: the store counts as away for this contact.
pub const REDIS_REPLICAS_WAIT: Duration = Duration::from_millis(100);
/// Replicas that may be asked for. More: refused at start.
pub const REDIS_REPLICAS_MAX: u32 = 10;
/// The answer to a step that touches many people at once (an import).
pub const REDIS_BULK_WAIT: Duration = Duration::from_secs(4);
/// How long a contact's call waits for a connection to a Redis server, the question to the sentinels
/// included. Over: the call fails; the connection is made in the background.
pub const REDIS_CONNECT_WAIT: Duration = Duration::from_millis(400);
/// Failures one after the other, after which nothing is asked of Redis until it answers a probe.
pub const REDIS_FAILURES_MAX: u32 = 2;
/// A connection that is made in the background, where no call waits for it; staff's is given
/// [`REDIS_BULK_WAIT`].
pub const REDIS_BACKGROUND_WAIT: Duration = Duration::from_secs(2);
/// Tries of one call: one, and one more on a new connection.
pub const REDIS_TRIES: usize = 2;
/// Wait before the next try to listen to announcements of changes.
pub const REDIS_LISTEN_RETRY: Duration = Duration::from_millis(200);
/// People, and queue items, read from Redis with one command.
pub const REDIS_PEOPLE_PIECE: usize = 500;
pub const REDIS_ITEMS_PIECE: usize = 100;
/// Documents read from Redis with one command: each may be of [`DOCUMENT_BYTES_MAX`](super::DOCUMENT_BYTES_MAX).
pub const REDIS_DOCUMENTS_PIECE: usize = 20;
/// Bodies written to Redis with one command, in bytes. More: it is given the time of a bulk.
pub const REDIS_BULK_BYTES: usize = 256 * 1024;
/// How often a Redis server that failed is probed.
pub const REDIS_PROBE_EVERY: Duration = Duration::from_millis(100);
/// How often changes are looked for without having been announced.
pub const REDIS_CHANGE_POLL: Duration = Duration::from_secs(1);
/// Tries to commit on a ledger that other gateways are changing. More: the store counts as away.
pub const REDIS_CONFLICTS_MAX: usize = 64;
/// Memory for people's ledgers, about 1 KB each (150 KB at most where texts are compared). More: half of
/// those not in use are forgotten.
pub const REDIS_LEDGERS_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long Redis remembers a step that was done, for a retry of the same call.
pub const REDIS_ONCE_KEPT: Duration = Duration::from_secs(600);
/// Decisions on unrestricted contacts that one script records.
pub const REDIS_PLAIN_BATCH: usize = 128;
/// People that one import writes on Redis, all or none. More: refused; split the file.
pub const REDIS_PEOPLE_MAX: usize = 100_000;
/// Redirections and retries that a Cluster's client follows for one command.
pub const REDIS_REDIRECTIONS_MAX: u32 = 4;
