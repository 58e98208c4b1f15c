//! When somebody is reminded of what falls due: once in each state, some time before it, on its day, and once
//! it is late.

use chrono::{Days, NaiveDate};

use super::{Entry, State, What};
use crate::domain::explain::cited;
use crate::domain::profile::{OnOverdue, Profile, Role};
use crate::domain::queue::GOVERNANCE;

/// How long before a review, an end and the like somebody is reminded.
const LEAD_DAYS: u64 = 28;

/// How long before an answer is due.
const LEAD_WORKING_DAYS: u32 = 3;

/// Somebody is reminded. The same state of the same deadline always has the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    pub key: String,
    /// The queue of the role that must act.
    pub queue: String,
    pub text: String,
}

/// The reminder of an entry as it is today; `None`: nothing has to be said yet, or any more.
pub fn of_entry(entry: &Entry, profile: &Profile, today: NaiveDate) -> Option<Reminder> {
    let said = match entry.state {
        State::Met | State::Late => return None,
        State::Upcoming if today < lead(entry, profile) => return None,
        State::Upcoming => "falls due on",
        State::Due if entry.what == What::EarlyReview => "is possible since",
        State::Due => "falls due today,",
        State::Overdue => "was due on",
    };
    // A review that is not done keeps its restriction in force: that is said again every day.
    let daily = entry.what == What::Review
        && entry.state == State::Overdue
        && profile.review.on_overdue == Some(OnOverdue::Keep);
    let day = if daily { format!(" {today}") } else { String::new() };
    let person = entry.person.as_deref().unwrap_or("-");
    let (what, about, due) = (entry.what.name(), &entry.about, entry.due);
    let key = format!("{what} {person} {about} {due} {}{day}", entry.state.name());
    let whose = entry.person.as_ref().map(|id| format!(" of {id}")).unwrap_or_default();
    let cited = cited(entry.clause.as_deref());
    let text = format!("{}: {about}{whose} {said} {due}{cited}.", entry.what.words());
    Some(Reminder { key, queue: queue_of(&entry.who), text })
}

/// The reminder that from a day on a person has no open way left.
pub fn no_way_open(person: &str, from: NaiveDate) -> String {
    format!(
        "No way open: in the 7 days from {from} no staffed way stays open for {person} with all of \
         their restrictions."
    )
}

/// The reminder that a person made contact in breach of a restriction, with the policy's clause on that.
pub fn contact_in_breach(
    person: &str,
    on: NaiveDate,
    restriction: &str,
    clause: Option<&str>,
) -> String {
    let cited = cited(clause);
    format!(
        "Contact in breach of a restriction: {person} made contact on {on}, which {restriction} does \
         not allow{cited}."
    )
}

/// The day from which an entry is upcoming enough to be spoken of.
fn lead(entry: &Entry, profile: &Profile) -> NaiveDate {
    match entry.what {
        What::EarlyReview => entry.due,
        What::Review
        | What::RestrictionEnd
        | What::AgreementEnd
        | What::AdjustmentReview
        | What::ExceptionReview
        | What::AbsenceUncovered
        | What::ProfileUnset
        | What::CalendarEnd => {
            entry.due.checked_sub_days(Days::new(LEAD_DAYS)).unwrap_or(entry.due)
        }
        What::Letter
        | What::AppealAnswer
        | What::AppealNotice
        | What::Engagement
        | What::ReadFiled => working_days_before(entry.due, profile, LEAD_WORKING_DAYS),
    }
}

/// The day that is so many working days before another.
fn working_days_before(due: NaiveDate, profile: &Profile, days: u32) -> NaiveDate {
    let mut day = due;
    // No three working days are further apart than the longest row of holidays.
    for _ in 0..LEAD_DAYS {
        if profile.bank_holidays.add_working_days(day, days) <= due && day < due {
            return day;
        }
        day = day.pred_opt().unwrap_or(day);
    }
    day
}

/// The queue of the role that must act: of the first role where several may.
pub fn queue_of(who: &[Role]) -> String {
    who.first().map_or_else(|| GOVERNANCE.to_owned(), |role| role.0.replace('_', "-"))
}

impl What {
    pub const fn name(self) -> &'static str {
        match self {
            What::Review => "review",
            What::EarlyReview => "early_review",
            What::RestrictionEnd => "restriction_end",
            What::Letter => "letter",
            What::AppealAnswer => "appeal_answer",
            What::AppealNotice => "appeal_notice",
            What::Engagement => "engagement",
            What::ReadFiled => "read_filed",
            What::AgreementEnd => "agreement_end",
            What::AdjustmentReview => "adjustment_review",
            What::ExceptionReview => "exception_review",
            What::AbsenceUncovered => "absence_uncovered",
            What::ProfileUnset => "profile_unset",
            What::CalendarEnd => "calendar_end",
        }
    }

    /// What it is, for people.
    pub const fn words(self) -> &'static str {
        match self {
            What::Review => "Review of a restriction",
            What::EarlyReview => "Early review after good conduct",
            What::RestrictionEnd => "Last day of a restriction",
            What::Letter => "Letter owed",
            What::AppealAnswer => "Answer to an appeal",
            What::AppealNotice => "Notice of an appeal's outcome",
            What::Engagement => "Decision whether to engage with a new issue",
            What::ReadFiled => "Filed contact to be read",
            What::AgreementEnd => "End of an agreement",
            What::AdjustmentReview => "Review of an adjustment",
            What::ExceptionReview => "Review of an exception: can the person be notified now?",
            What::AbsenceUncovered => "Nobody covers a point of contact",
            What::ProfileUnset => "A value of the policy that nobody has chosen",
            What::CalendarEnd => "End of the table of bank holidays",
        }
    }
}

impl State {
    pub const fn name(self) -> &'static str {
        match self {
            State::Upcoming => "upcoming",
            State::Due => "due",
            State::Overdue => "overdue",
            State::Met => "met",
            State::Late => "late",
        }
    }
}
