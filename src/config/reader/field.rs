//! One value: reads it as a type, and reports its faults.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Reader, Section};
use crate::config::fault::{Fault, Wrong, beside};
use crate::config::node::{Node, Value};
use crate::domain::invisible::is_blank;

/// One value.
pub(in crate::config) struct Field<'r> {
    reader: &'r Reader,
    node: &'r Node,
    path: String,
    shown: String,
}

impl<'r> Field<'r> {
    pub(super) fn new(reader: &'r Reader, node: &'r Node, path: String, shown: String) -> Self {
        Field { reader, node, path, shown }
    }

    pub(in crate::config) fn path(&self) -> &str {
        &self.path
    }

    pub(in crate::config) fn node(&self) -> &'r Node {
        self.node
    }

    /// A fault of a value that is read under another key than it is written at.
    pub(in crate::config) fn fault_of(
        &self,
        node: &Node,
        key: String,
        wrong: impl Into<String>,
        right: impl Into<String>,
    ) {
        self.reader.fault(Fault {
            place: node.place.clone(),
            key,
            wrong: wrong.into(),
            right: Some(right.into()),
        });
    }
    pub(in crate::config) fn fault(&self, wrong: impl Into<String>, right: impl Into<String>) {
        self.reader.fault(Fault {
            place: self.node.place.clone(),
            key: self.shown.clone(),
            wrong: wrong.into(),
            right: Some(right.into()),
        });
    }

    fn wrong_type<T>(&self, wanted: &str) -> Option<T> {
        self.fault(format!("is {}", self.node.value.is_a()), format!("write {wanted}"));
        None
    }

    pub(in crate::config) fn text(&self) -> Option<&'r str> {
        match (&self.node.value, &self.node.raw) {
            (Value::Text(text), _) => Some(text),
            (
                Value::Unset
                | Value::Integer(_)
                | Value::Float(_)
                | Value::Boolean(_)
                | Value::Date(_),
                Some(raw),
            ) => Some(raw),
            (
                Value::Unset
                | Value::Integer(_)
                | Value::Float(_)
                | Value::Boolean(_)
                | Value::Date(_)
                | Value::List(_)
                | Value::Table(_),
                _,
            ) => self.wrong_type("a string in double quotes"),
        }
    }

    /// A string of at least one character.
    pub(in crate::config) fn words(&self) -> Option<&'r str> {
        let text = self.text()?;
        if is_blank(text) {
            self.fault("is empty", "write a text");
            return None;
        }
        Some(text)
    }

    /// The file that it names, relative to the folder of the file that contains it.
    pub(in crate::config) fn file_beside(&self, file: &Path) -> Option<PathBuf> {
        let path = beside(file, self.words()?);
        self.reader.reads(&path);
        Some(path)
    }

    pub(in crate::config) fn boolean(&self) -> Option<bool> {
        match self.node.value {
            Value::Boolean(boolean) => Some(boolean),
            Value::Unset
            | Value::Text(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Date(_)
            | Value::List(_)
            | Value::Table(_) => self.wrong_type("true or false, without quotes"),
        }
    }

    /// A whole number from `least` to `most`.
    pub(in crate::config) fn whole(&self, least: u32, most: u32) -> Option<u32> {
        let right = format!("a whole number from {least} to {most}");
        let Value::Integer(integer) = self.node.value else {
            return self.wrong_type(&right);
        };
        let found = u32::try_from(integer).ok().filter(|n| (least..=most).contains(n));
        if found.is_none() {
            self.fault(format!("`{integer}` is out of range"), format!("write {right}"));
        }
        found
    }

    /// A number from 0 to 1.
    pub(in crate::config) fn share(&self) -> Option<f64> {
        let share = match self.node.value {
            Value::Integer(0) => 0.0,
            Value::Integer(1) => 1.0,
            Value::Float(float) => float,
            Value::Integer(_) => f64::NAN,
            Value::Unset
            | Value::Text(_)
            | Value::Boolean(_)
            | Value::Date(_)
            | Value::List(_)
            | Value::Table(_) => return self.wrong_type("a number from 0 to 1"),
        };
        if !(0.0..=1.0).contains(&share) {
            self.fault("is out of range", "write a number from 0 to 1");
            return None;
        }
        Some(share)
    }

    /// A number of bytes: a whole number, or a text with a unit.
    pub(in crate::config) fn bytes(&self, least: u64, most: u64) -> Option<u64> {
        const UNITS: [(&str, u64); 3] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
        let right = format!(
            "write bytes as a whole number, or with a unit as \"25 MiB\", from {least} to {most} bytes"
        );
        let bytes = match (&self.node.value, &self.node.raw) {
            (Value::Integer(bytes), _) => u64::try_from(*bytes).ok(),
            (Value::Text(text), _) => UNITS.iter().find_map(|(unit, factor)| {
                let count: u64 = text.trim().strip_suffix(unit)?.trim().parse().ok()?;
                count.checked_mul(*factor)
            }),
            (
                Value::Unset
                | Value::Float(_)
                | Value::Boolean(_)
                | Value::Date(_)
                | Value::List(_)
                | Value::Table(_),
                _,
            ) => None,
        };
        let bytes = bytes.filter(|bytes| (least..=most).contains(bytes));
        if bytes.is_none() {
            self.fault("is not a size in range", right);
        }
        bytes
    }

    /// A length of time: whole seconds, or a text with a unit.
    pub(in crate::config) fn duration(&self, most: Duration) -> Option<Duration> {
        self.read_within(most, |it| !it.is_zero(), format!("up to {} s", most.as_secs()))
    }

    /// As [`Field::duration`], with a minimum as well.
    pub(in crate::config) fn duration_from(
        &self,
        least: Duration,
        most: Duration,
    ) -> Option<Duration> {
        let range = format!("from {} s to {} s", least.as_secs(), most.as_secs());
        self.read_within(most, |it| *it >= least, range)
    }

    fn read_within(
        &self,
        most: Duration,
        is_enough: impl Fn(&Duration) -> bool,
        range: String,
    ) -> Option<Duration> {
        let duration = match &self.node.value {
            Value::Integer(seconds) => u64::try_from(*seconds).ok().map(Duration::from_secs),
            Value::Text(text) => read_duration(text),
            Value::Unset
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Date(_)
            | Value::List(_)
            | Value::Table(_) => None,
        };
        let duration = duration.filter(|it| is_enough(it) && *it <= most);
        if duration.is_none() {
            self.fault(
                "is not a length of time in range",
                format!("write it as \"30 s\" or \"500 ms\", {range}"),
            );
        }
        duration
    }

    /// One of a list of names. `what` calls it in the fault: `a mode`.
    pub(in crate::config) fn choice<T: Copy>(
        &self,
        what: &str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let written = self.text()?;
        let found = choices.iter().find(|(name, _)| *name == written).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            self.fault(
                format!("`{}` is not {what}", brief(written)),
                format!("one of {}", names.join(", ")),
            );
        }
        found
    }

    /// A text that `parse` makes something of; its error is what the text is instead, followed
    /// by what would be right.
    pub(in crate::config) fn parsed<T>(
        &self,
        parse: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        match parse(self.words()?) {
            Ok(value) => Some(value),
            Err(Wrong { wrong, right }) => {
                self.fault(wrong, right);
                None
            }
        }
    }

    pub(in crate::config) fn items(&self) -> Option<Vec<Field<'r>>> {
        let Value::List(items) = &self.node.value else {
            return self.wrong_type("a list in square brackets");
        };
        Some(
            items
                .iter()
                .enumerate()
                .map(|(index, node)| Field {
                    reader: self.reader,
                    node,
                    path: format!("{}[{index}]", self.path),
                    shown: format!("{}[{index}]", self.shown),
                })
                .collect(),
        )
    }

    /// A list of which every item is read by `read`; items that are wrong are left out.
    pub(in crate::config) fn list<T>(
        &self,
        read: impl Fn(&Field<'r>) -> Option<T>,
    ) -> Option<Vec<T>> {
        Some(self.items()?.iter().filter_map(read).collect())
    }

    pub(in crate::config) fn texts(&self) -> Option<Vec<String>> {
        self.list(|item| item.words().map(str::to_owned))
    }

    /// Whether this is a table that has the key.
    pub(in crate::config) fn has(&self, key: &str) -> bool {
        self.node.table().is_some_and(|table| table.contains_key(key))
    }

    pub(in crate::config) fn section(&self) -> Option<Section<'r>> {
        let Value::Table(table) = &self.node.value else {
            return self.wrong_type(table_of(&self.path));
        };
        Some(Section {
            reader: self.reader,
            table,
            place: &self.node.place,
            path: self.path.clone(),
            shown: self.shown.clone(),
            known: RefCell::default(),
        })
    }
}

