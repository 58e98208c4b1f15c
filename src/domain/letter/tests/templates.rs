//! What is wrong with a template, what it leaves out, and how its versions differ.

use super::super::template::{TemplateTrouble, UnsaidPart};
use super::super::{Template, Templates};
use super::samples;
use crate::domain::language::Language;
use crate::domain::nation::Nation;
use crate::domain::profile::Profile;

fn edition(number: u64, source: &str) -> Template {
    Template::of_edition(Language::English, number, source)
}

#[test]
fn each_trouble_has_its_own_advice() {
    let loops = "{% for a in sections %}".repeat(5) + &"{% endfor %}".repeat(5);
    for (source, trouble, line) in [
        ("x".repeat(64 * 1024 + 1), TemplateTrouble::TooLong, None),
        (format!("{{{{ {}", "(".repeat(60)), TemplateTrouble::TooDeep, None),
        ("# {{ title }}\n{{ title".to_owned(), TemplateTrouble::Syntax, Some(2)),
        (format!("# {{{{ title }}}}\n{loops}"), TemplateTrouble::TooMuch, Some(2)),
        ("# {{ title }}\n\n{{ parts.no }}".to_owned(), TemplateTrouble::Unknown, Some(3)),
        ("no title".to_owned(), TemplateTrouble::Title, None),
        ("# {{ title }}\n# {{ title }}".to_owned(), TemplateTrouble::Title, None),
    ] {
        let fault = Template::read("t", Language::English, &source).unwrap_err();
        assert_eq!((fault.trouble, fault.line), (trouble, line), "{fault:?}");
    }
    let mut advice = [
        TemplateTrouble::TooLong,
        TemplateTrouble::TooDeep,
        TemplateTrouble::Syntax,
        TemplateTrouble::Unknown,
        TemplateTrouble::TooMuch,
        TemplateTrouble::Title,
        TemplateTrouble::Tag,
    ]
    .map(TemplateTrouble::right);
    advice.sort_unstable();
    assert!(advice.windows(2).all(|pair| pair[0] != pair[1]), "{advice:?}");
}

#[test]
fn source_and_letter_have_their_longest_length() {
    let title = "# {{ title }}\n\n";
    let source = format!("{title}{}", "x".repeat(64 * 1024 - title.len()));
    assert_eq!(Template::read("t", Language::English, &source).unwrap().source(), source);
    let letter = samples(Language::English).remove(0);
    let writes = |bytes: usize| edition(1, &"x".repeat(bytes)).lay_out(&letter);
    assert!(writes(256 * 1024).is_ok());
    for more in [1, 2, 100] {
        assert_eq!(writes(256 * 1024 + more).unwrap_err().trouble, TemplateTrouble::TooMuch);
    }
}

#[test]
fn a_template_that_says_nothing_leaves_out_what_policy_and_law_ask_for() {
    let profile = Profile::silent("Bare Homes", Nation::England);
    let bare = edition(1, "# {{ title }}");
    let expected =
        ["always_open", "behaviour", "how_to_appeal", "must_change", "outcome", "reasons"];
    assert_eq!(bare.leaves_out(&profile).unwrap(), expected);
    let shipped = Templates::default().english;
    assert_eq!(shipped.unsaid(&profile).unwrap(), []);
    let tag = |part: &str| UnsaidPart { part: part.to_owned(), clause: None }.tag();
    assert_eq!(tag("appeal"), "{{ parts.how_to_appeal }}");
    assert_eq!(tag("annual_leave"), "{{ parts.annual_leave }}");
}

#[test]
fn a_version_is_known_by_its_name_and_its_words_by_its_digest() {
    let (one, same, other) = (edition(1, "# a"), edition(2, "# a"), edition(1, "# b"));
    let (name, mark) = {
        let version = one.version();
        let (name, mark) = version.split_once(' ').unwrap();
        (name.to_owned(), mark.to_owned())
    };
    assert_eq!(name, "edited.en.1");
    assert!(mark.len() == 12 && mark.bytes().all(|byte| byte.is_ascii_hexdigit()), "{mark}");
    assert_ne!(one.version(), same.version());
    assert!(one.words_as(&same.version()) && !one.words_as(&other.version()));
    assert!(!one.words_as("") && !one.words_as("edited.en.1"));
}
