//! One item: why it is here, what it says, what to do with it.

mod side;
mod verb;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use self::side::{PersonBar, bar, person_of, taken_off};
use self::verb::{Verb, label};
use super::asked::Asked;
use super::form::{Posted, own_path, quoted};
use super::frame::{Frame, Page, Section, go, page, with_status};
use super::say::{self, who};
use super::trouble::Trouble;
use super::trouble_page::of_fault;
use super::visit::Visit;
use super::words;
use crate::casework::Fault;
use crate::domain::language::Language;
use crate::domain::person::Person;
use crate::domain::queue::{ItemAction, QueueItem};
use crate::runtime::tokens::{hex, sha256};
use crate::staff::Staff;

/// The address of an item. `from`: the page that led there; `done`: what was just done.
pub(super) fn href(item: &str, from: &str, done: Option<&str>) -> String {
    let mut address = format!("/items/{}?from={}", quoted(item), quoted(from));
    if let Some(done) = done {
        address.push_str("&done=");
        address.push_str(done);
    }
    address
}

/// What tells one state of an item from another: a form names the one that it was made from.
fn version(item: &QueueItem) -> String {
    let text = serde_json::to_vec(item).unwrap_or_default();
    let sum = hex(&sha256(&text));
    sum.get(..16).unwrap_or(&sum).to_owned()
}

struct NoteLine {
    by: String,
    at: String,
    text: String,
}

#[derive(Template)]
#[template(path = "item.html")]
struct ItemPage {
    f: Frame,
    w: &'static words::Item,
    id: String,
    heading: String,
    subject: Option<String>,
    came: String,
    waited: Option<String>,
    disposition: &'static str,
    reasons: Vec<String>,
    /// Reasons are in English on a Welsh page.
    foreign: bool,
    flags: Vec<String>,
    quota: Vec<String>,
    text: Option<String>,
    new: Vec<String>,
    details: Vec<(&'static str, String)>,
    learnt: Vec<(String, String)>,
    original: Option<String>,
    person: Option<PersonBar>,
    /// Off whose record it was taken, and where that is.
    taken_off: Option<(String, String)>,
    notes: Vec<NoteLine>,
    state: &'static str,
    /// Who has it, where that is somebody else.
    held_by: Option<String>,
    mine: bool,
    waits: bool,
    verbs: Vec<(&'static str, &'static str)>,
    finals: Vec<(&'static str, &'static str)>,
    action: String,
    version: String,
    from: String,
    back: (String, String),
    queue_path: String,
    /// What was written, where it could not be carried out.
    wrote: String,
    changed: bool,
    not_done: Option<String>,
    note_kept: bool,
}

/// What a page says beside the item itself.
#[derive(Default)]
struct Beside<'a> {
    from: &'a str,
    said: Option<&'static str>,
    wrote: &'a str,
    changed: bool,
    not_done: Option<String>,
    note_kept: bool,
    /// The number of the trail before the item was read.
    since: u64,
}

pub(super) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: Visit,
    Path(id): Path<String>,
    asked: Asked,
) -> Page {
    let (desk, organisation) = (&staff.for_console().desk, &visit.organisation.id);
    let since = desk.newest_number(organisation).await?;
    let item = desk.item_anywhere(organisation, &id).await?;
    let done = asked.text("done").and_then(Verb::of);
    let w = words::Item::of(visit.language());
    let beside = Beside {
        from: asked.text("from").unwrap_or_default(),
        said: done.map(|verb| verb.said(w)),
        since,
        ..Beside::default()
    };
    shown(&staff, &visit, item, StatusCode::OK, beside).await
}

async fn shown(
    staff: &Staff,
    visit: &Visit,
    item: QueueItem,
    status: StatusCode,
    beside: Beside<'_>,
) -> Page {
    let person = person_of(staff, visit, &item).await?;
    let decision =
        staff.for_console().desk.decision_on(&visit.organisation.id, &item.contact).await?;
    let quota = decision.map(|decision| decision.quotas).unwrap_or_default();
    let language = visit.language();
    let zone = visit.organisation.profile.timezone;
    let quota = quota
        .into_iter()
        .map(|one| {
            let until = one.resets_at.map(|at| say::when(at, visit.now(), zone, language));
            quota_line(one.used, one.limit, until, language)
        })
        .collect();
    let mut page = filled(staff, visit, &item, person.as_deref(), quota, beside);
    page.taken_off = taken_off(staff, visit, &item).await?;
    with_status(status, &page)
}

fn quota_line(used: u32, limit: u32, until: Option<String>, language: Language) -> String {
    match (language, until) {
        (Language::English, Some(until)) => {
            format!("{used} of {limit} used; the next is possible from {until}")
        }
        (Language::English, None) => format!("{used} of {limit} used"),
        (Language::Welsh, Some(until)) => {
            format!("Defnyddiwyd {used} o {limit}; mae'r nesaf yn bosibl o {until}")
        }
        (Language::Welsh, None) => format!("Defnyddiwyd {used} o {limit}"),
    }
}

