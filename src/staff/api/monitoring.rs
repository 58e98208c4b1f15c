//! Metrics, health, and the API's own document.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::staff::Staff;
use crate::staff::auth::has_token;
use crate::staff::permit::{Permitted, SignedIn};

/// The API's document as it is served.
#[derive(Clone)]
pub struct Document(pub Arc<str>);

/// This document.
#[utoipa::path(
    get, path = "/api/v1/openapi.json", operation_id = "read_document", tag = "monitoring",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json"))
)]
pub async fn openapi(Extension(Document(document)): Extension<Document>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], document.to_string())
}

/// Metrics of the token's organisation and of the whole gateway, as OpenMetrics text.
#[utoipa::path(
    get, path = "/metrics", operation_id = "read_metrics", tag = "monitoring",
    responses((
        status = 200, description = "OpenMetrics 1.0", content_type = "application/openmetrics-text"
    ))
)]
pub async fn metrics(
    State(staff): State<Arc<Staff>>,
    caller: Permitted<SignedIn>,
) -> impl IntoResponse {
    let text = staff.metrics.text_for(caller.organisation().id.as_str());
    ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
}

/// Whether the process answers at all.
#[utoipa::path(
    get, path = "/health/live", operation_id = "is_live", tag = "monitoring",
    responses((status = 200, description = "It lives", content_type = "text/plain"))
)]
pub async fn live() -> &'static str {
    "live\n"
}

/// Whether every part works.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    ready: bool,
    /// Each part: `ok`; else its fault, or without a token `fault`.
    parts: BTreeMap<&'static str, String>,
}

/// Whether the gateway can do its work, and if not, which part can't: for monitoring. With a token it says why.
#[utoipa::path(
    get, path = "/health/ready", operation_id = "is_ready", tag = "monitoring",
    responses(
        (status = 200, description = "Ready", body = Readiness),
        (status = 503, description = "Not ready; `parts` says which", body = Readiness),
    )
)]
pub async fn ready(State(staff): State<Arc<Staff>>, request: Parts) -> impl IntoResponse {
    let in_words = has_token(&staff, &request).await;
    let mut parts = BTreeMap::new();
    let mut ready = true;
    for state in staff.health.states().await {
        staff.metrics.part(state.part, state.fault.is_none());
        ready &= state.fault.is_none();
        let said = match state.fault {
            None => "ok".to_owned(),
            Some(fault) if in_words => fault,
            // A fault may name folders, or how many organisations there are.
            Some(_) => "fault".to_owned(),
        };
        parts.insert(state.part, said);
    }
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(Readiness { ready, parts }))
}

/// Whether contacts may be sent to this gateway: for load balancers. It decides on what it knows while the store or
/// the mail server is away, so that their faults don't show here.
#[utoipa::path(
    get, path = "/health/serving", operation_id = "is_serving", tag = "monitoring",
    responses(
        (status = 200, description = "It serves", content_type = "text/plain"),
        (status = 503, description = "It is starting", content_type = "text/plain"),
    )
)]
pub async fn serving(State(staff): State<Arc<Staff>>) -> (StatusCode, &'static str) {
    // While the gateway stops, its listener is closed.
    if staff.health.serves() {
        (StatusCode::OK, "serving\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "starting\n")
    }
}
