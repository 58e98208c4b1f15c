use super::*;
use crate::store::record::{Codec, Label};

const OLD: &str = "k-old:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW: &str = "k-new://///wQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn keyring(keys: &[&str]) -> Arc<Keyring> {
    let keys: Vec<_> = keys.iter().map(|key| (*key).into()).collect();
    Arc::new(Keyring::of(&keys).unwrap())
}

/// A gateway on a folder, with nothing in memory.
fn gateway(folder: &std::path::Path, keys: &[&str]) -> (Codec, Arc<PersonKeys>) {
    let keyring = keyring(keys);
    let people = Arc::new(PersonKeys::at(folder.to_owned(), Arc::clone(&keyring)));
    (Codec::with(Some(keyring)).with_people(Arc::clone(&people)), people)
}

const P: Label<'static> = Label::new("karbon", "person", &"P-1");

fn of(person: &str) -> Label<'_> {
    P.about(Some(person))
}

#[test]
fn each_person_has_a_key_which_every_gateway_reads_by() {
    let folder = tempfile::tempdir().unwrap();
    let (one, _) = gateway(folder.path(), &[OLD]);
    let (other, _) = gateway(folder.path(), &[OLD]);
    let written = one.write(of("P-1"), "Alun").unwrap();
    assert!(written.starts_with("%1:~") && !written.contains("P-1"), "{written}");
    assert_eq!(other.read::<String>(&written, P).unwrap(), "Alun");
    let name = |record: &str| record.split(':').nth(1).unwrap().to_owned();
    let again = other.write(of("P-1"), "Alun").unwrap();
    assert_eq!(name(&again), name(&written), "whoever comes second takes the key that is there");
    assert_ne!(name(&one.write(of("P-2"), "Alun").unwrap()), name(&written));
    let nobody = one.write(P, "Alun").unwrap();
    assert!(nobody.starts_with("%1:k-old:"), "{nobody}");
    for file in walk(folder.path()) {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.is_empty() || text.starts_with("%k1:k-old:"), "{}", file.display());
        assert!(!file.display().to_string().contains("P-1"));
    }
}

const DAY: &str = "2026-02-10";

fn on(day: &str) -> Label<'static> {
    Label::new("karbon", "decision", &"s-1").on(Some(day.parse().unwrap()))
}

const S: Label<'static> = Label::new("karbon", "decision", &"s-1");

#[test]
fn each_day_has_a_key_which_goes_without_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let (codec, people) = gateway(folder.path(), &[OLD]);
    let day = KeyOf::Day(DAY.parse().unwrap());
    let person = codec.write(of("P-1"), "Alun").unwrap();
    // Somebody whose id is spelt like the day.
    let alike = codec.write(of(DAY), "Bethan").unwrap();
    let before = codec.write(on(DAY), "a stranger").unwrap();
    let other = codec.write(on("2026-02-11"), "another").unwrap();
    assert!(before.starts_with("%1:~") && !before.contains(DAY), "{before}");
    let name = |record: &str| record.split(':').nth(1).unwrap().to_owned();
    assert_eq!(name(&codec.write(on(DAY), "again").unwrap()), name(&before));
    assert_ne!(name(&before), name(&other));
    assert_ne!(name(&before), name(&alike));
    let theirs =
        codec.write(on(DAY).about(Some("P-1")).on(Some(DAY.parse().unwrap())), "x").unwrap();
    assert_eq!(name(&theirs), name(&person), "what is about a person is theirs");

    assert!(people.retire("karbon", day).unwrap());
    assert!(!people.retire("karbon", day).unwrap());
    assert_eq!(codec.read::<String>(&before, S).unwrap(), "a stranger");
    let after = codec.write(on(DAY), "replayed late").unwrap();
    assert_eq!(people.destroy("karbon", day).unwrap(), 1);
    let (fresh, _) = gateway(folder.path(), &[OLD]);
    for codec in [&codec, &fresh] {
        let gone = codec.read::<String>(&before, S).unwrap_err();
        assert!(matches!(gone, StoreError::Destroyed(_)), "{gone}");
        assert_eq!(codec.read::<String>(&after, S).unwrap(), "replayed late");
        assert_eq!(codec.read::<String>(&other, S).unwrap(), "another");
        assert_eq!(codec.read::<String>(&person, P).unwrap(), "Alun");
        assert_eq!(codec.read::<String>(&alike, P).unwrap(), "Bethan");
    }
}

