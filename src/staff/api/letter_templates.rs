//! The wording of letters: read, edit, try, and put back to the configured one.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::contacts::NoQuery;
use super::people::Tagged;
use crate::casework::Fault;
use crate::casework::letter_wording::{
    LetterEdition, LetterWordings, TriedWording, WordingFault, try_wording,
};
use crate::casework::person_check::PersonFault;
use crate::domain::language::Language;
use crate::domain::letter::{Document, TemplateFault, UnsaidPart, page, plain, sample, samples};
use crate::staff::permit::{KeepsSettings, Permitted};
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, IfMatch, Json, Named};

/// The wordings of letters, by language.
#[derive(Serialize, ToSchema)]
pub struct LetterTemplateList {
    templates: Vec<LetterTemplateEntry>,
}

/// The wording of letters in a language.
#[derive(Serialize, ToSchema)]
pub struct LetterTemplateEntry {
    /// `en` or `cy`.
    language: String,
    /// `shipped` (comes with the gateway), `configured` (a file that the configuration names) or `edited` (in the
    /// console or here).
    origin: String,
    /// The name that letters give.
    version: String,
    /// The latest edition, from 1; 0 if it was never edited.
    edition: u64,
    /// Who made that edition.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<DateTime<Utc>>,
    /// Whether letters in the language may be sent: English always, Welsh once the configuration has the fingerprint.
    approved: bool,
    /// The fingerprint by which the configuration approves Welsh.
    fingerprint: String,
}

/// A wording with its template.
#[derive(Serialize, ToSchema)]
pub struct LetterTemplateRead {
    #[serde(flatten)]
    entry: LetterTemplateEntry,
    source: String,
    /// Required parts that the template omits. Only a change of the policy after saving can cause this.
    unsaid: Vec<UnsaidPartEntry>,
    /// The latest 50 editions, the newest first.
    editions: Vec<LetterEditionEntry>,
}

/// A part that letters need.
#[derive(Serialize, ToSchema)]
pub struct UnsaidPartEntry {
    part: String,
    /// Left out if the law requires it.
    #[serde(skip_serializing_if = "Option::is_none")]
    clause: Option<String>,
}

/// A change of the wording.
#[derive(Serialize, ToSchema)]
pub struct LetterEditionEntry {
    edition: u64,
    by: String,
    at: DateTime<Utc>,
    /// Whether it went back to the configured wording.
    as_configured: bool,
}

/// A template, as docs/letters.md describes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LetterTemplateToSave {
    source: String,
}

/// A template to try.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LetterTemplateToTry {
    /// Left out for the current template.
    source: Option<String>,
    /// The number of the sample letter, from 1; left out for the first.
    sample: Option<usize>,
    #[serde(default)]
    large_print: bool,
}

/// A sample letter by the template.
#[derive(Serialize, ToSchema)]
pub struct LetterTemplateTried {
    sample: usize,
    /// How many samples there are.
    samples: usize,
    /// The kind of letter.
    kind: String,
    html: String,
    text: String,
    /// Required parts that the template omits, which keep it from being saved.
    unsaid: Vec<UnsaidPartEntry>,
}

/// The wording of letters, in each language.
#[utoipa::path(
    get, path = "/api/v1/letter-templates", operation_id = "list_letter_templates", tag = "letters",
    responses((status = 200, description = "Wordings", body = LetterTemplateList))
)]
pub async fn list(
    caller: Permitted<KeepsSettings>,
    _query: Asked<NoQuery>,
) -> Result<axum::Json<LetterTemplateList>, Problem> {
    let wordings = caller.casework().desk.letter_wordings(caller.organisation()).await?;
    let templates = Language::ALL.into_iter().map(|language| entry(&wordings, language)).collect();
    Ok(axum::Json(LetterTemplateList { templates }))
}

