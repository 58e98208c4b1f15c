//! What the page of a proposal shows, each computed by what decides and writes in production.

use super::Checked;
use crate::casework::back_test::{BackTest, Draft};
use crate::domain::case::anchors::day;
use crate::domain::case::letter::{CaseLetter, Format, LetterKind, parts_of};
use crate::domain::decision::Disposition;
use crate::domain::invisible::is_blank;
use crate::domain::language::Language;
use crate::domain::letter::{About, Written, write};
use crate::domain::open_way::{Question, prove};
use crate::domain::restriction::{Kind, Mode, Restriction};
use crate::runtime::limits::CONSOLE_BACK_TEST_DAYS;
use crate::staff::Staff;
use crate::staff::console::case::cards::{Maker, lasting};
use crate::staff::console::case::describe::{self, two};
use crate::staff::console::case::offered::{self, StepLink};
use crate::staff::console::form::quoted;
use crate::staff::console::say;
use crate::staff::console::trouble::Trouble;
use crate::staff::console::words;

/// One answer of the proposal, and where it is changed.
pub(super) struct SettingAnswer {
    pub name: &'static str,
    pub value: String,
    pub change: Option<String>,
}

/// The way that stays open.
pub(super) enum Way {
    /// In a line.
    Open(String),
    /// From which day none does.
    Closed(String),
    /// The organisation has not said when it is staffed.
    Unset,
    /// Contact is ended.
    Ended,
}

