//! Who has an account: invited, changed, closed.

use chrono::TimeDelta;

use super::password::{Busy, check};
use super::{Accounts, PasswordFault, SignedIn, token, token_id};
use crate::casework::Fault;
use crate::domain::account::{Account, Invitation, login};
use crate::domain::audit::AuditEvent;
use crate::domain::duty::{self, Duty};
use crate::domain::language::Language;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::profile::Role;
use crate::runtime::limits::{ACCOUNTS_MAX, INVITATION_HOURS};

/// Who is to have an account.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub login: String,
    pub name: String,
    pub role: Role,
}

/// An invitation that holds, for the page on which a password is chosen.
#[derive(Debug, Clone)]
pub struct Invited {
    /// `None`: the first administrator, who says who they are.
    pub account: Option<Account>,
    /// It signs in with no password.
    pub pass: bool,
}

impl Accounts {
    /// Everybody with an account, by name; those closed last.
    pub async fn list(&self, organisation: &OrganisationId) -> Result<Vec<Account>, Fault> {
        let mut accounts = self.book.accounts(organisation).await?;
        accounts.sort_by_key(|account| (account.closed, account.name.to_lowercase()));
        Ok(accounts)
    }

    /// The token of a link for the first administrator; `None`: there are accounts.
    pub async fn first_invitation(
        &self,
        organisation: &OrganisationId,
    ) -> Result<Option<String>, Fault> {
        let accounts = self.book.accounts(organisation).await?;
        if accounts.iter().any(|account| account.password.is_some() && !account.closed) {
            return Ok(None);
        }
        self.invitation_for(organisation, None, "gateway", false).await.map(Some)
    }

    async fn invitation_for(
        &self,
        organisation: &OrganisationId,
        login: Option<String>,
        by: &str,
        pass: bool,
    ) -> Result<String, Fault> {
        let token = token()?;
        let ends = self.now() + TimeDelta::hours(INVITATION_HOURS);
        let (id, invitation) = (token_id(&token), Invitation { login, ends, pass });
        self.book.put_invitation(organisation, &id, &invitation, self.stamp(by)).await?;
        Ok(token)
    }

    /// Makes an account and the token of the link with which its owner chooses a password.
    ///
    /// # Errors
    /// [`Fault::Exists`]: the login or the name is somebody's; [`Fault::Refused`]: it can't be one.
    pub async fn invite(
        &self,
        organisation: &Organisation,
        new: NewAccount,
        by: &str,
    ) -> Result<String, Fault> {
        let account = self.made(organisation, new).await?;
        let stamp = self.stamp(by);
        let event = account_event(&account.login, "invited");
        if !self.book.put_account(&organisation.id, &account, 0, stamp, event).await? {
            return Err(Fault::Exists("account"));
        }
        self.invitation_for(&organisation.id, Some(account.login), by, false).await
    }

