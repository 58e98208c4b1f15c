//! By when a person reads a limited or filed contact: what its sender is promised, and what the queue
//! holds staff to.

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::disposition::Disposition;
use crate::domain::moment::{midnight, next_day};
use crate::domain::profile::Profile;

impl Profile {
    /// The day by whose end somebody reads it. The policy may require filed contacts to be read sooner, never later.
    pub fn read_by(&self, disposition: Disposition, at: DateTime<Utc>) -> NaiveDate {
        let filed = self.read_within_working_days.filter(|_| disposition == Disposition::File);
        let days =
            filed.map_or(self.limited_read_within, |days| days.min(self.limited_read_within));
        let today = at.with_timezone(&self.timezone).date_naive();
        self.bank_holidays.add_working_days(today, days)
    }

    /// The end of that day: contacts still unread then are overdue.
    pub fn unread_from(&self, disposition: Disposition, at: DateTime<Utc>) -> DateTime<Utc> {
        midnight(self.timezone, next_day(self.read_by(disposition, at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::nation::Nation;

    #[test]
    fn it_is_the_end_of_a_working_day_in_the_organisations_time() {
        let mut profile = Profile::silent("x", Nation::England);
        // A Friday evening in summer, in London already Saturday.
        let at = "2026-06-12T23:30:00Z".parse().unwrap();
        let from =
            |profile: &Profile, disposition| profile.unread_from(disposition, at).to_rfc3339();
        assert_eq!(from(&profile, Disposition::Limit), "2026-06-15T23:00:00+00:00");
        profile.limited_read_within = 3;
        assert_eq!(from(&profile, Disposition::Limit), "2026-06-17T23:00:00+00:00");
        assert_eq!(from(&profile, Disposition::File), "2026-06-17T23:00:00+00:00");
        profile.read_within_working_days = Some(2);
        assert_eq!(from(&profile, Disposition::File), "2026-06-16T23:00:00+00:00");
        profile.read_within_working_days = Some(9);
        assert_eq!(from(&profile, Disposition::File), "2026-06-17T23:00:00+00:00");
    }
}
