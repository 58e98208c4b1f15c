//! Settings: the wording of letters in one language, to edit, try before saving, and put back.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::asked::Asked;
use super::case::Refusal;
use super::case::letter::sheet;
use super::form::Posted;
use super::frame::{Frame, Page, Section, go, with_status};
use super::letter_templates::{origin, sample_names};
use super::pressed::idle;
use super::say;
use super::trouble::Trouble;
use super::visit::{Visit, VisitOf};
use super::words;
use crate::casework::Fault;
use crate::casework::expected::{Expected, Tag};
use crate::casework::letter_wording::{
    LetterEdition, LetterWordings, TriedWording, WordingFault, try_wording,
};
use crate::domain::changed_lines::ChangedLines;
use crate::domain::language::Language;
use crate::domain::letter::{
    Document, Part, TemplateFault, TemplateTrouble, UnsaidPart, page as laid_out, plain, sample,
};
use crate::staff::Staff;
use crate::staff::permit::KeepsSettings;

/// An earlier wording, as the page lists it.
struct EditionLine {
    number: u64,
    by: String,
    at: String,
    what: &'static str,
    /// The link that puts its text into the form; `None` for the configured wording.
    href: Option<String>,
}

/// A change that somebody else saved meanwhile.
struct SavedMeanwhile {
    /// By whom and when.
    origin: String,
    first: usize,
    before: String,
    after: String,
}

#[derive(Template)]
#[template(path = "letter_wording.html")]
struct WordingPage {
    f: Frame,
    w: &'static words::WordingTexts,
    s: &'static words::Steps,
    templates: &'static str,
    name: &'static str,
    code: &'static str,
    is_welsh: bool,
    origin: String,
    is_edited: bool,
    source: String,
    /// The state and the edition that the form was made from.
    tag: String,
    edition: u64,
    samples: Vec<(usize, String, bool)>,
    sample: usize,
    refusals: Vec<Refusal>,
    /// The required parts that letters would lack, each with its clause and the tag that inserts it.
    unsaid: Vec<(String, Option<String>, String)>,
    meanwhile: Option<SavedMeanwhile>,
    /// The sample letter by this wording, once it was tried.
    preview: Option<String>,
    editions: Vec<EditionLine>,
    parts: Vec<&'static str>,
}

impl WordingPage {
    fn is_wrong(&self) -> bool {
        !self.refusals.is_empty() || !self.unsaid.is_empty()
    }
}

/// The form's fields, as they were sent or as they are first shown.
struct TypedWording {
    source: String,
    tag: String,
    edition: u64,
    sample: usize,
}

impl TypedWording {
    fn of(posted: &Posted) -> Self {
        TypedWording {
            source: posted.text("source").to_owned(),
            tag: posted.text("tag").to_owned(),
            edition: posted.text("edition").parse().unwrap_or(0),
            sample: posted.text("sample").parse().unwrap_or(1),
        }
    }

    /// The form with the current wording.
    fn now(wordings: &LetterWordings, of: Language) -> Self {
        let wording = wordings.of(of);
        TypedWording {
            source: wording.template.source().to_owned(),
            tag: wording.tag().as_str().to_owned(),
            edition: wording.edition(),
            sample: 1,
        }
    }

    fn expected(&self) -> Expected {
        Expected::OneOf(vec![Tag::from(self.tag.clone())])
    }
}

/// The outcome of a form.
#[derive(Default)]
struct CameOf {
    said: Option<String>,
    refusals: Vec<Refusal>,
    unsaid: Vec<(String, Option<String>, String)>,
    meanwhile: Option<SavedMeanwhile>,
    tried: Option<TriedWording>,
}

fn known(code: &str) -> Result<Language, Trouble> {
    Language::of_tag(code).ok_or(Trouble::NotFound)
}

pub(super) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<KeepsSettings>,
    Path(code): Path<String>,
    asked: Asked,
) -> Page {
    let of = known(&code)?;
    let desk = &staff.casework(&visit).desk;
    let w = words::WordingTexts::of(visit.language());
    let wordings = desk.letter_wordings(&visit.organisation).await?;
    let mut typed = TypedWording::now(&wordings, of);
    let mut said = match asked.text("done") {
        Some("saved") => Some(w.saved.to_owned()),
        Some("configured") => Some(w.went_back.to_owned()),
        _ => None,
    };
    if let Some(number) = asked.number("edition") {
        let edition = desk.letter_edition(&visit.organisation.id, of, number).await?;
        let edition = edition.ok_or(Trouble::NotFound)?;
        edition.source().clone_into(&mut typed.source);
        said = Some(w.from_edition.replace("{n}", &number.to_string()));
    }
    let came = CameOf { said, ..CameOf::default() };
    shown(&staff, &visit, (of, &wordings), typed, came).await
}

