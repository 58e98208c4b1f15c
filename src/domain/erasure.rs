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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::nation::Nation;

    fn refused(person: &Value, file: &Value, held: bool, despite: Option<&str>) -> Vec<String> {
        let mut record = json!({"id": "P-1"});
        record.as_object_mut().unwrap().extend(person.as_object().unwrap().clone());
        let record: Person = serde_json::from_value(record).unwrap();
        let file: CaseFile = serde_json::from_value(file.clone()).unwrap();
        let profile = Profile::silent("Bare Homes", Nation::England);
        let now = "2026-06-01T10:00:00Z".parse().unwrap();
        let found = in_the_way(&record, &file, &profile, ErasureReasons { held, despite }, now);
        found
            .iter()
            .map(|one| format!("{} {}", one.code, one.key.as_deref().unwrap_or_default()))
            .collect()
    }

    #[test]
    fn what_is_in_force_or_open_is_erased_only_for_a_reason_and_what_is_held_or_merged_never() {
        let held =
            |id: &str, status: &str| json!({"id": id, "kind": "visits_in_pairs", "status": status});
        let restricted = json!({"restrictions": [held("R-1", "active"), held("R-2", "lifted"), held("R-3", "active")]});
        let appeal = |id: &str, withdrawn: Option<&str>| {
            json!({"id": id, "restriction": "R-1", "joined": [], "out_of_time": false, "suspends": false,
                "received": {"at": "2026-05-01T10:00:00Z", "channel": "letter", "grounds": [], "recorded_by": "Ann Bell"},
                "withdrawn_at": withdrawn})
        };
        let appealed =
            json!({"appeals": [appeal("A-1", Some("2026-05-02T10:00:00Z")), appeal("A-2", None)]});
        let (nothing, in_force, open) =
            (json!({}), "erasure.in_force despite", "erasure.appeal_open despite");
        let (merged_into, merged) = (json!({"merged_into": "P-2"}), json!({"merged": ["P-2"]}));
        let merge = "erasure.merged person";
        for (person, file, is_held, despite, expected) in [
            (&nothing, &nothing, false, None, vec![]),
            (&merged_into, &nothing, false, None, vec![merge]),
            (&merged, &nothing, false, Some("She asked."), vec![merge]),
            (&nothing, &nothing, true, Some("She asked."), vec!["erasure.held "]),
            (&restricted, &nothing, false, None, vec![in_force, in_force]),
            (&restricted, &appealed, false, Some(" "), vec![in_force, in_force, open]),
            (&restricted, &appealed, false, Some("She asked."), vec![]),
            (&nothing, &appealed, false, None, vec![open]),
        ] {
            assert_eq!(
                refused(person, file, is_held, despite),
                expected,
                "{person} {file} {despite:?}"
            );
        }
    }

    #[test]
    fn numbers_that_follow_each_other_are_one_range() {
        for (numbers, expected) in [
            (vec![], vec![]),
            (vec![7], vec![(7, 7)]),
            (vec![1, 2, 3], vec![(1, 3)]),
            (vec![3, 4, 6, 9, 10], vec![(3, 4), (6, 6), (9, 10)]),
        ] {
            assert_eq!(ranges(numbers.clone()), expected, "{numbers:?}");
        }
    }
}
