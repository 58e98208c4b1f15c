//! What the organisation's schedule lets go: records due for removal, and removing them by two people.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::contacts::NoQuery;
use crate::casework::Fault;
use crate::casework::erasure::Proof;
use crate::casework::retention::SweepPreview;
use crate::domain::retention::Class;
use crate::staff::permit::{AnswersForData, ApprovesErasures, Permitted};
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, Named};

/// What each rule would remove today.
#[derive(Serialize, ToSchema)]
pub struct Due {
    #[schema(value_type = Vec<Object>)]
    classes: Vec<SweepPreview>,
}

fn class_of(name: &str) -> Result<Class, Problem> {
    Ok(Class::of_name(name).ok_or(Fault::NotFound("class of retention"))?)
}

/// What each rule of `[organisation.retention]` would remove today: how many, and the first ids.
#[utoipa::path(
    get, path = "/api/v1/retention", operation_id = "preview_retention", tag = "people",
    responses((status = 200, description = "What is due", body = Due))
)]
pub async fn preview(
    caller: Permitted<AnswersForData>,
    _query: Asked<NoQuery>,
) -> Result<axum::Json<Due>, Problem> {
    let (casework, organisation) = (caller.casework(), caller.organisation());
    let schedule = casework.schedule(&organisation.id);
    let classes = casework.desk.preview_retention(organisation, schedule).await?;
    Ok(axum::Json(Due { classes }))
}

/// Ask for everything due in a class (`items`, `contacts`, `records`, `trail`) to be removed. Somebody else approves
/// it, and nothing later goes with it.
#[utoipa::path(
    post, path = "/api/v1/retention/{class}", operation_id = "ask_sweep", tag = "people",
    params(("class" = String, Path)),
    responses(
        (status = 201, description = "It waits for approval", body = Object),
        (status = 409, description = "Somebody has asked for it before"),
    )
)]
pub async fn ask(
    caller: Permitted<AnswersForData>,
    Named(class): Named<String>,
    _query: Asked<NoQuery>,
) -> Result<Response, Problem> {
    let (casework, id) = (caller.casework(), &caller.organisation().id);
    let (schedule, class) = (casework.schedule(id), class_of(&class)?);
    let asked = casework.desk.ask_sweep(id, schedule, class, caller.name()).await?;
    Ok((StatusCode::CREATED, axum::Json(asked)).into_response())
}

/// Take the request back.
#[utoipa::path(
    delete, path = "/api/v1/retention/{class}", operation_id = "withdraw_sweep", tag = "people",
    params(("class" = String, Path)),
    responses((status = 204, description = "Nothing is removed"))
)]
pub async fn withdraw(
    caller: Permitted<AnswersForData>,
    Named(class): Named<String>,
    _query: Asked<NoQuery>,
) -> Result<StatusCode, Problem> {
    let id = &caller.organisation().id;
    caller.casework().desk.withdraw_sweep(id, class_of(&class)?, caller.name()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Approve the request, and remove: the answer lists the removals. It can't be undone. The person who asked can't
/// approve. What takes longer goes on by itself (`is_complete` is false); see `GET /api/v1/erasures`.
#[utoipa::path(
    post, path = "/api/v1/retention/{class}/approval", operation_id = "approve_sweep", tag = "people",
    params(("class" = String, Path)),
    responses((status = 200, description = "What was removed so far", body = Object))
)]
pub async fn approve(
    caller: Permitted<ApprovesErasures>,
    Named(class): Named<String>,
    _query: Asked<NoQuery>,
) -> Result<axum::Json<Proof>, Problem> {
    let (desk, organisation) = (&caller.casework().desk, caller.organisation());
    Ok(axum::Json(desk.approve_sweep(organisation, class_of(&class)?, caller.name()).await?))
}
