//! What happened, kept beside the gateway's own records, and what follows from it by the spec alone: which
//! restrictions hold, what falls due, who is reminded of what.

use std::collections::BTreeSet;

use chrono::{Days, Months, NaiveDate};
use contact_gateway::domain::calendar::BankHolidays;

/// Months for which what was done stays in the diary.
const KEPT: Months = Months::new(12);

/// What an organisation's policy or choice says of the clocks.
pub struct Rules {
    pub on_overdue: &'static str,
    pub longest_months: u32,
    pub answer_working_days: u32,
    /// Working days, and whether they run from receipt; else from the decision.
    pub notice: (u32, bool),
    pub kept_during_appeal: bool,
    pub outcome_told: bool,
    pub holidays: BankHolidays,
}

#[derive(Debug)]
pub struct Incident {
    pub person: usize,
    pub id: String,
    pub day: NaiveDate,
    pub ground: &'static str,
    pub closed: bool,
}

#[derive(Debug)]
pub struct Warning {
    pub person: usize,
    pub id: String,
    pub day: NaiveDate,
    pub ground: &'static str,
    pub written: bool,
    pub sent: Option<NaiveDate>,
}

#[derive(Debug)]
pub struct Agreement {
    pub id: String,
    pub until: NaiveDate,
    /// Refused, breached or kept.
    pub over: Option<NaiveDate>,
}

#[derive(Debug)]
pub struct Held {
    pub person: usize,
    pub id: String,
    pub kind: &'static str,
    pub ground: &'static str,
    pub limit: u32,
    pub starts: NaiveDate,
    /// The later of its start and the day on which it was put in force.
    pub implemented: NaiveDate,
    pub review_due: NaiveDate,
    pub ends: Option<NaiveDate>,
    /// Lifted or quashed.
    pub ended: Option<NaiveDate>,
}

#[derive(Debug)]
pub struct Review {
    pub id: String,
    pub restriction: String,
    pub day: NaiveDate,
    pub was_due: NaiveDate,
    pub outcome: &'static str,
    pub owes_letter: bool,
    pub letter: Option<NaiveDate>,
}

#[derive(Debug)]
pub struct Appeal {
    pub id: String,
    pub restriction: String,
    pub received: NaiveDate,
    pub suspends: bool,
    pub decided: Option<(NaiveDate, &'static str)>,
    pub notified: Option<NaiveDate>,
}

#[derive(Debug)]
pub struct Contacted {
    pub id: String,
    pub day: NaiveDate,
    pub channel: &'static str,
    pub disposition: &'static str,
    pub lane: Option<&'static str>,
}

pub struct Ledger {
    pub rules: Rules,
    pub incidents: Vec<Incident>,
    pub warnings: Vec<Warning>,
    pub agreements: Vec<Agreement>,
    pub held: Vec<Held>,
    pub reviews: Vec<Review>,
    pub appeals: Vec<Appeal>,
    pub contacts: Vec<Contacted>,
}

/// An entry of the diary: what, about what, due when, its state.
pub type Due = (&'static str, String, NaiveDate, &'static str);

pub fn person(number: usize) -> String {
    format!("P-{number}")
}

impl Held {
    /// The last day on which it can hold, by its own end or the policy's clock.
    pub fn last_day(&self, rules: &Rules) -> Option<NaiveDate> {
        let by_clock = match rules.on_overdue {
            "lapse" => Some(self.review_due),
            "hard_cap" => Some(self.starts + Months::new(rules.longest_months)),
            _ => None,
        };
        self.ends.into_iter().chain(by_clock).min()
    }

    pub fn is_over(&self, rules: &Rules, today: NaiveDate) -> bool {
        self.ended.is_some() || self.last_day(rules).is_some_and(|last| today > last)
    }

    /// The first day on which it no longer held.
    pub fn end(&self, rules: &Rules) -> Option<NaiveDate> {
        let by_clock = self.last_day(rules).map(|last| last + Days::new(1));
        self.ended.into_iter().chain(by_clock).min()
    }
}

impl Ledger {
    pub fn new(rules: Rules) -> Self {
        Ledger {
            rules,
            incidents: Vec::new(),
            warnings: Vec::new(),
            agreements: Vec::new(),
            held: Vec::new(),
            reviews: Vec::new(),
            appeals: Vec::new(),
            contacts: Vec::new(),
        }
    }

