//! Which state of a record a caller means to change: the precondition of RFC 9110 13.1.1.

use serde::Serialize;

use super::Fault;
use crate::runtime::tokens::{hex, sha256};

/// What tells one state of a record from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag(String);

impl Tag {
    /// The tag of a record that bears no version: a digest of it.
    pub fn of(record: &impl Serialize) -> Self {
        // What can't be written as JSON is in no store.
        Tag(hex(&sha256(&serde_json::to_vec(record).unwrap_or_default())))
    }

    /// As it is given to callers, without quotation marks.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Tag {
    fn from(tag: String) -> Self {
        Tag(tag)
    }
}

/// The state in which the record must be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Whichever it is, or none.
    Any,
    /// None: it is made new.
    Nobody,
    /// Any, as long as there is one.
    Existing,
    OneOf(Vec<Tag>),
}

impl Expected {
    /// # Errors
    /// [`Fault::Changed`]: the record is another, or gone. [`Fault::Exists`]: there is one, and should be none.
    pub fn check(&self, what: &'static str, record: Option<&impl Serialize>) -> Result<(), Fault> {
        let holds = match self {
            Expected::Any => true,
            Expected::Nobody if record.is_some() => return Err(Fault::Exists(what)),
            Expected::Nobody => true,
            Expected::Existing => record.is_some(),
            Expected::OneOf(tags) => record.is_some_and(|it| tags.contains(&Tag::of(it))),
        };
        if holds { Ok(()) } else { Err(Fault::Changed(what)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_expectation_holds_of_the_records_that_it_means_and_no_others() {
        let of_jo = Expected::OneOf(vec![Tag::of(&"Jo")]);
        for (expected, none, jo, ada) in [
            (Expected::Any, true, true, true),
            (Expected::Nobody, true, false, false),
            (Expected::Existing, false, true, true),
            (of_jo, false, true, false),
        ] {
            let holds = |record: Option<&&str>| expected.check("person", record).is_ok();
            let got = (holds(None), holds(Some(&"Jo")), holds(Some(&"Ada")));
            assert_eq!(got, (none, jo, ada), "{expected:?}");
        }
        let exists = Expected::Nobody.check("person", Some(&"Jo"));
        assert!(matches!(exists, Err(Fault::Exists("person"))), "{exists:?}");
    }
}
