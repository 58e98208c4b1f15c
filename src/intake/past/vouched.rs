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
use crate::ports::past::{Asker, Stores, look};
use crate::ports::{Change, Snapshot, Store, StoreError};
use crate::runtime::limits::CHANGE_LAG_MAX;
use crate::runtime::metrics::{Metrics, OrganisationLabels};

mod passing;

use passing::Door;

/// In front of the store, which is reached through a door of each asker's ([`Vouched::door`]).
pub struct Vouched {
    stores: RwLock<Stores>,
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
    pub stores: Stores,
    pub reopen: Box<Reopen>,
    pub keepsakes: Arc<dyn Keepsakes>,
    pub archive: Option<ArchiveIdentity>,
    /// How often everything is read to find damage.
    pub read_through: Duration,
    pub metrics: Arc<Metrics>,
}

/// Why a gateway that keeps originals in an archive can't work on a store that names one.
pub fn other_archive(
    recorded: Option<&ArchiveIdentity>,
    ours: Option<&ArchiveIdentity>,
) -> Option<String> {
    let (of_store, ours) = recorded.zip(ours).filter(|(of_store, ours)| of_store.id != ours.id)?;
    Some(format!(
        "the store's originals are in the archive {of_store}, and this gateway keeps its own \
         in {ours}; gateways on one store share one archive: name the same folder in \
         [archive] url, or run `contact-gateway store accept --archive` where the archive was \
         changed on purpose"
    ))
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
            stores: RwLock::new(parts.stores),
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

    /// The store for one asker, as far as it is vouched for.
    pub fn door(self: &Arc<Self>, asker: Asker) -> Arc<dyn Store> {
        Arc::new(Door { guard: Arc::clone(self), asker })
    }

    pub(super) fn store(&self, asker: Asker) -> Arc<dyn Store> {
        self.stores.read().unwrap_or_else(PoisonError::into_inner).of(asker)
    }

    fn regarded_as(&self, asker: Asker) -> Asker {
        self.stores.read().unwrap_or_else(PoisonError::into_inner).regarded_as(asker)
    }

    /// Puts another store in the place of this one, which is returned.
    pub(super) fn put_stores(&self, stores: Stores) -> Stores {
        let mut place = self.stores.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *place, stores)
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

    /// Looks at the store now, by the asker's way, unless somebody has done so since this was asked.
    ///
    /// # Errors
    /// It can't be examined; the last result still applies.
    pub(super) async fn verify(
        &self,
        organisation: &OrganisationId,
        asker: Asker,
    ) -> Result<(), StoreError> {
        let Some(one) = self.organisations.get(organisation) else { return Ok(()) };
        let asked = Instant::now();
        let asker = self.regarded_as(asker);
        let regard = one.regard(asker);
        let mut looked = regard.looked.lock().await;
        if let Some((ended, result)) = &*looked
            && *ended >= asked
        {
            return result.clone();
        }
        let result = self.look(organisation, one, asker).await;
        *looked = Some((Instant::now(), result.clone()));
        regard.has_looked.store(true, Ordering::SeqCst);
        result
    }

    /// What is remembered is not held meanwhile: nobody waits here for another's link.
    async fn look(
        &self,
        organisation: &OrganisationId,
        one: &One,
        asker: Asker,
    ) -> Result<(), StoreError> {
        let store = self.store(asker);
        if let Some(lost) = store.lost() {
            self.hold_back(organisation, one, asker, None, Behind::Lost(lost)).await;
            return Ok(());
        }
        let damage = self.damage.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(damage) = damage {
            self.hold_back(organisation, one, asker, None, Behind::Damaged(damage)).await;
            return Ok(());
        }
        let mark = one.memory.lock().await.mark.clone();
        let looked = look(store.as_ref(), organisation, mark.as_ref()).await;
        let (end, standing) = match looked {
            Ok(looked) => looked,
            Err(StoreError::Corrupt(damage)) => {
                self.hold_back(organisation, one, asker, None, Behind::Damaged(damage)).await;
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        match standing {
            Standing::Behind(why) => {
                self.hold_back(organisation, one, asker, Some(&end), why).await;
                return Ok(());
            }
            Standing::Accepted => {
                tracing::warn!(%organisation, "an operator has accepted the store as it is");
            }
            Standing::Well => {}
        }
        let plate = self.named(store.as_ref(), organisation, end.nameplate).await?;
        let found = plate.trail().map(|trail| Mark {
            trail: trail.to_owned(),
            last: end.last,
            found_behind_at: None,
        });
        let mut memory = one.memory.lock().await;
        // The other asker may have looked in the meantime, and have seen more.
        if memory.mark == mark || is_further(found.as_ref(), memory.mark.as_ref()) {
            memory.mark = found;
        }
        self.let_through(organisation, one, asker, &mut memory);
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
        let fault = other_archive(recorded.as_ref(), self.archive.as_ref());
        let mut told = self.archive_fault.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fault) = fault.as_ref().filter(|_| told.is_none()) {
            tracing::error!(%organisation, fault, "this gateway can't read the store's originals");
        }
        *told = fault;
        Ok(plate)
    }

    async fn hold_back(
        &self,
        organisation: &OrganisationId,
        one: &One,
        asker: Asker,
        end: Option<&TrailEnd>,
        why: Behind,
    ) {
        let mut memory = one.memory.lock().await;
        if let (Some(mark), Some(end)) = (&mut memory.mark, end)
            && mark.found_behind_at.is_none()
        {
            mark.found_behind_at = Some(end.last.map_or(0, |last| last.number));
        }
        drop(memory);
        let regard = one.regard(asker);
        regard.trust();
        if regard.set(Some(why.clone())) {
            // The other asker looks before it writes.
            one.other_than(asker).suspect();
            self.show(organisation, one);
            // At the first look it was opened just now.
            let has_looked = regard.has_looked.load(Ordering::SeqCst);
            self.wants_reopening.fetch_or(has_looked, Ordering::SeqCst);
            tracing::error!(
                %organisation,
                %why,
                "the store is older than last seen: the last known restrictions are still \
                 enforced, decisions wait in the journal; restore a newer store, or accept this one as \
                 it is with `contact-gateway store accept`"
            );
        }
    }

    fn let_through(
        &self,
        organisation: &OrganisationId,
        one: &One,
        asker: Asker,
        memory: &mut Memory,
    ) {
        let regard = one.regard(asker);
        regard.trust();
        if regard.set(None) {
            self.show(organisation, one);
            tracing::warn!(%organisation, "the store is up to date again");
            memory.has_lent = true;
        }
        // Those who got the last known state in its place must read it, once the link by which they do works.
        let is_read_by = self.regarded_as(Asker::Staff) == asker;
        if is_read_by && std::mem::take(&mut memory.has_lent) {
            let _ = self.followers.send(Change::Gap(organisation.clone()));
        }
    }

    fn show(&self, organisation: &OrganisationId, one: &One) {
        let labels = OrganisationLabels { organisation: organisation.to_string() };
        self.metrics.store_behind.get_or_create(&labels).set(i64::from(one.is_behind()));
    }

    /// As the asker has found it.
    pub(super) fn is_behind(&self, organisation: &OrganisationId, asker: Asker) -> bool {
        let asker = self.regarded_as(asker);
        self.organisations.get(organisation).is_some_and(|one| one.regard(asker).is_behind())
    }

    /// Refuses what would be written to a store that is behind.
    async fn admit(&self, organisation: &OrganisationId, asker: Asker) -> Result<(), StoreError> {
        let Some(one) = self.organisations.get(organisation) else { return Ok(()) };
        let regard = one.regard(self.regarded_as(asker));
        if regard.is_suspect() {
            self.verify(organisation, asker).await?;
        }
        match regard.behind() {
            None => Ok(()),
            Some(why) => Err(StoreError::Behind(why.to_string())),
        }
    }

    /// Whatever has failed may have come back as another.
    fn passed<T>(
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
    async fn everybody(
        &self,
        organisation: &OrganisationId,
        asker: Asker,
    ) -> Result<Snapshot, StoreError> {
        let Some(one) = self.organisations.get(organisation) else {
            return self.store(asker).people(organisation).await;
        };
        let read = match self.verify(organisation, asker).await {
            Ok(()) => match one.regard(self.regarded_as(asker)).behind() {
                None => self.store(asker).people(organisation).await,
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
            Err(error) => match self.last_known(organisation, asker).await? {
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
        asker: Asker,
    ) -> Result<Option<Snapshot>, StoreError> {
        let (keepsakes, of) = (Arc::clone(&self.keepsakes), organisation.clone());
        let reading = tokio::task::spawn_blocking(move || keepsakes.people(&of));
        let kept = reading
            .await
            .map_err(|_| StoreError::Unavailable("the gateway is stopping".to_owned()))??;
        let Some(kept) = kept else { return Ok(None) };
        let mut people: HashMap<String, Arc<Person>> = HashMap::new();
        if let Ok(others) = self.store(asker).people(organisation).await {
            for other in others.people {
                let bare = Person { restrictions: Vec::new(), ..Person::clone(&other) };
                people.insert(bare.id.clone(), Arc::new(bare));
            }
        }
        people.extend(kept.into_iter().map(|one| (one.id.clone(), Arc::new(one))));
        Ok(Some(Snapshot { people: people.into_values().collect() }))
    }
}

/// Whether a mark is of the same trail, and further on in it.
fn is_further(found: Option<&Mark>, known: Option<&Mark>) -> bool {
    let number = |mark: &Mark| mark.last.map(|last| last.number);
    match (found, known) {
        (Some(found), Some(known)) => found.trail == known.trail && number(found) > number(known),
        (Some(_), None) => true,
        (None, _) => false,
    }
}
