//! `person`: what a person may ask for of their own record, for scripts, on the store itself.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Subcommand;

use super::open::Opened;
use super::{Fault, Io, Outcome, Which, say};
use crate::casework::Fault as CaseFault;
use crate::casework::own_record::OwnRecord;
use crate::domain::diary::Case;
use crate::domain::duty::{self, Duty};
use crate::domain::own_record::Piece;
use crate::domain::queue::QueueItem;
use crate::ports::StoreError;
use crate::render::record::{Form, Writer};
use crate::runtime::private;

/// Answer a person who asks for what is held about them
#[derive(Debug, clap::Args)]
pub struct PersonArgs {
    #[command(flatten)]
    pub which: Which,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Write all that is held about a person into a folder: a page to print, JSON, and kept originals
    Export {
        person: String,
        /// A folder that is empty, or is made
        #[arg(long, value_name = "FOLDER")]
        to: PathBuf,
        /// Who makes it: a member of staff in the configuration who may read the audit trail
        #[arg(long, value_name = "NAME")]
        by: String,
    },
}

pub async fn run(args: &PersonArgs, opened: &Opened, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    let Verb::Export { person, to, by } = &args.verb;
    let Some(role) = opened.staff.get(by) else {
        let what = "is not among the organisation's staff in the configuration";
        return Err(Fault::input(format!("--by: {by} {what}")));
    };
    if !duty::has(&opened.organisation.profile, role, Duty::ReadAudit) {
        say(io.err, format_args!("nobody with the role `{}` reads the audit trail", role.0));
        return Ok(Outcome::No);
    }
    let staff = opened.staff.clone();
    match opened.desk.own_record(&opened.organisation, staff, person, by).await {
        Ok(record) => export(record, opened, to, io).await,
        Err(CaseFault::Store(error)) => Err(Fault::internal(error)),
        Err(refused) => {
            say(io.err, refused);
            Ok(Outcome::No)
        }
    }
}

/// The record in both forms, written side by side while it is read.
struct Written {
    page: (Writer, BufWriter<File>),
    json: (Writer, BufWriter<File>),
}

impl Written {
    fn begin(record: &OwnRecord, opened: &Opened, to: &Path) -> io::Result<Self> {
        let case = Case { file: &record.case.file, person: &record.case.person };
        let begin = |form, name: &str| {
            let (profile, roles) = (Arc::clone(&opened.organisation.profile), record.roles.clone());
            let (writer, head) = Writer::begin(form, case, profile, roles);
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
        Err(CaseFault::Store(StoreError::Original(_)) | CaseFault::NotFound(_)) => Ok(false),
        Err(fault) => Err(Fault::internal(fault)),
    }
}
