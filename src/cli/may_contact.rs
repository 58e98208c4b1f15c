//! `may-contact`: whether somebody may be contacted, and through whom, for systems that send.

use clap::ValueEnum;
use serde_json::json;

use super::open::Opened;
use super::{Fault, Io, Outcome, Which, say};
use crate::casework::Fault as CaseFault;
use crate::domain::channel::Channel;
use crate::domain::may_contact::Purpose;
use crate::runtime::terminal::line;

/// Show whether a person may be contacted, and through whom; exits with 1 if not
#[derive(Debug, clap::Args)]
pub struct MayContactArgs {
    #[command(flatten)]
    pub which: Which,
    /// The person's id
    person: String,
    /// email, telephone, letter, …
    #[arg(long, value_name = "CHANNEL", value_parser = channel)]
    channel: Channel,
    /// Why they would be contacted; statutory notices may always be sent
    #[arg(long, value_enum)]
    purpose: Why,
    /// Who would make the contact; left out: a system
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Why {
    Statutory,
    Reply,
    Service,
    Survey,
    Campaign,
}

impl From<Why> for Purpose {
    fn from(why: Why) -> Self {
        match why {
            Why::Statutory => Purpose::Statutory,
            Why::Reply => Purpose::Reply,
            Why::Service => Purpose::Service,
            Why::Survey => Purpose::Survey,
            Why::Campaign => Purpose::Campaign,
        }
    }
}

fn channel(name: &str) -> Result<Channel, String> {
    let names = || Channel::ALL.map(Channel::name).join(", ");
    let found = Channel::ALL.into_iter().find(|channel| channel.name() == name);
    found.ok_or_else(|| format!("one of {}", names()))
}

pub async fn run(
    args: &MayContactArgs,
    opened: &Opened,
    io: &mut Io<'_>,
) -> Result<Outcome, Fault> {
    let (organisation, by) = (&opened.organisation, args.by.as_deref());
    let asked =
        opened.desk.may_contact(organisation, &args.person, args.purpose.into(), args.channel, by);
    let answer = match asked.await {
        Ok(answer) => answer,
        Err(CaseFault::NotFound(_)) => {
            return Err(Fault::input(format!(
                "nobody on record has the id {}",
                line(&args.person)
            )));
        }
        Err(fault) => return Err(Fault::internal(fault)),
    };
    if args.json {
        say(io.out, json!(answer));
    } else {
        say(io.out, if answer.may { "yes" } else { "no" });
        if let Some(through) = &answer.through {
            let parts = [&through.name, &through.email, &through.phone, &through.queue];
            let parts: Vec<String> =
                parts.into_iter().flatten().map(|part| line(part).to_string()).collect();
            say(io.out, format_args!("through {}", parts.join(", ")));
        }
        for reason in &answer.reasons {
            say(io.out, format_args!("{}: {}", reason.code, line(&reason.text)));
        }
    }
    Ok(if answer.may { Outcome::Yes } else { Outcome::No })
}
