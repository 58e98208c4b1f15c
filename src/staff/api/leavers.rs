//! Leavers: members of staff who leave for good.

use axum::http::StatusCode;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::contacts::NoQuery;
use super::points_of_contact::AbsenceRefused;
use super::shape;
use crate::casework::leaving::{HandedOver, Leaver, LeaverOnRecord, OpenWork};
use crate::domain::restriction;
use crate::staff::permit::{KeepsSettings, Permitted};
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, Json, Named};

/// A leaver.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaverOfStaff {
    /// Their name in restrictions, on items and on the account.
    name: String,
    /// The first day without them.
    on: NaiveDate,
    /// Who takes over everything; left out for each person's deputy.
    #[schema(value_type = Option<shape::StaffContact>)]
    successor: Option<restriction::StaffContact>,
}

/// What was handed over, and what a manager must see to.
#[derive(Serialize, ToSchema)]
pub struct LeaverDone {
    /// `account` and `items` are filled in once the day has come (`is_done`).
    #[schema(value_type = Object)]
    leaving: LeaverOnRecord,
    /// By person and restriction, with the name of the colleague who takes over (`to`).
    #[schema(value_type = Vec<Object>)]
    handed_over: Vec<HandedOver>,
    /// Restrictions on which it could not be recorded: send it again.
    refused: Vec<AbsenceRefused>,
    /// Their own proposals (`proposal`), proposals that they could sign (`signature`), letters that they drafted
    /// (`letter`) and appeals that they hear (`appeal`): the first 200.
    #[schema(value_type = Vec<Object>)]
    open: Vec<OpenWork>,
}

/// All leavers, past and to come.
#[derive(Serialize, ToSchema)]
pub struct LeaversList {
    /// Sorted by day.
    #[schema(value_type = Vec<Object>)]
    leavers: Vec<LeaverOnRecord>,
}

/// Record that a member of staff leaves. From that day a successor, or each person's deputy, is the point of contact
/// of everybody they answered; addresses and letters that customers know stay as they are. On that day their claimed
/// items go to the successor or back to the queue, and their account closes. Sending it again replaces the day and
/// the successor. Needs the duty `record` as well.
#[utoipa::path(
    post, path = "/api/v1/leavers", operation_id = "record_leaver", tag = "cases",
    request_body = LeaverOfStaff,
    responses(
        (status = 201, description = "It is on record", body = LeaverDone),
        (status = 422, description = "`faults` names everybody left without an answer; nothing is recorded"),
    )
)]
pub async fn record(
    caller: Permitted<KeepsSettings>,
    _query: Asked<NoQuery>,
    Json(asked): Json<LeaverOfStaff>,
) -> Result<(StatusCode, axum::Json<LeaverDone>), Problem> {
    let leaver = Leaver { name: &asked.name, on: asked.on, successor: asked.successor };
    let (casework, organisation) = (caller.casework(), caller.organisation());
    let done = casework.record_leaver(organisation, caller.role(), caller.name(), &leaver).await?;
    let refused = done.refused.into_iter().map(AbsenceRefused::from).collect();
    let (leaving, handed_over, open) = (done.leaving, done.handed_over, done.open);
    Ok((StatusCode::CREATED, axum::Json(LeaverDone { leaving, handed_over, refused, open })))
}

/// Take back that a member of staff leaves: they answer their people again. Those who took over stay deputies, items
/// that were passed on stay where they are, and a closed account can be opened again in the settings. Needs the duty
/// `record` as well.
#[utoipa::path(
    delete, path = "/api/v1/leavers/{name}", operation_id = "take_back_leaver", tag = "cases",
    params(("name" = String, Path, description = "the leaver's name")),
    responses((status = 204, description = "They stay"))
)]
pub async fn take_back(
    caller: Permitted<KeepsSettings>,
    Named(name): Named<String>,
    _query: Asked<NoQuery>,
) -> Result<StatusCode, Problem> {
    let (casework, organisation) = (caller.casework(), caller.organisation());
    casework.take_back_leaver(organisation, caller.role(), caller.name(), &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// All leavers, past and to come, each with the outcome.
#[utoipa::path(
    get, path = "/api/v1/leavers", operation_id = "list_leavers", tag = "cases",
    responses((status = 200, description = "By the day", body = LeaversList))
)]
pub async fn list(
    caller: Permitted<KeepsSettings>,
    _query: Asked<NoQuery>,
) -> Result<axum::Json<LeaversList>, Problem> {
    let leavers = caller.casework().leavers(&caller.organisation().id).await?;
    Ok(axum::Json(LeaversList { leavers }))
}
