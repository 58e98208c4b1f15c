//! One item of a queue, and what staff do with it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::contacts::NoQuery;
use super::shape;
use crate::casework::hand_over::Actor;
use crate::casework::not_theirs::NotTheirs;
use crate::domain::channel::Channel;
use crate::domain::queue::{ItemAction, QueueItem};
use crate::staff::permit::{Permitted, WorksQueues};
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, Json, Named};
use crate::staff::{Staff, download};

type ItemPath = Named<(String, String)>;
type ItemAnswer = Result<axum::Json<QueueItem>, Problem>;

/// One item.
#[utoipa::path(
    get, path = "/api/v1/queues/{queue}/{item}", operation_id = "read_item", tag = "queues",
    params(("queue" = String, Path), ("item" = String, Path)),
    responses((status = 200, description = "The item", body = shape::QueueItem))
)]
pub async fn read_item(
    caller: Permitted<WorksQueues>,
    path: ItemPath,
    _query: Asked<NoQuery>,
) -> ItemAnswer {
    let Named((queue, item)) = path;
    Ok(axum::Json(caller.casework().desk.item(&caller.organisation().id, &queue, &item).await?))
}

/// The original as it came, byte for byte.
#[utoipa::path(
    get, path = "/api/v1/queues/{queue}/{item}/original", operation_id = "read_original",
    tag = "queues", params(("queue" = String, Path), ("item" = String, Path)),
    responses((
        status = 200, description = "The bytes",
        content(("message/rfc822"), ("application/octet-stream"))
    ))
)]
pub async fn original(
    State(staff): State<Arc<Staff>>,
    caller: Permitted<WorksQueues>,
    path: ItemPath,
    _query: Asked<NoQuery>,
) -> Result<Response, Problem> {
    let Named((queue, item)) = path;
    let (item, bytes) =
        caller.casework().desk.original(&caller.organisation().id, &queue, &item).await?;
    let (kind, ending) = match item.channel {
        Channel::Email => ("message/rfc822", "eml"),
        Channel::WebForm
        | Channel::Telephone
        | Channel::Sms
        | Channel::Whatsapp
        | Channel::Letter
        | Channel::InPerson
        | Channel::Social
        | Channel::WebChat => ("application/octet-stream", "bin"),
    };
    let headers = download::saved(kind, &item.id, ending);
    Ok((headers, download::body(bytes, staff.folder.as_deref())).into_response())
}

/// Claim the item: nobody else works on it.
#[utoipa::path(
    post, path = "/api/v1/queues/{queue}/{item}/claim", operation_id = "claim_item",
    tag = "queues", params(("queue" = String, Path), ("item" = String, Path)),
    responses((status = 200, description = "The item as it is now", body = shape::QueueItem))
)]
pub async fn claim(
    caller: Permitted<WorksQueues>,
    path: ItemPath,
    _query: Asked<NoQuery>,
) -> ItemAnswer {
    work(&caller, path, ItemAction::Claim).await
}

/// Give up one's claim: anybody may take the item.
#[utoipa::path(
    post, path = "/api/v1/queues/{queue}/{item}/put-back", operation_id = "put_item_back",
    tag = "queues", params(("queue" = String, Path), ("item" = String, Path)),
    responses((status = 200, description = "The item as it is now", body = shape::QueueItem))
)]
pub async fn put_back(
    caller: Permitted<WorksQueues>,
    path: ItemPath,
    _query: Asked<NoQuery>,
) -> ItemAnswer {
    work(&caller, path, ItemAction::PutBack).await
}

/// Take back that the item was read, filed or closed: it waits again, on the queue from which it was filed. Anybody can
/// open a filed or closed item again, regardless of who had it; what was released can't be taken back.
#[utoipa::path(
    post, path = "/api/v1/queues/{queue}/{item}/reopen", operation_id = "reopen_item",
    tag = "queues", params(("queue" = String, Path), ("item" = String, Path)),
    responses((status = 200, description = "The item as it is now", body = shape::QueueItem))
)]
pub async fn reopen(
    caller: Permitted<WorksQueues>,
    path: ItemPath,
    _query: Asked<NoQuery>,
) -> ItemAnswer {
    work(&caller, path, ItemAction::Reopen).await
}

/// Who gets an item.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOverBody {
    /// The name of somebody who works queues, as the audit trail has it.
    to: String,
}

