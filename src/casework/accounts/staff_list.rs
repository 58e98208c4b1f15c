//! Who has an account: invited, changed, closed.

use super::password::{Busy, check};
use super::{Accounts, Own, PasswordFault, Proof};
use crate::casework::Fault;
use crate::domain::account::{Account, as_seen, login};
use crate::domain::duty::Duty;
use crate::domain::invisible::is_blank;
use crate::domain::language::Language;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::permission;
use crate::domain::profile::Role;
use crate::runtime::limits::ACCOUNTS_MAX;

/// Under which the gateway itself is on the trail.
const OWN_NAMES: [&str; 4] = ["gateway", "contact-gateway", "keeper", "demo"];

/// The longest name of an account.
pub(super) const NAME_CHARS_MAX: usize = 100;

/// Who is to have an account.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub login: String,
    pub name: String,
    pub role: Role,
}

impl Accounts {
    /// Everybody with an account, by name; those closed last.
    pub async fn list(&self, organisation: &OrganisationId) -> Result<Vec<Account>, Fault> {
        let mut accounts = self.book.accounts(organisation).await?;
        accounts.sort_by_key(|account| (account.closed, account.name.to_lowercase()));
        Ok(accounts)
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
        self.made_with_link(organisation, new, by, false).await
    }

    pub(super) async fn made(
        &self,
        organisation: &Organisation,
        new: NewAccount,
    ) -> Result<Account, Fault> {
        if !organisation.profile.roles.contains(&new.role) {
            return Err(Fault::Refused("role".to_owned()));
        }
        self.made_without_role(organisation, new).await
    }

    /// The same, whatever the role is.
    pub(super) async fn made_without_role(
        &self,
        organisation: &Organisation,
        new: NewAccount,
    ) -> Result<Account, Fault> {
        let refused = |why: &str| Fault::Refused(why.to_owned());
        let login = login(&new.login).ok_or_else(|| refused("login"))?;
        let name = new.name.trim().to_owned();
        if is_blank(&name) || name.chars().count() > NAME_CHARS_MAX {
            return Err(refused("name"));
        }
        let accounts = self.book.accounts(&organisation.id).await?;
        if accounts.len() >= ACCOUNTS_MAX {
            return Err(refused("accounts"));
        }
        // The name is what the trail shows, and what tells one who signs off from one who proposed.
        let seen = as_seen(&name);
        let tokens = self.book.api_tokens(&organisation.id).await?;
        let is_anothers = accounts.iter().any(|one| one.login == login)
            || tokens.iter().any(|(_, token)| as_seen(&token.name) == seen)
            || self.is_name_of_another(&organisation.id, &accounts, &seen);
        if is_anothers {
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
            invitation: None,
            provider: None,
            language: None,
            keys: true,
        })
    }

    /// Whether a name, as it is seen, is an account's, the gateway's own, or one of the configuration.
    pub(super) fn is_name_of_another(
        &self,
        organisation: &OrganisationId,
        accounts: &[Account],
        seen: &str,
    ) -> bool {
        accounts.iter().any(|one| as_seen(&one.name) == seen)
            || OWN_NAMES.iter().any(|own| as_seen(own) == seen)
            || self.others_names.contains(&(organisation.clone(), seen.to_owned()))
    }

    /// Whether the holder of this login may choose a password in an organisation.
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

    pub(super) async fn hashed(&self, password: &str) -> Result<String, Fault> {
        match self.passwords.hash(password).await {
            Ok(Some(hash)) => Ok(hash),
            Ok(None) | Err(Busy) => Err(Fault::Contended),
        }
    }

    /// Changes somebody's own password. `false`: the proof is not right.
    pub async fn change_password(
        &self,
        own: Own<'_>,
        proof: Proof<'_>,
        new: &str,
    ) -> Result<bool, Fault> {
        if !self.prove_password(own, proof).await? {
            return Ok(false);
        }
        let hash = self.hashed(new).await?;
        let change = |account: &mut Account| account.password = Some(hash.clone());
        Ok(self.change_proven(own, proof, "password_changed", change).await?.is_some())
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
    /// [`Fault::Refused`]: they are the last who may keep the settings, or it is not a role.
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
        if !permission::has(&organisation.profile, &role, Duty::Settings) {
            self.not_the_last(organisation, login).await?;
        }
        self.change(&organisation.id, login, Some(by), "role_changed", |account, _| {
            account.role = role.clone();
            if let Some(linked) = account.provider.as_mut() {
                linked.role_by_group = false;
            }
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
                account.close();
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
    pub(in crate::casework) async fn not_the_last(
        &self,
        organisation: &Organisation,
        login: &str,
    ) -> Result<(), Fault> {
        let accounts = self.book.accounts(&organisation.id).await?;
        if is_last_administrator(organisation, &accounts, login) {
            return Err(Fault::Refused("last_administrator".to_owned()));
        }
        Ok(())
    }
}

/// Whether this is the last of these accounts that can keep the settings.
pub(super) fn is_last_administrator(
    organisation: &Organisation,
    accounts: &[Account],
    login: &str,
) -> bool {
    let keeps = |account: &Account| {
        !account.closed
            && account.password.is_some()
            && permission::has(&organisation.profile, &account.role, Duty::Settings)
    };
    accounts.iter().any(|one| one.login == login && keeps(one))
        && !accounts.iter().any(|one| one.login != login && keeps(one))
}
