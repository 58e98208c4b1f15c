//! A reload that would end the gateway is refused, and the gateway goes on with what it has.

use std::net::TcpListener;
use std::process::Command;
use std::sync::Mutex;

use contact_gateway::store::journal::FileJournal;
use rustix::fs::{Mode, OFlags};

use super::{greeted_by, hang_up, mode, place, says};
use crate::authority::{Authority, Purpose};
use crate::served::{Place, Served};
use crate::store_contract::servers::until;

/// A change of the configuration with which no gateway could start.
struct Faulty {
    from: String,
    to: String,
    /// The line that is at fault; empty: none is.
    at: String,
    key: &'static str,
    why: &'static str,
}

/// One in which the changed line is at fault.
fn faulty(from: &str, to: &str, key: &'static str, why: &'static str) -> Faulty {
    Faulty { from: from.to_owned(), to: to.to_owned(), at: to.to_owned(), key, why }
}

/// How often it has started anew. The word alone is in "already", too.
fn starts(served: &Served) -> usize {
    served.said().iter().filter(|line| line.as_str() == "ready").count()
}

/// The log says which line is at fault and why, the metric counts it, and the gateway serves as before.
async fn is_refused(place: &Place, served: &Served, faulty: &Faulty, round: usize) {
    let Faulty { from, to, at, key, why } = faulty;
    let before = std::fs::read_to_string(place.config()).unwrap();
    place.change(from, to);
    let changed = std::fs::read_to_string(place.config()).unwrap();
    let lines = (!at.is_empty()).then(|| changed.lines().position(|line| line.contains(at)));
    let line = lines.map_or(String::new(), |line| format!(":{}", 1 + line.unwrap()));
    let named = format!("gateway.toml{line}: {key}: ");
    let said = || {
        let lines = served.said().into_iter();
        lines.filter(|line| line.contains(&named) && line.contains(why)).count()
    };
    let said_before = said();
    hang_up(served);
    says(served, "reload: nothing is changed, because of this", round).await;
    until(&format!("{named}… {why}"), || async { said() > said_before }).await;
    assert_eq!(mode(served).await, "enforce");
    let counted = format!("contact_gateway_reloads_refused_total {round}\n");
    let metrics = served.metrics().await;
    assert!(metrics.contains(&counted), "{counted}{metrics}");
    assert_eq!(starts(served), 0, "it is the same that runs");
    std::fs::write(place.config(), before).unwrap();
}

/// What was refused left nothing that is in the way of a reload, or of the stop.
async fn is_well(place: &Place, served: Served) {
    hang_up(&served);
    says(&served, "reload: the configuration is unchanged", 1).await;
    place.change("mode = \"enforce\"", "mode = \"observe\"");
    hang_up(&served);
    until("it starts anew", || async { starts(&served) == 1 }).await;
    assert_eq!(mode(&served).await, "observe");
    assert!(!place.folder.path().join("state/rehearsal").exists());
    served.stop();
}

