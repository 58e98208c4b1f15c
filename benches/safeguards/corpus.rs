//! The labelled texts, and what the safeguards make of them.

use std::collections::BTreeMap;
use std::path::Path;

use contact_gateway::domain::safeguard::{FoundBy, Hit, Lane, Safeguards, Spelling};
use serde::Deserialize;

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It names what it is about.
    Plain,
    /// It describes the situation, and no hazard by its name.
    Described,
    /// Welsh, or Welsh and English.
    Welsh,
    /// A near miss: it sounds like a lane but belongs to none.
    NearMiss,
    Ordinary,
}

/// What texts are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// Written before the rules, by whoever wrote the rules: they are worked on with these.
    Development,
    /// Written for what is learnt: many short texts of every sort.
    Stock,
    /// Written for the same by many imagined people: in Welsh of north and south, in two languages at once, at
    /// length, in anger, and about everything else that a landlord hears of.
    Voices,
    /// Written after the rules, about other situations: no rule is changed for one of these.
    Test,
    /// Written by somebody who had seen neither the rules nor any other text: no rule is changed for these.
    Strangers,
    /// By somebody else of the same kind, after everything had been learnt and chosen.
    Others,
    /// By three more, later still; a third of them are ordinary messages that mention in passing what a lane is about.
    Later,
    /// By one more, after all of these.
    Fresh,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The lanes that it needs, by name.
    lanes: Vec<String>,
    /// The lane that a near miss is near to.
    near: Option<String>,
    pub kind: Kind,
    /// `en`, `cy` or `mixed`.
    pub language: String,
    pub text: String,
}

impl Text {
    pub fn of(half: Half) -> Vec<Text> {
        let name = match half {
            Half::Development => "development.jsonl",
            Half::Stock => "stock.jsonl",
            Half::Voices => "voices.jsonl",
            Half::Test => "test.jsonl",
            Half::Strangers => "strangers.jsonl",
            Half::Others => "others.jsonl",
            Half::Later => "later.jsonl",
            Half::Fresh => "fresh.jsonl",
        };
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/safeguards");
        let lines = std::fs::read_to_string(folder.join(name)).expect(name);
        Text::all_in(&lines)
    }

    pub fn all_in(lines: &str) -> Vec<Text> {
        let read =
            |line| serde_json::from_str(line).unwrap_or_else(|fault| panic!("{line}: {fault}"));
        lines.lines().map(read).collect()
    }

    /// The lanes that it needs.
    pub fn lanes(&self) -> Vec<Lane> {
        let is_needed = |lane: &Lane| self.lanes.iter().any(|name| name == lane.name());
        Lane::ALL.into_iter().filter(is_needed).collect()
    }

    /// The lane that it needs, or is near to.
    pub fn about(&self) -> Option<Lane> {
        let name = self.lanes.first().or(self.near.as_ref())?;
        Some(Lane::ALL.into_iter().find(|lane| lane.name() == name).expect("a lane"))
    }
}

/// How many of the texts of one sort there are, how many were taken for a lane, and by what.
#[derive(Debug, Default, Clone)]
pub struct Count {
    pub texts: usize,
    /// Of texts that need a lane: those that have it. Of others: those that have any.
    pub found: usize,
    pub by: BTreeMap<FoundBy, usize>,
    /// Those that were found by words that are misspelt or mutated.
    pub misspelt: usize,
}

impl Count {
    pub fn share(&self) -> f64 {
        self.found as f64 / self.texts.max(1) as f64
    }

    pub fn merge(&mut self, other: &Count) {
        self.texts += other.texts;
        self.found += other.found;
        self.misspelt += other.misspelt;
        for (part, found) in &other.by {
            *self.by.entry(*part).or_default() += found;
        }
    }

    pub fn add(&mut self, hit: Option<&Hit>) {
        self.texts += 1;
        if let Some(hit) = hit {
            self.found += 1;
            *self.by.entry(hit.part).or_default() += 1;
            self.misspelt += usize::from(hit.spelling > Spelling::Ending);
        }
    }
}

/// The hit that counts for a text: of the lane that it needs, or any where it needs none.
pub fn hit_of<'h>(text: &Text, hits: &'h [Hit]) -> Option<&'h Hit> {
    match text.kind {
        Kind::Plain | Kind::Described | Kind::Welsh => {
            hits.iter().find(|hit| Some(hit.lane) == text.about())
        }
        Kind::NearMiss | Kind::Ordinary => hits.first(),
    }
}

/// By kind and by the lane that a text is about.
pub type Counts = BTreeMap<(Kind, Option<Lane>), Count>;

/// Texts, counted by kind and by the lane that they are about.
pub fn counted(safeguards: &Safeguards, texts: &[Text]) -> Counts {
    let mut counts = Counts::new();
    for text in texts {
        let hits = safeguards.matches_of(&text.text).hits;
        let count = counts.entry((text.kind, text.about())).or_default();
        count.add(hit_of(text, &hits));
    }
    counts
}

/// All lanes of a kind together.
pub fn of_kind(counts: &Counts, kind: Kind) -> Count {
    let mut whole = Count::default();
    for (_, count) in counts.iter().filter(|((of, _), _)| *of == kind) {
        whole.merge(count);
    }
    whole
}
