use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::*;
use crate::domain::audit::DecidedEntry;
use crate::domain::channel::Channel;
use crate::domain::decision::{Decision, Disposition};
use crate::domain::ledger::Additions;
use crate::domain::organisation::OrganisationId;
use crate::domain::outbound::{OutboundEntry, OutboundTreatment};
use crate::domain::restriction::Mode;
use crate::ports::Settled;
use crate::runtime::limits::JOURNAL_RESERVED_BYTES;

fn entry(contact: &str) -> JournalEntry {
    let at = "2026-11-21T10:00:00Z".parse().unwrap();
    JournalEntry {
        organisation: OrganisationId::new("karbon"),
        contact: contact.to_owned(),
        digest: [7; 32],
        person: Some("P-1".to_owned()),
        at,
        settled: Settled {
            decision: Decision {
                contact: contact.to_owned(),
                person: Some("P-1".to_owned()),
                disposition: Disposition::Deliver,
                mode: Mode::Enforce,
                route: None,
                reasons: Vec::new(),
                flags: vec!["limits_unchecked".into()],
                quotas: Vec::new(),
                notice: None,
                would: None,
                stale: true,
            },
            additions: Additions::default(),
            item: None,
            audit: DecidedEntry {
                contact: contact.to_owned(),
                person: Some("P-1".to_owned()),
                channel: Channel::Email,
                contact_at: at,
                disposition: Disposition::Deliver,
                mode: Mode::Enforce,
                would: None,
                stale: true,
                profile_version: "1".to_owned(),
                rows: Vec::new(),
                flags: Vec::new(),
                in_doubt: Vec::new(),
                facts: None,
            },
        },
    }
}

async fn contacts(journal: &FileJournal) -> Vec<String> {
    journal.pending().await.unwrap().into_iter().map(|(_, entry)| entry.contact).collect()
}

fn note(contact: &str) -> OutboundNote {
    OutboundNote {
        organisation: OrganisationId::new("karbon"),
        entry: OutboundEntry {
            contact: contact.to_owned(),
            person: "P-1".to_owned(),
            restriction: "R-1".to_owned(),
            clause: Some("6.2".to_owned()),
            code: "single_point_of_contact.other".into(),
            treatment: OutboundTreatment::Warned,
            sender: "ann@karbon.example".to_owned(),
        },
        at: "2026-11-21T10:00:00Z".parse().unwrap(),
    }
}

/// What was written into the journal's file, without the zeros that hold its place on the disk.
fn written(folder: &Path) -> Vec<u8> {
    let mut bytes = std::fs::read(folder.join("pending.journal")).unwrap();
    bytes.truncate(reserve::written(&bytes));
    bytes
}

#[tokio::test]
async fn entries_outlive_the_process_in_their_order_and_done_ones_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let journal = FileJournal::open(folder.path()).unwrap();
    for contact in ["a", "b", "c"] {
        journal.append(entry(contact)).await.unwrap();
    }
    let pending = journal.pending().await.unwrap();
    journal.done(pending[1].0).await.unwrap();
    drop(journal);

    let journal = FileJournal::open(folder.path()).unwrap();
    assert_eq!(contacts(&journal).await, ["a", "c"]);
    let whole = &journal.pending().await.unwrap()[0].1;
    assert_eq!(whole.digest, [7; 32]);
    assert_eq!(whole.settled.decision.flags, ["limits_unchecked".into()]);
}

#[tokio::test]
async fn notes_on_outgoing_mail_outlive_the_process_beside_decisions() {
    let folder = tempfile::tempdir().unwrap();
    let journal = FileJournal::open(folder.path()).unwrap();
    journal.append_outbound(note("a")).await.unwrap();
    journal.append(entry("b")).await.unwrap();
    journal.append_outbound(note("c")).await.unwrap();
    drop(journal);

    let journal = FileJournal::open(folder.path()).unwrap();
    assert_eq!(contacts(&journal).await, ["b"]);
    let notes = journal.pending_outbound().await.unwrap();
    let whole: Vec<OutboundNote> = notes.iter().map(|(_, note)| note.clone()).collect();
    assert_eq!(whole, [note("a"), note("c")]);
    assert_eq!(peek::pending(folder.path(), &Codec::plain()).unwrap().len(), 1);
    journal.done(notes[0].0).await.unwrap();
    for (number, _) in journal.pending().await.unwrap() {
        journal.done(number).await.unwrap();
    }
    drop(journal);

    let journal = FileJournal::open(folder.path()).unwrap();
    assert_eq!(contacts(&journal).await, [""; 0]);
    let left = journal.pending_outbound().await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].1, note("c"));
    journal.done(left[0].0).await.unwrap();
    assert_eq!(written(folder.path()), Vec::<u8>::new());
    journal.append(entry("d")).await.unwrap();
    assert_eq!(contacts(&journal).await, ["d"]);
    assert_eq!(journal.pending_outbound().await.unwrap(), []);
}

