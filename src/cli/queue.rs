//! `queue`: the staff verbs for scripts, on the store itself.

use std::sync::Arc;

use clap::Subcommand;

use super::{Fault, Io, Outcome, Which, say};
use crate::casework::queues::ItemsWanted;
use crate::casework::{Desk, Fault as CaseFault};
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::queue::{ItemAction, ItemState, QueueItem};
use crate::runtime::limits::PAGE_ITEMS_MAX;
use crate::runtime::terminal::line;

/// List the queues and work on their items
#[derive(Debug, clap::Args)]
pub struct QueueArgs {
    #[command(flatten)]
    pub which: Which,
    /// The name on the audit trail and on claimed items
    #[arg(long, value_name = "NAME", default_value = "command line", global = true)]
    by: String,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

impl QueueArgs {
    /// Whether the result is a kept original, whose bytes count.
    pub const fn is_original(&self) -> bool {
        matches!(self.verb, Verb::Original { .. })
    }
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the queues, or the items of one queue, oldest first
    List {
        queue: Option<String>,
        /// Only items in this state (open, claimed, read, released, filed, closed)
        #[arg(long, value_parser = state_of)]
        state: Vec<ItemState>,
        /// Items after this one
        #[arg(long, value_name = "ITEM")]
        after: Option<String>,
        /// The most items to list
        #[arg(long, default_value_t = PAGE_ITEMS_MAX)]
        limit: usize,
    },
    /// Show one item and why it is there
    Show { queue: String, item: String },
    /// Write the original to stdout, byte for byte
    Original { queue: String, item: String },
    /// Claim an item, so that nobody else works on it
    Claim { queue: String, item: String },
    /// Mark an item as read
    Read { queue: String, item: String },
    /// Send the kept original to its recipients, once
    Release { queue: String, item: String },
    /// Move an item to the queue `filed`
    File { queue: String, item: String },
    /// Close an item: the work is done
    Close { queue: String, item: String },
    /// Add a note to an item
    Note { queue: String, item: String, text: String },
    /// Say that a contact was not made by the person on whose record it is: it no longer counts, and contacts limited
    /// because of it are decided again
    NotTheirs {
        /// The contact's id, whether it was delivered or is on a queue
        contact: String,
    },
}

fn state_of(name: &str) -> Result<ItemState, String> {
    serde_json::from_value(serde_json::Value::from(name))
        .map_err(|_| "one of open, claimed, read, released, filed, closed".to_owned())
}

pub async fn run(
    args: &QueueArgs,
    whole: &Arc<Organisation>,
    desk: &Desk,
    io: &mut Io<'_>,
) -> Result<Outcome, Fault> {
    let organisation = &whole.id;
    let done = match &args.verb {
        Verb::List { queue: None, .. } => list_queues(args, organisation, desk, io).await,
        Verb::List { queue: Some(queue), state, after, limit } => {
            let wanted = ItemsWanted { states: state.clone(), after: after.clone(), limit: *limit };
            list_items(args, organisation, desk, queue, wanted, io).await
        }
        Verb::Show { queue, item } => {
            desk.item(organisation, queue, item).await.map(|item| show(args, &item, io))
        }
        Verb::Original { queue, item } => desk
            .original(organisation, queue, item)
            .await
            // A closed pipe is not the command's fault.
            .map(|(_, original)| drop(io.out.write_all(&original))),
        Verb::Claim { queue, item } => {
            work(args, organisation, desk, (queue, item), ItemAction::Claim, io).await
        }
        Verb::Read { queue, item } => {
            work(args, organisation, desk, (queue, item), ItemAction::Read, io).await
        }
        Verb::Release { queue, item } => {
            work(args, organisation, desk, (queue, item), ItemAction::Release, io).await
        }
        Verb::File { queue, item } => {
            work(args, organisation, desk, (queue, item), ItemAction::File, io).await
        }
        Verb::Close { queue, item } => {
            work(args, organisation, desk, (queue, item), ItemAction::Close, io).await
        }
        Verb::Note { queue, item, text } => {
            let action = ItemAction::Note(text.clone());
            work(args, organisation, desk, (queue, item), action, io).await
        }
        Verb::NotTheirs { contact } => not_theirs(args, whole, desk, contact, io).await,
    };
    match done {
        Ok(()) => Ok(Outcome::Yes),
        Err(CaseFault::Store(error)) => Err(Fault::internal(error)),
        Err(refused) => {
            say(io.err, refused);
            Ok(Outcome::No)
        }
    }
}

async fn list_queues(
    args: &QueueArgs,
    organisation: &OrganisationId,
    desk: &Desk,
    io: &mut Io<'_>,
) -> Result<(), CaseFault> {
    let queues = desk.queues(organisation).await?;
    if args.json {
        say(io.out, serde_json::json!({ "queues": queues }));
        return Ok(());
    }
    for count in queues {
        let oldest = count.oldest_at.map(|at| format!("oldest {}", minute(at))).unwrap_or_default();
        say(
            io.out,
            format_args!("{:<30} {:>6} waiting  {oldest}", line(&count.queue), count.waiting),
        );
    }
    Ok(())
}

async fn list_items(
    args: &QueueArgs,
    organisation: &OrganisationId,
    desk: &Desk,
    queue: &str,
    wanted: ItemsWanted,
    io: &mut Io<'_>,
) -> Result<(), CaseFault> {
    let page = desk.items(organisation, queue, wanted).await?;
    if args.json {
        say(io.out, serde_json::json!({ "items": page.items, "next": page.next }));
        return Ok(());
    }
    for item in &page.items {
        let why = line(item.reasons.last().map_or("", |reason| reason.text.as_str()));
        say(
            io.out,
            format_args!(
                "{}  {}  {:<8} {:<9} {:<10} {why}",
                line(&item.id),
                minute(item.at),
                item.state.name(),
                item.channel.name(),
                line(item.person.as_deref().unwrap_or("-")),
            ),
        );
    }
    if let Some(next) = page.next {
        say(io.err, format_args!("there are more: --after {next}"));
    }
    Ok(())
}

async fn work(
    args: &QueueArgs,
    organisation: &OrganisationId,
    desk: &Desk,
    (queue, item): (&str, &str),
    action: ItemAction,
    io: &mut Io<'_>,
) -> Result<(), CaseFault> {
    let item = desk.work_item(organisation, queue, item, action, &args.by).await?;
    if args.json {
        show(args, &item, io);
    } else {
        say(io.out, format_args!("{} is {} on {}", item.id, item.state.name(), item.queue));
    }
    Ok(())
}

async fn not_theirs(
    args: &QueueArgs,
    organisation: &Arc<Organisation>,
    desk: &Desk,
    contact: &str,
    io: &mut Io<'_>,
) -> Result<(), CaseFault> {
    let done = desk.not_theirs(organisation, contact, &args.by).await?;
    if args.json {
        // Plain values: writing them can't fail.
        say(io.out, serde_json::to_string(&done).unwrap_or_default());
        return Ok(());
    }
    let (contact, person) = (line(&done.contact), line(&done.person));
    say(io.out, format_args!("{contact} is off the record of {person}; its count is given back"));
    for again in done.decided_again {
        let disposition = again.disposition.name();
        say(io.out, format_args!("{} is decided again: {disposition}", line(&again.item)));
    }
    Ok(())
}

fn show(args: &QueueArgs, item: &QueueItem, io: &mut Io<'_>) {
    if args.json {
        // An item is made of plain values: writing it can't fail.
        say(io.out, serde_json::to_string(item).unwrap_or_default());
        return;
    }
    let out = &mut *io.out;
    say(out, format_args!("{}  on {}  {}", item.id, item.queue, item.state.name()));
    say(out, format_args!("  {} {}", item.at.to_rfc3339(), item.channel.by()));
    for (name, value) in [
        ("person", item.person.as_deref()),
        ("claimed by", item.claimed_by.as_deref()),
        ("subject", item.subject.as_deref()),
    ] {
        if let Some(value) = value {
            say(out, format_args!("  {name}: {}", line(value)));
        }
    }
    for reason in &item.reasons {
        let clause = reason.clause.as_deref().map(|clause| format!(", clause {clause}"));
        say(
            out,
            format_args!(
                "  why: {} ({}{})",
                line(&reason.text),
                reason.code,
                clause.unwrap_or_default()
            ),
        );
    }
    for flag in &item.flags {
        say(out, format_args!("  flag: {}", line(&flag.to_string())));
    }
    for new in &item.new {
        say(out, format_args!("  new: {}", line(new)));
    }
    for note in &item.notes {
        say(
            out,
            format_args!(
                "  note: {} ({}, {})",
                line(&note.in_english()),
                line(&note.by),
                minute(note.at)
            ),
        );
    }
}

fn minute(at: chrono::DateTime<chrono::Utc>) -> impl std::fmt::Display {
    at.format("%Y-%m-%d %H:%M UTC")
}
