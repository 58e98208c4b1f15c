//! What a template writes: lines of plain text with the least of marks, read into a document.
//!
//! `# title`, `## heading`, `- entry`, `| a line that stays one`, and paragraphs with an empty line
//! between them. `<…>` holds an address, number or link that can be followed; `@en ` or `@cy ` before
//! a paragraph or entry says its language; `\` takes the meaning from the mark behind it.

use super::document::{Block, Text};
use super::say::Section;
use crate::domain::invisible::is_blank;
use crate::domain::language::Language;
use crate::domain::notice::{Line, Piece};

/// Marks at the beginning of a line.
const MARKS: [char; 4] = ['#', '-', '|', '@'];

/// A value as a template may put it anywhere: one line, in which nothing is a mark.
pub(super) fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.trim().chars() {
        match c {
            '\\' | '<' => out.extend(['\\', c]),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => out.push(' '),
            c if out.is_empty() && MARKS.contains(&c) => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// A section as a template puts it: its heading and its text.
pub(super) fn of_section(section: &Section) -> String {
    let heading = section.heading.as_deref().map(|heading| format!("## {}\n\n", escaped(heading)));
    format!("\n\n{}{}\n\n", heading.unwrap_or_default(), of_blocks(&section.blocks))
}

/// The text under a heading.
pub(super) fn of_blocks(blocks: &[Block]) -> String {
    let written: Vec<String> = blocks.iter().map(of_block).collect();
    written.join("\n\n")
}

fn of_block(block: &Block) -> String {
    match block {
        Block::Title(text) => format!("# {}", of_text(text)),
        Block::Heading(text) => format!("## {}", of_text(text)),
        Block::Paragraph(text) => of_text(text),
        Block::List(entries) => marked("- ", entries),
        Block::Lines(lines) => marked("| ", lines),
    }
}

fn marked(mark: &str, texts: &[Text]) -> String {
    let lines: Vec<String> = texts.iter().map(|text| format!("{mark}{}", of_text(text))).collect();
    lines.join("\n")
}

fn of_text(text: &Text) -> String {
    let language = text.language.map(|language| format!("@{} ", language.tag()));
    let mut out = language.unwrap_or_default();
    for piece in &text.line.0 {
        match piece {
            Piece::Words(words) => {
                // Spaces next to a link belong to the sentence.
                let spaces = |text: &str| if text.is_empty() { "" } else { " " };
                let inner = words.trim();
                let before = words.len() - words.trim_start().len();
                let after = words.len() - words.trim_end().len();
                out.push_str(spaces(words.get(..before).unwrap_or_default()));
                out.push_str(&escaped(inner));
                if !inner.is_empty() {
                    out.push_str(spaces(words.get(words.len() - after..).unwrap_or_default()));
                }
            }
            Piece::Phone { dialled, .. } => out.push_str(&format!("<tel:{}>", inside(dialled))),
            Piece::Email(address) => out.push_str(&format!("<{}>", inside(address))),
            Piece::Link(url) => out.push_str(&format!("<{}>", inside(url))),
        }
    }
    out
}

/// The text between `<` and `>`: never the end of it, nor a line's.
fn inside(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '<' | '>' | '\\') && !c.is_control()).collect()
}

/// Reads what a template wrote.
pub(super) fn parse(written: &str) -> Vec<Block> {
    let mut reading = Reading { blocks: Vec::new(), open: None };
    for line in written.lines() {
        reading.line(line.trim());
    }
    reading.close();
    reading.blocks
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Paragraph,
    List,
    Lines,
}

struct Reading {
    blocks: Vec<Block>,
    /// What is being read: its kind and the texts so far.
    open: Option<(Kind, Vec<String>)>,
}

impl Reading {
    fn line(&mut self, line: &str) {
        if line.is_empty() {
            self.close();
        } else if let Some(text) = line.strip_prefix("## ") {
            self.close();
            self.put(Block::Heading(text_of(text)));
        } else if let Some(text) = line.strip_prefix("# ") {
            self.close();
            self.put(Block::Title(text_of(text)));
        } else if let Some(text) = line.strip_prefix("- ") {
            self.begin(Kind::List, text);
        } else if let Some(text) = line.strip_prefix('|') {
            self.begin(Kind::Lines, text.trim());
        } else if let Some((_, texts)) = &mut self.open
            && let Some(last) = texts.last_mut()
        {
            // A long line that was broken.
            last.push(' ');
            last.push_str(line);
        } else {
            self.begin(Kind::Paragraph, line);
        }
    }

    fn begin(&mut self, kind: Kind, text: &str) {
        match &mut self.open {
            Some((open, texts)) if *open == kind && kind != Kind::Paragraph => {
                texts.push(text.to_owned());
            }
            _ => {
                self.close();
                self.open = Some((kind, vec![text.to_owned()]));
            }
        }
    }

