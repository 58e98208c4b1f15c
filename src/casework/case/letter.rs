//! Reading a letter: the bytes that were approved, or what a draft would say.

use super::super::{Desk, Fault};
use crate::domain::case::anchors::day;
use crate::domain::letter::{About, Document, Letter, TemplateFault, compose, write};
use crate::domain::organisation::Organisation;

/// A letter to be read.
#[derive(Debug, Clone)]
pub struct LetterRead {
    /// The approved words, or those to be approved.
    pub html: String,
    pub text: String,
    pub sha256: String,
    pub approved: bool,
    /// The letter laid out, for other renderings; absent where what it is about has changed since it was
    /// approved, so that only the bytes that were kept say what it said.
    pub document: Option<Document>,
    /// Its parts, before they were said in a language; of the same words as `document`.
    pub letter: Letter,
    /// What it must say and does not.
    pub missing: Vec<String>,
}

impl Desk {
    /// A letter of a person's case.
    ///
    /// # Errors
    /// The person or letter is not on record, the store is away, or a draft's template can't be followed.
    pub async fn letter(
        &self,
        organisation: &Organisation,
        person: &str,
        letter: &str,
    ) -> Result<LetterRead, Fault> {
        let mut case = self.read_case(organisation, person).await?;
        self.put_words_of(organisation, &mut case.file, |one| one.id == letter).await?;
        let letter = case.file.letter(letter).ok_or(Fault::NotFound("letter"))?;
        let approved = letter.approval.as_ref();
        let at = approved.map_or_else(|| self.clock.now(), |approval| approval.at);
        // An approved letter keeps the layout that it was approved in.
        let worded = match approved {
            Some(approval) => {
                self.with_wording_of(organisation, letter.language, &approval.template).await?
            }
            None => self.with_wording(organisation).await?,
        };
        let about = About {
            organisation: &worded,
            file: &case.file,
            person: &case.person,
            letter,
            day: day(&organisation.profile, at),
        };
        let Some(approval) = approved else {
            let unfollowed = |fault: TemplateFault| {
                Fault::Refused(format!("the template of letters can't be followed: {}", fault.what))
            };
            let written = write(about).map_err(unfollowed)?;
            return Ok(LetterRead {
                html: written.html,
                text: written.text,
                sha256: written.sha256,
                approved: false,
                document: Some(written.document),
                letter: written.letter,
                missing: written.missing,
            });
        };
        // Approved letters can be read even if their template fails now.
        let written = write(about).ok().filter(|written| written.html == approval.words.html);
        Ok(LetterRead {
            html: approval.words.html.clone(),
            text: approval.words.text.clone(),
            sha256: approval.sha256.clone(),
            approved: true,
            document: written.map(|written| written.document),
            letter: compose(about),
            missing: Vec::new(),
        })
    }
}
