//! SIGHUP: a changed configuration is loaded whole or not at all, and no connection is refused meanwhile.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::served::{Behind, Place, Served};
use crate::store_contract::servers::until;

mod refused;

const WAIT: Option<Duration> = Some(Duration::from_secs(60));

fn place() -> Place {
    let nobody = "127.0.0.1:9".parse().unwrap();
    let place = Place::new(&Behind { mail: 9, form: nobody, calls: nobody }, "unused");
    let lmtp = format!("lmtp = \"unix:{}\"", place.folder.path().join("lmtp").display());
    place.change("lmtp = \"127.0.0.1:0\"", &lmtp);
    place
}

fn hang_up(served: &Served) {
    let id = served.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
}

fn times_said(served: &Served, what: &str) -> usize {
    served.said().iter().filter(|line| line.contains(what)).count()
}

async fn says(served: &Served, what: &str, times: usize) {
    until(what, || async { times_said(served, what) >= times }).await;
}

/// Asks for a page again and again, by a new connection each time, until told to stop. How often it was
/// answered; every other outcome is a panic.
fn asking(
    address: SocketAddr,
    stop: &Arc<AtomicBool>,
    answered: &Arc<AtomicUsize>,
) -> std::thread::JoinHandle<()> {
    let (stop, answered) = (Arc::clone(stop), Arc::clone(answered));
    std::thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            let mut stream = TcpStream::connect(address).expect("refused");
            stream.set_read_timeout(WAIT).unwrap();
            let request = "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
            answered.fetch_add(1, Ordering::Relaxed);
        }
    })
}

fn greeted_by(socket: &Path) -> String {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(WAIT).unwrap();
    let mut greeting = [0; 3];
    stream.read_exact(&mut greeting).unwrap();
    String::from_utf8_lossy(&greeting).into_owned()
}

async fn mode(served: &Served) -> String {
    let contact = json!({"id": "preview", "channel": "email", "text": "Hello.",
        "to": ["a@karbon.example"],
        "from": [{"kind": "email", "value": "lim@x.example", "assurance": "proven"}]});
    let decided = served.ask("POST", "/api/v1/decisions/preview", &contact).await;
    decided["mode"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_configuration_is_loaded_and_no_connection_is_refused() {
    let place = place();
    let socket = place.folder.path().join("lmtp");
    let served = place.serve();
    let id = served.id();
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let asking = asking(served.staff, &stop, &answered);
    assert_eq!(mode(&served).await, "enforce");
    assert_eq!(greeted_by(&socket), "220");

    for (round, (from, to)) in [("enforce", "observe"), ("observe", "enforce")].iter().enumerate() {
        place.change(&format!("mode = \"{from}\""), &format!("mode = \"{to}\""));
        hang_up(&served);
        says(&served, "ready", round + 1).await;
        assert_eq!(mode(&served).await, *to, "by the same address");
        assert_eq!(greeted_by(&socket), "220", "by the same file");
        assert_eq!(served.id(), id);
        let before = answered.load(Ordering::Relaxed);
        until("it is asked further", || async { answered.load(Ordering::Relaxed) > before }).await;
    }
    stop.store(true, Ordering::Relaxed);
    asking.join().expect("every connection was answered");
    served.stop();
    assert!(!socket.exists(), "the gateway made the file, and takes it away");
}

/// The sockets handed on take the place of the runtime's own descriptors. If it has not ended by then, a thread may
/// find them gone and abort the process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_outlives_many_reloads() {
    let place = place();
    let served = place.serve();
    let id = served.id();
    let modes = ["enforce", "observe"];
    for round in 0..12 {
        let (from, to) = (modes[round % 2], modes[(round + 1) % 2]);
        place.change(&format!("mode = \"{from}\""), &format!("mode = \"{to}\""));
        hang_up(&served);
        says(&served, "ready", round + 1).await;
        assert_eq!(served.id(), id);
    }
    assert_eq!(times_said(&served, "panicked"), 0, "{:?}", served.said());
    assert_eq!(mode(&served).await, "enforce");
    served.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_the_same_or_has_faults_changes_nothing() {
    let place = place();
    let served = place.serve();
    hang_up(&served);
    says(&served, "reload: the configuration is unchanged", 1).await;

    place.change("mode = \"enforce\"", "mode = \"enforced\"");
    hang_up(&served);
    says(&served, "reload: nothing is changed, because of this", 1).await;
    says(&served, "organisation[0].mode", 1).await;
    assert_eq!(mode(&served).await, "enforce");
    // As often as somebody tries.
    hang_up(&served);
    says(&served, "reload: nothing is changed, because of this", 2).await;
    place.change("mode = \"enforced\"", "mode = \"observe\"");
    hang_up(&served);
    says(&served, "ready", 1).await;
    assert_eq!(mode(&served).await, "observe");
    served.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_whose_address_is_another_listens_there() {
    let place = place();
    let (old, new) = (place.folder.path().join("lmtp"), place.folder.path().join("lmtp-2"));
    let served = place.serve();
    place.change(&old.display().to_string(), &new.display().to_string());
    hang_up(&served);
    says(&served, "ready", 1).await;
    assert_eq!(greeted_by(&new), "220");
    assert!(!old.exists());
    assert_eq!(mode(&served).await, "enforce", "the staff listener is where it was");
    served.stop();
    assert!(!new.exists());
}

/// A file that the configuration names belongs to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_profile_is_a_changed_configuration() {
    let place = place().deferring();
    let served = place.serve();
    let own = place.folder.path().join("profile.toml");
    let text = std::fs::read_to_string(&own).unwrap();
    std::fs::write(&own, text.replace("store_away = \"defer\"\n", "")).unwrap();
    hang_up(&served);
    says(&served, "ready", 1).await;
    hang_up(&served);
    says(&served, "reload: the configuration is unchanged", 1).await;
    served.stop();
}
