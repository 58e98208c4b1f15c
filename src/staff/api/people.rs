//! People's records.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::contacts::NoQuery;
use super::shape;
use crate::casework::Fault;
use crate::casework::acting::Acting;
use crate::casework::expected::Tag;
use crate::casework::import::{Listed, Missing};
use crate::casework::person_check::{PersonFault, faults, normalised};
use crate::domain::person::Person;
use crate::runtime::limits::PAGE_ITEMS_MAX;
use crate::staff::permit::{ChangesPeople, Permitted, ReadsCases};
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, IfMatch, Json, Named, read_json};

/// Some people, in the order of their ids.
#[derive(Serialize, ToSchema)]
pub struct PeopleList {
    #[schema(value_type = Vec<shape::Person>)]
    people: Vec<Person>,
    /// What to give as `after` for those that follow; null: these are all.
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PeopleQuery {
    /// Must be the token's.
    #[serde(rename = "organisation")]
    #[param(rename = "organisation")]
    _organisation: Option<String>,
    /// Only people after this id.
    after: Option<String>,
    /// At most so many.
    limit: Option<usize>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ImportQuery {
    /// Must be the token's.
    #[serde(rename = "organisation")]
    #[param(rename = "organisation")]
    _organisation: Option<String>,
    /// `end`: restrictions that hold and are left out end. Without it the list is refused with 409.
    #[param(inline)]
    missing: Option<MissingAsked>,
    /// Why, for the audit trail.
    reason: Option<String>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingAsked {
    End,
}

/// What a list of people changed.
#[derive(Serialize, ToSchema)]
pub struct PeopleWritten {
    people: usize,
    restrictions: usize,
    /// Of the people, those who were on record as given already.
    unchanged: usize,
    /// Restrictions that held before, and hold no longer.
    ended: usize,
    /// Keys that were not written: a step of the case made the restriction what it is here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>, required = false)]
    kept: Vec<PersonFault>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct WhyQuery {
    /// Must be the token's.
    #[serde(rename = "organisation")]
    #[param(rename = "organisation")]
    _organisation: Option<String>,
    /// Why, for the audit trail.
    reason: Option<String>,
}

impl WhyQuery {
    pub(super) fn acting<'a>(&'a self, by: &'a str) -> Acting<'a> {
        Acting::from(by).because(self.reason.as_deref())
    }
}

/// Everybody on record.
#[utoipa::path(
    get, path = "/api/v1/people", operation_id = "list_people", tag = "people",
    params(PeopleQuery),
    responses((status = 200, description = "People", body = PeopleList))
)]
pub async fn list(
    caller: Permitted<ReadsCases>,
    Asked(query): Asked<PeopleQuery>,
) -> Result<axum::Json<PeopleList>, Problem> {
    let limit = query.limit.unwrap_or(PAGE_ITEMS_MAX);
    let organisation = &caller.organisation().id;
    let page = caller.casework().desk.people(organisation, query.after.as_deref(), limit).await?;
    let people = page.people.into_iter().map(Arc::unwrap_or_clone).collect();
    Ok(axum::Json(PeopleList { people, next: page.next }))
}

/// Write several people, all or none: those on record are replaced by id, nobody is removed.
#[utoipa::path(
    put, path = "/api/v1/people", operation_id = "write_people", tag = "people",
    params(ImportQuery),
    request_body = Vec<shape::Person>,
    responses((status = 200, description = "Written", body = PeopleWritten))
)]
pub async fn import(
    caller: Permitted<ChangesPeople>,
    Asked(query): Asked<ImportQuery>,
    Json(people): Json<Vec<Person>>,
) -> Result<axum::Json<PeopleWritten>, Problem> {
    let organisation = caller.organisation();
    let people: Vec<Person> =
        people.into_iter().map(|person| normalised(person, organisation)).collect();
    let mut found = Vec::new();
    let mut ids = std::collections::BTreeSet::new();
    for (index, person) in people.iter().enumerate() {
        if !ids.insert(&person.id) {
            return Err(Fault::Refused(format!("`[{index}].id` is given twice")).into());
        }
        for mut fault in faults(person, organisation) {
            fault.path = format!("[{index}].{}", fault.path);
            found.push(fault);
        }
    }
    if !found.is_empty() {
        return Err(Fault::Invalid(found).into());
    }
    let people = people.into_iter().map(Listed::whole).collect();
    let missing = match query.missing {
        Some(MissingAsked::End) => Missing::End,
        None => Missing::Refuse,
    };
    let acting = Acting::from(caller.name()).because(query.reason.as_deref());
    let done = caller.casework().desk.import(organisation, people, missing, acting).await?;
    Ok(axum::Json(PeopleWritten {
        people: done.people,
        restrictions: done.restrictions,
        unchanged: done.unchanged,
        ended: done.ended.len(),
        kept: done.kept,
    }))
}

