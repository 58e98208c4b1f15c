//! What staff do, one file per verb: over ports, with every rule in the domain.
//!
//! A [`Desk`] holds what the verbs need of the outside; [`Casework`] adds the organisations and the
//! way in, and is what the staff listener works with. The command line needs only a desk.

pub mod accept;
pub mod accounts;
pub mod acting;
mod again;
pub mod audit;
pub mod back_test;
pub mod case;
pub mod case_replay;
pub mod clock_doubt;
pub mod contacts;
mod contacts_around;
mod cut_list;
pub mod dead_letters;
pub mod diary;
pub mod directory;
mod effects;
pub mod equality;
pub mod erasure;
mod every;
pub mod expected;
pub mod fault;
mod follow;
pub mod hand_over;
mod held;
pub mod import;
pub mod joined;
pub mod keeper;
mod keyed;
mod lease;
pub mod leaving;
mod letter_mail;
pub mod letter_wording;
pub mod live;
pub mod looked;
pub mod merge;
pub mod message;
mod named;
pub mod new_person;
pub mod not_followed;
pub mod not_theirs;
pub mod outlook;
pub mod own_record;
mod passes;
pub mod people;
pub mod person_check;
pub mod points_of_contact;
pub mod pressed;
pub mod queues;
mod release;
mod reminder_mail;
pub mod replay;
pub mod restrictions;
pub mod retention;
pub mod sealing;
pub mod take;
pub mod timeline;
pub mod unanswered;
mod unlisted;
pub mod unread;
mod walk;
pub mod work_item;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Display;
use std::future::Future;
use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use chrono::{DateTime, NaiveDate, Utc};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::profile::Role;
use crate::domain::retention::Schedule;
use crate::ports::dead_letters::DeadLetters;
use crate::ports::directory::Directory;
use crate::ports::{Archive, Clock, Decide, ErasedKeys, Release, Stamp, Store};
use crate::runtime::limits::{ALL_CASES_AT_ONCE_MAX, BACK_TESTS_AT_ONCE_MAX, PAGES_AT_ONCE_MAX};

use self::accounts::{AccountRules, Accounts};
use self::case::StaffList;
use self::retention::Schedules;

pub use fault::Fault;

/// What the staff verbs need of the outside: a handle, of which a process makes one, and clones it.
#[derive(Clone)]
pub struct Desk(Arc<OnDesk>);

/// What every handle of a desk shares.
pub struct OnDesk {
    store: Arc<dyn Store>,
    archive: Arc<dyn Archive>,
    release: Arc<dyn Release>,
    clock: Arc<dyn Clock>,
    /// Held while an organisation's audit trail is followed: requests need not do it side by side.
    following: Mutex<HashMap<OrganisationId, Arc<tokio::sync::Mutex<()>>>>,
    /// Due dates already reminded of, so that they need not be asked for again.
    reminded: tokio::sync::Mutex<HashSet<(OrganisationId, String)>>,
    /// Letters that the mail server accepted, not recorded as such yet: they must not be sent again or count as failed.
    accepted: Mutex<HashSet<letter_mail::AcceptedLetter>>,
    /// How far this gateway's keeper has looked for what falls due.
    looked_at: tokio::sync::Mutex<HashMap<OrganisationId, keeper::LookedAt>>,
    /// What the diary and the figures need of everybody.
    held: Mutex<held::HeldCases>,
    /// Organisations whose case files all have the keys of the lists, with the day on which this gateway last checked
    /// every file.
    listed: Mutex<HashMap<OrganisationId, Option<NaiveDate>>>,
    /// Lists of items that may be made at once.
    pages: Semaphore,
    /// How often everybody's case files may be in memory at once.
    all_cases: Semaphore,
    /// Back-tests that may run at once.
    back_tests: Arc<Semaphore>,
    /// What goes on, and ends, whether or not the request waits that began it.
    tasks: TaskTracker,
    /// Cancelled once the gateway stops.
    closing: CancellationToken,
    /// Looks at personal data that were noted.
    looks: looked::Looks,
    /// Organisations whose queues somebody watches.
    watched: live::Watched,
    /// Contacts counted for timelines.
    counted: timeline::Counted,
    /// Set if people and days have keys of their own.
    keys: OnceLock<Arc<dyn ErasedKeys>>,
    /// Whether the clock may be wrong.
    clock_watch: clock_doubt::ClockWatch,
}

impl Deref for Desk {
    type Target = OnDesk;

    fn deref(&self) -> &OnDesk {
        &self.0
    }
}

impl Desk {
    pub fn new(
        store: Arc<dyn Store>,
        archive: Arc<dyn Archive>,
        release: Arc<dyn Release>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Desk(Arc::new(OnDesk {
            store,
            archive,
            release,
            clock,
            following: Mutex::new(HashMap::new()),
            reminded: tokio::sync::Mutex::new(HashSet::new()),
            accepted: Mutex::new(HashSet::new()),
            looked_at: tokio::sync::Mutex::new(HashMap::new()),
            held: Mutex::new(HashMap::new()),
            listed: Mutex::new(HashMap::new()),
            pages: Semaphore::new(PAGES_AT_ONCE_MAX),
            all_cases: Semaphore::new(ALL_CASES_AT_ONCE_MAX),
            back_tests: Arc::new(Semaphore::new(BACK_TESTS_AT_ONCE_MAX)),
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
            looks: looked::Looks::default(),
            watched: live::Watched::default(),
            counted: timeline::Counted::default(),
            keys: OnceLock::new(),
            clock_watch: clock_doubt::ClockWatch::default(),
        }))
    }

