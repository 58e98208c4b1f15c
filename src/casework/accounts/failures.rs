//! Tries that failed, and how long the next must wait.
//!
//! A try is counted before it is looked at, so that many at once are as many; counts are forgotten once somebody is in,
//! by every step that their account has, and not before. Passwords are counted by account and source: somebody who
//! knows a name can't lock its owner out from elsewhere, and somebody behind the same address as an attacker is held up
//! only at that one account. Codes are counted by account, wherever they come from: anybody who gets that far has the
//! password. The wait grows and has an end.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::organisation::OrganisationId;
use crate::runtime::client::one_connection;
use crate::runtime::limits::{
    ACCOUNT_FAILURES_FREE, ACCOUNT_FAILURES_MAX, ACCOUNT_WAIT_FIRST, ACCOUNT_WAIT_LONGEST,
};

/// An account, and from where it is tried.
pub(super) type ByAccountAndSource = (OrganisationId, String, Option<IpAddr>);
/// An account, from wherever it is tried.
pub(super) type ByAccount = (OrganisationId, String);

#[derive(Clone, Copy)]
struct Tried {
    times: u32,
    last: DateTime<Utc>,
}

/// Of this gateway: another one counts for itself, so that several allow as many times more.
pub(super) struct Failures<K> {
    tried: Mutex<HashMap<K, Tried>>,
}

/// A network of IPv6 is one source: the holder of one address has all of it.
pub(super) fn by_source(
    organisation: &OrganisationId,
    login: &str,
    source: Option<IpAddr>,
) -> ByAccountAndSource {
    (organisation.clone(), login.to_owned(), source.map(one_connection))
}

fn longest() -> TimeDelta {
    TimeDelta::from_std(ACCOUNT_WAIT_LONGEST).unwrap_or(TimeDelta::zero())
}

fn wait(times: u32) -> TimeDelta {
    let Some(beyond) = times.checked_sub(ACCOUNT_FAILURES_FREE) else { return TimeDelta::zero() };
    let doubled = ACCOUNT_WAIT_FIRST.saturating_mul(2_u32.saturating_pow(beyond));
    TimeDelta::from_std(doubled.min(ACCOUNT_WAIT_LONGEST)).unwrap_or(TimeDelta::zero())
}

impl<K: Hash + Eq + Clone> Failures<K> {
    pub(super) fn new() -> Self {
        Failures { tried: Mutex::default() }
    }

    fn tried(&self) -> MutexGuard<'_, HashMap<K, Tried>> {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a try that is about to be looked at. `false`: it comes too soon, and is not to be looked at;
    /// it is not counted either, else a forgotten program would keep somebody out.
    pub(super) fn begin(&self, key: &K, now: DateTime<Utc>) -> bool {
        let mut tried = self.tried();
        if !tried.contains_key(key) {
            make_room(&mut tried, now);
        }
        let one = tried.entry(key.clone()).or_insert(Tried { times: 0, last: now });
        // After twice the required wait, counting begins again; so does a clock that was set back.
        if now >= one.last + longest() * 2 {
            one.times = 0;
        }
        one.last = one.last.min(now);
        if now < one.last + wait(one.times) {
            return false;
        }
        *one = Tried { times: one.times.saturating_add(1), last: now };
        true
    }

    /// Takes a try back that was counted and then not looked at.
    pub(super) fn take_back(&self, key: &K) {
        if let Some(one) = self.tried().get_mut(key) {
            one.times = one.times.saturating_sub(1);
        }
    }

    /// Whether the next try must wait.
    pub(super) fn is_shut(&self, key: &K) -> bool {
        self.tried().get(key).is_some_and(|one| one.times >= ACCOUNT_FAILURES_FREE)
    }

    pub(super) fn forget(&self, key: &K) {
        self.tried().remove(key);
    }
}

/// Forgets old entries; if that is not enough, the oldest entry gives way.
fn make_room<K: Hash + Eq + Clone>(tried: &mut HashMap<K, Tried>, now: DateTime<Utc>) {
    if tried.len() >= ACCOUNT_FAILURES_MAX {
        tried.retain(|_, one| now < one.last + longest());
    }
    if tried.len() >= ACCOUNT_FAILURES_MAX {
        // More at once than anybody's staff.
        let oldest = tried.iter().min_by_key(|(_, one)| one.last).map(|(key, _)| key.clone());
        if let Some(oldest) = oldest {
            tried.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(login: &str, source: &str) -> ByAccountAndSource {
        by_source(&OrganisationId::new("karbon"), login, Some(source.parse().unwrap()))
    }

    #[test]
    fn the_wait_grows_and_has_an_end_and_other_sources_and_accounts_do_not_wait() {
        let failures = Failures::new();
        let ann = of("ann", "192.0.2.1");
        let mut now = DateTime::UNIX_EPOCH;
        for _ in 0..ACCOUNT_FAILURES_FREE {
            assert!(failures.begin(&ann, now));
        }
        let mut last = TimeDelta::zero();
        for _ in 0..20 {
            let since = now;
            // Trying too soon makes nothing longer.
            while !failures.begin(&ann, now) {
                now += TimeDelta::seconds(1);
            }
            let waited = now - since;
            assert!(waited >= last && waited <= TimeDelta::minutes(15), "{waited}");
            last = waited;
            assert!(failures.begin(&of("ann", "192.0.2.2"), now));
            assert!(failures.begin(&of("bob", "192.0.2.1"), now));
            failures.forget(&of("ann", "192.0.2.2"));
            failures.forget(&of("bob", "192.0.2.1"));
        }
        assert_eq!(last, TimeDelta::minutes(15));
        failures.forget(&ann);
        assert!(failures.begin(&ann, now));
    }

    #[test]
    fn as_many_are_looked_at_as_are_free_however_many_come_at_once() {
        let failures = Failures::new();
        let (ann, now) = (of("ann", "192.0.2.1"), DateTime::UNIX_EPOCH);
        let looked_at: usize = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..8).filter(|_| failures.begin(&ann, now)).count()))
                .collect();
            tries.into_iter().map(|one| one.join().unwrap()).sum()
        });
        assert_eq!(looked_at, usize::try_from(ACCOUNT_FAILURES_FREE).unwrap());
        assert!(failures.is_shut(&ann));
        // What was not looked at after all is given back.
        failures.take_back(&ann);
        assert!(!failures.is_shut(&ann) && failures.begin(&ann, now) && !failures.begin(&ann, now));
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_nobody_out() {
        let failures = Failures::new();
        let (ann, now) = (of("ann", "192.0.2.1"), DateTime::UNIX_EPOCH + TimeDelta::days(1));
        assert!(failures.begin(&ann, now));
        assert!(failures.begin(&ann, now - TimeDelta::hours(5)));
    }

    #[test]
    fn a_network_of_ipv6_is_one_source() {
        assert_eq!(of("ann", "2001:db8::1"), of("ann", "2001:db8::ffff:1"));
        assert_ne!(of("ann", "2001:db8::1"), of("ann", "2001:db8:0:1::1"));
        assert_eq!(of("ann", "::ffff:192.0.2.1"), of("ann", "192.0.2.1"));
    }
}
