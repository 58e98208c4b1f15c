//! The store, as far as it is vouched for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::broadcast;
use tokio::time::Instant;

use super::Reopen;
use super::organisation::{Memory, One};
use crate::domain::organisation::OrganisationId;
use crate::domain::past::{ArchiveIdentity, Behind, Mark, Nameplate, Standing, TrailEnd};
use crate::domain::person::Person;
use crate::ports::keepsakes::Keepsakes;
use crate::ports::past::look;
use crate::ports::{Change, Snapshot, Store, StoreError};
use crate::runtime::limits::CHANGE_LAG_MAX;
use crate::runtime::metrics::{Metrics, OrganisationLabels};

mod passing;

/// In front of the store.
pub struct Vouched {
    store: RwLock<Arc<dyn Store>>,
    pub(super) reopen: Box<Reopen>,
    pub(super) keepsakes: Arc<dyn Keepsakes>,
    pub(super) organisations: HashMap<OrganisationId, One>,
    pub(super) followers: broadcast::Sender<Change>,
    /// The findings of a full read. It holds for all until it is read again.
    damage: Mutex<Option<String>>,
    /// The archive that this gateway keeps originals in, and its fault.
    archive: Option<ArchiveIdentity>,
    archive_fault: Mutex<Option<String>>,
    /// How often everything is read.
    pub(super) read_through: Duration,
    /// The newest time among what was remembered at the start.
    known_time: Option<DateTime<Utc>>,
    wants_reading: AtomicBool,
    wants_reopening: AtomicBool,
    metrics: Arc<Metrics>,
}

/// What the guard in front of the store works with.
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub reopen: Box<Reopen>,
    pub keepsakes: Arc<dyn Keepsakes>,
    pub archive: Option<ArchiveIdentity>,
    /// How often everything is read to find damage.
    pub read_through: Duration,
    pub metrics: Arc<Metrics>,
}

impl Vouched {
    /// Reads what is remembered of these organisations' stores.
    ///
    /// # Errors
    /// It can't be read: then nobody could say whether the store is the one that was known.
    pub fn new(parts: Parts, organisations: &[OrganisationId]) -> Result<Arc<Self>, StoreError> {
        let mut known = HashMap::new();
        let mut known_time = None;
        for organisation in organisations {
            let mark = parts.keepsakes.mark(organisation)?;
            let last = mark.as_ref().and_then(|mark| mark.last);
            known_time = known_time.max(last.map(|last| last.at));
            known.insert(organisation.clone(), One::new(mark));
        }
        let (followers, _) = broadcast::channel(CHANGE_LAG_MAX);
        Ok(Arc::new(Vouched {
            store: RwLock::new(parts.store),
            reopen: parts.reopen,
            keepsakes: parts.keepsakes,
            organisations: known,
            followers,
            damage: Mutex::new(None),
            archive: parts.archive,
            archive_fault: Mutex::new(None),
            read_through: parts.read_through,
            known_time,
            wants_reading: AtomicBool::new(false),
            wants_reopening: AtomicBool::new(false),
            metrics: parts.metrics,
        }))
    }

    /// When the newest entry was written that was known of any trail at the start: that time has passed.
    pub const fn known_time(&self) -> Option<DateTime<Utc>> {
        self.known_time
    }

