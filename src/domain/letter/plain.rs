//! A letter as plain text.

use super::document::{Block, Document, Text};

/// The whole letter, every line whole.
pub fn plain(document: &Document) -> String {
    let mut out = String::new();
    for (at, block) in document.blocks.iter().enumerate() {
        // A heading is right above its text.
        let after_heading = at
            .checked_sub(1)
            .and_then(|before| document.blocks.get(before))
            .is_some_and(|before| matches!(before, Block::Heading(_)) || leads_in(before, block));
        if at > 0 && !after_heading {
            out.push('\n');
        }
        let mark = if matches!(block, Block::List(_)) { "- " } else { "" };
        for text in block.texts() {
            out.push_str(mark);
            out.push_str(&text.line.text());
            out.push('\n');
        }
    }
    out
}

/// Whether a paragraph leads in to the list behind it.
fn leads_in(before: &Block, block: &Block) -> bool {
    let ends = |text: &Text| text.line.text().ends_with(':');
    matches!((before, block), (Block::Paragraph(text), Block::List(_)) if ends(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::language::Language;
    use crate::domain::notice::Line;

    #[test]
    fn a_heading_is_right_above_its_text_and_a_list_right_under_what_leads_in_to_it() {
        let text = |words: &str| Text::from(Line::words(words));
        let document = Document {
            language: Language::English,
            large_print: false,
            author: "Bare Homes".to_owned(),
            blocks: vec![
                Block::Title(text("Title")),
                Block::Heading(text("Head:")),
                Block::Paragraph(text("One:")),
                Block::List(vec![text("a"), text("b")]),
                Block::Paragraph(text("Two.")),
                Block::List(vec![text("c:")]),
                Block::Paragraph(text("Three:")),
                Block::Paragraph(text("Four")),
                Block::Lines(vec![text("x"), text("y")]),
            ],
        };
        let expected = "Title\n\nHead:\nOne:\n- a\n- b\n\nTwo.\n\n- c:\n\nThree:\n\nFour\n\nx\ny\n";
        assert_eq!(plain(&document), expected);
        assert_eq!(document.title(), "Title");
        let untitled = Document { blocks: vec![Block::Heading(text("Head"))], ..document };
        assert_eq!(untitled.title(), "Bare Homes");
        assert_eq!(plain(&Document { blocks: Vec::new(), ..untitled }), "");
    }
}
