//! Tokens of the API that are made in the console or by the API, each shown once.
//!
//! Each request looks its token up in the store: one that is revoked opens nothing from then on, whichever gateway
//! is asked.

use chrono::{Months, NaiveDate};

use super::book::{Book, TRIES_MAX};
use super::staff_list::NAME_CHARS_MAX;
use super::{Accounts, token_id};
use crate::casework::{Desk, Fault};
use crate::domain::account::as_seen;
use crate::domain::api_token::ApiToken;
use crate::domain::audit::AuditEvent;
use crate::domain::duty::PROGRAM;
use crate::domain::invisible::is_blank;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::profile::Role;
use crate::runtime::limits::{API_TOKEN_MONTHS_MAX, API_TOKENS_MAX};
use crate::runtime::tokens::{Presented, sha256_of_hex, token};

/// For which holder a token is to be made, and what it opens.
#[derive(Debug, Clone)]
pub struct NewApiToken {
    pub name: String,
    pub role: Role,
    /// The last day on which it is valid.
    pub expires: NaiveDate,
}

/// A token that passed the checks: only [`Accounts::check_api_token`] makes one.
pub struct CheckedApiToken(NewApiToken);

/// A token that was just made. It can't be shown again.
pub struct MadeApiToken {
    pub id: String,
    pub token: String,
    pub record: ApiToken,
}

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
pub enum ApiTokenFault {
    #[error("name the holder, in one line of at most {} characters", NAME_CHARS_MAX)]
    Name,
    #[error("the name is somebody else's, or a token of that name has another role")]
    NameTaken,
    #[error("the role is neither `program` nor a role of the profile")]
    Role,
    #[error("the last day may be from today to {latest}")]
    LastDay { latest: NaiveDate },
    #[error("there are {} tokens already: revoke those that are not used", API_TOKENS_MAX)]
    TooMany,
    #[error(transparent)]
    Store(#[from] Fault),
}

impl Accounts {
    /// Makes a token, and notes it on the trail.
    ///
    /// # Errors
    /// [`ApiTokenFault`]
    pub async fn make_api_token(
        &self,
        organisation: &Organisation,
        CheckedApiToken(new): CheckedApiToken,
        by: &str,
    ) -> Result<MadeApiToken, ApiTokenFault> {
        // Its organisation is in front, so that one look-up finds it, and an ill-formed one needs none.
        let token = format!("{}.{}", organisation.id, token().map_err(Fault::from)?);
        let id = token_id(&token);
        let stamp = self.stamp(by);
        let record = ApiToken {
            name: new.name,
            role: new.role,
            expires: new.expires,
            made: stamp.at,
            made_by: by.to_owned(),
            used: None,
        };
        let event = Some(event(&id, &record, "made"));
        if !self.book.put_api_token(&organisation.id, &id, &record, 0, stamp, event).await? {
            return Err(Fault::Contended.into());
        }
        Ok(MadeApiToken { id, token, record })
    }

    /// Checks that a token with these properties can be made.
    ///
    /// # Errors
    /// [`ApiTokenFault`]
    pub async fn check_api_token(
        &self,
        organisation: &Organisation,
        new: NewApiToken,
    ) -> Result<CheckedApiToken, ApiTokenFault> {
        let name = new.name.trim().to_owned();
        let is_line = !name.chars().any(char::is_control);
        if is_blank(&name) || !is_line || name.chars().count() > NAME_CHARS_MAX {
            return Err(ApiTokenFault::Name);
        }
        if !is_role(organisation, &new.role) {
            return Err(ApiTokenFault::Role);
        }
        let today = self.today(organisation);
        let latest = latest_day(today);
        if !(today..=latest).contains(&new.expires) {
            return Err(ApiTokenFault::LastDay { latest });
        }
        let tokens = self.api_tokens(&organisation.id).await?;
        if tokens.len() >= API_TOKENS_MAX {
            return Err(ApiTokenFault::TooMany);
        }
        let accounts = self.book.accounts(&organisation.id).await?;
        let seen = as_seen(&name);
        // A holder may have a second token, so that one can follow another without a gap.
        let is_another = |one: &ApiToken| {
            as_seen(&one.name) == seen && (one.name != name || one.role != new.role)
        };
        let is_taken = self.is_name_of_another(&organisation.id, &accounts, &seen);
        if is_taken || tokens.iter().any(|(_, one)| is_another(one)) {
            return Err(ApiTokenFault::NameTaken);
        }
        Ok(CheckedApiToken(NewApiToken { name, ..new }))
    }

