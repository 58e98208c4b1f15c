//! HTML from strangers rewritten, so that the tree of the HTML standard is built of it in proportion to its
//! length.
//!
//! That tree rebuilds every open `b` in every `p` (13.2.4.3), is searched for every `</p>`, and has text moved
//! out of tables to the place in front of them (13.2.6.1). Each of these takes a product of two lengths that
//! the sender chooses: 12 KB took ten seconds and 253 MB. Here, in one pass over the tokens, every element is
//! closed where it was opened, at most [`HTML_OPEN_MAX`] are open at once, and in a table text is in cells only.

use std::fmt::Write;

use html5gum::emitters::callback::CallbackEvent;

use super::html::each_token;
use crate::runtime::limits::{HTML_OPEN_MAX, HTML_SPAN_MAX};

/// What may be shown: words and tables. No link leads anywhere, since a press on one would tell the sender
/// who read this; no picture is loaded. Sorted.
pub(super) const ELEMENTS: [&str; 48] = [
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
    "var",
    "wbr",
];

/// The same HTML with elements of the list only, each closed where it was opened.
pub(super) fn well_formed(html: &str) -> String {
    let mut page = Page::default();
    each_token(html, true, |token| page.see(token));
    page.close_to(0);
    page.html
}

#[derive(Default)]
struct Page {
    html: String,
    open: Vec<&'static str>,
    /// Inside this element, which shows nothing.
    hidden: Option<&'static str>,
    tag: Option<Tag>,
}

/// A start tag that is being read.
struct Tag {
    element: Option<&'static str>,
    hides: Option<&'static str>,
    attribute: Vec<u8>,
    /// As they are written; each once.
    attributes: Vec<(&'static str, String)>,
}

impl Page {
    fn see(&mut self, event: CallbackEvent<'_>) {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                self.tag = Some(Tag {
                    element: element(name),
                    hides: hides(name),
                    attribute: Vec::new(),
                    attributes: Vec::new(),
                });
            }
            CallbackEvent::AttributeName { name } => {
                if let Some(tag) = &mut self.tag {
                    tag.attribute.clear();
                    // Longer than any that counts.
                    tag.attribute.extend(name.iter().take(16));
                }
            }
            CallbackEvent::AttributeValue { value } => {
                if let Some(tag) = &mut self.tag {
                    tag.value(value);
                }
            }
            CallbackEvent::CloseStartTag { .. } => {
                if let Some(tag) = self.tag.take()
                    && self.hidden.is_none()
                {
                    self.start(&tag);
                }
            }
            CallbackEvent::EndTag { name } => {
                self.tag = None;
                match self.hidden {
                    Some(hidden) if hidden.as_bytes() == name => self.hidden = None,
                    Some(_) => {}
                    None => self.end(name),
                }
            }
            CallbackEvent::String { value } if self.hidden.is_none() => {
                self.say(&String::from_utf8_lossy(value));
            }
            CallbackEvent::String { .. }
            | CallbackEvent::Comment { .. }
            | CallbackEvent::Doctype { .. }
            | CallbackEvent::Error(_) => {}
        }
    }

    fn start(&mut self, tag: &Tag) {
        self.hidden = tag.hides;
        let Some(element) = tag.element else { return };
        self.end_implied(element);
        let is_void = matches!(element, "br" | "hr" | "wbr");
        if !is_table_part(element) {
            self.in_a_cell();
        }
        if !is_void && self.open.len() + room(element) > HTML_OPEN_MAX {
            // Its content is shown in what is open.
            return;
        }
        self.html.push('<');
        self.html.push_str(element);
        for (name, value) in &tag.attributes {
            // A string takes every write.
            let _ = write!(self.html, " {name}=\"{value}\"");
        }
        self.html.push('>');
        if !is_void {
            self.open.push(element);
        }
    }

    /// Opens a cell around content that would be in a table without one.
    fn in_a_cell(&mut self) {
        let implied: &[&'static str] = match self.open.last() {
            Some(&"tr") => &["td"],
            Some(&("table" | "tbody" | "thead" | "tfoot")) => &["tr", "td"],
            _ => return,
        };
        for element in implied {
            let _ = write!(self.html, "<{element}>");
            self.open.push(element);
        }
    }

    /// Closes what `element` ends by beginning (HTML 13.1.2.4). Bold text and links in it end with it: opening all of
    /// that again in each paragraph is what makes a short text a long page.
    fn end_implied(&mut self, element: &str) {
        let (ends, scope): (&[&str], &[&str]) = match element {
            "li" => (&["li"], &["ul", "ol"]),
            "dd" | "dt" => (&["dd", "dt"], &["dl"]),
            "td" | "th" | "caption" => (&["td", "th", "caption"], &[]),
            "tr" => (&["tr", "td", "th", "caption"], &[]),
            "tbody" | "thead" | "tfoot" => {
                (&["tbody", "thead", "tfoot", "tr", "td", "th", "caption"], &[])
            }
            "a" => (&["a"], &[]),
            one if is_block(one) => (&["p"], &[]),
            _ => return,
        };
        // The outermost of them: a row ends with the part of the table that it is in.
        let mut from = None;
        for (at, open) in self.open.iter().enumerate().rev() {
            if scope.contains(open) || shuts_in(open, element) {
                break;
            }
            if ends.contains(open) {
                from = Some(at);
            }
        }
        if let Some(from) = from {
            self.close_to(from);
        }
        // A heading ends the heading that it would be the child of (13.2.6.4.7).
        if is_heading(element) && self.open.last().is_some_and(|open| is_heading(open)) {
            self.close_to(self.open.len() - 1);
        }
    }

    fn end(&mut self, name: &[u8]) {
        let Some(element) = element(name) else { return };
        for (at, open) in self.open.iter().enumerate().rev() {
            if *open == element {
                return self.close_to(at);
            }
            if shuts_in(open, element) {
                return;
            }
        }
    }

    fn close_to(&mut self, length: usize) {
        while self.open.len() > length {
            if let Some(element) = self.open.pop() {
                let _ = write!(self.html, "</{element}>");
            }
        }
    }

    fn say(&mut self, text: &str) {
        if text.contains(|c: char| !c.is_ascii_whitespace() && c != '\0') {
            self.in_a_cell();
        }
        for c in text.chars() {
            match c {
                '&' => self.html.push_str("&amp;"),
                '<' => self.html.push_str("&lt;"),
                '>' => self.html.push_str("&gt;"),
                '"' => self.html.push_str("&quot;"),
                '\'' => self.html.push_str("&#39;"),
                '\0' => {}
                c => self.html.push(c),
            }
        }
    }
}