/// The wording of letters in a language, with the template and its history. The entity tag is for `If-Match`.
#[utoipa::path(
    get, path = "/api/v1/letter-templates/{language}", operation_id = "read_letter_template", tag = "letters",
    params(("language" = String, Path, description = "`en` or `cy`")),
    responses((status = 200, description = "The wording", body = LetterTemplateRead))
)]
pub async fn read(
    caller: Permitted<KeepsSettings>,
    Named(language): Named<String>,
    _query: Asked<NoQuery>,
) -> Result<Tagged<LetterTemplateRead>, Problem> {
    let language = known(&language)?;
    as_it_is(&caller, language).await
}

/// Save a template, which letters on every gateway use from now on. Approved letters keep their words. Templates that
/// can't be followed, or omit a part that the policy or the law requires, are refused. Letters in Welsh are not sent
/// until the new wording is approved.
#[utoipa::path(
    put, path = "/api/v1/letter-templates/{language}", operation_id = "save_letter_template", tag = "letters",
    params(
        ("language" = String, Path, description = "`en` or `cy`"),
        ("If-Match" = Option<String>, Header, description = "the entity tag of the wording as it was read"),
    ),
    request_body = LetterTemplateToSave,
    responses(
        (status = 200, description = "The wording", body = LetterTemplateRead),
        (status = 412, description = "Somebody else changed it since it was read"),
        (status = 422, description = "It can't be followed, or lacks a part: `faults` has each"),
    )
)]
pub async fn save(
    caller: Permitted<KeepsSettings>,
    Named(language): Named<String>,
    IfMatch(expected): IfMatch,
    _query: Asked<NoQuery>,
    Json(asked): Json<LetterTemplateToSave>,
) -> Result<Tagged<LetterTemplateRead>, Problem> {
    let language = known(&language)?;
    let (desk, organisation) = (&caller.casework().desk, caller.organisation());
    let by = caller.name();
    let saved = desk.word_letters(organisation, language, &asked.source, &expected, by).await;
    saved.map_err(not_saved)?;
    as_it_is(&caller, language).await
}

/// Go back to the configured wording. Editions are kept.
#[utoipa::path(
    delete, path = "/api/v1/letter-templates/{language}", operation_id = "reset_letter_template", tag = "letters",
    params(
        ("language" = String, Path, description = "`en` or `cy`"),
        ("If-Match" = Option<String>, Header, description = "the entity tag of the wording as it was read"),
    ),
    responses(
        (status = 204, description = "Letters have the configured wording"),
        (status = 404, description = "They have it already"),
        (status = 412, description = "Somebody else changed it since it was read"),
    )
)]
pub async fn reset(
    caller: Permitted<KeepsSettings>,
    Named(language): Named<String>,
    IfMatch(expected): IfMatch,
    _query: Asked<NoQuery>,
) -> Result<StatusCode, Problem> {
    let language = known(&language)?;
    let (desk, organisation) = (&caller.casework().desk, caller.organisation());
    desk.word_letters_as_configured(organisation, language, &expected, caller.name()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A sample letter by a template, and the parts that it omits. Nothing is saved.
#[utoipa::path(
    post, path = "/api/v1/letter-templates/{language}/preview", operation_id = "preview_letter_template", tag = "letters",
    params(("language" = String, Path, description = "`en` or `cy`")),
    request_body = LetterTemplateToTry,
    responses(
        (status = 200, description = "The sample", body = LetterTemplateTried),
        (status = 404, description = "There is no such sample"),
        (status = 422, description = "The template can't be followed"),
    )
)]
pub async fn preview(
    caller: Permitted<KeepsSettings>,
    Named(language): Named<String>,
    _query: Asked<NoQuery>,
    Json(asked): Json<LetterTemplateToTry>,
) -> Result<axum::Json<LetterTemplateTried>, Problem> {
    let language = known(&language)?;
    let organisation = caller.organisation();
    let tried = match &asked.source {
        Some(source) => try_wording(organisation, language, source).map_err(not_saved)?,
        None => {
            let wordings = caller.casework().desk.letter_wordings(organisation).await?;
            let template = wordings.of(language).template.clone();
            let unsaid = template.unsaid(&organisation.profile).map_err(unfollowed)?;
            TriedWording { template, unsaid }
        }
    };
    let number = asked.sample.unwrap_or(1);
    let letter = sample(language, number).ok_or(Fault::NotFound("sample"))?;
    let document = tried.template.lay_out(&letter).map_err(unfollowed)?;
    let document = Document { large_print: asked.large_print, ..document };
    Ok(axum::Json(LetterTemplateTried {
        sample: number,
        samples: samples(language).len(),
        kind: letter.kind.name().to_owned(),
        html: page(&document),
        text: plain(&document),
        unsaid: tried.unsaid.into_iter().map(unsaid_entry).collect(),
    }))
}