/// One person's record.
#[utoipa::path(
    get, path = "/api/v1/people/{person}", operation_id = "read_person", tag = "people",
    params(("person" = String, Path, description = "the person's id")),
    responses((
        status = 200, description = "The record", body = shape::Person,
        headers(("ETag" = String, description = "this state of the record, for `If-Match`"))
    ))
)]
pub async fn read(
    caller: Permitted<ReadsCases>,
    Named(id): Named<String>,
    _query: Asked<NoQuery>,
) -> Result<Tagged<Person>, Problem> {
    let person = caller.casework().desk.read_person(&caller.organisation().id, &id).await?;
    Ok(Tagged::whole(Arc::unwrap_or_clone(person)))
}

/// Write one person's whole record; it takes effect at once.
#[utoipa::path(
    put, path = "/api/v1/people/{person}", operation_id = "write_person", tag = "people",
    params(
        ("person" = String, Path, description = "the person's id, as in the body"),
        WhyQuery,
        ("If-Match" = Option<String>, Header, description = "the ETag of the record as it was read"),
    ),
    request_body = shape::Person,
    responses(
        (status = 200, description = "The record as it is now", body = shape::Person),
        (status = 201, description = "New on record", body = shape::Person),
        (status = 412, description = "It has changed since it was read; nothing is written"),
    )
)]
pub async fn put(
    caller: Permitted<ChangesPeople>,
    Named(id): Named<String>,
    Asked(why): Asked<WhyQuery>,
    IfMatch(expected): IfMatch,
    Json(person): Json<Person>,
) -> Result<(StatusCode, Tagged<Person>), Problem> {
    if person.id != id {
        return Err(other_id());
    }
    let desk = &caller.casework().desk;
    let put = desk
        .put_person(caller.organisation(), person, &expected, why.acting(caller.name()))
        .await?;
    let status = if put.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Tagged::whole(Arc::unwrap_or_clone(put.person))))
}

/// Change some keys of one person's record (JSON merge patch, RFC 7396): keys that are given take
/// the place of those on record, null removes one, lists are replaced whole.
#[utoipa::path(
    patch, path = "/api/v1/people/{person}", operation_id = "change_person", tag = "people",
    params(
        ("person" = String, Path, description = "the person's id"),
        WhyQuery,
        ("If-Match" = Option<String>, Header, description = "the ETag of the record as it was read"),
    ),
    request_body = Object,
    responses(
        (status = 200, description = "The record as it is now", body = shape::Person),
        (status = 412, description = "It has changed since it was read; nothing is written"),
    )
)]
pub async fn patch(
    caller: Permitted<ChangesPeople>,
    Named(id): Named<String>,
    Asked(why): Asked<WhyQuery>,
    IfMatch(expected): IfMatch,
    Json(patch): Json<Value>,
) -> Result<Tagged<Person>, Problem> {
    // The first try finds the patch's faults; the second writes.
    let before = caller.casework().desk.read_person(&caller.organisation().id, &id).await?;
    patched(&before, &patch)?;
    let change = |before: &Person| {
        patched(before, &patch)
            .map_err(|_| Fault::Refused("the record changed; try again".to_owned()))
    };
    let (desk, of) = (&caller.casework().desk, caller.organisation());
    let acting = why.acting(caller.name());
    let after = desk.change_person(of, &id, &expected, acting, change).await?;
    Ok(Tagged::whole(Arc::unwrap_or_clone(after)))
}

/// An answer with the tag of the record that it is, or that it is part of.
pub struct Tagged<T> {
    record: Tag,
    body: T,
}

impl<T: Serialize> Tagged<T> {
    fn whole(body: T) -> Self {
        Tagged { record: Tag::of(&body), body }
    }

    pub(super) const fn part(record: Tag, body: T) -> Self {
        Tagged { record, body }
    }
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let tag = format!("\"{}\"", self.record.as_str());
        ([(ETAG, tag)], axum::Json(self.body)).into_response()
    }
}

fn patched(before: &Person, patch: &Value) -> Result<Person, Problem> {
    let mut record = serde_json::to_value(before).map_err(|_| Problem::internal())?;
    merge(&mut record, patch);
    let written = serde_json::to_vec(&record).map_err(|_| Problem::internal())?;
    read_json(&written)
}

/// RFC 7396 section 2.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    if let Value::Object(record) = target {
        for (key, change) in changes {
            if change.is_null() {
                record.remove(key);
            } else {
                merge(record.entry(key.clone()).or_insert(Value::Null), change);
            }
        }
    }
}

fn other_id() -> Problem {
    Problem::new(422, "refused", "Refused")
        .with_detail("the id in the body is not the one in the path".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_merges_as_rfc_7396_says() {
        // The examples of its appendix A that touch objects.
        for (before, patch, after) in [
            (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
            (json!({"a":"b","b":"c"}), json!({"a":null}), json!({"b":"c"})),
            (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
            (json!({"a":{"b":"c"}}), json!({"a":{"b":"d","c":null}}), json!({"a":{"b":"d"}})),
            (json!({}), json!({"a":{"bb":{"ccc":null}}}), json!({"a":{"bb":{}}})),
        ] {
            let mut merged = before;
            merge(&mut merged, &patch);
            assert_eq!(merged, after);
        }
    }
}
