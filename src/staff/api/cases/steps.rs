//! The steps of a case, one route each.

use axum::http::HeaderMap;
use axum::response::Response;

use super::body::{Fields, Route, take, taken};
use super::shape;
use crate::staff::api::contacts::NoQuery;
use crate::staff::permit::{Permitted, TakesSteps};
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, Json, Named};

/// A step that adds to a list of the person's case file.
macro_rules! on_person {
    ($($(#[$doc:meta])* $name:ident, $path:literal, $id:literal, $act:literal, $body:ident;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            post, path = $path, operation_id = $id, tag = "cases",
            params(
                ("person" = String, Path, description = "the person's id"),
                ("If-Match" = Option<String>, Header, description = "the case file's version"),
            ),
            request_body = shape::$body,
            responses((status = 201, description = "The step was taken", body = shape::Taken))
        )]
        pub async fn $name(
            caller: Permitted<TakesSteps>,
            Named(person): Named<String>,
            _query: Asked<NoQuery>,
            headers: HeaderMap,
            Json(fields): Json<Fields>,
        ) -> Result<Response, Problem> {
            let route = Route { act: $act, person: &person, about: None, makes: true };
            taken(&caller, &headers, route, fields).await
        }
    )*};
}

/// A step about something that is on the person's case file.
macro_rules! on_part {
    ($($(#[$doc:meta])* $name:ident, $path:literal, $id:literal, $act:literal, $key:literal, $body:ident;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            post, path = $path, operation_id = $id, tag = "cases",
            params(
                ("person" = String, Path, description = "the person's id"),
                ($key = String, Path, description = "its id on the case file"),
                ("If-Match" = Option<String>, Header, description = "the case file's version"),
            ),
            request_body = shape::$body,
            responses((status = 200, description = "The step was taken", body = shape::Taken))
        )]
        pub async fn $name(
            caller: Permitted<TakesSteps>,
            path: Named<(String, String)>,
            _query: Asked<NoQuery>,
            headers: HeaderMap,
            Json(fields): Json<Fields>,
        ) -> Result<Response, Problem> {
            let Named((person, about)) = path;
            let about = Some(($key, about.as_str()));
            let route = Route { act: $act, person: &person, about, makes: false };
            taken(&caller, &headers, route, fields).await
        }
    )*};
}

on_person! {
    /// Record what happened.
    record_incident, "/api/v1/people/{person}/incidents", "record_incident", "record_incident", RecordIncident;
    /// Give a warning. One in writing counts from the day on which its letter went.
    give_warning, "/api/v1/people/{person}/warnings", "give_warning", "give_warning", GiveWarning;
    /// Offer an agreement, without formal action.
    offer_agreement, "/api/v1/people/{person}/agreements", "offer_agreement", "offer_agreement", OfferAgreement;
    /// Record a step of mediation, and why.
    record_mediation, "/api/v1/people/{person}/mediations", "record_mediation", "record_mediation", RecordMediation;
    /// Propose a restriction, or a heavier form of one. A draft may be incomplete: `broken`
    /// lists what still keeps it from being put in force. The `id` of a draft replaces it.
    propose, "/api/v1/people/{person}/proposals", "propose", "propose", Propose;
    /// Draft a letter. Drafting again under its `id` takes the approval away.
    draft_letter, "/api/v1/people/{person}/letters", "draft_letter", "draft_letter", DraftLetter;
    /// Record an appeal, however and whenever it came. A late one is flagged `out_of_time`,
    /// never refused.
    receive_appeal, "/api/v1/people/{person}/appeals", "receive_appeal", "receive_appeal", ReceiveAppeal;
    /// Decide whether to engage with a new issue after all contact was ended. `item` is the
    /// contact's id.
    decide_engagement, "/api/v1/people/{person}/engagements", "decide_engagement", "decide_engagement", DecideEngagement;
    /// Say how an adjustment and a restriction that seem to clash go together.
    reconcile_adjustment, "/api/v1/people/{person}/reconciliations", "reconcile_adjustment", "reconcile_adjustment", ReconcileAdjustment;
    /// Record the person's complaint about a member of staff, who then takes no part in
    /// decisions.
    record_staff_complaint, "/api/v1/people/{person}/staff-complaints", "record_staff_complaint", "record_staff_complaint", RecordStaffComplaint;
    /// Record a reasonable adjustment; under its id again, it is what it says now.
    record_adjustment, "/api/v1/people/{person}/adjustments", "record_adjustment", "record_adjustment", RecordAdjustment;
    /// Record that somebody of a point of contact is away.
    record_absence, "/api/v1/people/{person}/absences", "record_absence", "record_absence", RecordAbsence;
    /// Record that a filed contact was read. `item` is the contact's id.
    mark_read, "/api/v1/people/{person}/reads", "mark_read", "mark_read", MarkRead;
    /// Record other action: on social media, in law, with the police. It enforces nothing.
    record_action, "/api/v1/people/{person}/actions", "record_action", "record_action", RecordAction;
}

