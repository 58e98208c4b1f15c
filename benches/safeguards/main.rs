//! What the safeguards find in labelled texts, by lane and by kind, and what each part of them
//! contributes.
//!
//! ```sh
//! cargo bench --bench safeguards                  # the tables
//! cargo bench --bench safeguards -- --missed      # and what is missed or wrong of the development texts
//! cargo bench --bench safeguards -- --words config/safeguards   # with words read now, not those built in
//! cargo bench --bench safeguards -- --texts FILE     # the table of other labelled texts
//! cargo bench --bench safeguards -- --learn FILE      # config/safeguards/wording.bin, from the labelled texts
//! cargo bench --bench safeguards -- --learn FILE --crossed      # what each fifth of them is judged as by the others
//! cargo bench --bench safeguards -- --everyday WORDS...         # words of these lists that are a slip away
//! cargo bench --bench safeguards -- --count 20    # reads a text of 2 KiB so often, for callgrind
//! cargo bench --bench safeguards -- --findings    # everything found in every text, to compare before and after a change
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench ends by panicking"
)]
#![allow(unreachable_pub, reason = "`pub` says what other modules of this program use")]
#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "rows and shares are as many as were made"
)]
#![expect(clippy::print_stdout, reason = "what it measured")]

mod corpus;
mod learn;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use contact_gateway::config::profile::{load, safeguard_words};
use contact_gateway::domain::contact::Contact;
use contact_gateway::domain::reading::Reading;
use contact_gateway::domain::safeguard::{
    BuiltIn, Everyday, FoundBy, Lane, Safeguards, Spelling, Wording,
};

use corpus::{Count, Counts, Half, Kind, Text, counted, hit_of, of_kind};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let after = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        Some(arguments.get(at + 1..).unwrap_or_default())
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let words = after("--words").and_then(|values| values.first()).map(PathBuf::from);
    let profile = load(&root.join("config/profiles/tuntum.toml")).unwrap();
    let safeguards = match &words {
        None => profile.safeguards.clone(),
        Some(folder) => of_folder(folder, false),
    };
    if let Some(values) = after("--count") {
        let times: usize = values.first().unwrap().parse().unwrap();
        let contact = letter();
        let found = (0..times).map(|_| Reading::of(&profile, &contact).hits.len()).sum::<usize>();
        println!("{found}");
        return;
    }
    if after("--findings").is_some() {
        findings(&safeguards);
        return;
    }
    if let Some(lists) = after("--everyday") {
        let safeguards = of_folder(&words.unwrap_or_else(|| root.join("config/safeguards")), true);
        everyday(&safeguards, lists);
        return;
    }
    if let Some(files) = after("--learn") {
        let written = safeguard_words(&root.join("config/safeguards")).unwrap();
        let texts = learn::labelled(&written);
        let lean = learn::lean(&safeguards, &texts);
        println!("leans {lean:?}");
        if arguments.iter().any(|argument| argument == "--crossed") {
            let is_missed = after("--missed").is_some();
            let judged = |judge: &Safeguards, texts: &[Text]| {
                if is_missed {
                    missed(judge, texts);
                }
            };
            for (half, counts) in learn::crossed(&written, &texts, &lean, judged) {
                table(&format!("{half:?}, each fifth left out in turn"), &counts);
            }
            return;
        }
        std::fs::write(files.first().unwrap(), learn::learn(&safeguards, &texts, &lean)).unwrap();
        println!("learnt from {} texts", texts.len());
        return;
    }
    let sets: Vec<(String, Vec<Text>)> = match after("--texts") {
        Some(files) => files
            .iter()
            .take_while(|file| !file.starts_with("--"))
            .map(|file| (file.clone(), Text::all_in(&std::fs::read_to_string(file).unwrap())))
            .collect(),
        None => {
            [Half::Development, Half::Test, Half::Strangers, Half::Others, Half::Later, Half::Fresh]
                .map(|half| (format!("{half:?}"), Text::of(half)))
                .to_vec()
        }
    };
    for (name, texts) in &sets {
        table(name, &counted(&safeguards, texts));
    }
    // Of the development texts alone: who looks at the others no longer knows how good the rules are.
    if after("--missed").is_some() {
        missed(&safeguards, sets.first().map_or(&[], |(_, texts)| texts));
    }
}

