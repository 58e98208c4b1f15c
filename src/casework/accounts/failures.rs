//! Failed sign-ins, and how long the next one must wait. The counts are in the store, so that all gateways share them
//! and a restart keeps them.
//!
//! A try is counted before it is looked at, so that many at once are as many; counts are forgotten once somebody is in,
//! by every step that their account has, and not before. Passwords are counted by account and source: somebody who
//! knows a name can't lock its owner out from elsewhere, and somebody behind the same address as an attacker is held up
//! only at that one account. Codes are counted by account, wherever they come from: anybody who gets that far has the
//! password. The wait grows and has an end.
//!
//! There are [`SIGN_IN_SHELVES`] documents for passwords and as many for codes, each with a bounded number of counts,
//! so that nothing needs sweeping. A secret of the store decides which document a count is in: nobody can choose names
//! that fill the document of an account. Codes have documents of their own, so that tried passwords never displace
//! their counts. Names without an account are counted like others, so that the time of an answer doesn't tell them
//! apart.

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
    SIGN_IN_SHELVES, SIGN_IN_TURN_WAIT,
};
use crate::runtime::tokens::{hex, random, sha256_of_parts};

/// The kind of document that holds counts.
const SIGN_IN_TRIES: &str = "sign_in_tries";
/// The document of that kind that holds the secret.
const SECRET: &str = "secret";
const SECRET_BYTES: usize = 32;

/// Part of the digest under which a count is stored.
#[derive(Serialize, Deserialize)]
struct TrySecret {
    secret: String,
}

/// What is tried, as a digest: it holds no name and no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TryKey {
    tried: &'static str,
    of: [u8; 32],
}

impl TryKey {
    /// A password, by account and source. A network of IPv6 is one source: the holder of one address has all of it.
    pub(super) fn password(login: &str, source: Option<IpAddr>) -> Self {
        let source = source.map(|source| one_connection(source).to_string()).unwrap_or_default();
        let of = sha256_of_parts(&[login.as_bytes(), source.as_bytes()]);
        TryKey { tried: "password", of }
    }

    /// A code, by account.
    pub(super) fn code(login: &str) -> Self {
        TryKey { tried: "code", of: sha256_of_parts(&[login.as_bytes()]) }
    }

    /// The document that holds its count, and the key within it.
    fn place(&self, secret: &TrySecret) -> (String, String) {
        let TryKey { tried, of } = self;
        let name = sha256_of_parts(&[secret.secret.as_bytes(), tried.as_bytes(), of]);
        let [first, ..] = name;
        (format!("{tried}-{:02x}", usize::from(first) % SIGN_IN_SHELVES), hex(&name))
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
        // A clock that was set back delays nobody, and clocks of gateways that differ slightly shorten no wait.
        if now + longest() < one.last {
            one.last = now;
        }
        let due = wait(one.times);
        if due > TimeDelta::zero() && now < one.last + due {
            return false;
        }
        *one = Tried { times: one.times.saturating_add(1), last: one.last.max(now) };
        true
    }

    /// Drops the counts with the fewest tries, oldest first. Filling a shelf with invented names therefore drops no
    /// count that makes somebody wait.
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
    /// One step at a time, so that steps of one gateway never conflict.
    turn: tokio::sync::Mutex<()>,
}

impl Failures {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Failures { store, turn: tokio::sync::Mutex::default() }
    }

    /// Counts a try that is about to be looked at. `false`: it comes too soon, and is not to be looked at.
    ///
    /// # Errors
    /// The store can't be read or written: nobody could be signed in then. `Contended`: too many are counted at once.
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
        unless_contended(self.change(organisation, key, now, Shelf::take_back).await)
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
        let Some(secret) = self.secret(organisation).await? else { return Ok(false) };
        let (id, name) = key.place(&secret);
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
        unless_contended(self.change(organisation, key, now, forget).await)
    }

    /// Read each time, like the counts: a restored store may have another one.
    async fn secret(&self, of: &OrganisationId) -> Result<Option<TrySecret>, Fault> {
        let stored = self.store.document(of, SIGN_IN_TRIES, SECRET).await?;
        Ok(stored.map(|document| document.read()).transpose()?)
    }

    async fn shelf(&self, of: &OrganisationId, id: &str) -> Result<(Shelf, u64), Fault> {
        Ok(match self.store.document(of, SIGN_IN_TRIES, id).await? {
            Some(document) => (document.read()?, document.version),
            None => (Shelf::default(), 0),
        })
    }

    /// Changes a shelf, and writes it only if it is different.
    async fn change<R>(
        &self,
        organisation: &OrganisationId,
        key: &TryKey,
        now: DateTime<Utc>,
        change: impl Fn(&mut Shelf, &str) -> R + Send,
    ) -> Result<R, Fault> {
        // If the store hangs, only the try whose turn it is waits for it; the others are asked to try again.
        let turn = tokio::time::timeout(SIGN_IN_TURN_WAIT, self.turn.lock()).await;
        let _turn = turn.map_err(|_| Fault::Contended)?;
        for _ in 0..TRIES_MAX {
            let mut batch = Batch::new(Stamp { by: GATEWAY.to_owned(), at: now });
            let secret = if let Some(secret) = self.secret(organisation).await? {
                secret
            } else {
                let made = TrySecret { secret: hex(&random::<SECRET_BYTES>()?) };
                batch = batch.put(Document::new(SIGN_IN_TRIES, SECRET, 0, Vec::new(), &made)?);
                made
            };
            let (id, name) = key.place(&secret);
            let (was, version) = self.shelf(organisation, &id).await?;
            let mut shelf = was.clone();
            let result = change(&mut shelf, &name);
            if shelf == was {
                return Ok(result);
            }
            let document = Document::new(SIGN_IN_TRIES, &id, version, Vec::new(), &shelf)?;
            match self.store.write(organisation, batch.put(document)).await {
                Ok(()) => return Ok(result),
                // Another gateway counted at the same moment.
                Err(WriteFault::Conflict(_)) => {}
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
        }
        Err(Fault::Contended)
    }
}