    fn close(&mut self) {
        let Some((kind, texts)) = self.open.take() else { return };
        let mut texts: Vec<Text> = texts.iter().map(|text| text_of(text)).collect();
        texts.retain(|text| !is_blank(&text.line.text()));
        match kind {
            Kind::Paragraph => {
                for text in texts {
                    self.put(Block::Paragraph(text));
                }
            }
            Kind::List if !texts.is_empty() => self.put(Block::List(texts)),
            Kind::Lines if !texts.is_empty() => self.put(Block::Lines(texts)),
            Kind::List | Kind::Lines => {}
        }
    }

    fn put(&mut self, block: Block) {
        self.blocks.push(block);
    }
}

fn text_of(written: &str) -> Text {
    let marked = written.strip_prefix('@').and_then(|rest| rest.split_once(' '));
    let marked = marked.and_then(|(tag, rest)| Some((Language::of_tag(tag)?, rest)));
    let (language, written) = match marked {
        Some((language, rest)) => (Some(language), rest),
        None => (None, written),
    };
    Text { line: line_of(written), language }
}

fn line_of(written: &str) -> Line {
    let mut line = Line::default();
    let mut words = String::new();
    let mut chars = written.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => words.extend(chars.next()),
            '<' => {
                let detail: String = chars.by_ref().take_while(|c| *c != '>').collect();
                line = line.then(&std::mem::take(&mut words));
                line = match detail.strip_prefix("tel:") {
                    Some(number) => line.phone(number),
                    None => line.detail(&detail),
                };
            }
            c => words.push(c),
        }
    }
    if words.is_empty() { line } else { line.then(&words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_line_in_which_nothing_is_a_mark() {
        for (value, written) in [
            (" plain - text ", "plain - text"),
            ("#1", "\\#1"),
            ("-", "\\-"),
            ("|x", "\\|x"),
            ("@en x", "\\@en x"),
            ("a#b|c@d-e", "a#b|c@d-e"),
            ("a<b>\\c", "a\\<b>\\\\c"),
            ("a\nb\tc\u{2028}d\u{2029}e", "a b c d e"),
            ("", ""),
        ] {
            assert_eq!(escaped(value), written, "{value:?}");
        }
    }

    #[test]
    fn a_link_never_ends_early_and_spaces_beside_it_are_the_sentences() {
        assert_eq!(inside("a<b>c\\d\u{7}\ne"), "abcde");
        let written = |line: Line| of_text(&line.into());
        assert_eq!(written(Line::words("  see  ").link("https://x")), " see <https://x>");
        assert_eq!(
            written(Line::words("see").link("https://x").then(" ").then("it")),
            "see<https://x> it"
        );
        let english = Text { line: Line::words("a"), language: Some(Language::English) };
        assert_eq!(of_text(&english), "@en a");
    }

    fn text(words: &str) -> Text {
        Line::words(words).into()
    }

    #[test]
    fn what_is_written_is_read_in_blocks() {
        let written = "# Title\nOne\nline\n- a\n- b\nbroken\n| x\n|y\n## Head\nTwo\n\n\nThree\n\n-\n- \u{200b}\n\n|\n# T2";
        let expected = vec![
            Block::Title(text("Title")),
            Block::Paragraph(text("One line")),
            Block::List(vec![text("a"), text("b broken")]),
            Block::Lines(vec![text("x"), text("y")]),
            Block::Heading(text("Head")),
            Block::Paragraph(text("Two")),
            Block::Paragraph(text("Three")),
            Block::Paragraph(text("-")),
            Block::Title(text("T2")),
        ];
        assert_eq!(parse(written), expected);
        assert_eq!(
            parse("- a\n\n- b"),
            [Block::List(vec![text("a")]), Block::List(vec![text("b")])]
        );
        assert_eq!(parse(" \n\u{200b}\n"), []);
    }

    #[test]
    fn a_mark_of_a_language_counts_if_it_is_one_of_ours() {
        for (written, words, language) in [
            ("@cy Helo", "Helo", Some(Language::Welsh)),
            ("@en-GB Hello", "Hello", Some(Language::English)),
            ("@fr Salut", "@fr Salut", None),
            ("\\@en x", "@en x", None),
            ("@en", "@en", None),
        ] {
            assert_eq!(text_of(written), Text { language, ..text(words) });
        }
        let line = Line::words("Call ").phone("+441914980123").then(" or ").detail("a@b.example");
        assert_eq!(line_of("Call <tel:+441914980123> or <a@b.example>"), line);
    }

    #[test]
    fn a_section_is_its_heading_and_its_text() {
        let blocks =
            vec![Block::Paragraph(text("- One")), Block::Lines(vec![text("a"), text("b")])];
        let of = |heading: Option<&str>| {
            let (name, heading) = (String::new(), heading.map(str::to_owned));
            of_section(&Section { name, heading, blocks: blocks.clone() })
        };
        assert_eq!(of(Some("#Why")), "\n\n## \\#Why\n\n\\- One\n\n| a\n| b\n\n");
        assert_eq!(of(None), "\n\n\\- One\n\n| a\n| b\n\n");
    }
}
