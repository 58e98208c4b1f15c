//! Dates as policies write them: whole days in the organisation's time zone, or instants.

use chrono::{DateTime, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A day of the organisation, or an exact instant. Written `2026-11-01` or RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    Day(NaiveDate),
    Instant(DateTime<Utc>),
}

impl Moment {
    /// The first instant of the moment: a day's 00:00, or the instant itself.
    pub fn start(self, zone: Tz) -> DateTime<Utc> {
        match self {
            Moment::Day(day) => midnight(zone, day),
            Moment::Instant(instant) => instant,
        }
    }

    /// The first instant that is past the moment: a day is included whole, an instant is the one
    /// from which it no longer holds.
    pub fn end(self, zone: Tz) -> DateTime<Utc> {
        match self {
            Moment::Day(day) => midnight(zone, next_day(day)),
            Moment::Instant(instant) => instant,
        }
    }

    /// The day on which the moment falls.
    pub fn day(self, zone: Tz) -> NaiveDate {
        match self {
            Moment::Day(day) => day,
            Moment::Instant(instant) => instant.with_timezone(&zone).date_naive(),
        }
    }
}

/// The first instant of a day in a zone.
pub fn midnight(zone: Tz, day: NaiveDate) -> DateTime<Utc> {
    local(zone, day.and_time(NaiveTime::MIN))
}

/// The day after; the calendar's last day stays itself.
pub fn next_day(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

/// The instant at which a wall clock first shows a time. In the hour that is skipped in spring it is
/// the end of the gap; in the hour that comes twice in autumn it is the first.
pub fn local(zone: Tz, wall: NaiveDateTime) -> DateTime<Utc> {
    // No zone has ever skipped more than a day: a gap ends within 96 quarter hours.
    const GAP_QUARTERS_MAX: i64 = 96;
    for quarter in 0..=GAP_QUARTERS_MAX {
        let shifted = wall + chrono::Duration::minutes(15 * quarter);
        match zone.from_local_datetime(&shifted) {
            LocalResult::Single(instant) => return instant.with_timezone(&Utc),
            LocalResult::Ambiguous(first, _) => return first.with_timezone(&Utc),
            LocalResult::None => {}
        }
    }
    Utc.from_utc_datetime(&wall)
}

impl std::str::FromStr for Moment {
    type Err = String;

    fn from_str(written: &str) -> Result<Self, Self::Err> {
        if let Ok(day) = written.parse::<NaiveDate>() {
            return Ok(Moment::Day(day));
        }
        DateTime::parse_from_rfc3339(written)
            .map(|instant| Moment::Instant(instant.with_timezone(&Utc)))
            .map_err(|_| {
                format!(
                    "`{written}` is not a date; write a day as 2026-11-01 \
                     or an instant as 2026-11-01T09:00:00Z"
                )
            })
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Moment::Day(day) => write!(f, "{day}"),
            Moment::Instant(instant) => {
                f.write_str(&instant.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
            }
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
