//! Whether all about a person may be erased (UK GDPR Art. 17): the reasons to refuse it, and which of them
//! can be overridden by saying why.

use chrono::{DateTime, Utc};

use super::broken::Broken;
use super::case::CaseFile;
use super::invisible::is_blank;
use super::person::Person;
use super::profile::Profile;
use crate::domain::refusal_code::RefusalCode;

/// What people said for and against erasing a record.
#[derive(Debug, Clone, Copy)]
pub struct ErasureReasons<'a> {
    /// Somebody holds it, for a claim or an inquiry (Art. 17(3)(e)).
    pub held: bool,
    /// Why it goes although a restriction is in force, or an appeal is open.
    pub despite: Option<&'a str>,
}

/// What keeps a person's record from being erased.
pub fn in_the_way(
    person: &Person,
    file: &CaseFile,
    profile: &Profile,
    reasons: ErasureReasons<'_>,
    now: DateTime<Utc>,
) -> Vec<Broken> {
    let mut broken = Vec::new();
    if person.merged_into.is_some() || !person.merged.is_empty() {
        let what = "the record is merged with another; undo the merge first";
        broken.push(Broken::new(RefusalCode::ErasureMerged, what).key("person"));
    }
    if reasons.held {
        broken.push(Broken::new(
            RefusalCode::ErasureHeld,
            "the record is on hold; the hold must be ended first (Art. 17(3)(e))",
        ));
    }
    if reasons.despite.is_some_and(|why| !is_blank(why)) {
        return broken;
    }
    for one in person.restrictions.iter().filter(|one| one.is_in_force(now, profile)) {
        let what = format!(
            "the restriction {} is in force; say in `despite` why the record is \
            erased anyway",
            one.id
        );
        broken.push(Broken::new(RefusalCode::ErasureInForce, what).key("despite"));
    }
    for one in file.appeals.iter().filter(|one| one.is_open()) {
        let what = format!(
            "the appeal {} is open; say in `despite` why the record is erased \
            anyway",
            one.id
        );
        broken.push(Broken::new(RefusalCode::ErasureAppealOpen, what).key("despite"));
    }
    broken
}

/// What is never erased with a person, and why, for the people who decide.
pub const STAYS: [&str; 4] = [
    "figures and tallies: they are counts, and name nobody",
    "of each entry of the audit trail: its number, its instant and a digest that says nothing without its salt, so \
     that the trail can still be verified",
    "backups, until they are deleted themselves; after restoring one, erase again",
    "data that left the gateway: messages in mailboxes, events in other systems. Tell those who \
     have them (Art. 19)",
];

/// Sorted numbers as ranges.
pub fn ranges(numbers: impl IntoIterator<Item = u64>) -> Vec<(u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, to)) if *to + 1 == number => *to = number,
            _ => ranges.push((number, number)),
        }
    }
    ranges
}
