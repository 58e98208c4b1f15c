//! What customers said about their protected characteristics, and figures by them.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::contacts::NoQuery;
use super::people::WhyQuery;
use crate::casework::Fault;
use crate::domain::equality::{EqualityAnswers, GivenAnswers};
use crate::render::figures;
use crate::staff::permit::{KeepsEquality, Permitted};
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, Json, Named};

/// A person's answers.
#[derive(Serialize, ToSchema)]
pub struct EqualityOf {
    /// By characteristic (`age`, `disability`, `sex` …). Those that are left out are not recorded.
    #[schema(value_type = Object)]
    answers: EqualityAnswers,
}

/// What a person said about their protected characteristics. Each look is on the audit trail.
#[utoipa::path(
    get, path = "/api/v1/people/{person}/equality", operation_id = "read_equality", tag = "people",
    params(("person" = String, Path, description = "the person's id")),
    responses((status = 200, description = "The answers on record", body = EqualityOf))
)]
pub async fn read(
    caller: Permitted<KeepsEquality>,
    Named(person): Named<String>,
    _query: Asked<NoQuery>,
) -> Result<axum::Json<EqualityOf>, Problem> {
    let id = &caller.organisation().id;
    let answers = caller.casework().desk.equality_of(id, &person).await?;
    Ok(axum::Json(EqualityOf { answers }))
}

/// Record answers by characteristic, each as `[organisation.equality]` offers it, or `prefers_not_to_say`.
/// Characteristics that are left out keep their answer; null removes it. The audit trail says that answers changed,
/// but not what they are.
#[utoipa::path(
    patch, path = "/api/v1/people/{person}/equality", operation_id = "record_equality", tag = "people",
    params(("person" = String, Path, description = "the person's id"), WhyQuery),
    request_body = Object,
    responses(
        (status = 204, description = "On record"),
        (status = 422, description = "`faults` names each characteristic that is not recorded here, or has another \
            answer than is offered"),
    )
)]
pub async fn record(
    caller: Permitted<KeepsEquality>,
    Named(person): Named<String>,
    Asked(why): Asked<WhyQuery>,
    Json(given): Json<GivenAnswers>,
) -> Result<StatusCode, Problem> {
    let (desk, acting) = (&caller.casework().desk, why.acting(caller.name()));
    desk.record_equality(caller.organisation(), &person, &given, acting).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct YearQuery {
    /// Must be the token's.
    #[serde(rename = "organisation")]
    #[param(rename = "organisation")]
    _organisation: Option<String>,
    /// The calendar year; left out for this year. Only complete months are counted.
    year: Option<i32>,
    /// `json` (the default), `csv` or `text`.
    #[serde(default)]
    #[param(inline)]
    format: TableFormat,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TableFormat {
    #[default]
    Json,
    Csv,
    Text,
}

/// Restrictions, warnings and appeals of a calendar year, by the protected characteristics of the people concerned.
/// Numbers about fewer than five people are hidden (null), with any others that would reveal them. Publish whole
/// years only: two reports of a year that is not over can be subtracted.
#[utoipa::path(
    get, path = "/api/v1/reports/equality", operation_id = "read_equality_report", tag = "cases",
    params(YearQuery),
    responses((
        status = 200, description = "`from`, `to`, whether anything is `recorded`, and the figures by their names",
        body = Object
    ))
)]
pub async fn report(
    caller: Permitted<KeepsEquality>,
    Asked(query): Asked<YearQuery>,
) -> Result<Response, Problem> {
    let (desk, organisation) = (&caller.casework().desk, caller.organisation());
    let day = match query.year {
        Some(year) => NaiveDate::from_ymd_opt(year, 12, 31)
            .ok_or_else(|| Fault::Refused("`year` is not a year".to_owned()))?,
        None => desk.today(organisation),
    };
    let (found, period) = desk.equality_figures(organisation, day).await?;
    let rows = figures::of_equality(&found);
    let written = |kind: &'static str, body: String| ([(CONTENT_TYPE, kind)], body).into_response();
    Ok(match query.format {
        TableFormat::Json => axum::Json(json!({
            "from": period.from, "to": period.to, "recorded": found.is_recorded,
            "figures": figures::json(&rows),
        }))
        .into_response(),
        TableFormat::Csv => written("text/csv; charset=utf-8; header=present", figures::csv(&rows)),
        TableFormat::Text => written("text/plain; charset=utf-8", figures::table(&rows)),
    })
}
