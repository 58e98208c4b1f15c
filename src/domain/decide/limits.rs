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
    let zone = walk.profile().timezone;
    let mode = walk.mode_of(restriction);
    let counted = || {
        let counted = |ledger| counted_for(walk.person(), walk.profile(), restriction, ledger);
        let counted = walk.ledger().map(counted).unwrap_or_default();
        counted.into_iter().filter(move |one| one.mode == mode)
    };
    if let Kind::ContactQuota { quota, channels } = &restriction.kind {
        let covered = channels
            .as_ref()
            .is_none_or(|set| walk.profile().set_contains(set, walk.contact.channel));
        return covered.then(|| Claim {
            restriction,
            mode,
            usage: quota.usage(counted().map(|one| one.at), at, zone),
            code: ReasonCode::ContactQuotaOver,
            needs_slot: true,
            issue: None,
        });
    }
    let Kind::IssueQuota(quota) = &restriction.kind else { return None };
    let entries = counted().filter_map(|one| Some((one.at, one.issue.as_deref()?)));
    let (usage, issues) = quota.issue_usage(entries, at, zone);
    let issue =
        if let Matter::Issue(issue) = about { Some(issue.trim().to_uppercase()) } else { None };
    let needs_slot = issue.as_deref().is_some_and(|issue| !issues.contains(&issue));
    Some(Claim { restriction, mode, usage, code: ReasonCode::IssueQuotaOver, needs_slot, issue })
}

/// What a quota had counted in its period before this contact, oldest first: the instants, and the references where it
/// counts issues. Nothing of a restriction that counts nothing, or while the counters are away.
pub(super) fn counted_before<'a>(
    walk: &Walk<'a>,
    restriction: &'a Restriction,
) -> Vec<(DateTime<Utc>, Option<&'a str>)> {
    let (Some(quota), Some(ledger)) = (restriction.kind.quota(), walk.ledger()) else {
        return Vec::new();
    };
    let (zone, mode) = (walk.profile().timezone, walk.mode_of(restriction));
    let counted = counted_for(walk.person(), walk.profile(), restriction, ledger);
    let counted = counted.into_iter().filter(|one| one.mode == mode);
    if matches!(restriction.kind, Kind::IssueQuota(_)) {
        let entries = counted.filter_map(|one| Some((one.at, one.issue.as_deref()?)));
        let issues = quota.issues_taken(entries, walk.at, zone);
        let mut taken: Vec<_> = issues.into_iter().map(|(issue, at)| (at, Some(issue))).collect();
        taken.sort_unstable();
        return taken;
    }
    let taken = quota.taken(counted.map(|one| one.at), walk.at, zone);
    taken.into_iter().map(|at| (at, None)).collect()
}

/// The state of every applicable quota after this contact.
pub(super) fn quota_states(walk: &Walk<'_>) -> Vec<QuotaState> {
    if walk.ledger().is_none() {
        return Vec::new();
    }
    claims(walk, walk.at)
        .into_iter()
        .map(|claim| {
            let usage = after(walk, &claim);
            QuotaState {
                restriction: claim.restriction.id.clone(),
                used: usage.used,
                limit: usage.limit,
                resets_at: usage.resets_at,
            }
        })
        .collect()
}

/// The usage with what this contact adds.
fn after(walk: &Walk<'_>, claim: &Claim<'_>) -> Usage {
    let id = &claim.restriction.id;
    let added = walk
        .additions
        .counted
        .iter()
        .filter(|one| one.restriction == *id && one.mode == claim.mode);
    let counted = |ledger| counted_for(walk.person(), walk.profile(), claim.restriction, ledger);
    let before = walk.ledger().map(counted).unwrap_or_default();
    let before = before.into_iter().filter(|one| one.mode == claim.mode);
    let all: Vec<&Counted> = before.chain(added).collect();
    let zone = walk.profile().timezone;
    let Some(quota) = claim.restriction.kind.quota() else { return claim.usage.clone() };
    if matches!(claim.restriction.kind, Kind::IssueQuota(_)) {
        let entries = all.iter().filter_map(|one| Some((one.at, one.issue.as_deref()?)));
        return quota.issue_usage(entries, walk.at, zone).0;
    }
    quota.usage(all.iter().map(|one| one.at), walk.at, zone)
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
