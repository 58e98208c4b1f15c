//! A letter as PDF/UA-1: tagged, in reading order, with title, language and headings, its text there to be
//! selected and read out. The feature `pdf` turns it on.
//!
//! The type is Liberation Sans (SIL Open Font License 1.1), of which only the letters in use go into a file.

mod layout;

use std::num::NonZeroU16;

use krilla::Document as Pdf;
use krilla::SerializeSettings;
use krilla::configure::ConfigurationBuilder;
use krilla::configure::validate::Accessibility;
use krilla::destination::XyzDestination;
use krilla::geom::Point;
use krilla::metadata::Metadata;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, ListNumbering, SpanTag, Tag, TagGroup, TagTree,
};
use krilla::text::{Font, TextDirection};

use self::layout::{Face, Laid, PAGE_HEIGHT, PAGE_WIDTH, Run, lay_out};
use crate::domain::letter::{Block, Document};

const REGULAR: &[u8] = include_bytes!("fonts/LiberationSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("fonts/LiberationSans-Bold.ttf");
/// Points of the page numbers, and in large print.
const FOOTER_SIZE: f32 = 10.0;
const FOOTER_SIZE_LARGE: f32 = 18.0;

/// A letter that could not be made into a PDF, and why.
#[derive(Debug, thiserror::Error)]
#[error("the letter can't be made into a PDF: {0}")]
pub struct PdfFault(String);

/// The letter as PDF.
///
/// # Errors
/// Where the letter breaks a rule of PDF/UA, as a heading without a text would.
pub fn pdf(document: &Document) -> Result<Vec<u8>, PdfFault> {
    let fault = |what: &str| PdfFault(what.to_owned());
    let font = |bytes: &'static [u8]| {
        Font::new(bytes.into(), 0).ok_or_else(|| fault("the font can't be read"))
    };
    let fonts = [font(REGULAR)?, font(BOLD)?];
    let faces = [REGULAR, BOLD].map(Face::new);
    let [Some(regular), Some(bold)] = faces else { return Err(fault("the font can't be read")) };
    let laid = lay_out(document, &regular, &bold);
    let configuration = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| PdfFault(format!("{error:?}")))?;
    let mut pdf =
        Pdf::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    let runs = draw(&mut pdf, &laid, &fonts, &regular, document)?;
    pdf.set_tag_tree(tags(document, &runs));
    pdf.set_outline(outline(&laid));
    let language = document.language.regional_tag().to_owned();
    pdf.set_metadata(
        Metadata::new()
            .title(document.title())
            .authors(vec![document.author.clone()])
            .language(language)
            .creator("contact-gateway".to_owned()),
    );
    pdf.finish().map_err(|error| PdfFault(format!("{error:?}")))
}

/// The drawn part of a text: its mark and its lines.
type Drawn = Vec<(Run, Identifier)>;

fn draw(
    pdf: &mut Pdf,
    laid: &Laid,
    fonts: &[Font; 2],
    regular: &Face<'_>,
    document: &Document,
) -> Result<Drawn, PdfFault> {
    let [plain, bold] = fonts;
    let language = document.language.regional_tag();
    let mut drawn = Vec::new();
    for (number, page) in laid.pages.iter().enumerate() {
        let settings = PageSettings::from_wh(PAGE_WIDTH, PAGE_HEIGHT)
            .ok_or_else(|| PdfFault("no page of that size".to_owned()))?;
        let mut sheet = pdf.start_page_with(settings);
        let mut surface = sheet.surface();
        for run in page {
            let own = run.language.map_or(language, |one| one.regional_tag());
            let span = SpanTag::empty().with_lang(Some(own));
            let mark = surface.start_tagged(ContentTag::Span(span));
            surface.draw_text(
                Point::from_xy(run.x, run.y),
                if run.bold { bold.clone() } else { plain.clone() },
                run.size,
                &run.text,
                false,
                TextDirection::LeftToRight,
            );
            surface.end_tagged();
            drawn.push((run.clone(), mark));
        }
        let footer = format!("{} / {}", number + 1, laid.pages.len());
        let size = if document.large_print { FOOTER_SIZE_LARGE } else { FOOTER_SIZE };
        let width = regular.width(&footer, size);
        surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Footer)));
        let at = Point::from_xy((PAGE_WIDTH - width) / 2.0, PAGE_HEIGHT - 30.0);
        surface.draw_text(at, plain.clone(), size, &footer, false, TextDirection::LeftToRight);
        surface.end_tagged();
        surface.finish();
        sheet.finish();
    }
    Ok(drawn)
}

/// The order in which the letter is read out, which is the order on the page.
fn tags(document: &Document, drawn: &Drawn) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some(document.language.regional_tag().to_owned()));
    let of = |block: usize, text: usize, is_mark: bool| {
        drawn
            .iter()
            .filter(move |(run, _)| (run.block, run.text_at, run.is_mark) == (block, text, is_mark))
            .map(|(_, mark)| *mark)
    };
    for (at, block) in document.blocks.iter().enumerate() {
        let mut group = match block {
            Block::Title(text) => heading(NonZeroU16::MIN, &text.line.text()),
            Block::Heading(text) => heading(NonZeroU16::MIN.saturating_add(1), &text.line.text()),
            Block::Paragraph(_) | Block::Lines(_) => TagGroup::new(Tag::P),
            Block::List(_) => TagGroup::new(Tag::L(ListNumbering::Disc)),
        };
        for text in 0..block.texts().len() {
            if matches!(block, Block::List(_)) {
                let mut label = TagGroup::new(Tag::Lbl);
                let mut body = TagGroup::new(Tag::LBody);
                of(at, text, true).for_each(|mark| label.push(mark));
                of(at, text, false).for_each(|mark| body.push(mark));
                let mut item = TagGroup::new(Tag::LI);
                item.push(label);
                item.push(body);
                group.push(item);
            } else {
                of(at, text, false).for_each(|mark| group.push(mark));
            }
        }
        tree.push(group);
    }
    tree
}

fn heading(level: NonZeroU16, text: &str) -> TagGroup {
    TagGroup::new(Tag::Hn(level, Some(text.to_owned())))
}

/// Title and headings, to go to.
fn outline(laid: &Laid) -> Outline {
    let mut outline = Outline::new();
    for heading in &laid.headings {
        let point = Point::from_xy(0.0, heading.y);
        let to = XyzDestination::new(heading.page, point);
        outline.push_child(OutlineNode::new(heading.text.clone(), to));
    }
    outline
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::language::Language;
    use crate::domain::letter::{Templates, samples};

    #[test]
    fn every_letter_is_a_pdf_by_the_rules_of_pdf_ua() {
        for language in Language::ALL {
            for letter in samples(language) {
                let mut document = Templates::default().of(language).lay_out(&letter).unwrap();
                for large_print in [false, true] {
                    document.large_print = large_print;
                    let made = pdf(&document).unwrap();
                    assert!(made.starts_with(b"%PDF-"));
                }
            }
        }
    }

    /// The bytes are what was approved: nothing of the clock or of chance is in them.
    #[test]
    fn the_same_letter_is_the_same_bytes() {
        let letter = samples(Language::English).remove(2);
        let document = Templates::default().english.lay_out(&letter).unwrap();
        assert_eq!(pdf(&document).unwrap(), pdf(&document).unwrap());
    }
}
