//! The proof that a signed-in person gives again before their means of signing in change: a session may be stolen, and
//! a screen left open.

use std::net::IpAddr;

use chrono::{DateTime, Utc};

use super::code::use_code;
use super::failures::TryKey;
use super::{Accounts, password};
use crate::casework::Fault;
use crate::domain::account::Account;
use crate::domain::organisation::OrganisationId;

/// Whose own account it is, in which session.
#[derive(Clone, Copy)]
pub struct Own<'a> {
    pub organisation: &'a OrganisationId,
    pub account: &'a Account,
    /// The one that goes on when the others end.
    pub session: &'a str,
}

/// The password, and a code where the account has a second step.
#[derive(Clone, Copy)]
pub struct Proof<'a> {
    pub password: &'a str,
    pub code: &'a str,
    pub source: Option<IpAddr>,
}

impl Accounts {
    /// Whether the password is right: counted as a try to sign in is. `false` also where it came too soon
    /// after others that were not.
    pub(super) async fn prove_password(
        &self,
        own: Own<'_>,
        proof: Proof<'_>,
    ) -> Result<bool, Fault> {
        let Own { organisation, account, .. } = own;
        if account.password.is_none() {
            return self.just_came_from_provider(own).await;
        }
        let key = TryKey::password(&account.login, proof.source);
        if !self.failures.begin(organisation, &key, self.now()).await? {
            return Ok(false);
        }
        match self.passwords.verify(proof.password, account.password.clone()).await {
            Ok(is_right) => Ok(is_right),
            Err(password::Busy) => {
                self.failures.take_back(organisation, &key, self.now()).await?;
                Err(Fault::Contended)
            }
        }
    }

    /// Who has no password here has proven themselves at their provider, if that was a moment ago.
    async fn just_came_from_provider(&self, own: Own<'_>) -> Result<bool, Fault> {
        let found = self.book.session(own.organisation, own.session).await?;
        Ok(found.is_some_and(|(session, _)| {
            session.provider.is_some() && self.now() < session.made + self.rules.times.half
        }))
    }

    /// Whether somebody has shown again that it is them: by the password, and a code where the account has a second
    /// step. `false` also where it came too soon after others that were not right.
    ///
    /// # Errors
    /// The store is away.
    pub async fn prove(&self, own: Own<'_>, proof: Proof<'_>) -> Result<bool, Fault> {
        if !self.prove_password(own, proof).await? {
            return Ok(false);
        }
        if own.account.second_step.is_some() {
            return Ok(self.change_with_code(own, proof, "code_used", |_| {}).await?.is_some());
        }
        self.forget_passwords(own.organisation, &own.account.login, proof.source).await?;
        Ok(true)
    }

    /// Changes what lets somebody in whose password was just proven, if the code is right as well where there
    /// is a second step. Every other session of theirs ends, and so does a link with which their password
    /// could be chosen. `None`: the code is not right, or came too soon after others that were not.
    pub(super) async fn change_proven(
        &self,
        own: Own<'_>,
        proof: Proof<'_>,
        action: &str,
        change: impl Fn(&mut Account) + Send + Sync,
    ) -> Result<Option<Account>, Fault> {
        let change = |account: &mut Account| {
            change(account);
            account.invitation = None;
        };
        let changed = self.change_with_code(own, proof, action, change).await?;
        if changed.is_some() {
            let Own { organisation, account, session } = own;
            self.end_sessions(organisation, &account.login, Some(session), &account.name).await?;
        }
        Ok(changed)
    }

    /// Changes the account of somebody whose password was just proven, if the code is right as well where there is a
    /// second step. `None`: it is not right, or came too soon after others that were not.
    async fn change_with_code(
        &self,
        own: Own<'_>,
        proof: Proof<'_>,
        action: &str,
        change: impl Fn(&mut Account) + Send + Sync,
    ) -> Result<Option<Account>, Fault> {
        let Own { organisation, account, .. } = own;
        let login = account.login.as_str();
        if account.second_step.is_some() && !self.begin_code(organisation, login).await? {
            return Ok(None);
        }
        let known = account.password.clone();
        let changed = self
            .change(organisation, login, None, action, |account, now| {
                if account.password != known {
                    return Err(Fault::Contended);
                }
                with_code(account, proof.code, now)?;
                change(account);
                Ok(())
            })
            .await;
        match changed {
            Ok(account) => {
                self.forget_passwords(organisation, login, proof.source).await?;
                self.forget_codes(organisation, login).await?;
                Ok(Some(account))
            }
            Err(Fault::Refused(_)) => {
                self.note_wrong_code(organisation, account).await?;
                Ok(None)
            }
            Err(fault) => Err(fault),
        }
    }
}

/// Uses up a code of the account's second step, where it has one.
fn with_code(account: &mut Account, typed: &str, now: DateTime<Utc>) -> Result<(), Fault> {
    let Some(step) = account.second_step.as_mut() else { return Ok(()) };
    use_code(step, typed, now).ok_or_else(|| Fault::Refused("code".to_owned()))
}