const ADDRESS: &str = "127.0.0.1:0";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_can_not_be_bound_is_refused() {
    let place = place();
    let socket = place.folder.path().join("lmtp");
    let served = place.serve();
    let listener = TcpListener::bind(ADDRESS).unwrap();
    let taken = || listener.local_addr().unwrap().to_string();
    let other = format!("unix:{}", place.folder.path().join("secret").display());
    let listen = |what: &str, at: &str| format!("{what} = \"{at}\"");
    let in_use = "name an address where nothing else listens";
    let all = [
        ("contacts", ADDRESS.to_owned(), taken(), "listen.contacts", in_use),
        ("staff", ADDRESS.to_owned(), taken(), "listen.staff", in_use),
        ("smtp", ADDRESS.to_owned(), taken(), "listen.smtp", in_use),
        ("milter", ADDRESS.to_owned(), taken(), "listen.milter", in_use),
        ("lmtp", format!("unix:{}", socket.display()), other, "listen.lmtp", in_use),
        // TEST-NET-1 (RFC 5737).
        (
            "contacts",
            ADDRESS.to_owned(),
            "192.0.2.1:8025".to_owned(),
            "listen.contacts",
            "name an address of this machine",
        ),
    ];
    for (round, (what, from, to, key, why)) in all.into_iter().enumerate() {
        let faulty = faulty(&listen(what, &from), &listen(what, &to), key, why);
        is_refused(&place, &served, &faulty, round + 1).await;
        assert_eq!(greeted_by(&socket), "220", "{what}");
    }
    is_well(&place, served).await;
    assert!(!socket.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_can_not_be_used_is_refused() {
    let place = place();
    let served = place.serve();
    let at = |name: &str| place.folder.path().join(name).display().to_string();
    std::fs::create_dir(at("other")).unwrap();
    std::fs::write(at("other/gateway.sqlite3"), "no database ".repeat(500)).unwrap();
    let _held = FileJournal::open(&place.folder.path().join("state-2/journal")).unwrap();
    let archive = |name: &str| format!("url = \"file:{}\"", at(name));
    let store = |name: &str| format!("url = \"embedded:{}\"", at(name));
    let state = |name: &str| format!("folder = \"{}\"", at(name));
    let all = [
        (archive("archive"), archive("secret"), "archive.url", "name a folder that this user can"),
        (archive("archive"), archive("archive-2"), "archive.url", "share one archive"),
        (store("store"), store("secret"), "store.url", "name a store that"),
        (store("store"), store("other"), "store.url", "holds something unreadable"),
        (
            store("store"),
            "url = \"redis://127.0.0.1:9\"".to_owned(),
            "store.url",
            "the store is not available",
        ),
        (state("state"), state("secret"), "state.folder", "can't be used"),
        (state("state"), state("state-2"), "state.folder", "another gateway uses this journal"),
    ];
    let refused = all.len();
    for (round, (from, to, key, why)) in all.into_iter().enumerate() {
        is_refused(&place, &served, &faulty(&from, &to, key, why), round + 1).await;
    }
    // As a share that is not mounted. An archive that the rehearsal made there, the gateway would take for its own.
    let (folder, away) = (place.folder.path().join("archive"), place.folder.path().join("away"));
    std::fs::rename(&folder, &away).unwrap();
    std::fs::create_dir(&folder).unwrap();
    let unmounted = Faulty {
        from: "mode = \"enforce\"".to_owned(),
        to: "mode = \"observe\"".to_owned(),
        at: archive("archive"),
        key: "archive.url",
        why: "is not in its folder",
    };
    is_refused(&place, &served, &unmounted, refused + 1).await;
    std::fs::remove_dir(&folder).unwrap();
    std::fs::rename(&away, &folder).unwrap();
    is_well(&place, served).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_missing_or_another_is_refused() {
    let place = place();
    for name in ["store-key", "new-key"] {
        let mut new_key = Command::new(env!("CARGO_BIN_EXE_contact-gateway"));
        let made = new_key.args(["store", "new-key"]).output().unwrap();
        assert!(made.status.success());
        std::fs::write(place.folder.path().join(name), made.stdout).unwrap();
    }
    let keys = |name: &str| format!("[keys]\nstore = [{{ file = \"{name}\" }}]\n");
    place.change("[store]", &format!("{}[store]", keys("store-key")));
    let served = place.serve();
    let all = [
        (keys("gone"), "store = [{ file = \"gone\" }]", "keys.store[0].file", "can't be read"),
        (
            keys("new-key"),
            "store = [{ file = \"new-key\" }]",
            "keys.store",
            "which is not in [keys] store; list the key",
        ),
        (String::new(), "", "keys.store", "list the key that the records are encrypted with"),
    ];
    for (round, (to, at, key, why)) in all.into_iter().enumerate() {
        let (from, at) = (keys("store-key"), at.to_owned());
        let faulty = Faulty { from, to, at, key, why };
        is_refused(&place, &served, &faulty, round + 1).await;
    }
    is_well(&place, served).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_can_not_be_used_is_refused() {
    let place = place();
    let served = place.serve();
    let authority = Authority::new();
    let (one, other) = (
        authority.issue("localhost", Purpose::Server),
        authority.issue("localhost", Purpose::Server),
    );
    let pair = |key: &str| {
        let certificate = one.certificate.display();
        format!("[mail]\ntls = {{ certificate = \"{certificate}\", key = \"{key}\" }}\n")
    };
    let all = [
        (other.key.display().to_string(), "mail.tls", "use the files of one pair"),
        ("nowhere.pem".to_owned(), "mail.tls.key", "can't be read"),
    ];
    for (round, (key_file, key, why)) in all.into_iter().enumerate() {
        let at = "tls = { certificate".to_owned();
        let faulty = Faulty { from: "[mail]\n".to_owned(), to: pair(&key_file), at, key, why };
        is_refused(&place, &served, &faulty, round + 1).await;
    }
    is_well(&place, served).await;
}

/// Only the gateway itself keeps the new listener off its address, and it gives it up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_may_widen_its_address() {
    let place = place();
    let served = place.serve();
    let port = served.contacts.port();
    place.change("contacts = \"127.0.0.1:0\"", &format!("contacts = \"0.0.0.0:{port}\""));
    hang_up(&served);
    until("it starts anew", || async { starts(&served) == 1 }).await;
    says(&served, &format!("listening: contacts 0.0.0.0:{port}"), 1).await;
    assert!(std::net::TcpStream::connect(served.contacts).is_ok());
    assert_eq!(mode(&served).await, "enforce");
    served.stop();
}

/// A rehearsal may find a share that hangs: the gateway serves in the meantime, and a stop is a stop.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rehearsal_that_hangs_delays_nobody() {
    let place = place();
    let served = place.serve();
    let hung = place.folder.path().join("hung");
    std::fs::create_dir(&hung).unwrap();
    // A named pipe: whoever reads it waits until somebody writes.
    let identity = hung.join(".identity");
    rustix::fs::mkfifoat(rustix::fs::CWD, &identity, Mode::from_raw_mode(0o600)).unwrap();
    let archive =
        |name: &str| format!("url = \"file:{}\"", place.folder.path().join(name).display());
    place.change(&archive("archive"), &archive("hung"));
    hang_up(&served);
    // It is opened for writing, in this way, only once somebody has it open for reading.
    let writer = Mutex::new(None);
    until("it reads", || async {
        let flags = OFlags::WRONLY | OFlags::NONBLOCK;
        let opened = rustix::fs::open(&identity, flags, Mode::empty()).ok();
        let is_read = opened.is_some();
        *writer.lock().unwrap() = opened;
        is_read
    })
    .await;
    assert_eq!(mode(&served).await, "enforce");
    place.change(&archive("hung"), &archive("archive"));
    let (code, said) = served.ended();
    assert_eq!(code, Some(0), "{said:?}");
    drop(writer);
}