fn filled(
    staff: &Staff,
    visit: &Visit,
    item: &QueueItem,
    person: Option<&Person>,
    quota: Vec<String>,
    beside: Beside<'_>,
) -> ItemPage {
    let (language, now) = (visit.language(), visit.now());
    let zone = visit.organisation.profile.timezone;
    let w = words::Item::of(language);
    let came = say::when(item.at, now, zone, language);
    let named = who(item, person, words::Queue::of(language));
    let heading = format!("{} {} {named}", say::channel(item.channel, language), w.from);
    let queue_path = format!("/queues/{}", quoted(&item.queue));
    let queue_name = say::queue(&item.queue, language).0;
    let from = own_path(beside.from).unwrap_or(&queue_path).to_owned();
    let back_name = if from == "/" || from.starts_with("/#") {
        f_my_work(language).to_owned()
    } else {
        queue_name.clone()
    };
    let by = visit.name();
    let offered = |finals: bool| -> Vec<(&'static str, &'static str)> {
        Verb::ALL
            .into_iter()
            .filter(|verb| *verb != Verb::Note && verb.is_final() == finals)
            .filter(|verb| verb.is_offered(item, by))
            .map(|verb| (verb.name(), label(verb, w)))
            .collect()
    };
    ItemPage {
        f: Frame::of(staff, visit, Section::Queues, &format!("{heading}, {came}"))
            .saying(beside.said)
            .since(beside.since)
            .in_error(beside.changed || beside.not_done.is_some()),
        w,
        id: item.id.clone(),
        heading,
        subject: item.subject.clone(),
        came: came.clone(),
        waited: item.state.is_waiting().then(|| say::waited(now - item.at, language)),
        disposition: say::disposition(item.disposition, language),
        reasons: item.reasons.iter().map(|one| one.text.clone()).collect(),
        foreign: language == Language::Welsh,
        flags: item.flags.iter().map(|flag| say::flag(flag, language)).collect(),
        quota,
        text: item.text.clone().filter(|text| !text.trim().is_empty()),
        new: item.new.clone(),
        details: details(item, &came, &queue_name, language, w),
        learnt: item
            .attached
            .iter()
            .map(|one| (say::capitalised(&one.name), one.value.clone()))
            .collect(),
        original: item
            .archived
            .as_ref()
            .map(|_| format!("/items/{}/original?from={}", quoted(&item.id), quoted(&from))),
        person: person.map(|person| bar(visit, item, person)),
        taken_off: None,
        notes: notes(visit, item),
        state: say::state(item.state, language),
        held_by: item.claimed_by.clone().filter(|holder| holder != by),
        mine: item.claimed_by.as_deref() == Some(by),
        waits: item.state.is_waiting(),
        verbs: offered(false),
        finals: offered(true),
        action: format!("/items/{}", quoted(&item.id)),
        version: version(item),
        back: (from.clone(), format!("{} {back_name}", w.back_to)),
        from,
        queue_path,
        wrote: beside.wrote.to_owned(),
        changed: beside.changed,
        not_done: beside.not_done,
        note_kept: beside.note_kept,
    }
}

fn notes(visit: &Visit, item: &QueueItem) -> Vec<NoteLine> {
    let zone = visit.organisation.profile.timezone;
    let each = item.notes.iter().map(|note| NoteLine {
        by: note.by.clone(),
        at: say::when(note.at, visit.now(), zone, visit.language()),
        text: note.text.clone(),
    });
    each.collect()
}

const fn f_my_work(language: Language) -> &'static str {
    words::Frame::of(language).my_work
}

fn details(
    item: &QueueItem,
    came: &str,
    queue_name: &str,
    language: Language,
    w: &'static words::Item,
) -> Vec<(&'static str, String)> {
    let mut details = vec![
        (w.channel, say::channel(item.channel, language).to_owned()),
        (w.came, came.to_owned()),
        (w.queue, queue_name.to_owned()),
    ];
    if !item.original_to.is_empty() {
        details.push((w.to, item.original_to.join(", ")));
    }
    if let Some(used) = item.lane_used {
        details.push((w.lane_used, used.to_string()));
    }
    details.push((w.reference, item.contact.clone()));
    details
}

