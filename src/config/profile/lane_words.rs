//! What finds a safeguard lane, as a profile and the built-in files write it.

use std::collections::BTreeMap;

use crate::config::reader::{Field, Section};
use crate::domain::safeguard::{LaneWords, Set, concept_fault, example_fault, phrase_fault};

/// What a lane is found by. The fault of a phrase, a concept or an example is recorded.
pub(super) fn lane_words(table: &Section<'_>, sets: &BTreeMap<String, Set>) -> LaneWords {
    let texts = |key, fault: &dyn Fn(&str) -> Option<String>, right: &str| {
        let sound = |item: &Field<'_>| {
            let text = item.words()?;
            match fault(text) {
                None => Some(text.to_owned()),
                Some(wrong) => {
                    item.fault(wrong, right);
                    None
                }
            }
        };
        table.field(key).and_then(|f| f.list(sound)).unwrap_or_default()
    };
    LaneWords {
        phrases: texts("phrases", &|text| phrase_fault(text), "write words, such as \"gas leak\""),
        welsh: texts("welsh", &|text| phrase_fault(text), "write words, such as \"arogl nwy\""),
        concepts: texts(
            "concepts",
            &|text| concept_fault(text, sets),
            "write sets and words, such as \"@heating @off @infant\"",
        ),
        examples: texts("examples", &|text| example_fault(text), "write what a person would"),
    }
}
