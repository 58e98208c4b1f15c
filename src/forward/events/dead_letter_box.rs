//! Dead letters on disk: `events/<organisation>/dead-letters` in the state folder, a JSON list that
//! is written whole at every change. Few, and of small size.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::Mutex;

use crate::domain::organisation::OrganisationId;
use crate::ports::dead_letters::{DeadLetter, DeadLetterError, DeadLetters};
use crate::runtime::limits::DEAD_LETTERS_MAX;
use crate::runtime::whole_file::replace;

/// A name that no receiver can have: theirs end in `.json`.
const FILE: &str = "dead-letters";

/// The dead letters of every organisation.
pub struct DeadLetterBox {
    folder: PathBuf,
    letters: Mutex<HashMap<OrganisationId, Arc<Vec<DeadLetter>>>>,
}

impl DeadLetterBox {
    /// Reads the dead letters of these organisations.
    ///
    /// # Errors
    /// A file can't be read, or is not ours.
    pub fn open(folder: &Path, organisations: &[OrganisationId]) -> std::io::Result<Self> {
        let mut letters = HashMap::new();
        for organisation in organisations {
            let path = path(folder, organisation);
            match std::fs::read(&path) {
                Ok(bytes) => {
                    let read: Vec<DeadLetter> = serde_json::from_slice(&bytes)?;
                    letters.insert(organisation.clone(), Arc::new(read));
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(DeadLetterBox { folder: folder.to_owned(), letters: Mutex::new(letters) })
    }

    /// Keeps a letter; `false`: there are as many as are kept, and this one is not among them.
    pub(super) async fn keep(
        &self,
        organisation: &OrganisationId,
        letter: DeadLetter,
    ) -> Result<bool, DeadLetterError> {
        self.change(organisation, |letters| {
            let is_full = letters.len() >= DEAD_LETTERS_MAX;
            match letters.iter_mut().find(|one| is(one, &letter.receiver, &letter.id)) {
                Some(known) => *known = letter,
                None if is_full => return false,
                None => letters.push(letter),
            }
            true
        })
        .await
    }

    /// Those of a receiver that somebody asked to be tried again.
    pub(super) async fn due(
        &self,
        organisation: &OrganisationId,
        receiver: &str,
    ) -> Vec<DeadLetter> {
        let all = self.list(organisation).await;
        all.into_iter().filter(|one| one.is_due && one.receiver == receiver).collect()
    }

    /// A letter that was tried again in vain stays.
    pub(super) async fn failed(
        &self,
        organisation: &OrganisationId,
        letter: &DeadLetter,
        why: String,
        now: DateTime<Utc>,
    ) -> Result<bool, DeadLetterError> {
        let failed = DeadLetter { why, tried_at: now, is_due: false, ..letter.clone() };
        self.keep(organisation, failed).await
    }

    /// Changes an organisation's letters, on disk first; what `change` returns.
    async fn change(
        &self,
        organisation: &OrganisationId,
        change: impl FnOnce(&mut Vec<DeadLetter>) -> bool,
    ) -> Result<bool, DeadLetterError> {
        let mut all = self.letters.lock().await;
        let mut letters = all.get(organisation).map(|kept| kept.to_vec()).unwrap_or_default();
        if !change(&mut letters) {
            return Ok(false);
        }
        let away = |error: std::io::Error| DeadLetterError::Disk(error.kind());
        let bytes = serde_json::to_vec(&letters).map_err(|error| away(error.into()))?;
        let path = path(&self.folder, organisation);
        let writing = tokio::task::spawn_blocking(move || replace(&path, &bytes));
        writing.await.map_err(|_| DeadLetterError::Stopping)?.map_err(away)?;
        all.insert(organisation.clone(), Arc::new(letters));
        Ok(true)
    }
}

#[async_trait]
impl DeadLetters for DeadLetterBox {
    async fn list(&self, organisation: &OrganisationId) -> Vec<DeadLetter> {
        let letters = self.letters.lock().await;
        letters.get(organisation).map(|kept| kept.to_vec()).unwrap_or_default()
    }

    async fn try_again(
        &self,
        organisation: &OrganisationId,
        receiver: &str,
        id: &str,
    ) -> Result<bool, DeadLetterError> {
        self.change(organisation, |letters| {
            let found = letters.iter_mut().find(|one| is(one, receiver, id));
            found.map(|letter| letter.is_due = true).is_some()
        })
        .await
    }

    async fn discard(
        &self,
        organisation: &OrganisationId,
        receiver: &str,
        id: &str,
    ) -> Result<bool, DeadLetterError> {
        self.change(organisation, |letters| {
            let before = letters.len();
            letters.retain(|one| !is(one, receiver, id));
            letters.len() < before
        })
        .await
    }
}

fn is(letter: &DeadLetter, receiver: &str, id: &str) -> bool {
    letter.receiver == receiver && letter.id == id
}

fn path(folder: &Path, organisation: &OrganisationId) -> PathBuf {
    folder.join(organisation.as_str()).join(FILE)
}
