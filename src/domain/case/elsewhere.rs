//! What was decided elsewhere: it comes under the same clocks as what is decided here, and what is
//! not known of it is listed.

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

    /// What is not on record of what was decided elsewhere.
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
            return holds.then(|| (format!("restriction `{id}` holds and is left out"), "lift"));
        };
        if now.status != was.status {
            let what = format!("only a step changes the status of restriction `{id}`");
            return Some((what, step_to(now.status)));
        }
        let known = file.and_then(|file| file.restraint(id));
        let decided_here = known.is_some_and(|known| !known.decided_elsewhere);
        (decided_here && !is_same_decision(was, now)).then(|| {
            (format!("restriction `{id}` was decided here, and only a step changes it"), "vary")
        })
    })
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

/// Who answers, stands in or is away is kept up to date like anybody's number; all else is the decision.
fn is_same_decision(was: &Restriction, now: &Restriction) -> bool {
    let is_point = |one: &Restriction| matches!(one.kind, Kind::SinglePointOfContact(_));
    if is_point(was) && is_point(now) {
        return *was == Restriction { kind: was.kind.clone(), ..now.clone() };
    }
    was == now
}
