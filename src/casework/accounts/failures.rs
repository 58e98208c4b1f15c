//! Tries that failed, and how long the next must wait. They are in the store: all gateways count together, and a restart
//! forgets none.
//!
//! A try is counted before it is looked at, so that many at once are as many; counts are forgotten once somebody is in,
//! by every step that their account has, and not before. Passwords are counted by account and source: somebody who
//! knows a name can't lock its owner out from elsewhere, and somebody behind the same address as an attacker is held up
//! only at that one account. Codes are counted by account, wherever they come from: anybody who gets that far has the
//! password. The wait grows and has an end.
//!
//! There are [`SIGN_IN_SHELVES`] documents at most, each with a bounded number of counts, so that nothing has to be swept.
//! Names of which there is no account are counted like others: how long an answer takes doesn't tell them apart.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::book::TRIES_MAX;
use crate::casework::Fault;
use crate::domain::audit::GATEWAY;
use crate::domain::organisation::OrganisationId;
use crate::ports::documents::{Batch, Document, WriteFault};
use crate::ports::{Stamp, Store};
use crate::runtime::client::one_connection;
use crate::runtime::limits::{
    ACCOUNT_FAILURES_FREE, ACCOUNT_WAIT_FIRST, ACCOUNT_WAIT_LONGEST, SIGN_IN_SHELF_COUNTS_MAX,
    SIGN_IN_SHELVES,
};
use crate::runtime::tokens::{hex, sha256_of_parts};

/// The kind of document that holds counts.
const SIGN_IN_TRIES: &str = "sign_in_tries";

/// What is tried: a digest, in which no name or address is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TryKey([u8; 32]);

impl TryKey {
    /// A password, by account and source. A network of IPv6 is one source: the holder of one address has all of it.
    pub(super) fn password(login: &str, source: Option<IpAddr>) -> Self {
        let source = source.map(|source| one_connection(source).to_string()).unwrap_or_default();
        TryKey(sha256_of_parts(&[b"password", login.as_bytes(), source.as_bytes()]))
    }

    /// A code, by account.
    pub(super) fn code(login: &str) -> Self {
        TryKey(sha256_of_parts(&[b"code", login.as_bytes()]))
    }

    /// The document that its count is in, and its name there.
    fn place(&self) -> (String, String) {
        let [first, ..] = self.0;
        (format!("{:02x}", usize::from(first) % SIGN_IN_SHELVES), hex(&self.0))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Tried {
    times: u32,
    last: DateTime<Utc>,
}

/// The counts of one document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Shelf {
    tried: BTreeMap<String, Tried>,
}

fn longest() -> TimeDelta {
    TimeDelta::from_std(ACCOUNT_WAIT_LONGEST).unwrap_or(TimeDelta::zero())
}

fn wait(times: u32) -> TimeDelta {
    let Some(beyond) = times.checked_sub(ACCOUNT_FAILURES_FREE) else { return TimeDelta::zero() };
    let doubled = ACCOUNT_WAIT_FIRST.saturating_mul(2_u32.saturating_pow(beyond));
    TimeDelta::from_std(doubled.min(ACCOUNT_WAIT_LONGEST)).unwrap_or(TimeDelta::zero())
}

impl Shelf {
    /// Counts a try that is about to be looked at. `false`: it comes too soon, and is not to be looked at;
    /// it is not counted either, else a forgotten program would keep somebody out.
    fn begin(&mut self, name: &str, now: DateTime<Utc>) -> bool {
        // After twice the longest wait, counting begins again.
        self.tried.retain(|_, one| now < one.last + longest() * 2);
        if !self.tried.contains_key(name) {
            self.make_room();
        }
        let one = self.tried.entry(name.to_owned()).or_insert(Tried { times: 0, last: now });
        // A clock that was set back holds nobody up.
        one.last = one.last.min(now);
        if now < one.last + wait(one.times) {
            return false;
        }
        *one = Tried { times: one.times.saturating_add(1), last: now };
        true
    }

