//! What a restriction in force must satisfy, wherever it was decided; each fault names the clause that it
//! breaks. Steps of casework are guarded by more (`lifecycle::guard`).

use chrono::{Datelike, NaiveDate, Weekday};

use super::calendar::add_months;
use super::channel::Channel;
use super::hours::opens_on_a_day;
use super::invisible::is_blank;
use super::organisation::Organisation;
use super::person::Person;
use super::profile::Profile;
use super::restriction::{Kind, KindName, Mode, Restriction, Status};

/// One rule that a restriction breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenRule {
    pub what: String,
    /// The clause of the policy that asks for it, where one does.
    pub clause: Option<String>,
    /// The restriction's key that it is about; empty: no single one.
    pub key: &'static str,
}

fn fault(profile: &Profile, path: &str, what: impl Into<String>) -> BrokenRule {
    BrokenRule { what: what.into(), clause: profile.clauses.get(path).cloned(), key: "" }
}

/// Whether the profile allows this kind at all.
pub fn kind_fault(profile: &Profile, kind: KindName) -> Option<BrokenRule> {
    match profile.kinds.get(&kind) {
        Some(rule) if rule.allowed => None,
        Some(rule) => Some(BrokenRule {
            what: format!("the policy of {} does not allow `{kind}`", profile.name),
            clause: rule.clause.clone(),
            key: "kind",
        }),
        None => Some(BrokenRule {
            what: format!(
                "the policy of {} does not name `{kind}`; the organisation must choose first: \
                 set \"kinds.{kind}\" = {{ allowed = true, clause = \"…\" }}",
                profile.name
            ),
            clause: None,
            key: "kind",
        }),
    }
}

fn some_way_is_open(profile: &Profile, person: &Person, together: &[&Restriction]) -> bool {
    Channel::ALL.into_iter().any(|channel| {
        is_staffed(channel) && together.iter().all(|one| leaves_open(profile, person, one, channel))
    })
}

/// Ways of contact that somebody answers.
const fn is_staffed(channel: Channel) -> bool {
    !matches!(channel, Channel::Social)
}

fn leaves_open(
    profile: &Profile,
    person: &Person,
    restriction: &Restriction,
    channel: Channel,
) -> bool {
    match &restriction.kind {
        Kind::ChannelsOnly { channels } => {
            profile.set_contains(channels, channel) || person.needs_channel(channel)
        }
        Kind::HoursOnly(hours) => {
            !hours.covers(channel, profile) || opens_on_a_day(hours, is_weekday)
        }
        Kind::RepresentativeOnly { .. } => !person.representatives.is_empty(),
        Kind::ContactQuota { quota, channels } => {
            let covered = channels.as_ref().is_none_or(|set| profile.set_contains(set, channel));
            !covered || quota.limit > 0
        }
        Kind::ContactEnded => false,
        Kind::SinglePointOfContact(_)
        | Kind::IssueClosed(_)
        | Kind::IssueQuota(_)
        | Kind::ReadAndFile { .. }
        | Kind::ComplaintClosed(_)
        | Kind::CallLength { .. }
        | Kind::VisitsInPairs
        | Kind::AppointmentOnly
        | Kind::DocumentsReturned { .. } => true,
    }
}

const fn is_weekday(day: Weekday) -> bool {
    !matches!(day, Weekday::Sat | Weekday::Sun)
}

/// The places, in a person's list, of restrictions that are enforced at the same time and together
/// leave no staffed way of contact. A proof over hours and quotas together is not made here.
///
/// An ended contact is set aside: there the safeguard lanes are the way, which the policy signs off.
pub fn closed_together(organisation: &Organisation, person: &Person) -> Option<Vec<usize>> {
    let profile = &organisation.profile;
    let zone = profile.timezone;
    let enforced: Vec<(usize, &Restriction)> = person
        .restrictions
        .iter()
        .enumerate()
        .filter(|(_, one)| {
            matches!(one.status, Status::Active | Status::UnderAppeal)
                && one.mode == Mode::Enforce
                && !matches!(one.kind, Kind::ContactEnded)
        })
        .collect();
    // The set in force changes only where one of them starts, or ends.
    let starts = |one: &Restriction| one.starts.map(|starts| starts.start(zone));
    enforced.iter().find_map(|(_, first)| {
        let at = starts(first);
        let together: Vec<(usize, &Restriction)> = enforced
            .iter()
            .filter(|(_, one)| {
                starts(one) <= at && one.ends.is_none_or(|ends| at < Some(ends.end(zone)))
            })
            .copied()
            .collect();
        let restrictions: Vec<&Restriction> = together.iter().map(|(_, one)| *one).collect();
        let is_open = some_way_is_open(profile, person, &restrictions);
        (!is_open).then(|| together.iter().map(|(place, _)| *place).collect())
    })
}

