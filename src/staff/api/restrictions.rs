//! Restrictions: which hold, adding one that was decided elsewhere, replacing one. A restriction decided here is made,
//! changed and ended by the steps of its case.

use axum::extract::Extension;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::contacts::NoQuery;
use super::people::{Tagged, WhyQuery};
use super::shape;
use crate::casework::expected::{Expected, Tag};
use crate::domain::restriction::Restriction;
use crate::staff::looking::Shows;
use crate::staff::permit::{ChangesPeople, Permitted, ReadsCases};
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, IfMatch, Json, Named};

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
    responses((
        status = 200, description = "Restrictions", body = RestrictionList,
        headers(("ETag" = String, description = "this state of the person's record, for `If-Match`"))
    ))
)]
pub async fn of_person(
    caller: Permitted<ReadsCases>,
    Named(person): Named<String>,
    _query: Asked<NoQuery>,
) -> Result<Tagged<RestrictionList>, Problem> {
    let found = caller.casework().restrictions(caller.organisation(), &person).await?;
    let list = RestrictionList { restrictions: found.restrictions, in_force: found.in_force };
    Ok(Tagged::part(found.record, list))
}

/// Add a restriction that was decided elsewhere. It comes under the same clocks as those that are decided
/// here, by `proposals`.
#[utoipa::path(
    post, path = "/api/v1/people/{person}/restrictions", operation_id = "add_restriction",
    tag = "people",
    params(("person" = String, Path, description = "the person's id"), WhyQuery),
    request_body = shape::Restriction,
    responses((status = 201, description = "Added", body = shape::Restriction))
)]
pub async fn add(
    caller: Permitted<ChangesPeople>,
    Named(person): Named<String>,
    Asked(why): Asked<WhyQuery>,
    Json(restriction): Json<Restriction>,
) -> Result<(StatusCode, axum::Json<Restriction>), Problem> {
    let restriction = caller
        .casework()
        .add_restriction(caller.organisation(), &person, restriction, why.acting(caller.name()))
        .await?;
    Ok((StatusCode::CREATED, axum::Json(restriction)))
}

/// Replace a restriction of a person. Another status is refused with 409, which names the step for it; so is any change
/// of a decision made here.
#[utoipa::path(
    put, path = "/api/v1/people/{person}/restrictions/{restriction}",
    operation_id = "replace_restriction_of_person", tag = "people",
    params(
        ("person" = String, Path, description = "the person's id"),
        ("restriction" = String, Path, description = "the restriction's id, as in the body"),
        WhyQuery,
        ("If-Match" = Option<String>, Header, description = "the ETag of the person's record as it was read"),
    ),
    request_body = shape::Restriction,
    responses(
        (status = 200, description = "As it is now", body = shape::Restriction),
        (status = 412, description = "The record has changed since it was read; nothing is written"),
    )
)]
pub async fn put_of_person(
    caller: Permitted<ChangesPeople>,
    path: Named<(String, String)>,
    Asked(why): Asked<WhyQuery>,
    IfMatch(expected): IfMatch,
    Json(restriction): Json<Restriction>,
) -> Result<Tagged<Restriction>, Problem> {
    let Named((person, id)) = path;
    replaced(&caller, why, (Some(&person), &expected), (&id, restriction)).await
}

/// A restriction of whichever person.
#[utoipa::path(
    get, path = "/api/v1/restrictions/{restriction}", operation_id = "read_restriction",
    tag = "people", params(("restriction" = String, Path, description = "the restriction's id")),
    responses((
        status = 200, description = "The restriction", body = RestrictionOfPerson,
        headers(("ETag" = String, description = "this state of the person's record, for `If-Match`"))
    ))
)]
pub async fn read(
    caller: Permitted<ReadsCases>,
    Named(id): Named<String>,
    _query: Asked<NoQuery>,
) -> Result<(Extension<Shows>, Tagged<RestrictionOfPerson>), Problem> {
    let (person, restriction) =
        caller.casework().read_restriction(&caller.organisation().id, &id).await?;
    let of = RestrictionOfPerson { person: person.id.clone(), restriction };
    let answer = Tagged::part(Tag::of(person.as_ref()), of);
    Ok((Extension(Shows::person(&person.id)), answer))
}

/// Replace a restriction of whichever person, under the same conditions.
#[utoipa::path(
    put, path = "/api/v1/restrictions/{restriction}", operation_id = "replace_restriction",
    tag = "people",
    params(
        ("restriction" = String, Path, description = "the restriction's id, as in the body"),
        WhyQuery,
        ("If-Match" = Option<String>, Header, description = "the ETag of the person's record as it was read"),
    ),
    request_body = shape::Restriction,
    responses(
        (status = 200, description = "As it is now", body = shape::Restriction),
        (status = 412, description = "The record has changed since it was read; nothing is written"),
    )
)]
pub async fn put(
    caller: Permitted<ChangesPeople>,
    Named(id): Named<String>,
    Asked(why): Asked<WhyQuery>,
    IfMatch(expected): IfMatch,
    Json(restriction): Json<Restriction>,
) -> Result<Tagged<Restriction>, Problem> {
    replaced(&caller, why, (None, &expected), (&id, restriction)).await
}

async fn replaced(
    caller: &Permitted<ChangesPeople>,
    why: WhyQuery,
    (person, expected): (Option<&str>, &Expected),
    (id, restriction): (&str, Restriction),
) -> Result<Tagged<Restriction>, Problem> {
    if restriction.id != id {
        return Err(Problem::new(422, "refused", "Refused")
            .with_detail("the id in the body is not the one in the path".to_owned()));
    }
    let (of, acting) = (caller.organisation(), why.acting(caller.name()));
    let replacing =
        caller.casework().replace_restriction(of, person, restriction, expected, acting);
    let (person, restriction) = replacing.await?;
    Ok(Tagged::part(Tag::of(person.as_ref()), restriction))
}
