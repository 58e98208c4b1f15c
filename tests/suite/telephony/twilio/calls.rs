//! What a caller meets.

use std::time::{Duration, Instant};

use contact_gateway::channels::telephony::settings::WhenLimited;
use contact_gateway::domain::queue::QueueItem;
use contact_gateway::domain::restriction::Mode;
use serde_json::{Value, json};

use super::{FLOW, PUBLIC, encoded, post, quota, rig, ringing, with};
use crate::contacts_edge::gateway::Gateway;
use crate::degraded::faulty::Trouble;
use crate::store_contract::servers::until;

const JO: &str = "+447700900001";
const OTHER: &str = "+447700900002";

fn point() -> Value {
    json!({"kind": "single_point_of_contact",
        "contact": {"name": "Sam", "phone": "+441910000001", "queue": "sam"},
        "deputies": [{"name": "No telephone"}, {"name": "Dee", "sip": "sip:dee@pbx.example"}]})
}

fn closed() -> Value {
    json!({"kind": "channels_only", "channels": ["letter"]})
}

#[tokio::test]
async fn everybody_else_meets_the_existing_call_flow_byte_for_byte() {
    let mut rig = rig(quota(1), |_, _| {}).await;
    let call = with(ringing("1", OTHER), &[("Blank", ""), ("SpeechResult", "a+b & ü")]);
    let got = rig.post("?lang=en&x=%2F", &call).await;
    assert_eq!((got.status, got.text().as_str()), (200, FLOW));
    assert_eq!(got.field("content-type").as_deref(), Some("text/xml"));
    let seen = rig.upstream.seen().remove(0);
    assert_eq!(seen.line(), "POST /flow/voice?lang=en&x=%2F HTTP/1.1");
    assert_eq!(seen.body, encoded(&call).as_bytes());
    assert_eq!(seen.field("host").as_deref(), Some("flow.karbon.example"));
    let url = "https://flow.karbon.example/voice?lang=en&x=%2F";
    assert!(rig.signed_again(&seen, url, &call));
    rig.gateway.stop().await;
}

