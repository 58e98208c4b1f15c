//! A letter as a page: semantic, self-contained, and the same on paper as on a screen.

use super::document::{Block, Document, Text};
use crate::domain::notice::Piece;

/// For a screen, and for A4 with a margin for a window envelope. Print is black on white whatever the
/// screen shows. Sizes are in points: 12 as people print letters, 18 in large print.
const STYLE: &str = "\
:root{color-scheme:light dark}
body{font:12pt/1.5 Arial,Helvetica,\"Liberation Sans\",sans-serif;margin:0 auto;padding:2rem 1rem;\
max-width:42em;overflow-wrap:break-word;color:#1d1d1d;background:#fff}
a{color:#0b4f9c}
body.large{font-size:18pt}
h1{font-size:1.4em;line-height:1.25;margin:1.5em 0 .75em}
h2{font-size:1.12em;line-height:1.25;margin:1.5em 0 .4em;break-after:avoid}
p,ul{margin:0 0 .75em}
ul{padding-left:1.4em}
li{margin:0 0 .35em}
p{orphans:3;widows:3}
.lines{margin:0 0 1.5em;break-inside:avoid}
@media (prefers-color-scheme:dark){body{color:#f2f2f2;background:#161616}a{color:#9cc9ff}}
@page{size:A4;margin:20mm 22mm;@bottom-center{content:counter(page) \" / \" counter(pages);\
font:10pt Arial,Helvetica,\"Liberation Sans\",sans-serif}}
@media print{:root{color-scheme:light}body{max-width:none;padding:0;color:#000;background:#fff}\
a{color:#000;text-decoration:none}}
";

/// Page numbers in large print.
const STYLE_LARGE: &str = "@page{@bottom-center{font-size:18pt}}\n";

/// The whole page.
pub fn page(document: &Document) -> String {
    let language = document.language.regional_tag();
    let (class, large) =
        if document.large_print { (" class=\"large\"", STYLE_LARGE) } else { ("", "") };
    let mut out = format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<meta name=\"author\" content=\"{}\">\n<style>\n{STYLE}{large}</style>\n</head>\n\
         <body{class}>\n<main>\n",
        escaped(&document.title()),
        escaped(&document.author),
    );
    for block in &document.blocks {
        match block {
            Block::Title(text) => element(&mut out, "h1", text),
            Block::Heading(text) => element(&mut out, "h2", text),
            Block::Paragraph(text) => element(&mut out, "p", text),
            Block::List(entries) => {
                out.push_str("<ul>\n");
                for entry in entries {
                    element(&mut out, "li", entry);
                }
                out.push_str("</ul>\n");
            }
            Block::Lines(lines) => {
                let lines: Vec<String> = lines.iter().map(inner).collect();
                out.push_str(&format!("<p class=\"lines\">{}</p>\n", lines.join("<br>\n")));
            }
        }
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn element(out: &mut String, name: &str, text: &Text) {
    let language = text.language.map(|one| format!(" lang=\"{}\"", one.regional_tag()));
    let language = language.unwrap_or_default();
    out.push_str(&format!("<{name}{language}>{}</{name}>\n", inner(text)));
}

fn inner(text: &Text) -> String {
    let pieces = text.line.0.iter().map(|piece| {
        let shown = escaped(piece.shown());
        let followed = match piece {
            Piece::Words(_) => return shown,
            Piece::Phone { dialled, .. } => format!("tel:{dialled}"),
            Piece::Email(address) => format!("mailto:{address}"),
            Piece::Link(url) => url.clone(),
        };
        format!("<a href=\"{}\">{shown}</a>", escaped(&followed))
    });
    pieces.collect()
}

/// What a page of [`page`] is called; `None`: it is not such a page.
pub fn title_of(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("<title>")?;
    let (title, _) = rest.split_once("</title>")?;
    // The ampersand last: what it escaped is text.
    let marks = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    Some(marks.iter().fold(title.to_owned(), |text, (escaped, mark)| text.replace(escaped, mark)))
}

/// Text in HTML or XML, attributes included. Control characters, which XML can't have, become spaces.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() && c != '\n' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_controls_become_spaces() {
        assert_eq!(escaped("a&b<c>\"d\"'e'"), "a&amp;b&lt;c&gt;&quot;d&quot;&#39;e&#39;");
        assert_eq!(escaped("a\u{7}b\tc\nd ŵ"), "a b c\nd ŵ");
    }
}
