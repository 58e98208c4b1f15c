//! The staff listener's table of contents, and what wraps every route.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Staff;
use super::api::monitoring::Document;
use super::api::{
    audit, before, cases, contacts, dead_letters, diary, document, equality, erasures, imports,
    items, leavers, letter_templates, letters, merges, monitoring, people, points_of_contact,
    queues, reports, restrictions, retention, timeline, tokens,
};
use super::auth::{Caller, sign_in};
use super::console;
use super::incoming;
use super::looking;
use super::problem::Problem;
use crate::runtime::limits::API_REQUEST_WAIT;
use crate::runtime::metrics::RequestLabels;

/// Everything that the staff listener serves.
pub fn router(staff: Arc<Staff>) -> Router {
    let (open, open_document) = open().split_for_parts();
    let (signed_in, mut whole) = signed_in().split_for_parts();
    whole.merge(open_document);
    let written = document::written(whole);
    signed_in
        .method_not_allowed_fallback(no_such_method)
        .layer(from_fn_with_state(Arc::clone(&staff), looking::in_api))
        .layer(from_fn_with_state(Arc::clone(&staff), count))
        .layer(from_fn_with_state(Arc::clone(&staff), sign_in))
        .layer(Extension(Document(written)))
        .merge(open)
        .merge(console::router(&staff))
        .fallback(console::unknown)
        .layer(from_fn(incoming::in_hand))
        .layer(from_fn(within_time))
        .layer(from_fn(careful_headers))
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(staff)
}

/// What a token opens.
fn signed_in() -> OpenApiRouter<Arc<Staff>> {
    OpenApiRouter::with_openapi(document::described())
        .merge(of_cases())
        .routes(routes!(contacts::receive))
        .routes(routes!(contacts::preview))
        .routes(routes!(people::list, people::import))
        .routes(routes!(imports::import))
        .routes(routes!(people::read, people::put, people::patch))
        .routes(routes!(merges::list, merges::merge))
        .routes(routes!(merges::preview))
        .routes(routes!(merges::unmerge))
        .routes(routes!(timeline::read))
        .routes(routes!(equality::read, equality::record))
        .routes(routes!(equality::report))
        .routes(routes!(erasures::preview, erasures::ask, erasures::withdraw))
        .routes(routes!(erasures::approve))
        .routes(routes!(erasures::hold, erasures::end_hold))
        .routes(routes!(erasures::list))
        .routes(routes!(retention::preview))
        .routes(routes!(retention::ask, retention::withdraw))
        .routes(routes!(retention::approve))
        .routes(routes!(restrictions::of_person, restrictions::add))
        .routes(routes!(restrictions::put_of_person))
        .routes(routes!(restrictions::read, restrictions::put))
        .routes(routes!(queues::list))
        .routes(routes!(queues::items))
        .routes(routes!(queues::export))
        .routes(routes!(items::read_item))
        .routes(routes!(items::original))
        .routes(routes!(items::claim))
        .routes(routes!(items::put_back))
        .routes(routes!(items::hand_over))
        .routes(routes!(items::read))
        .routes(routes!(items::reopen))
        .routes(routes!(items::release))
        .routes(routes!(items::file))
        .routes(routes!(items::close))
        .routes(routes!(items::note))
        .routes(routes!(items::not_theirs))
        .routes(routes!(contacts::not_theirs))
        .routes(routes!(audit::read))
        .routes(routes!(dead_letters::list))
        .routes(routes!(dead_letters::try_again))
        .routes(routes!(dead_letters::discard))
        .routes(routes!(tokens::list, tokens::make))
        .routes(routes!(tokens::revoke))
        .routes(routes!(letter_templates::list))
        .routes(routes!(letter_templates::read, letter_templates::save, letter_templates::reset))
        .routes(routes!(letter_templates::preview))
        .routes(routes!(monitoring::openapi))
        .routes(routes!(monitoring::metrics))
}

