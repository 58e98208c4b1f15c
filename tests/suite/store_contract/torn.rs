//! A crash between any two writes of a batch: after it a store has all of the batch or nothing.
//!
//! Both stores append what they write to a log, which is what a crash leaves behind: SQLite's write-ahead
//! log (sqlite.org/fileformat.html, section 4) and the append-only file of each Redis server (redis.io, "Redis
//! persistence"). So the log is cut off behind every write of the batch, and in the middle of each, and a
//! store is opened on what is left. Behind Sentinel and in a Cluster too, a batch is one script on one server.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::queue::ItemState;
use contact_gateway::ports::audit_trail::{TrailFilter, TrailSearch};
use contact_gateway::ports::documents::{
    BY_ID, Batch, Document, Documents, Gone, IndexKey, Listing, Order, PersonWrite,
};
use contact_gateway::ports::{ItemFilter, Store};
use contact_gateway::store::embedded::Embedded;
use serde_json::json;

use super::facts::{PERSON, at, item, karbon, ledger, limited, person, request, stamp};
use super::{Ground, InFolder, servers};

/// A case, what is left to do, and a month's figures: to a store they are kinds like any other.
const KINDS: [&str; 3] = ["case", "effect", "tally"];

/// So long that no rest comes in which the log is emptied into the database.
const NO_REST: Duration = Duration::from_secs(3_600);

fn document(kind: &str, id: &str, version: u64, day: &str, text: &str) -> Document {
    let keys = vec![IndexKey::new("day", day), IndexKey::new("day", format!("{day} again"))];
    Document::new(kind, id, version, keys, &json!({ "text": text })).unwrap()
}

fn noted() -> AuditEvent {
    AuditEvent::PersonChanged { person: PERSON.to_owned() }
}

/// Something of all that a batch can change or remove.
async fn fill(store: &dyn Store) {
    store.commit(request("c-1", |_| limited("c-1", at(0)))).await.unwrap();
    let mut batch = Batch::new(stamp()).audit(noted());
    for kind in KINDS {
        batch = batch.put(document(kind, "kept", 0, "1", "as it was"));
        batch = batch.put(document(kind, "old", 0, "2", "to be removed"));
    }
    batch = batch.person(None, person(PERSON, "As it was")).person(None, person("P-2", "To go"));
    store.write(&karbon(), batch.item(None, item("i-1", "review", at(1)))).await.unwrap();
}

/// A batch with a write of every sort.
async fn batch(store: &dyn Store) -> Batch {
    let mut batch = Batch::new(stamp()).audit(noted());
    for kind in KINDS {
        let get = async |id| store.document(&karbon(), kind, id).await.unwrap().unwrap();
        let version = get("kept").await.version;
        batch = batch
            .put(document(kind, "kept", version, "3", "changed"))
            .put(document(kind, "new", 0, "1", "new"))
            .remove(&get("old").await);
    }
    let mut moved = person(PERSON, "Changed");
    moved.restrictions[0].id = "R-2".to_owned();
    let was = store.person(&karbon(), PERSON).await.unwrap();
    batch.people.push(PersonWrite { was, now: moved });
    batch = batch.person(None, person("P-3", "New"));
    let was = store.item(&karbon(), "i-1").await.unwrap().unwrap();
    let mut closed = was.clone();
    closed.state = ItemState::Closed;
    batch = batch.item(Some(was), closed).item(None, item("i-2", "filed", at(2)));
    let gone = store.person(&karbon(), "P-2").await.unwrap().unwrap();
    let of_contact = store.item(&karbon(), "c-1").await.unwrap().unwrap();
    let first = store.audit(&karbon(), 0, 1).await.unwrap().remove(0);
    batch
        .gone(Gone::Person(gone))
        .gone(Gone::Item(Box::new(of_contact)))
        .gone(Gone::Ledger { person: PERSON.to_owned() })
        .gone(Gone::Contact { contact: "c-1".to_owned(), person: PERSON.to_owned() })
        .gone(Gone::Entry { entry: Box::new(first), of: PERSON.to_owned() })
        .audit(AuditEvent::Released { item: "i-1".to_owned() })
}

