//! `queue`, the staff verbs for scripts: what it prints, and how it ends.

use clap::Parser;
use contact_gateway::cli::queue::{self, QueueArgs};
use contact_gateway::cli::{Io, Outcome};
use contact_gateway::domain::decision::Disposition;
use serde_json::{Value, json};

use crate::office::{AGENT, GOVERNANCE, ORIGINAL, Office, letter};
use crate::store_contract::Ground as _;
use crate::store_contract::servers;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: QueueArgs,
}

struct Ended {
    outcome: Outcome,
    out: Vec<u8>,
    err: String,
}

impl Ended {
    fn text(&self) -> String {
        String::from_utf8(self.out.clone()).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.out).unwrap()
    }
}

/// Runs `queue` with these words at a desk of its own.
async fn run(office: &Office, words: &str) -> Ended {
    let line = Line::parse_from(["queue"].into_iter().chain(words.split(' ')));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut io = Io { out: &mut out, err: &mut err };
    let outcome = queue::run(&line.args, &office.tuntum, &office.desk(), &mut io).await.unwrap();
    Ended { outcome, out, err: String::from_utf8(err).unwrap() }
}

async fn with_limited_item() -> Office {
    let office = Office::with_person().await;
    office.mail("c-1").await;
    office.mail("c-2").await;
    office
}

#[tokio::test]
async fn queues_and_items_are_listed_for_people_and_programs() {
    let office = with_limited_item().await;
    assert!(run(&office, "list").await.text().starts_with("limited"));
    let queues = run(&office, "list --json").await.json();
    assert_eq!(queues["queues"][0]["waiting"], 1);
    let line = run(&office, "list limited").await.text();
    assert!(line.starts_with("c-2  2026-11-23 10:00 UTC  open"), "{line}");
    assert!(!line.contains("home.example"), "a list names no address: {line}");
    let items = run(&office, "list limited --json --limit 1").await.json();
    assert_eq!(items["items"][0]["id"], "c-2");
    assert_eq!(items["next"], "c-2");
    let closed = run(&office, "list limited --state closed --json").await.json();
    assert_eq!(closed["items"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn an_item_is_shown_with_why_it_is_there() {
    let office = with_limited_item().await;
    let shown = run(&office, "show limited c-2").await.text();
    assert!(shown.contains("(contact_quota.over, clause 8.3)"), "{shown}");
    assert_eq!(run(&office, "show limited c-2 --json").await.json()["state"], "open");
    let original = run(&office, "original limited c-2").await;
    assert_eq!(original.out, ORIGINAL);
}

#[tokio::test]
async fn what_one_process_claims_another_leaves_alone() {
    let office = with_limited_item().await;
    let claimed = run(&office, "claim limited c-2 --by Jill").await;
    assert_eq!(
        (claimed.outcome, claimed.text().as_str()),
        (Outcome::Yes, "c-2 is claimed on limited\n")
    );
    let refused = run(&office, "release limited c-2 --by Jack").await;
    assert_eq!(refused.outcome, Outcome::No);
    assert!(refused.err.contains("claimed by somebody else"), "{}", refused.err);
    let by_api = office.post(AGENT, "/api/v1/queues/limited/c-2/release", &Value::Null).await;
    assert_eq!(by_api.problem(), "item-claimed");
    assert_eq!(run(&office, "release limited c-2 --by Jill").await.outcome, Outcome::Yes);
    assert_eq!(office.released.done.lock().unwrap().len(), 1);
}

/// Two contacts a week.
async fn twice_a_week(office: Office) -> Office {
    let mut twice = crate::office::person();
    twice["restrictions"][0]["limit"] = 2.into();
    let put = office.put(crate::office::MANAGER, "/api/v1/people/P-1", &twice).await;
    assert_eq!(put.status, 201, "{put:?}");
    office.settle("P-1").await;
    office
}

/// Somebody else used Jo's address once: the week's second place is Jo's again.
async fn a_place_is_given_back(office: Office) {
    let office = twice_a_week(office).await;
    for id in ["c-1", "c-2"] {
        assert_eq!(office.mail(id).await.decision.disposition, Disposition::Deliver);
    }
    let full = office.post(AGENT, "/api/v1/decisions/preview", &letter("l-1")).await;
    assert_eq!(full.json()["disposition"], "limit");
    let ended = run(&office, "not-theirs c-2 --by Jill").await;
    assert_eq!(ended.outcome, Outcome::Yes, "{}", ended.err);
    assert_eq!(ended.text(), "c-2 is off the record of P-1; its count is given back\n");
    // The next passes, and fills the week again.
    assert_eq!(office.mail("c-3").await.decision.disposition, Disposition::Deliver);
    assert_eq!(office.mail("c-4").await.decision.disposition, Disposition::Limit);
    // Twice gives back no more than once; what it makes room for goes its way.
    assert_eq!(run(&office, "not-theirs c-2").await.outcome, Outcome::Yes);
    assert_eq!(office.mail("c-5").await.decision.disposition, Disposition::Limit);
    let ended = run(&office, "not-theirs c-1 --json").await.json();
    assert_eq!(ended["decided_again"], json!([{"item": "c-4", "disposition": "deliver"}]));
    let trail = office.get(GOVERNANCE, "/api/v1/audit?limit=100").await.json();
    let by_jill = |entry: &&Value| entry["by"] == "Jill" && entry["action"] == "not-theirs";
    assert_eq!(trail["entries"].as_array().unwrap().iter().filter(by_jill).count(), 1, "{trail}");
}

#[tokio::test]
async fn what_was_not_theirs_gives_its_place_back() {
    a_place_is_given_back(Office::open()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_theirs_gives_its_place_back_on_redis() {
    let ground = servers::single().await;
    a_place_is_given_back(Office::on(ground.gateway())).await;
}

#[tokio::test]
async fn what_is_not_there_is_a_no() {
    let office = with_limited_item().await;
    for words in ["show limited c-9", "claim filed c-2", "close limited nothing", "not-theirs c-9"]
    {
        let ended = run(&office, words).await;
        assert_eq!(ended.outcome, Outcome::No, "{words}");
        assert!(ended.out.is_empty(), "{words}");
        assert!(!ended.err.is_empty(), "{words}");
    }
}

#[test]
fn a_state_that_there_is_not_is_a_usage_error() {
    let parsed = Line::try_parse_from(["queue", "list", "limited", "--state", "closing"]);
    let said = parsed.err().unwrap().to_string();
    assert!(said.contains("one of open, claimed, read, released, filed, closed"), "{said}");
}
