//! Configuration out of the guides: a fenced block behind `<!-- run: NAME -->`.

use std::path::Path;

pub const MAIL: &str = "docs/mail.md";
pub const START: &str = "docs/getting-started.md";

/// The text of a block, without what indents it.
pub fn block(file: &str, name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let mark = format!("<!-- run: {name} -->");
    let (before, rest) =
        text.split_once(&mark).unwrap_or_else(|| panic!("{file} has no block {name}"));
    let indent = before.len() - before.trim_end_matches(' ').len();
    let mut lines = rest.lines().skip(1).map(|line| line.get(indent..).unwrap_or_default());
    assert!(lines.next().unwrap().starts_with("```"), "{file}: {name} is not followed by a block");
    lines.take_while(|line| !line.starts_with("```")).map(|line| format!("{line}\n")).collect()
}

/// A configuration up to its first organisation, in whose place a test has its own.
pub fn head(config: &str) -> String {
    let (head, _) = config.split_once("[[organisation]]").expect("the guide has an organisation");
    head.to_owned()
}

/// The text with what a reader would put in: each must be there.
pub fn filled(text: String, values: &[(&str, String)]) -> String {
    values.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "the guide has no {from}:\n{text}");
        text.replace(from, to)
    })
}
