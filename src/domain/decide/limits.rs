//! Rows 8 to 10 and 12: representative, channels, hours, quotas; and when the way opens again.

use chrono::{DateTime, Utc};

use super::super::decision::{QuotaState, Route};
use super::super::flag::Flag;
use super::super::ledger::Counted;
use super::super::merge::counted_for;
use super::super::quota::Usage;
use super::super::reason_code::ReasonCode;
use super::super::restriction::{Kind, Mode, Restriction};
use super::super::row::DecisionRow;
use super::issues::{Matter, named_matter, would_not_admit};
use super::walk::{Finding, Walk};
use crate::domain::disposition::Disposition;
use crate::domain::issue::counted_issue;

type Settled = Option<(Disposition, Option<Route>)>;

/// Row 8: only representatives.
pub(super) fn representative_only(walk: &mut Walk<'_>) -> Settled {
    limit_where(
        walk,
        DecisionRow::RepresentativeOnly,
        ReasonCode::RepresentativeOnlyDirect,
        |_, restriction| matches!(restriction.kind, Kind::RepresentativeOnly { .. }),
    )
}

/// Row 9: a channel that is not allowed, and that no adjustment opens.
pub(super) fn channels_only(walk: &mut Walk<'_>) -> Settled {
    limit_where(walk, DecisionRow::ChannelsOnly, ReasonCode::ChannelsOnlyClosed, is_closed_channel)
}

/// Row 10: outside the hours.
pub(super) fn hours_only(walk: &mut Walk<'_>) -> Settled {
    limit_where(walk, DecisionRow::HoursOnly, ReasonCode::HoursOnlyOutside, |walk, restriction| {
        is_outside_hours(walk, restriction, walk.at)
    })
}

fn limit_where<'a>(
    walk: &mut Walk<'a>,
    row: DecisionRow,
    code: ReasonCode,
    applies: impl Fn(&Walk<'a>, &Restriction) -> bool,
) -> Settled {
    let found = walk
        .in_force()
        .into_iter()
        .filter(|restriction| applies(walk, restriction))
        .map(|restriction| (restriction, Finding::of(restriction, code.clone())))
        .collect();
    walk.settle(row, found, Disposition::Limit, None)
}

fn is_closed_channel(walk: &Walk<'_>, restriction: &Restriction) -> bool {
    let Kind::ChannelsOnly { channels } = &restriction.kind else { return false };
    let channel = walk.contact.channel;
    !walk.profile().set_contains(channels, channel)
        && !walk.person().is_some_and(|person| person.needs_channel(channel))
}

fn is_outside_hours(walk: &Walk<'_>, restriction: &Restriction, at: DateTime<Utc>) -> bool {
    let Kind::HoursOnly(hours) = &restriction.kind else { return false };
    let profile = walk.profile();
    hours.covers(walk.contact.channel, profile)
        && !hours.is_open(at, profile.timezone, &profile.bank_holidays)
}

/// What a quota says of this contact.
struct Claim<'a> {
    restriction: &'a Restriction,
    mode: Mode,
    usage: Usage,
    code: ReasonCode,
    /// The contact needs a slot; an issue already counted in the period does not.
    needs_slot: bool,
    issue: Option<String>,
}

impl Claim<'_> {
    const fn is_over(&self) -> bool {
        self.needs_slot && self.usage.is_full()
    }
}

