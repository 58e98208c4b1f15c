//! Towards the form's own handler.

use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::BytesMut;
use hyper::body::{Body as _, Incoming};
use hyper::header::{
    ACCEPT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, HeaderMap, HeaderName,
    HeaderValue, ORIGIN, REFERER, USER_AGENT,
};
use hyper::http::request;
use hyper::{Request, Response};

use super::settings::{FormSettings, SUBMITTING};
use super::submits::{Passing, holds_fields, is_encoded};
use super::{FormEdge, Job};
use crate::channels::http::body::Body;
use crate::channels::http::fields::forwarded;
use crate::channels::http::patient::patient_to_the_end;
use crate::channels::http::peer;
use crate::channels::http::problem::ProblemType;
use crate::channels::http::upstream::{Reply, UpstreamError, address, settle};
use crate::domain::decision::Decision;
use crate::domain::reason_code::ReasonCode;
use crate::ports::message::{DecisionTold, decision_parts, token};
use crate::runtime::limits::FORM_ANSWER_BYTES_MAX;

/// As on mail (`ports::message`): the decision and its flags.
const DECISION: HeaderName = HeaderName::from_static("x-contact-gateway-decision");
const FLAGS: HeaderName = HeaderName::from_static("x-contact-gateway-flags");

/// The prefix of the upstream's paths as seen from outside.
const X_FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

impl FormEdge {
    /// Passes a request that hands nothing in. Bodies stream both ways, but for those that may name a sender:
    /// they are read first.
    pub(super) async fn pass(
        &self,
        form: &Arc<FormSettings>,
        behind: &str,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, ProblemType> {
        let from = peer(&request);
        let (mut head, body) = request.into_parts();
        let has_fields = !body.is_end_stream() && holds_fields(&head);
        let unreadable_fields = has_fields && is_encoded(&head.headers);
        let (passing, body, read) = if has_fields && !unreadable_fields {
            let submission = self.held(form, &head, body).await?;
            let parsed = self.parse(&head, &submission, &form.fields).await?;
            let passing = Passing::read(&submission, parsed).await;
            let body = submission.body().await.map_err(|error| unreadable(&error))?;
            (passing, body, Some(submission.bytes))
        } else {
            let body = patient_to_the_end(body, self.parts.body_wait);
            (Passing::unseen(unreadable_fields), body, None)
        };
        self.note(form, &head, from, passing)?;
        head.headers = self.headers(form, head.headers, from);
        if let Some(bytes) = read {
            head.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes));
        }
        head.uri = address(&form.upstream, behind, head.uri.query()).map_err(fault)?;
        let request = on_its_way(head, body);
        self.parts.upstream.send(request, form.timeout).await.map_err(fault)
    }

    /// Sends a submission on, byte for byte, with its length. Its head goes with it.
    pub(super) async fn send(&self, job: &mut Job) -> Result<Reply, ProblemType> {
        let query = job.head.uri.query();
        let target = address(&job.form.upstream, &job.behind, query).map_err(fault)?;
        let body = job.submission.body().await.map_err(|error| unreadable(&error))?;
        let mut request = Request::new(body);
        *request.method_mut() = job.head.method.clone();
        *request.uri_mut() = target;
        *request.headers_mut() = std::mem::take(&mut job.head.headers);
        // Without content a length says nothing, and some refuse it of a GET (RFC 9110 8.6).
        if job.submission.bytes > 0 || SUBMITTING.contains(&job.head.method) {
            request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(job.submission.bytes));
        }
        let answer = self.parts.upstream.send(request, job.form.timeout).await.map_err(fault)?;
        Ok(settle(answer, FORM_ANSWER_BYTES_MAX).await)
    }

    /// Whether the peer is one of the organisation's own proxies.
    pub(super) fn is_trusted(&self, peer: Option<IpAddr>) -> bool {
        peer.is_some_and(|peer| self.parts.trusted_proxies.iter().any(|net| net.contains(&peer)))
    }

    /// The request's fields, made fit for the upstream.
    pub(super) fn headers(
        &self,
        form: &FormSettings,
        headers: HeaderMap,
        from: Option<IpAddr>,
    ) -> HeaderMap {
        let mut headers = forwarded(headers, from, self.is_trusted(from));
        if !headers.contains_key(X_FORWARDED_PREFIX)
            && let Some(prefix) = form.prefix().and_then(|prefix| prefix.try_into().ok())
        {
            headers.insert(X_FORWARDED_PREFIX, prefix);
        }
        // The body is here already: the upstream has nothing to wait for (RFC 9110 10.1.1).
        headers.remove(EXPECT);
        headers
    }
}

