//! The wording of a notice's parts: days and hours, lists, roles, and the sections of a text or a call.

use chrono::Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
use chrono::{NaiveTime, Weekday};

use super::super::phrases::{SectionKind, clock, joined};
use super::super::{Day, Handling, Limit, NoticePart, Policy, Until, Way};
use super::super::{in_languages, line_of_days, phrases_of, sections, short, spoken, text};
use super::{day, quota};
use crate::domain::calendar::Per;
use crate::domain::channel::Channel;
use crate::domain::language::Language;
use crate::domain::moment::Moment;
use crate::domain::notice::OpenHours;

#[test]
fn a_day_is_whole_or_has_its_time_where_the_organisation_is() {
    let zone = chrono_tz::Europe::London;
    let whole = Day { day: day(2026, 8, 31), time: None };
    assert_eq!(Day::of(Moment::Day(day(2026, 8, 31)), zone), whole);
    let late = Moment::Instant("2026-08-30T23:15:00Z".parse().unwrap());
    let time = NaiveTime::from_hms_opt(0, 15, 0);
    assert_eq!(Day::of(late, zone), Day { time, ..whole });
}

#[test]
fn three_days_or_more_one_after_another_are_a_range() {
    for (days, is_range) in [
        (&[Mon, Tue, Wed][..], true),
        (&[Sat, Sun, Mon], true),
        (&[Mon, Tue], false),
        (&[Mon], false),
        (&[], false),
        (&[Mon, Tue, Thu], false),
        (&[Mon, Wed, Thu, Fri], false),
    ] {
        assert_eq!(line_of_days(days), is_range, "{days:?}");
    }
}

#[test]
fn hours_are_said_as_people_say_them() {
    let at = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).unwrap();
    for (hour, minute, said) in [
        (0, 0, "midnight"),
        (0, 30, "12:30am"),
        (9, 0, "9am"),
        (9, 5, "9:05am"),
        (12, 0, "midday"),
        (12, 1, "12:01pm"),
        (17, 30, "5:30pm"),
        (23, 0, "11pm"),
    ] {
        assert_eq!(clock(at(hour, minute), "midnight", "midday"), said);
    }
    let hours = |language, days: &[Weekday], to| {
        phrases_of(language).hours(&OpenHours { days: days.to_vec(), from: at(9, 0), to })
    };
    let range = [Mon, Tue, Wed, Thu, Fri];
    let english = Language::English;
    assert_eq!(hours(english, &range, Some(at(12, 0))), "Monday to Friday, 9am to midday");
    assert_eq!(hours(english, &[Mon, Thu], None), "Monday and Thursday, 9am to midnight");
    assert_eq!(hours(Language::Welsh, &[Sun], None), "dydd Sul, 9am tan hanner nos");
}

#[test]
fn a_list_is_joined_before_its_last() {
    let of = |parts: &[&str]| joined(parts, "or");
    assert_eq!([of(&[]), of(&["a"]), of(&["a", "b"])], ["", "a", "a or b"]);
    assert_eq!(of(&["a", "b", "c"]), "a, b or c");
}

#[test]
fn roles_are_named_as_they_follow_goes_to() {
    let (english, welsh) = (phrases_of(Language::English), phrases_of(Language::Welsh));
    for (role, in_english, in_welsh) in [
        ("manager", "a manager", "reolwr"),
        ("head_of_service", "a head of service", "bennaeth gwasanaeth"),
        ("director", "a director", "gyfarwyddwr"),
        ("chief_executive", "a chief executive", "brif weithredwr"),
        ("area_manager", "an area manager", "uwch aelod o staff"),
        ("executive_team", "our executive team", "ein tîm gweithredol"),
        ("customer_experience_team", "our customer experience team", "ein tîm profiad cwsmeriaid"),
        ("appeals_board", "our appeals board", "uwch aelod o staff"),
    ] {
        assert_eq!((english.role(role), welsh.role(role)), (in_english.into(), in_welsh.into()));
    }
}

#[test]
fn channels_are_named_in_sentences_and_separately_where_they_are_many() {
    let only = |language, channels: &[Channel]| {
        phrases_of(language).limit(&Limit::OnlyChannels { channels: channels.to_vec() }).text()
    };
    let english = |channels: &[Channel]| only(Language::English, channels);
    assert_eq!(english(&[Channel::Letter]), "You can only contact us by letter.");
    let many = english(&Channel::ALL);
    assert!(many.starts_with("You can only contact us in these ways: by "), "{many}");
    for number in 1..=Channel::ALL.len() {
        let channels = &Channel::ALL[..number];
        assert_eq!(english(channels).contains(" in these ways: "), number > 4, "{number}");
        let welsh = only(Language::Welsh, channels);
        assert_eq!(welsh.starts_with("Dim ond fel hyn"), number > 4, "{welsh}");
    }
    let names = |language| Channel::ALL.map(|one| phrases_of(language).by(one));
    for names in Language::ALL.map(names) {
        let mut different = names.to_vec();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), Channel::ALL.len(), "{names:?}");
        assert!(!different.contains(&""));
    }
    let limit = |number| {
        let limit = Limit::Issues { quota: quota(number, Per::Day) };
        phrases_of(Language::English).limit(&limit).text()
    };
    assert_eq!(limit(1), "You can contact us about 1 issue a day.");
    assert_eq!(limit(2), "You can contact us about 2 different issues a day.");
}

fn way(channel: Channel, detail: Option<&str>, hours: Vec<OpenHours>) -> Way {
    Way { channel, detail: detail.map(str::to_owned), hours }
}

fn mondays() -> Vec<OpenHours> {
    let from = NaiveTime::from_hms_opt(9, 0, 0).unwrap();
    vec![OpenHours { days: vec![Mon], from, to: None }]
}

