//! All queues, and the table of them that "my work" shows as well.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::form::quoted;
use super::frame::{Frame, Page, Section, page};
use super::item_rows::{Row, rows};
use super::say;
use super::visit::{Visit, VisitOf};
use super::words;
use crate::casework::hand_over::Actor;
use crate::casework::queues::QueueCount;
use crate::domain::point_of_contact::own_queue;
use crate::domain::queue::{EMERGENCY, FILED};
use crate::staff::Staff;
use crate::staff::permit::WorksQueues;

/// One queue in a table.
pub(super) struct QueueLine {
    pub queue: String,
    pub href: String,
    pub name: String,
    pub text: &'static str,
    pub waiting: u64,
    /// When the oldest came and how long that is.
    pub oldest: Option<(String, String)>,
    pub urgent: bool,
    /// How many nobody has read in time.
    pub overdue: u64,
}

/// Queues in the order of their urgency: emergencies first, then the reader's own, then the one whose oldest has
/// waited longest; those that are empty last.
pub(super) fn in_order(mut counts: Vec<QueueCount>, visit: &Visit) -> Vec<QueueCount> {
    let own = own_queue(visit.name());
    counts.sort_by(|a, b| {
        let rank = |one: &QueueCount| match (one.waiting, one.queue.as_str()) {
            (0, _) => 4,
            (_, EMERGENCY) => 0,
            (_, queue) if queue == own => 1,
            // No reply is due to filed contacts.
            (_, FILED) => 3,
            _ => 2,
        };
        (rank(a), a.oldest_at, &a.queue).cmp(&(rank(b), b.oldest_at, &b.queue))
    });
    counts
}

/// A queue's name and content, as the reader knows it.
pub(super) fn named(queue: &str, visit: &Visit) -> (String, &'static str) {
    let (name, text) = say::queue(queue, visit.language());
    let is_own = queue == own_queue(visit.name());
    (name, if is_own { words::Queues::of(visit.language()).own } else { text })
}

pub(super) fn lines(counts: Vec<QueueCount>, visit: &Visit) -> Vec<QueueLine> {
    let (language, now) = (visit.language(), visit.now());
    let zone = visit.organisation.profile.timezone;
    in_order(counts, visit)
        .into_iter()
        .map(|count| {
            let (name, text) = named(&count.queue, visit);
            let oldest = count
                .oldest_at
                .filter(|_| count.waiting > 0)
                .map(|at| (say::when(at, now, zone, language), say::waited(now - at, language)));
            QueueLine {
                href: format!("/queues/{}", quoted(&count.queue)),
                urgent: count.queue == EMERGENCY && count.waiting > 0,
                name,
                text,
                waiting: count.waiting,
                overdue: count.overdue,
                queue: count.queue,
                oldest,
            }
        })
        .collect()
}

#[derive(Template)]
#[template(path = "queues.html")]
struct QueuesPage {
    f: Frame,
    w: &'static words::Queues,
    q: &'static words::Queue,
    queues: Vec<QueueLine>,
    /// In the name of somebody who has left, for those who may hand it over.
    left: Vec<Row>,
}

pub(super) async fn show(State(staff): State<Arc<Staff>>, visit: VisitOf<WorksQueues>) -> Page {
    let w = words::Queues::of(visit.language());
    let counts = staff.casework(&visit).desk.queues(&visit.organisation.id).await?;
    let by = Actor { name: visit.name(), role: visit.role() };
    let left = if by.leads(&visit.organisation) {
        staff.casework(&visit).left_behind(&visit.organisation).await?
    } else {
        Vec::new()
    };
    let left = rows(&staff, &visit, left, "/queues").await?;
    let f = Frame::of(&staff, &visit, Section::Queues, w.title);
    let q = words::Queue::of(visit.language());
    page(&QueuesPage { f, w, q, queues: lines(counts, &visit), left })
}
