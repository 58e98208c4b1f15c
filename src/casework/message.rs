//! A kept e-mail as staff read it: who wrote it to whom, its text, its HTML made harmless, its attachments.

use std::collections::{HashMap, HashSet};

use mail_parser::{Address, Message as Parsed, MessageParser, MimeHeaders, PartType};

use crate::runtime::limits::{
    ATTACHMENTS_SHOWN_MAX, FOREIGN_HTML_BYTES_MAX, MAIL_PARSED_BYTES_MAX, MESSAGE_SHOWN_CHARS_MAX,
};

/// What is shown of a message.
#[derive(Clone, Default)]
pub struct Message {
    pub from: String,
    pub to: String,
    pub cc: String,
    pub subject: String,
    /// As the sender's own clock has it.
    pub date: String,
    pub text: String,
    /// The text is longer than what is shown.
    pub cut: bool,
    /// Whether there is HTML that can be shown.
    pub has_html: bool,
    pub attachments: Vec<Attached>,
}

/// One attachment, by its name.
#[derive(Clone)]
pub struct Attached {
    pub name: String,
    pub kind: String,
    pub bytes: usize,
}

/// Shows how much there is, and nothing of it.
impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Message({} attachments)", self.attachments.len())
    }
}

/// Reads an original; one that is no message is shown as what it is.
pub fn read(original: &[u8]) -> Message {
    let Some(parsed) = parsed(original) else {
        return Message {
            text: String::from_utf8_lossy(original).into_owned(),
            ..Message::default()
        };
    };
    let text: String = parsed.body_text(0).unwrap_or_default().into_owned();
    let mut shown = text;
    let cut = match shown.char_indices().nth(MESSAGE_SHOWN_CHARS_MAX) {
        Some((at, _)) => {
            shown.truncate(at);
            true
        }
        None => false,
    };
    Message {
        from: named(parsed.from()),
        to: named(parsed.to()),
        cc: named(parsed.cc()),
        subject: parsed.subject().unwrap_or_default().to_owned(),
        date: parsed.date().map(mail_parser::DateTime::to_rfc3339).unwrap_or_default(),
        text: shown,
        cut: cut || original.len() > MAIL_PARSED_BYTES_MAX,
        has_html: html_of(&parsed).is_some_and(|html| html.len() <= FOREIGN_HTML_BYTES_MAX),
        attachments: attachments(&parsed),
    }
}

/// The message's HTML, made harmless: nothing in it runs, loads, links or posts. `None`: there is none, or
/// too much.
pub fn harmless_html(original: &[u8]) -> Option<String> {
    let parsed = parsed(original)?;
    let html = html_of(&parsed)?;
    (html.len() <= FOREIGN_HTML_BYTES_MAX).then(|| cleaned(html))
}

fn parsed(original: &[u8]) -> Option<Parsed<'_>> {
    let most = original.get(..MAIL_PARSED_BYTES_MAX).unwrap_or(original);
    MessageParser::default().parse(most)
}

/// The HTML part itself; what a text alone would be made into is none.
fn html_of<'a>(parsed: &'a Parsed<'_>) -> Option<&'a str> {
    parsed.html_bodies().find_map(|part| match &part.body {
        PartType::Html(html) => Some(html.as_ref()),
        _ => None,
    })
}

/// An allow-list, by the parser that browsers have: words and tables, and colours in their places. No
/// link leads anywhere, since a press on one would tell the sender who read this; no picture is loaded.
fn cleaned(html: &str) -> String {
    let tags: HashSet<&str> = [
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "center",
        "code",
        "dd",
        "del",
        "div",
        "dl",
        "dt",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "ins",
        "li",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
    ]
    .into();
    let mut attributes: HashMap<&str, HashSet<&str>> = HashMap::new();
    attributes.insert("td", ["colspan", "rowspan"].into());
    attributes.insert("th", ["colspan", "rowspan"].into());
    attributes.insert("ol", ["start"].into());
    let generic: HashSet<&str> = ["dir", "lang"].into();
    ammonia::Builder::empty()
        .tags(tags)
        .tag_attributes(attributes)
        .generic_attributes(generic)
        .clean_content_tags(["script", "style", "title", "template", "svg", "math"].into())
        .strip_comments(true)
        .link_rel(None)
        .clean(html)
        .to_string()
}

fn named(address: Option<&Address<'_>>) -> String {
    let Some(address) = address else { return String::new() };
    let each = address.iter().map(|one| match (one.name(), one.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    });
    each.filter(|one| !one.is_empty()).collect::<Vec<_>>().join(", ")
}

fn attachments(parsed: &Parsed<'_>) -> Vec<Attached> {
    let each = parsed.attachments().map(|part| {
        let kind = part.content_type().map(|kind| match kind.subtype() {
            Some(sub) => format!("{}/{sub}", kind.ctype()),
            None => kind.ctype().to_owned(),
        });
        Attached {
            name: part.attachment_name().unwrap_or_default().to_owned(),
            kind: kind.unwrap_or_default(),
            bytes: part.len(),
        }
    });
    each.take(ATTACHMENTS_SHOWN_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_and_its_html_runs_and_loads_nothing() {
        let message = b"From: Jo <jo@x.example>\r\nTo: repairs@y.example\r\nSubject: Roof\r\n\
            Content-Type: text/html\r\n\r\n<p onclick=x()>Hello <b>there</b><img src=http://t.example/p>\
            <a href='http://t.example'>link</a><script>alert(1)</script><style>p{}</style></p>";
        let read = read(message);
        assert_eq!((read.from.as_str(), read.subject.as_str()), ("Jo <jo@x.example>", "Roof"));
        assert!(read.has_html && read.text.contains("Hello there"), "{}", read.text);
        let html = harmless_html(message).unwrap();
        assert_eq!(html, "<p>Hello <b>there</b><a>link</a></p>");
    }

    #[test]
    fn what_is_no_message_is_shown_as_it_is() {
        assert_eq!(read(b"").text, "");
        assert!(!read(b"plain words").has_html);
    }
}
