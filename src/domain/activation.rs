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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::nation::Nation;
    use crate::domain::profile::KindRule;

    fn profile() -> Profile {
        let mut profile = Profile::silent("Bare Homes", Nation::England);
        for (allowed, kind) in [(true, KindName::VisitsInPairs), (false, KindName::CallLength)] {
            let rule = KindRule { allowed, clause: Some("6.1".to_owned()), sign_off: None };
            profile.kinds.insert(kind, rule);
        }
        let clauses = [("review", "8"), ("review.every_months", "8.1"), ("grounds", "2")];
        profile.clauses = clauses.map(|(path, clause)| (path.to_owned(), clause.to_owned())).into();
        profile
    }

    fn restriction(changes: Value) -> Value {
        let mut restriction = json!({"id": "R-1", "kind": "visits_in_pairs"});
        for (key, value) in changes.as_object().unwrap() {
            restriction[key] = value.clone();
        }
        restriction
    }

    fn read(changes: Value) -> Restriction {
        serde_json::from_value(restriction(changes)).unwrap()
    }

    fn said(broken: &[BrokenRule]) -> Vec<(&str, Option<&str>)> {
        broken.iter().map(|one| (one.key, one.clause.as_deref())).collect()
    }

    #[test]
    fn a_kind_is_refused_that_the_policy_forbids_or_leaves_out() {
        let profile = profile();
        assert_eq!(kind_fault(&profile, KindName::VisitsInPairs), None);
        let forbidden = kind_fault(&profile, KindName::CallLength).unwrap();
        assert_eq!(said(std::slice::from_ref(&forbidden)), [("kind", Some("6.1"))]);
        assert_eq!(forbidden.what, "the policy of Bare Homes does not allow `call_length`");
        let unset = kind_fault(&profile, KindName::ContactEnded).unwrap();
        assert_eq!(said(std::slice::from_ref(&unset)), [("kind", None)]);
        assert!(unset.what.contains("set \"kinds.contact_ended\""), "{}", unset.what);
    }

    #[test]
    fn what_is_missing_from_the_record_is_named_by_its_key() {
        let profile = profile();
        let missing = |changes: Value| {
            let broken = on_record(&profile, &read(changes));
            broken.into_iter().map(|one| (one.key, one.clause)).collect::<Vec<_>>()
        };
        let grounds = ("grounds", Some("2".to_owned()));
        let none = |key: &'static str| (key, None);
        let all = [grounds, none("starts"), none("review_due"), none("decided_by")];
        assert_eq!(missing(json!({})), all);
        let blank = json!({"grounds": " ", "clause": "\u{200b}", "decided_by": ""});
        assert_eq!(missing(blank), all);
        let whole = |changes: Value| {
            let mut whole = json!({"grounds": "abuse", "starts": "2026-01-05", "review_due": "2026-07-05",
                "decided_by": "Dan"});
            for (key, value) in changes.as_object().unwrap() {
                whole[key] = value.clone();
            }
            missing(whole)
        };
        assert_eq!(whole(json!({})), []);
        assert_eq!(whole(json!({"review_due": null, "ends": "2026-07-05"})), []);
        assert_eq!(whole(json!({"kind": "appointment_only"})), [none("clause")]);
        assert_eq!(whole(json!({"kind": "appointment_only", "clause": "6.9"})), []);
    }

    fn closed(organisation: &Organisation, restrictions: &Value) -> Option<Vec<usize>> {
        let person = json!({"id": "P-1", "restrictions": restrictions});
        closed_together(organisation, &serde_json::from_value(person).unwrap())
    }

    #[test]
    fn what_is_enforced_at_the_same_time_leaves_a_staffed_way() {
        let organisation = Organisation::new("bare", profile());
        let only = |channels: &[&str], changes: Value| {
            let mut one = restriction(changes);
            one["kind"] = json!("channels_only");
            one["channels"] = json!(channels);
            one
        };
        let (email, letter) = (only(&["email"], json!({})), only(&["letter"], json!({})));
        let social = only(&["social"], json!({}));
        let pairs = || restriction(json!({}));
        let hours = |day: &str| {
            let windows = json!([{"days": [day], "from": "09:00", "to": "10:00"}]);
            let channels = json!(["email"]);
            restriction(json!({"kind": "hours_only", "windows": windows, "channels": channels}))
        };
        let changed = |changes: Value| only(&["letter"], changes);
        let early = |changes: Value| only(&["email"], changes);
        for (restrictions, expected) in [
            (json!([]), None),
            (json!([pairs(), email]), None),
            (json!([email, pairs(), letter]), Some(vec![0, 1, 2])),
            // Nobody answers on social media.
            (json!([social]), Some(vec![0])),
            (json!([pairs(), email, hours("sat")]), Some(vec![0, 1, 2])),
            (json!([email, hours("mon")]), None),
            (json!([letter, hours("sat")]), None),
            (json!([restriction(json!({"kind": "representative_only"}))]), Some(vec![0])),
            (
                json!([restriction(json!({"kind": "contact_quota", "limit": 1, "per": "week"}))]),
                None,
            ),
            (json!([restriction(json!({"kind": "contact_ended"}))]), None),
            (json!([email, changed(json!({"status": "under_appeal"}))]), Some(vec![0, 1])),
            (json!([email, changed(json!({"status": "lifted"}))]), None),
            (json!([email, changed(json!({"mode": "observe"}))]), None),
            // One ends on the day before the other starts, or on the same day.
            (
                json!([
                    early(json!({"ends": "2026-03-01"})),
                    changed(json!({"starts": "2026-03-02"}))
                ]),
                None,
            ),
            (
                json!([
                    early(json!({"ends": "2026-03-02"})),
                    changed(json!({"starts": "2026-03-02"}))
                ]),
                Some(vec![0, 1]),
            ),
            (
                json!([
                    changed(json!({"starts": "2026-03-02"})),
                    early(json!({"starts": "2026-03-02"}))
                ]),
                Some(vec![0, 1]),
            ),
        ] {
            assert_eq!(closed(&organisation, &restrictions), expected, "{restrictions}");
        }
        let person = json!({"id": "P-1", "restrictions": [social],
            "adjustments": [{"kind": "needs_channel", "channel": "telephone"}]});
        let needs = serde_json::from_value::<Person>(person).unwrap();
        assert_eq!(closed_together(&organisation, &needs), None);
        let person = json!({"id": "P-1", "representatives": [{"name": "Pat"}],
            "restrictions": [restriction(json!({"kind": "representative_only"}))]});
        let represented = serde_json::from_value::<Person>(person).unwrap();
        assert_eq!(closed_together(&organisation, &represented), None);
    }

    #[test]
    fn dates_are_in_order_and_within_the_longest_period() {
        let mut profile = profile();
        profile.review.longest_months = Some(6);
        profile.clauses.insert("review.longest_months".to_owned(), "8.2".to_owned());
        let mut organisation = Organisation::new("bare", profile.clone());
        let faults = |organisation: &Organisation, reviewed: Option<&str>, changes: Value| {
            let reviewed = reviewed.map(|day| day.parse().unwrap());
            let broken = dates(organisation, &read(changes), reviewed);
            broken.into_iter().map(|one| (one.key, one.clause, one.what)).collect::<Vec<_>>()
        };
        let one = |key: &'static str, clause: &str, what: &str| {
            vec![(key, Some(clause.to_owned()), what.to_owned())]
        };
        let since_start = "it is reviewed later than 6 months after its start";
        let since_review = "it is reviewed later than 6 months after its last review";
        for (reviewed, changes, expected) in [
            (None, json!({"review_due": "2026-07-05"}), vec![]),
            (None, json!({"review_due": "2026-07-06"}), one("review_due", "8.2", since_start)),
            (Some("2026-02-05"), json!({"review_due": "2026-08-05"}), vec![]),
            (
                Some("2026-02-05"),
                json!({"review_due": "2026-08-06"}),
                one("review_due", "8.2", since_review),
            ),
            (None, json!({"ends": "2026-07-05"}), vec![]),
            (
                Some("2026-02-05"),
                json!({"ends": "2026-07-06"}),
                one("ends", "8.2", "it ends later than 6 months after its start"),
            ),
            (None, json!({"ends": "2026-01-05"}), vec![]),
            (None, json!({"ends": "2026-01-04"}), one("ends", "8", "it ends before it starts")),
            (
                None,
                json!({"review_due": "2026-01-04"}),
                one("review_due", "8", "its review is due before it starts"),
            ),
            (None, json!({}), one("review_due", "8.1", "it has neither a review nor an end date")),
        ] {
            let mut dated = changes.clone();
            dated["starts"] = json!("2026-01-05");
            assert_eq!(faults(&organisation, reviewed, dated), expected, "{reviewed:?} {changes}");
        }
        profile.review.every_months = Some(6);
        organisation = Organisation::new("bare", profile);
        assert_eq!(faults(&organisation, None, json!({})), []);
    }
}
