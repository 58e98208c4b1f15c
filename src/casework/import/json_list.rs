//! A JSON list of people, read so that one faulty record does not hide the faults of the next.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use super::listed::{Listed, Says};
use super::locate::{Lines, TextPlace, value_at};
use super::{Entry, FileFault, Origin, Parsed};
use crate::domain::case::brought::Brought;
use crate::domain::equality::GivenAnswers;
use crate::domain::language::Language;
use crate::domain::person::{Adjustment, Invitation, ListedIdentifier, Person, Representative};
use crate::domain::restriction::Restriction;
use crate::runtime::json::{self, JsonFault};

/// The parts of a person that are lists are read one by one where the whole can't be read; this is
/// what remains: the same keys as [`Person`], which a test holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read only for its faults")]
struct Shell {
    id: String,
    #[serde(default)]
    name: String,
    reference: Option<String>,
    address: Option<String>,
    language: Option<Language>,
    identifiers: Option<IgnoredAny>,
    representatives: Option<IgnoredAny>,
    adjustments: Option<IgnoredAny>,
    issues: Option<Vec<String>>,
    invitations: Option<IgnoredAny>,
    engaged: Option<IgnoredAny>,
    restrictions: Option<IgnoredAny>,
    merged_into: Option<IgnoredAny>,
    merged: Option<IgnoredAny>,
    /// Beside the person: their case as it was elsewhere.
    case: Option<IgnoredAny>,
    equality: Option<IgnoredAny>,
}

/// The keys of a case and of equality data, in addition to those of a person.
const CASE: &str = "case";
const EQUALITY: &str = "equality";

pub(super) fn parse<'a>(text: &'a str, lines: &Lines<'a>) -> Parsed<'a> {
    let mut parsed = Parsed::default();
    let elements: Vec<&RawValue> = match serde_json::from_str(text) {
        Ok(elements) => elements,
        Err(error) => {
            let message = match error.classify() {
                serde_json::error::Category::Data => {
                    "a people file is a JSON list of people: [ {\"id\": …}, … ]".to_owned()
                }
                serde_json::error::Category::Io
                | serde_json::error::Category::Syntax
                | serde_json::error::Category::Eof => bare(&error),
            };
            parsed.faults.push(FileFault {
                line: error.line().max(1),
                column: Some(error.column().max(1)),
                key: String::new(),
                person: None,
                message,
            });
            return parsed;
        }
    };
    for (index, element) in elements.iter().enumerate() {
        let element = element.get();
        match (read(element), json::given_twice(element)) {
            (Some(listed), None) => {
                parsed.entries.push(Entry { listed, origin: Origin::Json { index, element } });
            }
            (_, twice) => {
                let faulty = FaultyPerson::new(lines, element, index);
                match twice {
                    Some(twice) => parsed.faults.push(faulty.given_twice(twice)),
                    None => faulty.look(&mut parsed.faults),
                }
            }
        }
    }
    parsed
}

/// A person with their case and answers; `None` if any of it can't be read.
fn read(element: &str) -> Option<Listed> {
    let says = said(element);
    if let Ok(person) = serde_json::from_str::<Person>(element) {
        return Some(Listed { says, ..Listed::whole(person) });
    }
    let mut fields: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(element).ok()?;
    let case = fields.remove(CASE).map(|case| serde_json::from_str(case.get())).transpose();
    let equality = fields.remove(EQUALITY).map(|all| serde_json::from_str(all.get())).transpose();
    let person = serde_json::from_str(&serde_json::to_string(&fields).ok()?).ok()?;
    Some(Listed { person, says, case: case.ok()?, equality: equality.ok()?.unwrap_or_default() })
}

/// What an element speaks of: the keys that it has.
fn said(element: &str) -> Says {
    let keys: BTreeMap<Cow<'_, str>, IgnoredAny> =
        serde_json::from_str(element).unwrap_or_default();
    keys.keys().fold(Says::NOTHING, |says, key| says.with(key))
}

/// A record that could not be read as a whole.
struct FaultyPerson<'a> {
    lines: &'a Lines<'a>,
    element: &'a str,
    index: usize,
    id: Option<String>,
    fields: BTreeMap<Cow<'a, str>, &'a RawValue>,
}

