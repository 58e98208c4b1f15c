//! The real program releases what a step lets pass, once: killed in between, beside another gateway on the same
//! store, and in front of a mail server that refuses, hangs, and accepts in the end.

use std::time::Duration;

use serde_json::{Value, json};

use crate::contacts_edge::upstream::Upstream;
use crate::mail::sink::{Fault, Script, Sink};
use crate::redis_gateways::fleet::mail;
use crate::served::{Behind, Place, Served, person};
use crate::store_contract::servers::until;

const JO: &str = "jo@x.example";

/// Gateways on one store with somebody who has one contact a week, in front of a mail server that does this at
/// the recipient of what is released.
struct Office {
    sink: Sink,
    places: Vec<Place>,
    _handler: Upstream,
}

/// At the recipient of what is released: the first message to it is delivered. Of several, each has its turn.
fn at_release(fault: Fault) -> Fault {
    let matching = "repairs@karbon.example".to_owned();
    Fault { at: "RCPT".to_owned(), matching, times: 1, after: 1, ..fault }
}

impl Office {
    async fn open(gateways: usize, faults: Vec<Fault>) -> Office {
        let sink = Sink::start(&Script { faults, ..Script::default() }).await;
        let handler = Upstream::start().await;
        let behind = Behind { mail: sink.port, form: handler.address, calls: handler.address };
        let places: Vec<Place> = (0..gateways).map(|_| Place::new(&behind, "a secret")).collect();
        let shared = places[0].folder.path();
        for place in &places {
            place.store_at(&format!("embedded:{}", shared.join("store").display()));
            place.archive_at(&shared.join("archive"));
        }
        let quota =
            json!({"kind": "contact_quota", "limit": 1, "per": "week", "window": "rolling"});
        places[0].import(&json!([person("P-1", JO, "+447700900001", quota)]));
        Office { sink, places, _handler: handler }
    }

    /// How often a message was handed on to its recipients.
    fn copies(&self, token: &str) -> usize {
        let about = format!("Subject: about {token}");
        let is_copy = |taken: &crate::mail::sink::Taken| {
            let message = String::from_utf8_lossy(&taken.message).into_owned();
            message.contains(&about) && taken.rcpt.iter().any(|to| to.contains("repairs@"))
        };
        self.sink.taken().iter().filter(|taken| is_copy(taken)).count()
    }

    /// How often the server was asked to take something for the recipient.
    fn asked(&self) -> usize {
        let commands = self.sink.commands();
        commands.iter().filter(|line| line.contains("RCPT TO:<repairs@")).count()
    }
}

/// One message passes and one is limited: their contacts' ids.
async fn one_passes_and_one_is_limited(gateway: &Served) -> (String, String) {
    for token in ["M1", "M2"] {
        assert_eq!(mail(gateway, JO, token).await, 250);
    }
    let audit = gateway.audit().await;
    let decided = |disposition: &str| {
        let mut all = audit.iter().filter(|entry| entry["disposition"] == disposition);
        all.next().unwrap()["contact"].as_str().unwrap().to_owned()
    };
    (decided("deliver"), decided("limit"))
}

async fn item(gateway: &Served, id: &str) -> Value {
    gateway.ask("GET", &format!("/api/v1/queues/limited/{id}"), &Value::Null).await
}

async fn is_released_once(gateway: &Served, id: &str) {
    let trail = gateway.audit().await;
    let times = trail.iter().filter(|one| one["event"] == "released" && one["item"] == id).count();
    assert_eq!(times, 1, "{trail:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_between_the_note_that_a_contact_passes_and_its_release_loses_nothing() {
    let hangs = Fault { delay_ms: 3_600_000, ..Fault::default() };
    let office = Office::open(1, vec![at_release(hangs)]).await;
    let served = office.places[0].serve();
    let (passed, limited) = one_passes_and_one_is_limited(&served).await;
    let target = format!("/api/v1/contacts/{passed}/not-theirs");
    // Answered or not: it is killed while it hands over.
    let nothing = json!({});
    let asking = served.try_ask("POST", &target, &nothing);
    tokio::select! {
        got = asking => panic!("{got:?}"),
        () = until("the release is under way", || async { office.asked() == 2 }) => {}
    }
    let between = item(&served, &limited).await;
    assert_eq!((&between["state"], &between["flags"]), (&json!("claimed"), &json!(["passes_now"])));
    served.kill();

    let served = office.places[0].serve();
    released(&served, &limited).await;
    assert_eq!(office.copies("M2"), 1);
    is_released_once(&served, &limited).await;
    served.stop();
}

/// Longer than a lease and a pause, on a busy machine.
async fn released(gateway: &Served, id: &str) {
    for _ in 0..600 {
        if item(gateway, id).await["state"] == "released" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{}", item(gateway, id).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_hand_on_once_what_a_server_refuses_hangs_on_and_accepts() {
    let refuses = Fault { reply: Some("451 4.3.0 later".to_owned()), ..Fault::default() };
    let hangs = Fault { delay_ms: 3_600_000, ..Fault::default() };
    let office = Office::open(2, vec![at_release(refuses), at_release(hangs)]).await;
    let gateways: Vec<Served> = office.places.iter().map(Place::serve).collect();
    let (passed, limited) = one_passes_and_one_is_limited(&gateways[0]).await;
    let target = format!("/api/v1/contacts/{passed}/not-theirs");
    let said = gateways[0].ask("POST", &target, &json!({})).await;
    assert_eq!(said["unfinished"], true, "{said}");
    released(&gateways[1], &limited).await;
    assert_eq!((office.copies("M2"), office.asked()), (1, 4));
    is_released_once(&gateways[0], &limited).await;
    let noted = item(&gateways[0], &limited).await;
    assert!(noted["notes"].to_string().contains("Not released yet"), "{noted}");
    for gateway in gateways {
        gateway.stop();
    }
}
