//! `person`: a copy of all that is held about somebody, erasing it, and two records of one person, for scripts, on
//! the store itself.

mod merge;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Subcommand;
use serde_json::json;

use super::open::Opened;
use super::{Fault, Io, Outcome, Which, say};
use crate::casework::Fault as CaseFault;
use crate::casework::acting::Acting;
use crate::casework::erasure::AskErasure;
use crate::casework::own_record::OwnRecord;
use crate::domain::duty::Duty;
use crate::domain::own_record::Piece;
use crate::domain::permission;
use crate::domain::queue::QueueItem;
use crate::render::record::{Form, Writer};
use crate::runtime::private;

/// Export, erase or hold a person's record, or merge two records of one person
#[derive(Debug, clap::Args)]
pub struct PersonArgs {
    #[command(flatten)]
    pub which: Which,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Write everything held about a person into a folder: a page to print, JSON, and kept originals
    Export {
        person: String,
        /// An empty folder, or a new one
        #[arg(long, value_name = "FOLDER")]
        to: PathBuf,
        /// Who makes it: a member of staff in the configuration who may read the audit trail
        #[arg(long, value_name = "NAME")]
        by: String,
    },
    /// Show what erasing a person's record would remove, what stays, and what prevents it
    Erasure { person: String },
    /// Ask for a person's record to be erased: somebody else must approve it
    Erase {
        person: String,
        /// The clause that requires it, such as "Art. 17(1)(d)"
        #[arg(long)]
        clause: String,
        /// Why, for the audit trail
        #[arg(long)]
        reason: Option<String>,
        /// Why it is erased although a restriction is in force or an appeal is open
        #[arg(long, value_name = "REASON")]
        despite: Option<String>,
        /// Who asks: a member of staff in the configuration who may read the audit trail
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Do it although the audit trail makes the clock look wrong: somebody has compared it with the right time
        #[arg(long)]
        clock_is_right: bool,
    },
    /// Take a request to erase back
    WithdrawErasure {
        person: String,
        /// Who takes it back: a member of staff in the configuration who may read the audit trail
        #[arg(long, value_name = "NAME")]
        by: String,
    },
    /// Approve a request to erase that somebody else made, and erase. It can't be undone
    ApproveErasure {
        person: String,
        /// Who approves it: a member of staff in the configuration, not the one who asked
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Do it although the audit trail makes the clock look wrong: somebody has compared it with the right time
        #[arg(long)]
        clock_is_right: bool,
    },
    /// List erasures: how much was erased, by whom, and by which clause. The list names none of the people erased
    Erasures,
    /// Put a record on hold: none of it is erased until the hold is ended
    Hold {
        person: String,
        /// Why, for the audit trail
        #[arg(long)]
        reason: String,
        /// Who puts it on hold: a member of staff in the configuration who may read the audit trail
        #[arg(long, value_name = "NAME")]
        by: String,
    },
    /// End a hold
    EndHold {
        person: String,
        /// Who ends it: a member of staff in the configuration who may read the audit trail
        #[arg(long, value_name = "NAME")]
        by: String,
    },
    /// Merge another record of the same person into this one. Shows what the merge would do, and changes nothing
    /// without --yes
    Merge(merge::MergeArgs),
    /// Part two records that were merged by mistake
    Unmerge(merge::UnmergeArgs),
    /// List the merges of a record, including those that were undone
    Merges { person: String },
}

pub async fn run(args: &PersonArgs, opened: &Opened, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    let done = done(&args.verb, opened, io).await?;
    ended(done, io)
}

/// What came of it, said.
pub(super) fn ended(done: Result<Outcome, CaseFault>, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    match done {
        Ok(outcome) => Ok(outcome),
        Err(CaseFault::Store(error)) => Err(Fault::internal(error)),
        Err(CaseFault::Broken(broken)) => {
            for one in broken {
                say(io.err, format_args!("{}: {}", one.code, one.what));
            }
            Ok(Outcome::No)
        }
        Err(refused) => {
            say(io.err, refused);
            Ok(Outcome::No)
        }
    }
}