/// What a table at this path looks like.
fn table_of(path: &str) -> &'static str {
    const TABLES: [(&str, &str); 12] = [
        ("set", "a table, such as { \"review.every_months\" = 6 }"),
        ("fields", "a table, such as { email = \"email\", text = \"message\" }"),
        ("queues.", "a table, such as { email = \"name@example.org\" }"),
        ("queues", "a table of queues, such as { review = { email = \"name@example.org\" } }"),
        ("targets", "a table, such as { queue = \"+441910000001\" }"),
        ("fallback", "a document in quotes, or { file = \"PATH\" }"),
        ("check", "a table, such as { nameserver = \"127.0.0.1:53\", listeners = [\"lmtp\"] }"),
        ("kinds.", "a table, such as { allowed = true, clause = \"our own decision\" }"),
        ("exceptions.", "a table, such as { allowed = true, when = \"exceptional\" }"),
        ("appeal.", "a table, such as { working_days = 20, from = \"letter\" }"),
        ("letter.within", "a table, such as { working_days = 5, from = \"decision\" }"),
        ("ombudsman", "a table, such as { name = \"…\", website = \"…\" }"),
    ];
    let last = path.rsplit_once('.').map_or(path, |(_, last)| last);
    let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
    let parent = parent.rsplit_once('.').map_or(parent, |(_, parent)| parent);
    let is_it = |of: &str| match of.strip_suffix('.') {
        Some(above) => above == parent,
        None => of == last || of == format!("{parent}.{last}"),
    };
    TABLES
        .iter()
        .find(|(of, _)| is_it(of))
        .map_or("a table of keys, such as { key = value }", |(_, says)| *says)
}

/// Enough of a written value to know it by.
pub(in crate::config) fn brief(written: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 40;
    let mut shown: String = written.chars().take(SHOWN_CHARS_MAX).collect();
    if shown.len() < written.len() {
        shown.push('…');
    }
    shown.replace(char::is_control, " ")
}

fn read_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (count, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let count: u64 = count.parse().ok()?;
    match unit.trim() {
        "ms" => Some(Duration::from_millis(count)),
        "s" => Some(Duration::from_secs(count)),
        "min" => count.checked_mul(60).map(Duration::from_secs),
        _ => None,
    }
}
