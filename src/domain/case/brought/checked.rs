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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::nation::Nation;
    use crate::domain::profile::Ground;

    fn paths(brought: Value) -> Vec<String> {
        let restriction = json!({"id": "R-1", "kind": "visits_in_pairs", "starts": "2026-03-02", "status": "active"});
        let person: Person =
            serde_json::from_value(json!({"id": "P-1", "restrictions": [restriction]})).unwrap();
        let profile = Profile::silent("Bare Homes", Nation::England);
        let brought: Brought = serde_json::from_value(brought).unwrap();
        brought.faults(&person, &profile).into_iter().map(|fault| fault.path).collect()
    }

    #[test]
    fn what_follows_is_not_before_what_it_follows() {
        let incident = |answered: &str| {
            json!({"incidents": [{"id": "I-1", "ground": "abuse", "happened": "2026-03-02", "channel": "email",
                "what": "Insults.", "answered": answered}]})
        };
        let appeal = |decided: &str, notified: &str| {
            json!({"appeals": [{"id": "A-1", "restriction": "R-1", "received": "2026-03-02", "outcome": "upheld",
                "decided": decided, "notified": notified}]})
        };
        let reviews = |first: &str, second: &str| {
            json!({"reviews": [
                {"id": "V-1", "restriction": "R-1", "at": first, "outcome": "keep"},
                {"id": "V-2", "restriction": "R-1", "at": second, "outcome": "keep"},
            ]})
        };
        let decision = |decided: &str, sent: &str, implemented: &str| {
            json!({"decisions": [{"restriction": "R-1", "decided": decided, "letter_sent": sent,
                "implemented": implemented}]})
        };
        let (before, same, after) = ("2026-03-01", "2026-03-02", "2026-03-03");
        for (brought, expected) in [
            (incident(before), vec!["incidents[0].answered"]),
            (incident(same), vec![]),
            (incident(after), vec![]),
            (appeal(before, same), vec!["appeals[0].decided"]),
            (appeal(same, before), vec!["appeals[0].notified"]),
            (appeal(same, same), vec![]),
            (appeal(after, after), vec![]),
            (reviews(before, same), vec!["reviews[0].at"]),
            (reviews(after, same), vec!["reviews[1].at"]),
            (reviews(same, after), vec![]),
            (decision(same, before, same), vec!["decisions[0].letter_sent"]),
            (decision(after, after, same), vec!["decisions[0].decided"]),
            (decision(before, same, before), vec!["decisions[0].implemented"]),
            (decision(before, before, after), vec![]),
        ] {
            assert_eq!(paths(brought.clone()), expected, "{brought}");
        }
    }

    #[test]
    fn ids_are_there_and_of_one_entry_and_what_they_name_is_known() {
        let mediation = |id: &str| json!({"id": id, "at": "2026-03-02", "step": "offered"});
        let incident = json!({"id": "I-1", "ground": "abuse", "happened": "2026-03-01", "channel": "email",
            "what": "Insults."});
        let warning = |incidents: &[&str]| {
            json!({"id": "W-1", "given": "2026-03-02", "incidents": incidents, "kind": "formal",
                "medium": "verbal", "behaviour": "Insults."})
        };
        let review =
            json!({"id": "V-1", "restriction": "R-9", "at": "2026-03-02", "outcome": "keep"});
        for (brought, expected) in [
            (json!({"mediations": [mediation("M-1"), mediation("M-2")]}), vec![]),
            (json!({"mediations": [mediation("M-1"), mediation("M-1")]}), vec!["mediations[1].id"]),
            (json!({"mediations": [mediation(" ")]}), vec!["mediations[0].id"]),
            (json!({"warnings": [warning(&["I-9"])]}), vec!["warnings[0].incidents[0]"]),
            (
                json!({"incidents": [incident], "warnings": [warning(&["I-1", "I-9"])]}),
                vec!["warnings[0].incidents[1]"],
            ),
            (json!({"reviews": [review]}), vec!["reviews[0].restriction"]),
            (
                json!({"decisions": [{"restriction": "R-1"}, {"restriction": "R-1"}]}),
                vec!["decisions[1].restriction"],
            ),
        ] {
            assert_eq!(paths(brought.clone()), expected, "{brought}");
        }
    }

    #[test]
    fn an_appeal_is_decided_or_open_and_one_at_a_time() {
        let appeal = |id: &str, more: Value| {
            let mut appeal = json!({"id": id, "restriction": "R-1", "received": "2026-03-03"});
            appeal.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            appeal
        };
        let day = "2026-03-04";
        for (appeals, expected) in [
            (vec![appeal("A-1", json!({"outcome": "upheld"}))], vec!["appeals[0].decided"]),
            (vec![appeal("A-1", json!({"decided": day}))], vec!["appeals[0].outcome"]),
            (vec![appeal("A-1", json!({"notified": day}))], vec!["appeals[0].notified"]),
            (vec![appeal("A-1", json!({"outcome": "upheld", "decided": day}))], vec![]),
            // The restriction is said to hold.
            (
                vec![appeal("A-1", json!({"outcome": "quashed", "decided": day}))],
                vec!["appeals[0].outcome"],
            ),
            (vec![appeal("A-1", json!({}))], vec![]),
            (
                vec![appeal("A-1", json!({})), appeal("A-2", json!({}))],
                vec!["appeals[0].outcome", "appeals[1].outcome"],
            ),
            (
                vec![
                    appeal("A-1", json!({"outcome": "upheld", "decided": day})),
                    appeal("A-2", json!({})),
                ],
                vec![],
            ),
        ] {
            let brought = json!({"appeals": appeals});
            assert_eq!(paths(brought.clone()), expected, "{brought}");
        }
    }

    #[test]
    fn what_is_said_to_have_happened_is_not_to_come() {
        let day = "2026-03-02";
        let brought = json!({
            "incidents": [{"id": "I-1", "ground": "abuse", "happened": day, "channel": "email", "what": "Insults.",
                "answered": day}],
            "warnings": [{"id": "W-1", "given": day, "kind": "formal", "medium": "verbal", "behaviour": "Insults."}],
            "agreements": [{"id": "G-1", "offered": day, "terms": "Be polite.", "state": "refused", "since": day,
                "until": "2027-01-01"}],
            "mediations": [{"id": "M-1", "at": day, "step": "offered"}],
            "decisions": [{"restriction": "R-1", "decided": day, "letter_sent": day, "implemented": "2027-01-01"}],
            "reviews": [{"id": "V-1", "restriction": "R-1", "at": day, "outcome": "keep", "next_due": "2027-01-01"}],
            "appeals": [{"id": "A-1", "restriction": "R-1", "received": day, "outcome": "upheld", "decided": day,
                "notified": day}],
            "staff_complaints": [{"id": "S-1", "at": day, "about": "Bo Carr", "what": "Rude.", "closed": day}],
        });
        let brought: Brought = serde_json::from_value(brought).unwrap();
        let profile = Profile::silent("Bare Homes", Nation::England);
        let found = |today: &str| -> Vec<String> {
            let found = brought.to_come(&profile, today.parse().unwrap());
            assert!(found.iter().all(|fault| fault.message == "is in the future"));
            found.into_iter().map(|fault| fault.path).collect()
        };
        assert_eq!(
            found("2026-03-01"),
            [
                "incidents[0].happened",
                "incidents[0].answered",
                "warnings[0].given",
                "agreements[0].offered",
                "agreements[0].since",
                "mediations[0].at",
                "decisions[0].decided",
                "decisions[0].letter_sent",
                "reviews[0].at",
                "appeals[0].received",
                "appeals[0].decided",
                "appeals[0].notified",
                "staff_complaints[0].at",
                "staff_complaints[0].closed",
            ]
        );
        for today in [day, "2026-03-03"] {
            assert_eq!(found(today), [] as [&str; 0], "{today}");
        }
    }

    #[test]
    fn a_ground_is_one_of_the_policy_where_it_lists_any() {
        let incident = |ground: &str| {
            json!({"id": ground, "ground": ground, "happened": "2026-03-02", "channel": "email",
            "what": "Insults."})
        };
        let brought = json!({"incidents": [incident("abuse"), incident("noise")]});
        let brought: Brought = serde_json::from_value(brought).unwrap();
        let person: Person = serde_json::from_value(json!({"id": "P-1"})).unwrap();
        let mut profile = Profile::silent("Bare Homes", Nation::England);
        assert_eq!(brought.faults(&person, &profile), []);
        profile.grounds = ["abuse", "threats"]
            .map(|name| Ground { name: name.to_owned(), clause: None, severe: false })
            .to_vec();
        let fault = Fault {
            path: "incidents[1].ground".to_owned(),
            message: "`noise` is not a ground of the policy: abuse, threats".to_owned(),
        };
        assert_eq!(brought.faults(&person, &profile), [fault]);
    }

    #[test]
    fn reviews_are_in_order_for_each_restriction_and_appeals_open_one_at_a_time() {
        let restriction =
            |id: &str| json!({"id": id, "kind": "visits_in_pairs", "starts": "2026-03-02"});
        let quashed = json!({"id": "R-3", "kind": "visits_in_pairs", "starts": "2026-03-02", "status": "quashed"});
        let person =
            json!({"id": "P-1", "restrictions": [restriction("R-1"), restriction("R-2"), quashed]});
        let person: Person = serde_json::from_value(person).unwrap();
        let profile = Profile::silent("Bare Homes", Nation::England);
        let paths = |brought: Value| -> Vec<String> {
            let brought: Brought = serde_json::from_value(brought).unwrap();
            brought.faults(&person, &profile).into_iter().map(|fault| fault.path).collect()
        };
        let review = |id: &str, of: &str, at: &str| json!({"id": id, "restriction": of, "at": at, "outcome": "keep"});
        let other = json!({"reviews": [review("V-1", "R-1", "2026-03-09"), review("V-2", "R-2", "2026-03-03")]});
        assert_eq!(paths(other), [] as [&str; 0]);
        let appeal =
            |id: &str, of: &str| json!({"id": id, "restriction": of, "received": "2026-03-03"});
        assert_eq!(
            paths(json!({"appeals": [appeal("A-1", "R-1"), appeal("A-2", "R-2")]})),
            [] as [&str; 0]
        );
        let over = json!({"id": "A-1", "restriction": "R-3", "received": "2026-03-03", "outcome": "quashed",
            "decided": "2026-03-04"});
        assert_eq!(paths(json!({"appeals": [over]})), [] as [&str; 0]);
        let complaint = |closed: &str| {
            json!({"staff_complaints": [
                {"id": "S-1", "at": "2026-03-03", "about": "Bo Carr", "what": "Rude.", "closed": closed},
            ]})
        };
        assert_eq!(paths(complaint("2026-03-02")), ["staff_complaints[0].closed"]);
        assert_eq!(paths(complaint("2026-03-03")), [] as [&str; 0]);
        let agreement = |since: &str, until: &str| {
            json!({"agreements": [{"id": "G-1", "offered": "2026-03-03",
            "terms": "Be polite.", "state": "kept", "since": since, "until": until}]})
        };
        assert_eq!(paths(agreement("2026-03-02", "2026-03-03")), ["agreements[0].since"]);
        assert_eq!(paths(agreement("2026-03-03", "2026-03-02")), ["agreements[0].until"]);
    }
}
