//! Whether the clock may be wrong, by what the audit trail says of time: by a clock that is far ahead, everything
//! would be due for removal.
//!
//! A gateway signs for each trail once a day, so that the anchors show on which days one ran. A clock that is far
//! ahead follows many days without an anchor, as one does that is right after the gateway was off for so long. If a
//! clock is behind, something was recorded later than now, as by one that was ahead before. Nobody can tell these
//! apart from the trail alone: after some days of anchors one after the other the clock counts as right, and until
//! then nothing is removed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use super::sealing::anchor::Anchor;
use super::sealing::tomorrow;
use super::{Desk, Fault};
use crate::domain::broken::Broken;
use crate::domain::organisation::OrganisationId;
use crate::domain::refusal_code::RefusalCode;
use crate::runtime::limits::{CLOCK_GAP_MAX, CLOCK_STEADY_FOR, CLOCK_STEP_MAX};

/// Why the clock may be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockDoubt {
    /// No gateway has signed between these instants.
    Ahead { from: DateTime<Utc>, to: DateTime<Utc> },
    /// Something was recorded at this instant, which is later than now.
    Behind { newest: DateTime<Utc> },
}

impl fmt::Display for ClockDoubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClockDoubt::Ahead { from, to } => write!(
                f,
                "the clock may be ahead: the audit trail has no anchor between {} and {}",
                from.format("%Y-%m-%d"),
                to.format("%Y-%m-%d")
            ),
            ClockDoubt::Behind { newest } => write!(
                f,
                "the clock may be behind, or was ahead before: the audit trail already has something of {}",
                newest.format("%Y-%m-%d %H:%M:%S UTC")
            ),
        }
    }
}

/// When an anchor was signed, and for how much of the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SignedAt {
    at: DateTime<Utc>,
    entry: u64,
}

impl From<&Anchor> for SignedAt {
    fn from(anchor: &Anchor) -> Self {
        SignedAt { at: anchor.at, entry: anchor.entry }
    }
}

/// What a trail says of time.
#[derive(Debug, Clone, Default)]
struct ClockEvidence {
    /// The newest instant of an entry that was the last of the trail.
    newest: Option<DateTime<Utc>>,
    /// The newest anchor that is older than [`CLOCK_STEADY_FOR`].
    before: Option<SignedAt>,
    /// The one after it, unless that lies ahead.
    next: Option<SignedAt>,
    /// Those of later days than today.
    later: Vec<SignedAt>,
}

fn is_ahead(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    at - now > TimeDelta::from_std(CLOCK_STEP_MAX).unwrap_or(TimeDelta::MAX)
}

fn judge(evidence: &ClockEvidence, now: DateTime<Utc>) -> Option<ClockDoubt> {
    if let Some(newest) = evidence.newest.filter(|at| is_ahead(*at, now)) {
        return Some(ClockDoubt::Behind { newest });
    }
    let later: Vec<&SignedAt> = evidence.later.iter().filter(|one| is_ahead(one.at, now)).collect();
    let newest = later.iter().map(|one| one.at).max();
    let signed_for = later.iter().map(|one| one.entry).max().unwrap_or(0);
    // An older anchor for more of the trail was signed after them: the clock has been put right.
    let is_settled = evidence.before.is_some_and(|before| before.entry > signed_for);
    if let Some(newest) = newest.filter(|_| !is_settled) {
        return Some(ClockDoubt::Behind { newest });
    }
    let from = evidence.before?.at;
    let to = evidence.next.map_or(now, |next| next.at);
    (to - from > CLOCK_GAP_MAX).then_some(ClockDoubt::Ahead { from, to })
}

/// What a process has seen of the clock.
#[derive(Default)]
pub(super) struct ClockWatch {
    /// Somebody has looked at the clock, and says that it is right.
    is_trusted: AtomicBool,
    /// The newest instant of each trail, and when this process saw it first.
    newest: Mutex<BTreeMap<OrganisationId, (DateTime<Utc>, Instant)>>,
    /// What the last look at each trail found.
    found: Mutex<BTreeMap<OrganisationId, ClockDoubt>>,
}

