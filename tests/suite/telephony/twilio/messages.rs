//! Text and WhatsApp messages.

use contact_gateway::channels::telephony::settings::Product;
use serde_json::{Value, json};

use super::{FLOW, Rig, rig, with};

async fn messaging(restriction: Value) -> Rig {
    rig(restriction, |entry, _| entry.product = Product::Messaging).await
}

fn message(sid: &str, from: &str, body: &str) -> Vec<(String, String)> {
    let sid = format!("SM{sid:0>32}");
    let fields = [
        ("AccountSid", "AC22222222222222222222222222222222"),
        ("MessageSid", &sid),
        ("From", from),
        ("To", "+441632960000"),
        ("Body", body),
        ("NumMedia", "0"),
    ];
    with(Vec::new(), &fields)
}

const EMPTY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>";

#[tokio::test]
async fn a_limited_text_is_answered_once_and_then_in_silence() {
    let mut rig = messaging(json!({"kind": "channels_only", "channels": ["letter"]})).await;
    let first = rig.document("", &message("1", "+447700900001", "Hello"), "messaging").await;
    assert!(first.contains("<Message>") && first.contains("appeal"), "{first}");
    let second = rig.document("", &message("2", "+447700900001", "Hello?"), "messaging").await;
    assert_eq!(second, EMPTY);
    let again = rig.document("", &message("1", "+447700900001", "Hello"), "messaging").await;
    assert_eq!(again, first, "a redelivery gets the first answer");
    assert_eq!(rig.gateway.queue("limited").await.len(), 2);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn whatsapp_numbers_and_scoped_ids_are_known() {
    let people = json!([{
        "id": "P-1",
        "identifiers": [
            {"kind": "whatsapp", "value": "GB.1349aZ"}, {"kind": "phone", "value": "+447700900001"}
        ],
        "restrictions": [{
            "id": "R-1", "kind": "contact_ended", "status": "active", "starts": "2026-01-01",
            "grounds": "g", "clause": "1", "decided_by": "A", "signed_off_by": "B"
        }]
    }]);
    let mut rig = rig(json!({"kind": "contact_ended"}), |entry, setup| {
        entry.product = Product::Messaging;
        setup.people = people;
    })
    .await;
    for (at, from) in ["whatsapp:GB.1349aZ", "whatsapp:+447700900001"].iter().enumerate() {
        let sent = message(&at.to_string(), from, "");
        assert_eq!(rig.document("", &sent, "messaging").await, EMPTY, "{from}");
    }
    let unknown = message("9", "whatsapp:GB.other", "Hello");
    assert_eq!(rig.post("", &unknown).await.text(), FLOW, "an unknown one is not refused");
    rig.gateway.stop().await;
}

#[tokio::test]
async fn delivery_reports_pass_on_and_are_no_contact() {
    let mut rig = messaging(json!({"kind": "channels_only", "channels": ["letter"]})).await;
    let report = with(message("1", "+447700900001", ""), &[("MessageStatus", "delivered")]);
    assert_eq!(rig.post("", &report).await.text(), FLOW);
    assert!(rig.gateway.decided().await.is_empty());
    rig.gateway.stop().await;
}
