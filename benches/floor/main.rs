//! The floors under the gateway: programs that do the least that a path allows, with the gateway's
//! guarantees and without. `benches/load` starts them beside the gateway, with texts of the gateway's own.
//!
//! ```sh
//! cargo build --release --example floor
//! floor answer ADDRESS ANSWER FIELD…      # hyper alone: reads a request and answers these bytes
//! floor pass ADDRESS UPSTREAM             # hyper that passes requests on to another address
//! floor form ADDRESS UPSTREAM ROWS ROWS URL PEOPLE   # the same, with what must be recorded on Redis, first of
//!                                         # those who are unrestricted, then of those who are restricted
//! floor record ADDRESS ROWS FOLDER FIELD… # hyper, with what must be recorded in an embedded store
//! floor decide ADDRESS ROWS URL PEOPLE FIELD…   # hyper, with what must be committed on Redis
//! floor commit ROWS FOLDER SECONDS TOGETHER      # restricted contacts into SQLite, so many with one sync
//! floor redis ROWS URL SECONDS TOGETHER PEOPLE   # the commit's script alone, so many at once
//! ```
//!
//! FIELD is one of the answer's header fields, such as "content-type: application/json". ROWS is what the
//! gateway recorded of one contact ([`rows::Rows`]).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails by panicking"
)]
#![allow(unreachable_pub, reason = "`pub` says what other modules of this program use")]

mod answer;
mod commit;
mod contact;
mod decide;
mod form;
mod on_redis;
mod pass;
mod record;
mod rows;

use std::time::Duration;

use tikv_jemallocator::Jemalloc;
use tokio::runtime::Runtime;

/// The gateway's.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mode = arguments.next().unwrap();
    let mut next = || arguments.next().unwrap();
    match mode.as_str() {
        "answer" => {
            let (address, body) = (next(), std::fs::read(next()).unwrap());
            let headers = answer::headers(arguments);
            Runtime::new().unwrap().block_on(answer::answer(&address, body.into(), headers));
        }
        "pass" => {
            let (address, upstream) = (next(), next());
            Runtime::new().unwrap().block_on(pass::pass(&address, &upstream));
        }
        "form" => {
            let (address, upstream) = (next(), next());
            let mut rows = || rows::Rows::read(next().as_ref());
            let (unrestricted, restricted) = (rows(), rows());
            let (url, people) = (next(), next().parse().unwrap());
            let restricted = form::Restricted { rows: restricted, people };
            let form = form::form(&address, &upstream, unrestricted, restricted, &url);
            Runtime::new().unwrap().block_on(form);
        }
        "record" => {
            let (address, rows, folder) = (next(), next(), next());
            let recorder = record::Recorder::start(folder.as_ref(), rows.as_ref());
            let headers = answer::headers(arguments);
            Runtime::new().unwrap().block_on(record::record(&address, recorder, headers));
        }
        "decide" => {
            let (address, rows, url) = (next(), next(), next());
            let people = next().parse().unwrap();
            let (rows, headers) = (rows::Rows::read(rows.as_ref()), answer::headers(arguments));
            let decide = decide::decide(&address, rows, &url, people, headers);
            Runtime::new().unwrap().block_on(decide);
        }
        "commit" => {
            let (rows, folder, seconds, together) = (next(), next(), next(), next());
            let rows = rows::Rows::read(rows.as_ref());
            commit::commit(folder.as_ref(), &rows, wait(&seconds), together.parse().unwrap());
        }
        "redis" => {
            let (rows, url, seconds) = (next(), next(), next());
            let (together, people) = (next().parse().unwrap(), next().parse().unwrap());
            let rows = rows::Rows::read(rows.as_ref());
            on_redis::commit(&url, &rows, wait(&seconds), together, people);
        }
        other => {
            panic!("there is no floor {other}; `benches/floor/main.rs` begins with those that are")
        }
    }
}

fn wait(seconds: &str) -> Duration {
    Duration::from_secs_f64(seconds.parse().unwrap())
}

/// As `benches/load` reads what a client has counted.
fn say(contacts: u64, took: Duration) {
    println!("RESULT {{\"requests\": {contacts}, \"seconds\": {:.6}}}", took.as_secs_f64());
}
