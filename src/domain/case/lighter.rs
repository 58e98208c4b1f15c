//! Whether one form of a restriction is lighter than another: every contact that passed before
//! passes after.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::domain::calendar::{Per, QuotaWindow};
use crate::domain::channel::Channel;
use crate::domain::profile::Profile;
use crate::domain::restriction::{
    ChannelSet, Hours, Kind, Mode, Quota, Restriction, Window, WindowEnd,
};

/// Whether `after` lets pass everything that `before` does. Anything uncertain counts as heavier.
pub fn is_lighter(profile: &Profile, before: &Restriction, after: &Restriction) -> bool {
    let zone = profile.timezone;
    let observes = after.mode == Mode::Observe || before.mode == Mode::Enforce;
    let starts_no_earlier = match (before.starts, after.starts) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(before), Some(after)) => after.start(zone) >= before.start(zone),
    };
    let ends_no_later = match (before.ends, after.ends) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(before), Some(after)) => after.end(zone) <= before.end(zone),
    };
    // A later start or review may put off the end that the policy's clock sets.
    let runs_out_no_later = match (before.runs_out(profile), after.runs_out(profile)) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(before), Some(after)) => after <= before,
    };
    observes
        && starts_no_earlier
        && ends_no_later
        && runs_out_no_later
        && kind_is_lighter(profile, before, after)
}

/// A restriction with changes to keys of its JSON form. With another kind it gets that kind's clause, unless the
/// changes name one.
///
/// # Errors
/// They don't fit it.
pub fn varied_by(
    profile: &Profile,
    before: &Restriction,
    changes: &Map<String, Value>,
) -> serde_json::Result<Restriction> {
    let mut whole = serde_json::to_value(before)?;
    if let Value::Object(map) = &mut whole {
        map.extend(changes.clone());
    }
    let mut after: Restriction = serde_json::from_value(whole)?;
    let kind = after.kind.name();
    if kind != before.kind.name() && !changes.contains_key("clause") {
        after.clause = profile.clause_for(kind).map(str::to_owned);
    }
    Ok(after)
}

/// Whether `after` is looked at again, or over, by the day on which `before` is reviewed.
pub fn is_reviewed_as_soon(profile: &Profile, before: &Restriction, after: &Restriction) -> bool {
    let zone = profile.timezone;
    before.review_due.is_none_or(|due| {
        let last = after.review_due.or(after.ends);
        last.is_some_and(|last| last.end(zone) <= due.end(zone))
    })
}

fn kind_is_lighter(profile: &Profile, before: &Restriction, after: &Restriction) -> bool {
    match (&before.kind, &after.kind) {
        // These only say something on a contact that passes.
        (_, Kind::VisitsInPairs | Kind::AppointmentOnly | Kind::DocumentsReturned { .. })
        | (Kind::SinglePointOfContact(_), Kind::SinglePointOfContact(_))
        | (Kind::ContactEnded, Kind::ContactEnded) => true,
        (Kind::ChannelsOnly { channels: old }, Kind::ChannelsOnly { channels: new }) => {
            channels(profile, old).is_subset(&channels(profile, new))
        }
        (Kind::HoursOnly(old), Kind::HoursOnly(new)) => hours_are_lighter(profile, old, new),
        (
            Kind::ContactQuota { quota: old, channels: old_channels },
            Kind::ContactQuota { quota: new, channels: new_channels },
        ) => {
            covered(profile, new_channels.as_ref())
                .is_subset(&covered(profile, old_channels.as_ref()))
                && quota_is_lighter(*old, *new)
        }
        (Kind::IssueQuota(old), Kind::IssueQuota(new)) => quota_is_lighter(*old, *new),
        (Kind::IssueClosed(old), Kind::IssueClosed(new))
        | (Kind::ComplaintClosed(old), Kind::ComplaintClosed(new)) => {
            within(&new.issues, &old.issues)
                && within(&new.threads, &old.threads)
                && within(&new.answered, &old.answered)
                && within(&new.attachments, &old.attachments)
        }
        (Kind::RepresentativeOnly { names: old }, Kind::RepresentativeOnly { names: new }) => {
            match (old, new) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(old), Some(new)) => within(old, new),
            }
        }
        (Kind::ReadAndFile { issues: old }, Kind::ReadAndFile { issues: new }) => {
            match (old, new) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(old), Some(new)) => within(new, old),
            }
        }
        (Kind::CallLength { minutes: old }, Kind::CallLength { minutes: new }) => new >= old,
        _ => false,
    }
}

