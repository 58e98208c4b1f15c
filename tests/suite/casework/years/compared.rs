//! What is compared after each day, and at the end: the diary, what is in force, the trail, the reminders, the figures.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, TimeDelta};
use contact_gateway::casework::diary::DiaryAsked;
use contact_gateway::casework::sealing::verify::Trusted;
use contact_gateway::domain::flag::Flag;
use contact_gateway::ports::ItemFilter;
use serde_json::{Value, json};

use super::ledger::{Due, person};
use super::{Years, first_day, recount};
use crate::casework::stories::is_again;

impl Years {
    /// Days later, all of it is sealed; and the trail is what was.
    async fn the_trail_is_what_was_sealed(&mut self, entries: usize) {
        let end = first_day() + Days::new(self.days + 1);
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
                let is_reminder = |flags: &[Flag]| flags.contains(&Flag::Reminder);
                found += page.iter().filter(|item| is_reminder(&item.flags)).count();
            }
        }
        found
    }

    /// The diary, and what holds, are what the ledger says.
    pub(super) async fn compare(&mut self, people: usize) {
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

    pub(super) async fn the_trail_has_everything(&mut self) {
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

    pub(super) async fn the_figures_are_those_of_a_recount(&self) {
        let end = first_day() + Days::new(self.days - 1);
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
