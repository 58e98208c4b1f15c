//! What the figures need of one person's case: days and names. It follows from case, profile and day, and holds no text.

use chrono::NaiveDate;

use crate::domain::case::anchors::{day, last_day};
use crate::domain::case::appeal::Appeal;
use crate::domain::case::conduct::Warning;
use crate::domain::case::letter::LetterKind;
use crate::domain::diary::Case;
use crate::domain::moment::midnight;
use crate::domain::profile::Profile;
use crate::domain::restriction::{Restriction, Status};

/// One person's case for the figures of any period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFacts {
    pub(super) person: String,
    pub(super) warnings: Vec<WarningFacts>,
    pub(super) incidents: Vec<IncidentFacts>,
    /// Those that are or were in force.
    pub(super) restrictions: Vec<RestrictionFacts>,
    pub(super) reviews: Vec<ReviewFacts>,
    pub(super) appeals: Vec<AppealFacts>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WarningFacts {
    pub(super) given: NaiveDate,
    pub(super) letter_sent: Option<NaiveDate>,
    /// Of its incidents, as they are published.
    pub(super) grounds: Vec<String>,
    /// A restriction came with it or after it.
    pub(super) followed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IncidentFacts {
    pub(super) recorded: NaiveDate,
    pub(super) state: &'static str,
    pub(super) ground: String,
    pub(super) severity: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RestrictionFacts {
    pub(super) since: NaiveDate,
    /// The first day on which it no longer held.
    pub(super) end: Option<NaiveDate>,
    /// When appeals kept it from holding: the first day, and the first day after.
    pub(super) suspended: Vec<(NaiveDate, Option<NaiveDate>)>,
    pub(super) kind: &'static str,
    pub(super) ground: String,
    pub(super) review_due: Option<NaiveDate>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReviewFacts {
    pub(super) done: NaiveDate,
    pub(super) was_due: Option<NaiveDate>,
    pub(super) outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AppealFacts {
    pub(super) received: NaiveDate,
    pub(super) is_open: bool,
    pub(super) answer_due: Option<NaiveDate>,
    /// The day, and the outcome.
    pub(super) decided: Option<(NaiveDate, &'static str)>,
}

impl CaseFacts {
    pub fn of(case: Case<'_>, profile: &Profile, today: NaiveDate) -> Self {
        let file = case.file;
        let incidents = file.incidents.iter().map(|one| IncidentFacts {
            recorded: day(profile, one.recorded_at),
            state: one.state(),
            ground: profile.published_ground(Some(&one.ground)).to_owned(),
            severity: one.severity.name(),
        });
        let reviews = file.reviews.iter().map(|one| ReviewFacts {
            done: day(profile, one.at),
            was_due: one.was_due,
            outcome: one.outcome.name(),
        });
        let was_in_force = |one: &&Restriction| one.status != Status::Proposed;
        let restrictions = case.person.restrictions.iter().filter(was_in_force);
        CaseFacts {
            person: case.person.id.clone(),
            warnings: file.warnings.iter().map(|one| warning(case, profile, one)).collect(),
            incidents: incidents.collect(),
            restrictions: restrictions.map(|one| restricted(case, profile, one, today)).collect(),
            reviews: reviews.collect(),
            appeals: file.appeals.iter().map(|one| appealed(profile, one)).collect(),
        }
    }

    /// How many facts there are, for bounds on memory.
    pub fn count(&self) -> usize {
        let warnings: usize = self.warnings.iter().map(|one| 1 + one.grounds.len()).sum();
        let restrictions: usize = self.restrictions.iter().map(|one| 1 + one.suspended.len()).sum();
        warnings + self.incidents.len() + restrictions + self.reviews.len() + self.appeals.len()
    }
}

fn warning(case: Case<'_>, profile: &Profile, warning: &Warning) -> WarningFacts {
    let file = case.file;
    let sent = file.sent(LetterKind::Warning, &warning.id);
    let sent = sent.and_then(|letter| letter.sent.as_ref());
    let incidents = warning.incidents.iter().filter_map(|id| file.incident(id));
    let given = day(profile, warning.at);
    WarningFacts {
        given,
        letter_sent: sent.map(|sent| day(profile, sent.at)),
        grounds: incidents
            .map(|incident| profile.published_ground(Some(&incident.ground)).to_owned())
            .collect(),
        followed: file.restraints.iter().any(|one| one.implemented >= given),
    }
}

fn restricted(
    case: Case<'_>,
    profile: &Profile,
    restriction: &Restriction,
    today: NaiveDate,
) -> RestrictionFacts {
    let at = midnight(profile.timezone, today);
    let known = case.file.known_or_elsewhere(profile, restriction, at);
    let by_step = known.ended.as_ref().map(|ending| day(profile, ending.at));
    let by_clock = restriction.runs_out(profile).map(|end| day(profile, end));
    let own = case.file.appeals.iter().filter(|one| one.restriction == restriction.id);
    let suspending = own.filter(|one| one.suspends && !profile.kept_during_appeal());
    RestrictionFacts {
        since: known.since(),
        end: by_step.into_iter().chain(by_clock).min(),
        suspended: suspending
            .map(|appeal| {
                let decided = appeal.decision.as_ref().map(|decision| decision.at);
                let over = decided.or(appeal.withdrawn_at);
                (day(profile, appeal.received.at), over.map(|over| day(profile, over)))
            })
            .collect(),
        kind: restriction.kind.name().name(),
        ground: profile.published_ground(restriction.grounds.as_deref()).to_owned(),
        review_due: restriction.review_due.map(|due| due.day(profile.timezone)),
    }
}

fn appealed(profile: &Profile, appeal: &Appeal) -> AppealFacts {
    let received = day(profile, appeal.received.at);
    AppealFacts {
        received,
        is_open: appeal.is_open(),
        answer_due: profile.appeal.answer.map(|answer| last_day(profile, answer.length, received)),
        decided: appeal
            .decision
            .as_ref()
            .map(|decision| (day(profile, decision.at), decision.outcome.name())),
    }
}

impl RestrictionFacts {
    /// Whether it was in force, and no appeal kept it from holding.
    pub(super) fn holds_on(&self, on: NaiveDate) -> bool {
        self.since <= on && !self.is_over_on(on) && !self.is_suspended_on(on)
    }

    pub(super) fn is_over_on(&self, on: NaiveDate) -> bool {
        self.end.is_some_and(|end| end <= on)
    }

    fn is_suspended_on(&self, on: NaiveDate) -> bool {
        self.suspended.iter().any(|(from, over)| *from <= on && over.is_none_or(|over| on < over))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::case::CaseFile;
    use crate::domain::nation::Nation;
    use crate::domain::person::Person;
    use crate::domain::profile::{Deadline, Ground, Length};

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Half past midnight in London on a day of summer is the day before in UTC.
    fn at(day: &str) -> String {
        format!("2026-{day}T23:30:00Z")
    }

    /// Two warnings, an incident and three restrictions, two of them appealed against.
    fn case() -> (CaseFile, Person) {
        let incident = json!({"id": "I-1", "recorded_at": at("03-01"), "reported_by": "Ann Bell", "ground": "abuse",
            "severity": "severe", "happened_at": at("03-01"), "channel": "email", "what": "Insults.", "contacts": [],
            "interaction_ended": false, "told": [], "staff": []});
        let warning = |id: &str, day: &str| {
            json!({"id": id, "at": at(day), "by": "Ann Bell", "incidents": ["I-1", "I-9"],
            "kind": "formal", "medium": "written", "behaviour": "Insults.", "must_change": "No insults."})
        };
        let letter = json!({"id": "L-1", "kind": "warning", "about": "W-1", "language": "en", "format": "standard",
            "parts": [], "drafted_at": at("03-02"), "drafted_by": "Ann Bell",
            "sent": {"at": at("03-03"), "by": "Ann Bell", "means": "post"}});
        let ending =
            json!({"at": at("05-01"), "by": "Ann Bell", "status": "lifted", "why": "Enough."});
        let restraint = |id: &str, ended: Option<&serde_json::Value>| {
            json!({"restriction": id, "decided_elsewhere": false,
            "decided": "2026-03-10", "implemented": "2026-03-12", "took_part": [], "variations": [], "ended": ended})
        };
        let review = json!({"id": "V-1", "restriction": "R-1", "at": at("04-01"), "by": "Ann Bell",
            "was_due": "2026-04-02", "outcome": "keep", "why": "As before.", "letter_owed": false});
        let appeal = |of: &str, suspends: bool, more: serde_json::Value| {
            let received = json!({"at": at("06-30"), "channel": "letter", "grounds": [], "recorded_by": "Ann Bell"});
            let mut appeal = json!({"id": "A", "restriction": of, "received": received, "joined": [],
                "out_of_time": false, "suspends": suspends});
            appeal.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            appeal
        };
        let upheld = json!({"decision": {"at": at("07-01"), "by": "Ed Fox", "outcome": "upheld", "why": "Right."}});
        let file = json!({
            "incidents": [incident], "warnings": [warning("W-1", "03-11"), warning("W-2", "03-13")],
            "letters": [letter], "reviews": [review],
            "restraints": [restraint("R-1", None), restraint("R-2", Some(&ending))],
            "appeals": [
                appeal("R-1", true, upheld), appeal("R-1", true, json!({"withdrawn_at": at("07-03")})),
                appeal("R-1", true, json!({})), appeal("R-1", false, json!({})), appeal("R-2", true, json!({})),
            ],
        });
        let held = |id: &str, status: &str, review: Option<&str>| {
            json!({"id": id, "kind": "visits_in_pairs",
            "status": status, "starts": "2026-03-12", "ends": "2026-06-30", "grounds": "noise", "review_due": review})
        };
        let person = json!({"id": "P-1", "restrictions": [
            held("R-1", "active", Some("2026-06-01")), held("R-2", "lifted", None), held("R-3", "proposed", None),
        ]});
        (serde_json::from_value(file).unwrap(), serde_json::from_value(person).unwrap())
    }

    #[test]
    fn the_facts_of_a_case_are_its_days_and_published_names() {
        let (file, person) = case();
        let case = Case { file: &file, person: &person };
        let mut profile = Profile::silent("Bare Homes", Nation::England);
        profile.grounds = vec![Ground { name: "abuse".to_owned(), clause: None, severe: true }];
        profile.appeal.answer = Some(Deadline { length: Length::Months(1), from: None });
        let facts = CaseFacts::of(case, &profile, date("2026-08-01"));
        let warned = |given: &str, sent: Option<&str>, followed| WarningFacts {
            given: date(given),
            letter_sent: sent.map(date),
            grounds: vec!["abuse".to_owned()],
            followed,
        };
        let restricted = |end: &str, suspended: &[(&str, Option<&str>)], review: Option<&str>| {
            RestrictionFacts {
                since: date("2026-03-12"),
                end: Some(date(end)),
                suspended: suspended
                    .iter()
                    .map(|(from, over)| (date(from), over.map(date)))
                    .collect(),
                kind: "visits_in_pairs",
                ground: "other".to_owned(),
                review_due: review.map(date),
            }
        };
        let appealed = |is_open, decided: Option<&str>| AppealFacts {
            received: date("2026-07-01"),
            is_open,
            answer_due: Some(date("2026-08-01")),
            decided: decided.map(|day| (date(day), "upheld")),
        };
        let from = "2026-07-01";
        let suspended = [(from, Some("2026-07-02")), (from, Some("2026-07-04")), (from, None)];
        let (state, ground, severity) = ("open", "abuse".to_owned(), "severe");
        let expected = CaseFacts {
            person: "P-1".to_owned(),
            warnings: vec![
                warned("2026-03-11", Some("2026-03-03"), true),
                warned("2026-03-13", None, false),
            ],
            incidents: vec![IncidentFacts {
                recorded: date("2026-03-01"),
                state,
                ground,
                severity,
            }],
            restrictions: vec![
                restricted("2026-07-01", &suspended, Some("2026-06-01")),
                // By the step, which came before its own end.
                restricted("2026-05-02", &[(from, None)], None),
            ],
            reviews: vec![ReviewFacts {
                done: date("2026-04-02"),
                was_due: Some(date("2026-04-02")),
                outcome: "keep",
            }],
            appeals: vec![
                appealed(false, Some("2026-07-02")),
                appealed(false, None),
                appealed(true, None),
                appealed(true, None),
                appealed(true, None),
            ],
        };
        assert_eq!(facts, expected);
        // Two warnings with a ground each, an incident, two restrictions suspended four times, a review, five appeals.
        assert_eq!(facts.count(), 4 + 1 + 6 + 1 + 5);
        profile.appeal.in_force_during = Some(true);
        let kept = CaseFacts::of(case, &profile, date("2026-08-01"));
        assert!(kept.restrictions.iter().all(|one| one.suspended.is_empty()));
    }
}
