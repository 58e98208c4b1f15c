//! What a test's gateway wrote, searched for people as it ends: its log and metrics, the names of its files, and the
//! bytes of its files where they were never unencrypted. [`people`] knows whom the tests name.

pub mod people;

use std::collections::BTreeSet;
use std::io::{BufRead, Lines, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use people::{People, locked};

/// Configurations without a key that a gateway or a command was started with: their files may name people.
static UNENCRYPTED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// What `[keys] store` does not encrypt: what is being received, and what a receiver of events refused.
const PLAIN_ANYWAY: [&str; 3] = ["spool", "forms", "events"];

/// Bytes of a file that are searched: more than any test's store has.
const FILE_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// What one process wrote. Whoever started it asks [`Written::names_nobody`] when it has ended.
pub struct Written {
    config: PathBuf,
    /// The configuration at the start. What it says is the organisation's own, and may be logged.
    own: String,
    /// Before it was ready.
    began: Vec<String>,
    lines: Arc<Mutex<Vec<String>>>,
    /// When somebody last asked.
    metrics: Mutex<String>,
}

impl Written {
    pub fn by(config: &Path, began: Vec<String>) -> Written {
        of_command(config);
        Written {
            config: config.to_owned(),
            own: own(config),
            began,
            lines: Arc::default(),
            metrics: Mutex::default(),
        }
    }

    /// Reads its log, until the end of the process closes it.
    pub fn follow(&self, lines: Lines<impl BufRead + Send + 'static>) -> JoinHandle<()> {
        let log = Arc::clone(&self.lines);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                locked(&log).push(line);
            }
        })
    }

    /// What it logged since it was ready.
    pub fn lines(&self) -> Vec<String> {
        locked(&self.lines).clone()
    }

    /// What it logged since it began.
    pub fn all_lines(&self) -> Vec<String> {
        [self.began.clone(), self.lines()].concat()
    }

    pub fn measured(&self, metrics: &str) {
        metrics.clone_into(&mut locked(&self.metrics));
    }

    /// Panics if anything names somebody, unless the test has failed already.
    pub fn names_nobody(&self) {
        if std::thread::panicking() {
            return;
        }
        let found = self.found();
        let config = self.config.display();
        assert!(found.is_empty(), "what the gateway of {config} wrote names people: {found:#?}");
    }

    /// Each place that names somebody.
    pub fn found(&self) -> Vec<String> {
        let own = format!("{}{}", self.own, own(&self.config));
        let people = People::but(&own);
        let mut found = Vec::new();
        let said = [self.began.clone(), self.lines()].concat().join("\n");
        let metrics = locked(&self.metrics).clone();
        for (what, text) in [("log", said), ("metrics", metrics)] {
            for line in text.lines() {
                let named = people.in_text(line);
                if !named.is_empty() {
                    found.push(format!("{what}: {named:?} in {line}"));
                }
            }
        }
        let text = std::fs::read_to_string(&self.config).unwrap_or_default();
        let is_encrypted = !locked(&UNENCRYPTED).contains(&self.config);
        for folder in folders(&text) {
            in_files(&folder, &people, is_encrypted, &mut found);
        }
        found
    }
}

/// Something runs by this configuration. Without a key, its files may name people from now on.
pub fn of_command(config: &Path) {
    let text = std::fs::read_to_string(config).unwrap_or_default();
    if !text.contains("[keys]\nstore = [") {
        locked(&UNENCRYPTED).insert(config.to_owned());
    }
}

/// The configuration and the profiles that it names.
fn own(config: &Path) -> String {
    let text = std::fs::read_to_string(config).unwrap_or_default();
    let folder = config.parent().unwrap_or(Path::new("."));
    let profiles = text.split('"').filter(|part| part.ends_with(".toml"));
    let profiles: String = profiles
        .map(|path| std::fs::read_to_string(folder.join(path)).unwrap_or_default())
        .collect();
    text + &profiles
}

/// Where it keeps store, archive and state.
fn folders(config: &str) -> Vec<PathBuf> {
    let values = config.lines().filter_map(|line| {
        let (key, value) = line.split_once(" = \"")?;
        let value = value.split('"').next()?;
        match key {
            "url" => value.strip_prefix("embedded:").or(value.strip_prefix("file:")),
            "folder" => Some(value),
            _ => None,
        }
    });
    values.map(PathBuf::from).filter(|path| path.is_dir()).collect()
}

