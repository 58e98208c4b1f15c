//! Figures: how often restrictions are used, why, and how well deadlines are kept.

mod equality;
mod facts;

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde_json::{Map, Value, json};

pub use self::equality::{EqualityFigures, by_characteristic, parted};
pub use self::facts::CaseFacts;
use super::calendar::add_months;
use super::tally::{Counts, DayTally, Waited, count};

/// The days that figures are about, both included, and the day on which they are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub today: NaiveDate,
}

impl Period {
    fn has(self, day: NaiveDate) -> bool {
        (self.from..=self.to).contains(&day)
    }

    /// Restrictions in force are counted on the last day, or today if that is earlier.
    fn last(self) -> NaiveDate {
        self.to.min(self.today)
    }
}

/// All figures of a period, by their names.
pub fn figures(cases: &[&CaseFacts], contacts: &[DayTally], period: Period) -> Map<String, Value> {
    let mut figures = Map::new();
    of_warnings(cases, period, &mut figures);
    of_incidents(cases, period, &mut figures);
    of_restrictions(cases, period, &mut figures);
    of_reviews(cases, period, &mut figures);
    of_appeals(cases, period, &mut figures);
    of_contacts(contacts, period, &mut figures);
    figures
}

/// As [`figures()`], for each calendar month of a period, by its first day. The first and the last may be incomplete.
pub fn by_month(
    cases: &[&CaseFacts],
    contacts: &[DayTally],
    period: Period,
) -> Vec<(NaiveDate, Map<String, Value>)> {
    let mut months = Vec::new();
    let mut from = period.from;
    while from <= period.to {
        let next = add_months(first_of_month(from), 1);
        let to = next.pred_opt().unwrap_or(period.to).min(period.to);
        let month = Period { from, to, today: period.today };
        months.push((first_of_month(from), figures(cases, contacts, month)));
        if next <= from {
            break;
        }
        from = next;
    }
    months
}

/// In how many calendar months days are, both ends included, each of which may be in the middle of one.
pub fn calendar_months(from: NaiveDate, to: NaiveDate) -> i64 {
    let month = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month0());
    month(to) - month(from) + 1
}

fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

fn of_warnings(cases: &[&CaseFacts], period: Period, figures: &mut Map<String, Value>) {
    let (mut letters, mut reasons) = (0_u64, Counts::new());
    let (mut warned, mut restricted_after) = (0_u64, 0_u64);
    for warning in cases.iter().flat_map(|case| &case.warnings) {
        if warning.letter_sent.is_some_and(|sent| period.has(sent)) {
            letters += 1;
            for ground in &warning.grounds {
                count(&mut reasons, ground);
            }
        }
        if period.has(warning.given) {
            warned += 1;
            restricted_after += u64::from(warning.followed);
        }
    }
    figures.insert("warning_letters".to_owned(), json!(letters));
    figures.insert("warning_reasons".to_owned(), json!(reasons));
    figures.insert("warnings".to_owned(), json!(warned));
    figures.insert("warnings_without_restriction".to_owned(), json!(warned - restricted_after));
}

fn of_incidents(cases: &[&CaseFacts], period: Period, figures: &mut Map<String, Value>) {
    let (mut states, mut grounds, mut severities) = (Counts::new(), Counts::new(), Counts::new());
    let mut history = Counts::new();
    for case in cases {
        for incident in case.incidents.iter().filter(|one| period.has(one.recorded)) {
            count(&mut states, incident.state);
            count(&mut grounds, &incident.ground);
            count(&mut severities, incident.severity);
            count(&mut history, &case.person);
        }
    }
    figures.insert("incidents_by_status".to_owned(), json!(states));
    figures.insert("incidents_by_ground".to_owned(), json!(grounds));
    figures.insert("incidents_by_severity".to_owned(), json!(severities));
    figures.insert("incident_history".to_owned(), json!(history));
}

fn of_restrictions(cases: &[&CaseFacts], period: Period, figures: &mut Map<String, Value>) {
    let last = period.last();
    let (mut in_force, mut new, mut over) = (0_u64, 0_u64, 0_u64);
    let (mut kinds, mut grounds, mut older) = (Counts::new(), Counts::new(), Counts::new());
    for one in cases.iter().flat_map(|case| &case.restrictions) {
        new += u64::from(period.has(one.since));
        over += u64::from(one.end.is_some_and(|end| period.has(end) && end <= period.today));
        if !one.holds_on(last) {
            continue;
        }
        in_force += 1;
        count(&mut kinds, one.kind);
        count(&mut grounds, &one.ground);
        for years in 1..=4_u32 {
            if add_months(one.since, 12 * years) < last {
                count(&mut older, &years.to_string());
            }
        }
    }
    figures.insert("restrictions_in_force".to_owned(), json!(in_force));
    figures.insert("restrictions_by_kind".to_owned(), json!(kinds));
    figures.insert("restrictions_by_ground".to_owned(), json!(grounds));
    figures.insert("restrictions_older_than_years".to_owned(), json!(older));
    figures.insert("new_restrictions".to_owned(), json!(new));
    figures.insert("ended_restrictions".to_owned(), json!(over));
}

