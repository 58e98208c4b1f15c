//! Quota arithmetic on counted contacts.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::calendar::{Counting, rolling_length};
use super::ledger::Counted;
use super::restriction::{Kind, Quota};

/// A quota's state at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    pub used: u32,
    pub limit: u32,
    /// The next period's start (calendar), or when the next slot opens (rolling).
    pub resets_at: Option<DateTime<Utc>>,
    /// When one more is admitted: `None` where one is admitted now.
    pub next_slot: Option<DateTime<Utc>>,
}

impl Usage {
    pub const fn is_full(&self) -> bool {
        self.used >= self.limit
    }
}

impl Kind {
    /// The state of a kind's quota after these contacts, with the issues that it counted if it counts issues. `None`
    /// without a quota.
    pub fn quota_usage<'c>(
        &self,
        counted: impl IntoIterator<Item = &'c Counted>,
        at: DateTime<Utc>,
        zone: Tz,
    ) -> Option<(Usage, Vec<&'c str>)> {
        let (quota, counted) = (self.quota()?, counted.into_iter());
        Some(if matches!(self, Kind::IssueQuota(_)) {
            quota.issue_usage(of_issues(counted), at, zone)
        } else {
            (quota.usage(counted.map(|one| one.at), at, zone), Vec::new())
        })
    }

    /// The contacts that take up room in a kind's quota, oldest first: their instants, and their issues if it counts
    /// issues. Empty without a quota.
    pub fn quota_taken<'c>(
        &self,
        counted: impl IntoIterator<Item = &'c Counted>,
        at: DateTime<Utc>,
        zone: Tz,
    ) -> Vec<(DateTime<Utc>, Option<&'c str>)> {
        let Some(quota) = self.quota() else { return Vec::new() };
        let counted = counted.into_iter();
        if matches!(self, Kind::IssueQuota(_)) {
            let issues = quota.issues_taken(of_issues(counted), at, zone);
            let mut taken: Vec<_> =
                issues.into_iter().map(|(issue, at)| (at, Some(issue))).collect();
            taken.sort_unstable();
            return taken;
        }
        let taken = quota.taken(counted.map(|one| one.at), at, zone);
        taken.into_iter().map(|at| (at, None)).collect()
    }
}

/// Where a quota counts issues, only contacts about an issue count.
fn of_issues<'c>(
    counted: impl Iterator<Item = &'c Counted>,
) -> impl Iterator<Item = (DateTime<Utc>, &'c str)> {
    counted.filter_map(|one| Some((one.at, one.issue.as_deref()?)))
}

impl Quota {
    /// The quota's state at `at`, with these instants counted.
    pub fn usage(
        &self,
        counted: impl IntoIterator<Item = DateTime<Utc>>,
        at: DateTime<Utc>,
        zone: Tz,
    ) -> Usage {
        let counting = self.counting(at, zone);
        let instants = self.taken_in(&counting, counted, zone);
        let used = u32::try_from(instants.len()).unwrap_or(u32::MAX);
        // The oldest that must run out before there is room for one more.
        let room_after = instants.len().saturating_sub(self.limit as usize);
        let slot = instants.get(room_after).map(|oldest| *oldest + rolling_length(self.per));
        let full = used >= self.limit;
        let resets_at = counting.next_period.or(slot);
        let next_slot = if full { resets_at } else { None };
        Usage { used, limit: self.limit, resets_at, next_slot }
    }

    /// The instants, of those counted, that take up room at `at`, oldest first.
    pub fn taken(
        &self,
        counted: impl IntoIterator<Item = DateTime<Utc>>,
        at: DateTime<Utc>,
        zone: Tz,
    ) -> Vec<DateTime<Utc>> {
        self.taken_in(&self.counting(at, zone), counted, zone)
    }

    fn taken_in(
        self,
        counting: &Counting,
        counted: impl IntoIterator<Item = DateTime<Utc>>,
        zone: Tz,
    ) -> Vec<DateTime<Utc>> {
        let mut instants: Vec<DateTime<Utc>> = counted.into_iter().collect();
        instants.sort_unstable();
        let mut instants = self.as_replayed(instants, zone);
        instants.retain(|earlier| counting.has(*earlier));
        instants
    }

