//! The text of HTML, as a person would see it: by the tokens of the HTML standard, in one pass without a
//! tree, so that no nesting is too deep. What mail programs quote carries `>`, as it does in plain text.

use std::convert::Infallible;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};
use memchr::memmem;

/// Whether line ends are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    Flow,
    Kept,
}

pub fn text(html: &str, lines: Lines) -> String {
    // A comment that never ends would hide the rest from us, and not from everybody.
    let open = memmem::rfind(html.as_bytes(), b"<!--")
        .filter(|at| !html.get(*at..).is_some_and(|rest| rest.contains("-->")));
    let (before, after) = match open {
        Some(at) => (html.get(..at).unwrap_or_default(), html.get(at + 4..).unwrap_or_default()),
        None => (html, ""),
    };
    let mut page = Page { kept: usize::from(lines == Lines::Kept), ..Page::default() };
    page = shown(before, page, true);
    if page.hidden.is_some() {
        // So would a style or script without an end.
        page = Page { kept: usize::from(lines == Lines::Kept), ..Page::default() };
        page = shown(before, page, false);
    }
    page = shown(after, page, false);
    let end = page.text.trim_end().len();
    page.text.truncate(end);
    page.text
}

/// Reads on. `raw`: styles and scripts are no markup.
fn shown(html: &str, page: Page, raw: bool) -> Page {
    let mut page = Page { raw, ..page };
    each_token(html, raw, |token| page.see(token));
    page
}

/// Hands over the tokens of a page. `raw`: styles and scripts are no markup.
pub(super) fn each_token(html: &str, raw: bool, mut see: impl FnMut(CallbackEvent<'_>)) {
    let mut emitter =
        CallbackEmitter::new(|token: CallbackEvent<'_>, _: Span<()>| -> Option<Infallible> {
            see(token);
            None
        });
    emitter.naively_switch_states(raw);
    // No token is handed on, and a string can't fail to be read.
    let _ = Tokenizer::new_with_emitter(html, emitter).finish();
}

#[derive(Debug, Default)]
struct Page {
    text: String,
    raw: bool,
    /// Inside this element, which shows nothing.
    hidden: Option<Vec<u8>>,
    /// Quotations that are open: blockquotes, and the `div`s open in one that quotes.
    quotes: usize,
    quoting_div: Option<usize>,
    divs: usize,
    /// `pre` and its like that are open.
    kept: usize,
    /// Something is shown on the line already.
    in_line: bool,
    space: bool,
    tag: Vec<u8>,
    attribute: Vec<u8>,
    opens_quote: bool,
}

impl Page {
    fn see(&mut self, event: CallbackEvent<'_>) {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                self.tag = name.to_vec();
                self.attribute.clear();
                self.opens_quote = false;
            }
            CallbackEvent::AttributeName { name } => self.attribute = name.to_vec(),
            CallbackEvent::AttributeValue { value } => self.attribute(value),
            CallbackEvent::CloseStartTag { .. } => self.start(),
            CallbackEvent::EndTag { name } => self.end(name),
            CallbackEvent::String { value } if self.hidden.is_none() => {
                self.say(&String::from_utf8_lossy(value));
            }
            CallbackEvent::String { .. }
            | CallbackEvent::Comment { .. }
            | CallbackEvent::Doctype { .. }
            | CallbackEvent::Error(_) => {}
        }
    }

    fn attribute(&mut self, value: &[u8]) {
        match (self.tag.as_slice(), self.attribute.as_slice()) {
            // A picture's alternative text is seen if pictures are not loaded.
            (b"img", b"alt") if self.hidden.is_none() => {
                self.space = true;
                self.say(&String::from_utf8_lossy(value));
                self.space = true;
            }
            // Outlook on the web: everything below is the earlier message.
            (_, b"id") if value.eq_ignore_ascii_case(b"divRplyFwdMsg") => {
                self.line_end();
                self.say("-----Original Message-----");
                self.line_end();
            }
            (b"div", b"class") => {
                self.opens_quote = [&b"yahoo_quoted"[..], b"protonmail_quote"]
                    .iter()
                    .any(|class| memmem::find(value, class).is_some());
            }
            _ => {}
        }
    }

    fn start(&mut self) {
        let tag = std::mem::take(&mut self.tag);
        match tag.as_slice() {
            b"style" | b"script" | b"title" if self.raw => self.hidden = Some(tag),
            b"br" => self.new_line(),
            b"blockquote" => {
                self.line_end();
                self.quotes += 1;
            }
            b"pre" | b"textarea" | b"listing" | b"xmp" | b"plaintext" => {
                self.line_end();
                self.kept += 1;
            }
            b"div" => {
                self.line_end();
                self.divs += 1;
                if self.opens_quote && self.quoting_div.is_none() {
                    self.quoting_div = Some(self.divs);
                    self.quotes += 1;
                }
            }
            b"td" | b"th" => self.space = true,
            tag if is_block(tag) => self.line_end(),
            _ => {}
        }
    }

    fn end(&mut self, name: &[u8]) {
        if let Some(hidden) = &self.hidden {
            if hidden == name {
                self.hidden = None;
            }
            return;
        }
        match name {
            b"blockquote" => {
                self.line_end();
                self.quotes = self.quotes.saturating_sub(1);
            }
            b"pre" | b"textarea" | b"listing" | b"xmp" => {
                self.line_end();
                self.kept = self.kept.saturating_sub(1);
            }
            b"div" => {
                self.line_end();
                if self.quoting_div == Some(self.divs) {
                    self.quoting_div = None;
                    self.quotes = self.quotes.saturating_sub(1);
                }
                self.divs = self.divs.saturating_sub(1);
            }
            name if is_block(name) => self.line_end(),
            _ => {}
        }
    }

    fn say(&mut self, text: &str) {
        for c in text.chars() {
            if c == '\n' && self.kept > 0 {
                self.new_line();
            } else if c.is_whitespace() {
                self.space = true;
            } else {
                if !self.in_line && self.quotes > 0 {
                    self.text.push_str("> ");
                } else if self.in_line && self.space {
                    self.text.push(' ');
                }
                (self.in_line, self.space) = (true, false);
                self.text.push(c);
            }
        }
    }

    /// A block begins or ends.
    fn line_end(&mut self) {
        if self.in_line {
            self.new_line();
        }
        self.space = false;
    }

    fn new_line(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        (self.in_line, self.space) = (false, false);
    }
}