    pub fn open_appeal(&self, restriction: &str) -> Option<&Appeal> {
        self.appeals.iter().find(|one| one.restriction == restriction && one.decided.is_none())
    }

    /// The restrictions of a person that hold today.
    pub fn in_force(&self, person: usize, today: NaiveDate) -> Vec<&Held> {
        let holds = |one: &&Held| {
            let suspended = !self.rules.kept_during_appeal
                && self.open_appeal(&one.id).is_some_and(|appeal| appeal.suspends);
            one.person == person
                && one.implemented <= today
                && !one.is_over(&self.rules, today)
                && !suspended
        };
        self.held.iter().filter(holds).collect()
    }

    fn next_working_day(&self, from: NaiveDate) -> NaiveDate {
        self.rules.holidays.add_working_days(from, 1)
    }

    /// Every deadline of which today's diary speaks.
    pub fn diary(&self, today: NaiveDate) -> BTreeSet<Due> {
        let mut entries = BTreeSet::new();
        let mut put = |what, about: &str, due: NaiveDate, done: Option<NaiveDate>| {
            let state = match done {
                Some(done) if done <= due => "met",
                Some(_) => "late",
                None if today < due => "upcoming",
                None if today == due => "due",
                None => "overdue",
            };
            if done.is_none_or(|done| today <= done + KEPT) {
                entries.insert((what, about.to_owned(), due, state));
            }
        };
        for one in self.warnings.iter().filter(|one| one.written) {
            put("letter", &one.id, self.next_working_day(one.day), one.sent);
        }
        for one in &self.agreements {
            put("agreement_end", &one.id, one.until, one.over);
        }
        for one in self.held.iter().filter(|one| one.ended.is_none()) {
            if !one.is_over(&self.rules, today) {
                put("review", &one.id, one.review_due, None);
            }
            if let Some(last) = one.last_day(&self.rules) {
                put("restriction_end", &one.id, last, (today > last).then_some(last));
            }
        }
        for one in &self.reviews {
            put("review", &one.restriction, one.was_due, Some(one.day));
            if one.owes_letter {
                put("letter", &one.id, self.next_working_day(one.day), one.letter);
            }
        }
        for one in &self.appeals {
            let days = |from, count| self.rules.holidays.add_working_days(from, count);
            let decided = one.decided.map(|(day, _)| day);
            let answer = days(one.received, self.rules.answer_working_days);
            put("appeal_answer", &one.id, answer, decided);
            let (notice, from_receipt) = self.rules.notice;
            let from = if from_receipt { Some(one.received) } else { decided };
            if let Some(from) = from {
                put("appeal_notice", &one.id, days(from, notice), one.notified);
            }
        }
        entries
    }

    /// What somebody must have been told of by the end of a look at the diary, each with what tells it from
    /// the next: 28 days before reviews and ends, 3 working days before letters and answers, on the day, and
    /// once it is late; a late review that keeps its restriction in force, every day.
    pub fn reminders(&self, today: NaiveDate) -> Vec<(Due, Option<NaiveDate>)> {
        let spoken_of = |entry: &Due| {
            let (what, _, due, state) = entry;
            match (*state, *what) {
                ("upcoming", "review" | "restriction_end" | "agreement_end") => {
                    today + Days::new(28) >= *due
                }
                ("upcoming", _) => self.three_working_days_before(*due) <= today,
                ("due" | "overdue", _) => true,
                _ => false,
            }
        };
        let daily = |entry: &Due| {
            let keeps = self.rules.on_overdue == "keep";
            (keeps && entry.0 == "review" && entry.3 == "overdue").then_some(today)
        };
        let due = self.diary(today).into_iter().filter(spoken_of);
        due.map(|entry| (entry.clone(), daily(&entry))).collect()
    }

    /// The last day from which three working days later is not after the deadline.
    fn three_working_days_before(&self, due: NaiveDate) -> NaiveDate {
        let mut day = due - Days::new(1);
        while self.rules.holidays.add_working_days(day, 3) > due {
            day = day - Days::new(1);
        }
        day
    }
}
