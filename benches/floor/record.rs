//! What a program must do at least that decides on unrestricted contacts with the gateway's guarantees:
//! read the contact, know its content by a digest, answer a decision that names it, and have that and an
//! audit entry on disk within a fifth of a second. It looks up nobody, checks no token, and all are told
//! the same.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use contact_gateway::runtime::limits::{PLAIN_FLUSH_WAIT, PLAIN_QUEUE_MAX};
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::Incoming;
use hyper::header::HeaderMap;
use rusqlite::{Connection, params};

use super::answer::{Answered, serve, with};
use super::contact::Contact;
use super::rows::{ADD_DECISION, ADD_ENTRY, LAST_ENTRY, ORGANISATION, Rows, database, now};

/// How long a contact waits before it looks again whether there is room for its row.
const ROOM_RETRY: Duration = Duration::from_millis(1);

/// A decision that is to be recorded.
struct Row {
    contact: String,
    digest: [u8; 32],
    at: i64,
}

/// What waits to be recorded, for the one thread that writes.
pub(super) struct Recorder {
    rows: Rows,
    waiting: Mutex<Vec<Row>>,
    /// That half of the room is taken, so that it is time to write.
    half_full: Condvar,
}

impl Recorder {
    pub(super) fn start(folder: &Path, rows: &Path) -> Arc<Self> {
        let recorder = Arc::new(Recorder {
            rows: Rows::read(rows),
            waiting: Mutex::new(Vec::with_capacity(PLAIN_QUEUE_MAX)),
            half_full: Condvar::new(),
        });
        let (connection, writer) = (database(folder), Arc::clone(&recorder));
        // Ends with the process.
        std::thread::spawn(move || writer.write_all(&connection));
        recorder
    }

    /// `Some`: there is no room.
    fn add(&self, row: Row) -> Option<Row> {
        let mut waiting = self.waiting.lock().unwrap();
        if waiting.len() >= PLAIN_QUEUE_MAX {
            return Some(row);
        }
        waiting.push(row);
        if waiting.len() == PLAIN_QUEUE_MAX / 2 {
            self.half_full.notify_one();
        }
        None
    }

    fn write_all(&self, connection: &Connection) {
        let mut batch = Vec::with_capacity(PLAIN_QUEUE_MAX);
        loop {
            let waiting = self.waiting.lock().unwrap();
            let little = |waiting: &mut Vec<Row>| waiting.len() < PLAIN_QUEUE_MAX / 2;
            let waited = self.half_full.wait_timeout_while(waiting, PLAIN_FLUSH_WAIT, little);
            std::mem::swap(&mut *waited.unwrap().0, &mut batch);
            if !batch.is_empty() {
                self.write(connection, &batch);
                batch.clear();
            }
        }
    }

    /// With one sync.
    fn write(&self, connection: &Connection, batch: &[Row]) {
        let transaction = connection.unchecked_transaction().unwrap();
        {
            let mut decision = transaction.prepare_cached(ADD_DECISION).unwrap();
            let mut entry = transaction.prepare_cached(ADD_ENTRY).unwrap();
            let mut last = transaction.prepare_cached(LAST_ENTRY).unwrap();
            let mut number: i64 = last.query_row([ORGANISATION], |row| row.get(0)).unwrap();
            for Row { contact, digest, at } in batch {
                let record = self.rows.decision.of(contact);
                let row = params![ORGANISATION, contact, digest, at, record];
                if decision.execute(row).unwrap() == 1 {
                    number += 1;
                    let record = self.rows.audit.of(contact);
                    entry.execute(params![ORGANISATION, number, at, record]).unwrap();
                }
            }
        }
        transaction.commit().unwrap();
    }

    async fn decide(&self, request: Request<Incoming>, headers: HeaderMap) -> Answered {
        let body = request.into_body().collect().await?.to_bytes();
        let contact: Contact<'_> = serde_json::from_slice(&body).unwrap();
        let contact = contact.id.into_owned();
        let digest = digest(&SHA256, &body).as_ref().try_into().unwrap();
        let answer = self.rows.decision.of(&contact);
        let mut row = Row { contact, digest, at: now() };
        while let Some(again) = self.add(row) {
            tokio::time::sleep(ROOM_RETRY).await;
            row = again;
        }
        Ok(with(headers, answer.into()))
    }
}

pub(super) async fn record(address: &str, recorder: Arc<Recorder>, headers: HeaderMap) {
    let answer = move |request| {
        let (recorder, headers) = (Arc::clone(&recorder), headers.clone());
        async move { recorder.decide(request, headers).await }
    };
    serve(address, answer).await.unwrap();
}