/// The folder may be an empty mount point, and no record proves otherwise yet.
#[test]
fn no_folder_begins_with_the_key_of_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let (codec, people) = gateway(folder.path(), &[OLD]);
    let written = codec.write(on(DAY), "a stranger").unwrap();
    assert!(written.starts_with("%1:k-old:"), "{written}");
    assert_eq!(walk(folder.path()), Vec::<PathBuf>::new());
    assert!(!people.retire("karbon", KeyOf::Day(DAY.parse().unwrap())).unwrap());
    codec.write(of("P-1"), "Alun").unwrap();
    assert!(codec.write(on(DAY), "a stranger").unwrap().starts_with("%1:~"));
    assert_eq!(codec.read::<String>(&written, S).unwrap(), "a stranger");
}

fn walk(folder: &std::path::Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn what_is_written_under_a_retired_id_has_another_key_and_a_destroyed_one_reads_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (codec, people) = gateway(folder.path(), &[OLD]);
    let before = codec.write(of("P-1"), "Alun").unwrap();
    let other = codec.write(of("P-2"), "Bethan").unwrap();
    assert!(people.retire("karbon", KeyOf::Person("P-1")).unwrap());
    assert!(!people.retire("karbon", KeyOf::Person("P-1")).unwrap(), "no key is current any more");
    assert_eq!(codec.read::<String>(&before, P).unwrap(), "Alun");
    let after = codec.write(of("P-1"), "Alun again").unwrap();
    assert_eq!(people.destroy("karbon", KeyOf::Person("P-1")).unwrap(), 1);
    assert_eq!(people.destroy("karbon", KeyOf::Person("P-1")).unwrap(), 0);
    let (fresh, _) = gateway(folder.path(), &[OLD]);
    for codec in [&codec, &fresh] {
        let gone = codec.read::<String>(&before, P).unwrap_err();
        assert!(matches!(gone, StoreError::Destroyed(_)), "{gone}");
        assert!(!gone.is_retryable());
        assert_eq!(codec.read::<String>(&after, P).unwrap(), "Alun again");
        assert_eq!(codec.read::<String>(&other, P).unwrap(), "Bethan");
    }
}

#[test]
fn keys_are_wrapped_anew_and_records_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let (before, people) = gateway(folder.path(), &[OLD]);
    let records = ["P-1", "P-2"].map(|person| before.write(of(person), person).unwrap());
    people.retire("karbon", KeyOf::Person("P-2")).unwrap();
    let (both, people) = gateway(folder.path(), &[NEW, OLD]);
    assert_eq!(people.rewrap().unwrap(), 3, "two keys and the names");
    assert_eq!(people.rewrap().unwrap(), 0);
    let (after, _) = gateway(folder.path(), &[NEW]);
    for codec in [both, after] {
        for (record, person) in records.iter().zip(["P-1", "P-2"]) {
            assert_eq!(codec.read::<String>(record, P).unwrap(), person);
        }
    }
    let (late, _) = gateway(folder.path(), &[OLD]);
    let locked = late.read::<String>(&records[0], P).unwrap_err();
    assert!(matches!(&locked, StoreError::Locked(why) if why.contains("k-new")), "{locked}");
}

#[test]
fn a_folder_that_is_away_or_another_is_no_erasure() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (codec, _) = gateway(folder.path(), &[OLD]);
    let record = codec.write(of("P-1"), "Alun").unwrap();
    gateway(other.path(), &[OLD]).0.write(of("P-1"), "another").unwrap();
    let (elsewhere, _) = gateway(other.path(), &[OLD]);
    assert!(matches!(elsewhere.read::<String>(&record, P), Err(StoreError::Locked(_))));
    let (away, _) = gateway(&folder.path().join("not-mounted"), &[OLD]);
    assert!(matches!(away.read::<String>(&record, P), Err(StoreError::Unavailable(_))));
    assert!(matches!(away.write(of("P-1"), "Alun"), Err(StoreError::Unavailable(_))));
    let without = Codec::with(Some(keyring(&[OLD])));
    assert!(matches!(without.read::<String>(&record, P), Err(StoreError::Locked(_))));
}

