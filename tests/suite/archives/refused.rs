//! A backup beside an archive on S3 has no originals, and can't be taken for one that has.

use std::path::Path;

use serde_json::json;

use crate::archives::server::Buckets;
use crate::mail::client::Client;
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, person};

fn run(place: &Place, verb: &str, folder: &Path) -> (Option<i32>, String) {
    let mut command = place.command(verb);
    let output = tokio::task::block_in_place(|| command.arg(folder).output().unwrap());
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_leaves_originals_in_their_bucket_and_is_restored_beside_it_only() {
    let buckets = Buckets::start().await;
    let sink = Sink::start(&Script::default()).await;
    let nobody = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
    let behind = Behind { mail: sink.port, form: nobody, calls: nobody };
    let place = Place::new(&behind, "unused");
    let folder = place.folder.path();
    let own = format!("url = \"file:{}\"", folder.join("archive").display());
    place.change(&own, &buckets.config(folder, ""));
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let import =
        || place.import(&json!([person("P-L", "lim@x.example", "+447700900001", letters)]));
    tokio::task::block_in_place(import);
    let served = tokio::task::block_in_place(|| place.serve());
    let mut client = Client::connect(served.lmtp.port(), "LHLO").await;
    let message =
        b"From: lim@x.example\r\nSubject: x\r\nMessage-ID: <1@x.example>\r\n\r\nIt drips.\r\n";
    assert_eq!(client.send("lim@x.example", &["repairs@karbon.example"], message).await.0, 250);
    served.stop();

    let to = folder.join("backup");
    let (code, said) = run(&place, "backup", &to);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("the backup has none of them"), "{said}");
    assert!(!to.join("archive").exists());
    // Elsewhere with an empty folder: what the items name would be missing.
    let config = std::fs::read_to_string(place.config()).unwrap();
    std::fs::rename(folder.join("store"), folder.join("old")).unwrap();
    let moved = config.replace("url = \"s3://originals/\"", "url = \"file:new-archive\"");
    let (head, rest) = moved.split_once("\nendpoint").unwrap();
    let rest = rest.split_once("[state]").unwrap().1;
    std::fs::write(place.config(), format!("{head}\n[state]{rest}")).unwrap();
    let (code, said) = run(&place, "restore", &to);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("were on S3") && said.contains("archive copy"), "{said}");
    std::fs::write(place.config(), config).unwrap();
    let (code, said) = run(&place, "restore", &to);
    assert_eq!(code, Some(0), "{said}");
}
