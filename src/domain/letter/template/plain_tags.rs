//! The tags that are allowed in a wording that staff edit: values by name, conditions, and one loop at a time over a
//! letter's lists. Without assignments, joined texts and nested loops, a template and its output grow no faster than
//! its source.

use super::nesting::{TagKind, first_wrong};

/// The lists in a letter.
const LISTS: [&str; 3] = ["from", "to", "sections"];

/// The line of the first tag that is not allowed.
pub(super) fn other_tag(source: &str) -> Option<usize> {
    let mut loops = 0_usize;
    first_wrong(source, |kind, content| match kind {
        TagKind::Value => !is_path(content),
        TagKind::Block => !is_plain_block(content, &mut loops),
    })
}

fn is_plain_block(content: &str, loops: &mut usize) -> bool {
    let words: Vec<&str> = content.split_whitespace().collect();
    match words.as_slice() {
        ["for", name, "in", list] => {
            *loops += 1;
            *loops == 1 && is_path(name) && !name.contains('.') && LISTS.contains(list)
        }
        ["endfor"] => {
            *loops = loops.saturating_sub(1);
            true
        }
        ["else" | "endif"] => true,
        // Conditions must not build longer texts.
        ["if" | "elif", ..] => !content.contains(['*', '~', '+', '|']) && !calls(content),
        _ => false,
    }
}

/// Whether a bracket follows a name or a value, and so calls it. Calls are not allowed.
fn calls(condition: &str) -> bool {
    const BEFORE_A_GROUP: [&str; 7] = ["if", "elif", "and", "or", "not", "in", "is"];
    condition.match_indices('(').any(|(at, _)| {
        let before = condition.get(..at).unwrap_or_default().trim_end();
        let word = before.rsplit(|sign: char| !is_of_name(sign)).next().unwrap_or_default();
        match before.chars().next_back() {
            Some(')' | ']' | '"' | '\'') => true,
            _ => !word.is_empty() && !BEFORE_A_GROUP.contains(&word),
        }
    })
}

fn is_of_name(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || sign == '_'
}

fn is_path(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|sign| is_of_name(sign) || sign == '.')
}

#[cfg(test)]
mod tests {
    use super::super::TemplateTrouble;
    use super::*;
    use crate::domain::language::Language;
    use crate::domain::templates::{Template, Templates};

    #[test]
    fn the_shipped_wordings_have_plain_tags_only() {
        for language in Language::ALL {
            let template = Templates::default().of(language).clone();
            assert_eq!(other_tag(template.source()), None, "{language:?}");
            let edited = Template::edited(language, 1, template.source()).unwrap();
            assert_eq!(edited.source(), template.source());
        }
    }

    #[test]
    fn whatever_could_grow_is_refused_with_its_line() {
        for tag in [
            "{% set x = title %}",
            "{% set x %}{% endset %}",
            "{% with x = title %}{% endwith %}",
            "{{ title ~ title }}",
            "{{ title * 100000000 }}",
            "{{ \"a\" }}",
            "{{ [title, title] }}",
            "{% for a in [title] %}{% endfor %}",
            "{% for a in parts %}{% endfor %}",
            "{% for a in to recursive %}{% endfor %}",
            "{% for a in to if a %}{% endfor %}",
            "{% for a in to %}{% for b in to %}{% endfor %}{% endfor %}",
            "{% if title * 100000000 %}{% endif %}",
            "{% if title ~ title %}{% endif %}",
            "{% if kind == \"no_such\" and date() %}{% endif %}",
            "{% if title.upper () %}{% endif %}",
            "{% if (title)(kind) %}{% endif %}",
        ] {
            let source = format!("# {{{{ title }}}}\n\n{tag}\n");
            assert_eq!(other_tag(&source), Some(3), "{tag}");
            let fault = Template::edited(Language::English, 1, &source).unwrap_err();
            assert_eq!((fault.line, fault.trouble), (Some(3), TemplateTrouble::Tag), "{tag}");
        }
    }

