//! Which column of a file a path of a record came from.

use super::{COLUMNS, Goes};
use crate::domain::identifier::IdentifierKind;

/// The column of a key's path, as far as is known.
pub(in crate::casework::import) fn column_of(path: &str) -> String {
    let (of_restriction, rest) = match path.strip_prefix("restrictions[") {
        Some(rest) => (true, rest.split_once("].").map_or("", |(_, rest)| rest)),
        None => (false, path),
    };
    let key = rest.split('[').next().unwrap_or_default();
    let found = COLUMNS.iter().find(|column| match column.goes {
        Goes::Restriction(name)
        | Goes::RestrictionNumber(name)
        | Goes::RestrictionFlag(name)
        | Goes::RestrictionList(name) => of_restriction && name == key,
        Goes::Contact(name) => of_restriction && rest.strip_prefix("contact.") == Some(name),
        Goes::Window(name) => of_restriction && rest.ends_with(&format!("].{name}")),
        Goes::WindowDays => of_restriction && key == "windows",
        Goes::Person(name) | Goes::PersonList(name) => !of_restriction && name == key,
        Goes::Equality(one) => path.strip_prefix("equality.") == Some(one.name()),
        Goes::NeedsChannel
        | Goes::Adjustment
        | Goes::Identifier(_)
        | Goes::SharedIdentifier(_)
        | Goes::Representative(_)
        | Goes::RepresentativeIdentifier(_) => false,
    });
    found.map_or_else(|| rest.to_owned(), |column| column.name.to_owned())
}

pub(in crate::casework::import) fn column_of_identifier(
    kind: IdentifierKind,
    shared: bool,
) -> Option<&'static str> {
    let is_it = |goes: &Goes| match goes {
        Goes::Identifier(of) => !shared && *of == kind,
        Goes::SharedIdentifier(of) => shared && *of == kind,
        _ => false,
    };
    COLUMNS.iter().find(|column| is_it(&column.goes)).map(|column| column.name)
}
