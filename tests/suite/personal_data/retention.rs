//! What the organisation's schedule lets go.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Months, TimeDelta, Utc};
use clap::Parser;
use contact_gateway::casework::sealing::anchor::AnchorKey;
use contact_gateway::casework::sealing::verify::Trusted;
use contact_gateway::casework::{Desk, Fault};
use contact_gateway::cli::open::Opened;
use contact_gateway::cli::retention::{self, RetentionArgs};
use contact_gateway::cli::{Io, Outcome};
use contact_gateway::domain::person::Person;
use contact_gateway::domain::profile::Role;
use contact_gateway::domain::refusal_code::RefusalCode;
use contact_gateway::domain::retention::{Class, Rule, Schedule};
use contact_gateway::ports::documents::{BY_ID, Listing};
use contact_gateway::ports::{Clock, Mailer, Store};
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::left::{everything, naming};
use super::on_both_stores;
use crate::casework::rig::{CaseOffice, Mailboxes, profile, shipped, staff};
use crate::degraded::faulty::Faulty;

on_both_stores! {
    each_class_goes_when_it_is_due_and_nothing_else
}

pub const GWEN: &str = "Gwen Gover";
pub const MAX: &str = "Max Manag";
const STAFF: [(&str, &str); 3] = [(GWEN, "governance"), (MAX, "manager"), ("Al", "agent")];

pub fn key() -> AnchorKey {
    AnchorKey::of_seed(&[3; 32]).unwrap()
}

fn rule(months: u32) -> Rule {
    Rule { months, clause: format!("Schedule {months}"), automatic: false }
}

pub fn schedule() -> Schedule {
    let rules =
        [(Class::Items, 12), (Class::Contacts, 24), (Class::Records, 36), (Class::Trail, 36)];
    rules.map(|(class, months)| (class, rule(months))).into()
}

pub fn begun() -> DateTime<Utc> {
    "2026-02-10T12:00:00Z".parse().unwrap()
}

/// A person who is limited, one on record whom nothing restricts, and strangers.
pub async fn office(store: Arc<dyn Store>, strangers: usize) -> CaseOffice {
    let office = CaseOffice::open(store, profile(&shipped("tuntum.toml"), None), &staff(&STAFF));
    office.clock.set(begun() - TimeDelta::days(1));
    let people: Vec<Person> = serde_json::from_value(json!([
        {"id": "P-1", "name": "Jo Doe",
         "identifiers": [{"kind": "email", "value": "jo@home.example"}],
         "restrictions": [{"id": "R-1", "kind": "contact_quota", "limit": 1, "per": "week",
            "grounds": "demands", "clause": "8.3", "starts": "2026-01-01", "decided_by": "Max"}]},
        {"id": "X-2", "name": "Al Other",
         "identifiers": [{"kind": "email", "value": "al@other.example"}]}
    ]))
    .unwrap();
    office.put_on_record(people).await;
    office.clock.set(begun());
    let mut contacts = vec![
        ("c-1".to_owned(), "jo@home.example"),
        ("c-2".to_owned(), "jo@home.example"),
        ("c-3".to_owned(), "jo@home.example"),
        ("x-1".to_owned(), "al@other.example"),
    ];
    contacts.extend((0..strangers).map(|number| (format!("s-{number}"), "who@knows.example")));
    for (id, from) in &contacts {
        let contact = json!({"id": id, "channel": "email", "at": begun(),
            "from": [{"kind": "email", "value": from}], "to": ["repairs@office.example"],
            "subject": "The roof", "text": "Please answer me."});
        office.decide(&serde_json::from_value(contact).unwrap()).await;
    }
    for (id, _) in &contacts {
        office.recorded(id).await;
    }
    let filed = office.post("Al", "/api/v1/queues/limited/c-2/file", &json!({})).await;
    assert!(filed.status.is_success(), "{filed:?} {}", filed.json());
    office.clock.set(begun() + TimeDelta::hours(1));
    let desk = office.desk();
    desk.seal(&office.organisation.id, &key()).await.unwrap();
    desk.keep_house(&office.organisation).await.unwrap();
    office
}

pub fn after(office: &CaseOffice, months: u32) {
    office.clock.set(begun() + Months::new(months) + TimeDelta::days(1));
}

