//! A gateway that starts with a clock which was never set, as after a boot without a battery, goes by the time that
//! it knows has passed: nobody's restriction has not begun yet.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::behind::{SAM, STRANGER, decided, import, kept_number, place};
use crate::served::Place;
use crate::store_contract::servers::until;

/// A wall clock that is off by as many seconds as a file says.
fn wrong_clock(place: &Place) -> PathBuf {
    let library = place.folder.path().join("clock.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/clock.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source);
    let compiled = compiler.status().expect("a C compiler (Debian package gcc)");
    assert!(compiled.success());
    library
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
    let mut serve = place.command("serve");
    serve.env("LD_PRELOAD", &library).env("CLOCK_OFFSET", &offset);
    let served = tokio::task::block_in_place(|| Place::served(serve));
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
    until("the clock is trusted", || async {
        !served.try_ask("GET", "/health/ready", &Value::Null).await.text().contains("jumped")
    })
    .await;
    served.stop();
}
