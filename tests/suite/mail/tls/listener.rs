//! The listener: who gets in, what is offered when, and what is forgotten.

use super::client::{Client, connector};
use super::{CLIENT, rig};
use crate::authority::{Authority, Purpose, renew};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_listed_certificate_of_the_listed_authority_gets_in() {
    let rig = rig("required", true).await;
    let ca = rig.authority.certificate();
    let stranger = Authority::new();
    let wildcard = rig.authority.issue("*.protection.example", Purpose::Server);
    let cases = [
        ("a client's", Some(rig.authority.issue(CLIENT, Purpose::Client)), true),
        ("a server's", Some(rig.authority.issue(CLIENT, Purpose::Server)), true),
        ("one for all hosts of a domain", Some(wildcard), true),
        ("one out of date", Some(rig.authority.issue(CLIENT, Purpose::Expired)), false),
        ("another name", Some(rig.authority.issue("evil.example", Purpose::Client)), false),
        ("another authority's", Some(stranger.issue(CLIENT, Purpose::Client)), false),
        ("none", None, false),
    ];
    let mut refused = 0;
    for (what, own, gets_in) in &cases {
        let connector = connector(&ca, own.as_ref());
        let client = Client::by_command(rig.served.smtp, &connector).await;
        // By TLS 1.3 the client is done before the server has looked at its certificate.
        let reply = match client {
            Some(mut client) => client.ask("EHLO x.example").await,
            None => String::new(),
        };
        assert_eq!(reply.starts_with("250"), *gets_in, "{what}: {reply}");
        refused += u64::from(!gets_in);
        assert_eq!(rig.counted("handshakes_failed").await, refused, "{what}");
    }
    assert!(rig.sink.taken().is_empty());
    rig.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_tls_is_required_nothing_else_comes_first() {
    let rig = rig("required", false).await;
    let mut client = Client::plain(rig.served.smtp).await;
    client.reply().await;
    client.ask("EHLO x.example").await;
    for command in
        ["MAIL FROM:<a@x.example>", "RSET", "VRFY a", "XFORWARD NAME=x", "DATA", "NONSENSE"]
    {
        assert!(client.ask(command).await.starts_with("530 5.7.0 "), "{command}");
    }
    assert!(client.ask("NOOP").await.starts_with("250 "));
    assert!(client.ask("STARTTLS now").await.starts_with("501 5.5.4 "));
    assert!(client.ask("HELO x.example").await.starts_with("250 "));
    assert!(client.ask("QUIT").await.starts_with("221 "));
    rig.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_before_the_handshake_has_no_effect_behind_it() {
    let rig = rig("starttls", false).await;
    let connector = connector(&rig.authority.certificate(), None);
    let mut client = Client::plain(rig.served.smtp).await;
    client.reply().await;
    assert!(client.ask("EHLO before.example").await.contains("250-STARTTLS"));
    // Said without TLS: whoever stands between may have said it.
    client.ask("XFORWARD NAME=evil.example ADDR=192.0.2.1").await;
    client.ask("MAIL FROM:<evil@x.example>").await;
    client.write("STARTTLS\r\nRCPT TO:<a@karbon.example>\r\nNOOP\r\n").await;
    assert!(client.reply().await.starts_with("220 2.0.0 "));
    let mut client = client.handshake(&connector).await.unwrap();
    // The answer to this, and none to what was written ahead.
    let reply = client.ask("MAIL FROM:<a@x.example>").await;
    assert!(reply.starts_with("503 5.5.1 Say hello first"), "{reply}");
    let offer = client.ask("EHLO x.example").await;
    assert!(offer.starts_with("250") && !offer.contains("STARTTLS"), "{offer}");
    assert!(client.ask("STARTTLS").await.starts_with("503 5.5.1 "));
    assert!(client.ask("RCPT TO:<a@karbon.example>").await.starts_with("503 5.5.1 "));
    assert!(client.send("a@x.example").await.starts_with("250 "));
    let taken = rig.sink.taken();
    assert_eq!(taken.len(), 1);
    assert!(taken[0].mail.starts_with("MAIL FROM:<a@x.example>"), "{taken:?}");
    let text = String::from_utf8_lossy(&taken[0].message).into_owned();
    assert!(text.contains("with ESMTPS") && !text.contains("before.example"), "{text}");
    // Without TLS it goes too, where it is only offered; the LMTP listener never speaks it.
    let mut plain = Client::plain(rig.served.smtp).await;
    plain.reply().await;
    assert!(plain.send("lim@x.example").await.starts_with("250 "));
    let mut lmtp = Client::plain(rig.served.lmtp).await;
    lmtp.reply().await;
    assert!(!lmtp.ask("LHLO x.example").await.contains("STARTTLS"));
    assert!(lmtp.ask("STARTTLS").await.starts_with("502 "));
    rig.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_speaks_no_tls_is_told_nothing_where_it_begins_at_once() {
    let rig = rig("implicit", true).await;
    let own = rig.authority.issue(CLIENT, Purpose::Client);
    let connector = connector(&rig.authority.certificate(), Some(&own));
    let mut client = Client::at_once(rig.served.smtp, &connector).await.unwrap();
    assert!(client.reply().await.starts_with("220 "));
    let offer = client.ask("EHLO x.example").await;
    assert!(!offer.contains("STARTTLS"), "{offer}");
    assert!(client.send("a@x.example").await.starts_with("250 "));
    let mut plain = Client::plain(rig.served.smtp).await;
    plain.write("EHLO x.example\r\n").await;
    let reply = plain.reply().await;
    assert!(!reply.starts_with('2'), "{reply}");
    rig.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewed_certificate_is_used_and_no_session_ends_for_it() {
    let rig = rig("required", false).await;
    let old = connector(&rig.authority.certificate(), None);
    let mut before = Client::by_command(rig.served.smtp, &old).await.unwrap();
    let other = Authority::new();
    let new = connector(&other.certificate(), None);
    assert!(Client::by_command(rig.served.smtp, &new).await.is_none());
    // First a half: the old pair stays in use.
    std::fs::write(&rig.own.certificate, "no certificate").unwrap();
    assert!(Client::by_command(rig.served.smtp, &old).await.is_some());
    let renewed = other.issue(super::GATEWAY, Purpose::Server);
    renew((&rig.own.certificate, &rig.own.key), &renewed);
    assert!(Client::by_command(rig.served.smtp, &new).await.is_some());
    assert!(Client::by_command(rig.served.smtp, &old).await.is_none());
    assert!(before.send("a@x.example").await.starts_with("250 "));
    rig.stop();
}
