//! What a program must do at least in front of a form with the gateway's guarantees: read the submission, know
//! its content by a digest, pass it on, and have a decision and an audit entry on Redis within a fifth of a
//! second, or, of somebody restricted, committed before it is passed on. It looks for no repeat and no
//! safeguard.

use std::sync::atomic::{AtomicU64, Ordering};
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
use super::on_redis::{COMMIT, PLAIN, call, done, key, linked, loaded};
use super::pass::{client, lead};
use super::rows::{Rows, now};

/// What addresses of restricted people end with.
const RESTRICTED: &str = "@people.example";

/// What is recorded of a contact of somebody restricted, and how it is committed.
pub(super) struct Restricted {
    pub(super) rows: Rows,
    pub(super) people: u64,
}

/// A decision that is to be recorded.
struct Row {
    contact: String,
    digest: String,
    at: i64,
}

struct Front {
    rows: Rows,
    restricted: Restricted,
    contacts: AtomicU64,
    commit: String,
    link: MultiplexedConnection,
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
        let restricted = form_urlencoded::parse(&body)
            .fold(false, |is, (_, value)| is | value.ends_with(RESTRICTED));
        let digest = hex(digest(&SHA256, &body).as_ref());
        let contact = format!("form-{digest}");
        if restricted {
            self.commit(&contact).await;
        }
        let mut onward = Request::from_parts(head, Full::new(body));
        lead(&mut onward, &self.upstream);
        let answer = self.client.request(onward).await.unwrap();
        if !restricted {
            self.waiting.lock().unwrap().push(Row { contact, digest, at: now() });
        }
        Ok(answer)
    }

    async fn commit(&self, contact: &str) {
        let number = self.contacts.fetch_add(1, Ordering::Relaxed);
        let Restricted { rows, people } = &self.restricted;
        let call = call(&self.commit, rows, contact, number, *people);
        done(call.query_async(&mut self.link.clone()).await.unwrap());
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

pub(super) async fn form(
    address: &str,
    upstream: &str,
    rows: Rows,
    restricted: Restricted,
    url: &str,
) {
    let mut link = linked(url).await;
    let (script, commit) = (loaded(&mut link, PLAIN).await, loaded(&mut link, COMMIT).await);
    let front = Arc::new(Front {
        rows,
        restricted,
        contacts: AtomicU64::new(0),
        commit,
        link: link.clone(),
        upstream: upstream.to_owned(),
        client: client(),
        waiting: Mutex::default(),
    });
    let recording = Arc::clone(&front);
    // Ends with the process.
    tokio::spawn(async move { recording.record(&script, &mut link).await });
    let answer = move |request| {
        let front = Arc::clone(&front);
        async move { front.pass_on(request).await }
    };
    serve(address, answer).await.unwrap();
}
