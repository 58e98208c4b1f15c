//! A spreadsheet register of restrictions, as councils and landlords keep one: a row for each, under headings of
//! their own, with days as they are written in these islands.

mod date;
mod field;
mod mapping;
mod row;
mod words;

use std::collections::BTreeMap;

use csv::StringRecord;

use self::row::People;
use super::csv_records::{Records, fault};
use super::locate::Lines;
use super::{FileFault, Parsed};
use crate::domain::organisation::Organisation;

pub use field::FIELDS;
pub(super) use field::Field;
pub use mapping::Mapping;
pub use words::RESTRICTIONS;

pub(super) use field::{name_of, of_path};

/// What the headings of a file are called in it.
pub(super) type Headings = BTreeMap<Field, String>;

/// One row, by what its columns hold.
struct Row<'r> {
    line: usize,
    record: &'r StringRecord,
    columns: &'r [Field],
}

impl Row<'_> {
    /// What a column has in this row; nothing: it has no such column, or the cell is empty.
    fn get(&self, field: Field) -> &str {
        let place = self.columns.iter().position(|column| *column == field);
        place.and_then(|place| self.record.get(place)).unwrap_or_default()
    }
}

pub(super) fn parse(
    text: &str,
    lines: &Lines<'_>,
    mapping: &Mapping,
    organisation: &Organisation,
) -> (Parsed<'static>, Headings) {
    let mut parsed = Parsed::default();
    let mut records = match Records::begin(text, lines) {
        Ok(records) => records,
        Err(fault) => {
            parsed.faults.push(fault);
            return (parsed, Headings::new());
        }
    };
    let (columns, headings) = read_header(records.header(), mapping, &mut parsed.faults);
    if !parsed.faults.is_empty() {
        return (parsed, headings);
    }
    let mut people = People::new(mapping, organisation, &headings);
    while let Some((line, record)) = records.next(&mut parsed.faults) {
        // Spreadsheets end in rows of empty cells.
        if record.iter().any(|cell| !cell.is_empty()) {
            people.add(&Row { line, record: &record, columns: &columns });
        }
    }
    people.finish(&mut parsed);
    (parsed, headings)
}

fn read_header(
    header: &StringRecord,
    mapping: &Mapping,
    faults: &mut Vec<FileFault>,
) -> (Vec<Field>, Headings) {
    let mut columns = Vec::new();
    let mut headings = Headings::new();
    for heading in header {
        let Some(field) = mapping.column(heading) else {
            // Cells below an empty heading are empty, in most spreadsheets.
            if heading.is_empty() {
                columns.push(Field::LeaveOut);
                continue;
            }
            let message = format!(
                "is an unknown heading; say in a mapping what it holds: [columns] \"{heading}\" = \
                 \"…\", or \"leave_out\""
            );
            faults.push(fault(1, heading, None, message));
            continue;
        };
        if field != Field::LeaveOut
            && let Some(other) = headings.insert(field, heading.to_owned())
        {
            let message = format!("holds the same as \"{other}\"; leave one of them out");
            faults.push(fault(1, heading, None, message));
        }
        columns.push(field);
    }
    for needed in [Field::Restriction, Field::Applied] {
        if faults.is_empty() && !headings.contains_key(&needed) {
            let name = name_of(needed);
            let message = format!("the first row has no column for `{name}`");
            faults.push(fault(1, name, None, message));
        }
    }
    let names_people = [Field::Reference, Field::Email, Field::Phone, Field::Name];
    if faults.is_empty() && !names_people.iter().any(|one| headings.contains_key(one)) {
        let message = "the first row has no column that identifies the person".to_owned();
        faults.push(fault(1, "reference", None, message));
    }
    (columns, headings)
}
