//! What of the state folder is backed up: decisions that wait in the journal, how far receivers of events
//! have got, dead letters.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::manifest::{Entry, Manifest, files_below};
use super::{BackupFault, Progress, Told};
use crate::domain::organisation::OrganisationId;
use crate::ports::{Journal, JournalEntry, StoreError};
use crate::runtime::hashed;
use crate::runtime::{private, whole_file};
use crate::store::journal::{FileJournal, peek};
use crate::store::record::{Codec, Label, kind};

/// The same name in the state folder and, below `state`, in a backup.
const EVENTS: &str = "events";
const STATE: &str = "state";
const JOURNAL: &str = "state/journal.jsonl";

/// An original that an entry of the journal names.
pub(super) type Named = (OrganisationId, String);

/// Copies the necessary parts. Blocks.
pub(super) fn take(
    state: &Path,
    codec: &Codec,
    to: &Path,
    manifest: &mut Manifest,
) -> Result<Vec<Named>, BackupFault> {
    let pending = peek::pending(&state.join("journal"), codec)?;
    if !pending.is_empty() {
        let mut lines = Vec::new();
        for entry in &pending {
            codec.write_to(&mut lines, line(&"new"), entry)?;
            lines.push(b'\n');
        }
        let path = to.join(JOURNAL);
        whole_file::replace(&path, &lines).map_err(BackupFault::file(&path))?;
        let entry = hashed::read(&path).map_err(BackupFault::file(&path))?;
        manifest.files.insert(PathBuf::from(JOURNAL), Entry::from(entry));
    }
    if state.join(EVENTS).is_dir() {
        let mut found = BTreeSet::new();
        files_below(state, Path::new(EVENTS), &mut found)?;
        // A draft is not a file yet (`whole_file`).
        for name in found.into_iter().filter(|name| name.extension().is_none_or(|e| e != "draft")) {
            let (from, within) = (state.join(&name), Path::new(STATE).join(&name));
            let path = to.join(&within);
            let folder = path.parent().unwrap_or(to);
            private::folder(folder).map_err(BackupFault::file(folder))?;
            let copied = hashed::copy(&from, &path).map_err(BackupFault::file(&from))?;
            manifest.files.insert(within, Entry::from(copied));
        }
    }
    let named = |entry: JournalEntry| Some((entry.organisation, entry.settled.item?.archived?));
    Ok(pending.into_iter().filter_map(named).collect())
}

/// Holds the state of a gateway while it is restored, so that none starts on it.
pub(super) fn hold(state: &Path, codec: &Codec) -> Result<FileJournal, BackupFault> {
    FileJournal::open_with(&state.join("journal"), codec).map_err(|error| match error {
        StoreError::Refused(why) => BackupFault::Running(why),
        error => BackupFault::Store(error),
    })
}

/// Puts back missing files. Where the gateway has files of its own, they are newer, and stay.
pub(super) async fn put_back(
    from: &Path,
    manifest: &Manifest,
    (state, codec): (&Path, &Codec),
    journal: &FileJournal,
    told: Told<'_>,
) -> Result<(), BackupFault> {
    for (within, entry) in &manifest.files {
        let path = from.join(within);
        let read = || {
            let bytes = std::fs::read(&path).map_err(BackupFault::file(&path))?;
            let is_same = Entry::from(hashed::of(&bytes)) == *entry;
            let why = "it has changed since it was checked";
            is_same.then_some(bytes).ok_or(BackupFault::Altered { path: path.clone(), why })
        };
        if within == Path::new(JOURNAL) {
            fill(&read()?, (state, codec), journal).await?;
        } else if let Ok(name) = within.strip_prefix(STATE) {
            let own = state.join(name);
            match std::fs::exists(&own) {
                Ok(true) => told(Progress::StateKept { name: name.display().to_string() }),
                Ok(false) => {
                    whole_file::replace(&own, &read()?).map_err(BackupFault::file(&own))?;
                }
                Err(cause) => return Err(BackupFault::File { path: own, cause }),
            }
        }
    }
    Ok(())
}

/// A line of the journal in a backup.
fn line(number: &dyn std::fmt::Display) -> Label<'_> {
    Label::new("", kind::JOURNALLED, number).anywhere()
}

async fn fill(
    lines: &[u8],
    (state, codec): (&Path, &Codec),
    journal: &FileJournal,
) -> Result<(), BackupFault> {
    let place = |entry: &JournalEntry| (entry.organisation.clone(), entry.contact.clone());
    let waiting: BTreeSet<_> =
        peek::pending(&state.join("journal"), codec)?.iter().map(place).collect();
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    for (number, record) in lines.enumerate() {
        let key = format!("{JOURNAL}, line {}", number + 1);
        let entry: JournalEntry = codec.read(record, line(&key))?;
        if !waiting.contains(&place(&entry)) {
            journal.append(entry).await?;
        }
    }
    Ok(())
}
