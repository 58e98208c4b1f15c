//! Clients that are slow, or never come to an end. Hours pass here within a moment: the sessions have
//! a time of their own, which goes on only while nothing else is to be done.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use contact_gateway::channels::mail::listener::{Protocol, serve_stream};
use contact_gateway::runtime::limits::{
    SMTP_COMMAND_WAIT, SMTP_DATA_WAIT, SMTP_IDLE_COMMANDS_MAX, SMTP_MESSAGE_WAIT,
    SMTP_MESSAGES_MAX, SMTP_RECIPIENTS_MAX,
};
use contact_gateway::runtime::shutdown::Shutdown;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::fuzz::scene::Scene;

const SECOND: Duration = Duration::from_secs(1);

struct Slow {
    stream: DuplexStream,
    session: JoinHandle<()>,
    scene: Scene,
    _shutdown: Shutdown,
}

impl Slow {
    /// Connected, greeted, and known by name.
    async fn connect() -> Slow {
        let scene = Scene::new(true).await;
        let (near, far) = tokio::io::duplex(1 << 20);
        let shutdown = Shutdown::new();
        let peer = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let edge = Arc::clone(&scene.edge);
        let serving = serve_stream(Box::new(far), peer, Protocol::Smtp, edge, shutdown.stopping());
        let session = tokio::spawn(serving);
        let mut slow = Slow { stream: near, session, scene, _shutdown: shutdown };
        assert!(slow.ask("EHLO mx").await.contains("250 ENHANCEDSTATUSCODES"));
        slow
    }

    /// What was said since the last time.
    async fn heard(&mut self) -> String {
        let mut said = Vec::new();
        // Nothing comes once all is done: the rest of this millisecond passes at once.
        while let Ok(Ok(1..)) =
            timeout(Duration::from_millis(1), self.stream.read_buf(&mut said)).await
        {}
        String::from_utf8(said).unwrap()
    }

    async fn ask(&mut self, line: &str) -> String {
        // It may have closed: what it said shows it.
        let _ = self.stream.write_all(format!("{line}\r\n").as_bytes()).await;
        self.heard().await
    }

    async fn open_message(&mut self) {
        assert!(self.ask("MAIL FROM:<a@x.example>").await.starts_with("250"));
        assert!(self.ask("RCPT TO:<b@karbon.example>").await.starts_with("250"));
        assert!(self.ask("DATA").await.starts_with("354"));
    }

    /// A byte, and a long wait, again and again; how long until it is cut off, and with what.
    async fn drip(&mut self, wait: Duration) -> (Duration, String) {
        let started = Instant::now();
        loop {
            let _ = self.stream.write_all(b"a").await;
            let until = Instant::now() + wait;
            while Instant::now() < until {
                sleep(SECOND).await;
                let said = self.heard().await;
                if !said.is_empty() {
                    return (started.elapsed(), said);
                }
            }
        }
    }

    fn taken(&self) -> usize {
        self.scene.behind.taken.lock().unwrap().len()
    }

    async fn closed(self) {
        let Slow { stream, session, .. } = self;
        drop(stream);
        session.await.unwrap();
    }
}

const TOO_SLOW: &str = "421 4.4.2 Too slow, or nothing came for too long\r\n";

#[tokio::test(start_paused = true)]
async fn a_message_that_drips_in_is_cut_off_in_the_end_and_not_before() {
    let mut slow = Slow::connect().await;
    slow.open_message().await;
    let (after, said) = slow.drip(SMTP_DATA_WAIT - SECOND).await;
    assert_eq!(said, TOO_SLOW);
    let end = SMTP_MESSAGE_WAIT..SMTP_MESSAGE_WAIT + 5 * SECOND;
    assert!(end.contains(&after), "{after:?}");
    assert_eq!(slow.taken(), 0);
    slow.closed().await;

    // As slowly, and whole in time.
    let mut slow = Slow::connect().await;
    slow.open_message().await;
    let pieces = SMTP_MESSAGE_WAIT.as_secs() / SMTP_DATA_WAIT.as_secs();
    for _ in 0..pieces {
        slow.stream.write_all(b"a").await.unwrap();
        sleep(SMTP_DATA_WAIT - SECOND).await;
    }
    assert!(slow.ask("\r\n.").await.starts_with("250"));
    assert_eq!(slow.taken(), 1);
    slow.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_stops_coming_is_cut_off_sooner() {
    let mut slow = Slow::connect().await;
    slow.open_message().await;
    let (after, said) = slow.drip(SMTP_MESSAGE_WAIT).await;
    assert_eq!(said, TOO_SLOW);
    let end = SMTP_DATA_WAIT..SMTP_DATA_WAIT + 5 * SECOND;
    assert!(end.contains(&after), "{after:?}");
    slow.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_command_that_drips_in_has_the_time_of_a_command() {
    for wait in [SMTP_COMMAND_WAIT / 10, 2 * SMTP_COMMAND_WAIT] {
        let mut slow = Slow::connect().await;
        let (after, said) = slow.drip(wait).await;
        assert_eq!(said, TOO_SLOW);
        let end = SMTP_COMMAND_WAIT - SECOND..SMTP_COMMAND_WAIT + 5 * SECOND;
        assert!(end.contains(&after), "{after:?}");
        slow.closed().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_takes_its_messages_and_no_more() {
    let mut slow = Slow::connect().await;
    for number in 1..=SMTP_MESSAGES_MAX {
        slow.open_message().await;
        let said = slow.ask("From: a@x.example\r\n\r\nx\r\n.").await;
        assert!(said.starts_with("250 "), "{number}: {said}");
        assert_eq!(
            said.contains("\r\n421 4.7.0 "),
            number == SMTP_MESSAGES_MAX,
            "{number}: {said}"
        );
    }
    assert_eq!(slow.taken(), SMTP_MESSAGES_MAX);
    slow.closed().await;
}

#[tokio::test(start_paused = true)]
async fn commands_that_bring_no_message_come_to_an_end() {
    let mut slow = Slow::connect().await;
    // The hello is one of them.
    for _ in 1..SMTP_IDLE_COMMANDS_MAX {
        assert_eq!(slow.ask("NOOP").await, "250 2.0.0 Ok\r\n");
    }
    slow.open_message().await;
    assert!(slow.ask("x\r\n.").await.starts_with("250"));
    for number in 0..SMTP_IDLE_COMMANDS_MAX {
        let command = if number % 2 == 0 { "RSET" } else { "XFORWARD NAME=a" };
        assert_eq!(slow.ask(command).await, "250 2.0.0 Ok\r\n");
    }
    assert_eq!(slow.ask("NOOP").await, "421 4.7.0 Too many commands without a message\r\n");
    slow.closed().await;
}

#[tokio::test(start_paused = true)]
async fn refused_recipients_are_asked_about_as_often_as_others() {
    let mut slow = Slow::connect().await;
    assert!(slow.ask("MAIL FROM:<a@x.example>").await.starts_with("250"));
    for _ in 0..SMTP_RECIPIENTS_MAX {
        assert!(slow.ask("RCPT TO:<refused@karbon.example>").await.starts_with("550"));
    }
    assert!(slow.ask("RCPT TO:<b@karbon.example>").await.starts_with("452 4.5.3"));
    slow.closed().await;
}