/// Put the item into a colleague's name. Whoever has the item can; everybody but agents can hand over any item.
#[utoipa::path(
    post, path = "/api/v1/queues/{queue}/{item}/hand-over", operation_id = "hand_item_over",
    tag = "queues", params(("queue" = String, Path), ("item" = String, Path)),
    request_body = HandOverBody,
    responses((status = 200, description = "The item as it is now", body = shape::QueueItem))
)]
pub async fn hand_over(
    caller: Permitted<WorksQueues>,
    path: ItemPath,
    _query: Asked<NoQuery>,
    Json(body): Json<HandOverBody>,
) -> ItemAnswer {
    let Named((queue, item)) = path;
    let (casework, organisation) = (caller.casework(), caller.organisation());
    let item = casework.desk.item(&organisation.id, &queue, &item).await?;
    let by = Actor { name: caller.name(), role: caller.role() };
    Ok(axum::Json(casework.hand_over(organisation, item, &body.to, by).await?))
}

/// Mark the item as read.
#[utoipa::path(
    post, path = "/api/v1/queues/{queue}/{item}/read", operation_id = "mark_item_read",
    tag = "queues", params(("queue" = String, Path), ("item" = String, Path)),
    responses((status = 200, description = "The item as it is now", body = shape::QueueItem))
)]
pub async fn read(
    caller: Permitted<WorksQueues>,
    path: ItemPath,
    _query: Asked<NoQuery>,
) -> ItemAnswer {
    work(&caller, path, ItemAction::Read).await
}

/// Hand the kept original to its recipients, once. Also claims the item.
#[utoipa::path(
    post, path = "/api/v1/queues/{queue}/{item}/release", operation_id = "release_item",
    tag = "queues", params(("queue" = String, Path), ("item" = String, Path)),
    responses((status = 200, description = "The item as it is now", body = shape::QueueItem))
)]
pub async fn release(
    caller: Permitted<WorksQueues>,
    path: ItemPath,
    _query: Asked<NoQuery>,
) -> ItemAnswer {
    work(&caller, path, ItemAction::Release).await
}

/// File the item: it goes to the queue `filed`, and nobody answers it.
#[utoipa::path(
    post, path = "/api/v1/queues/{queue}/{item}/file", operation_id = "file_item",
    tag = "queues", params(("queue" = String, Path), ("item" = String, Path)),
    responses((status = 200, description = "The item as it is now", body = shape::QueueItem))
)]
pub async fn file(
    caller: Permitted<WorksQueues>,
    path: ItemPath,
    _query: Asked<NoQuery>,
) -> ItemAnswer {
    work(&caller, path, ItemAction::File).await
}

/// Close the item: what had to be done is done.
#[utoipa::path(
    post, path = "/api/v1/queues/{queue}/{item}/close", operation_id = "close_item",
    tag = "queues", params(("queue" = String, Path), ("item" = String, Path)),
    responses((status = 200, description = "The item as it is now", body = shape::QueueItem))
)]
pub async fn close(
    caller: Permitted<WorksQueues>,
    path: ItemPath,
    _query: Asked<NoQuery>,
) -> ItemAnswer {
    work(&caller, path, ItemAction::Close).await
}

/// What to write on an item.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteBody {
    text: String,
}

/// Write a note on the item, in whatever state it is.
#[utoipa::path(
    post, path = "/api/v1/queues/{queue}/{item}/note", operation_id = "note_item",
    tag = "queues", params(("queue" = String, Path), ("item" = String, Path)),
    request_body = NoteBody,
    responses((status = 200, description = "The item as it is now", body = shape::QueueItem))
)]
pub async fn note(
    caller: Permitted<WorksQueues>,
    path: ItemPath,
    _query: Asked<NoQuery>,
    Json(note): Json<NoteBody>,
) -> ItemAnswer {
    work(&caller, path, ItemAction::Note(note.text)).await
}

/// Say that the item's contact was not made by the person on whose record it is: it no longer counts, and contacts
/// limited because of it are decided again.
#[utoipa::path(
    post, path = "/api/v1/queues/{queue}/{item}/not-theirs", operation_id = "item_not_theirs",
    tag = "queues", params(("queue" = String, Path), ("item" = String, Path)),
    responses((status = 200, description = "The outcome", body = shape::NotTheirs))
)]
pub async fn not_theirs(
    caller: Permitted<WorksQueues>,
    path: ItemPath,
    _query: Asked<NoQuery>,
) -> Result<axum::Json<NotTheirs>, Problem> {
    let Named((queue, item)) = path;
    let organisation = caller.organisation();
    let item = caller.casework().desk.item(&organisation.id, &queue, &item).await?;
    let done = caller.casework().not_theirs(organisation, &item.contact, caller.name()).await?;
    Ok(axum::Json(done))
}

async fn work(
    caller: &Permitted<WorksQueues>,
    Named((queue, item)): ItemPath,
    action: ItemAction,
) -> ItemAnswer {
    let organisation = &caller.organisation().id;
    let desk = &caller.casework().desk;
    Ok(axum::Json(desk.work_item(organisation, &queue, &item, action, caller.name()).await?))
}
