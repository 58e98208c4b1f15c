//! Sign-in by an identity provider: who may sign in, and with which role.
//!
//! An account belongs to somebody at a provider by issuer and subject, never by a name or an e-mail address, which
//! may pass to somebody else. The session is one like any other.

use std::net::IpAddr;
use std::sync::Arc;

use super::staff_list::NAME_CHARS_MAX;
use super::{Accounts, NewAccount, Opening, SignedIn, account_event, book, token_id};
use crate::casework::{Casework, Fault};
use crate::domain::account::{Account, ByProvider, Linked, login};
use crate::domain::duty::Duty;
use crate::domain::invisible::is_blank;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::permission;
use crate::domain::profile::Role;
use crate::domain::provider::{Admission, Admitted, Claimed, Identity};
use crate::ports::{Departure, Errand, IdentityProvider, ProviderFault, Returned};
use crate::runtime::tokens::{hex, sha256};

/// A provider, and who may sign in by it.
pub struct Provider {
    pub port: Arc<dyn IdentityProvider>,
    pub admission: Admission,
}

/// Where a browser wants to go.
pub struct Destination<'a> {
    pub organisation: &'a OrganisationId,
    /// A path of the console's own.
    pub next: &'a str,
    /// The token of an invitation, to take it up so.
    pub invitation: Option<&'a str>,
    pub source: Option<IpAddr>,
}

/// A browser that comes back.
pub struct Arrival<'a> {
    pub provider: &'a str,
    pub cookie: Option<&'a str>,
    pub returned: Returned,
    pub source: Option<IpAddr>,
    pub browser: &'a str,
}

/// Somebody who is signed in.
pub struct Entered {
    pub organisation: OrganisationId,
    pub next: String,
    pub signed_in: SignedIn,
}

