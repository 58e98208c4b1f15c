//! My work: items in my name, and work that waits for somebody.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use super::asked::Asked;
use super::case::{anchor, proposal_href};
use super::form::quoted;
use super::frame::{Frame, Page, Section, go, page};
use super::item_rows::{Row, rows};
use super::pressed::idle;
use super::queues::{QueueLine, in_order, lines};
use super::say;
use super::visit::{Visit, VisitOf};
use super::words;
use crate::casework::Fault;
use crate::casework::case::record::CaseRead;
use crate::casework::case::waiting::{Waiting, waiting_for};
use crate::domain::duty::Duty;
use crate::domain::queue::FILED;
use crate::staff::Staff;
use crate::staff::permit::WorksQueues;

#[derive(Template)]
#[template(path = "landing.html")]
struct LandingPage {
    f: Frame,
    w: &'static words::Landing,
    q: &'static words::Queue,
    mine: Vec<Row>,
    cases: Vec<CaseLine>,
    waiting: Vec<QueueLine>,
    as_of: String,
}

impl LandingPage {
    /// Whether there is something to take.
    fn any(&self) -> bool {
        self.waiting.iter().any(|one| is_taken_from(&one.queue, one.waiting))
    }
}

pub(super) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<WorksQueues>,
    asked: Asked,
) -> Page {
    let w = words::Landing::of(visit.language());
    let (desk, organisation) = (&staff.casework(&visit).desk, &visit.organisation);
    let since = desk.newest_number(&organisation.id).await?;
    let mine = desk.in_hand(&organisation.id, visit.name()).await?;
    let mine = rows(&staff, &visit, mine, "/").await?;
    let cases = cases(&staff, &visit).await?;
    let mut waiting = lines(desk.queues(&organisation.id).await?, &visit);
    waiting.retain(|one| one.waiting > 0);
    let said = (asked.text("done") == Some("none")).then_some(w.none_left);
    let as_of =
        say::when(visit.now(), visit.now(), organisation.profile.timezone, visit.language());
    let f = Frame::of(&staff, &visit, Section::MyWork, w.title).saying(said).since(since);
    page(&LandingPage { f, w, q: words::Queue::of(visit.language()), mine, cases, waiting, as_of })
}

/// Something on somebody's case that waits for the viewer.
struct CaseLine {
    href: String,
    title: String,
    what: &'static str,
    person: String,
    since: String,
}

/// Drafts, returned proposals, signatures and appeals, the oldest first.
async fn cases(staff: &Staff, visit: &Visit) -> Result<Vec<CaseLine>, Fault> {
    let signs = visit.may(Duty::SignOff);
    let desk = &staff.casework(visit).desk;
    let cases = desk.cases_for(&visit.organisation, visit.name(), signs).await?;
    let mut all = Vec::new();
    for case in &cases {
        let waiting = waiting_for(&case.file, visit.name(), signs);
        all.extend(waiting.into_iter().map(|one| line(visit, case, one)));
    }
    all.sort_by_key(|(since, _)| *since);
    Ok(all.into_iter().map(|(_, line)| line).collect())
}

fn line(visit: &Visit, case: &CaseRead, waiting: Waiting<'_>) -> (DateTime<Utc>, CaseLine) {
    let (profile, language) = (&visit.organisation.profile, visit.language());
    let (w, person) = (words::Landing::of(language), &case.person);
    let terms = |id: &str| {
        let found = person.restrictions.iter().find(|one| one.id == id);
        found.map_or_else(|| id.to_owned(), |one| say::terms(&one.kind, profile, language))
    };
    let (since, what, title, href) = match waiting {
        Waiting::Draft(one) | Waiting::SentBack(one) | Waiting::ToSign(one) => {
            let what = match waiting {
                Waiting::Draft(_) => w.draft,
                Waiting::SentBack(_) => w.sent_back,
                _ => w.to_sign,
            };
            let title = say::terms(&one.restriction.kind, profile, language);
            (one.at, what, title, proposal_href(&person.id, &one.id))
        }
        Waiting::ToHear(one) => {
            let href = format!("/people/{}/case#{}", quoted(&person.id), anchor(&one.id));
            (one.received.at, w.to_hear, terms(&one.restriction), href)
        }
        Waiting::DraftLetter(one) => {
            let href = format!("/people/{}/letters/{}", quoted(&person.id), quoted(&one.id));
            let title = say::letter_kind(one.kind, language).to_owned();
            (one.drafted_at, w.draft_letter, title, href)
        }
    };
    let when = say::when(since, visit.now(), profile.timezone, language);
    (since, CaseLine { href, title, what, person: person.shown_name().to_owned(), since: when })
}

/// Whether this page takes from a queue: filed contacts are read when there is time, from their own.
fn is_taken_from(queue: &str, waiting: u64) -> bool {
    waiting > 0 && queue != FILED
}

/// Takes the next, wherever it is most urgent.
pub(super) async fn take(State(staff): State<Arc<Staff>>, visit: VisitOf<WorksQueues>) -> Page {
    let (desk, organisation) = (&staff.casework(&visit).desk, &visit.organisation.id);
    for count in in_order(desk.queues(organisation).await?, &visit) {
        if !is_taken_from(&count.queue, count.waiting) {
            continue;
        }
        if let Some(item) = desk.take_next(organisation, &count.queue, visit.name()).await? {
            return Ok(go(&super::item::href(&item.id, "/", Some("take"))));
        }
    }
    Ok(idle(go("/?done=none")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_offered_to_be_taken_that_would_not_be() {
        assert!(is_taken_from("limited", 1));
        assert!(!is_taken_from("limited", 0) && !is_taken_from(FILED, 1));
    }
}
