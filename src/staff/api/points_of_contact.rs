//! Who answers for whom, and who is away.

use axum::http::StatusCode;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shape;
use crate::casework::points_of_contact::{AbsenceNotRecorded, Answering, Away};
use crate::domain::restriction;
use crate::staff::api::contacts::NoQuery;
use crate::staff::permit::{Permitted, ReadsCases, TakesSteps};
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, Json};

/// Who answers for whom.
#[derive(Serialize, ToSchema)]
pub struct PointsOfContactPage {
    /// Sorted by the contact's name, then the person's: the first 500.
    points_of_contact: Vec<PointOfContactOf>,
    /// Not all of them are listed.
    more: bool,
}

/// The point of contact of a restricted person.
#[derive(Serialize, ToSchema)]
pub struct PointOfContactOf {
    /// The person's id.
    person: String,
    /// The restriction's id.
    restriction: String,
    #[schema(value_type = shape::StaffContact)]
    contact: restriction::StaffContact,
    /// In the order in which they deputise.
    #[schema(value_type = Vec<shape::StaffContact>)]
    deputies: Vec<restriction::StaffContact>,
    #[schema(value_type = Vec<shape::Absence>)]
    absences: Vec<restriction::Absence>,
    /// Who receives contacts now; left out if it is the team and the team has no name.
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<String>,
    /// The first day on which all of them are away, and no team is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    uncovered: Option<NaiveDate>,
}

/// Points of contact, with deputies, absences and who answers now.
#[utoipa::path(
    get, path = "/api/v1/points-of-contact", operation_id = "list_points_of_contact", tag = "cases",
    responses((status = 200, description = "Who answers for whom", body = PointsOfContactPage))
)]
pub async fn list(
    caller: Permitted<ReadsCases>,
    _query: Asked<NoQuery>,
) -> Result<axum::Json<PointsOfContactPage>, Problem> {
    let organisation = caller.organisation();
    let (profile, now) = (&organisation.profile, caller.casework().now());
    let today = now.with_timezone(&profile.timezone).date_naive();
    let found = caller.casework().points_of_contact(organisation).await?;
    let line = |one: Answering| PointOfContactOf {
        person: one.person.id.clone(),
        restriction: one.restriction,
        answers: one.point.route(now, profile.timezone, &profile.team).route.name,
        uncovered: one.point.first_uncovered(today, profile.timezone, &profile.team),
        contact: one.point.contact,
        deputies: one.point.deputies,
        absences: one.point.absences,
    };
    let points_of_contact = found.first.into_iter().map(line).collect();
    Ok(axum::Json(PointsOfContactPage { points_of_contact, more: found.more }))
}

/// The absence of a member of staff.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AbsenceOfStaff {
    /// The name in the restrictions.
    contact: String,
    from: NaiveDate,
    /// Inclusive.
    to: NaiveDate,
}

/// The result, by restriction id.
#[derive(Serialize, ToSchema)]
pub struct AbsenceDone {
    /// Newly recorded.
    recorded: Vec<String>,
    /// On record before.
    already: Vec<String>,
    /// It could not be recorded on these.
    refused: Vec<AbsenceRefused>,
}

#[derive(Serialize, ToSchema)]
pub struct AbsenceRefused {
    /// The person's id.
    person: String,
    restriction: String,
    why: String,
}

impl From<AbsenceNotRecorded> for AbsenceRefused {
    fn from(one: AbsenceNotRecorded) -> Self {
        AbsenceRefused {
            person: one.person.id.clone(),
            restriction: one.restriction,
            why: one.why.to_string(),
        }
    }
}

/// Record an absence on every restriction that names the member of staff as contact or deputy. Sending it again adds
/// nothing.
#[utoipa::path(
    post, path = "/api/v1/absences", operation_id = "record_absence_of_staff", tag = "cases",
    request_body = AbsenceOfStaff,
    responses((status = 201, description = "The absence is on record", body = AbsenceDone))
)]
pub async fn record_absence(
    caller: Permitted<TakesSteps>,
    _query: Asked<NoQuery>,
    Json(asked): Json<AbsenceOfStaff>,
) -> Result<(StatusCode, axum::Json<AbsenceDone>), Problem> {
    let away = Away { contact: &asked.contact, from: asked.from, to: asked.to };
    let (casework, organisation) = (caller.casework(), caller.organisation());
    let done = casework.record_absence(organisation, caller.role(), caller.name(), &away).await?;
    let refused = done.refused.into_iter().map(AbsenceRefused::from).collect();
    let answer = AbsenceDone { recorded: done.recorded, already: done.already, refused };
    Ok((StatusCode::CREATED, axum::Json(answer)))
}
