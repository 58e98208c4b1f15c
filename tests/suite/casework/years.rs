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

mod gateways;
mod ledger;
mod life;
mod recount;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate, TimeDelta};
use contact_gateway::casework::diary::DiaryAsked;
use contact_gateway::casework::sealing::verify::Trusted;
use contact_gateway::domain::person::Person;
use contact_gateway::domain::queue::REMINDER;
use contact_gateway::ports::ItemFilter;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use self::gateways::Gateway;
use super::rig::{CaseOffice, profile, shipped, staff};
use super::stories::is_again;
use crate::sealed::key;
use ledger::{Due, Ledger, Rules, person};
use life::{Habits, Life, Next};

const PEOPLE: usize = 12;
/// Two years from here.
const DAYS: u64 = 731;

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
    let office = CaseOffice::open(Memory::new(), profile, &staff(&members));
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
        gateways: [Gateway::of(&office), Gateway::of(&office)],
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
}

struct Years {
    life: Life,
    gateways: [Gateway; 2],
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
        let last = day + Days::new(DAYS - 1);
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
                self.gateways[which] = Gateway::of(&self.life.office);
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
        if self.life.chance.below(12) == 0 {
            self.kill_in_a_round().await;
        }
        match self.life.chance.below(4) {
            0 => self.remind_at_once().await,
            which => self.remind(usize::try_from(which % 2).unwrap()).await,
        }
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
        self.gateways[which] = Gateway::of(&self.life.office);
        self.gateways[1 - which].keep(&self.life.office).await;
    }

    async fn seal(&self) {
        let id = &self.life.office.organisation.id;
        self.gateways[0].desk.seal(id, &key()).await.unwrap();
    }

    /// Days later, all of it is sealed; and the trail is what was.
    async fn the_trail_is_what_was_sealed(&mut self, entries: usize) {
        let end = first_day() + Days::new(DAYS + 1);
        self.life.set_clock(end, 0);
        self.seal().await;
        let id = &self.life.office.organisation.id;
        let desk = &self.gateways[1].desk;
        let verified = desk.verify_trail(id, Trusted::default()).await.unwrap();
        assert!(verified.findings.is_empty(), "{:?}", verified.findings);
        assert!(verified.sealed_to >= entries as u64, "{}", verified.sealed_to);
        assert!(verified.anchors > 1, "it was signed for on several days");
    }

    /// Every reminder that is on a queue.
    async fn on_queues(&self) -> usize {
        let (store, id) = (&self.life.office.store, &self.life.office.organisation.id);
        let mut found = 0;
        for queue in store.queues(id).await.unwrap() {
            let mut filter = ItemFilter::default();
            loop {
                let page = store.items(id, &queue.queue, filter.clone()).await.unwrap();
                let Some(last) = page.last() else { break };
                filter.after = Some(last.id.clone());
                let is_reminder = |flags: &[String]| flags.iter().any(|flag| flag == REMINDER);
                found += page.iter().filter(|item| is_reminder(&item.flags)).count();
            }
        }
        found
    }

    /// The diary, and what holds, are what the ledger says.
    async fn compare(&mut self, people: usize) {
        let today = self.life.today;
        let (office, ledger) = (&self.life.office, &self.life.ledger);
        if self.life.chance.below(3) == 0 {
            let asked = DiaryAsked::default();
            let diary = self.gateways[0].desk.diary(&office.organisation, &asked).await.unwrap();
            let found: BTreeSet<Due> = diary
                .into_iter()
                .filter(|one| one.what.name() != "calendar_end")
                .map(|one| (one.what.name(), one.about, one.due, one.state.name()))
                .collect();
            let expected = ledger.diary(today);
            let missing: Vec<&Due> = expected.difference(&found).collect();
            let beside: Vec<&Due> = found.difference(&expected).collect();
            assert!(
                missing.is_empty() && beside.is_empty(),
                "{today}: not in the diary: {missing:?}\nand not expected: {beside:?}"
            );
        }
        // At noon, and at the last instant of the day.
        let noon = today.and_hms_opt(12, 0, 0).unwrap().and_utc();
        for at in [noon, noon + TimeDelta::minutes(10 * 60 + 59)] {
            for of in 0..people {
                let id = &office.organisation.id;
                let record = office.store.person(id, &person(of)).await.unwrap().unwrap();
                let profile = &office.organisation.profile;
                let found: BTreeSet<&str> = record
                    .restrictions
                    .iter()
                    .filter(|one| one.is_in_force(at, profile))
                    .map(|one| one.id.as_str())
                    .collect();
                let expected: BTreeSet<&str> =
                    ledger.in_force(of, today).iter().map(|one| one.id.as_str()).collect();
                assert_eq!(found, expected, "{at}: {}", person(of));
            }
        }
    }

    async fn trail(&self) -> Vec<Value> {
        let (mut entries, mut after) = (Vec::new(), 0);
        loop {
            let path = format!("/api/v1/audit?after={after}");
            let page = self.life.office.get("Bo", &path).await.json();
            entries.extend(page["entries"].as_array().unwrap().iter().cloned());
            match page["next"].as_u64() {
                Some(next) => after = next,
                None => return entries,
            }
        }
    }

    async fn the_trail_has_everything(&mut self) {
        let trail = self.trail().await;
        for (index, entry) in trail.iter().enumerate() {
            assert_eq!(entry["number"], json!(index + 1), "{entry}");
        }
        let of = |event: &'static str| trail.iter().filter(move |one| one["event"] == event);
        let word = |entry: &Value, key: &str| entry[key].as_str().unwrap().to_owned();
        let steps: Vec<(String, String, String)> = of("step")
            .map(|one| (word(one, "by"), word(one, "act"), word(one, "person")))
            .collect();
        assert!(steps == self.life.taken, "the trail has every step in its order");
        let first = || of("decided").filter(|one| !is_again(one));
        let decided: BTreeMap<String, String> =
            first().map(|one| (word(one, "contact"), word(one, "disposition"))).collect();
        let contacts = &self.life.ledger.contacts;
        assert_eq!((decided.len(), first().count()), (contacts.len(), contacts.len()));
        for one in contacts {
            assert_eq!(decided[&one.id], one.disposition, "{}", one.id);
        }
        let released: Vec<String> = of("released").map(|one| word(one, "item")).collect();
        let once: BTreeSet<&String> = released.iter().collect();
        assert_eq!(once.len(), released.len(), "something was released twice");
        for contact in &self.life.released {
            assert_eq!(self.life.office.times_released(contact), 1, "{contact}");
            assert!(once.contains(contact), "{contact}");
        }
        self.everybody_was_reminded_once(&trail);
        assert_eq!(self.on_queues().await, self.reminders.len(), "each is one item on a queue");
        println!("{} entries, {:?}", trail.len(), self.happened);
        self.the_trail_is_what_was_sealed(trail.len()).await;
    }

    fn everybody_was_reminded_once(&self, trail: &[Value]) {
        let mut expected: BTreeMap<(String, String, String), usize> = BTreeMap::new();
        for ((what, about, _, state), _) in &self.reminders {
            let key = ((*what).to_owned(), about.clone(), (*state).to_owned());
            *expected.entry(key).or_default() += 1;
        }
        let mut found: BTreeMap<(String, String, String), usize> = BTreeMap::new();
        let told = trail.iter().filter(|one| one["event"] == "reminded");
        for one in told {
            let word = |key: &str| one[key].as_str().unwrap().to_owned();
            *found.entry((word("what"), word("about"), word("state"))).or_default() += 1;
        }
        let differ: Vec<_> = expected
            .keys()
            .chain(found.keys())
            .filter(|key| expected.get(*key) != found.get(*key))
            .map(|key| format!("{key:?}: {:?} and {:?}", expected.get(key), found.get(key)))
            .collect();
        assert!(differ.is_empty(), "expected and found reminders differ:\n{}", differ.join("\n"));
        let late = found.keys().filter(|(_, _, state)| state == "overdue").count();
        println!("{} reminders, {late} of them of what was late", self.reminders.len());
    }

    async fn the_figures_are_those_of_a_recount(&self) {
        let end = first_day() + Days::new(DAYS - 1);
        let mut periods = vec![(first_day(), end)];
        let mut from = first_day();
        while from < end {
            let to = (from + Days::new(90)).min(end);
            periods.push((from, to));
            from = to + Days::new(1);
        }
        for (from, to) in periods {
            let organisation = &self.life.office.organisation;
            let figures = self.gateways[1].desk.figures(organisation, from, to).await.unwrap();
            for (name, expected) in recount::recount(&self.life.ledger, from, to) {
                assert_eq!(figures[name], expected, "{name} from {from} to {to}");
            }
        }
        let ledger = &self.life.ledger;
        println!(
            "{} incidents, {} warnings, {} restrictions, {} reviews, {} appeals, {} contacts",
            ledger.incidents.len(),
            ledger.warnings.len(),
            ledger.held.len(),
            ledger.reviews.len(),
            ledger.appeals.len(),
            ledger.contacts.len()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tuntum_keeps_what_nobody_reviews_and_says_so_every_day() {
    two_years(Organisation {
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
    })
    .await;
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
