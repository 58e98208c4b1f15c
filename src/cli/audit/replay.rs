//! `audit replay`.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::super::{Io, Outcome, say};
use crate::casework::audit::replayed::{
    ReplayResult, ReplayTotals, ReplayWanted, ReplayedDecision,
};
use crate::casework::{Desk, Fault};
use crate::domain::organisation::Organisation;
use crate::domain::replay::DiffersIn;
use crate::runtime::terminal::line;

#[derive(Debug, clap::Args)]
pub(super) struct ReplayArgs {
    /// Decisions recorded at this instant or later (2026-11-21T10:00:00Z)
    #[arg(long, value_name = "INSTANT")]
    from: Option<DateTime<Utc>>,
    /// Decisions recorded before this instant
    #[arg(long, value_name = "INSTANT")]
    to: Option<DateTime<Utc>>,
    /// The decisions on this contact
    #[arg(long, value_name = "ID")]
    contact: Option<String>,
    /// Print JSON: one decision per line, then the totals
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(
    args: &ReplayArgs,
    organisation: &Organisation,
    desk: &Desk,
    io: &mut Io<'_>,
) -> Result<Outcome, Fault> {
    let wanted = ReplayWanted { from: args.from, to: args.to, contact: args.contact.clone() };
    let out = &mut *io.out;
    let each = |one: ReplayedDecision| match args.json {
        true => say(out, as_json(&one)),
        false => say(out, in_words(&one)),
    };
    let totals = desk.replay_decisions(organisation, &wanted, each).await?;
    match args.json {
        true => say(io.out, json!({ "totals": totals })),
        false => say(io.out, summary(organisation, &totals)),
    }
    // A contact that is asked for by its id must be among those that were replayed.
    let is_shown = args.contact.is_none() || totals.same + totals.nothing_in_force > 0;
    let is_same = totals.differ == 0 && is_shown;
    Ok(if is_same { Outcome::Yes } else { Outcome::No })
}

fn names(parts: &[DiffersIn]) -> Vec<&'static str> {
    parts.iter().map(|part| part.name()).collect()
}

fn as_json(one: &ReplayedDecision) -> serde_json::Value {
    let (result, parts, why) = match &one.result {
        ReplayResult::Same => ("same", None, None),
        ReplayResult::Differs(parts) => ("differs", Some(names(parts)), None),
        ReplayResult::Not(why) => ("not_replayed", None, Some(why.to_string())),
    };
    let mut shown =
        json!({ "number": one.number, "at": one.at, "contact": one.contact, "result": result });
    if let Some(shown) = shown.as_object_mut() {
        shown.extend(parts.map(|parts| ("differs_in".to_owned(), json!(parts))));
        shown.extend(why.map(|why| ("why".to_owned(), json!(why))));
    }
    shown
}

fn in_words(one: &ReplayedDecision) -> String {
    let result = match &one.result {
        ReplayResult::Same => "same".to_owned(),
        ReplayResult::Differs(parts) => format!("differs in {}", names(parts).join(", ")),
        ReplayResult::Not(why) => format!("can't be replayed: {why}"),
    };
    let at = one.at.format("%Y-%m-%d %H:%M:%S");
    format!("{:>8}  {at}  {}  {result}", one.number, line(&one.contact))
}

fn summary(organisation: &Organisation, totals: &ReplayTotals) -> String {
    let ReplayTotals { same, differ, not_replayed, nothing_in_force, erased } = totals;
    let erased = match erased {
        0 => String::new(),
        erased => format!("; {erased} entries of the trail were erased"),
    };
    format!(
        "{}: {same} the same, {differ} differ, {not_replayed} can't be replayed, {nothing_in_force} with no \
         restriction in force{erased}",
        organisation.id
    )
}
