//! Loading people with restrictions that were decided elsewhere: every fault at once, all people
//! or none, idempotent by id.
//!
//! [`decode`] makes text of a file's bytes. [`read_people`] is pure: text in, people or faults with
//! their lines out. [`Desk::import`](super::Desk::import) writes what it returned, in one call to the
//! store.

mod apply;
mod csv_records;
mod csv_rows;
mod json_list;
mod key;
mod listed;
mod locate;
mod once;
mod register;
mod text;

use std::borrow::Cow;
use std::collections::HashMap;

use chrono_tz::Tz;

use crate::domain::case::brought::Brought;
use crate::domain::identifier::{IdentifierKey, listed_keys};
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::domain::restriction::Status;
use crate::runtime::limits::IMPORT_PROGRESS_EVERY;

use self::locate::{Lines, TextPlace};
use self::register::Headings;
use super::person_check::{LastReviews, faults_since, normalised};

pub use apply::{Imported, Missing, Planned};
pub use csv_rows::COLUMNS;
pub use key::{ImportKey, UnusedKey};
pub use listed::{Listed, Says};
pub use once::KeyUse;
pub use register::{FIELDS, Mapping, RESTRICTIONS};
pub use text::{FileText, decode};

/// How a people file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Csv,
}

/// A fault of a people file: where, what and the remedy.
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

/// Characters shown of the start and of the end of a long message. It quotes the file, at any length, and ends with the
/// correction.
const SHOWN_CHARS_FIRST: usize = 400;
const SHOWN_CHARS_LAST: usize = 400;

/// Cuts the middle out of a text that is too long for a message.
fn without_middle(text: &str) -> Cow<'_, str> {
    let chars = text.chars().count();
    if chars <= SHOWN_CHARS_FIRST + SHOWN_CHARS_LAST {
        return Cow::Borrowed(text);
    }
    let first: String = text.chars().take(SHOWN_CHARS_FIRST).collect();
    let last: String = text.chars().skip(chars - SHOWN_CHARS_LAST).collect();
    Cow::Owned(format!("{first} … {last}"))
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
            write!(f, "{}: ", without_middle(&self.key))?;
        }
        if let Some(person) = &self.person {
            write!(f, "person \"{}\": ", without_middle(person))?;
        }
        f.write_str(&without_middle(&self.message))
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
    /// The same of a register, with the row of each entry of the case: `appeals[0]`.
    Register { line: usize, restriction_lines: Vec<usize>, case_lines: HashMap<String, usize> },
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
    progress: impl FnMut(usize, usize),
) -> Result<Vec<Listed>, Vec<FileFault>> {
    let lines = Lines::new(text);
    let parsed = match format {
        Format::Json => json_list::parse(text, &lines),
        Format::Csv => csv_rows::parse(text, &lines),
    };
    checked(parsed, (&lines, &Headings::new()), organisation, progress)
}

/// The same of a spreadsheet register, whose words a mapping may explain.
///
/// # Errors
/// Every fault of the file, in the order of its lines.
pub fn read_register(
    text: &str,
    mapping: &Mapping,
    organisation: &Organisation,
    progress: impl FnMut(usize, usize),
) -> Result<Vec<Listed>, Vec<FileFault>> {
    let lines = Lines::new(text);
    let (parsed, headings) = register::parse(text, &lines, mapping, organisation);
    checked(parsed, (&lines, &headings), organisation, progress)
}

