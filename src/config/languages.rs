//! The languages that an organisation writes in, as the configuration names them.

use super::reader::Field;
use crate::domain::language::Language;

/// `["en"]`, `["en", "cy"]`: each once, the first first.
pub(super) fn languages(field: &Field<'_>) -> Option<Vec<Language>> {
    let names = Language::ALL.map(|language| (language.tag(), language));
    let mut found: Vec<Language> = Vec::new();
    for language in field.list(|item| item.choice("a language", &names))? {
        if !found.contains(&language) {
            found.push(language);
        }
    }
    if found.is_empty() {
        field.fault("is empty", "write [\"en\"], [\"cy\"] or [\"en\", \"cy\"]");
        return None;
    }
    Some(found)
}
