//! A configuration as a tree in which every value remembers where it was written. TOML files,
//! environment variables and JSON become the same tree, so that one reader serves them all.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use toml::de::{DeInteger, DeTable, DeValue};

use super::fault::{Fault, FaultPlace, Faults};
use crate::runtime::limits::CONFIG_FILE_BYTES_MAX;

pub(super) type Table = BTreeMap<String, Node>;

/// One value and its position.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) place: FaultPlace,
    /// The path by which faults call the value, where that is not the one it is read at: a value
    /// that an organisation lays over its profile.
    pub(super) shown: Option<String>,
    /// The text of an environment variable, for keys that want text whatever it looks like.
    pub(super) raw: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    /// JSON's `null`; in TOML, which has none, the string `"unset"` is read as it.
    Unset,
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    /// A TOML date or time, as written.
    Date(String),
    List(Vec<Node>),
    Table(Table),
}

impl Value {
    /// What the value is, in a sentence.
    pub(super) const fn is_a(&self) -> &'static str {
        match self {
            Value::Unset => "null",
            Value::Text(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a number with a fraction",
            Value::Boolean(_) => "true or false",
            Value::Date(_) => "a date",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

impl Node {
    pub(super) fn new(value: Value, place: FaultPlace) -> Self {
        Node { value, place, shown: None, raw: None }
    }

    /// Whether the value says that the policy is silent.
    pub(super) fn is_list(&self) -> bool {
        matches!(self.value, Value::List(_))
    }

    pub(super) fn is_unset(&self) -> bool {
        match &self.value {
            Value::Unset => true,
            Value::Text(text) => text == UNSET,
            Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Date(_)
            | Value::List(_)
            | Value::Table(_) => false,
        }
    }

    pub(super) fn table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            Value::Unset
            | Value::Text(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Date(_)
            | Value::List(_) => None,
        }
    }
}

/// How a profile says that its policy is silent.
pub(super) const UNSET: &str = "unset";

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<String, Faults> {
    let fault = |wrong: String| Faults::of_file(path, wrong);
    let size = std::fs::metadata(path)
        .map_err(|error| fault(format!("can't be read: {}", plain(&error))))?
        .len();
    if size > CONFIG_FILE_BYTES_MAX {
        return Err(fault(format!("is longer than {CONFIG_FILE_BYTES_MAX} bytes")));
    }
    std::fs::read_to_string(path)
        .map_err(|error| fault(format!("can't be read: {}", plain(&error))))
}

/// An I/O error without the operating system's number.
pub(super) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((text, _)) => text.to_owned(),
        None => text,
    }
}

/// Parses a TOML document. `name` is the file as faults call it.
pub(super) fn parse(name: &str, text: &str) -> Result<Node, Faults> {
    let source = Source::new(name, text);
    match DeTable::parse(text) {
        Ok(document) => {
            let table = source.table(document.get_ref());
            Ok(Node::new(Value::Table(table), FaultPlace::File(source.file)))
        }
        Err(error) => {
            let line = error.span().map_or(1, |span| source.line(span.start));
            Err(Faults::sorted(vec![Fault {
                place: FaultPlace::Line { file: source.file, line },
                key: String::new(),
                wrong: format!("is not TOML: {}", error.message().replace('\n', "; ")),
                right: None,
            }]))
        }
    }
}

/// A file, to find lines in.
struct Source {
    file: Arc<str>,
    /// The offset of every line's end.
    ends: Vec<usize>,
}

impl Source {
    fn new(name: &str, text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at);
        Source { file: Arc::from(name), ends: ends.collect() }
    }

    fn line(&self, offset: usize) -> usize {
        1 + self.ends.partition_point(|end| *end < offset)
    }

    fn place(&self, offset: usize) -> FaultPlace {
        FaultPlace::Line { file: self.file.clone(), line: self.line(offset) }
    }

    fn table(&self, table: &DeTable<'_>) -> Table {
        table
            .iter()
            .map(|(key, value)| {
                let place = self.place(key.span().start);
                (key.get_ref().to_string(), Node::new(self.value(value.get_ref()), place))
            })
            .collect()
    }

    fn value(&self, value: &DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(integer) => whole(integer),
            DeValue::Float(float) => Value::Float(float.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(boolean) => Value::Boolean(*boolean),
            DeValue::Datetime(date) => Value::Date(date.to_string()),
            DeValue::Array(items) => Value::List(
                items
                    .iter()
                    .map(|item| {
                        Node::new(self.value(item.get_ref()), self.place(item.span().start))
                    })
                    .collect(),
            ),
            DeValue::Table(table) => Value::Table(self.table(table)),
        }
    }
}

