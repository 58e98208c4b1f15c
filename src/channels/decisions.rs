//! The decision endpoint for other middleware: a contact in, its decision out.

pub mod proxy;
pub mod settings;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Request, StatusCode};

use super::http::answer::Answer;
use super::http::body::collected;
use super::http::patient::patient_to_the_end;
use super::http::problem::{Problem, ProblemType};
use super::http::{fields, peer};
use crate::domain::contact::Contact;
use crate::domain::organisation::OrganisationId;
use crate::intake::{Inbound, Intake};
use crate::ports::{Clock, Decided};
use crate::runtime::client::Pace;
use crate::runtime::json::{self, JsonFault};
use crate::runtime::limits::{API_BODY_BYTES_MAX, CONTACT_VALUES_MAX};
use crate::runtime::metrics::Abuse;
use crate::runtime::tokens::{Presented, TokenTable, sha256};
use crate::runtime::trace::TracedEdge;

/// `POST /decisions/contact`.
pub struct DecisionEndpoint {
    tokens: Arc<TokenTable<OrganisationId>>,
    intake: Arc<Intake>,
    clock: Arc<dyn Clock>,
    pace: Arc<Pace>,
    body_wait: Duration,
}

impl DecisionEndpoint {
    pub fn new(
        tokens: Arc<TokenTable<OrganisationId>>,
        intake: Arc<Intake>,
        clock: Arc<dyn Clock>,
        pace: Arc<Pace>,
        body_wait: Duration,
    ) -> Self {
        DecisionEndpoint { tokens, intake, clock, pace, body_wait }
    }

    pub async fn answer(&self, request: Request<Incoming>) -> Answer {
        self.decide(request).await.unwrap_or_else(|problem| problem)
    }

    async fn decide(&self, request: Request<Incoming>) -> Result<Answer, Answer> {
        let presented = fields::text(request.headers(), AUTHORIZATION);
        let organisation = match self.tokens.authorise(presented, self.clock.now()) {
            Presented::Holds(organisation) => organisation.clone(),
            Presented::Expired => return Err(challenged(ProblemType::TokenExpired)),
            Presented::Unknown => {
                // Middleware with a token asks for everybody behind it, and never waits.
                let (path, headers) = (request.uri().path(), request.headers());
                let waits = guessed(&self.intake, &self.pace, path, (peer(&request), headers));
                return Err(waits.unwrap_or_else(|| challenged(ProblemType::Unauthorised)));
            }
        };
        let query = request.uri().query().unwrap_or_default();
        let asked = form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "organisation")
            .map(|(_, value)| value.into_owned());
        if asked.is_some_and(|asked| asked != organisation.as_str()) {
            let problem = Problem::new(ProblemType::Forbidden)
                .detail("The token is not for this organisation.");
            return Err(problem.answer());
        }
        // Callers with a token are trusted to continue a trace.
        let trace = self.intake.trace(TracedEdge::Decision, Some(request.headers()));
        let body = patient_to_the_end(request.into_body(), self.body_wait);
        let body = collected(body, API_BODY_BYTES_MAX)
            .await
            .map_err(|error| Answer::from(ProblemType::from(error)))?;
        let (contact, digest) = self.contact(&body).map_err(|fault| fault.answer())?;
        let inbound = Inbound { contact, digest, original: None };
        let outcome = trace.around(self.intake.receive(&organisation, inbound)).await;
        let decision = match outcome.decided() {
            Decided::Recorded(decision) => decision,
            Decided::Conflicting(recorded) => {
                let problem = Problem::new(ProblemType::ContactConflict)
                    .detail("A contact with this id and other content was decided before.")
                    .member("contact", recorded.contact);
                return Err(problem.answer());
            }
            Decided::NotRecorded => return Err(ProblemType::TryAgain.into()),
        };
        let decision =
            serde_json::to_vec(&decision).map_err(|_| Answer::from(ProblemType::Internal))?;
        Ok(Answer::new(StatusCode::OK, "application/json", decision))
    }

    /// The contact in a body, and the digest of its content. A contact without `at` is made now;
    /// the same again later is still the same content.
    fn contact(&self, body: &Bytes) -> Result<(Contact, [u8; 32]), Problem> {
        let fault = match read(body) {
            Ok(contact) => {
                let digest = digest(&contact, true)?;
                return Ok((contact, digest));
            }
            Err(fault) => fault,
        };
        if !fault.wellformed {
            return Err(problem(&fault));
        }
        let object = serde_json::from_slice::<serde_json::Value>(body).ok();
        let Some(serde_json::Value::Object(mut members)) = object else {
            return Err(problem(&fault));
        };
        if members.contains_key("at") {
            return Err(problem(&fault));
        }
        members.insert("at".to_owned(), self.clock.now().to_rfc3339().into());
        let whole = serde_json::to_vec(&members).unwrap_or_default();
        // Any other fault was there in the first reading too, which knows its position.
        let contact = read(&whole).map_err(|_| problem(&fault))?;
        let digest = digest(&contact, false)?;
        Ok((contact, digest))
    }
}