impl<'a> FaultyPerson<'a> {
    fn new(lines: &'a Lines<'a>, element: &'a str, index: usize) -> Self {
        // A non-object has no fields: the shell says so.
        let fields: BTreeMap<Cow<'a, str>, &'a RawValue> =
            serde_json::from_str(element).unwrap_or_default();
        let id = fields.get("id").and_then(|id| serde_json::from_str(id.get()).ok());
        FaultyPerson { lines, element, index, id, fields }
    }

    fn look(&self, faults: &mut Vec<FileFault>) {
        let before = faults.len();
        self.read::<Shell>(self.element, "", faults);
        self.read_each::<ListedIdentifier>("identifiers", faults);
        self.read_each::<Representative>("representatives", faults);
        self.read_each::<Adjustment>("adjustments", faults);
        self.read_each::<Invitation>("invitations", faults);
        self.read_each::<Restriction>("restrictions", faults);
        if let Some(case) = self.fields.get(CASE) {
            self.read::<Brought>(case.get(), CASE, faults);
        }
        if let Some(equality) = self.fields.get(EQUALITY) {
            self.read::<GivenAnswers>(equality.get(), EQUALITY, faults);
        }
        if faults.len() == before {
            // Something that only the whole shows.
            self.read::<Person>(self.element, "", faults);
        }
    }

    /// One of a key's two values would go unread, whatever else the record says.
    fn given_twice(&self, fault: JsonFault) -> FileFault {
        let start = self.lines.place_at(self.lines.offset_of(self.element));
        let column = match fault.line {
            1 => start.column.map(|first| first + fault.column - 1),
            _ => Some(fault.column),
        };
        let line = start.line + fault.line - 1;
        let key = match fault.key.starts_with('[') {
            true => format!("[{}]{}", self.index, fault.key),
            false => format!("[{}].{}", self.index, fault.key),
        };
        FileFault { line, column, key, person: self.id.clone(), message: fault.message }
    }

    fn read_each<T: DeserializeOwned>(&self, key: &str, faults: &mut Vec<FileFault>) {
        let Some(list) = self.fields.get(key) else { return };
        match serde_json::from_str::<Vec<&RawValue>>(list.get()) {
            Ok(items) => {
                for (inner, item) in items.iter().enumerate() {
                    self.read::<T>(item.get(), &format!("{key}[{inner}]"), faults);
                }
            }
            Err(error) => faults.push(self.fault(list.get(), key, "", &error)),
        }
    }

    fn read<T: DeserializeOwned>(&self, part: &str, path: &str, faults: &mut Vec<FileFault>) {
        let mut json = serde_json::Deserializer::from_str(part);
        if let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut json) {
            let inner = error.path().to_string();
            faults.push(self.fault(part, path, &inner, error.inner()));
        }
    }

    /// `part` is at `path` within the person; `inner` is the path within the part.
    fn fault(&self, part: &str, path: &str, inner: &str, error: &serde_json::Error) -> FileFault {
        let inner = if inner == "." { "" } else { inner };
        let message = bare(error);
        let TextPlace { line, column } = self.place(part, inner, &message, error);
        let mut key = format!("[{}]", self.index);
        for step in [path, inner] {
            if !step.is_empty() {
                if !step.starts_with('[') {
                    key.push('.');
                }
                key.push_str(step);
            }
        }
        if let Some(named) = named_key(&message).filter(|named| !key.ends_with(named)) {
            key.push('.');
            key.push_str(named);
        }
        FileFault { line, column, key, person: self.id.clone(), message }
    }

    fn place(
        &self,
        part: &str,
        inner: &str,
        message: &str,
        error: &serde_json::Error,
    ) -> TextPlace {
        let start = self.lines.offset_of(part);
        // What a whole record lacks or contradicts is noticed at its end; its beginning, or the key
        // in question, is where to look.
        let of_whole = message.starts_with("missing field") || message.starts_with("restriction ");
        if of_whole {
            let value = value_at(part, inner);
            let start = self.lines.offset_of(value);
            let key = named_key(message).and_then(|key| value.find(&format!("\"{key}\"")));
            return self.lines.place_at(start + key.unwrap_or(0));
        }
        let line_start = match error.line() {
            0 | 1 => start,
            line => {
                let newlines = part.match_indices('\n').nth(line - 2);
                start + newlines.map_or(0, |(newline, _)| newline + 1)
            }
        };
        self.lines.place_at(line_start + error.column().saturating_sub(1))
    }
}

