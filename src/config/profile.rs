//! Profiles: an organisation's published rules, read from a file that people write.
//!
//! A value is given with its clause, `every_months = { value = 6, clause = "8.4" }`; where the
//! policy is silent it is `"unset"`. The same reader takes the canonical JSON of a profile, in
//! which `null` is unset and the clauses are separate, so that the output can be read back.

mod built_in;
mod canonical;
mod choices;
mod lane_words;
mod overlay;
mod read;
mod rights;
mod unset;

use std::path::Path;

use crate::domain::profile::Profile;

use super::bank_holidays::Calendars;
use super::fault::Faults;
use super::node;
use super::reader::Reader;

pub use built_in::safeguard_words;
pub use canonical::to_canonical_json;
pub use overlay::{from_canonical_json, overlay};
pub use unset::{UnsetValue, unset};

pub(super) use choices::lay_choices;
pub(super) use read::{read, staffed_hours};
pub(super) use rights::queue_name;

/// Reads a profile with the bank holidays that the gateway knows.
///
/// # Errors
/// Every fault of the file at once.
pub fn load(path: &Path) -> Result<Profile, Faults> {
    let calendars = Calendars::built_in()?;
    let root = node::parse(&path.display().to_string(), &node::read(path)?)?;
    let reader = Reader::default();
    let profile = read(&reader, &root, &calendars);
    match profile.filter(|_| reader.is_clean()) {
        Some(profile) => Ok(profile),
        None => Err(reader.faults()),
    }
}
