//! A keeper in a process of its own, on a store that others share: it is given the time, does a round, and says so. It
//! is killed like any process, with SIGKILL, wherever it is.

#![expect(clippy::print_stdout, reason = "a keeper answers on its standard output")]

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use contact_gateway::ports::{Clock, Store};
use contact_gateway::store::redis::Redis;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::sleep;

use crate::casework::rig::{CaseOffice, profile, shipped};
use crate::store_contract::servers;

/// What the process is asked to be: where the store is, and by which policy. Absent: this is the test.
const ASKED: &str = "KEEPER_ASKED";
const KEPT: &str = "kept";
/// The test below, by its name in this program.
const NAME: &str =
    "casework::years::process::a_keeper_of_its_own_answers_each_round_on_redis_and_begins_again";

/// Where a keeper works.
#[derive(Debug, Clone)]
pub struct Place {
    pub url: String,
    pub profile: &'static str,
    pub laid: Value,
}

pub struct Process {
    place: Place,
    child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Process {
    pub fn start(place: Place) -> Self {
        let asked = json!({"url": place.url, "profile": place.profile, "laid": place.laid});
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([NAME, "--exact", "--nocapture"])
            .env(ASKED, asked.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        Process { place, child, orders, answers }
    }

    async fn order(&mut self, at: DateTime<Utc>) {
        self.orders.write_all(format!("{}\n", at.to_rfc3339()).as_bytes()).await.unwrap();
        self.orders.flush().await.unwrap();
    }

    /// Until the answer to the last order; `false`: the process ended.
    async fn answered(&mut self) -> bool {
        loop {
            match self.answers.next_line().await {
                // The harness says things before.
                Ok(Some(line)) if line.ends_with(KEPT) => return true,
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return false,
            }
        }
    }

    /// One round of the keeper.
    pub async fn keep(&mut self, at: DateTime<Utc>) {
        self.order(at).await;
        assert!(self.answered().await, "the keeper ended by itself");
    }

    /// Begins a round and is killed after so long. Whether it was in the middle of it.
    pub async fn killed_while_keeping(&mut self, at: DateTime<Utc>, after: Duration) -> bool {
        self.order(at).await;
        let is_done = tokio::select! {
            biased;
            is_done = self.answered() => is_done,
            () = sleep(after) => false,
        };
        self.child.kill().await.unwrap();
        *self = Process::start(self.place.clone());
        !is_done
    }
}

/// Does a round for each order, until there are no more.
async fn serve(asked: &str) {
    let asked: Value = serde_json::from_str(asked).unwrap();
    let url = SecretString::from(asked["url"].as_str().unwrap().to_owned());
    let store: Arc<dyn Store> = Redis::open(&url).unwrap();
    let profile = profile(&shipped(asked["profile"].as_str().unwrap()), Some(&asked["laid"]));
    let office = CaseOffice::open(store, profile, &[]);
    let desk = office.desk();
    let mut orders = BufReader::new(tokio::io::stdin()).lines();
    while let Some(order) = orders.next_line().await.unwrap() {
        office.clock.set(order.parse().unwrap());
        desk.keep_house(&office.organisation).await.unwrap();
        desk.remind(&office.organisation, &office.mailer()).await.unwrap();
        println!("{KEPT}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keeper_of_its_own_answers_each_round_on_redis_and_begins_again() {
    if let Ok(asked) = std::env::var(ASKED) {
        return serve(&asked).await;
    }
    let server = servers::single().await;
    let laid = json!({"responsible": {"decides": "manager"}});
    let url = server.url.clone();
    let office = CaseOffice::open(
        Redis::open(&SecretString::from(url.clone())).unwrap(),
        profile(&shipped("tuntum.toml"), Some(&laid)),
        &[],
    );
    office.clock.set("2026-07-06T07:00:00Z".parse().unwrap());
    let overdue = json!({
        "id": "P-1", "restrictions": [{
            "id": "R-1", "kind": "contact_quota", "limit": 2, "per": "week", "grounds": "demands",
            "clause": "8.3", "starts": "2026-01-05", "review_due": "2026-07-06", "decided_by": "Max"}]
    });
    office.put_on_record(vec![serde_json::from_value(overdue).unwrap()]).await;
    let mut keeper = Process::start(Place { url, profile: "tuntum.toml", laid });
    keeper.keep(office.clock.now()).await;
    let at = "2026-07-07T07:00:00Z".parse().unwrap();
    assert!(keeper.killed_while_keeping(at, Duration::ZERO).await, "it was killed before it began");
    keeper.keep(at).await;
    // What nobody reviews is said on each day, once.
    let trail = office.store.audit(&office.organisation.id, 0, 100).await.unwrap();
    let said = trail.iter().filter(|entry| {
        matches!(&entry.event, contact_gateway::domain::audit::AuditEvent::Reminded { what, .. } if what == "review")
    });
    assert_eq!(said.count(), 2);
}