#[test]
fn a_folder_that_is_mounted_late_is_used_from_then_on() {
    let above = tempfile::tempdir().unwrap();
    let (point, share) = (above.path().join("keys"), above.path().join("share"));
    std::fs::create_dir(&share).unwrap();
    let record = gateway(&share, &[OLD]).0.write(of("P-1"), "Alun").unwrap();

    // Below an empty mount point.
    std::fs::create_dir(&point).unwrap();
    let (codec, people) = gateway(&point, &[OLD]);
    assert_eq!(people.fault(), None, "no key is made or missed yet");
    assert!(is_unavailable(codec.read::<String>(&record, P)));
    assert!(is_unavailable(codec.write(of("P-2"), "Bethan")));
    assert!(is_unavailable(people.retire("karbon", KeyOf::Person("P-1"))));
    assert!(is_unavailable(people.destroy("karbon", KeyOf::Person("P-1"))));
    assert_eq!(walk(&point), Vec::<PathBuf>::new(), "no key is made there");
    assert!(people.fault().unwrap().contains("mount that one"));

    // Another share, by mistake.
    gateway(&point, &[OLD]).0.write(of("P-2"), "another").unwrap();
    assert!(matches!(codec.read::<String>(&record, P), Err(StoreError::Locked(_))));
    let another = codec.write(of("P-2"), "another").unwrap();
    assert!(people.fault().unwrap().contains("a different folder"));

    std::fs::remove_dir_all(&point).unwrap();
    std::fs::rename(&share, &point).unwrap();
    assert_eq!(codec.read::<String>(&record, P).unwrap(), "Alun");
    assert_eq!(people.fault(), None);
    let written = codec.write(of("P-2"), "Bethan").unwrap();
    let folder = |record: &str| record.split('~').nth(1).unwrap().to_owned();
    assert_eq!(folder(&written), folder(&record));
    assert_ne!(folder(&written), folder(&another));
    std::fs::rename(&point, &share).unwrap();
    assert!(people.fault().unwrap().contains("is not there"));
}

fn is_unavailable<T>(result: Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Unavailable(_)))
}

/// The one file below a folder.
fn only(folder: &std::path::Path) -> PathBuf {
    let found = walk(folder);
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().unwrap()
}

#[test]
fn a_folder_that_goes_away_while_a_gateway_runs_is_no_erasure() {
    let above = tempfile::tempdir().unwrap();
    let (there, away) = (above.path().join("keys"), above.path().join("away"));
    std::fs::create_dir(&there).unwrap();
    let (codec, _) = gateway(&there, &[OLD]);
    let records = ["P-1", "P-2", "P-3"].map(|person| codec.write(of(person), person).unwrap());
    let (running, people) = gateway(&there, &[OLD]);
    assert_eq!(running.read::<String>(&records[0], P).unwrap(), "P-1");
    assert!(running.write(of("P-1"), "in memory").is_ok());

    std::fs::rename(&there, &away).unwrap();
    assert_eq!(running.read::<String>(&records[0], P).unwrap(), "P-1", "in memory");
    assert!(is_unavailable(running.read::<String>(&records[1], P)));
    assert!(is_unavailable(running.write(of("P-4"), "new")));
    assert!(is_unavailable(people.retire("karbon", KeyOf::Person("P-1"))));

    // The mount point, and a folder of other keys.
    std::fs::create_dir(&there).unwrap();
    assert!(is_unavailable(running.read::<String>(&records[1], P)));
    assert!(is_unavailable(running.write(of("P-4"), "new")));
    assert!(is_unavailable(people.destroy("karbon", KeyOf::Person("P-1"))));
    let (other, _) = gateway(&there, &[OLD]);
    other.write(of("P-2"), "another").unwrap();
    let locked = running.read::<String>(&records[1], P).unwrap_err();
    assert!(matches!(&locked, StoreError::Locked(_)), "{locked}");
    assert!(is_unavailable(running.write(of("P-4"), "new")));
    assert!(is_unavailable(people.retire("karbon", KeyOf::Person("P-2"))));

    std::fs::remove_dir_all(&there).unwrap();
    std::fs::rename(&away, &there).unwrap();
    for (record, person) in records.iter().zip(["P-1", "P-2", "P-3"]) {
        assert_eq!(running.read::<String>(record, P).unwrap(), person);
    }
}

