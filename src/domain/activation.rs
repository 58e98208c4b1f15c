//! What must hold before a restriction is activated; each fault names the clause that it breaks.

use chrono::{DateTime, Datelike, NaiveDate, Utc, Weekday};

use super::calendar::add_months;
use super::channel::Channel;
use super::hours::opens_on_a_day;
use super::organisation::Organisation;
use super::person::Person;
use super::profile::{Profile, Role};
use super::restriction::{Kind, KindName, Mode, Restriction, Status};

/// Everything that is known when a restriction is to be activated.
#[derive(Debug, Clone)]
pub struct Proposal<'a> {
    pub organisation: &'a Organisation,
    pub person: &'a Person,
    pub restriction: &'a Restriction,
    pub at: DateTime<Utc>,
    /// Somebody considered the person's adjustments, and says what came of it.
    pub adjustments_considered: Option<&'a str>,
    /// Why no lesser kind would do.
    pub why_no_lesser: Option<&'a str>,
    pub warned: bool,
    /// The behaviour is of the kind for which the profile lets the warning be left out.
    pub severe: bool,
    pub proposer: &'a str,
    pub signed_off_by: Option<SignOff<'a>>,
    pub letter: Letter<'a>,
    /// The longest period may be exceeded for this reason.
    pub extension: Option<&'a str>,
}

#[derive(Debug, Clone)]
pub struct SignOff<'a> {
    pub name: &'a str,
    pub role: &'a Role,
}

/// Whether the person was written to.
#[derive(Debug, Clone)]
pub enum Letter<'a> {
    Missing,
    Written {
        says: &'a [String],
    },
    /// Left out, justified, and signed off by somebody else.
    Excepted {
        justification: &'a str,
        signed_off_by: &'a str,
    },
}

/// One thing that keeps a restriction from being activated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub what: String,
    /// The clause of the policy that asks for it, where one does.
    pub clause: Option<String>,
    /// The restriction's key that it is about; empty: no single one.
    pub key: &'static str,
}

/// Everything that keeps this restriction from being activated; empty: nothing does.
pub fn faults(proposal: &Proposal<'_>) -> Vec<Broken> {
    let mut broken = Vec::new();
    broken.extend(kind_allowed(proposal));
    broken.extend(adjustments(proposal));
    broken.extend(open_way(proposal));
    broken.extend(recorded(proposal));
    broken.extend(dates(proposal.organisation, proposal.restriction, proposal.extension));
    broken.extend(warning(proposal));
    broken.extend(sign_off(proposal));
    broken.extend(letter(proposal));
    broken
}

fn fault(profile: &Profile, path: &str, what: impl Into<String>) -> Broken {
    Broken { what: what.into(), clause: profile.clauses.get(path).cloned(), key: "" }
}

/// Whether the profile lets this kind be used at all; also asked of what is imported.
pub fn kind_fault(profile: &Profile, kind: KindName) -> Option<Broken> {
    match profile.kinds.get(&kind) {
        Some(rule) if rule.allowed => None,
        Some(rule) => Some(Broken {
            what: format!("the policy of {} does not allow `{kind}`", profile.name),
            clause: rule.clause.clone(),
            key: "kind",
        }),
        None => Some(Broken {
            what: format!(
                "the policy of {} does not name `{kind}`; the organisation must choose first: \
                 set \"kinds.{kind}\" = {{ allowed = true, clause = \"…\" }}",
                profile.name
            ),
            clause: None,
            key: "kind",
        }),
    }
}

fn kind_allowed(proposal: &Proposal<'_>) -> Option<Broken> {
    kind_fault(&proposal.organisation.profile, proposal.restriction.kind.name())
}

fn adjustments(proposal: &Proposal<'_>) -> Vec<Broken> {
    let profile = &proposal.organisation.profile;
    let mut broken = Vec::new();
    if proposal.adjustments_considered.is_none_or(|said| said.trim().is_empty()) {
        broken.push(fault(
            profile,
            "adjustments",
            "nobody recorded that adjustments were considered",
        ));
    }
    if let Kind::ChannelsOnly { channels } = &proposal.restriction.kind {
        for adjustment in &proposal.person.adjustments {
            let Some(channel) = adjustment.channel else { continue };
            if !profile.set_contains(channels, channel) {
                broken.push(fault(
                    profile,
                    "adjustments",
                    format!(
                        "an adjustment says that the person needs `{channel}`, which this closes"
                    ),
                ));
            }
        }
    }
    broken
}

