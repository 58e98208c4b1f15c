//! The staff listener: console, API, metrics, health.
//!
//! [`router()`] is the table of contents. A handler authorises, asks casework, answers; it knows
//! neither stores nor rules. Nothing but health and the way in is served without a token or a session,
//! and either opens one organisation only.

pub mod api;
pub mod auth;
pub mod console;
mod download;
mod export;
mod incoming;
mod looking;
mod own_record;
pub mod permit;
pub mod problem;
pub mod request;
pub mod router;
pub mod settings;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::casework::Casework;
use crate::casework::accounts::Accounts;
use crate::domain::organisation::OrganisationId;
use crate::domain::profile::Role;
use crate::domain::token_life::TokenLife;
use crate::runtime::health::Health;
use crate::runtime::metrics::Metrics;
use crate::runtime::tokens::TokenTable;

use self::auth::SignInFailures;
use self::console::{Assets, ConsoleSettings, Presence, Streams};
use self::permit::Office;
use self::settings::StaffMember;

pub use router::router;

/// What the handlers work with. Made once by `app`.
pub struct Staff {
    office: Office,
    pub(crate) health: Health,
    pub(crate) metrics: Arc<Metrics>,
    tokens: TokenTable<Arc<StaffMember>>,
    failures: SignInFailures,
    pub(crate) console: ConsoleSettings,
    pub(crate) assets: Assets,
    /// Streams to browsers that are open.
    streams: Streams,
    /// Who has which item open.
    presence: Presence,
    /// Programs and staff with a token, for the settings page.
    with_tokens: Vec<WithToken>,
    /// The state folder, for slow downloads.
    folder: Option<PathBuf>,
}

/// A member of staff or a program with a token.
#[derive(Debug, Clone)]
pub(crate) struct WithToken {
    pub organisation: OrganisationId,
    pub name: String,
    pub role: Role,
    /// `None`: the token does not expire.
    pub expires: Option<TokenLife>,
}

impl Staff {
    /// `members` are those of all organisations.
    pub fn new(
        casework: Casework,
        members: Vec<StaffMember>,
        health: Health,
        metrics: Arc<Metrics>,
    ) -> Self {
        let with_tokens = members
            .iter()
            .map(|one| WithToken {
                organisation: one.organisation.clone(),
                name: one.name.clone(),
                role: one.role.clone(),
                expires: one.expires,
            })
            .collect();
        let console = ConsoleSettings::default();
        let assets = Assets::new(casework.organisations().map(|one| &one.id), &console);
        let named = members
            .iter()
            .map(|one| (one.organisation.clone(), one.name.clone(), one.role.clone()));
        let office = Office::new(casework.with_staff(named));
        let tokens = TokenTable::expiring(members.into_iter().map(|one| {
            let end = one.expires.map(TokenLife::end);
            (one.token_sha256, Arc::new(one), end)
        }));
        let failures = SignInFailures::new();
        Staff {
            office,
            health,
            metrics,
            tokens,
            failures,
            console,
            assets,
            streams: Streams::default(),
            presence: Presence::default(),
            with_tokens,
            folder: None,
        }
    }

    /// An organisation's tokens in the configuration.
    fn configured_tokens(&self, organisation: &OrganisationId) -> impl Iterator<Item = &WithToken> {
        self.with_tokens.iter().filter(move |one| one.organisation == *organisation)
    }

    /// Where browsers find the console, as configured.
    pub fn public_url(&self) -> Option<&str> {
        self.console.public_url.as_deref()
    }

    pub fn organisation_ids(&self) -> Vec<OrganisationId> {
        self.office.organisations().map(|one| one.id.clone()).collect()
    }

    pub fn accounts(&self) -> &Accounts {
        self.office.accounts()
    }

    /// With the state folder, which must exist. Files that a crash left there of downloads are removed.
    ///
    /// # Errors
    /// The folder can't be read, or a file can't be removed.
    pub fn with_folder(self, folder: PathBuf) -> io::Result<Self> {
        download::clear(&folder)?;
        Ok(Staff { folder: Some(folder), ..self })
    }

    /// With what the console is configured with.
    pub fn with_console(self, console: ConsoleSettings) -> Self {
        let assets = Assets::new(self.office.organisations().map(|one| &one.id), &console);
        Staff { console, assets, ..self }
    }
}
