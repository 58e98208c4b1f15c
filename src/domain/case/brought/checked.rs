//! Whether a case as a file has it can be taken over: every fault at once, each with its key.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::super::appeal::AppealOutcome;
use super::{Appeal, Brought};
use crate::domain::invisible::is_blank;
use crate::domain::moment::Moment;
use crate::domain::person::Person;
use crate::domain::profile::Profile;
use crate::domain::restriction::{Restriction, Status};

/// A fault of one key of a case, with the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The key's path within the case: `appeals[0].outcome`.
    pub path: String,
    pub message: String,
}

struct Check<'a> {
    brought: &'a Brought,
    person: &'a Person,
    profile: &'a Profile,
    found: Vec<Fault>,
}

impl Brought {
    /// Everything that prevents the case from being imported with these restrictions.
    #[must_use]
    pub fn faults(&self, person: &Person, profile: &Profile) -> Vec<Fault> {
        let mut check = Check { brought: self, person, profile, found: Vec::new() };
        check.ids();
        check.conduct();
        check.decisions();
        check.reviews();
        for (index, appeal) in self.appeals.iter().enumerate() {
            check.appeal(index, appeal);
        }
        for (index, one) in self.staff_complaints.iter().enumerate() {
            let path = format!("staff_complaints[{index}]");
            check.in_order(one.at, one.closed, &format!("{path}.closed"), "`at`");
        }
        check.found
    }

    /// What is said to have happened after a day, by its path: no file knows the future.
    #[must_use]
    pub fn to_come(&self, profile: &Profile, today: NaiveDate) -> Vec<Fault> {
        let dates = self.past_dates();
        let is_to_come = |at: &Moment| at.day(profile.timezone) > today;
        let to_come = dates.into_iter().filter(|(_, at)| is_to_come(at));
        to_come.map(|(path, _)| Fault { path, message: "is in the future".to_owned() }).collect()
    }

    /// Every date of an act, with its path.
    fn past_dates(&self) -> Vec<(String, Moment)> {
        let mut dates: Vec<(String, Moment)> = Vec::new();
        let mut add = |part: &str, index: usize, key: &str, at: Option<Moment>| {
            dates.extend(at.map(|at| (format!("{part}[{index}].{key}"), at)));
        };
        for (index, one) in self.incidents.iter().enumerate() {
            add("incidents", index, "happened", Some(one.happened));
            add("incidents", index, "answered", one.answered);
        }
        for (index, one) in self.warnings.iter().enumerate() {
            add("warnings", index, "given", Some(one.given));
        }
        for (index, one) in self.agreements.iter().enumerate() {
            add("agreements", index, "offered", Some(one.offered));
            add("agreements", index, "since", one.since);
        }
        for (index, one) in self.mediations.iter().enumerate() {
            add("mediations", index, "at", Some(one.at));
        }
        for (index, one) in self.decisions.iter().enumerate() {
            add("decisions", index, "decided", one.decided);
            add("decisions", index, "letter_sent", one.letter_sent);
        }
        for (index, one) in self.reviews.iter().enumerate() {
            add("reviews", index, "at", Some(one.at));
        }
        for (index, one) in self.appeals.iter().enumerate() {
            add("appeals", index, "received", Some(one.received));
            add("appeals", index, "decided", one.decided);
            add("appeals", index, "notified", one.notified);
        }
        for (index, one) in self.staff_complaints.iter().enumerate() {
            add("staff_complaints", index, "at", Some(one.at));
            add("staff_complaints", index, "closed", one.closed);
        }
        dates
    }
}

