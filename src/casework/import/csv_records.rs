//! The records of a CSV file (RFC 4180), each with the line on which it begins.

use csv::StringRecord;

use super::FileFault;
use super::locate::Lines;

const BOM: char = '\u{feff}';

/// A file of which the header is read.
pub(super) struct Records<'a> {
    lines: &'a Lines<'a>,
    /// Without the mark that says it is UTF-8.
    text: &'a str,
    begins: usize,
    reader: csv::Reader<&'a [u8]>,
    header: StringRecord,
}

impl<'a> Records<'a> {
    /// # Errors
    /// The file is separated by something else, or its first row can't be read.
    pub(super) fn begin(text: &'a str, lines: &'a Lines<'a>) -> Result<Self, FileFault> {
        if let Some(fault) = separated_otherwise(text) {
            return Err(fault);
        }
        let begins = text.len() - text.trim_start_matches(BOM).len();
        let text = text.trim_start_matches(BOM);
        let mut reader =
            csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| fault(1, "", None, error.to_string()))?;
        let header = header.clone();
        Ok(Records { lines, text, begins, reader, header })
    }

    pub(super) const fn header(&self) -> &StringRecord {
        &self.header
    }

    /// The next record that can be read, with its line; those that can't are faults.
    pub(super) fn next(&mut self, faults: &mut Vec<FileFault>) -> Option<(usize, StringRecord)> {
        loop {
            let mut record = StringRecord::new();
            match self.reader.read_record(&mut record) {
                Ok(false) => return None,
                Ok(true) => {
                    let line = record.position().map_or(1, |position| self.line_of(position));
                    return Some((line, record));
                }
                Err(error) => {
                    let line = error.position().map_or(1, |position| self.line_of(position));
                    faults.push(fault(line, "", None, unequal_lengths(&error)));
                }
            }
        }
    }

    /// Where a record begins the reader knows by its byte; with CRLF, and behind blank lines, its own
    /// line is that of the end before.
    fn line_of(&self, position: &csv::Position) -> usize {
        let from = usize::try_from(position.byte()).unwrap_or(usize::MAX);
        let ends = self.text.get(from..).unwrap_or_default();
        let skipped = ends.len() - ends.trim_start_matches(['\r', '\n']).len();
        self.lines.place_at(self.begins + from + skipped).line
    }
}

/// A header whose one cell is several, by another separator.
fn separated_otherwise(text: &str) -> Option<FileFault> {
    let header = text.lines().next().unwrap_or_default();
    if header.contains(',') {
        return None;
    }
    let (name, key) = [(';', "semicolons"), ('\t', "tabs"), ('|', "bars")]
        .into_iter()
        .find_map(|(sign, name)| Some((name, header.split_once(sign)?.0)))
        .map(|(name, first)| (name, first.trim_matches([BOM, '"', ' '])))?;
    let message = format!(
        "the file is separated by {name}; separate it by commas (lists within a cell are written \
         a;b;c)"
    );
    Some(fault(1, key, None, message))
}

fn unequal_lengths(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("has {len} cells where the first row has {expected_len}")
        }
        _ => error.to_string(),
    }
}

pub(super) fn fault(line: usize, key: &str, person: Option<&str>, message: String) -> FileFault {
    FileFault {
        line,
        column: None,
        key: key.to_owned(),
        person: person.map(ToOwned::to_owned),
        message,
    }
}
