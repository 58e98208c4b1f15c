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
    use crate::domain::case::tests::{
        AT, appeal, decided, file, incident, letter, restraint, review, sent, with,
    };

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
        let file = file(json!({"restraints": [restraint("R-1", &json!({}))]}));
        assert_eq!(kept(&held, &held, Some(&file)), None);
        for other in [one(by_appointment, "active"), one(pairs, "ended")] {
            assert!(kept(&held, &other, Some(&file)).is_some(), "{other:?}");
        }
    }

    fn profile() -> Profile {
        Profile::silent("Bare Homes", crate::domain::nation::Nation::England)
    }

    fn pairs(id: &str, more: &Value) -> Value {
        with(json!({"id": id, "kind": "visits_in_pairs", "starts": "2026-01-01"}), more)
    }

    #[test]
    fn what_holds_and_has_no_part_in_the_file_is_taken_in_as_decided_elsewhere() {
        let held = |id: &str, status: &str| pairs(id, &json!({"status": status}));
        let person = person(&json!([
            held("R-1", "active"),
            held("R-2", "under_appeal"),
            held("R-3", "lifted"),
            held("R-4", "proposed"),
            held("R-5", "active"),
        ]));
        let mut file = file(json!({"restraints": [restraint("R-5", &json!({}))]}));
        file.take_in(&person, &profile(), "2026-06-01T10:00:00Z".parse().unwrap());
        let known: Vec<(&str, bool)> = file
            .restraints
            .iter()
            .map(|one| (one.restriction.as_str(), one.decided_elsewhere))
            .collect();
        assert_eq!(known, [("R-5", false), ("R-1", true), ("R-2", true)]);
    }

    #[test]
    fn a_restriction_is_what_was_decided_elsewhere_until_a_step_here_changes_it() {
        let elsewhere = json!({"decided_elsewhere": true, "proposal": null});
        let known = |more: &Value| json!({"restraints": [restraint("R-1", &with(elsewhere.clone(), more))]});
        let ending =
            json!({"ended": {"at": AT, "by": "Ann Bell", "status": "lifted", "why": "Enough."}});
        let varied = json!({"variations": [{"at": AT, "by": "Ann Bell", "why": "Enough."}]});
        let after = |part: &str, entry: Value| with(known(&json!({})), &json!({part: [entry]}));
        let nothing = json!({});
        for (parts, expected) in [
            (json!({}), None),
            (known(&nothing), None),
            (json!({"restraints": [restraint("R-1", &nothing)]}), Some("was decided")),
            (known(&ending), Some("was ended")),
            (known(&varied), Some("was varied")),
            (after("appeals", appeal("A-1", "R-1", &nothing)), Some("is under appeal")),
            (after("appeals", appeal("A-1", "R-2", &nothing)), None),
            (after("appeals", appeal("A-1", "R-1", &decided())), Some("was decided on appeal")),
            (after("appeals", appeal("A-1", "R-2", &decided())), None),
            (after("appeals", appeal("A-1", "R-1", &json!({"withdrawn_at": AT}))), None),
            (after("appeals", appeal("A-9", "R-1", &decided())), None),
            (after("reviews", review("V-1", "R-1", &nothing)), Some("was reviewed")),
            (after("reviews", review("V-1", "R-2", &nothing)), None),
            (after("reviews", review("V-9", "R-1", &nothing)), None),
        ] {
            let marked = json!({"elsewhere": ["appeals A-9", "reviews V-9"]});
            let found = file(with(parts.clone(), &marked)).taken_here("R-1");
            assert_eq!(found, expected, "{parts}");
        }
    }

    #[test]
    fn what_the_record_of_a_decision_made_elsewhere_lacks_is_listed() {
        let elsewhere = json!({"decided_elsewhere": true});
        let nothing = json!({});
        let ended =
            json!({"ended": {"at": AT, "by": "Ann Bell", "status": "lifted", "why": "Enough."}});
        let mut file = file(json!({"restraints": [
            restraint("R-1", &elsewhere), restraint("R-2", &nothing), restraint("R-3", &elsewhere),
            restraint("R-4", &with(elsewhere.clone(), &ended)), restraint("R-5", &elsewhere),
        ]}));
        let whole = json!({"grounds": "abuse", "clause": "4.1", "review_due": "2026-07-01", "decided_by": "Ann Bell",
            "signed_off_by": "Ed Fox"});
        let bare =
            |id: &str, status: &str| json!({"id": id, "kind": "visits_in_pairs", "status": status});
        let mut person = person(&json!([
            bare("R-1", "active"),
            bare("R-2", "active"),
            bare("R-3", "lifted"),
            bare("R-4", "active"),
        ]));
        let lacks = |file: &CaseFile, person: &Person| -> Vec<&'static str> {
            let found = file.missing(person);
            assert!(found.iter().all(|one| one.restriction == "R-1"), "{found:?}");
            found.iter().map(|one| one.what).collect()
        };
        assert_eq!(
            lacks(&file, &person),
            [
                "letter",
                "incident",
                "grounds",
                "clause",
                "starts",
                "review_due",
                "decided_by",
                "signed_off_by"
            ]
        );
        person.restrictions[0] = serde_json::from_value(pairs("R-1", &whole)).unwrap();
        file.incidents = self::file(json!({"incidents": [incident("I-1", &nothing)]})).incidents;
        assert_eq!(lacks(&file, &person), ["letter"]);
        for kind in ["restriction", "contact_ended"] {
            let told = json!({"letters": [letter("L-1", kind, "R-1", &sent(AT))]});
            file.letters = self::file(told).letters;
            assert_eq!(lacks(&file, &person), [] as [&str; 0], "{kind}");
        }
        // An end date will do in place of a review, and a restriction under appeal is in force.
        let ends = json!({"review_due": null, "ends": "2026-07-01", "status": "under_appeal"});
        person.restrictions[0] =
            serde_json::from_value(pairs("R-1", &with(whole.clone(), &ends))).unwrap();
        assert_eq!(lacks(&file, &person), [] as [&str; 0]);
        person.restrictions[0] =
            serde_json::from_value(pairs("R-1", &with(whole, &json!({"review_due": null}))))
                .unwrap();
        assert_eq!(lacks(&file, &person), ["review_due"]);
    }

    #[test]
    fn a_change_of_a_record_that_only_a_step_may_make_names_the_step() {
        let step = |before: &Value, after: &Value, file: Option<&CaseFile>| {
            step_for(&person(before), &person(after), file).map(|(what, step)| {
                assert!(what.contains("`R-1`"), "{what}");
                step
            })
        };
        let one = |status: &str, more: &Value| {
            json!([pairs("R-0", &json!({})), pairs("R-1", &with(json!({"status": status}), more))])
        };
        let nothing = json!({});
        let active = one("active", &nothing);
        for (status, expected) in [
            ("proposed", "propose"),
            ("under_appeal", "receive_appeal"),
            ("varied", "vary"),
            ("quashed", "decide_appeal"),
            ("lifted", "lift"),
            ("expired", "lift"),
            ("ended", "lift"),
        ] {
            assert_eq!(step(&active, &one(status, &nothing), None), Some(expected), "{status}");
            assert_eq!(
                step(&one(status, &nothing), &active, None),
                Some("put_in_force"),
                "{status}"
            );
        }
        let without = json!([pairs("R-0", &nothing)]);
        assert_eq!(step(&active, &without, None), Some("lift"));
        assert_eq!(step(&one("under_appeal", &nothing), &without, None), Some("lift"));
        assert_eq!(step(&one("lifted", &nothing), &without, None), None);
        // Only restrictions decided elsewhere are written as they are known there.
        let here = file(json!({"restraints": [restraint("R-1", &nothing)]}));
        let other = one("active", &json!({"grounds": "demands"}));
        assert_eq!(step(&active, &other, None), None);
        assert_eq!(step(&active, &other, Some(&CaseFile::of("P-1"))), None);
        assert_eq!(step(&active, &other, Some(&here)), Some("vary"));
        assert_eq!(step(&active, &active, Some(&here)), None);
    }

    #[test]
    fn who_answers_is_kept_up_to_date_whoever_decided() {
        let point = |name: &str, more: &Value| {
            let point =
                json!({"id": "R-1", "kind": "single_point_of_contact", "contact": {"name": name}});
            serde_json::from_value::<Restriction>(with(point, more)).unwrap()
        };
        let one = |more: &Value| serde_json::from_value::<Restriction>(pairs("R-1", more)).unwrap();
        let (nothing, grounds) = (json!({}), json!({"grounds": "demands"}));
        for (was, now, is_same) in [
            (point("Ann Bell", &nothing), point("Bo Carr", &nothing), true),
            (point("Ann Bell", &nothing), point("Ann Bell", &grounds), false),
            (point("Ann Bell", &nothing), one(&nothing), false),
            (one(&nothing), point("Ann Bell", &nothing), false),
            (one(&nothing), one(&nothing), true),
            (one(&nothing), one(&grounds), false),
        ] {
            assert_eq!(is_same_decision(&was, &now), is_same, "{was:?} {now:?}");
        }
    }

    #[test]
    fn a_list_that_says_a_lift_again_is_taken_and_one_of_another_status_is_not() {
        let one = |status: &str| {
            serde_json::from_value(pairs("R-1", &json!({"status": status}))).unwrap()
        };
        let here = file(json!({"restraints": [restraint("R-1", &json!({}))]}));
        for (was, listed, file, expected) in [
            ("lifted", "under_appeal", None, Some("was lifted")),
            ("quashed", "under_appeal", None, Some("was quashed")),
            ("lifted", "ended", None, None),
            ("quashed", "ended", None, None),
            ("quashed", "quashed", Some(&here), None),
            ("lifted", "ended", Some(&here), Some("was decided")),
            ("ended", "active", None, None),
        ] {
            assert_eq!(kept_from_lists(&one(was), &one(listed), file), expected, "{was} {listed}");
        }
    }
}
