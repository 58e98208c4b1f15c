//! Who else has an item open: a hint. A claim is the lock.
//!
//! It is kept in memory, by each gateway of those who ask it. A page says that it is open when it is made, and goes on
//! saying so by script while somebody sees it; a silent viewer is shown as silent, and then no longer.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::form::{Posted, quoted};
use super::frame::Page;
use super::say;
use super::visit::{Visit, VisitOf};
use super::words;
use crate::domain::organisation::OrganisationId;
use crate::runtime::limits::{
    PRESENCE_GONE, PRESENCE_ITEMS_MAX, PRESENCE_ON_ITEM_MAX, PRESENCE_SILENT,
    PRESENCE_STEPS_REMEMBERED_MAX,
};
use crate::staff::Staff;
use crate::staff::permit::WorksQueues;

/// The end of the path by which a page says that it is still open.
const BEAT: &str = "/here";

/// Whether a request is one that a page makes by itself: nobody sits there because of it.
pub(super) fn is_beat(path: &str) -> bool {
    path.starts_with("/items/") && path.ends_with(BEAT)
}

/// Where the page of an item says that it is open.
pub(super) fn beat(item: &str) -> String {
    format!("/items/{}{BEAT}", quoted(item))
}

/// Somebody who has an item open.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Looking {
    name: String,
    /// Which of their pages that are open was made last.
    page: u64,
    since: DateTime<Utc>,
    heard: DateTime<Utc>,
}

type Item = (OrganisationId, String);

#[derive(Default)]
struct Book {
    /// Counts pages and steps.
    number: u64,
    open: HashMap<Item, Vec<Looking>>,
    /// Items that somebody came to or left, each with the number of the step, the last ones.
    steps: VecDeque<(u64, Item)>,
}

impl Book {
    fn step(&mut self, item: Item) {
        self.number += 1;
        self.steps.push_back((self.number, item));
        if self.steps.len() > PRESENCE_STEPS_REMEMBERED_MAX {
            self.steps.pop_front();
        }
    }

    fn sweep(&mut self, now: DateTime<Utc>) {
        for looking in self.open.values_mut() {
            looking.retain(|one| now - one.heard < PRESENCE_GONE);
        }
        self.open.retain(|_, looking| !looking.is_empty());
    }
}

/// Who has which item open, of all organisations.
#[derive(Default)]
pub struct Presence(Mutex<Book>);

impl Presence {
    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody opens an item's page: the page's number.
    pub(super) fn opened(&self, visit: &Visit, item: &str) -> u64 {
        let key = (visit.organisation.id.clone(), item.to_owned());
        let mut book = self.book();
        book.number += 1;
        let page = book.number;
        heard(&mut book, key, visit.name(), Some(page), visit.now());
        page
    }

    /// A page is still open; `None`: it does not say which, and brings back nobody who is gone, as it could not take
    /// them away again.
    fn beat(&self, visit: &Visit, item: &str, page: Option<u64>) {
        let key = (visit.organisation.id.clone(), item.to_owned());
        heard(&mut self.book(), key, visit.name(), page, visit.now());
    }

    /// A page is left; another page of theirs that was opened since stays.
    fn left(&self, visit: &Visit, item: &str, page: u64) {
        let key = (visit.organisation.id.clone(), item.to_owned());
        let mut book = self.book();
        let Some(looking) = book.open.get_mut(&key) else { return };
        let before = looking.len();
        looking.retain(|one| one.name != visit.name() || one.page != page);
        if looking.len() < before {
            book.step(key);
        }
    }

    /// Who else has an item open, in words, who came first first.
    pub(super) fn others(&self, visit: &Visit, item: &str) -> Vec<AlsoOpen> {
        let key = (visit.organisation.id.clone(), item.to_owned());
        let book = self.book();
        let looking = book.open.get(&key).map(Vec::as_slice).unwrap_or_default();
        let others = looking
            .iter()
            .filter(|one| one.name != visit.name() && visit.now() - one.heard < PRESENCE_GONE);
        others.map(|one| in_words(visit, one)).collect()
    }

    /// Items of an organisation that somebody came to or left after a step, and the last step's number.
    pub(super) fn changed(
        &self,
        organisation: &OrganisationId,
        after: Option<u64>,
    ) -> (u64, Vec<String>) {
        let book = self.book();
        let Some(after) = after else { return (book.number, Vec::new()) };
        let steps = book.steps.iter().rev().take_while(|(number, _)| *number > after);
        let own = steps.filter(|(_, (of, _))| of == organisation);
        let mut items: Vec<String> = own.map(|(_, (_, item))| item.clone()).collect();
        items.sort();
        items.dedup();
        (book.number, items)
    }
}

