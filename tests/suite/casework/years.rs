//! Two years of an office, by chance: people who are warned, restricted, reviewed and appeal, staff who are
//! on time, late, or forget; gateways that start anew, are killed in the middle of a round, sleep for weeks, and
//! whose clocks go back and ahead. Whatever happens: no restriction holds a day too long, everything that falls
//! due is in the diary on every day, everybody is reminded once, the trail has everything and is what was sealed,
//! and the figures are those of a recount that shares no code with them.
//!
//! `YEARS_PEOPLE` says how many people each organisation has (200 are meant to be seen whole now and then),
//! `SEED` what chance begins with.

#![expect(
    clippy::print_stdout,
    reason = "a run says what it began with and how much happened in it"
)]

mod compared;
mod gateways;
mod ledger;
mod life;
mod process;
mod recount;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use contact_gateway::domain::person::Person;
use contact_gateway::ports::Store;
use contact_gateway::store::memory::Memory;
use contact_gateway::store::redis::Redis;
use secrecy::SecretString;
use serde_json::{Value, json};

use self::gateways::Gateway;
use self::process::Place;
use super::rig::{CaseOffice, profile, shipped, staff};
use crate::sealed::key;
use crate::store_contract::servers;
use ledger::{Due, Ledger, Rules, person};
use life::{Habits, Life, Next};

const PEOPLE: usize = 12;
/// Two years from here.
const DAYS: u64 = 731;
/// The same, shorter, with keepers that are processes and are killed.
const PEOPLE_OF_PROCESSES: usize = 6;
const DAYS_OF_PROCESSES: u64 = 260;
/// So many of them at least before they answered.
const KILLED_MIN: u32 = 5;

fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 5).unwrap()
}

fn chosen(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

struct Organisation {
    profile: &'static str,
    laid: Value,
    hearers: &'static str,
    kinds: &'static [&'static str],
    agreement_first: bool,
    on_overdue: &'static str,
    answer: u32,
    notice: (u32, bool),
    kept_during_appeal: bool,
    outcome_told: bool,
}

fn hours() -> Value {
    let windows = json!([{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00",
                          "to": "17:00"}]);
    let week = json!({ "windows": windows });
    json!({"telephone": week, "email": week, "letter": week})
}

/// The clocks that a policy leaves to its organisation.
fn appeal(answer: u32) -> Value {
    json!({
        "window": {"working_days": 20, "from": "letter"},
        "answer": {"working_days": answer, "from": "receipt"},
        "notify": {"working_days": 5, "from": "appeal_decision"},
        "in_force_during": true
    })
}

const COMMON: &[&str] = &["contact_quota", "channels_only", "single_point_of_contact"];

async fn two_years(of: Organisation) {
    let people = chosen("YEARS_PEOPLE").map_or(PEOPLE, |people| people.try_into().unwrap());
    lived(of, people, DAYS, None).await;
}

/// So many days of so many people, on Redis where keepers are processes of their own.
async fn lived(of: Organisation, people: usize, days: u64, redis: Option<&str>) -> Happened {
    let seed = chosen("SEED").unwrap_or(1);
    println!("YEARS_PEOPLE={people} SEED={seed}");
    let mut laid = of.laid;
    laid["staffed_hours"] = hours();
    laid["responsible"]["decides"] = json!("manager");
    let profile = profile(&shipped(of.profile), Some(&laid));
    let rules = Rules {
        on_overdue: of.on_overdue,
        longest_months: profile.review.longest_months.unwrap(),
        answer_working_days: of.answer,
        notice: of.notice,
        kept_during_appeal: of.kept_during_appeal,
        outcome_told: of.outcome_told,
        holidays: profile.bank_holidays.clone(),
    };
    let members = [
        ("Ann", "agent"),
        ("Bo", "governance"),
        ("Cy", "manager"),
        ("Fi", "manager"),
        ("Di", of.hearers),
    ];
    let store: Arc<dyn Store> = match redis {
        None => Memory::new(),
        Some(url) => Redis::open(&SecretString::from(url.to_owned())).unwrap(),
    };
    let place = redis.map(|url| Place { url: url.to_owned(), profile: of.profile, laid });
    let office = CaseOffice::open(store, profile, &staff(&members));
    let listed = (0..people).map(|number| -> Person {
        serde_json::from_value(json!({
            "id": person(number), "name": format!("Person {number}"),
            "identifiers": [
                {"kind": "email", "value": format!("p{number}@home.example")},
                {"kind": "phone", "value": format!("07700 90{number:04}")}
            ]
        }))
        .unwrap()
    });
    office.put_on_record(listed.collect()).await;
    let habits =
        Habits { agreement_first: of.agreement_first, kinds: of.kinds, hearers: of.hearers };
    let mut years = Years {
        gateways: [gateway(&office, place.as_ref()), gateway(&office, place.as_ref())],
        place,
        days,
        life: Life::new(office, Ledger::new(rules), seed, habits),
        reminders: BTreeSet::new(),
        happened: Happened::default(),
    };
    years.life.set_clock(first_day(), 0);
    for of in 0..people {
        // A quarter never do anything that calls for an answer.
        if years.life.chance.below(4) != 0 {
            years.life.later(0, 400, of, Next::Incident);
        }
    }
    years.pass(people).await;
    for contact in &years.life.ledger.contacts {
        years.life.office.recorded(&contact.id).await;
    }
    years.the_trail_has_everything().await;
    years.the_figures_are_those_of_a_recount().await;
    years.happened
}

