//! `[safeguards]` and `[organisation.safeguards]`: a service of the organisation's own that may add lanes.

use std::time::Duration;

use super::events::url;
use super::reader::Section;
use crate::forward::helper::settings::HelperSettings;
use crate::runtime::limits::{HELPER_WAIT, HELPER_WAIT_MAX};

/// The shortest wait that an answer can be expected in, in milliseconds.
const WAIT_MS_MIN: u32 = 20;

/// The service that a section names; `None`: none, which is the default.
pub(super) fn read(section: &Section<'_>) -> Option<HelperSettings> {
    let section = section.field("safeguards")?.section()?;
    let url = section.field("helper").and_then(|field| field.parsed(url));
    let most = u32::try_from(HELPER_WAIT_MAX.as_millis()).unwrap_or(u32::MAX);
    let wait = section.field("helper_wait_ms").and_then(|field| field.whole(WAIT_MS_MIN, most));
    let wait = wait.map_or(HELPER_WAIT, |wait| Duration::from_millis(wait.into()));
    section.close();
    Some(HelperSettings { url: url?, wait })
}
