//! A kept e-mail as staff read it: sender and recipients, its text, its HTML made harmless, its attachments.

use std::sync::LazyLock;

use bytes::Bytes;
use mail_parser::{Address, HeaderName, MessageParser};
use tokio::sync::Semaphore;

use crate::domain::invisible::is_blank;
use crate::runtime::limits::{
    ATTACHMENTS_SHOWN_MAX, FOREIGN_HTML_BYTES_MAX, MAIL_PARSED_BYTES_MAX, MESSAGE_SHOWN_CHARS_MAX,
    MESSAGES_READ_AT_ONCE_MAX,
};
use crate::runtime::mime::html::{self, Lines};
use crate::runtime::mime::{self, Head, MimePart, decode, harmless};

/// The parts of a message that are shown.
#[derive(Clone, Default)]
pub struct Message {
    pub from: String,
    pub to: String,
    pub cc: String,
    pub subject: String,
    /// As the sender's own clock has it.
    pub date: String,
    pub text: String,
    /// The text is longer than the part shown.
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

/// The parts of the header that are shown.
static SHOWN: LazyLock<MessageParser> = LazyLock::new(|| {
    MessageParser::new()
        .header_address(HeaderName::From)
        .header_address(HeaderName::To)
        .header_address(HeaderName::Cc)
        .header_date(HeaderName::Date)
        .default_header_raw()
});

/// Reads an original; an original that is not a message is shown as it is.
pub async fn read(original: Bytes) -> Message {
    let bytes = original.clone();
    by_turns(move || message(&bytes)).await.unwrap_or_else(|| bare(&original))
}

/// The message's HTML, made harmless: nothing in it runs, loads, links or posts. `None`: the message has no HTML,
/// or more than is shown.
pub async fn harmless_html(original: Bytes) -> Option<String> {
    by_turns(move || html_of(&parts_of(&original)).map(|html| harmless::html(&html)))
        .await
        .flatten()
}

/// Does work whose amount a stranger chose, on a thread of its own and only a few at once, so that other
/// requests do not wait for it. `None`: it panicked.
async fn by_turns<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    static TURNS: Semaphore = Semaphore::const_new(MESSAGES_READ_AT_ONCE_MAX);
    // The turn is the work's, not the request's: work goes on after the caller has left.
    let turn = TURNS.acquire().await.ok()?;
    let work = move || {
        let _turn = turn;
        work()
    };
    tokio::task::spawn_blocking(work).await.ok()
}

/// The parts of as much of it as intake reads, without recursion: see [`mime::parts`].
fn parts_of(original: &Bytes) -> Vec<MimePart> {
    mime::parts(original.slice(..original.len().min(MAIL_PARSED_BYTES_MAX))).parts
}

fn message(original: &Bytes) -> Message {
    let header = Head::of(original).header;
    let Some(fields) = SHOWN.parse_headers(&header).filter(|fields| !fields.headers().is_empty())
    else {
        return bare(original);
    };
    let parts = parts_of(original);
    let (text, cut) = cut(text_of(&parts));
    Message {
        from: named(fields.from()),
        to: named(fields.to()),
        cc: named(fields.cc()),
        subject: mime::subject(&header).unwrap_or_default(),
        date: fields.date().map(mail_parser::DateTime::to_rfc3339).unwrap_or_default(),
        text,
        cut: cut || original.len() > MAIL_PARSED_BYTES_MAX,
        has_html: html_of(&parts).is_some(),
        attachments: attachments(&parts),
    }
}

/// An original that is not a message, as it is.
fn bare(original: &Bytes) -> Message {
    let most = original.len().min(MAIL_PARSED_BYTES_MAX);
    let (text, cut) = cut(decode::text(&original.slice(..most), None));
    Message { text, cut: cut || most < original.len(), ..Message::default() }
}

fn cut(mut text: String) -> (String, bool) {
    let end = text.char_indices().nth(MESSAGE_SHOWN_CHARS_MAX).map(|(at, _)| at);
    if let Some(end) = end {
        text.truncate(end);
    }
    (text, end.is_some())
}

/// Parts shown in the message itself, and not as a file.
fn shown(parts: &[MimePart]) -> impl Iterator<Item = &MimePart> {
    parts.iter().filter(|part| !part.attached && !part.inner)
}

fn decoded(part: &MimePart) -> String {
    decode::text(&part.encoding.bytes(&part.body), part.charset.as_deref())
}

/// The first text; of one that has only HTML, its words.
fn text_of(parts: &[MimePart]) -> String {
    let plain = shown(parts).find(|part| part.is_text() && !part.is_html()).map(decoded);
    if let Some(plain) = plain.filter(|plain| !is_blank(plain)) {
        return plain;
    }
    let html = shown(parts).find(|part| part.is_html()).map(decoded);
    html.map(|html| html::text(&html, Lines::Flow)).unwrap_or_default()
}