/// Elements on lines of their own (HTML, 15.3).
fn is_block(tag: &[u8]) -> bool {
    const BLOCKS: [&[u8]; 34] = [
        b"address",
        b"article",
        b"aside",
        b"body",
        b"caption",
        b"center",
        b"dd",
        b"details",
        b"dir",
        b"dl",
        b"dt",
        b"fieldset",
        b"figcaption",
        b"figure",
        b"footer",
        b"form",
        b"h1",
        b"h2",
        b"h3",
        b"h4",
        b"h5",
        b"h6",
        b"header",
        b"hr",
        b"li",
        b"main",
        b"nav",
        b"ol",
        b"option",
        b"p",
        b"section",
        b"table",
        b"tr",
        b"ul",
    ];
    BLOCKS.contains(&tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(html: &str) -> String {
        text(html, Lines::Flow)
    }

    #[test]
    fn text_is_what_a_browser_shows() {
        for (html, seen) in [
            ("<p>I want to <b>appeal</b></p>", "I want to appeal"),
            ("<p>it is <5 degrees &amp; a gas leak</p>", "it is <5 degrees & a gas leak"),
            ("<p>a gas le&#8203;ak</p>", "a gas le\u{200b}ak"),
            ("<style>p{}</style><title>x</title><script>y</script>one<br>two", "one\ntwo"),
            (
                "<style>p{color:red}</head><body><p>There is a leak</p>",
                "p{color:red}\nThere is a leak",
            ),
            ("a<!-- b --> c<!-- There is a leak", "a c There is a leak"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
            ("<pre>a\n b</pre>c", "a\nb\nc"),
            ("<img alt='a leak'>", "a leak"),
            ("caf&eacute; &nope; &#x74;&#226;n", "café &nope; tân"),
        ] {
            assert_eq!(shown(html), seen, "{html}");
        }
    }

    #[test]
    fn quotations_carry_their_mark() {
        assert_eq!(
            shown("<div>new</div><blockquote type=cite><p>old<p>old</blockquote><p>below</p>"),
            "new\n> old\n> old\nbelow"
        );
        assert_eq!(
            shown("new<div class=\"yahoo_quoted\"><div>old</div></div><div>below</div>"),
            "new\n> old\nbelow"
        );
        assert_eq!(
            shown("new<hr><div id=\"divRplyFwdMsg\"><b>From:</b> A<br></div>old"),
            "new\n-----Original Message-----\nFrom: A\nold"
        );
    }

    #[test]
    fn nesting_and_size_cost_no_more_than_their_length() {
        for tag in ["<div>", "<!--", "<style>", "<p", "&amp", "<![CDATA[", "</", "<a b", " c=d"] {
            let html = format!("{}hi", tag.repeat(20_000));
            assert!(shown(&html).len() <= html.len() + 64, "{tag}");
        }
    }
}