/// All that can be read of a store, by every way to read it.
async fn state(store: &dyn Store) -> Vec<String> {
    let mut seen = Vec::new();
    for kind in KINDS {
        for list in [BY_ID, "day"] {
            let page = store.documents(&karbon(), kind, Listing::of(list)).await.unwrap();
            for document in page.documents {
                let whole = serde_json::to_string(&document).unwrap();
                seen.push(format!("{kind} by {list}: {whole}"));
            }
        }
    }
    for person in store.people(&karbon()).await.unwrap().people {
        seen.push(serde_json::to_string(&*person).unwrap());
    }
    for person in store.people_page(&karbon(), None, 0).await.unwrap() {
        seen.push(format!("on the roll: {}", person.id));
    }
    for restriction in ["R-1", "R-2"] {
        for person in store.restricted(&karbon(), restriction).await.unwrap() {
            seen.push(format!("{restriction} of {}", person.id));
        }
    }
    seen.push(format!("{:?}", store.queues(&karbon()).await.unwrap()));
    for queue in ["limited", "review", "filed"] {
        let waiting = store.items(&karbon(), queue, ItemFilter::default()).await.unwrap();
        seen.extend(waiting.iter().map(|item| format!("{} waits on {queue}", item.id)));
    }
    for item in store.items_in_hand(&karbon(), ItemFilter::default()).await.unwrap() {
        seen.push(format!("{} is in hand", item.id));
    }
    for id in ["c-1", "i-1", "i-2"] {
        let item = store.item(&karbon(), id).await.unwrap();
        seen.push(serde_json::to_string(&item).unwrap());
    }
    for entry in store.audit(&karbon(), 0, 0).await.unwrap() {
        seen.push(serde_json::to_string(&entry).unwrap());
    }
    let of_person = TrailFilter { person: Some(PERSON.to_owned()), ..TrailFilter::default() };
    let search = TrailSearch { filter: of_person, after: None, order: Order::Ascending, limit: 0 };
    for entry in store.search_audit(&karbon(), search).await.unwrap().entries {
        seen.push(format!("{PERSON} is in entry {}", entry.number));
    }
    seen.push(format!("{:?}", ledger(store).await));
    seen.push(format!("{}", store.recorded(&karbon(), "c-1").await.unwrap().is_some()));
    seen
}

/// What was found where the log was cut off, in order: nothing of the batch as long as some of it is
/// missing, and then all of it.
struct Found {
    before: Vec<String>,
    after: Vec<String>,
    nothing: usize,
    all: usize,
}

impl Found {
    fn new(before: Vec<String>, after: Vec<String>) -> Self {
        assert_ne!(before, after);
        Found { before, after, nothing: 0, all: 0 }
    }

    fn note(&mut self, cut: usize, state: &[String]) {
        if state == self.before {
            assert_eq!(self.all, 0, "cut off at {cut}: it was written before");
            self.nothing += 1;
        } else {
            let new: Vec<_> = state.iter().filter(|line| !self.before.contains(line)).collect();
            assert_eq!(state, self.after, "cut off at {cut}: some of it: {new:#?}");
            self.all += 1;
        }
    }

    fn is_of_many_writes(&self) {
        assert!(self.nothing >= 20 && self.all >= 1, "{} and {}", self.nothing, self.all);
    }
}

