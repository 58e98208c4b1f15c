//! A gateway that starts with a clock which was never set, as after a boot without a battery, goes by the time that
//! it knows has passed, so that restrictions apply. One whose clock jumps while it runs continues on elapsed time. One
//! that starts with a clock which does not agree with the audit trail goes by the clock, and says so.

use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::behind::{JO, SAM, STRANGER, decided, import, kept_number, place};
use crate::contacts_edge::client::form;
use crate::contacts_edge::upstream::Upstream;
use crate::mail::client::Client;
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, Served};
use crate::store_contract::servers::until;

/// A wall clock that is off by as many seconds as a file says.
fn wrong_clock(place: &Place) -> PathBuf {
    let library = place.folder.path().join("clock.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/faults/clock.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source);
    let compiled = compiler.status().expect("a C compiler (Debian package gcc)");
    assert!(compiled.success());
    library
}

fn served_by(place: &Place, library: &Path, offset: &Path) -> Served {
    let mut serve = place.command("serve");
    serve.env("LD_PRELOAD", library).env("CLOCK_OFFSET", offset);
    tokio::task::block_in_place(|| Place::served(serve))
}

async fn says_that_it_jumped(served: &Served) -> bool {
    served.try_ask("GET", "/health/ready", &Value::Null).await.text().contains("jumped")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_in_1970_goes_by_the_known_time_and_says_so() {
    let place = place(None);
    tokio::task::block_in_place(|| import(&place));
    let served = tokio::task::block_in_place(|| place.serve());
    assert_eq!(decided(&served, "before", SAM).await["disposition"], "limit");
    until("it is known", || async { kept_number(&place) > 0 }).await;
    served.stop();

    let (library, offset) = (wrong_clock(&place), place.folder.path().join("offset"));
    std::fs::write(&offset, format!("-{}", chrono::Utc::now().timestamp() - 1_000)).unwrap();
    let served = served_by(&place, &library, &offset);
    let sam = decided(&served, "in-1970", SAM).await;
    assert_eq!(sam["disposition"], "limit", "{sam}");
    assert_eq!(decided(&served, "in-1970-too", STRANGER).await["disposition"], "deliver");
    let ready = served.try_ask("GET", "/health/ready", &Value::Null).await;
    assert_eq!(ready.status, 503);
    assert!(ready.text().contains("the machine's clock has jumped by -"), "{ready:?}");
    let trail = served.audit().await;
    let entry = trail.iter().find(|entry| entry["contact"] == "in-1970").unwrap();
    assert!(entry["at"].as_str() > Some("2026-01-01"), "{entry}");

    // Set right, it is trusted at once.
    std::fs::write(&offset, "0").unwrap();
    until("the clock is trusted", || async { !says_that_it_jumped(&served).await }).await;
    served.stop();
}

const DAYS: i64 = 86_400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_either_way_and_back_forgets_doubles_and_loses_nothing() {
    let (sink, handler) = (Sink::start(&Script::default()).await, Upstream::start().await);
    let behind = Behind { mail: sink.port, form: handler.address, calls: handler.address };
    let place = Place::new(&behind, "a secret");
    tokio::task::block_in_place(|| import(&place));
    let (library, offset) = (wrong_clock(&place), place.folder.path().join("offset"));
    std::fs::write(&offset, "0").unwrap();
    let served = served_by(&place, &library, &offset);
    assert_eq!(decided(&served, "the-one", JO).await["disposition"], "deliver");
    let mut client = Client::connect(served.lmtp.port(), "LHLO").await;
    // Right; past the end of every period and restriction; right; before their beginning; and right again.
    let jumps = [0, 400 * DAYS, 0, -400 * DAYS, 0];
    for (round, by) in jumps.into_iter().enumerate() {
        std::fs::write(&offset, by.to_string()).unwrap();
        until("it is noticed", || async { says_that_it_jumped(&served).await == (by != 0) }).await;
        let message = format!("From: {SAM}\r\nSubject: Number {round}\r\n\r\nIt drips.\r\n");
        let taken = client.send(SAM, &["repairs@karbon.example"], message.as_bytes()).await;
        assert_eq!(taken.0, 250, "{round}");
        // Sam gets one notice, whatever the clock says.
        until("there is one notice", || async { sink.taken().len() == 1 }).await;
        // No counter is lost, and no restriction has ended.
        for from in [JO, SAM] {
            let decision = decided(&served, &format!("{from}-{round}"), from).await;
            assert_eq!(decision["disposition"], "limit", "{round}: {decision}");
            assert_eq!(decision["stale"], false, "{round}: {decision}");
        }
        let body = format!("email=kim%40y.example&message=number+{round}");
        assert_eq!(form(served.contacts, "/karbon/contact", &body).await.status, 200, "{round}");
        assert_eq!(handler.seen().len(), round + 1, "{round}");
    }
    until("each is on the trail once", || async {
        let entries = served.decided().await;
        let ids: std::collections::BTreeSet<_> =
            entries.iter().map(|entry| entry["contact"].to_string()).collect();
        assert_eq!(ids.len(), entries.len());
        let at = |entry: &Value| entry["at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
        let times = entries.iter().map(at);
        let (first, last) = (times.clone().min().unwrap(), times.max().unwrap());
        assert!(last - first < TimeDelta::hours(1), "{first} {last}");
        entries.len() == 1 + 4 * jumps.len()
    })
    .await;
    assert_eq!(sink.taken().len(), 1);
    assert_eq!(served.queue("limited").await.len(), 3 * jumps.len());
    let kept = json!(format!("{SAM}-0"));
    assert!(served.queue("limited").await.iter().any(|item| item["contact"] == kept));
    drop(client);
    served.stop();
}

/// Signs for the trail by a clock that is off by so many days.
fn sign(place: &Place, library: &Path, days: i64) {
    let offset = place.folder.path().join("signing");
    std::fs::write(&offset, (days * DAYS).to_string()).unwrap();
    let mut seal = place.command("audit");
    seal.env("LD_PRELOAD", library).env("CLOCK_OFFSET", offset);
    let output = seal.args(["--organisation", "karbon", "seal"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("signed for"), "{output:?}");
}

async fn is_doubted(served: &Served, why: &str) {
    until("metric and log say so", || async {
        let doubt = "contact_gateway_clock_doubt{organisation=\"karbon\"} 1";
        let is_said =
            |line: &String| line.contains("nothing is removed by a schedule") && line.contains(why);
        let said = served.said_from_the_start();
        served.metrics().await.contains(doubt) && said.iter().any(is_said)
    })
    .await;
    // It is no reason to send contacts elsewhere, or to take the gateway for one that does not work.
    let ready = served.try_ask("GET", "/health/ready", &Value::Null).await;
    assert!(!ready.text().contains(why), "{ready:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_with_a_clock_that_does_not_agree_with_the_trail_says_so() {
    let place = place(None);
    tokio::task::block_in_place(|| import(&place));
    let (library, offset) = (wrong_clock(&place), place.folder.path().join("offset"));
    tokio::task::block_in_place(|| sign(&place, &library, 1));

    std::fs::write(&offset, (60 * DAYS).to_string()).unwrap();
    let served = served_by(&place, &library, &offset);
    is_doubted(&served, "the clock may be ahead: the audit trail has no anchor between").await;
    // Contacts are decided all the same.
    assert_eq!(decided(&served, "ahead", SAM).await["disposition"], "limit");
    served.stop();

    std::fs::write(&offset, "0").unwrap();
    let served = served_by(&place, &library, &offset);
    is_doubted(&served, "the clock may be behind, or was ahead before: the audit trail").await;
    assert_eq!(decided(&served, "right", SAM).await["disposition"], "limit");
    served.stop();

    // Read through, it is sound.
    let checked = place.command("check").arg("--store").output().unwrap();
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{said}");
    assert!(said.contains("warning: store: karbon: entry "), "{said}");
    assert!(said.contains("is it behind? If it is right, it was ahead when"), "{said}");
}