async fn as_it_is(
    caller: &Permitted<KeepsSettings>,
    language: Language,
) -> Result<Tagged<LetterTemplateRead>, Problem> {
    let (desk, organisation) = (&caller.casework().desk, caller.organisation());
    let wordings = desk.letter_wordings(organisation).await?;
    let editions = desk.letter_editions(&organisation.id, language).await?;
    let wording = wordings.of(language);
    // A template that can't be followed any more is still shown.
    let unsaid = wording.template.unsaid(&organisation.profile).unwrap_or_default();
    let body = LetterTemplateRead {
        entry: entry(&wordings, language),
        source: wording.template.source().to_owned(),
        unsaid: unsaid.into_iter().map(unsaid_entry).collect(),
        editions: editions.into_iter().map(edition_entry).collect(),
    };
    Ok(Tagged::part(wording.tag(), body))
}

fn known(language: &str) -> Result<Language, Fault> {
    Language::of_tag(language).ok_or(Fault::NotFound("language of letters"))
}

fn entry(wordings: &LetterWordings, language: Language) -> LetterTemplateEntry {
    let (wording, templates) = (wordings.of(language), &wordings.templates);
    let latest = wording.latest.as_ref();
    LetterTemplateEntry {
        language: language.tag().to_owned(),
        origin: wordings.origin(language).name().to_owned(),
        version: wording.template.version(),
        edition: wording.edition(),
        changed_by: latest.map(|latest| latest.by.clone()),
        changed_at: latest.map(|latest| latest.at),
        approved: templates.is_approved(language),
        // A template that can't be followed has none.
        fingerprint: templates.fingerprint(language).unwrap_or_default(),
    }
}

fn edition_entry(edition: LetterEdition) -> LetterEditionEntry {
    let LetterEdition { number, by, at, as_configured } = edition;
    LetterEditionEntry { edition: number, by, at, as_configured }
}

fn unsaid_entry(unsaid: UnsaidPart) -> UnsaidPartEntry {
    UnsaidPartEntry { part: unsaid.part, clause: unsaid.clause }
}

fn not_saved(fault: WordingFault) -> Problem {
    let detail = fault.to_string();
    match fault {
        WordingFault::Unfollowed(fault) => unfollowed(fault),
        WordingFault::Unsaid(parts) => refused(detail, parts.iter().map(in_words).collect()),
        WordingFault::Store(fault) => fault.into(),
    }
}

fn unfollowed(fault: TemplateFault) -> Problem {
    let path = match fault.line {
        Some(line) => format!("line {line}"),
        None => "source".to_owned(),
    };
    let message = format!("{}; {}", fault.what, fault.trouble.right());
    refused("the template can't be followed".to_owned(), vec![PersonFault { path, message }])
}

fn in_words(unsaid: &UnsaidPart) -> PersonFault {
    let asks = match &unsaid.clause {
        Some(clause) => format!("the policy requires it ({clause})"),
        None => "the law requires it".to_owned(),
    };
    let message = format!("{asks}: insert `{}`", unsaid.tag());
    PersonFault { path: unsaid.part.clone(), message }
}

fn refused(detail: String, faults: Vec<PersonFault>) -> Problem {
    Problem::new(422, "template-refused", "The template is refused")
        .with_detail(detail)
        .with_faults(faults)
}
