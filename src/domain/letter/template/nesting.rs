//! How deep a template nests, measured before it is parsed: the parser recurses at each level, and bounds only some of
//! them itself. The source is split into tags the way the parser's own lexer does it.

/// Nested blocks, and brackets and operators within one tag: the parser recurses at each.
pub(super) const NESTED_MAX: usize = 50;
/// Bytes of one tag, where a string literal counts as its two quotation marks. Operands joined by any operator nest as
/// deep as the tag is long.
pub(super) const TAG_BYTES_MAX: usize = 1_000;

/// The statements that open a block, which their `end…` closes.
const BLOCKS: [&str; 8] = ["if", "for", "with", "filter", "autoescape", "macro", "call", "block"];

/// Whether blocks nest deeper than [`NESTED_MAX`], or a tag has more brackets and operators than that, or is longer
/// than [`TAG_BYTES_MAX`].
pub(super) fn is_too_deep(source: &str) -> bool {
    // For each open block, 1 plus its `elif` branches: each branch nests in the one before.
    let mut open: Vec<usize> = Vec::new();
    let mut rest = source;
    while let Some((marker, behind)) = next_marker(rest) {
        rest = match marker {
            Marker::Comment => behind.split_once("#}").map_or("", |(_, behind)| behind),
            Marker::Raw => behind_raw(behind),
            Marker::Value | Marker::Block => {
                let tag = Tag::read(behind, marker);
                if marker == Marker::Block {
                    note(&mut open, &tag);
                }
                let blocks: usize = open.iter().sum();
                if blocks.max(tag.nested) > NESTED_MAX || tag.bytes > TAG_BYTES_MAX {
                    return true;
                }
                tag.behind
            }
        };
    }
    false
}

/// The line, from 1, of the first tag that is wrong. `is_wrong` receives the content of every tag in order, without
/// the delimiters. Comments and raw text are not tags.
pub(super) fn first_wrong(
    source: &str,
    mut is_wrong: impl FnMut(TagKind, &str) -> bool,
) -> Option<usize> {
    let mut rest = source;
    while let Some((marker, behind)) = next_marker(rest) {
        let kind = match marker {
            Marker::Comment => {
                rest = behind.split_once("#}").map_or("", |(_, behind)| behind);
                continue;
            }
            Marker::Raw => {
                rest = behind_raw(behind);
                continue;
            }
            Marker::Value => TagKind::Value,
            Marker::Block => TagKind::Block,
        };
        let tag = Tag::read(behind, marker);
        let whole = behind.get(..behind.len() - tag.behind.len()).unwrap_or(behind);
        let content = whole.trim_end_matches("}}").trim_end_matches("%}");
        if is_wrong(kind, content.trim_matches(['-', '+']).trim()) {
            let before = source.get(..source.len() - behind.len()).unwrap_or_default();
            return Some(before.matches('\n').count() + 1);
        }
        rest = tag.behind;
    }
    None
}

/// The kind of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TagKind {
    /// It writes a value.
    Value,
    Block,
}