impl ClockWatch {
    /// The newest instant of a trail whose last entry is of `last`: later entries may be of earlier ones.
    fn newest(&self, of: &OrganisationId, last: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let known = newest.get(of).copied();
        if let Some(last) = last
            && known.is_none_or(|(at, _)| at < last)
        {
            newest.insert(of.clone(), (last, Instant::now()));
            return Some(last);
        }
        let steady_for = CLOCK_STEADY_FOR.to_std().unwrap_or_default();
        known.filter(|(_, since)| since.elapsed() < steady_for).map(|(at, _)| at)
    }
}

impl Desk {
    /// From now on, removes what is due although the clock may be wrong: somebody has looked at it.
    pub fn trust_clock(&self) {
        self.clock_watch.is_trusted.store(true, Ordering::SeqCst);
    }

    /// Why the clock may be wrong, by a trail; `None`: nothing speaks against it, or somebody has looked at it.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn clock_doubt(&self, id: &OrganisationId) -> Result<Option<ClockDoubt>, Fault> {
        if self.clock_watch.is_trusted.load(Ordering::SeqCst) {
            return Ok(None);
        }
        let now = self.clock.now();
        let today = now.date_naive();
        let last = self.store.trail_end(id).await?.last.map(|last| last.at);
        let before = self.anchor_until(id, (now - CLOCK_STEADY_FOR).date_naive()).await?;
        let mut next = None;
        if let Some(before) = &before {
            let from = tomorrow(before.at.date_naive());
            next = self.anchors_from(id, from, Some(tomorrow(today))).await?.into_iter().next();
        }
        let later = self.anchors_from(id, tomorrow(today), None).await?;
        let evidence = ClockEvidence {
            newest: self.clock_watch.newest(id, last),
            before: before.as_ref().map(SignedAt::from),
            next: next.as_ref().map(SignedAt::from),
            later: later.iter().map(SignedAt::from).collect(),
        };
        Ok(judge(&evidence, now))
    }

    /// The same, and says in the log what has changed since the last look.
    ///
    /// # Errors
    /// As [`Desk::clock_doubt`].
    pub async fn look_at_clock(&self, id: &OrganisationId) -> Result<Option<ClockDoubt>, Fault> {
        let doubt = self.clock_doubt(id).await?;
        let mut found = self.clock_watch.found.lock().unwrap_or_else(PoisonError::into_inner);
        let was = match doubt {
            Some(doubt) => found.insert(id.clone(), doubt),
            None => found.remove(id),
        };
        match doubt {
            Some(doubt) if was.is_none() => tracing::error!(
                organisation = %id,
                %doubt,
                "nothing is removed by a schedule until the clock has run steadily for some days"
            ),
            None if was.is_some() => {
                tracing::warn!(organisation = %id, "the clock agrees with the audit trail again");
            }
            Some(_) | None => {}
        }
        Ok(doubt)
    }

    /// Whether what nobody can undo may be done now without anybody's approval.
    pub(super) async fn is_clock_sure(&self, id: &OrganisationId) -> Result<bool, Fault> {
        Ok(self.clock_doubt(id).await?.is_none())
    }

    /// # Errors
    /// [`Fault::Broken`]: the clock may be wrong, and nobody has said that it is right.
    pub(super) async fn refuse_if_clock_doubtful(&self, id: &OrganisationId) -> Result<(), Fault> {
        match self.clock_doubt(id).await? {
            None => Ok(()),
            Some(doubt) => Err(doubtful(&doubt)),
        }
    }
}

/// # Errors
/// [`Fault::Broken`]: a request was made later than now, while the clock was ahead, and may be for more than is due.
pub(super) fn asked_before(now: DateTime<Utc>, at: DateTime<Utc>) -> Result<(), Fault> {
    if !is_ahead(at, now) {
        return Ok(());
    }
    let at = at.format("%Y-%m-%d");
    let what =
        format!("it was asked for on {at}, which is later than now: withdraw it, and ask again");
    Err(Fault::Broken(vec![Broken::new(RefusalCode::ClockDoubtful, what)]))
}

