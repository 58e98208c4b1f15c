//! What staff do, one file a verb: over ports, with every rule in the domain.
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
pub mod contacts;
pub mod dead_letters;
pub mod diary;
pub mod directory;
pub mod expected;
pub mod fault;
mod follow;
pub mod import;
pub mod keeper;
pub mod looked;
pub mod message;
pub mod not_theirs;
pub mod outlook;
pub mod people;
pub mod person_check;
pub mod queues;
pub mod replay;
pub mod restrictions;
pub mod sealing;
pub mod take;
pub mod timeline;
pub mod unread;
pub mod work_item;

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::Semaphore;

use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::profile::Role;
use crate::ports::dead_letters::DeadLetters;
use crate::ports::directory::Directory;
use crate::ports::{Archive, Clock, Decide, Release, Stamp, Store};
use crate::runtime::limits::PAGES_AT_ONCE_MAX;

use self::accounts::{AccountRules, Accounts};
use self::case::StaffList;

pub use fault::Fault;

/// What the staff verbs need of the outside.
pub struct Desk {
    store: Arc<dyn Store>,
    archive: Arc<dyn Archive>,
    release: Arc<dyn Release>,
    clock: Arc<dyn Clock>,
    /// Held while the audit trail is followed: requests need not do it side by side.
    following: tokio::sync::Mutex<()>,
    /// What was found to be reminded of already, so that it need not be asked again.
    reminded: tokio::sync::Mutex<HashSet<(OrganisationId, String)>>,
    /// Items whose release this gateway is carrying out.
    releasing: Mutex<HashSet<(OrganisationId, String)>>,
    /// Lists of items that may be made at once.
    pages: Semaphore,
}

impl Desk {
    pub fn new(
        store: Arc<dyn Store>,
        archive: Arc<dyn Archive>,
        release: Arc<dyn Release>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Desk {
            store,
            archive,
            release,
            clock,
            following: tokio::sync::Mutex::new(()),
            reminded: tokio::sync::Mutex::new(HashSet::new()),
            releasing: Mutex::new(HashSet::new()),
            pages: Semaphore::new(PAGES_AT_ONCE_MAX),
        }
    }

    /// Who does something, now.
    fn stamp(&self, by: &str) -> Stamp {
        Stamp { by: by.to_owned(), at: self.clock.now() }
    }

    /// Marks an item's release as under way until the mark is dropped; `None`: it is already.
    fn start_release(&self, organisation: &OrganisationId, item: &str) -> Option<Releasing<'_>> {
        let key = (organisation.clone(), item.to_owned());
        let mut releasing = self.releasing.lock().unwrap_or_else(PoisonError::into_inner);
        // Lazily: a mark that is not this call's must not be made, since dropping it unmarks.
        releasing.insert(key.clone()).then(|| Releasing { desk: self, key })
    }
}

/// While it lives, no other call releases the item.
struct Releasing<'a> {
    desk: &'a Desk,
    key: (OrganisationId, String),
}

impl Drop for Releasing<'_> {
    fn drop(&mut self) {
        let mut releasing = self.desk.releasing.lock().unwrap_or_else(PoisonError::into_inner);
        releasing.remove(&self.key);
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
            self.staff.entry(organisation).or_default().insert(name, role);
        }
        self
    }

    /// The time by the gateway's own clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.desk.clock.now()
    }

    pub fn organisation(&self, id: &OrganisationId) -> Option<&Arc<Organisation>> {
        self.organisations.get(id)
    }
}