fn note(open: &mut Vec<usize>, tag: &Tag<'_>) {
    let word = tag.first;
    if word.starts_with("end") {
        open.pop();
    } else if word.starts_with("elif") {
        if let Some(branches) = open.last_mut() {
            *branches += 1;
        }
    } else if BLOCKS.iter().any(|block| word.starts_with(block))
        || (word.starts_with("set") && !tag.assigns)
    {
        open.push(1);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marker {
    Comment,
    Value,
    Block,
    /// Everything up to its `endraw` is text.
    Raw,
}

/// The next tag or comment, and the source after its opening delimiter.
fn next_marker(source: &str) -> Option<(Marker, &str)> {
    let mut rest = source;
    loop {
        rest = rest.split_once('{')?.1;
        if let Some(behind) = rest.strip_prefix('#') {
            return Some((Marker::Comment, behind));
        }
        if let Some(behind) = rest.strip_prefix('{') {
            return Some((Marker::Value, behind));
        }
        if let Some(behind) = rest.strip_prefix('%') {
            return Some(match word_by_itself(behind, "raw") {
                Some(behind) => (Marker::Raw, behind),
                None => (Marker::Block, behind),
            });
        }
    }
}

/// The source after the `endraw` of a raw block.
fn behind_raw(mut rest: &str) -> &str {
    while let Some((_, tag)) = rest.split_once("{%") {
        if let Some(behind) = word_by_itself(tag, "endraw") {
            return behind;
        }
        rest = tag;
    }
    ""
}

/// The source after a block tag, if the tag is only this word.
fn word_by_itself<'s>(tag: &'s str, word: &str) -> Option<&'s str> {
    let tag = tag.strip_prefix(['-', '+']).unwrap_or(tag).trim_ascii_start();
    let end = tag.strip_prefix(word)?.trim_ascii_start();
    end.strip_prefix(['-', '+']).unwrap_or(end).strip_prefix("%}")
}

/// A tag of a value or a block.
struct Tag<'s> {
    /// The first word.
    first: &'s str,
    /// Its length without the contents of string literals.
    bytes: usize,
    /// Brackets and operators by which values may nest.
    nested: usize,
    /// It has a `=` outside all brackets.
    assigns: bool,
    behind: &'s str,
}

impl<'s> Tag<'s> {
    fn read(source: &'s str, marker: Marker) -> Self {
        let end = if marker == Marker::Block { "%}" } else { "}}" };
        let source = source.strip_prefix(['-', '+']).unwrap_or(source);
        let mut tag = Tag { first: "", bytes: 0, nested: 0, assigns: false, behind: "" };
        let (mut rest, mut brackets) = (source, 0_i64);
        while let Some(sign) = rest.chars().next() {
            if brackets == 0
                && let Some(behind) = rest.strip_prefix(end)
            {
                tag.behind = behind;
                break;
            }
            let token = match sign {
                '"' | '\'' => {
                    tag.bytes += 2;
                    quoted(rest, sign)
                }
                sign if is_of_word(sign) => {
                    let word = rest.split(|sign| !is_of_word(sign)).next().unwrap_or(rest);
                    if tag.bytes == 0 {
                        tag.first = word;
                    }
                    // A number may run into the word after it (`1else`).
                    tag.nested += usize::from(word.ends_with("not") || word.ends_with("else"));
                    tag.bytes += word.len();
                    word.len()
                }
                sign => {
                    brackets += match sign {
                        '(' | '[' | '{' => 1,
                        ')' | ']' | '}' => -1,
                        _ => 0,
                    };
                    tag.nested += usize::from(matches!(sign, '(' | '[' | '{' | '-' | '+'));
                    let compares = ["==", "!=", ">=", "<="].iter().any(|it| rest.starts_with(it));
                    tag.assigns |= sign == '=' && !compares && brackets == 0;
                    let token = if compares { 2 } else { sign.len_utf8() };
                    tag.bytes += if sign.is_ascii_whitespace() { 0 } else { token };
                    token
                }
            };
            rest = rest.get(token..).unwrap_or_default();
        }
        tag
    }
}

fn is_of_word(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_'
}