/// Who may: a member of staff with one of these duties.
pub(super) fn may(
    opened: &Opened,
    by: &str,
    duties: &[Duty],
) -> Result<Result<(), CaseFault>, Fault> {
    let Some(role) = opened.staff.get(by) else {
        let what = "is not among the organisation's staff in the configuration";
        return Err(Fault::input(format!("--by: {by} {what}")));
    };
    let profile = &opened.organisation.profile;
    Ok(if duties.iter().any(|one| permission::has(profile, role, *one)) {
        Ok(())
    } else {
        let duties: Vec<&str> = duties.iter().map(|one| one.name()).collect();
        let what = format!("the role `{}` has no duty `{}`", role.0, duties.join("` or `"));
        Err(CaseFault::Refused(what))
    })
}

async fn done(
    verb: &Verb,
    opened: &Opened,
    io: &mut Io<'_>,
) -> Result<Result<Outcome, CaseFault>, Fault> {
    let by = match verb {
        Verb::Export { by, .. }
        | Verb::Erase { by, .. }
        | Verb::WithdrawErasure { by, .. }
        | Verb::Hold { by, .. }
        | Verb::EndHold { by, .. } => Some((by, &[Duty::ReadAudit][..])),
        Verb::ApproveErasure { by, .. } => Some((by, &[Duty::ReadAudit, Duty::Settings][..])),
        // Those of merges ask by themselves.
        Verb::Erasure { .. }
        | Verb::Erasures
        | Verb::Merge(_)
        | Verb::Unmerge(_)
        | Verb::Merges { .. } => None,
    };
    if let Some((by, duties)) = by
        && let Err(refused) = may(opened, by, duties)?
    {
        return Ok(Err(refused));
    }
    match verb {
        Verb::Export { person, to, by } => {
            let (staff, organisation) = (opened.staff.clone(), &opened.organisation);
            match opened.desk.own_record(organisation, staff, person, by).await {
                Ok(record) => export(record, opened, to, io).await.map(Ok),
                Err(fault) => Ok(Err(fault)),
            }
        }
        Verb::Merge(asked) => merge::merge(asked, opened, io).await.map(Ok),
        Verb::Unmerge(asked) => merge::unmerge(asked, opened, io).await.map(Ok),
        Verb::Merges { person } => merge::list(person, opened, io).await.map(Ok),
        other => Ok(erasing(other, opened, io).await.map(|()| Outcome::Yes)),
    }
}

async fn erasing(verb: &Verb, opened: &Opened, io: &mut Io<'_>) -> Result<(), CaseFault> {
    let (desk, organisation) = (&opened.desk, &opened.organisation);
    let id = &organisation.id;
    match verb {
        Verb::Export { .. } | Verb::Merge(_) | Verb::Unmerge(_) | Verb::Merges { .. } => {}
        Verb::Erasure { person } => {
            if let Some(doubt) = desk.clock_doubt(id).await? {
                say(io.err, format_args!("warning: {doubt}"));
            }
            let preview = desk.preview_erasure(organisation, person).await?;
            say(io.out, json!(preview));
        }
        Verb::Erase { person, clause, reason, despite, by, clock_is_right } => {
            if *clock_is_right {
                desk.trust_clock();
            }
            let ask = AskErasure { clause, despite: despite.as_deref() };
            let acting = Acting::from(by.as_str()).because(reason.as_deref());
            let asked = desk.ask_erasure(organisation, person, ask, acting).await?;
            say(io.out, json!(asked));
        }
        Verb::WithdrawErasure { person, by } => {
            desk.withdraw_erasure(id, person, Acting::from(by.as_str())).await?;
        }
        Verb::ApproveErasure { person, by, clock_is_right } => {
            if *clock_is_right {
                desk.trust_clock();
            }
            say(io.out, json!(desk.approve_erasure(organisation, person, by).await?));
        }
        Verb::Erasures => {
            for proof in desk.erasures(id).await? {
                say(io.out, json!(proof));
            }
        }
        Verb::Hold { person, reason, by } => {
            let acting = Acting::from(by.as_str()).because(Some(reason));
            say(io.out, json!(desk.hold(id, person, acting).await?));
        }
        Verb::EndHold { person, by } => {
            desk.end_hold(id, person, Acting::from(by.as_str())).await?;
        }
    }
    Ok(())
}