impl Tag {
    fn value(&mut self, value: &[u8]) {
        let number = |most: i32| {
            let text = std::str::from_utf8(value).ok()?;
            text.trim().parse::<i32>().ok().filter(|number| (0..=most).contains(number))
        };
        let (name, value) = match (self.element, self.attribute.as_slice()) {
            (Some("td" | "th"), b"colspan") => ("colspan", number(HTML_SPAN_MAX)),
            (Some("td" | "th"), b"rowspan") => ("rowspan", number(HTML_SPAN_MAX)),
            (Some("ol"), b"start") => ("start", number(i32::MAX)),
            (_, b"dir") => return self.word("dir", value),
            (_, b"lang") => return self.word("lang", value),
            _ => return,
        };
        if let Some(number) = value {
            self.put(name, number.to_string());
        }
    }

    /// A word of letters, digits and hyphens (RFC 5646).
    fn word(&mut self, name: &'static str, value: &[u8]) {
        const WORD_BYTES_MAX: usize = 35;
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        if (1..=WORD_BYTES_MAX).contains(&value.len()) && value.iter().all(plain) {
            self.put(name, String::from_utf8_lossy(value).into_owned());
        }
    }

    /// The first of a name counts (HTML 13.2.5.33).
    fn put(&mut self, name: &'static str, value: String) {
        if !self.attributes.iter().any(|(known, _)| *known == name) {
            self.attributes.push((name, value));
        }
    }
}

fn element(name: &[u8]) -> Option<&'static str> {
    let at = ELEMENTS.binary_search_by(|one| one.as_bytes().cmp(name)).ok()?;
    ELEMENTS.get(at).copied()
}

/// The elements whose text is shown by nobody. The tokenizer reads nothing in them as markup.
fn hides(name: &[u8]) -> Option<&'static str> {
    ["script", "style", "title"].into_iter().find(|one| one.as_bytes() == name)
}

/// An element in a cell ends nothing around the cell, and no part of a table ends anything around the table.
fn shuts_in(open: &str, element: &str) -> bool {
    let is_part = element == "table" || is_table_part(element);
    open == "table" || (!is_part && matches!(open, "td" | "th" | "caption"))
}

/// Elements allowed in a table without a cell around them. A table may not.
fn is_table_part(element: &str) -> bool {
    matches!(element, "caption" | "tbody" | "td" | "tfoot" | "th" | "thead" | "tr")
}

/// How many elements are to fit when this one is opened, so that a part of a table has its cell.
fn room(element: &str) -> usize {
    match element {
        "table" => 4,
        "tbody" | "tfoot" | "thead" => 3,
        "tr" => 2,
        _ => 1,
    }
}

