//! A person as a file has them, and which parts of the record the file speaks of.

use crate::domain::case::brought::Brought;
use crate::domain::equality::GivenAnswers;
use crate::domain::identifier::IdentifierKind;
use crate::domain::person::Person;

/// A person as a list has them.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    pub person: Person,
    pub says: Says,
    /// What the list says of the person's case.
    pub case: Option<Box<Brought>>,
    /// Answers on protected characteristics.
    pub equality: GivenAnswers,
}

impl Listed {
    /// A whole record: anything not in it is absent.
    pub fn whole(person: Person) -> Self {
        Listed { person, says: Says::EVERYTHING, case: None, equality: GivenAnswers::default() }
    }
}

/// The parts of a record that a file may leave out. (It always has an id.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Name,
    Reference,
    Address,
    Representatives,
    Adjustments,
    Issues,
    Invitations,
    Restrictions,
    Language,
    Engaged,
}

const KEYS: [(&str, Key); 10] = [
    ("name", Key::Name),
    ("reference", Key::Reference),
    ("address", Key::Address),
    ("representatives", Key::Representatives),
    ("adjustments", Key::Adjustments),
    ("issues", Key::Issues),
    ("invitations", Key::Invitations),
    ("restrictions", Key::Restrictions),
    ("language", Key::Language),
    ("engaged", Key::Engaged),
];
const IDENTIFIERS: &str = "identifiers";

/// Which parts of a record a file speaks of: a bit for each. Very many people are read at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Says {
    keys: u16,
    /// Two bits a kind: one's own, and shared.
    identifiers: u16,
}

impl Says {
    pub const EVERYTHING: Says = Says { keys: u16::MAX, identifiers: u16::MAX };
    pub const NOTHING: Says = Says { keys: 0, identifiers: 0 };

    /// The file has this key of a person, as JSON has it. Other keys say nothing.
    #[must_use]
    pub fn with(mut self, key: &str) -> Self {
        if key == IDENTIFIERS {
            self.identifiers = u16::MAX;
        }
        if let Some((_, key)) = KEYS.iter().find(|(name, _)| *name == key) {
            self.keys |= bit_of(*key);
        }
        self
    }

    /// The file has identifiers of this kind.
    #[must_use]
    pub const fn with_identifier(mut self, kind: IdentifierKind, shared: bool) -> Self {
        self.identifiers |= identifier_bit(kind, shared);
        self
    }

    pub const fn speaks_of(self, key: Key) -> bool {
        self.keys & bit_of(key) != 0
    }

    pub const fn speaks_of_identifier(self, kind: IdentifierKind, shared: bool) -> bool {
        self.identifiers & identifier_bit(kind, shared) != 0
    }
}

const fn bit_of(key: Key) -> u16 {
    match key {
        Key::Name => 1,
        Key::Reference => 1 << 1,
        Key::Address => 1 << 2,
        Key::Representatives => 1 << 3,
        Key::Adjustments => 1 << 4,
        Key::Issues => 1 << 5,
        Key::Invitations => 1 << 6,
        Key::Restrictions => 1 << 7,
        Key::Language => 1 << 8,
        Key::Engaged => 1 << 9,
    }
}

const fn identifier_bit(kind: IdentifierKind, shared: bool) -> u16 {
    let own = match kind {
        IdentifierKind::Email => 1,
        IdentifierKind::Phone => 1 << 2,
        IdentifierKind::Whatsapp => 1 << 4,
        IdentifierKind::Account => 1 << 6,
        IdentifierKind::Social => 1 << 8,
    };
    if shared { own << 1 } else { own }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_those_of_a_person() {
        let unknown = serde_json::from_str::<Person>("{\"?\":1}").unwrap_err().to_string();
        let (_, expected) = unknown.split_once("expected one of ").unwrap();
        for name in expected.split('`').filter(|name| !name.contains([' ', ','])) {
            let is_known = KEYS.iter().any(|(key, _)| *key == name);
            // Which records are of one person no file says.
            let is_no_part = ["", "id", "merged", "merged_into"].contains(&name);
            assert!(is_known || is_no_part || name == IDENTIFIERS, "{name}");
        }
    }

    #[test]
    fn one_kind_of_identifier_is_not_another() {
        let says = Says::NOTHING.with_identifier(IdentifierKind::Email, false);
        assert!(says.speaks_of_identifier(IdentifierKind::Email, false));
        assert!(!says.speaks_of_identifier(IdentifierKind::Email, true));
        assert!(!says.speaks_of_identifier(IdentifierKind::Phone, false));
        assert!(
            Says::NOTHING.with("identifiers").speaks_of_identifier(IdentifierKind::Social, true)
        );
        assert!(!Says::NOTHING.with("id").speaks_of(Key::Name));
    }
}