/// An integer past 64 bits is past every bound of every key as well.
fn whole(integer: &DeInteger<'_>) -> Value {
    Value::Integer(i64::from_str_radix(integer.as_str(), integer.radix()).unwrap_or(i64::MAX))
}

/// The value of an environment variable: TOML where it is TOML, else text.
pub(super) fn variable(name: &str, text: &str) -> Node {
    let place = FaultPlace::Variable(Arc::from(name));
    let value = match DeValue::parse(text) {
        Ok(value) => {
            let source = Source::new(name, text);
            source.value(value.get_ref())
        }
        Err(_) => Value::Text(text.to_owned()),
    };
    let mut node = Node { value, place: place.clone(), shown: None, raw: Some(text.to_owned()) };
    settle(&mut node, &place);
    node
}

/// Gives a node and all below it one place.
fn settle(node: &mut Node, place: &FaultPlace) {
    node.place = place.clone();
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| settle(item, place)),
        Value::Table(table) => table.values_mut().for_each(|item| settle(item, place)),
        Value::Unset
        | Value::Text(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Date(_) => {}
    }
}

/// A JSON value as a tree; every node's place is `place`.
pub(super) fn from_json(json: &serde_json::Value, place: &FaultPlace) -> Node {
    let value = match json {
        serde_json::Value::Null => Value::Unset,
        serde_json::Value::Bool(boolean) => Value::Boolean(*boolean),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Value::Integer(integer),
            (None, float) => Value::Float(float.unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Array(items) => {
            Value::List(items.iter().map(|item| from_json(item, place)).collect())
        }
        serde_json::Value::Object(object) => Value::Table(
            object.iter().map(|(key, item)| (key.clone(), from_json(item, place))).collect(),
        ),
    };
    Node::new(value, place.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_of<'n>(node: &'n Node, path: &[&str]) -> (&'n Node, usize) {
        let mut at = node;
        for part in path {
            at = match (&at.value, part.parse::<usize>()) {
                (Value::List(items), Ok(index)) => &items[index],
                (Value::Table(table), _) => &table[*part],
                _ => panic!("{part}"),
            };
        }
        match &at.place {
            FaultPlace::Line { line, .. } => (at, *line),
            FaultPlace::File(_) | FaultPlace::Variable(_) => (at, 0),
        }
    }

    #[test]
    fn every_value_knows_its_line() {
        let text = "a = 1\n[b]\nc = [\n  1,\n  { d = 2 },\n]\n\n[[e]]\nf = 1\n[[e]]\nf = 2\n[e.g]\nh = 1\n";
        let node = parse("x.toml", text).unwrap();
        for (path, line) in [
            (&["a"][..], 1),
            (&["b"], 2),
            (&["b", "c", "0"], 4),
            (&["b", "c", "1", "d"], 5),
            (&["e", "0"], 8),
            (&["e", "1"], 10),
            (&["e", "1", "f"], 11),
            (&["e", "1", "g", "h"], 13),
        ] {
            assert_eq!(line_of(&node, path).1, line, "{path:?}");
        }
    }

    #[test]
    fn a_variable_is_toml_where_it_is_toml_and_text_else() {
        assert!(matches!(variable("X", "6").value, Value::Integer(6)));
        assert!(matches!(variable("X", "[\"a\"]").value, Value::List(_)));
        assert!(matches!(variable("X", "http://a.example/b").value, Value::Text(_)));
        assert!(matches!(variable("X", "").value, Value::Text(_)));
        assert_eq!(variable("X", "+441910000000").raw.as_deref(), Some("+441910000000"));
    }

    #[test]
    fn a_syntax_fault_names_its_line() {
        let faults = parse("x.toml", "a = 1\nb = \n").unwrap_err();
        assert!(faults.to_string().starts_with("x.toml:2: "), "{faults}");
        let faults = parse("x.toml", "a = 1\na = 2\n").unwrap_err();
        assert!(faults.to_string().contains("duplicate key"), "{faults}");
    }
}