/// The bytes of SQLite's log that hold one page each.
fn frames(log: &[u8]) -> Vec<Range<usize>> {
    const HEADER: usize = 32;
    let page = u32::from_be_bytes(log[8..12].try_into().unwrap());
    let frame = 24 + usize::try_from(page).unwrap();
    (HEADER..log.len()).step_by(frame).map(|from| from..from + frame).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_any_two_writes_to_a_file_leaves_all_of_a_batch_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open_resting_after(folder.path(), NO_REST).unwrap();
    fill(&*store).await;
    let before = state(&*store).await;
    let batch = batch(&*store).await;
    let [file, log] = Embedded::files(folder.path());
    let (database, base) = (std::fs::read(&file).unwrap(), std::fs::read(&log).unwrap());
    store.write(&karbon(), batch).await.unwrap();
    let whole = std::fs::read(&log).unwrap();
    assert!(std::fs::read(&file).unwrap() == database, "all of it is in the log");
    assert!(whole.starts_with(&base), "the log is written on");
    let mut found = Found::new(before, state(&*store).await);

    let left = async |log: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        let [file, its_log] = Embedded::files(folder.path());
        std::fs::write(file, &database).unwrap();
        std::fs::write(its_log, log).unwrap();
        let ground = InFolder(folder);
        state(&*ground.gateway()).await
    };
    let frames = frames(&whole);
    let of_batch: Vec<_> = frames.iter().filter(|frame| frame.start >= base.len()).collect();
    for frame in &of_batch {
        for cut in [frame.start, frame.start + 24, usize::midpoint(frame.start, frame.end)] {
            found.note(cut, &left(&whole[..cut]).await);
        }
    }
    // A disk may write what comes later first.
    for frame in &of_batch {
        let mut holed = whole.clone();
        holed[(*frame).clone()].fill(0);
        found.note(frame.start, &left(&holed).await);
    }
    found.note(whole.len(), &left(&whole).await);
    found.is_of_many_writes();
}

/// The file that a server appends to.
fn appended(folder: &Path) -> PathBuf {
    let files = std::fs::read_dir(folder.join("appendonlydir")).unwrap();
    let mut files = files.map(|entry| entry.unwrap().path());
    files.find(|path| path.to_str().unwrap().ends_with(".incr.aof")).unwrap()
}

/// Where commands begin: `*` and how many words, then each word's length and the word (redis.io, "Redis
/// serialization protocol specification").
fn commands(log: &[u8]) -> Vec<usize> {
    let number = |at: usize| {
        let end = at + log[at..].iter().position(|byte| *byte == b'\r').unwrap();
        let digits = std::str::from_utf8(&log[at + 1..end]).unwrap();
        (digits.parse::<usize>().unwrap(), end + 2)
    };
    let (mut at, mut starts) = (0, Vec::new());
    while at < log.len() {
        starts.push(at);
        assert_eq!(log[at], b'*');
        let (words, mut next) = number(at);
        for _ in 0..words {
            let (length, word) = number(next);
            next = word + length + 2;
        }
        at = next;
    }
    starts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_any_two_writes_of_redis_leaves_all_of_a_batch_or_nothing() {
    let mut ground = servers::single().await;
    let store = ground.gateway();
    fill(&*store).await;
    // Whoever asks an index first enters what has come.
    state(&*store).await;
    let before = state(&*store).await;
    let batch = batch(&*store).await;
    let log = appended(ground.servers[0].folder());
    let base = std::fs::read(&log).unwrap().len();
    store.write(&karbon(), batch).await.unwrap();
    let mut found = Found::new(before, state(&*store).await);
    drop(store);
    ground.servers[0].kill();
    let whole = std::fs::read(&log).unwrap();

    let mut cuts = commands(&whole);
    cuts.retain(|cut| *cut >= base);
    cuts.push(whole.len());
    let middles: Vec<usize> =
        cuts.windows(2).map(|pair| usize::midpoint(pair[0], pair[1])).collect();
    cuts.extend(middles);
    cuts.sort_unstable();
    for cut in cuts {
        std::fs::write(&log, &whole[..cut]).unwrap();
        ground.servers[0].start_again(&[]).await;
        let store: Arc<dyn Store> = ground.gateway();
        found.note(cut, &state(&*store).await);
        ground.servers[0].kill();
    }
    found.is_of_many_writes();
}