fn within(inner: &[String], outer: &[String]) -> bool {
    inner.iter().all(|one| outer.contains(one))
}

fn channels(profile: &Profile, set: &ChannelSet) -> BTreeSet<Channel> {
    Channel::ALL.into_iter().filter(|channel| profile.set_contains(set, *channel)).collect()
}

/// The channels that a quota counts: all where it names none.
fn covered(profile: &Profile, set: Option<&ChannelSet>) -> BTreeSet<Channel> {
    set.map_or_else(|| Channel::ALL.into_iter().collect(), |set| channels(profile, set))
}

/// Whether what fits into the old quota fits into the new one. A calendar week may lie in two
/// months, so that two a month can be four in one week.
fn quota_is_lighter(old: Quota, new: Quota) -> bool {
    let fits = match (old.window, new.window) {
        (QuotaWindow::Calendar, QuotaWindow::Calendar) => old.per == new.per || new.per == Per::Day,
        (QuotaWindow::Rolling, QuotaWindow::Rolling) => length(new.per) <= length(old.per),
        (QuotaWindow::Calendar, QuotaWindow::Rolling)
        | (QuotaWindow::Rolling, QuotaWindow::Calendar) => false,
    };
    fits && new.limit >= old.limit
}

const fn length(per: Per) -> u8 {
    match per {
        Per::Day => 0,
        Per::Week => 1,
        Per::Month => 2,
    }
}

fn hours_are_lighter(profile: &Profile, old: &Hours, new: &Hours) -> bool {
    let covers = |hours: &Hours, channel| hours.covers(channel, profile);
    let no_more_channels =
        Channel::ALL.into_iter().all(|channel| !covers(new, channel) || covers(old, channel));
    no_more_channels
        && (new.bank_holidays || !old.bank_holidays)
        && windows_cover(&new.windows, &old.windows)
}