    /// The issues counted in the period of `at`, each with its first contact in it.
    pub fn issues_taken<'a>(
        &self,
        counted: impl IntoIterator<Item = (DateTime<Utc>, &'a str)>,
        at: DateTime<Utc>,
        zone: Tz,
    ) -> BTreeMap<&'a str, DateTime<Utc>> {
        let counting = self.counting(at, zone);
        let mut first: BTreeMap<&'a str, DateTime<Utc>> = BTreeMap::new();
        for (instant, issue) in counted {
            if counting.has(instant) {
                let earliest = first.entry(issue).or_insert(instant);
                *earliest = (*earliest).min(instant);
            }
        }
        first
    }

    fn counting(self, at: DateTime<Utc>, zone: Tz) -> Counting {
        Counting::at(self.per, self.window, at, zone)
    }

    /// What of these instants, in order, the quota would have admitted one by one. While the
    /// counters were away everything was; an excess then takes up no room afterwards.
    fn as_replayed(self, instants: Vec<DateTime<Utc>>, zone: Tz) -> Vec<DateTime<Utc>> {
        let limit = self.limit as usize;
        if instants.len() <= limit {
            return instants;
        }
        let mut admitted: Vec<DateTime<Utc>> = Vec::with_capacity(instants.len());
        for instant in instants {
            let counting = self.counting(instant, zone);
            let counts = |earlier: &&DateTime<Utc>| counting.has(**earlier);
            // The newest first: those that still count are together at the end.
            if admitted.iter().rev().take(limit).filter(counts).count() < limit {
                admitted.push(instant);
            }
        }
        admitted
    }

    /// The same over issues: an issue counts once a period, from its first contact in it.
    pub fn issue_usage<'a>(
        &self,
        counted: impl IntoIterator<Item = (DateTime<Utc>, &'a str)>,
        at: DateTime<Utc>,
        zone: Tz,
    ) -> (Usage, Vec<&'a str>) {
        let first = self.issues_taken(counted, at, zone);
        let usage = self.usage(first.values().copied(), at, zone);
        (usage, first.into_keys().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::{Per, QuotaWindow};
    use chrono_tz::Europe::London;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn quota(window: QuotaWindow) -> Quota {
        Quota { limit: 2, per: Per::Week, window }
    }

    #[test]
    fn a_rolling_slot_opens_when_the_oldest_runs_out() {
        let counted = [utc("2026-11-02T10:00:00Z"), utc("2026-11-04T10:00:00Z")];
        let quota = quota(QuotaWindow::Rolling);
        let usage = quota.usage(counted, utc("2026-11-05T10:00:00Z"), London);
        assert_eq!((usage.used, usage.next_slot), (2, Some(utc("2026-11-09T10:00:00Z"))));
        let then = quota.usage(counted, utc("2026-11-09T10:00:00Z"), London);
        assert_eq!((then.used, then.next_slot), (1, None));
        assert_eq!(then.resets_at, Some(utc("2026-11-11T10:00:00Z")));
    }

    #[test]
    fn a_calendar_period_resets_on_monday() {
        let counted = [utc("2026-11-07T10:00:00Z"), utc("2026-11-08T23:59:59Z")];
        let quota = quota(QuotaWindow::Calendar);
        let usage = quota.usage(counted, utc("2026-11-08T23:59:59Z"), London);
        assert_eq!(usage.next_slot, Some(utc("2026-11-09T00:00:00Z")));
        assert_eq!(quota.usage(counted, utc("2026-11-09T00:00:00Z"), London).used, 0);
    }

    #[test]
    fn what_was_too_much_while_the_counters_were_away_takes_up_no_room() {
        let counted = [
            utc("2026-11-02T10:00:00Z"),
            utc("2026-11-03T10:00:00Z"),
            utc("2026-11-04T10:00:00Z"),
            utc("2026-11-05T10:00:00Z"),
        ];
        let usage = quota(QuotaWindow::Rolling).usage(counted, utc("2026-11-06T10:00:00Z"), London);
        assert_eq!((usage.used, usage.next_slot), (2, Some(utc("2026-11-09T10:00:00Z"))));
        let calendar =
            quota(QuotaWindow::Calendar).usage(counted, utc("2026-11-06T10:00:00Z"), London);
        assert_eq!(calendar.used, 2);
    }

    #[test]
    fn an_issue_counts_once_a_period() {
        let counted = [
            (utc("2026-11-02T10:00:00Z"), "A"),
            (utc("2026-11-03T10:00:00Z"), "A"),
            (utc("2026-11-04T10:00:00Z"), "B"),
        ];
        let (usage, issues) =
            quota(QuotaWindow::Rolling).issue_usage(counted, utc("2026-11-05T10:00:00Z"), London);
        assert_eq!((usage.used, issues), (2, vec!["A", "B"]));
        assert_eq!(usage.next_slot, Some(utc("2026-11-09T10:00:00Z")));
    }
}
