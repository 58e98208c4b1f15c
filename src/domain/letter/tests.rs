//! What letters say, and that they are said plainly.

mod composed;
mod parts;
mod templates;

use super::document::{Block, Document, Text};
use super::{Letter, Part, Templates, markup, missing, page, plain, samples, title_of};
use crate::domain::case::letter::LetterKind;
use crate::domain::language::Language;
use crate::domain::notice::Line;

/// Words of a sentence that somebody of eleven still follows.
const SENTENCE_WORDS_MAX: usize = 22;
/// School year by Flesch and Kincaid: six is about eleven years of age.
const GRADE_MAX: f64 = 6.5;

fn written(letter: &Letter) -> (String, String) {
    let document = Templates::default().of(letter.language).lay_out(letter).unwrap();
    (plain(&document), page(&document))
}

/// Text in sentences: without addresses, headings and lists, which have none.
fn sentences(letter: &Letter) -> Vec<String> {
    let document = Templates::default().of(letter.language).lay_out(letter).unwrap();
    let mut sentences = Vec::new();
    for block in &document.blocks {
        let Block::Paragraph(text) = block else { continue };
        let text = text.line.text();
        let mut rest = text.as_str();
        while let Some(end) = rest.find(['.', '!', '?']).filter(|end| end + 1 < rest.len()) {
            let (one, after) = rest.split_at(end + 1);
            // The dots of an address or a number end no sentence.
            if after.starts_with(' ') {
                sentences.push(one.trim().to_owned());
                rest = after;
            } else {
                let next = after.find(' ').unwrap_or(after.len());
                let (word, after) = rest.split_at(end + 1 + next);
                if word.ends_with('.') {
                    sentences.push(word.trim().to_owned());
                }
                rest = after;
            }
        }
        sentences.push(rest.trim().to_owned());
    }
    sentences.retain(|one| !one.is_empty());
    sentences
}

#[test]
fn no_sentence_is_long() {
    for language in Language::ALL {
        for letter in samples(language) {
            for sentence in sentences(&letter) {
                let words = sentence.split_whitespace().count();
                // Welsh counts its particles apart.
                let most = match language {
                    Language::English => SENTENCE_WORDS_MAX,
                    Language::Welsh => SENTENCE_WORDS_MAX + 6,
                };
                assert!(words <= most, "{words} words: {sentence}");
            }
        }
    }
}

fn syllables(word: &str) -> usize {
    let word = word.to_ascii_lowercase();
    let mut count = 0;
    let mut before = false;
    for c in word.chars() {
        let vowel = "aeiouy".contains(c);
        count += usize::from(vowel && !before);
        before = vowel;
    }
    if word.ends_with('e') && !word.ends_with("le") && count > 1 { count - 1 } else { count.max(1) }
}

#[test]
fn english_is_read_at_eleven() {
    for letter in samples(Language::English) {
        let said = sentences(&letter);
        let words: Vec<&str> = said.iter().flat_map(|one| one.split_whitespace()).collect();
        let syllables: usize = words.iter().map(|word| syllables(word)).sum();
        #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
        let (words, sentences, syllables) =
            (words.len() as f64, said.len() as f64, syllables as f64);
        let grade = 0.39 * words / sentences + 11.8 * syllables / words - 15.59;
        assert!(grade <= GRADE_MAX, "{:?}: year {grade:.1}", letter.kind);
    }
}

#[test]
fn nothing_that_only_a_machine_understands() {
    for language in Language::ALL {
        for letter in samples(language) {
            let (text, html) = written(&letter);
            for word in text.split_whitespace() {
                let is_address = word.contains('@') || word.contains("://");
                assert!(!word.contains('_') || is_address, "{word} in {text}");
                assert!(!word.contains("+44"), "{word}");
            }
            assert!(html.starts_with("<!doctype html>"));
            assert!(!text.contains("None") && !text.contains("none"), "{text}");
        }
    }
}

#[test]
fn every_kind_has_a_sample_and_every_part_a_heading() {
    let kinds: std::collections::BTreeSet<LetterKind> =
        samples(Language::English).iter().map(|letter| letter.kind).collect();
    assert_eq!(kinds.len(), 10);
    for part in Part::ALL {
        assert!(
            samples(Language::English).iter().any(|letter| letter.says(part).is_some()),
            "no sample says {}",
            part.name()
        );
    }
}

/// Leaves each part out of the laid-out letter, and finds that one missing and no other.
#[test]
fn each_part_that_a_template_leaves_out_is_named() {
    let names: Vec<String> = Part::ALL.into_iter().map(|part| part.name().to_owned()).collect();
    for letter in samples(Language::English) {
        let asked: Vec<String> = names
            .iter()
            .filter(|name| letter.says(Part::asked_for_as(name).unwrap()).is_some())
            .cloned()
            .collect();
        for left_out in &asked {
            let body: String = asked
                .iter()
                .filter(|name| *name != left_out)
                .map(|name| format!("{{{{ parts.{name} }}}}\n"))
                .collect();
            let source = format!("# {{{{ title }}}}\n\n{body}");
            let (name, source) = ("t".into(), source.into());
            let template = super::Template { language: Language::English, name, source };
            let document = template.lay_out(&letter).unwrap();
            let found = missing(&asked, &letter, &document);
            assert_eq!(found, std::slice::from_ref(left_out), "{:?}", letter.kind);
        }
    }
}

