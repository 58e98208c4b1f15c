//! My work: what is in my name, and what waits for somebody.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::asked::Asked;
use super::frame::{Frame, Page, Section, go, page};
use super::queue::{Row, rows};
use super::queues::{QueueLine, in_order, lines};
use super::say;
use super::visit::Visit;
use super::words;
use crate::domain::queue::FILED;
use crate::staff::Staff;

#[derive(Template)]
#[template(path = "landing.html")]
struct LandingPage {
    f: Frame,
    w: &'static words::Landing,
    q: &'static words::Queue,
    mine: Vec<Row>,
    waiting: Vec<QueueLine>,
    as_of: String,
}

impl LandingPage {
    /// Whether there is something to take.
    fn any(&self) -> bool {
        self.waiting.iter().any(|one| one.waiting > 0)
    }
}

pub(super) async fn show(State(staff): State<Arc<Staff>>, visit: Visit, asked: Asked) -> Page {
    let w = words::Landing::of(visit.language());
    let (desk, organisation) = (&staff.for_console().desk, &visit.organisation);
    let since = desk.newest_number(&organisation.id).await?;
    let mine = desk.in_hand(&organisation.id, visit.name()).await?;
    let mine = rows(&staff, &visit, mine, "/").await?;
    let mut waiting = lines(desk.queues(&organisation.id).await?, &visit);
    waiting.retain(|one| one.waiting > 0);
    let said = (asked.text("done") == Some("none")).then_some(w.none_left);
    let as_of =
        say::when(visit.now(), visit.now(), organisation.profile.timezone, visit.language());
    let f = Frame::of(&staff, &visit, Section::MyWork, w.title).saying(said).since(since);
    page(&LandingPage { f, w, q: words::Queue::of(visit.language()), mine, waiting, as_of })
}

/// Takes the next, wherever it is most urgent.
pub(super) async fn take(State(staff): State<Arc<Staff>>, visit: Visit) -> Page {
    let (desk, organisation) = (&staff.for_console().desk, &visit.organisation.id);
    for count in in_order(desk.queues(organisation).await?) {
        // What is filed is read when there is time for it, from its own queue.
        if count.waiting == 0 || count.queue == FILED {
            continue;
        }
        if let Some(item) = desk.take_next(organisation, &count.queue, visit.name()).await? {
            return Ok(go(&super::item::href(&item.id, "/", Some("take"))));
        }
    }
    Ok(go("/?done=none"))
}
