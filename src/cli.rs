//! The command line: one file per subcommand.
//!
//! Results go to stdout, messages to stderr. Exit 0: done, or the answer is yes; 1: the answer is
//! no; 2: bad input, named with its file, line and key.

pub mod archive;
pub mod audit;
pub mod backup;
pub mod case;
pub mod check;
pub mod decide;
pub mod demo;
pub mod expectation;
pub mod health;
pub mod import;
pub mod letter;
pub mod load;
pub mod may_contact;
pub mod open;
pub mod outcome;
pub mod person;
pub mod pipe;
pub mod profile;
pub mod queue;
pub mod report;
pub mod restore;
pub mod retention;
pub mod serve;
pub mod simulate;
pub mod store;
pub mod token;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::environment;
use crate::runtime::limits::DISK_CALLS_WAIT;
use crate::runtime::terminal::Shown;
use crate::runtime::{private, telemetry};

pub use outcome::{Fault, Outcome, read_file, say};

/// Enforces contact restrictions that people decided, in front of e-mail, web forms and telephony.
#[derive(Debug, Parser)]
#[command(name = "contact-gateway", version, propagate_version = true, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::DemoArgs),
    Serve(serve::ServeArgs),
    Check(check::CheckArgs),
    Profile(profile::ProfileArgs),
    Simulate(simulate::SimulateArgs),
    Decide(decide::DecideArgs),
    Import(import::ImportArgs),
    Letter(letter::LetterArgs),
    Queue(queue::QueueArgs),
    Case(case::CaseArgs),
    Person(person::PersonArgs),
    MayContact(may_contact::MayContactArgs),
    Report(report::ReportArgs),
    Retention(retention::RetentionArgs),
    Audit(audit::AuditArgs),
    Archive(archive::ArchiveArgs),
    Store(store::StoreArgs),
    Backup(backup::BackupArgs),
    Restore(restore::RestoreArgs),
    Token(token::TokenArgs),
    Health(health::HealthArgs),
    /// Hand one message on stdin to the running gateway; exits with 0 or 75 only
    #[command(disable_help_flag = true)]
    Pipe {
        /// [--config FILE] ([--queue-id ID] -f SENDER | --exim) -- RECIPIENT...
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<std::ffi::OsString>,
    },
}

/// Which configuration and which of its organisations a command works on.
#[derive(Debug, Clone, Args)]
pub struct Which {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE", env = "CONTACT_GATEWAY_CONFIG", global = true)]
    config: Option<PathBuf>,
    /// The organisation's id in the configuration
    #[arg(long, value_name = "ID", global = true)]
    organisation: Option<String>,
}

impl Which {
    /// Both, or neither.
    pub fn given_or_none(&self) -> Result<Option<(&PathBuf, &str)>, Fault> {
        match self.organisation {
            Some(_) => self.given().map(Some),
            None => Ok(None),
        }
    }

    /// Both, or what is missing. (clap can't require options that may follow a verb.)
    pub fn given(&self) -> Result<(&PathBuf, &str), Fault> {
        let config = self.config.as_ref().ok_or_else(|| {
            Fault::input("--config FILE is missing; CONTACT_GATEWAY_CONFIG can name it too")
        })?;
        let organisation = self
            .organisation
            .as_deref()
            .ok_or_else(|| Fault::input("--organisation ID is missing"))?;
        Ok((config, organisation))
    }
}

/// Where a command writes.
pub struct Io<'a> {
    /// Results.
    pub out: &'a mut (dyn Write + Send),
    /// Messages.
    pub err: &'a mut (dyn Write + Send),
}

/// Reads the command line, runs the command, and says by the exit code how it ended.
pub fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|command| command == "pipe") {
        // Before anything that ends the process in another way, usage errors among them.
        return pipe::main(arguments);
    }
    // Usage errors end the process here, with exit code 2; `--help` with 0.
    let CommandLine { command } = CommandLine::parse();
    private::by_default();
    let mut out: Box<dyn Write + Send> = if writes_bytes(&command) {
        Box::new(std::io::stdout())
    } else {
        Box::new(Shown::new(std::io::stdout()))
    };
    let io = Io { out: out.as_mut(), err: &mut Shown::new(std::io::stderr()) };
    let mut successor = None;
    let ended = match tokio::runtime::Runtime::new() {
        Ok(runtime) => {
            let ended = runtime.block_on(run(command, io, &mut successor));
            // Without a bound it would wait for as long as a share hangs.
            runtime.shutdown_timeout(DISK_CALLS_WAIT);
            ended
        }
        Err(error) => Err(Fault::internal(error)),
    };
    let ended = match successor {
        Some(successor) => Err(successor.take_over()),
        None => ended,
    };
    exit(ended, &mut Shown::new(std::io::stderr()))
}

/// Whether a command's result is bytes that must come out as they are: into a file or a pipe. On a
/// terminal nothing is.
fn writes_bytes(command: &Command) -> bool {
    let is_original = matches!(command, Command::Queue(args) if args.is_original());
    is_original && !std::io::stdout().is_terminal()
}

