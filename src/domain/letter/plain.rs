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
