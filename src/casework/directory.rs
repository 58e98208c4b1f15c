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
        let mut record = Folded::default();
        let mut fits = |person: &Person| match words.is_empty() {
            true => !person.restrictions.is_empty(),
            false => record.of(person).has_all(&words),
        };
        let mut found = self.people_who(&organisation.id, &mut fits).await?;
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
        fit: &mut (dyn FnMut(&Person) -> bool + Send),
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

/// A word that is asked for.
struct Word {
    folded: String,
    /// The digits of a telephone number without the leading 0, which stands for the country code.
    national: Option<String>,
}

/// The words that are asked for; a number is one, however it is spaced.
fn words_of(asked: &str) -> Vec<Word> {
    let is_number = asked.chars().any(|c| c.is_ascii_digit())
        && asked.chars().all(|c| c.is_ascii_digit() || " +()-".contains(c));
    if is_number {
        return vec![Word::of(&digits(asked).collect::<String>())];
    }
    asked.split_whitespace().map(Word::of).collect()
}

impl Word {
    fn of(word: &str) -> Self {
        let (mut folded, digits) = (String::new(), digits(word).collect::<String>());
        fold_into(&mut folded, word);
        let national = digits.strip_prefix('0').unwrap_or(&digits);
        let is_number = national.len() >= NUMBER_DIGITS_LEAST && digits.len() == folded.len();
        Word { national: is_number.then(|| national.to_owned()), folded }
    }
}

/// The fewest digits that count as part of a telephone number.
const NUMBER_DIGITS_LEAST: usize = 4;

/// The searchable text of a record. One buffer serves a whole search, which reads every record.
#[derive(Default)]
struct Folded {
    text: String,
    /// A number is found however it is spaced.
    numbers: String,
}

impl Folded {
    fn of(&mut self, person: &Person) -> &Self {
        self.text.clear();
        self.numbers.clear();
        fold_into(&mut self.text, &person.name);
        for part in [Some(&person.id), person.reference.as_ref(), person.address.as_ref()] {
            self.text.push('\n');
            fold_into(&mut self.text, part.map_or("", String::as_str));
        }
        for identifier in &person.identifiers {
            self.text.push('\n');
            fold_into(&mut self.text, &identifier.value);
            self.numbers.extend(digits(&identifier.value));
            self.numbers.push('\n');
        }
        self
    }

    fn has_all(&self, words: &[Word]) -> bool {
        words.iter().all(|word| {
            self.text.contains(word.folded.as_str())
                || word.national.as_ref().is_some_and(|number| self.numbers.contains(number))
        })
    }
}

fn digits(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(char::is_ascii_digit)
}

/// Without case and accents: who types "Gwyn" finds "Ŵgwŷn".
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(&mut folded, text);
    folded
}

fn fold_into(folded: &mut String, text: &str) {
    if text.is_ascii() {
        let begins = folded.len();
        folded.push_str(text);
        if let Some(new) = folded.get_mut(begins..) {
            new.make_ascii_lowercase();
        }
        return;
    }
    folded.extend(text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identifier::IdentifierKind;
    use crate::domain::person::ListedIdentifier;

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
            Folded::default().of(&person).has_all(&words)
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

    /// The rules of a search, written out: each text as characters, a word at a time.
    fn found_slowly(person: &Person, asked: &str) -> bool {
        let folded = |text: &str| -> String {
            text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
        };
        let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
        let parts = [Some(&person.name), Some(&person.id), person.reference.as_ref()];
        let mut texts: Vec<String> = parts.into_iter().flatten().map(|it| folded(it)).collect();
        texts.extend(person.address.as_deref().map(folded));
        texts.extend(person.identifiers.iter().map(|one| folded(&one.value)));
        let numbers: Vec<String> =
            person.identifiers.iter().map(|one| digits(&one.value)).collect();
        let is_number = !digits(asked).is_empty()
            && asked.chars().all(|c| c.is_ascii_digit() || " +()-".contains(c));
        let words: Vec<String> = match is_number {
            true => vec![digits(asked)],
            false => asked.split_whitespace().map(folded).collect(),
        };
        words.iter().all(|word| {
            let asked = digits(word);
            let national = asked.strip_prefix('0').unwrap_or(&asked);
            let is_part = asked.len() == word.len() && national.len() >= 4;
            texts.iter().any(|text| text.contains(word.as_str()))
                || (is_part && numbers.iter().any(|number| number.contains(national)))
        })
    }

    const ASKED: &[&str] = &[
        "sian",
        "SIÂN",
        "siân wyn",
        "wyn sian",
        "ǆ",
        "inci",
        "i\u{307}nci",
        "strauß",
        "zizek",
        "strauss",
        "o’neil",
        "å",
        "a\u{30a}",
        "ﬁ",
        "t-55812",
        "55812",
        "05581",
        "p-3",
        "3",
        "03",
        "0",
        "00",
        "0 0",
        "+",
        "-",
        "heol llanfair",
        "y",
        "07700 900101",
        "+44 7700",
        "(020) 7946",
        "447700900101",
        "0447700",
        "1010",
        "01010",
        "101004420",
        "12\u{301}34",
        "wyn.1234",
        "1234",
        "01234",
        "234",
        "sian 07700900101",
        "sian 0770",
        "mail wyn 1234",
        "١٢٣٤",
        "doe\njo",
        "",
    ];

    /// People with names, addresses and numbers that are written in many ways.
    fn people() -> Vec<Person> {
        let mut people: Vec<Person> = Vec::new();
        for (number, name) in
            ["Siân Ŵyn", "JO DOE", "İnci ǅemal", "Strauß-Žižek", "O’Neil 1234", "", "ﬁ ﬂ Å"]
                .into_iter()
                .enumerate()
        {
            let mut person: Person = serde_json::from_value(
                serde_json::json!({"id": format!("P-{number}"), "name": name}),
            )
            .unwrap();
            person.reference = (number % 2 == 0).then(|| "T-55812".to_owned());
            person.address = (number % 3 == 0).then(|| "3 Heol Fawr, Llanfair Ÿ".to_owned());
            let listed = [
                (IdentifierKind::Phone, "+44 7700 900101"),
                (IdentifierKind::Phone, "0044 (0)20-7946 0000"),
                (IdentifierKind::Email, "Ŵyn.1234@Mail.example"),
            ];
            let some = listed.into_iter().skip(number % 4);
            person.identifiers = some
                .map(|(kind, value)| ListedIdentifier {
                    kind,
                    value: value.to_owned(),
                    shared: false,
                })
                .collect();
            people.push(person);
        }
        people
    }

    #[test]
    fn a_search_is_its_rules_for_one_record_after_another() {
        let (people, mut record, mut found) = (people(), Folded::default(), 0);
        for asked in ASKED {
            let words = words_of(asked);
            for person in &people {
                let is_found = record.of(person).has_all(&words);
                assert_eq!(is_found, found_slowly(person, asked), "{asked:?} of {}", person.name);
                found += usize::from(is_found);
            }
        }
        assert!(found > 50, "{found}");
    }
}
