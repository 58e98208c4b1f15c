//! `report`: figures, for scripts, on the store itself.

use chrono::{Datelike, NaiveDate};
use serde_json::{Map, Value, json};

use super::open::Opened;
use super::{Fault, Io, Outcome, Which, say};
use crate::casework::Fault as CaseFault;
use crate::render::figures;
use crate::runtime::terminal::line;

/// Print figures: all of them, or one by its name
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    #[command(flatten)]
    pub which: Which,
    /// One figure by its name; without it, all. `equality`: restrictions, warnings and appeals by protected
    /// characteristic, for the complete months of the calendar year of the last day; numbers about fewer than 5
    /// people are hidden
    name: Option<String>,
    /// The first day; left out: the first of the last day's year
    #[arg(long, value_name = "DAY")]
    from: Option<NaiveDate>,
    /// The last day; left out: today
    #[arg(long, value_name = "DAY")]
    to: Option<NaiveDate>,
    /// Count each calendar month by itself
    #[arg(long)]
    by_month: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &ReportArgs, opened: &Opened, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    let to = args.to.unwrap_or_else(|| opened.desk.today(&opened.organisation));
    let first = NaiveDate::from_ymd_opt(to.year(), 1, 1).unwrap_or(to);
    let from = args.from.unwrap_or(first);
    if args.name.as_deref() == Some(EQUALITY) {
        return equality(args, opened, to, io).await;
    }
    if args.by_month {
        return by_month(args, opened, (from, to), io).await;
    }
    let mut figures = match opened.desk.figures(&opened.organisation, from, to).await {
        Ok(figures) => figures,
        Err(fault) => return Err(failed(fault)),
    };
    if let Some(name) = &args.name {
        let Some(figure) = figures.remove(name) else { return Err(no_figure(name, &figures)) };
        figures.clear();
        figures.insert(name.clone(), figure);
    }
    if args.json {
        say(io.out, json!({ "from": from, "to": to, "figures": figures }));
        return Ok(Outcome::Yes);
    }
    for (name, figure) in figures {
        match figure.as_object() {
            None => say(io.out, format_args!("{name:<34} {figure}")),
            Some(parts) => {
                say(io.out, format_args!("{name}"));
                for (part, number) in parts {
                    say(io.out, format_args!("  {:<32} {number}", line(part)));
                }
            }
        }
    }
    Ok(Outcome::Yes)
}

async fn by_month(
    args: &ReportArgs,
    opened: &Opened,
    (from, to): (NaiveDate, NaiveDate),
    io: &mut Io<'_>,
) -> Result<Outcome, Fault> {
    let found = opened.desk.figures_by_month(&opened.organisation, from, to).await;
    let months = found.map_err(failed)?;
    let mut rows = figures::rows_by_month(&months);
    if let Some(name) = &args.name {
        match months.first() {
            Some((_, known)) if !known.contains_key(name) => return Err(no_figure(name, known)),
            Some(_) | None => rows.retain(|row| row.figure == *name),
        }
    }
    if args.json {
        say(io.out, json!({ "from": from, "to": to, "figures": figures::json(&rows) }));
    } else {
        say(io.out, figures::table(&rows).trim_end());
    }
    Ok(Outcome::Yes)
}

/// The report by protected characteristics. It is separate from the figures, since small numbers are always hidden.
const EQUALITY: &str = "equality";

async fn equality(
    args: &ReportArgs,
    opened: &Opened,
    day: NaiveDate,
    io: &mut Io<'_>,
) -> Result<Outcome, Fault> {
    let found = opened.desk.equality_figures(&opened.organisation, day).await;
    let (found, period) = found.map_err(failed)?;
    let rows = figures::of_equality(&found);
    let (from, to, recorded) = (period.from, period.to, found.is_recorded);
    if args.json {
        let figures = figures::json(&rows);
        let report = json!({ "from": from, "to": to, "recorded": recorded, "figures": figures });
        say(io.out, report);
    } else {
        say(io.out, format_args!("{from} to {to}"));
        say(io.out, figures::table(&rows).trim_end());
    }
    Ok(Outcome::Yes)
}

fn failed(fault: CaseFault) -> Fault {
    match fault {
        CaseFault::Store(error) => Fault::internal(error),
        refused => Fault::input(refused.to_string()),
    }
}

fn no_figure(name: &str, known: &Map<String, Value>) -> Fault {
    let names: Vec<&str> = known.keys().map(String::as_str).collect();
    Fault::input(format!("there is no figure `{name}`; there are {}", names.join(", ")))
}
