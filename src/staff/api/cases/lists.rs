//! Reading a case file and its lists.

use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use super::body::tag;
use crate::casework::case::view::FilePart;
use crate::runtime::limits::PAGE_ITEMS_MAX;
use crate::staff::api::contacts::NoQuery;
use crate::staff::permit::{Permitted, ReadsCases};
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, Named};

/// A person's whole case file: with the state of each part, the restrictions and which of them are in force, and
/// facts missing from those decided elsewhere. `more_tasks` says whether `tasks` are only the first;
/// `not_followed`, that entries of the audit trail could not be counted for the person. `contacts_around` of an
/// incident says how many recorded contacts the person made at most an hour (`hour`) and 24 hours (`day`) before or
/// after it; it is absent of old incidents. The entity tag is its version. Of merged records, the lists have the entries of all of them, each with its `record`, where steps on
/// it are taken, and `records` has the version of each.
#[utoipa::path(
    get, path = "/api/v1/people/{person}/case", operation_id = "read_case", tag = "cases",
    params(("person" = String, Path, description = "the person's id")),
    responses((status = 200, description = "The case file", body = Object))
)]
pub async fn read_case(
    caller: Permitted<ReadsCases>,
    Named(person): Named<String>,
    _query: Asked<NoQuery>,
) -> Result<Response, Problem> {
    let view = caller.casework().desk.case(caller.organisation(), &person).await?;
    Ok(([(ETAG, tag(view.version))], axum::Json(view.case)).into_response())
}

async fn listed(
    caller: &Permitted<ReadsCases>,
    person: &str,
    part: FilePart,
) -> Result<Response, Problem> {
    let desk = &caller.casework().desk;
    let (version, list) = desk.case_part(caller.organisation(), person, part).await?;
    Ok(([(ETAG, tag(version))], axum::Json(json!({ part.key(): list }))).into_response())
}

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident, $path:literal, $id:literal, $part:ident;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            get, path = $path, operation_id = $id, tag = "cases",
            params(("person" = String, Path, description = "the person's id")),
            responses((status = 200, description = "The list, by its name", body = Object))
        )]
        pub async fn $name(
            caller: Permitted<ReadsCases>,
            Named(person): Named<String>,
            _query: Asked<NoQuery>,
        ) -> Result<Response, Problem> {
            listed(&caller, &person, FilePart::$part).await
        }
    )*};
}

lists! {
    /// Incidents on a person's case file.
    incidents, "/api/v1/people/{person}/incidents", "list_incidents", Incidents;
    /// Warnings that were given.
    warnings, "/api/v1/people/{person}/warnings", "list_warnings", Warnings;
    /// Agreements that were offered.
    agreements, "/api/v1/people/{person}/agreements", "list_agreements", Agreements;
    /// Mediation, step by step.
    mediations, "/api/v1/people/{person}/mediations", "list_mediations", Mediations;
    /// Proposals of restrictions.
    proposals, "/api/v1/people/{person}/proposals", "list_proposals", Proposals;
    /// Letters to the person.
    letters, "/api/v1/people/{person}/letters", "list_letters", Letters;
    /// Reviews that were done.
    reviews, "/api/v1/people/{person}/reviews", "list_reviews", Reviews;
    /// Appeals against restrictions.
    appeals, "/api/v1/people/{person}/appeals", "list_appeals", Appeals;
    /// The person's complaints about staff.
    staff_complaints, "/api/v1/people/{person}/staff-complaints", "list_staff_complaints",
        StaffComplaints;
    /// How adjustments and restrictions go together.
    reconciliations, "/api/v1/people/{person}/reconciliations", "list_reconciliations",
        Reconciliations;
    /// What else was done: on social media, in law, with the police.
    actions, "/api/v1/people/{person}/actions", "list_actions", Actions;
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct TasksAsked {
    /// Start after this one: the `next` of the page before.
    after: Option<String>,
    /// At most so many.
    limit: Option<usize>,
    /// Must be the token's.
    #[serde(rename = "organisation")]
    #[param(rename = "organisation")]
    _organisation: Option<String>,
}

/// Contacts that somebody must read, or decide on: open ones first, each state oldest first. `next` goes on
/// where a page ends.
#[utoipa::path(
    get, path = "/api/v1/people/{person}/tasks", operation_id = "list_tasks", tag = "cases",
    params(("person" = String, Path, description = "the person's id"), TasksAsked),
    responses((status = 200, description = "`tasks`, and `next` where there are more", body = Object))
)]
pub async fn tasks(
    caller: Permitted<ReadsCases>,
    Named(person): Named<String>,
    Asked(query): Asked<TasksAsked>,
) -> Result<axum::Json<Value>, Problem> {
    let limit = query.limit.unwrap_or(PAGE_ITEMS_MAX);
    let (desk, organisation) = (&caller.casework().desk, caller.organisation());
    let page = desk.task_page(organisation, &person, query.after.as_deref(), limit).await?;
    Ok(axum::Json(json!({ "tasks": page.tasks, "next": page.next })))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct IncidentsAsked {
    /// `open`, `answered` or `no_action`; left out: all.
    state: Option<String>,
    /// Start after this one: the `next` of the page before.
    after: Option<String>,
    /// The size of the page: at most 500, which is the default.
    limit: Option<usize>,
    /// Must be the token's.
    #[serde(rename = "organisation")]
    #[param(rename = "organisation")]
    _organisation: Option<String>,
}

/// Incidents of everybody on record, each with its person, page by page. A page may have fewer than `limit`
/// although others follow: continue while there is a `next`. For a person with more than about 500 entries in
/// such lists, the oldest closed ones appear only in their own case file.
#[utoipa::path(
    get, path = "/api/v1/incidents", operation_id = "list_all_incidents", tag = "cases",
    params(IncidentsAsked),
    responses((status = 200, description = "`incidents`, the oldest first, and `next` where there are more", body = Object))
)]
pub async fn all_incidents(
    caller: Permitted<ReadsCases>,
    Asked(query): Asked<IncidentsAsked>,
) -> Result<axum::Json<Value>, Problem> {
    let desk = &caller.casework().desk;
    let (state, after) = (query.state.as_deref(), query.after.as_deref());
    let limit = query.limit.unwrap_or(PAGE_ITEMS_MAX).clamp(1, PAGE_ITEMS_MAX);
    let page = desk.incidents(caller.organisation(), state, after, limit).await?;
    Ok(axum::Json(json!({ "incidents": page.rows, "next": page.next })))
}
