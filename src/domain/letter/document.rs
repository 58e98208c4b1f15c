//! A letter laid out: what goes where, ready for any rendering.

use super::super::language::Language;
use super::super::notice::Line;

/// A paragraph or entry. What staff wrote in another language than the letter's bears its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub line: Line,
    pub language: Option<Language>,
}

impl From<Line> for Text {
    fn from(line: Line) -> Self {
        Text { line, language: None }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// What the letter is about: one in a letter.
    Title(Text),
    Heading(Text),
    Paragraph(Text),
    List(Vec<Text>),
    /// Lines that stay lines: addresses, date, signature.
    Lines(Vec<Text>),
}

impl Block {
    pub fn texts(&self) -> &[Text] {
        match self {
            Block::Title(text) | Block::Heading(text) | Block::Paragraph(text) => {
                std::slice::from_ref(text)
            }
            Block::List(texts) | Block::Lines(texts) => texts,
        }
    }
}

/// A letter laid out by a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub language: Language,
    pub large_print: bool,
    /// The name of the organisation that writes.
    pub author: String,
    pub blocks: Vec<Block>,
}

impl Document {
    pub fn title(&self) -> String {
        let title = self.blocks.iter().find_map(|block| match block {
            Block::Title(text) => Some(text.line.text()),
            _ => None,
        });
        title.unwrap_or_else(|| self.author.clone())
    }
}
