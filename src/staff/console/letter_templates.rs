//! Settings: how letters are worded. The organisation's templates, with sample letters of every kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::asked::Asked;
use super::case::letter::sheet;
use super::frame::{Frame, Page, Section, page};
use super::say;
use super::trouble::Trouble;
use super::visit::{Visit, VisitOf};
use super::words;
use crate::domain::language::Language;
use crate::domain::letter::{Document, Letter, page as laid_out, samples};
use crate::domain::organisation::Organisation;
use crate::staff::Staff;
use crate::staff::permit::KeepsSettings;

/// The path of one sample, as a page by itself.
pub(super) const SAMPLE: &str = "/settings/templates/sample";

/// The template of one language.
struct TemplateLine {
    name: &'static str,
    code: &'static str,
    version: String,
    approved: bool,
    /// The fingerprint of the wording, by which the configuration approves it.
    fingerprint: String,
    is_shown: bool,
}

/// A link to a sample letter.
struct SampleLine {
    href: String,
    name: String,
    is_shown: bool,
}

#[derive(Template)]
#[template(path = "letter_templates.html")]
struct TemplatesPage {
    f: Frame,
    w: &'static words::LetterTemplates,
    settings: &'static str,
    templates: Vec<TemplateLine>,
    samples: Vec<SampleLine>,
    /// The address of the sample shown, and its name.
    shown: String,
    shown_name: String,
    /// The address of this page with the sample in the other print size.
    other_size: String,
    is_large: bool,
}

/// What the address asks for; by default the first sample in English.
#[derive(Clone, Copy)]
struct Wanted {
    language: Language,
    sample: usize,
    large_print: bool,
}

impl Wanted {
    fn of(asked: &Asked) -> Self {
        let language = asked.text("language").and_then(Language::of_tag);
        let number = asked.number("sample").and_then(|one| usize::try_from(one).ok());
        Wanted {
            language: language.unwrap_or(Language::English),
            sample: number.unwrap_or(1),
            large_print: asked.text("size") == Some("large"),
        }
    }

    fn query(self) -> String {
        let size = if self.large_print { "&size=large" } else { "" };
        format!("?language={}&sample={}{size}", self.language.tag(), self.sample)
    }

    fn letter(self) -> Result<Letter, Trouble> {
        let at = self.sample.checked_sub(1).ok_or(Trouble::NotFound)?;
        samples(self.language).into_iter().nth(at).ok_or(Trouble::NotFound)
    }
}

fn template_lines(organisation: &Organisation, shown: Language) -> Vec<TemplateLine> {
    let templates = &organisation.reach.letters;
    Language::ALL
        .into_iter()
        .map(|language| TemplateLine {
            name: language.own_name(),
            code: language.tag(),
            version: templates.of(language).version(),
            approved: templates.is_approved(language),
            // A faulty template is refused before the gateway starts.
            fingerprint: templates.fingerprint(language).unwrap_or_default(),
            is_shown: language == shown,
        })
        .collect()
}

/// The samples by subject; several of one kind are numbered.
fn sample_lines(visit: &Visit, wanted: Wanted) -> Vec<SampleLine> {
    let mut of_kind: BTreeMap<&str, usize> = BTreeMap::new();
    let letters = samples(wanted.language);
    letters
        .iter()
        .zip(1..)
        .map(|(letter, sample)| {
            let number = of_kind.entry(letter.kind.name()).or_default();
            *number += 1;
            let kind = say::letter_kind(letter.kind, visit.language());
            SampleLine {
                href: format!("/settings/templates{}", Wanted { sample, ..wanted }.query()),
                name: format!("{kind} {number}"),
                is_shown: sample == wanted.sample,
            }
        })
        .collect()
}

pub(super) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<KeepsSettings>,
    asked: Asked,
) -> Page {
    let wanted = Wanted::of(&asked);
    let w = words::LetterTemplates::of(visit.language());
    let samples = sample_lines(&visit, wanted);
    let shown = samples.iter().find(|one| one.is_shown).ok_or(Trouble::NotFound)?;
    let other = Wanted { large_print: !wanted.large_print, ..wanted };
    page(&TemplatesPage {
        f: Frame::of(&staff, &visit, Section::Settings, w.title),
        w,
        settings: words::Settings::of(visit.language()).title,
        templates: template_lines(&visit.organisation, wanted.language),
        shown: format!("{SAMPLE}{}", wanted.query()),
        shown_name: shown.name.clone(),
        other_size: format!("/settings/templates{}", other.query()),
        is_large: wanted.large_print,
        samples,
    })
}

/// One sample letter, as the organisation's template lays it out.
pub(super) async fn sample(visit: VisitOf<KeepsSettings>, asked: Asked) -> Page {
    let wanted = Wanted::of(&asked);
    let letter = wanted.letter()?;
    let template = visit.organisation.reach.letters.of(wanted.language);
    // Faults of a template are found at the start, so a sample that can't be laid out does not exist.
    let document = template.lay_out(&letter).map_err(|_| Trouble::NotFound)?;
    Ok(sheet(laid_out(&Document { large_print: wanted.large_print, ..document })))
}