/// Gives the form's own handler the decision on the submission that it receives. For everybody without a restriction it
/// gets the same: it must not learn who is on record.
pub(super) fn say_what_was_decided(headers: &mut HeaderMap, decision: &Decision) {
    let first = decision.reasons.first().map(|reason| &reason.code);
    let told = match first {
        Some(ReasonCode::SenderUnknown | ReasonCode::Unrestricted) => DecisionTold::NotOfWhom,
        Some(_) | None => DecisionTold::Whole,
    };
    let parts = decision_parts(decision, told).join("; ");
    let flags: Vec<String> = decision.flags.iter().map(|flag| token(&flag.to_string())).collect();
    for (name, value) in [(DECISION, parts), (FLAGS, flags.join(", "))] {
        if let Some(value) = HeaderValue::try_from(value).ok().filter(|value| !value.is_empty()) {
            headers.insert(name, value);
        }
    }
}

/// A request of the client's own: the version and extensions belong to the connection it came on.
fn on_its_way(head: request::Parts, body: Body) -> Request<Body> {
    let mut request = Request::new(body);
    *request.method_mut() = head.method;
    *request.uri_mut() = head.uri;
    *request.headers_mut() = head.headers;
    request
}

/// A spooled body could not be read back, or did not get its turn in time.
pub(super) fn unreadable(error: &std::io::Error) -> ProblemType {
    if error.kind() == std::io::ErrorKind::TimedOut {
        tracing::warn!("a form was deferred: too many are being sent on");
    } else {
        tracing::error!(error = %error.kind(), "a spooled form could not be read");
    }
    ProblemType::TryAgain
}

fn fault(error: UpstreamError) -> ProblemType {
    match error {
        UpstreamError::Unreachable => ProblemType::UpstreamUnavailable,
        UpstreamError::Timeout => ProblemType::UpstreamTimeout,
        UpstreamError::TooSlow => ProblemType::TooSlow,
        UpstreamError::Address => ProblemType::NotFound,
    }
}

/// Room for a head with the body behind it, as most are. What is longer grows.
const KEPT_BYTES: usize = 1024;

/// The head of a request as it is kept in front of its body (RFC 9112 10.1, `message/http`): what
/// says how to read the body, and nothing that opens a session.
pub(super) fn kept_head(head: &request::Parts) -> BytesMut {
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut kept = BytesMut::with_capacity(KEPT_BYTES);
    for part in [head.method.as_str(), " ", target, " HTTP/1.1\r\n"] {
        kept.extend_from_slice(part.as_bytes());
    }
    for name in [HOST, CONTENT_TYPE, CONTENT_LENGTH, ORIGIN, REFERER, USER_AGENT, ACCEPT_LANGUAGE] {
        for value in head.headers.get_all(&name) {
            kept.extend_from_slice(name.as_str().as_bytes());
            kept.extend_from_slice(b": ");
            kept.extend_from_slice(value.as_bytes());
            kept.extend_from_slice(b"\r\n");
        }
    }
    kept.extend_from_slice(b"\r\n");
    kept
}

/// What a mailbox is sent of a routed form: why it has it, and what was written.
pub(super) fn routed_text(decision: &Decision, path: &str, text: Option<&str>) -> String {
    let mut mail =
        format!("A message arrived through the web form {path}.\n\nWhy you received it:\n");
    for reason in &decision.reasons {
        // Writing to a string can't fail.
        let _ = writeln!(mail, "- {}", reason.text);
    }
    let _ = writeln!(mail, "\nReference: {}", decision.contact);
    match text {
        Some(text) => {
            let _ = writeln!(mail, "\nThe message:\n\n{text}");
        }
        None => mail.push_str("\nThe form contains no text; it is kept whole on your queue.\n"),
    }
    mail
}