/// Whether every minute of the week that `inner` opens is open in `outer` too.
fn windows_cover(outer: &[Window], inner: &[Window]) -> bool {
    use chrono::{NaiveTime, Weekday};
    const WEEK: [Weekday; 7] = [
        Weekday::Mon,
        Weekday::Tue,
        Weekday::Wed,
        Weekday::Thu,
        Weekday::Fri,
        Weekday::Sat,
        Weekday::Sun,
    ];
    let of_day = |windows: &[Window], day: Weekday| -> Vec<(NaiveTime, WindowEnd)> {
        let mut found: Vec<_> = windows
            .iter()
            .filter(|window| window.days.contains(&day))
            .map(|window| (window.from, window.to))
            .collect();
        found.sort_by_key(|(from, _)| *from);
        found
    };
    let minute = |end: WindowEnd| match end {
        WindowEnd::At(to) => to,
        WindowEnd::Midnight => {
            NaiveTime::MIN.overflowing_sub_signed(chrono::Duration::nanoseconds(1)).0
        }
    };
    WEEK.into_iter().all(|day| {
        let around = of_day(outer, day);
        of_day(inner, day).into_iter().all(|(from, to)| {
            let mut open_until = from;
            for (start, end) in &around {
                if *start <= open_until && minute(*end) > open_until {
                    open_until = minute(*end);
                }
            }
            open_until >= minute(to)
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::nation::Nation;
    use crate::domain::profile::OnOverdue;

    fn restriction(parameters: &serde_json::Value) -> Restriction {
        let mut whole = json!({"id": "R-1", "starts": "2026-01-01"});
        let map = whole.as_object_mut().unwrap();
        map.extend(parameters.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn what_lets_pass_all_that_passed_before_is_lighter() {
        let window = |from: &str, to: &str| json!([{"days": ["mon"], "from": from, "to": to}]);
        let quota = |limit: u32, per: &str, window: &str| json!({"kind": "contact_quota", "limit": limit, "per": per, "window": window});
        let channels = |list: &[&str]| json!({"kind": "channels_only", "channels": list});
        let call_length = |minutes: u32| json!({"kind": "call_length", "minutes": minutes});
        let cases = [
            (quota(2, "week", "calendar"), quota(3, "week", "calendar"), true),
            (quota(2, "week", "calendar"), quota(1, "week", "calendar"), false),
            (quota(2, "month", "calendar"), quota(2, "week", "calendar"), false),
            (quota(2, "month", "calendar"), quota(2, "day", "calendar"), true),
            (quota(2, "month", "rolling"), quota(2, "week", "rolling"), true),
            (quota(2, "week", "rolling"), quota(2, "month", "rolling"), false),
            (channels(&["letter"]), channels(&["letter", "email"]), true),
            (channels(&["letter", "email"]), channels(&["letter"]), false),
            (
                json!({"kind": "hours_only", "windows": window("10:00", "12:00")}),
                json!({"kind": "hours_only", "windows": window("09:00", "12:00")}),
                true,
            ),
            (
                json!({"kind": "hours_only", "windows": window("10:00", "12:00")}),
                json!({"kind": "hours_only", "windows": window("10:30", "24:00")}),
                false,
            ),
            (call_length(10), call_length(15), true),
            (call_length(15), call_length(10), false),
            (channels(&["letter"]), json!({"kind": "visits_in_pairs"}), true),
            (json!({"kind": "visits_in_pairs"}), channels(&["letter"]), false),
        ];
        let profile = Profile::silent("X", Nation::England);
        for (before, after, expected) in cases {
            let found = is_lighter(&profile, &restriction(&before), &restriction(&after));
            assert_eq!(found, expected, "{before} to {after}");
        }
    }

    #[test]
    fn a_later_end_and_enforcing_are_heavier() {
        let profile = Profile::silent("X", Nation::England);
        let base = json!({"kind": "channels_only", "channels": ["letter"], "ends": "2026-06-01"});
        let with = |key: &str, value: serde_json::Value| {
            let mut changed = base.clone();
            changed[key] = value;
            restriction(&changed)
        };
        let lighter =
            |before: &Restriction, after: &Restriction| is_lighter(&profile, before, after);
        let plain = restriction(&base);
        assert!(lighter(&plain, &with("ends", json!("2026-05-01"))));
        assert!(!lighter(&plain, &with("ends", json!("2026-07-01"))));
        assert!(!lighter(&plain, &with("ends", json!(null))));
        assert!(lighter(&plain, &with("mode", json!("observe"))));
        assert!(!lighter(&with("mode", json!("observe")), &plain));
    }

    #[test]
    fn what_the_clock_of_the_policy_would_end_or_review_later_is_not_lighter() {
        let mut profile = Profile::silent("X", Nation::England);
        profile.review.longest_months = Some(6);
        let with = |starts: &str, review_due: Option<&str>| {
            restriction(&json!({
                "kind": "visits_in_pairs", "starts": starts, "review_due": review_due
            }))
        };
        let before = with("2026-01-01", Some("2026-05-01"));
        let (later, put_off) =
            (with("2026-02-01", Some("2026-05-01")), with("2026-01-01", Some("2026-05-02")));
        for (clock, expected) in [
            (OnOverdue::Keep, [true, true]),
            (OnOverdue::HardCap, [false, true]),
            (OnOverdue::Lapse, [true, false]),
        ] {
            profile.review.on_overdue = Some(clock);
            let found = [&later, &put_off].map(|after| is_lighter(&profile, &before, after));
            assert_eq!(found, expected, "{clock:?}");
        }
        let soon = |after: &Restriction| is_reviewed_as_soon(&profile, &before, after);
        assert!(soon(&before) && soon(&later) && soon(&with("2026-01-01", Some("2026-04-01"))));
        assert!(!soon(&put_off) && !soon(&with("2026-01-01", None)));
    }

    #[test]
    fn each_kind_is_lighter_only_if_it_lets_all_pass_that_passed() {
        let quota = |more: serde_json::Value| {
            let quota = json!({"kind": "contact_quota", "limit": 2, "per": "week"});
            crate::domain::case::tests::with(quota, &more)
        };
        let nothing = json!({});
        let issue_quota =
            |limit: u32| json!({"kind": "issue_quota", "limit": limit, "per": "week"});
        let of_email = quota(json!({"channels": ["email"]}));
        let of_calls = quota(json!({"channels": ["telephone"]}));
        let of_both = quota(json!({"channels": ["email", "telephone"]}));
        let (all, rolling) = (quota(nothing), quota(json!({"window": "rolling"})));
        let closed = |kind: &str, key: &str, named: &[&str]| {
            crate::domain::case::tests::with(
                json!({"kind": kind, "issues": ["C-0"]}),
                &json!({key: named}),
            )
        };
        let only = |names: Option<&[&str]>| json!({"kind": "representative_only", "representatives": names});
        let filed = |issues: Option<&[&str]>| json!({"kind": "read_and_file", "issues": issues});
        let point =
            |name: &str| json!({"kind": "single_point_of_contact", "contact": {"name": name}});
        let ended = json!({"kind": "contact_ended"});
        let (one, two) = (&["a"][..], &["a", "b"][..]);
        let mut cases = vec![
            (all.clone(), of_email.clone(), true, false),
            (of_both, of_email.clone(), true, false),
            (of_email, of_calls, false, false),
            (all.clone(), rolling, false, false),
            (issue_quota(2), issue_quota(3), true, false),
            (issue_quota(2), all, false, false),
            (only(Some(one)), only(Some(two)), true, false),
            (only(Some(one)), only(None), true, false),
            (filed(Some(two)), filed(Some(one)), true, false),
            (filed(None), filed(Some(one)), true, false),
            (point("Ann Bell"), point("Bo Carr"), true, true),
            (ended.clone(), json!({"kind": "appointment_only"}), true, false),
            (
                ended.clone(),
                json!({"kind": "documents_returned", "instruction": "return"}),
                true,
                false,
            ),
            (point("Ann Bell"), ended, false, false),
        ];
        for kind in ["issue_closed", "complaint_closed"] {
            for key in ["issues", "threads", "answered", "attachments"] {
                cases.push((closed(kind, key, two), closed(kind, key, one), true, false));
            }
        }
        let profile = Profile::silent("X", Nation::England);
        for (before, after, there, back) in cases {
            let lighter = |one: &serde_json::Value, other: &serde_json::Value| {
                is_lighter(&profile, &restriction(one), &restriction(other))
            };
            assert_eq!(
                (lighter(&before, &after), lighter(&after, &before)),
                (there, back),
                "{before} to {after}"
            );
            assert!(lighter(&before, &before) && lighter(&after, &after), "{before} {after}");
        }
    }

    #[test]
    fn hours_are_lighter_if_every_open_minute_stays_open() {
        let window = |from: &str, to: &str| json!({"days": ["mon", "tue"], "from": from, "to": to});
        let hours = |windows: serde_json::Value| json!({"kind": "hours_only", "windows": windows});
        let nine_to_twelve = hours(json!([window("09:00", "12:00")]));
        let with = |key: &str, value: serde_json::Value| {
            let mut changed = nine_to_twelve.clone();
            changed[key] = value;
            changed
        };
        let profile = Profile::silent("X", Nation::England);
        for (after, expected) in [
            (nine_to_twelve.clone(), true),
            (hours(json!([window("08:00", "24:00")])), true),
            (hours(json!([window("09:00", "11:59")])), false),
            (hours(json!([window("09:01", "12:00")])), false),
            // Windows that meet or overlap are one, in whatever order they are written.
            (hours(json!([window("10:00", "12:00"), window("08:00", "10:00")])), true),
            (
                hours(json!([
                    window("08:00", "11:00"),
                    window("08:30", "10:00"),
                    window("11:00", "13:00")
                ])),
                true,
            ),
            (hours(json!([window("08:00", "10:00"), window("10:01", "12:00")])), false),
            (hours(json!([{"days": ["mon"], "from": "09:00", "to": "12:00"}])), false),
            (with("bank_holidays", json!(true)), true),
            (with("channels", json!(["telephone"])), true),
            (with("channels", json!(["telephone", "email"])), false),
        ] {
            let found = is_lighter(&profile, &restriction(&nine_to_twelve), &restriction(&after));
            assert_eq!(found, expected, "{after}");
        }
        let on_holidays = restriction(&with("bank_holidays", json!(true)));
        assert!(!is_lighter(&profile, &on_holidays, &restriction(&nine_to_twelve)));
        assert!(is_lighter(&profile, &on_holidays, &on_holidays));
    }

    #[test]
    fn dates_are_lighter_if_it_begins_no_earlier_and_ends_no_later() {
        let profile = Profile::silent("X", Nation::England);
        let with = |starts: Option<&str>, ends: Option<&str>| {
            restriction(&json!({"kind": "visits_in_pairs", "starts": starts, "ends": ends}))
        };
        let days = [None, Some("2026-02-01"), Some("2026-03-01")];
        let lighter =
            |before: &Restriction, after: &Restriction| is_lighter(&profile, before, after);
        // Without a start it has always been in force, and without an end it stays so.
        for (place, one) in days.into_iter().enumerate() {
            for (other_place, other) in days.into_iter().enumerate() {
                let is_later = other_place >= place;
                assert_eq!(
                    lighter(&with(one, None), &with(other, None)),
                    is_later,
                    "{one:?} {other:?}"
                );
                let is_sooner = one.is_none() || other.is_some_and(|other| one >= Some(other));
                assert_eq!(
                    lighter(&with(None, one), &with(None, other)),
                    is_sooner,
                    "{one:?} {other:?}"
                );
            }
        }
    }

    #[test]
    fn another_kind_is_varied_to_with_its_own_clause_unless_one_is_named() {
        let mut profile = Profile::silent("X", Nation::England);
        let clause = |clause: &str| crate::domain::profile::KindRule {
            allowed: true,
            clause: Some(clause.to_owned()),
            sign_off: None,
        };
        profile.kinds.insert(crate::domain::restriction::KindName::CallLength, clause("4.2"));
        let before = restriction(&json!({"kind": "call_length", "minutes": 10, "clause": "own"}));
        let varied = |before: &Restriction, changes: serde_json::Value| {
            varied_by(&profile, before, changes.as_object().unwrap())
        };
        let after = varied(&before, json!({"minutes": 15})).unwrap();
        assert_eq!(after.kind, Kind::CallLength { minutes: 15 });
        assert_eq!(after.clause.as_deref(), Some("own"));
        let pairs = json!({"kind": "visits_in_pairs", "minutes": null});
        let after = varied(&before, pairs).unwrap();
        assert_eq!((&after.kind, &after.clause), (&Kind::VisitsInPairs, &None));
        let back = json!({"kind": "call_length", "minutes": 5});
        assert_eq!(varied(&after, back.clone()).unwrap().clause.as_deref(), Some("4.2"));
        let named = crate::domain::case::tests::with(back, &json!({"clause": "9"}));
        assert_eq!(varied(&after, named).unwrap().clause.as_deref(), Some("9"));
        assert!(varied(&before, json!({"minutes": 0})).is_err());
    }
}
