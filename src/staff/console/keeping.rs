//! Requests that wait for a second person, records due for removal today, holds, past erasures; and
//! the proof of one erasure.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::asked::Asked;
use super::case::Refusal;
use super::erasing::counted;
use super::form::{Posted, quoted};
use super::frame::{Frame, Page, Section, go, page, with_status};
use super::records::{erasure, known_name};
use super::refused::refusals;
use super::say;
use super::trouble::Trouble;
use super::visit::{Visit, VisitOf};
use super::words;
use crate::casework::Fault;
use crate::casework::erasure::Proof;
use crate::casework::retention::{BY_RULE, SweepPreview};
use crate::domain::duty::Duty;
use crate::domain::retention::Class;
use crate::runtime::limits::CONSOLE_ROWS;
use crate::staff::Staff;
use crate::staff::permit::{AnswersForData, ApprovesErasures};

/// Something about one person, which leads to their erasure's page.
struct Line {
    href: String,
    name: String,
    by: String,
    at: String,
    text: String,
}

/// One rule, with what it would remove today.
struct RuleLine {
    class: &'static str,
    action: String,
    rule: String,
    clause: String,
    due: String,
    ids: Vec<String>,
    automatic: bool,
    nothing: bool,
    asked: Option<(String, String)>,
    own: bool,
}

struct ErasedLine {
    href: String,
    at: String,
    asked_by: String,
    approved_by: String,
    clause: String,
    complete: bool,
}

#[derive(Template)]
#[template(path = "keeping.html")]
struct KeepingPage {
    f: Frame,
    w: &'static words::Keeping,
    e: &'static words::Erasing,
    s: &'static words::Steps,
    waiting: Vec<Line>,
    rules: Vec<RuleLine>,
    holds: Vec<Line>,
    erased: Vec<ErasedLine>,
    more: bool,
    may_ask: bool,
    refusals: Vec<Refusal>,
}

async fn line(
    staff: &Staff,
    visit: &Visit,
    person: &str,
    (by, at, text): (String, chrono::DateTime<chrono::Utc>, String),
) -> Result<Line, Trouble> {
    let zone = visit.organisation.profile.timezone;
    Ok(Line {
        href: erasure(person),
        name: known_name(staff, visit, person).await?,
        by,
        at: say::when(at, visit.now(), zone, visit.language()),
        text,
    })
}

fn rule_line(visit: &Visit, one: SweepPreview) -> RuleLine {
    let language = visit.language();
    let w = words::Keeping::of(language);
    let zone = visit.organisation.profile.timezone;
    let before = say::day(one.before.with_timezone(&zone).date_naive(), language);
    let months = w.months.replace("{n}", &one.rule.months.to_string());
    let more = if one.is_partial { format!(" {}", w.or_more) } else { String::new() };
    RuleLine {
        class: match one.class {
            Class::Items => w.c_items,
            Class::Contacts => w.c_contacts,
            Class::Records => w.c_records,
            Class::Trail => w.c_trail,
        },
        action: format!("/retention/{}", one.class.name()),
        rule: format!("{months}, {} {before}", w.before),
        clause: one.rule.clause,
        due: format!("{}{more}", one.due),
        ids: one.ids,
        automatic: one.rule.automatic,
        nothing: one.due == 0,
        own: one.asked.as_ref().is_some_and(|asked| asked.by == visit.name()),
        asked: one.asked.map(|asked| (asked.by, say::when(asked.at, visit.now(), zone, language))),
    }
}

fn erased_line(visit: &Visit, one: &Proof) -> ErasedLine {
    let zone = visit.organisation.profile.timezone;
    ErasedLine {
        href: format!("/erasures/{}", quoted(&one.id)),
        at: say::when(one.approved_at, visit.now(), zone, visit.language()),
        asked_by: say::by(&one.asked_by, visit.language()),
        approved_by: say::by(&one.approved_by, visit.language()),
        clause: one.clause.clone(),
        complete: one.is_complete,
    }
}