/// What a restriction in force must have on record, wherever it was decided: grounds, clause, dates
/// and who decided. Each that is missing is named by its key.
pub fn on_record(profile: &Profile, restriction: &Restriction) -> Vec<BrokenRule> {
    let is_missing = |value: Option<&str>| value.is_none_or(is_blank);
    let mut broken = Vec::new();
    let mut add = |key: &'static str, what: &str| {
        broken.push(BrokenRule { key, ..fault(profile, key, what) });
    };
    if is_missing(restriction.grounds.as_deref()) {
        add("grounds", "the grounds are not recorded");
    }
    let cited = profile.clause_for(restriction.kind.name()).is_some();
    if is_missing(restriction.clause.as_deref()) && !cited {
        add("clause", "the clause is not recorded");
    }
    if restriction.starts.is_none() {
        add("starts", "it has no start date");
    }
    if restriction.review_due.is_none() && restriction.ends.is_none() {
        add("review_due", "it has neither a review nor an end date");
    }
    if is_missing(restriction.decided_by.as_deref()) {
        add("decided_by", "it is not recorded who decided");
    }
    broken
}

/// Dates that do not come after the start: their keys, and why that is wrong.
pub fn before_the_start(
    profile: &Profile,
    restriction: &Restriction,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    let zone = profile.timezone;
    let starts = restriction.starts.map(|starts| starts.start(zone));
    let dates = [
        ("ends", restriction.ends, "it ends before it starts"),
        ("review_due", restriction.review_due, "its review is due before it starts"),
    ];
    dates
        .into_iter()
        .filter_map(move |(key, last, what)| (last?.end(zone) <= starts?).then_some((key, what)))
}

/// Whether dates are in order and within the profile's longest period: of the next review since the last, where
/// there was one, and of an end since the start.
pub fn dates(
    organisation: &Organisation,
    restriction: &Restriction,
    reviewed: Option<NaiveDate>,
) -> Vec<BrokenRule> {
    let profile = &organisation.profile;
    let zone = profile.timezone;
    let mut broken = Vec::new();
    let mut add = |path: &str, key: &'static str, what: String| {
        broken.push(BrokenRule { key, ..fault(profile, path, what) });
    };
    for (key, what) in before_the_start(profile, restriction) {
        add("review", key, what.to_owned());
    }
    if restriction.ends.is_none()
        && restriction.review_due.is_none()
        && profile.review.every_months.is_none()
    {
        let what = "it has neither a review nor an end date";
        add("review.every_months", "review_due", what.to_owned());
    }
    let (key, last) = match restriction.review_due {
        Some(review_due) => ("review_due", Some(review_due)),
        None => ("ends", restriction.ends),
    };
    let first_day = reviewed
        .filter(|_| restriction.review_due.is_some())
        .or_else(|| restriction.starts.map(|starts| starts.day(zone)));
    let last_day = last.map(|last| last.day(zone));
    if let (Some(first), Some(last), Some(longest)) =
        (first_day, last_day, profile.review.longest_months)
        && is_longer(first, last, longest)
    {
        let verb = if key == "ends" { "ends" } else { "is reviewed" };
        let after =
            if reviewed.is_some() && key == "review_due" { "its last review" } else { "its start" };
        let what = format!("it {verb} later than {longest} months after {after}");
        add("review.longest_months", key, what);
    }
    broken
}

fn is_longer(first: NaiveDate, last: NaiveDate, months: u32) -> bool {
    // A year outside the calendar can't be compared; dates are checked when they are read.
    first.year() < NaiveDate::MAX.year() && last > add_months(first, months)
}
