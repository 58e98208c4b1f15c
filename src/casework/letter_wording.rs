//! The wording of letters that staff edit: a template that replaces the configured one of its language.
//!
//! It is read for each letter, so that every gateway uses it at once; while the store is away no letter is written.
//! Each change is kept as an edition, since letters name the edition that they were written by.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::expected::{Expected, Tag};
use super::{Desk, Fault};
use crate::domain::audit::AuditEvent;
use crate::domain::language::Language;
use crate::domain::letter::{Template, TemplateFault, Templates, UnsaidPart};
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::ports::documents::{Batch, Document, IndexKey, Listing, Order};
use crate::runtime::limits::{LETTER_EDITIONS_LISTED, LETTER_EDITIONS_MAX, STEP_TRIES_MAX};

/// The kind of document that holds wordings: the latest of a language under its tag, and each edition under tag and
/// number.
const LETTER_TEMPLATE: &str = "letter_template";
/// The index of a language's editions by their numbers.
const EDITIONS: [&str; 2] = ["english", "welsh"];

/// The content of such a document.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct StoredWording {
    edition: u64,
    /// Absent if the change goes back to the configured wording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    by: String,
    #[serde(serialize_with = "crate::domain::instant::written")]
    at: DateTime<Utc>,
}

/// A change of the wording: who made it, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterEdition {
    pub number: u64,
    pub by: String,
    pub at: DateTime<Utc>,
    /// Whether it goes back to the configured wording.
    pub as_configured: bool,
}

/// The current wording of letters in a language.
#[derive(Debug, Clone)]
pub struct LetterWording {
    pub template: Template,
    /// The latest change, if it was ever edited.
    pub latest: Option<LetterEdition>,
}

/// Where a wording comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordingOrigin {
    /// It comes with the gateway.
    Shipped,
    /// A file that the configuration names.
    Configured,
    Edited,
}

impl WordingOrigin {
    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            WordingOrigin::Shipped => "shipped",
            WordingOrigin::Configured => "configured",
            WordingOrigin::Edited => "edited",
        }
    }
}

/// The wordings of an organisation.
#[derive(Debug, Clone)]
pub struct LetterWordings {
    pub templates: Templates,
    configured: Templates,
    english: LetterWording,
    welsh: LetterWording,
}

/// A template that was checked but not saved.
#[derive(Debug, Clone)]
pub struct TriedWording {
    pub template: Template,
    /// The required parts that letters would lack.
    pub unsaid: Vec<UnsaidPart>,
}

/// Why a wording was not saved.
#[derive(Debug, thiserror::Error)]
pub enum WordingFault {
    #[error("the template can't be followed: {}", .0.what)]
    Unfollowed(TemplateFault),
    #[error("the template omits {} required part(s) of letters", .0.len())]
    Unsaid(Vec<UnsaidPart>),
    #[error(transparent)]
    Store(#[from] Fault),
}

impl LetterWording {
    pub fn is_edited(&self) -> bool {
        self.latest.as_ref().is_some_and(|latest| !latest.as_configured)
    }

    /// The latest edition; 0 if it was never edited.
    pub fn edition(&self) -> u64 {
        self.latest.as_ref().map_or(0, |latest| latest.number)
    }

    /// Identifies this state: the edition, and the source, which also changes with a configured file.
    fn state(&self) -> (u64, &str) {
        (self.edition(), self.template.source())
    }

    pub fn tag(&self) -> Tag {
        Tag::of(&self.state())
    }
}

impl LetterWordings {
    pub const fn of(&self, language: Language) -> &LetterWording {
        match language {
            Language::English => &self.english,
            Language::Welsh => &self.welsh,
        }
    }

    pub fn origin(&self, language: Language) -> WordingOrigin {
        if self.of(language).is_edited() {
            WordingOrigin::Edited
        } else if self.configured.is_shipped(language) {
            WordingOrigin::Shipped
        } else {
            WordingOrigin::Configured
        }
    }
}

impl StoredWording {
    fn edition(&self) -> LetterEdition {
        LetterEdition {
            number: self.edition,
            by: self.by.clone(),
            at: self.at,
            as_configured: self.source.is_none(),
        }
    }

