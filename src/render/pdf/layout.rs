//! The place of each line of a letter on its pages.

use crate::domain::language::Language;
use crate::domain::letter::{Block, Document, Text};

/// A4, in points.
pub(super) const PAGE_WIDTH: f32 = 595.28;
pub(super) const PAGE_HEIGHT: f32 = 841.89;
const MARGIN: f32 = 64.0;
const FOOT: f32 = 60.0;
/// Points of the text, and in large print.
const SIZE: f32 = 12.0;
const SIZE_LARGE: f32 = 18.0;
/// Of the size of the text: lines, headings, and the space between paragraphs.
const LINE: f32 = 1.42;
const TITLE: f32 = 1.4;
const HEADING: f32 = 1.12;
const GAP: f32 = 0.7;
const GAP_ABOVE_HEADING: f32 = 1.35;
const INDENT: f32 = 1.3;

/// A font, as far as widths go.
pub(super) struct Face<'a> {
    face: ttf_parser::Face<'a>,
}

impl<'a> Face<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        Some(Face { face: ttf_parser::Face::parse(bytes, 0).ok()? })
    }

    /// Points that a text takes in a size. What the font does not have is as wide as an `m`.
    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        let em = f32::from(self.face.units_per_em());
        let of = |c: char| {
            let glyph = self.face.glyph_index(c).or_else(|| self.face.glyph_index('m'));
            glyph.and_then(|glyph| self.face.glyph_hor_advance(glyph)).unwrap_or_default()
        };
        text.chars().map(|c| f32::from(of(c))).sum::<f32>() * size / em
    }
}

/// Text on one line.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) block: usize,
    pub(super) text_at: usize,
    /// The bullet of an entry.
    pub(super) is_mark: bool,
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) size: f32,
    pub(super) bold: bool,
    pub(super) text: String,
    pub(super) language: Option<Language>,
}

pub(super) struct HeadingAt {
    pub(super) page: usize,
    pub(super) y: f32,
    pub(super) text: String,
}

pub(super) struct Laid {
    pub(super) pages: Vec<Vec<Run>>,
    pub(super) headings: Vec<HeadingAt>,
}

/// Lays a letter out on pages.
pub(super) fn lay_out(document: &Document, regular: &Face<'_>, bold: &Face<'_>) -> Laid {
    let size = if document.large_print { SIZE_LARGE } else { SIZE };
    let laid = Laid { pages: vec![Vec::new()], headings: Vec::new() };
    let mut laying = Laying { regular, bold, size, y: MARGIN, laid };
    for (at, block) in document.blocks.iter().enumerate() {
        laying.block(at, block);
    }
    laying.laid
}

struct Laying<'a> {
    regular: &'a Face<'a>,
    bold: &'a Face<'a>,
    size: f32,
    /// The bottom of the content on the page.
    y: f32,
    laid: Laid,
}

impl Laying<'_> {
    fn block(&mut self, at: usize, block: &Block) {
        match block {
            Block::Title(text) => self.heading(at, text, TITLE),
            Block::Heading(text) => self.heading(at, text, HEADING),
            Block::Paragraph(text) => {
                self.space(GAP);
                self.text((at, 0), text, 0.0, self.size, false);
            }
            Block::Lines(lines) => {
                self.space(GAP * 1.6);
                // An address is never torn apart.
                let lines_high = f32::from(u16::try_from(lines.len()).unwrap_or(u16::MAX));
                self.keep(lines_high * self.size * LINE);
                for (number, line) in lines.iter().enumerate() {
                    self.text((at, number), line, 0.0, self.size, false);
                }
            }
            Block::List(entries) => {
                self.space(GAP * 0.6);
                for (number, entry) in entries.iter().enumerate() {
                    self.keep(self.size * LINE);
                    let y = self.y + self.size;
                    let mark = Run {
                        block: at,
                        text_at: number,
                        is_mark: true,
                        x: MARGIN + self.size * 0.3,
                        y,
                        size: self.size,
                        bold: false,
                        text: "•".to_owned(),
                        language: None,
                    };
                    self.put(mark);
                    self.text((at, number), entry, self.size * INDENT, self.size, false);
                    self.y += self.size * 0.15;
                }
            }
        }
    }

    /// With room for two lines of what it is of.
    fn heading(&mut self, at: usize, text: &Text, scale: f32) {
        let size = self.size * scale;
        self.space(GAP_ABOVE_HEADING);
        self.keep(size * LINE + 3.0 * self.size * LINE);
        let page = self.laid.pages.len().saturating_sub(1);
        let (y, words) = (self.y, text.line.text());
        self.laid.headings.push(HeadingAt { page, y, text: words });
        self.text((at, 0), text, 0.0, size, true);
    }

    fn text(&mut self, of: (usize, usize), text: &Text, indent: f32, size: f32, bold: bool) {
        let face = if bold { self.bold } else { self.regular };
        let lines = wrapped(&text.line.text(), PAGE_WIDTH - 2.0 * MARGIN - indent, size, face);
        for line in lines {
            self.keep(size * LINE);
            let run = Run {
                block: of.0,
                text_at: of.1,
                is_mark: false,
                x: MARGIN + indent,
                y: self.y + size,
                size,
                bold,
                text: line,
                language: text.language,
            };
            self.put(run);
            self.y += size * LINE;
        }
    }

    fn put(&mut self, run: Run) {
        if let Some(page) = self.laid.pages.last_mut() {
            page.push(run);
        }
    }

    /// Space above something, but on top of a page.
    fn space(&mut self, of_size: f32) {
        if self.y > MARGIN {
            self.y += self.size * of_size;
        }
    }

    /// A new page where there is no room left for so much.
    fn keep(&mut self, height: f32) {
        if self.y + height > PAGE_HEIGHT - FOOT && self.y > MARGIN {
            self.laid.pages.push(Vec::new());
            self.y = MARGIN;
        }
    }
}

/// Lines that fit, each but the last with the space behind it, so that words stay words when the text is
/// taken out again. A word too long for a line (a link) is broken anywhere.
fn wrapped(text: &str, width: f32, size: f32, face: &Face<'_>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if face.width(&longer, size) <= width {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(format!("{line} "));
            line.clear();
        }
        for c in word.chars() {
            line.push(c);
            if face.width(&line, size) > width && line.chars().count() > 1 {
                line.pop();
                lines.push(std::mem::replace(&mut line, c.to_string()));
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}