    #[test]
    fn conditions_comments_raw_text_and_loops_one_after_another_are_plain() {
        let source = "# {{ title }}\n\n{# {% set %} #}\n{% raw %}{% set %}{% endraw %}\n\
            {%- if (kind == \"warning\" or (kind == \"lifted\")) and not (large_print) -%}\na\n{%- elif kind in [\"lifted\"] %}\nb\n\
            {% else %}\nc\n{% endif %}\n{% for line in to %}\n| {{ line }}\n{% endfor %}\n\
            {% for line in from %}\n| {{- line -}}\n{% else %}\n-\n{% endfor %}\n\
            {% for one in sections %}\n{{ one }}\n{% endfor %}\n{{ bodies.reasons }}\n";
        assert_eq!(other_tag(source), None);
        Template::edited(Language::English, 1, source).unwrap();
    }

    #[test]
    fn plain_tags_that_lead_nowhere_are_named_with_their_line() {
        let fault = Template::edited(Language::English, 1, "# {{ title }}\n\n{% if kind %}\n");
        let fault = fault.unwrap_err();
        assert_eq!(fault.trouble, TemplateTrouble::Syntax, "{fault:?}");
        let fault =
            Template::edited(Language::English, 1, "# {{ title }}\n\n{{ parts.misspelt }}\n");
        let fault = fault.unwrap_err();
        assert_eq!((fault.line, fault.trouble), (Some(3), TemplateTrouble::Unknown));
    }

    #[test]
    fn values_are_names_in_ascii_and_loops_go_over_lists_one_at_a_time() {
        for (text, path) in [
            ("title", true),
            ("parts.why_2", true),
            ("", false),
            ("a b", false),
            ("a-b", false),
            ("é", false),
        ] {
            assert_eq!(is_path(text), path, "{text}");
        }
        let plain = |content: &str, open: usize| {
            let mut loops = open;
            (is_plain_block(content, &mut loops), loops)
        };
        for (content, open, expected) in [
            ("for a in to", 0, (true, 1)),
            ("for a in sections", 0, (true, 1)),
            ("for a in from", 1, (false, 2)),
            ("for a.b in to", 0, (false, 1)),
            ("for a+b in to", 0, (false, 1)),
            ("for a in parts", 0, (false, 1)),
            ("endfor", 1, (true, 0)),
            ("endfor", 0, (true, 0)),
            ("else", 1, (true, 1)),
            ("endif", 0, (true, 0)),
            ("if a and (b)", 0, (true, 0)),
            ("elif not a", 0, (true, 0)),
            ("if a + b", 0, (false, 0)),
            ("elif a|b", 0, (false, 0)),
            ("if a()", 0, (false, 0)),
            ("set a", 0, (false, 0)),
            ("", 0, (false, 0)),
        ] {
            assert_eq!(plain(content, open), expected, "{content}");
        }
    }

    #[test]
    fn a_bracket_calls_what_is_right_before_it() {
        for (condition, call) in [
            ("if (a)", false),
            ("if a and (b or (c)) in (d)", false),
            ("if not (a) is (b)", false),
            ("elif(a)", false),
            ("if a == (b)", false),
            ("(a)", false),
            ("if date(a)", true),
            ("if band (a)", true),
            ("if (a) (b)", true),
            ("if a[0](b)", true),
            ("if \"a\"(b)", true),
            ("if 'a' (b)", true),
            ("if a_if(b)", true),
            ("if (a) and f(b)", true),
        ] {
            assert_eq!(calls(condition), call, "{condition}");
        }
    }

    #[test]
    fn the_line_of_the_first_other_tag_is_named() {
        for (source, line) in [
            ("{{ a }}\n{{ b }}", None),
            ("{{ a ~ b }}", Some(1)),
            ("x\n{# {{ a ~ b }} #}\n{{- a -}}\n\n{{ a\n ~ b }}{{ c() }}", Some(5)),
            ("{% raw %}{{ a() }}{% endraw %}\n{%- if a -%}\n{%+ endif %}\n{% do a %}", Some(4)),
            ("{{ a", None),
            ("{{ a ~", Some(1)),
        ] {
            assert_eq!(other_tag(source), line, "{source}");
        }
    }
}
