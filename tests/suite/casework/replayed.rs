//! Decisions replay from their record, whatever has become since of what they were made on.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use clap::Parser;
use contact_gateway::casework::acting::Acting;
use contact_gateway::casework::audit::replayed::{
    ReplayResult, ReplayTotals, ReplayWanted, ReplayedDecision,
};
use contact_gateway::casework::erasure::AskErasure;
use contact_gateway::cli::audit::{self, AuditArgs};
use contact_gateway::cli::open::Opened;
use contact_gateway::cli::{Io, Outcome};
use contact_gateway::domain::audit::{AuditEvent, Variation};
use contact_gateway::domain::organisation::Organisation;
use contact_gateway::domain::person::Person;
use contact_gateway::domain::replay::{DiffersIn, Unreplayable};
use contact_gateway::domain::restriction::Status;
use contact_gateway::ports::{Clock, Stamp, Store};
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::rig::{CaseOffice, profile, shipped, staff};
use crate::store_contract::facts::put_people;
use crate::store_contract::servers;

const ANSWERED: &str = "The fence behind the bins was painted green and I asked for brown in the \
                        spring, nobody answered me.";

fn jo(limit: u32, status: &str, channels: &[&str]) -> Person {
    serde_json::from_value(json!({
        "id": "P-1", "name": "Jo Doe",
        "identifiers": [{"kind": "email", "value": "jo@home.example"}],
        "adjustments": [{"kind": "needs_channel", "channel": "sms"}],
        "restrictions": [
            {"id": "R-1", "kind": "contact_quota", "limit": limit, "per": "week",
             "channels": channels, "status": status},
            {"id": "R-2", "kind": "issue_closed", "issues": ["C-1"], "answered": [ANSWERED]},
            {"id": "R-3", "kind": "channels_only", "channels": ["email", "letter"]},
            {"id": "R-4", "kind": "hours_only", "channels": ["letter"],
             "windows": [{"days": ["mon"], "from": "09:00", "to": "10:00"}]}
        ]
    }))
    .unwrap()
}

fn al() -> Person {
    serde_json::from_value(json!({
        "id": "P-2", "name": "Al Other",
        "identifiers": [{"kind": "email", "value": "al@home.example"}],
        "restrictions": [{"id": "R-9", "kind": "contact_ended"}]
    }))
    .unwrap()
}

fn office(store: Arc<dyn Store>) -> CaseOffice {
    let office = CaseOffice::open(
        store,
        profile(&shipped("karbon-homes.toml"), None),
        &staff(&[("Max", "manager")]),
    );
    office.clock.set("2026-11-01T00:00:00Z".parse().unwrap());
    office
}

/// Id, channel, sender, assurance, day, text, and what becomes of it.
type Made<'a> = (&'a str, &'a str, &'a str, &'a str, u32, &'a str, &'a str);

const GARDEN: &str = "Yesterday two men measured the garden wall and told me a new gate comes in \
                      March with a lock.";
const HEDGE: &str = "When will the hedge by the gate be cut?";
const JO: &str = "jo@home.example";
const AL: &str = "al@home.example";

const STREAM: [Made<'_>; 13] = [
    ("c-1", "email", JO, "proven", 2, GARDEN, "deliver"),
    ("c-2", "email", JO, "proven", 3, ANSWERED, "file"),
    ("c-3", "email", JO, "proven", 3, HEDGE, "deliver"),
    ("c-4", "email", JO, "proven", 4, HEDGE, "limit"),
    ("c-5", "email", JO, "proven", 4, "I want a copy of all the data you hold about me.", "route"),
    ("c-6", "email", JO, "refuted", 5, GARDEN, "deliver"),
    ("c-7", "email", JO, "proven", 5, HEDGE, "deliver"),
    ("c-8", "web_form", JO, "proven", 5, GARDEN, "limit"),
    ("c-9", "sms", JO, "proven", 6, HEDGE, "deliver"),
    ("c-10", "letter", JO, "proven", 6, HEDGE, "limit"),
    ("e-1", "email", AL, "proven", 6, GARDEN, "route"),
    ("e-2", "email", AL, "proven", 7, GARDEN, "file"),
    ("x-1", "email", "kim@else.example", "proven", 7, HEDGE, "deliver"),
];

