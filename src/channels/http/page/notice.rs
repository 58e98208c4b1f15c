//! A notice on a page: what happened on top, the emergency at once under it, then what can be done.

use std::fmt::Write;

use quick_xml::escape::escape;

use super::words::{self, ContactKept};
use crate::domain::decision::{Decision, Notice};
use crate::domain::language::Language;
use crate::domain::notice::{Handling, Line, NoticePart, Piece, Section, SectionKind, sections};

/// The parts of the page that depend on the sender.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    pub kept: ContactKept,
    /// The text sent, for a sender who may see the limit and may want a copy.
    pub sent: Option<&'a str>,
    /// A way back: the form's own path.
    pub back: Option<&'a str>,
}

/// The content of a limited sender's page.
pub(super) fn limited(decision: &Decision, language: Language, shown: Shown<'_>) -> String {
    let mut html = match &decision.notice {
        Some(notice) if !notice.parts.is_empty() => {
            of_sections(&sections(&parts(notice, shown.kept), language))
        }
        Some(notice) => in_lines(match (&notice.welsh, language) {
            (Some(welsh), Language::Welsh) => welsh,
            (_, Language::English | Language::Welsh) => &notice.text,
        }),
        None => in_lines(words::without_notice(language)),
    };
    if let Some(sent) = shown.sent {
        // Writing to a string can't fail.
        let _ = write!(
            html,
            "<section>\n<h2>{}</h2>\n<div class=\"sent\">{}</div>\n</section>\n",
            words::what_you_sent(language),
            escape(sent)
        );
    }
    html
}

/// The parts as they hold for a page: what a decision endpoint never saw was not kept, and nobody
/// reads it.
pub fn parts(notice: &Notice, kept: ContactKept) -> Vec<NoticePart> {
    let mut parts = notice.parts.clone();
    if kept == ContactKept::Nothing {
        parts.retain(|part| !matches!(part, NoticePart::ReadBy { .. }));
        for part in &mut parts {
            if let NoticePart::WhatHappened { handling, .. } = part {
                *handling = Handling::NotKept;
            }
        }
    }
    parts
}

/// The text of the notice of an older decision, a paragraph a line.
fn in_lines(text: &str) -> String {
    let lines = text.split('\n').map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| format!("<p>{}</p>\n", escape(line))).collect()
}

/// Sections as HTML. What happened is under the page's own heading; the emergency follows in a
/// box of its own, so that it is seen first.
pub(super) fn of_sections(sections: &[Section]) -> String {
    let order = |section: &&Section| match section.kind {
        SectionKind::WhatHappened => 0,
        SectionKind::Emergency => 1,
        SectionKind::Limit => 2,
        SectionKind::HowToReach => 3,
        SectionKind::AlwaysOpen => 4,
        SectionKind::HowAlways => 5,
        SectionKind::Appeal => 6,
        SectionKind::Why => 7,
        SectionKind::Reference => 8,
    };
    let mut ordered: Vec<&Section> = sections.iter().collect();
    ordered.sort_by_key(order);
    ordered.into_iter().map(section_html).collect()
}

fn section_html(section: &Section) -> String {
    let paragraphs: String =
        section.paragraphs.iter().map(|line| format!("<p>{}</p>\n", line_html(line))).collect();
    let entries: String =
        section.list.iter().map(|line| format!("<li>{}</li>\n", line_html(line))).collect();
    let list = if entries.is_empty() { entries } else { format!("<ul>\n{entries}</ul>\n") };
    if paragraphs.is_empty() && list.is_empty() {
        return String::new();
    }
    match section.kind {
        SectionKind::WhatHappened => format!("{paragraphs}{list}"),
        SectionKind::Reference => format!("<div class=\"reference\">\n{paragraphs}</div>\n"),
        SectionKind::Emergency => format!(
            "<section class=\"urgent\">\n<h2>{}</h2>\n{paragraphs}{list}</section>\n",
            section.heading
        ),
        SectionKind::Why
        | SectionKind::Limit
        | SectionKind::HowToReach
        | SectionKind::AlwaysOpen
        | SectionKind::HowAlways
        | SectionKind::Appeal => {
            format!("<section>\n<h2>{}</h2>\n{paragraphs}{list}</section>\n", section.heading)
        }
    }
}

/// A line with its links. Numbers and addresses open the telephone and the mail
/// program (RFC 3966, RFC 6068).
fn line_html(line: &Line) -> String {
    line.0
        .iter()
        .map(|piece| {
            let shown = escape(piece.shown());
            match piece {
                Piece::Words(_) => shown.into_owned(),
                Piece::Phone { dialled, .. } => {
                    format!("<a href=\"tel:{}\">{shown}</a>", escape(dialled.as_str()))
                }
                Piece::Email(_) => format!("<a href=\"mailto:{shown}\">{shown}</a>"),
                Piece::Link(_) => format!("<a href=\"{shown}\">{shown}</a>"),
            }
        })
        .collect()
}
