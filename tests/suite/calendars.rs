//! Working days, months and bank holidays against calendars that know nothing of this program
//! (`tests/calendar`), for every day of ten years.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{Datelike, Days, NaiveDate};
use contact_gateway::config::bank_holidays::Calendars;
use contact_gateway::config::profile;
use contact_gateway::domain::calendar::{BankHolidays, add_months};
use contact_gateway::domain::case::anchors::last_day;
use contact_gateway::domain::nation::Nation;
use contact_gateway::domain::profile::Length;

fn root(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn file(name: &str) -> String {
    std::fs::read_to_string(root("tests/calendar").join(name)).unwrap()
}

/// The first to the last day that the files are about.
fn ten_years() -> (NaiveDate, NaiveDate) {
    (date(2019, 1, 1), date(2028, 12, 31))
}

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

/// The first day of a month that is written as `2019-01`.
fn first_of(month: &str) -> NaiveDate {
    format!("{month}-01").parse().unwrap()
}

fn shipped(calendars: &Calendars, nation: &str) -> BankHolidays {
    calendars.of(Nation::ALL.into_iter().find(|one| one.name() == nation).unwrap())
}

/// `a` is 1, `A` is 27; a dot is nothing.
fn number(letter: char) -> Option<u32> {
    match letter {
        'a'..='z' => Some(letter as u32 - 'a' as u32 + 1),
        'A'..='Z' => Some(letter as u32 - 'A' as u32 + 27),
        '.' => None,
        _ => panic!("{letter}"),
    }
}

#[test]
fn the_shipped_bank_holidays_are_those_of_others_for_ten_years() {
    let (first, last) = ten_years();
    let calendars = Calendars::built_in().unwrap();
    for nation in Nation::ALL {
        let calendar = shipped(&calendars, nation.name());
        assert_eq!(calendar.known_until(), Some(last));
        let has = |day: &NaiveDate| calendar.contains(*day);
        let ours: BTreeSet<NaiveDate> =
            first.iter_days().take_while(|day| *day <= last).filter(has).collect();
        let theirs: BTreeSet<NaiveDate> = file("bank-holidays.txt")
            .lines()
            .filter_map(|line| line.strip_prefix(nation.name())?.trim().parse().ok())
            .collect();
        assert!(theirs.len() >= 80, "{}", nation.name());
        assert_eq!(ours, theirs, "{}", nation.name());
    }
}

#[test]
fn deadlines_in_working_days_are_those_of_others_from_every_day_of_ten_years() {
    let (mut compared, mut beyond) = (0, 0);
    let calendars = Calendars::built_in().unwrap();
    for line in file("working-days.txt").lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [nation, count, month, letters] = fields[..] else { panic!("{line}") };
        let count: u32 = count.parse().unwrap();
        let also_wales = if nation == "england" { vec![nation, "wales"] } else { vec![nation] };
        for nation in also_wales {
            let calendar = shipped(&calendars, nation);
            for (anchor, letter) in first_of(month).iter_days().zip(letters.chars()) {
                let Some(later) = number(letter) else {
                    beyond += 1;
                    continue;
                };
                let expected = anchor + Days::new(later.into());
                let found = calendar.add_working_days(anchor, count);
                assert_eq!(found, expected, "{nation}: {count} working days after {anchor}");
                compared += 1;
            }
        }
    }
    // Four nations, four lengths, 3,653 days; but those whose deadline is after the end of the list.
    assert_eq!(compared + beyond, 4 * 4 * 3_653);
    assert!(beyond < 4 * 4 * 31, "{beyond}");
}

#[test]
fn deadlines_in_months_are_those_of_others_from_every_day_of_ten_years() {
    let mut compared = 0;
    for line in file("months.txt").lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [count, month, ends_in, letters] = fields[..] else { panic!("{line}") };
        let count: u32 = count.parse().unwrap();
        let ends_in = first_of(ends_in);
        for (anchor, letter) in first_of(month).iter_days().zip(letters.chars()) {
            let expected = ends_in.with_day(number(letter).unwrap()).unwrap();
            assert_eq!(add_months(anchor, count), expected, "{count} months after {anchor}");
            compared += 1;
        }
    }
    assert_eq!(compared, 5 * 3_653);
}

/// A deadline of the shipped profiles is that of its nation.
#[test]
fn the_deadlines_of_the_five_policies_go_by_the_calendar_of_their_nation() {
    let lines = file("working-days.txt");
    for (name, nation, answer) in [
        ("tuntum", "england", 20),
        ("calico-homes", "england", 10),
        ("derby-homes", "england", 20),
        ("united-welsh", "wales", 10),
    ] {
        let policy = profile::load(&root(&format!("config/profiles/{name}.toml"))).unwrap();
        assert_eq!(policy.nation.name(), nation);
        let length = policy.appeal.answer.unwrap().length;
        assert_eq!(length, Length::WorkingDays(answer), "{name}");
        let of_answer = format!("england {answer} ");
        for line in lines.lines().filter_map(|line| line.strip_prefix(&of_answer)) {
            let (month, letters) = line.split_once(' ').unwrap();
            for (received, letter) in first_of(month).iter_days().zip(letters.chars()) {
                let Some(later) = number(letter) else { continue };
                let expected = received + Days::new(later.into());
                assert_eq!(last_day(&policy, length, received), expected, "{name}: {received}");
            }
        }
    }
}
