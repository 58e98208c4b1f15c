//! Store, archive, journal and intake: what every edge works on.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::{broadcast, mpsc};

use super::NoJournal;
use super::beside::Rehearsal;
use super::originals;
use super::start_fault::StartFault;
use super::tasks::Tasks;
#[cfg(feature = "otlp")]
use super::traces;
use crate::config::Settings;
use crate::domain::flag::Flag;
use crate::forward::helper::HttpHelpers;
use crate::intake::past::{self, Reopen, Unopened, Vouched};
use crate::intake::roster::Rosters;
use crate::intake::{Intake, Parts, announce, outbound, plain, replay};
use crate::ports::past::{Asker, Stores};
use crate::ports::{
    Archive, Change, Clock, ErasedKeys, Journal, Mailer, Register, Store, StoreError,
};
use crate::runtime::limits::{ANNOUNCEMENTS_MAX, PLAIN_QUEUE_MAX};
use crate::runtime::metrics::Metrics;
use crate::runtime::shutdown::Shutdown;
use crate::store;
use crate::store::backup;
use crate::store::journal::FileJournal;
use crate::store::keepsakes::FileKeepsakes;

/// The parts that edges share, and the tasks that serve them.
pub(super) struct Core {
    /// The store, as far as it is vouched for.
    pub store: Arc<Vouched>,
    pub archive: Arc<dyn Archive>,
    pub rosters: Arc<Rosters>,
    pub intake: Arc<Intake>,
    pub metrics: Arc<Metrics>,
    /// End at the shutdown.
    pub followers: Tasks,
    /// End when intake is gone: decisions are recorded before the process ends.
    pub recorders: Tasks,
}

/// The archive that the settings name.
pub(super) async fn archive(settings: &Settings) -> Result<Arc<dyn Archive>, StoreError> {
    let (quota, codec) = (settings.archive_quota, &settings.codec);
    store::archive::open(&settings.archive, quota, codec, &settings.state).await
}

/// The keys of people, where they have any.
pub(super) fn erased_keys(settings: &Settings) -> Option<Arc<dyn ErasedKeys>> {
    settings.codec.people().map(|people| Arc::clone(people) as Arc<dyn ErasedKeys>)
}

/// The store, and its guard.
pub(super) struct Ground {
    store: Arc<Vouched>,
    archive: Arc<dyn Archive>,
    metrics: Arc<Metrics>,
    /// Of the store itself, from before anything is read.
    changes: broadcast::Receiver<Change>,
}

impl Ground {
    /// The store for one asker: nobody reaches it but through such a door.
    pub(super) fn door(&self, asker: Asker) -> Arc<dyn Store> {
        self.store.door(asker)
    }

    /// The newest time that is known of the store's trail.
    pub(super) fn known_time(&self) -> Option<DateTime<Utc>> {
        self.store.known_time()
    }
}

/// Opens store and archive. A store that is damaged does not keep the gateway from starting: its last known state is
/// still enforced. It keeps it from being loaded instead of another one.
pub(super) async fn open(
    settings: &Settings,
    rehearsal: Option<&Rehearsal<'_>>,
) -> Result<Ground, StartFault> {
    if let Some(rehearsal) = rehearsal {
        rehearsal.refuse_unmounted(settings).map_err(StartFault::Archive)?;
    }
    let archive = archive(settings).await.map_err(StartFault::Archive)?;
    let metrics = Arc::new(Metrics::new());
    watch(settings, &metrics);
    let (url, codec) = (settings.store.clone(), settings.codec.clone());
    let reopen: Box<Reopen> = Box::new(move || store::open_for_each(&url, &codec));
    let stays_closed = match rehearsal {
        Some(rehearsal) => rehearsal.leaves_closed(settings).await?,
        None => false,
    };
    let opened = if stays_closed {
        Ok(Stores::same(Unopened::store("it is not opened for a rehearsal".to_owned())))
    } else {
        store::open_for_each(&settings.store, &settings.codec)
    };
    let opened = match opened {
        Err(StoreError::Corrupt(why)) if rehearsal.is_none() => {
            tracing::error!(why, "the store can't be opened");
            Stores::same(Unopened::store(why))
        }
        opened => opened?,
    };
    let changes = opened.for_staff.changes();
    let codec = match rehearsal {
        Some(rehearsal) => rehearsal.codec_of_state(settings)?,
        None => settings.codec.clone(),
    };
    let parts = past::Parts {
        stores: opened,
        reopen,
        keepsakes: Arc::new(FileKeepsakes::in_state(&settings.state, codec)),
        archive: archive.identity().cloned(),
        read_through: settings.store_read_through,
        metrics: Arc::clone(&metrics),
    };
    let store = Vouched::new(parts, &settings.organisation_ids()).map_err(|fault| match fault {
        StoreError::Locked(_) => StartFault::Store(fault),
        fault => StartFault::State(fault),
    })?;
    Ok(Ground { store, archive, metrics, changes })
}

/// Exports as 0 what `config/monitoring/alerts.yml` watches for an increase.
fn watch(settings: &Settings, metrics: &Metrics) {
    let flags = [Flag::Unread, Flag::OriginalNotKept];
    let flags: Vec<&str> = flags.iter().map(Flag::name).collect();
    for organisation in &settings.organisations {
        metrics.watch_organisation(organisation.id.as_str(), &flags);
    }
    for receiver in &settings.receivers {
        metrics.watch_receiver(receiver.organisation.as_str(), &receiver.name);
    }
}