/// Notes a request without a valid token, from this peer with these header fields. The answer is for a client that has
/// guessed too often, and waits.
fn guessed(
    intake: &Intake,
    pace: &Pace,
    path: &str,
    (peer, headers): (Option<IpAddr>, &HeaderMap),
) -> Option<Answer> {
    tracing::warn!(path, "a request without a valid token was refused");
    intake.count_abuse(Abuse::TokenGuessed);
    let wait = pace.take(peer, headers).err()?;
    let problem = Answer::from(ProblemType::TooManyRequests);
    Some(problem.with(RETRY_AFTER.as_str(), HeaderValue::from(wait.as_secs())))
}

/// A problem with how to present a token (RFC 6750 3).
fn challenged(problem: ProblemType) -> Answer {
    let challenge = HeaderValue::from_static("Bearer realm=\"contact-gateway\"");
    Answer::from(problem).with(WWW_AUTHENTICATE.as_str(), challenge)
}

/// The digest of the content behind a contact's id.
fn digest(contact: &Contact, with_time: bool) -> Result<[u8; 32], Problem> {
    let content = contact.canonical(with_time).map_err(|_| Problem::new(ProblemType::Internal))?;
    Ok(sha256(&content))
}

fn read(body: &[u8]) -> Result<Contact, JsonFault> {
    let of_all = |message: String| JsonFault {
        line: 1,
        column: 1,
        key: String::new(),
        message,
        wellformed: false,
    };
    let text = std::str::from_utf8(body).map_err(|_| of_all("the body is not UTF-8".to_owned()))?;
    if !json::has_at_most(CONTACT_VALUES_MAX, body) {
        return Err(of_all(format!("the body holds more than {CONTACT_VALUES_MAX} values")));
    }
    json::parse(text)
}

fn problem(fault: &JsonFault) -> Problem {
    let key = fault.key.rsplit('.').next().unwrap_or_default();
    let right = match key.split('[').next().unwrap_or_default() {
        "at" => "a time as in RFC 3339, such as \"2026-11-21T10:00:00Z\"",
        "id" => {
            "a text of up to 200 visible ASCII characters without spaces that names the contact, the \
             same again at every retry"
        }
        "from" => "a list such as [{\"kind\": \"email\", \"value\": \"a@example.org\"}]",
        "attachments" => {
            "a list such as [{\"name\": \"a.pdf\", \"sha256\": \"…\", \"bytes\": 123}]"
        }
        "to" | "thread" => "a list of texts",
        _ => "a contact: {\"id\": \"…\", \"channel\": \"letter\", \"from\": […], \"text\": \"…\"}",
    };
    Problem::new(ProblemType::InvalidBody)
        .detail(format!("{fault}; right is {right}"))
        .member("line", fault.line)
        .member("column", fault.column)
        .member("path", fault.key.as_str())
}
