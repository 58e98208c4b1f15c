//! The servers behind the gateway in a demo: a mail server that keeps what it accepts, the
//! organisations' form handler, their call flow, and a page that shows what reached them.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse};
use axum::routing::{get, post};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Messages remembered of each kind; the oldest is forgotten first.
const KEPT_MAX: usize = 100;
/// A line or a message that a demo sends is shorter by far.
const MESSAGE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What reached the organisations.
#[derive(Default)]
struct Reached {
    entries: Mutex<VecDeque<String>>,
}

impl Reached {
    fn keep(&self, entry: String) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= KEPT_MAX {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    fn shown(&self) -> String {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.is_empty() {
            return "Nothing has reached the organisations yet.\n".to_owned();
        }
        entries.iter().rev().map(|entry| format!("{entry}\n{}\n", "-".repeat(72))).collect()
    }
}

/// The running sinks.
pub(super) struct Sinks {
    pub mail: SocketAddr,
    pub web: SocketAddr,
    tasks: JoinSet<()>,
}

impl Sinks {
    pub(super) async fn start() -> io::Result<Sinks> {
        let mail = TcpListener::bind("127.0.0.1:0").await?;
        let web = TcpListener::bind("127.0.0.1:0").await?;
        let reached = Arc::new(Reached::default());
        let mut sinks =
            Sinks { mail: mail.local_addr()?, web: web.local_addr()?, tasks: JoinSet::new() };
        sinks.tasks.spawn(take_mail(mail, Arc::clone(&reached)));
        let router = Router::new()
            .route("/", get(show))
            .route("/{organisation}/contact", get(form).post(submitted))
            .route("/{organisation}/voice", post(called))
            .with_state(reached);
        sinks.tasks.spawn(async move {
            if let Err(error) = axum::serve(web, router).await {
                tracing::error!(%error, "the demo's web sink ended");
            }
        });
        Ok(sinks)
    }

    pub(super) async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn show(State(reached): State<Arc<Reached>>) -> String {
    reached.shown()
}

async fn form(Path(organisation): Path<String>) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=en-GB><meta charset=utf-8><title>Contact us</title>\
         <main><h1>Contact us</h1><form method=post action=\"/{organisation}/contact\">\
         <p><label>E-mail <input name=email type=email autocomplete=email required></label>\
         <p><label>Telephone <input name=tel autocomplete=tel></label>\
         <p><label>Case reference <input name=ref></label>\
         <p><label>Message <textarea name=message required></textarea></label>\
         <p><button>Send</button></form></main>"
    ))
}

async fn submitted(
    State(reached): State<Arc<Reached>>,
    Path(organisation): Path<String>,
    body: String,
) -> Html<&'static str> {
    reached.keep(format!("FORM  {organisation}\n{body}"));
    Html("<!doctype html><html lang=en-GB><title>Thank you</title><h1>Thank you</h1>\n")
}

async fn called(
    State(reached): State<Arc<Reached>>,
    Path(organisation): Path<String>,
    body: String,
) -> impl IntoResponse {
    reached.keep(format!("CALL  {organisation}\n{body}"));
    let document = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Say>Welcome. You are \
                    connected to the contact centre.</Say></Response>\n";
    ([(CONTENT_TYPE, "text/xml; charset=utf-8")], document)
}

async fn take_mail(listener: TcpListener, reached: Arc<Reached>) {
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                sessions.spawn(session(stream, Arc::clone(&reached)));
            }
            Some(_) = sessions.join_next() => {}
        }
    }
}

/// A mail server that takes everything (RFC 5321, as far as the gateway speaks to one).
async fn session(stream: TcpStream, reached: Arc<Reached>) {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read.take(MESSAGE_BYTES_MAX));
    let mut recipients: Vec<String> = Vec::new();
    let mut line = String::new();
    if write.write_all(b"220 demo ESMTP\r\n").await.is_err() {
        return;
    }
    loop {
        line.clear();
        if !matches!(read.read_line(&mut line).await, Ok(length) if length > 0) {
            return;
        }
        let verb = line.trim().to_ascii_uppercase();
        let reply: &str = if verb.starts_with("EHLO") {
            "250-demo\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
        } else if verb.starts_with("RCPT") {
            recipients.push(line.trim().to_owned());
            "250 2.1.5 Ok\r\n"
        } else if verb == "DATA" {
            if write.write_all(b"354 Go on\r\n").await.is_err() {
                return;
            }
            let Some(message) = message(&mut read).await else { return };
            reached.keep(format!("MAIL  {}\n{message}", recipients.join("  ")));
            recipients.clear();
            "250 2.0.0 Taken\r\n"
        } else if verb == "RSET" {
            recipients.clear();
            "250 2.0.0 Ok\r\n"
        } else if verb == "QUIT" {
            // The peer is about to go: whether it still reads makes no difference.
            let _ = write.write_all(b"221 2.0.0 Bye\r\n").await;
            return;
        } else {
            "250 2.0.0 Ok\r\n"
        };
        if write.write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn message(read: &mut (impl AsyncBufReadExt + Unpin)) -> Option<String> {
    let mut message = String::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = read.read_until(b'\n', &mut line).await.ok()?;
        if length == 0 {
            return None;
        }
        if line == b".\r\n" {
            return Some(message);
        }
        let text = String::from_utf8_lossy(&line);
        message.push_str(text.strip_prefix('.').unwrap_or(&text));
    }
}