fn doubtful(doubt: &ClockDoubt) -> Fault {
    let what = format!(
        "{doubt}; nothing is removed until the clock has run steadily for {} days; where it is right, use the command \
         with --clock-is-right",
        CLOCK_STEADY_FOR.num_days()
    );
    Fault::Broken(vec![Broken::new(RefusalCode::ClockDoubtful, what)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: i64) -> DateTime<Utc> {
        let first: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
        first + TimeDelta::days(number)
    }

    fn signed(number: i64, entry: u64) -> SignedAt {
        SignedAt { at: day(number), entry }
    }

    /// What a look on a day finds of these anchors.
    fn doubt(now: i64, anchors: &[SignedAt]) -> Option<ClockDoubt> {
        let (mut evidence, now) = (ClockEvidence::default(), day(now));
        for anchor in anchors.iter().copied() {
            if anchor.at > now {
                evidence.later.push(anchor);
            } else if now - anchor.at >= CLOCK_STEADY_FOR {
                evidence.before =
                    evidence.before.filter(|before| before.at > anchor.at).or(Some(anchor));
            } else if evidence.next.is_none_or(|next| anchor.at < next.at) {
                evidence.next = Some(anchor);
            }
        }
        judge(&evidence, now)
    }

    /// One anchor a day.
    fn daily(days: std::ops::RangeInclusive<i64>, first_entry: u64) -> Vec<SignedAt> {
        days.zip(first_entry..).map(|(day, entry)| signed(day, entry)).collect()
    }

    #[test]
    fn a_clock_that_runs_on_is_not_doubted_nor_is_one_of_a_new_store() {
        assert_eq!(doubt(0, &[]), None);
        for now in 0..=20 {
            assert_eq!(doubt(now, &daily(0..=now, 1)), None, "{now}");
        }
        // Off for a week.
        for now in 27..=40 {
            let anchors = [daily(0..=20, 1), daily(27..=now, 30)].concat();
            assert_eq!(doubt(now, &anchors), None, "{now}");
        }
    }

    #[test]
    fn a_clock_far_ahead_is_doubted_until_it_has_run_on_for_some_days() {
        let before = daily(0..=20, 1);
        let ahead = |to| Some(ClockDoubt::Ahead { from: day(20), to: day(to) });
        assert_eq!(doubt(385, &before), ahead(385));
        for now in 385..388 {
            let anchors = [before.clone(), daily(385..=now, 30)].concat();
            assert_eq!(doubt(now, &anchors), ahead(385), "{now}");
        }
        assert_eq!(doubt(388, &[before.clone(), daily(385..=388, 30)].concat()), None);

        // It is put right: what was signed for ahead of now is doubted as long.
        let wrong = [before, daily(385..=385, 30)].concat();
        let behind = Some(ClockDoubt::Behind { newest: day(385) });
        for now in 20..24 {
            let anchors = [wrong.clone(), daily(21..=now, 40)].concat();
            assert_eq!(doubt(now, &anchors), behind, "{now}");
        }
        assert_eq!(doubt(24, &[wrong, daily(21..=24, 40)].concat()), None);
    }

    #[test]
    fn a_clock_that_is_behind_is_doubted() {
        let behind = Some(ClockDoubt::Behind { newest: day(20) });
        assert_eq!(doubt(13, &daily(0..=20, 1)), behind);
        // By hours: the last entry tells.
        let late = |hours| ClockEvidence {
            newest: Some(day(20) + TimeDelta::hours(hours)),
            before: Some(signed(17, 1)),
            next: Some(signed(18, 2)),
            later: Vec::new(),
        };
        let newest = day(20) + TimeDelta::hours(2);
        assert_eq!(judge(&late(2), day(20)), Some(ClockDoubt::Behind { newest }));
        assert_eq!(judge(&late(0), day(20)), None);
        assert_eq!(judge(&late(-2), day(20)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_newest_instant_is_kept_for_as_long_as_a_clock_is_doubted() {
        let (watch, karbon) = (ClockWatch::default(), OrganisationId::new("karbon"));
        assert_eq!(watch.newest(&karbon, None), None);
        assert_eq!(watch.newest(&karbon, Some(day(9))), Some(day(9)));
        assert_eq!(watch.newest(&karbon, Some(day(2))), Some(day(9)));
        tokio::time::advance(CLOCK_STEADY_FOR.to_std().unwrap()).await;
        assert_eq!(watch.newest(&karbon, Some(day(2))), None);
        assert_eq!(watch.newest(&karbon, Some(day(10))), Some(day(10)));
    }

    #[test]
    fn a_request_of_a_later_time_is_refused() {
        assert!(asked_before(day(2), day(1)).is_ok());
        assert!(matches!(asked_before(day(1), day(2)), Err(Fault::Broken(_))));
    }
}
