//! Links with which somebody chooses a password. One is valid per account at a time, and only one that would make the
//! first account.

use chrono::TimeDelta;
use subtle::ConstantTimeEq;

use super::{Accounts, NewAccount, Opening, SignedIn, account_event, token_id};
use crate::casework::Fault;
use crate::domain::account::{Account, Invitation};
use crate::domain::audit::GATEWAY;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::runtime::limits::INVITATION_HOURS;
use crate::runtime::tokens::token;

/// The id of the first administrator's invitation. Other ids are digests, so no other invitation has it.
const FIRST: &str = "first";

/// An invitation that holds, for the page on which a password is chosen.
#[derive(Debug, Clone)]
pub struct Invited {
    /// `None`: the first administrator, who says who they are.
    pub account: Option<Account>,
    /// It signs in with no password.
    pub pass: bool,
}

/// A link that was just made: only its holder has the token.
struct Link {
    token: String,
    id: String,
    invitation: Invitation,
}

impl Accounts {
    fn link(&self, login: &str, pass: bool) -> Result<Link, Fault> {
        let token = token()?;
        let (id, ends) = (token_id(&token), self.now() + TimeDelta::hours(INVITATION_HOURS));
        let invitation = Invitation { login: Some(login.to_owned()), token: None, ends, pass };
        Ok(Link { token, id, invitation })
    }

    /// The token of a link for the first administrator; `None`: there are accounts. `known`: one that was
    /// made before, which is given again where it holds; any other holds no more.
    pub async fn first_invitation(
        &self,
        organisation: &OrganisationId,
        known: Option<&str>,
    ) -> Result<Option<String>, Fault> {
        let found = self.book.invitation(organisation, FIRST).await?;
        if self.has_administrator(organisation).await? {
            return Ok(None);
        }
        if let (Some(known), Some((first, _))) = (known, &found)
            && self.opens_first(first, known)
        {
            return Ok(Some(known.to_owned()));
        }
        let token = token()?;
        let first = Invitation {
            login: None,
            token: Some(token_id(&token)),
            ends: self.now() + TimeDelta::hours(INVITATION_HOURS),
            pass: false,
        };
        let version = found.map_or(0, |(_, version)| version);
        let stamp = self.stamp(GATEWAY);
        // Another gateway that starts in this moment made one: its own says so.
        let made = self.book.put_invitation(organisation, FIRST, &first, version, stamp).await?;
        if made { Ok(Some(token)) } else { Err(Fault::Contended) }
    }

    /// Whether somebody has an account that opens something.
    async fn has_administrator(&self, organisation: &OrganisationId) -> Result<bool, Fault> {
        let accounts = self.book.accounts(organisation).await?;
        Ok(accounts.iter().any(|one| one.password.is_some() && !one.closed))
    }

    fn opens_first(&self, first: &Invitation, token: &str) -> bool {
        let digest = token_id(token);
        let is_its = first
            .token
            .as_ref()
            .is_some_and(|kept| bool::from(kept.as_bytes().ct_eq(digest.as_bytes())));
        is_its && self.now() < first.ends
    }

    /// Makes an account and the one link that holds for it.
    ///
    /// # Errors
    /// [`Fault::Exists`]: the login or the name is somebody's; [`Fault::Refused`]: it can't be one.
    pub(super) async fn made_with_link(
        &self,
        organisation: &Organisation,
        new: NewAccount,
        by: &str,
        pass: bool,
    ) -> Result<String, Fault> {
        let mut account = self.made(organisation, new).await?;
        let Link { token, id, invitation } = self.link(&account.login, pass)?;
        let stamp = self.stamp(by);
        // It opens nothing before the account says so.
        self.book.put_invitation(&organisation.id, &id, &invitation, 0, stamp.clone()).await?;
        account.invitation = Some(id);
        let event = account_event(&account.login, "invited");
        if !self.book.put_account(&organisation.id, &account, 0, stamp, event).await? {
            return Err(Fault::Exists("account"));
        }
        Ok(token)
    }