/// Row 12: every quota that applies, taken together or not at all.
pub(super) fn quotas(walk: &mut Walk<'_>) -> Settled {
    // Where the counters are away no quota is full, so that nobody is limited by mistake; admitted contacts are still
    // counted, as a replay would count them (`Quota::usage`).
    let claims = claims(walk, walk.at);
    if claims
        .iter()
        .any(|claim| claim.issue.is_none() && matches!(claim.restriction.kind, Kind::IssueQuota(_)))
    {
        walk.flag(Flag::IssueUnknown);
    }
    let observed_go_on = !walk.observed_search_ended();
    let found: Vec<_> = claims
        .iter()
        .filter(|claim| claim.is_over())
        .map(|claim| (claim.restriction, Finding::of(claim.restriction, claim.code.clone())))
        .collect();
    let observed_over = claims.iter().any(|claim| claim.mode == Mode::Observe && claim.is_over());
    let settled = walk.settle(DecisionRow::Quotas, found, Disposition::Limit, None);
    if settled.is_some() {
        return settled;
    }
    let taken = claims.iter().filter(|claim| match claim.mode {
        Mode::Enforce => claim.needs_slot,
        Mode::Observe => claim.needs_slot && observed_go_on && !observed_over,
    });
    walk.additions.counted = taken
        .map(|claim| Counted {
            restriction: claim.restriction.id.clone(),
            mode: claim.mode,
            at: walk.at,
            issue: claim.issue.clone(),
        })
        .collect();
    None
}

/// Every quota in force that applies to the contact's channel, with its state at an instant.
fn claims<'a>(walk: &Walk<'a>, at: DateTime<Utc>) -> Vec<Claim<'a>> {
    let about = named_matter(walk);
    walk.in_force().into_iter().filter_map(|one| claim(walk, one, &about, at)).collect()
}

fn claim<'a>(
    walk: &Walk<'a>,
    restriction: &'a Restriction,
    about: &Matter,
    at: DateTime<Utc>,
) -> Option<Claim<'a>> {
    if !has_quota_here(walk, restriction) {
        return None;
    }
    let (mode, zone) = (walk.mode_of(restriction), walk.profile().timezone);
    let (usage, issues) = restriction.kind.quota_usage(counted(walk, restriction), at, zone)?;
    if !matches!(restriction.kind, Kind::IssueQuota(_)) {
        let code = ReasonCode::ContactQuotaOver;
        return Some(Claim { restriction, mode, usage, code, needs_slot: true, issue: None });
    }
    let issue = if let Matter::Issue(issue) = about { Some(counted_issue(issue)) } else { None };
    let needs_slot = issue.as_deref().is_some_and(|issue| !issues.contains(&issue));
    Some(Claim { restriction, mode, usage, code: ReasonCode::IssueQuotaOver, needs_slot, issue })
}

/// Whether a restriction has a quota that applies to the contact's channel.
fn has_quota_here(walk: &Walk<'_>, restriction: &Restriction) -> bool {
    match &restriction.kind {
        Kind::ContactQuota { channels: Some(set), .. } => {
            walk.profile().set_contains(set, walk.contact.channel)
        }
        kind => kind.quota().is_some(),
    }
}

/// The contacts counted for a restriction in its mode, before this one; empty while the counters are away.
fn counted<'a>(
    walk: &Walk<'a>,
    restriction: &Restriction,
) -> impl Iterator<Item = &'a Counted> + use<'a> {
    let mode = walk.mode_of(restriction);
    let counted = |ledger| counted_for(walk.person(), walk.profile(), restriction, ledger);
    let counted = walk.ledger().map(counted).unwrap_or_default();
    counted.into_iter().filter(move |one| one.mode == mode)
}

/// What a quota had counted in its period before this contact, oldest first: the instants, and the references where it
/// counts issues. Nothing of a restriction that counts nothing, or while the counters are away.
pub(super) fn counted_before<'a>(
    walk: &Walk<'a>,
    restriction: &Restriction,
) -> Vec<(DateTime<Utc>, Option<&'a str>)> {
    if restriction.kind.quota().is_none() {
        return Vec::new();
    }
    restriction.kind.quota_taken(counted(walk, restriction), walk.at, walk.profile().timezone)
}

/// The state of every applicable quota after this contact.
pub(super) fn quota_states(walk: &Walk<'_>) -> Vec<QuotaState> {
    if walk.ledger().is_none() {
        return Vec::new();
    }
    let in_force = walk.in_force.iter().filter(|one| has_quota_here(walk, one));
    in_force.filter_map(|one| after(walk, one)).collect()
}

