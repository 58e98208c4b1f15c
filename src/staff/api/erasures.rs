//! Erasing all about a person, and holding a record against that.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::contacts::NoQuery;
use crate::casework::acting::Acting;
use crate::casework::erasure::{AskErasure, AskedErasure, ErasurePreview, Hold, Proof};
use crate::staff::permit::{AnswersForData, ApprovesErasures, Permitted};
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, Json, Named};

/// The body of a request.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Asking {
    /// By which it is due, such as `Art. 17(1)(d)`.
    clause: String,
    reason: Option<String>,
    /// Why it goes although a restriction is in force, or an appeal is open.
    despite: Option<String>,
}

/// Why a record is held.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Holding {
    reason: String,
}

/// Erasures, in no order.
#[derive(Serialize, ToSchema)]
pub struct Erasures {
    #[schema(value_type = Vec<Object>)]
    erasures: Vec<Proof>,
}

/// What erasing a person's record would remove, what stays, and what prevents it. Nothing is removed.
#[utoipa::path(
    get, path = "/api/v1/people/{person}/erasure", operation_id = "preview_erasure", tag = "people",
    params(("person" = String, Path, description = "the person's id")),
    responses((status = 200, description = "The preview", body = Object))
)]
pub async fn preview(
    caller: Permitted<AnswersForData>,
    Named(person): Named<String>,
    _query: Asked<NoQuery>,
) -> Result<axum::Json<ErasurePreview>, Problem> {
    let organisation = caller.organisation();
    Ok(axum::Json(caller.casework().desk.preview_erasure(organisation, &person).await?))
}

/// Ask for all about a person to be erased. Somebody else approves it.
#[utoipa::path(
    post, path = "/api/v1/people/{person}/erasure", operation_id = "ask_erasure", tag = "people",
    params(("person" = String, Path, description = "the person's id")),
    request_body = Asking,
    responses(
        (status = 201, description = "It waits for approval", body = Object),
        (status = 409, description = "Somebody has asked for it before"),
        (status = 422, description = "`broken` lists the reasons to refuse it"),
    )
)]
pub async fn ask(
    caller: Permitted<AnswersForData>,
    Named(person): Named<String>,
    _query: Asked<NoQuery>,
    Json(asking): Json<Asking>,
) -> Result<Response, Problem> {
    let (desk, organisation) = (&caller.casework().desk, caller.organisation());
    let ask = AskErasure { clause: &asking.clause, despite: asking.despite.as_deref() };
    let acting = Acting::from(caller.name()).because(asking.reason.as_deref());
    let asked: AskedErasure = desk.ask_erasure(organisation, &person, ask, acting).await?;
    Ok((StatusCode::CREATED, axum::Json(asked)).into_response())
}

/// Take the request back.
#[utoipa::path(
    delete, path = "/api/v1/people/{person}/erasure", operation_id = "withdraw_erasure",
    tag = "people", params(("person" = String, Path, description = "the person's id")),
    responses((status = 204, description = "Nothing is erased"))
)]
pub async fn withdraw(
    caller: Permitted<AnswersForData>,
    Named(person): Named<String>,
    _query: Asked<NoQuery>,
) -> Result<StatusCode, Problem> {
    let organisation = &caller.organisation().id;
    let acting = Acting::from(caller.name());
    caller.casework().desk.withdraw_erasure(organisation, &person, acting).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Approve the request, and erase: the answer lists the removals. It can't be undone. The person who asked for it can't
/// approve it. Where it takes longer than the answer waits (503), it goes on; see `GET /api/v1/erasures`.
#[utoipa::path(
    post, path = "/api/v1/people/{person}/erasure/approval", operation_id = "approve_erasure",
    tag = "people", params(("person" = String, Path, description = "the person's id")),
    responses(
        (status = 200, description = "Everything is erased; the number of each kind", body = Object),
        (status = 422, description = "`broken` lists the reasons to refuse it"),
    )
)]
pub async fn approve(
    caller: Permitted<ApprovesErasures>,
    Named(person): Named<String>,
    _query: Asked<NoQuery>,
) -> Result<axum::Json<Proof>, Problem> {
    let (desk, organisation) = (&caller.casework().desk, caller.organisation());
    Ok(axum::Json(desk.approve_erasure(organisation, &person, caller.name()).await?))
}

/// Hold a person's record: nothing of it is erased until somebody ends the hold.
#[utoipa::path(
    put, path = "/api/v1/people/{person}/hold", operation_id = "hold_person", tag = "people",
    params(("person" = String, Path, description = "the person's id")),
    request_body = Holding,
    responses((status = 200, description = "It is held", body = Object))
)]
pub async fn hold(
    caller: Permitted<AnswersForData>,
    Named(person): Named<String>,
    _query: Asked<NoQuery>,
    Json(holding): Json<Holding>,
) -> Result<axum::Json<Hold>, Problem> {
    let acting = Acting::from(caller.name()).because(Some(&holding.reason));
    let organisation = &caller.organisation().id;
    Ok(axum::Json(caller.casework().desk.hold(organisation, &person, acting).await?))
}

/// End a hold.
#[utoipa::path(
    delete, path = "/api/v1/people/{person}/hold", operation_id = "end_hold", tag = "people",
    params(("person" = String, Path, description = "the person's id")),
    responses((status = 204, description = "It is no longer on hold"))
)]
pub async fn end_hold(
    caller: Permitted<AnswersForData>,
    Named(person): Named<String>,
    _query: Asked<NoQuery>,
) -> Result<StatusCode, Problem> {
    let acting = Acting::from(caller.name());
    caller.casework().desk.end_hold(&caller.organisation().id, &person, acting).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Erasures: how much, when, by which clause, who asked and who approved. It names none of the people erased.
#[utoipa::path(
    get, path = "/api/v1/erasures", operation_id = "list_erasures", tag = "people",
    responses((status = 200, description = "Erasures", body = Erasures))
)]
pub async fn list(
    caller: Permitted<AnswersForData>,
    _query: Asked<NoQuery>,
) -> Result<axum::Json<Erasures>, Problem> {
    let erasures = caller.casework().desk.erasures(&caller.organisation().id).await?;
    Ok(axum::Json(Erasures { erasures }))
}
