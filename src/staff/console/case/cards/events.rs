//! What happened, and what was tried.

use super::{Card, Maker, Tone};
use crate::domain::case::conduct::{
    Agreement, AgreementState, Incident, Mediation, Medium, Severity, StaffComplaint, Warning,
};
use crate::domain::case::letter::LetterKind;
use crate::domain::case::restraint::{Action, Reconciliation};
use crate::domain::invisible::is_blank;
use crate::domain::moment::Moment;
use crate::staff::console::case::describe::{self, Ask, two};
use crate::staff::console::case::offered;
use crate::staff::console::person::moment;
use crate::staff::console::say;
use crate::staff::console::words;

/// What a code is called among the choices of a step's field; itself if it is none of them.
fn named(act: &str, key: &str, code: &str, make: Maker<'_>) -> String {
    let field = describe::step(act).and_then(|step| step.fields.iter().find(|one| one.key == key));
    let (Some(Ask::One(choices)) | Some(Ask::Any(choices))) = field.map(|field| field.ask) else {
        return say::capitalised(code);
    };
    let found = choices.iter().find(|one| one.value == code);
    found
        .map_or_else(|| say::capitalised(code), |one| one.text.of(make.visit.language()).to_owned())
}

pub(in crate::staff::console::case) fn incident(make: Maker<'_>, one: &Incident) -> Card {
    let (w, language) = (make.w, make.visit.language());
    let t = words::CaseTerms::of(language);
    let title = format!("{}, {}", say::capitalised(&one.ground), make.when(one.happened_at));
    let mut card = make.card(&one.id, title);
    let state = say::incident(one, language);
    card.tag(if one.closed.is_none() { Tone::Held } else { Tone::Plain }, state);
    if one.severity == Severity::Severe {
        card.tag(Tone::Late, t.severe);
    }
    card.text = Some(one.what.clone());
    card.row(w.how, say::channel(one.channel, language));
    card.row(w.reported_by, make.by_at(&one.reported_by, one.recorded_at));
    if one.interaction_ended {
        card.row(w.interaction_ended, w.yes);
    }
    if let Some(around) = make.desktop.around.get(&one.id) {
        card.row(w.contacts_hour, around.hour.to_string());
        card.row(w.contacts_day, around.day.to_string());
    }
    let told: Vec<String> =
        one.told.iter().map(|code| named("record_incident", "told", code, make)).collect();
    card.maybe(w.told, Some(told.join(", ")));
    card.maybe(w.staff, Some(one.staff.join(", ")));
    let here = format!("{}/case?tab=case", make.person_href());
    card.links.extend(one.contacts.iter().enumerate().map(|(index, contact)| {
        let href = crate::staff::console::item::href(contact, &here, None);
        (href, format!("{} {}", w.open_item, index + 1))
    }));
    if let Some(closed) = &one.closed {
        card.row(w.closed, make.by_at(&closed.by, closed.at));
        card.row(w.why, closed.why.clone());
    }
    card.more.extend(make.open("close_incident", &one.id));
    card
}

pub(in crate::staff::console::case) fn warning(make: Maker<'_>, one: &Warning) -> Card {
    let (w, language) = (make.w, make.visit.language());
    let title = format!("{}, {}", say::warning(one.kind, one.medium, language), make.when(one.at));
    let mut card = make.card(&one.id, title);
    card.text = Some(one.behaviour.clone());
    card.row(w.must_change, one.must_change.clone());
    card.maybe(w.consequences, one.consequences.clone());
    card.row(w.by, one.by.clone());
    card.row(w.about_incidents, make.incidents(&one.incidents));
    if one.medium == Medium::Written {
        let file = &make.desktop.read.file;
        let sent = file.sent(LetterKind::Warning, &one.id);
        if sent.is_none() {
            card.tag(Tone::Held, w.letter_owed);
        }
        let drafted = file.letters.iter().any(|letter| letter.about == one.id);
        if !drafted {
            let text = two("Draft its letter", "Drafftio ei lythyr");
            let link = offered::letter(make.visit, make.desktop, "warning", &one.id, text);
            card.steps.extend(link);
        }
    }
    card
}

pub(in crate::staff::console::case) fn agreement(make: Maker<'_>, one: &Agreement) -> Card {
    let (w, language) = (make.w, make.visit.language());
    let t = words::CaseTerms::of(language);
    let mut card = make.card(&one.id, format!("{}, {}", t.g_agreement, make.when(one.offered_at)));
    let tone = match one.state {
        AgreementState::Offered => Tone::Held,
        AgreementState::Accepted | AgreementState::Kept => Tone::On,
        AgreementState::Refused | AgreementState::Breached => Tone::Late,
    };
    card.tag(tone, say::agreement(one.state, language));
    card.text = Some(one.terms.clone());
    card.row(w.by, one.by.clone());
    card.maybe(w.until, one.until.map(|until: Moment| moment(make.visit, until)));
    if one.state != AgreementState::Offered {
        card.row(w.since, make.when(one.since));
    }
    card.maybe(w.why, one.what.clone());
    for act in ["answer_agreement", "breach_agreement", "close_agreement"] {
        let possible = match act {
            "answer_agreement" => one.state == AgreementState::Offered,
            _ => one.state == AgreementState::Accepted,
        };
        card.steps.extend(make.open(act, &one.id).filter(|_| possible));
    }
    card
}

pub(in crate::staff::console::case) fn mediation(make: Maker<'_>, one: &Mediation) -> Card {
    let (w, language) = (make.w, make.visit.language());
    let t = words::CaseTerms::of(language);
    let mut card = make.card(&one.id, format!("{}, {}", t.m_mediation, make.when(one.at)));
    card.tag(Tone::Plain, say::mediation(one.step, language));
    card.text = Some(one.why.clone());
    card.row(w.by, one.by.clone());
    card
}

pub(in crate::staff::console::case) fn complaint(make: Maker<'_>, one: &StaffComplaint) -> Card {
    let w = make.w;
    let t = words::CaseTerms::of(make.visit.language());
    let mut card =
        make.card(&one.id, format!("{} {}, {}", w.complaint, one.about, make.when(one.at)));
    card.text = Some(one.what.clone());
    card.row(w.reported_by, one.by.clone());
    match &one.closed {
        None => card.tag(Tone::Held, t.i_open),
        Some(closed) => {
            card.row(w.closed, make.by_at(&closed.by, closed.at));
            card.row(w.outcome, closed.outcome.clone());
        }
    }
    let open = make.open("close_staff_complaint", &one.id).filter(|_| one.closed.is_none());
    card.steps.extend(open);
    card
}

pub(in crate::staff::console::case) fn action(make: Maker<'_>, one: &Action) -> Card {
    let title = named("record_action", "action", &one.action, make);
    let mut card = make.card(&one.id, format!("{title}, {}", make.when(one.at)));
    card.text = one.what.clone().filter(|text| !is_blank(text));
    card.row(make.w.by, one.by.clone());
    card
}

pub(in crate::staff::console::case) fn reconciliation(
    make: Maker<'_>,
    one: &Reconciliation,
) -> Card {
    let id = format!("{}-{}", one.adjustment, one.restriction);
    let mut card = make.card(&id, make.w.reconciled);
    card.text = Some(one.how.clone());
    card.row(make.w.about, make.about(&one.restriction));
    card.row(make.w.by, make.by_at(&one.by, one.at));
    card
}
