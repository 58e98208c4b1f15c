//! A gateway whose folder of people's keys is away for a while.

use serde_json::{Value, json};

use crate::backup::{bare, contact};
use crate::kill_keeping::keys;
use crate::served::{Served, person};
use crate::store_contract::servers::until;

/// What `ready` says of the keys.
async fn said_of_keys(served: &Served) -> String {
    let ready = served.try_ask("GET", "/health/ready", &Value::Null).await;
    ready.json()["parts"]["keys"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_of_keys_that_is_away_is_an_outage_which_ready_reports_and_no_erasure() {
    let site = bare(None).await;
    keys(&site.place, &["first"]);
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let limited = person("P-1", "lim@x.example", "+447700900001", letters);
    tokio::task::block_in_place(|| site.place.import(&json!([limited])));
    let folder = site.place.folder.path().join("people-keys");
    let away = site.place.folder.path().join("away");

    // The share is not mounted when the gateway starts.
    std::fs::rename(&folder, &away).unwrap();
    std::fs::create_dir(&folder).unwrap();
    let served = site.place.serve();
    until("the keys are missed", || async {
        said_of_keys(&served).await.contains("mount that one")
    })
    .await;
    let unknown = contact(&served, "c-1", "lim@x.example").await;
    assert_eq!(unknown["disposition"], "deliver", "{unknown}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "no other keys are made there");

    // Mounted, it is used without a restart.
    std::fs::remove_dir(&folder).unwrap();
    std::fs::rename(&away, &folder).unwrap();
    until("it is ready", || async {
        served.try_ask("GET", "/health/ready", &Value::Null).await.status == 200
    })
    .await;
    assert_eq!(said_of_keys(&served).await, "ok");
    assert_eq!(contact(&served, "c-2", "lim@x.example").await["disposition"], "limit");

    std::fs::rename(&folder, &away).unwrap();
    until("the folder is missed", || async {
        said_of_keys(&served).await.contains("is not there")
    })
    .await;
    let known = contact(&served, "c-3", "lim@x.example").await;
    assert_eq!(known["disposition"], "limit", "what is known is enforced: {known}");
    std::fs::rename(&away, &folder).unwrap();
    until("every decision is on the trail", || async {
        let contacts: Vec<Value> = served.decided().await;
        let has = |id: &str| contacts.iter().any(|entry| entry["contact"] == id);
        has("c-1") && has("c-2") && has("c-3")
    })
    .await;
    tokio::task::block_in_place(|| served.stop());
}