fn gateway(office: &CaseOffice, place: Option<&Place>) -> Gateway {
    place.map_or_else(|| Gateway::of(office), |place| Gateway::apart(office, place))
}

struct Years {
    life: Life,
    gateways: [Gateway; 2],
    /// Where the gateways are processes of their own.
    place: Option<Place>,
    days: u64,
    /// What has to have been said, each once: a deadline in a state, and the day where that is said daily.
    reminders: BTreeSet<(Due, Option<NaiveDate>)>,
    happened: Happened,
}

/// What chance did to the gateways.
#[derive(Debug, Default)]
struct Happened {
    begun_anew: u32,
    killed: u32,
    clock_back: u32,
    clock_ahead: u32,
    away_for_weeks: u32,
}

impl Years {
    /// Day after day.
    async fn pass(&mut self, people: usize) {
        let mut day = first_day();
        let last = day + Days::new(self.days - 1);
        while day <= last {
            self.life.set_clock(day, 0);
            self.look().await;
            self.one_day(people).await;
            if self.life.chance.below(3) == 0 {
                // What was done today on one gateway, another says today.
                let which = self.life.chance.index(2);
                self.remind(which).await;
            }
            self.compare(people).await;
            if self.life.chance.below(60) == 0 {
                self.seal().await;
            }
            // Everybody is away for some weeks, or only a night goes by.
            let gone = if self.life.chance.below(90) == 0 { 24 } else { 1 };
            self.happened.away_for_weeks += u32::from(gone > 1);
            day = (day + Days::new(gone)).min(last.max(day + Days::new(1)));
        }
    }

    /// What was planned for this day or missed before, and some contacts.
    async fn one_day(&mut self, people: usize) {
        let today = self.life.today;
        while let Some(entry) = self.life.plan.first_entry().filter(|one| *one.key() <= today) {
            for (of, next) in entry.remove() {
                self.life.go_on(of, next).await;
            }
        }
        for of in 0..people {
            if self.life.chance.below(14) == 0 {
                self.life.contact(of).await;
            }
        }
    }

    /// Two gateways look at the diary, each of them perhaps for the first time; sometimes both at once, sometimes
    /// by a clock that went back or ahead, and sometimes one is killed meanwhile.
    async fn look(&mut self) {
        for which in 0..2 {
            if self.life.chance.below(20) == 0 {
                self.happened.begun_anew += 1;
                self.begin_anew(which);
            }
        }
        let today = self.life.today;
        if self.life.chance.below(25) == 0 && today > first_day() {
            self.happened.clock_back += 1;
            self.life.set_clock(today - Days::new(1), 0);
            self.remind(0).await;
        }
        if self.life.chance.below(50) == 0 {
            self.happened.clock_ahead += 1;
            let ahead = Days::new(1 + self.life.chance.below(9));
            self.life.set_clock(today + ahead, 0);
            let which = self.life.chance.index(2);
            self.remind(which).await;
        }
        self.life.set_clock(today, 0);
        let seldom = if self.place.is_some() { 4 } else { 12 };
        if self.life.chance.below(seldom) == 0 {
            self.kill_in_a_round().await;
        }
        match self.life.chance.below(4) {
            0 => self.remind_at_once().await,
            which => self.remind(usize::try_from(which % 2).unwrap()).await,
        }
    }

    fn begin_anew(&mut self, which: usize) {
        self.gateways[which] = gateway(&self.life.office, self.place.as_ref());
    }

