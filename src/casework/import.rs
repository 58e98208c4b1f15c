//! Loading people with restrictions that were decided elsewhere: every fault at once, all people
//! or none, idempotent by id.
//!
//! [`decode`] makes text of a file's bytes. [`read_people`] is pure: text in, people or faults with
//! their lines out. [`Desk::import`](super::Desk::import) writes what it returned, in one call to the
//! store.

mod apply;
mod csv_rows;
mod json_list;
mod listed;
mod locate;
mod text;

use std::collections::HashMap;

use crate::domain::identifier::{IdentifierKey, listed_keys};
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::runtime::limits::IMPORT_PROGRESS_EVERY;

use self::locate::{Lines, Place};
use super::person_check::{faults, normalised};

pub use apply::{Imported, Missing};
pub use csv_rows::COLUMNS;
pub use listed::{Listed, Says};
pub use text::{FileText, decode};

/// How a people file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Csv,
}

/// What is wrong in a people file, where, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFault {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters; `None` where a line is all that is known (CSV).
    pub column: Option<usize>,
    /// The key's path from the top of the file, `[3].restrictions[0].limit`, or the CSV column.
    pub key: String,
    /// The id of the person concerned, where it could be read.
    pub person: Option<String>,
    pub message: String,
}

/// `12:5: [3].restrictions[0].limit: person "P-4": …`, to follow the file's name.
impl std::fmt::Display for FileFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.line)?;
        if let Some(column) = self.column {
            write!(f, ":{column}")?;
        }
        f.write_str(": ")?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        if let Some(person) = &self.person {
            write!(f, "person \"{person}\": ")?;
        }
        f.write_str(&self.message)
    }
}

/// One person as read, and where in the file.
struct Entry<'a> {
    listed: Listed,
    origin: Origin<'a>,
}

/// Where in the file a person is.
enum Origin<'a> {
    /// The element of the list with this index; `element` is its text, a part of the file's.
    Json { index: usize, element: &'a str },
    /// The row in which the person comes first, and the row of each restriction.
    Csv { line: usize, restriction_lines: Vec<usize> },
}

/// What a reader of a format hands on.
#[derive(Default)]
struct Parsed<'a> {
    entries: Vec<Entry<'a>>,
    faults: Vec<FileFault>,
}

/// Reads a people file and checks it against the organisation's profile. `progress` learns how
/// many people of how many were checked.
///
/// # Errors
/// Every fault of the file, in the order of its lines.
pub fn read_people(
    text: &str,
    format: Format,
    organisation: &Organisation,
    mut progress: impl FnMut(usize, usize),
) -> Result<Vec<Listed>, Vec<FileFault>> {
    let lines = Lines::new(text);
    let parsed = match format {
        Format::Json => json_list::parse(text, &lines),
        Format::Csv => csv_rows::parse(text, &lines),
    };
    let mut found = parsed.faults;
    let mut people = Vec::with_capacity(parsed.entries.len());
    let mut origins: HashMap<String, Origin<'_>> = HashMap::new();
    let total = parsed.entries.len();
    for (count, Entry { listed, origin }) in parsed.entries.into_iter().enumerate() {
        let Listed { person, says } = listed;
        let person = normalised(person, organisation);
        if let Some(first) = origins.get(&person.id) {
            let line = first.place(&lines, "id").line;
            let message = format!("is the id of the person on line {line} as well");
            found.push(origin.fault(&lines, &person, "id", message));
        }
        for fault in faults(&person, organisation) {
            let fault = origin.fault(&lines, &person, &fault.path, fault.message);
            // What could not be read at all is said already.
            if !found.iter().any(|known| known.line == fault.line && known.key == fault.key) {
                found.push(fault);
            }
        }
        origins.entry(person.id.clone()).or_insert(origin);
        people.push(Listed { person, says });
        if (count + 1) % IMPORT_PROGRESS_EVERY == 0 {
            progress(count + 1, total);
        }
    }
    progress(total, total);
    if found.is_empty() {
        return Ok(people);
    }
    found.sort_by_key(|fault| (fault.line, fault.column));
    Err(found)
}

impl Origin<'_> {
    fn place(&self, lines: &Lines<'_>, path: &str) -> Place {
        match self {
            Origin::Json { element, .. } => lines.place_of(element, path),
            Origin::Csv { line, restriction_lines } => {
                let row = restriction_index(path)
                    .and_then(|index| restriction_lines.get(index).copied())
                    .unwrap_or(*line);
                Place { line: row, column: None }
            }
        }
    }

    fn fault(&self, lines: &Lines<'_>, person: &Person, path: &str, message: String) -> FileFault {
        let Place { line, column } = self.place(lines, path);
        let key = match self {
            Origin::Json { index, .. } => format!("[{index}].{path}"),
            Origin::Csv { .. } => identifier_column(person, path)
                .map_or_else(|| csv_rows::column_of(path), ToOwned::to_owned),
        };
        FileFault { line, column, key, person: Some(person.id.clone()), message }
    }
}

/// The 2 of `restrictions[2].kind`.
fn restriction_index(path: &str) -> Option<usize> {
    let (index, _) = path.strip_prefix("restrictions[")?.split_once(']')?;
    index.parse().ok()
}

/// The column of `identifiers[1].value`, by the kind of that identifier.
fn identifier_column(person: &Person, path: &str) -> Option<&'static str> {
    let (index, _) = path.strip_prefix("identifiers[")?.split_once(']')?;
    let identifier = person.identifiers.get(index.parse::<usize>().ok()?)?;
    csv_rows::column_of_identifier(identifier.kind, identifier.shared)
}

/// Pairs of people in a list who both have an identifier as their own, by their ids. No fault:
/// their contacts are delivered and flagged `identity_ambiguous`, so that nobody is limited by
/// mistake; but the person who imports them will want to know.
#[must_use]
pub fn claimed_twice(people: &[Listed], organisation: &Organisation) -> Vec<(String, String)> {
    let nation = organisation.profile.nation;
    let mut owners: HashMap<IdentifierKey, &str> = HashMap::new();
    let mut pairs = Vec::new();
    for Listed { person, .. } in people {
        let keys = person
            .identifiers
            .iter()
            .filter(|identifier| !identifier.shared)
            .filter_map(|identifier| listed_keys(identifier.kind, &identifier.value, nation).ok())
            .flat_map(|keys| keys.exact);
        for key in keys {
            match owners.insert(key, &person.id) {
                Some(other) if other != person.id => {
                    pairs.push((other.to_owned(), person.id.clone()));
                }
                Some(_) | None => {}
            }
        }
    }
    pairs.sort();
    pairs.dedup();
    pairs
}
