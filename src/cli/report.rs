//! `report`: figures, for scripts, on the store itself.

use chrono::{Datelike, NaiveDate};
use serde_json::json;

use super::open::Opened;
use super::{Fault, Io, Outcome, Which, say};
use crate::casework::Fault as CaseFault;
use crate::runtime::terminal::line;

/// Print figures: all of them, or one by its name
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    #[command(flatten)]
    pub which: Which,
    /// The name of one figure; left out: all
    name: Option<String>,
    /// The first day; left out: the first of the last day's year
    #[arg(long, value_name = "DAY")]
    from: Option<NaiveDate>,
    /// The last day; left out: today
    #[arg(long, value_name = "DAY")]
    to: Option<NaiveDate>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &ReportArgs, opened: &Opened, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    let to = args.to.unwrap_or_else(|| opened.desk.today(&opened.organisation));
    let first = NaiveDate::from_ymd_opt(to.year(), 1, 1).unwrap_or(to);
    let from = args.from.unwrap_or(first);
    let mut figures = match opened.desk.figures(&opened.organisation, from, to).await {
        Ok(figures) => figures,
        Err(CaseFault::Store(error)) => return Err(Fault::internal(error)),
        Err(refused) => return Err(Fault::input(refused.to_string())),
    };
    if let Some(name) = &args.name {
        let Some(figure) = figures.remove(name) else {
            let names: Vec<&str> = figures.keys().map(String::as_str).collect();
            return Err(Fault::input(format!(
                "there is no figure `{name}`; there are {}",
                names.join(", ")
            )));
        };
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
