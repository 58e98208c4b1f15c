//! `retention`: what is due for removal by the organisation's schedule, for scripts, on the store itself.

use clap::Subcommand;
use serde_json::json;

use super::open::Opened;
use super::{Fault, Io, Outcome, Which, person, say};
use crate::casework::Fault as CaseFault;
use crate::domain::duty::Duty;
use crate::domain::retention::Class;

/// Show what is due for removal, and remove it once two people agree
#[derive(Debug, clap::Args)]
pub struct RetentionArgs {
    #[command(flatten)]
    pub which: Which,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show what each rule would remove today: how many records, and the first ids
    Preview,
    /// Ask for everything due in a class to be removed: somebody else approves it
    Ask {
        /// items, contacts, records, trail
        #[arg(value_parser = class_of)]
        class: Class,
        /// Who asks: a member of staff in the configuration who may read the audit trail
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Do it although the audit trail makes the clock look wrong: somebody has compared it with the right time
        #[arg(long)]
        clock_is_right: bool,
    },
    /// Take a request back
    Withdraw {
        /// items, contacts, records, trail
        #[arg(value_parser = class_of)]
        class: Class,
        /// Who takes it back: a member of staff in the configuration who may read the audit trail
        #[arg(long, value_name = "NAME")]
        by: String,
    },
    /// Approve a request that somebody else made, and remove. It can't be undone
    Approve {
        /// items, contacts, records, trail
        #[arg(value_parser = class_of)]
        class: Class,
        /// Who approves it: a member of staff in the configuration, not the one who asked
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Do it although the audit trail makes the clock look wrong: somebody has compared it with the right time
        #[arg(long)]
        clock_is_right: bool,
    },
}

fn class_of(name: &str) -> Result<Class, String> {
    Class::of_name(name).ok_or_else(|| "one of items, contacts, records, trail".to_owned())
}

pub async fn run(args: &RetentionArgs, opened: &Opened, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    let by = match &args.verb {
        Verb::Preview => None,
        Verb::Ask { by, .. } | Verb::Withdraw { by, .. } => Some((by, &[Duty::ReadAudit][..])),
        Verb::Approve { by, .. } => Some((by, &[Duty::ReadAudit, Duty::Settings][..])),
    };
    if let Verb::Ask { clock_is_right: true, .. } | Verb::Approve { clock_is_right: true, .. } =
        &args.verb
    {
        opened.desk.trust_clock();
    }
    let allowed = by.map_or(Ok(Ok(())), |(by, duties)| person::may(opened, by, duties))?;
    let done = match allowed {
        Ok(()) => done(&args.verb, opened, io).await,
        Err(refused) => Err(refused),
    };
    person::ended(done.map(|()| Outcome::Yes), io)
}

async fn done(verb: &Verb, opened: &Opened, io: &mut Io<'_>) -> Result<(), CaseFault> {
    let (desk, organisation) = (&opened.desk, &opened.organisation);
    match verb {
        Verb::Preview => {
            if let Some(doubt) = desk.clock_doubt(&organisation.id).await? {
                say(io.err, format_args!("warning: {doubt}"));
            }
            let classes = desk.preview_retention(organisation, &opened.schedule).await?;
            if classes.is_empty() {
                say(io.err, "nothing is due: [organisation.retention] has no rule");
            }
            for class in classes {
                say(io.out, json!(class));
            }
        }
        Verb::Ask { class, by, .. } => {
            say(
                io.out,
                json!(desk.ask_sweep(&organisation.id, &opened.schedule, *class, by).await?),
            );
        }
        Verb::Withdraw { class, by } => {
            desk.withdraw_sweep(&organisation.id, *class, by).await?;
        }
        Verb::Approve { class, by, .. } => {
            say(io.out, json!(desk.approve_sweep(organisation, *class, by).await?));
        }
    }
    Ok(())
}
