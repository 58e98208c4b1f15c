//! Errors as the API says them: RFC 9457 problem details with a stable `type`.

use std::time::Duration;

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::casework::Fault;
use crate::casework::person_check::PersonFault;
use crate::domain::audit::EndedRestriction;
use crate::domain::broken::Broken;
use crate::domain::queue::ItemFault;
use crate::domain::refusal_code::RefusalCode;

/// The prefix of every problem's name in `type`. It is a name, not an address (RFC 9457
/// 3.1.1 allows any URI); the names are listed in the API's own document.
const TYPE: &str = "urn:contact-gateway:problem:";

/// One refused or failed request. Boxed, since every handler may return one and hardly any does.
#[derive(Debug, Clone)]
pub struct Problem(Box<Details>);

/// The members of a problem. `detail` holds ids and keys, never an address or a text.
#[derive(Debug, Clone, Serialize)]
struct Details {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Where in the body, for a body that can't be read.
    #[serde(flatten)]
    place: Option<BodyPlace>,
    /// Everything that is wrong with a record.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<PersonFault>,
    /// Everything that a step breaks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    broken: Vec<Broken>,
    /// The version of the case file by now.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    /// The step that makes this change.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<&'static str>,
    /// The queue on which an item is by now.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<String>,
    #[serde(skip)]
    retry_after: Option<Duration>,
    #[serde(skip)]
    challenge: bool,
}

/// A place in a JSON body, counted from 1.
#[derive(Debug, Clone, Serialize)]
pub struct BodyPlace {
    pub line: usize,
    pub column: usize,
    /// The key's path, `from[0].kind`.
    pub key: String,
}

/// How long to wait where the store is away.
pub(super) const STORE_AWAY_WAIT: Duration = Duration::from_secs(5);

impl Problem {
    pub fn new(status: u16, name: &str, title: &'static str) -> Self {
        Problem(Box::new(Details {
            kind: format!("{TYPE}{name}"),
            title,
            status,
            detail: None,
            place: None,
            faults: Vec::new(),
            broken: Vec::new(),
            version: None,
            step: None,
            queue: None,
            retry_after: None,
            challenge: false,
        }))
    }

    pub fn no_such_route() -> Self {
        Problem::new(404, "not-found", "Not found")
            .with_detail("there is no such route; GET /api/v1/openapi.json lists all".to_owned())
    }

    /// A fault of ours. Only the log says what it was.
    pub fn internal() -> Self {
        Problem::new(500, "internal", "Something went wrong on our side")
    }

    #[must_use]
    pub fn with_detail(mut self, detail: String) -> Self {
        self.0.detail = Some(detail);
        self
    }

    #[must_use]
    pub fn with_place(mut self, place: BodyPlace) -> Self {
        self.0.place = Some(place);
        self
    }

