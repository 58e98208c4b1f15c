//! Proof of the last open way: in every 7 days at least one staffed way by which a person can get
//! through, over everything that restricts them together.
//!
//! Days are compared by whole local days and open time by minutes, so that a restriction that holds
//! on a part of a day is taken to hold on all of it: the proof never says open where it is not.

use chrono::{Days, NaiveDate};

use super::channel::Channel;
use super::hours::Spans;
use super::moment::next_day;
use super::person::Person;
use super::profile::Profile;
use super::restriction::{Kind, Mode, PointOfContact, Restriction, Status};

/// Days within which a way must open.
const DAYS: u64 = 7;

/// What is asked: can the person get through, on every 7 days between two days?
#[derive(Debug, Clone)]
pub struct Question<'a> {
    pub profile: &'a Profile,
    pub person: &'a Person,
    /// Everything that restricts the person in that time, proposals included.
    pub together: Vec<&'a Restriction>,
    pub first: NaiveDate,
    /// The last day, included: the review, or the end.
    pub last: NaiveDate,
}

impl<'a> Question<'a> {
    /// What restricts a person on a day and after it, with a proposal (in the place of what has its id). A restriction
    /// that is only observed closes nothing; a proposal to observe counts, since the question is whether it could be
    /// enforced.
    pub fn of(
        profile: &'a Profile,
        person: &'a Person,
        proposed: Option<&'a Restriction>,
        first: NaiveDate,
    ) -> Self {
        let zone = profile.timezone;
        let over = |one: &Restriction| {
            one.runs_out(profile).is_some_and(|end| end.with_timezone(&zone).date_naive() <= first)
        };
        let holds = |one: &&Restriction| {
            matches!(one.status, Status::Active | Status::UnderAppeal)
                && one.mode == Mode::Enforce
                && proposed.is_none_or(|proposed| proposed.id != one.id)
                && !over(one)
        };
        let together: Vec<&Restriction> =
            person.restrictions.iter().filter(holds).chain(proposed).collect();
        let asked = proposed.map_or_else(|| together.clone(), |proposed| vec![proposed]);
        let last = asked
            .iter()
            .filter_map(|one| one.ends.or(one.review_due))
            .max_by_key(|it| it.day(zone));
        let last = last.map_or(first, |last| last.day(zone)).max(first);
        Question { profile, person, together, first, last }
    }
}

/// A way that is open on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenWay {
    pub channel: Channel,
    pub day: NaiveDate,
    /// The first span of time, in minutes of the local day.
    pub from: u16,
    pub to: u16,
    /// Who answers: the point of contact, a deputy, the team, or nobody named.
    pub who: Option<String>,
}

/// No way is open in the 7 days from this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    pub from: NaiveDate,
}

/// The first way that is open, or the first 7 days in which none is.
///
/// # Errors
/// [`Closed`] with the first of those days. Without staffed hours nothing is staffed.
pub fn prove(question: &Question<'_>) -> Result<OpenWay, Closed> {
    // A restriction shorter than 7 days is looked at as if it held for all of them.
    let week = question.first + Days::new(DAYS - 1);
    let last = question.last.max(week);
    let mut first_way = None;
    let mut closed_since = question.first;
    let mut day = question.first;
    loop {
        match way_on(question, day) {
            Some(way) => {
                first_way.get_or_insert(way);
                closed_since = next_day(day);
            }
            None if day >= closed_since + Days::new(DAYS - 1) => {
                return Err(Closed { from: closed_since });
            }
            None => {}
        }
        if day >= last {
            return first_way.ok_or(Closed { from: question.first });
        }
        day = next_day(day);
    }
}

/// Whether a person can get through until what restricts them is reviewed. Whose contact was ended has the
/// safeguards in place of a way; without staffed hours there is nothing to go by.
///
/// # Errors
/// As [`prove`].
pub fn of_person(profile: &Profile, person: &Person, today: NaiveDate) -> Result<(), Closed> {
    let question = Question::of(profile, person, None, today);
    let ended = question.together.iter().any(|one| matches!(one.kind, Kind::ContactEnded));
    if question.together.is_empty() || ended || profile.staffed_hours.is_none() {
        return Ok(());
    }
    prove(&question).map(|_| ())
}