/// What is due of each class, by its ids.
async fn due(office: &CaseOffice) -> BTreeMap<Class, Vec<String>> {
    let desk = office.desk();
    let previews = desk.preview_retention(&office.organisation, &schedule()).await.unwrap();
    let each = previews.into_iter().map(|one| {
        assert_eq!(one.due, one.ids.len() as u64, "{one:?}");
        assert!(!one.is_partial);
        (one.class, one.ids)
    });
    each.collect()
}

/// Asked by one, approved by another; the trail can be verified, and nothing is due of the class any more.
async fn swept(office: &CaseOffice, class: Class) -> Value {
    let (desk, organisation) = (office.desk(), &office.organisation);
    desk.ask_sweep(&organisation.id, &schedule(), class, GWEN).await.unwrap();
    let again = desk.ask_sweep(&organisation.id, &schedule(), class, MAX).await;
    assert!(matches!(again, Err(Fault::Exists(_))), "{again:?}");
    let own = desk.approve_sweep(organisation, class, GWEN).await;
    assert!(
        matches!(&own, Err(Fault::Broken(broken)) if broken[0].code == RefusalCode::RetentionSamePerson)
    );
    office.clock.set(office.clock.now() + TimeDelta::minutes(1));
    let mut proof = desk.approve_sweep(organisation, class, MAX).await.unwrap();
    assert_eq!(proof.approved_at, office.clock.now(), "not when it was asked for");
    // Records go as erasures of their own, which other rounds do.
    for _ in 0..10 {
        if proof.is_complete {
            break;
        }
        office.clock.set(office.clock.now() + TimeDelta::minutes(2));
        office.finish(&desk).await;
        let all = desk.erasures(&organisation.id).await.unwrap();
        proof = all.into_iter().find(|one| one.id == proof.id).unwrap();
    }
    assert!(proof.is_complete, "{proof:?}");
    sound(&desk, office).await;
    assert_eq!(due(office).await[&class], Vec::<String>::new());
    json!(proof)
}

async fn sound(desk: &Desk, office: &CaseOffice) {
    let of = &office.organisation.id;
    // As a gateway does every minute.
    desk.seal(of, &key()).await.unwrap();
    let trail = desk.verify_trail(of, Trusted::default()).await.unwrap();
    assert_eq!(trail.findings, [], "{trail:?}");
}

async fn each_class_goes_when_it_is_due_and_nothing_else(store: Arc<dyn Store>) {
    let office = office(store, 3).await;
    let (of, store) = (&office.organisation.id, office.store.as_ref());
    let tallies = async || {
        let page = store.documents(of, "tally", Listing::of(BY_ID)).await.unwrap();
        page.documents.iter().map(|one| one.body.get().to_owned()).collect::<Vec<_>>()
    };
    let counted = tallies().await;
    assert!(!counted.is_empty());
    after(&office, 11);
    assert!(due(&office).await.values().all(Vec::is_empty), "{:?}", due(&office).await);

    // Items that wait are kept, and so are people under a hold.
    after(&office, 12);
    assert_eq!(due(&office).await[&Class::Items], ["c-2"]);
    let hold = json!({"reason": "A claim."});
    office.ask("PUT", GWEN, "/api/v1/people/P-1/hold", &[], hold.to_string()).await;
    assert_eq!(due(&office).await[&Class::Items], Vec::<String>::new());
    office.ask("DELETE", GWEN, "/api/v1/people/P-1/hold", &[], String::new()).await;
    let proof = swept(&office, Class::Items).await;
    assert_eq!(proof["removed"], json!({"items": 1, "originals": 1}), "{proof}");
    assert_eq!((&proof["asked_by"], &proof["clause"]), (&json!(GWEN), &json!("Schedule 12")));
    assert!(store.item(of, "c-2").await.unwrap().is_none());
    assert!(store.item(of, "c-3").await.unwrap().is_some());
    assert!(store.recorded(of, "c-2").await.unwrap().is_some(), "the decision stays");

    after(&office, 24);
    assert_eq!(due(&office).await[&Class::Contacts], ["s-0", "s-1", "s-2"]);
    let proof = swept(&office, Class::Contacts).await;
    assert_eq!(proof["removed"]["contacts"], 3, "{proof}");
    let left = everything(store, of, &["s-0", "s-2", "c-1", "x-1"]).await;
    assert_eq!(naming(&left, &["\"s-0", "\"s-1", "\"s-2"]), Vec::<&String>::new());
    for kept in ["\"c-1", "\"x-1"] {
        assert!(!naming(&left, &[kept]).is_empty(), "{kept}");
    }

    // Whom something restricts stays, with all that is theirs.
    after(&office, 36);
    assert_eq!(due(&office).await[&Class::Records], ["X-2"]);
    let proof = swept(&office, Class::Records).await;
    assert_eq!(proof["removed"]["records"], 1, "{proof}");
    assert!(store.person(of, "X-2").await.unwrap().is_none());
    assert!(store.person(of, "P-1").await.unwrap().is_some());
    assert!(store.recorded(of, "x-1").await.unwrap().is_none());
    let worked = due(&office).await[&Class::Trail].len();
    assert_ne!(worked, 0);
    let proof = swept(&office, Class::Trail).await;
    assert_eq!(proof["removed"], json!({"entries": worked}), "{proof}");
    assert_eq!(tallies().await, counted, "figures keep their counts");
    by_itself(&office).await;
}

