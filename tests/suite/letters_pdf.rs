//! Every kind of letter of every organisation as PDF, read by pikepdf as a program that reads aloud does: tags,
//! language, title, reading order, headings, nothing untagged, and large print by size.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use contact_gateway::domain::language::Language;
use contact_gateway::domain::letter::{Block, Document, Template, Templates, samples};
use contact_gateway::render::pdf::pdf;
use serde_json::{Value, json};

use crate::notices::PROFILES;

/// Points of the text that guidance asks for: of any letter, and of one in large print.
const POINTS: u32 = 12;
const POINTS_LARGE: u32 = 18;
/// Kinds of letters.
const KINDS: usize = 10;
const BUILT_IN: &str = "standard";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a letter must be as PDF.
fn wanted(document: &Document) -> Value {
    let texts =
        |block: &Block| block.texts().iter().map(|text| text.line.text()).collect::<String>();
    let of = |wanted: fn(&Block) -> bool| -> Vec<String> {
        document.blocks.iter().filter(|block| wanted(block)).map(texts).collect()
    };
    let lists = document.blocks.iter().filter(|block| matches!(block, Block::List(_)));
    json!({
        "language": document.language.regional_tag(),
        "title": document.title(),
        "texts": of(|_| true),
        "headings": [
            of(|block| matches!(block, Block::Title(_))),
            of(|block| matches!(block, Block::Heading(_))),
        ],
        "entries": lists.map(|block| block.texts().len()).sum::<usize>(),
        "points": if document.large_print { POINTS_LARGE } else { POINTS },
    })
}

/// The templates of the five organisations, and the one that is built in, by name.
fn templates() -> Vec<(String, Template)> {
    let built_in = Templates::default();
    let mut all: Vec<(String, Template)> =
        [built_in.english, built_in.welsh].map(|one| (BUILT_IN.to_owned(), one)).into();
    for name in PROFILES {
        for language in Language::ALL {
            let file = format!("{name}.{}.txt", language.tag());
            let source = std::fs::read_to_string(root().join("config/letters").join(&file));
            // United Welsh has one in Welsh as well.
            let Ok(source) = source else { continue };
            all.push((name.to_owned(), Template::read(&file, language, &source).unwrap()));
        }
    }
    all
}

#[test]
fn every_letter_is_read_aloud_as_it_was_written() {
    let python = root().join("target/clients/bin/python");
    assert!(python.exists(), "pikepdf is not installed: tests/run installs it");
    let folder = tempfile::tempdir().unwrap();
    let mut written = 0;
    let templates = templates();
    assert_eq!(templates.len(), 8, "two built in, five in English, one in Welsh");
    for (organisation, template) in templates {
        let mut of_template = BTreeSet::new();
        for (at, letter) in samples(template.language).iter().enumerate() {
            let is_first = of_template.insert(letter.kind.name());
            // Everything that a letter can say by the template that is built in; each kind by the others.
            if !is_first && organisation != BUILT_IN {
                continue;
            }
            for large_print in [false, true] {
                let mut document = template.lay_out(letter).unwrap();
                document.large_print = large_print;
                let size = if large_print { "large" } else { "standard" };
                let (language, kind) = (template.language.tag(), letter.kind.name());
                let name = format!("{organisation}-{language}-{at:02}-{kind}-{size}");
                let path = folder.path().join(name);
                std::fs::write(path.with_extension("pdf"), pdf(&document).unwrap()).unwrap();
                let described = wanted(&document).to_string();
                std::fs::write(path.with_extension("json"), described).unwrap();
                written += 1;
            }
        }
        assert_eq!(of_template.len(), KINDS, "{of_template:?}");
    }
    let output = Command::new(python)
        .arg(root().join("tests/clients/pdf_letters.py"))
        .arg(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, format!("read {written}\n"), "{err}");
    assert!(output.status.success(), "{err}");
}
