//! Where in a JSON text the value of a path is.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// A place in a file, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextPlace {
    pub line: usize,
    pub column: Option<usize>,
}

/// A text and where its lines begin.
pub(super) struct Lines<'a> {
    text: &'a str,
    /// The byte at which each line begins, ascending.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(newline, _)| newline + 1))
            .collect();
        Lines { text, starts }
    }

    /// The place of the value at `path` within `element`, which is a part of the text. Where the
    /// path leads to nothing (a key that is missing) it is the place of the value that should have
    /// it.
    pub(super) fn place_of(&self, element: &str, path: &str) -> TextPlace {
        self.place_at(self.offset_of(value_at(element, path)))
    }

    /// The place of a byte.
    pub(super) fn place_at(&self, offset: usize) -> TextPlace {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).and_then(|index| self.starts.get(index)).copied();
        let before = self.text.get(start.unwrap_or(0)..offset).unwrap_or_default();
        TextPlace { line, column: Some(before.chars().count() + 1) }
    }

    /// At which byte a part begins. `part` borrows from the text, so that the difference of their
    /// addresses is the offset.
    pub(super) fn offset_of(&self, part: &str) -> usize {
        part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr())
    }
}

/// The text of the value at a path within an element, as far as the path leads.
pub(super) fn value_at<'a>(element: &'a str, path: &str) -> &'a str {
    let mut value = element;
    for step in steps(path) {
        match descend(value, &step) {
            Some(deeper) => value = deeper,
            None => break,
        }
    }
    value
}

enum Step<'p> {
    Key(&'p str),
    Index(usize),
}

/// The steps of `restrictions[0].contact.phone`.
fn steps(path: &str) -> impl Iterator<Item = Step<'_>> {
    path.split(['.', '[']).filter(|part| !part.is_empty()).map(|part| {
        match part.strip_suffix(']').and_then(|index| index.parse().ok()) {
            Some(index) => Step::Index(index),
            None => Step::Key(part),
        }
    })
}

fn descend<'a>(value: &'a str, step: &Step<'_>) -> Option<&'a str> {
    match step {
        Step::Key(key) => {
            let fields: BTreeMap<Cow<'a, str>, &'a RawValue> = serde_json::from_str(value).ok()?;
            fields.get(*key).map(|field| field.get())
        }
        Step::Index(index) => {
            let items: Vec<&'a RawValue> = serde_json::from_str(value).ok()?;
            items.get(*index).map(|item| item.get())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "[\n  {\"id\": \"P\",\n   \"restrictions\": [\n     {\"é\": 1, \"limit\": 2}]}]";

    #[test]
    fn a_path_is_found_at_its_line_and_column() {
        let place = Lines::new(TEXT).place_of(TEXT, "[0].restrictions[0].limit");
        assert_eq!(place, TextPlace { line: 4, column: Some(24) });
    }

    #[test]
    fn a_missing_key_is_at_the_value_that_should_have_it() {
        let place = Lines::new(TEXT).place_of(TEXT, "[0].restrictions[0].per");
        assert_eq!(place, TextPlace { line: 4, column: Some(6) });
    }
}
