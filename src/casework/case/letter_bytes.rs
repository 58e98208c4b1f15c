//! The words of an approved letter in a document of their own: going through every case file, for the diary or the
//! figures, does not load every letter.
//!
//! Case files of earlier versions hold them themselves; each step moves some out.

use serde::{Deserialize, Serialize};

use crate::casework::{Desk, Fault};
use crate::domain::case::CaseFile;
use crate::domain::case::act::Act;
use crate::domain::case::letter::{Approval, CaseLetter, Words};
use crate::domain::organisation::Organisation;
use crate::ports::StoreError;
use crate::ports::documents::Document;
use crate::runtime::tokens::{hex, sha256};

/// The kind of document that holds the words of a letter.
pub(in crate::casework) const LETTER: &str = "letter";

/// What such a document holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    person: String,
    letter: String,
    words: Words,
}

/// Takes the words of a letter out of the file, into a document where they are in none yet.
pub(super) fn taken_out(
    person: &str,
    version: u64,
    letter: &mut CaseLetter,
) -> Result<Option<Document>, StoreError> {
    let Some(approval) = &mut letter.approval else { return Ok(None) };
    let words = std::mem::take(&mut approval.words);
    if words.is_empty() || approval.kept_as.is_some() {
        return Ok(None);
    }
    // A letter that is drafted again may be approved again: by another step, which makes another version.
    let names = serde_json::to_vec(&(person, &letter.id, version)).unwrap_or_default();
    let id = hex(&sha256(&names));
    approval.kept_as = Some(id.clone());
    let body = Kept { person: person.to_owned(), letter: letter.id.clone(), words };
    Document::new(LETTER, id, 0, Vec::new(), &body).map(Some)
}

/// Forgets the words of all letters: reading every file needs none.
pub(super) fn leave_out(file: &mut CaseFile) {
    for approval in file.letters.iter_mut().filter_map(|letter| letter.approval.as_mut()) {
        approval.words = Words::default();
    }
}

impl Desk {
    /// Puts the words into an approval that was read without them.
    pub(in crate::casework) async fn put_words(
        &self,
        organisation: &Organisation,
        approval: &mut Approval,
    ) -> Result<(), Fault> {
        let Some(id) = approval.kept_as.as_deref().filter(|_| approval.words.is_empty()) else {
            return Ok(());
        };
        let stored = self.store.document(&organisation.id, LETTER, id).await?;
        let missing =
            || StoreError::Corrupt("the words of an approved letter are missing".to_owned());
        approval.words = stored.ok_or_else(missing)?.read::<Kept>()?.words;
        Ok(())
    }

    /// Puts in the words of the letters that are chosen.
    pub(super) async fn put_words_of(
        &self,
        organisation: &Organisation,
        file: &mut CaseFile,
        chosen: impl Fn(&CaseLetter) -> bool + Send,
    ) -> Result<(), Fault> {
        let letters = file.letters.iter_mut().filter(|letter| chosen(letter));
        for approval in letters.filter_map(|letter| letter.approval.as_mut()) {
            self.put_words(organisation, approval).await?;
        }
        Ok(())
    }

    /// Puts in the words of the letter that a step sends.
    pub(super) async fn put_words_for(
        &self,
        organisation: &Organisation,
        file: &mut CaseFile,
        act: &Act,
    ) -> Result<(), Fault> {
        let Act::SendLetter(of) = act else { return Ok(()) };
        let id = of.letter.as_deref().map(str::trim);
        self.put_words_of(organisation, file, |letter| Some(letter.id.as_str()) == id).await
    }
}