    async fn made(&self, organisation: &Organisation, new: NewAccount) -> Result<Account, Fault> {
        const NAME_CHARS_MAX: usize = 100;
        let refused = |why: &str| Fault::Refused(why.to_owned());
        let login = login(&new.login).ok_or_else(|| refused("login"))?;
        let name = new.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
            return Err(refused("name"));
        }
        if !organisation.profile.roles.contains(&new.role) {
            return Err(refused("role"));
        }
        let accounts = self.book.accounts(&organisation.id).await?;
        if accounts.len() >= ACCOUNTS_MAX {
            return Err(refused("accounts"));
        }
        // The name is what the trail shows, and what tells one who signs off from one who proposed.
        let folded = name.to_lowercase();
        if accounts.iter().any(|one| one.login == login || one.name.to_lowercase() == folded) {
            return Err(Fault::Exists("account"));
        }
        Ok(Account {
            login,
            name,
            role: new.role,
            password: None,
            made: self.now(),
            last_seen: None,
            closed: false,
            second_step: None,
            language: None,
            keys: true,
        })
    }

    /// A new link for somebody whose password or device is lost. What they had holds until it is used.
    pub async fn invite_again(
        &self,
        organisation: &OrganisationId,
        login: &str,
        by: &str,
    ) -> Result<String, Fault> {
        self.change(organisation, login, Some(by), "invited_again", |_, _| Ok(())).await?;
        self.invitation_for(organisation, Some(login.to_owned()), by, false).await
    }

    /// The invitation of a link, if it holds.
    pub async fn invited(
        &self,
        organisation: &OrganisationId,
        token: &str,
    ) -> Result<Option<Invited>, Fault> {
        let found = self.book.invitation(organisation, &token_id(token)).await?;
        let Some(invitation) = found.filter(|one| self.now() < one.ends) else {
            return Ok(None);
        };
        let Some(login) = invitation.login else {
            let accounts = self.book.accounts(organisation).await?;
            let taken = accounts.iter().any(|one| one.password.is_some() && !one.closed);
            return Ok((!taken).then_some(Invited { account: None, pass: false }));
        };
        let account = self.book.account(organisation, &login).await?;
        let account = account.map(|(account, _)| account).filter(|account| !account.closed);
        let pass = invitation.pass;
        Ok(account.map(|account| Invited { account: Some(account), pass }))
    }

    /// Makes an account that has no password, and the token of a link that signs in with it, again and
    /// again: for a demo on a scratch store, and nothing else.
    ///
    /// # Errors
    /// As [`Accounts::invite`].
    pub async fn demo_pass(
        &self,
        organisation: &Organisation,
        new: NewAccount,
    ) -> Result<String, Fault> {
        let account = self.made(organisation, new).await?;
        let (stamp, event) = (self.stamp("demo"), account_event(&account.login, "invited"));
        if !self.book.put_account(&organisation.id, &account, 0, stamp, event).await? {
            return Err(Fault::Exists("account"));
        }
        self.invitation_for(&organisation.id, Some(account.login), "demo", true).await
    }

    /// Signs in by a demo's link.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: it is none, or does not hold any more.
    pub async fn enter_by_pass(
        &self,
        organisation: &OrganisationId,
        token: &str,
        browser: &str,
    ) -> Result<SignedIn, Fault> {
        let invited = self.invited(organisation, token).await?.filter(|invited| invited.pass);
        let account = invited.and_then(|invited| invited.account);
        let account = account.ok_or(Fault::NotFound("invitation"))?;
        self.signed_in(organisation, &account.login).await?;
        self.begin(organisation, &account, browser, false).await
    }

    /// Whether a password may be chosen in an organisation by whoever has this login.
    pub fn check_password(
        &self,
        organisation: &Organisation,
        login: &str,
        password: &str,
        again: &str,
    ) -> Result<(), PasswordFault> {
        let names = [organisation.profile.name.as_str(), organisation.id.as_str(), login];
        check(password, &names)?;
        if password == again { Ok(()) } else { Err(PasswordFault::NotTheSame) }
    }

    /// Takes up an invitation: the password is set, a second step of before is gone, other sessions end,
    /// and whoever did it is signed in. `first`: who the first administrator is.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: the invitation does not hold any more.
    pub async fn take_up(
        &self,
        organisation: &Organisation,
        token: &str,
        first: Option<NewAccount>,
        password: &str,
        browser: &str,
    ) -> Result<SignedIn, Fault> {
        let invited = self.invited(&organisation.id, token).await?;
        let invited = invited.ok_or(Fault::NotFound("invitation"))?;
        let hash = self.hashed(password).await?;
        let account = match (invited.account, first) {
            (Some(account), _) => account,
            (None, Some(first)) => {
                let account = self.made(organisation, first).await?;
                let (stamp, event) =
                    (self.stamp(&account.name), account_event(&account.login, "made_first"));
                if !self.book.put_account(&organisation.id, &account, 0, stamp, event).await? {
                    return Err(Fault::Exists("account"));
                }
                account
            }
            (None, None) => return Err(Fault::Refused("login".to_owned())),
        };
        let account = self
            .change(&organisation.id, &account.login, None, "password_chosen", |account, now| {
                account.password = Some(hash.clone());
                account.second_step = None;
                account.last_seen = Some(now);
                Ok(())
            })
            .await?;
        let stamp = self.stamp(&account.name);
        self.book.remove_invitation(&organisation.id, &token_id(token), stamp).await?;
        self.end_sessions(&organisation.id, &account.login, None, &account.name).await?;
        self.begin(&organisation.id, &account, browser, false).await
    }

    async fn hashed(&self, password: &str) -> Result<String, Fault> {
        match self.passwords.hash(password).await {
            Ok(Some(hash)) => Ok(hash),
            Ok(None) | Err(Busy) => Err(Fault::Contended),
        }
    }

    /// Changes somebody's own password; their other sessions end. `false`: the old one is not right.
    pub async fn change_password(
        &self,
        organisation: &OrganisationId,
        account: &Account,
        old: &str,
        new: &str,
        session: &str,
    ) -> Result<bool, Fault> {
        let is_right = self.passwords.verify(old, account.password.clone()).await;
        match is_right {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(Busy) => return Err(Fault::Contended),
        }
        let hash = self.hashed(new).await?;
        self.change(organisation, &account.login, None, "password_changed", |account, _| {
            account.password = Some(hash.clone());
            Ok(())
        })
        .await?;
        self.end_sessions(organisation, &account.login, Some(session), &account.name).await?;
        Ok(true)
    }

    /// What somebody prefers for themselves.
    pub async fn prefer(
        &self,
        organisation: &OrganisationId,
        login: &str,
        language: Option<Language>,
        keys: bool,
    ) -> Result<Account, Fault> {
        self.change(organisation, login, None, "preferences", |account, _| {
            account.language = language.or(account.language);
            account.keys = keys;
            Ok(())
        })
        .await
    }

    /// Gives somebody another role. Their sessions go on with it.
    ///
    /// # Errors
    /// [`Fault::Refused`]: they are the last who may keep the settings, or it is no role.
    pub async fn give_role(
        &self,
        organisation: &Organisation,
        login: &str,
        role: Role,
        by: &str,
    ) -> Result<Account, Fault> {
        if !organisation.profile.roles.contains(&role) {
            return Err(Fault::Refused("role".to_owned()));
        }
        if !duty::has(&organisation.profile, &role, Duty::Settings) {
            self.not_the_last(organisation, login).await?;
        }
        self.change(&organisation.id, login, Some(by), "role_changed", |account, _| {
            account.role = role.clone();
            Ok(())
        })
        .await
    }

    /// Closes an account: its sessions end, nobody signs in with it any more, its name stays taken.
    ///
    /// # Errors
    /// [`Fault::Refused`]: it is the last that may keep the settings.
    pub async fn close(
        &self,
        organisation: &Organisation,
        login: &str,
        by: &str,
    ) -> Result<Account, Fault> {
        self.not_the_last(organisation, login).await?;
        let account = self
            .change(&organisation.id, login, Some(by), "closed", |account, _| {
                account.closed = true;
                Ok(())
            })
            .await?;
        self.end_sessions(&organisation.id, login, None, by).await?;
        Ok(account)
    }

    /// Lets somebody sign in again whose account was closed.
    pub async fn reopen(
        &self,
        organisation: &OrganisationId,
        login: &str,
        by: &str,
    ) -> Result<Account, Fault> {
        self.change(organisation, login, Some(by), "reopened", |account, _| {
            account.closed = false;
            Ok(())
        })
        .await
    }

    /// An organisation in which nobody keeps the settings could not be mended from within.
    async fn not_the_last(&self, organisation: &Organisation, login: &str) -> Result<(), Fault> {
        let keeps = |account: &Account| {
            !account.closed
                && account.password.is_some()
                && duty::has(&organisation.profile, &account.role, Duty::Settings)
        };
        let accounts = self.book.accounts(&organisation.id).await?;
        let is_one = accounts.iter().any(|one| one.login == login && keeps(one));
        if is_one && !accounts.iter().any(|one| one.login != login && keeps(one)) {
            return Err(Fault::Refused("last_administrator".to_owned()));
        }
        Ok(())
    }
}

fn account_event(account: &str, action: &str) -> AuditEvent {
    AuditEvent::Account { account: account.to_owned(), action: action.to_owned() }
}
