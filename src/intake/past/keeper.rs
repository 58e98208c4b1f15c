//! Examines the store from time to time, passes on changes of people, and records what is known.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};

use futures_util::future::join_all;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Vouched;
use super::unopened::Unopened;
use crate::domain::organisation::OrganisationId;
use crate::intake::roster::Rosters;
use crate::ports::past::{Asker, BeforeReopening, Stores};
use crate::ports::{Change, Store, StoreError};
use crate::runtime::limits::{PAST_LOOK_EVERY, PAST_SAY_EVERY};
use crate::runtime::shutdown::Stopping;

/// What came of reading everything.
type Reading = JoinHandle<Result<Option<String>, StoreError>>;

struct Left {
    store: Weak<dyn Store>,
    before_reopening: BeforeReopening,
}

struct Keeper {
    store: Arc<Vouched>,
    rosters: Arc<Rosters>,
    changes: broadcast::Receiver<Change>,
    /// Changes of people that are written down.
    written: Option<u64>,
    reading: Option<Reading>,
    read_at: Option<Instant>,
    said_at: Instant,
    /// An abandoned store, until nobody uses it any more.
    left: Option<Left>,
}

/// Until the stop. `changes`: of the store itself, from before its people were loaded.
pub async fn keep(
    store: Arc<Vouched>,
    rosters: Arc<Rosters>,
    changes: broadcast::Receiver<Change>,
    mut stopping: Stopping,
) {
    let mut keeper = Keeper::new(store, rosters, changes);
    let mut tick = interval(PAST_LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopping.called() => break,
            _ = tick.tick() => keeper.look().await,
            change = keeper.changes.recv() => match change {
                Ok(change) => keeper.tell(change).await,
                Err(RecvError::Lagged(_)) => keeper.tell_gaps().await,
                // The open store is abandoned, or the process ends: the next look says which.
                Err(RecvError::Closed) => {
                    tick.tick().await;
                    keeper.look().await;
                }
            },
        }
    }
    keeper.write_down().await;
}

/// Records how far the store has come, when all that was in hand at the stop is recorded: the decisions of the last
/// second are known as well, should the store be an older one at the next start.
pub async fn remember(store: Arc<Vouched>, rosters: Arc<Rosters>) {
    let changes = store.store(Asker::Staff).changes();
    let mut keeper = Keeper::new(store, rosters, changes);
    keeper.examine().await;
    keeper.write_down().await;
}

impl Keeper {
    fn new(
        store: Arc<Vouched>,
        rosters: Arc<Rosters>,
        changes: broadcast::Receiver<Change>,
    ) -> Self {
        let said_at = Instant::now();
        let (written, reading, read_at, left) = (None, None, None, None);
        Keeper { store, rosters, changes, written, reading, read_at, said_at, left }
    }

    async fn look(&mut self) {
        self.reopen().await;
        self.read_everything().await;
        self.examine().await;
        self.write_down().await;
        if self.said_at.elapsed() >= PAST_SAY_EVERY {
            self.said_at = Instant::now();
            if let Some(fault) = self.store.fault() {
                tracing::error!(fault, "the store can't be relied on");
            }
        }
    }

    /// All at once, so that a link that is late holds nothing up for longer than one look.
    async fn examine(&self) {
        let mut looks = Vec::new();
        for organisation in self.store.organisations.keys() {
            for asker in [Asker::Contacts, Asker::Staff] {
                looks.push(self.examine_for(organisation, asker));
            }
        }
        join_all(looks).await;
    }

    async fn examine_for(&self, organisation: &OrganisationId, asker: Asker) {
        if let Err(error) = self.store.verify(organisation, asker).await {
            tracing::debug!(%organisation, ?asker, %error, "the store can't be examined");
        }
    }

    fn organisations(&self) -> Vec<OrganisationId> {
        self.store.organisations.keys().cloned().collect()
    }

    /// If the opened store is lost, it is closed, and reopened once nobody uses it:
    /// two at once would write to the same log.
    async fn reopen(&mut self) {
        if let Some(left) = &self.left {
            if left.store.strong_count() > 0 {
                return;
            }
            // Before each try: a copy may have replaced the database since the last one.
            (left.before_reopening)();
            match (self.store.reopen)() {
                Ok(stores) => {
                    self.left = None;
                    self.changes = stores.for_staff.changes();
                    drop(self.store.put_stores(stores));
                    // Damage stays on record until the reopened store has been read through, which begins at once.
                    self.read_at = None;
                    tracing::warn!("the store was reopened");
                }
                Err(error) => tracing::debug!(%error, "the store can't be opened"),
            }
            return;
        }
        let lost = self.store.store(Asker::Contacts).lost();
        let doubtful = || "it is reopened, because it is older than last seen".to_owned();
        // One reopening covers both cases.
        let is_doubtful = self.store.wants_reopening();
        if let Some(why) = lost.or_else(|| is_doubtful.then(doubtful)) {
            self.let_go(why).await;
        }
    }

