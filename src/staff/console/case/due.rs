//! What falls due, as lines that lead to where it is done.

use super::cards::{Maker, anchor};
use super::offered;
use super::setting::Desktop;
use crate::domain::diary::{Entry, State, What};
use crate::staff::console::form::quoted;
use crate::staff::console::say;
use crate::staff::console::visit::Visit;
use crate::staff::console::words;

/// One line of the diary.
pub(in crate::staff::console) struct DueLine {
    pub what: &'static str,
    pub about: String,
    pub due: String,
    pub state: (&'static str, &'static str),
    pub urgent: bool,
    pub who: String,
    pub clause: Option<String>,
    pub href: Option<String>,
}

/// A state as a tag.
pub(in crate::staff::console) const fn state(
    state: State,
    w: &'static words::Case,
) -> (&'static str, &'static str) {
    match state {
        State::Overdue => ("tag late", w.overdue),
        State::Due => ("tag held", w.due_today),
        State::Upcoming => ("tag", w.upcoming),
        State::Met => ("tag on", w.met),
        State::Late => ("tag", w.done_late),
    }
}

pub(super) const fn is_open(state: State) -> bool {
    matches!(state, State::Overdue | State::Due | State::Upcoming)
}

/// A person's work still to be done, late work first.
pub(super) fn lines(visit: &Visit, desktop: &Desktop, diary: &[Entry]) -> Vec<DueLine> {
    let make = Maker::new(visit, desktop);
    diary.iter().filter(|one| is_open(one.state)).map(|one| line(make, one)).collect()
}

/// The same of another record of the person.
pub(super) fn lines_from_afar(
    visit: &Visit,
    desktop: &Desktop,
    diary: &[Entry],
    record: &str,
) -> Vec<DueLine> {
    let make = Maker::new(visit, desktop);
    let open = diary.iter().filter(|one| is_open(one.state));
    let of_record = |entry: &Entry| {
        let line = line(make, entry);
        let about = [line.about.as_str(), record].join(" ").trim().to_owned();
        DueLine { about, href: href_from_afar(entry), ..line }
    };
    open.map(of_record).collect()
}

fn line(make: Maker<'_>, entry: &Entry) -> DueLine {
    let language = make.visit.language();
    let about = match entry.what {
        // A contact's id says nothing to anybody.
        What::Engagement | What::ReadFiled => String::new(),
        _ => make.about(&entry.about),
    };
    DueLine {
        what: say::due(entry.what, language),
        about,
        due: say::day(entry.due, language),
        state: state(entry.state, make.w),
        urgent: entry.state == State::Overdue,
        who: who(entry, make.visit),
        clause: entry.clause.clone(),
        href: Some(href(make, entry)),
    }
}

pub(in crate::staff::console) fn who(entry: &Entry, visit: &Visit) -> String {
    let language = visit.language();
    let roles: Vec<String> = entry.who.iter().map(|role| say::role_name(role, language)).collect();
    roles.join(", ")
}

/// Where it is done: the step itself where this user may take it, else what it is about.
fn href(make: Maker<'_>, entry: &Entry) -> String {
    let act = match entry.what {
        What::Review => Some("review"),
        What::Engagement => Some("decide_engagement"),
        What::ReadFiled => Some("mark_read"),
        _ => None,
    };
    let open = act.and_then(|act| offered::open(make.visit, make.desktop, act, &entry.about));
    open.map_or_else(|| format!("#{}", anchor(&entry.about)), |link| link.href)
}

/// The same from another page.
pub(in crate::staff::console) fn href_from_afar(entry: &Entry) -> Option<String> {
    let person = entry.person.as_deref()?;
    Some(format!("/people/{}/case#{}", quoted(person), anchor(&entry.about)))
}
