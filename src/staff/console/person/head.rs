//! The head of every page about one person: who it is, what holds, the tabs.

use std::sync::Arc;

use crate::domain::person::Person;
use crate::staff::console::form::quoted;
use crate::staff::console::say;
use crate::staff::console::visit::Visit;
use crate::staff::console::words;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::staff::console) enum Tab {
    Case,
    Timeline,
    Restrictions,
    Identifiers,
    Record,
}

impl Tab {
    pub(super) const ALL: [Tab; 5] =
        [Tab::Restrictions, Tab::Case, Tab::Timeline, Tab::Identifiers, Tab::Record];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Tab::Case => "case",
            Tab::Timeline => "timeline",
            Tab::Restrictions => "restrictions",
            Tab::Identifiers => "identifiers",
            Tab::Record => "record",
        }
    }

    const fn text(self, w: &words::Person, c: &words::Case) -> &'static str {
        match self {
            Tab::Case => c.case,
            Tab::Timeline => w.timeline,
            Tab::Restrictions => w.restrictions,
            Tab::Identifiers => w.identifiers,
            Tab::Record => w.record,
        }
    }
}

/// A record among several of one person: whose it is, with their reference or else its own id.
pub(in crate::staff::console) fn record_name(of: &Person) -> String {
    let beside = of.reference.as_ref().unwrap_or(&of.id);
    if of.name.is_empty() { beside.clone() } else { format!("{} ({beside})", of.name) }
}

/// The person's bar.
pub(in crate::staff::console) struct Head {
    pub w: &'static words::Person,
    pub name: String,
    pub title: String,
    pub reference: Option<String>,
    pub address: Option<String>,
    pub language: &'static str,
    pub issues: String,
    pub adjustments: Vec<String>,
    pub in_force: Vec<String>,
    /// The record that this one is merged into, or was merged with: its address.
    pub merged: Vec<(String, String)>,
    pub merged_word: &'static str,
    pub tabs: Vec<(String, &'static str, bool)>,
}

impl Head {
    /// With the records that it is merged with named, where they are known.
    #[must_use]
    pub(in crate::staff::console) fn naming(mut self, records: &[Arc<Person>]) -> Head {
        for (_, name) in &mut self.merged {
            if let Some(of) = records.iter().find(|one| one.id == *name) {
                *name = record_name(of);
            }
        }
        self
    }

    /// What the browser calls the page: the person, and which of their pages it is.
    pub(in crate::staff::console) fn page_title(&self) -> String {
        match self.tabs.iter().find(|(.., is_open)| *is_open) {
            Some((_, tab, _)) => format!("{}: {tab}", self.title),
            None => self.title.clone(),
        }
    }

    /// `tab`: which is open; none is where a page leads away from them. `because`: the item that led here.
    pub(in crate::staff::console) fn of(
        visit: &Visit,
        person: &Person,
        tab: Option<Tab>,
        because: Option<&str>,
    ) -> Head {
        let (profile, language, now) = (&visit.organisation.profile, visit.language(), visit.now());
        let (w, c) = (words::Person::of(language), words::Case::of(language));
        let own = format!("/people/{}", quoted(&person.id));
        let carried = because.map(|item| format!("&because={}", quoted(item))).unwrap_or_default();
        let href = |one: Tab| match one {
            Tab::Case => format!("{own}/case?tab=case{carried}"),
            other => format!("{own}?tab={}{carried}", other.name()),
        };
        let tabs = Tab::ALL.map(|one| (href(one), one.text(w, c), Some(one) == tab)).to_vec();
        let in_force = person.restrictions.iter().filter(|one| one.is_in_force(now, profile));
        let name = if person.name.is_empty() { w.unnamed.to_owned() } else { person.name.clone() };
        Head {
            w,
            title: match &person.reference {
                Some(reference) => format!("{name} ({reference})"),
                None => name.clone(),
            },
            name,
            reference: person.reference.clone(),
            address: person.address.clone(),
            language: person.language.map_or(w.language_unknown, |one| one.own_name()),
            issues: person.issues.join(", "),
            adjustments: person
                .adjustments
                .iter()
                .map(|one| say::adjustment(one, language))
                .collect(),
            in_force: in_force.map(|one| say::terms(&one.kind, profile, language)).collect(),
            merged: person
                .merged_into
                .iter()
                .chain(&person.merged)
                .map(|id| (format!("/people/{}", quoted(id)), id.clone()))
                .collect(),
            merged_word: words::Merging::of(language).has,
            tabs,
        }
    }
}
