//! `case`: a person's case file, its steps, and what falls due, for scripts, on the store itself.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::NaiveDate;
use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::open::Opened;
use super::{Fault, Io, Outcome, Which, read_file, say};
use crate::casework::Fault as CaseFault;
use crate::casework::back_test::Draft;
use crate::casework::case::Asked;
use crate::casework::diary::DiaryAsked;
use crate::domain::case::act::Act;
use crate::domain::restriction::Restriction;
use crate::runtime::json;
use crate::runtime::terminal::line;

/// Show a person's case file, take steps, and list what falls due
#[derive(Debug, clap::Args)]
pub struct CaseArgs {
    #[command(flatten)]
    pub which: Which,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show a person's case file
    Show { person: String },
    /// Take a step, written as in a case scenario: its name in `act`, and its fields
    Step {
        person: String,
        /// The step as JSON
        file: PathBuf,
        /// Who takes it: a member of staff in the configuration
        #[arg(long, value_name = "NAME")]
        by: String,
        /// The version of the case file that you looked at; left out: any
        #[arg(long = "if-version", id = "if_version", value_name = "NUMBER")]
        version: Option<u64>,
    },
    /// Show what a restriction would have done to the person's recent contacts; changes nothing
    ///
    /// Each contact on record is decided by the production code as if the restriction had been in force.
    #[command(name = "back-test")]
    BackTest {
        person: String,
        /// The restriction as JSON, in the form used in a proposal
        restriction: PathBuf,
        /// How many days to look back
        #[arg(long, value_name = "NUMBER", default_value_t = BACK_TEST_DAYS)]
        days: u32,
        /// The aim: how many contacts per week may get through, on average
        #[arg(long, value_name = "NUMBER")]
        admitted_a_week: Option<u32>,
    },
    /// List what falls due, and what was done in the last year
    Diary {
        /// Only for this person
        person: Option<String>,
        /// Due on this day or later
        #[arg(long, value_name = "DAY")]
        from: Option<NaiveDate>,
        /// Due on this day or earlier
        #[arg(long, value_name = "DAY")]
        to: Option<NaiveDate>,
    },
}

pub async fn run(args: &CaseArgs, opened: &Opened, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    let done = match &args.verb {
        Verb::Show { person } => show(opened, person, io).await,
        Verb::Step { person, file, by, version } => {
            let step = Written::read(file)?;
            take(opened, &step, person, by, *version, io).await
        }
        Verb::BackTest { person, restriction, days, admitted_a_week } => {
            let restriction = read_restriction(restriction)?;
            let draft = Draft { restriction, days: *days, admitted_a_week: *admitted_a_week };
            back_test(args, opened, person, &draft, io).await
        }
        Verb::Diary { person, from, to } => {
            let asked = DiaryAsked { from: *from, to: *to, person: person.clone() };
            diary(args, opened, &asked, io).await
        }
    };
    match done {
        Ok(()) => Ok(Outcome::Yes),
        Err(CaseFault::Store(error)) => Err(Fault::internal(error)),
        Err(CaseFault::Broken(broken)) => {
            say(io.out, json!({ "ok": false, "refused": broken }));
            Ok(Outcome::No)
        }
        Err(refused) => {
            say(io.err, refused);
            Ok(Outcome::No)
        }
    }
}

/// Days of a back-test where none are named: four weeks.
const BACK_TEST_DAYS: u32 = 28;

/// A restriction as a file has it.
fn read_restriction(file: &std::path::Path) -> Result<Restriction, Fault> {
    let source = read_file(file)?;
    json::parse_each_key_once(&source)
        .map_err(|fault| Fault::in_file(&file.display().to_string(), &fault))
}

async fn back_test(
    args: &CaseArgs,
    opened: &Opened,
    person: &str,
    draft: &Draft,
    io: &mut Io<'_>,
) -> Result<(), CaseFault> {
    let tested = opened.desk.back_test(&opened.organisation, person, draft).await?;
    if args.json {
        say(io.out, json!(tested));
        return Ok(());
    }
    for one in &tested.contacts {
        let unknown = if one.content_unknown { "  content not on record" } else { "" };
        say(
            io.out,
            format_args!(
                "{}  {:<10} {:<8} {:<8} {}{unknown}",
                one.at.format("%Y-%m-%d %H:%M"),
                one.channel.name(),
                one.was.name(),
                one.would.name(),
                line(&one.codes.join(",")),
            ),
        );
    }
    let unknown = tested.contacts.iter().filter(|one| one.content_unknown).count();
    let changed = tested.contacts.iter().filter(|one| one.was != one.would).count();
    say(
        io.out,
        format_args!(
            "contacts {}, decided otherwise {changed}, content not on record {unknown}",
            tested.contacts.len()
        ),
    );
    for (lane, met) in &tested.safeguards {
        say(io.out, format_args!("safeguard {lane}: {met}"));
    }
    for lighter in &tested.lighter {
        let restriction = serde_json::to_string(&lighter.restriction).unwrap_or_default();
        say(
            io.out,
            format_args!(
                "lighter: admitted {}, held {}: {}",
                lighter.admitted,
                lighter.held,
                line(&restriction)
            ),
        );
    }
    Ok(())
}

/// A step as a file has it.
struct Written {
    act: Act,
    id: Option<String>,
}

impl Written {
    fn read(file: &std::path::Path) -> Result<Self, Fault> {
        let place = file.display().to_string();
        let source = read_file(file)?;
        let mut fields: Map<String, Value> =
            json::parse_each_key_once(&source).map_err(|fault| Fault::in_file(&place, &fault))?;
        let id = fields.remove("id").and_then(|id| id.as_str().map(str::to_owned));
        let act = serde_json::from_value(Value::Object(fields))
            .map_err(|error| Fault::input(format!("{place}: {error}")))?;
        Ok(Written { act, id })
    }
}

async fn show(opened: &Opened, person: &str, io: &mut Io<'_>) -> Result<(), CaseFault> {
    let view = opened.desk.case(&opened.organisation, person).await?;
    say(io.out, Value::Object(view.case));
    Ok(())
}

async fn take(
    opened: &Opened,
    step: &Written,
    person: &str,
    by: &str,
    version: Option<u64>,
    io: &mut Io<'_>,
) -> Result<(), CaseFault> {
    if !opened.staff.contains_key(by) {
        let what = format!("{by} is not among the organisation's staff in the configuration");
        return Err(CaseFault::Refused(what));
    }
    let asked = Asked { person, act: &step.act, id: step.id.as_deref(), by, version };
    let organisation = Arc::clone(&opened.organisation);
    let done = opened.desk.step(&organisation, &opened.staff, asked).await?;
    let mut said = json!({ "ok": true });
    if let (Value::Object(said), Ok(Value::Object(done))) = (&mut said, serde_json::to_value(&done))
    {
        said.extend(done);
    }
    say(io.out, said);
    Ok(())
}

async fn diary(
    args: &CaseArgs,
    opened: &Opened,
    asked: &DiaryAsked,
    io: &mut Io<'_>,
) -> Result<(), CaseFault> {
    let entries = opened.desk.diary(&opened.organisation, asked).await?;
    if args.json {
        say(io.out, json!({ "diary": entries }));
        return Ok(());
    }
    for entry in entries {
        let person = entry.person.as_deref().unwrap_or("-");
        say(
            io.out,
            format_args!(
                "{}  {:<9} {:<18} {:<12} {}",
                entry.due,
                entry.state.name(),
                entry.what.name(),
                line(person),
                line(&entry.about),
            ),
        );
    }
    Ok(())
}
