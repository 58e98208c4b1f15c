//! What falls due.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::casework::diary::DiaryAsked;
use crate::domain::diary::Entry;
use crate::render::calendar;
use crate::staff::permit::{Permitted, ReadsCases};
use crate::staff::problem::Problem;
use crate::staff::request::Asked;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct DiaryQuery {
    /// Must be the token's.
    #[serde(rename = "organisation")]
    #[param(rename = "organisation")]
    _organisation: Option<String>,
    /// Due on this day or later.
    from: Option<NaiveDate>,
    /// Due on this day or earlier.
    to: Option<NaiveDate>,
    /// Only of this person; left out: of everybody, and of the organisation itself.
    person: Option<String>,
}

/// What falls due, in the order of its days.
#[derive(Serialize, ToSchema)]
pub struct Diary {
    #[schema(value_type = Vec<DiaryEntry>)]
    diary: Vec<Entry>,
}

/// One thing that falls due.
#[derive(ToSchema)]
pub struct DiaryEntry {
    /// `review`, `restriction_end`, `letter`, `appeal_answer`, `appeal_notice`, `engagement`,
    /// `read_filed`, `agreement_end`, `adjustment_review`, `exception_review`, `early_review`,
    /// `absence_uncovered`, `profile_unset` or `calendar_end`
    pub what: String,
    /// The id of what it is about.
    pub about: String,
    pub person: Option<String>,
    pub due: NaiveDate,
    /// From what the deadline runs, and its day.
    pub anchor: Option<String>,
    pub anchor_date: Option<NaiveDate>,
    pub clause: Option<String>,
    /// The role that must act, or several where any of them may.
    pub who: Option<Whoever>,
    /// `upcoming`, `due`, `overdue`, `met` or `late`
    pub state: String,
}

/// A role, or several.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Whoever {
    One(String),
    Any(Vec<String>),
}

/// What falls due: every known date, and the work done in the last year.
#[utoipa::path(
    get, path = "/api/v1/diary", operation_id = "read_diary", tag = "cases", params(DiaryQuery),
    responses((status = 200, description = "The diary", body = Diary))
)]
pub async fn read(
    caller: Permitted<ReadsCases>,
    Asked(query): Asked<DiaryQuery>,
) -> Result<axum::Json<Diary>, Problem> {
    let asked = DiaryAsked { from: query.from, to: query.to, person: query.person };
    let diary = caller.casework().desk.diary(caller.organisation(), &asked).await?;
    Ok(axum::Json(Diary { diary }))
}

/// The same as iCalendar (RFC 5545), to be subscribed to. Titles name the due task and a reference, but no person.
#[utoipa::path(
    get, path = "/api/v1/diary.ics", operation_id = "read_calendar", tag = "cases", params(DiaryQuery),
    responses((status = 200, description = "The calendar", content_type = "text/calendar"))
)]
pub async fn calendar(
    caller: Permitted<ReadsCases>,
    Asked(query): Asked<DiaryQuery>,
) -> Result<Response, Problem> {
    let asked = DiaryAsked { from: query.from, to: query.to, person: query.person };
    let (organisation, desk) = (caller.organisation(), &caller.casework().desk);
    let diary = desk.diary(organisation, &asked).await?;
    let written = calendar::calendar(&diary, organisation.id.as_str(), desk.now());
    Ok(([(CONTENT_TYPE, "text/calendar; charset=utf-8")], written).into_response())
}