/// The journal, which the gateway that runs keeps to itself. From then on the state folder is this gateway's.
fn journal(
    settings: &Settings,
    rehearsal: Option<&Rehearsal<'_>>,
) -> Result<Arc<dyn Journal>, StartFault> {
    if rehearsal.is_some_and(|rehearsal| rehearsal.holds(&settings.state)) {
        return Ok(Arc::new(NoJournal));
    }
    let folder = settings.state.join("journal");
    let journal = FileJournal::open_with(&folder, &settings.codec).map_err(StartFault::State)?;
    if rehearsal.is_none() {
        backup::clear_up(&settings.state)
            .map_err(|fault| StartFault::State(StoreError::Refused(fault.to_string())))?;
    }
    Ok(Arc::new(journal))
}

/// Loads everybody on record, as far as the store can be read.
async fn learn_people(
    settings: &Settings,
    vouched: &Vouched,
    patient: &dyn Store,
    rosters: &Rosters,
) -> Result<(), StartFault> {
    settings.organisations.iter().for_each(|one| one.profile.safeguards.prepare());
    // Without the key of the records, none of them could be enforced.
    for organisation in settings.organisation_ids() {
        if let Err(locked @ StoreError::Locked(_)) = patient.trail_end(&organisation).await {
            return Err(locked.into());
        }
    }
    rosters.load_all(patient).await;
    match vouched.archive_fault() {
        Some(fault) => Err(StartFault::Archive(StoreError::Refused(fault))),
        None => Ok(()),
    }
}

/// Loads the people, and makes ready what serves the edges. A store that is away does not keep the gateway
/// from starting: contacts until then are decided on the last known state, or delivered and flagged.
pub(super) async fn start(
    settings: &Settings,
    ground: Ground,
    mailer: Arc<dyn Mailer>,
    clock: &Arc<dyn Clock>,
    shutdown: &Shutdown,
    rehearsal: Option<&Rehearsal<'_>>,
) -> Result<Core, StartFault> {
    let Ground { store: vouched, archive, metrics, changes: of_store } = ground;
    // Contacts wait for the store for a moment only. What works in the background waits as staff do, so that a gateway
    // whose link is late knows its people, too, and what it has decided without the store arrives there.
    let (store, patient) = (vouched.door(Asker::Contacts), vouched.door(Asker::Staff));
    let journal = journal(settings, rehearsal)?;
    let rosters = Arc::new(Rosters::new(&settings.organisations));
    let (plain_in, plain_out) = mpsc::channel(PLAIN_QUEUE_MAX);
    let (announcements_in, announcements_out) = mpsc::channel(ANNOUNCEMENTS_MAX);
    // Followed from before the load, so that no change falls between the two.
    let changes = patient.changes();
    match rehearsal {
        Some(rehearsal) => rehearsal.look(settings, patient.as_ref(), archive.identity()).await?,
        None => learn_people(settings, &vouched, patient.as_ref(), &rosters).await?,
    }
    let mut intake = Intake::new(Parts {
        organisations: settings.organisations.clone(),
        rosters: Arc::clone(&rosters),
        store: Arc::clone(&store),
        archive: Arc::clone(&archive),
        journal: Arc::clone(&journal),
        clock: Arc::clone(clock),
        plain: plain_in,
        announcements: announcements_in,
        metrics: Arc::clone(&metrics),
    })
    .with_patient(Arc::clone(&patient));
    if !settings.helpers.is_empty() {
        let helpers = HttpHelpers::new(settings.helpers.clone())
            .map_err(|fault| StartFault::Client(fault.to_string()))?;
        intake = intake.with_helper(Arc::new(helpers));
    }
    let mut recorders = Tasks::default();
    #[cfg(feature = "otlp")]
    {
        intake = intake.with_traces(traces::start(settings, &metrics, &mut recorders)?);
    }
    let intake = Arc::new(intake);
    let mut followers = Tasks::default();
    let (keeping, known) = (Arc::clone(&vouched), Arc::clone(&rosters));
    followers.spawn(past::keep(keeping, known, of_store, shutdown.stopping()));
    let register: Arc<dyn Register> = Arc::clone(&patient) as Arc<dyn Register>;
    let (following, stopping) = (Arc::clone(&rosters), shutdown.stopping());
    followers.spawn(async move { following.follow(register, changes, stopping).await });
    let organisations = settings.organisations.iter().cloned();
    let points = replay::TakingUp::new(organisations, Arc::clone(&rosters), Arc::clone(clock));
    followers.spawn(replay::replay_journal(
        Arc::clone(&journal),
        Arc::clone(&patient) as _,
        points,
        intake.standing(),
        shutdown.stopping(),
    ));
    let (noting, stopping) = (Arc::clone(&intake), shutdown.stopping());
    followers.spawn(outbound::write_what_is_left(noting, patient, stopping));
    followers.spawn(originals::count(
        Arc::clone(&archive),
        settings.organisation_ids(),
        Arc::clone(&metrics),
        shutdown.stopping(),
    ));
    recorders.spawn(plain::record(Arc::clone(&store) as _, journal, plain_out, intake.standing()));
    recorders.spawn(announce::announce(mailer, announcements_out));
    Ok(Core { store: vouched, archive, rosters, intake, metrics, followers, recorders })
}
