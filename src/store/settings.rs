//! Where things are kept.

use std::path::PathBuf;

/// `[store] url`.
#[derive(Debug, Clone)]
pub enum StoreUrl {
    /// A folder with an SQLite database.
    Embedded(PathBuf),
    /// A `redis://`, `rediss://`, `redis+sentinel://` or `redis+cluster://` URL, as written.
    Redis(secrecy::SecretString),
}

/// `[archive] url`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchiveUrl {
    File(PathBuf),
}
