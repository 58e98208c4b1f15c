//! Figures.

use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;

use crate::staff::permit::{Permitted, SignedIn};
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
}

/// One figure of some days by its name, or all of them by `figures`.
#[utoipa::path(
    get, path = "/api/v1/reports/{name}", operation_id = "read_report", tag = "cases",
    params(("name" = String, Path, description = "`figures`, or the name of one"), PeriodQuery),
    responses((status = 200, description = "`from`, `to`, and the figures by their names", body = Object))
)]
pub async fn read(
    caller: Permitted<SignedIn>,
    Named(name): Named<String>,
    Asked(query): Asked<PeriodQuery>,
) -> Result<axum::Json<Value>, Problem> {
    let desk = &caller.casework().desk;
    let today = desk.today(caller.organisation());
    let to = query.to.unwrap_or(today);
    let first = NaiveDate::from_ymd_opt(to.year(), 1, 1).unwrap_or(to);
    let from = query.from.unwrap_or(first);
    let mut figures = desk.figures(caller.organisation(), from, to).await?;
    if name != "figures" {
        let Some(figure) = figures.remove(&name) else {
            let names: Vec<&str> = figures.keys().map(String::as_str).collect();
            return Err(Problem::new(404, "not-found", "Not found").with_detail(format!(
                "there is no figure of this name; there are figures (all), {}",
                names.join(", ")
            )));
        };
        figures = Map::from_iter([(name, figure)]);
    }
    Ok(axum::Json(json!({ "from": from, "to": to, "figures": figures })))
}
