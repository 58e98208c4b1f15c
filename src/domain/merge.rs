//! Two records of one person: what they are together, while both stay what they are.
//!
//! A merge is a pointer from one record to the other. Contacts from an identifier of either are decided on what
//! restricts the person by any of them, and counted together; each stays on the record whose identifier it came
//! from. So a merge that is undone leaves each record with its own.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::broken::Broken;
use super::invisible::is_blank;
use super::ledger::{Counted, Ledger};
use super::open_way;
use super::person::{Person, Together};
use super::profile::Profile;
use super::restriction::{Kind, Restriction};
use crate::domain::refusal_code::RefusalCode;

/// The record that a record is merged into: itself, where it is not.
pub fn root_of(person: &Person) -> &str {
    let shown = person.together.as_ref().map(|together| &together.root);
    shown.or(person.merged_into.as_ref()).unwrap_or(&person.id)
}

/// The other records of a person as it is enforced, whose counters count with its own.
pub fn others(person: &Person) -> Vec<String> {
    let records = person.together.iter().flat_map(|together| &together.records);
    records.filter(|id| **id != person.id).cloned().collect()
}

/// Records of one person, the root first, each as it is enforced: under its own id, with what restricts and what
/// opens ways for the person by any of them.
pub fn together(records: &[Arc<Person>]) -> Vec<Arc<Person>> {
    let (Some(root), true) = (records.first(), records.len() > 1) else { return records.to_vec() };
    let owners = records.iter().flat_map(|of| {
        of.restrictions.iter().map(|restriction| (restriction.id.clone(), of.id.clone()))
    });
    let shared = Arc::new(Together {
        root: root.id.clone(),
        records: records.iter().map(|one| one.id.clone()).collect(),
        owners: owners.collect(),
    });
    let with_others = records.iter().map(|own| {
        let mut whole = Person::clone(own);
        for other in records.iter().filter(|other| other.id != own.id) {
            lay(&mut whole, other);
        }
        whole.together = Some(Arc::clone(&shared));
        Arc::new(whole)
    });
    with_others.collect()
}

/// Adds another record's entries after one's own: places of representatives stay what they are.
fn lay(whole: &mut Person, other: &Person) {
    fn add<T: Clone + PartialEq>(to: &mut Vec<T>, from: &[T]) {
        for one in from {
            if !to.contains(one) {
                to.push(one.clone());
            }
        }
    }
    add(&mut whole.identifiers, &other.identifiers);
    add(&mut whole.representatives, &other.representatives);
    add(&mut whole.adjustments, &other.adjustments);
    add(&mut whole.issues, &other.issues);
    add(&mut whole.invitations, &other.invitations);
    add(&mut whole.engaged, &other.engaged);
    add(&mut whole.restrictions, &other.restrictions);
}

/// What a quota counts of a ledger: what was counted for it, and for records of one person also what only a
/// quota of another record counted, which counts nothing that this one would not.
pub fn counted_for<'l>(
    person: Option<&Person>,
    profile: &Profile,
    quota: &Restriction,
    ledger: &'l Ledger,
) -> Vec<&'l Counted> {
    let own: Vec<&Counted> =
        ledger.counted.iter().filter(|one| one.restriction == quota.id).collect();
    let Some((person, together)) = person.and_then(|one| Some((one, one.together.as_ref()?)))
    else {
        return own;
    };
    let zone = profile.timezone;
    let is_comparable = |one: &&Counted| {
        let of = person.restrictions.iter().find(|other| other.id == one.restriction);
        of.is_some_and(|other| {
            together.owner(&other.id) != together.owner(&quota.id)
                && counts_no_more(profile, &other.kind, &quota.kind)
        })
    };
    // One contact is counted at one instant, for whichever quotas.
    let is_new =
        |one: &&Counted| !own.iter().any(|known| known.at == one.at && known.mode == one.mode);
    let begun = |one: &&Counted| quota.starts.is_none_or(|starts| starts.start(zone) <= one.at);
    let mut found: Vec<&Counted> = own.clone();
    for one in ledger.counted.iter().filter(|one| is_comparable(one) && is_new(one) && begun(one)) {
        if !found.iter().any(|known| known.at == one.at && known.mode == one.mode) {
            found.push(one);
        }
    }
    found
}

/// Whether one quota counts nothing that another would not.
fn counts_no_more(profile: &Profile, one: &Kind, other: &Kind) -> bool {
    match (one, other) {
        (Kind::IssueQuota(_), Kind::IssueQuota(_)) => true,
        (Kind::ContactQuota { channels: one, .. }, Kind::ContactQuota { channels: other, .. }) => {
            super::channel::Channel::ALL.into_iter().all(|channel| {
                let covers = |set: &Option<super::restriction::ChannelSet>| {
                    set.as_ref().is_none_or(|set| profile.set_contains(set, channel))
                };
                !covers(one) || covers(other)
            })
        }
        _ => false,
    }
}

/// A quota's state before or after records are merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuotaShown {
    pub restriction: String,
    /// The record that it is on.
    pub of: String,
    pub used: u32,
    pub limit: u32,
}