/// Bytes of the string literal that `source` begins with, including both quotation marks; without a closing one, the
/// rest.
fn quoted(source: &str, mark: char) -> usize {
    let mut escaped = false;
    for (at, sign) in source.char_indices().skip(1) {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            sign if sign == mark => return at + sign.len_utf8(),
            _ => {}
        }
    }
    source.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::language::Language;
    use crate::domain::templates::Template;

    const PLAIN: &str = "# {{ title }}\n{{ \"%}\" }}{{ {\"a\": {\"}}\": 1}}[\"a\"] and '{%' }}\n";

    fn within(open: &str, close: &str, levels: usize) -> String {
        format!("# {{{{ title }}}}\n{}x{}", open.repeat(levels), close.repeat(levels))
    }

    #[test]
    fn a_template_that_nests_deep_is_refused_before_it_is_parsed() {
        let blocks = |levels| within("{%+ if kind %}", "{% endif %}", levels);
        let branches =
            |levels| format!("{{% if kind %}}{}{{% endif %}}", "{% elif kind %}".repeat(levels));
        let value = |open: &str, levels| format!("{{{{ {}kind", open.repeat(levels));
        let deep = NESTED_MAX + 1;
        for source in [
            blocks(deep),
            branches(deep),
            within("{% set x | default(\"=\") %}", "{% endset %}", deep),
            within("{% set x | default(a=1) %}", "{% endset %}", deep),
            value("(", deep),
            value("[", deep),
            value("{'a':", deep),
            value("not ", deep),
            value("-", deep),
            format!("{{{{ kind{} }}}}", " if kind else 1_0else".repeat(deep / 2 + 1)),
            format!("{{{{ kind{} }}}}", ".a".repeat(TAG_BYTES_MAX / 2)),
            format!("{{{{ kind{} }}}}", "~''".repeat(TAG_BYTES_MAX / 3)),
            // These look as if they hid the rest.
            format!("{{{{ \"%}}\" }}}}{}", blocks(deep)),
            format!("{{{{ \"\\\"}}}}\" }}}}{}", blocks(deep)),
            format!("{{# \" #}}{}", blocks(deep)),
            format!("\" {{ {}", blocks(deep)),
            format!("{{% raw %}}{{{{ \"{{%- endraw -%}}{}", blocks(deep)),
            format!("{{%- raw %}}{{% endraw x %}}{{{{ '{{% endraw %}}{}", blocks(deep)),
            format!("{{{{ {{\"a\": {{\"b\": 1}}}} }}}}{}", blocks(deep)),
        ] {
            assert!(is_too_deep(&source), "{source:.80}");
        }
        let refused = Template::read("a", Language::English, &blocks(1_000)).unwrap_err();
        assert!(refused.what.contains("deeper than 50 levels"), "{refused:?}");
    }

    #[test]
    fn texts_and_maps_are_no_tags_and_no_levels() {
        for source in [
            PLAIN.to_owned(),
            within("{% if kind %}", "{% endif %}", NESTED_MAX),
            "{% if kind %}{% elif kind %}{% endif %}".repeat(NESTED_MAX + 1),
            "{% set x = 1 %}".repeat(NESTED_MAX + 1),
            format!("{{{{ \"{}\" }}}}", "([{- not ".repeat(200)),
            format!("{{# {} #}}", "{% if %}".repeat(200)),
            format!("{{% raw %}}{}{{% endraw %}}", "{% if x %}".repeat(200)),
            "{% if a == b %}{% endif %}".repeat(NESTED_MAX + 1),
            "{ ".repeat(5_000),
        ] {
            assert!(!is_too_deep(&source), "{source:.80}");
        }
        Template::read("a", Language::English, PLAIN).unwrap();
    }

    /// Threads of tests and of the runtime have a stack of this size.
    #[test]
    fn the_deepest_that_passes_is_parsed_and_written_on_a_small_stack() {
        let chains = [("kind", "~1"), ("kind", "~''"), ("1", "~1"), ("1", "*1"), ("1", "<1")];
        let sources = chains.map(|(first, joined)| {
            let value = |times: usize| {
                let value = format!("{{{{ {first}{} }}}}", joined.repeat(times));
                let levels = NESTED_MAX;
                let (open, close) = ("{% if kind %}".repeat(levels), "{% endif %}".repeat(levels));
                format!("# {{{{ title }}}}\n{open}{value}{close}\n")
            };
            let most = (TAG_BYTES_MAX - first.len()) / joined.len();
            assert!(is_too_deep(&value(most + 1)), "{joined}");
            value(most)
        });
        let small = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
        let reading = small.spawn(move || {
            for source in sources {
                Template::read("a", Language::English, &source).unwrap();
            }
        });
        reading.unwrap().join().unwrap();
    }

    fn read(source: &str) -> (&str, usize, usize, bool, &str) {
        let tag = Tag::read(source, Marker::Value);
        (tag.first, tag.bytes, tag.nested, tag.assigns, tag.behind)
    }

    #[test]
    fn a_tag_is_read_to_its_end_outside_texts_and_brackets() {
        for (source, expected) in [
            (" title }}x", ("title", 5, 0, false, "x")),
            ("- a_1 -}}x", ("a_1", 4, 1, false, "x")),
            (" a.b['}}'] }}x", ("a", 7, 1, false, "x")),
            ("{'}}': {1: 2}}}}x", ("", 10, 2, false, "x")),
            (" 1else not 2 }}", ("1else", 9, 2, false, "")),
            (" knot == 'a\\'}}' }}x", ("knot", 8, 1, false, "x")),
            (" a = (b=c) }}x", ("a", 7, 1, true, "x")),
            (" f(b=c) }}x", ("f", 6, 1, false, "x")),
            (" a >= b <= c != d == e }}x", ("a", 13, 0, false, "x")),
            (" é–ŵ + 1 }}x", ("é", 9, 1, false, "x")),
            (" 'never ends }}", ("", 2, 0, false, "")),
            (" (never ends }}", ("", 12, 1, false, "")),
        ] {
            assert_eq!(read(source), expected, "{source}");
        }
        let block = Tag::read(" if a %}x", Marker::Block);
        assert_eq!((block.first, block.bytes, block.behind), ("if", 3, "x"));
    }

    #[test]
    fn a_text_ends_at_its_mark_that_no_backslash_is_before() {
        for (source, bytes) in [
            ("'a'b", 3),
            ("''", 2),
            ("'a\"'", 4),
            (r"'\''x", 4),
            (r"'\\'x", 4),
            ("\"é\"x", 4),
            ("'open", 5),
        ] {
            let mark = source.chars().next().unwrap();
            assert_eq!(quoted(source, mark), bytes, "{source}");
        }
    }

    #[test]
    fn a_tag_may_have_so_many_bytes_and_brackets_and_no_more() {
        let long = |bytes: usize| format!("{{{{ {} }}}}", "a".repeat(bytes));
        let nested = |levels: usize| format!("{{{{ {}a }}}}", "(".repeat(levels));
        let blocks = |levels: usize| "{% for a in b %}".repeat(levels);
        for more in [1, 2, 9] {
            assert!(is_too_deep(&long(TAG_BYTES_MAX + more)));
            assert!(is_too_deep(&nested(NESTED_MAX + more)));
            assert!(is_too_deep(&blocks(NESTED_MAX + more)));
        }
        assert!(!is_too_deep(&long(TAG_BYTES_MAX)));
        assert!(!is_too_deep(&nested(NESTED_MAX)));
        assert!(!is_too_deep(&blocks(NESTED_MAX)));
    }

    #[test]
    fn what_closes_and_what_only_looks_like_a_block_is_not_counted() {
        let count = |words: &[&str]| {
            let mut open = Vec::new();
            for word in words {
                note(&mut open, &Tag::read(&format!(" {word} %}}"), Marker::Block));
            }
            open
        };
        assert_eq!(count(&["if a", "elif b", "elif c", "for x in y"]), [3, 1]);
        assert_eq!(count(&["elif a", "endif", "else", "include 'a'"]), [0; 0]);
        assert_eq!(count(&["set x", "set y = 1", "endset", "macro m()", "with", "endwith"]), [1]);
        assert_eq!(count(&["filter a", "autoescape", "call b", "block c"]), [1; 4]);
    }
}
