//! Tokens that expire: the warnings at the start and in `check`.

use std::sync::Arc;

use chrono::NaiveDate;

use super::fault::Warning;
use crate::domain::organisation::Organisation;
use crate::domain::token_life::TokenState;
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
        for (member, life) in own.filter_map(|one| Some((one, one.expires?))) {
            let (name, last) = (&member.name, life.last_day());
            let text = match life.state(today) {
                TokenState::Valid => continue,
                TokenState::Soon => {
                    format!("the token of `{name}` expires after {last}: make a new one")
                }
                TokenState::Expired => {
                    format!("the token of `{name}` expired on {last} and is refused")
                }
            };
            let organisation = Some(organisation.id.to_string());
            warnings.push(Warning { organisation, text });
        }
    }
    warnings
}