/// The quotas in force on a person's record or records, as they are at an instant.
pub fn quotas(
    person: &Person,
    profile: &Profile,
    ledger: &Ledger,
    at: DateTime<Utc>,
) -> Vec<QuotaShown> {
    let in_force = person.restrictions.iter().filter(|one| one.is_in_force(at, profile));
    let shown = in_force.filter_map(|one| {
        one.kind.quota()?;
        let counted = counted_for(Some(person), profile, one, ledger);
        let counted = counted.into_iter().filter(|counted| counted.mode == one.mode);
        let (usage, _) = one.kind.quota_usage(counted, at, profile.timezone)?;
        let owner = person.together.as_ref().and_then(|together| together.owner(&one.id));
        Some(QuotaShown {
            restriction: one.id.clone(),
            of: owner.unwrap_or(&person.id).to_owned(),
            used: usage.used,
            limit: usage.limit,
        })
    });
    shown.collect()
}

/// What keeps two records from being merged: everything, at once.
pub fn refusals(
    kept: &Arc<Person>,
    other: &Arc<Person>,
    whole: &Person,
    at: DateTime<Utc>,
    profile: &Profile,
) -> Vec<Broken> {
    let mut broken = Vec::new();
    if kept.id == other.id {
        return vec![Broken::new(RefusalCode::MergeSame, "both are the same record").key("other")];
    }
    for (record, key) in [(kept, "person"), (other, "other")] {
        if let Some(into) = &record.merged_into {
            let what = format!("`{}` is merged into `{into}` already", record.id);
            broken.push(Broken::new(RefusalCode::MergeAlready, what).key(key));
        }
    }
    if !other.merged.is_empty() {
        let what = format!(
            "`{}` was merged into `{}`; undo that first",
            other.merged.join("`, `"),
            other.id
        );
        broken.push(Broken::new(RefusalCode::MergeAlready, what).key("other"));
    }
    for restriction in &other.restrictions {
        if whole_of(kept, &restriction.id) {
            let what = format!("both records have a restriction `{}`", restriction.id);
            broken.push(Broken::new(RefusalCode::MergeSameRestriction, what).key("restrictions"));
        }
    }
    if represents(kept, other) || represents(other, kept) {
        let what = "one of them is a representative of the other, by the same address or number";
        broken.push(Broken::new(RefusalCode::MergeRepresents, what).key("representatives"));
    }
    let today = at.with_timezone(&profile.timezone).date_naive();
    if let Err(closed) = open_way::of_person(profile, whole, today) {
        let what = format!(
            "in the 7 days from {} no staffed way stays open with all of this person's \
             restrictions; lift or \
             vary something first",
            closed.from
        );
        let clause = profile.clause_of("open_way");
        broken.push(Broken::new(RefusalCode::OpenWayNone, what).clause(clause).key("restrictions"));
    }
    broken
}

fn whole_of(person: &Person, restriction: &str) -> bool {
    person.restrictions.iter().any(|one| one.id == restriction)
}

fn represents(person: &Person, whom: &Person) -> bool {
    let own = &person.identifiers;
    whom.representatives
        .iter()
        .flat_map(|one| &one.identifiers)
        .any(|one| own.iter().any(|own| own.kind == one.kind && own.value == one.value))
}

/// In what two records differ, or what else staff should look at before they merge them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    Name,
    Reference,
    Address,
    Language,
    /// Each has a point of contact of its own.
    PointsOfContact,
    /// An address or number of either is shared with others.
    Shared,
}

impl Difference {
    pub const fn what(self) -> &'static str {
        match self {
            Difference::Name => "The records have different names.",
            Difference::Reference => "The records have different references.",
            Difference::Address => "The records have different addresses.",
            Difference::Language => "The records have different languages.",
            Difference::PointsOfContact => {
                "Both have a point of contact; contacts go to the first by its id."
            }
            Difference::Shared => {
                "An address or number is marked as used by others too; it still decides nothing."
            }
        }
    }
}

impl Serialize for Difference {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.what())
    }
}

/// In what two records differ, which staff should look at.
pub fn differences(kept: &Person, other: &Person) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut differ = |what: Difference, one: Option<&str>, two: Option<&str>| {
        if let (Some(one), Some(two)) = (one, two)
            && !one.trim().eq_ignore_ascii_case(two.trim())
            && !is_blank(one)
            && !is_blank(two)
        {
            found.push(what);
        }
    };
    differ(Difference::Name, Some(&kept.name), Some(&other.name));
    differ(Difference::Reference, kept.reference.as_deref(), other.reference.as_deref());
    differ(Difference::Address, kept.address.as_deref(), other.address.as_deref());
    if let (Some(one), Some(two)) = (kept.language, other.language)
        && one != two
    {
        found.push(Difference::Language);
    }
    let points = |person: &Person| {
        person.restrictions.iter().any(|one| {
            matches!(one.kind, Kind::SinglePointOfContact(_))
                && one.status == super::restriction::Status::Active
        })
    };
    if points(kept) && points(other) {
        found.push(Difference::PointsOfContact);
    }
    if kept.identifiers.iter().chain(&other.identifiers).any(|one| one.shared) {
        found.push(Difference::Shared);
    }
    found
}

#[cfg(test)]
mod tests;