    async fn let_go(&mut self, why: String) {
        // One that is abandoned is the same for both.
        let store = self.store.store(Asker::Contacts);
        let abandoning = Arc::clone(&store);
        let abandoned = tokio::task::spawn_blocking(move || abandoning.abandon()).await;
        if let Ok(Some(before_reopening)) = abandoned {
            tracing::error!(why, "the open store was lost; reopening it");
            drop(self.store.put_stores(Stores::same(Unopened::store(why))));
            self.left = Some(Left { store: Arc::downgrade(&store), before_reopening });
        }
    }

    /// Reads everything, in parallel with all else, and takes the result.
    async fn read_everything(&mut self) {
        if let Some(reading) = self.reading.take_if(|reading| reading.is_finished()) {
            match reading.await {
                Ok(Ok(damage)) => {
                    if let Some(damage) = &damage {
                        tracing::error!(damage, "the store is damaged");
                    }
                    self.store.found(damage);
                }
                Ok(Err(error)) => tracing::debug!(%error, "the store can't be read through"),
                Err(_) => tracing::error!("reading the store through panicked"),
            }
        }
        let is_due = self.read_at.is_none_or(|read| read.elapsed() >= self.store.read_through)
            || self.store.wants_reading();
        if self.reading.is_none() && self.left.is_none() && is_due {
            self.read_at = Some(Instant::now());
            let store = self.store.store(Asker::Staff);
            self.reading = Some(tokio::spawn(async move { store.damage().await }));
        }
    }

    /// Tells a change on, and those that came with it: of organisations whose store is looked at first
    /// and not found behind.
    async fn tell(&mut self, first: Change) {
        let mut changes = vec![first];
        loop {
            match self.changes.try_recv() {
                Ok(change) => changes.push(change),
                Err(TryRecvError::Lagged(_)) => return self.tell_gaps().await,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        let of: BTreeSet<&OrganisationId> = changes.iter().map(organisation_of).collect();
        let mut vouched = BTreeSet::new();
        for organisation in of {
            // By the way that the changes came by.
            let looked = self.store.verify(organisation, Asker::Staff).await;
            let is_behind = self.store.is_behind(organisation, Asker::Staff);
            // A store that can't be examined now is not passed on as it is, but read when it can be.
            match looked {
                Ok(()) if !is_behind => vouched.extend([organisation.clone()]),
                Ok(()) => {}
                Err(_) => self.send(Change::Gap(organisation.clone())),
            }
        }
        for change in changes {
            if vouched.contains(organisation_of(&change))
                || !self.store.organisations.contains_key(organisation_of(&change))
            {
                self.send(change);
            }
        }
    }

    async fn tell_gaps(&mut self) {
        for organisation in self.organisations() {
            self.send(Change::Gap(organisation));
        }
    }

    fn send(&self, change: Change) {
        // Nobody listens: then nobody needs to know.
        let _ = self.store.followers.send(change);
    }

    /// The people needed for enforcement first, then how far the store has come: so that whatever the mark vouches
    /// for is there.
    async fn write_down(&mut self) {
        let changed = self.rosters.times_changed();
        let people_changed = self.written != Some(changed);
        let mut all = true;
        for (organisation, one) in &self.store.organisations {
            let mut memory = one.memory.lock().await;
            let is_of_store = !one.is_behind() && !memory.has_lent;
            let is_written =
                !people_changed || !is_of_store || self.write_people(organisation).await;
            all &= is_written;
            if !is_written || memory.mark == memory.kept {
                continue;
            }
            let (keepsakes, of) = (Arc::clone(&self.store.keepsakes), organisation.clone());
            let Some(mark) = memory.mark.clone() else { continue };
            let writing =
                tokio::task::spawn_blocking(move || keepsakes.keep_mark(&of, &mark).map(|()| mark));
            match writing.await {
                Ok(Ok(mark)) => memory.kept = Some(mark),
                Ok(Err(error)) => tracing::error!(%error, "the store's past can't be written down"),
                Err(_) => tracing::error!("writing down the store's past panicked"),
            }
        }
        if all {
            self.written = Some(changed);
        }
    }

    /// `false`: to be tried again.
    async fn write_people(&self, organisation: &OrganisationId) -> bool {
        let Some(people) = self.rosters.needed_to_enforce(organisation) else { return false };
        let (keepsakes, of) = (Arc::clone(&self.store.keepsakes), organisation.clone());
        let writing = tokio::task::spawn_blocking(move || keepsakes.keep_people(&of, &people));
        match writing.await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::error!(%error, "the restrictions in force can't be written down");
                false
            }
            Err(_) => false,
        }
    }
}

const fn organisation_of(change: &Change) -> &OrganisationId {
    match change {
        Change::Put(organisation, _) | Change::Removed(organisation, _) => organisation,
        Change::Gap(organisation) => organisation,
    }
}
