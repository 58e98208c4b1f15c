//! How easy notices are to read: words a sentence in both languages, and the Flesch-Kincaid grade of the
//! English ones. Names, addresses and numbers are not measured: they are as long as they are.

use contact_gateway::domain::channel::Channel;
use contact_gateway::domain::language::Language;
use contact_gateway::domain::notice::{NoticePart, sections, short, spoken};

use super::{PROFILES, kinds, mailed_apart, neutral, organisation, parts};

/// Words of one sentence.
pub const SENTENCE_WORDS_MAX: usize = 20;

/// The Flesch-Kincaid grade of a reader aged 11: the school year that begins at that age, less five.
pub const GRADE_MAX: f64 = 6.0;

/// Words that a caller hears before a choice, or a piece of the rest, without the choices.
const SPOKEN_WORDS_MAX: usize = 45;

/// The sentences of a text, line by line; what can't be simpler stands as one short word.
pub fn sentences(text: &str, names: &[String]) -> Vec<Vec<String>> {
    let mut plain = text.to_owned();
    for name in names {
        plain = plain.replace(name, "X");
    }
    plain
        .lines()
        .flat_map(|line| {
            line.replace("https://", "").split_inclusive(['.', '?', ';', ':']).fold(
                vec![String::new()],
                |mut all, piece| {
                    // A stop inside a number or an address ends nothing.
                    all.last_mut().unwrap().push_str(piece);
                    let ends = line
                        .find(piece)
                        .and_then(|at| line[at + piece.len()..].chars().next())
                        .is_none_or(char::is_whitespace);
                    if ends {
                        all.push(String::new());
                    }
                    all
                },
            )
        })
        .map(|sentence| {
            sentence
                .split_whitespace()
                .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned())
                .filter(|word| word.chars().any(char::is_alphabetic))
                .filter(|word| !word.contains('.') && !word.contains('@'))
                .collect::<Vec<String>>()
        })
        .filter(|words| !words.is_empty())
        .collect()
}

/// Groups of vowels, but for a silent e; what every such count does (Kincaid and others, 1975).
fn syllables(word: &str) -> usize {
    let word = word.to_lowercase();
    let is_vowel = |c: char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    let mut groups = 0;
    let mut in_group = false;
    for c in word.chars() {
        if is_vowel(c) && !in_group {
            groups += 1;
        }
        in_group = is_vowel(c);
    }
    let silent = word.ends_with('e') && !word.ends_with("le") && groups > 1;
    if silent { groups - 1 } else { groups.max(1) }
}

pub fn grade(sentences: &[Vec<String>]) -> f64 {
    let words: Vec<&String> = sentences.iter().flatten().collect();
    let count = |n: usize| f64::from(u32::try_from(n).unwrap());
    let syllables: usize = words.iter().map(|word| syllables(word)).sum();
    0.39 * count(words.len()) / count(sentences.len())
        + 11.8 * count(syllables) / count(words.len())
        - 15.59
}

/// Every line of a notice but its headings and its reference.
fn whole(parts: &[NoticePart], language: Language) -> String {
    let lines: Vec<String> = sections(parts, language)
        .into_iter()
        .flat_map(|section| {
            let list = section.list.into_iter();
            section.paragraphs.into_iter().chain(list).map(|line| line.text())
        })
        .filter(|line| !line.contains("c-4f2a"))
        .collect();
    lines.join("\n")
}

/// The texts of a notice with what they are called.
fn texts() -> Vec<(String, Language, String, Vec<String>)> {
    let mut texts = Vec::new();
    for profile in PROFILES {
        let organisation = organisation(profile);
        let rules = &organisation.profile;
        let mut names: Vec<String> =
            vec![rules.name.clone(), "1 High Street, Newtown, NE1 1AA".into()];
        names.extend(rules.policy.clone());
        names.extend(rules.ombudsman.iter().map(|one| one.name.clone()));
        names.extend(rules.ombudsman.iter().filter_map(|one| one.welsh_name.clone()));
        for language in Language::ALL {
            for (what, parts) in
                [("mailed apart", mailed_apart(&organisation)), ("neutral", neutral(&organisation))]
            {
                let called = format!("{profile}, {what}, {}", language.tag());
                texts.push((called, language, whole(&parts, language), names.clone()));
            }
        }
        for (kind, restriction, next) in kinds() {
            for language in Language::ALL {
                for channel in Channel::ALL {
                    let parts = parts(&organisation, &restriction, channel, next);
                    let called =
                        format!("{profile}, {kind}, {}, {}", channel.name(), language.tag());
                    texts.push((called.clone(), language, whole(&parts, language), names.clone()));
                    if channel == Channel::Sms {
                        let said = short(&parts, language).replace("c-4f2a", "");
                        texts.push((format!("{called}, short"), language, said, names.clone()));
                    }
                }
            }
        }
    }
    texts
}

#[test]
fn no_sentence_of_any_notice_has_more_than_twenty_words() {
    for (called, _, text, names) in texts() {
        for sentence in sentences(&text, &names) {
            assert!(
                sentence.len() <= SENTENCE_WORDS_MAX,
                "{called}: {} words: {}",
                sentence.len(),
                sentence.join(" ")
            );
        }
    }
}

#[test]
fn a_reader_of_eleven_can_read_every_notice() {
    let mut worst = (f64::MIN, String::new());
    for (called, language, text, names) in texts() {
        if language == Language::English {
            let found = grade(&sentences(&text, &names));
            if found > worst.0 {
                worst = (found, called);
            }
        }
    }
    println!("the hardest: {worst:?}");
    assert!(worst.0 <= GRADE_MAX, "{}: grade {:.1}", worst.1, worst.0);
}

#[test]
fn what_is_spoken_comes_in_pieces_that_can_be_kept_in_mind() {
    for profile in PROFILES {
        let organisation = organisation(profile);
        for (kind, restriction, next) in kinds() {
            for language in Language::ALL {
                let parts = parts(&organisation, &restriction, Channel::Telephone, next);
                let call = spoken(&parts, language);
                for piece in std::iter::once(&call.opening).chain(&call.more) {
                    // A number that is said digit by digit is heard as one thing.
                    let words = piece
                        .split_whitespace()
                        .filter(|word| word.chars().any(char::is_alphabetic))
                        .count();
                    assert!(words <= SPOKEN_WORDS_MAX, "{profile}, {kind}: {words} words: {piece}");
                }
            }
        }
    }
}
