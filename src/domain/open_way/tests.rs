//! The proof against a walk over every minute, for random combinations.

use chrono::{Datelike, NaiveTime, Timelike};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::calendar::BankHolidays;
use crate::domain::nation::Nation;
use crate::domain::person::Representative;
use crate::domain::restriction::{Window, WindowEnd};

const FIRST: &str = "2026-03-23";
const HORIZON: u64 = 24;

fn profile(staffed: &Value) -> Profile {
    let mut profile = Profile::silent("X", Nation::England);
    profile.staffed_hours = serde_json::from_value(staffed.clone()).unwrap();
    profile.bank_holidays =
        BankHolidays::new(["2026-04-03", "2026-04-06"].map(|day| day.parse().unwrap()), None);
    profile
}

fn windows() -> impl Strategy<Value = Value> {
    let days =
        prop::sample::subsequence(vec!["mon", "tue", "wed", "thu", "fri", "sat", "sun"], 1..4);
    let span =
        prop::sample::select(vec![("09:00", "10:00"), ("09:30", "12:00"), ("11:00", "24:00")]);
    prop::collection::vec((days, span), 1..3).prop_map(|windows| {
        let shown = windows.into_iter();
        shown.map(|(days, (from, to))| json!({"days": days, "from": from, "to": to})).collect()
    })
}

fn weekly() -> impl Strategy<Value = Value> {
    (windows(), any::<bool>())
        .prop_map(|(windows, holidays)| json!({"windows": windows, "bank_holidays": holidays}))
}

fn kind() -> impl Strategy<Value = Value> {
    let channels = prop::sample::subsequence(vec!["email", "telephone", "letter"], 1..3);
    prop_oneof![
        channels.prop_map(|channels| json!({"kind": "channels_only", "channels": channels})),
        (windows(), any::<bool>()).prop_map(|(windows, holidays)| {
            json!({"kind": "hours_only", "windows": windows, "bank_holidays": holidays,
                   "channels": ["telephone", "email"]})
        }),
        prop::option::of(Just(json!(["Rep"])))
            .prop_map(|names| json!({"kind": "representative_only", "representatives": names})),
        Just(json!({"kind": "contact_quota", "limit": 1, "per": "month"})),
        Just(json!({"kind": "visits_in_pairs"})),
        prop::option::weighted(0.9, Just(json!(["C-1"])))
            .prop_map(|issues| json!({"kind": "read_and_file", "issues": issues})),
        (member("Ann"), prop::option::of(member("Bob")), absences()).prop_map(
            |(contact, deputy, absences)| {
                let deputies: Vec<Value> = deputy.into_iter().collect();
                json!({"kind": "single_point_of_contact", "contact": contact,
                       "deputies": deputies, "absences": absences})
            }
        ),
    ]
}

/// Somebody who answers, in hours of their own or whenever the channel is staffed.
fn member(name: &'static str) -> impl Strategy<Value = Value> {
    prop::option::of(weekly()).prop_map(move |roster| json!({"name": name, "roster": roster}))
}

fn absences() -> impl Strategy<Value = Vec<Value>> {
    let times = vec![
        ("2026-03-25", "2026-04-02"),
        ("2026-04-01", "2026-04-20"),
        ("2026-03-01", "2026-03-29"),
        ("2026-04-08", "2026-04-08"),
    ];
    let one = (prop::sample::select(vec!["Ann", "Bob"]), prop::sample::select(times))
        .prop_map(|(name, (from, to))| json!({"contact": name, "from": from, "to": to}));
    prop::collection::vec(one, 0..4)
}

fn restrictions() -> impl Strategy<Value = Vec<Restriction>> {
    let starts = prop::sample::select(vec!["2026-03-01", "2026-03-28", "2026-04-05"]);
    let ends = prop::option::of(prop::sample::select(vec!["2026-04-05", "2026-04-08"]));
    prop::collection::vec((kind(), starts, ends), 1..5).prop_map(|kinds| {
        let numbered = kinds.into_iter().enumerate();
        numbered
            .map(|(index, (mut one, starts, ends))| {
                one["id"] = json!(format!("R-{index}"));
                one["starts"] = json!(starts);
                one["ends"] = json!(ends);
                serde_json::from_value(one).unwrap()
            })
            .collect()
    })
}

fn minute(time: NaiveTime) -> u16 {
    u16::try_from(time.hour() * 60 + time.minute()).unwrap()
}

