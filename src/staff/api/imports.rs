//! Loading people with whole cases that were decided elsewhere: the same list, and the same code, as `import`.

use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::people::MissingAsked;
use super::shape;
use crate::casework::Fault;
use crate::casework::acting::Acting;
use crate::casework::import::{
    FileFault, Format, ImportKey, Imported, KeyUse, Missing, Planned, read_people,
};
use crate::casework::person_check::PersonFault;
use crate::domain::audit::EndedRestriction;
use crate::staff::permit::{ChangesPeople, KeepsEquality, Permitted};
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, Json};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ImportsQuery {
    /// Must be the token's.
    #[serde(rename = "organisation")]
    #[param(rename = "organisation")]
    _organisation: Option<String>,
    /// `end`: restrictions that hold and are left out end. Without it the list is refused with 409.
    #[param(inline)]
    missing: Option<MissingAsked>,
    /// Says what would be done, and does nothing.
    #[serde(default)]
    #[param(required = false)]
    dry_run: bool,
    /// Why, for the audit trail.
    reason: Option<String>,
}

/// A person of such a list: what it leaves out stays as it is on record.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape of the body, for the document")]
pub struct ListedPerson {
    #[schema(inline)]
    #[serde(flatten)]
    person: shape::Person,
    /// `incidents`, `warnings`, `agreements`, `mediations`, `decisions`, `reviews`, `appeals` and
    /// `staff_complaints`, each a list whose entries have an `id` of their own.
    #[schema(value_type = Option<Object>)]
    case: Option<serde_json::Value>,
    /// Answers by protected characteristic, as the configuration offers them. Needs the duty `read_audit` as well.
    #[schema(value_type = Option<Object>)]
    equality: Option<serde_json::Value>,
}

/// What an import did, or would do.
#[derive(Serialize, ToSchema)]
pub struct CasesImported {
    people: usize,
    /// Those of these people that are on record now.
    restrictions: usize,
    /// People who were on record as they are in the list already.
    unchanged: usize,
    /// Case files that were begun or added to.
    cases: usize,
    /// People whose answers on protected characteristics were recorded or changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    equality: Option<usize>,
    /// Restrictions that held before, and hold no longer.
    #[schema(value_type = Vec<Object>)]
    ended: Vec<EndedRestriction>,
    /// What the list says otherwise than a step of the case made it here, by its key: the record stays.
    #[schema(value_type = Vec<Object>)]
    kept: Vec<PersonFault>,
    /// Of a dry run: everybody who would be added or changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    would: Option<Vec<Planned>>,
}

/// Load people with their cases as they were decided elsewhere, all or none. The same list again changes
/// nothing: people, restrictions and entries of cases are known by their ids. With an `Idempotency-Key`, a list
/// sent again within a day gets the first answer.
#[utoipa::path(
    post, path = "/api/v1/imports", operation_id = "import_cases", tag = "people",
    params(
        ImportsQuery,
        (
            "Idempotency-Key" = Option<String>, Header,
            description = "makes it safe to send the list again: 1 to 255 visible ASCII characters"
        )
    ),
    request_body = Vec<ListedPerson>,
    responses(
        (status = 200, description = "On record; of a dry run: what would be", body = CasesImported),
        (status = 409, description = "Restrictions in force are left out, or somebody else is \
            changing these people"),
        (status = 422, description = "`faults` names every fault by its key, with line and column; or the \
            key was used for another list. Nothing is written"),
    )
)]
pub async fn import(
    caller: Permitted<ChangesPeople>,
    Asked(query): Asked<ImportsQuery>,
    headers: HeaderMap,
    Json(list): Json<Box<RawValue>>,
) -> Result<axum::Json<CasesImported>, Problem> {
    let (organisation, desk) = (caller.organisation(), &caller.casework().desk);
    let missing = match query.missing {
        Some(MissingAsked::End) => Missing::End,
        None => Missing::Refuse,
    };
    let reason = query.reason.as_deref();
    let key = key_of(&headers, caller.name(), (missing, reason), list.get())?;
    let key = match key.filter(|_| !query.dry_run) {
        Some(key) => match desk.key_use(&organisation.id, key).await? {
            KeyUse::Done(done) => return Ok(axum::Json(said(done, query.dry_run))),
            KeyUse::Unused(key) => Some(key),
        },
        None => None,
    };
    let people = read_people(list.get(), Format::Json, organisation, |_, _| {})
        .map_err(|faults| Fault::Invalid(faults.into_iter().map(placed).collect()))?;
    if people.iter().any(|one| !one.equality.is_empty()) {
        caller.must::<KeepsEquality>()?;
    }
    let acting = Acting::from(caller.name()).because(reason);
    let done = match key {
        _ if query.dry_run => desk.preview_import(organisation, people, missing, acting).await?,
        Some(key) => desk.import_once(organisation, people, missing, acting, key).await?,
        None => desk.import(organisation, people, missing, acting).await?,
    };
    Ok(axum::Json(said(done, query.dry_run)))
}

fn said(done: Imported, dry_run: bool) -> CasesImported {
    let Imported { people, restrictions, unchanged, cases, equality, ended, kept, planned, .. } =
        done;
    let would = dry_run.then_some(planned);
    let equality = (equality > 0).then_some(equality);
    CasesImported { people, restrictions, unchanged, cases, equality, ended, kept, would }
}

/// The idempotency key, with the list and its parameters.
fn key_of(
    headers: &HeaderMap,
    by: &str,
    (missing, reason): (Missing, Option<&str>),
    list: &str,
) -> Result<Option<ImportKey>, Fault> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    // A key that is not text is refused like an empty one.
    let key = key.to_str().unwrap_or_default();
    let missing = match missing {
        Missing::Refuse => "refuse",
        Missing::End => "end",
    };
    // A list has megabytes: it is hashed where it is.
    let asks = [missing, list].into_iter().chain(reason).map(str::as_bytes);
    ImportKey::new(by, key, &asks.collect::<Vec<_>>()).map(Some)
}

/// A fault of the list by its key, with where that is in the body.
fn placed(fault: FileFault) -> PersonFault {
    let FileFault { line, column, key, message, .. } = fault;
    let column = column.map(|column| format!(", column {column}")).unwrap_or_default();
    PersonFault { path: key, message: format!("{message} (line {line}{column})") }
}
