//! Webhooks that Twilio's own library signed.

use serde_json::json;

use super::{ANYBODY, LIMITED, ROUTED, SECRET, entry, rig};
use crate::contacts_edge::client::{raw, request};
use crate::contacts_edge::sdk::Sdk;

const PUBLIC: &str = "https://contact.karbon.example/karbon/voice";
const FLOW: &str = "<?xml version=\"1.0\"?>\n<Response><Say>Menu</Say></Response>\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_call_meets_the_call_flow_the_notice_or_the_point_of_contact() {
    let rig = rig().await;
    rig.calls.answers("200 OK", &[("Content-Type", "text/xml")], FLOW.as_bytes());
    let mut sdk = Sdk::start();
    let mut documents = Vec::new();
    for from in [ANYBODY, LIMITED, ROUTED] {
        let sid = format!("CA{:0>32}", &from[from.len() - 2..]);
        let fields = [
            ("AccountSid", "AC22222222222222222222222222222222"),
            ("CallSid", &sid),
            ("CallStatus", "ringing"),
            ("Direction", "inbound"),
            ("From", from),
            ("To", "+441632960000"),
        ];
        let facts = json!({"token": SECRET, "url": PUBLIC, "fields": fields});
        let signature = sdk.ask("twilio_sign", facts).as_str().unwrap().to_owned();
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let head = [
            ("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"),
            ("X-Twilio-Signature", signature.as_str()),
        ];
        let call = request("POST", "/karbon/voice", &head, body.as_bytes());
        let got = raw(rig.served.contacts, &call).await;
        assert_eq!(got.status, 200, "{got:?}");
        let facts = json!({"document": got.text(), "kind": "voice"});
        assert_eq!(sdk.ask("twilio_faults", facts), json!([]), "{got:?}");
        documents.push(got.text());
        let head = [head[0], ("X-Twilio-Signature", "bm90IHNpZ25lZA==")];
        let forged = request("POST", "/karbon/voice", &head, body.as_bytes());
        assert_eq!(raw(rig.served.contacts, &forged).await.status, 403);
    }
    assert_eq!(documents[0], FLOW);
    assert_eq!(rig.calls.seen().len(), 1, "the restricted do not reach the call flow");
    assert!(documents[1].contains("<Say"), "{}", documents[1]);
    assert!(documents[2].contains("<Number>+441910000001</Number>"), "{}", documents[2]);
    assert_eq!(rig.item("limited").await["reasons"][0]["code"], "channels_only.closed");
    let mut decided = rig.decided().await;
    decided.sort_by_key(|(person, ..)| person.to_string());
    let expected = [
        entry(Some("P-L"), "telephone", "limit"),
        entry(Some("P-R"), "telephone", "route"),
        entry(None, "telephone", "deliver"),
    ];
    assert_eq!(decided, expected);
    rig.stop();
}