/// Safeguards of the words of a folder; with or without those that are set aside as everyday ones.
fn of_folder(folder: &Path, without_everyday: bool) -> Safeguards {
    let mut written = safeguard_words(folder).unwrap_or_else(|faults| panic!("{faults}"));
    if without_everyday {
        written.everyday = Everyday::default();
    }
    let wording = std::fs::read(folder.join("wording.bin")).unwrap();
    let wording = Wording::read(&wording).filter(|_| !without_everyday).unwrap_or_default();
    let built_in = Arc::new(BuiltIn::new(written).with_wording(wording));
    Safeguards::beside(built_in, BTreeMap::new(), Vec::new(), Vec::new())
}

const PARTS: [(FoundBy, &str); 5] = [
    (FoundBy::Words, "words"),
    (FoundBy::Gaps, "gaps"),
    (FoundBy::Concept, "concepts"),
    (FoundBy::Example, "examples"),
    (FoundBy::Wording, "wording"),
];

fn table(name: &str, counts: &Counts) {
    println!("{name}");
    println!(
        "| kind | lane | texts | taken | share | words | gaps | concepts | examples | wording | misspelt |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for ((kind, lane), count) in counts {
        row(&format!("{kind:?}"), lane.map_or("", Lane::name), count);
    }
    for kind in [Kind::Plain, Kind::Described, Kind::Welsh, Kind::NearMiss, Kind::Ordinary] {
        row(&format!("**{kind:?}**"), "all", &of_kind(counts, kind));
    }
    println!();
}

fn row(kind: &str, lane: &str, count: &Count) {
    let by: Vec<String> = PARTS
        .iter()
        .map(|(part, _)| count.by.get(part).copied().unwrap_or_default().to_string())
        .collect();
    println!(
        "| {kind} | {lane} | {} | {} | {:.0} % | {} | {} |",
        count.texts,
        count.found,
        count.share() * 100.0,
        by.join(" | "),
        count.misspelt
    );
}

fn missed(safeguards: &Safeguards, texts: &[Text]) {
    for text in texts {
        let matches = safeguards.matches_of(&text.text);
        let hit = hit_of(text, &matches.hits);
        let needs = matches!(text.kind, Kind::Plain | Kind::Described | Kind::Welsh);
        if needs == hit.is_some() {
            continue;
        }
        let about = text.about().map_or("none", Lane::name);
        let by = hit.map_or(String::new(), |hit| {
            format!(" [{} by {:?} {:?}: {}]", hit.lane.name(), hit.part, hit.spelling, hit.by)
        });
        let like: Vec<String> = matches
            .resembles
            .iter()
            .map(|like| format!("{} {} %", like.lane.name(), like.percent))
            .collect();
        println!(
            "{about} {:?} {}: {}{by} ({})",
            text.kind,
            text.language,
            text.text,
            like.join(", ")
        );
    }
}

/// Prints, one per line, the words of the lists that would be mistaken for a slip of a safeguard's word.
fn everyday(safeguards: &Safeguards, lists: &[String]) {
    let mut found = BTreeSet::new();
    for list in lists {
        let is_welsh = list.contains("cy");
        for word in std::fs::read_to_string(list).expect("a list of words, one a line").lines() {
            let Some(taken) = safeguards.taken_for(word, is_welsh) else { continue };
            let wrongly = match taken.how {
                Spelling::Slip | Spelling::Sound => true,
                Spelling::Mutation => !is_welsh,
                _ => false,
            };
            if wrongly {
                found.insert(taken.word);
            }
        }
    }
    for word in &found {
        println!("{word}");
    }
}

/// Prints what is found in each labelled text, and in longer texts joined from several: an optimisation must not change
/// any line.
fn findings(safeguards: &Safeguards) {
    const TOGETHER: usize = 7;
    let learnt = [Half::Development, Half::Stock, Half::Voices];
    let unseen = [Half::Test, Half::Strangers, Half::Others, Half::Later, Half::Fresh];
    for half in learnt.into_iter().chain(unseen) {
        let texts: Vec<String> = Text::of(half).into_iter().map(|text| text.text).collect();
        let long: Vec<String> = texts.chunks(TOGETHER).map(|texts| texts.join("\n\n")).collect();
        for (number, text) in texts.iter().chain(&long).enumerate() {
            println!("{half:?} {number} {:?}", safeguards.matches_of(text));
        }
    }
}

/// A contact of some 2 KiB in which nothing is found.
fn letter() -> Contact {
    serde_json::from_value(serde_json::json!({
        "id": "C", "channel": "email", "at": "2026-11-21T10:00:00Z",
        "from": [{ "kind": "email", "value": "a@b.example", "assurance": "asserted" }],
        "to": ["repairs@tuntum.example"], "subject": "", "text": include_str!("letter.txt"),
    }))
    .unwrap()
}
