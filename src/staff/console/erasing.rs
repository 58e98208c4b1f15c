//! Erasing all about a person: what would go, asking for it, somebody else's approval; and a hold against it.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::asked::Asked;
use super::case::Refusal;
use super::form::{Posted, quoted};
use super::frame::{Frame, Page, Section, go, with_status};
use super::records::erasure;
use super::refused::refusals;
use super::say;
use super::trouble::Trouble;
use super::visit::{Visit, VisitOf};
use super::words;
use crate::casework::Fault;
use crate::casework::acting::Acting;
use crate::casework::erasure::AskErasure;
use crate::domain::duty::Duty;
use crate::domain::invisible::is_blank;
use crate::domain::language::Language;
use crate::domain::permission;
use crate::domain::refusal_code::RefusalCode;
use crate::staff::Staff;
use crate::staff::permit::{AnswersForData, ApprovesErasures, Permit};

/// Who may approve what somebody else asked to erase, in words.
pub(super) fn approvers(visit: &Visit) -> Vec<String> {
    let profile = &visit.organisation.profile;
    let duties = ApprovesErasures::DUTIES.unwrap_or_default();
    let able = profile
        .roles
        .iter()
        .filter(|role| duties.iter().any(|duty| permission::has(profile, role, *duty)));
    able.map(|role| say::role_name(role, visit.language())).collect()
}

/// Counts of what goes, or went, in words, in the order of what matters most.
pub(super) fn counted(counts: &BTreeMap<String, u64>, language: Language) -> Vec<(String, u64)> {
    let mut lines: Vec<(usize, String, u64)> = counts
        .iter()
        .filter(|(_, many)| **many > 0)
        .map(|(what, many)| {
            let (place, named) = named(what, language);
            (place, say::capitalised(named.unwrap_or(what)), *many)
        })
        .collect();
    lines.sort();
    lines.into_iter().map(|(_, what, many)| (what, many)).collect()
}

/// The place in the list, and the words.
fn named(what: &str, language: Language) -> (usize, Option<&'static str>) {
    let w = words::Erasing::of(language);
    let all = [
        ("record", w.record),
        ("case", w.case),
        ("contacts", w.contacts),
        ("items", w.items),
        ("originals", w.originals),
        ("letter", w.letters),
        ("task", w.tasks),
        ("entries", w.entries),
        ("timeline", w.timelines),
        ("not_theirs", w.notes),
        ("merge", w.merges),
        ("reminded", w.reminders),
        ("effect", w.works),
        ("letter_mail", w.works),
        ("legal_hold", w.held_kind),
        ("erasure_asked", w.requests),
        ("equality", w.equality),
    ];
    let found = all.iter().position(|(key, _)| *key == what);
    (found.unwrap_or(all.len()), found.and_then(|at| all.get(at)).map(|(_, text)| *text))
}

/// What somebody asked for, as the page says it.
struct AskedFor {
    by: String,
    at: String,
    clause: String,
    reason: Option<String>,
    despite: Option<String>,
    own: bool,
}

struct HeldSince {
    by: String,
    at: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "erasing.html")]
struct ErasingPage<'a> {
    f: Frame,
    w: &'static words::Erasing,
    s: &'static words::Steps,
    back: String,
    /// Where the way back leads, in words.
    back_to: String,
    name: String,
    own: String,
    hold: Option<HeldSince>,
    in_the_way: Vec<Refusal>,
    goes: Vec<(String, u64)>,
    asked: Option<AskedFor>,
    /// It needs a reason why it is erased anyway.
    needs_despite: bool,
    /// May ask, withdraw and hold.
    may_ask: bool,
    approvers: Vec<String>,
    refusals: Vec<Refusal>,
    clause: &'a str,
    reason: &'a str,
    despite: &'a str,
    hold_why: &'a str,
}

impl ErasingPage<'_> {
    fn is_wrong(&self, field: &str) -> bool {
        self.refusals.iter().any(|one| one.href.as_deref() == Some(field))
    }
}

#[derive(Default)]
struct Filled<'a> {
    refusals: Vec<Refusal>,
    clause: &'a str,
    reason: &'a str,
    despite: &'a str,
    hold_why: &'a str,
    said: Option<&'static str>,
}

