//! Accounts of the console: signing in, sessions, invitations.
//!
//! A password is kept as its argon2id hash, a token as its SHA-256. An unknown name and a wrong password
//! get one answer, after the same work; a caller who must wait gets it as well, with no work done.

mod api_tokens;
mod book;
mod by_provider;
mod code;
mod ended;
mod failures;
mod invitations;
mod leaver;
mod own_message;
mod password;
mod proof;
mod second_step;
mod sessions;
mod staff_list;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use self::book::Book;
use self::failures::{Failures, TryKey};
use self::password::Passwords;
use super::Fault;
use crate::domain::account::{Account, ByProvider, Session, SessionTimes, as_seen, login};
use crate::domain::audit::AuditEvent;
use crate::domain::organisation::OrganisationId;
use crate::domain::profile::Role;
use crate::ports::{Clock, Stamp, Store};
use crate::runtime::client::Pace;
use crate::runtime::limits::{
    HALF_SESSION_MINUTES, SESSION_IDLE_MINUTES_DEFAULT, SESSION_LONGEST_HOURS_DEFAULT,
    SIGN_INS_PER_MINUTE,
};
use crate::runtime::tokens::{hex, sha256};

pub use self::api_tokens::{ApiTokenFault, CheckedApiToken, MadeApiToken, NewApiToken};
pub use self::by_provider::{
    Arrival, Destination, Entered, Provider, ProviderSignInFault, TooMany,
};
pub use self::invitations::Invited;
pub use self::leaver::AccountEnd;
pub use self::password::PasswordFault;
pub use self::proof::{Own, Proof};
pub use self::second_step::{Begun, Code, NewSecondStep};
pub use self::sessions::Live;
pub use self::staff_list::NewAccount;
pub use crate::ports::{ProviderFault, Returned};

/// How the console's accounts are kept.
#[derive(Debug, Clone)]
pub struct AccountRules {
    pub times: SessionTimes,
    /// Roles that must take a second step at sign-in.
    pub second_step: Vec<Role>,
}

impl Default for AccountRules {
    fn default() -> Self {
        AccountRules {
            times: SessionTimes {
                idle: TimeDelta::minutes(i64::from(SESSION_IDLE_MINUTES_DEFAULT)),
                longest: TimeDelta::hours(i64::from(SESSION_LONGEST_HOURS_DEFAULT)),
                half: TimeDelta::minutes(HALF_SESSION_MINUTES),
            },
            second_step: Vec::new(),
        }
    }
}

/// The accounts of every organisation.
pub struct Accounts {
    book: Book,
    clock: Arc<dyn Clock>,
    rules: AccountRules,
    passwords: Passwords,
    pace: Pace,
    failures: Failures,
    /// Names, as they are seen, that are somebody's without an account.
    others_names: BTreeSet<(OrganisationId, String)>,
    /// By name, in the order of their names.
    providers: BTreeMap<String, Provider>,
}

/// Who tries to sign in.
pub struct Attempt<'a> {
    pub login: &'a str,
    pub password: &'a str,
    /// Where from, as far as is known.
    pub source: Option<IpAddr>,
    /// What the browser calls itself.
    pub browser: &'a str,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInFault {
    /// Unknown, wrong, closed, or too soon after others: not said which.
    #[error("the name or password is wrong")]
    Refused,
    /// Too many sign-ins at this moment, or from this source.
    #[error("too many sign-ins at the moment")]
    Busy,
    /// Half a session that has ended: the password is asked for again.
    #[error("the time for the second step is over")]
    Over,
    #[error(transparent)]
    Store(#[from] Fault),
}

/// How a session begins.
struct Opening<'a> {
    browser: &'a str,
    /// The second step is still to be taken.
    half: bool,
    provider: Option<ByProvider>,
}

impl<'a> Opening<'a> {
    /// With only a password, or a link.
    const fn whole(browser: &'a str) -> Self {
        Opening { browser, half: false, provider: None }
    }
}

/// A browser that was just signed in: only the browser has the token.
pub struct SignedIn {
    pub token: String,
    pub session: Session,
}

