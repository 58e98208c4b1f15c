//! The time.
//!
//! Restrictions, quotas and notices hang on it, so that a clock that is set wrong, by hand or by a time server,
//! must not do for a while what nobody can undo: count in another week, tell somebody twice.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

use crate::runtime::limits::{CLOCK_BELIEVED_AFTER, CLOCK_EARLIEST, CLOCK_STEP_MAX};

/// The only clock that intake, casework and staff see.
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;

    /// The fault of the time; `None`: nothing.
    fn fault(&self) -> Option<String> {
        None
    }
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// The machine's clock for a process that lives long. Small steps are followed at once. After a jump the
/// time that passes is counted on, until the clock has gone on from where it jumped to for
/// [`CLOCK_BELIEVED_AFTER`]: one that comes back before then changed nothing.
pub struct SteadyClock {
    state: Mutex<State>,
}

struct State {
    /// The trusted time, and when that was.
    believed: (DateTime<Utc>, Instant),
    jumped: Option<Jump>,
    /// The machine's clock was not set when the process started, and still is not.
    never_set: bool,
}

impl State {
    fn believe(&mut self, wall: DateTime<Utc>, at: Instant) {
        self.believed = (wall, at);
        self.jumped = None;
        self.never_set &= is_unset(wall);
    }
}

#[derive(Clone, Copy)]
struct Jump {
    by: TimeDelta,
    since: Instant,
}

impl Jump {
    /// Whether the machine's clock may be trusted where it has gone on steadily since. One that was never set
    /// (1970, or when the machine was made) is wrong, however steadily it goes on.
    fn is_believable(self, wall: DateTime<Utc>, at: Instant) -> bool {
        at.saturating_duration_since(self.since) >= CLOCK_BELIEVED_AFTER && !is_unset(wall)
    }
}

fn is_unset(wall: DateTime<Utc>) -> bool {
    wall.timestamp() < CLOCK_EARLIEST
}

impl SteadyClock {
    /// The clock of a process that starts. `known`: an instant that has passed. From there the time that passes is
    /// counted on while the machine's clock was never set.
    pub fn after(known: Option<DateTime<Utc>>) -> Self {
        SteadyClock::starting(Utc::now(), Instant::now(), known)
    }

    fn starting(wall: DateTime<Utc>, at: Instant, known: Option<DateTime<Utc>>) -> Self {
        let step = TimeDelta::from_std(CLOCK_STEP_MAX).unwrap_or(TimeDelta::MAX);
        // A clock that was set is right more often than the newest entry: one organisation's may have been written
        // while a clock was ahead.
        let (believed, jumped) = match known.filter(|known| is_unset(wall) && wall - *known < -step)
        {
            None => (wall, None),
            Some(known) => {
                let by = wall - known;
                tracing::error!(
                    seconds = by.num_seconds(),
                    "the machine's clock was never set; continuing from the time of the newest known entry"
                );
                (known, Some(Jump { by, since: at }))
            }
        };
        let never_set = is_unset(wall);
        SteadyClock { state: Mutex::new(State { believed: (believed, at), jumped, never_set }) }
    }