/// A way that is open on a day.
fn way_on(question: &Question<'_>, day: NaiveDate) -> Option<OpenWay> {
    let staffed = question.profile.staffed_hours.as_ref()?;
    let holidays = &question.profile.bank_holidays;
    staffed.iter().find_map(|(channel, hours)| {
        let mut open = hours.spans_on(day, holidays);
        let mut who = None;
        for restriction in question.together.iter().filter(|one| holds_on(question, one, day)) {
            open = narrowed(question, restriction, *channel, day, open, &mut who);
        }
        let (from, to) = *open.first()?;
        Some(OpenWay { channel: *channel, day, from, to, who })
    })
}

fn holds_on(question: &Question<'_>, restriction: &Restriction, day: NaiveDate) -> bool {
    let zone = question.profile.timezone;
    restriction.starts.is_none_or(|starts| starts.day(zone) <= day)
        && restriction.ends.is_none_or(|ends| day <= ends.day(zone))
}

/// What a restriction leaves of a channel's open time.
fn narrowed(
    question: &Question<'_>,
    restriction: &Restriction,
    channel: Channel,
    day: NaiveDate,
    open: Spans,
    who: &mut Option<String>,
) -> Spans {
    let (profile, person) = (question.profile, question.person);
    match &restriction.kind {
        Kind::ChannelsOnly { channels }
            if !profile.set_contains(channels, channel) && !person.needs_channel(channel) =>
        {
            Vec::new()
        }
        Kind::HoursOnly(hours) if hours.covers(channel, profile) => {
            both(&open, &hours.spans_on(day, &profile.bank_holidays))
        }
        Kind::RepresentativeOnly { names } => {
            if has_representative(question, names.as_deref(), day) { open } else { Vec::new() }
        }
        Kind::SinglePointOfContact(point) => {
            let (answered, by) = answered(question, point, day, &open);
            *who = by;
            answered
        }
        // Filed contacts get no answer.
        Kind::ContactEnded | Kind::ReadAndFile { issues: None } => Vec::new(),
        // A quota admits at least one contact, and an issue that is closed leaves the others.
        Kind::ChannelsOnly { .. }
        | Kind::HoursOnly(_)
        | Kind::ContactQuota { .. }
        | Kind::IssueQuota(_)
        | Kind::IssueClosed(_)
        | Kind::ReadAndFile { issues: Some(_) }
        | Kind::ComplaintClosed(_)
        | Kind::CallLength { .. }
        | Kind::VisitsInPairs
        | Kind::AppointmentOnly
        | Kind::DocumentsReturned { .. } => open,
    }
}

fn has_representative(question: &Question<'_>, names: Option<&[String]>, day: NaiveDate) -> bool {
    let zone = question.profile.timezone;
    question.person.representatives.iter().any(|one| {
        names.is_none_or(|names| names.contains(&one.name))
            && one.until.is_none_or(|until| day <= until.day(zone))
    })
}

/// When somebody of a point of contact answers: the contact, else the first deputy who is present,
/// else the team that the profile names.
fn answered(
    question: &Question<'_>,
    point: &PointOfContact,
    day: NaiveDate,
    open: &Spans,
) -> (Spans, Option<String>) {
    let profile = question.profile;
    let zone = profile.timezone;
    let mut present = point.members().filter(|one| !point.is_away_on(&one.name, day, zone));
    match (present.next(), profile.team.known_by().next()) {
        (Some(member), _) => {
            let spans = match &member.roster {
                Some(roster) => both(open, &roster.spans_on(day, &profile.bank_holidays)),
                None => open.clone(),
            };
            (spans, Some(member.name.clone()))
        }
        (None, Some(team)) => (open.clone(), Some(team.to_owned())),
        (None, None) => (Vec::new(), None),
    }
}

/// The time that is open in both.
fn both(one: &Spans, other: &Spans) -> Spans {
    let mut found: Spans = one
        .iter()
        .flat_map(|(from, to)| {
            other.iter().map(|(start, end)| ((*from).max(*start), (*to).min(*end)))
        })
        .filter(|(from, to)| from < to)
        .collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests;
