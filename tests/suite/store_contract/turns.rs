//! Several processes on one folder of the embedded store: each gets its turn to write.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use contact_gateway::domain::audit::AuditEvent;

use super::Ground;
use super::facts::{at, karbon, limited, person, put_people, request, stamp};

/// Another process on the same folder, an `import` or a second gateway, gets its turn beside one that
/// always has something to write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_busy_process_another_one_on_the_folder_gets_its_turn() {
    const CHANGES: usize = 100;
    let ground = super::in_folder().await;
    let (busy, other) = (ground.gateway(), ground.gateway());
    let committed = Arc::new(AtomicUsize::new(0));
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..8 {
        let (busy, committed) = (Arc::clone(&busy), Arc::clone(&committed));
        senders.spawn(async move {
            for number in 0.. {
                let contact = format!("c-{sender}-{number}");
                let name = contact.clone();
                let asked = request(&name, move |_| limited(&contact, at(0)));
                busy.commit(asked).await.unwrap();
                committed.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    let mut took = Vec::new();
    let mut refused = 0;
    for number in 0..CHANGES {
        let people = vec![person("P-2", &format!("Change {number}"))];
        let changed = AuditEvent::PersonChanged { person: "P-2".to_owned() };
        let before = std::time::Instant::now();
        let done = put_people(&*other, &karbon(), people, stamp(), changed).await;
        took.push(before.elapsed());
        refused += usize::from(done.is_err());
    }
    senders.shutdown().await;
    took.sort_unstable();
    let committed = committed.load(Ordering::SeqCst);
    let (median, longest) = (took[CHANGES / 2], took[CHANGES - 1]);
    println!("{refused} refused; median {median:?}, longest {longest:?}; {committed} beside them");
    assert_eq!(refused, 0);
    assert!(committed >= CHANGES / 2, "nor does it take the other's turns: {committed}");
}
