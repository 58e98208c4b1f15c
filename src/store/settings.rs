//! Where things are kept.

use std::path::PathBuf;

use secrecy::SecretString;

/// `[store] url`.
#[derive(Debug, Clone)]
pub enum StoreUrl {
    /// A folder with an SQLite database.
    Embedded(PathBuf),
    Redis(RedisSettings),
}

/// A Redis store.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// A `redis://`, `rediss://`, `redis+sentinel://` or `redis+cluster://` URL, as written.
    pub url: SecretString,
    /// `[store] replicas_acknowledged`: how many replicas must have what was written before it
    /// counts as written. 0: the master's word is enough.
    pub replicas_acknowledged: u32,
}

impl From<&SecretString> for RedisSettings {
    fn from(url: &SecretString) -> Self {
        RedisSettings { url: url.clone(), replicas_acknowledged: 0 }
    }
}

impl From<&RedisSettings> for RedisSettings {
    fn from(settings: &RedisSettings) -> Self {
        settings.clone()
    }
}

/// `[archive] url`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchiveUrl {
    File(PathBuf),
}