/// Where the rule says that nobody need approve: once a day, and with the rule's name on the proof.
async fn by_itself(office: &CaseOffice) {
    let (desk, of) = (office.desk(), &office.organisation.id);
    office.clock.set(office.clock.now() + Months::new(40));
    office.get(MAX, "/api/v1/people/P-1").await;
    office.clock.set(office.clock.now() + Months::new(40));
    desk.keep_house(&office.organisation).await.unwrap();
    let before = desk.erasures(of).await.unwrap().len();
    let automatic = Schedule::from([(Class::Trail, Rule { automatic: true, ..rule(36) })]);
    for _ in 0..3 {
        desk.sweep_by_rule(of, &automatic).await.unwrap();
        office.finish(&desk).await;
    }
    let all = desk.erasures(of).await.unwrap();
    assert_eq!(all.len(), before + 1, "{all:?}");
    let own = all.iter().find(|proof| proof.asked_by == "the schedule").unwrap();
    assert!(own.is_complete && own.removed["entries"] > 0, "{own:?}");
    // A rule that wants two people begins nothing.
    desk.sweep_by_rule(of, &schedule()).await.unwrap();
    office.finish(&desk).await;
    assert_eq!(desk.erasures(of).await.unwrap().len(), before + 1);
}

fn no_mail() -> Arc<dyn Mailer> {
    Arc::new(Mailboxes::default())
}

/// Wherever a gateway ends, each contact is there with all that is its, or gone with its proof.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_that_is_cut_off_anywhere_is_resumed() {
    let (mut calls, mut cut_off) = (2, 0);
    loop {
        let faulty = Faulty::over(Memory::new());
        let office = office(faulty.clone(), 45).await;
        let (desk, of) = (office.desk(), office.organisation.id.clone());
        after(&office, 24);
        desk.ask_sweep(&of, &schedule(), Class::Contacts, GWEN).await.unwrap();
        faulty.ends_after(calls);
        let done = desk.approve_sweep(&office.organisation, Class::Contacts, MAX).await;
        faulty.ends_after(usize::MAX);
        let other = office.desk();
        sound(&other, &office).await;
        if done.is_ok_and(|proof| proof.is_complete) {
            break;
        }
        cut_off += 1;
        office.clock.set(office.clock.now() + TimeDelta::minutes(2));
        other.finish_what_was_left(&office.organisation, &no_mail()).await.unwrap();
        if other.erasures(&of).await.unwrap().is_empty() {
            other.approve_sweep(&office.organisation, Class::Contacts, MAX).await.unwrap();
        }
        let proofs = other.erasures(&of).await.unwrap();
        assert!(proofs.len() == 1 && proofs[0].is_complete, "{proofs:?}");
        assert_eq!(proofs[0].removed["contacts"], 45, "each once: {proofs:?}");
        sound(&other, &office).await;
        calls += 13;
    }
    assert!(cut_off > 5, "{cut_off}");
}

