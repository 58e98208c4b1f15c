//! Before something is done: what a restriction would have done, and whether somebody may be contacted.

use serde::Deserialize;
use utoipa::ToSchema;

use super::contacts::NoQuery;
use super::shape;
use crate::casework::back_test::{BackTest, Draft};
use crate::domain::channel::Channel;
use crate::domain::may_contact::{ContactAnswer, Purpose};
use crate::domain::restriction::Restriction;
use crate::staff::permit::{ChangesPeople, HandsIn, Permitted};
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, Json, Named};

/// A restriction to be tested.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackTestBody {
    #[schema(value_type = shape::Restriction)]
    restriction: Restriction,
    /// So many days back from now.
    days: u32,
    /// The stated aim: at most so many contacts admitted a week, on average.
    #[serde(default)]
    admitted_a_week: Option<u32>,
}

/// Test a restriction on the person's recorded contacts, by the production decision. Changes nothing.
/// `contacts` says of each what would have become of it, `by_day` counts them, `lighter` lists lighter forms
/// that still meet the aim, the lightest first.
#[utoipa::path(
    post, path = "/api/v1/people/{person}/back-tests", operation_id = "back_test", tag = "cases",
    params(("person" = String, Path, description = "the person's id")),
    request_body = BackTestBody,
    responses((status = 200, description = "What would have been", body = Object))
)]
pub async fn back_test(
    caller: Permitted<ChangesPeople>,
    Named(person): Named<String>,
    _query: Asked<NoQuery>,
    Json(body): Json<BackTestBody>,
) -> Result<axum::Json<BackTest>, Problem> {
    let BackTestBody { restriction, days, admitted_a_week } = body;
    let draft = Draft { restriction, days, admitted_a_week };
    let desk = &caller.casework().desk;
    Ok(axum::Json(desk.back_test(caller.organisation(), &person, &draft).await?))
}

/// Somebody who would be contacted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MayContactBody {
    person: String,
    #[schema(value_type = shape::Channel)]
    channel: Channel,
    /// `statutory`, `reply`, `service`, `survey` or `campaign`
    #[schema(value_type = String)]
    purpose: Purpose,
    /// Who would make the contact; left out: a system.
    #[serde(default)]
    by: Option<String>,
}

/// Whether somebody may be contacted: `may`, `through` whom, and the `reasons`. For staff, and for systems
/// that send.
#[utoipa::path(
    post, path = "/api/v1/may-contact", operation_id = "may_contact", tag = "cases",
    request_body = MayContactBody,
    responses((status = 200, description = "Whether they may be contacted, and through whom", body = Object))
)]
pub async fn may_contact(
    caller: Permitted<HandsIn>,
    _query: Asked<NoQuery>,
    Json(body): Json<MayContactBody>,
) -> Result<axum::Json<ContactAnswer>, Problem> {
    let MayContactBody { person, channel, purpose, by } = body;
    let desk = &caller.casework().desk;
    let organisation = caller.organisation();
    let answer = desk.may_contact(organisation, &person, purpose, channel, by.as_deref()).await?;
    Ok(axum::Json(answer))
}