/// At least one staffed way of contact stays open in every 7 days. Where contact ends, the
/// safeguard lanes are that way, and the sign-off that the profile names is asked for.
fn open_way(proposal: &Proposal<'_>) -> Option<Broken> {
    let profile = &proposal.organisation.profile;
    if matches!(proposal.restriction.kind, Kind::ContactEnded) {
        return None;
    }
    let together: Vec<&Restriction> = proposal
        .person
        .restrictions
        .iter()
        .filter(|one| one.id != proposal.restriction.id && one.status == Status::Active)
        .chain([proposal.restriction])
        .collect();
    (!some_way_is_open(profile, proposal.person, &together))
        .then(|| fault(profile, "open_way", "no staffed way of contact stays open in every 7 days"))
}

fn some_way_is_open(profile: &Profile, person: &Person, together: &[&Restriction]) -> bool {
    Channel::ALL.into_iter().any(|channel| {
        is_staffed(channel) && together.iter().all(|one| leaves_open(profile, person, one, channel))
    })
}

/// Ways of contact that somebody answers.
const fn is_staffed(channel: Channel) -> bool {
    !matches!(channel, Channel::Social)
}

fn leaves_open(
    profile: &Profile,
    person: &Person,
    restriction: &Restriction,
    channel: Channel,
) -> bool {
    match &restriction.kind {
        Kind::ChannelsOnly { channels } => {
            profile.set_contains(channels, channel) || person.needs_channel(channel)
        }
        Kind::HoursOnly(hours) => {
            !hours.covers(channel, profile) || opens_on_a_day(hours, is_weekday)
        }
        Kind::RepresentativeOnly { .. } => !person.representatives.is_empty(),
        Kind::ContactQuota { quota, channels } => {
            let covered = channels.as_ref().is_none_or(|set| profile.set_contains(set, channel));
            !covered || quota.limit > 0
        }
        Kind::ContactEnded => false,
        Kind::SinglePointOfContact(_)
        | Kind::IssueClosed(_)
        | Kind::IssueQuota(_)
        | Kind::ReadAndFile { .. }
        | Kind::ComplaintClosed(_)
        | Kind::CallLength { .. }
        | Kind::VisitsInPairs
        | Kind::AppointmentOnly
        | Kind::DocumentsReturned { .. } => true,
    }
}

const fn is_weekday(day: Weekday) -> bool {
    !matches!(day, Weekday::Sat | Weekday::Sun)
}

/// The places, in a person's list, of restrictions that are enforced at the same time and together
/// leave no staffed way of contact; also asked of what is imported or written. A proof over hours and
/// quotas together is not made here.
///
/// An ended contact is set aside: there the safeguard lanes are the way, which the policy signs off.
pub fn closed_together(organisation: &Organisation, person: &Person) -> Option<Vec<usize>> {
    let profile = &organisation.profile;
    let zone = profile.timezone;
    let enforced: Vec<(usize, &Restriction)> = person
        .restrictions
        .iter()
        .enumerate()
        .filter(|(_, one)| {
            matches!(one.status, Status::Active | Status::UnderAppeal)
                && one.mode == Mode::Enforce
                && !matches!(one.kind, Kind::ContactEnded)
        })
        .collect();
    // What is in force together changes only where one of them starts, or ends.
    let starts = |one: &Restriction| one.starts.map(|starts| starts.start(zone));
    enforced.iter().find_map(|(_, first)| {
        let at = starts(first);
        let together: Vec<(usize, &Restriction)> = enforced
            .iter()
            .filter(|(_, one)| {
                starts(one) <= at && one.ends.is_none_or(|ends| at < Some(ends.end(zone)))
            })
            .copied()
            .collect();
        let restrictions: Vec<&Restriction> = together.iter().map(|(_, one)| *one).collect();
        let is_open = some_way_is_open(profile, person, &restrictions);
        (!is_open).then(|| together.iter().map(|(place, _)| *place).collect())
    })
}

/// What a restriction in force must have on record, wherever it was decided: grounds, clause, dates
/// and who decided. Each that is missing is named by its key.
pub fn on_record(profile: &Profile, restriction: &Restriction) -> Vec<Broken> {
    let is_missing = |value: Option<&str>| value.is_none_or(|value| value.trim().is_empty());
    let mut broken = Vec::new();
    let mut add = |key: &'static str, what: &str| {
        broken.push(Broken { key, ..fault(profile, key, what) });
    };
    if is_missing(restriction.grounds.as_deref()) {
        add("grounds", "the grounds are not recorded");
    }
    let cited = profile.clause_for(restriction.kind.name()).is_some();
    if is_missing(restriction.clause.as_deref()) && !cited {
        add("clause", "the clause is not recorded");
    }
    if restriction.starts.is_none() {
        add("starts", "it has no start date");
    }
    if restriction.review_due.is_none() && restriction.ends.is_none() {
        add("review_due", "it has neither a review nor an end date");
    }
    if is_missing(restriction.decided_by.as_deref()) {
        add("decided_by", "it is not recorded who decided");
    }
    broken
}

