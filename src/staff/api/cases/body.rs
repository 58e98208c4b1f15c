//! How a step is read from a request, and its answer.

use axum::http::header::{ETAG, IF_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use crate::casework::case::{Asked as Step, Done};
use crate::domain::case::act::Act;
use crate::staff::permit::{Permitted, TakesSteps};
use crate::staff::problem::Problem;

/// The fields of a step as they came.
pub(super) type Fields = Map<String, Value>;

/// A step as a route has it.
pub(super) struct Route<'a> {
    pub act: &'static str,
    pub person: &'a str,
    /// What the path says, by the step's own key for it.
    pub about: Option<(&'static str, &'a str)>,
    /// Of what makes something new, `201`.
    pub makes: bool,
}

/// Takes a step whose name and subject are in the path.
pub(super) async fn taken(
    caller: &Permitted<TakesSteps>,
    headers: &HeaderMap,
    route: Route<'_>,
    mut fields: Fields,
) -> Result<Response, Problem> {
    if fields.contains_key("act") {
        return Err(refused("`act` is what the path says; leave it out".to_owned()));
    }
    fields.insert("act".to_owned(), route.act.into());
    if let Some((key, id)) = route.about {
        match fields.insert(key.to_owned(), id.into()) {
            Some(other) if other != *id => {
                return Err(refused(format!("`{key}` in the body is not the one in the path")));
            }
            Some(_) | None => {}
        }
    }
    take(caller, headers, route.person, route.makes, fields).await
}

/// Takes a step that says itself which it is.
pub(super) async fn take(
    caller: &Permitted<TakesSteps>,
    headers: &HeaderMap,
    person: &str,
    makes: bool,
    mut fields: Fields,
) -> Result<Response, Problem> {
    let id = match fields.remove("id") {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) if is_id(&id) => Some(id),
        Some(_) => {
            return Err(refused(
                "`id` has 1 to 200 characters, letters, digits and `-_.:/` among them".to_owned(),
            ));
        }
    };
    let version = version_asked(headers)?;
    let act: Act = serde_json::from_value(Value::Object(fields)).map_err(unreadable)?;
    let asked = Step { person, act: &act, id: id.as_deref(), by: caller.name(), version };
    let done = caller.casework().step(caller.organisation(), caller.role(), asked).await?;
    Ok(answer(makes, &done))
}

/// Ids made by steps appear in paths, letters and lists.
fn is_id(id: &str) -> bool {
    let fits = |it: char| it.is_alphanumeric() || "-_.:/ ".contains(it);
    (1..=200).contains(&id.len()) && id.chars().all(fits) && id.trim() == id
}

/// What the fault says names the key; where in the body it stood is not known any more.
#[expect(clippy::needless_pass_by_value, reason = "as `map_err` gives it")]
fn unreadable(error: serde_json::Error) -> Problem {
    let said = error.to_string();
    let problem = if said.starts_with("unknown field") {
        Problem::new(422, "unknown-key", "An unknown key")
    } else if said.starts_with("unknown variant") && said.contains("record_incident") {
        Problem::new(422, "invalid-body", "No step of this name")
    } else {
        Problem::new(422, "invalid-body", "The body can't be read")
    };
    problem.with_detail(said)
}

fn refused(detail: String) -> Problem {
    Problem::new(422, "refused", "Refused").with_detail(detail)
}

/// `If-Match` (RFC 9110 13.1.1): the version that the step is made on. Absent or `*`: whichever.
fn version_asked(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(asked) = headers.get(IF_MATCH) else { return Ok(None) };
    let asked = asked.to_str().unwrap_or_default().trim();
    if asked == "*" {
        return Ok(None);
    }
    let version = asked.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match version.and_then(|version| version.parse().ok()) {
        Some(version) => Ok(Some(version)),
        None => Err(Problem::new(400, "invalid-if-match", "If-Match has a fault").with_detail(
            "`If-Match` is the case file's version in quotation marks, as its `ETag`".to_owned(),
        )),
    }
}

/// The version of a case file as its entity tag.
pub(super) fn tag(version: u64) -> HeaderValue {
    // Digits in quotation marks are always a header's value.
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

fn answer(makes: bool, done: &Done) -> Response {
    let status = if makes { StatusCode::CREATED } else { StatusCode::OK };
    (status, [(ETAG, tag(done.version))], axum::Json(done)).into_response()
}
