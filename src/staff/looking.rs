//! Looking is on the trail, by whatever way: what a route shows is said by its path, so that no handler has
//! to think of it and no query gets round it.

use std::sync::Arc;

use axum::RequestExt;
use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Staff;
use super::auth::Caller;
use super::problem::Problem;
use crate::casework::Fault;
use crate::casework::looked::Look;
use crate::domain::audit::LookedAt;
use crate::domain::organisation::OrganisationId;

/// What a route shows to its caller. A handler whose path does not say whose record it is puts one
/// into the extensions of its answer.
#[derive(Debug, Clone)]
pub struct Shows {
    what: LookedAt,
    id: String,
    because: Option<String>,
}

impl Shows {
    pub(super) fn person(id: &str) -> Self {
        Shows { what: LookedAt::Person, id: id.to_owned(), because: None }
    }
}

/// Who asks: the name under which they are on the trail.
pub(super) struct Looker {
    pub organisation: OrganisationId,
    pub name: String,
    /// In a browser.
    pub is_page: bool,
}

/// By the pattern of its path: the console's and the API's name their parts alike.
async fn shows(request: &mut Request) -> Option<Shows> {
    let params = request.extract_parts::<RawPathParams>().await.ok()?;
    let pattern = request.extensions().get::<MatchedPath>()?.as_str();
    let query = request.uri().query();
    let param =
        |name: &str| params.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
    // A page that stays open was noted when it was opened.
    if pattern == "/items/{item}/here" {
        return None;
    }
    if let Some(item) = param("item") {
        let is_original = pattern.contains("{item}/original");
        let what = if is_original { LookedAt::Original } else { LookedAt::Item };
        return Some(Shows { what, because: is_original.then(|| item.clone()), id: item });
    }
    // Each copy of a whole record is an entry of its own, in its maker's name.
    if pattern.contains("/{person}/record") {
        return None;
    }
    if let Some(id) = param("person") {
        let because = asked(query, "because");
        let is_equality = pattern.ends_with("/{person}/equality");
        let what = if is_equality { LookedAt::Equality } else { LookedAt::Person };
        return Some(Shows { what, id, because });
    }
    // Lists of the API have whole records in them, page by page.
    let after = || asked(query, "after").unwrap_or_default();
    let (what, id) = match pattern {
        "/api/v1/people" => (LookedAt::People, after()),
        "/api/v1/incidents" => (LookedAt::Incidents, String::new()),
        "/api/v1/queues/{queue}" | "/api/v1/exports/{queue}" | "/queues/{queue}/export" => {
            (LookedAt::Queue, param("queue")?)
        }
        _ => return None,
    };
    Some(Shows { what, id, because: None })
}

fn asked(query: Option<&str>, name: &str) -> Option<String> {
    form_urlencoded::parse(query?.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// Whether the answer has in it what the route shows. What changes something is on the trail by itself; a page that
/// says why it did not still shows the record.
fn is_shown(method: &Method, is_page: bool, status: StatusCode) -> bool {
    let refused = matches!(status, StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY);
    match *method {
        Method::GET => status.is_success(),
        Method::POST => is_page && (status.is_success() || refused),
        _ => false,
    }
}

/// Notes what the API shows.
pub(super) async fn in_api(
    State(staff): State<Arc<Staff>>,
    request: Request,
    next: Next,
) -> Response {
    let looker = request.extensions().get::<Caller>().map(|caller| Looker {
        organisation: caller.organisation.id.clone(),
        name: caller.member.name.clone(),
        is_page: false,
    });
    match noted(&staff, looker, request, next).await {
        Ok(response) => response,
        Err(fault) => Problem::from(fault).into_response(),
    }
}

/// Runs a request, and notes on the trail what its answer shows. What can't be noted is not shown.
pub(super) async fn noted(
    staff: &Staff,
    looker: Option<Looker>,
    mut request: Request,
    next: Next,
) -> Result<Response, Fault> {
    let shows = shows(&mut request).await;
    let method = request.method().clone();
    let mut response = next.run(request).await;
    let shows = response.extensions_mut().remove::<Shows>().or(shows);
    if let (Some(looker), Some(shows)) = (looker, shows)
        && is_shown(&method, looker.is_page, response.status())
    {
        let look = Look {
            what: shows.what,
            id: &shows.id,
            because: shows.because.as_deref(),
            by: &looker.name,
        };
        staff.office.note_look(&looker.organisation, look).await?;
    }
    Ok(response)
}