    /// The time to go by, where the machine's clock shows `wall`.
    fn at(&self, wall: DateTime<Utc>, at: Instant) -> DateTime<Utc> {
        // Nothing that holds the lock can panic half-way through a change.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (believed, since) = state.believed;
        let passed = at.saturating_duration_since(since);
        let counted = believed + TimeDelta::from_std(passed).unwrap_or(TimeDelta::MAX);
        let step = TimeDelta::from_std(CLOCK_STEP_MAX).unwrap_or(TimeDelta::MAX);
        let by = wall - counted;
        if by.abs() <= step {
            if state.jumped.is_some() {
                tracing::warn!("the machine's clock is back");
            }
            state.believe(wall, at);
            return wall;
        }
        if state.never_set && !is_unset(wall) && by > TimeDelta::zero() {
            tracing::warn!("the machine's clock is set");
            state.believe(wall, at);
            return wall;
        }
        let jump = match state.jumped {
            Some(jump) if (jump.by - by).abs() <= step => jump,
            Some(_) | None => {
                tracing::error!(
                    seconds = by.num_seconds(),
                    "the machine's clock has jumped; continuing on elapsed time"
                );
                Jump { by, since: at }
            }
        };
        if !jump.is_believable(wall, at) {
            state.jumped = Some(jump);
            return counted;
        }
        tracing::error!(
            seconds = by.num_seconds(),
            "the machine's clock is trusted again after a jump"
        );
        state.believe(wall, at);
        wall
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> DateTime<Utc> {
        self.at(Utc::now(), Instant::now())
    }

    fn fault(&self) -> Option<String> {
        // So that a jump is seen, and forgotten, without a contact.
        let now = self.now();
        let jumped = self.state.lock().unwrap_or_else(PoisonError::into_inner).jumped;
        let Some(jump) = jumped else {
            let unset = || format!("the machine's clock shows {}: set it", now.format("%Y-%m-%d"));
            return is_unset(now).then(unset);
        };
        let by = jump.by.num_seconds();
        Some(format!("the machine's clock has jumped by {by} s; continuing on elapsed time"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    struct Machine {
        clock: SteadyClock,
        begun: Instant,
        wall: DateTime<Utc>,
        passed: Duration,
    }

    impl Machine {
        fn new() -> Self {
            let (wall, begun) = ("2026-11-21T10:00:00Z".parse().unwrap(), Instant::now());
            Machine::started(wall, begun, None)
        }

        fn started(wall: DateTime<Utc>, begun: Instant, known: Option<DateTime<Utc>>) -> Self {
            let clock = SteadyClock::starting(wall, begun, known);
            Machine { clock, begun, wall, passed: Duration::ZERO }
        }

        fn is_at_fault(&self) -> bool {
            self.clock.state.lock().unwrap().jumped.is_some()
        }

        /// So much time passes, while the wall clock is set another way besides.
        fn after(&mut self, passed: u64, set: TimeDelta) -> DateTime<Utc> {
            self.passed += Duration::from_secs(passed);
            self.wall += TimeDelta::seconds(i64::try_from(passed).unwrap()) + set;
            self.clock.at(self.wall, self.begun + self.passed)
        }
    }

    #[test]
    fn small_steps_are_followed_and_a_jump_that_comes_back_changes_nothing() {
        for jump in [TimeDelta::days(365), -TimeDelta::days(365), TimeDelta::minutes(2)] {
            let mut machine = Machine::new();
            let begun = machine.wall;
            assert_eq!(machine.after(10, TimeDelta::seconds(30)), begun + TimeDelta::seconds(40));
            assert_eq!(machine.after(10, jump), begun + TimeDelta::seconds(50), "{jump}");
            assert_eq!(machine.after(300, TimeDelta::zero()), begun + TimeDelta::seconds(350));
            assert_eq!(machine.after(10, -jump), begun + TimeDelta::seconds(360), "{jump}");
            assert!(machine.clock.state.lock().unwrap().jumped.is_none());
        }
    }

    #[test]
    fn a_clock_that_stays_where_it_jumped_to_is_believed_after_a_while() {
        let mut machine = Machine::new();
        let begun = machine.wall;
        let jump = TimeDelta::hours(3);
        assert_eq!(machine.after(1, jump), begun + TimeDelta::seconds(1));
        let wait = CLOCK_BELIEVED_AFTER.as_secs();
        assert_eq!(machine.after(wait, TimeDelta::zero()), machine.wall);
        assert_eq!(machine.after(1, TimeDelta::zero()), machine.wall);
        assert_eq!(machine.wall, begun + jump + TimeDelta::seconds(2 + wait as i64));
    }

    #[test]
    fn a_start_with_a_clock_that_was_never_set_goes_by_the_known_time() {
        let known: DateTime<Utc> = "2026-11-21T10:00:00Z".parse().unwrap();
        let begun = Instant::now();
        // Never set: not trusted, however long it goes on, until somebody sets it.
        let mut machine = Machine::started(DateTime::UNIX_EPOCH, begun, Some(known));
        let wait = CLOCK_BELIEVED_AFTER.as_secs();
        for passed in [0, 10, wait, 100 * wait] {
            machine.after(passed, TimeDelta::zero());
            assert!(machine.is_at_fault(), "{passed}");
        }
        let passed = TimeDelta::from_std(machine.passed).unwrap();
        assert_eq!(machine.after(0, TimeDelta::zero()), known + passed);
        // The machine was off for a night: the time that it is set to is right at once.
        let right = known + passed + TimeDelta::hours(8);
        let set = right - machine.wall;
        assert_eq!(machine.after(0, set), right);
        assert!(!machine.is_at_fault());

        // A clock that was set is trusted, whatever one that was ahead has written.
        let wall = known - TimeDelta::days(9);
        let mut machine = Machine::started(wall, begun, Some(known));
        assert_eq!(machine.after(10, TimeDelta::zero()), wall + TimeDelta::seconds(10));
        assert!(!machine.is_at_fault());

        // What is known lies in the past, or a moment ahead: nothing is wrong.
        for early in [TimeDelta::days(-1), TimeDelta::seconds(30)] {
            let mut machine = Machine::started(known - early, begun, Some(known));
            assert_eq!(machine.after(1, TimeDelta::zero()), machine.wall);
            assert!(!machine.is_at_fault(), "{early}");
        }
    }

    #[test]
    fn a_clock_that_was_never_set_is_trusted_as_soon_as_it_is_set_where_no_time_is_known() {
        let mut machine = Machine::started(DateTime::UNIX_EPOCH, Instant::now(), None);
        assert_eq!(machine.after(10, TimeDelta::zero()), machine.wall, "no other time is known");
        let set = TimeDelta::days(21_000);
        assert_eq!(machine.after(10, set), DateTime::UNIX_EPOCH + set + TimeDelta::seconds(20));
        assert!(!machine.is_at_fault());
        // From then on it is a clock like any other.
        let trusted = machine.wall;
        assert_eq!(machine.after(1, TimeDelta::days(1)), trusted + TimeDelta::seconds(1));
        assert!(machine.is_at_fault());
    }

    #[test]
    fn a_running_clock_that_shows_a_time_before_all_others_is_as_any_that_jumps() {
        let mut machine = Machine::new();
        let begun = machine.wall;
        let wait = i64::try_from(CLOCK_BELIEVED_AFTER.as_secs()).unwrap();
        let (to_epoch, to_later) = (DateTime::UNIX_EPOCH - begun, TimeDelta::days(30));
        assert_eq!(machine.after(1, to_epoch), begun + TimeDelta::seconds(1));
        // Set to a time that may be wrong: trusted only after it has run steadily for a while.
        assert_eq!(machine.after(1, to_later - to_epoch), begun + TimeDelta::seconds(2));
        assert!(machine.is_at_fault());
        let counted = begun + TimeDelta::seconds(2 + wait - 1);
        assert_eq!(machine.after(CLOCK_BELIEVED_AFTER.as_secs() - 1, TimeDelta::zero()), counted);
        assert_eq!(machine.after(1, TimeDelta::zero()), machine.wall);
        assert!(!machine.is_at_fault());
    }

    #[test]
    fn a_clock_that_was_never_set_is_known_by_its_time() {
        assert!(is_unset(DateTime::UNIX_EPOCH));
        assert!(is_unset("2025-12-31T23:59:59Z".parse().unwrap()));
        assert!(!is_unset("2026-01-01T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn a_clock_that_jumps_about_is_not_believed() {
        let mut machine = Machine::new();
        let begun = machine.wall;
        for _ in 0..100 {
            machine.after(60, TimeDelta::hours(1));
        }
        let counted = machine.after(60, TimeDelta::hours(1));
        assert_eq!(counted, begun + TimeDelta::seconds(60 * 101));
    }
}