#[test]
fn ways_are_a_list_once_something_is_known_of_one() {
    let reach = |ways: Vec<Way>| {
        let made = sections(&[NoticePart::HowToReach { ways }], Language::English);
        let lines = |lines: &[super::super::Line]| lines.iter().map(|one| one.text()).collect();
        let [section] = made.as_slice() else { panic!("{made:?}") };
        assert_eq!(section.kind, SectionKind::HowToReach);
        let (paragraphs, list): (Vec<String>, Vec<String>) =
            (lines(&section.paragraphs), lines(&section.list));
        (paragraphs.join("|"), list.join("|"))
    };
    let (letter, phone) = (Channel::Letter, Channel::Telephone);
    let said = |paragraph: &str, list: &str| (paragraph.to_owned(), list.to_owned());
    assert_eq!(reach(Vec::new()), said("", ""));
    assert_eq!(
        reach(vec![way(letter, None, Vec::new()), way(Channel::InPerson, None, Vec::new())]),
        said("You can contact us by letter or in person.", "")
    );
    assert_eq!(
        reach(vec![
            way(letter, None, Vec::new()),
            way(Channel::Email, Some("a@b.example"), Vec::new())
        ]),
        said("", "Letter|Email: a@b.example")
    );
    assert_eq!(
        reach(vec![way(phone, None, mondays()), way(letter, None, Vec::new())]),
        said("", "Phone (Monday, 9am to midnight)|Letter")
    );
}

fn parts() -> Vec<NoticePart> {
    let (number, organisation) = (Some("+441914980123".to_owned()), "Bare Homes".to_owned());
    let policy = Policy::default();
    let at = day(2026, 11, 30).and_hms_opt(10, 0, 0).unwrap();
    vec![
        NoticePart::Emergency { number },
        NoticePart::WhatHappened { channel: Channel::Telephone, handling: Handling::NotConnected },
        NoticePart::Why { organisation, since: None, policy, clause: None, written: true },
        NoticePart::Limit { limit: Limit::Other },
        NoticePart::Until { until: Until::Reviewed },
        NoticePart::NextSlot { channel: Channel::Telephone, at },
        NoticePart::AlwaysOpen,
        NoticePart::Reference { contact: "call-1".to_owned() },
    ]
}

#[test]
fn a_caller_hears_first_that_and_when_and_then_the_rest_without_what_is_for_reading() {
    for language in Language::ALL {
        let (say, parts) = (phrases_of(language), parts());
        let spoken = spoken(&parts, language);
        let NoticePart::NextSlot { at, .. } = parts[5] else { panic!("{parts:?}") };
        let opening = format!("{} {}", say.not_connected("Bare Homes"), say.call_again(at));
        assert_eq!(spoken.opening, opening);
        let why = say.why(&parts[2]).text();
        let (first, rest) = why.split_once(". ").unwrap();
        let always = format!(
            "{} {}.",
            say.always().trim_end_matches(':'),
            joined(&say.always_list(), say.or())
        );
        let limit =
            format!("{} {}", say.limit(&Limit::Other).text(), say.until(Until::Reviewed).text());
        let more = spoken.more.join(" ");
        let rest = rest.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(more, format!("{rest} {limit} {always}"));
        assert!(!more.contains(first));
    }
}

#[test]
fn a_text_has_a_section_for_each_kind_under_its_heading_but_the_first_and_last() {
    let say = phrases_of(Language::English);
    let written = text(&parts(), Language::English);
    let sections: Vec<&str> = written.split("\n\n").collect();
    assert_eq!(sections.len(), 6, "{written}");
    assert_eq!(sections[0], say.emergency(Some("+441914980123")).text());
    assert_eq!(sections[5], say.reference("call-1").text());
    let limit = [
        say.heading(SectionKind::Limit).to_owned(),
        say.limit(&Limit::Other).text(),
        say.until(Until::Reviewed).text(),
        say.next_slot(Channel::Telephone, day(2026, 11, 30).and_hms_opt(10, 0, 0).unwrap()).text(),
    ];
    assert_eq!(sections[3], limit.join("\n"));
    let list: Vec<String> = say.always_list().iter().map(|one| format!("- {one}")).collect();
    let always =
        format!("{}\n{}\n{}", say.heading(SectionKind::AlwaysOpen), say.always(), list.join("\n"));
    assert_eq!(sections[4], always);
}

#[test]
fn a_notice_is_short_in_messages_and_whole_elsewhere() {
    let parts = parts();
    let (english, welsh) = (Language::English, Language::Welsh);
    for channel in Channel::ALL {
        let is_short = matches!(channel, Channel::Sms | Channel::Whatsapp | Channel::Social);
        let one =
            |language| if is_short { short(&parts, language) } else { text(&parts, language) };
        assert_eq!(in_languages(&parts, channel, &[]), one(english));
        assert_eq!(in_languages(&parts, channel, &[welsh]), one(welsh));
        let both = match is_short {
            true => format!("{}\n\n{}", one(english), one(welsh)),
            false => format!("English\n\n{}\n\n\nCymraeg\n\n{}", one(english), one(welsh)),
        };
        assert_eq!(in_languages(&parts, channel, &[english, welsh]), both, "{channel}");
    }
}

#[test]
fn a_log_shows_no_more_than_the_kind_of_a_part() {
    let shown = format!("{:?}", parts());
    let kinds = "Emergency, WhatHappened, Why, Limit, Until, NextSlot, AlwaysOpen, Reference";
    assert_eq!(shown, format!("[{kinds}]"));
    assert_eq!(format!("{:?}", way(Channel::Email, Some("a@b.example"), mondays())), "Way(email)");
}