    fn expect_reminders(&mut self) {
        self.reminders.extend(self.life.ledger.reminders(self.life.today));
    }

    async fn remind(&mut self, which: usize) {
        self.expect_reminders();
        self.gateways[which].keep(&self.life.office).await;
    }

    async fn remind_at_once(&mut self) {
        self.expect_reminders();
        let office = &self.life.office;
        let [one, other] = &self.gateways;
        tokio::join!(one.remind(office), other.remind(office));
    }

    /// One gateway is killed at some call of its store, or between two rounds; the other goes on, and does what
    /// the first did not.
    async fn kill_in_a_round(&mut self) {
        self.expect_reminders();
        let which = self.life.chance.index(2);
        let calls = self.life.chance.index(60);
        let killed = self.gateways[which].keep_until_killed(&self.life.office, calls).await;
        self.happened.killed += u32::from(killed);
        if self.place.is_none() {
            self.begin_anew(which);
        }
        self.gateways[1 - which].keep(&self.life.office).await;
    }

    async fn seal(&self) {
        let id = &self.life.office.organisation.id;
        self.gateways[0].desk.seal(id, &key()).await.unwrap();
    }
}

fn tuntum() -> Organisation {
    Organisation {
        profile: "tuntum.toml",
        laid: json!({"appeal": {"in_force_during": true}}),
        hearers: "senior_member_of_staff",
        kinds: COMMON,
        agreement_first: false,
        on_overdue: "keep",
        answer: 20,
        notice: (20, true),
        kept_during_appeal: true,
        outcome_told: false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tuntum_keeps_what_nobody_reviews_and_says_so_every_day() {
    two_years(tuntum()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_end_anywhere_on_redis_remind_once_and_leave_nothing_out() {
    let server = servers::single().await;
    let happened = lived(tuntum(), PEOPLE_OF_PROCESSES, DAYS_OF_PROCESSES, Some(&server.url)).await;
    assert!(happened.killed >= KILLED_MIN, "{happened:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn karbon_tries_agreements_and_caps_what_it_restricts() {
    let mut appeal = appeal(20);
    appeal["heard_by"] = json!("assistant_director_customer_experience");
    two_years(Organisation {
        profile: "karbon-homes.toml",
        laid: json!({
            "review": {"every_months": 6, "longest_months": 9, "on_overdue": "hard_cap",
                       "anchor": "implementation"},
            "letter": {"must_say": ["restrictions", "reasons", "how_to_appeal"]},
            "appeal": appeal
        }),
        hearers: "assistant_director_customer_experience",
        kinds: COMMON,
        agreement_first: true,
        on_overdue: "hard_cap",
        answer: 20,
        notice: (5, false),
        kept_during_appeal: true,
        outcome_told: false,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calico_lets_lapse_what_nobody_reviews_and_tells_every_outcome() {
    two_years(Organisation {
        profile: "calico-homes.toml",
        laid: json!({
            "review": {"longest_months": 12, "on_overdue": "lapse", "anchor": "implementation"},
            "appeal": appeal(10)
        }),
        hearers: "head_of_service",
        kinds: &["contact_quota", "channels_only", "single_point_of_contact", "visits_in_pairs"],
        agreement_first: false,
        on_overdue: "lapse",
        answer: 10,
        notice: (5, false),
        kept_during_appeal: true,
        outcome_told: true,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn derby_keeps_what_nobody_reviews_until_it_is() {
    two_years(Organisation {
        profile: "derby-homes.toml",
        laid: json!({
            "review": {"longest_months": 12, "on_overdue": "keep", "anchor": "decision"},
            "appeal": appeal(20)
        }),
        hearers: "executive_team",
        kinds: COMMON,
        agreement_first: false,
        on_overdue: "keep",
        answer: 20,
        notice: (5, false),
        kept_during_appeal: true,
        outcome_told: false,
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn united_welsh_suspends_what_is_appealed_against_and_caps_it() {
    two_years(Organisation {
        profile: "united-welsh.toml",
        laid: json!({
            "review": {"every_months": 6, "longest_months": 8, "on_overdue": "hard_cap",
                       "anchor": "decision"},
            "appeal": {"in_force_during": false}, "read_within_working_days": 5
        }),
        hearers: "manager",
        kinds: COMMON,
        agreement_first: false,
        on_overdue: "hard_cap",
        answer: 10,
        notice: (5, false),
        kept_during_appeal: false,
        outcome_told: true,
    })
    .await;
}
