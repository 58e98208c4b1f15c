//! What a program must do at least in front of a form with the gateway's guarantees: read the submission, know
//! its content by a digest, pass it on, and have a decision and an audit entry on Redis within a fifth of a
//! second. It looks up nobody, looks for no repeat, and commits nothing for those who are restricted.

use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use contact_gateway::runtime::limits::{PLAIN_FLUSH_WAIT, REDIS_PLAIN_BATCH};
use contact_gateway::runtime::tokens::hex;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use redis::aio::MultiplexedConnection;

use super::answer::serve;
use super::on_redis::{PLAIN, linked};
use super::pass::{client, lead};
use super::rows::{ORGANISATION, Rows, now};

/// A decision that is to be recorded.
struct Row {
    contact: String,
    digest: String,
    at: i64,
}

struct Front {
    rows: Rows,
    upstream: String,
    client: Client<HttpConnector, Full<Bytes>>,
    waiting: Mutex<Vec<Row>>,
}

impl Front {
    async fn pass_on(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Incoming>, hyper::Error> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        for field in form_urlencoded::parse(&body) {
            std::hint::black_box(field);
        }
        let digest = hex(digest(&SHA256, &body).as_ref());
        let mut onward = Request::from_parts(head, Full::new(body));
        lead(&mut onward, &self.upstream);
        let answer = self.client.request(onward).await.unwrap();
        let row = Row { contact: format!("form-{digest}"), digest, at: now() };
        self.waiting.lock().unwrap().push(row);
        Ok(answer)
    }

    async fn record(&self, script: &str, link: &mut MultiplexedConnection) {
        loop {
            tokio::time::sleep(PLAIN_FLUSH_WAIT).await;
            let waiting = std::mem::take(&mut *self.waiting.lock().unwrap());
            for (number, rows) in waiting.chunks(REDIS_PLAIN_BATCH).enumerate() {
                let mut call = redis::cmd("EVALSHA");
                call.arg(script).arg(rows.len() + 1).arg(key("audit"));
                for row in rows {
                    call.arg(key(&format!("contact:{}", row.contact)));
                }
                call.arg("7".repeat(32));
                for Row { contact, digest, at } in rows {
                    call.arg(digest).arg(at);
                    call.arg(self.rows.decision.of(contact)).arg(self.rows.audit.of(contact));
                }
                call.arg(number).exec_async(link).await.unwrap();
            }
        }
    }
}

fn key(name: &str) -> String {
    format!("cg1:{{{ORGANISATION}}}:{name}")
}

pub(super) async fn form(address: &str, upstream: &str, rows: Rows, url: &str) {
    let (mut link, script) = linked(url, PLAIN).await;
    let (upstream, client) = (upstream.to_owned(), client());
    let front = Arc::new(Front { rows, upstream, client, waiting: Mutex::default() });
    let recording = Arc::clone(&front);
    // Ends with the process.
    tokio::spawn(async move { recording.record(&script, &mut link).await });
    let answer = move |request| {
        let front = Arc::clone(&front);
        async move { front.pass_on(request).await }
    };
    serve(address, answer).await.unwrap();
}
