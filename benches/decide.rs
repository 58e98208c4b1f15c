//! The pure parts: finding the sender among many people, and the decision itself.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod karbon;

use std::hint::black_box;
use std::sync::Arc;

use contact_gateway::domain::contact::Contact;
use contact_gateway::domain::decide::{Dossier, decide};
use contact_gateway::domain::ledger::Ledger;
use contact_gateway::domain::person::Person;
use contact_gateway::domain::roster::Roster;
use contact_gateway::domain::sender;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

fn person(number: usize) -> Arc<Person> {
    let json = format!(
        r#"{{"id":"P-{number}","identifiers":[{{"kind":"email","value":"p{number}@mail.example"}}],
            "restrictions":[{{"id":"R-{number}","kind":"contact_quota","limit":2,"per":"week"}},
                {{"id":"S-{number}","kind":"single_point_of_contact","contact":{{"name":"Sam"}}}}]}}"#
    );
    Arc::new(serde_json::from_str(&json).unwrap())
}

fn contact(sender: &str) -> Contact {
    serde_json::from_str(&format!(
        r#"{{"id":"c","channel":"email","at":"2026-11-21T10:00:00Z",
            "from":[{{"kind":"email","value":"{sender}"}}],"subject":"The boiler",
            "text":"The boiler has been out of order since Monday and nobody has come to see it."}}"#
    ))
    .unwrap()
}

/// How long it takes to find out who sent a contact: flat, however many people there are.
fn look_up(criterion: &mut Criterion) {
    let organisation = karbon::organisation();
    let profile = &organisation.profile;
    let mut group = criterion.benchmark_group("look_up");
    for people in [1, 100, 10_000] {
        let roster = Roster::new((0..people).map(person), profile.nation);
        for (who, contact) in
            [("known", contact("p0@mail.example")), ("unknown", contact("x@mail.example"))]
        {
            group.bench_function(BenchmarkId::new(who, people), |bencher| {
                bencher.iter(|| sender::resolve(&roster, profile, black_box(&contact), contact.at));
            });
        }
    }
    group.finish();
}

/// The whole decision on a restricted person's contact: safeguards, quota, point of contact.
fn decision(criterion: &mut Criterion) {
    let organisation = karbon::organisation();
    let roster = Roster::new((0..100).map(person), organisation.profile.nation);
    let ledger = Ledger::default();
    let mut group = criterion.benchmark_group("decide");
    for (who, contact) in
        [("restricted", contact("p0@mail.example")), ("unknown", contact("x@mail.example"))]
    {
        let sender = sender::resolve(&roster, &organisation.profile, &contact, contact.at);
        group.bench_function(who, |bencher| {
            bencher.iter(|| {
                let dossier = Dossier { sender: &sender, ledger: Some(&ledger), reading: None };
                decide(&organisation, dossier, black_box(&contact), contact.at)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, look_up, decision);
criterion_main!(benches);
