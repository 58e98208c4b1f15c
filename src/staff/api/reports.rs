//! Figures.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;

use crate::casework::{Desk, Fault};
use crate::domain::diary::Case;
use crate::domain::organisation::Organisation;
use crate::render::{figures, register};
use crate::staff::permit::{Permitted, ReadsCases};
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, Named};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PeriodQuery {
    /// Must be the token's.
    #[serde(rename = "organisation")]
    #[param(rename = "organisation")]
    _organisation: Option<String>,
    /// The first day; left out: the first of this year.
    from: Option<NaiveDate>,
    /// The last day; left out: today.
    to: Option<NaiveDate>,
    /// `json` (the default), `csv`, `text`, or `svg`: a bar chart of one figure that has groups.
    #[serde(default)]
    #[param(inline)]
    format: Format,
    /// The version for a board: nothing of people, and no number under five that is shown or can be worked
    /// out.
    #[serde(default)]
    board: bool,
    /// `month`: each figure for each calendar month, at most 36; left out: for the whole period.
    #[param(inline)]
    by: Option<By>,
}

/// How figures are broken down by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Month,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    #[default]
    Json,
    Csv,
    Text,
    Svg,
}

/// One figure of some days by its name, or all of them by `figures`. `register` lists the restrictions in
/// force on the last day as they may be published: by quarter, and nothing of people (`json` or `csv`). All figures
/// for a board come with the newest `anchor` of the audit trail (`json` or `text`).
#[utoipa::path(
    get, path = "/api/v1/reports/{name}", operation_id = "read_report", tag = "cases",
    params(("name" = String, Path, description = "`figures`, the name of one, or `register`"), PeriodQuery),
    responses((status = 200, description = "`from`, `to`, and the figures by their names", body = Object))
)]
pub async fn read(
    caller: Permitted<ReadsCases>,
    Named(name): Named<String>,
    Asked(query): Asked<PeriodQuery>,
) -> Result<Response, Problem> {
    let desk = &caller.casework().desk;
    let today = desk.today(caller.organisation());
    let to = query.to.unwrap_or(today);
    let first = NaiveDate::from_ymd_opt(to.year(), 1, 1).unwrap_or(to);
    let from = query.from.unwrap_or(first);
    if name == "register" {
        return Ok(register_as(desk, caller.organisation(), to, query.format).await?);
    }
    let (mut rows, figures) = counted(desk, caller.organisation(), &query, (from, to)).await?;
    if name != "figures" {
        let known = figures.contains_key(&name);
        rows.retain(|row| row.figure == name);
        if !known || (rows.is_empty() && query.board) {
            let names: Vec<&str> = figures.keys().map(String::as_str).collect();
            return Err(Problem::new(404, "not-found", "Not found").with_detail(format!(
                "there is no figure of this name; there are figures (all), {}",
                names.join(", ")
            )));
        }
    }
    let anchor = match query.board && name == "figures" {
        true => desk.anchor_until(&caller.organisation().id, to).await?,
        false => None,
    };
    let anchor = anchor.map(|anchor| json!(anchor));
    let written = |kind: &'static str, body: String| ([(CONTENT_TYPE, kind)], body).into_response();
    Ok(match query.format {
        Format::Json => {
            let mut shown = figures::json(&rows);
            if query.by.is_none() {
                with_empty(&mut shown, &figures, &name);
            }
            let mut report = json!({ "from": from, "to": to, "figures": shown });
            if let (Some(anchor), Value::Object(report)) = (anchor, &mut report) {
                report.insert("anchor".to_owned(), anchor);
            }
            axum::Json(report).into_response()
        }
        Format::Csv => {
            let csv = match query.by {
                Some(By::Month) => figures::csv_by_month(&rows),
                None => figures::csv(&rows),
            };
            written("text/csv; charset=utf-8; header=present", csv)
        }
        Format::Text => {
            let signed = anchor.map(|anchor| format!("\naudit trail, signed: {anchor}\n"));
            let text = figures::table(&rows) + &signed.unwrap_or_default();
            written("text/plain; charset=utf-8", text)
        }
        Format::Svg => {
            let chart = figures::chart(&rows, &name).ok_or_else(|| {
                Problem::new(404, "not-found", "Not found")
                    .with_detail("a chart needs a single figure with groups".to_owned())
            })?;
            written("image/svg+xml", chart)
        }
    })
}

/// Adds the figures that have no groups yet: empty objects, without a row.
fn with_empty(shown: &mut Value, figures: &Map<String, Value>, name: &str) {
    let Value::Object(shown) = shown else { return };
    let wanted = |figure: &String| name == "figures" || figure == name;
    let nothing = |value: &Value| value.as_object().is_some_and(Map::is_empty);
    let empty = figures.iter().filter(|(figure, value)| wanted(figure) && nothing(value));
    shown.extend(empty.map(|(figure, value)| (figure.clone(), value.clone())));
}

/// The rows to show, and the figures themselves (by month, those of the last one). Numbers are hidden before one figure
/// is picked, because another figure may give a number away.
async fn counted(
    desk: &Desk,
    organisation: &Organisation,
    query: &PeriodQuery,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<(Vec<figures::Row>, Map<String, Value>), Fault> {
    let Some(By::Month) = query.by else {
        let figures = desk.figures(organisation, from, to).await?;
        let rows = figures::rows(&figures);
        let rows = if query.board { figures::board(&rows) } else { rows };
        return Ok((rows, figures));
    };
    let mut months = desk.figures_by_month(organisation, from, to).await?;
    let rows = match query.board {
        true => figures::board_by_month(&months),
        false => figures::rows_by_month(&months),
    };
    let last = months.pop().map(|(_, last)| last).into_iter().flatten().collect();
    Ok((rows, last))
}

async fn register_as(
    desk: &Desk,
    organisation: &Organisation,
    day: NaiveDate,
    format: Format,
) -> Result<Response, Fault> {
    let cases = desk.cases(organisation).await?;
    let cases = cases.read.iter().map(|one| Case { file: &one.file, person: &one.person });
    let listed = register::register(cases, &organisation.profile, day);
    Ok(match format {
        Format::Csv => {
            let kind = "text/csv; charset=utf-8; header=present";
            ([(CONTENT_TYPE, kind)], register::csv(&listed)).into_response()
        }
        Format::Json | Format::Text | Format::Svg => {
            axum::Json(json!({ "on": day, "register": listed })).into_response()
        }
    })
}
