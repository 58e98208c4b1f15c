//! OpenSMTPD, by SMTP, by its LMTP program and by a pipe.

use super::checks::{MailServer, Rig, rig};
use super::guide::{MAIL, block, filled};
use super::namespace::{Expected, Piped, Server, pipe_files};
use crate::mail::postfix::files;

struct OpenSmtpd(Server);

impl MailServer for OpenSmtpd {
    fn said(&self) -> String {
        self.0.said()
    }

    fn is_empty(&self) -> bool {
        // Folders of messages that are gone stay.
        ["incoming", "queue"]
            .iter()
            .all(|part| files(&self.0.folder().join("spool/smtpd").join(part)) == 0)
    }

    /// Its first retry by itself comes after minutes.
    fn hurry(&self) {
        let done = self.0.beside(&self.0.folder().join("smtpctl"), &["schedule", "all"]);
        assert!(done.status.success(), "{done:?}");
    }

    /// Written by a delivery to a mailbox.
    fn is_own_field(&self, line: &str) -> bool {
        line.starts_with("Return-Path: ") || line.starts_with("Delivered-To: ")
    }
}

const OPENSMTPD: Expected<'static> = Expected {
    package: "opensmtpd",
    users: &["opensmtpd", "opensmtpq"],
    prepare: r#"
        mkdir -p "$folder/lib/opensmtpd/empty"
        mount --bind "$peer/usr/libexec" /usr/libexec
        cp "$peer/usr/sbin/smtpctl" "$folder/smtpctl"
        chgrp opensmtpq "$folder/smtpctl"
        chmod 2755 "$folder/smtpctl"
    "#,
    run: r#""$peer/usr/sbin/smtpd" -d -f "$folder/smtpd.conf""#,
};

fn start(rig: &Rig, action: Option<String>) -> OpenSmtpd {
    let ports = rig.ports;
    let guide = block(MAIL, "opensmtpd");
    let named = "action \"gateway\" relay host smtp+notls://127.0.0.1:10025\n";
    let action =
        action.unwrap_or_else(|| filled(named.to_owned(), &[("10025", ports.smtp.to_string())]));
    let guide = filled(
        guide,
        &[
            ("0.0.0.0 port 25", format!("127.0.0.1 port {}", ports.front)),
            ("port 10026", format!("port {}", ports.back)),
            (named, action),
            ("\"example.org\"", "{ \"karbon.example\", \"other.example\" }".to_owned()),
        ],
    );
    let behind = |name: &str| {
        format!("action \"{name}\" relay host smtp+notls://127.0.0.1:{}\n", rig.sink.port)
    };
    // An action is named before it is used.
    let text = behind("local") + &behind("outbound") + &guide;
    OpenSmtpd(Server::start(&OPENSMTPD, &[("smtpd.conf", text)]))
}

fn gateway() -> String {
    let guide = block(MAIL, "postfix-after-queue-gateway");
    filled(
        guide,
        &[
            ("xforward_from = [\"127.0.0.0/8\"]\n", String::new()),
            ("mx.example.org", "mx.karbon.example".to_owned()),
            ("lmtp = ", "smtp = \"127.0.0.1:10025\"\nlmtp = ".to_owned()),
        ],
    )
}

async fn by(action: impl FnOnce(&Rig) -> Option<String>) {
    let mut rig = rig(&gateway()).await;
    let server = start(&rig, action(&rig));
    rig.every_disposition(&server).await;
    rig.a_gateway_that_is_gone(&server).await;
    drop(server);
    rig.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opensmtpd_by_smtp() {
    by(|_| None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opensmtpd_by_its_lmtp_program() {
    by(|rig| {
        let port = rig.ports.lmtp.to_string();
        let action = filled(block(MAIL, "opensmtpd-lmtp"), &[("10024", port)]);
        Some(block(MAIL, "opensmtpd-table") + &action)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opensmtpd_by_pipe() {
    by_pipe(Piped::Small).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opensmtpd_by_the_subcommand_pipe() {
    by_pipe(Piped::Subcommand).await;
}

async fn by_pipe(piped: Piped) {
    let mut folder = None;
    by(|rig| {
        let (kept, files) = pipe_files(piped, rig.ports.lmtp);
        folder = Some(kept);
        let action = filled(block(MAIL, "opensmtpd-pipe"), &files);
        Some(block(MAIL, "opensmtpd-table") + &action)
    })
    .await;
}
