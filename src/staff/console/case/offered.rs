//! Which steps somebody may take now. The production step says so itself: it is tried on the file that was read, and
//! nothing is kept.

use serde_json::{Map, Value};

use super::describe::{self, StepForm, Two};
use super::refusal::{self, Refusal};
use super::setting::Desktop;
use crate::domain::broken::Broken;
use crate::domain::case::act::Act;
use crate::domain::lifecycle::{self, Step};
use crate::domain::refusal_code::RefusalCode;
use crate::staff::console::form::quoted;
use crate::staff::console::visit::Visit;

/// A step that can be taken, as a link to its page.
pub(super) struct StepLink {
    pub href: String,
    pub text: String,
}

/// A step that was tried.
pub(super) enum Tried {
    /// It can be taken, once its fields are filled in.
    Open(StepLink),
    /// It is this person's to take and not by this user, or not yet: why.
    Shut(Vec<Refusal>),
    /// It makes no sense now.
    Closed,
}

/// What a page's fields will answer: no reason not to show the page.
const ASKED_THERE: [RefusalCode; 9] = [
    RefusalCode::FieldMissing,
    RefusalCode::IncidentMissing,
    RefusalCode::GroundsMissing,
    RefusalCode::AdjustmentsNotConsidered,
    RefusalCode::LetterNotSent,
    RefusalCode::LetterPartMissing,
    RefusalCode::ReviewMissing,
    RefusalCode::MediumNotAllowed,
    RefusalCode::LesserMissing,
];

/// There is nothing of it to do.
const OVER: [RefusalCode; 2] = [RefusalCode::StateWrong, RefusalCode::ReferenceUnknown];

/// The step tried: a step, about something, with more that a link fills in.
pub(super) struct Trial<'a> {
    pub step: &'static StepForm,
    pub about: &'a str,
    pub more: &'a [(&'static str, &'a str)],
    /// The link's own words, where the step's title would not do.
    pub text: Option<Two>,
}

impl<'a> Trial<'a> {
    pub(super) fn of(act: &str, about: &'a str) -> Option<Self> {
        describe::step(act).map(|step| Trial { step, about, more: &[], text: None })
    }
}

/// Tries a step.
pub(super) fn tried(visit: &Visit, desktop: &Desktop, trial: &Trial<'_>) -> Tried {
    let step = trial.step.as_taken_by(&visit.organisation);
    if !visit.may_open(step.permit) {
        return Tried::Closed;
    }
    let broken = broken(visit, desktop, trial);
    if broken.iter().any(|one| OVER.contains(&one.code)) {
        return Tried::Closed;
    }
    let asks = !step.fields.is_empty();
    let open = broken.iter().all(|one| asks && ASKED_THERE.contains(&one.code));
    if open {
        return Tried::Open(link(visit, desktop, trial));
    }
    let left = broken.iter().filter(|one| !(asks && ASKED_THERE.contains(&one.code)));
    Tried::Shut(left.map(|one| refusal::of(one, step, None, visit.language())).collect())
}

fn link(visit: &Visit, desktop: &Desktop, trial: &Trial<'_>) -> StepLink {
    let language = visit.language();
    let step = trial.step.as_taken_by(&visit.organisation);
    let mut href = step_href(&desktop.read.person.id, step.act, trial.about);
    for (key, value) in trial.more {
        href.push_str(&format!("&{key}={}", quoted(value)));
    }
    StepLink { href, text: trial.text.unwrap_or(step.title).of(language).to_owned() }
}

/// The page of a step.
pub(super) fn step_href(person: &str, act: &str, about: &str) -> String {
    format!("/people/{}/steps/{act}?of={}", quoted(person), quoted(about))
}

/// What keeps the step from being taken as it is.
pub(super) fn broken(visit: &Visit, desktop: &Desktop, trial: &Trial<'_>) -> Vec<Broken> {
    let mut fields = Map::new();
    fields.insert("act".to_owned(), trial.step.act.into());
    if let Some(key) = trial.step.about.filter(|_| !trial.about.is_empty()) {
        fields.insert(key.to_owned(), trial.about.into());
    }
    for (key, value) in trial.more {
        fields.insert((*key).to_owned(), (*value).into());
    }
    let Ok(act) = serde_json::from_value::<Act>(Value::Object(fields)) else { return Vec::new() };
    let step = Step {
        others: &[],
        organisation: &desktop.worded,
        staff: &desktop.staff,
        act: &act,
        id: None,
        by: visit.name(),
        at: visit.now(),
    };
    lifecycle::step(&desktop.read.file, &desktop.read.person, &step).err().unwrap_or_default()
}

/// Only the link, if the step can be taken.
pub(super) fn open(visit: &Visit, desktop: &Desktop, act: &str, about: &str) -> Option<StepLink> {
    match tried(visit, desktop, &Trial::of(act, about)?) {
        Tried::Open(link) => Some(link),
        Tried::Shut(_) | Tried::Closed => None,
    }
}

/// A letter of a kind about something.
pub(super) fn letter(
    visit: &Visit,
    desktop: &Desktop,
    kind: &'static str,
    about: &str,
    text: Two,
) -> Option<StepLink> {
    let step = describe::step("draft_letter")?;
    let trial = Trial { step, about, more: &[("kind", kind)], text: Some(text) };
    match tried(visit, desktop, &trial) {
        Tried::Open(link) => Some(link),
        Tried::Shut(_) | Tried::Closed => None,
    }
}