    /// With keys of people and days, which erasing destroys.
    #[must_use]
    pub fn with_keys(self, keys: Option<Arc<dyn ErasedKeys>>) -> Self {
        if let Some(keys) = keys {
            // A desk does this once, when it is made.
            let _ = self.keys.set(keys);
        }
        self
    }

    /// Who does something, now.
    fn stamp(&self, by: &str) -> Stamp {
        Stamp { by: by.to_owned(), at: self.clock.now() }
    }

    /// Held while an organisation's trail is followed: one that is slow keeps no other waiting.
    fn following(&self, organisation: &OrganisationId) -> Arc<tokio::sync::Mutex<()>> {
        // Nothing is left half done under this lock.
        let mut following = self.following.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(following.entry(organisation.clone()).or_default())
    }

    /// Begins work in a task of its own, which a caller that no longer waits does not cut off.
    fn outlive<T, F>(&self, work: F) -> impl Future<Output = Result<T, Fault>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        let task = self.tasks.spawn(work);
        async move {
            match task.await {
                Ok(done) => done,
                Err(ended) => match ended.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(_) => Err(Fault::stopping()),
                },
            }
        }
    }

    /// Ends when the gateway begins to stop: what lasts as long as somebody watches ends then.
    pub async fn until_closing(&self) {
        self.closing.cancelled().await;
    }

    /// Whether the gateway stops: long work ends where it can be taken up again.
    fn is_closing(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// Begins the stop. Work under way ends as soon as another gateway can resume it.
    pub fn close(&self) {
        self.closing.cancel();
        self.tasks.close();
    }

    /// Waits until nothing is under way any more.
    pub async fn closed(&self) {
        self.tasks.wait().await;
    }

    /// What fails is done again later; those who run the gateway see that.
    fn say_failed(&self, organisation: &OrganisationId, what: &str, id: &str, fault: &Fault) {
        say_not_done(organisation, NotDone { what, id }, fault, fault.is_retryable());
    }
}

/// Work that failed, for the log.
#[derive(Clone, Copy)]
struct NotDone<'a> {
    /// Of what kind it is.
    what: &'a str,
    id: &'a str,
}

fn say_not_done(
    organisation: &OrganisationId,
    work: NotDone<'_>,
    fault: &dyn Display,
    is_tried_again: bool,
) {
    let NotDone { what, id } = work;
    if is_tried_again {
        tracing::warn!(%organisation, what, id, %fault, "retrying later");
    } else {
        tracing::error!(%organisation, what, id, %fault, "failed for good");
    }
}

/// Everything that the staff listener asks for.
pub struct Casework {
    pub desk: Desk,
    pub accounts: Accounts,
    decide: Arc<dyn Decide>,
    organisations: BTreeMap<OrganisationId, Arc<Organisation>>,
    /// Everybody who may be named in a step, by organisation.
    staff: BTreeMap<OrganisationId, StaffList>,
    retention: Schedules,
    /// `None`: no events are sent.
    dead_letters: Option<Arc<dyn DeadLetters>>,
    /// `None`: people are looked up in the store.
    directory: Option<Arc<dyn Directory>>,
}

impl Casework {
    pub fn new(
        desk: Desk,
        decide: Arc<dyn Decide>,
        organisations: impl IntoIterator<Item = Arc<Organisation>>,
    ) -> Self {
        let organisations = organisations
            .into_iter()
            .map(|organisation| (organisation.id.clone(), organisation))
            .collect();
        let rules = AccountRules::default();
        let accounts = Accounts::new(Arc::clone(&desk.store), Arc::clone(&desk.clock), rules);
        Casework {
            desk,
            accounts,
            decide,
            organisations,
            staff: BTreeMap::new(),
            retention: Schedules::new(),
            dead_letters: None,
            directory: None,
        }
    }

    /// With the people that are in memory.
    pub fn with_directory(self, directory: Arc<dyn Directory>) -> Self {
        Casework { directory: Some(directory), ..self }
    }

    /// With rules of one's own for accounts.
    pub fn with_account_rules(self, rules: AccountRules) -> Self {
        let (store, clock) = (Arc::clone(&self.desk.store), Arc::clone(&self.desk.clock));
        Casework { accounts: Accounts::new(store, clock, rules), ..self }
    }

    /// With identity providers by which staff sign in; rules for accounts come before.
    pub fn with_providers(
        self,
        providers: impl IntoIterator<Item = (String, accounts::Provider)>,
    ) -> Self {
        Casework { accounts: self.accounts.with_providers(providers), ..self }
    }

    /// Every organisation, in the order of their ids.
    pub fn organisations(&self) -> impl Iterator<Item = &Arc<Organisation>> {
        self.organisations.values()
    }

    /// With the events that receivers did not take.
    pub fn with_dead_letters(self, dead_letters: Arc<dyn DeadLetters>) -> Self {
        Casework { dead_letters: Some(dead_letters), ..self }
    }

    /// With everybody who may be named in a step, by organisation, name and role.
    pub fn with_staff(
        mut self,
        staff: impl IntoIterator<Item = (OrganisationId, String, Role)>,
    ) -> Self {
        for (organisation, name, role) in staff {
            self.accounts.reserve(&organisation, &name);
            self.staff.entry(organisation).or_default().insert(name, role);
        }
        self
    }

    /// With how long each organisation keeps what.
    pub fn with_retention(self, retention: Schedules) -> Self {
        Casework { retention, ..self }
    }

    /// How long an organisation keeps what.
    pub fn schedule(&self, organisation: &OrganisationId) -> &Schedule {
        const NONE: &Schedule = &Schedule::new();
        self.retention.get(organisation).unwrap_or(NONE)
    }

    /// The time by the gateway's own clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.desk.clock.now()
    }

    pub fn organisation(&self, id: &OrganisationId) -> Option<&Arc<Organisation>> {
        self.organisations.get(id)
    }
}
