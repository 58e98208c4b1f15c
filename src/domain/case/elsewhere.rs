//! What was decided elsewhere: the same clocks apply as for decisions made here, and missing facts are listed.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::CaseFile;
use super::letter::LetterKind;
use crate::domain::person::Person;
use crate::domain::profile::Profile;
use crate::domain::restriction::{Kind, Restriction, Status};

/// Something that is not on record of a restriction that was decided elsewhere. It does not switch
/// the restriction off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    pub restriction: String,
    /// `letter`, `incident`, or the key of the restriction.
    pub what: &'static str,
}

impl CaseFile {
    /// Takes in what holds and has no part in the file yet: it was decided elsewhere.
    pub fn take_in(&mut self, person: &Person, profile: &Profile, at: DateTime<Utc>) {
        let held = |one: &&Restriction| matches!(one.status, Status::Active | Status::UnderAppeal);
        for restriction in person.restrictions.iter().filter(held) {
            if self.restraint(&restriction.id).is_none() {
                let elsewhere = self.known_or_elsewhere(profile, restriction, at);
                self.restraints.push(elsewhere);
            }
        }
    }

    /// How a step that was taken here made a restriction what it is, in words that follow its name; `None`: it is
    /// what was decided elsewhere.
    pub fn taken_here(&self, restriction: &str) -> Option<&'static str> {
        if self.open_appeal(restriction).is_some() {
            return Some("is under appeal");
        }
        let known = self.restraint(restriction)?;
        if known.ended.is_some() {
            return Some("was ended");
        }
        if !known.variations.is_empty() {
            return Some("was varied");
        }
        if !known.decided_elsewhere {
            return Some("was decided");
        }
        let reviewed = self.reviews.iter().any(|one| {
            one.restriction == restriction && !self.is_from_elsewhere("reviews", &one.id)
        });
        let appealed = self.appeals.iter().any(|one| {
            one.restriction == restriction
                && one.decision.is_some()
                && !self.is_from_elsewhere("appeals", &one.id)
        });
        match (reviewed, appealed) {
            (true, _) => Some("was reviewed"),
            (false, true) => Some("was decided on appeal"),
            (false, false) => None,
        }
    }

    /// What the record of a decision made elsewhere lacks.
    pub fn missing(&self, person: &Person) -> Vec<Missing> {
        let mut missing = Vec::new();
        for known in
            self.restraints.iter().filter(|one| one.decided_elsewhere && one.ended.is_none())
        {
            let id = &known.restriction;
            let Some(held) = person.restrictions.iter().find(|one| one.id == *id) else { continue };
            if !matches!(held.status, Status::Active | Status::UnderAppeal) {
                continue;
            }
            let told = [LetterKind::Restriction, LetterKind::ContactEnded];
            let gaps = [
                ("letter", told.iter().all(|kind| self.sent(*kind, id).is_none())),
                ("incident", self.incidents.is_empty()),
                ("grounds", held.grounds.is_none()),
                ("clause", held.clause.is_none()),
                ("starts", held.starts.is_none()),
                ("review_due", held.review_due.is_none() && held.ends.is_none()),
                ("decided_by", held.decided_by.is_none()),
                ("signed_off_by", held.signed_off_by.is_none()),
            ];
            let gaps = gaps.iter().filter(|(_, is_missing)| *is_missing);
            missing.extend(gaps.map(|(what, _)| Missing { restriction: id.clone(), what }));
        }
        missing
    }
}

/// What is over, or not in force yet, stays on record (and what it is merged with) where a change of the record leaves it out: it is part of
/// the person's history, and no step takes it off.
pub fn keep_what_does_not_hold(before: &Person, after: &mut Person) {
    for (place, was) in before.restrictions.iter().enumerate() {
        let holds = matches!(was.status, Status::Active | Status::UnderAppeal);
        if !holds && !after.restrictions.iter().any(|one| one.id == was.id) {
            let place = place.min(after.restrictions.len());
            after.restrictions.insert(place, was.clone());
        }
    }
    keep_merged(Some(before), after);
}

/// Which records are of one person only a merge says, and what undoes one: no change of a record does.
pub fn keep_merged(before: Option<&Person>, after: &mut Person) {
    after.merged_into = before.and_then(|before| before.merged_into.clone());
    after.merged = before.map(|before| before.merged.clone()).unwrap_or_default();
}

/// The step that a change of a person's record needs, with what the change would do; `None`: none. What
/// was decided elsewhere may be written as it is known there, its status apart.
pub fn step_for(
    before: &Person,
    after: &Person,
    file: Option<&CaseFile>,
) -> Option<(String, &'static str)> {
    before.restrictions.iter().find_map(|was| {
        let id = &was.id;
        let Some(now) = after.restrictions.iter().find(|one| one.id == *id) else {
            let holds = matches!(was.status, Status::Active | Status::UnderAppeal);
            return holds
                .then(|| (format!("restriction `{id}` is in force and is left out"), "lift"));
        };
        if now.status != was.status {
            let what = format!("only a step changes the status of restriction `{id}`");
            return Some((what, step_to(now.status)));
        }
        let taken =
            file.and_then(|file| file.taken_here(id)).filter(|_| !is_same_decision(was, now));
        taken.map(|taken| {
            (format!("restriction `{id}` {taken} here, and only a step changes it"), "vary")
        })
    })
}