    /// The count of the fewest tries gives way, of these the oldest: whoever fills a shelf with names that nobody has
    /// pushes no count out that holds them up.
    fn make_room(&mut self) {
        while self.tried.len() >= SIGN_IN_SHELF_COUNTS_MAX {
            let least = self.tried.iter().min_by_key(|(_, one)| (one.times, one.last));
            let Some(least) = least.map(|(name, _)| name.clone()) else { return };
            self.tried.remove(&least);
        }
    }

    /// Takes a try back that was counted and then not looked at.
    fn take_back(&mut self, name: &str) {
        if let Some(one) = self.tried.get_mut(name) {
            one.times = one.times.saturating_sub(1);
        }
    }
}

pub(super) struct Failures {
    store: Arc<dyn Store>,
    /// One step at a time: those of one gateway are never in each other's way.
    turn: tokio::sync::Mutex<()>,
}

impl Failures {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Failures { store, turn: tokio::sync::Mutex::default() }
    }

    /// Counts a try that is about to be looked at. `false`: it comes too soon, and is not to be looked at.
    ///
    /// # Errors
    /// The store can't be read or written: nobody could be signed in then.
    pub(super) async fn begin(
        &self,
        organisation: &OrganisationId,
        key: &TryKey,
        now: DateTime<Utc>,
    ) -> Result<bool, Fault> {
        self.change(organisation, key, now, |shelf, name| shelf.begin(name, now)).await
    }

    /// Takes a try back that was counted and then not looked at.
    ///
    /// # Errors
    /// The store can't be read or written.
    pub(super) async fn take_back(
        &self,
        organisation: &OrganisationId,
        key: &TryKey,
        now: DateTime<Utc>,
    ) -> Result<(), Fault> {
        self.change(organisation, key, now, Shelf::take_back).await
    }

    /// Whether the next try must wait.
    ///
    /// # Errors
    /// The store can't be read.
    pub(super) async fn is_shut(
        &self,
        organisation: &OrganisationId,
        key: &TryKey,
    ) -> Result<bool, Fault> {
        let (id, name) = key.place();
        let (shelf, _) = self.shelf(organisation, &id).await?;
        Ok(shelf.tried.get(&name).is_some_and(|one| one.times >= ACCOUNT_FAILURES_FREE))
    }

    /// Forgets the count of somebody who is in.
    ///
    /// # Errors
    /// The store can't be read or written.
    pub(super) async fn forget(
        &self,
        organisation: &OrganisationId,
        key: &TryKey,
        now: DateTime<Utc>,
    ) -> Result<(), Fault> {
        let forget = |shelf: &mut Shelf, name: &str| {
            shelf.tried.remove(name);
        };
        self.change(organisation, key, now, forget).await
    }

    async fn shelf(&self, of: &OrganisationId, id: &str) -> Result<(Shelf, u64), Fault> {
        Ok(match self.store.document(of, SIGN_IN_TRIES, id).await? {
            Some(document) => (document.read()?, document.version),
            None => (Shelf::default(), 0),
        })
    }

