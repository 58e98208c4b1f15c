//! Where things are kept.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub use super::keyring::{KeyFault, Keyring};
pub use super::person_keys::PersonKeys;
pub use super::record::Codec;
use crate::runtime::limits::{
    ORIGINALS_OF_ORGANISATION_BYTES_DEFAULT, ORIGINALS_OF_PERSON_BYTES_DEFAULT,
};

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
    /// `[store] replicas_acknowledged`: how many replicas must have a write before it counts as written. 0: the
    /// master's word is enough.
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

impl StoreUrl {
    /// The address without users and passwords: it may be shown, and tells one store from another.
    pub fn shown(&self) -> String {
        match self {
            StoreUrl::Embedded(folder) => {
                let whole = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.clone());
                format!("embedded:{}", whole.display())
            }
            StoreUrl::Redis(RedisSettings { url, .. }) => {
                let Parts { scheme, place, query, .. } = Parts::of(url.expose_secret());
                let database =
                    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "db");
                let database = database.map(|(_, number)| format!("?db={number}"));
                format!("{scheme}://{place}{}", database.unwrap_or_default())
            }
        }
    }

    /// Whether the address itself holds a password.
    pub fn has_password(&self) -> bool {
        match self {
            StoreUrl::Embedded(_) => false,
            StoreUrl::Redis(RedisSettings { url, .. }) => {
                let Parts { user, query, .. } = Parts::of(url.expose_secret());
                user.contains(':')
                    || form_urlencoded::parse(query.as_bytes())
                        .any(|(key, _)| matches!(&*key, "pass" | "sentinel_password"))
            }
        }
    }
}

/// The parts of a Redis URL, as far as needed to separate secrets.
struct Parts<'a> {
    scheme: &'a str,
    user: &'a str,
    /// Hosts and what follows them.
    place: &'a str,
    query: &'a str,
}

impl<'a> Parts<'a> {
    fn of(url: &'a str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (user, place) = rest.rsplit_once('@').unwrap_or(("", rest));
        Parts { scheme, user, place, query }
    }
}

/// `[archive] url`, and what an archive on S3 takes besides.
#[derive(Debug, Clone)]
pub enum ArchiveUrl {
    File(PathBuf),
    S3(S3Settings),
}

impl ArchiveUrl {
    /// Where it is, without secrets.
    pub fn shown(&self) -> String {
        match self {
            ArchiveUrl::File(folder) => format!("file:{}", folder.display()),
            ArchiveUrl::S3(s3) => s3.shown(),
        }
    }
}

/// An archive in a bucket of a server that speaks S3.
#[derive(Debug, Clone)]
pub struct S3Settings {
    pub bucket: String,
    /// What the names of its objects begin with, without a slash at either end; may be empty.
    pub prefix: String,
    /// `http://` or `https://`, without the bucket.
    pub endpoint: Url,
    pub region: String,
    pub addressing: Addressing,
    pub access_key_id: SecretString,
    pub secret_access_key: SecretString,
    /// Of credentials that are valid for a while.
    pub session_token: Option<SecretString>,
}

/// Where a request names the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressing {
    /// `https://SERVER/BUCKET/…`
    Path,
    /// `https://BUCKET.SERVER/…`
    Host,
}

impl S3Settings {
    pub fn shown(&self) -> String {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        format!("s3://{}{slash}{}", self.bucket, self.prefix)
    }

    /// The bucket as requests name it. `None`: its name can't be part of the server's, or of that address.
    pub fn addressed(&self) -> Option<rusty_s3::Bucket> {
        let style = match self.addressing {
            Addressing::Path => rusty_s3::UrlStyle::Path,
            Addressing::Host => rusty_s3::UrlStyle::VirtualHost,
        };
        let (bucket, region) = (self.bucket.clone(), self.region.clone());
        rusty_s3::Bucket::new(self.endpoint.clone(), style, bucket, region).ok()
    }
}

/// `[archive] per_person` and `per_organisation`: how many bytes of originals are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveQuota {
    pub per_person: u64,
    pub per_organisation: u64,
}

impl Default for ArchiveQuota {
    fn default() -> Self {
        ArchiveQuota {
            per_person: ORIGINALS_OF_PERSON_BYTES_DEFAULT,
            per_organisation: ORIGINALS_OF_ORGANISATION_BYTES_DEFAULT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_secrets() {
        for (url, shown, has_password) in [
            ("redis://h:1/2", "redis://h:1/2", false),
            ("redis://:hunter2@h:1", "redis://h:1", true),
            ("rediss://user:hunter2@h", "rediss://h", true),
            ("rediss://user@h", "rediss://h", false),
            (
                "redis+unix:///run/r.sock?db=3&user=u&pass=hunter2",
                "redis+unix:///run/r.sock?db=3",
                true,
            ),
            ("redis+sentinel://u:hunter2@a,b/main?tls=true", "redis+sentinel://a,b/main", true),
            (
                "redis+sentinel://a,b/main?sentinel_password=hunter2",
                "redis+sentinel://a,b/main",
                true,
            ),
        ] {
            let url = StoreUrl::Redis(RedisSettings::from(&SecretString::from(url)));
            assert_eq!((url.shown().as_str(), url.has_password()), (shown, has_password));
        }
    }
}
