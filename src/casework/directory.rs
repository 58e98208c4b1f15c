//! Finding people: by name, reference, address or identifier, whatever part of it is known.

use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{Casework, Fault};
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::person::Person;
use crate::runtime::limits::PEOPLE_FOUND_MAX;

/// What a search found.
#[derive(Debug, Clone, Default)]
pub struct FoundPeople {
    /// By name, then id; at most [`PEOPLE_FOUND_MAX`].
    pub people: Vec<Arc<Person>>,
    pub more: bool,
}

impl Casework {
    /// People whose record has every word that is asked for, in a name, reference, address or identifier.
    /// Nothing asked: those with a restriction on record.
    ///
    /// # Errors
    /// The people are not known yet.
    pub async fn find_people(
        &self,
        organisation: &Organisation,
        asked: &str,
    ) -> Result<FoundPeople, Fault> {
        let words = words_of(asked);
        let fits = |person: &Person| match words.is_empty() {
            true => !person.restrictions.is_empty(),
            false => has_all(person, &words),
        };
        let mut found = self.people_who(&organisation.id, &fits).await?;
        found.sort_by_cached_key(|person| (folded(&person.name), person.id.clone()));
        let more = found.len() > PEOPLE_FOUND_MAX;
        found.truncate(PEOPLE_FOUND_MAX);
        Ok(FoundPeople { people: found, more })
    }

    /// Everybody who fits, as memory has them, or else the store.
    ///
    /// # Errors
    /// They are not in memory, and the store can't be read.
    pub(super) async fn people_who(
        &self,
        organisation: &OrganisationId,
        fit: &(dyn Fn(&Person) -> bool + Sync),
    ) -> Result<Vec<Arc<Person>>, Fault> {
        let mut found = Vec::new();
        let mut look = |person: &Arc<Person>| {
            if fit(person) {
                found.push(Arc::clone(person));
            }
            true
        };
        let known = self
            .directory
            .as_ref()
            .is_some_and(|directory| directory.walk(organisation, &mut look));
        if !known {
            found = self.desk.store.people(organisation).await?.people;
            found.retain(|person| fit(person));
        }
        Ok(found)
    }

    /// A person as this gateway knows them, for showing a name; nothing is audited.
    pub async fn person_known(
        &self,
        organisation: &OrganisationId,
        id: &str,
    ) -> Result<Option<Arc<Person>>, Fault> {
        match self.directory.as_ref().and_then(|directory| directory.known(organisation, id)) {
            Some(person) => Ok(Some(person)),
            None => Ok(self.desk.store.person(organisation, id).await?),
        }
    }
}

/// The words that are asked for; a number is one, however it is spaced.
fn words_of(asked: &str) -> Vec<String> {
    let is_number = asked.chars().any(|c| c.is_ascii_digit())
        && asked.chars().all(|c| c.is_ascii_digit() || " +()-".contains(c));
    if is_number {
        return vec![digits(asked).collect()];
    }
    asked.split_whitespace().map(folded).collect()
}

fn has_all(person: &Person, words: &[String]) -> bool {
    let mut text = folded(&person.name);
    for part in [Some(&person.id), person.reference.as_ref(), person.address.as_ref()] {
        text.push('\n');
        text.push_str(&part.map(|part| folded(part)).unwrap_or_default());
    }
    // A number is found however it is spaced.
    let mut numbers = String::new();
    for identifier in &person.identifiers {
        text.push('\n');
        text.push_str(&folded(&identifier.value));
        numbers.extend(digits(&identifier.value));
        numbers.push('\n');
    }
    words.iter().all(|word| {
        let asked: String = digits(word).collect();
        // Of a number the first 0 stands for the country.
        let national = asked.strip_prefix('0').unwrap_or(&asked);
        text.contains(word.as_str())
            || (national.len() >= 4 && asked.len() == word.len() && numbers.contains(national))
    })
}

fn digits(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(char::is_ascii_digit)
}

/// Without case and accents: who types "Gwyn" finds "Ŵgwŷn".
fn folded(text: &str) -> String {
    text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_found_by_any_part_of_what_is_known() {
        let person: Person = serde_json::from_str(
            r#"{"id": "P-1", "name": "Siân Ŵyn", "reference": "T-55812", "address": "3 Heol Fawr",
                "identifiers": [{"kind": "phone", "value": "+44 7700 900101"},
                                {"kind": "email", "value": "sian@mail.example"}]}"#,
        )
        .unwrap();
        let finds = |asked: &str| {
            let words = words_of(asked);
            has_all(&person, &words)
        };
        for asked in [
            "sian",
            "SIÂN",
            "wyn",
            "sian wyn",
            "wyn sian",
            "t-558",
            "p-1",
            "heol",
            "07700900101",
            "447700900101",
            "900101",
            "sian@mail",
            "Siân 07700900101",
        ] {
            assert!(finds(asked), "{asked}");
        }
        for asked in ["jo", "sian jo", "07700900102", "999"] {
            assert!(!finds(asked), "{asked}");
        }
    }
}