/// Grounds, clause, and why no lesser kind would do.
fn recorded(proposal: &Proposal<'_>) -> Vec<Broken> {
    let profile = &proposal.organisation.profile;
    let missing = |value: Option<&str>| value.is_none_or(|value| value.trim().is_empty());
    let mut broken = Vec::new();
    if missing(proposal.restriction.grounds.as_deref()) {
        broken.push(fault(profile, "grounds", "the grounds are not recorded"));
    }
    let kind = proposal.restriction.kind.name();
    if missing(proposal.restriction.clause.as_deref()) && profile.clause_for(kind).is_none() {
        broken.push(fault(profile, "grounds", "the clause is not recorded"));
    }
    if missing(proposal.why_no_lesser) {
        broken.push(fault(
            profile,
            "proportionate",
            "it is not recorded why no lesser kind would do",
        ));
    }
    broken
}

/// Whether dates are in order and within the profile's longest period; also asked of imports.
pub fn dates(
    organisation: &Organisation,
    restriction: &Restriction,
    extension: Option<&str>,
) -> Vec<Broken> {
    let profile = &organisation.profile;
    let zone = profile.timezone;
    let mut broken = Vec::new();
    let mut add = |path: &str, key: &'static str, what: String| {
        broken.push(Broken { key, ..fault(profile, path, what) });
    };
    let starts = restriction.starts.map(|starts| starts.start(zone));
    for (key, last, what) in [
        ("ends", restriction.ends, "it ends before it starts"),
        ("review_due", restriction.review_due, "its review is due before it starts"),
    ] {
        if let (Some(starts), Some(last)) = (starts, last)
            && last.end(zone) <= starts
        {
            add("review", key, what.to_owned());
        }
    }
    if restriction.ends.is_none()
        && restriction.review_due.is_none()
        && profile.review.every_months.is_none()
    {
        let what = "it has neither a review nor an end date";
        add("review.every_months", "review_due", what.to_owned());
    }
    let (key, last) = match restriction.review_due {
        Some(review_due) => ("review_due", Some(review_due)),
        None => ("ends", restriction.ends),
    };
    let first_day = restriction.starts.map(|starts| starts.day(zone));
    let last_day = last.map(|last| last.day(zone));
    if let (Some(first), Some(last), Some(longest)) =
        (first_day, last_day, profile.review.longest_months)
        && is_longer(first, last, longest)
        && extension.is_none_or(|reason| reason.trim().is_empty())
    {
        let verb = if key == "ends" { "ends" } else { "is reviewed" };
        let what = format!("it {verb} later than {longest} months after its start");
        add("review.longest_months", key, what);
    }
    broken
}

fn is_longer(first: NaiveDate, last: NaiveDate, months: u32) -> bool {
    // A year outside the calendar can't be compared; dates are checked when they are read.
    first.year() < NaiveDate::MAX.year() && last > add_months(first, months)
}

fn warning(proposal: &Proposal<'_>) -> Option<Broken> {
    let profile = &proposal.organisation.profile;
    let excepted = proposal.severe && profile.warn_first.except_severe == Some(true);
    let asked = profile.warn_first.required == Some(true);
    (asked && !proposal.warned && !excepted)
        .then(|| fault(profile, "warn_first.required", "the person was not warned first"))
}

fn sign_off(proposal: &Proposal<'_>) -> Option<Broken> {
    let profile = &proposal.organisation.profile;
    let rule = profile.kinds.get(&proposal.restriction.kind.name())?;
    let role = rule.sign_off.as_ref()?;
    let broken = |what: String| Some(Broken { what, clause: rule.clause.clone(), key: "" });
    match &proposal.signed_off_by {
        None => broken(format!("it is not signed off by the role `{role}`")),
        Some(sign_off) if !role.include(sign_off.role) => {
            broken(format!("it is signed off by another role than `{role}`"))
        }
        Some(sign_off) if sign_off.name == proposal.proposer => {
            broken("whoever proposes it can't sign it off".to_owned())
        }
        Some(_) => None,
    }
}

fn letter(proposal: &Proposal<'_>) -> Vec<Broken> {
    let profile = &proposal.organisation.profile;
    match &proposal.letter {
        Letter::Missing => vec![fault(profile, "letter.must_say", "the letter is not written")],
        Letter::Written { says } => profile
            .letter
            .must_say
            .iter()
            .filter(|part| !says.contains(part))
            .map(|part| {
                fault(profile, "letter.must_say", format!("the letter does not say: {part}"))
            })
            .collect(),
        Letter::Excepted { justification, signed_off_by } => {
            let mut broken = Vec::new();
            if justification.trim().is_empty() {
                broken.push(fault(
                    profile,
                    "letter.must_say",
                    "the missing letter is not justified",
                ));
            }
            if signed_off_by.trim().is_empty() || *signed_off_by == proposal.proposer {
                broken.push(fault(
                    profile,
                    "letter.must_say",
                    "the missing letter is not signed off by somebody else",
                ));
            }
            broken
        }
    }
}
