//! Accounts of the console: signing in, sessions, invitations.
//!
//! What is kept of a password is its argon2id hash, of a token its SHA-256. An unknown name, a wrong
//! password and an account that must wait get one answer, after the same work.

mod book;
mod failures;
mod password;
mod second_step;
mod sessions;
mod staff_list;

use std::net::IpAddr;
use std::sync::Arc;

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};

use self::book::Book;
use self::failures::Failures;
use self::password::Passwords;
use super::Fault;
use crate::domain::account::{Account, Session, SessionTimes, login};
use crate::domain::audit::AuditEvent;
use crate::domain::organisation::OrganisationId;
use crate::domain::profile::Role;
use crate::ports::{Clock, Stamp, Store, StoreError};
use crate::runtime::limits::{SESSION_IDLE_MINUTES_DEFAULT, SESSION_LONGEST_HOURS_DEFAULT};
use crate::runtime::tokens::{hex, sha256};

pub use self::password::PasswordFault;
pub use self::second_step::{Code, NewSecondStep};
pub use self::sessions::Live;
pub use self::staff_list::{Invited, NewAccount};

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
    failures: Failures,
}

/// Who tries to sign in.
pub struct Attempt<'a> {
    pub login: &'a str,
    pub password: &'a str,
    /// Where from, as far as it can be told.
    pub source: Option<IpAddr>,
    /// What the browser calls itself.
    pub browser: &'a str,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInFault {
    /// Unknown, wrong, closed, or too soon after others: which of these is nobody's business.
    #[error("name or password are not right")]
    Refused,
    /// Too many sign-ins at this moment.
    #[error("too many sign-ins at this moment")]
    Busy,
    #[error(transparent)]
    Store(#[from] Fault),
}

/// A browser that was just signed in: the token is the browser's alone.
pub struct SignedIn {
    pub token: String,
    pub session: Session,
}

impl Accounts {
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, rules: AccountRules) -> Self {
        Accounts {
            book: Book::new(store),
            clock,
            rules,
            passwords: Passwords::new(),
            failures: Failures::new(),
        }
    }

    pub const fn rules(&self) -> &AccountRules {
        &self.rules
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
    /// [`SignInFault`]; what is refused says no more than that.
    pub async fn sign_in(
        &self,
        organisation: &OrganisationId,
        attempt: Attempt<'_>,
    ) -> Result<SignedIn, SignInFault> {
        let now = self.now();
        let known = login(attempt.login);
        let key = failures::key(organisation, known.as_deref().unwrap_or_default(), attempt.source);
        let must_wait = self.failures.must_wait(&key, now);
        let account = match &known {
            Some(login) => self.book.account(organisation, login).await?,
            None => None,
        };
        let hash = account.as_ref().and_then(|(account, _)| account.password.clone());
        let is_right = self
            .passwords
            .verify(attempt.password, hash)
            .await
            .map_err(|password::Busy| SignInFault::Busy)?;
        let account = account.map(|(account, _)| account).filter(|account| !account.closed);
        let Some(account) = account.filter(|_| is_right && !must_wait) else {
            self.failures.failed(&key, now);
            return Err(SignInFault::Refused);
        };
        self.failures.forget(&key);
        let half = account.second_step.is_some();
        let signed_in = self.begin(organisation, &account, attempt.browser, half).await?;
        if !half {
            self.signed_in(organisation, &account.login).await?;
        }
        Ok(signed_in)
    }

    /// Whether an account's role must take a second step, and has none yet.
    pub fn wants_second_step(&self, account: &Account) -> bool {
        account.second_step.is_none() && self.rules.second_step.contains(&account.role)
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

    /// Changes an account: reads it, lets `change` make another of it, writes that with an entry of
    /// the trail. `by`: none: whose it is.
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
            let event =
                AuditEvent::Account { account: login.to_owned(), action: action.to_owned() };
            let by = by.unwrap_or(&account.name);
            let stamp = self.stamp(by);
            if self.book.put_account(organisation, &account, version, stamp, event).await? {
                return Ok(account);
            }
        }
        Err(Fault::Contended)
    }
}

/// A token that nobody guesses: 256 random bits, as text that an address can carry.
fn token() -> Result<String, Fault> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes)
        .map_err(|_| Fault::Store(StoreError::Unavailable("no random bytes".to_owned())))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Under what a token is kept.
pub fn token_id(token: &str) -> String {
    hex(&sha256(token.as_bytes()))
}
