//! `audit`: reading and verifying the audit trail, on the store itself.

mod replay;
mod verify;

use chrono::{DateTime, Utc};
use clap::Subcommand;

use super::open::Opened;
use super::{Fault, Io, Outcome, Which, say};
use crate::casework::audit::{AuditWanted, TrailFilter};
use crate::casework::{Desk, Fault as CaseFault};
use crate::domain::audit::AuditEntry;
use crate::domain::decision::Disposition;
use crate::domain::flag::Flag;
use crate::domain::organisation::OrganisationId;
use crate::runtime::limits::PAGE_ITEMS_MAX;
use crate::runtime::terminal::line;

/// Show what was decided and done, by whom, and when
#[derive(Debug, clap::Args)]
pub struct AuditArgs {
    #[command(flatten)]
    pub which: Which,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List entries of the trail, oldest first: all, or those that match every option given
    List(ListArgs),
    /// Compare the trail with its seals and anchors: if an entry was changed, removed, moved or rolled back, say where
    /// and exit with 1
    Verify(verify::VerifyArgs),
    /// Decide recorded contacts again, by what was recorded, and compare: exit with 1 if a decision differs
    Replay(replay::ReplayArgs),
    /// Print the anchors, one JSON object per line; keep them where nobody who can write to the store can reach them
    Anchors,
    /// Seal entries that have no seal yet, except those of the last half minute, and sign if that was not done today
    Seal,
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Entries about this person: contacts that are or may be theirs, actions of staff
    #[arg(long, value_name = "ID")]
    person: Option<String>,
    /// Decisions with this flag
    #[arg(long)]
    flag: Option<String>,
    /// Decisions with this disposition (deliver, route, limit, file)
    #[arg(long, value_parser = disposition_of)]
    disposition: Option<Disposition>,
    /// Written at this instant or later (2026-11-21T10:00:00Z)
    #[arg(long, value_name = "INSTANT")]
    from: Option<DateTime<Utc>>,
    /// Written before this instant
    #[arg(long, value_name = "INSTANT")]
    to: Option<DateTime<Utc>>,
    /// Entries after the one with this number
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    after: u64,
    /// The most entries to list
    #[arg(long, default_value_t = PAGE_ITEMS_MAX)]
    limit: usize,
    /// Print JSON, one entry per line
    #[arg(long)]
    json: bool,
}

fn disposition_of(name: &str) -> Result<Disposition, String> {
    serde_json::from_value(serde_json::Value::from(name))
        .map_err(|_| "one of deliver, route, limit, file".to_owned())
}

pub async fn run(args: &AuditArgs, opened: &Opened, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    let (organisation, desk) = (&opened.organisation.id, &opened.desk);
    let done = match &args.verb {
        Verb::List(list) => print(list, organisation, desk, io).await.map(|()| Outcome::Yes),
        Verb::Verify(args) => verify::run(args.trusted()?, organisation, desk, io).await,
        Verb::Replay(args) => replay::run(args, &opened.organisation, desk, io).await,
        Verb::Anchors => verify::anchors(organisation, desk, io).await,
        Verb::Seal => verify::seal(opened, io).await,
    };
    match done {
        Ok(outcome) => Ok(outcome),
        Err(CaseFault::Store(error)) => Err(Fault::internal(error)),
        Err(refused) => {
            say(io.err, refused);
            Ok(Outcome::No)
        }
    }
}

/// Page after page, until there are as many as were asked for, or no more.
async fn print(
    args: &ListArgs,
    organisation: &OrganisationId,
    desk: &Desk,
    io: &mut Io<'_>,
) -> Result<(), CaseFault> {
    let (mut after, mut left) = (args.after, args.limit);
    while left > 0 {
        let filter = TrailFilter {
            person: args.person.clone(),
            flag: args.flag.as_deref().map(Flag::from),
            disposition: args.disposition,
            from: args.from,
            to: args.to,
        };
        let wanted = AuditWanted { filter, after, limit: left };
        let page = desk.read_audit(organisation, wanted).await?;
        left = left.saturating_sub(page.entries.len());
        for entry in &page.entries {
            show(entry, args.json, io);
        }
        let Some(next) = page.next else { break };
        after = next;
    }
    Ok(())
}

fn show(entry: &AuditEntry, json: bool, io: &mut Io<'_>) {
    let whole = serde_json::to_value(entry).unwrap_or_default();
    if json {
        say(io.out, whole);
        return;
    }
    let said = |key: &str| whole.get(key).and_then(|value| value.as_str()).unwrap_or_default();
    let about = ["contact", "item", "restriction", "person"];
    let about = about.into_iter().map(said).find(|text| !text.is_empty()).unwrap_or_default();
    say(
        io.out,
        format_args!(
            "{:>8}  {}  {:<20} {:<20} {} {}",
            entry.number,
            entry.at.format("%Y-%m-%d %H:%M:%S"),
            line(&entry.by),
            said("event"),
            said("disposition"),
            line(about),
        ),
    );
}
