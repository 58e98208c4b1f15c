//! What went wrong with a request, as a page that says what may be missing and leads on.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::{ACCEPT, RETRY_AFTER};
use axum::response::{IntoResponse, Response};

use super::entrance;
use super::form::quoted;
use super::frame::{Frame, Section, go, with_status};
use super::say::role_name;
use super::visit::{Guest, Visit};
use super::words;
use crate::casework::Fault;
use crate::domain::case::Broken;
use crate::domain::duty::{self, Duty};
use crate::domain::language::Language;
use crate::domain::queue::ItemFault;
use crate::staff::Staff;
use crate::staff::auth::token_or_problem;
use crate::staff::problem::Problem;

/// What went wrong. A handler returns it; the page is made where it is known who sees it.
#[derive(Debug, Clone)]
pub(super) enum Trouble {
    /// Nobody is signed in, or not any more. With what was written, where something was.
    SignedOut,
    SignedOutWriting {
        wrote: String,
    },
    NotAllowed(Duty),
    NotFound,
    OtherSite,
    TooLong,
    Casework(Fault),
    Ours,
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NotFound(_) => Trouble::NotFound,
            other => Trouble::Casework(other),
        }
    }
}

/// The status, and the trouble itself for [`entrance::enter`] to put into words.
impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl Trouble {
    const fn status(&self) -> StatusCode {
        match self {
            Trouble::SignedOut | Trouble::SignedOutWriting { .. } => StatusCode::UNAUTHORIZED,
            Trouble::NotAllowed(_) | Trouble::OtherSite => StatusCode::FORBIDDEN,
            Trouble::NotFound => StatusCode::NOT_FOUND,
            Trouble::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Trouble::Casework(fault) => status_of(fault),
            Trouble::Ours => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

const fn status_of(fault: &Fault) -> StatusCode {
    match fault {
        Fault::Store(error) if error.is_retryable() => StatusCode::SERVICE_UNAVAILABLE,
        Fault::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        Fault::Delivery(_) => StatusCode::BAD_GATEWAY,
        Fault::Invalid(_) | Fault::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::CONFLICT,
    }
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage {
    f: Frame,
    w: &'static words::Troubles,
    heading: &'static str,
    text: String,
    roles: Vec<String>,
    wrote: Option<String>,
    /// Where a link leads on, and what it says.
    on: (String, &'static str),
}

/// The page.
pub(super) fn in_words(
    staff: &Staff,
    guest: &Guest,
    visit: Option<&Visit>,
    trouble: Trouble,
    wrote: Option<String>,
) -> Response {
    let w = words::Troubles::of(guest.language);
    let status = trouble.status();
    let sign_in = |back: &str| (format!("/sign-in?next={}", quoted(back)), w.sign_in);
    let mut on = ("/".to_owned(), w.home);
    let mut roles = Vec::new();
    let mut written = wrote.filter(|wrote| !wrote.is_empty());
    let (heading, text) = match trouble {
        Trouble::SignedOut => return go(&sign_in(&guest.here).0),
        Trouble::SignedOutWriting { wrote } => {
            on = sign_in(before_act(&guest.here));
            let empty = wrote.is_empty();
            written = (!empty).then_some(wrote);
            let text = if empty { w.signed_out_plain } else { w.signed_out_text };
            (w.signed_out, text.to_owned())
        }
        Trouble::NotAllowed(duty) => {
            let profile = visit.map(|visit| &visit.organisation.profile);
            let able = profile.map(|profile| duty::roles_with(profile, duty)).unwrap_or_default();
            roles = able.into_iter().map(|role| role_name(role, guest.language)).collect();
            let role = visit.map(|visit| role_name(visit.role(), guest.language));
            let text = if roles.is_empty() { w.nobody } else { w.not_allowed_text };
            let own = role.map(|role| format!("{} {role}. ", w.your_role)).unwrap_or_default();
            (w.not_allowed, format!("{own}{text}"))
        }
        Trouble::NotFound => (w.not_found, w.not_found_text.to_owned()),
        Trouble::OtherSite => (w.other_site, w.other_site_text.to_owned()),
        Trouble::TooLong => (w.too_long, w.too_long_text.to_owned()),
        Trouble::Ours => (w.ours, w.ours_text.to_owned()),
        Trouble::Casework(fault) => of_fault(&fault, guest.language),
    };
    let frame = match visit {
        Some(visit) => Frame::of(staff, visit, Section::Beside, heading),
        None => {
            if !matches!(on.1, link if link == w.sign_in) {
                on = ("/sign-in".to_owned(), w.sign_in);
            }
            Frame::outside(staff, guest, None, heading)
        }
    };
    let page = TroublePage { f: frame, w, heading, text, roles, wrote: written, on };
    let mut response = with_status(status, &page).unwrap_or_else(|_| status.into_response());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("30"));
    }
    response
}

/// The page on which something was to be done: its own address, or what stands before the act's.
fn before_act(here: &str) -> &str {
    let path = here.split('?').next().unwrap_or("/");
    let acts = ["/take", "/bulk", "/preferences", "/password", "/sessions", "/off"];
    acts.iter()
        .find_map(|act| path.strip_suffix(act))
        .map(|page| if page.is_empty() { "/" } else { page })
        .unwrap_or(path)
}

/// What a verb ran into, in a heading and a sentence.
pub(super) fn of_fault(fault: &Fault, language: Language) -> (&'static str, String) {
    let w = words::Troubles::of(language);
    let (heading, text) = match fault {
        Fault::NotFound(_) | Fault::Moved { .. } => (w.not_found, w.not_found_text),
        Fault::Item(ItemFault::Done(_)) => (w.refused, w.item_done),
        Fault::Item(ItemFault::ClaimedByAnother) => (w.refused, w.item_taken),
        Fault::Item(ItemFault::NothingKept) => (w.refused, w.nothing_kept),
        Fault::ReleaseUnderWay => (w.busy, w.under_way),
        Fault::OriginalMissing(_) => (w.refused, w.original_missing),
        Fault::OriginalAltered(_) => (w.refused, w.original_altered),
        Fault::Delivery(error) => {
            tracing::warn!(%error, "a release could not be delivered");
            (w.refused, w.not_delivered)
        }
        Fault::Exists(_) => (w.refused, w.exists),
        Fault::Contended | Fault::Changed(_) | Fault::VersionChanged { .. } => {
            (w.busy, w.busy_text)
        }
        Fault::Store(error) if error.is_retryable() => (w.away, w.away_text),
        Fault::Store(error) => {
            tracing::error!(%error, "a page met a fault of the store");
            (w.ours, w.ours_text)
        }
        Fault::Broken(broken) => return (w.refused, rules(broken)),
        Fault::AmbiguousRestriction(_)
        | Fault::Invalid(_)
        | Fault::WouldEnd(_)
        | Fault::StepNeeded { .. }
        | Fault::Refused(_) => return (w.refused, fault.to_string()),
    };
    (heading, text.to_owned())
}

/// Every rule that a step breaks, in the policy's words with the clause.
fn rules(broken: &[Broken]) -> String {
    let one = |rule: &Broken| match &rule.clause {
        Some(clause) => format!("{} ({clause}).", rule.what),
        None => format!("{}.", rule.what),
    };
    broken.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// What no route has: a page for browsers, a problem for programs.
pub(in crate::staff) async fn unknown(
    State(staff): State<Arc<Staff>>,
    request: Request,
) -> Response {
    let headers = request.headers();
    let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_program = request.uri().path().starts_with("/api/") || !accepts.contains("text/html");
    if is_program {
        return match token_or_problem(&staff, &request) {
            Ok(()) => Problem::no_such_route().into_response(),
            Err(problem) => problem.into_response(),
        };
    }
    let guest = entrance::guest_of(&staff, &request);
    let visit = entrance::visiting(&staff, request.headers(), &guest).await.ok().flatten();
    let mut response = in_words(&staff, &guest, visit.as_ref(), Trouble::NotFound, None);
    crate::runtime::html::shut(response.headers_mut(), crate::runtime::html::OWN_PAGE);
    response
}
