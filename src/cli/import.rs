//! `import`: people with restrictions that were decided elsewhere, from a JSON list or CSV.

use std::path::{Path, PathBuf};

use super::{Fault, Io, Outcome, Which, read_file, say};
use crate::casework::import::{COLUMNS, FileFault, Format, claimed_twice, read_people};
use crate::casework::{Desk, Fault as CaseFault};
use crate::domain::organisation::Organisation;
use crate::runtime::limits::{IMPORT_BYTES_MAX, IMPORT_FAULTS_SHOWN_MAX};

/// Load people with restrictions that were decided elsewhere
///
/// All people of the file are loaded, or none: every fault is named with its line and key. People
/// who are on record are replaced by id, nobody is removed; the same file again changes nothing. It
/// works beside a gateway that serves, and takes effect at once.
#[derive(Debug, clap::Args)]
#[command(after_long_help = columns())]
pub struct ImportArgs {
    #[command(flatten)]
    pub which: Which,
    /// A JSON list of people, or CSV where the name ends in .csv
    #[arg(value_name = "PEOPLE")]
    file: PathBuf,
    /// The name on the audit trail
    #[arg(long, value_name = "NAME", default_value = "command line")]
    by: String,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// The columns of a CSV file, for `--help`.
fn columns() -> String {
    let mut help = "CSV columns, in any order; only id must be there. Rows with the same id are \
                    one person, each with a restriction of its own. Lists are written a;b;c.\n"
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
    let text = read_bounded(&args.file)?;
    let progress = |checked: usize, total: usize| {
        say(io.err, format_args!("{file}: {checked} of {total} people checked"));
    };
    let people = read_people(&text, format_of(&args.file), organisation, progress)
        .map_err(|faults| refused(&file, &faults))?;
    for (one, other) in claimed_twice(&people, organisation) {
        say(
            io.err,
            format_args!(
                "{file}: \"{one}\" and \"{other}\" have an identifier in common that is not marked \
                 shared; contacts from it are delivered and flagged, and limit neither"
            ),
        );
    }
    let done = desk.import(organisation, people, &args.by).await.map_err(|fault| match fault {
        CaseFault::Store(error) if error.is_retryable() => {
            Fault::input(format!("nothing was imported: {error}; try again"))
        }
        other => Fault::internal(other),
    })?;
    if args.json {
        let result = serde_json::json!({
            "people": done.people,
            "restrictions": done.restrictions,
            "unchanged": done.unchanged,
        });
        say(io.out, result);
    } else {
        say(
            io.out,
            format_args!(
                "on record for {}: people {} (unchanged {}), restrictions {}",
                organisation.id, done.people, done.unchanged, done.restrictions
            ),
        );
    }
    Ok(Outcome::Yes)
}

fn read_bounded(file: &Path) -> Result<String, Fault> {
    let bytes = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    if bytes > IMPORT_BYTES_MAX {
        return Err(Fault::input(format!(
            "{}: has {bytes} bytes, more than {IMPORT_BYTES_MAX}; split it",
            file.display()
        )));
    }
    read_file(file)
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
