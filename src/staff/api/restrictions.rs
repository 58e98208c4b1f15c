//! Restrictions: which hold, adding one, replacing one. Lifting and quashing are replacements with
//! that status, and take effect at once.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::contacts::NoQuery;
use super::shape;
use crate::domain::restriction::Restriction;
use crate::staff::Staff;
use crate::staff::auth::Caller;
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, Json, Named};

/// A person's restrictions.
#[derive(Serialize, ToSchema)]
pub struct RestrictionList {
    #[schema(value_type = Vec<shape::Restriction>)]
    restrictions: Vec<Restriction>,
    /// The ids of those that are in force at this moment.
    in_force: Vec<String>,
}

/// A restriction and whose it is.
#[derive(Serialize, ToSchema)]
pub struct RestrictionOfPerson {
    person: String,
    #[schema(value_type = shape::Restriction)]
    restriction: Restriction,
}

/// A person's restrictions, and which of them are in force now.
#[utoipa::path(
    get, path = "/api/v1/people/{person}/restrictions", operation_id = "list_restrictions",
    tag = "people", params(("person" = String, Path, description = "the person's id")),
    responses((status = 200, description = "Restrictions", body = RestrictionList))
)]
pub async fn of_person(
    State(staff): State<Arc<Staff>>,
    caller: Caller,
    Named(person): Named<String>,
    _query: Asked<NoQuery>,
) -> Result<axum::Json<RestrictionList>, Problem> {
    let found = staff.casework.restrictions(&caller.organisation, &person).await?;
    Ok(axum::Json(RestrictionList { restrictions: found.restrictions, in_force: found.in_force }))
}

/// Add a restriction to a person.
#[utoipa::path(
    post, path = "/api/v1/people/{person}/restrictions", operation_id = "add_restriction",
    tag = "people", params(("person" = String, Path, description = "the person's id")),
    request_body = shape::Restriction,
    responses((status = 201, description = "Added", body = shape::Restriction))
)]
pub async fn add(
    State(staff): State<Arc<Staff>>,
    caller: Caller,
    Named(person): Named<String>,
    _query: Asked<NoQuery>,
    Json(restriction): Json<Restriction>,
) -> Result<(StatusCode, axum::Json<Restriction>), Problem> {
    caller.must_change_people()?;
    let restriction = staff
        .casework
        .add_restriction(&caller.organisation, &person, restriction, caller.name())
        .await?;
    Ok((StatusCode::CREATED, axum::Json(restriction)))
}

/// Replace a restriction of a person.
#[utoipa::path(
    put, path = "/api/v1/people/{person}/restrictions/{restriction}",
    operation_id = "replace_restriction_of_person", tag = "people",
    params(
        ("person" = String, Path, description = "the person's id"),
        ("restriction" = String, Path, description = "the restriction's id, as in the body"),
    ),
    request_body = shape::Restriction,
    responses((status = 200, description = "As it is now", body = shape::Restriction))
)]
pub async fn put_of_person(
    State(staff): State<Arc<Staff>>,
    caller: Caller,
    path: Named<(String, String)>,
    _query: Asked<NoQuery>,
    Json(restriction): Json<Restriction>,
) -> Result<axum::Json<Restriction>, Problem> {
    let Named((person, id)) = path;
    replaced(&staff, &caller, Some(&person), &id, restriction).await
}

/// A restriction of whichever person.
#[utoipa::path(
    get, path = "/api/v1/restrictions/{restriction}", operation_id = "read_restriction",
    tag = "people", params(("restriction" = String, Path, description = "the restriction's id")),
    responses((status = 200, description = "The restriction", body = RestrictionOfPerson))
)]
pub async fn read(
    State(staff): State<Arc<Staff>>,
    caller: Caller,
    Named(id): Named<String>,
    _query: Asked<NoQuery>,
) -> Result<axum::Json<RestrictionOfPerson>, Problem> {
    let (person, restriction) =
        staff.casework.read_restriction(&caller.organisation.id, &id).await?;
    Ok(axum::Json(RestrictionOfPerson { person: person.id.clone(), restriction }))
}

/// Replace a restriction of whichever person.
#[utoipa::path(
    put, path = "/api/v1/restrictions/{restriction}", operation_id = "replace_restriction",
    tag = "people",
    params(("restriction" = String, Path, description = "the restriction's id, as in the body")),
    request_body = shape::Restriction,
    responses((status = 200, description = "As it is now", body = shape::Restriction))
)]
pub async fn put(
    State(staff): State<Arc<Staff>>,
    caller: Caller,
    Named(id): Named<String>,
    _query: Asked<NoQuery>,
    Json(restriction): Json<Restriction>,
) -> Result<axum::Json<Restriction>, Problem> {
    replaced(&staff, &caller, None, &id, restriction).await
}

async fn replaced(
    staff: &Staff,
    caller: &Caller,
    person: Option<&str>,
    id: &str,
    restriction: Restriction,
) -> Result<axum::Json<Restriction>, Problem> {
    caller.must_change_people()?;
    if restriction.id != id {
        return Err(Problem::new(422, "refused", "Refused")
            .with_detail("the id in the body is not the one in the path".to_owned()));
    }
    let restriction = staff
        .casework
        .replace_restriction(&caller.organisation, person, restriction, caller.name())
        .await?;
    Ok(axum::Json(restriction))
}