    fn template(&self, language: Language) -> Option<Template> {
        let source = self.source.as_deref()?;
        Some(Template::of_edition(language, self.edition, source))
    }
}

impl Desk {
    /// The current wording of letters in each language.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn letter_wordings(
        &self,
        organisation: &Organisation,
    ) -> Result<LetterWordings, Fault> {
        let configured = organisation.reach.letters.clone();
        let (english, _) = self.wording(organisation, Language::English).await?;
        let (welsh, _) = self.wording(organisation, Language::Welsh).await?;
        let mut templates = configured.clone();
        templates.put(english.template.clone());
        templates.put(welsh.template.clone());
        Ok(LetterWordings { templates, configured, english, welsh })
    }

    /// The organisation with the current wording of its letters.
    ///
    /// # Errors
    /// The store can't be read. No letter is written then, since a wording in memory may be out of date.
    pub async fn with_wording<'o>(
        &self,
        organisation: &'o Organisation,
    ) -> Result<Cow<'o, Organisation>, Fault> {
        let letters = self.letter_wordings(organisation).await?.templates;
        Ok(worded(organisation, letters))
    }

    /// The organisation with the wording of the version that a letter names, if it is known, or else with the current
    /// one.
    pub(super) async fn with_wording_of<'o>(
        &self,
        organisation: &'o Organisation,
        language: Language,
        version: &str,
    ) -> Result<Cow<'o, Organisation>, Fault> {
        if organisation.reach.letters.of(language).version() == version {
            return Ok(Cow::Borrowed(organisation));
        }
        let Some(number) = Template::edition_of(version, language) else {
            return self.with_wording(organisation).await;
        };
        let Some(template) = self.letter_edition(&organisation.id, language, number).await? else {
            return self.with_wording(organisation).await;
        };
        let mut letters = organisation.reach.letters.clone();
        letters.put(template);
        Ok(worded(organisation, letters))
    }

    /// The latest changes of a language's wording, the newest first.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn letter_editions(
        &self,
        organisation: &OrganisationId,
        language: Language,
    ) -> Result<Vec<LetterEdition>, Fault> {
        let listing = Listing {
            order: Order::Descending,
            limit: LETTER_EDITIONS_LISTED,
            ..Listing::of(index_of(language))
        };
        let page = self.store.documents(organisation, LETTER_TEMPLATE, listing).await?;
        let mut editions = Vec::new();
        for one in &page.documents {
            editions.push(one.read::<StoredWording>()?.edition());
        }
        Ok(editions)
    }

    /// The template of an edition; `None` if there is no such edition, or it went back to the configured wording.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn letter_edition(
        &self,
        organisation: &OrganisationId,
        language: Language,
        number: u64,
    ) -> Result<Option<Template>, Fault> {
        let id = id_of(language, number);
        let stored = self.store.document(organisation, LETTER_TEMPLATE, &id).await?;
        let Some(stored) = stored else { return Ok(None) };
        Ok(stored.read::<StoredWording>()?.template(language))
    }

    /// Saves a wording, which letters use from now on.
    ///
    /// # Errors
    /// [`WordingFault`]; [`Fault::Changed`]: somebody else has saved one in the meantime.
    pub async fn word_letters(
        &self,
        organisation: &Organisation,
        language: Language,
        source: &str,
        expected: &Expected,
        by: &str,
    ) -> Result<(), WordingFault> {
        self.put_wording(organisation, language, Some(source), expected, by).await
    }

    /// Goes back to the configured wording.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: letters have it already. [`Fault::Changed`], as above.
    pub async fn word_letters_as_configured(
        &self,
        organisation: &Organisation,
        language: Language,
        expected: &Expected,
        by: &str,
    ) -> Result<(), Fault> {
        match self.put_wording(organisation, language, None, expected, by).await {
            Err(WordingFault::Store(fault)) => Err(fault),
            // These are faults of a wording to be saved; going back is not judged.
            Ok(()) | Err(WordingFault::Unfollowed(_) | WordingFault::Unsaid(_)) => Ok(()),
        }
    }

    async fn put_wording(
        &self,
        organisation: &Organisation,
        language: Language,
        source: Option<&str>,
        expected: &Expected,
        by: &str,
    ) -> Result<(), WordingFault> {
        for _ in 0..STEP_TRIES_MAX {
            let (now, version) = self.wording(organisation, language).await?;
            expected.check("wording", Some(&now.state()))?;
            let number = now.edition() + 1;
            let (source, template) = match source {
                Some(source) => {
                    let tried = tried(organisation, language, number, source)?;
                    if !tried.unsaid.is_empty() {
                        return Err(WordingFault::Unsaid(tried.unsaid));
                    }
                    if now.is_edited() && now.template.source() == tried.template.source() {
                        return Ok(());
                    }
                    if number > LETTER_EDITIONS_MAX {
                        return Err(too_many_editions());
                    }
                    (Some(tried.template.source().to_owned()), tried.template)
                }
                None if !now.is_edited() => {
                    return Err(Fault::NotFound("edited wording").into());
                }
                None => (None, organisation.reach.letters.of(language).clone()),
            };
            let stamp = self.stamp(by);
            let action = if source.is_some() { "edited" } else { "as_configured" };
            let event = AuditEvent::LetterTemplate {
                language,
                edition: number,
                template: template.version(),
                action: action.to_owned(),
            };
            let worded = StoredWording { edition: number, source, by: by.to_owned(), at: stamp.at };
            let keys = vec![IndexKey::new(index_of(language), format!("{number:012}"))];
            let document = |id: String, version, keys| {
                Document::new(LETTER_TEMPLATE, id, version, keys, &worded).map_err(Fault::from)
            };
            let batch = Batch::new(stamp)
                .put(document(language.tag().to_owned(), version, Vec::new())?)
                .put(document(id_of(language, number), 0, keys)?)
                .audit(event);
            match self.write_once(&organisation.id, batch).await {
                Ok(()) => return Ok(()),
                // The wording is judged again, against the one that was just saved.
                Err(Fault::Contended) => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        Err(Fault::Contended.into())
    }

    /// The edited wording of a language, and the version of its document (0 if it was never edited).
    async fn wording(
        &self,
        organisation: &Organisation,
        language: Language,
    ) -> Result<(LetterWording, u64), Fault> {
        let id = &organisation.id;
        let configured = organisation.reach.letters.of(language);
        let stored = self.store.document(id, LETTER_TEMPLATE, language.tag()).await?;
        let Some(stored) = stored else {
            return Ok((LetterWording { template: configured.clone(), latest: None }, 0));
        };
        let worded = stored.read::<StoredWording>()?;
        let template = worded.template(language).unwrap_or_else(|| configured.clone());
        Ok((LetterWording { template, latest: Some(worded.edition()) }, stored.version))
    }
}

fn too_many_editions() -> WordingFault {
    let text = format!(
        "this wording was edited {LETTER_EDITIONS_MAX} times, the most that are kept: write it in a file of the \
         configuration ([organisation.letters]), and go back to that"
    );
    Fault::Refused(text).into()
}

/// Checks a wording by the rules for saving, and lists the parts that it omits.
///
/// # Errors
/// [`WordingFault::Unfollowed`]
pub fn try_wording(
    organisation: &Organisation,
    language: Language,
    source: &str,
) -> Result<TriedWording, WordingFault> {
    tried(organisation, language, 0, source)
}

fn tried(
    organisation: &Organisation,
    language: Language,
    edition: u64,
    source: &str,
) -> Result<TriedWording, WordingFault> {
    // Browsers end lines with two characters.
    let source = source.replace("\r\n", "\n");
    let template =
        Template::edited(language, edition, &source).map_err(WordingFault::Unfollowed)?;
    let unsaid = template.unsaid(&organisation.profile).map_err(WordingFault::Unfollowed)?;
    Ok(TriedWording { template, unsaid })
}

fn worded(organisation: &Organisation, letters: Templates) -> Cow<'_, Organisation> {
    if letters == organisation.reach.letters {
        return Cow::Borrowed(organisation);
    }
    let mut organisation = organisation.clone();
    organisation.reach.letters = letters;
    Cow::Owned(organisation)
}

const fn index_of(language: Language) -> &'static str {
    let [english, welsh] = EDITIONS;
    match language {
        Language::English => english,
        Language::Welsh => welsh,
    }
}

fn id_of(language: Language, number: u64) -> String {
    format!("{}.{number:012}", language.tag())
}