/// Too many come from one source at this moment.
#[derive(Debug, thiserror::Error)]
#[error("too many sign-ins at the moment")]
pub struct TooMany;

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum ProviderSignInFault {
    #[error("there is no such provider for this organisation")]
    NoSuchProvider,
    #[error(transparent)]
    TooMany(#[from] TooMany),
    #[error(transparent)]
    Provider(#[from] ProviderFault),
    /// None of the groups has a role here.
    #[error("no group of theirs has a role in this organisation")]
    NoGroup,
    /// An account has that name or login, and is not known to be theirs.
    #[error("somebody else's account has that name or login")]
    NameTaken,
    #[error("the account is closed")]
    Closed,
    #[error("the invitation is no longer valid")]
    InvitationOver,
    /// The identity opens another account already.
    #[error("the identity opens another account")]
    AnothersIdentity,
    #[error(transparent)]
    Store(#[from] Fault),
}

impl Accounts {
    /// With identity providers, by their names.
    #[must_use]
    pub fn with_providers(
        mut self,
        providers: impl IntoIterator<Item = (String, Provider)>,
    ) -> Self {
        self.providers = providers.into_iter().collect();
        self
    }

    /// The names of the providers by which people of an organisation sign in.
    pub fn providers_of(&self, organisation: &OrganisationId) -> impl Iterator<Item = &str> {
        let serving =
            move |(_, provider): &(&String, &Provider)| provider.admission.serves(organisation);
        self.providers.iter().filter(serving).map(|(name, _)| name.as_str())
    }

    fn may_try(&self, source: Option<IpAddr>) -> Result<(), TooMany> {
        match source.is_some_and(|source| self.pace.take_of(source).is_err()) {
            true => Err(TooMany),
            false => Ok(()),
        }
    }

    /// Sends a browser to a provider.
    ///
    /// # Errors
    /// [`ProviderSignInFault`]
    pub async fn depart_to_provider(
        &self,
        provider: &str,
        to: Destination<'_>,
    ) -> Result<Departure, ProviderSignInFault> {
        self.may_try(to.source)?;
        let provider = self.providers.get(provider);
        let provider = provider
            .filter(|provider| provider.admission.serves(to.organisation))
            .ok_or(ProviderSignInFault::NoSuchProvider)?;
        let errand = Errand {
            organisation: to.organisation.clone(),
            next: to.next.to_owned(),
            invitation: to.invitation.map(str::to_owned),
        };
        Ok(provider.port.depart(errand, self.now()).await?)
    }

    /// Where somebody signs out at a provider as well; none: it offers no such thing, or is away.
    ///
    /// # Errors
    /// [`TooMany`]: anybody may ask, signed in or not, and the provider may be asked each time.
    pub async fn farewell_at_provider(
        &self,
        provider: &str,
        back: &str,
        source: Option<IpAddr>,
    ) -> Result<Option<String>, TooMany> {
        self.may_try(source)?;
        match self.providers.get(provider) {
            Some(provider) => Ok(provider.port.farewell(back).await),
            None => Ok(None),
        }
    }

    /// The account of an identity, with the role that its groups give it now. Somebody who has none gets one.
    async fn of_identity(
        &self,
        organisation: &Organisation,
        provider: &Provider,
        claimed: &Claimed,
    ) -> Result<Account, ProviderSignInFault> {
        let id = identity_id(&claimed.identity);
        for _ in 0..book::TRIES_MAX {
            let admitted = provider.admission.admit(&organisation.id, claimed);
            let known = self.book.identity(&organisation.id, &id).await?;
            let Some((login, _)) = known else {
                let (role, role_by_group) = match admitted {
                    Admitted::As(role) => (role, true),
                    Admitted::WithoutRole => (Role::none(), false),
                    Admitted::Refused => return Err(ProviderSignInFault::NoGroup),
                };
                let identity = claimed.identity.clone();
                let linked = Linked { identity, role_by_group };
                match self.make_linked(organisation, claimed, role, linked, &id).await? {
                    Some(account) => return Ok(account),
                    // They sign in twice at once: the other one made it.
                    None => continue,
                }
            };
            let account = self.book.account(&organisation.id, &login).await?;
            let its = |account: &Account| {
                account.provider.as_ref().is_some_and(|one| one.identity == claimed.identity)
            };
            let account = account.map(|(account, _)| account).filter(its);
            let account = account.filter(|account| !account.closed);
            let account = account.ok_or(ProviderSignInFault::Closed)?;
            return self.as_admitted(organisation, account, admitted).await;
        }
        Err(Fault::Contended.into())
    }

    /// `None`: somebody else changed it in the meantime.
    async fn make_linked(
        &self,
        organisation: &Organisation,
        claimed: &Claimed,
        role: Role,
        linked: Linked,
        id: &str,
    ) -> Result<Option<Account>, ProviderSignInFault> {
        let new = new_account(claimed, role, id);
        let made = self.made_without_role(organisation, new).await;
        let mut account = made.map_err(|fault| match fault {
            Fault::Exists(_) => ProviderSignInFault::NameTaken,
            fault => ProviderSignInFault::Store(fault),
        })?;
        account.provider = Some(linked);
        account.last_seen = Some(self.now());
        let said = (self.stamp(&account.name), account_event(&account.login, "made_by_provider"));
        let written =
            self.book.put_linked(&organisation.id, (&account, 0), (id, 0), None, said).await?;
        Ok(written.then_some(account))
    }

    /// An account as its groups have it now. Where they let nobody in, what they gave is taken away all the same: a
    /// password may still open the account.
    async fn as_admitted(
        &self,
        organisation: &Organisation,
        account: Account,
        admitted: Admitted,
    ) -> Result<Account, ProviderSignInFault> {
        let is_refused = matches!(admitted, Admitted::Refused);
        let account = self.with_role_of(organisation, account, admitted).await?;
        if !is_refused {
            return Ok(account);
        }
        self.end_sessions_by_provider(&organisation.id, &account).await?;
        let event = account_event(&account.login, "provider_refused");
        self.book.note(&organisation.id, self.stamp(&account.name), event).await?;
        Err(ProviderSignInFault::NoGroup)
    }

    /// An account with the role that its groups give, or without the one that they gave.
    async fn with_role_of(
        &self,
        organisation: &Organisation,
        account: Account,
        admitted: Admitted,
    ) -> Result<Account, Fault> {
        let by_group = account.provider.as_ref().is_some_and(|linked| linked.role_by_group);
        let (role, role_by_group) = match admitted {
            Admitted::As(role) => (role, true),
            Admitted::WithoutRole | Admitted::Refused if by_group => (Role::none(), false),
            // Somebody gave it a role here.
            Admitted::WithoutRole | Admitted::Refused => return Ok(account),
        };
        if account.role == role && by_group == role_by_group {
            return Ok(account);
        }
        if !self.may_become(organisation, &account, &role).await? {
            return Ok(account);
        }
        let login = &account.login;
        self.change(&organisation.id, login, None, "role_by_group", |account, _| {
            account.role = role.clone();
            if let Some(linked) = account.provider.as_mut() {
                linked.role_by_group = role_by_group;
            }
            Ok(())
        })
        .await
    }

    /// Whether a group may change a role: not that of the last who keeps the settings and has a password, which nobody
    /// could mend.
    async fn may_become(
        &self,
        organisation: &Organisation,
        account: &Account,
        role: &Role,
    ) -> Result<bool, Fault> {
        if permission::has(&organisation.profile, role, Duty::Settings) {
            return Ok(true);
        }
        match self.not_the_last(organisation, &account.login).await {
            Ok(()) => Ok(true),
            Err(Fault::Refused(_)) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// Links the account of an invitation with an identity, which uses the invitation up. A password of before opens the
    /// account as before; a second step of before is gone, as its device may be, and other sessions end.
    async fn link_by_invitation(
        &self,
        organisation: &Organisation,
        provider: &Provider,
        token: &str,
        claimed: &Claimed,
    ) -> Result<Account, ProviderSignInFault> {
        let (id, invitation) = (identity_id(&claimed.identity), token_id(token));
        let admitted = provider.admission.admit(&organisation.id, claimed);
        let known = self.book.identity(&organisation.id, &id).await?;
        let invited = self.invited(&organisation.id, token).await?.filter(|invited| !invited.pass);
        let login = invited.and_then(|invited| invited.account).map(|account| account.login);
        let login = login.ok_or(ProviderSignInFault::InvitationOver)?;
        if known.as_ref().is_some_and(|(of, _)| *of != login) {
            return Err(ProviderSignInFault::AnothersIdentity);
        }
        let found = self.book.account(&organisation.id, &login).await?;
        // Of two who use the link at once the second finds it gone.
        let (mut account, version) = found
            .filter(|(account, _)| account.invitation.as_ref() == Some(&invitation))
            .ok_or(ProviderSignInFault::InvitationOver)?;
        let by_group = match admitted {
            Admitted::As(role) => {
                let may = self.may_become(organisation, &account, &role).await?;
                if may {
                    account.role = role;
                }
                may
            }
            Admitted::WithoutRole => false,
            Admitted::Refused => return Err(ProviderSignInFault::NoGroup),
        };
        let identity = claimed.identity.clone();
        let before = account.provider.replace(Linked { identity, role_by_group: by_group });
        let before = before.map(|linked| identity_id(&linked.identity));
        account.second_step = None;
        account.invitation = None;
        let said = (self.stamp(&account.name), account_event(&login, "provider_linked"));
        let opened = (id.as_str(), known.map_or(0, |(_, version)| version));
        let of = &organisation.id;
        if !self.book.put_linked(of, (&account, version), opened, before.as_deref(), said).await? {
            return Err(Fault::Contended.into());
        }
        self.book.remove_invitation(of, &invitation, self.stamp(&account.name)).await?;
        self.end_sessions(of, &login, None, &account.name).await?;
        Ok(account)
    }
}

impl Casework {
    /// Signs in who comes back from a provider; where the account has a second step here, and the provider asked for
    /// none that counts, the session is half a one.
    ///
    /// # Errors
    /// [`ProviderSignInFault`]
    pub async fn arrive_from_provider(
        &self,
        arrival: Arrival<'_>,
    ) -> Result<Entered, ProviderSignInFault> {
        let accounts = &self.accounts;
        accounts.may_try(arrival.source)?;
        let provider = accounts.providers.get(arrival.provider);
        let provider = provider.ok_or(ProviderSignInFault::NoSuchProvider)?;
        let arrived = provider.port.arrive(arrival.cookie, arrival.returned, self.now()).await;
        let (errand, claimed) = arrived?;
        let organisation = self.organisation(&errand.organisation);
        let organisation = organisation.ok_or(ProviderSignInFault::NoSuchProvider)?;
        let account = match &errand.invitation {
            Some(token) => {
                accounts.link_by_invitation(organisation, provider, token, &claimed).await?
            }
            None => accounts.of_identity(organisation, provider, &claimed).await?,
        };
        let second_step = provider.admission.took_second_step(&claimed);
        let half = account.second_step.is_some() && !second_step;
        let name = arrival.provider.to_owned();
        let opening = Opening {
            browser: arrival.browser,
            half,
            provider: Some(ByProvider { name, second_step }),
        };
        let signed_in = accounts.begin(&organisation.id, &account, opening).await?;
        if !half {
            accounts.signed_in(&organisation.id, &account.login).await?;
        }
        Ok(Entered { organisation: organisation.id.clone(), next: errand.next, signed_in })
    }
}

/// Under what an identity is kept.
fn identity_id(identity: &Identity) -> String {
    let Identity { issuer, subject } = identity;
    hex(&sha256(format!("{}:{issuer}{subject}", issuer.len()).as_bytes()))
}

/// What a new account is called: as the provider says, or where it says nothing that could be one, by the identity.
fn new_account(claimed: &Claimed, role: Role, id: &str) -> NewAccount {
    const ID_SHOWN: usize = 12;
    let proposed = claimed.login.as_deref().and_then(login);
    let plain: String = id.chars().take(ID_SHOWN).collect();
    let login = proposed.unwrap_or_else(|| format!("p-{plain}"));
    let name = claimed.name.as_deref().unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect();
    let name = if is_blank(&name) { login.clone() } else { name };
    NewAccount { login, name, role }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(issuer: &str, subject: &str) -> Identity {
        Identity { issuer: issuer.to_owned(), subject: subject.to_owned() }
    }

    #[test]
    fn no_two_identities_are_kept_as_one() {
        let all = [
            identity("https://a", "bc"),
            identity("https://ab", "c"),
            identity("https://a", "b"),
            identity("https://A", "bc"),
        ];
        let ids: std::collections::BTreeSet<String> = all.iter().map(identity_id).collect();
        assert_eq!(ids.len(), all.len());
    }

    #[test]
    fn an_account_has_a_login_and_a_name_whatever_the_provider_says() {
        let made = |said: Option<&str>, name: Option<&str>| {
            let claimed = Claimed {
                identity: identity("https://a", "b"),
                login: said.map(str::to_owned),
                name: name.map(str::to_owned),
                groups: Vec::new(),
                methods: Vec::new(),
                context: None,
            };
            let new = new_account(&claimed, Role::none(), "0123456789abcdef");
            (new.login, new.name)
        };
        let own = |login: &str, name: &str| (login.to_owned(), name.to_owned());
        let usual = made(Some("Ann@Karbon.example"), Some("Ann Hall"));
        assert_eq!(usual, own("ann@karbon.example", "Ann Hall"));
        assert_eq!(made(Some("a b/c"), None), own("p-0123456789ab", "p-0123456789ab"));
        assert_eq!(made(None, Some("Ann\u{0}\r\nHall")), own("p-0123456789ab", "AnnHall"));
        assert_eq!(made(None, Some(" ")).1, "p-0123456789ab");
        assert_eq!(made(None, Some(&"x".repeat(500))).1.len(), NAME_CHARS_MAX);
    }
}
