//! TLS with the server behind: another gateway, which is as strict as one can be.

use super::client::Client;
use super::{CLIENT, GATEWAY, Rig, place, rig, shown};
use crate::authority::{Authority, Issued, Purpose};
use crate::served::{Place, Served};

/// A gateway in front of that of `rig`.
fn in_front(rig: &Rig, more: &str) -> (Place, Served) {
    let place = place(rig.served.smtp.port());
    let section = format!("[mail.downstream_tls]\n{more}");
    place.change("\n[[organisation]]", &format!("\n{section}\n[[organisation]]"));
    let served = place.serve();
    (place, served)
}

fn keys(ca: &Authority, name: &str, own: Option<&Issued>) -> String {
    let mut keys = format!("ca = \"{}\"\nname = \"{name}\"\n", shown(&ca.certificate()));
    if let Some(own) = own {
        let (certificate, key) = (shown(&own.certificate), shown(&own.key));
        keys += &format!("certificate = \"{certificate}\"\nkey = \"{key}\"\n");
    }
    keys
}

async fn hand_in(served: &Served) -> String {
    let mut client = Client::plain(served.lmtp).await;
    client.reply().await;
    client.ask("LHLO x.example").await;
    client.ask("MAIL FROM:<jo@y.example>").await;
    client.ask("RCPT TO:<repairs@karbon.example>").await;
    client.ask("DATA").await;
    client.ask("From: jo@y.example\r\nSubject: tap\r\n\r\nIt drips.\r\n.").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_goes_on_by_tls_to_the_right_server_or_waits() {
    let rig = rig("required", true).await;
    let own = rig.authority.issue(CLIENT, Purpose::Client);
    let stranger = Authority::new();
    for (what, more, goes) in [
        ("right", keys(&rig.authority, GATEWAY, Some(&own)), true),
        ("no certificate", keys(&rig.authority, GATEWAY, None), false),
        ("another name", keys(&rig.authority, "other.example", Some(&own)), false),
        ("another authority", keys(&stranger, GATEWAY, Some(&own)), false),
        ("too early", "mode = \"implicit\"\n".to_owned() + &keys(&stranger, GATEWAY, None), false),
    ] {
        let before = rig.sink.taken().len();
        let (_place, served) = in_front(&rig, &more);
        let reply = hand_in(&served).await;
        let expected = if goes { "250 " } else { "451 4." };
        assert!(reply.starts_with(expected), "{what}: {reply}");
        assert_eq!(rig.sink.taken().len() - before, usize::from(goes), "{what}");
        served.stop();
    }
    rig.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_goes_on_by_tls_from_the_first_byte() {
    let rig = rig("implicit", true).await;
    let own = rig.authority.issue(CLIENT, Purpose::Server);
    let more = keys(&rig.authority, GATEWAY, Some(&own));
    let (_place, served) = in_front(&rig, &("mode = \"implicit\"\n".to_owned() + &more));
    assert!(hand_in(&served).await.starts_with("250 "));
    served.stop();
    assert_eq!(rig.sink.taken().len(), 1);
    rig.stop();
}

/// Whoever stands between could take the offer away: without TLS nothing goes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_to_a_server_that_has_no_tls() {
    let rig = rig("starttls", false).await;
    let place = place(rig.sink.port);
    let section = format!("[mail.downstream_tls]\n{}", keys(&rig.authority, GATEWAY, None));
    place.change("\n[[organisation]]", &format!("\n{section}\n[[organisation]]"));
    let served = place.serve();
    let reply = hand_in(&served).await;
    assert!(reply.starts_with("451 4.4.1 "), "{reply}");
    assert!(rig.sink.commands().iter().all(|command| !command.starts_with("MAIL")));
    served.stop();
    rig.stop();
}