async fn shown(staff: &Staff, visit: &Visit, id: &str, filled: Filled<'_>) -> Page {
    let (desk, organisation) = (&staff.casework(visit).desk, &visit.organisation);
    let (language, now) = (visit.language(), visit.now());
    let w = words::Erasing::of(language);
    let zone = organisation.profile.timezone;
    let person = desk.read_person(&organisation.id, id).await?;
    let found = desk.preview_erasure(organisation, id).await?;
    let name = person.shown_name().to_owned();
    let title = format!("{} {name}", w.title);
    let wrong = !filled.refusals.is_empty();
    let opens_people = visit.may(Duty::Record);
    let keeping = words::Keeping::of(language).title;
    let template = ErasingPage {
        f: Frame::of(staff, visit, Section::People, &title).in_error(wrong).saying(filled.said),
        w,
        s: words::Steps::of(language),
        back: if opens_people {
            format!("/people/{}?tab=record", quoted(id))
        } else {
            "/retention".to_owned()
        },
        back_to: if opens_people { name.clone() } else { keeping.to_owned() },
        name,
        own: erasure(id),
        hold: found.hold.map(|hold| HeldSince {
            by: hold.by,
            at: say::when(hold.at, now, zone, language),
            reason: hold.reason,
        }),
        needs_despite: found.in_the_way.iter().any(|one| one.key.as_deref() == Some("despite")),
        in_the_way: refusals(&found.in_the_way, language)
            .into_iter()
            .map(|one| Refusal { href: None, ..one })
            .collect(),
        goes: counted(&found.goes, language),
        asked: found.asked.map(|asked| AskedFor {
            own: asked.by == visit.name(),
            by: asked.by,
            at: say::when(asked.at, now, zone, language),
            clause: asked.clause,
            reason: asked.reason,
            despite: asked.despite,
        }),
        may_ask: visit.may(Duty::ReadAudit),
        approvers: approvers(visit),
        refusals: filled.refusals,
        clause: filled.clause,
        reason: filled.reason,
        despite: filled.despite,
        hold_why: filled.hold_why,
    };
    with_status(if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &template)
}

pub(super) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<ApprovesErasures>,
    Path(id): Path<String>,
    asked: Asked,
) -> Page {
    let w = words::Erasing::of(visit.language());
    let said = match asked.text("done") {
        Some("ask") => Some(w.said_asked),
        Some("withdraw") => Some(w.said_withdrawn),
        Some("hold") => Some(w.said_held),
        Some("end_hold") => Some(w.said_hold_ended),
        _ => None,
    };
    shown(&staff, &visit, &id, Filled { said, ..Filled::default() }).await
}

/// Asks, takes the request back, holds, ends a hold: by the button that was pressed.
pub(super) async fn act(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<AnswersForData>,
    Path(id): Path<String>,
    posted: Posted,
) -> Page {
    let (desk, organisation) = (&staff.casework(&visit).desk, &visit.organisation);
    let (reason, clause, despite) =
        (posted.text("reason"), posted.text("clause"), posted.text("despite"));
    let acting = Acting::from(visit.name()).because(Some(reason));
    let verb = posted.text("verb");
    let done = match verb {
        "ask" => {
            let despite = Some(despite).filter(|why| !is_blank(why));
            let ask = AskErasure { clause, despite };
            desk.ask_erasure(organisation, &id, ask, acting).await.map(drop)
        }
        "withdraw" => desk.withdraw_erasure(&organisation.id, &id, acting).await,
        "hold" => {
            let why = posted.text("hold_why");
            if is_blank(why) {
                return unsaid(&staff, &visit, &id).await;
            }
            let acting = Acting::from(visit.name()).because(Some(why));
            desk.hold(&organisation.id, &id, acting).await.map(drop)
        }
        "end_hold" => desk.end_hold(&organisation.id, &id, acting).await,
        _ => return Err(Trouble::NotFound),
    };
    let filled =
        Filled { clause, reason, despite, hold_why: posted.text("hold_why"), ..Filled::default() };
    answered(&staff, &visit, &id, done, (&format!("{}?done={verb}", erasure(&id)), filled)).await
}

/// A hold without a reason.
async fn unsaid(staff: &Staff, visit: &Visit, id: &str) -> Page {
    let w = words::Erasing::of(visit.language());
    let broken = crate::domain::broken::Broken::new(RefusalCode::FieldMissing, w.hold_why);
    let refusals = refusals(&[broken], visit.language())
        .into_iter()
        .map(|one| Refusal { href: Some("#hold_why".to_owned()), ..one })
        .collect();
    shown(staff, visit, id, Filled { refusals, ..Filled::default() }).await
}

async fn answered(
    staff: &Staff,
    visit: &Visit,
    id: &str,
    done: Result<(), Fault>,
    (to, filled): (&str, Filled<'_>),
) -> Page {
    match done {
        Ok(()) => Ok(go(to)),
        Err(Fault::Broken(broken)) => {
            let refusals = refusals(&broken, visit.language());
            shown(staff, visit, id, Filled { refusals, ..filled }).await
        }
        // Somebody asked a moment before, perhaps in another tab: the page shows it.
        Err(Fault::Exists(_)) => Ok(go(&erasure(id))),
        Err(fault) => Err(fault.into()),
    }
}

pub(super) async fn approve(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<ApprovesErasures>,
    Path(id): Path<String>,
) -> Page {
    let desk = &staff.casework(&visit).desk;
    match desk.approve_erasure(&visit.organisation, &id, visit.name()).await {
        Ok(proof) => Ok(go(&format!("/erasures/{}", quoted(&proof.id)))),
        Err(fault) => answered(&staff, &visit, &id, Err(fault), ("", Filled::default())).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_is_said_in_words_and_in_one_order() {
        let counts = [("entries", 7), ("record", 1), ("letter", 0), ("contacts", 2)];
        let counts = counts.into_iter().map(|(what, many)| (what.to_owned(), many)).collect();
        let said = counted(&counts, Language::English);
        let said: Vec<(&str, u64)> =
            said.iter().map(|(what, many)| (what.as_str(), *many)).collect();
        assert_eq!(
            said,
            [("The person's record", 1), ("Contacts", 2), ("Entries of the audit trail", 7)]
        );
    }
}