#[test]
fn a_key_that_is_missing_without_evidence_was_not_destroyed() {
    let folder = tempfile::tempdir().unwrap();
    let (codec, people) = gateway(folder.path(), &[OLD]);
    let record = codec.write(of("P-1"), "Alun").unwrap();
    let current = only(&folder.path().join("current"));
    let copy = std::fs::read(&current).unwrap();
    std::fs::remove_file(&current).unwrap();
    let read = || gateway(folder.path(), &[OLD]).0.read::<String>(&record, P);
    let missing = read().unwrap_err();
    assert!(
        matches!(&missing, StoreError::Locked(why) if why.contains("an older copy")),
        "{missing}"
    );
    let (running, watched) = gateway(folder.path(), &[OLD]);
    running.read::<String>(&record, P).unwrap_err();
    assert_eq!(watched.fault(), Some(missing.to_string()));
    std::fs::write(&current, copy).unwrap();
    assert_eq!(watched.fault(), None);
    assert!(people.retire("karbon", KeyOf::Person("P-1")).unwrap());
    assert_eq!(people.destroy("karbon", KeyOf::Person("P-1")).unwrap(), 1);
    assert_eq!(std::fs::read(only(&folder.path().join("destroyed"))).unwrap(), b"");
    assert!(matches!(read(), Err(StoreError::Destroyed(_))));
    std::fs::remove_dir_all(folder.path().join("destroyed")).unwrap();
    assert!(matches!(read(), Err(StoreError::Locked(_))));
}

#[test]
fn what_a_killed_process_left_unfinished_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let (codec, people) = gateway(folder.path(), &[OLD]);
    let records = ["P-1", "P-2"].map(|person| codec.write(of(person), person).unwrap());
    let key = |record: &str| {
        let hash = record.split('~').nth(2).unwrap();
        folder.path().join("current").join(&hash[..2])
    };
    let leave = |of: &std::path::Path| {
        let unfinished = of.join(".new-0123");
        std::fs::write(&unfinished, "%k1:k-old:half of a key").unwrap();
        unfinished
    };
    assert!(people.retire("karbon", KeyOf::Person("P-1")).unwrap());
    let left = [leave(&key(&records[0])), leave(&folder.path().join("retired"))];
    assert_eq!(people.destroy("karbon", KeyOf::Person("P-1")).unwrap(), 1);
    assert!(left.iter().all(|path| !path.exists()), "no copy of a destroyed key is left");

    let left = [leave(folder.path()), leave(&key(&records[1]))];
    let (_, people) = gateway(folder.path(), &[NEW, OLD]);
    assert_eq!(people.rewrap().unwrap(), 2, "a key and the names");
    assert!(left.iter().all(|path| !path.exists()));
    let (codec, _) = gateway(folder.path(), &[NEW]);
    assert_eq!(codec.read::<String>(&records[1], P).unwrap(), "P-2");
}

#[test]
fn a_share_that_hangs_is_an_outage_and_is_not_waited_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let (codec, _) = gateway(folder.path(), &[OLD]);
    let records = ["P-1", "P-2"].map(|person| codec.write(of(person), person).unwrap());
    let (running, people) = gateway(folder.path(), &[OLD]);
    let name = records[0].split(':').nth(1).unwrap();
    let hash = name.split('~').nth(2).unwrap();
    let path = folder.path().join("current").join(&hash[..2]).join(hash);
    let key = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    // Who opens it waits until somebody writes.
    let private = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, private).unwrap();

    assert!(is_unavailable(running.read::<String>(&records[0], P)));
    let other = running.read::<String>(&records[1], P).unwrap_err();
    assert!(other.to_string().contains("no answer within 2 s"), "{other}");
    assert!(people.fault().unwrap().contains("no answer within 2 s"));

    std::fs::write(&path, key).unwrap();
    std::fs::remove_file(&path).unwrap();
    let end = Instant::now() + std::time::Duration::from_secs(30);
    while running.read::<String>(&records[1], P).is_err() {
        assert!(Instant::now() < end, "it answers again");
        std::thread::yield_now();
    }
}