/// The first stalls as it reads the proof, for longer than its lease: all is done when it goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_that_another_gateway_took_over_is_proven_once() {
    let faulty = Faulty::over(Memory::new());
    let office = office(faulty.clone(), 45).await;
    let (desk, other, of) = (office.desk(), office.desk(), office.organisation.id.clone());
    after(&office, 24);
    desk.ask_sweep(&of, &schedule(), Class::Contacts, GWEN).await.unwrap();
    let (organisation, clock) = (Arc::clone(&office.organisation), Arc::clone(&office.clock));
    let quicker = other.clone();
    faulty.while_one_is_read("erasure_proof", async move {
        clock.set(clock.now() + TimeDelta::minutes(2));
        quicker.finish_what_was_left(&organisation, &no_mail()).await.unwrap();
    });
    let done = desk.approve_sweep(&office.organisation, Class::Contacts, MAX).await;
    assert!(matches!(done, Err(Fault::Contended)), "{done:?}");
    let proofs = other.erasures(&of).await.unwrap();
    assert!(proofs.len() == 1 && proofs[0].is_complete, "{proofs:?}");
    assert_eq!(proofs[0].removed["contacts"], 45, "each once: {proofs:?}");
    sound(&other, &office).await;
}

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: RetentionArgs,
}

/// What the command answers, at a desk of its own.
async fn command(office: &CaseOffice, desk: Desk, words: &[&str]) -> (Outcome, String) {
    let line = Line::parse_from([&["retention"], words].concat());
    let opened = Opened {
        organisation: Arc::clone(&office.organisation),
        desk,
        state: std::path::PathBuf::new(),
        staff: STAFF.map(|(name, role)| (name.to_owned(), Role(role.to_owned()))).into(),
        schedule: schedule(),
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut io = Io { out: &mut out, err: &mut err };
    let outcome = retention::run(&line.args, &opened, &mut io).await.unwrap();
    (outcome, String::from_utf8([out, err].concat()).unwrap())
}

/// No gateway has signed for the trail in two years.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_removes_by_a_doubtful_clock_only_if_somebody_says_that_it_is_right() {
    let office = office(Memory::new(), 2).await;
    after(&office, 24);
    let run = async |words: &[&str]| {
        command(&office, office.wary_desk(office.store.clone()), words).await
    };
    let (done, said) = run(&["preview"]).await;
    assert!(done == Outcome::Yes && said.contains("warning: the clock may be ahead"), "{said}");
    let ask = ["ask", "contacts", "--by", GWEN];
    let approve = ["approve", "contacts", "--by", MAX];
    let (done, said) = run(&ask).await;
    assert!(done == Outcome::No && said.contains("clock.doubtful: the clock may be"), "{said}");
    assert!(said.contains("use the command with --clock-is-right"), "{said}");
    let (done, said) = run(&[&ask[..], &["--clock-is-right"]].concat()).await;
    assert_eq!(done, Outcome::Yes, "{said}");
    let (done, said) = run(&approve).await;
    assert!(done == Outcome::No && said.contains("clock.doubtful"), "{said}");
    let (done, said) = run(&[&approve[..], &["--clock-is-right"]].concat()).await;
    assert!(done == Outcome::Yes && said.contains("\"is_complete\":true"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_and_the_api_show_and_ask_and_approve() {
    let office = office(Memory::new(), 2).await;
    after(&office, 24);
    let run = async |words: &[&str]| command(&office, office.desk(), words).await;
    let (done, said) = run(&["preview"]).await;
    assert!(done == Outcome::Yes && said.contains("\"ids\":[\"s-0\",\"s-1\"]"), "{said}");
    assert_eq!(run(&["ask", "contacts", "--by", "Al"]).await.0, Outcome::No);
    assert_eq!(run(&["ask", "contacts", "--by", GWEN]).await.0, Outcome::Yes);
    let (done, said) = run(&["approve", "contacts", "--by", GWEN]).await;
    assert!(done == Outcome::No && said.contains("retention.same_person"), "{said}");
    assert_eq!(run(&["withdraw", "contacts", "--by", MAX]).await.0, Outcome::Yes);
    assert_eq!(run(&["ask", "contacts", "--by", GWEN]).await.0, Outcome::Yes);
    let (done, said) = run(&["approve", "contacts", "--by", MAX]).await;
    assert!(done == Outcome::Yes && said.contains("\"is_complete\":true"), "{said}");
    // The office's API has no rules: nothing is due, and nothing can be asked for.
    assert_eq!(office.get(GWEN, "/api/v1/retention").await.json(), json!({"classes": []}));
    assert_eq!(office.post(GWEN, "/api/v1/retention/contacts", &json!({})).await.status, 404);
    assert_eq!(office.post(GWEN, "/api/v1/retention/nothing", &json!({})).await.status, 404);
}
