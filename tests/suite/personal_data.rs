//! What a person may ask for of what is held about them, on each kind of store.

mod clock;
mod equality;
mod erasure;
mod export;
mod keys;
mod killed;
mod left;
mod mounted;
mod retention;
mod unlisted;

use std::path::Path;
use std::sync::Arc;

use clap::Parser;
use contact_gateway::cli::open::Opened;
use contact_gateway::cli::person::{self, PersonArgs};
use contact_gateway::cli::{Io, Outcome};
use contact_gateway::domain::profile::Role;

use crate::office::Office;

/// Runs a test on the embedded store and on Redis.
macro_rules! on_both_stores {
    ($($test:ident)*) => {
        $(mod $test {
            use std::sync::Arc;

            use contact_gateway::ports::Store;
            use contact_gateway::store::embedded::Embedded;
            use contact_gateway::store::redis::Redis;
            use secrecy::SecretString;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_the_embedded_store() {
                let folder = tempfile::tempdir().unwrap();
                super::$test(Embedded::open(&folder.path().join("store")).unwrap()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_redis() {
                let server = crate::store_contract::servers::single().await;
                let url = SecretString::from(server.url.clone());
                let store: Arc<dyn Store> = Redis::open(&url).unwrap();
                super::$test(store).await;
            }
        })*
    };
}
pub(crate) use on_both_stores;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: PersonArgs,
}

/// Runs `person` with these words at a desk of its own: how it ended, what it printed, what it said.
async fn command(office: &Office, words: &[&str]) -> (Result<Outcome, String>, String, String) {
    let line = Line::parse_from([&["person"], words].concat());
    let staff =
        [("Gwen Governance", "governance"), ("Max Manager", "manager"), ("Al Agent", "agent")];
    let opened = Opened {
        organisation: Arc::clone(&office.tuntum),
        desk: office.desk(),
        state: Path::new("unused").to_owned(),
        schedule: std::collections::BTreeMap::new(),
        staff: staff.map(|(name, role)| (name.to_owned(), Role(role.to_owned()))).into(),
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut io = Io { out: &mut out, err: &mut err };
    let outcome = person::run(&line.args, &opened, &mut io).await;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (outcome.map_err(|fault| fault.to_string()), text(out), text(err))
}