/// Saves, tries or puts back the wording, depending on the button.
pub(super) async fn act(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<KeepsSettings>,
    Path(code): Path<String>,
    posted: Posted,
) -> Page {
    let of = known(&code)?;
    let (desk, organisation) = (&staff.casework(&visit).desk, &visit.organisation);
    let (typed, by) = (TypedWording::of(&posted), visit.name());
    let expected = typed.expected();
    let done = match posted.text("verb") {
        "save" => desk.word_letters(organisation, of, &typed.source, &expected, by).await,
        "try" => match try_wording(organisation, of, &typed.source) {
            Ok(tried) => {
                let unsaid = unsaid(&visit, &tried.unsaid);
                let complete = words::WordingTexts::of(visit.language()).complete;
                let said = unsaid.is_empty().then(|| complete.to_owned());
                let came = CameOf { said, unsaid, tried: Some(tried), ..CameOf::default() };
                let wordings = desk.letter_wordings(organisation).await?;
                return shown(&staff, &visit, (of, &wordings), typed, came).await.map(idle);
            }
            Err(fault) => Err(fault),
        },
        "configured" => {
            let done = desk.word_letters_as_configured(organisation, of, &expected, by).await;
            done.map_err(WordingFault::from)
        }
        _ => return Err(Trouble::NotFound),
    };
    let came = match done {
        Ok(()) => {
            let done = if posted.text("verb") == "save" { "saved" } else { "configured" };
            return Ok(go(&format!("/settings/templates/{}?done={done}", of.tag())));
        }
        Err(WordingFault::Store(Fault::Changed(_))) => {
            return changed_meanwhile(&staff, &visit, of, typed, posted.has("source")).await;
        }
        Err(WordingFault::Store(fault)) => return Err(fault.into()),
        Err(WordingFault::Unfollowed(fault)) => {
            let refusals = vec![unfollowed(&visit, &fault, &typed.source)];
            CameOf { refusals, ..CameOf::default() }
        }
        Err(WordingFault::Unsaid(parts)) => {
            CameOf { unsaid: unsaid(&visit, &parts), ..CameOf::default() }
        }
    };
    let wordings = desk.letter_wordings(organisation).await?;
    shown(&staff, &visit, (of, &wordings), typed, came).await
}

/// A sample letter as its own page, by a template that is not saved.
pub(super) async fn preview(
    visit: VisitOf<KeepsSettings>,
    Path(code): Path<String>,
    posted: Posted,
) -> Page {
    let of = known(&code)?;
    let typed = TypedWording::of(&posted);
    // The page with this link has tried it already.
    let tried = try_wording(&visit.organisation, of, &typed.source);
    let tried = tried.map_err(|_| Trouble::NotFound)?;
    let document = sample_by(&tried, typed.sample).ok_or(Trouble::NotFound)?;
    let large_print = posted.text("size") == "large";
    Ok(sheet(laid_out(&Document { large_print, ..document })))
}

fn sample_by(tried: &TriedWording, number: usize) -> Option<Document> {
    tried.template.lay_out(&sample(tried.template.language, number)?).ok()
}

/// The page after somebody else saved: their changes, and the text that was typed here.
async fn changed_meanwhile(
    staff: &Staff,
    visit: &Visit,
    of: Language,
    typed: TypedWording,
    has_source: bool,
) -> Page {
    let (desk, organisation) = (&staff.casework(visit).desk, &visit.organisation);
    let wordings = desk.letter_wordings(organisation).await?;
    let now = TypedWording::now(&wordings, of);
    let began = desk.letter_edition(&organisation.id, of, typed.edition).await?;
    let configured = organisation.reach.letters.of(of);
    let before = began.as_ref().unwrap_or(configured).source();
    let after = wordings.of(of).template.source();
    let changed = ChangedLines::between(before, after);
    let meanwhile = SavedMeanwhile {
        origin: origin(visit, &wordings, of),
        first: changed.map_or(1, |one| one.first),
        before: changed.map_or_else(String::new, |one| one.before.to_owned()),
        after: changed.map_or_else(String::new, |one| one.after.to_owned()),
    };
    let typed = TypedWording {
        source: if has_source { typed.source } else { now.source },
        sample: typed.sample,
        ..now
    };
    let came = CameOf { meanwhile: Some(meanwhile), ..CameOf::default() };
    shown(staff, visit, (of, &wordings), typed, came).await
}

