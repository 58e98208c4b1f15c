//! The same request again gets the first one's answer: while the first is in work the second waits
//! for it, and afterwards it is remembered for a while.
//!
//! A while is time that has passed, never what a clock shows: a clock that was ahead and is set back would
//! have the same answer given for days, to submissions that nobody ever sees.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::runtime::limits::{REPEAT_WAITS_MAX, REPEATS_BYTES_MAX};
use crate::runtime::tokens::sha256_of_parts;

/// What makes two requests the same.
pub type Key = [u8; 32];

/// One key of several parts, each with its length in front so that none runs into the next.
pub fn keyed(parts: &[&[u8]]) -> Key {
    sha256_of_parts(parts)
}

/// Values remembered for a while, the oldest forgotten first.
pub struct Recent<V> {
    window: Duration,
    max: usize,
    inner: Mutex<Inner<V>>,
}

struct Inner<V> {
    values: HashMap<Key, Entry<V>>,
    order: VecDeque<(Key, u64)>,
    next: u64,
    /// Of all values, in bytes.
    weight: usize,
}

struct Entry<V> {
    number: u64,
    since: Instant,
    weight: usize,
    value: V,
}

impl<V> Inner<V> {
    fn remove(&mut self, key: &Key, number: u64) {
        if self.values.get(key).is_some_and(|entry| entry.number == number)
            && let Some(entry) = self.values.remove(key)
        {
            self.weight = self.weight.saturating_sub(entry.weight);
        }
    }
}

impl<V: Clone> Recent<V> {
    /// Remembers up to `max` values for `window` each.
    pub fn new(window: Duration, max: usize) -> Self {
        let inner = Inner { values: HashMap::new(), order: VecDeque::new(), next: 0, weight: 0 };
        Recent { window, max: max.max(1), inner: Mutex::new(inner) }
    }

    pub fn get(&self, key: &Key, now: Instant) -> Option<V> {
        let inner = self.lock();
        let entry = inner.values.get(key)?;
        self.holds(entry.since, now).then(|| entry.value.clone())
    }

    /// Remembers a value, in the place of the one there was.
    pub fn put(&self, key: Key, now: Instant, value: V) -> u64 {
        let mut inner = self.lock();
        self.put_in(&mut inner, key, now, value)
    }

    /// The value remembered, or else the new one, which is then remembered: one step, so that of
    /// two simultaneous callers, exactly one is the first. `Err` gives the number of the new entry.
    fn get_or_put(&self, key: Key, now: Instant, new: V) -> Result<V, u64> {
        let mut inner = self.lock();
        match inner.values.get(&key) {
            Some(entry) if self.holds(entry.since, now) => Ok(entry.value.clone()),
            Some(_) | None => Err(self.put_in(&mut inner, key, now, new)),
        }
    }

    /// Forgets the entry with this number, and no other that took its place.
    fn forget(&self, key: &Key, number: u64) {
        self.lock().remove(key, number);
    }

    /// Says what an entry weighs by now; the oldest are forgotten where all together weigh too much.
    fn weigh(&self, key: &Key, number: u64, weight: usize) {
        let mut inner = self.lock();
        match inner.values.get_mut(key) {
            Some(entry) if entry.number == number => entry.weight += weight,
            Some(_) | None => return,
        }
        inner.weight += weight;
        while inner.weight > REPEATS_BYTES_MAX
            && let Some((key, number)) = inner.order.pop_front()
        {
            inner.remove(&key, number);
        }
    }

    fn holds(&self, since: Instant, now: Instant) -> bool {
        now.duration_since(since) < self.window
    }

    fn put_in(&self, inner: &mut Inner<V>, key: Key, since: Instant, value: V) -> u64 {
        let number = inner.next;
        inner.next += 1;
        let replaced = inner.values.insert(key, Entry { number, since, weight: 0, value });
        inner.weight = inner.weight.saturating_sub(replaced.map_or(0, |entry| entry.weight));
        inner.order.push_back((key, number));
        // Entries that were replaced or forgotten leave their place in the order behind; those go
        // first, then the expired ones, then the oldest.
        while let Some((key, number)) = inner.order.front().copied() {
            let stale = match inner.values.get(&key) {
                Some(entry) if entry.number == number => !self.holds(entry.since, since),
                Some(_) | None => true,
            };
            if !stale && inner.order.len() <= self.max {
                break;
            }
            inner.order.pop_front();
            inner.remove(&key, number);
        }
        number
    }

    fn lock(&self) -> MutexGuard<'_, Inner<V>> {
        // Nothing that holds the lock can panic half-way through a change.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Requests of which each is carried out once.
pub struct Once<V: Clone> {
    seen: Recent<watch::Receiver<Option<V>>>,
    /// What an answer takes of memory, in bytes.
    weigh: fn(&V) -> usize,
}

/// Whose turn it is.
pub enum OnceTurn<V: Clone> {
    /// The first to come: carries the request out and says what came of it.
    First(First<V>),
    /// The first one's answer.
    Again(V),
}

/// The answer to a request, and whether repeats of the request get it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given<T> {
    /// Identical requests within the window get the same answer.
    ForGood(T),
    /// A temporary answer, because the real one was not available. Only requests that already wait get it; a later
    /// identical request is processed afresh.
    ForNow(T),
}

impl<T> Given<T> {
    pub fn into_inner(self) -> T {
        match self {
            Given::ForGood(value) | Given::ForNow(value) => value,
        }
    }
}

/// The obligation to carry a request out. Dropped without a word (a panic, a stop), the request
/// counts as not made, and one that waits takes its place.
pub struct First<V: Clone> {
    place: Option<(Arc<Once<V>>, Key, u64)>,
    tell: watch::Sender<Option<V>>,
    kept: bool,
}

