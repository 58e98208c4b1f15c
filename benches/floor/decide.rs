//! What a program must do at least that commits a decision on a restricted contact on Redis, with the gateway's
//! guarantees: read the contact, know its content by a digest and its text by its words, and answer when the
//! commit's script has. It looks for no safeguard, checks no token, and decides the same for all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::Incoming;
use hyper::header::HeaderMap;
use redis::aio::MultiplexedConnection;

use super::answer::{Answered, serve, with};
use super::contact::Contact;
use super::on_redis::{COMMIT, call, done, linked, loaded};
use super::rows::Rows;

/// Words that stand together in one fingerprint.
const TOGETHER: usize = 3;

struct Decider {
    rows: Rows,
    people: u64,
    contacts: AtomicU64,
    script: String,
    link: MultiplexedConnection,
}

impl Decider {
    async fn decide(&self, request: Request<Incoming>, headers: HeaderMap) -> Answered {
        let body = request.into_body().collect().await?.to_bytes();
        let contact: Contact<'_> = serde_json::from_slice(&body).unwrap();
        std::hint::black_box((digest(&SHA256, &body), words_of(&contact.text)));
        let number = self.contacts.fetch_add(1, Ordering::Relaxed);
        let call = call(&self.script, &self.rows, &contact.id, number, self.people);
        done(call.query_async(&mut self.link.clone()).await.unwrap());
        Ok(with(headers, self.rows.decision.of(&contact.id).into()))
    }
}

/// A number for each three words in a row, in order: each letter is looked at once. The gateway's own
/// (`domain::evidence::fingerprint`) sets quotations aside as well; a floor made of it would give way with it.
fn words_of(text: &str) -> Vec<u64> {
    let stirred = |state: u64, with: u64| (state ^ with).wrapping_mul(0x0000_0100_0000_01b3);
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<u64> = words
        .map(|word| {
            word.bytes().fold(0, |state, byte| stirred(state, byte.to_ascii_lowercase().into()))
        })
        .collect();
    let mut together: Vec<u64> = words
        .windows(TOGETHER)
        .map(|words| words.iter().fold(0, |state, word| stirred(state, *word)))
        .collect();
    together.sort_unstable();
    together
}

pub(super) async fn decide(address: &str, rows: Rows, url: &str, people: u64, headers: HeaderMap) {
    let mut link = linked(url).await;
    let script = loaded(&mut link, COMMIT).await;
    let decider = Arc::new(Decider { rows, people, contacts: AtomicU64::new(0), script, link });
    let answer = move |request| {
        let (decider, headers) = (Arc::clone(&decider), headers.clone());
        async move { decider.decide(request, headers).await }
    };
    serve(address, answer).await.unwrap();
}
