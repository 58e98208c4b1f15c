//! What falls due: a pure function of case files, profile and day.
//!
//! Every known date is listed, `upcoming` until its day; finished work stays for a year as `met` or `late`. The day of
//! an anchor is day 0.

mod entries;
pub mod reminder;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::case::CaseFile;
use super::case::restraint::Task;
use super::person::Person;
use super::profile::{Profile, Role, Roles};

/// Months for which finished work stays in the diary.
const KEPT_MONTHS: u32 = 12;

/// What falls due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Review,
    /// Good conduct brings a review forward: a suggestion, never overdue.
    EarlyReview,
    RestrictionEnd,
    Letter,
    AppealAnswer,
    AppealNotice,
    Engagement,
    ReadFiled,
    AgreementEnd,
    AdjustmentReview,
    ExceptionReview,
    AbsenceUncovered,
    ProfileUnset,
    CalendarEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Upcoming,
    Due,
    Overdue,
    Met,
    Late,
}

/// One thing that falls due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    pub what: What,
    /// The id of what it is about: restriction, appeal, letter's subject, contact, profile key.
    pub about: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    pub due: NaiveDate,
    /// From what the deadline runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchor: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchor_date: Option<NaiveDate>,
    pub clause: Option<String>,
    /// The role that must act; several where any of them may.
    #[serde(serialize_with = "one_or_several")]
    pub who: Vec<Role>,
    pub state: State,
}

fn one_or_several<S: serde::Serializer>(roles: &[Role], serializer: S) -> Result<S::Ok, S::Error> {
    match roles {
        [] => serializer.serialize_none(),
        [one] => one.serialize(serializer),
        several => several.serialize(serializer),
    }
}

/// One person's case, as far as the diary needs it.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    pub file: &'a CaseFile,
    pub person: &'a Person,
}

/// Everything of one person that falls due, in the order of its days.
pub fn of_person(case: Case<'_>, profile: &Profile, today: NaiveDate) -> Vec<Entry> {
    let mut diary = Diary { profile, today, entries: Vec::new() };
    diary.of_case(case);
    diary.sorted()
}

/// One person's part of an organisation's diary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiaryPart {
    entries: Vec<Entry>,
    /// The keys of the profile that the person's restrictions will need and that are unset.
    unset: BTreeSet<String>,
}

impl DiaryPart {
    pub fn of(case: Case<'_>, profile: &Profile, today: NaiveDate) -> Self {
        let mut diary = Diary { profile, today, entries: Vec::new() };
        diary.of_case(case);
        let mut unset = BTreeSet::new();
        diary.unset_of(case, &mut unset);
        DiaryPart { entries: diary.entries, unset }
    }

    /// With tasks of the person that the case file does not hold.
    #[must_use]
    pub fn with_tasks(
        mut self,
        person: &str,
        tasks: &[Task],
        profile: &Profile,
        today: NaiveDate,
    ) -> Self {
        let mut diary = Diary { profile, today, entries: self.entries };
        for task in tasks {
            diary.task(person, task);
        }
        self.entries = diary.entries;
        self
    }

    /// How many entries and keys there are, for bounds on memory.
    pub fn count(&self) -> usize {
        self.entries.len() + self.unset.len()
    }
}

/// Everything of an organisation that falls due, its people's included.
pub fn of_organisation<'a>(
    cases: impl IntoIterator<Item = Case<'a>>,
    profile: &Profile,
    today: NaiveDate,
) -> Vec<Entry> {
    let parts = cases.into_iter().map(|case| DiaryPart::of(case, profile, today));
    of_parts(parts, profile, today)
}

/// The same of every person's part.
pub fn of_parts(
    parts: impl IntoIterator<Item = DiaryPart>,
    profile: &Profile,
    today: NaiveDate,
) -> Vec<Entry> {
    let mut diary = Diary { profile, today, entries: Vec::new() };
    let mut unset = BTreeSet::new();
    for part in parts {
        diary.entries.extend(part.entries);
        unset.extend(part.unset);
    }
    diary.of_profile(unset);
    diary.sorted()
}

/// A diary being written.
struct Diary<'p> {
    profile: &'p Profile,
    today: NaiveDate,
    entries: Vec<Entry>,
}

/// A deadline, before its state is known.
struct Deadline {
    what: What,
    about: String,
    due: NaiveDate,
    anchor: Option<(&'static str, NaiveDate)>,
    clause: Option<String>,
    who: Vec<Role>,
    done: Option<NaiveDate>,
}

impl Diary<'_> {
    fn sorted(mut self) -> Vec<Entry> {
        self.entries.sort_by(|a, b| {
            (a.due, a.what, &a.person, &a.about).cmp(&(b.due, b.what, &b.person, &b.about))
        });
        self.entries
    }

    fn put(&mut self, person: Option<&str>, deadline: Deadline) {
        let Deadline { what, about, due, anchor, clause, who, done } = deadline;
        let state = match done {
            Some(done) if done <= due => State::Met,
            Some(_) => State::Late,
            None if self.today < due => State::Upcoming,
            None if self.today == due || what == What::EarlyReview => State::Due,
            None => State::Overdue,
        };
        let kept_until = done.map(|done| super::calendar::add_months(done, KEPT_MONTHS));
        if kept_until.is_some_and(|last| self.today > last) {
            return;
        }
        let (anchor, anchor_date) = anchor.unzip();
        let person = person.map(str::to_owned);
        self.entries.push(Entry {
            what,
            about,
            person,
            due,
            anchor,
            anchor_date,
            clause,
            who,
            state,
        });
    }

    fn clause(&self, path: &str) -> Option<String> {
        self.profile.clause_of(path).map(str::to_owned)
    }

    fn decides(&self) -> Vec<Role> {
        roles(self.profile.responsible.decides.as_ref())
    }

    fn hears(&self) -> Vec<Role> {
        roles(self.profile.appeal.heard_by.as_ref())
    }

    /// The next working day, for what the policy gives no number of days for.
    fn next_working_day(&self, from: NaiveDate) -> NaiveDate {
        self.profile.bank_holidays.add_working_days(from, 1)
    }
}

fn roles(roles: Option<&Roles>) -> Vec<Role> {
    roles.map(|roles| roles.as_slice().to_vec()).unwrap_or_default()
}