fn checked(
    parsed: Parsed<'_>,
    (lines, headings): (&Lines<'_>, &Headings),
    organisation: &Organisation,
    mut progress: impl FnMut(usize, usize),
) -> Result<Vec<Listed>, Vec<FileFault>> {
    let mut found = parsed.faults;
    let mut people = Vec::with_capacity(parsed.entries.len());
    let mut origins: HashMap<String, Origin<'_>> = HashMap::new();
    let total = parsed.entries.len();
    for (count, Entry { listed, origin }) in parsed.entries.into_iter().enumerate() {
        let Listed { person, says, case, equality } = listed;
        let mut person = normalised(person, organisation);
        if let Some(case) = &case {
            under_appeal(&mut person, case);
        }
        if let Some(first) = origins.get(&person.id) {
            let line = first.place(lines, "id").line;
            let message = format!("is the id of the person on line {line} as well");
            found.push(origin.fault((lines, headings), &person, "id", message));
        }
        let reviewed = last_reviews(case.as_deref(), organisation.profile.timezone);
        let of_case = case.iter().flat_map(|case| case.faults(&person, &organisation.profile));
        let of_case = of_case.map(|fault| (format!("case.{}", fault.path), fault.message));
        let of_record = faults_since(&person, organisation, &reviewed).into_iter();
        let of_answers = organisation.equality.faults(&equality).into_iter();
        let of_answers = of_answers.map(|one| (format!("equality.{}", one.key), one.message));
        let of_record = of_record.map(|fault| (fault.path, fault.message));
        for (path, message) in of_record.chain(of_case).chain(of_answers) {
            let fault = origin.fault((lines, headings), &person, &path, message);
            // What could not be read at all is said already.
            if !found.iter().any(|known| known.line == fault.line && known.key == fault.key) {
                found.push(fault);
            }
        }
        origins.entry(person.id.clone()).or_insert(origin);
        people.push(Listed { person, says, case, equality });
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

/// A restriction against which an appeal is open is under appeal, in force or not as the policy says.
fn under_appeal(person: &mut Person, case: &Brought) {
    for restriction in &mut person.restrictions {
        if restriction.status == Status::Active && case.open_appeal(&restriction.id).is_some() {
            restriction.status = Status::UnderAppeal;
        }
    }
}

/// The day of each restriction's last review elsewhere: the next is due within the longest period after it.
fn last_reviews(case: Option<&Brought>, zone: Tz) -> LastReviews {
    let reviews = case.into_iter().flat_map(|case| &case.reviews);
    reviews.map(|one| (one.restriction.clone(), one.at.day(zone))).collect()
}

impl Origin<'_> {
    fn place(&self, lines: &Lines<'_>, path: &str) -> TextPlace {
        match self {
            Origin::Json { element, .. } => lines.place_of(element, path),
            Origin::Csv { line, restriction_lines } => {
                let row = restriction_index(path)
                    .and_then(|index| restriction_lines.get(index).copied())
                    .unwrap_or(*line);
                TextPlace { line: row, column: None }
            }
            Origin::Register { line, restriction_lines, case_lines } => {
                let of_restriction =
                    restriction_index(path).and_then(|index| restriction_lines.get(index));
                let entry = path.strip_prefix("case.").and_then(|rest| rest.split_once("]."));
                let of_case = entry.and_then(|(entry, _)| case_lines.get(&format!("{entry}]")));
                let line = of_restriction.or(of_case).copied().unwrap_or(*line);
                TextPlace { line, column: None }
            }
        }
    }

    fn fault(
        &self,
        (lines, headings): (&Lines<'_>, &Headings),
        person: &Person,
        path: &str,
        message: String,
    ) -> FileFault {
        let TextPlace { line, column } = self.place(lines, path);
        let key = match self {
            Origin::Json { index, .. } => format!("[{index}].{path}"),
            Origin::Csv { .. } => identifier_column(person, path)
                .map_or_else(|| csv_rows::column_of(path), ToOwned::to_owned),
            Origin::Register { .. } => heading_of(headings, person, path),
        };
        FileFault { line, column, key, person: Some(person.id.clone()), message }
    }
}

/// The heading under which a register has a key of a record.
fn heading_of(headings: &Headings, person: &Person, path: &str) -> String {
    let of_identifier = identifier_column(person, path).and_then(|name| match name {
        "email" => Some(register::Field::Email),
        "phone" => Some(register::Field::Phone),
        _ => None,
    });
    match of_identifier.or_else(|| register::of_path(path)) {
        Some(field) => {
            headings.get(&field).map_or_else(|| register::name_of(field).to_owned(), Clone::clone)
        }
        None => path.to_owned(),
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