    /// The latest day that a token made today may have as its last.
    pub fn latest_api_token_day(&self, organisation: &Organisation) -> NaiveDate {
        latest_day(self.today(organisation))
    }

    fn today(&self, organisation: &Organisation) -> NaiveDate {
        self.now().with_timezone(&organisation.profile.timezone).date_naive()
    }

    /// Every token that was made and not revoked, by its holder's name; expired ones for some weeks.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn api_tokens(
        &self,
        organisation: &OrganisationId,
    ) -> Result<Vec<(String, ApiToken)>, Fault> {
        let mut tokens = self.book.api_tokens(organisation).await?;
        tokens.sort_by(|(_, one), (_, other)| {
            (&one.name, one.expires).cmp(&(&other.name, other.expires))
        });
        Ok(tokens)
    }

    /// Revokes a token: it opens nothing from now on.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: the organisation has no such token.
    pub async fn revoke_api_token(
        &self,
        organisation: &OrganisationId,
        id: &str,
        by: &str,
    ) -> Result<(), Fault> {
        if sha256_of_hex(id).is_none() {
            return Err(Fault::NotFound("token"));
        }
        for _ in 0..TRIES_MAX {
            let found = self.book.api_token(organisation, id).await?;
            let (record, version) = found.ok_or(Fault::NotFound("token"))?;
            let event = event(id, &record, "revoked");
            let read = (id, version);
            if self.book.remove_api_token(organisation, read, self.stamp(by), event).await? {
                return Ok(());
            }
        }
        Err(Fault::Contended)
    }

    /// What a token opens at this moment. The first use of a day is noted.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn present_api_token(
        &self,
        organisation: &Organisation,
        token: &str,
    ) -> Result<Presented<ApiToken>, Fault> {
        let id = token_id(token);
        let Some((mut record, version)) = self.book.api_token(&organisation.id, &id).await? else {
            return Ok(Presented::Unknown);
        };
        // The profile may have lost the role since.
        if !is_role(organisation, &record.role) {
            return Ok(Presented::Unknown);
        }
        if record.life(organisation.profile.timezone).end() <= self.now() {
            return Ok(Presented::Expired);
        }
        let today = self.today(organisation);
        if record.used.is_none_or(|used| used < today) {
            record.used = Some(today);
            let stamp = self.stamp(&record.name);
            let of = &organisation.id;
            // Another gateway may have noted it in the same moment, or revoked the token: either is left as it is.
            let noted = self.book.put_api_token(of, &id, &record, version, stamp, None).await;
            if let Err(fault) = noted {
                tracing::debug!(%fault, "the use of a token is not noted");
            }
        }
        Ok(Presented::Holds(record))
    }
}

impl Desk {
    /// Every token that was made and not revoked, in no order.
    ///
    /// # Errors
    /// The store can't be read.
    pub(in crate::casework) async fn api_tokens(
        &self,
        organisation: &OrganisationId,
    ) -> Result<Vec<ApiToken>, Fault> {
        let tokens = Book::new(self.store.clone()).api_tokens(organisation).await?;
        Ok(tokens.into_iter().map(|(_, token)| token).collect())
    }
}

fn is_role(organisation: &Organisation, role: &Role) -> bool {
    role.0 == PROGRAM || organisation.profile.roles.contains(role)
}

fn latest_day(today: NaiveDate) -> NaiveDate {
    today.checked_add_months(Months::new(API_TOKEN_MONTHS_MAX)).unwrap_or(today)
}

fn event(id: &str, record: &ApiToken, action: &str) -> AuditEvent {
    AuditEvent::ApiToken {
        token: id.to_owned(),
        holder: record.name.clone(),
        role: record.role.clone(),
        expires: record.expires,
        action: action.to_owned(),
    }
}
