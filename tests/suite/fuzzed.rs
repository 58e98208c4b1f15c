//! The fuzz targets, without libFuzzer: the corpus, and a fixed number of mutations of it. The same
//! inputs every time, unless `MUTATIONS` and `SEED` say otherwise; `fuzz/README.md` says how to look
//! further.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use crate::fuzz::chance::Chance;
use crate::fuzz::{TARGETS, Target, project, session};

/// Mutations a target. A session is a hundred times the work of a parser.
const MUTATIONS: usize = 20_000;
const SESSIONS: usize = 2_000;
/// A configuration is a file, read three times.
const CONFIGURATIONS: usize = 2_000;
/// A message nested as deep as its size allows is of megabytes.
const NESTED: usize = 150;
/// A register is read twice, its dates and words by many patterns.
const REGISTERS: usize = 4_000;
/// A form is read four times, on a runtime of its own.
const FORMS: usize = 4_000;

#[expect(clippy::print_stdout, reason = "the number of inputs is part of the result")]
fn runs(name: &str, mutations: usize) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let corpus = corpus(target);
    assert!(corpus.len() >= 5, "{name} has too small a corpus");
    let started = Instant::now();
    for seed in &corpus {
        run(target, seed);
    }
    let chosen = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let mutations = chosen("MUTATIONS").unwrap_or(mutations);
    let mut chance = Chance(chosen("SEED").map_or(1, |seed: usize| seed as u64));
    for _ in 0..mutations {
        let seed = &corpus[chance.index(corpus.len())];
        let other = &corpus[chance.index(corpus.len())];
        run(target, &chance.mutation(seed, other, target.tokens));
    }
    let inputs = corpus.len() + mutations;
    println!("{name}: {inputs} inputs in {:.1} s", started.elapsed().as_secs_f64());
}

fn corpus(target: &Target) -> Vec<Vec<u8>> {
    let folder = project().join("fuzz/corpus").join(target.name);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    // Whatever order the file system has them in, the mutations are the same.
    files.sort();
    files.into_iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// Every sequence that some server takes for the end of a message, from peers that are trusted and
/// others, in two pieces wherever they may be parted.
#[test]
fn a_smuggled_end_is_none_wherever_it_is_parted() {
    let folder = project().join("fuzz/corpus/session");
    let mut seen = 0;
    for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if !file.file_name().unwrap().to_string_lossy().starts_with("smuggling-") {
            continue;
        }
        let bytes = std::fs::read(&file).unwrap();
        let last_words = b"It drips.";
        let at = bytes.windows(last_words.len()).position(|part| part == last_words).unwrap();
        let at = at + last_words.len();
        // The first byte says who sends it.
        session::at_every_split(&bytes, at - 2..at + 12);
        seen += 1;
    }
    assert_eq!(seen, 24, "a variant is missing");
}

fn run(target: &Target, input: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| (target.run)(input))).is_err() {
        panic!("{}: {}", target.name, input.escape_ascii());
    }
}

#[test]
fn sessions_hold() {
    runs("session", SESSIONS);
}

#[test]
fn milter_sessions_hold() {
    runs("milter", SESSIONS);
}

#[test]
fn messages_on_the_wire_hold() {
    runs("data", MUTATIONS);
}

#[test]
fn commands_hold() {
    runs("commands", MUTATIONS);
}

#[test]
fn from_fields_hold() {
    runs("from_field", MUTATIONS);
}

#[test]
fn authentication_results_hold() {
    runs("authentication_results", MUTATIONS);
}

#[test]
fn messages_hold() {
    runs("message", MUTATIONS);
}

#[test]
fn people_files_hold() {
    runs("people", MUTATIONS);
}

#[test]
fn registers_hold() {
    runs("register", REGISTERS);
}

#[test]
fn configurations_hold() {
    runs("configuration", CONFIGURATIONS);
}

#[test]
fn nested_messages_hold() {
    runs("nested", NESTED);
}

#[test]
fn forms_hold() {
    runs("form", FORMS);
}

#[test]
fn webhooks_hold() {
    runs("webhook", MUTATIONS);
}

#[test]
fn framings_hold() {
    runs("framing", MUTATIONS);
}