/// Whether a minute of a day is open, read straight from the rules.
fn open_at(question: &Question<'_>, channel: Channel, day: NaiveDate, minute_of_day: u16) -> bool {
    let profile = question.profile;
    let inside = |windows: &[Window], holidays: bool| {
        (holidays || !profile.bank_holidays.contains(day))
            && windows.iter().any(|window| {
                let to = match window.to {
                    WindowEnd::At(to) => minute(to),
                    WindowEnd::Midnight => 1_440,
                };
                window.days.contains(&day.weekday())
                    && (minute(window.from)..to).contains(&minute_of_day)
            })
    };
    let staffed = profile.staffed_hours.as_ref().unwrap().get(&channel);
    if !staffed.is_some_and(|hours| inside(&hours.windows, hours.bank_holidays)) {
        return false;
    }
    question.together.iter().all(|one| {
        let zone = profile.timezone;
        let in_date = one.starts.is_none_or(|starts| starts.day(zone) <= day)
            && one.ends.is_none_or(|ends| day <= ends.day(zone));
        if !in_date {
            return true;
        }
        match &one.kind {
            Kind::ChannelsOnly { channels } => {
                profile.set_contains(channels, channel) || question.person.needs_channel(channel)
            }
            Kind::HoursOnly(hours) => {
                !hours.covers(channel, profile) || inside(&hours.windows, hours.bank_holidays)
            }
            Kind::RepresentativeOnly { .. } => {
                let represents = |one: &Representative| {
                    one.until.is_none_or(|until| day <= until.day(profile.timezone))
                };
                question.person.representatives.iter().any(represents)
            }
            Kind::SinglePointOfContact(point) => {
                let away = |name: &str| {
                    point.absences.iter().any(|absence| {
                        let (from, to) = (absence.from.day(zone), absence.to.day(zone));
                        absence.contact == name && (from..=to).contains(&day)
                    })
                };
                let there = [Some(&point.contact), point.deputies.first()];
                let there = there.into_iter().flatten().find(|one| !away(&one.name));
                match there {
                    None => false,
                    Some(one) => {
                        let roster = one.roster.as_ref();
                        roster.is_none_or(|it| inside(&it.windows, it.bank_holidays))
                    }
                }
            }
            Kind::ReadAndFile { issues: None } => false,
            _ => true,
        }
    })
}

fn by_brute_force(question: &Question<'_>) -> bool {
    let day_open = |day: NaiveDate| {
        Channel::ALL
            .into_iter()
            .any(|channel| (0..1_440).step_by(30).any(|at| open_at(question, channel, day, at)))
    };
    let open: Vec<bool> = (0..HORIZON).map(|n| day_open(question.first + Days::new(n))).collect();
    open.windows(7).all(|week| week.contains(&true))
}

/// As many combinations as `PROPTEST_CASES` says, and never fewer than these; from `PROPTEST_RNG_SEED`.
const COMBINATIONS: u32 = 2_000;

fn config() -> ProptestConfig {
    let by_environment = ProptestConfig::default();
    let cases = by_environment.cases.max(COMBINATIONS);
    ProptestConfig { cases, failure_persistence: None, ..by_environment }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_proof_is_what_a_walk_over_every_minute_says(
        telephone in prop::option::of(weekly()),
        email in prop::option::of(weekly()),
        restrictions in restrictions(),
        represented in prop::option::of(prop::sample::select(vec![None, Some("2026-04-06")])),
        needs_telephone in any::<bool>(),
    ) {
        let mut staffed = serde_json::Map::new();
        staffed.extend(telephone.map(|hours| ("telephone".to_owned(), hours)));
        staffed.extend(email.map(|hours| ("email".to_owned(), hours)));
        let profile = profile(&Value::Object(staffed));
        let mut person = json!({"id": "P-1"});
        if let Some(until) = represented {
            person["representatives"] = json!([{"name": "Rep", "until": until}]);
        }
        if needs_telephone {
            person["adjustments"] = json!([{"kind": "needs_channel", "channel": "telephone"}]);
        }
        let person: Person = serde_json::from_value(person).unwrap();
        let first: NaiveDate = FIRST.parse().unwrap();
        let question = Question {
            profile: &profile,
            person: &person,
            together: restrictions.iter().collect(),
            first,
            last: first + Days::new(HORIZON - 1),
        };
        prop_assert_eq!(prove(&question).is_ok(), by_brute_force(&question));
    }
}

#[test]
fn a_person_gets_through_unless_what_is_staffed_is_closed() {
    let hours = json!({"windows": [{"days": ["mon"], "from": "09:00", "to": "17:00"}]});
    let staffed = profile(&json!({"telephone": hours}));
    let closed = |profile: &Profile, kinds: &[&str]| {
        let restriction = |kind: &&str| match *kind {
            "channels_only" => json!({"id": "R-1", "kind": kind, "channels": ["letter"]}),
            _ => json!({"id": "R-2", "kind": kind}),
        };
        let restrictions: Vec<Value> = kinds.iter().map(restriction).collect();
        let person = json!({"id": "P-1", "restrictions": restrictions});
        of_person(profile, &serde_json::from_value(person).unwrap(), FIRST.parse().unwrap())
            .is_err()
    };
    assert!(!closed(&staffed, &[]));
    assert!(!closed(&staffed, &["visits_in_pairs"]));
    assert!(closed(&staffed, &["channels_only"]));
    assert!(!closed(&staffed, &["channels_only", "contact_ended"]), "the safeguards are the way");
    assert!(!closed(&profile(&Value::Null), &["channels_only"]), "nothing to go by");
    assert!(closed(&profile(&json!({})), &["visits_in_pairs"]), "nothing is staffed");
    assert!(!closed(&profile(&json!({})), &[]), "and nothing restricts");
}

#[test]
fn what_has_run_out_by_the_first_day_restricts_no_more() {
    let restriction =
        |(id, ends): (&str, &str)| json!({"id": id, "kind": "visits_in_pairs", "ends": ends});
    // The first one ends on the day before; the second is still in force on the first day.
    let restrictions = [("R-1", "2026-03-22"), ("R-2", FIRST), ("R-3", "2026-04-05")];
    let restrictions: Vec<Value> = restrictions.into_iter().map(restriction).collect();
    let person: Person =
        serde_json::from_value(json!({"id": "P-1", "restrictions": restrictions})).unwrap();
    let profile = profile(&Value::Null);
    let question = Question::of(&profile, &person, None, FIRST.parse().unwrap());
    let ids: Vec<&str> = question.together.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["R-2", "R-3"]);
    assert_eq!(question.last.to_string(), "2026-04-05");
}
