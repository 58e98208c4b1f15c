//! What the Welsh of a notice must get right: the mutations that the words around it ask for.

mod said;
mod ways;

use chrono::NaiveDate;

use super::{Day, Limit, OpenHours, QuotaWords, Until, phrases, phrases_of};
use crate::domain::calendar::{Per, QuotaWindow};
use crate::domain::channel::Channel;
use crate::domain::language::Language;

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn welsh() -> &'static dyn phrases::Phrases {
    phrases_of(Language::Welsh)
}

fn quota(limit: u32, per: Per) -> QuotaWords {
    QuotaWords { limit, per, window: QuotaWindow::Calendar }
}

#[test]
fn o_i_and_tan_mutate_softly_and_erbyn_does_not() {
    let at = |day: NaiveDate, hour| day.and_hms_opt(hour, 0, 0).unwrap();
    for (days, expected) in [
        (22, "o ddydd Sul 22 Tachwedd 2026 ymlaen"),
        (23, "o ddydd Llun 23 Tachwedd 2026 ymlaen"),
        (26, "o ddydd Iau 26 Tachwedd 2026 ymlaen"),
    ] {
        let said = welsh().next_slot(Channel::Telephone, at(day(2026, 11, days), 0)).text();
        assert_eq!(said, format!("Gallwch ein ffonio eto {expected}."));
    }
    let said = welsh().next_slot(Channel::WebForm, at(day(2026, 11, 30), 10)).text();
    assert_eq!(
        said,
        "Gallwch ddefnyddio'r ffurflen hon eto o ddydd Llun 30 Tachwedd 2026 am 10am ymlaen."
    );
    let whole = |day| Day { day, time: None };
    let said = welsh().until(Until::Ends(whole(day(2026, 11, 9)))).text();
    assert_eq!(said, "Mae hyn yn para tan ddiwedd 9 Tachwedd 2026.");
    let said = welsh().until(Until::ReviewedBy(whole(day(2026, 11, 9)))).text();
    assert_eq!(said, "Byddwn yn edrych ar y penderfyniad hwn eto erbyn 9 Tachwedd 2026.");
    let said = welsh().read_by(Some(Channel::Email), day(2026, 11, 24)).text();
    assert_eq!(
        said,
        "Bydd aelod o'n staff yn ei ddarllen erbyn diwedd dydd Mawrth 24 Tachwedd 2026."
    );
    let said = welsh().read_by(Some(Channel::Sms), day(2026, 11, 24)).text();
    assert!(said.contains("yn ei darllen"), "{said}");
}

#[test]
fn days_in_a_row_are_a_range_with_the_mutation_after_i() {
    use chrono::Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    let hours = |days: &[chrono::Weekday]| {
        welsh().hours(&OpenHours {
            days: days.to_vec(),
            from: chrono::NaiveTime::from_hms_opt(9, 30, 0).unwrap(),
            to: chrono::NaiveTime::from_hms_opt(12, 0, 0),
        })
    };
    assert_eq!(
        hours(&[Mon, Tue, Wed, Thu, Fri]),
        "dydd Llun i ddydd Gwener, 9:30am tan hanner dydd"
    );
    assert_eq!(hours(&[Mon, Wed]), "dydd Llun a dydd Mercher, 9:30am tan hanner dydd");
    assert_eq!(hours(&[Sat, Sun]), "dydd Sadwrn a dydd Sul, 9:30am tan hanner dydd");
}

#[test]
fn how_often_is_an_adverb_and_mutated() {
    let said = |limit, per| {
        welsh().limit(&Limit::Contacts { quota: quota(limit, per), channels: Vec::new() }).text()
    };
    assert_eq!(said(1, Per::Day), "Gallwch gysylltu â ni unwaith y dydd.");
    assert!(said(2, Per::Week).starts_with("Gallwch gysylltu â ni ddwywaith yr wythnos."));
    assert!(said(2, Per::Week).ends_with("o ddydd Llun i ddydd Sul."));
    assert!(said(3, Per::Month).starts_with("Gallwch gysylltu â ni deirgwaith y mis."));
    assert!(said(4, Per::Month).contains("bedair gwaith y mis"));
    assert!(said(12, Per::Month).contains("hyd at 12 gwaith y mis"));
    let issues = |limit| welsh().limit(&Limit::Issues { quota: quota(limit, Per::Day) }).text();
    assert_eq!(issues(1), "Gallwch gysylltu â ni am 1 mater y dydd.");
    assert_eq!(issues(2), "Gallwch gysylltu â ni am 2 fater gwahanol y dydd.");
    assert_eq!(issues(3), "Gallwch gysylltu â ni am 3 mater gwahanol y dydd.");
}

#[test]
fn what_follows_i_in_the_list_is_mutated() {
    assert!(welsh().always().ends_with(", i:"));
    let list = welsh().always_list();
    // Rhoi and gofyn, after `i`.
    assert!(
        list[0].starts_with("roi ") && list[1].starts_with("ofyn ") && list[2].starts_with("ofyn ")
    );
}