    /// Adds every fault with its place.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<PersonFault>) -> Self {
        self.0.faults = faults;
        self
    }

    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Says how to sign in (RFC 9110 11.6.1 asks it of every 401).
    #[must_use]
    pub fn with_challenge(mut self) -> Self {
        self.0.challenge = true;
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Problem(details) = self;
        let status =
            StatusCode::from_u16(details.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (retry_after, challenge) = (details.retry_after, details.challenge);
        let mut response = (status, Json(details)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(wait) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_secs()));
        }
        if challenge {
            headers.insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"contact-gateway\""),
            );
        }
        response
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let detail = fault.to_string();
        match fault {
            Fault::NotFound(_) => Problem::new(404, "not-found", "Not found").with_detail(detail),
            Fault::Moved { queue } => {
                let mut problem =
                    Problem::new(404, "moved", "On another queue").with_detail(detail);
                problem.0.queue = Some(queue);
                problem
            }
            Fault::Item(fault) => item_problem(&fault).with_detail(detail),
            Fault::ReleaseUnderWay => {
                Problem::new(409, "release-under-way", "Being released").with_detail(detail)
            }
            Fault::Contended => {
                Problem::new(409, "contended", "Changed by others").with_detail(detail)
            }
            Fault::Changed(_) => {
                Problem::new(412, "changed", "Changed since it was read").with_detail(detail)
            }
            Fault::AmbiguousRestriction(_) => {
                Problem::new(409, "ambiguous", "More than one").with_detail(detail)
            }
            Fault::Exists(_) => Problem::new(409, "exists", "There already").with_detail(detail),
            Fault::Invalid(faults) => {
                let mut problem = Problem::new(422, "invalid-record", "The record has faults")
                    .with_detail(detail);
                problem.0.faults = faults;
                problem
            }
            Fault::Broken(_) | Fault::VersionChanged { .. } | Fault::StepNeeded { .. } => {
                of_step(fault, detail)
            }
            Fault::WouldEnd(left_out) => would_end(left_out, &detail),
            Fault::Refused(_) => Problem::new(422, "refused", "Refused").with_detail(detail),
            Fault::Store(error) if error.is_retryable() => {
                Problem::new(503, "store-unavailable", "Try again")
                    .with_detail(detail)
                    .with_retry_after(STORE_AWAY_WAIT)
            }
            Fault::DeadLetters(_) => Problem::new(503, "store-unavailable", "Try again")
                .with_detail(detail)
                .with_retry_after(STORE_AWAY_WAIT),
            // The item is there, but its original is not: somebody can put the archive right.
            Fault::OriginalMissing(fault) => {
                tracing::error!(%fault, "an original could not be read");
                Problem::new(409, "original-missing", "The original is missing").with_detail(detail)
            }
            Fault::OriginalAltered(fault) => {
                tracing::error!(%fault, "an original could not be read");
                Problem::new(409, "original-altered", "The original was altered")
                    .with_detail(detail)
            }
            Fault::Store(error) => {
                tracing::error!(%error, "a staff request failed because of the store");
                Problem::internal()
            }
            Fault::Delivery(error) => {
                tracing::warn!(%error, "a release could not be delivered");
                let problem =
                    Problem::new(502, "not-delivered", "The original could not be delivered");
                if error.is_retryable() {
                    problem
                        .with_detail("the item waits as before; release it again".to_owned())
                        .with_retry_after(STORE_AWAY_WAIT)
                } else {
                    problem.with_detail(format!("the item waits as before: {error}"))
                }
            }
        }
    }
}

/// What a step, or something in the place of one, is answered with.
fn of_step(fault: Fault, detail: String) -> Problem {
    let mut problem = match &fault {
        // Where nothing is wrong but who asks, that is what the status says.
        Fault::Broken(broken)
            if broken.iter().all(|one| one.code == RefusalCode::RoleNotAllowed) =>
        {
            Problem::new(403, "step-refused", "The step is refused")
        }
        Fault::VersionChanged { .. } => Problem::new(412, "changed", "Changed since it was read"),
        Fault::StepNeeded { .. } => Problem::new(409, "step-needed", "A step is needed"),
        _ => Problem::new(422, "step-refused", "The step is refused"),
    };
    match fault {
        Fault::Broken(broken) => problem.0.broken = broken,
        Fault::VersionChanged { now } => problem.0.version = Some(now),
        Fault::StepNeeded { step, .. } => problem.0.step = Some(step),
        _ => {}
    }
    problem.with_detail(detail)
}

fn would_end(left_out: Vec<EndedRestriction>, detail: &str) -> Problem {
    let mut problem = Problem::new(409, "would-end", "Restrictions would end")
        .with_detail(format!("{detail}; `?missing=end` ends them"));
    let named = left_out.into_iter().map(|one| PersonFault {
        path: format!("person \"{}\"", one.person),
        message: format!("restriction \"{}\" is in force and is left out", one.restriction),
    });
    problem.0.faults = named.collect();
    problem
}

fn item_problem(fault: &ItemFault) -> Problem {
    match fault {
        ItemFault::Done(_) => Problem::new(409, "item-done", "Done already"),
        ItemFault::ClaimedByAnother => Problem::new(409, "item-claimed", "Claimed by another"),
        ItemFault::NothingDone(_) => Problem::new(409, "item-not-done", "Nothing to take back"),
        ItemFault::NothingKept => Problem::new(409, "nothing-kept", "Nothing to release"),
        ItemFault::OwnMessage => Problem::new(403, "own-message", "Your own message"),
    }
}
