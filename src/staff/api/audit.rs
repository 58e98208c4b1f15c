//! The audit trail.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::shape;
use crate::domain::audit::AuditEntry;
use crate::runtime::limits::PAGE_ITEMS_MAX;
use crate::staff::permit::{Permitted, ReadsTrail};
use crate::staff::problem::Problem;
use crate::staff::request::Asked;

/// Some entries, oldest first.
#[derive(Serialize, ToSchema)]
pub struct AuditList {
    #[schema(value_type = Vec<shape::AuditEntry>)]
    entries: Vec<AuditEntry>,
    /// What to give as `after` for those that follow; null: these are all for now.
    next: Option<u64>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Must be the token's.
    #[serde(rename = "organisation")]
    #[param(rename = "organisation")]
    _organisation: Option<String>,
    /// Only entries after this number.
    after: Option<u64>,
    /// At most so many.
    limit: Option<usize>,
}

/// What was decided and done, by whom, when.
#[utoipa::path(
    get, path = "/api/v1/audit", operation_id = "read_audit", tag = "audit", params(AuditQuery),
    responses((status = 200, description = "Entries", body = AuditList))
)]
pub async fn read(
    caller: Permitted<ReadsTrail>,
    Asked(query): Asked<AuditQuery>,
) -> Result<axum::Json<AuditList>, Problem> {
    let limit = query.limit.unwrap_or(PAGE_ITEMS_MAX);
    let after = query.after.unwrap_or(0);
    let page = caller.casework().desk.read_audit(&caller.organisation().id, after, limit).await?;
    Ok(axum::Json(AuditList { entries: page.entries, next: page.next }))
}