fn in_files(folder: &Path, people: &People, is_encrypted: bool, found: &mut Vec<String>) {
    // Another gateway on the same store may remove what was listed.
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        let named = people.in_text(&entry.file_name().to_string_lossy());
        if !named.is_empty() {
            found.push(format!("file name: {named:?} in {}", path.display()));
        }
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            let is_plain = PLAIN_ANYWAY.iter().any(|plain| entry.file_name() == *plain);
            in_files(&path, people, is_encrypted && !is_plain, found);
        } else if kind.is_file() && is_encrypted {
            let mut bytes = Vec::new();
            if let Ok(file) = std::fs::File::open(&path) {
                let _ = file.take(FILE_BYTES_MAX).read_to_end(&mut bytes);
            }
            let named = people.in_bytes(&bytes);
            if !named.is_empty() {
                found.push(format!("encrypted: {named:?} in {}", path.display()));
            }
        }
    }
}

/// A configuration with a key, and people whom the harness has sent.
fn planted() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("gateway.toml");
    let at = folder.path().display();
    let text = format!(
        "[keys]\nstore = [{{ file = \"key\" }}]\n[store]\nurl = \"embedded:{at}/store\"\n[archive]\n\
         url = \"file:{at}/archive\"\n[state]\nfolder = \"{at}/state\"\n\
         notice_from = \"contact@planted.example\"\n"
    );
    std::fs::write(&config, text).unwrap();
    for name in ["store", "archive", "state/journal", "state/spool"] {
        std::fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    people::note_json(&serde_json::json!({
        "name": "Heledd Planted",
        "identifiers": [{"kind": "phone", "value": "+44 7700 900999"}],
    }));
    let mail = b"From: H <heledd@planted.example>\r\nSubject: the planted subject\r\n\r\n\
        The planted tap drips.\r\n";
    people::note_mail("heledd@planted.example", mail);
    people::note_json(&serde_json::json!({"id": "c-heledd@planted.example"}));
    people::note_form("message=A%20planted+word+or+two&telephone=07700900998");
    (folder, config)
}

fn logged(config: &Path, line: &str) -> Written {
    let written = Written::by(config, vec!["contact@planted.example".to_owned()]);
    locked(&written.lines).push(line.to_owned());
    written
}

#[test]
fn a_person_is_found_in_a_log_and_in_metrics() {
    let (_folder, config) = planted();
    for person in [
        "heledd@planted.example",
        "somebody%40else.example",
        "caller=+447700900111",
        "caller=07700900112",
        "07700 900999",
        "447700900998",
        "for heledd planted",
        "THE PLANTED SUBJECT",
        "\"text\":\"The planted tap drips.\"",
        "a planted word or two",
    ] {
        let line = format!("2026-11-30T23:14:28.227433Z  WARN it failed {person}");
        assert_eq!(logged(&config, &line).found().len(), 1, "log: {person}");
        let written = logged(&config, "");
        written.measured(&format!("# HELP of it\na_total{{from=\"{person}\"}} 1"));
        assert_eq!(written.found().len(), 1, "metrics: {person}");
        let began = Written::by(&config, vec![person.to_owned()]);
        assert_eq!(began.found().len(), 1, "start: {person}");
    }
    let written = logged(&config, "it failed for heledd@planted.example");
    let ended = std::panic::AssertUnwindSafe(|| written.names_nobody());
    assert!(std::panic::catch_unwind(ended).is_err());
}

#[test]
fn nobody_is_found_where_nobody_is_named() {
    let (_folder, config) = planted();
    for nobody in [
        "contact@planted.example",
        "contact=\"c-heledd@planted.example\"",
        "at=2026-11-30 23:15:24.043107878 UTC",
        "redis://gateway:secret@127.0.0.1:6379",
        "link=0447700900997447700900997447700900",
        "contact=mail-07700900997b7df4bbb9d9de414d25381282adfa",
        "offset +0000, in 0.07700900997 s",
    ] {
        assert_eq!(logged(&config, nobody).found(), Vec::<String>::new(), "{nobody}");
    }
}

#[test]
fn a_person_is_found_in_names_of_files_and_in_files_that_were_never_unencrypted() {
    let (folder, config) = planted();
    for (place, content, found) in [
        ("archive/heledd@planted.example", "nothing", 1),
        ("store/gateway.sqlite3", "\u{0}\u{1}Heledd Planted\u{0}", 1),
        ("state/journal/pending.journal", "447700900999", 1),
        ("state/spool/1", "The planted tap drips.", 0),
    ] {
        let path = folder.path().join(place);
        std::fs::write(&path, content).unwrap();
        assert_eq!(logged(&config, "").found().len(), found, "{place}");
        std::fs::remove_file(&path).unwrap();
    }
    std::fs::write(folder.path().join("store/left"), "Heledd Planted").unwrap();
    assert_eq!(logged(&config, "").found().len(), 1);
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("[keys]", "[none]")).unwrap();
    of_command(&config);
    std::fs::write(&config, text).unwrap();
    assert_eq!(logged(&config, "").found(), Vec::<String>::new());
}