impl Check<'_> {
    fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.found.push(Fault { path: path.into(), message: message.into() });
    }

    fn day(&self, at: Moment) -> NaiveDate {
        at.day(self.profile.timezone)
    }

    fn ids(&mut self) {
        let brought = self.brought;
        self.unique("incidents", brought.incidents.iter().map(|one| one.id.as_str()));
        self.unique("warnings", brought.warnings.iter().map(|one| one.id.as_str()));
        self.unique("agreements", brought.agreements.iter().map(|one| one.id.as_str()));
        self.unique("mediations", brought.mediations.iter().map(|one| one.id.as_str()));
        self.unique("reviews", brought.reviews.iter().map(|one| one.id.as_str()));
        self.unique("appeals", brought.appeals.iter().map(|one| one.id.as_str()));
        self.unique("staff_complaints", brought.staff_complaints.iter().map(|one| one.id.as_str()));
    }

    fn unique<'i>(&mut self, part: &str, ids: impl Iterator<Item = &'i str>) {
        let mut known = BTreeSet::new();
        for (index, id) in ids.enumerate() {
            if is_blank(id) {
                self.add(format!("{part}[{index}].id"), "is empty");
            } else if !known.insert(id) {
                self.add(format!("{part}[{index}].id"), "is also the id of another entry");
            }
        }
    }

    fn conduct(&mut self) {
        let brought = self.brought;
        for (index, one) in brought.incidents.iter().enumerate() {
            let grounds = &self.profile.grounds;
            if !grounds.is_empty() && self.profile.ground(&one.ground).is_none() {
                let names: Vec<&str> = grounds.iter().map(|one| one.name.as_str()).collect();
                let message =
                    format!("`{}` is not a ground of the policy: {}", one.ground, names.join(", "));
                self.add(format!("incidents[{index}].ground"), message);
            }
            self.in_order(
                one.happened,
                one.answered,
                &format!("incidents[{index}].answered"),
                "`happened`",
            );
        }
        for (index, one) in brought.warnings.iter().enumerate() {
            for (place, id) in one.incidents.iter().enumerate() {
                if !brought.incidents.iter().any(|incident| incident.id == *id) {
                    let path = format!("warnings[{index}].incidents[{place}]");
                    self.add(path, format!("`{id}` is not an incident of this case"));
                }
            }
        }
        for (index, one) in brought.agreements.iter().enumerate() {
            let path = format!("agreements[{index}]");
            self.in_order(one.offered, one.since, &format!("{path}.since"), "`offered`");
            self.in_order(one.offered, one.until, &format!("{path}.until"), "`offered`");
        }
    }

    fn in_order(&mut self, first: Moment, then: Option<Moment>, path: &str, before: &str) {
        if then.is_some_and(|then| self.day(then) < self.day(first)) {
            self.add(path, format!("is before {before}"));
        }
    }

    /// The restriction that an entry names.
    fn restriction(&mut self, id: &str, path: &str) -> Option<Restriction> {
        let found = self.person.restrictions.iter().find(|one| one.id == id).cloned();
        if found.is_none() {
            let message = format!("`{id}` is not a restriction of this person in the file");
            self.add(format!("{path}.restriction"), message);
        }
        found
    }

    fn decisions(&mut self) {
        let brought = self.brought;
        let mut known = BTreeSet::new();
        for (index, one) in brought.decisions.iter().enumerate() {
            let path = format!("decisions[{index}]");
            if !known.insert(&one.restriction) {
                self.add(format!("{path}.restriction"), "has another decision as well");
            }
            let Some(restriction) = self.restriction(&one.restriction, &path) else { continue };
            if let Some(decided) = one.decided {
                self.in_order(
                    decided,
                    one.letter_sent,
                    &format!("{path}.letter_sent"),
                    "`decided`",
                );
                let starts = restriction.starts;
                self.in_order(
                    decided,
                    starts,
                    &format!("{path}.decided"),
                    "it, the start of the restriction,",
                );
            }
            if let Some(starts) = restriction.starts {
                let path = format!("{path}.implemented");
                self.in_order(starts, one.implemented, &path, "the start of the restriction");
            }
        }
    }

    fn reviews(&mut self) {
        let brought = self.brought;
        let mut last: Option<(&str, Moment)> = None;
        for (index, one) in brought.reviews.iter().enumerate() {
            let path = format!("reviews[{index}]");
            let Some(restriction) = self.restriction(&one.restriction, &path) else { continue };
            if let Some(starts) = restriction.starts {
                let path = format!("{path}.at");
                self.in_order(starts, Some(one.at), &path, "the start of the restriction");
            }
            let before = last.filter(|(id, _)| *id == one.restriction);
            if let Some((_, before)) = before {
                self.in_order(before, Some(one.at), &format!("{path}.at"), "the review before it");
            }
            last = Some((&one.restriction, one.at));
        }
    }

    fn appeal(&mut self, index: usize, one: &Appeal) {
        let path = format!("appeals[{index}]");
        self.in_order(one.received, one.decided, &format!("{path}.decided"), "`received`");
        let decided = one.decided.unwrap_or(one.received);
        self.in_order(decided, one.notified, &format!("{path}.notified"), "the decision");
        match (one.outcome, one.decided) {
            (Some(_), None) => {
                self.add(format!("{path}.decided"), "is missing: when was the appeal decided?");
            }
            (None, Some(_)) => {
                let message = "is missing: `upheld`, `varied` or `quashed`, of the decision";
                self.add(format!("{path}.outcome"), message);
            }
            (None, None) if one.notified.is_some() => {
                self.add(format!("{path}.notified"), "is of an appeal that is not decided");
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
        let Some(restriction) = self.restriction(&one.restriction, &path) else { return };
        let is_held = matches!(restriction.status, Status::Active | Status::UnderAppeal);
        if one.outcome == Some(AppealOutcome::Quashed) && is_held {
            let message = format!(
                "the appeal quashed `{}`, and the file says that it holds: its status is `quashed`",
                restriction.id
            );
            self.add(format!("{path}.outcome"), message);
        }
        let open = self
            .brought
            .appeals
            .iter()
            .filter(|other| other.restriction == one.restriction && other.outcome.is_none());
        if one.outcome.is_none() && open.count() > 1 {
            self.add(format!("{path}.outcome"), "another appeal against it is open as well");
        }
    }
}
