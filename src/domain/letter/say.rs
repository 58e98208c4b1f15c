//! What a letter says, in its language: a section for each part.

use super::document::{Block, Text};
use super::{Concerns, Letter, Opening, Part, Said, says_of};
use crate::domain::case::letter::LetterKind;
use crate::domain::invisible::is_blank;
use crate::domain::language::Language;
use crate::domain::notice::phrases::Phrases;
use crate::domain::notice::{Line, NoticePart, phrases_of, sections, sentence};

/// A part as it is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    /// The name in templates, or what the policy asked for.
    pub(super) name: String,
    pub(super) heading: Option<String>,
    pub(super) blocks: Vec<Block>,
}

/// The sentences of letters in one language, besides those that notices have.
pub(super) trait Says: Sync {
    fn title(&self, kind: LetterKind, concerns: Concerns) -> &'static str;
    fn heading(&self, part: Part, kind: LetterKind) -> &'static str;
    fn dear(&self, name: &str) -> String;
    fn closing(&self) -> &'static str;
    fn our_reference(&self, reference: &str) -> String;
    /// The role as written under a letter: "Head of service".
    fn signing(&self, role: &str) -> String;
    fn say(&self, said: &Said, kind: LetterKind, saying: &mut Saying);
}

/// Every section of a letter, in order.
pub(super) fn sections_of(letter: &Letter) -> Vec<Section> {
    letter.said.iter().map(|said| section(said, letter)).collect()
}

/// One part of a letter.
pub(super) fn section(said: &Said, letter: &Letter) -> Section {
    let mut saying =
        Saying { language: letter.language, say: phrases_of(letter.language), blocks: Vec::new() };
    let heading = match said.part() {
        // The opening of a letter comes under its title.
        Some(Part::Opening) | None => None,
        Some(part) => Some(says_of(letter.language).heading(part, letter.kind).to_owned()),
    };
    match said {
        Said::Own { text, .. } => {
            for paragraph in text.split("\n\n").map(str::trim).filter(|text| !is_blank(text)) {
                saying.p(paragraph);
            }
        }
        said => says_of(letter.language).say(said, letter.kind, &mut saying),
    }
    let name = match said {
        Said::Own { name, .. } => name.clone(),
        said => said.part().map(|part| part.name().to_owned()).unwrap_or_default(),
    };
    Section { name, heading, blocks: saying.blocks }
}

/// What a letter is about, for its title.
pub(super) fn title(letter: &Letter) -> &'static str {
    let concerns = match letter.says(Part::Opening) {
        Some(Said::Opening(
            Opening::Restriction { concerns }
            | Opening::Variation { concerns }
            | Opening::Lifted { concerns }
            | Opening::UpcomingReview { concerns }
            | Opening::ReviewOutcome { concerns },
        )) => *concerns,
        _ => Concerns::Contact,
    };
    says_of(letter.language).title(letter.kind, concerns)
}

/// A section being said.
pub(super) struct Saying {
    language: Language,
    /// The sentences that notices have too.
    pub(super) say: &'static dyn Phrases,
    blocks: Vec<Block>,
}

impl Saying {
    pub(super) fn p(&mut self, text: impl Into<String>) {
        self.line(Line::words(text));
    }

    pub(super) fn line(&mut self, line: Line) {
        self.blocks.push(Block::Paragraph(line.into()));
    }

    /// Sentences of one paragraph.
    pub(super) fn lines(&mut self, lines: impl IntoIterator<Item = Line>) {
        let joined = lines.into_iter().reduce(|before, line| before.then(" ").and(line));
        if let Some(line) = joined {
            self.line(line);
        }
    }

    pub(super) fn item(&mut self, line: Line) {
        self.entry(line.into());
    }

    fn entry(&mut self, text: Text) {
        match self.blocks.last_mut() {
            Some(Block::List(entries)) => entries.push(text),
            _ => self.blocks.push(Block::List(vec![text])),
        }
    }

    /// What staff wrote. It is English, whatever the letter's language is.
    pub(super) fn own(&mut self, text: &str) {
        let text = self.theirs(Line::words(sentence(text)));
        self.blocks.push(Block::Paragraph(text));
    }

    /// The same as an entry behind words of ours.
    pub(super) fn own_item(&mut self, before: String, text: &str) {
        match self.language {
            Language::English => {
                self.item(Line::words(format!("{before}: {}", sentence(text))));
            }
            Language::Welsh => {
                self.item(Line::words(format!("{before}:")));
                let text = self.theirs(Line::words(sentence(text)));
                self.entry(text);
            }
        }
    }

    fn theirs(&self, line: Line) -> Text {
        let language = (self.language != Language::English).then_some(Language::English);
        Text { line, language }
    }

    /// What a notice says of the same thing.
    pub(super) fn notice(&mut self, part: &NoticePart) {
        for section in sections(std::slice::from_ref(part), self.language) {
            for line in section.paragraphs {
                self.line(line);
            }
            for line in section.list {
                self.item(line);
            }
        }
    }
}