/// Why a list of decisions made elsewhere can't say this of a restriction on record: it is what a
/// step that was taken here made it. `None`: the list may.
pub fn kept_from_lists(
    was: &Restriction,
    listed: &Restriction,
    file: Option<&CaseFile>,
) -> Option<&'static str> {
    let listed_as_held = matches!(listed.status, Status::Active | Status::UnderAppeal);
    match was.status {
        Status::Lifted if listed_as_held => return Some("was lifted"),
        Status::Quashed if listed_as_held => return Some("was quashed"),
        _ => {}
    }
    let is_same = was.status == listed.status && is_same_decision(was, listed);
    file?.taken_here(&was.id).filter(|_| !is_same)
}

/// The step that brings a restriction to a status.
const fn step_to(status: Status) -> &'static str {
    match status {
        Status::Proposed => "propose",
        Status::Active => "put_in_force",
        Status::UnderAppeal => "receive_appeal",
        Status::Varied => "vary",
        Status::Quashed => "decide_appeal",
        Status::Lifted | Status::Expired | Status::Ended => "lift",
    }
}

/// Who answers, covers or is away is kept up to date like anybody's number; all else is the decision.
fn is_same_decision(was: &Restriction, now: &Restriction) -> bool {
    let is_point = |one: &Restriction| matches!(one.kind, Kind::SinglePointOfContact(_));
    if is_point(was) && is_point(now) {
        return *was == Restriction { kind: was.kind.clone(), ..now.clone() };
    }
    was == now
}

/// The key by which a list says another decision under the id of a restriction that is over; `None`: it says none.
/// What was ended by mistake may come back as it was, or with other days to its end.
pub fn reuses_id(
    was: &Restriction,
    now: &Restriction,
    profile: &Profile,
    at: DateTime<Utc>,
) -> Option<&'static str> {
    let may_hold = |one: &Restriction| {
        matches!(one.status, Status::Proposed | Status::Active | Status::UnderAppeal)
            && !one.has_run_out(at, profile)
    };
    if may_hold(was) || !may_hold(now) {
        return None;
    }
    if was.kind.name() != now.kind.name() {
        return Some("kind");
    }
    (was.starts != now.starts).then_some("starts")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn person(restrictions: &Value) -> Person {
        serde_json::from_value(json!({"id": "P-1", "restrictions": restrictions})).unwrap()
    }

    #[test]
    fn what_is_over_and_who_is_merged_stay_where_a_change_leaves_them_out() {
        let restriction = |id: &str, status: &str| json!({"id": id, "kind": "visits_in_pairs", "starts": "2026-01-01", "status": status});
        let (over, active) = (restriction("R-1", "lifted"), restriction("R-2", "active"));
        let mut before = person(&json!([over, active]));
        before.merged_into = Some("P-2".to_owned());
        before.merged = vec!["P-3".to_owned()];
        for given in [json!([]), json!([over])] {
            let mut after = person(&given);
            keep_what_does_not_hold(&before, &mut after);
            assert_eq!(after.restrictions, before.restrictions[..1], "{given}");
            assert_eq!((&after.merged_into, &after.merged), (&before.merged_into, &before.merged));
        }
    }

    #[test]
    fn an_id_of_what_is_over_says_no_other_decision() {
        let profile = Profile::silent("Bare Homes", crate::domain::nation::Nation::England);
        let at = "2026-06-01T10:00:00Z".parse().unwrap();
        let one = |kind: &str, starts: &str, status: &str| {
            let held = json!([{"id": "R-1", "kind": kind, "starts": starts, "status": status}]);
            person(&held).restrictions.remove(0)
        };
        let (pairs, by_appointment) = ("visits_in_pairs", "appointment_only");
        let over = one(pairs, "2026-01-01", "lifted");
        for (now, key) in [
            (one(pairs, "2026-01-01", "active"), None),
            (one(pairs, "2026-02-01", "active"), Some("starts")),
            (one(by_appointment, "2026-02-01", "active"), Some("kind")),
            (one(by_appointment, "2026-02-01", "ended"), None),
        ] {
            assert_eq!(reuses_id(&over, &now, &profile, at), key, "{now:?}");
        }
        let held = one(pairs, "2026-01-01", "active");
        let other = one(by_appointment, "2026-02-01", "active");
        assert_eq!(reuses_id(&held, &other, &profile, at), None);
    }

    #[test]
    fn a_list_says_nothing_else_of_what_a_step_made() {
        let one = |kind: &str, status: &str| {
            person(&json!([{"id": "R-1", "kind": kind, "starts": "2026-01-01", "status": status}]))
                .restrictions
                .remove(0)
        };
        let (pairs, by_appointment) = ("visits_in_pairs", "appointment_only");
        let kept =
            |was: &Restriction, listed: &Restriction, file| kept_from_lists(was, listed, file);
        let held = one(pairs, "active");
        assert_eq!(kept(&one(pairs, "lifted"), &held, None), Some("was lifted"));
        assert_eq!(kept(&one(pairs, "quashed"), &held, None), Some("was quashed"));
        assert_eq!(kept(&held, &one(by_appointment, "active"), None), None);
        // A step of this file put it in force.
        let file: CaseFile = serde_json::from_value(json!({"restraints": [{
            "restriction": "R-1", "proposal": "PR-1", "decided_elsewhere": false, "decided": "2026-01-01",
            "letter_sent": null, "implemented": "2026-01-01", "took_part": [], "variations": [], "ended": null,
        }]}))
        .unwrap();
        assert_eq!(kept(&held, &held, Some(&file)), None);
        for other in [one(by_appointment, "active"), one(pairs, "ended")] {
            assert!(kept(&held, &other, Some(&file)).is_some(), "{other:?}");
        }
    }
}
