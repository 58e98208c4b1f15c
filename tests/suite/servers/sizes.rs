//! Messages as large as a mail server takes, through the guides' blocks: what it took is delivered,
//! whatever the way round adds to it, and what is larger is refused while its sender still waits.

use super::checks::{MailServer, Rig, free_port, rig};
use super::guide::{MAIL, block, filled};
use super::namespace::{Piped, pipe_files};
use crate::mail::postfix::{Postfix, Way, way_back};

/// Small, so that the test is quick; what the way round adds does not grow with it.
pub const LIMIT: usize = 400_000;

/// A message of exactly so many bytes.
fn message(from: &str, size: usize) -> Vec<u8> {
    let mut message = format!(
        "Date: Wed, 18 Nov 2026 10:00:00 +0000\r\nFrom: {from}\r\nTo: a@karbon.example\r\n\
         Subject: size-{size}\r\nMessage-ID: <{size}@x.example>\r\n\r\n"
    )
    .into_bytes();
    let line = format!("{}\r\n", "x".repeat(898));
    while message.len() + 2 * line.len() < size {
        message.extend_from_slice(line.as_bytes());
    }
    let rest = size - message.len() - 2;
    let (first, second) = (rest / 2, rest - rest / 2 - 2);
    let last = format!("{}\r\n{}\r\n", "y".repeat(first), "z".repeat(second));
    message.extend_from_slice(last.as_bytes());
    assert_eq!(message.len(), size);
    message
}

/// What a server takes for a message's size.
#[derive(Clone, Copy)]
pub enum Counts {
    /// As it is sent.
    Wire,
    /// Line ends as one byte.
    Stored,
}

impl Counts {
    /// A message of exactly so many bytes as the server counts.
    fn message(self, from: &str, size: usize) -> Vec<u8> {
        let ends = |message: &[u8]| message.iter().filter(|byte| **byte == b'\n').count();
        match self {
            Counts::Wire => message(from, size),
            Counts::Stored => {
                let mut messages = (size..).map(|size| message(from, size));
                messages.find(|message| message.len() - ends(message) == size).unwrap()
            }
        }
    }
}

/// Sizes in the last 64 KiB up to the limit, and one byte past it; from a stranger, and from somebody whose mail is
/// routed elsewhere and gains more header fields.
pub async fn what_is_taken_is_delivered(rig: &Rig, server: &dyn MailServer, counts: Counts) {
    let sizes = [65_536, 9_000, 2_000, 300, 1, 0].map(|less| LIMIT - less);
    let mut taken = Vec::new();
    for from in ["plain@x.example", "routed@x.example"] {
        for size in sizes.into_iter().chain([LIMIT + 1]) {
            let mut client = rig.greeted(server).await;
            let message = counts.message(from, size);
            let reply = client.send(from, &["a@karbon.example"], &message).await;
            match reply.0 {
                250 => taken.push((from, size)),
                code => assert_eq!(code, 552, "{from} {size}: {reply:?}\n{}", server.said()),
            }
        }
        assert!(taken.contains(&(from, LIMIT - 9_000)), "{taken:?}");
        assert!(!taken.contains(&(from, LIMIT + 1)), "{taken:?}");
    }
    let delivered = rig.taken(server, taken.len()).await;
    assert_eq!(delivered.len(), taken.len(), "nothing else came out\n{}", server.said());
    for (from, size) in taken {
        let sent = counts.message(from, size);
        let of_sender = format!("MAIL FROM:<{from}>");
        assert!(
            delivered
                .iter()
                .any(|one| one.mail.starts_with(&of_sender) && one.message.ends_with(&sent)),
            "{size} of {from} did not come out\n{}",
            server.said()
        );
    }
}

async fn postfix(way: Way) {
    let guide = filled(
        block(MAIL, "postfix-after-queue-gateway"),
        &[("lmtp = ", "smtp = \"127.0.0.1:10025\"\nlmtp = ".to_owned())],
    );
    let rig = rig(&guide).await;
    let ports = rig.ports;
    let (_folder, files) = pipe_files(Piped::Small, ports.lmtp);
    let gateway = match way {
        Way::BeforeQueue => ports.smtp,
        Way::AfterQueue | Way::Pipe(_) => ports.lmtp,
    };
    let master = way.master(ports.front, gateway, ports.back, &files);
    let main = format!("message_size_limit = {LIMIT}\n");
    let postfix = Postfix::start(rig.sink.port, &main, &master);
    what_is_taken_is_delivered(&rig, &postfix, Counts::Wire).await;
    drop(postfix);
    rig.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postfix_after_the_queue_delivers_what_it_took() {
    postfix(Way::AfterQueue).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postfix_before_the_queue_delivers_what_it_took() {
    postfix(Way::BeforeQueue).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postfix_by_pipe_delivers_what_it_took() {
    postfix(Way::Pipe(Piped::Small)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postfix_by_milter_delivers_what_it_took() {
    let milter = format!("127.0.0.1:{}", free_port());
    let of_milter = ("127.0.0.1:10023", milter);
    let guide = filled(block(MAIL, "postfix-milter-gateway"), std::slice::from_ref(&of_milter));
    let rig = rig(&guide).await;
    let ports = rig.ports;
    let main = filled(
        block(MAIL, "postfix-milter"),
        &[("inet:127.0.0.1:8891, ", String::new()), of_milter],
    );
    let back = [
        ("127.0.0.1:10026", format!("127.0.0.1:{}", ports.back)),
        ("  -o content_filter=\n", "  -o content_filter=\n  -o smtpd_milters=\n".to_owned()),
    ];
    let back = filled(way_back(), &back);
    let master = format!("127.0.0.1:{} inet n - n - - smtpd\n{back}", ports.front);
    let main = format!("{main}message_size_limit = {LIMIT}\n");
    let postfix = Postfix::start(rig.sink.port, &main, &master);
    what_is_taken_is_delivered(&rig, &postfix, Counts::Wire).await;
    drop(postfix);
    rig.stop();
}
