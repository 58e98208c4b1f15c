//! Letters as they are read: every sample in both languages as a snapshot, the templates of the five
//! organisations, and what happens to a letter whose wording nobody approved.
//!
//! `UPDATE_SNAPSHOTS=1` writes the snapshots anew; then read them aloud.

mod composed;
mod readable;

use std::path::{Path, PathBuf};

use contact_gateway::config;
use contact_gateway::domain::case::letter::Format;
use contact_gateway::domain::language::Language;
use contact_gateway::domain::letter::{Part, Template, Templates, missing, page, plain, samples};

use crate::notices::PROFILES;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn snapshot(name: &str, said: &str) {
    let file: PathBuf = root().join("tests/letters").join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&file, said).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(kept, said, "{}: UPDATE_SNAPSHOTS=1 writes it anew", file.display());
}

#[test]
fn every_letter_reads_as_its_snapshot() {
    let templates = Templates::default();
    for language in Language::ALL {
        let mut all = String::new();
        for letter in samples(language) {
            let document = templates.of(language).lay_out(&letter).unwrap();
            all.push_str(&format!("{:=^72}\n\n", format!(" {} ", letter.kind.name())));
            all.push_str(&plain(&document));
            all.push('\n');
        }
        snapshot(&format!("{}.txt", language.tag()), &all);
    }
    let letter = samples(Language::English).remove(2);
    let document = templates.english.lay_out(&letter).unwrap();
    snapshot("restriction.html", &page(&document));
}

#[test]
fn large_print_is_18_points_and_the_words_are_the_same() {
    let mut letter = samples(Language::English).remove(2);
    let standard = Templates::default().english.lay_out(&letter).unwrap();
    letter.format = Format::LargePrint;
    let large = Templates::default().english.lay_out(&letter).unwrap();
    assert_eq!(plain(&standard), plain(&large));
    assert!(page(&large).contains("<body class=\"large\">"));
    assert!(page(&large).contains("body.large{font-size:18pt}"));
    assert!(page(&standard).contains("<body>"));
}

/// The template of each organisation puts every part that a letter can have.
#[test]
fn the_five_organisations_templates_leave_nothing_out() {
    let asked: Vec<String> = Part::ALL.into_iter().map(|part| part.name().to_owned()).collect();
    let mut templates = Vec::new();
    for name in PROFILES {
        let profile = config::profile::load(&root().join(format!("config/profiles/{name}.toml")));
        let profile = profile.unwrap();
        for language in Language::ALL {
            let file = format!("{name}.{}.txt", language.tag());
            let Ok(source) = std::fs::read_to_string(root().join("config/letters").join(&file))
            else {
                assert_eq!(language, Language::Welsh, "{file} is missing");
                continue;
            };
            let template = Template::read(&file, language, &source).unwrap();
            assert_eq!(template.leaves_out(&profile).unwrap(), Vec::<String>::new(), "{file}");
            templates.push(template);
        }
    }
    assert_eq!(templates.len(), 6, "United Welsh has a Welsh one as well");
    for template in templates {
        for letter in samples(template.language) {
            let document = template.lay_out(&letter).unwrap();
            let has = |name: &&String| {
                Part::asked_for_as(name).is_some_and(|part| letter.says(part).is_some())
            };
            let has: Vec<String> = asked.iter().filter(has).cloned().collect();
            let left_out = missing(&has, &letter, &document);
            assert_eq!(left_out, Vec::<String>::new(), "{} {:?}", template.version(), letter.kind);
        }
    }
}
