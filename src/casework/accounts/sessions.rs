//! Sessions: begun, used, listed, ended.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Accounts, Opening, SignedIn, token_id};
use crate::casework::Fault;
use crate::domain::account::{Account, Session};
use crate::domain::audit::GATEWAY;
use crate::domain::organisation::OrganisationId;
use crate::runtime::limits::{
    HALF_SESSIONS_OF_ACCOUNT_MAX, SESSION_TOUCH, SESSIONS_OF_ACCOUNT_MAX,
};
use crate::runtime::tokens::token;

/// A session that lives, and whose it is.
#[derive(Debug, Clone)]
pub struct Live {
    /// Under what it is kept: no secret.
    pub id: String,
    pub session: Session,
    pub account: Account,
}

impl Accounts {
    /// Begins a session with a token of its own.
    pub(super) async fn begin(
        &self,
        organisation: &OrganisationId,
        account: &Account,
        opening: Opening<'_>,
    ) -> Result<SignedIn, Fault> {
        const BROWSER_CHARS_MAX: usize = 200;
        let Opening { browser, half, provider } = opening;
        let now = self.now();
        // Somebody who knows only the password can't push out a session that took the second step.
        let most = if half { HALF_SESSIONS_OF_ACCOUNT_MAX } else { SESSIONS_OF_ACCOUNT_MAX };
        let mut others = self.sessions(organisation, &account.login).await?;
        others.retain(|(_, session)| session.half == half);
        let too_many = (others.len() + 1).saturating_sub(most);
        for (id, _) in others.iter().rev().take(too_many) {
            self.book.remove_session(organisation, id, self.stamp(&account.name)).await?;
        }
        let token = token()?;
        let session = Session {
            login: account.login.clone(),
            made: now,
            seen: now,
            browser: browser.chars().take(BROWSER_CHARS_MAX).collect(),
            half,
            provider,
        };
        let (id, stamp) = (token_id(&token), self.stamp(&account.name));
        if !self.book.put_session(organisation, &id, &session, 0, stamp).await? {
            return Err(Fault::Contended);
        }
        Ok(SignedIn { token, session })
    }

    /// The session of a browser's token, if it lives; its last use is noted once a minute, if the store takes it.
    pub async fn live(
        &self,
        organisation: &OrganisationId,
        token: &str,
    ) -> Result<Option<Live>, Fault> {
        let id = token_id(token);
        let Some((mut session, version)) = self.book.session(organisation, &id).await? else {
            return Ok(None);
        };
        let now = self.now();
        if session.is_over(self.rules.times, now) {
            self.book.remove_session(organisation, &id, self.stamp(&session.login)).await?;
            return Ok(None);
        }
        let account = self.book.account(organisation, &session.login).await?;
        let Some((account, _)) = account.filter(|(account, _)| !account.closed) else {
            return Ok(None);
        };
        let touch = TimeDelta::from_std(SESSION_TOUCH).unwrap_or(TimeDelta::zero());
        if now >= session.seen + touch {
            session.seen = now;
            let stamp = self.stamp(&account.name);
            // Another request of the same browser may have noted it; either will do. A store that takes no writes at
            // the moment still has pages to show: the next request notes it.
            match self.book.put_session(organisation, &id, &session, version, stamp).await {
                Ok(_) | Err(Fault::Store(_)) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(Some(Live { id, session, account }))
    }

    /// Whether a session still lives, with the account that it was opened with. Asking does not use it.
    ///
    /// # Errors
    /// The store is away.
    pub async fn still_lives(
        &self,
        organisation: &OrganisationId,
        live: &Live,
    ) -> Result<bool, Fault> {
        let Some((session, _)) = self.book.session(organisation, &live.id).await? else {
            return Ok(false);
        };
        let account = self.book.account(organisation, &session.login).await?;
        let same = |account: &Account| !account.closed && account.role == live.account.role;
        Ok(!session.is_over(self.rules.times, self.now())
            && account.is_some_and(|(account, _)| same(&account)))
    }

    /// A session that is looked at without being used: it ends no later because of that.
    ///
    /// # Errors
    /// The store is away.
    pub async fn peek(
        &self,
        organisation: &OrganisationId,
        token: &str,
    ) -> Result<Option<Live>, Fault> {
        let id = token_id(token);
        let Some((session, _)) = self.book.session(organisation, &id).await? else {
            return Ok(None);
        };
        if session.is_over(self.rules.times, self.now()) {
            return Ok(None);
        }
        let account = self.book.account(organisation, &session.login).await?;
        let account = account.filter(|(account, _)| !account.closed);
        Ok(account.map(|(account, _)| Live { id, session, account }))
    }

    /// When a session ends if it is not used before then.
    pub fn ends(&self, session: &Session) -> DateTime<Utc> {
        session.ends(self.rules.times)
    }

    /// When it ends however much it is used.
    pub fn ends_at_last(&self, session: &Session) -> DateTime<Utc> {
        session.made + self.rules.times.longest
    }

    /// Somebody's sessions that live, the one used last first.
    pub async fn sessions(
        &self,
        organisation: &OrganisationId,
        login: &str,
    ) -> Result<Vec<(String, Session)>, Fault> {
        let now = self.now();
        let mut sessions = self.book.sessions(organisation, login).await?;
        sessions.retain(|(_, session)| !session.is_over(self.rules.times, now));
        sessions.sort_by_key(|(_, session)| std::cmp::Reverse(session.seen));
        Ok(sessions)
    }

    /// Ends one session of somebody's own. One that is not theirs, or has ended, is not a fault.
    pub async fn end_session(
        &self,
        organisation: &OrganisationId,
        account: &Account,
        id: &str,
    ) -> Result<(), Fault> {
        match self.book.session(organisation, id).await? {
            Some((session, _)) if session.login == account.login => {
                self.book.remove_session(organisation, id, self.stamp(&account.name)).await
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Ends the sessions of an account whose second step was not taken.
    pub(super) async fn end_half_sessions(
        &self,
        organisation: &OrganisationId,
        account: &Account,
    ) -> Result<(), Fault> {
        for (id, session) in self.book.sessions(organisation, &account.login).await? {
            if session.half {
                self.book.remove_session(organisation, &id, self.stamp(&account.name)).await?;
            }
        }
        Ok(())
    }

    /// Ends the sessions of an account that a provider began.
    pub(super) async fn end_sessions_by_provider(
        &self,
        organisation: &OrganisationId,
        account: &Account,
    ) -> Result<(), Fault> {
        for (id, session) in self.book.sessions(organisation, &account.login).await? {
            if session.provider.is_some() {
                self.book.remove_session(organisation, &id, self.stamp(GATEWAY)).await?;
            }
        }
        Ok(())
    }

    /// Ends all sessions of an account but one.
    pub async fn end_sessions(
        &self,
        organisation: &OrganisationId,
        login: &str,
        but: Option<&str>,
        by: &str,
    ) -> Result<(), Fault> {
        for (id, _) in self.book.sessions(organisation, login).await? {
            if Some(id.as_str()) != but {
                self.book.remove_session(organisation, &id, self.stamp(by)).await?;
            }
        }
        Ok(())
    }
}
