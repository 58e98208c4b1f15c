//! Taking the gateway out of Postfix and putting it back, by the one text that the guides have: mail
//! that waits for a gateway that is gone is not stranded.

use serde_json::json;

use super::checks::rig;
use super::guide::{MAIL, START, block, filled};
use crate::mail::postfix::Postfix;

#[test]
fn getting_started_and_the_mail_guide_agree() {
    for (start, guide) in
        [("postfix-master", "postfix-after-queue"), ("postfix-out", "postfix-out")]
    {
        assert_eq!(block(START, start), block(MAIL, guide), "{start}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn out_of_postfix_and_in_again() {
    let mut rig = rig(&super::guide::head(&block(START, "postfix-gateway"))).await;
    let ports = rig.ports;
    let values = [
        ("smtp      inet", format!("127.0.0.1:{} inet", ports.front)),
        ("10024", ports.lmtp.to_string()),
        ("10026", ports.back.to_string()),
    ];
    let with = filled(block(START, "postfix-master"), &values);
    let postfix = Postfix::start(rig.sink.port, "", &with);
    rig.served.take().unwrap().kill();
    let to = ["a@karbon.example"];
    rig.send(&postfix, "plain@x.example", &to, b"From: plain@x.example\r\n\r\nwaits\r\n").await;
    rig.send(&postfix, "lim@x.example", &to, b"From: lim@x.example\r\n\r\nwaits too\r\n").await;
    // It was tried once, and is deferred.
    postfix.until(|| postfix.log().matches("status=deferred").count() >= 2).await;

    let without: String = with
        .lines()
        .filter(|line| !line.contains("content_filter=gateway:"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_ne!(without, with);
    postfix.write_master(&without);
    for line in block(START, "postfix-out").lines() {
        postfix.run(line);
    }
    let taken = rig.taken(&postfix, 2).await;
    for one in &taken {
        assert!(!String::from_utf8_lossy(&one.message).contains("X-Contact-Gateway"), "{one:?}");
    }

    rig.served = Some(rig.place.serve());
    postfix.write_master(&with);
    postfix.run("postfix reload");
    rig.send(&postfix, "plain@x.example", &to, b"From: plain@x.example\r\n\r\nagain\r\n").await;
    let taken = rig.taken(&postfix, 3).await;
    let last = String::from_utf8_lossy(&taken[2].message).into_owned();
    assert!(last.contains("X-Contact-Gateway-Decision: deliver"), "{last}");
    let entries = rig.served.as_ref().unwrap().decided().await;
    assert!(entries.iter().all(|entry| entry["person"] != json!("P-L")), "{entries:?}");
    drop(postfix);
    rig.stop();
}