/// A person's case: the file, its lists, and a route a step.
fn of_cases() -> OpenApiRouter<Arc<Staff>> {
    OpenApiRouter::default()
        .routes(routes!(cases::incidents, cases::record_incident))
        .routes(routes!(cases::close_incident))
        .routes(routes!(cases::warnings, cases::give_warning))
        .routes(routes!(cases::agreements, cases::offer_agreement))
        .routes(routes!(cases::answer_agreement))
        .routes(routes!(cases::breach_agreement))
        .routes(routes!(cases::close_agreement))
        .routes(routes!(cases::mediations, cases::record_mediation))
        .routes(routes!(cases::proposals, cases::propose))
        .routes(routes!(cases::submit))
        .routes(routes!(cases::sign_off))
        .routes(routes!(cases::send_back))
        .routes(routes!(cases::withdraw_proposal))
        .routes(routes!(cases::put_in_force))
        .routes(routes!(cases::letters, cases::draft_letter))
        .routes(routes!(letters::read))
        .routes(routes!(letters::own_record))
        .routes(routes!(cases::approve_letter))
        .routes(routes!(cases::send_letter))
        .routes(routes!(cases::vary))
        .routes(routes!(cases::lift))
        .routes(routes!(cases::review))
        .routes(routes!(cases::appeals, cases::receive_appeal))
        .routes(routes!(cases::assign_hearer))
        .routes(routes!(cases::decide_appeal))
        .routes(routes!(cases::notify_appeal))
        .routes(routes!(cases::withdraw_appeal))
        .routes(routes!(cases::decide_engagement))
        .routes(routes!(cases::reconciliations, cases::reconcile_adjustment))
        .routes(routes!(cases::staff_complaints, cases::record_staff_complaint))
        .routes(routes!(cases::close_staff_complaint))
        .routes(routes!(cases::record_adjustment))
        .routes(routes!(cases::record_absence))
        .routes(routes!(cases::mark_read))
        .routes(routes!(cases::actions, cases::record_action))
        .routes(routes!(cases::reviews))
        .routes(routes!(cases::tasks))
        .routes(routes!(cases::read_case))
        .routes(routes!(before::back_test))
        .routes(routes!(before::may_contact))
        .routes(routes!(diary::read))
        .routes(routes!(diary::calendar))
        .routes(routes!(reports::read))
        .routes(routes!(points_of_contact::list))
        .routes(routes!(points_of_contact::record_absence))
        .routes(routes!(leavers::list, leavers::record))
        .routes(routes!(leavers::take_back))
        .routes(routes!(cases::step))
        .routes(routes!(cases::all_incidents, cases::record_incident_of))
}

/// What anybody may ask: nothing but whether the gateway lives and is ready.
fn open() -> OpenApiRouter<Arc<Staff>> {
    OpenApiRouter::default()
        .routes(routes!(monitoring::live))
        .routes(routes!(monitoring::ready))
        .routes(routes!(monitoring::serving))
}

async fn no_such_method() -> Problem {
    Problem::new(405, "method-not-allowed", "Method not allowed")
}

/// Counts the request under its route's pattern.
async fn count(State(staff): State<Arc<Staff>>, request: Request, next: Next) -> Response {
    let organisation = request
        .extensions()
        .get::<Caller>()
        .map(|caller| caller.organisation.id.to_string())
        .unwrap_or_default();
    let route =
        request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    staff.metrics.requests.get_or_create(&RequestLabels { organisation, route, status }).inc();
    response
}

/// No request holds its connection for ever.
async fn within_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(API_REQUEST_WAIT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(503, "too-slow", "It took too long; try again")
            .with_retry_after(API_REQUEST_WAIT)
            .into_response(),
    }
}

/// Answers are personal data: no cache keeps them, and no browser takes one for a page.
async fn careful_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    // Except the parts of pages, which are about nobody.
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A panic is a fault of ours: it is logged by the panic hook, and answered.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a staff request panicked");
    let mut response = Problem::internal().into_response();
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
