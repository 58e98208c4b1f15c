//! Which requests hand something in, and the trace that is left of others that name a sender.

use std::net::IpAddr;
use std::sync::Arc;

use hyper::http::request;
use hyper::{HeaderMap, Method, Uri};

use super::FormEdge;
use super::parse::{self, Fields, Parsed};
use super::settings::FormSettings;
use super::translate;
use crate::intake::Intake;
use crate::intake::passed::Passed;

impl FormSettings {
    /// Whether a request to what stands behind the form's path is a contact.
    pub(super) fn takes(&self, method: &Method, behind: &str, uri: &Uri) -> bool {
        self.methods.contains(method)
            && self.hands_in_at(behind)
            // A page is fetched by the same method as a form that is sent by it.
            && (has_content(method) || self.names_a_sender(uri))
    }

    fn names_a_sender(&self, uri: &Uri) -> bool {
        let names = &self.fields;
        let query = parse::query(uri.query(), names);
        let identities = [&names.email, &names.phone, &names.account];
        identities.into_iter().flatten().any(|name| !query.values(name).is_empty())
    }
}

/// Whether requests of this method have content of their own (RFC 9110 9.3).
fn has_content(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// What is known of a request that is about to be passed on.
pub(super) struct Passing {
    from: Option<IpAddr>,
    headers: HeaderMap,
    uri: Uri,
}

impl Passing {
    /// `None`: it names nobody.
    pub(super) fn of(
        form: &FormSettings,
        head: &request::Parts,
        from: Option<IpAddr>,
    ) -> Option<Self> {
        form.names_a_sender(&head.uri).then(|| Passing {
            from,
            headers: head.headers.clone(),
            uri: head.uri.clone(),
        })
    }
}

impl FormEdge {
    /// Leaves an audit entry of a request that names a sender and is passed on undecided, so that a way
    /// round the form's own method shows. Such requests are bounded as posts are: of a client that makes
    /// more, the log says so.
    pub(super) fn note(&self, form: &Arc<FormSettings>, passing: &Passing) {
        let intake: &Intake = &self.parts.intake;
        let Some(organisation) = intake.organisation(&form.organisation) else { return };
        if self.parts.pace.take(passing.from, &passing.headers).is_err() {
            tracing::warn!(path = form.path, "one client's requests to a form are no longer noted");
            return;
        }
        let names = &form.fields;
        let query = parse::query(passing.uri.query(), names);
        let sender = translate::sender(&Fields::Unread, &query, names, organisation.profile.nation);
        let id = format!("form-{}", uuid::Uuid::now_v7().simple());
        let parsed = Parsed { fields: Fields::Unread, files: Vec::new(), content: [0; 32] };
        let now = self.parts.clock.now();
        let contact = translate::contact(id, now, &form.path, &parsed, sender, names);
        intake.note_passed(&organisation, &contact, Passed::NotSubmitted);
    }
}
