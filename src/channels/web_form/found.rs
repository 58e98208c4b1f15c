//! The parts kept of a submission's fields: those asked for, and of the others their words, if those are.

use crate::runtime::limits::{FORM_FIELD_BYTES_MAX, FORM_VALUES_MAX};

/// The fields of a submission that the form's settings name.
#[derive(Debug, Default)]
pub struct Found {
    names: Vec<String>,
    wants_others: bool,
    values: Vec<(usize, String)>,
    others: String,
    /// Values were left out: there are too many.
    cut: bool,
}

impl Found {
    /// `wants_others`: the words of all fields that are not named, too.
    pub fn new<'n>(names: impl IntoIterator<Item = &'n str>, wants_others: bool) -> Self {
        let names = names.into_iter().map(str::to_owned).collect();
        Found { names, wants_others, ..Found::default() }
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    pub fn wants_others(&self) -> bool {
        self.wants_others
    }

    /// Keeps a field as it came: under its name, or as one of the others.
    pub fn field(&mut self, name: &str, value: &str) {
        self.field_of(std::slice::from_ref(&name), value);
    }

    /// Keeps a field that handlers may read under any of several names.
    pub fn field_of<N: AsRef<str>>(&mut self, names: &[N], value: &str) {
        let is_asked = |asked: &&String| names.iter().any(|name| is_named(name.as_ref(), asked));
        let asked: Vec<String> = self.names.iter().filter(is_asked).cloned().collect();
        if asked.is_empty() {
            self.other(value);
        }
        for asked in asked {
            self.named(&asked, value);
        }
    }

    /// The same, but for the words of the others.
    pub fn without_others(self) -> Self {
        Found { wants_others: false, ..self }
    }

    /// The same question, with nothing found yet.
    pub fn anew(&self) -> Self {
        let names = self.names.clone();
        Found { names, wants_others: self.wants_others, ..Found::default() }
    }

    /// Says that there was more, which could not be read.
    pub fn cut_off(&mut self) {
        self.cut = true;
    }

    /// Keeps a value of a field asked for. Blank ones say nothing.
    pub fn named(&mut self, name: &str, value: &str) {
        let value = value.trim();
        let Some(asked) = self.names.iter().position(|asked| asked == name) else { return };
        if value.is_empty() {
            return;
        }
        let repeated =
            self.values.last().is_some_and(|(last, kept)| *last == asked && kept == value);
        let held: usize = self.values.iter().map(|(_, kept)| kept.len()).sum();
        if repeated {
            return;
        }
        let value = beginning(value, FORM_FIELD_BYTES_MAX.saturating_sub(held));
        if self.values.len() >= FORM_VALUES_MAX || value.is_empty() {
            self.cut = true;
            return;
        }
        self.values.push((asked, value.to_owned()));
    }

    /// Keeps the words of a field that nobody asked for by name, one below the other.
    pub fn other(&mut self, value: &str) {
        let value = value.trim();
        if !self.wants_others || value.is_empty() {
            return;
        }
        let room = FORM_FIELD_BYTES_MAX.saturating_sub(self.others.len() + 1);
        self.others.push_str(beginning(value, room));
        if room > 0 {
            self.others.push('\n');
        }
    }

    pub fn values(&self, name: &str) -> Vec<&str> {
        let is_asked = |(asked, _): &&(usize, String)| {
            self.names.get(*asked).is_some_and(|asked| asked == name)
        };
        self.values.iter().filter(is_asked).map(|(_, value)| value.as_str()).collect()
    }

    pub fn others(&self) -> &str {
        &self.others
    }

    /// Whether something was left out for want of room.
    pub fn is_cut(&self) -> bool {
        self.cut
    }
}

/// Whether a form handler may take a field of this name for the one that is wanted: without regard to
/// case and surrounding space, and as one of a list (`name[]`, `name[0]`).
pub fn is_named(name: &str, wanted: &str) -> bool {
    let bare = |name: &str| -> String {
        let name = name.trim();
        let of_list = name.strip_suffix(']').and_then(|list| list.rsplit_once('['));
        let bare = of_list.filter(|(_, at)| at.bytes().all(|byte| byte.is_ascii_digit()));
        bare.map_or(name, |(bare, _)| bare).trim().to_lowercase()
    };
    name == wanted || bare(name) == bare(wanted)
}

/// As much of a text's beginning as has room.
fn beginning(text: &str, room: usize) -> &str {
    if text.len() <= room {
        return text;
    }
    let end = (0..=room).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

/// Text in whatever charset: UTF-8 where it is, else ISO 8859-1, which every byte is a character of. Good
/// enough to match on; addresses and numbers are ASCII in both.
pub(super) fn text_of(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}