pub(super) struct BackTested {
    pub contacts: usize,
    pub rows: Vec<(&'static str, usize)>,
    pub unknown: usize,
    /// A lighter form, and how many it lets through.
    pub lighter: Vec<(String, u64)>,
}

pub(super) struct LetterPart {
    /// The content of the frame; none: the letter can't be written.
    pub frame: Option<String>,
    pub drafted: bool,
    pub missing: Vec<String>,
}

/// The page on which the proposal is changed, where this user may.
pub(super) fn change_link(it: &Checked<'_>) -> Option<StepLink> {
    use crate::domain::case::proposal::ProposalState as State;
    let changeable = matches!(it.proposal.state, State::Draft | State::SentBack | State::Waiting);
    let step = describe::step("propose").filter(|_| changeable)?;
    it.visit.may_open(step.permit).then(|| {
        let person = quoted(&it.desktop.read.person.id);
        StepLink {
            href: format!("/people/{person}/steps/propose?proposal={}", quoted(&it.proposal.id)),
            text: words::Check::of(it.visit.language()).change.to_owned(),
        }
    })
}

/// What is proposed, each line with a link to the field that says it.
pub(super) fn answers(it: &Checked<'_>) -> Vec<SettingAnswer> {
    let (visit, proposal) = (it.visit, it.proposal);
    let make = Maker::new(visit, it.desktop);
    let (w, c) = (make.w, words::Check::of(visit.language()));
    let change = change_link(it).map(|link| link.href);
    let to = |field: &str| change.as_ref().map(|href| format!("{href}#f-{field}"));
    let mut answers = Vec::new();
    let mut put = |name, value: Option<String>, field: &str| {
        if let Some(value) = value.filter(|value| !is_blank(value)) {
            answers.push(SettingAnswer { name, value, change: to(field) });
        }
    };
    for (name, value) in lasting(make, &it.restriction) {
        let field = match name {
            name if name == w.grounds => "restriction-grounds",
            name if name == w.starts => "restriction-starts",
            name if name == w.ends => "restriction-ends",
            _ => "restriction-review-due",
        };
        // A day that follows from when it is put in force is not fixed yet.
        let open = name == w.starts && proposal.restriction.starts.is_none();
        put(name, Some(if open { c.from_now.to_owned() } else { value }), field);
    }
    put(c.because_of, Some(make.incidents(&proposal.incidents)), "incidents-0");
    put(w.aim, proposal.aim.clone(), "aim");
    put(w.why_no_lesser, proposal.why_no_lesser.clone(), "why-no-lesser");
    put(w.adjustments, proposal.adjustments_considered.clone(), "adjustments-considered-outcome");
    answers
}

/// The proof of the last open way, over everything that restricts the person together.
pub(super) fn way(it: &Checked<'_>) -> Way {
    let profile = &it.visit.organisation.profile;
    let language = it.visit.language();
    if matches!(it.restriction.kind, Kind::ContactEnded) {
        return Way::Ended;
    }
    if profile.staffed_hours.is_none() {
        return Way::Unset;
    }
    let person = &it.desktop.read.person;
    let zone = profile.timezone;
    let today = day(profile, it.visit.now());
    let first = it.restriction.starts.map_or(today, |starts| starts.day(zone)).max(today);
    match prove(&Question::of(profile, person, Some(&it.restriction), first)) {
        Err(closed) => Way::Closed(say::day(closed.from, language)),
        Ok(open) => {
            let c = words::Check::of(language);
            let who = open.who.map(|who| format!(", {} {who}", c.answered_by)).unwrap_or_default();
            let span = say::span(u32::from(open.from), u32::from(open.to));
            let channel = say::channel(open.channel, language);
            Way::Open(format!("{channel}, {}, {span}{who}", say::day(open.day, language)))
        }
    }
}

/// What it would have done to the contacts of the last weeks.
pub(super) async fn back_tested(staff: &Staff, it: &Checked<'_>) -> Result<BackTested, Trouble> {
    let draft = Draft {
        restriction: it.restriction.clone(),
        days: CONSOLE_BACK_TEST_DAYS,
        admitted_a_week: None,
    };
    let desk = &staff.casework(it.visit).desk;
    let (organisation, person) = (&it.visit.organisation, &it.desktop.read.person.id);
    let found: BackTest = desk.back_test(organisation, person, &draft).await?;
    let language = it.visit.language();
    let c = words::Check::of(language);
    let count = |these: &[Disposition]| {
        found.contacts.iter().filter(|one| these.contains(&one.would)).count()
    };
    let profile = &organisation.profile;
    let named = |one: &Restriction| {
        let terms = say::terms(&one.kind, profile, language);
        if one.mode == Mode::Observe { format!("{terms} ({})", c.observed) } else { terms }
    };
    Ok(BackTested {
        contacts: found.contacts.len(),
        rows: vec![
            (c.would_through, count(&[Disposition::Deliver, Disposition::Route])),
            (c.would_limited, count(&[Disposition::Limit])),
            (c.would_filed, count(&[Disposition::File])),
        ],
        unknown: found.contacts.iter().filter(|one| one.content_unknown).count(),
        lighter: found.lighter.iter().map(|one| (named(&one.restriction), one.admitted)).collect(),
    })
}

const fn kind_of_letter(it: &Checked<'_>) -> LetterKind {
    match it.restriction.kind {
        Kind::ContactEnded => LetterKind::ContactEnded,
        _ => LetterKind::Restriction,
    }
}

/// The letter about the proposal that was drafted last.
fn drafted<'a>(it: &'a Checked<'_>) -> Option<&'a CaseLetter> {
    let file = &it.desktop.read.file;
    file.letters.iter().rev().find(|one| one.kind.imposes() && one.about == it.proposal.id)
}

/// The letter as it would be drafted now.
pub(super) fn written(it: &Checked<'_>) -> Option<Written> {
    let (profile, person) = (&it.visit.organisation.profile, &it.desktop.read.person);
    let kind = kind_of_letter(it);
    let letter = CaseLetter {
        id: String::new(),
        kind,
        about: it.proposal.id.clone(),
        language: person.language.unwrap_or(Language::English),
        format: Format::of(person),
        parts: parts_of(profile, kind),
        changes: serde_json::Map::new(),
        why: None,
        words: std::collections::BTreeMap::new(),
        drafted_at: it.visit.now(),
        drafted_by: it.visit.name().to_owned(),
        approval: None,
        sent: None,
    };
    let about = About {
        organisation: &it.desktop.worded,
        file: &it.desktop.read.file,
        person,
        letter: &letter,
        day: day(profile, it.visit.now()),
    };
    write(about).ok()
}

pub(super) fn letter(it: &Checked<'_>) -> LetterPart {
    let own = format!("/people/{}", quoted(&it.desktop.read.person.id));
    if let Some(letter) = drafted(it) {
        let frame = format!("{own}/letters/{}/page", quoted(&letter.id));
        return LetterPart { frame: Some(frame), drafted: true, missing: Vec::new() };
    }
    let written = written(it);
    let language = it.visit.language();
    let frame = format!("{own}/proposals/{}/letter", quoted(&it.proposal.id));
    let missing = written.as_ref().map(|written| written.missing.clone()).unwrap_or_default();
    LetterPart {
        frame: written.map(|_| frame),
        drafted: false,
        missing: missing.iter().map(|part| say::letter_part(part, language)).collect(),
    }
}

/// The next step with the letter: to draft it, or to open it.
pub(super) fn letter_step(it: &Checked<'_>) -> Option<StepLink> {
    let c = words::Check::of(it.visit.language());
    if let Some(letter) = drafted(it) {
        let person = quoted(&it.desktop.read.person.id);
        let href = format!("/people/{person}/letters/{}", quoted(&letter.id));
        return Some(StepLink { href, text: c.open_letter.to_owned() });
    }
    let text = two("Draft the letter", "Drafftio'r llythyr");
    let kind = kind_of_letter(it).name();
    offered::letter(it.visit, it.desktop, kind, &it.proposal.id, text)
}