/// The record in both forms, written side by side while it is read.
struct Written {
    page: (Writer, BufWriter<File>),
    json: (Writer, BufWriter<File>),
}

impl Written {
    fn begin(record: &OwnRecord, opened: &Opened, to: &Path) -> io::Result<Self> {
        let begin = |form, name: &str| {
            let (profile, roles) = (Arc::clone(&opened.organisation.profile), record.roles.clone());
            let (writer, head) =
                Writer::begin(form, &record.cases(), profile, roles, record.made());
            let mut file = BufWriter::new(File::create_new(to.join(name))?);
            file.write_all(head.as_bytes())?;
            Ok::<_, io::Error>((writer, file))
        };
        Ok(Written {
            page: begin(Form::Page, "record.html")?,
            json: begin(Form::Json, "record.json")?,
        })
    }

    fn add(&mut self, piece: &Piece) -> io::Result<()> {
        for (writer, file) in [&mut self.page, &mut self.json] {
            file.write_all(writer.add(piece).as_bytes())?;
        }
        Ok(())
    }

    /// What somebody must decide on before it goes.
    fn end(self, record: &OwnRecord) -> io::Result<Vec<String>> {
        let to_decide = self.page.0.to_decide();
        for (writer, mut file) in [self.page, self.json] {
            file.write_all(writer.end(record.left_out()).as_bytes())?;
            file.into_inner()?.sync_all()?;
        }
        Ok(to_decide)
    }
}

async fn export(
    mut record: OwnRecord,
    opened: &Opened,
    to: &Path,
    io: &mut Io<'_>,
) -> Result<Outcome, Fault> {
    let unwritten = |error: io::Error| Fault::input(format!("{}: {error}", to.display()));
    private::folder(to).map_err(unwritten)?;
    let is_empty = std::fs::read_dir(to).map_err(unwritten)?.next().is_none();
    if !is_empty {
        return Err(Fault::input(format!("{}: the folder is not empty", to.display())));
    }
    let mut written = Written::begin(&record, opened, to).map_err(unwritten)?;
    let (mut contacts, mut originals, mut missing) = (0, 0_u64, 0_u64);
    while let Some(piece) = record.next().await.map_err(Fault::internal)? {
        written.add(&piece).map_err(unwritten)?;
        let Piece::Contacts(held) = &piece else { continue };
        contacts += held.len();
        // Numbered as the record numbers them.
        for item in held.iter().filter_map(|one| one.item.as_ref()) {
            if item.archived.is_none() {
                continue;
            }
            originals += 1;
            let place = to.join(format!("original-{originals}"));
            if !original(opened, item, &place).await? {
                missing += 1;
                say(
                    io.err,
                    format_args!("original {originals} can't be given: it is missing or altered"),
                );
            }
        }
    }
    let to_decide = written.end(&record).map_err(unwritten)?;
    let to = to.display();
    say(
        io.out,
        format_args!("{to}: record.html, record.json; contacts {contacts}, originals {originals}"),
    );
    for one in to_decide {
        say(io.err, format_args!("before it goes: {one}"));
    }
    Ok(if missing == 0 { Outcome::Yes } else { Outcome::No })
}

/// Writes a kept original; `false`: the archive does not have it as it was.
async fn original(opened: &Opened, item: &QueueItem, to: &Path) -> Result<bool, Fault> {
    match opened.desk.original(&opened.organisation.id, &item.queue, &item.id).await {
        Ok((_, bytes)) => {
            std::fs::write(to, &bytes)
                .map_err(|error| Fault::input(format!("{}: {error}", to.display())))?;
            Ok(true)
        }
        Err(
            CaseFault::OriginalMissing(_) | CaseFault::OriginalAltered(_) | CaseFault::NotFound(_),
        ) => Ok(false),
        Err(fault) => Err(Fault::internal(fault)),
    }
}
