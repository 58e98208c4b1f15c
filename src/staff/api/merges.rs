//! Two records of one person: what merging them would do, merging them, and parting them again.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::contacts::NoQuery;
use crate::casework::acting::Acting;
use crate::casework::looked::Look;
use crate::casework::merge::{Consequences, Merge, Parted};
use crate::domain::audit::LookedAt;
use crate::staff::permit::{ChangesPeople, Permitted, ReadsCases};
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, IfMatch, Json, Named};

/// Which record is to be merged.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct OtherQuery {
    /// Must be the token's.
    #[serde(rename = "organisation")]
    #[param(rename = "organisation")]
    _organisation: Option<String>,
    /// The id of the other record.
    other: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeBody {
    /// The id of the record that is merged into this one.
    other: String,
    /// Why both are of one person, for the audit trail.
    why: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartBody {
    /// Why they are not, for the audit trail.
    why: String,
}

/// A person's merges, those that are undone too.
#[derive(Serialize, ToSchema)]
pub struct MergeList {
    #[schema(value_type = Vec<MergeShape>)]
    merges: Vec<Merge>,
}

/// Two records that were found to be of one person.
#[derive(ToSchema)]
#[schema(as = Merge)]
pub struct MergeShape {
    pub id: String,
    /// The record that the other is merged into.
    pub person: String,
    pub other: String,
    pub at: String,
    pub by: String,
    pub why: String,
    /// Absent: both are still merged.
    pub undone: Option<UndoneShape>,
    /// Of parting them: contacts that were held, and went on their way.
    pub released: Option<Vec<String>>,
}

/// How two records were parted again.
#[derive(ToSchema)]
#[schema(as = Undone)]
pub struct UndoneShape {
    pub at: String,
    pub by: String,
    pub why: String,
    /// Contacts from addresses or numbers of both: they stay with the record that they were decided for.
    pub undivided: Vec<String>,
    /// There are more of them than are listed.
    pub more: Option<bool>,
}

/// The merges of a record, whichever of the two it is; those that are undone too.
#[utoipa::path(
    get, path = "/api/v1/people/{person}/merges", operation_id = "list_merges", tag = "people",
    params(("person" = String, Path, description = "the person's id")),
    responses((status = 200, description = "Merges", body = MergeList))
)]
pub async fn list(
    caller: Permitted<ReadsCases>,
    Named(person): Named<String>,
    _query: Asked<NoQuery>,
) -> Result<axum::Json<MergeList>, Problem> {
    let merges = caller.casework().desk.merges(caller.organisation(), &person).await?;
    Ok(axum::Json(MergeList { merges }))
}

/// What merging another record into this one would do. Changes nothing. `broken` lists what keeps them from
/// being merged; `quotas_before` and `quotas_after` are the counters apart and together.
#[utoipa::path(
    get, path = "/api/v1/people/{person}/merges/preview", operation_id = "preview_merge",
    tag = "people",
    params(("person" = String, Path, description = "the person's id"), OtherQuery),
    responses((status = 200, description = "The consequences", body = Object))
)]
pub async fn preview(
    caller: Permitted<ChangesPeople>,
    Named(person): Named<String>,
    Asked(query): Asked<OtherQuery>,
) -> Result<axum::Json<Consequences>, Problem> {
    let desk = &caller.casework().desk;
    let of = caller.organisation();
    let found = desk.preview_merge(of, &person, &query.other).await?;
    // The path says whose record is shown, and this is another's.
    let look = Look { what: LookedAt::Person, id: &query.other, because: None, by: caller.name() };
    desk.note_look(&of.id, look).await?;
    Ok(axum::Json(found))
}

/// Merge another record into this one: contacts from an address or number of either are decided on the
/// restrictions of both, and counted together, at once on every gateway. Both records and their case files stay.
/// 422 lists in `broken` everything that keeps them from being merged.
#[utoipa::path(
    post, path = "/api/v1/people/{person}/merges", operation_id = "merge", tag = "people",
    params(
        ("person" = String, Path, description = "the person's id"),
        ("If-Match" = Option<String>, Header, description = "the ETag of the person's record as it was read"),
    ),
    request_body = MergeBody,
    responses(
        (status = 201, description = "Merged", body = MergeShape),
        (status = 412, description = "The record has changed since it was read; nothing is written"),
    )
)]
pub async fn merge(
    caller: Permitted<ChangesPeople>,
    Named(person): Named<String>,
    _query: Asked<NoQuery>,
    IfMatch(expected): IfMatch,
    Json(body): Json<MergeBody>,
) -> Result<(StatusCode, axum::Json<Merge>), Problem> {
    let acting = Acting::from(caller.name()).because(Some(&body.why));
    let desk = &caller.casework().desk;
    let of = caller.organisation();
    let done = desk.merge(of, &person, &body.other, &expected, acting).await?;
    Ok((StatusCode::CREATED, axum::Json(done)))
}

/// Part two records again: each has its own restrictions and counters. Contacts that came while they were merged stay
/// on the record whose address or number they came from; those from both are listed in `undivided`. What one held
/// because of the other's restrictions is decided again, and `released` once.
#[utoipa::path(
    post, path = "/api/v1/people/{person}/merges/{merge}/reversal", operation_id = "unmerge",
    tag = "people",
    params(
        ("person" = String, Path, description = "the id of either person"),
        ("merge" = String, Path, description = "the merge's id"),
        ("If-Match" = Option<String>, Header, description = "the ETag of that person's record as it was read"),
    ),
    request_body = PartBody,
    responses(
        (status = 200, description = "Parted", body = MergeShape),
        (status = 412, description = "The record has changed since it was read; nothing is written"),
    )
)]
pub async fn unmerge(
    caller: Permitted<ChangesPeople>,
    path: Named<(String, String)>,
    _query: Asked<NoQuery>,
    IfMatch(expected): IfMatch,
    Json(body): Json<PartBody>,
) -> Result<axum::Json<Parted>, Problem> {
    let Named((person, merge)) = path;
    let acting = Acting::from(caller.name()).because(Some(&body.why));
    let casework = caller.casework();
    let parting = casework.unmerge(caller.organisation(), &person, &merge, &expected, acting);
    Ok(axum::Json(parting.await?))
}