async fn shown(
    staff: &Staff,
    visit: &Visit,
    (of, wordings): (Language, &LetterWordings),
    typed: TypedWording,
    came: CameOf,
) -> Page {
    let language = visit.language();
    let w = words::WordingTexts::of(language);
    let names = sample_names(visit, of).into_iter().zip(1..);
    let is_tried = came.tried.is_some();
    let is_whole = came.refusals.is_empty() && came.unsaid.is_empty();
    let status = match (&came.meanwhile, is_whole) {
        (Some(_), _) => StatusCode::CONFLICT,
        (None, false) if !is_tried => StatusCode::UNPROCESSABLE_ENTITY,
        (None, _) => StatusCode::OK,
    };
    let document = came.tried.as_ref().and_then(|tried| sample_by(tried, typed.sample));
    let title = format!("{}: {}", w.title, of.own_name());
    let mut f = Frame::of(staff, visit, Section::Settings, &title);
    f.here = format!("/settings/templates/{}", of.tag());
    let page = WordingPage {
        f: f.in_error(status != StatusCode::OK).saying(came.said.as_deref()),
        w,
        s: words::Steps::of(language),
        templates: words::LetterTemplates::of(language).title,
        name: of.own_name(),
        code: of.tag(),
        is_welsh: of == Language::Welsh,
        origin: origin(visit, wordings, of),
        is_edited: wordings.of(of).is_edited(),
        samples: names.map(|(name, number)| (number, name, number == typed.sample)).collect(),
        sample: typed.sample,
        preview: document.map(|document| plain(&document)),
        refusals: came.refusals,
        unsaid: came.unsaid,
        meanwhile: came.meanwhile,
        editions: editions(staff, visit, of).await?,
        parts: Part::ALL.into_iter().map(Part::name).collect(),
        source: typed.source,
        tag: typed.tag,
        edition: typed.edition,
    };
    with_status(status, &page)
}

async fn editions(staff: &Staff, visit: &Visit, of: Language) -> Result<Vec<EditionLine>, Trouble> {
    let w = words::WordingTexts::of(visit.language());
    let zone = visit.organisation.profile.timezone;
    let desk = &staff.casework(visit).desk;
    let editions = desk.letter_editions(&visit.organisation.id, of).await?;
    let line = |one: LetterEdition| EditionLine {
        number: one.number,
        at: say::when(one.at, visit.now(), zone, visit.language()),
        by: one.by,
        what: if one.as_configured { w.as_configured } else { w.edited },
        href: (!one.as_configured)
            .then(|| format!("/settings/templates/{}?edition={}", of.tag(), one.number)),
    };
    Ok(editions.into_iter().map(line).collect())
}

/// The required parts that letters would lack, each with its clause and the tag that inserts it.
fn unsaid(visit: &Visit, parts: &[UnsaidPart]) -> Vec<(String, Option<String>, String)> {
    let mut lines: Vec<(String, Option<String>, String)> = Vec::new();
    for one in parts {
        let tag = one.tag();
        // A policy may have several names for the same part.
        match lines.iter_mut().find(|(.., known)| *known == tag) {
            Some((_, clause, _)) => *clause = clause.take().or_else(|| one.clause.clone()),
            None => {
                let name = match Part::asked_for_as(&one.part) {
                    Some(part) => part.heading(visit.language()).to_owned(),
                    None => say::capitalised(&one.part),
                };
                lines.push((name, one.clause.clone(), tag));
            }
        }
    }
    lines
}

/// Why a template can't be followed, with the faulty line as typed.
fn unfollowed(visit: &Visit, fault: &TemplateFault, source: &str) -> Refusal {
    let w = words::WordingTexts::of(visit.language());
    let right = match fault.trouble {
        TemplateTrouble::TooLong => w.too_long,
        TemplateTrouble::TooDeep => w.too_deep,
        TemplateTrouble::Syntax => w.syntax,
        TemplateTrouble::Unknown => w.unknown,
        TemplateTrouble::TooMuch => w.too_much,
        TemplateTrouble::Title => w.no_title,
        TemplateTrouble::Tag => w.tag,
    };
    let at = fault.line.and_then(|line| Some((line, source.lines().nth(line.checked_sub(1)?)?)));
    let sentence = match at {
        Some((line, text)) => {
            let text: String = text.trim().chars().take(LINE_CHARS_SHOWN).collect();
            format!("{}. {} {line}: {text}", w.unfollowed, w.line)
        }
        None => format!("{}.", w.unfollowed),
    };
    Refusal {
        href: Some("#source".to_owned()),
        sentence,
        right,
        clause: None,
        detail: Some(fault.what.clone()),
    }
}

/// Characters that are shown of a faulty line. More: left out.
const LINE_CHARS_SHOWN: usize = 120;