#[tokio::test]
async fn an_answer_that_nests_without_end_passes_byte_for_byte_and_the_next_call_is_served() {
    let mut rig = rig(quota(1), |_, _| {}).await;
    for (call, open) in ["<a>", "<!--", "<Response><Say>", "<![CDATA["].into_iter().enumerate() {
        let answer = open.repeat(120_000 / open.len());
        rig.upstream.answers("200 OK", &[("Content-Type", "text/xml")], answer.as_bytes());
        let got = rig.post("", &ringing(&format!("1-{call}"), OTHER)).await;
        assert_eq!((got.status, got.body == answer.as_bytes()), (200, true), "{open}");
    }
    rig.upstream.answers("200 OK", &[("Content-Type", "text/xml")], FLOW.as_bytes());
    assert_eq!(rig.post("", &ringing("2", OTHER)).await.text(), FLOW);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn steps_of_the_call_flow_pass_and_count_for_nothing() {
    let mut rig = rig(quota(1), |_, _| {}).await;
    let call = with(ringing("1", JO), &[("CallStatus", "in-progress"), ("Digits", "3")]);
    assert_eq!(rig.post("/menu/2", &call).await.text(), FLOW);
    assert_eq!(rig.upstream.seen()[0].line(), "POST /flow/voice/menu/2 HTTP/1.1");
    let outbound = with(ringing("2", JO), &[("Direction", "outbound-api")]);
    assert_eq!(rig.post("", &outbound).await.text(), FLOW);
    assert!(rig.gateway.decided().await.is_empty());
    rig.gateway.stop().await;
}

#[tokio::test]
async fn the_point_of_contact_rings_then_the_deputy_then_the_voicemail_is_on_the_queue() {
    let mut rig = rig(point(), |_, _| {}).await;
    let call = ringing("1", JO);
    let document = rig.document("", &call, "voice").await;
    assert!(document.contains("<Number>+441910000001</Number>"), "{document}");
    assert!(document.contains(&format!("action=\"{PUBLIC}/dial-result?leg=0\"")), "{document}");
    assert!(document.contains("callerId=\"+441910000009\""), "{document}");

    let busy = with(call.clone(), &[("CallStatus", "in-progress"), ("DialCallStatus", "busy")]);
    let document = rig.document("/dial-result?leg=0", &busy, "voice").await;
    assert!(document.contains("<Sip>sip:dee@pbx.example</Sip>"), "{document}");
    let silent = [("CallStatus", "in-progress"), ("DialCallStatus", "no-answer")];
    let silent = with(call.clone(), &silent);
    let document = rig.document("/dial-result?leg=1", &silent, "voice").await;
    assert!(document.contains("<Record"), "{document}");

    let recording = "https://api.twilio.com/recordings/RE1";
    let recorded = [("RecordingUrl", recording), ("CallStatus", "in-progress")];
    let recorded = with(call.clone(), &recorded);
    let document = rig.document("/recorded", &recorded, "voice").await;
    assert!(document.contains("<Hangup/>"), "{document}");
    rig.document("/recording", &recorded, "voice").await;
    let over = with(call, &[("CallStatus", "completed"), ("CallDuration", "61")]);
    rig.document("/status", &over, "voice").await;

    assert_eq!(rig.gateway.decided().await.len(), 1, "steps are no contacts");
    let item = noted(&rig.gateway, 5).await;
    let attached: Vec<(&str, &str)> =
        item.attached.iter().map(|one| (one.name.as_str(), one.value.as_str())).collect();
    for expected in [
        ("voicemail", recording),
        ("outcome", "busy"),
        ("outcome", "no-answer"),
        ("outcome", "completed"),
        ("duration", "61"),
    ] {
        assert!(attached.contains(&expected), "{expected:?} is not in {attached:?}");
    }
    assert_eq!(attached.iter().filter(|(name, _)| *name == "voicemail").count(), 1);
    rig.gateway.stop().await;
}

/// The point of contact's item, when so many things are noted on it: notes are made beside the
/// answer.
async fn noted(gateway: &Gateway, things: usize) -> QueueItem {
    for _ in 0..500 {
        let item = gateway.queue("sam").await.remove(0);
        if item.attached.len() >= things {
            return item;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    gateway.queue("sam").await.remove(0)
}

#[tokio::test]
async fn an_answered_call_ends_when_it_ends() {
    let mut rig = rig(point(), |_, _| {}).await;
    let call = ringing("1", JO);
    rig.document("", &call, "voice").await;
    let over = with(call, &[("CallStatus", "in-progress"), ("DialCallStatus", "completed")]);
    let document = rig.document("/dial-result?leg=0", &over, "voice").await;
    assert!(document.contains("<Hangup/>") && !document.contains("<Dial"), "{document}");
    rig.gateway.stop().await;
}

#[tokio::test]
async fn a_limited_caller_hears_the_notice_and_can_reach_the_emergency_number() {
    let mut rig = rig(closed(), |_, _| {}).await;
    let call = ringing("1", JO);
    let document = rig.document("", &call, "voice").await;
    assert!(document.contains("<Gather") && document.contains("press 1"), "{document}");
    assert!(!document.contains("Reference"), "a reference is not spoken: {document}");

    let one = with(call.clone(), &[("CallStatus", "in-progress"), ("Digits", "1")]);
    let document = rig.document("/emergency", &one, "voice").await;
    assert!(document.contains("<Number>+441910000000</Number>"), "{document}");
    let silent = [("CallStatus", "in-progress"), ("DialCallStatus", "no-answer")];
    let silent = with(call.clone(), &silent);
    let document = rig.document("/emergency-result", &silent, "voice").await;
    assert!(document.contains("9 9 9") && document.contains("<Record"), "{document}");
    let nine = with(call, &[("CallStatus", "in-progress"), ("Digits", "9")]);
    let document = rig.document("/emergency", &nine, "voice").await;
    assert!(!document.contains("<Dial") && document.contains("<Gather"), "{document}");
    assert!(rig.upstream.seen().is_empty());
    for _ in 0..100 {
        if !rig.gateway.queue("emergency").await.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(rig.gateway.queue("emergency").await.len(), 1);
    assert_eq!(rig.gateway.queue("limited").await.len(), 1);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn a_limited_caller_may_leave_a_voicemail_or_be_turned_away() {
    let mut voicemail = rig(closed(), |entry, _| entry.when_limited = WhenLimited::Voicemail).await;
    let document = voicemail.document("", &ringing("1", JO), "voice").await;
    assert!(document.contains("<Gather") && document.contains("<Record"), "{document}");
    voicemail.gateway.stop().await;
    let mut reject = rig(closed(), |entry, _| entry.when_limited = WhenLimited::Reject).await;
    let document = reject.document("", &ringing("1", JO), "voice").await;
    assert!(document.ends_with("<Response><Reject reason=\"busy\"/></Response>"), "{document}");
    reject.gateway.stop().await;
}

#[tokio::test]
async fn a_filed_caller_hears_a_neutral_message_and_the_voicemail_is_filed() {
    let mut rig = rig(json!({"kind": "contact_ended"}), |_, _| {}).await;
    let document = rig.document("", &ringing("1", JO), "voice").await;
    assert!(document.contains("Thank you for calling"), "{document}");
    assert!(document.contains("<Record") && !document.contains("arrangement"), "{document}");
    assert_eq!(rig.gateway.queue("filed").await.len(), 1);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn withheld_callers_are_nobody() {
    let mut rig = rig(closed(), |_, _| {}).await;
    let withheld = ["Anonymous", "+266696687", "sip:anonymous@anonymous.invalid", ""];
    for (at, from) in withheld.iter().enumerate() {
        let call = ringing(&at.to_string(), from);
        assert_eq!(rig.post("", &call).await.text(), FLOW, "{from}");
    }
    rig.gateway.stop().await;
}

#[tokio::test]
async fn a_number_that_the_network_disowns_limits_nobody() {
    let mut rig = rig(closed(), |_, _| {}).await;
    let call = with(ringing("1", JO), &[("StirVerstat", "TN-Validation-Failed-A")]);
    assert_eq!(rig.post("", &call).await.text(), FLOW);
    let seen = rig.upstream.seen().remove(0);
    assert_eq!(seen.field("x-contact-gateway-flags").as_deref(), Some("identity_refuted"));
    rig.gateway.stop().await;
}

#[tokio::test]
async fn fifty_copies_of_one_call_count_once_and_are_answered_alike() {
    let mut rig = rig(quota(1), |_, _| {}).await;
    let call = ringing("1", JO);
    let signature = rig.signature("", &call);
    let copies = (0..50).map(|_| post(&rig.gateway, "", &call, &signature));
    let answers = futures_util::future::join_all(copies).await;
    assert!(answers.iter().all(|one| one.status == 200 && one.text() == FLOW));
    assert_eq!(rig.upstream.seen().len(), 1);
    assert_eq!(rig.gateway.decided().await.len(), 1);
    // The place is taken: the next call is limited.
    let document = rig.document("", &ringing("2", JO), "voice").await;
    assert!(document.contains("<Gather"), "{document}");
    rig.gateway.stop().await;
}

#[tokio::test]
async fn a_call_flow_that_is_slow_or_broken_is_stood_in_for_in_time() {
    let mut rig = rig(quota(9), |_, _| {}).await;
    rig.upstream.answers_after(Duration::from_secs(5), "200 OK", &[], FLOW.as_bytes());
    let started = Instant::now();
    let document = rig.document("", &ringing("1", OTHER), "voice").await;
    assert!(started.elapsed() < Duration::from_secs(3), "it waited for the call flow");
    assert_eq!(document, "<Response><Enqueue>all</Enqueue></Response>");
    for status in ["500 Internal Server Error", "404 Not Found", "429 Too Many Requests"] {
        rig.upstream.answers(status, &[], b"no");
        let document = rig.document("", &ringing("2", OTHER), "voice").await;
        assert!(document.contains("<Enqueue>"), "{status}: {document}");
    }
    // What stood in is not remembered.
    rig.upstream.answers("200 OK", &[], FLOW.as_bytes());
    assert_eq!(rig.post("", &ringing("2", OTHER)).await.text(), FLOW);
    rig.gateway.stop().await;
}

/// Who a restriction limits whatever was counted is limited still; everybody else goes on, marked.
#[tokio::test]
async fn a_store_in_trouble_keeps_no_call_waiting() {
    for (restriction, trouble, flag) in [
        (quota(1), Trouble::Away, Some("limits_unchecked")),
        (quota(1), Trouble::Corrupt, Some("limits_unchecked")),
        (quota(1), Trouble::Hangs, Some("limits_unchecked")),
        (quota(1), Trouble::DeciderPanics, Some("limits_unchecked")),
        (closed(), Trouble::Hangs, Some("limits_unchecked")),
        (closed(), Trouble::Away, None),
    ] {
        let mut rig = rig(restriction.clone(), |_, _| {}).await;
        rig.gateway.store_is(trouble);
        for sid in ["1", "2"] {
            let call = ringing(sid, JO);
            let signature = rig.signature("", &call);
            let started = Instant::now();
            let got = post(&rig.gateway, "", &call, &signature).await;
            assert!(started.elapsed() < Duration::from_secs(3), "{restriction} {trouble:?}");
            assert_eq!(got.status, 200, "{restriction} {trouble:?}");
            let Some(flag) = flag else {
                assert!(got.text().contains("<Gather"), "{restriction} {trouble:?}: {got:?}");
                continue;
            };
            assert_eq!(got.text(), FLOW, "{restriction} {trouble:?}");
            let seen = rig.upstream.seen().pop().unwrap();
            let flags = seen.field("x-contact-gateway-flags");
            assert_eq!(flags.as_deref(), Some(flag), "{restriction} {trouble:?}");
        }
        // Somebody unknown asks nothing of the store.
        assert_eq!(rig.post("", &ringing("3", OTHER)).await.text(), FLOW, "{trouble:?}");
        rig.gateway.store_is(Trouble::None);
        rig.gateway.stop().await;
    }
}

/// What is done and what is on record differ then, and the record says so.
#[tokio::test]
async fn a_call_that_is_decided_too_late_is_on_the_queue_as_passed_on() {
    let mut rig = rig(point(), |_, _| {}).await;
    rig.gateway.store_is(Trouble::Slow);
    let got = rig.post("", &ringing("1", JO)).await;
    assert_eq!(got.text(), FLOW);
    rig.gateway.store_is(Trouble::None);
    until("it is decided", || async { !rig.gateway.queue("sam").await.is_empty() }).await;
    let item = noted(&rig.gateway, 1).await;
    assert_eq!(item.attached[0].value, "passed on, decided too late");
    assert_eq!(rig.gateway.decided().await.len(), 1);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn the_end_of_a_call_may_be_told_before_its_beginning() {
    let mut rig = rig(point(), |_, _| {}).await;
    let call = ringing("1", JO);
    let over = with(call.clone(), &[("CallStatus", "completed"), ("CallDuration", "61")]);
    rig.document("/status", &over, "voice").await;
    rig.document("", &call, "voice").await;
    let item = noted(&rig.gateway, 2).await;
    let attached: Vec<&str> = item.attached.iter().map(|one| one.value.as_str()).collect();
    assert!(attached.contains(&"61") && attached.contains(&"completed"), "{attached:?}");
    rig.gateway.stop().await;
}

#[tokio::test]
async fn without_a_flow_or_a_fallback_the_caller_still_hears_something() {
    let mut rig = rig(quota(9), |entry, _| {
        entry.upstream = None;
        entry.fallback = None;
        entry.language = "cy-GB".to_owned();
    })
    .await;
    let document = rig.document("", &ringing("1", OTHER), "voice").await;
    assert!(document.contains("n ddrwg gennym"), "{document}");
    rig.gateway.stop().await;
}

#[tokio::test]
async fn observing_and_missing_an_emergency_number_let_every_call_pass() {
    let mut observing = rig(closed(), |_, setup| setup.mode = Mode::Observe).await;
    assert_eq!(observing.post("", &ringing("1", JO)).await.text(), FLOW);
    observing.gateway.stop().await;
    let mut without = rig(closed(), |_, setup| setup.emergency = None).await;
    assert_eq!(without.post("", &ringing("1", JO)).await.text(), FLOW);
    without.gateway.stop().await;
}

#[tokio::test]
async fn a_call_length_goes_with_the_call() {
    let mut rig = rig(json!({"kind": "call_length", "minutes": 10}), |_, _| {}).await;
    assert_eq!(rig.post("", &ringing("1", JO)).await.text(), FLOW);
    let flags = rig.upstream.seen().remove(0).field("x-contact-gateway-flags");
    assert_eq!(flags.as_deref(), Some("call_length:10"));
    rig.gateway.stop().await;
}

#[tokio::test]
async fn what_is_told_of_a_call_is_neither_counted_nor_answered_as_one() {
    let mut rig = rig(quota(2), |_, _| {}).await;
    for (at, status) in ["completed", "busy", "failed", "no-answer", "canceled"].iter().enumerate()
    {
        let over = with(ringing(&format!("9{at}"), JO), &[("CallStatus", status)]);
        assert_eq!(rig.post("", &over).await.text(), FLOW, "{status}");
    }
    for more in [
        ("CallbackSource", "call-progress-events"),
        ("RecordingStatus", "completed"),
        ("UnstableSpeechResult", "I would like"),
        ("QueueResult", "bridged"),
        ("Digits", "3"),
    ] {
        let told = with(ringing("8", JO), &[("CallStatus", "in-progress"), more]);
        assert_eq!(rig.post("", &told).await.text(), FLOW, "{more:?}");
    }
    assert!(rig.gateway.decided().await.is_empty(), "a callback was taken for a call");
    for sid in ["1", "2"] {
        assert_eq!(rig.post("", &ringing(sid, JO)).await.text(), FLOW, "both calls of the week");
    }
    rig.document("", &ringing("3", JO), "voice").await;
    assert_eq!(rig.gateway.decided().await.len(), 3);
    // Of a call that was limited here the existing call flow never heard.
    let before = rig.upstream.seen().len();
    let over = with(ringing("3", JO), &[("CallStatus", "completed"), ("CallDuration", "61")]);
    assert!(!rig.post("", &over).await.text().contains(FLOW));
    assert_eq!(rig.upstream.seen().len(), before);
    assert_eq!(rig.gateway.decided().await.len(), 3);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn what_is_told_of_a_call_is_answered_with_nothing_where_no_call_flow_is() {
    let mut rig = rig(quota(1), |entry, _| entry.upstream = None).await;
    let over = with(ringing("9", JO), &[("CallStatus", "completed")]);
    assert_eq!(rig.document("", &over, "voice").await.matches("<Enqueue").count(), 0);
    assert!(rig.gateway.decided().await.is_empty());
    rig.gateway.stop().await;
}

#[tokio::test]
async fn nobody_whose_webhook_is_misjudged_is_hung_up_on_where_no_call_flow_is() {
    let mut rig = rig(quota(1), |entry, _| entry.upstream = None).await;
    let fallback = "<Response><Enqueue>all</Enqueue></Response>";
    for (at, more) in [
        [("CallStatus", "in-progress"), ("SomethingNew", "1")],
        [("CallStatus", "in-progress"), ("QueueResult", "bridged")],
        [("CallStatus", "ringing"), ("Digits", "1")],
    ]
    .iter()
    .enumerate()
    {
        let step = with(ringing(&format!("8{at}"), JO), more);
        assert_eq!(rig.document("", &step, "voice").await, fallback, "{more:?}");
    }
    assert!(rig.gateway.decided().await.is_empty());
    // What a provider adds to a first request makes it no other.
    let new = with(ringing("1", JO), &[("SpamReason", "x"), ("LineStatus", "y")]);
    assert_eq!(rig.document("", &new, "voice").await, fallback);
    assert_eq!(rig.gateway.decided().await.len(), 1);
    rig.gateway.stop().await;
}
