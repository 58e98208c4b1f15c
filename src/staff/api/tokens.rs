//! Tokens of the API: listed, made, revoked.

use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::contacts::NoQuery;
use crate::casework::accounts::{ApiTokenFault, NewApiToken};
use crate::domain::duty::Duty;
use crate::domain::permission;
use crate::domain::profile::Role;
use crate::staff::permit::{KeepsSettings, Permitted};
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, Json, Named};

/// Tokens of the organisation: those of the configuration, then those made while the gateway runs.
#[derive(Serialize, ToSchema)]
pub struct TokenList {
    tokens: Vec<TokenEntry>,
}

/// A token's record.
#[derive(Serialize, ToSchema)]
pub struct TokenEntry {
    /// The SHA-256 of the token, in hexadecimal; left out for a token of the configuration, where it is revoked as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// The holder, as the audit trail has it.
    name: String,
    role: String,
    /// The last day on which it is valid; left out: it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    made: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    made_by: Option<String>,
    /// The last day on which it was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    used: Option<NaiveDate>,
}

/// For which holder a token is made, and what it opens.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenToMake {
    /// The holder, for the audit trail: nobody else's name, but that of the same holder's other token.
    name: String,
    /// `program`, or a role of the profile.
    role: String,
    /// The last day on which it is valid: at most a year from today.
    expires: NaiveDate,
}

/// A token that was just made.
#[derive(Serialize, ToSchema)]
pub struct TokenMade {
    /// For `Authorization: Bearer`. It can't be shown again.
    token: String,
    /// By which it is revoked.
    id: String,
    name: String,
    role: String,
    expires: NaiveDate,
}

/// Tokens of the configuration, and those made in the console or here. Expired ones are listed for 90 days.
#[utoipa::path(
    get, path = "/api/v1/tokens", operation_id = "list_tokens", tag = "tokens",
    responses((status = 200, description = "Tokens", body = TokenList))
)]
pub async fn list(
    caller: Permitted<KeepsSettings>,
    _query: Asked<NoQuery>,
) -> Result<axum::Json<TokenList>, Problem> {
    let organisation = &caller.organisation().id;
    let configured = caller.configured_tokens().map(|one| TokenEntry {
        id: None,
        name: one.name.clone(),
        role: one.role.0.clone(),
        expires: one.expires.map(|life| life.last_day()),
        made: None,
        made_by: None,
        used: None,
    });
    let made = caller.casework().accounts.api_tokens(organisation).await?;
    let made = made.into_iter().map(|(id, one)| TokenEntry {
        id: Some(id),
        name: one.name,
        role: one.role.0,
        expires: Some(one.expires),
        made: Some(one.made),
        made_by: Some(one.made_by),
        used: one.used,
    });
    Ok(axum::Json(TokenList { tokens: configured.chain(made).collect() }))
}

/// Make a token for a program. The answer is the only place where it is shown: only its SHA-256 is stored. It opens the
/// API at once, on every gateway; decision endpoints take tokens of the configuration only. A token whose role keeps the
/// settings is made in the console only.
#[utoipa::path(
    post, path = "/api/v1/tokens", operation_id = "make_token", tag = "tokens",
    request_body = TokenToMake,
    responses(
        (status = 201, description = "The token", body = TokenMade),
        (status = 409, description = "The name is somebody else's"),
        (status = 422, description = "Name, role or last day can't be accepted, or there are too many tokens"),
    )
)]
pub async fn make(
    caller: Permitted<KeepsSettings>,
    _query: Asked<NoQuery>,
    Json(asked): Json<TokenToMake>,
) -> Result<(StatusCode, axum::Json<TokenMade>), Problem> {
    let new = NewApiToken { name: asked.name, role: Role(asked.role), expires: asked.expires };
    // A stolen token must not make itself a successor: in the console somebody says who they are.
    if permission::has(&caller.organisation().profile, &new.role, Duty::Settings) {
        let detail = "a token whose role keeps the settings is made in the console only";
        return Err(Problem::new(422, "refused", "Refused").with_detail(detail.to_owned()));
    }
    let accounts = &caller.casework().accounts;
    let new = accounts.check_api_token(caller.organisation(), new).await.map_err(not_made)?;
    let made = accounts.make_api_token(caller.organisation(), new, caller.name()).await;
    let made = made.map_err(not_made)?;
    let answer = TokenMade {
        token: made.token,
        id: made.id,
        name: made.record.name,
        role: made.record.role.0,
        expires: made.record.expires,
    };
    Ok((StatusCode::CREATED, axum::Json(answer)))
}

/// Revoke a token that was made in the console or here. It is refused from now on, on every gateway.
#[utoipa::path(
    delete, path = "/api/v1/tokens/{token}", operation_id = "revoke_token", tag = "tokens",
    params(("token" = String, Path, description = "the token's id")),
    responses((status = 204, description = "It opens nothing"))
)]
pub async fn revoke(
    caller: Permitted<KeepsSettings>,
    Named(token): Named<String>,
    _query: Asked<NoQuery>,
) -> Result<StatusCode, Problem> {
    let organisation = &caller.organisation().id;
    caller.casework().accounts.revoke_api_token(organisation, &token, caller.name()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn not_made(fault: ApiTokenFault) -> Problem {
    let detail = fault.to_string();
    match fault {
        ApiTokenFault::NameTaken => {
            Problem::new(409, "exists", "There already").with_detail(detail)
        }
        ApiTokenFault::Name
        | ApiTokenFault::Role
        | ApiTokenFault::LastDay { .. }
        | ApiTokenFault::TooMany => Problem::new(422, "refused", "Refused").with_detail(detail),
        ApiTokenFault::Store(fault) => fault.into(),
    }
}