async fn run(
    command: Command,
    mut io: Io<'_>,
    successor: &mut Option<serve::Successor>,
) -> Result<Outcome, Fault> {
    match command {
        Command::Demo(args) => demo::run(&args, &mut io).await,
        Command::Serve(args) => serve::run(&args, &mut io, successor).await,
        Command::Check(args) => {
            let today = chrono::Utc::now().date_naive();
            let environment = environment::of_process();
            let outcome = check::run(&args, &environment, today, io.out, io.err)?;
            check::look_at_machine(&args, &environment, io.err)?;
            if args.store {
                check::ask_store(&args, &environment, io.out, io.err).await
            } else {
                Ok(outcome)
            }
        }
        Command::Profile(args) => profile::run(&args, io.out),
        Command::Simulate(args) => simulate::run(args, io.out, io.err),
        Command::Decide(args) => decide::run(args, io.out).await,
        Command::Letter(args) => letter::run(&args, io.out),
        Command::Token(args) => token::run(&args, chrono::Utc::now().date_naive(), &mut io),
        Command::Import(args) => {
            let opened = open::open_or_make(&args.which).await?;
            import::run(&args, &opened.organisation, &opened.desk, &mut io).await
        }
        Command::Queue(args) => {
            let opened = open::open(&args.which).await?;
            queue::run(&args, &opened.organisation, &opened.desk, &mut io).await
        }
        Command::Case(args) => {
            let opened = open::open(&args.which).await?;
            case::run(&args, &opened, &mut io).await
        }
        Command::Person(args) => {
            let opened = open::open(&args.which).await?;
            person::run(&args, &opened, &mut io).await
        }
        Command::MayContact(args) => {
            let opened = open::open(&args.which).await?;
            may_contact::run(&args, &opened, &mut io).await
        }
        Command::Report(args) => {
            let opened = open::open(&args.which).await?;
            report::run(&args, &opened, &mut io).await
        }
        Command::Retention(args) => {
            let opened = open::open(&args.which).await?;
            retention::run(&args, &opened, &mut io).await
        }
        Command::Audit(args) => {
            let opened = open::open(&args.which).await?;
            audit::run(&args, &opened, &mut io).await
        }
        Command::Archive(args) => archive::run(&args, &mut io).await,
        Command::Store(args) => store::run(&args, &mut io).await,
        Command::Backup(args) => backup::run(&args, &mut io).await,
        Command::Restore(args) => restore::run(&args, &mut io).await,
        Command::Health(args) => health::run(&args, &mut io).await,
        // `main` has taken it before.
        Command::Pipe { .. } => Err(Fault::input("put `pipe` first on the command line")),
    }
}

fn exit(ended: Result<Outcome, Fault>, err: &mut dyn Write) -> ExitCode {
    match ended {
        Ok(Outcome::Yes) => ExitCode::SUCCESS,
        Ok(Outcome::No) => ExitCode::from(1),
        Err(fault) => {
            if telemetry::is_json() {
                tracing::error!("{fault}");
            } else {
                say(err, fault);
            }
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn the_organisation_may_stand_behind_the_verb() {
        for line in [
            "contact-gateway queue --config c.toml --organisation karbon list",
            "contact-gateway queue list limited --config c.toml --organisation karbon",
            "contact-gateway import --config c.toml --organisation karbon people.json",
            "contact-gateway case --config c.toml --organisation karbon show P-1",
            "contact-gateway person --config c.toml --organisation karbon export P-1 --to f --by A",
            "contact-gateway case --config c.toml --organisation karbon back-test P-1 r.json",
            "contact-gateway may-contact P-1 --channel email --purpose survey --config c.toml --organisation karbon",
            "contact-gateway report --config c.toml --organisation karbon warning_letters",
            "contact-gateway audit --config c.toml --organisation karbon list --person P-1",
            "contact-gateway audit list --config c.toml --organisation karbon",
        ] {
            let CommandLine { command } = CommandLine::try_parse_from(line.split(' ')).unwrap();
            let which = match command {
                Command::Queue(args) => args.which,
                Command::Import(args) => args.which,
                Command::Case(args) => args.which,
                Command::Person(args) => args.which,
                Command::MayContact(args) => args.which,
                Command::Report(args) => args.which,
                Command::Retention(args) => args.which,
                Command::Audit(args) => args.which,
                Command::Letter(_)
                | Command::Demo(_)
                | Command::Serve(_)
                | Command::Check(_)
                | Command::Profile(_)
                | Command::Simulate(_)
                | Command::Decide(_)
                | Command::Archive(_)
                | Command::Store(_)
                | Command::Backup(_)
                | Command::Restore(_)
                | Command::Token(_)
                | Command::Health(_)
                | Command::Pipe { .. } => panic!("another command"),
            };
            assert_eq!(which.given().unwrap().1, "karbon");
        }
    }
}
