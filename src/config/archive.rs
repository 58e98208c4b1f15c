//! `[archive]`: where originals are kept, and how many.

use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;

use super::context::Context;
use super::endpoint::{self, ArchivePlace};
use super::reader::Section;
use super::settings::MailWithoutKey;
use crate::channels::web_form::settings::FormSettings;
use crate::runtime::limits::ORIGINALS_BYTES_MAX;
use crate::store::settings::{Addressing, ArchiveQuota, ArchiveUrl, S3Settings};

const FOLDER_DEFAULT: &str = "var/archive";

/// Below this, no quota is of use to anybody.
const QUOTA_BYTES_MIN: u64 = 1024 * 1024;

/// Where it is, and the quotas as far as they are written.
pub(super) fn read(context: &Context<'_>, root: &Section<'_>) -> (ArchiveUrl, Written) {
    let default = || ArchiveUrl::File(PathBuf::from(FOLDER_DEFAULT));
    let Some(section) = root.field("archive").and_then(|f| f.section()) else {
        return (default(), Written::default());
    };
    let field = section.field("url");
    let place = field.as_ref().and_then(|f| f.parsed(endpoint::archive));
    let bytes = |key| {
        let field = section.field(key)?;
        field.bytes(QUOTA_BYTES_MIN, ORIGINALS_BYTES_MAX)
    };
    let written =
        Written { per_person: bytes("per_person"), per_organisation: bytes("per_organisation") };
    let server = Server::read(context, &section);
    let url = match place {
        Some(ArchivePlace::Bucket { name, prefix }) => {
            server.bucket(&section, name, prefix).map(ArchiveUrl::S3)
        }
        Some(ArchivePlace::File(folder)) => {
            Server::only_with_a_bucket(context, &section);
            Some(ArchiveUrl::File(folder))
        }
        None => {
            if field.is_none() {
                Server::only_with_a_bucket(context, &section);
            }
            None
        }
    };
    section.close();
    (url.unwrap_or_else(default), written)
}

/// The settings of a bucket's server.
struct Server {
    endpoint: Option<Url>,
    region: Option<String>,
    path_style: Option<bool>,
    access_key_id: Option<SecretString>,
    secret_access_key: Option<SecretString>,
    session_token: Option<SecretString>,
}

impl Server {
    /// The keys that are of use with a bucket only.
    const KEYS: [&'static str; 6] =
        ["endpoint", "region", "path_style", "access_key_id", "secret_access_key", "session_token"];

    fn read(context: &Context<'_>, section: &Section<'_>) -> Self {
        // Commands need them too: they read originals.
        let secret = |key| section.field(key).and_then(|field| context.sources.key(&field));
        Server {
            endpoint: section.field("endpoint").and_then(|f| f.parsed(endpoint::server_of_buckets)),
            region: section.field("region").and_then(|f| f.parsed(endpoint::region)),
            path_style: section.field("path_style").and_then(|f| f.boolean()),
            access_key_id: secret("access_key_id"),
            secret_access_key: secret("secret_access_key"),
            session_token: secret("session_token"),
        }
    }

    fn bucket(self, section: &Section<'_>, bucket: String, prefix: String) -> Option<S3Settings> {
        for key in ["access_key_id", "secret_access_key"] {
            if section.field(key).is_none() {
                section.missing(
                    key,
                    "{ file = \"PATH\" }, { env = \"NAME\" } or { credential = \"NAME\" }",
                );
            }
        }
        // Amazon's, where nothing else is named; most other servers take any region.
        let is_amazons = section.field("endpoint").is_none();
        if is_amazons && section.field("region").is_none() {
            section.missing(
                "region",
                "the bucket's region, such as \"eu-west-2\"; or name an endpoint",
            );
        }
        let region = match section.field("region") {
            Some(_) => self.region?,
            None => "us-east-1".to_owned(),
        };
        let endpoint = match is_amazons {
            true => Url::parse(&format!("https://s3.{region}.amazonaws.com")).ok(),
            false => self.endpoint,
        };
        let addressing = match self.path_style.unwrap_or(!is_amazons) {
            true => Addressing::Path,
            false => Addressing::Host,
        };
        let settings = S3Settings {
            bucket,
            prefix,
            endpoint: endpoint?,
            region,
            addressing,
            access_key_id: self.access_key_id?,
            secret_access_key: self.secret_access_key?,
            session_token: self.session_token,
        };
        if settings.addressed().is_none() {
            section.fault(
                "path_style",
                "is false, and the bucket's name can't be part of the endpoint's",
                "leave it out, or write true",
            );
        }
        Some(settings)
    }

    /// Not a fault: for a move of the archive both are written, and the url is changed last.
    fn only_with_a_bucket(context: &Context<'_>, section: &Section<'_>) {
        let unused: Vec<String> = Self::KEYS
            .into_iter()
            .filter_map(|key| section.field(key))
            .map(|field| field.path().to_owned())
            .collect();
        if !unused.is_empty() {
            context.warn_everybody(format!(
                "{} not used: archive.url is not \"s3://BUCKET/PREFIX\"",
                unused.join(", ")
            ));
        }
    }
}

/// The quotas that somebody wrote.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Written {
    per_person: Option<u64>,
    per_organisation: Option<u64>,
}

/// The largest original that can come in, and the key that allows it.
pub(super) fn largest(mail: Option<&MailWithoutKey>, forms: &[FormSettings]) -> (u64, String) {
    let of_mail = mail.map(|mail| (mail.0.size_limit, "mail.size_limit".to_owned()));
    let of_forms =
        forms.iter().map(|form| (form.body_limit, format!("body_limit of the form {}", form.path)));
    of_mail.into_iter().chain(of_forms).max_by_key(|(bytes, _)| *bytes).unwrap_or_default()
}

/// The quotas, each large enough for what can come in: what could never be kept would be deferred until
/// its sender's server gives up.
pub(super) fn checked(
    root: &Section<'_>,
    written: Written,
    (largest, key): (u64, String),
) -> ArchiveQuota {
    let default = ArchiveQuota::default();
    let per_person = written.per_person.unwrap_or(default.per_person.max(largest));
    let per_organisation =
        written.per_organisation.unwrap_or(default.per_organisation.max(per_person));
    let Some(section) = root.field("archive").and_then(|f| f.section()) else {
        return ArchiveQuota { per_person, per_organisation };
    };
    if written.per_person.is_some()
        && per_person < largest
        && let Some(field) = section.field("per_person")
    {
        let right = format!("at least {largest} bytes, or lower {key}");
        field.fault(format!("is less than one contact may have ({key})"), right);
    }
    if per_organisation < per_person
        && let Some(field) = section.field("per_organisation")
    {
        field.fault(
            "is less than one person may have (archive.per_person)",
            format!("at least {per_person} bytes"),
        );
    }
    ArchiveQuota { per_person, per_organisation }
}
