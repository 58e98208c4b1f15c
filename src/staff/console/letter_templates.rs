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
use crate::casework::letter_wording::{LetterWordings, WordingOrigin};
use crate::domain::language::Language;
use crate::domain::letter::{self, Document, Letter, Said, Terms, page as laid_out, samples};
use crate::domain::restriction::KindName;
use crate::staff::Staff;
use crate::staff::permit::KeepsSettings;

/// The path of one sample, as a page by itself.
pub(super) const SAMPLE: &str = "/settings/templates/sample";

/// The template of one language.
struct TemplateLine {
    name: &'static str,
    code: &'static str,
    /// Where the wording comes from.
    origin: String,
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
}

/// Where a wording comes from: "edited by Mia Lund, Mon 23 Nov, 10:00".
pub(super) fn origin(visit: &Visit, wordings: &LetterWordings, of: Language) -> String {
    let w = words::LetterTemplates::of(visit.language());
    let wording = wordings.of(of);
    match (wordings.origin(of), &wording.latest) {
        (WordingOrigin::Edited, Some(latest)) => {
            let zone = visit.organisation.profile.timezone;
            let at = say::when(latest.at, visit.now(), zone, visit.language());
            format!("{} {}, {at}", w.edited, latest.by)
        }
        (WordingOrigin::Shipped, _) => w.shipped.to_owned(),
        (WordingOrigin::Configured | WordingOrigin::Edited, _) => {
            format!("{} {}", w.configured, wording.template.name())
        }
    }
}

fn template_lines(visit: &Visit, wordings: &LetterWordings, shown: Language) -> Vec<TemplateLine> {
    let templates = &wordings.templates;
    Language::ALL
        .into_iter()
        .map(|language| TemplateLine {
            name: language.own_name(),
            code: language.tag(),
            origin: origin(visit, wordings, language),
            version: templates.of(language).version(),
            approved: templates.is_approved(language),
            // Loading and saving refuse faulty templates, so this never fails.
            fingerprint: templates.fingerprint(language).unwrap_or_default(),
            is_shown: language == shown,
        })
        .collect()
}

/// The kind of restriction that a sample imposes; `None`: it says no more than that there is one, or none.
fn restricts(letter: &Letter) -> Option<KindName> {
    let terms = letter.said.iter().find_map(|said| match said {
        Said::Restrictions { terms } => Some(terms),
        _ => None,
    })?;
    Some(match terms {
        Terms::PointOfContact { .. } => KindName::SinglePointOfContact,
        Terms::OnlyChannels { .. } => KindName::ChannelsOnly,
        Terms::OnlyHours { .. } => KindName::HoursOnly,
        Terms::Contacts { .. } => KindName::ContactQuota,
        Terms::IssueClosed { .. } => KindName::IssueClosed,
        Terms::Issues { .. } => KindName::IssueQuota,
        Terms::OnlyRepresentative { .. } => KindName::RepresentativeOnly,
        Terms::ReadAndFile { .. } => KindName::ReadAndFile,
        Terms::ComplaintClosed { .. } => KindName::ComplaintClosed,
        Terms::CallLength { .. } => KindName::CallLength,
        Terms::VisitsInPairs => KindName::VisitsInPairs,
        Terms::AppointmentOnly => KindName::AppointmentOnly,
        Terms::DocumentsReturned { .. } => KindName::DocumentsReturned,
        // The letter's own kind says it.
        Terms::ContactEnded { .. } | Terms::LessThanBefore => return None,
    })
}

/// The samples' names, in order: their subjects, numbered if several are of one kind, with what they restrict.
pub(super) fn sample_names(visit: &Visit, of: Language) -> Vec<String> {
    let mut of_kind: BTreeMap<&str, usize> = BTreeMap::new();
    let name = |letter: &Letter| {
        let number = of_kind.entry(letter.kind.name()).or_default();
        *number += 1;
        let subject = say::letter_kind(letter.kind, visit.language());
        match restricts(letter) {
            Some(kind) => format!("{subject} {number}: {}", say::kind(kind, visit.language())),
            None => format!("{subject} {number}"),
        }
    };
    samples(of).iter().map(name).collect()
}

fn sample_lines(visit: &Visit, wanted: Wanted) -> Vec<SampleLine> {
    let names = sample_names(visit, wanted.language).into_iter().zip(1..);
    names
        .map(|(name, sample)| SampleLine {
            href: format!("/settings/templates{}", Wanted { sample, ..wanted }.query()),
            name,
            is_shown: sample == wanted.sample,
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
    let wordings = staff.casework(&visit).desk.letter_wordings(&visit.organisation).await?;
    page(&TemplatesPage {
        f: Frame::of(&staff, &visit, Section::Settings, w.title),
        w,
        settings: words::Settings::of(visit.language()).title,
        templates: template_lines(&visit, &wordings, wanted.language),
        shown: format!("{SAMPLE}{}", wanted.query()),
        shown_name: shown.name.clone(),
        other_size: format!("/settings/templates{}", other.query()),
        is_large: wanted.large_print,
        samples,
    })
}

/// One sample letter, as the organisation's template lays it out.
pub(super) async fn sample(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<KeepsSettings>,
    asked: Asked,
) -> Page {
    let wanted = Wanted::of(&asked);
    let letter = letter::sample(wanted.language, wanted.sample).ok_or(Trouble::NotFound)?;
    let wordings = staff.casework(&visit).desk.letter_wordings(&visit.organisation).await?;
    let template = &wordings.of(wanted.language).template;
    // Faulty templates are refused earlier, so any sample can be laid out.
    let document = template.lay_out(&letter).map_err(|_| Trouble::NotFound)?;
    Ok(sheet(laid_out(&Document { large_print: wanted.large_print, ..document })))
}
