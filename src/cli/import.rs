//! `import`: people with restrictions that were decided elsewhere, from a JSON list or CSV.

use std::path::{Path, PathBuf};

use super::{Fault, Io, Outcome, Which, read_file, say};
use crate::casework::acting::Acting;
use crate::casework::import::{
    COLUMNS, FIELDS, FileFault, Format, Imported, Listed, Mapping, Missing, Planned, RESTRICTIONS,
    claimed_twice, decode, read_people, read_register,
};
use crate::casework::person_check::PersonFault;
use crate::casework::{Desk, Fault as CaseFault};
use crate::domain::audit::EndedRestriction;
use crate::domain::organisation::Organisation;
use crate::runtime::limits::{IMPORT_BYTES_MAX, IMPORT_FAULTS_SHOWN_MAX};
use crate::runtime::terminal;

/// Load people with restrictions that were decided elsewhere
///
/// The file is loaded whole or not at all; every fault is reported with its line and key. Whatever the file mentions
/// replaces the record of the same id. Whatever it does not mention (a column, a key, a person) stays as it is. If a
/// restriction in force is left out, the import stops, unless --end-missing ends it. Whatever a step of a case decided
/// or changed here stays as it is: differences in the file are reported, and the rest is loaded. Importing the same
/// file again changes nothing. Running gateways apply the change at once.
///
/// In JSON a person may have a `case` as well as restrictions: incidents, warnings, agreements, the days of each
/// decision, reviews and appeals. Reviews, caps and appeal windows count from the days in the file.
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
    /// The file is a spreadsheet register, with its own headings and UK dates (31/01/2026)
    ///
    /// One row per restriction. Known headings and words are listed below.
    #[arg(long)]
    register: bool,
    /// A mapping for the register's own headings and words, as TOML
    ///
    /// Its table `columns` says what a heading holds ("leave_out": nothing), `restrictions` what some words mean
    /// ("Blue list" = { kind = "channels_only", channels = ["letter"] }), `grounds` which ground of the policy a
    /// reason is, `appeal_outcomes` how a decision fared: upheld, varied or quashed.
    #[arg(long, value_name = "FILE", requires = "register")]
    mapping: Option<PathBuf>,
    /// Show what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
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
        let width = column.name.len().max(20) + 2;
        help.push_str(&format!("  {:<width$}{}\n", column.name, column.says));
    }
    help.push_str(
        "\nColumns of a register (--register), in any order, under these names or others that are usual: \
         \"Tenancy ref\", \"E-mail address\", \"Date imposed\" …\n",
    );
    for field in FIELDS {
        help.push_str(&format!("  {:<22}{}\n", field.name, field.says));
    }
    let words: Vec<&str> = RESTRICTIONS.iter().map(|(words, ..)| *words).collect();
    help.push_str(&format!(
        "\nWords for restrictions: single point of contact, visits in pairs, appointment only, read and file, \
         contact ended, {}; and quotas: 2 calls per week, one email a month, twice a week.\n\
         Words for the outcome of an appeal: decision upheld (or dismissed), varied, quashed (or appeal upheld), \
         pending, none.\n",
        words.join(", ")
    ));
    help
}

pub async fn run(
    args: &ImportArgs,
    organisation: &Organisation,
    desk: &Desk,
    io: &mut Io<'_>,
) -> Result<Outcome, Fault> {
    let file = args.file.display().to_string();
    let people = read(args, organisation, io)?;
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
    let done = if args.dry_run {
        desk.preview_import(organisation, people, missing, acting).await
    } else {
        desk.import(organisation, people, missing, acting).await
    };
    let done = done.map_err(|fault| not_imported(&file, fault))?;
    tell(&done, organisation, args, io);
    Ok(Outcome::Yes)
}

