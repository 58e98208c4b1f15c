//! A notice as the text of a message: sections with their headings, nothing but plain text.

use super::phrases::SectionKind;
use super::section::{Section, sections};
use super::{NoticePart, short};
use crate::domain::channel::Channel;
use crate::domain::language::Language;

/// The whole notice in one language.
pub fn text(parts: &[NoticePart], language: Language) -> String {
    let sections = sections(parts, language);
    let written: Vec<String> = sections.iter().map(section_text).collect();
    written.join("\n\n")
}

/// A notice as its channel takes it: short in a text message, whole elsewhere; in several languages
/// one after the other, each under its own name.
pub fn in_languages(parts: &[NoticePart], channel: Channel, languages: &[Language]) -> String {
    let is_short = matches!(channel, Channel::Sms | Channel::Whatsapp | Channel::Social);
    let one = |language| if is_short { short(parts, language) } else { text(parts, language) };
    match languages {
        [] => one(Language::English),
        [only] => one(*only),
        several if is_short => {
            let texts: Vec<String> = several.iter().map(|language| one(*language)).collect();
            texts.join("\n\n")
        }
        several => {
            let texts: Vec<String> = several
                .iter()
                .map(|language| format!("{}\n\n{}", language.own_name(), one(*language)))
                .collect();
            texts.join("\n\n\n")
        }
    }
}

/// The subject of a notice that answers no message.
pub fn subject(organisation: &str, languages: &[Language]) -> String {
    let one = |language: &Language| match language {
        Language::English => format!("Your message to {organisation}"),
        Language::Welsh => format!("Eich neges i {organisation}"),
    };
    let subjects: Vec<String> = languages.iter().map(one).collect();
    match subjects.is_empty() {
        true => one(&Language::English),
        false => subjects.join(" / "),
    }
}

fn section_text(section: &Section) -> String {
    let mut lines: Vec<String> = Vec::new();
    // The first says what to do before anything is explained, and the last speaks for itself.
    if !matches!(section.kind, SectionKind::Emergency | SectionKind::Reference) {
        lines.push(section.heading.to_owned());
    }
    lines.extend(section.paragraphs.iter().map(super::Line::text));
    lines.extend(section.list.iter().map(|entry| format!("- {}", entry.text())));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Language; 2] = [Language::English, Language::Welsh];

    #[test]
    fn a_subject_is_in_each_language_and_in_english_without_one() {
        let english = "Your message to Karbon Homes";
        assert_eq!(subject("Karbon Homes", &[]), english);
        assert_eq!(
            subject("Karbon Homes", &BOTH),
            format!("{english} / Eich neges i Karbon Homes")
        );
    }

    #[test]
    fn only_a_whole_notice_in_two_languages_names_them() {
        for (channel, named) in [(Channel::Email, true), (Channel::Sms, false)] {
            let said = in_languages(&[], channel, &BOTH);
            for language in BOTH {
                assert_eq!(said.contains(language.own_name()), named, "{channel:?}");
            }
        }
    }
}