    pub(super) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another store in the place of this one, which is returned.
    pub(super) fn put_store(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        let mut place = self.store.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *place, store)
    }

    /// Why the store is behind, and for how many organisations; `None`: for none.
    pub fn fault(&self) -> Option<String> {
        let mut behind = self.organisations.values().filter_map(One::behind).peekable();
        if let Some(why) = behind.peek() {
            let why = why.to_string();
            return Some(format!(
                "older than last seen for {} of {} organisations: {why}; restore a newer one, \
                 or accept it as it is with `contact-gateway store accept`",
                behind.count(),
                self.organisations.len()
            ));
        }
        self.archive_fault()
    }

    /// Why this gateway's archive is not the one of the store.
    pub fn archive_fault(&self) -> Option<String> {
        self.archive_fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What reading everything has found.
    pub(super) fn found(&self, damage: Option<String>) {
        *self.damage.lock().unwrap_or_else(PoisonError::into_inner) = damage;
    }

    /// Looks at the store now, unless somebody has done so since this was asked.
    ///
    /// # Errors
    /// It can't be examined; the last result still applies.
    pub(super) async fn verify(&self, organisation: &OrganisationId) -> Result<(), StoreError> {
        let Some(one) = self.organisations.get(organisation) else { return Ok(()) };
        let asked = Instant::now();
        let mut memory = one.memory.lock().await;
        if let Some((ended, result)) = &memory.looked
            && *ended >= asked
        {
            return result.clone();
        }
        let result = self.look(organisation, one, &mut memory).await;
        memory.looked = Some((Instant::now(), result.clone()));
        result
    }

    async fn look(
        &self,
        organisation: &OrganisationId,
        one: &One,
        memory: &mut Memory,
    ) -> Result<(), StoreError> {
        let store = self.store();
        if let Some(lost) = store.lost() {
            self.hold_back(organisation, one, memory, None, Behind::Lost(lost));
            return Ok(());
        }
        let damage = self.damage.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(damage) = damage {
            self.hold_back(organisation, one, memory, None, Behind::Damaged(damage));
            return Ok(());
        }
        let looked = look(store.as_ref(), organisation, memory.mark.as_ref()).await;
        let (end, standing) = match looked {
            Ok(looked) => looked,
            Err(StoreError::Corrupt(damage)) => {
                self.hold_back(organisation, one, memory, None, Behind::Damaged(damage));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        match standing {
            Standing::Behind(why) => {
                self.hold_back(organisation, one, memory, Some(&end), why);
                return Ok(());
            }
            Standing::Accepted => {
                tracing::warn!(%organisation, "an operator has accepted the store as it is");
            }
            Standing::Well => {}
        }
        let plate = self.named(store.as_ref(), organisation, end.nameplate).await?;
        memory.mark = plate.trail().map(|trail| Mark {
            trail: trail.to_owned(),
            last: end.last,
            found_behind_at: None,
        });
        self.let_through(organisation, one, memory);
        Ok(())
    }

    /// The store's nameplate, which it is given if it has none, with this gateway's archive if it names
    /// none.
    async fn named(
        &self,
        store: &dyn Store,
        organisation: &OrganisationId,
        found: Option<Nameplate>,
    ) -> Result<Nameplate, StoreError> {
        let was = found.clone();
        let mut plate = found.unwrap_or_else(|| Nameplate::new(uuid::Uuid::new_v4().to_string()));
        let recorded = plate.archive.clone();
        if recorded.is_none() {
            plate.archive.clone_from(&self.archive);
        }
        if was.as_ref() != Some(&plate)
            && !store.put_nameplate(organisation, was.as_ref(), &plate).await?
        {
            let meanwhile = "another gateway has named the store in the meantime; looking again";
            return Err(StoreError::Unavailable(meanwhile.to_owned()));
        }
        let fault = match (&recorded, &self.archive) {
            (Some(of_store), Some(ours)) if of_store.id != ours.id => Some(format!(
                "the store's originals are in the archive {of_store}, and this gateway keeps its own \
                 in {ours}; gateways on one store share one archive: name the same folder in \
                 [archive] url, or run `contact-gateway store accept --archive` where the archive was \
                 changed on purpose"
            )),
            _ => None,
        };
        let mut told = self.archive_fault.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fault) = fault.as_ref().filter(|_| told.is_none()) {
            tracing::error!(%organisation, fault, "this gateway can't read the store's originals");
        }
        *told = fault;
        Ok(plate)
    }

    fn hold_back(
        &self,
        organisation: &OrganisationId,
        one: &One,
        memory: &mut Memory,
        end: Option<&TrailEnd>,
        why: Behind,
    ) {
        one.trust();
        if let (Some(mark), Some(end)) = (&mut memory.mark, end)
            && mark.found_behind_at.is_none()
        {
            mark.found_behind_at = Some(end.last.map_or(0, |last| last.number));
        }
        if one.set(Some(why.clone())) {
            self.show(organisation, 1);
            // At the first look it was opened just now.
            self.wants_reopening.fetch_or(memory.looked.is_some(), Ordering::SeqCst);
            tracing::error!(
                %organisation,
                %why,
                "the store is older than last seen: the last known restrictions are still \
                 enforced, decisions wait in the journal; restore a newer store, or accept this one as \
                 it is with `contact-gateway store accept`"
            );
        }
    }

    fn let_through(&self, organisation: &OrganisationId, one: &One, memory: &mut Memory) {
        one.trust();
        if one.set(None) {
            self.show(organisation, 0);
            tracing::warn!(%organisation, "the store is up to date again");
            memory.has_lent = true;
        }
        // Those who got the last known state in its place must read it.
        if std::mem::take(&mut memory.has_lent) {
            let _ = self.followers.send(Change::Gap(organisation.clone()));
        }
    }

    fn show(&self, organisation: &OrganisationId, behind: i64) {
        let labels = OrganisationLabels { organisation: organisation.to_string() };
        self.metrics.store_behind.get_or_create(&labels).set(behind);
    }

    /// Refuses what would be written to a store that is behind.
    pub(super) async fn admit(&self, organisation: &OrganisationId) -> Result<(), StoreError> {
        let Some(one) = self.organisations.get(organisation) else { return Ok(()) };
        if one.is_suspect() {
            self.verify(organisation).await?;
        }
        match one.behind() {
            None => Ok(()),
            Some(why) => Err(StoreError::Behind(why.to_string())),
        }
    }

    /// Whatever has failed may have come back as another.
    pub(super) fn passed<T>(
        &self,
        organisation: &OrganisationId,
        result: Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let failed = match &result {
            Err(StoreError::Corrupt(_)) => {
                self.wants_reading.store(true, Ordering::SeqCst);
                true
            }
            Err(StoreError::Unavailable(_) | StoreError::Behind(_)) => true,
            Ok(_)
            | Err(StoreError::Refused(_) | StoreError::Locked(_) | StoreError::Destroyed(_)) => {
                false
            }
        };
        if let Some(one) = self.organisations.get(organisation).filter(|_| failed) {
            one.suspect();
        }
        result
    }

    /// Something could not be read: all of it is to be, once.
    pub(super) fn wants_reading(&self) -> bool {
        self.wants_reading.swap(false, Ordering::SeqCst)
    }

    /// The open store may hold pages of a file that was changed under it: reopen it, once.
    pub(super) fn wants_reopening(&self) -> bool {
        self.wants_reopening.swap(false, Ordering::SeqCst)
    }

    /// Everybody on record: by the store if it is vouched for, else as far as is known without it.
    async fn everybody(&self, organisation: &OrganisationId) -> Result<Snapshot, StoreError> {
        let Some(one) = self.organisations.get(organisation) else {
            return self.store().people(organisation).await;
        };
        let read = match self.verify(organisation).await {
            Ok(()) => match one.behind() {
                None => self.store().people(organisation).await,
                Some(why) => Err(StoreError::Behind(why.to_string())),
            },
            Err(error) => Err(error),
        };
        match read {
            Ok(snapshot) => {
                one.has_loaded.store(true, Ordering::SeqCst);
                Ok(snapshot)
            }
            // They are in memory, which has more than the disk.
            Err(error) if one.has_loaded.load(Ordering::SeqCst) => {
                self.passed(organisation, Err(error))
            }
            Err(error) => match self.last_known(organisation).await? {
                Some(people) => {
                    one.memory.lock().await.has_lent = true;
                    tracing::warn!(%organisation, %error, "the last known restrictions are enforced");
                    Ok(people)
                }
                None => self.passed(organisation, Err(error)),
            },
        }
    }

    /// The people needed for enforcement as they were kept, and everybody else in the store, as people without a
    /// restriction; `None`: nothing was kept.
    async fn last_known(
        &self,
        organisation: &OrganisationId,
    ) -> Result<Option<Snapshot>, StoreError> {
        let (keepsakes, of) = (Arc::clone(&self.keepsakes), organisation.clone());
        let reading = tokio::task::spawn_blocking(move || keepsakes.people(&of));
        let kept = reading
            .await
            .map_err(|_| StoreError::Unavailable("the gateway is stopping".to_owned()))??;
        let Some(kept) = kept else { return Ok(None) };
        let mut people: HashMap<String, Arc<Person>> = HashMap::new();
        if let Ok(others) = self.store().people(organisation).await {
            for other in others.people {
                let bare = Person { restrictions: Vec::new(), ..Person::clone(&other) };
                people.insert(bare.id.clone(), Arc::new(bare));
            }
        }
        people.extend(kept.into_iter().map(|one| (one.id.clone(), Arc::new(one))));
        Ok(Some(Snapshot { people: people.into_values().collect() }))
    }
}
