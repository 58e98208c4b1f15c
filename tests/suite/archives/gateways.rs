//! Gateways on one Redis that share an archive on S3, by the real program.

use serde_json::{Value, json};

use crate::archives::server::Buckets;
use crate::contacts_edge::client::form;
use crate::contacts_edge::upstream::Upstream;
use crate::mail::client::Client;
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, Served, person};
use crate::store_contract::servers::{self, until};

const LIMITED: &str = "lim@x.example";
const STRANGER: &str = "kim@y.example";

struct Rig {
    buckets: Buckets,
    redis: servers::OnRedis,
    sink: Sink,
    handler: Upstream,
    places: Vec<Place>,
}

/// Two places with gateways' configurations.
async fn rig() -> Rig {
    let (buckets, redis) = (Buckets::start().await, servers::single().await);
    let (sink, handler) = (Sink::start(&Script::default()).await, Upstream::start().await);
    let rig = Rig { buckets, redis, sink, handler, places: Vec::new() };
    let places: Vec<Place> = (0..2).map(|_| rig.place("karbon")).collect();
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let import = || places[0].import(&json!([person("P-L", LIMITED, "+447700900001", letters)]));
    tokio::task::block_in_place(import);
    Rig { places, ..rig }
}

impl Rig {
    fn place(&self, prefix: &str) -> Place {
        let behind = Behind {
            mail: self.sink.port,
            form: self.handler.address,
            calls: self.handler.address,
        };
        let place = Place::new(&behind, "unused");
        place.store_at(&self.redis.url);
        let folder = place.folder.path();
        let own = format!("url = \"file:{}\"", folder.join("archive").display());
        place.change(&own, &self.buckets.config(folder, prefix));
        place
    }
}

fn serve(place: &Place) -> Served {
    tokio::task::block_in_place(|| place.serve())
}

async fn mail(served: &Served, from: &str, id: &str) -> u16 {
    let mut client = Client::connect(served.lmtp.port(), "LHLO").await;
    assert_eq!(client.ask(&format!("XFORWARD IDENT={id}")).await.0, 250);
    let message = format!(
        "From: {from}\r\nTo: repairs@karbon.example\r\nSubject: about {id}\r\n\
         Message-ID: <{id}@x.example>\r\nDate: Mon, 16 Nov 2026 10:00:00 +0000\r\n\r\nIt drips.\r\n"
    );
    client.send(from, &["repairs@karbon.example"], message.as_bytes()).await.0
}

async fn release(served: &Served, item: &Value) -> Value {
    let id = item["id"].as_str().unwrap();
    let target = format!("/api/v1/queues/limited/{id}/release");
    served.ask("POST", &target, &json!({})).await
}

fn out(rig: &Rig, id: &str) -> usize {
    let subject = format!("Subject: about {id}\r\n");
    let taken = rig.sink.taken();
    taken.iter().filter(|it| String::from_utf8_lossy(&it.message).contains(&subject)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_gateway_keeps_another_releases() {
    let rig = rig().await;
    let (keeps, releases) = (serve(&rig.places[0]), serve(&rig.places[1]));
    assert_eq!(mail(&keeps, LIMITED, "M1").await, 250);
    let page =
        form(keeps.contacts, "/karbon/contact", "email=lim%40x.example&message=It+drips.").await;
    assert_eq!(page.status, 403);
    assert_eq!(rig.buckets.originals().await.len(), 2);
    for item in releases.queue("limited").await {
        assert_eq!(release(&releases, &item).await["state"], "released");
    }
    assert_eq!((out(&rig, "M1"), rig.handler.seen().len()), (1, 1));
    // A gateway with another archive is not one of them.
    let other = rig.place("elsewhere");
    let ended = tokio::task::block_in_place(|| other.command("serve").output().unwrap());
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(!ended.status.success(), "{said}");
    assert!(
        said.contains("s3://originals/karbon") && said.contains("s3://originals/elsewhere"),
        "{said}"
    );
    assert!(!said.contains("the secret"), "{said}");
    keeps.stop();
    releases.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_archive_is_away_what_must_be_kept_is_deferred_and_everything_else_passes() {
    let rig = rig().await;
    let served = serve(&rig.places[0]);
    assert_eq!(mail(&served, LIMITED, "M1").await, 250);
    rig.buckets.fault("status=503").await;
    assert_eq!(mail(&served, LIMITED, "M2").await, 452);
    assert_eq!(mail(&served, STRANGER, "M3").await, 250);
    let page =
        form(served.contacts, "/karbon/contact", "email=lim%40x.example&message=It+drips.").await;
    assert_eq!(page.status, 503);
    let ready = served.try_ask("GET", "/health/ready", &Value::Null).await;
    assert_eq!(ready.status, 503, "{ready:?}");
    let said = ready.json()["parts"]["archive"].to_string();
    assert!(said.contains("s3://originals/karbon") && said.contains("busy"), "{said}");
    rig.buckets.fault("").await;
    assert_eq!(mail(&served, LIMITED, "M2").await, 250);
    until("it is ready again", || async {
        served.try_ask("GET", "/health/ready", &Value::Null).await.status == 200
    })
    .await;
    let items = served.queue("limited").await;
    assert_eq!(items.len(), 2, "M1 and M2, each once: {items:#?}");
    for item in &items {
        release(&served, item).await;
    }
    assert_eq!([out(&rig, "M1"), out(&rig, "M2"), out(&rig, "M3")], [1, 1, 1]);
    served.stop();
}

/// Before anything had to be kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_that_is_away_at_a_start_is_reported_before_anything_is_to_be_kept() {
    let rig = rig().await;
    let said = async |served: &Served| {
        let ready = served.try_ask("GET", "/health/ready", &Value::Null).await;
        ready.json()["parts"]["archive"].as_str().unwrap().to_owned()
    };
    let served = serve(&rig.places[0]);
    assert_eq!(said(&served).await, "ok");
    served.stop();
    rig.buckets.fault("status=503").await;
    let served = serve(&rig.places[0]);
    let fault = said(&served).await;
    assert!(fault.contains("s3://originals/karbon") && fault.contains("busy"), "{fault}");
    rig.buckets.fault("").await;
    until("it is back", || async { said(&served).await == "ok" }).await;
    served.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_compares_items_and_objects_each_way() {
    let rig = rig().await;
    let served = serve(&rig.places[0]);
    for id in ["M1", "M2", "M3"] {
        assert_eq!(mail(&served, LIMITED, id).await, 250);
    }
    let check = || {
        let mut command = rig.places[0].command("check");
        let output = tokio::task::block_in_place(|| command.arg("--store").output().unwrap());
        (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    let (code, said) = check();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("originals 3") && said.contains("s3://originals/karbon"), "{said}");
    let names = rig.buckets.originals().await;
    rig.buckets.remove(&names[0]).await;
    rig.buckets.alter(&names[1]).await;
    // Kept by somebody a while ago, and no item knows it.
    let stray = super::stray(&rig.buckets, "karbon").await;
    let (code, said) = check();
    assert!(code == Some(1) && !said.contains(&stray), "it may still get its item: {said}");
    rig.buckets.age(2).await;
    let (code, said) = check();
    assert_eq!(code, Some(1), "{said}");
    for what in ["is missing in the archive", "was altered in the archive", &stray] {
        assert!(said.contains(what), "{what}: {said}");
    }
    assert_eq!(said.matches("no item refers to").count(), 1, "{said}");
    served.stop();
}
