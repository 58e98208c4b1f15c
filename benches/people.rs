//! People in memory: how much they take, and how fast a sender is found among them, by the look-up
//! that intake does. A plain program: it prints figures and asserts nothing.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails by panicking"
)]

mod karbon;

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use contact_gateway::domain::contact::Contact;
use contact_gateway::domain::identifier::{IdentifierKind, e164, normalise};
use contact_gateway::domain::nation::Nation;
use contact_gateway::domain::organisation::{Organisation, OrganisationId};
use contact_gateway::domain::person::Person;
use contact_gateway::domain::roster::Roster;
use contact_gateway::intake::roster::Rosters;
use contact_gateway::ports::{Change, Register, Snapshot, StoreError};
use tokio::sync::broadcast;

const PEOPLE: usize = 100_000;
const LOOK_UPS: usize = 1_000_000;

/// A store that has made-up people, so many identifiers each.
struct MadeUp {
    identifiers: usize,
}

#[async_trait]
impl Register for MadeUp {
    async fn people(&self, _: &OrganisationId) -> Result<Snapshot, StoreError> {
        let people = (0..PEOPLE).map(|number| person(number, self.identifiers)).collect();
        Ok(Snapshot { people })
    }

    async fn person(&self, _: &OrganisationId, _: &str) -> Result<Option<Arc<Person>>, StoreError> {
        Ok(None)
    }

    async fn people_page(
        &self,
        _: &OrganisationId,
        _: Option<&str>,
        _: usize,
    ) -> Result<Vec<Arc<Person>>, StoreError> {
        Ok(Vec::new())
    }

    async fn restricted(
        &self,
        _: &OrganisationId,
        _: &str,
    ) -> Result<Vec<Arc<Person>>, StoreError> {
        Ok(Vec::new())
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        broadcast::channel(1).1
    }
}

/// Read from its record, as a store reads it.
fn person(number: usize, identifiers: usize) -> Arc<Person> {
    let mut listed = format!(r#"{{"kind":"phone","value":"+447{number:09}"}}"#);
    for other in 1..identifiers {
        write!(listed, r#",{{"kind":"email","value":"p{number}.{other}@mail.example"}}"#).unwrap();
    }
    let json = format!(
        r#"{{"id":"P-{number}","name":"Jo Doe {number}","identifiers":[{listed}],
            "restrictions":[{{"id":"R-{number}","kind":"contact_quota","limit":2,"per":"week",
                "status":"active","grounds":"demands","clause":"6.2","starts":"2026-11-01",
                "review_due":"2027-05-01","decided_by":"A. Manager"}}]}}"#
    );
    Arc::new(serde_json::from_str(&json).unwrap())
}

/// Resident bytes of this process (`/proc/self/statm`, proc(5)).
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

fn contact() -> Contact {
    serde_json::from_str(
        r#"{"id":"c","channel":"email","at":"2026-11-21T10:00:00Z",
            "from":[{"kind":"email","value":"x@mail.example","assurance":"asserted"}],
            "text":"The boiler has been out of order since Monday."}"#,
    )
    .unwrap()
}

/// From an address to who lists it, without what makes a sender of them.
fn look_up_alone(roster: &Roster) {
    let numbers = (0..LOOK_UPS).map(|number| number.wrapping_mul(7_919) % (PEOPLE * 9));
    let address = |number| format!("p{}.{}@mail.example", number / 9, 1 + number % 9);
    let addresses: Vec<String> = numbers.map(address).collect();
    let mut found = 0;
    let before = Instant::now();
    for address in &addresses {
        let keys = normalise(IdentifierKind::Email, black_box(address), Nation::England).unwrap();
        found += keys.exact.iter().map(|key| roster.listings(key).len()).sum::<usize>();
    }
    let each = before.elapsed().as_nanos() / LOOK_UPS as u128;
    println!("who lists it: {LOOK_UPS} look-ups, {found} found, {each} ns each");
}

fn look_up(what: &str, rosters: &Rosters, organisation: &Organisation, domain: &str) {
    let mut contact = contact();
    // Far apart, so that what was looked up last does not help.
    let numbers = (0..LOOK_UPS).map(|number| number.wrapping_mul(7_919) % (PEOPLE * 9));
    let address = |number| format!("p{}.{}@{domain}", number / 9, 1 + number % 9);
    let mut addresses: Vec<String> = numbers.map(address).collect();
    let mut found = 0;
    let before = Instant::now();
    for address in &mut addresses {
        for from in &mut contact.from {
            std::mem::swap(&mut from.value, address);
        }
        let sender = rosters.resolve(organisation, black_box(&contact)).unwrap();
        found += sender.candidates.len();
    }
    let each = before.elapsed().as_nanos() / LOOK_UPS as u128;
    println!("{what}: {LOOK_UPS} look-ups, {found} found, {each} ns each");
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let organisation = Arc::new(karbon::organisation());
    // The rules of numbering are read once, whoever is known.
    black_box(e164("07700 900123", Nation::England).unwrap());
    let size = size_of::<contact_gateway::domain::restriction::Restriction>();
    println!("a restriction: {size} bytes");
    for identifiers in [2, 10] {
        let rosters = Rosters::new([&organisation]);
        let before = resident();
        runtime.block_on(rosters.load(&MadeUp { identifiers }, &organisation.id)).unwrap();
        let taken = resident().saturating_sub(before) / 1_000_000;
        println!("{PEOPLE} people with {identifiers} identifiers each: {taken} MB resident");
        if identifiers == 10 {
            let people = (0..PEOPLE).map(|number| person(number, identifiers));
            look_up_alone(&Roster::new(people, Nation::England));
            look_up("known", &rosters, &organisation, "mail.example");
            look_up("unknown", &rosters, &organisation, "other.example");
        }
        // Not given back: the next figure is taken on top of it.
        std::mem::forget(rosters);
    }
}
