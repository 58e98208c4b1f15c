//! How easy letters are to read, measured as for notices: every sample, with the default template and with those of the
//! five organisations.

use std::path::Path;

use contact_gateway::domain::language::Language;
use contact_gateway::domain::letter::{Block, Template, Templates, samples};

use crate::notices::PROFILES;
use crate::notices::readable::{GRADE_MAX, SENTENCE_WORDS_MAX, grade, sentences};

/// Names, whose length is given.
const NAMES: [&str; 3] = ["Unacceptable Behaviour Policy", "Jo Doe", "Example Homes"];

/// The templates of a language: the default, and those of organisations.
fn templates(language: Language) -> Vec<Template> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/letters");
    let own = PROFILES.into_iter().filter_map(|name| {
        let file = format!("{name}.{}.txt", language.tag());
        let source = match std::fs::read_to_string(folder.join(&file)) {
            Ok(source) => source,
            // Not every organisation has its own wording in Welsh.
            Err(_) if language == Language::Welsh => return None,
            Err(error) => panic!("{file}: {error}"),
        };
        Some(Template::read(&file, language, &source).unwrap())
    });
    std::iter::once(Templates::default().of(language).clone()).chain(own).collect()
}

/// The running text of every letter, with a name for it. Addresses, date and signature are lines, and left out.
fn texts(language: Language) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for template in templates(language) {
        for letter in samples(language) {
            let document = template.lay_out(&letter).unwrap();
            let running = document.blocks.iter().filter(|one| !matches!(one, Block::Lines(_)));
            let lines: Vec<String> =
                running.flat_map(Block::texts).map(|text| text.line.text()).collect();
            let called = format!("{}, {}", template.version(), letter.kind.name());
            texts.push((called, lines.join("\n")));
        }
    }
    texts
}

fn names() -> Vec<String> {
    NAMES.map(str::to_owned).to_vec()
}

#[test]
fn no_sentence_of_any_letter_has_more_than_twenty_words() {
    for language in Language::ALL {
        for (called, text) in texts(language) {
            for sentence in sentences(&text, &names()) {
                let (words, said) = (sentence.len(), sentence.join(" "));
                assert!(words <= SENTENCE_WORDS_MAX, "{called}: {words} words: {said}");
            }
        }
    }
}

#[test]
fn a_reader_of_eleven_can_read_every_letter() {
    let graded = texts(Language::English)
        .into_iter()
        .map(|(called, text)| (grade(&sentences(&text, &names())), called));
    let (worst, called) = graded.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
    println!("the hardest: {called}, grade {worst:.1}");
    assert!(worst <= GRADE_MAX, "{called}: grade {worst:.1}");
}