impl<V: Clone> Once<V> {
    /// Answers up to `max`, and together up to [`REPEATS_BYTES_MAX`].
    pub fn new(window: Duration, max: usize, weigh: fn(&V) -> usize) -> Arc<Self> {
        Arc::new(Once { seen: Recent::new(window, max), weigh })
    }

    /// Waits until the answer to an identical request is there, or it is clear that this is the
    /// first.
    pub async fn turn(self: &Arc<Self>, key: Key, now: Instant) -> OnceTurn<V> {
        for _ in 0..REPEAT_WAITS_MAX {
            let (tell, told) = watch::channel(None);
            let mut told = match self.seen.get_or_put(key, now, told) {
                Err(number) => {
                    let place = Some((Arc::clone(self), key, number));
                    return OnceTurn::First(First { place, tell, kept: false });
                }
                Ok(told) => told,
            };
            if let Ok(value) = told.wait_for(Option::is_some).await
                && let Some(value) = value.clone()
            {
                return OnceTurn::Again(value);
            }
        }
        // Those before this one all came to nothing: it goes its own way.
        let (tell, _) = watch::channel(None);
        OnceTurn::First(First { place: None, tell, kept: false })
    }
}

impl<V: Clone> First<V> {
    /// Answers the requests that wait and, with [`Given::ForGood`], identical ones within the window.
    pub fn give(self, given: Given<V>) -> V {
        match &given {
            Given::ForGood(value) => self.keep(value.clone()),
            Given::ForNow(value) => self.share(value.clone()),
        }
        given.into_inner()
    }

    /// Answers those that wait, and those that come within the window.
    pub fn keep(mut self, value: V) {
        self.kept = true;
        if let Some((once, key, number)) = &self.place {
            once.seen.weigh(key, *number, (once.weigh)(&value));
        }
        self.tell.send_replace(Some(value));
    }

    /// Answers those already waiting; a later one is carried out afresh.
    pub fn share(self, value: V) {
        self.tell.send_replace(Some(value));
    }
}

impl<V: Clone> Drop for First<V> {
    fn drop(&mut self) {
        if let Some((once, key, number)) = &self.place
            && !self.kept
        {
            once.seen.forget(key, *number);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);

    fn at(seconds: u64) -> Instant {
        *BEGUN + Duration::from_secs(seconds)
    }

    async fn first(once: &Arc<Once<u32>>, key: Key, now: Instant) -> First<u32> {
        match once.turn(key, now).await {
            OnceTurn::First(first) => first,
            OnceTurn::Again(value) => panic!("answered {value}"),
        }
    }

    async fn again(once: &Arc<Once<u32>>, key: Key, now: Instant) -> u32 {
        match once.turn(key, now).await {
            OnceTurn::First(_) => panic!("first"),
            OnceTurn::Again(value) => value,
        }
    }

    #[tokio::test]
    async fn of_fifty_at_once_one_is_carried_out_and_all_get_its_answer() {
        let once = Once::<u32>::new(MINUTE, 10, |_| 1);
        let place = first(&once, [1; 32], at(0)).await;
        let waiting: Vec<_> = (0..50)
            .map(|_| {
                let once = Arc::clone(&once);
                tokio::spawn(async move { again(&once, [1; 32], at(0)).await })
            })
            .collect();
        tokio::task::yield_now().await;
        place.keep(7);
        for one in waiting {
            assert_eq!(one.await.unwrap(), 7);
        }
        assert_eq!(again(&once, [1; 32], at(59)).await, 7);
        first(&once, [1; 32], at(60)).await.keep(8);
        assert_eq!(again(&once, [1; 32], at(61)).await, 8);
    }

    #[tokio::test]
    async fn what_came_to_nothing_is_taken_up_by_the_next() {
        let once = Once::<u32>::new(MINUTE, 10, |_| 1);
        let place = first(&once, [1; 32], at(0)).await;
        let next = {
            let once = Arc::clone(&once);
            tokio::spawn(async move { first(&once, [1; 32], at(1)).await.keep(9) })
        };
        tokio::task::yield_now().await;
        drop(place);
        next.await.unwrap();
        assert_eq!(again(&once, [1; 32], at(2)).await, 9);
    }

    #[tokio::test]
    async fn a_refusal_is_shared_with_those_who_wait_and_then_forgotten() {
        let once = Once::<u32>::new(MINUTE, 10, |_| 1);
        first(&once, [1; 32], at(0)).await.share(4);
        first(&once, [1; 32], at(1)).await.keep(5);
        assert_eq!(again(&once, [1; 32], at(2)).await, 5);
    }

    #[tokio::test]
    async fn the_oldest_are_forgotten_above_the_bound() {
        let once = Once::<u32>::new(MINUTE, 2, |_| 1);
        for key in 1..=3 {
            first(&once, [key; 32], at(0)).await.keep(u32::from(key));
        }
        assert_eq!(again(&once, [2; 32], at(1)).await, 2);
        assert_eq!(again(&once, [3; 32], at(1)).await, 3);
        drop(first(&once, [1; 32], at(1)).await);
    }

    #[tokio::test]
    async fn the_oldest_are_forgotten_where_all_weigh_too_much() {
        let once = Once::<u32>::new(MINUTE, 10, |_| REPEATS_BYTES_MAX / 2);
        for key in 1..=3 {
            first(&once, [key; 32], at(0)).await.keep(u32::from(key));
        }
        assert_eq!(again(&once, [2; 32], at(1)).await, 2);
        assert_eq!(again(&once, [3; 32], at(1)).await, 3);
        drop(first(&once, [1; 32], at(1)).await);
    }
}
