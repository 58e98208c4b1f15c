//! Extra trials of a template, beside the sample letters: names in branches that no sample reaches, and letters
//! without values that samples have. A template must not fail only when a letter has to go out.

use minijinja::Template as Parsed;

use super::super::{Letter, Part, samples};
use crate::domain::case::letter::Format;
use crate::domain::language::Language;

/// All names that a template may use; `parts` and `bodies` have a value for each part.
const NAMES: [&str; 15] = [
    "bodies",
    "closing",
    "date",
    "dear",
    "from",
    "kind",
    "language",
    "large_print",
    "organisation",
    "parts",
    "reference",
    "sections",
    "signed_by",
    "title",
    "to",
];

/// The first name that no letter has, by its spelling.
pub(super) fn unknown_name(parsed: &Parsed<'_, '_>) -> Option<String> {
    parsed.undeclared_variables(true).into_iter().filter(|name| !is_known(name)).min()
}

fn is_known(name: &str) -> bool {
    match name.split_once('.') {
        None => NAMES.contains(&name),
        Some(("parts" | "bodies", part)) => Part::ALL.iter().any(|one| one.name() == part),
        Some(_) => false,
    }
}

/// One letter of each kind without any optional value, in the other print size.
pub(super) fn bare(language: Language) -> Vec<Letter> {
    let mut kinds = Vec::new();
    let mut letters = samples(language);
    letters.retain(|letter| {
        let is_first = !kinds.contains(&letter.kind);
        kinds.push(letter.kind);
        is_first
    });
    let bare = |letter| Letter {
        format: Format::LargePrint,
        from: Vec::new(),
        name: String::new(),
        address: Vec::new(),
        reference: None,
        signed_by: None,
        ..letter
    };
    letters.into_iter().map(bare).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{TemplateFault, TemplateTrouble, values};
    use super::*;
    use crate::domain::templates::Template;

    fn refused(line: &str) -> TemplateFault {
        let source = format!("# {{{{ title }}}}\n\n{line}\n");
        Template::edited(Language::English, 1, &source).unwrap_err()
    }

    #[test]
    fn the_names_are_those_that_a_letter_has() {
        for letter in bare(Language::English) {
            let values = values(&letter);
            let names: BTreeSet<String> =
                values.try_iter().unwrap().map(|name| name.to_string()).collect();
            assert_eq!(names, BTreeSet::from(NAMES.map(str::to_owned)));
        }
    }

    #[test]
    fn a_name_that_no_letter_has_is_refused_wherever_it_is() {
        for line in [
            "{% if reference == \"T-7\" %}{{ parts.misspelt }}{% endif %}",
            "{% if kind == \"no_such\" %}{{ misspelt }}{% endif %}",
            "{% if kind == \"no_such\" and misspelt %}{% endif %}",
            "{% if kind == \"no_such\" %}{{ title.misspelt }}{% endif %}",
            "{% for line in to %}{% else %}{{ misspelt }}{% endfor %}",
        ] {
            let fault = refused(line);
            assert_eq!((fault.line, fault.trouble), (Some(3), TemplateTrouble::Unknown), "{line}");
            assert!(
                fault.what.contains("misspelt") || fault.what.contains("undefined"),
                "{fault:?}"
            );
        }
    }

    #[test]
    fn what_a_letter_may_lack_is_not_counted_on() {
        for line in ["{{ to.0 }}", "{{ from.1 }}", "{% if \"T-1\" in reference %}{% endif %}"] {
            let fault = refused(line);
            assert_eq!(fault.trouble, TemplateTrouble::Unknown, "{line}: {fault:?}");
        }
        for line in [
            "{{ reference }} {{ signed_by }}",
            "{% if reference and \"T-1\" in reference %}a{% endif %}",
            "{% for line in from %}{{ loop.index }} {{ line }}{% endfor %}",
        ] {
            let source = format!("# {{{{ title }}}}\n\n{line}\n");
            Template::edited(Language::Welsh, 1, &source).unwrap();
        }
    }

    #[test]
    fn a_bare_letter_is_the_first_of_its_kind_without_what_it_may_lack() {
        let all = samples(Language::Welsh);
        let bare = bare(Language::Welsh);
        let kinds: Vec<_> = bare.iter().map(|letter| letter.kind).collect();
        assert_eq!(kinds.len(), 10);
        for letter in bare {
            let first = all.iter().find(|one| one.kind == letter.kind).unwrap().clone();
            let expected = Letter {
                format: Format::LargePrint,
                from: Vec::new(),
                name: String::new(),
                address: Vec::new(),
                reference: None,
                signed_by: None,
                ..first
            };
            assert_eq!(letter, expected);
        }
    }

    #[test]
    fn a_name_is_known_by_itself_or_as_a_part() {
        for (name, known) in [
            ("title", true),
            ("parts", true),
            ("parts.how_to_appeal", true),
            ("bodies.reasons", true),
            ("parts.appeal", false),
            ("title.reasons", false),
            ("parts.reasons.more", false),
            ("", false),
        ] {
            assert_eq!(is_known(name), known, "{name}");
        }
    }
}
