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