    /// Changes a shelf; what is as it was is not written.
    async fn change<R>(
        &self,
        organisation: &OrganisationId,
        key: &TryKey,
        now: DateTime<Utc>,
        change: impl Fn(&mut Shelf, &str) -> R + Send,
    ) -> Result<R, Fault> {
        let (id, name) = key.place();
        let _turn = self.turn.lock().await;
        for _ in 0..TRIES_MAX {
            let (was, version) = self.shelf(organisation, &id).await?;
            let mut shelf = was.clone();
            let result = change(&mut shelf, &name);
            if shelf == was {
                return Ok(result);
            }
            let document = Document::new(SIGN_IN_TRIES, &id, version, Vec::new(), &shelf)?;
            let stamp = Stamp { by: GATEWAY.to_owned(), at: now };
            match self.store.write(organisation, Batch::new(stamp).put(document)).await {
                Ok(()) => return Ok(result),
                // Another gateway counted at the same moment.
                Err(WriteFault::Conflict(_)) => {}
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
        }
        Err(Fault::Contended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(login: &str, source: &str) -> String {
        TryKey::password(login, Some(source.parse().unwrap())).place().1
    }

    #[test]
    fn the_wait_grows_and_has_an_end_and_other_sources_and_accounts_do_not_wait() {
        let mut shelf = Shelf::default();
        let ann = of("ann", "192.0.2.1");
        let mut now = DateTime::UNIX_EPOCH;
        for _ in 0..ACCOUNT_FAILURES_FREE {
            assert!(shelf.begin(&ann, now));
        }
        let mut last = TimeDelta::zero();
        for _ in 0..20 {
            let since = now;
            // Trying too soon makes nothing longer.
            while !shelf.begin(&ann, now) {
                now += TimeDelta::seconds(1);
            }
            let waited = now - since;
            assert!(waited >= last && waited <= TimeDelta::minutes(15), "{waited}");
            last = waited;
            for other in [of("ann", "192.0.2.2"), of("bob", "192.0.2.1")] {
                assert!(shelf.begin(&other, now));
                shelf.tried.remove(&other);
            }
        }
        assert_eq!(last, TimeDelta::minutes(15));
        shelf.tried.remove(&ann);
        assert!(shelf.begin(&ann, now));
    }

    #[test]
    fn what_was_not_looked_at_is_given_back() {
        let (mut shelf, ann, now) =
            (Shelf::default(), of("ann", "192.0.2.1"), DateTime::UNIX_EPOCH);
        let looked_at = (0..64).filter(|_| shelf.begin(&ann, now)).count();
        assert_eq!(looked_at, usize::try_from(ACCOUNT_FAILURES_FREE).unwrap());
        shelf.take_back(&ann);
        assert!(shelf.begin(&ann, now) && !shelf.begin(&ann, now));
    }

    #[test]
    fn counting_begins_again_after_twice_the_longest_wait() {
        let (mut shelf, ann) = (Shelf::default(), of("ann", "192.0.2.1"));
        let now = DateTime::UNIX_EPOCH;
        while shelf.begin(&ann, now) {}
        let times = |shelf: &Shelf| shelf.tried.get(&ann).map(|one| one.times);
        assert!(shelf.begin(&ann, now + TimeDelta::minutes(30) - TimeDelta::seconds(1)));
        assert_eq!(times(&shelf), Some(ACCOUNT_FAILURES_FREE + 1));
        assert!(shelf.begin(&ann, now + TimeDelta::minutes(60)));
        assert_eq!(times(&shelf), Some(1));
    }

    #[test]
    fn a_full_shelf_keeps_the_counts_that_hold_somebody_up() {
        let (mut shelf, now) = (Shelf::default(), DateTime::UNIX_EPOCH);
        while shelf.begin("ann", now) {}
        for number in 0..SIGN_IN_SHELF_COUNTS_MAX * 2 {
            assert!(shelf.begin(&format!("nobody {number}"), now + TimeDelta::seconds(1)));
        }
        assert_eq!(shelf.tried.len(), SIGN_IN_SHELF_COUNTS_MAX);
        assert!(!shelf.begin("ann", now + TimeDelta::seconds(2)));
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_nobody_out() {
        let (mut shelf, now) = (Shelf::default(), DateTime::UNIX_EPOCH + TimeDelta::days(1));
        assert!(shelf.begin("ann", now));
        assert!(shelf.begin("ann", now - TimeDelta::hours(5)));
    }

    #[test]
    fn a_network_of_ipv6_is_one_source() {
        assert_eq!(of("ann", "2001:db8::1"), of("ann", "2001:db8::ffff:1"));
        assert_ne!(of("ann", "2001:db8::1"), of("ann", "2001:db8:0:1::1"));
        assert_eq!(of("ann", "::ffff:192.0.2.1"), of("ann", "192.0.2.1"));
    }
}