fn heard(book: &mut Book, key: Item, name: &str, page: Option<u64>, now: DateTime<Utc>) {
    if book.open.len() >= PRESENCE_ITEMS_MAX {
        book.sweep(now);
    }
    let is_room = book.open.len() < PRESENCE_ITEMS_MAX || book.open.contains_key(&key);
    if !is_room {
        return;
    }
    let looking = book.open.entry(key.clone()).or_default();
    looking.retain(|one| now - one.heard < PRESENCE_GONE);
    let new = page.filter(|_| looking.len() < PRESENCE_ON_ITEM_MAX);
    let was_silent = match looking.iter_mut().find(|one| one.name == name) {
        Some(one) => {
            let was_silent = now - one.heard >= PRESENCE_SILENT;
            one.heard = now;
            one.page = page.map_or(one.page, |page| page.max(one.page));
            was_silent
        }
        None => {
            let name = name.to_owned();
            looking.extend(new.map(|page| Looking { name, page, since: now, heard: now }));
            new.is_some()
        }
    };
    if looking.is_empty() {
        book.open.remove(&key);
    }
    if was_silent {
        book.step(key);
    }
}

/// One line of the hint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct AlsoOpen {
    pub text: String,
    /// Nothing was heard of their page for a while.
    pub silent: bool,
}

fn in_words(visit: &Visit, one: &Looking) -> AlsoOpen {
    let w = words::Item::of(visit.language());
    let zone = visit.organisation.profile.timezone;
    let when = |at| say::when(at, visit.now(), zone, visit.language());
    let silent = visit.now() - one.heard >= PRESENCE_SILENT;
    let mut text = format!("{} {}, {} {}", w.also_open, one.name, w.also_since, when(one.since));
    if silent {
        text.push_str(&format!("; {} {}", w.also_silent, when(one.heard)));
    }
    AlsoOpen { text, silent }
}

/// A page says that it is still open, or that it is left; who else has the item open.
pub(super) async fn here(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<WorksQueues>,
    Path(item): Path<String>,
    posted: Posted,
) -> Page {
    staff.casework(&visit).desk.item_anywhere(&visit.organisation.id, &item).await?;
    let page = |field| posted.text(field).parse().ok();
    match page("left") {
        Some(left) => staff.presence.left(&visit, &item, left),
        None => staff.presence.beat(&visit, &item, page("page")),
    }
    Ok(Json(staff.presence.others(&visit, &item)).into_response())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn key(item: &str) -> Item {
        (OrganisationId::new("karbon"), item.to_owned())
    }

    #[test]
    fn who_comes_back_after_a_silence_is_news_and_who_goes_on_is_not() {
        let presence = Presence::default();
        let at: DateTime<Utc> = "2026-11-23T10:00:00Z".parse().unwrap();
        let karbon = OrganisationId::new("karbon");
        let (none, _) = presence.changed(&karbon, None);
        heard(&mut presence.book(), key("c-1"), "Bo Carr", Some(1), at);
        let (came, items) = presence.changed(&karbon, Some(none));
        assert_eq!(items, ["c-1"]);
        heard(&mut presence.book(), key("c-1"), "Bo Carr", None, at + TimeDelta::seconds(20));
        assert!(presence.changed(&karbon, Some(came)).1.is_empty());
        let later = at + TimeDelta::seconds(20) + PRESENCE_SILENT;
        heard(&mut presence.book(), key("c-1"), "Bo Carr", None, later);
        assert_eq!(presence.changed(&karbon, Some(came)).1, ["c-1"]);
        assert!(presence.changed(&OrganisationId::new("tuntum"), Some(none)).1.is_empty());
        // The same time since they came; after a longer silence another one.
        assert_eq!(presence.book().open[&key("c-1")][0].since, at);
        heard(&mut presence.book(), key("c-1"), "Bo Carr", Some(1), later + PRESENCE_GONE);
        assert_eq!(presence.book().open[&key("c-1")][0].since, later + PRESENCE_GONE);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let presence = Presence::default();
        let at: DateTime<Utc> = "2026-11-23T10:00:00Z".parse().unwrap();
        for item in 0..=PRESENCE_ITEMS_MAX {
            heard(&mut presence.book(), key(&item.to_string()), "Bo Carr", Some(1), at);
        }
        assert_eq!(presence.book().open.len(), PRESENCE_ITEMS_MAX);
        assert_eq!(presence.book().steps.len(), PRESENCE_STEPS_REMEMBERED_MAX);
        for name in 0..=PRESENCE_ON_ITEM_MAX {
            heard(&mut presence.book(), key("0"), &name.to_string(), Some(1), at);
        }
        assert_eq!(presence.book().open[&key("0")].len(), PRESENCE_ON_ITEM_MAX);
        // Room again once they are gone.
        heard(&mut presence.book(), key("more"), "Bo Carr", Some(1), at + PRESENCE_GONE);
        assert_eq!(presence.book().open.len(), 1);
    }
}