#[test]
fn what_a_person_is_called_is_never_a_mark() {
    let mut letter = samples(Language::English).remove(0);
    for name in ["# Jo", "- Jo", "| Jo", "@en Jo", "<https://evil.example>", "\\ Jo", "Jo\n\n# Doe"]
    {
        letter.name = name.to_owned();
        let (text, html) = written(&letter);
        let shown = name.replace("\n\n", "  ");
        assert!(text.contains(&format!("Dear {shown}")), "{name}: {text}");
        assert!(!html.contains("href=\"https://evil.example\""), "{name}");
        assert_eq!(html.matches("<h1>").count(), 1, "{name}");
    }
}

#[test]
fn markup_is_read_back_as_it_was_meant() {
    let line =
        Line::words("Call ").phone("+441914980123").then(" or write to ").detail("a@b.example");
    let blocks = vec![
        Block::Title(Line::words("# One").into()),
        Block::Paragraph(
            line.then(". Go to ").link("https://b.example/x?a=1&b=2").then(".").into(),
        ),
        Block::List(vec![Line::words("- a < b").into(), Line::words("c \\ d").into()]),
    ];
    assert_eq!(markup::parse(&markup::of_blocks(&blocks)), blocks);
}

#[test]
fn a_template_is_bounded_and_reaches_no_file() {
    let read = |source: &str| super::Template::read("t", Language::English, source);
    let endless = "# {{ title }}\n{% for a in sections %}{% for b in sections %}{% for c in sections %}\
                   {% for d in sections %}{% for e in sections %}{% endfor %}{% endfor %}{% endfor %}\
                   {% endfor %}{% endfor %}";
    for (source, says) in [
        (endless, "fuel"),
        ("# {{ title }}\n{% include '/etc/passwd' %}", "include"),
        ("# {{ title }}\n{{ parts.misspelt }}", "undefined"),
        ("# {{ title }}\n\n{{ title", "syntax"),
        ("no title", "title"),
        ("# {{ title }}\n{{ range(10) }}", "range"),
    ] {
        let Err(fault) = read(source) else { panic!("{source} was taken") };
        assert!(fault.what.contains(says), "{source}: {fault:?}");
    }
    assert_eq!(read("# {{ title }}\n\n{{ parts.misspelt }}").unwrap_err().line, Some(3));
}

#[test]
fn welsh_is_approved_as_it_is_said_and_not_otherwise() {
    let mut templates = Templates::default();
    assert!(templates.is_approved(Language::English));
    assert!(!templates.is_approved(Language::Welsh));
    templates.welsh_approved = Some(templates.fingerprint(Language::Welsh).unwrap());
    assert!(templates.is_approved(Language::Welsh));
    let source = "# {{ title }}\n\n{% for one in sections %}{{ one }}{% endfor %}\n\nHwyl fawr.";
    let welsh = |source: &str| super::Template::read("t", Language::Welsh, source).unwrap();
    templates.welsh = welsh(source);
    assert!(!templates.is_approved(Language::Welsh));
    // Words that no sample says were read by nobody.
    let shipped = Templates::default().welsh;
    templates.welsh = welsh(shipped.source());
    assert!(templates.is_approved(Language::Welsh));
    let hidden = "{% if organisation == \"Other\" %}\nHwyl fawr.\n{% endif %}\n";
    templates.welsh = welsh(&format!("{}{hidden}", shipped.source()));
    assert!(!templates.is_approved(Language::Welsh));
}

/// What staff wrote in English is marked as English in a Welsh letter, for those who hear it read out.
#[test]
fn english_in_a_welsh_letter_bears_its_language() {
    let letters = samples(Language::Welsh);
    let letter = letters.iter().find(|one| one.kind == LetterKind::Restriction).unwrap();
    let (_, html) = written(letter);
    assert!(html.contains("<html lang=\"cy-GB\">"));
    assert!(html.contains("<p lang=\"en-GB\">We warned you and nothing changed.</p>"), "{html}");
}

#[test]
fn a_page_says_what_it_is_called_in_the_words_it_was_laid_out_with() {
    for title in
        ["How you contact us", "Jo's \"visits\" & calls", "<b> isn't &lt;b&gt; or &amp;#39;"]
    {
        let text = Text { line: Line::words(title.to_owned()), language: None };
        let document = Document {
            language: Language::Welsh,
            large_print: false,
            author: "Tuntum & Sons".to_owned(),
            blocks: vec![Block::Title(text)],
        };
        assert_eq!(title_of(&page(&document)).as_deref(), Some(title));
    }
    assert_eq!(title_of("<p>An older page</p>"), None);
}