on_part! {
    /// Close an incident: it was answered, or needs no action.
    close_incident, "/api/v1/people/{person}/incidents/{incident}/closure", "close_incident",
        "close_incident", "incident", CloseIncident;
    /// Record whether an agreement was accepted.
    answer_agreement, "/api/v1/people/{person}/agreements/{agreement}/answer", "answer_agreement",
        "answer_agreement", "agreement", AnswerAgreement;
    /// Record that an agreement was breached, and how.
    breach_agreement, "/api/v1/people/{person}/agreements/{agreement}/breach", "breach_agreement",
        "breach_agreement", "agreement", EndAgreement;
    /// Close an agreement that was kept.
    close_agreement, "/api/v1/people/{person}/agreements/{agreement}/closure", "close_agreement",
        "close_agreement", "agreement", EndAgreement;
    /// Submit a proposal for signature. Nothing may be broken but signatures and the
    /// letter.
    submit, "/api/v1/people/{person}/proposals/{proposal}/submission", "submit_proposal",
        "submit", "proposal", Nothing;
    /// Sign a proposal, or one of its exceptions.
    sign_off, "/api/v1/people/{person}/proposals/{proposal}/signatures", "sign_proposal",
        "sign_off", "proposal", SignOff;
    /// Send a proposal back, and say why.
    send_back, "/api/v1/people/{person}/proposals/{proposal}/return", "return_proposal",
        "send_back", "proposal", Why;
    /// Withdraw a proposal.
    withdraw_proposal, "/api/v1/people/{person}/proposals/{proposal}/withdrawal", "withdraw_proposal",
        "withdraw_proposal", "proposal", Why;
    /// Put a restriction in force, on every gateway at once. Refused with everything that
    /// the policy asks for and that is not so.
    put_in_force, "/api/v1/people/{person}/proposals/{proposal}/enforcement", "put_in_force",
        "put_in_force", "proposal", Nothing;
    /// Approve a letter as it is.
    approve_letter, "/api/v1/people/{person}/letters/{letter}/approval", "approve_letter",
        "approve_letter", "letter", Nothing;
    /// Send a letter as it was approved, or mark it as posted. By e-mail the gateway sends it itself where the
    /// organisation has an address of its own: to the address that `to` names, else to the first that the person
    /// shares with nobody. Refused if there is none.
    send_letter, "/api/v1/people/{person}/letters/{letter}/dispatch", "send_letter",
        "send_letter", "letter", Means;
    /// Make a restriction lighter. A heavier one takes a proposal.
    vary, "/api/v1/people/{person}/restrictions/{restriction}/variations", "vary_restriction",
        "vary", "restriction", Vary;
    /// Lift a restriction, on every gateway at once. Its letter goes first.
    lift, "/api/v1/people/{person}/restrictions/{restriction}/lift", "lift_restriction",
        "lift", "restriction", Why;
    /// Record a review: it keeps, varies or lifts the restriction at once.
    review, "/api/v1/people/{person}/restrictions/{restriction}/reviews", "review_restriction",
        "review", "restriction", ReviewStep;
    /// Name who hears an appeal: somebody who took no part.
    assign_hearer, "/api/v1/people/{person}/appeals/{appeal}/hearer", "assign_hearer",
        "assign_hearer", "appeal", AssignHearer;
    /// Decide an appeal. It acts at once, on every gateway; `released` lists held contacts that pass now.
    decide_appeal, "/api/v1/people/{person}/appeals/{appeal}/decision", "decide_appeal",
        "decide_appeal", "appeal", DecideAppeal;
    /// Record that the person was notified of the outcome.
    notify_appeal, "/api/v1/people/{person}/appeals/{appeal}/notice", "notify_appeal",
        "notify_appeal", "appeal", Means;
    /// Withdraw an appeal, as the person asked.
    withdraw_appeal, "/api/v1/people/{person}/appeals/{appeal}/withdrawal", "withdraw_appeal",
        "withdraw_appeal", "appeal", Why;
    /// Close a complaint about staff.
    close_staff_complaint, "/api/v1/people/{person}/staff-complaints/{complaint}/closure", "close_staff_complaint",
        "close_staff_complaint", "complaint", CloseStaffComplaint;
}

/// Take any step, as a case scenario writes it: its name in `act`, and its fields.
#[utoipa::path(
    post, path = "/api/v1/people/{person}/steps", operation_id = "take_step", tag = "cases",
    params(
        ("person" = String, Path, description = "the person's id"),
        ("If-Match" = Option<String>, Header, description = "the case file's version"),
    ),
    request_body = Object,
    responses((status = 200, description = "The step was taken", body = shape::Taken))
)]
pub async fn step(
    caller: Permitted<TakesSteps>,
    Named(person): Named<String>,
    _query: Asked<NoQuery>,
    headers: HeaderMap,
    Json(fields): Json<Fields>,
) -> Result<Response, Problem> {
    take(&caller, &headers, &person, false, fields).await
}

/// Record what happened; `person` names the other side.
#[utoipa::path(
    post, path = "/api/v1/incidents", operation_id = "record_incident_of", tag = "cases",
    request_body = shape::RecordIncident,
    responses((status = 201, description = "The step was taken", body = shape::Taken))
)]
pub async fn record_incident_of(
    caller: Permitted<TakesSteps>,
    _query: Asked<NoQuery>,
    headers: HeaderMap,
    Json(mut fields): Json<Fields>,
) -> Result<Response, Problem> {
    let Some(serde_json::Value::String(person)) = fields.remove("person") else {
        let problem = Problem::new(422, "invalid-body", "The body can't be read");
        return Err(problem.with_detail("`person` is missing: the person's id".to_owned()));
    };
    let route = Route { act: "record_incident", person: &person, about: None, makes: true };
    taken(&caller, &headers, route, fields).await
}
