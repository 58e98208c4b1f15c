//! `person merge`, `person unmerge`, `person merges`.

use std::sync::Arc;

use crate::casework::Fault as CaseFault;
use crate::casework::acting::Acting;
use crate::casework::expected::Expected;
use crate::casework::merge::Consequences;
use crate::cli::open::Opened;
use crate::cli::{Fault, Io, Outcome, say};
use crate::domain::broken::Broken;
use crate::domain::duty::Duty;
use crate::domain::explain::cited;
use crate::domain::merge::QuotaShown;
use crate::domain::permission;
use crate::runtime::terminal::line;

#[derive(Debug, clap::Args)]
pub(super) struct MergeArgs {
    /// The record that is kept, and that contacts are shown under
    person: String,
    /// The record that is merged into it
    other: String,
    /// Why both records are of one person, for the audit trail
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    /// Who does it: a member of staff in the configuration who may propose restrictions
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Merge; without it, only show what would happen
    #[arg(long, requires = "why")]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct UnmergeArgs {
    /// Either of the two records
    person: String,
    /// The merge's id, as `person merges` lists it
    merge: String,
    /// Why the records are not of one person, for the audit trail
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// Who does it: a member of staff in the configuration who may propose restrictions
    #[arg(long, value_name = "NAME")]
    by: String,
}

pub(super) async fn merge(
    asked: &MergeArgs,
    opened: &Opened,
    io: &mut Io<'_>,
) -> Result<Outcome, Fault> {
    if let Some(refused) = may_not(&asked.by, opened, io)? {
        return Ok(refused);
    }
    let (desk, of) = (&opened.desk, &opened.organisation);
    let found = match desk.preview_merge(of, &asked.person, &asked.other).await {
        Ok(found) => found,
        Err(fault) => return refused(fault, io),
    };
    if asked.json && !asked.yes {
        say(io.out, serde_json::json!(found));
    } else if !asked.yes {
        show(&found, io);
    }
    if !found.broken.is_empty() {
        if asked.yes {
            show_broken(&found.broken, io);
        }
        return Ok(Outcome::No);
    }
    if !asked.yes {
        return Ok(Outcome::Yes);
    }
    let acting = Acting::from(asked.by.as_str()).because(asked.why.as_deref());
    match desk.merge(of, &asked.person, &asked.other, &Expected::Any, acting).await {
        Ok(done) if asked.json => say(io.out, serde_json::json!(done)),
        Ok(done) => say(
            io.out,
            format_args!(
                "merged {} into {}; undo: person unmerge {} {} --why …",
                line(&done.other),
                line(&done.person),
                line(&done.person),
                done.id
            ),
        ),
        Err(fault) => return refused(fault, io),
    }
    Ok(Outcome::Yes)
}

fn show(found: &Consequences, io: &mut Io<'_>) {
    say(io.out, format_args!("{} merged into {}:", line(&found.other), line(&found.person)));
    say(io.out, "known by");
    for one in &found.identifiers {
        let shared = if one.shared { "  (used by others too)" } else { "" };
        let (kind, value, of) = (one.kind, line(&one.value), line(&one.of));
        say(io.out, format_args!("  {kind:<10} {value:<34} of {of}{shared}"));
    }
    say(io.out, "restrictions together");
    for one in &found.restrictions {
        let holds = if one.in_force { "in force" } else { "not in force" };
        let (id, of) = (line(&one.id), line(&one.of));
        say(io.out, format_args!("  {id:<14} {:<24} {holds:<14} of {of}", one.kind.name()));
    }
    if !found.quotas_after.is_empty() {
        say(io.out, "used of quotas");
    }
    for after in &found.quotas_after {
        let is_same =
            |one: &&QuotaShown| one.restriction == after.restriction && one.of == after.of;
        let before = found.quotas_before.iter().find(is_same).map_or(0, |one| one.used);
        let (id, limit) = (line(&after.restriction), after.limit);
        say(
            io.out,
            format_args!("  {id:<14} {before} of {limit} now, {} of {limit} together", after.used),
        );
    }
    for one in &found.differences {
        say(io.out, format_args!("look at: {}", one.what()));
    }
    if found.way_open {
        say(io.out, "a staffed way stays open in every 7 days");
    }
    show_broken(&found.broken, io);
    if found.broken.is_empty() {
        say(io.out, "nothing was changed; --yes --why TEXT merges them");
    }
}

fn show_broken(broken: &[Broken], io: &mut Io<'_>) {
    for one in broken {
        let cited = cited(one.clause.as_deref());
        say(io.err, format_args!("refused: {}: {}{cited}", one.code, one.what));
    }
}

pub(super) async fn unmerge(
    asked: &UnmergeArgs,
    opened: &Opened,
    io: &mut Io<'_>,
) -> Result<Outcome, Fault> {
    if let Some(refused) = may_not(&asked.by, opened, io)? {
        return Ok(refused);
    }
    let organisation = Arc::clone(&opened.organisation);
    let acting = Acting::from(asked.by.as_str()).because(Some(&asked.why));
    let parting = opened.desk.unmerge(
        &organisation,
        &asked.person,
        &asked.merge,
        &Expected::Any,
        acting,
        None,
    );
    match parting.await {
        Ok(done) => {
            say(io.out, serde_json::json!(done));
            Ok(Outcome::Yes)
        }
        Err(fault) => refused(fault, io),
    }
}

pub(super) async fn list(person: &str, opened: &Opened, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    match opened.desk.merges(&opened.organisation, person).await {
        Ok(merges) => {
            say(io.out, serde_json::json!({ "merges": merges }));
            Ok(Outcome::Yes)
        }
        Err(fault) => refused(fault, io),
    }
}

/// The caller must be allowed to keep people's records.
fn may_not(by: &str, opened: &Opened, io: &mut Io<'_>) -> Result<Option<Outcome>, Fault> {
    let Some(role) = opened.staff.get(by) else {
        let what = "is not among the organisation's staff in the configuration";
        return Err(Fault::input(format!("--by: {by} {what}")));
    };
    if permission::has(&opened.organisation.profile, role, Duty::Propose) {
        return Ok(None);
    }
    say(io.err, format_args!("the role `{}` does not propose restrictions", role.0));
    Ok(Some(Outcome::No))
}

fn refused(fault: CaseFault, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    match fault {
        CaseFault::Store(error) => Err(Fault::internal(error)),
        CaseFault::Broken(broken) => {
            show_broken(&broken, io);
            Ok(Outcome::No)
        }
        refused => {
            say(io.err, refused);
            Ok(Outcome::No)
        }
    }
}
