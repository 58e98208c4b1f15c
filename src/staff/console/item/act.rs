//! Carrying out an item page's buttons, and asking first if the action can't be undone.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::side::person_of;
use super::verb::Verb;
use super::{Beside, href, released_by, shown, version};
use crate::casework::Fault;
use crate::casework::hand_over::Actor;
use crate::domain::queue::{ItemAction, ItemFault, QueueItem};
use crate::staff::Staff;
use crate::staff::console::asked::Asked;
use crate::staff::console::form::{Posted, own_path, quoted};
use crate::staff::console::frame::{Frame, Page, Section, go, page};
use crate::staff::console::pressed::acted;
use crate::staff::console::say::who;
use crate::staff::console::trouble::Trouble;
use crate::staff::console::trouble_page::of_fault;
use crate::staff::console::visit::{Visit, VisitOf};
use crate::staff::console::words;
use crate::staff::permit::WorksQueues;

/// Carries out the pressed button. A note is kept even where the rest fails.
pub(in crate::staff::console) async fn act(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<WorksQueues>,
    Path(id): Path<String>,
    posted: Posted,
) -> Page {
    let verb = Verb::of(posted.text("verb")).ok_or(Trouble::NotFound)?;
    let (desk, organisation, by) =
        (&staff.casework(&visit).desk, &visit.organisation.id, visit.name());
    let (from, wrote) = (posted.text("from"), posted.text("text").trim());
    let since = desk.newest_number(organisation).await?;
    let item = desk.item_anywhere(organisation, &id).await?;
    let beside = Beside { from, wrote, since, ..Beside::default() };
    // A note goes with any change by others; every other verb was chosen by what the page showed.
    if verb != Verb::Note && posted.text("was") != version(&item) {
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
    let to = posted.text("to").trim();
    if verb == Verb::HandOver && to.is_empty() {
        let nobody = words::Item::of(visit.language()).hand_over_nobody.to_owned();
        let beside = Beside { note_kept, not_done: Some(nobody), wrote: "", ..beside };
        return noted(note_kept, shown_now(&staff, &visit, &id, beside).await);
    }
    if verb.is_final() && !posted.has("sure") {
        return Ok(go(&format!(
            "/items/{}/confirm/{}?from={}",
            quoted(&id),
            verb.name(),
            quoted(from)
        )));
    }
    match carried_out(&staff, &visit, &item, verb, to).await {
        Ok(()) => Ok(go(&href(&id, from, Some(verb.name())))),
        Err(fault) => {
            let beside = Beside { note_kept, wrote: "", ..beside };
            noted(note_kept, refused(&staff, &visit, &id, &fault, beside).await)
        }
    }
}

async fn carried_out(
    staff: &Staff,
    visit: &Visit,
    item: &QueueItem,
    verb: Verb,
    to: &str,
) -> Result<(), Fault> {
    let (casework, organisation, by) = (staff.casework(visit), &visit.organisation, visit.name());
    let action = match verb {
        Verb::Note => return Ok(()),
        Verb::NotTheirs => {
            return casework.not_theirs(organisation, &item.contact, by).await.map(drop);
        }
        Verb::HandOver => {
            let by = Actor { name: by, role: visit.role() };
            return casework.hand_over(organisation, item.clone(), to, by).await.map(drop);
        }
        Verb::Take => ItemAction::Claim,
        Verb::PutBack => ItemAction::PutBack,
        Verb::Read => ItemAction::Read,
        Verb::Reopen => ItemAction::Reopen,
        Verb::Release => ItemAction::Release,
        Verb::File => ItemAction::File,
        Verb::Close => ItemAction::Close,
    };
    casework.desk.work_item(&organisation.id, &item.queue, &item.id, action, by).await.map(drop)
}

/// A refusal; if the note was kept, a second press must not write it again.
fn noted(note_kept: bool, refusal: Page) -> Page {
    if note_kept { refusal.map(acted) } else { refusal }
}

/// The item as it is now, with why it was not done.
async fn refused(
    staff: &Staff,
    visit: &Visit,
    id: &str,
    fault: &Fault,
    beside: Beside<'_>,
) -> Page {
    let (_, text) = of_fault(fault, visit.language());
    shown_now(staff, visit, id, Beside { not_done: Some(text), ..beside }).await
}

async fn shown_now(staff: &Staff, visit: &Visit, id: &str, beside: Beside<'_>) -> Page {
    let (desk, organisation) = (&staff.casework(visit).desk, &visit.organisation.id);
    let since = desk.newest_number(organisation).await?;
    let item = desk.item_anywhere(organisation, id).await?;
    shown(staff, visit, item, StatusCode::CONFLICT, Beside { since, ..beside }).await
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
pub(in crate::staff::console) async fn confirm(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<WorksQueues>,
    Path((id, verb)): Path<(String, String)>,
    asked: Asked,
) -> Page {
    let verb = Verb::of(&verb).filter(|verb| verb.is_final()).ok_or(Trouble::NotFound)?;
    let item = staff.casework(&visit).desk.item_anywhere(&visit.organisation.id, &id).await?;
    let w = words::Item::of(visit.language());
    let from = asked.text("from").and_then(own_path).unwrap_or("/").to_owned();
    if verb == Verb::Release && released_by(&staff, &visit, &item).await?.is_some() {
        let beside = Beside { from: &from, ..Beside::default() };
        return refused(&staff, &visit, &id, &ItemFault::OwnMessage.into(), beside).await;
    }
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