fn is_heading(element: &str) -> bool {
    matches!(element, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

/// Those of the list that end a paragraph (HTML 4.4.1).
fn is_block(element: &str) -> bool {
    matches!(
        element,
        "blockquote"
            | "center"
            | "div"
            | "dl"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "hr"
            | "ol"
            | "p"
            | "pre"
            | "table"
            | "ul"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::mime::harmless::html;

    #[test]
    fn the_list_is_sorted() {
        assert!(ELEMENTS.is_sorted());
    }

    #[test]
    fn words_and_tables_are_shown_as_they_were_laid_out() {
        for (sent, shown) in [
            ("<p onclick=x()>a <b>b</b><img src=x></p>", "<p>a <b>b</b></p>"),
            ("<p>a<p>b", "<p>a</p><p>b</p>"),
            ("<p><b>a<p>b</b>c", "<p><b>a</b></p><p>bc</p>"),
            (
                "<ul><li>a<ul><li>b</ul><li>c</ul>d",
                "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>d",
            ),
            (
                "<table><tr><td colspan=2 style=x>a<td ROWSPAN='3'>b<tr><td>c</table>d",
                "<table><tr><td colspan=\"2\">a</td><td rowspan=\"3\">b</td></tr><tr><td>c</td></tr>\
                 </table>d",
            ),
            (
                "<table><thead><tr><th>a<tbody><tr><td><table><tr><td>b</table></b>c</table>",
                "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td><table><tr><td>b</td></tr>\
                 </table>c</td></tr></tbody></table>",
            ),
            (
                "<b><table><tr><td></b>a</div></table>c",
                "<b><table><tr><td>a</td></tr></table>c</b>",
            ),
            ("<dl><dt>a<dd>b<dt>c</dl>", "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>"),
            ("<p dir=rtl lang=ar lang=cy>a</p>", "<p dir=\"rtl\" lang=\"ar\">a</p>"),
            ("a<br/>b<hr>c</br>", "a<br>b<hr>c"),
            ("a &lt;b&gt; &amp; \"c\" <5", "a &lt;b&gt; &amp; &quot;c&quot; &lt;5"),
        ] {
            assert_eq!(well_formed(sent), shown, "{sent}");
        }
    }

    #[test]
    fn nothing_of_a_page_that_acts_is_left() {
        for (sent, shown) in [
            ("<script>a</script><style>b</style><title>c</title>d", "d"),
            ("<a href='http://t.example' ping=x>a</a>", "<a>a</a>"),
            ("<textarea><img src=x></textarea>", "&lt;img src=x&gt;"),
            ("<svg><script>a</script><text>b</text></svg>", "b"),
            ("<p title='</p><script>x</script>'>a", "<p>a</p>"),
            ("<p lang='\"onclick=x'>a", "<p>a</p>"),
            ("<td colspan=\"2 onclick=x\">a", "<td>a</td>"),
            ("<td colspan=99999999>a", "<td>a</td>"),
            ("<!--><img src=x>-->a", "--&gt;a"),
            ("<math><style><!--</style><img title=\"--&gt;&lt;img&gt;\">", ""),
        ] {
            assert_eq!(well_formed(sent), shown, "{sent}");
        }
    }

    /// Each pair once was, to some reader of HTML, a product of two lengths.
    #[test]
    fn what_nests_or_does_not_end_makes_no_more_than_its_length() {
        const TIMES: usize = 5_000;
        let bold: String = (0..TIMES).fold(String::new(), |mut html, n| {
            let _ = write!(html, "<b a={n}>");
            html
        });
        let pairs = [
            (bold, "<p>x"),
            ("<span>".repeat(TIMES), "</p>"),
            ("<div>".repeat(TIMES), "<p>"),
            ("<table>".repeat(TIMES), "<br>x"),
            ("<table><b>".repeat(TIMES), "</b>"),
            ("<li>".repeat(TIMES), "</ul>"),
            ("<a>".repeat(TIMES), "<div>"),
            ("<i><applet>".repeat(TIMES), "</i>"),
            ("<td>".repeat(TIMES), "<tr>"),
            ("<select>".repeat(TIMES), "<option>"),
        ];
        for (first, then) in pairs {
            let sent = format!("{first}{}hi", then.repeat(TIMES));
            let shown = well_formed(&sent);
            assert_eq!(html(&shown), html(&sent), "{then}");
            assert!(shown.len() <= 4 * sent.len(), "{then}: {} of {}", shown.len(), sent.len());
            assert!(shown.contains("hi"), "{then}");
            assert!(deepest(&shown) <= HTML_OPEN_MAX, "{then}");
        }
        let sent = format!("<p {}>hi", "a b=c ".repeat(4 * TIMES));
        assert_eq!(well_formed(&sent), "<p>hi</p>");
    }

    fn deepest(html: &str) -> usize {
        let (mut open, mut most) = (0_usize, 0);
        for tag in html.split('<').skip(1) {
            if tag.starts_with('/') {
                open = open.checked_sub(1).expect("nothing is closed twice");
            } else if !["br>", "hr>", "wbr>"].iter().any(|void| tag.starts_with(void)) {
                open += 1;
                most = most.max(open);
            }
        }
        assert_eq!(open, 0, "everything is closed");
        most
    }
}