/// A quota's state including this contact.
fn after(walk: &Walk<'_>, restriction: &Restriction) -> Option<QuotaState> {
    let mode = walk.mode_of(restriction);
    let added = walk
        .additions
        .counted
        .iter()
        .filter(|one| one.restriction == restriction.id && one.mode == mode);
    let all = counted(walk, restriction).chain(added);
    let (usage, _) = restriction.kind.quota_usage(all, walk.at, walk.profile().timezone)?;
    Some(QuotaState {
        restriction: restriction.id.clone(),
        used: usage.used,
        limit: usage.limit,
        resets_at: usage.resets_at,
    })
}

/// Steps in which an opening is looked for: each ends one obstacle, and obstacles are few.
const STEPS_MAX: usize = 256;

/// The first instant at which every row would admit this contact, with nothing more counted until
/// then; `None`: no such instant is known.
pub(super) fn next_admission(walk: &Walk<'_>) -> Option<DateTime<Utc>> {
    let mut at = walk.at;
    for _ in 0..STEPS_MAX {
        let obstacles = obstacles(walk, at);
        if obstacles.is_empty() {
            return Some(at);
        }
        let mut next = at;
        for until in obstacles {
            next = next.max(until?);
        }
        if next <= at {
            return None;
        }
        at = next;
    }
    None
}

/// What keeps the contact from being admitted at an instant, and until when each does; `None`:
/// nothing but the restriction's end takes it away, and it has none.
fn obstacles(walk: &Walk<'_>, at: DateTime<Utc>) -> Vec<Option<DateTime<Utc>>> {
    let profile = walk.profile();
    let about = named_matter(walk);
    let all = walk.person().map_or(&[][..], |person| &person.restrictions);
    all.iter()
        .filter(|one| one.is_in_force(at, profile) && walk.mode_of(one) == Mode::Enforce)
        .filter_map(|one| {
            let ends = one.runs_out(profile);
            match obstacle(walk, one, &about, at) {
                Obstacle::None => None,
                Obstacle::ToItsEnd => Some(ends),
                Obstacle::Until(opens) => {
                    Some(ends.map_or(Some(opens), |ends| Some(opens.min(ends))))
                }
            }
        })
        .collect()
}

/// What one restriction puts in the contact's way at an instant.
enum Obstacle {
    None,
    ToItsEnd,
    Until(DateTime<Utc>),
}

fn obstacle<'a>(
    walk: &Walk<'a>,
    restriction: &'a Restriction,
    about: &Matter,
    at: DateTime<Utc>,
) -> Obstacle {
    let profile = walk.profile();
    let until = |opens: Option<DateTime<Utc>>| opens.map_or(Obstacle::ToItsEnd, Obstacle::Until);
    match &restriction.kind {
        Kind::RepresentativeOnly { .. } => Obstacle::ToItsEnd,
        Kind::ChannelsOnly { .. } if is_closed_channel(walk, restriction) => Obstacle::ToItsEnd,
        Kind::HoursOnly(hours) if is_outside_hours(walk, restriction, at) => {
            until(hours.next_opening(at, profile.timezone, &profile.bank_holidays))
        }
        Kind::ContactQuota { .. } | Kind::IssueQuota(_) => {
            match claim(walk, restriction, about, at) {
                Some(claim) if claim.is_over() => until(claim.usage.next_slot),
                Some(_) | None => Obstacle::None,
            }
        }
        Kind::IssueClosed(_)
        | Kind::ComplaintClosed(_)
        | Kind::ReadAndFile { .. }
        | Kind::ContactEnded
            if would_not_admit(walk, restriction) =>
        {
            Obstacle::ToItsEnd
        }
        Kind::ChannelsOnly { .. }
        | Kind::HoursOnly(_)
        | Kind::IssueClosed(_)
        | Kind::ComplaintClosed(_)
        | Kind::ReadAndFile { .. }
        | Kind::ContactEnded
        | Kind::SinglePointOfContact(_)
        | Kind::CallLength { .. }
        | Kind::VisitsInPairs
        | Kind::AppointmentOnly
        | Kind::DocumentsReturned { .. } => Obstacle::None,
    }
}