/// Those of Jo's that were decided on a restriction, and Al's.
const OF_JO: u64 = 10;
const OF_AL: u64 = 2;

async fn decided(office: &CaseOffice) {
    office.put_on_record(vec![jo(2, "active", &["email"]), al()]).await;
    for (number, (id, channel, from, assurance, day, text, becomes)) in STREAM.iter().enumerate() {
        let at = format!("2026-11-{day:02}T11:{number:02}:00Z");
        office.clock.set(at.parse().unwrap());
        let contact: Value = json!({
            "id": id, "channel": channel, "at": at, "text": text, "automatic": *id == "c-7",
            "from": [{"kind": "email", "value": from, "assurance": assurance}],
        });
        let decision = office.contact(&serde_json::from_value(contact).unwrap()).await;
        assert_eq!(decision.disposition.name(), *becomes, "{id}: {:?}", decision.reasons);
    }
    office.clock.set("2026-11-20T09:00:00Z".parse().unwrap());
}

type Results = BTreeMap<String, ReplayResult>;

async fn replayed(office: &CaseOffice, by: &Organisation) -> (ReplayTotals, Results) {
    let mut results = BTreeMap::new();
    let each = |one: ReplayedDecision| {
        results.insert(one.contact, one.result);
    };
    let wanted = ReplayWanted::default();
    let totals = office.desk().replay_decisions(by, &wanted, each).await.unwrap();
    (totals, results)
}

async fn put(office: &CaseOffice, person: Person, event: AuditEvent) {
    let stamp = Stamp { by: "Max".to_owned(), at: office.clock.now() };
    let of = &office.organisation.id;
    put_people(office.store.as_ref(), of, vec![person], stamp, event).await.unwrap();
}

fn varied(what: &str, from: Option<Value>, to: Option<Value>) -> AuditEvent {
    AuditEvent::RestrictionVaried {
        person: "P-1".to_owned(),
        restriction: "R-1".to_owned(),
        changes: vec![Variation { what: what.to_owned(), from, to }],
        reason: None,
    }
}

fn none_differs(office: &str, (totals, results): &(ReplayTotals, Results)) {
    let same = ReplayTotals { same: OF_JO + OF_AL, nothing_in_force: 1, ..ReplayTotals::default() };
    assert_eq!(*totals, same, "{office}: {results:?}");
}

/// Ended, then varied, then varied in a way that the trail does not say.
async fn restrictions_change(office: &CaseOffice) {
    let lifted = AuditEvent::RestrictionLifted {
        person: "P-1".to_owned(),
        restriction: "R-1".to_owned(),
        status: Some(Status::Lifted),
        reason: None,
    };
    put(office, jo(2, "lifted", &["email"]), lifted).await;
    none_differs("ended", &replayed(office, &office.organisation).await);
    put(office, jo(5, "active", &["email"]), varied("limit", Some(json!(2)), Some(json!(5)))).await;
    none_differs("varied", &replayed(office, &office.organisation).await);
    put(office, jo(5, "active", &["email", "letter"]), varied("grounds", None, None)).await;
    let (totals, results) = replayed(office, &office.organisation).await;
    assert_eq!((totals.same, totals.differ, totals.not_replayed), (OF_AL, 0, OF_JO));
    let terms = Unreplayable::Terms("R-1".to_owned());
    assert_eq!(results["c-4"], ReplayResult::Not(terms));
    put(office, jo(2, "active", &["email"]), varied("grounds", None, None)).await;
}

