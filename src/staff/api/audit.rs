//! The audit trail.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::shape;
use crate::casework::audit::{AuditWanted, TrailFilter};
use crate::domain::audit::AuditEntry;
use crate::domain::decision::Disposition;
use crate::domain::flag::Flag;
use crate::runtime::limits::PAGE_ITEMS_MAX;
use crate::staff::permit::{Permitted, ReadsTrail};
use crate::staff::problem::Problem;
use crate::staff::request::Asked;

/// Some entries, oldest first.
#[derive(Serialize, ToSchema)]
pub struct AuditList {
    #[schema(value_type = Vec<shape::AuditEntry>)]
    entries: Vec<AuditEntry>,
    /// What to give as `after` for those that follow; null: there are none for now.
    next: Option<u64>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Must be the token's.
    #[serde(rename = "organisation")]
    #[param(rename = "organisation")]
    _organisation: Option<String>,
    /// Only what concerns this person: decisions on contacts that are or may be theirs, what staff did with
    /// one of these or with the record.
    person: Option<String>,
    /// Only decisions with this flag.
    flag: Option<String>,
    /// Only decisions with this disposition.
    #[param(value_type = Option<shape::Disposition>)]
    disposition: Option<Disposition>,
    /// Only entries written at this instant or later.
    from: Option<DateTime<Utc>>,
    /// Only entries written before this instant.
    to: Option<DateTime<Utc>>,
    /// Only entries after this number.
    after: Option<u64>,
    /// At most so many.
    limit: Option<usize>,
}

/// What was decided and done, by whom and when. Filters may be given together; where they let few entries
/// through, a page may have fewer than `limit`: there are more as long as `next` is a number.
#[utoipa::path(
    get, path = "/api/v1/audit", operation_id = "read_audit", tag = "audit", params(AuditQuery),
    responses((status = 200, description = "Entries", body = AuditList))
)]
pub async fn read(
    caller: Permitted<ReadsTrail>,
    Asked(query): Asked<AuditQuery>,
) -> Result<axum::Json<AuditList>, Problem> {
    let AuditQuery { person, flag, disposition, from, to, .. } = query;
    let wanted = AuditWanted {
        filter: TrailFilter { person, flag: flag.map(Flag::from), disposition, from, to },
        after: query.after.unwrap_or(0),
        limit: query.limit.unwrap_or(PAGE_ITEMS_MAX),
    };
    let page = caller.casework().desk.read_audit(&caller.organisation().id, wanted).await?;
    Ok(axum::Json(AuditList { entries: page.entries, next: page.next }))
}