/// Nobody is refused because others sign in at the same moment. The count that remains is as if they had tried once
/// more.
fn unless_contended(done: Result<(), Fault>) -> Result<(), Fault> {
    match done {
        Err(Fault::Contended) => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(of: &str) -> TrySecret {
        TrySecret { secret: of.to_owned() }
    }

    fn of(login: &str, source: &str) -> String {
        TryKey::password(login, Some(source.parse().unwrap())).place(&secret("a store's")).1
    }

    #[test]
    fn nobody_knows_which_counts_meet_and_codes_are_counted_apart() {
        let logins: Vec<String> = (0..SIGN_IN_SHELVES * 2).map(|it| it.to_string()).collect();
        let shelves = |of: &str, key: fn(&str) -> TryKey| -> Vec<String> {
            logins.iter().map(|login| key(login).place(&secret(of)).0).collect()
        };
        let password = |login: &str| TryKey::password(login, None);
        let (passwords, codes) =
            (shelves("a store's", password), shelves("a store's", TryKey::code));
        let alike = shelves("another's", password);
        let same = passwords.iter().zip(&alike).filter(|(one, other)| one == other).count();
        assert!(same < SIGN_IN_SHELVES / 8, "{same}");
        assert!(passwords.iter().all(|shelf| !codes.contains(shelf)));
        let all: std::collections::BTreeSet<&String> = passwords.iter().collect();
        assert!(all.len() > SIGN_IN_SHELVES / 2 && all.len() <= SIGN_IN_SHELVES, "{}", all.len());
    }

    /// Names that would all be in one document, if somebody who chose them knew the secret.
    #[test]
    fn one_client_pushes_no_count_of_its_own_out() {
        let (known, guessed, now) = (secret("a store's"), secret("a guess"), DateTime::UNIX_EPOCH);
        let ann = TryKey::password("ann", None);
        let beside: Vec<TryKey> = (0..)
            .map(|number: u32| TryKey::password(&format!("nobody {number}"), None))
            .filter(|one| one.place(&guessed).0 == ann.place(&guessed).0)
            .take(SIGN_IN_SHELF_COUNTS_MAX * 3)
            .collect();
        let mut shelves: BTreeMap<String, Shelf> = BTreeMap::new();
        let mut begin = |key: &TryKey| {
            let (id, name) = key.place(&known);
            shelves.entry(id).or_default().begin(&name, now)
        };
        let (full, more) = beside.split_at(SIGN_IN_SHELF_COUNTS_MAX - 1);
        for key in full {
            assert!(begin(key) && begin(key));
        }
        let looked_at = more.iter().filter(|one| begin(one) && begin(&ann)).count();
        assert_eq!(looked_at, usize::try_from(ACCOUNT_FAILURES_FREE).unwrap());
    }

    #[test]
    fn clocks_of_gateways_that_differ_shorten_no_wait() {
        let (mut shelf, behind) = (Shelf::default(), DateTime::UNIX_EPOCH);
        let ahead = behind + TimeDelta::seconds(20);
        while shelf.begin("ann", ahead) {}
        assert!(!shelf.begin("ann", behind));
        assert!(!shelf.begin("ann", ahead + TimeDelta::seconds(14)));
        assert!(shelf.begin("ann", ahead + TimeDelta::seconds(15)));
        // Nor do they delay anybody who has no wait.
        assert!(shelf.begin("bob", ahead) && shelf.begin("bob", behind));
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
