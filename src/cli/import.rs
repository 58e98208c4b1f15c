//! `import`: people with restrictions that were decided elsewhere, from a JSON list or CSV.

use std::path::{Path, PathBuf};

use super::{Fault, Io, Outcome, Which, say};
use crate::casework::acting::Acting;
use crate::casework::import::{
    COLUMNS, FileFault, Format, Imported, Missing, claimed_twice, decode, read_people,
};
use crate::casework::person_check::PersonFault;
use crate::casework::{Desk, Fault as CaseFault};
use crate::domain::audit::EndedRestriction;
use crate::domain::organisation::Organisation;
use crate::runtime::limits::{IMPORT_BYTES_MAX, IMPORT_FAULTS_SHOWN_MAX};

/// Load people with restrictions that were decided elsewhere
///
/// The file is loaded whole or not at all; every fault is reported with its line and key. What the file
/// mentions replaces what is on record, by the person's id. Whatever it does not mention (a column, a
/// key, a person) stays as it is. If a restriction in force is left out, the import stops, unless
/// --end-missing ends it. What a step of a case decided or changed here stays as it is: what the file says
/// otherwise is reported, and the rest is loaded. Importing the same file again changes nothing. Running gateways apply the
/// change at once.
#[derive(Debug, clap::Args)]
#[command(after_long_help = columns())]
pub struct ImportArgs {
    #[command(flatten)]
    pub which: Which,
    /// A JSON list of people, or CSV if the name ends in .csv
    #[arg(value_name = "PEOPLE")]
    file: PathBuf,
    /// End restrictions in force that the file leaves out
    ///
    /// Applies only to people whose restrictions the file mentions: a CSV without such columns, or a
    /// person in JSON without the key `restrictions`, leaves them as they are.
    #[arg(long)]
    end_missing: bool,
    /// The name on the audit trail
    #[arg(long, value_name = "NAME", default_value = "command line")]
    by: String,
    /// Why, for the audit trail
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// The columns of a CSV file, for `--help`.
fn columns() -> String {
    let mut help = "CSV columns, in any order. Only id is required; a restriction needs grounds, \
                    clause, starts, decided_by, and review_due or ends. Rows with the same id \
                    describe one person, with one restriction per row. Write lists as a;b;c. Use \
                    UTF-8; Excel's plain CSV (Windows-1252) also works.\n"
        .to_owned();
    for column in COLUMNS {
        help.push_str(&format!("  {:<22}{}\n", column.name, column.says));
    }
    help
}

pub async fn run(
    args: &ImportArgs,
    organisation: &Organisation,
    desk: &Desk,
    io: &mut Io<'_>,
) -> Result<Outcome, Fault> {
    let file = args.file.display().to_string();
    let format = format_of(&args.file);
    let bytes = read_bounded(&args.file)?;
    let read = decode(&bytes, format).map_err(|fault| refused(&file, &[fault]))?;
    if let Some(notice) = read.notice {
        say(io.err, format_args!("{file}: {notice}"));
    }
    let progress = |checked: usize, total: usize| {
        say(io.err, format_args!("{file}: {checked} of {total} people checked"));
    };
    let people = read_people(&read.text, format, organisation, progress)
        .map_err(|faults| refused(&file, &faults))?;
    for (one, other) in claimed_twice(&people, organisation) {
        say(
            io.err,
            format_args!(
                "{file}: \"{one}\" and \"{other}\" share an identifier that is not marked \
                 shared; contacts from it are delivered and flagged, and count against neither"
            ),
        );
    }
    let missing = if args.end_missing { Missing::End } else { Missing::Refuse };
    let acting = Acting::from(args.by.as_str()).because(args.reason.as_deref());
    let done = desk
        .import(organisation, people, missing, acting)
        .await
        .map_err(|fault| not_imported(&file, fault))?;
    tell(&done, organisation, args.json, io);
    Ok(Outcome::Yes)
}

fn tell(done: &Imported, organisation: &Organisation, json: bool, io: &mut Io<'_>) {
    for EndedRestriction { person, restriction } in &done.ended {
        say(io.err, format_args!("person \"{person}\": restriction \"{restriction}\" is ended"));
    }
    for PersonFault { path, message } in done.kept.iter().take(IMPORT_FAULTS_SHOWN_MAX) {
        say(io.err, format_args!("{path}: {message}"));
    }
    let more = done.kept.len().saturating_sub(IMPORT_FAULTS_SHOWN_MAX);
    if more > 0 {
        say(io.err, format_args!("and {more} more restrictions are kept as a step made them"));
    }
    if json {
        let mut result = serde_json::json!({
            "people": done.people,
            "restrictions": done.restrictions,
            "unchanged": done.unchanged,
            "ended": done.ended,
        });
        if let Some(fields) = result.as_object_mut().filter(|_| !done.kept.is_empty()) {
            fields.insert("kept".to_owned(), serde_json::json!(done.kept));
        }
        say(io.out, result);
    } else {
        say(
            io.out,
            format_args!(
                "on record for {}: people {} (unchanged {}), restrictions {} (ended {})",
                organisation.id,
                done.people,
                done.unchanged,
                done.restrictions,
                done.ended.len()
            ),
        );
    }
}

/// Why nothing was imported although the file by itself is right.
fn not_imported(file: &str, fault: CaseFault) -> Fault {
    let several = |lines: Vec<String>, last: String| {
        let more = lines.len().saturating_sub(IMPORT_FAULTS_SHOWN_MAX);
        let mut shown: Vec<String> = lines.into_iter().take(IMPORT_FAULTS_SHOWN_MAX).collect();
        if more > 0 {
            shown.push(format!("{file}: and {more} more"));
        }
        shown.push(last);
        Fault { lines: shown }
    };
    match fault {
        CaseFault::WouldEnd(left_out) => {
            let line = |one: &EndedRestriction| {
                format!(
                    "{file}: person \"{}\": restriction \"{}\" is in force, but not in the file",
                    one.person, one.restriction
                )
            };
            let last = format!(
                "{file}: {} restriction(s) would end; nothing was imported. --end-missing ends them",
                left_out.len()
            );
            several(left_out.iter().map(line).collect(), last)
        }
        CaseFault::Invalid(faults) => {
            let last = format!(
                "{file}: {} fault(s) with what is on record; nothing was imported",
                faults.len()
            );
            let line = |fault: &crate::casework::person_check::PersonFault| {
                format!("{file}: {}: {}", fault.path, fault.message)
            };
            several(faults.iter().map(line).collect(), last)
        }
        CaseFault::Refused(why) => Fault::input(format!("{file}: {why}; nothing was imported")),
        CaseFault::Store(error) if error.is_retryable() => {
            Fault::input(format!("nothing was imported: {error}; try again"))
        }
        other => Fault::internal(other),
    }
}

fn read_bounded(file: &Path) -> Result<Vec<u8>, Fault> {
    let bytes = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    if bytes > IMPORT_BYTES_MAX {
        return Err(Fault::input(format!(
            "{}: has {bytes} bytes, more than {IMPORT_BYTES_MAX}; split it",
            file.display()
        )));
    }
    std::fs::read(file)
        .map_err(|error| Fault::input(format!("{}: can't be read: {error}", file.display())))
}

fn format_of(file: &Path) -> Format {
    let is_csv = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    if is_csv { Format::Csv } else { Format::Json }
}

fn refused(file: &str, faults: &[FileFault]) -> Fault {
    let shown = faults.iter().take(IMPORT_FAULTS_SHOWN_MAX);
    let mut lines: Vec<String> = shown.map(|fault| format!("{file}:{fault}")).collect();
    let more = faults.len().saturating_sub(IMPORT_FAULTS_SHOWN_MAX);
    if more > 0 {
        lines.push(format!("{file}: and {more} more"));
    }
    lines.push(format!("{file}: {} fault(s); nothing was imported", faults.len()));
    Fault { lines }
}
