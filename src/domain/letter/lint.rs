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
