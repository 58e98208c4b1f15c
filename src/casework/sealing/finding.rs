//! What `audit verify` finds, in words.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use crate::ports::trail_index::BLOCK;

/// One place at which a trail does not match its seals, or its index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// An entry is another than was sealed under its number.
    Altered { entry: u64 },
    /// An entry can't be read any more.
    Unreadable { entry: u64 },
    /// Entries are gone.
    Missing { from: u64, to: u64 },
    /// A seal can't be read, is not as it was made, or does not join the one before.
    Seal { from: u64 },
    /// Entries have no seal though there are seals of later ones, or though they are old.
    Unsealed { from: u64, to: u64 },
    /// An anchor was not signed by the key that it names, by none that is trusted, or for another
    /// organisation.
    Untrusted { entry: u64, at: DateTime<Utc> },
    /// What an anchor was signed for is gone, or another.
    Rewritten { entry: u64, at: DateTime<Utc> },
    /// An entry records an anchor at the entry `of` that was not made of this trail.
    NotAnchored { entry: u64, of: u64 },
    /// The index does not have an entry under a mark of it: whoever searches for that does not find it.
    Unlisted { entry: u64, mark: String },
    /// The index has an entry under a mark that is not of it, or one that does not exist.
    Misled { entry: u64, mark: String },
    /// The index does not have entries of a block under their day, counted from 1970.
    UnlistedDay { day: i64, block: u64 },
    /// The index has a block under a day of which it has no entry.
    MisledDay { day: i64, block: u64 },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Altered { entry } => write!(f, "entry {entry} is not the one that was sealed"),
            Finding::Unreadable { entry } => write!(f, "entry {entry} can't be read"),
            Finding::Missing { from, to } if from == to => write!(f, "entry {from} is missing"),
            Finding::Missing { from, to } => write!(f, "entries {from} to {to} are missing"),
            Finding::Seal { from } => {
                write!(f, "the seal of entry {from} and those after it does not match the chain")
            }
            Finding::Unsealed { from, to } => write!(f, "entries {from} to {to} have no seal"),
            Finding::Untrusted { entry, at } => {
                write!(f, "the anchor at entry {entry} of {at} has no trusted signature")
            }
            Finding::Rewritten { entry, at } => write!(
                f,
                "the trail differs from the one signed at entry {entry} on {at}: it was \
                 rewritten, or rolled back to an earlier state"
            ),
            Finding::NotAnchored { entry, of } => write!(
                f,
                "entry {entry} records an anchor at entry {of} that was not made of this trail"
            ),
            Finding::Unlisted { entry, mark } => write!(
                f,
                "the index lacks entry {entry} under `{mark}`: a search for that does not find it"
            ),
            Finding::Misled { entry, mark } => write!(
                f,
                "the index has entry {entry} under `{mark}`, which is not of that entry, or there is \
                 no such entry"
            ),
            Finding::UnlistedDay { day, block } => write!(
                f,
                "the index of days lacks {} for {}: a search by date does not find them",
                Day(*day),
                Numbers(*block)
            ),
            Finding::MisledDay { day, block } => write!(
                f,
                "the index of days has {} for {}, of which none is of that day",
                Day(*day),
                Numbers(*block)
            ),
        }
    }
}

/// A day counted from 1970, as a date.
struct Day(i64);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = TimeDelta::try_days(self.0)
            .and_then(|days| DateTime::UNIX_EPOCH.checked_add_signed(days));
        match date {
            Some(date) => write!(f, "{}", date.date_naive()),
            None => write!(f, "day {}", self.0),
        }
    }
}

/// The numbers of a block.
struct Numbers(u64);

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.0.saturating_mul(BLOCK);
        write!(f, "entries {} to {}", first.max(1), first.saturating_add(BLOCK - 1))
    }
}
