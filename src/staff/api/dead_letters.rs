//! Events that other systems did not accept.

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::contacts::NoQuery;
use super::shape;
use crate::casework::dead_letters::DeadLetter;
use crate::staff::permit::{KeepsSettings, Permitted};
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, Named};

/// Dead letters, in the order in which they were given up.
#[derive(Serialize, ToSchema)]
pub struct DeadLetterList {
    #[schema(value_type = Vec<shape::DeadLetter>)]
    dead_letters: Vec<DeadLetter>,
}

type LetterPath = Named<(String, String)>;

/// Events that a receiver refused, or was away too long for. Few are kept, so that all are shown.
#[utoipa::path(
    get, path = "/api/v1/events/dead-letters", operation_id = "list_dead_letters", tag = "events",
    responses((status = 200, description = "Dead letters", body = DeadLetterList))
)]
pub async fn list(
    caller: Permitted<KeepsSettings>,
    _query: Asked<NoQuery>,
) -> axum::Json<DeadLetterList> {
    let dead_letters = caller.casework().dead_letters(&caller.organisation().id).await;
    axum::Json(DeadLetterList { dead_letters })
}

/// Send one to its receiver again, soon. Once accepted it disappears from the list.
#[utoipa::path(
    post, path = "/api/v1/events/dead-letters/{receiver}/{event}/retry",
    operation_id = "retry_dead_letter", tag = "events",
    params(
        ("receiver" = String, Path, description = "the receiver's configured name"),
        ("event" = String, Path, description = "the event's id"),
    ),
    responses((status = 202, description = "It will be sent again"))
)]
pub async fn try_again(
    caller: Permitted<KeepsSettings>,
    Named((receiver, event)): LetterPath,
    _query: Asked<NoQuery>,
) -> Result<StatusCode, Problem> {
    caller.casework().try_dead_letter_again(&caller.organisation().id, &receiver, &event).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Let go of one. What happened stays in the audit trail, with who let go of it (`dead_letter_discarded`).
#[utoipa::path(
    delete, path = "/api/v1/events/dead-letters/{receiver}/{event}",
    operation_id = "discard_dead_letter", tag = "events",
    params(
        ("receiver" = String, Path, description = "the receiver's configured name"),
        ("event" = String, Path, description = "the event's id"),
    ),
    responses((status = 204, description = "It is gone"))
)]
pub async fn discard(
    caller: Permitted<KeepsSettings>,
    Named((receiver, event)): LetterPath,
    _query: Asked<NoQuery>,
) -> Result<StatusCode, Problem> {
    let organisation = &caller.organisation().id;
    caller.casework().discard_dead_letter(organisation, &receiver, &event, caller.name()).await?;
    Ok(StatusCode::NO_CONTENT)
}
