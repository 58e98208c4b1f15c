//! What handlers take out of a request: JSON bodies, queries and path parts, with problems that name the fault and its
//! place.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::IF_MATCH;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::incoming::{self, NotTaken};
use super::problem::{BodyPlace, Problem};
use crate::casework::expected::{Expected, Tag};
use crate::runtime::json::{self, JsonFault};
use crate::runtime::limits::{API_BODY_BYTES_MAX, API_BODY_WAIT, API_VALUES_MAX, JSON_VALUE_BYTES};

/// A JSON body. The content type is not looked at: only a caller with a token gets this far, and
/// anything but JSON is refused as such.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let body = incoming::taken(&parts.extensions, body, API_BODY_BYTES_MAX).await?;
        let values = values_of(&body)?;
        incoming::make_room(&parts.extensions, values * JSON_VALUE_BYTES)?;
        parsed(&body).map(Json)
    }
}

impl From<NotTaken> for Problem {
    fn from(fault: NotTaken) -> Self {
        match fault {
            NotTaken::TooLarge => Problem::new(413, "body-too-large", "The body is too large")
                .with_detail(format!("a body has at most {API_BODY_BYTES_MAX} bytes")),
            NotTaken::NoRoom => {
                tracing::warn!("a staff request was refused: too many bodies are in hand");
                Problem::new(503, "no-room", "Too much is in hand; try again")
                    .with_detail("there is no room for the body at the moment".to_owned())
                    .with_retry_after(API_BODY_WAIT)
            }
            // To a caller who went away any answer is the same.
            NotTaken::Broken => Problem::new(400, "malformed-json", "The body is not JSON")
                .with_detail("the body did not come whole".to_owned()),
        }
    }
}

/// Reads JSON of up to [`API_VALUES_MAX`] values; a fault names its line, column and key.
pub fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    values_of(body)?;
    parsed(body)
}

/// How many values there are, if no more than a body may hold.
fn values_of(body: &[u8]) -> Result<usize, Problem> {
    let values = json::values(body);
    if values > API_VALUES_MAX {
        let detail = format!("a body holds at most {API_VALUES_MAX} values; send it in parts");
        return Err(
            Problem::new(413, "body-too-large", "The body is too large").with_detail(detail)
        );
    }
    Ok(values)
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| {
        Problem::new(400, "malformed-json", "The body is not JSON")
            .with_detail("the body is not UTF-8 (RFC 8259 8.1)".to_owned())
    })?;
    json::parse_each_key_once(text).map_err(unreadable)
}

fn unreadable(fault: JsonFault) -> Problem {
    let JsonFault { line, column, key, message, wellformed } = fault;
    let problem = if !wellformed {
        Problem::new(400, "malformed-json", "The body is not JSON")
    } else if message.starts_with("unknown field") || message.contains("unknown key") {
        Problem::new(422, "unknown-key", "Unknown key")
    } else {
        Problem::new(422, "invalid-body", "The body has a fault")
    };
    let key = if key == "." { String::new() } else { key };
    problem.with_detail(message).with_place(BodyPlace { line, column, key })
}

/// The query, with unknown parameters refused by the type that it is read into.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(asked) = Query::<T>::from_request_parts(parts, state).await.map_err(
            |rejection: QueryRejection| {
                Problem::new(400, "invalid-query", "The query has a fault")
                    .with_detail(rejection.body_text())
            },
        )?;
        Ok(Asked(asked))
    }
}

/// The state of the record that the caller means to change (RFC 9110 13.1.1, `If-Match`).
pub struct IfMatch(pub Expected);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut tags = Vec::new();
        for field in parts.headers.get_all(IF_MATCH) {
            let field = field.to_str().map_err(|_| no_tag())?;
            if field.trim() == "*" {
                return Ok(IfMatch(Expected::Existing));
            }
            for tag in field.split(',').map(str::trim) {
                // Ours have no comma. A weak tag matches none (RFC 9110 13.1.1): it stays as it is.
                let quoted = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
                let opaque = quoted.or_else(|| tag.starts_with("W/\"").then_some(tag));
                tags.push(Tag::from(opaque.ok_or_else(no_tag)?.to_owned()));
            }
        }
        Ok(IfMatch(if tags.is_empty() { Expected::Any } else { Expected::OneOf(tags) }))
    }
}

fn no_tag() -> Problem {
    Problem::new(400, "invalid-if-match", "If-Match has a fault")
        .with_detail("it takes `*`, or the ETag of the record as it was given".to_owned())
}

/// The parts of the path.
pub struct Named<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(named) = Path::<T>::from_request_parts(parts, state)
            .await
            .map_err(|_: PathRejection| Problem::new(404, "not-found", "Not found"))?;
        Ok(Named(named))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_a_body_has_twice_is_refused_with_its_place() {
        let body = b"{\"restrictions\": [{\"limit\": 1,\n \"limit\": 2}]}";
        let refused = read_json::<serde_json::Value>(body).unwrap_err();
        let said = format!("{refused:?}");
        assert!(said.contains("problem:invalid-body") && said.contains("status: 422"), "{said}");
        assert!(said.contains("line: 2") && said.contains("restrictions[0].limit"), "{said}");
        read_json::<serde_json::Value>(b"{\"a\": {\"b\": 1}, \"b\": 2}").unwrap();
    }
}
