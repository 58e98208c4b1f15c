//! The helper of the safeguards: the real program asks a service over HTTP.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::contacts_edge::upstream::Upstream;
use crate::served::{Behind, Place, Served, person};

const LANES: &[u8] = br#"{"lanes": ["emergency"], "because": "sounds like a gas leak"}"#;

async fn tap(served: &Served, id: &str) -> Value {
    let contact = json!({"id": id, "channel": "email", "text": "The tap drips.", "to": ["a@karbon.example"],
        "from": [{"kind": "email", "value": "lim@x.example", "assurance": "proven"}]});
    served.ask("POST", "/api/v1/contacts", &contact).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_helper_adds_a_lane_and_one_that_is_late_or_unreadable_changes_nothing() {
    let (helper, others) = (Upstream::start().await, Upstream::start().await);
    let behind = Behind { mail: 9, form: others.address, calls: others.address };
    let place = Place::new(&behind, "unused");
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    place.import(&json!([person("P-L", "lim@x.example", "+447700900001", letters)]));
    helper.answers("200 OK", &[], LANES);
    let served = place.serve();
    assert_eq!(tap(&served, "c-0").await["disposition"], "limit");
    assert!(helper.seen().is_empty(), "it is off unless it is named");
    served.stop();

    let named = format!(
        "[organisation.safeguards]\nhelper = \"http://{}/lanes\"\nhelper_wait_ms = 1000\n[organisation.mail]",
        helper.address
    );
    place.change("[organisation.mail]", &named);
    let served = place.serve();
    let decision = tap(&served, "c-1").await;
    assert_eq!(decision["disposition"], "route");
    let because = "It may be an emergency: found “helper: sounds like a gas leak”";
    assert_eq!(decision["reasons"][0]["text"], because);
    let asked: Value = serde_json::from_slice(&helper.seen()[0].body).unwrap();
    assert_eq!(asked, json!({"channel": "email", "text": "The tap drips."}), "never who wrote");

    helper.answers("200 OK", &[], b"yes");
    assert_eq!(tap(&served, "c-2").await["disposition"], "limit");
    helper.answers_after(Duration::from_secs(60), "200 OK", &[], LANES);
    let since = Instant::now();
    assert_eq!(tap(&served, "c-3").await["disposition"], "limit");
    assert!(since.elapsed() < Duration::from_secs(30), "{:?}", since.elapsed());
    assert_eq!(helper.seen().len(), 3);
    let metrics = served.metrics().await;
    for (said, times) in [("added", 1), ("failed", 2)] {
        let line = format!(
            "contact_gateway_safeguards_helper_total{{organisation=\"karbon\",said=\"{said}\"}} {times}"
        );
        assert!(metrics.contains(&line), "{line}: {metrics}");
    }
    served.stop();
}
