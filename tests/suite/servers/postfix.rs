//! Postfix, as docs/getting-started.md sets it up, and by socket files.

use super::checks::{MailServer, rig};
use super::guide::{MAIL, START, block, filled, head};
use crate::mail::postfix::Postfix;

impl MailServer for Postfix {
    fn said(&self) -> String {
        self.log()
    }

    fn is_empty(&self) -> bool {
        Postfix::is_empty(self)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postfix_in_ten_minutes() {
    let mut rig = rig(&head(&block(START, "postfix-gateway"))).await;
    let ports = rig.ports;
    let values = [
        ("smtp      inet", format!("127.0.0.1:{} inet", ports.front)),
        ("10024", ports.lmtp.to_string()),
        ("10026", ports.back.to_string()),
    ];
    let master = filled(block(START, "postfix-master"), &values);
    let postfix = Postfix::start(rig.sink.port, "", &master);
    rig.every_disposition(&postfix).await;
    rig.a_gateway_that_is_gone(&postfix).await;
    drop(postfix);
    rig.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postfix_by_socket_files() {
    let folder = tempfile::Builder::new().prefix("sockets").tempdir_in("/var/tmp").unwrap();
    let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), everybody).unwrap();
    let socket = format!("unix:{}", folder.path().join("lmtp.sock").display());
    let guide = filled(
        block(MAIL, "postfix-after-queue-gateway"),
        &[
            ("127.0.0.1:10024", socket.clone()),
            ("xforward_from = [\"127.0.0.0/8\"]\n", String::new()),
            ("mx.example.org", "mx.karbon.example".to_owned()),
        ],
    );
    let mut rig = rig(&guide).await;
    let ports = rig.ports;
    let values = [
        ("smtp      inet", format!("127.0.0.1:{} inet", ports.front)),
        ("[127.0.0.1]:10024", socket),
        ("10026", ports.back.to_string()),
    ];
    let master = filled(block(MAIL, "postfix-after-queue"), &values);
    let postfix = Postfix::start(rig.sink.port, "", &master);
    rig.every_disposition(&postfix).await;
    rig.a_gateway_that_is_gone(&postfix).await;
    // Whoever comes by a socket file is trusted: its queue id is part of the contact's.
    let item = rig.served.as_ref().unwrap().queue("pat").await.remove(0);
    assert_eq!(item["contact"].as_str().unwrap().split('-').count(), 3, "{item}");
    drop(postfix);
    rig.stop();
}