    /// A new link for somebody whose password or device is lost; those before it hold no more. The password
    /// and the device that they had open the account until it is used.
    pub async fn invite_again(
        &self,
        organisation: &OrganisationId,
        login: &str,
        by: &str,
    ) -> Result<String, Fault> {
        let Link { token, id, invitation } = self.link(login, false)?;
        let stamp = self.stamp(by);
        self.book.put_invitation(organisation, &id, &invitation, 0, stamp).await?;
        self.change(organisation, login, Some(by), "invited_again", |account, _| {
            account.invitation = Some(id.clone());
            Ok(())
        })
        .await?;
        Ok(token)
    }

    /// The invitation of a link, if it holds.
    pub async fn invited(
        &self,
        organisation: &OrganisationId,
        token: &str,
    ) -> Result<Option<Invited>, Fault> {
        let id = token_id(token);
        let Some((invitation, _)) = self.book.invitation(organisation, &id).await? else {
            let first = self.book.invitation(organisation, FIRST).await?;
            let holds = first.is_some_and(|(first, _)| self.opens_first(&first, token));
            let is_first = holds && !self.has_administrator(organisation).await?;
            return Ok(is_first.then_some(Invited { account: None, pass: false }));
        };
        let Some(login) = invitation.login.filter(|_| self.now() < invitation.ends) else {
            return Ok(None);
        };
        let account = self.book.account(organisation, &login).await?.map(|(account, _)| account);
        let account = account.filter(|one| !one.closed && one.invitation.as_ref() == Some(&id));
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
        self.made_with_link(organisation, new, "demo", true).await
    }

    /// Signs in by a demo's link.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: there is no such link, or it is no longer valid.
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
        self.begin(organisation, &account, Opening::whole(browser)).await
    }

    /// Takes up an invitation, once: the password is set, an earlier second step is removed, other sessions end, and
    /// the holder is signed in. `first`: who the first administrator is.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: the invitation is no longer valid.
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
            (Some(account), _) => {
                self.choose_password(&organisation.id, &account.login, token, &hash).await?
            }
            (None, Some(first)) => self.make_first(organisation, first, token, hash).await?,
            (None, None) => return Err(Fault::Refused("login".to_owned())),
        };
        self.end_sessions(&organisation.id, &account.login, None, &account.name).await?;
        self.begin(&organisation.id, &account, Opening::whole(browser)).await
    }

    async fn choose_password(
        &self,
        organisation: &OrganisationId,
        login: &str,
        token: &str,
        hash: &str,
    ) -> Result<Account, Fault> {
        let id = token_id(token);
        let account = self
            .change(organisation, login, None, "password_chosen", |account, now| {
                // Of two who use the link at once the second finds it gone.
                if account.closed || account.invitation.as_ref() != Some(&id) {
                    return Err(Fault::NotFound("invitation"));
                }
                account.password = Some(hash.to_owned());
                account.second_step = None;
                account.invitation = None;
                account.last_seen = Some(now);
                Ok(())
            })
            .await?;
        self.book.remove_invitation(organisation, &id, self.stamp(&account.name)).await?;
        Ok(account)
    }

    /// Makes the first account, in one step with the removal of what it was made by.
    async fn make_first(
        &self,
        organisation: &Organisation,
        first: NewAccount,
        token: &str,
        hash: String,
    ) -> Result<Account, Fault> {
        let mut account = self.made(organisation, first).await?;
        account.password = Some(hash);
        account.last_seen = Some(self.now());
        let found = self.book.invitation(&organisation.id, FIRST).await?;
        let (_, version) = found
            .filter(|(first, _)| self.opens_first(first, token))
            .ok_or(Fault::NotFound("invitation"))?;
        let stamp = self.stamp(&account.name);
        let event = account_event(&account.login, "made_first");
        if self.book.put_first(&organisation.id, &account, (FIRST, version), stamp, event).await? {
            Ok(account)
        } else {
            Err(Fault::NotFound("invitation"))
        }
    }
}
