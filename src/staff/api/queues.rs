//! Queues and what waits on them.

use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::contacts::NoQuery;
use super::shape;
use crate::casework::queues::{ItemsWanted, QueueCount};
use crate::domain::queue::{ItemState, QueueItem};
use crate::render::tickets::Form;
use crate::runtime::limits::PAGE_ITEMS_MAX;
use crate::staff::export::exported;
use crate::staff::permit::{Permitted, WorksQueues};
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, Named};

/// Every queue with the number of items waiting.
#[derive(Serialize, ToSchema)]
pub struct QueueList {
    #[schema(value_type = Vec<shape::QueueCount>)]
    queues: Vec<QueueCount>,
}

/// Some items of a queue, oldest first.
#[derive(Serialize, ToSchema)]
pub struct ItemList {
    #[schema(value_type = Vec<shape::QueueItem>)]
    items: Vec<QueueItem>,
    /// What to give as `after` for those that follow; null: these are all for now.
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ItemsQuery {
    /// Must be the token's.
    #[serde(rename = "organisation")]
    #[param(rename = "organisation")]
    _organisation: Option<String>,
    /// Only items in these states, `open,claimed`; left out: those that wait.
    state: Option<String>,
    /// Only items after this one.
    after: Option<String>,
    /// At most so many.
    limit: Option<usize>,
}

/// Every queue that has held an item.
#[utoipa::path(
    get, path = "/api/v1/queues", operation_id = "list_queues", tag = "queues",
    responses((status = 200, description = "Queues", body = QueueList))
)]
pub async fn list(
    caller: Permitted<WorksQueues>,
    _query: Asked<NoQuery>,
) -> Result<axum::Json<QueueList>, Problem> {
    let queues = caller.casework().desk.queues(&caller.organisation().id).await?;
    Ok(axum::Json(QueueList { queues }))
}

/// A queue's items, oldest first, each with why it is there.
#[utoipa::path(
    get, path = "/api/v1/queues/{queue}", operation_id = "list_items", tag = "queues",
    params(("queue" = String, Path, description = "the queue's name"), ItemsQuery),
    responses((status = 200, description = "Items", body = ItemList))
)]
pub async fn items(
    caller: Permitted<WorksQueues>,
    Named(queue): Named<String>,
    Asked(query): Asked<ItemsQuery>,
) -> Result<axum::Json<ItemList>, Problem> {
    let wanted = ItemsWanted {
        states: states_of(query.state.as_deref())?,
        after: query.after,
        limit: query.limit.unwrap_or(PAGE_ITEMS_MAX),
    };
    let page = caller.casework().desk.items(&caller.organisation().id, &queue, wanted).await?;
    Ok(axum::Json(ItemList { items: page.items, next: page.next }))
}

/// As what a queue is written for another help desk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    #[default]
    Jsonl,
    Csv,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// Must be the token's.
    #[serde(rename = "organisation")]
    #[param(rename = "organisation")]
    _organisation: Option<String>,
    /// Only items in these states, `open,claimed`; left out: those that wait.
    state: Option<String>,
    /// `jsonl` (the default): a ticket per line; or `csv`.
    #[serde(default)]
    #[param(inline)]
    format: ExportFormat,
}

/// A whole queue as tickets that another help desk can take in, each with its whole text: `external_id` stays the
/// same, so that importing it again makes no second ticket. See docs/console.md for the fields.
#[utoipa::path(
    get, path = "/api/v1/exports/{queue}", operation_id = "export_queue", tag = "queues",
    params(("queue" = String, Path, description = "the queue's name"), ExportQuery),
    responses((
        status = 200, description = "Tickets, one per line",
        content(("application/jsonl"), ("text/csv"))
    ))
)]
pub async fn export(
    caller: Permitted<WorksQueues>,
    Named(queue): Named<String>,
    Asked(query): Asked<ExportQuery>,
) -> Result<Response, Problem> {
    let form = match query.format {
        ExportFormat::Jsonl => Form::Lines,
        ExportFormat::Csv => Form::Csv,
    };
    let states = states_of(query.state.as_deref())?;
    let organisation = caller.organisation().id.clone();
    Ok(exported(caller.office(), organisation, (queue, states), form))
}

fn states_of(names: Option<&str>) -> Result<Vec<ItemState>, Problem> {
    names
        .unwrap_or_default()
        .split(',')
        .filter(|name| !name.is_empty())
        .map(|name| {
            serde_json::from_value(serde_json::Value::from(name)).map_err(|_| {
                Problem::new(400, "invalid-query", "The query has a fault").with_detail(
                    "`state` is a list of open, claimed, read, released, filed, closed".to_owned(),
                )
            })
        })
        .collect()
}
