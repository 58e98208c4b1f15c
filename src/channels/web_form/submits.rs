//! Which requests hand something in, and the trace that is left of others that name a sender.

use std::net::IpAddr;
use std::sync::Arc;

use hyper::body::{Body as HttpBody, Incoming};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use hyper::http::request;
use hyper::{Method, Request};

use super::parse::{self, BodyKind, Fields, Parsed};
use super::settings::{FormFields, FormSettings};
use super::submission::Submission;
use super::{FormEdge, doubt, translate};
use crate::channels::http::problem::ProblemType;
use crate::intake::Intake;
use crate::intake::passed::Passed;

impl FormSettings {
    /// Whether a request below the form's path is a contact.
    pub(super) fn takes(&self, behind: &str, request: &Request<Incoming>) -> bool {
        self.methods.contains(request.method())
            && self.hands_in_at(behind)
            // A page is fetched by the same method as a form that is sent by it.
            && (has_content(request.method())
                || !request.body().is_end_stream()
                || names_a_sender(&parse::query(request.uri().query(), &self.fields), &self.fields))
    }
}

/// Whether requests of this method have content of their own (RFC 9110 9.3).
fn has_content(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

fn names_a_sender(fields: &Fields, names: &FormFields) -> bool {
    let identities = [&names.email, &names.phone, &names.account];
    identities.into_iter().flatten().any(|name| !fields.values(name).is_empty())
}

/// Whether a body is given as encoded, so that nothing in it can be read as it is.
pub(super) fn is_encoded(headers: &HeaderMap) -> bool {
    let mut encodings = headers.get_all(CONTENT_ENCODING).iter();
    encodings.any(|value| !value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"))
}

/// What a request says that is about to be passed on undecided.
pub(super) struct Passing {
    parsed: Parsed,
    /// It has a form's fields, and they could not be read.
    unread: bool,
    obscure: Option<String>,
}

impl Passing {
    /// Of a body that was not looked into.
    pub(super) const fn unseen(unread: bool) -> Self {
        let parsed = Parsed { fields: Fields::Unread, files: Vec::new(), content: [0; 32] };
        Passing { parsed, unread, obscure: None }
    }

    /// Of a body that was read.
    pub(super) async fn read(submission: &Submission, parsed: Parsed) -> Self {
        let obscure = doubt::unread(submission, &parsed).await;
        Passing { parsed, unread: obscure.is_some(), obscure }
    }
}

/// The content type of a body. `None` too where there are two: handlers differ about which holds.
pub(super) fn content_type(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let only = values.next().filter(|_| values.next().is_none())?;
    // Parameters of other bytes say nothing of the fields.
    only.to_str().ok().or_else(|| only.as_bytes().utf8_chunks().next().map(|first| first.valid()))
}

/// Whether a body may be of a kind in which handlers find fields.
pub(super) fn holds_fields(head: &request::Parts) -> bool {
    let mut values = head.headers.get_all(CONTENT_TYPE).iter();
    values.any(|value| BodyKind::of(&String::from_utf8_lossy(value.as_bytes())).is_some())
}

impl FormEdge {
    /// Leaves an audit entry of a request that names a sender and is passed on undecided, so that a way
    /// round the form's own method or last step shows. Such requests are bounded as posts are, and counted apart
    /// from them: of a client that makes more, the log says so.
    pub(super) fn note(
        &self,
        form: &Arc<FormSettings>,
        head: &request::Parts,
        from: Option<IpAddr>,
        passing: Passing,
    ) -> Result<(), ProblemType> {
        let intake: &Intake = &self.parts.intake;
        let names = &form.fields;
        let query = parse::query(head.uri.query(), names);
        let named =
            [&query, &passing.parsed.fields].into_iter().any(|one| names_a_sender(one, names));
        if !named && !passing.unread {
            return Ok(());
        }
        let organisation = intake.organisation(&form.organisation).ok_or(ProblemType::Internal)?;
        if self.parts.notes_pace.take(from, &head.headers).is_err() {
            tracing::warn!(path = form.path, "one client's requests to a form are no longer noted");
            return Ok(());
        }
        let nation = organisation.profile.nation;
        let sender = translate::sender(&passing.parsed.fields, &query, names, nation);
        let id = format!("form-{}", uuid::Uuid::now_v7().simple());
        let now = self.parts.clock.now();
        let mut contact = translate::contact(id, now, &form.path, &passing.parsed, sender, names);
        contact.unread = passing.unread;
        contact.obscure = passing.obscure;
        intake.note_passed(&organisation, &contact, Passed::NotSubmitted);
        Ok(())
    }
}