async fn decisions_replay(store: Arc<dyn Store>) {
    let office = office(store);
    decided(&office).await;
    none_differs("as it was", &replayed(&office, &office.organisation).await);
    restrictions_change(&office).await;

    let mut profile = office.organisation.profile.as_ref().clone();
    profile.evidence.new_text_share = 0.9;
    let other = Organisation { profile: Arc::new(profile), ..office.organisation.as_ref().clone() };
    let (totals, results) = replayed(&office, &other).await;
    assert_eq!((totals.not_replayed, totals.nothing_in_force), (OF_JO + OF_AL, 1));
    assert_eq!(results["c-1"], ReplayResult::Not(Unreplayable::OtherRules));

    let desk = office.desk();
    let ask = AskErasure { clause: "Art. 17(1)(d)", despite: Some("Never ours to hold.") };
    desk.ask_erasure(&office.organisation, "P-2", ask, Acting::from("Gwen")).await.unwrap();
    desk.approve_erasure(&office.organisation, "P-2", "Max").await.unwrap();
    let (totals, results) = replayed(&office, &office.organisation).await;
    assert_eq!((totals.same, totals.differ, totals.not_replayed), (OF_JO, 0, 0), "{results:?}");
    assert!(totals.erased >= OF_AL, "{totals:?}");
    assert!(!results.contains_key("e-1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decisions_replay_in_memory() {
    decisions_replay(Memory::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decisions_replay_on_the_embedded_store() {
    let folder = tempfile::tempdir().unwrap();
    decisions_replay(Embedded::open(folder.path()).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decisions_replay_on_redis() {
    let ground = servers::single().await;
    decisions_replay(ground.redis()).await;
}

fn with_closed_issue(id: &str, restriction: &str) -> Person {
    serde_json::from_value(json!({
        "id": id, "name": format!("Jo {id}"),
        "identifiers": [{"kind": "email", "value": format!("{id}@home.example").to_lowercase()}],
        "restrictions": [{
            "id": restriction, "kind": "issue_closed", "issues": ["C-1"], "grounds": "demands",
            "clause": "8.3", "starts": "2026-01-05", "review_due": "2026-07-06", "decided_by": "Max"
        }]
    }))
    .unwrap()
}

/// A contact is compared with those on its own record, and while two are merged with those on both.
#[tokio::test]
async fn decisions_before_during_and_after_a_merge_replay() {
    let people = vec![with_closed_issue("P-1", "R-1"), with_closed_issue("P-2", "R-2")];
    let office =
        CaseOffice::enforcing_during_appeals(Memory::new(), "2026-02-11T09:00:00Z", people).await;
    let mail = async |number: u32, of: &str| {
        let contact = json!({
            "id": format!("c-{number}"), "channel": "email", "text": HEDGE,
            "at": format!("2026-02-10T09:0{number}:00Z"),
            "from": [{"kind": "email", "value": format!("{of}@home.example"), "assurance": "proven"}],
        });
        let decision = office.contact(&serde_json::from_value(contact).unwrap()).await;
        assert_eq!(decision.disposition.name(), "deliver", "{:?}", decision.reasons);
    };
    let all_same = async |same: u64| {
        let (totals, results) = replayed(&office, &office.organisation).await;
        assert_eq!(totals, ReplayTotals { same, ..ReplayTotals::default() }, "{results:?}");
    };
    mail(1, "p-1").await;
    mail(2, "p-2").await;
    let body = json!({"other": "P-2", "why": "One tenancy, two spellings."});
    let done = office.post("Bo", "/api/v1/people/P-1/merges", &body).await;
    assert_eq!(done.status, 201, "{done:?}");
    mail(3, "p-1").await;
    mail(4, "p-2").await;
    all_same(4).await;

    let id = done.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/people/P-2/merges/{id}/reversal");
    let parted = office.post("Bo", &path, &json!({"why": "Two sisters."})).await;
    assert_eq!(parted.status, 200, "{parted:?}");
    mail(5, "p-1").await;
    all_same(5).await;
}

/// An answer to a message may be decided before the message itself, which is on no thread then.
#[tokio::test]
async fn a_message_that_was_answered_before_it_came_replays() {
    let mut person = serde_json::to_value(with_closed_issue("P-1", "R-1")).unwrap();
    person["restrictions"][0]["threads"] = json!(["<m-1@home.example>"]);
    let people = vec![serde_json::from_value(person).unwrap()];
    let office =
        CaseOffice::enforcing_during_appeals(Memory::new(), "2026-02-11T09:00:00Z", people).await;
    let answer = json!(["<m-1@home.example>", "<m-2@home.example>"]);
    for (id, thread, text) in [("m-3", answer, GARDEN), ("m-2", json!([]), HEDGE)] {
        let contact = json!({
            "id": id, "channel": "email", "at": "2026-02-10T09:00:00Z", "text": text,
            "message_id": format!("<{id}@home.example>"), "thread": thread,
            "from": [{"kind": "email", "value": "p-1@home.example", "assurance": "proven"}],
        });
        let decision = office.contact(&serde_json::from_value(contact).unwrap()).await;
        assert_eq!(decision.disposition.name() == "deliver", id == "m-2", "{:?}", decision.reasons);
    }
    let (totals, results) = replayed(&office, &office.organisation).await;
    assert_eq!(totals, ReplayTotals { same: 2, ..ReplayTotals::default() }, "{results:?}");
}

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: AuditArgs,
}

/// Runs `audit replay` with these words: how it ended, and what it printed.
async fn command(office: &CaseOffice, words: &[&str]) -> (Outcome, String) {
    let line = Line::parse_from([&["audit", "replay"], words].concat());
    let opened = Opened {
        organisation: Arc::clone(&office.organisation),
        desk: office.desk(),
        state: Path::new("unused").to_owned(),
        schedule: BTreeMap::new(),
        staff: BTreeMap::new(),
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut io = Io { out: &mut out, err: &mut err };
    let outcome = audit::run(&line.args, &opened, &mut io).await.unwrap();
    assert!(err.is_empty(), "{}", String::from_utf8_lossy(&err));
    (outcome, String::from_utf8(out).unwrap())
}

/// Somebody edits what the quota had counted; and takes the facts off another decision, as if it were an old one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fact_that_was_edited_shows_in_the_result() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path()).unwrap();
    let before = office(store.clone());
    decided(&before).await;
    let (outcome, printed) = command(&before, &[]).await;
    assert_eq!(outcome, Outcome::Yes, "{printed}");
    let totals =
        "office: 12 the same, 0 differ, 0 can't be replayed, 1 with no restriction in force";
    assert_eq!(printed.lines().last(), Some(totals));
    drop(before);
    tokio::task::block_in_place(|| store.close());
    let database = rusqlite::Connection::open(Embedded::file(folder.path())).unwrap();
    let edit = |contact: &str, from: &str, to: &str| {
        let sql = "UPDATE audit SET record = replace(record, ?2, ?3)
                   WHERE instr(record, ?1) > 0 AND instr(record, ?2) > 0";
        let contact = format!("\"contact\":\"{contact}\"");
        assert_eq!(database.execute(sql, [contact.as_str(), from, to]).unwrap(), 1, "{contact}");
    };
    edit("c-4", r#""counted":["2026-11-02T"#, r#""counted":["2026-10-02T"#);
    edit("c-8", r#""facts":"#, r#""unknown":"#);
    drop(database);

    let after = office(Embedded::open(folder.path()).unwrap());
    let (totals, results) = replayed(&after, &after.organisation).await;
    assert_eq!((totals.same, totals.differ, totals.not_replayed), (10, 1, 1), "{results:?}");
    let ReplayResult::Differs(parts) = &results["c-4"] else { panic!("{results:?}") };
    assert_eq!(parts[..], [DiffersIn::Disposition, DiffersIn::Rows]);
    assert_eq!(results["c-8"], ReplayResult::Not(Unreplayable::BeforeFacts));
    let (outcome, printed) = command(&after, &["--contact", "c-4"]).await;
    assert_eq!(outcome, Outcome::No);
    assert!(printed.contains("c-4  differs in disposition, rows\n"), "{printed}");
    assert_eq!(command(&after, &["--contact", "c-8"]).await.0, Outcome::No, "not replayed");
    let (outcome, printed) = command(&after, &["--contact", "c-1", "--json"]).await;
    assert_eq!(outcome, Outcome::Yes);
    let first: Value = serde_json::from_str(printed.lines().next().unwrap()).unwrap();
    assert_eq!((&first["contact"], &first["result"]), (&json!("c-1"), &json!("same")));
    let last: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    assert_eq!(last["totals"]["same"], 1);
}