impl Accounts {
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, rules: AccountRules) -> Self {
        Accounts {
            failures: Failures::new(Arc::clone(&store)),
            book: Book::new(store),
            clock,
            rules,
            passwords: Passwords::new(),
            pace: Pace::new(SIGN_INS_PER_MINUTE, Vec::new()),
            others_names: BTreeSet::new(),
            providers: BTreeMap::new(),
        }
    }

    /// Keeps the name of somebody who has a token from being an account's as well.
    pub fn reserve(&mut self, organisation: &OrganisationId, name: &str) {
        self.others_names.insert((organisation.clone(), as_seen(name)));
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn stamp(&self, by: &str) -> Stamp {
        Stamp { by: by.to_owned(), at: self.now() }
    }

    /// Signs somebody in; where a second step is due, the session is half a one.
    ///
    /// # Errors
    /// [`SignInFault`]; a refusal says no more than that.
    pub async fn sign_in(
        &self,
        organisation: &OrganisationId,
        attempt: Attempt<'_>,
    ) -> Result<SignedIn, SignInFault> {
        if attempt.source.is_some_and(|source| self.pace.take_of(source).is_err()) {
            return Err(SignInFault::Busy);
        }
        let login = login(attempt.login).unwrap_or_default();
        let key = TryKey::password(&login, attempt.source);
        let begun = self.failures.begin(organisation, &key, self.now()).await;
        let begun = begun.map_err(|fault| match fault {
            Fault::Contended => SignInFault::Busy,
            fault => SignInFault::Store(fault),
        });
        if !begun? {
            return Err(SignInFault::Refused);
        }
        let account = match self.with_password(organisation, &login, attempt.password).await {
            Ok(account) => account.ok_or(SignInFault::Refused)?,
            Err(fault) => {
                self.failures.take_back(organisation, &key, self.now()).await?;
                return Err(fault);
            }
        };
        let half = account.second_step.is_some();
        let opening = Opening { half, ..Opening::whole(attempt.browser) };
        let signed_in = self.begin(organisation, &account, opening).await?;
        if !half {
            self.signed_in(organisation, &account.login).await?;
            self.failures.forget(organisation, &key, self.now()).await?;
        }
        Ok(signed_in)
    }

    /// The account of this name, if this is its password. Without such an account the same work is done.
    async fn with_password(
        &self,
        organisation: &OrganisationId,
        login: &str,
        password: &str,
    ) -> Result<Option<Account>, SignInFault> {
        let account = match login {
            "" => None,
            login => self.book.account(organisation, login).await?.map(|(account, _)| account),
        };
        let hash = account.as_ref().and_then(|account| account.password.clone());
        let verified = self.passwords.verify(password, hash).await;
        let is_right = verified.map_err(|password::Busy| SignInFault::Busy)?;
        Ok(account.filter(|account| is_right && !account.closed))
    }

    /// Whether somebody's role must take a second step, and they have none yet: neither here nor, this time, at
    /// their provider.
    pub fn wants_second_step(&self, live: &Live) -> bool {
        let (account, session) = (&live.account, &live.session);
        account.second_step.is_none()
            && !session.provider.as_ref().is_some_and(|provider| provider.second_step)
            && self.rules.second_step.contains(&account.role)
    }

    /// Notes on account and trail that somebody is in.
    async fn signed_in(&self, organisation: &OrganisationId, login: &str) -> Result<(), Fault> {
        self.change(organisation, login, None, "signed_in", |account, now| {
            account.last_seen = Some(now);
            Ok(())
        })
        .await
        .map(|_| ())
    }

    /// Changes an account: reads it, applies `change`, and writes the result with an entry of the trail. `by`: `None`
    /// for the account's holder.
    async fn change(
        &self,
        organisation: &OrganisationId,
        login: &str,
        by: Option<&str>,
        action: &str,
        change: impl Fn(&mut Account, DateTime<Utc>) -> Result<(), Fault> + Send,
    ) -> Result<Account, Fault> {
        for _ in 0..book::TRIES_MAX {
            let found = self.book.account(organisation, login).await?;
            let (mut account, version) = found.ok_or(Fault::NotFound("account"))?;
            change(&mut account, self.now())?;
            let event = account_event(login, action);
            let by = by.unwrap_or(&account.name);
            let stamp = self.stamp(by);
            if self.book.put_account(organisation, &account, version, stamp, event).await? {
                return Ok(account);
            }
        }
        Err(Fault::Contended)
    }
}

/// Under what a token is kept.
pub fn token_id(token: &str) -> String {
    hex(&sha256(token.as_bytes()))
}

pub(super) fn account_event(account: &str, action: &str) -> AuditEvent {
    AuditEvent::Account { account: account.to_owned(), action: action.to_owned() }
}
