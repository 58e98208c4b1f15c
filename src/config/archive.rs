//! `[archive]`: where originals are kept, and how many.

use std::path::PathBuf;

use super::endpoint;
use super::reader::Section;
use super::settings::MailWithoutKey;
use crate::channels::web_form::settings::FormSettings;
use crate::runtime::limits::ORIGINALS_BYTES_MAX;
use crate::store::settings::{ArchiveQuota, ArchiveUrl};

const FOLDER_DEFAULT: &str = "var/archive";

/// Below this, no quota is of use to anybody.
const QUOTA_BYTES_MIN: u64 = 1024 * 1024;

/// Where it is, and the quotas as far as they are written.
pub(super) fn read(root: &Section<'_>) -> (ArchiveUrl, Written) {
    let default = || ArchiveUrl::File(PathBuf::from(FOLDER_DEFAULT));
    let Some(section) = root.field("archive").and_then(|f| f.section()) else {
        return (default(), Written::default());
    };
    let url = section.field("url").and_then(|f| f.parsed(endpoint::archive));
    let bytes = |key| {
        let field = section.field(key)?;
        field.bytes(QUOTA_BYTES_MIN, ORIGINALS_BYTES_MAX)
    };
    let written =
        Written { per_person: bytes("per_person"), per_organisation: bytes("per_organisation") };
    section.close();
    (url.unwrap_or_else(default), written)
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