async fn shown(
    staff: &Staff,
    visit: &Visit,
    refusals: Vec<Refusal>,
    said: Option<&'static str>,
) -> Page {
    let (casework, organisation) = (staff.casework(visit), &visit.organisation);
    let desk = &casework.desk;
    let w = words::Keeping::of(visit.language());
    let mut waiting = Vec::new();
    for one in desk.asked_erasures(&organisation.id).await? {
        waiting.push(line(staff, visit, &one.person, (one.by, one.at, one.clause)).await?);
    }
    let mut holds = Vec::new();
    for one in desk.all_holds(&organisation.id).await? {
        let hold = one.hold;
        holds.push(line(staff, visit, &one.person, (hold.by, hold.at, hold.reason)).await?);
    }
    let schedule = casework.schedule(&organisation.id);
    let rules = desk.preview_retention(organisation, schedule).await?;
    let mut erased = desk.erasures(&organisation.id).await?;
    // The schedule's own rounds leave a proof per day, of nothing mostly.
    erased.retain(|one| one.approved_by != BY_RULE || !one.removed.is_empty());
    erased.sort_by(|a, b| (b.approved_at, &b.id).cmp(&(a.approved_at, &a.id)));
    let more = erased.len() > CONSOLE_ROWS;
    erased.truncate(CONSOLE_ROWS);
    let wrong = !refusals.is_empty();
    let template = KeepingPage {
        f: Frame::of(staff, visit, Section::Audit, w.title).in_error(wrong).saying(said),
        w,
        e: words::Erasing::of(visit.language()),
        s: words::Steps::of(visit.language()),
        waiting,
        rules: rules.into_iter().map(|one| rule_line(visit, one)).collect(),
        holds,
        erased: erased.iter().map(|one| erased_line(visit, one)).collect(),
        more,
        may_ask: visit.may(Duty::ReadAudit),
        refusals,
    };
    with_status(if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &template)
}

pub(super) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<ApprovesErasures>,
    asked: Asked,
) -> Page {
    let w = words::Keeping::of(visit.language());
    let said = match asked.text("done") {
        Some("ask") => Some(w.said_asked),
        Some("withdraw") => Some(w.said_withdrawn),
        _ => None,
    };
    shown(&staff, &visit, Vec::new(), said).await
}

fn class_of(name: &str) -> Result<Class, Trouble> {
    Class::of_name(name).ok_or(Trouble::NotFound)
}

/// Asks for what a rule lets go to be removed, or takes that back.
pub(super) async fn act(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<AnswersForData>,
    Path(class): Path<String>,
    posted: Posted,
) -> Page {
    let class = class_of(&class)?;
    let (casework, organisation) = (staff.casework(&visit), &visit.organisation.id);
    let desk = &casework.desk;
    let done = match posted.text("verb") {
        "ask" => {
            let schedule = casework.schedule(organisation);
            desk.ask_sweep(organisation, schedule, class, visit.name()).await.map(drop)
        }
        "withdraw" => desk.withdraw_sweep(organisation, class, visit.name()).await,
        _ => return Err(Trouble::NotFound),
    };
    match done {
        Ok(()) => Ok(go(&format!("/retention?done={}", posted.text("verb")))),
        // Somebody asked a moment before, perhaps in another tab: the page shows it.
        Err(Fault::Exists(_)) => Ok(go("/retention")),
        Err(Fault::Broken(broken)) => {
            shown(&staff, &visit, refusals(&broken, visit.language()), None).await
        }
        Err(fault) => Err(fault.into()),
    }
}

pub(super) async fn approve(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<ApprovesErasures>,
    Path(class): Path<String>,
) -> Page {
    let class = class_of(&class)?;
    let desk = &staff.casework(&visit).desk;
    match desk.approve_sweep(&visit.organisation, class, visit.name()).await {
        Ok(proof) => Ok(go(&format!("/erasures/{}", quoted(&proof.id)))),
        Err(Fault::Broken(broken)) => {
            shown(&staff, &visit, refusals(&broken, visit.language()), None).await
        }
        Err(fault) => Err(fault.into()),
    }
}

#[derive(Template)]
#[template(path = "proof.html")]
struct ProofPage {
    f: Frame,
    w: &'static words::Keeping,
    e: &'static words::Erasing,
    number: String,
    line: ErasedLine,
    removed: Vec<(String, u64)>,
}

/// What one erasure removed. It names nobody, and so can be shown to anybody who asks for proof.
pub(super) async fn proof(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<ApprovesErasures>,
    Path(erasure): Path<String>,
) -> Page {
    let w = words::Keeping::of(visit.language());
    let proof = staff.casework(&visit).desk.erasure(&visit.organisation.id, &erasure).await?;
    page(&ProofPage {
        f: Frame::of(&staff, &visit, Section::Audit, w.proof),
        w,
        e: words::Erasing::of(visit.language()),
        line: erased_line(&visit, &proof),
        removed: counted(&proof.removed, visit.language()),
        number: proof.id,
    })
}
