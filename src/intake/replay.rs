//! Replaying decisions made while the store was away: from the local journal into the store, exactly
//! once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use tokio::time::Instant;

use super::roster::Rosters;
use super::standing::Standing;
use crate::domain::answered_by::routed_by;
use crate::domain::decision::Disposition;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::queue::QueueItem;
use crate::ports::{Clock, Decisions, Journal, JournalEntry, StoreError};
use crate::runtime::limits::REPLAYS_AT_ONCE_MAX;
use crate::runtime::shutdown::Stopping;

/// How often the journal is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The same while it can't be read, and how often the store is asked again for what it rejects: somebody must look.
const LOOK_AGAIN_AFTER_FAULT: Duration = Duration::from_secs(60);

/// By when points of contact must take up what waited in a journal.
pub struct TakingUp {
    organisations: HashMap<OrganisationId, Arc<Organisation>>,
    rosters: Arc<Rosters>,
    clock: Arc<dyn Clock>,
}

impl TakingUp {
    pub fn new(
        organisations: impl IntoIterator<Item = Arc<Organisation>>,
        rosters: Arc<Rosters>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let by_id = organisations.into_iter().map(|one| (one.id.clone(), one));
        TakingUp { organisations: by_id.collect(), rosters, clock }
    }

    /// A point of contact has a contact from now on: nobody can take up what is on no queue. Other deadlines run from
    /// the receipt of the contact, and stay.
    fn as_of_now(&self, mut entry: JournalEntry) -> JournalEntry {
        if let Some(item) = &mut entry.settled.item
            && let Some(read_by) = self.read_by(&entry.organisation, item)
        {
            item.read_by = item.read_by.max(Some(read_by));
        }
        entry
    }

    fn read_by(&self, organisation: &OrganisationId, item: &QueueItem) -> Option<DateTime<Utc>> {
        if item.read_by.is_none() || item.disposition != Disposition::Route {
            return None;
        }
        let organisation = self.organisations.get(organisation)?;
        let person = self.rosters.enforced(&organisation.id, item.person.as_ref()?)?;
        let point = person.restrictions.iter().find_map(|one| routed_by(one, item))?;
        let member = point.members().find(|one| Some(&one.name) == item.routed_to.as_ref())?;
        organisation.profile.unanswered_from(member, item.channel, self.clock.now())
    }
}

/// Replays pending entries until the stop. The rest is pending at the next start.
pub async fn replay_journal(
    journal: Arc<dyn Journal>,
    store: Arc<dyn Decisions>,
    points: TakingUp,
    standing: Arc<Standing>,
    mut stopping: Stopping,
) {
    let mut tried_all = Instant::now();
    loop {
        let mut wait = LOOK_EVERY;
        if tried_all.elapsed() >= LOOK_AGAIN_AFTER_FAULT && journal.try_rejected().await.is_ok() {
            tried_all = Instant::now();
        }
        match replay_pending(journal.as_ref(), store.as_ref(), &points).await {
            Ok(replays) => {
                if replays.done > 0 {
                    standing.works();
                    tracing::info!(
                        entries = replays.done,
                        "the journal was replayed into the store"
                    );
                }
                if let Some(error) = replays.rejected {
                    tracing::error!(
                        %error,
                        "the store rejects entries of the journal, which keeps them"
                    );
                }
            }
            // Away still: the entries stay where they are.
            Err(error) if error.is_retryable() => standing.fails(&error),
            Err(error) => {
                tracing::error!(%error, "the journal can't be replayed");
                wait = LOOK_AGAIN_AFTER_FAULT;
            }
        }
        if stopping.unless(tokio::time::sleep(wait)).await.is_none() {
            return;
        }
    }
}

/// What came of replaying.
#[derive(Debug, Default)]
pub struct Replays {
    /// Entries that the store has now.
    pub done: usize,
    /// Why it did not take the last of those that it rejected; `None`: it rejected none.
    pub rejected: Option<StoreError>,
}

/// Replays every pending entry, several at once, oldest first. An entry that the store rejects stays in the journal,
/// which reports it, and keeps no other from being replayed.
///
/// # Errors
/// The first that may work later ends it; nothing is lost.
pub async fn replay_pending(
    journal: &dyn Journal,
    store: &dyn Decisions,
    points: &TakingUp,
) -> Result<Replays, StoreError> {
    let mut replays = Replays::default();
    loop {
        let pending = journal.pending().await?;
        if pending.is_empty() {
            return Ok(replays);
        }
        for some in at_once(pending) {
            let asked = some.into_iter().map(|(number, entry)| async move {
                (number, store.replay(points.as_of_now(entry)).await)
            });
            let mut taken = Vec::new();
            let mut away = None;
            for (number, replayed) in join_all(asked).await {
                match replayed {
                    Ok(()) => taken.push(number),
                    Err(error) if error.is_retryable() => away = Some(error),
                    Err(error) => {
                        journal.rejected(number, error.to_string()).await?;
                        replays.rejected = Some(error);
                    }
                }
            }
            // Together, so that the journal writes them with one sync.
            let marks = join_all(taken.iter().map(|number| journal.done(*number))).await;
            marks.into_iter().collect::<Result<(), _>>()?;
            if let Some(error) = away {
                return Err(error);
            }
            replays.done += taken.len();
        }
    }
}

/// Splits entries into those that are replayed at once. A contact that comes twice is in two of them: its
/// first decision is the one that counts.
fn at_once(pending: Vec<(u64, JournalEntry)>) -> Vec<Vec<(u64, JournalEntry)>> {
    let mut all = Vec::new();
    let mut some: Vec<(u64, JournalEntry)> = Vec::new();
    for (number, entry) in pending {
        let is_in = some.iter().any(|(_, other)| {
            other.contact == entry.contact && other.organisation == entry.organisation
        });
        if is_in || some.len() == REPLAYS_AT_ONCE_MAX {
            all.push(std::mem::take(&mut some));
        }
        some.push((number, entry));
    }
    all.push(some);
    all
}