/// The key that a message is about: the first in backticks after `field` or `key`.
fn named_key(message: &str) -> Option<&str> {
    let (_, after) = ["unknown field `", "missing field `", "unknown key `", "the key `"]
        .iter()
        .find_map(|mark| message.split_once(mark))?;
    after.split('`').next()
}

/// The message without the position, which is that within the part.
fn bare(error: &serde_json::Error) -> String {
    let whole = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    whole.strip_suffix(&position).unwrap_or(&whole).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        parse(text, &Lines::new(text)).faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_faulty_record_is_named_with_its_line_and_key() {
        let text = r#"[
  {"id": "P-1", "nmae": "x", "restrictions": [
    {"id": "R-1", "kind": "contact_quota", "per": "week"},
    {"id": "R-2", "kind": "contact_ended",
     "limit": 2},
    {"id": "R-3", "kind": "contact_quota", "limit": "two", "per": "week"}]},
  {"name": "y", "identifiers": [{"kind": "fax", "value": "1"}]},
  {"id": "P-3"}
]"#;
        assert_eq!(
            faults(text),
            [
                "2:22: [0].nmae: person \"P-1\": unknown field `nmae`, expected one of `id`, \
                 `name`, `reference`, `address`, `language`, `identifiers`, `representatives`, `adjustments`, \
                 `issues`, `invitations`, `engaged`, `restrictions`, `merged_into`, `merged`, `case`, \
                 `equality`",
                "3:5: [0].restrictions[0].limit: person \"P-1\": restriction `R-1`: a \
                 `contact_quota` needs the key `limit`",
                "5:6: [0].restrictions[1].limit: person \"P-1\": restriction `R-2`: unknown key \
                 `limit`: a `contact_ended` has no keys of its own",
                "6:57: [0].restrictions[2].limit: person \"P-1\": invalid type: string \"two\", \
                 expected u32",
                "7:3: [1].id: missing field `id`",
                "7:46: [1].identifiers[0].kind: unknown variant `fax`, expected one of `email`, \
                 `phone`, `whatsapp`, `account`, `social`",
            ]
        );
        assert_eq!(parse(text, &Lines::new(text)).entries.len(), 1);
    }

    #[test]
    fn a_key_that_is_given_twice_is_refused_wherever_it_is() {
        let text = r#"[
  {"id": "P-1", "name": "x", "name": "y"},
  {"id": "P-2", "restrictions": [
    {"id": "R-1", "kind": "contact_quota", "limit": 1, "per": "week",
     "limit": 2}]},
  {"id": "P-3", "case": {}, "case": {}},
  {"id": "P-4", "restrictions": [], "restrictions": []}
]"#;
        let found = faults(text);
        for (fault, said) in found.iter().zip([
            ("2:", "[0].name: person \"P-1\": the key `name` is given twice; keep one"),
            ("5:", "[1].restrictions[0].limit: person \"P-2\": the key `limit` is given twice"),
            ("6:", "[2].case: person \"P-3\": the key `case` is given twice"),
            ("7:", "[3].restrictions: person \"P-4\": the key `restrictions` is given twice"),
        ]) {
            assert!(fault.starts_with(said.0) && fault.contains(said.1), "{fault}");
        }
        assert_eq!(found.len(), 4, "{found:?}");
        assert_eq!(parse(text, &Lines::new(text)).entries.len(), 0);
    }

    #[test]
    fn what_is_no_list_or_no_json_is_said_so() {
        assert_eq!(
            faults("{\"people\": []}"),
            ["1:1: a people file is a JSON list of people: [ {\"id\": …}, … ]"]
        );
        assert_eq!(faults("[\n{\"id\": }]"), ["2:8: expected value"]);
    }

    #[test]
    fn the_shell_has_the_keys_of_a_person() {
        let expected = |error: serde_json::Error| {
            bare(&error).split_once("expected one of").unwrap().1.to_owned()
        };
        let shell = serde_json::from_str::<Shell>("{\"?\":1}").map(|_| ()).unwrap_err();
        let person = serde_json::from_str::<Person>("{\"?\":1}").unwrap_err();
        assert_eq!(expected(shell), format!("{}, `case`, `equality`", expected(person)));
    }
}
