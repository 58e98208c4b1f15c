//! The rehearsal of `docs/backup.md`, as an operator does it.

use std::os::unix::fs::symlink;
use std::process::Command;

use super::{site, some_work, text};
use crate::servers::guide::{block, filled};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guides_rehearsal_leaves_the_gateway_alone() {
    let site = site(None).await;
    let served = site.place.serve();
    some_work(&served).await;
    let before = served.audit().await;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let script = filled(
        block("docs/backup.md", "rehearsal"),
        &[
            ("/etc/contact-gateway/gateway.toml", site.place.config().display().to_string()),
            ("/var/backups/contact-gateway", at("backups")),
            ("/var/tmp/rehearsal", at("rehearsal")),
        ],
    );
    symlink(env!("CARGO_BIN_EXE_contact-gateway"), at("contact-gateway")).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh").args(["-euc", &script]).env("PATH", path).output().unwrap();
    let (said, wrong) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{said}{wrong}");
    let last = before.len();
    for says in
        [" of its trail: people 2, decisions 15, ledgers 2, ", "rehearsal is a whole backup of"]
    {
        assert_eq!(said.matches(says).count(), 3, "{says}\n{said}{wrong}");
    }
    assert_eq!(said.matches("lim@x.example").count(), 0);
    assert!(said.contains("no faults"), "{said}");
    assert!(!folder.path().join("rehearsal").exists());
    // What it read is on no trail, and the gateway serves as before.
    assert_eq!(served.audit().await[..last], before);
    tokio::task::block_in_place(|| served.stop());
}
