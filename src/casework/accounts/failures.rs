//! Sign-ins that failed, by account and source, and how long the next must wait.
//!
//! By both: whoever knows a name can't lock its owner out from elsewhere, and whoever sits behind the
//! same address as an attacker is held up at that one account alone. The wait grows and has an end.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::organisation::OrganisationId;
use crate::runtime::limits::{
    ACCOUNT_FAILURES_FREE, ACCOUNT_FAILURES_MAX, ACCOUNT_WAIT_FIRST, ACCOUNT_WAIT_LONGEST,
};

pub(super) type Key = (OrganisationId, String, Option<IpAddr>);

#[derive(Clone, Copy)]
struct Failed {
    times: u32,
    last: DateTime<Utc>,
}

/// Of this gateway: another one counts for itself, so that several allow as many times more.
pub(super) struct Failures {
    failed: Mutex<HashMap<Key, Failed>>,
}

/// A network of IPv6 is one source: whoever has one address of it has all.
pub(super) fn key(organisation: &OrganisationId, login: &str, source: Option<IpAddr>) -> Key {
    let source = source.map(|source| match source {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 @ IpAddr::V4(_) => v4,
    });
    (organisation.clone(), login.to_owned(), source)
}

fn wait(times: u32) -> TimeDelta {
    let Some(beyond) = times.checked_sub(ACCOUNT_FAILURES_FREE) else { return TimeDelta::zero() };
    let doubled = ACCOUNT_WAIT_FIRST.saturating_mul(2_u32.saturating_pow(beyond));
    TimeDelta::from_std(doubled.min(ACCOUNT_WAIT_LONGEST)).unwrap_or(TimeDelta::zero())
}

impl Failures {
    pub(super) fn new() -> Self {
        Failures { failed: Mutex::default() }
    }

    pub(super) fn must_wait(&self, key: &Key, now: DateTime<Utc>) -> bool {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get(key).is_some_and(|one| now < one.last + wait(one.times))
    }

    pub(super) fn failed(&self, key: &Key, now: DateTime<Utc>) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let longest = TimeDelta::from_std(ACCOUNT_WAIT_LONGEST).unwrap_or(TimeDelta::zero());
        if failed.len() >= ACCOUNT_FAILURES_MAX {
            failed.retain(|_, one| now < one.last + longest);
        }
        if failed.len() >= ACCOUNT_FAILURES_MAX {
            // More at once than anybody's staff: the one that is furthest back gives way.
            let oldest = failed.iter().min_by_key(|(_, one)| one.last).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                failed.remove(&oldest);
            }
        }
        let one = failed.entry(key.clone()).or_insert(Failed { times: 0, last: now });
        // Who waited twice as long as had to be begins anew.
        if now >= one.last + longest * 2 {
            one.times = 0;
        }
        // A try that came too soon is not counted: else a forgotten program would keep somebody out.
        if now >= one.last + wait(one.times) {
            one.times = one.times.saturating_add(1);
            one.last = now;
        }
    }

    pub(super) fn forget(&self, key: &Key) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_and_has_an_end_and_other_sources_and_accounts_do_not_wait() {
        let failures = Failures::new();
        let organisation = OrganisationId::new("karbon");
        let of =
            |login: &str, source: &str| key(&organisation, login, Some(source.parse().unwrap()));
        let ann = of("ann", "192.0.2.1");
        let mut now = DateTime::UNIX_EPOCH;
        for _ in 0..ACCOUNT_FAILURES_FREE {
            assert!(!failures.must_wait(&ann, now));
            failures.failed(&ann, now);
        }
        let mut last = TimeDelta::zero();
        for _ in 0..20 {
            assert!(failures.must_wait(&ann, now));
            assert!(!failures.must_wait(&of("ann", "192.0.2.2"), now));
            assert!(!failures.must_wait(&of("bob", "192.0.2.1"), now));
            let since = now;
            while failures.must_wait(&ann, now) {
                // Trying too soon makes nothing longer.
                failures.failed(&ann, now);
                now += TimeDelta::seconds(1);
            }
            let waited = now - since;
            assert!(waited >= last && waited <= TimeDelta::minutes(15), "{waited}");
            last = waited;
            failures.failed(&ann, now);
        }
        assert_eq!(last, TimeDelta::minutes(15));
        failures.forget(&ann);
        assert!(!failures.must_wait(&ann, now));
    }

    #[test]
    fn a_network_of_ipv6_is_one_source() {
        let organisation = OrganisationId::new("karbon");
        let of = |source: &str| key(&organisation, "ann", Some(source.parse().unwrap()));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    }
}