fn of_reviews(cases: &[&CaseFacts], period: Period, figures: &mut Map<String, Value>) {
    let (mut due, mut overdue, mut outcomes) = (0_u64, 0_u64, Counts::new());
    for review in cases.iter().flat_map(|case| &case.reviews) {
        due += u64::from(review.was_due.is_some_and(|day| period.has(day)));
        if period.has(review.done) {
            count(&mut outcomes, review.outcome);
        }
    }
    for restriction in cases.iter().flat_map(|case| &case.restrictions) {
        let next = restriction.review_due.filter(|_| !restriction.is_over_on(period.last()));
        due += u64::from(next.is_some_and(|next| period.has(next)));
        overdue += u64::from(next.is_some_and(|next| next < period.last()));
    }
    figures.insert("reviews_due".to_owned(), json!(due));
    figures.insert("reviews_overdue".to_owned(), json!(overdue));
    figures.insert("reviews_by_outcome".to_owned(), json!(outcomes));
}

fn of_appeals(cases: &[&CaseFacts], period: Period, figures: &mut Map<String, Value>) {
    let (mut received, mut open, mut overdue, mut outcomes) = (0_u64, 0_u64, 0_u64, Counts::new());
    for appeal in cases.iter().flat_map(|case| &case.appeals) {
        received += u64::from(period.has(appeal.received));
        if appeal.is_open {
            open += 1;
            overdue += u64::from(appeal.answer_due.is_some_and(|due| due < period.last()));
        }
        if let Some((_, outcome)) = appeal.decided.filter(|(day, _)| period.has(*day)) {
            count(&mut outcomes, outcome);
        }
    }
    figures.insert("appeals_received".to_owned(), json!(received));
    figures.insert("appeals_due".to_owned(), json!(open));
    figures.insert("appeals_overdue".to_owned(), json!(overdue));
    figures.insert("appeals_by_outcome".to_owned(), json!(outcomes));
}

fn of_contacts(contacts: &[DayTally], period: Period, figures: &mut Map<String, Value>) {
    let mut by_channel: BTreeMap<String, Counts> = BTreeMap::new();
    let (mut by_disposition, mut lanes) = (Counts::new(), Counts::new());
    let mut unanswered = Counts::new();
    let mut observed: BTreeMap<String, Counts> = BTreeMap::new();
    let (mut read, mut answered) = (BTreeMap::new(), BTreeMap::new());
    for day in contacts.iter().filter(|one| period.has(one.day)) {
        for (channel, counts) in &day.by_channel {
            add(by_channel.entry(channel.clone()).or_default(), counts);
            add(&mut by_disposition, counts);
        }
        add(&mut lanes, &day.lanes);
        add(&mut unanswered, &day.unanswered);
        for (restriction, counts) in &day.observed {
            add(observed.entry(restriction.clone()).or_default(), counts);
        }
        waited(&mut read, &day.read);
        waited(&mut answered, &day.answered);
    }
    let averages = |all: BTreeMap<String, Waited>| -> BTreeMap<String, u64> {
        all.into_iter().filter_map(|(queue, one)| Some((queue, one.average()?))).collect()
    };
    figures.insert("contacts_by_disposition".to_owned(), json!(by_disposition));
    figures.insert("contacts_by_channel".to_owned(), json!(by_channel));
    figures.insert("unanswered_in_time".to_owned(), json!(unanswered));
    figures.insert("safeguard_hits".to_owned(), json!(lanes));
    figures.insert("observed_by_restriction".to_owned(), json!(observed));
    let times = |all: &BTreeMap<String, Waited>| -> Counts {
        all.iter().map(|(queue, one)| (queue.clone(), one.times)).collect()
    };
    figures.insert("read_by_queue".to_owned(), json!(times(&read)));
    figures.insert("answered_by_queue".to_owned(), json!(times(&answered)));
    figures.insert("minutes_to_read".to_owned(), json!(averages(read)));
    figures.insert("minutes_to_answer".to_owned(), json!(averages(answered)));
}

fn add(to: &mut Counts, more: &Counts) {
    for (name, number) in more {
        *to.entry(name.clone()).or_default() += number;
    }
}

fn waited(to: &mut BTreeMap<String, Waited>, more: &BTreeMap<String, Waited>) {
    for (queue, one) in more {
        let all: &mut Waited = to.entry(queue.clone()).or_default();
        all.times += one.times;
        all.minutes += one.minutes;
    }
}

#[cfg(test)]
mod tests;