/// Carries out what was pressed. A note is kept even where the rest fails.
pub(super) async fn act(
    State(staff): State<Arc<Staff>>,
    visit: Visit,
    Path(id): Path<String>,
    posted: Posted,
) -> Page {
    let verb = Verb::of(posted.text("verb")).ok_or(Trouble::NotFound)?;
    let (desk, organisation, by) =
        (&staff.for_console().desk, &visit.organisation.id, visit.name());
    let (from, wrote) = (posted.text("from"), posted.text("text").trim());
    let since = desk.newest_number(organisation).await?;
    let item = desk.item_anywhere(organisation, &id).await?;
    let beside = Beside { from, wrote, since, ..Beside::default() };
    // A note adds to whatever others did; everything else was chosen on what the page showed.
    if verb != Verb::Note && posted.text("was") != version(&item) {
        if done_already(verb, &item, by) {
            return Ok(go(&href(&id, from, Some(verb.name()))));
        }
        let beside = Beside { changed: true, ..beside };
        return shown(&staff, &visit, item, StatusCode::CONFLICT, beside).await;
    }
    let mut note_kept = false;
    if !wrote.is_empty() {
        let note = ItemAction::Note(wrote.to_owned());
        if let Err(fault) = desk.work_item(organisation, &item.queue, &id, note, by).await {
            return refused(&staff, &visit, &id, &fault, beside).await;
        }
        note_kept = true;
    }
    if verb.is_final() && !posted.has("sure") {
        return Ok(go(&format!(
            "/items/{}/confirm/{}?from={}",
            quoted(&id),
            verb.name(),
            quoted(from)
        )));
    }
    let queue = &item.queue;
    let done = match verb {
        Verb::Note => Ok(()),
        Verb::NotTheirs => {
            staff.for_console().not_theirs(&visit.organisation, &item.contact, by).await.map(|_| ())
        }
        Verb::Take => {
            desk.work_item(organisation, queue, &id, ItemAction::Claim, by).await.map(drop)
        }
        Verb::PutBack => {
            desk.work_item(organisation, queue, &id, ItemAction::PutBack, by).await.map(drop)
        }
        Verb::Read => {
            desk.work_item(organisation, queue, &id, ItemAction::Read, by).await.map(drop)
        }
        Verb::Release => {
            desk.work_item(organisation, queue, &id, ItemAction::Release, by).await.map(drop)
        }
        Verb::File => {
            desk.work_item(organisation, queue, &id, ItemAction::File, by).await.map(drop)
        }
        Verb::Close => {
            desk.work_item(organisation, queue, &id, ItemAction::Close, by).await.map(drop)
        }
    };
    match done {
        Ok(()) => Ok(go(&href(&id, from, Some(verb.name())))),
        Err(fault) => {
            let beside = Beside { note_kept, wrote: "", ..beside };
            refused(&staff, &visit, &id, &fault, beside).await
        }
    }
}

/// Whether the item is as the verb would have made it, by the same hand: a second press, or a second tab.
fn done_already(verb: Verb, item: &QueueItem, by: &str) -> bool {
    use crate::domain::queue::ItemState;
    let mine = item.claimed_by.as_deref() == Some(by);
    match verb {
        Verb::Take => mine && item.state.is_waiting(),
        Verb::Release => mine && item.state == ItemState::Released,
        Verb::PutBack => item.claimed_by.is_none() && item.state.is_waiting(),
        Verb::Read | Verb::File | Verb::Close | Verb::NotTheirs | Verb::Note => false,
    }
}

/// The item as it is now, with why it was not done.
async fn refused(
    staff: &Staff,
    visit: &Visit,
    id: &str,
    fault: &Fault,
    beside: Beside<'_>,
) -> Page {
    let (desk, organisation) = (&staff.for_console().desk, &visit.organisation.id);
    let since = desk.newest_number(organisation).await?;
    let item = desk.item_anywhere(organisation, id).await?;
    let (_, text) = of_fault(fault, visit.language());
    let beside = Beside { not_done: Some(text), since, ..beside };
    shown(staff, visit, item, StatusCode::CONFLICT, beside).await
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    f: Frame,
    w: &'static words::Item,
    heading: &'static str,
    text: &'static str,
    yes: &'static str,
    verb: &'static str,
    subject: String,
    to: Vec<String>,
    action: String,
    version: String,
    from: String,
    cancel: String,
}

/// The page that asks before something that can't be undone.
pub(super) async fn confirm(
    State(staff): State<Arc<Staff>>,
    visit: Visit,
    Path((id, verb)): Path<(String, String)>,
    asked: Asked,
) -> Page {
    let verb = Verb::of(&verb).filter(|verb| verb.is_final()).ok_or(Trouble::NotFound)?;
    let item = staff.for_console().desk.item_anywhere(&visit.organisation.id, &id).await?;
    let w = words::Item::of(visit.language());
    let from = asked.text("from").and_then(own_path).unwrap_or("/").to_owned();
    if !verb.is_offered(&item, visit.name()) {
        let fault = item.clone().after(&ItemAction::Release, visit.name(), visit.now());
        let fault = fault.err().map_or(Fault::Contended, Fault::Item);
        let beside = Beside { from: &from, ..Beside::default() };
        return refused(&staff, &visit, &id, &fault, beside).await;
    }
    let (heading, text, yes) = if verb == Verb::Release {
        (w.release_title, w.release_text, w.release_yes)
    } else {
        (w.not_theirs_title, w.not_theirs_text, w.not_theirs_yes)
    };
    let person = person_of(&staff, &visit, &item).await?;
    let named = who(&item, person.as_deref(), words::Queue::of(visit.language()));
    let subject = match &item.subject {
        Some(subject) => format!("{named}: {subject}"),
        None => named,
    };
    page(&ConfirmPage {
        f: Frame::of(&staff, &visit, Section::Queues, heading),
        w,
        heading,
        text,
        yes,
        verb: verb.name(),
        subject,
        to: if verb == Verb::Release { item.original_to.clone() } else { Vec::new() },
        action: format!("/items/{}", quoted(&id)),
        version: version(&item),
        cancel: href(&id, &from, None),
        from,
    })
}
