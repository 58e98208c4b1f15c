//! Store, archive, journal and intake: what every edge works on.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::config::Settings;
use crate::intake::roster::Rosters;
use crate::intake::{Intake, Parts, announce, plain, put_right};
use crate::ports::{Archive, Clock, Journal, Mailer, Register, Store, StoreError};
use crate::runtime::limits::{ANNOUNCEMENTS_MAX, PLAIN_QUEUE_MAX};
use crate::runtime::metrics::Metrics;
use crate::runtime::shutdown::Shutdown;
use crate::store::archive::FileArchive;
use crate::store::journal::FileJournal;
use crate::store::settings::ArchiveUrl;

/// The parts that edges share, and the tasks that serve them.
pub(super) struct Core {
    pub archive: Arc<dyn Archive>,
    pub rosters: Arc<Rosters>,
    pub intake: Arc<Intake>,
    pub metrics: Arc<Metrics>,
    /// End when the shutdown is told.
    pub followers: JoinSet<()>,
    /// End when intake is gone: what was decided is recorded before the process ends.
    pub recorders: JoinSet<()>,
}

/// The archive that the settings name.
pub(super) fn archive(settings: &Settings) -> Result<Arc<dyn Archive>, StoreError> {
    match &settings.archive {
        ArchiveUrl::File(folder) => Ok(Arc::new(FileArchive::open(folder)?)),
    }
}

/// Opens everything and loads the people. A store that is away does not keep the gateway from
/// starting: what comes meanwhile is delivered and flagged.
pub(super) async fn start(
    settings: &Settings,
    store: &Arc<dyn Store>,
    mailer: Arc<dyn Mailer>,
    clock: &Arc<dyn Clock>,
    shutdown: &Shutdown,
) -> Result<Core, StoreError> {
    let archive = archive(settings)?;
    let journal: Arc<dyn Journal> = Arc::new(FileJournal::open(&settings.state.join("journal"))?);
    let rosters = Arc::new(Rosters::new(&settings.organisations));
    let metrics = Arc::new(Metrics::new());
    let (plain_in, plain_out) = mpsc::channel(PLAIN_QUEUE_MAX);
    let (announcements_in, announcements_out) = mpsc::channel(ANNOUNCEMENTS_MAX);
    // Followed from before the load, so that no change falls between the two.
    let changes = store.changes();
    rosters.load_all(store.as_ref()).await;
    let intake = Arc::new(Intake::new(Parts {
        organisations: settings.organisations.clone(),
        rosters: Arc::clone(&rosters),
        store: Arc::clone(store),
        archive: Arc::clone(&archive),
        journal: Arc::clone(&journal),
        clock: Arc::clone(clock),
        plain: plain_in,
        announcements: announcements_in,
        metrics: Arc::clone(&metrics),
    }));
    let mut followers = JoinSet::new();
    let register: Arc<dyn Register> = Arc::clone(store) as Arc<dyn Register>;
    let (following, stopping) = (Arc::clone(&rosters), shutdown.stopping());
    followers.spawn(async move { following.follow(register, changes, stopping).await });
    let putting_right = Arc::clone(&journal);
    followers.spawn(put_right::put_right(
        putting_right,
        Arc::clone(store) as _,
        intake.standing(),
        shutdown.stopping(),
    ));
    let mut recorders = JoinSet::new();
    recorders.spawn(plain::record(Arc::clone(store) as _, journal, plain_out, intake.standing()));
    recorders.spawn(announce::announce(mailer, announcements_out));
    Ok(Core { archive, rosters, intake, metrics, followers, recorders })
}