/// The people of the file, checked as far as it is by itself.
fn read(
    args: &ImportArgs,
    organisation: &Organisation,
    io: &mut Io<'_>,
) -> Result<Vec<Listed>, Fault> {
    let file = args.file.display().to_string();
    let format = if args.register { Format::Csv } else { format_of(&args.file) };
    let bytes = read_bounded(&args.file)?;
    let read = decode(&bytes, format).map_err(|fault| refused(&file, &[fault]))?;
    if let Some(notice) = read.notice {
        say(io.err, format_args!("{file}: {notice}"));
    }
    let progress = |checked: usize, total: usize| {
        say(io.err, format_args!("{file}: {checked} of {total} people checked"));
    };
    let people = if args.register {
        read_register(&read.text, &mapping(args)?, organisation, progress)
    } else {
        read_people(&read.text, format, organisation, progress)
    };
    people.map_err(|faults| refused(&file, &faults))
}

fn mapping(args: &ImportArgs) -> Result<Mapping, Fault> {
    let Some(file) = &args.mapping else { return Ok(Mapping::default()) };
    let text = read_file(file)?;
    Mapping::read(&text)
        .map_err(|why| Fault::input(format!("{}: {}", file.display(), why.trim_end())))
}

fn tell(done: &Imported, organisation: &Organisation, args: &ImportArgs, io: &mut Io<'_>) {
    for EndedRestriction { person, restriction } in &done.ended {
        let ends = if args.dry_run { "would end" } else { "is ended" };
        say(io.err, format_args!("person \"{person}\": restriction \"{restriction}\" {ends}"));
    }
    for PersonFault { path, message } in done.kept.iter().take(IMPORT_FAULTS_SHOWN_MAX) {
        say(io.err, format_args!("{path}: {message}"));
    }
    let more = done.kept.len().saturating_sub(IMPORT_FAULTS_SHOWN_MAX);
    if more > 0 {
        say(io.err, format_args!("and {more} more are kept as they are on record"));
    }
    if args.json {
        let mut result = serde_json::json!({
            "people": done.people,
            "restrictions": done.restrictions,
            "unchanged": done.unchanged,
            "ended": done.ended,
        });
        if let Some(fields) = result.as_object_mut() {
            if done.cases > 0 {
                fields.insert("cases".to_owned(), serde_json::json!(done.cases));
            }
            if done.equality > 0 {
                fields.insert("equality".to_owned(), serde_json::json!(done.equality));
            }
            if !done.kept.is_empty() {
                fields.insert("kept".to_owned(), serde_json::json!(done.kept));
            }
            if args.dry_run {
                fields.insert("dry_run".to_owned(), serde_json::json!(true));
                fields.insert("would".to_owned(), serde_json::json!(done.planned));
            }
        }
        say(io.out, result);
    } else {
        for planned in &done.planned {
            say(io.out, in_words(planned));
        }
        let what = if args.dry_run { "nothing is written; it would be " } else { "" };
        let equality = match done.equality {
            0 => String::new(),
            people => format!(", equality data of people {people}"),
        };
        say(
            io.out,
            format_args!(
                "{what}on record for {}: people {} (unchanged {}), restrictions {} (ended {}), case files {}{equality}",
                organisation.id,
                done.people,
                done.unchanged,
                done.restrictions,
                done.ended.len(),
                done.cases
            ),
        );
    }
}

/// What a dry run says of one person.
fn in_words(planned: &Planned) -> String {
    let mut line = format!(
        "{}: {}",
        terminal::line(&planned.person),
        if planned.is_new { "new" } else { "changed" }
    );
    for one in &planned.restrictions {
        let text = |key: &str| one.get(key).and_then(serde_json::Value::as_str).unwrap_or("-");
        line.push_str(&format!(
            "; {} {} {} from {}, review {}, end {}",
            terminal::line(text("id")),
            text("kind"),
            text("status"),
            text("starts"),
            text("review_due"),
            text("ends")
        ));
    }
    if planned.case_entries > 0 {
        line.push_str(&format!("; case entries {}", planned.case_entries));
    }
    line
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
                "{file}: {} conflict(s) with existing records; nothing was imported",
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
