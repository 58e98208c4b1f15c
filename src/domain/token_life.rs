//! How long a token of the API opens anything, and from when on somebody is warned.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::moment::{midnight, next_day};

/// Days before a token's last one from which on a start, a check, the console and the keeper warn of it.
const WARNING_DAYS: i64 = 28;

/// A token opens what it may until its last day is over, on its organisation's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenLife {
    last_day: NaiveDate,
    zone: Tz,
}

/// How that looks on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenState {
    Valid,
    /// It ends within some weeks: somebody has to make a new one.
    Soon,
    /// It opens nothing.
    Expired,
}

impl TokenState {
    /// As metrics name it.
    pub const fn name(self) -> &'static str {
        match self {
            TokenState::Valid => "valid",
            TokenState::Soon => "expires_soon",
            TokenState::Expired => "expired",
        }
    }
}

impl TokenLife {
    pub const fn new(last_day: NaiveDate, zone: Tz) -> Self {
        TokenLife { last_day, zone }
    }

    /// The last day on which the token opens anything.
    pub const fn last_day(self) -> NaiveDate {
        self.last_day
    }

    /// The instant from which on it opens nothing.
    pub fn end(self) -> DateTime<Utc> {
        midnight(self.zone, next_day(self.last_day))
    }

    /// `today`: by the organisation's own clock.
    pub fn state(self, today: NaiveDate) -> TokenState {
        match self.last_day.signed_duration_since(today).num_days() {
            ..0 => TokenState::Expired,
            0..=WARNING_DAYS => TokenState::Soon,
            _ => TokenState::Valid,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn the_last_day_counts_whole_and_is_warned_of_some_weeks_before() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let life = TokenLife::new(day("2027-01-31"), Tz::Europe__London);
        for (today, state) in [
            ("2027-01-02", TokenState::Valid),
            ("2027-01-03", TokenState::Soon),
            ("2027-01-31", TokenState::Soon),
            ("2027-02-01", TokenState::Expired),
        ] {
            assert_eq!(life.state(day(today)), state, "{today}");
        }
    }

    /// By its instant and by the day, a token ends at once: also where the clock is ahead of UTC.
    #[test]
    fn it_ends_when_the_organisations_day_does() {
        let zone = Tz::Europe__London;
        let life = TokenLife::new("2027-06-30".parse().unwrap(), zone);
        assert_eq!(life.end(), "2027-06-30T23:00:00Z".parse::<DateTime<Utc>>().unwrap());
        let state_at = |at: DateTime<Utc>| life.state(at.with_timezone(&zone).date_naive());
        assert_eq!(state_at(life.end() - TimeDelta::microseconds(1)), TokenState::Soon);
        assert_eq!(state_at(life.end()), TokenState::Expired);
    }

    #[test]
    fn a_state_has_a_name_of_its_own_for_metrics() {
        let states = [TokenState::Valid, TokenState::Soon, TokenState::Expired];
        assert_eq!(states.map(TokenState::name), ["valid", "expires_soon", "expired"]);
        let last = "2027-01-31".parse().unwrap();
        assert_eq!(TokenLife::new(last, Tz::Europe__London).last_day(), last);
    }
}
