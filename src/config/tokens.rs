//! Tokens that expire: the warnings at the start and in `check`.

use std::sync::Arc;

use chrono::{Days, NaiveDate, TimeDelta};

use super::fault::Warning;
use crate::domain::organisation::Organisation;
use crate::runtime::limits::TOKEN_WARNING_DAYS;
use crate::staff::settings::StaffMember;

/// The warnings, as of `today`, of tokens that expire soon or have expired.
pub(super) fn warnings(
    staff: &[StaffMember],
    organisations: &[Arc<Organisation>],
    today: NaiveDate,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for organisation in organisations {
        let own = staff.iter().filter(|one| one.organisation == organisation.id);
        for (member, end) in own.filter_map(|one| Some((one, one.expires?))) {
            let zone = organisation.profile.timezone;
            let last = (end - TimeDelta::seconds(1)).with_timezone(&zone).date_naive();
            let text = if last < today {
                format!("the token of `{}` expired on {last} and is refused", member.name)
            } else if last <= today + Days::new(TOKEN_WARNING_DAYS) {
                format!("the token of `{}` expires after {last}: make a new one", member.name)
            } else {
                continue;
            };
            let organisation = Some(organisation.id.to_string());
            warnings.push(Warning { organisation, text });
        }
    }
    warnings
}
