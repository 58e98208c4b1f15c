//! `tests/faults/f-*`, `j-*`, `m-*`: submissions as browsers, scripts and people write them. Each names
//! `jo@x.example` or 07700 900123, and is read as a form's handler may read it, or says that it could
//! not be.

use std::path::Path;

use serde_json::json;

use crate::contacts_edge::client::{raw, request};
use crate::contacts_edge::gateway::{Gateway, Setup, form_to, person};
use crate::contacts_edge::upstream::Upstream;

async fn rig() -> (Upstream, Gateway) {
    let upstream = Upstream::start().await;
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let people = json!([person("P-1", "jo@x.example", "+447700900123", letters)]);
    let mut nested = form_to(upstream.address);
    nested.path = "/karbon/json".to_owned();
    nested.fields.email = Some("/customer/email".to_owned());
    let forms = vec![form_to(upstream.address), nested];
    let gateway = Gateway::start(Setup { forms, people, ..Setup::default() }).await;
    (upstream, gateway)
}

fn fault(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults");
    std::fs::read(folder.join(name).join("request.http")).unwrap()
}

#[tokio::test]
async fn the_identity_field_is_found_and_read() {
    let (upstream, gateway) = rig().await;
    for name in [
        "f-array-name",
        "f-case-name",
        "f-mailto",
        "f-name-addr",
        "f-query-email",
        "f-tel-arabic-indic",
        "f-tel-note",
        "f-zwsp-begin",
        "j-bom",
        "j-ctrl-char",
        "j-lone-surrogate",
        "j-nan",
        "m-noclose",
    ] {
        assert_eq!(raw(gateway.address, &fault(name)).await.status, 403, "{name}");
    }
    assert!(upstream.seen().is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn what_can_not_be_read_is_flagged_and_on_the_persons_timeline() {
    let (upstream, gateway) = rig().await;
    let mut flagged = 0;
    let named = b"{'customer': {'email': 'jo@x.example'}}";
    for content_type in ["application/json", "text/plain", "multipart/form-data; boundary=b"] {
        let fields = [("Content-Type", content_type)];
        let sent = request("POST", "/karbon/json", &fields, named);
        assert_eq!(raw(gateway.address, &sent).await.status, 200, "{content_type}");
        flagged += 1;
        let seen = upstream.seen().pop().unwrap();
        let flags = seen.field("x-contact-gateway-flags").unwrap_or_default();
        assert!(flags.split(", ").any(|flag| flag == "unread"), "{content_type}: {flags}");
    }
    // What was delivered to the handler is recorded behind its answer.
    let named = || async {
        let entries = gateway.decided().await.into_iter();
        let entries = entries.map(|entry| serde_json::to_value(entry).unwrap());
        entries.filter(|entry| entry["in_doubt"] == json!(["P-1"])).count()
    };
    for _ in 0..500 {
        if named().await == flagged {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(named().await, flagged);
    gateway.stop().await;
}
