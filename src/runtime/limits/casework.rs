//! Bounds of casework.

use std::time::Duration;

use chrono::TimeDelta;

/// How often a step is judged again where others write to the case meanwhile. After that: try again.
pub const STEP_TRIES_MAX: usize = 5;
/// Items that one change of a restriction has decided again, of each queue. More: they stay held until staff
/// look at them.
pub const RELEASED_BY_STEP_MAX: usize = 10_000;
/// How long what a step left to do is left to whoever took the step. Then any gateway does it.
pub const EFFECT_LEFT_AFTER: TimeDelta = TimeDelta::seconds(60);
/// Entries of the audit trail that are followed in one step, from which what staff see is counted.
pub const FOLLOWED_ENTRIES: usize = 200;
/// Such steps that one request waits for. What is left follows by itself.
pub const CATCH_UP_PAGES_MAX: usize = 25;
/// How often such a step is tried again where another gateway writes. After that: that one follows.
pub const FOLLOW_TRIES_MAX: usize = 5;
/// Contacts on a person's timeline in one month. More: they are only counted.
pub const TIMELINE_CONTACTS_MAX: usize = 5_000;
/// The longest period of any quota, and a day for the clocks of a zone.
pub const COUNTED_DAYS_AGAIN: TimeDelta = TimeDelta::days(32);
/// Months of a person's timeline that are read at once. More: refused.
pub const TIMELINE_MONTHS_MAX: usize = 25;
/// How long casework is left to itself between two rounds of the keeper.
pub const KEEPER_EVERY: Duration = Duration::from_secs(30);
/// Rounds of the keeper from one look at the diary to the next.
pub const KEEPER_REMINDS_EVERY: u32 = 10;
/// Days of a back-test. More: refused.
pub const BACK_TEST_DAYS_MAX: u32 = 366;
/// Larger quotas that a back-test tries. More are not tried.
pub const BACK_TEST_VARIANTS_MAX: u32 = 10;
