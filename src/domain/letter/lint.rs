//! Whether a letter, as it was laid out, has everything that it was asked to have.

use super::document::{Block, Document};
use super::say::section;
use super::{Letter, Part, Said};
use crate::domain::case::letter::parts_of;
use crate::domain::profile::Profile;

/// Required by law in every letter that has them, whatever the policy says.
const ALWAYS: [Part; 2] = [Part::AlwaysOpen, Part::HowToAppeal];

/// The parts that a letter must contain, by the policy's names if it has any.
pub(super) fn must_say(profile: &Profile, letter: &Letter) -> Vec<String> {
    let mut asked = parts_of(profile, letter.kind);
    for part in ALWAYS {
        let is_asked = asked.iter().any(|name| Part::asked_for_as(name) == Some(part));
        if !is_asked && letter.says(part).is_some() {
            asked.push(part.name().to_owned());
        }
    }
    asked
}

/// The parts that were asked for by name and that the letter does not say: because the draft left them out, the case
/// has nothing for them, or the template puts them nowhere.
pub fn missing(asked: &[String], letter: &Letter, document: &Document) -> Vec<String> {
    let there: Vec<String> =
        document.blocks.iter().flat_map(Block::texts).map(|text| flat(&text.line.text())).collect();
    asked.iter().filter(|name| !is_said(name, letter, &there)).cloned().collect()
}

fn is_said(name: &str, letter: &Letter, there: &[String]) -> bool {
    let part = Part::asked_for_as(name);
    let asked = |said: &&Said| match said {
        Said::Own { name: own, .. } => own == name || (part.is_some() && said.part() == part),
        said => part.is_some() && said.part() == part,
    };
    let Some(said) = letter.said.iter().find(asked) else { return false };
    let blocks = section(said, letter).blocks;
    let mut texts = blocks.iter().flat_map(Block::texts).map(|text| flat(&text.line.text()));
    !blocks.is_empty() && texts.all(|text| there.iter().any(|one| one.contains(&text)))
}

/// A template may break lines and join paragraphs; the words are what counts.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::document::Text;
    use super::super::{markup, samples, say};
    use super::*;
    use crate::domain::case::letter::LetterKind;
    use crate::domain::language::Language;
    use crate::domain::nation::Nation;

    fn laid_out(blocks: Vec<Block>) -> Document {
        Document { language: Language::English, large_print: false, author: String::new(), blocks }
    }

    fn asked(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn the_law_asks_for_what_the_policy_does_not_once_and_where_a_letter_has_it() {
        let mut profile = Profile::silent("Bare Homes", Nation::England);
        let all = samples(Language::English);
        let warning = &all[0];
        let restriction = all.iter().find(|one| one.kind == LetterKind::Restriction).unwrap();
        assert_eq!(must_say(&profile, restriction), asked(&["always_open", "how_to_appeal"]));
        profile.letter.must_say = asked(&["reasons", "appeal"]);
        assert_eq!(must_say(&profile, restriction), asked(&["reasons", "appeal", "always_open"]));
        assert!(!must_say(&profile, warning).contains(&"how_to_appeal".to_owned()));
    }

    #[test]
    fn a_part_is_said_if_all_of_its_words_are_there_however_they_are_broken() {
        let mut letter = samples(Language::English).remove(0);
        letter.said = vec![
            Said::Own { name: "annual_leave".into(), text: "Some  words.\n\nMore.".into() },
            Said::Own { name: "why".into(), text: "Because.".into() },
            Said::Own { name: "empty".into(), text: " ".into() },
            Said::MustChange { what: "Be calm.".into() },
        ];
        let text =
            |words: &str| Block::Paragraph(Text::from(crate::domain::notice::Line::words(words)));
        let every =
            asked(&["annual_leave", "why", "reasons", "empty", "must_change", "policy", "no_such"]);
        let lacks = |blocks: Vec<Block>| missing(&every, &letter, &laid_out(blocks));
        let gone = asked(&["empty", "policy", "no_such"]);
        let whole = vec![text("Some words."), text("And More. Because."), text("Be calm.")];
        assert_eq!(lacks(whole), gone);
        let half = vec![text("Some\nwords."), text("Because."), text("Be calm.")];
        assert_eq!(lacks(half), [asked(&["annual_leave"]), gone.clone()].concat());
        let none = lacks(Vec::new());
        assert_eq!(none, every);
        let sections = say::sections_of(&letter);
        let read = sections.iter().flat_map(|one| markup::parse(&markup::of_section(one)));
        assert_eq!(lacks(read.collect()), gone);
    }
}
