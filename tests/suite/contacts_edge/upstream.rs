//! An upstream that records what it was sent, and answers what it was told to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::client::fields;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    pub head: String,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap()
    }

    pub fn fields(&self, name: &str) -> Vec<String> {
        fields(&self.head, name)
    }

    pub fn field(&self, name: &str) -> Option<String> {
        self.fields(name).into_iter().next()
    }
}

struct Shared {
    seen: Mutex<Vec<Seen>>,
    answer: Mutex<(Vec<u8>, Duration)>,
}

pub struct Upstream {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Upstream {
    /// Answers 200 with `thanks` until it is told otherwise.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            seen: Mutex::new(Vec::new()),
            answer: Mutex::new((answer("200 OK", &[], b"thanks"), Duration::ZERO)),
        });
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let serving = Arc::clone(&serving);
                connections.spawn(async move { serve(stream, &serving).await });
            }
        });
        Upstream { address, shared, task }
    }

    pub fn answers(&self, status: &str, fields: &[(&str, &str)], body: &[u8]) {
        self.answers_after(Duration::ZERO, status, fields, body);
    }

    pub fn answers_after(
        &self,
        wait: Duration,
        status: &str,
        fields: &[(&str, &str)],
        body: &[u8],
    ) {
        *self.shared.answer.lock().unwrap() = (answer(status, fields, body), wait);
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }
}

fn answer(status: &str, fields: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in fields {
        answer.push_str(&format!("{name}: {value}\r\n"));
    }
    answer.push_str("Connection: close\r\n\r\n");
    let mut answer = answer.into_bytes();
    answer.extend_from_slice(body);
    answer
}

async fn serve(mut stream: TcpStream, shared: &Shared) {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let length: usize =
        fields(&head, "content-length").first().map_or(0, |length| length.parse().unwrap());
    while bytes.len() < head_end + 4 + length {
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let body = bytes[head_end + 4..].to_vec();
    shared.seen.lock().unwrap().push(Seen { head, body });
    let (answer, wait) = shared.answer.lock().unwrap().clone();
    tokio::time::sleep(wait).await;
    let _ = stream.write_all(&answer).await;
    let _ = stream.shutdown().await;
}