#[tokio::test]
async fn the_file_starts_again_when_all_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let journal = FileJournal::open(folder.path()).unwrap();
    for contact in ["a", "b"] {
        journal.append(entry(contact)).await.unwrap();
    }
    for (number, _) in journal.pending().await.unwrap() {
        journal.done(number).await.unwrap();
        journal.done(number).await.unwrap();
    }
    assert_eq!(written(folder.path()), Vec::<u8>::new());
    journal.append(entry("c")).await.unwrap();
    drop(journal);
    assert_eq!(contacts(&FileJournal::open(folder.path()).unwrap()).await, ["c"]);
}

#[tokio::test]
async fn a_torn_end_is_cut_off_at_every_length() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pending.journal");
    let journal = FileJournal::open(folder.path()).unwrap();
    journal.append(entry("a")).await.unwrap();
    let first = written(folder.path()).len();
    journal.append(entry("b")).await.unwrap();
    drop(journal);
    let whole = written(folder.path());
    for length in first..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let mut file = file::JournalFile::open(folder.path(), Codec::plain()).unwrap();
        assert_eq!(file.pending().unwrap().len(), 1, "cut at {length}");
        file.append(entry("c")).unwrap();
        file.sync().unwrap();
        assert_eq!(file.pending().unwrap().len(), 2);
    }
    assert!(!folder.path().join("damaged.journal").exists());
}

/// Writes three entries, damages the second, and returns what is in the file.
async fn damaged_in_the_middle(folder: &Path) -> Vec<u8> {
    let journal = FileJournal::open(folder).unwrap();
    for contact in ["a", "b", "c"] {
        journal.append(entry(contact)).await.unwrap();
    }
    drop(journal);
    let mut bytes = written(folder);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    std::fs::write(folder.join("pending.journal"), &bytes).unwrap();
    bytes
}

#[tokio::test]
async fn damage_in_the_middle_costs_the_damaged_entry_alone_and_leaves_a_copy() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = damaged_in_the_middle(folder.path()).await;
    let journal = FileJournal::open(folder.path()).unwrap();
    assert_eq!(contacts(&journal).await, ["a", "c"]);
    let mut copy = std::fs::read(folder.path().join("damaged.journal")).unwrap();
    copy.truncate(reserve::written(&copy));
    assert_eq!(copy, bytes);
}

#[tokio::test]
async fn a_copy_of_a_damaged_journal_is_a_fault_until_somebody_moves_it_away() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("damaged.journal");
    damaged_in_the_middle(folder.path()).await;
    let journal = FileJournal::open(folder.path()).unwrap();
    assert!(journal.fault().unwrap().contains("damaged.journal"));
    for (number, _) in journal.pending().await.unwrap() {
        journal.done(number).await.unwrap();
    }
    drop(journal);
    // The next start finds a journal that is whole.
    let journal = FileJournal::open(folder.path()).unwrap();
    assert!(journal.fault().unwrap().contains("damaged.journal"));
    let beside = peek::faults(folder.path()).unwrap();
    assert_eq!(beside.len(), 1, "{beside:?}");
    assert!(beside[0].contains("damaged.journal"), "{beside:?}");
    assert!(beside[0].starts_with(&folder.path().display().to_string()), "{beside:?}");
    std::fs::rename(&copy, folder.path().join("looked-at")).unwrap();
    assert_eq!(contacts(&journal).await, [""; 0]);
    assert_eq!(journal.fault(), None);
    assert_eq!(peek::faults(folder.path()).unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn two_processes_never_share_a_journal() {
    let folder = tempfile::tempdir().unwrap();
    let held = FileJournal::open(folder.path()).unwrap();
    let fault = FileJournal::open(folder.path()).err().unwrap();
    assert!(!fault.is_retryable(), "{fault}");
    drop(held);
    assert!(FileJournal::open(folder.path()).is_ok());
}

#[tokio::test]
async fn a_folder_that_cant_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state");
    std::fs::write(&file, "no folder").unwrap();
    let place = file.join("journal");
    let fault = FileJournal::open(&place).err().unwrap().to_string();
    assert!(fault.contains(&format!("{}: the journal can't be used", place.display())), "{fault}");
}

#[tokio::test]
async fn many_at_once_are_all_kept() {
    let folder = tempfile::tempdir().unwrap();
    let journal = std::sync::Arc::new(FileJournal::open(folder.path()).unwrap());
    let mut appending = tokio::task::JoinSet::new();
    for number in 0..600 {
        let journal = std::sync::Arc::clone(&journal);
        appending.spawn(async move { journal.append(entry(&number.to_string())).await.unwrap() });
    }
    appending.join_all().await;
    let mut seen = 0;
    loop {
        let page = journal.pending().await.unwrap();
        if page.is_empty() {
            break;
        }
        for (number, _) in page {
            journal.done(number).await.unwrap();
            seen += 1;
        }
    }
    assert_eq!(seen, 600);
}

