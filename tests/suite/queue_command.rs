//! `queue`, the staff verbs for scripts: what it prints, and how it ends.

use clap::Parser;
use contact_gateway::cli::queue::{self, QueueArgs};
use contact_gateway::cli::{Io, Outcome};
use serde_json::Value;

use crate::office::{AGENT, ORIGINAL, Office};

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
    let outcome = queue::run(&line.args, &office.tuntum.id, &office.desk(), &mut io).await.unwrap();
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

#[tokio::test]
async fn what_is_not_there_is_a_no() {
    let office = with_limited_item().await;
    for words in ["show limited c-9", "claim filed c-2", "close limited nothing"] {
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