/// The HTML part itself, where it is not too long to be shown.
fn html_of(parts: &[MimePart]) -> Option<String> {
    let html = decoded(shown(parts).find(|part| part.is_html())?);
    (html.len() <= FOREIGN_HTML_BYTES_MAX).then_some(html)
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

fn attachments(parts: &[MimePart]) -> Vec<Attached> {
    let files = parts
        .iter()
        .enumerate()
        .filter(|(_, part)| !part.inner && (part.attached || !part.is_text()));
    let each = files.map(|(at, part)| {
        // A message within is known by its subject, which its first part carries.
        let within = parts.get(at + 1).filter(|next| part.is_message() && next.inner);
        let subject = within.and_then(|first| first.subject.clone());
        Attached {
            name: if part.name.is_empty() {
                subject.unwrap_or_default()
            } else {
                part.name.clone()
            },
            kind: part.kind.clone(),
            bytes: part.encoding.bytes(&part.body).len(),
        }
    });
    each.take(ATTACHMENTS_SHOWN_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(message: &str) -> Bytes {
        Bytes::from(message.replace('\n', "\r\n"))
    }

    #[tokio::test]
    async fn a_message_is_read_and_its_html_runs_and_loads_nothing() {
        let message = bytes(
            "From: Jo <jo@x.example>\nTo: repairs@y.example\nSubject: Roof\n\
             Content-Type: text/html\n\n<p onclick=x()>Hello <b>there</b><img src=http://t.example/p>\
             <a href='http://t.example'>link</a><script>alert(1)</script><style>p{}</style></p>",
        );
        let read = read(message.clone()).await;
        assert_eq!((read.from.as_str(), read.subject.as_str()), ("Jo <jo@x.example>", "Roof"));
        assert_eq!(read.to, "repairs@y.example");
        assert!(read.has_html && read.text.contains("Hello there"), "{}", read.text);
        let html = harmless_html(message).await.unwrap();
        assert_eq!(html, "<p>Hello <b>there</b><a>link</a></p>");
    }

    #[tokio::test]
    async fn alternatives_files_and_messages_within_are_told_apart() {
        let message = bytes(
            "From: jo@x.example\nDate: Mon, 23 Nov 2026 10:00:00 +0100\n\
             Content-Type: multipart/mixed; boundary=m\n\n\
             --m\nContent-Type: multipart/alternative; boundary=a\n\n\
             --a\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n\
             T=E2n\n--a\nContent-Type: text/html\n\n<b>T&acirc;n</b>\n--a--\n\
             --m\nContent-Type: image/png; name=roof.png\nContent-Transfer-Encoding: base64\n\nQUJD\n\
             --m\nContent-Type: message/rfc822\n\nSubject: Before\nContent-Type: text/html\n\n<b>old</b>\n\
             --m--\n",
        );
        let read = read(message.clone()).await;
        assert_eq!((read.text.trim(), read.date.as_str()), ("Tân", "2026-11-23T10:00:00+01:00"));
        assert_eq!(harmless_html(message).await.unwrap().trim(), "<b>Tân</b>");
        let files: Vec<_> = read
            .attachments
            .iter()
            .map(|file| (file.name.as_str(), file.kind.as_str(), file.bytes > 0))
            .collect();
        let expected = [("roof.png", "image/png", true), ("Before", "message/rfc822", true)];
        assert_eq!(files, expected);
    }

    #[tokio::test]
    async fn what_is_no_message_is_shown_as_it_is() {
        assert_eq!(read(Bytes::new()).await.text, "");
        let read = read(bytes("plain words")).await;
        assert!(!read.has_html && read.text == "plain words");
    }

    /// The first ended the process; the second took a gigabyte and minutes of a thread that serves others.
    #[tokio::test]
    async fn what_nests_as_deep_as_its_length_allows_is_read_and_shown() {
        let within = "Content-Type: message/rfc822\n\n".repeat(60_000);
        let messages = read(bytes(&format!("From: jo@x.example\n{within}"))).await;
        assert_eq!((messages.from.as_str(), messages.has_html), ("jo@x.example", false));
        let bold: String = (0..20_000).map(|n| format!("<b a={n}>")).collect();
        let html = format!("Content-Type: text/html\n\n{bold}{}hi", "<p>x".repeat(20_000));
        let shown = harmless_html(bytes(&html)).await.unwrap();
        assert!(shown.len() < 2 * html.len() && shown.contains("hi"), "{}", shown.len());
    }
}