#[tokio::test]
async fn rubbish_is_no_entry() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pending.journal");
    let mut file = OpenOptions::new().create(true).append(true).open(&path).unwrap();
    file.write_all(&b"CGJ1\xff\xff\xff\xffCGJ1CGJ1 rubbish".repeat(100)).unwrap();
    let journal = FileJournal::open(folder.path()).unwrap();
    assert_eq!(contacts(&journal).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_closed_journal_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let journal = FileJournal::open(folder.path()).unwrap();
    journal.close();
    assert!(journal.append(entry("a")).await.unwrap_err().is_retryable());
}

#[tokio::test]
async fn the_journal_holds_its_place_before_it_is_needed_and_after_all_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pending.journal");
    let on_disk = || std::fs::metadata(&path).unwrap().blocks() * 512;
    let journal = FileJournal::open(folder.path()).unwrap();
    assert!(on_disk() >= JOURNAL_RESERVED_BYTES, "{}", on_disk());
    assert_eq!(journal.fault(), None);
    for contact in ["a", "b"] {
        journal.append(entry(contact)).await.unwrap();
    }
    assert!(on_disk() >= JOURNAL_RESERVED_BYTES, "{}", on_disk());
    for (number, _) in journal.pending().await.unwrap() {
        journal.done(number).await.unwrap();
    }
    assert_eq!(written(folder.path()), Vec::<u8>::new());
    assert!(on_disk() >= JOURNAL_RESERVED_BYTES, "{}", on_disk());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_crash_while_the_file_is_emptied_is_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pending.journal");
    let journal = FileJournal::open(folder.path()).unwrap();
    journal.append(entry("a")).await.unwrap();
    let first = written(folder.path()).len();
    journal.append(entry("b")).await.unwrap();
    drop(journal);
    let mut bytes = written(folder.path());
    bytes[..first].fill(0);
    std::fs::write(&path, &bytes).unwrap();
    let journal = FileJournal::open(folder.path()).unwrap();
    assert_eq!(contacts(&journal).await, ["b"]);
    assert!(!folder.path().join("damaged.journal").exists());
}

/// Frames of the journal as a newer version might have written them.
fn newer(number: u64, contact: &str) -> Vec<u8> {
    let mut entry = serde_json::to_value(entry(contact)).unwrap();
    entry["settled"]["decision"]["key_of_a_newer_version"] = true.into();
    let payload = serde_json::json!({"entry": {"number": number, "entry": entry}}).to_string();
    frame::frame(payload.as_bytes()).unwrap()
}

fn known(number: u64, contact: &str) -> Vec<u8> {
    let payload = serde_json::json!({"entry": {"number": number, "entry": entry(contact)}});
    frame::frame(payload.to_string().as_bytes()).unwrap()
}

fn done(number: u64) -> Vec<u8> {
    let payload = serde_json::json!({"done": {"number": number}}).to_string();
    frame::frame(payload.as_bytes()).unwrap()
}

#[tokio::test]
async fn what_a_newer_version_wrote_is_kept_aside_and_said_and_the_journal_works() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pending.journal");
    let unread = folder.path().join("unread.journal");
    let frames = [known(1, "a"), newer(2, "b"), newer(3, "c"), done(3), newer(4, "d")];
    std::fs::write(&path, frames.concat()).unwrap();
    let kept = [newer(2, "b"), newer(4, "d")].concat();
    for start in 1..=3 {
        let journal = FileJournal::open(folder.path()).unwrap();
        assert!(journal.fault().unwrap().starts_with("2 journalled decisions"), "start {start}");
        assert_eq!(std::fs::read(&unread).unwrap(), kept, "start {start}");
        journal.append(entry("e")).await.unwrap();
        assert!(journal.fault().is_some(), "a write does not hide it");
        for (number, _) in journal.pending().await.unwrap() {
            assert!(number == 1 || number > 4, "{number} was another's");
            // At the first start it ends with the journal as it is.
            if start > 1 {
                journal.done(number).await.unwrap();
            }
        }
    }
    assert_eq!(written(folder.path()), Vec::<u8>::new());
}

#[tokio::test]
async fn what_was_kept_aside_is_taken_up_by_a_version_that_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let unread = folder.path().join("unread.journal");
    std::fs::write(&unread, [known(2, "b"), newer(4, "d"), known(5, "e")].concat()).unwrap();
    let journal = FileJournal::open(folder.path()).unwrap();
    assert_eq!(contacts(&journal).await, ["b", "e"]);
    assert!(journal.fault().unwrap().starts_with("1 journalled decisions"));
    assert_eq!(std::fs::read(&unread).unwrap(), newer(4, "d"));
    drop(journal);

    std::fs::write(&unread, known(4, "d")).unwrap();
    let journal = FileJournal::open(folder.path()).unwrap();
    assert_eq!(contacts(&journal).await, ["b", "e", "d"]);
    assert_eq!(journal.fault(), None);
    assert!(!unread.exists());
}
