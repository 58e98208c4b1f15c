//! The safeguards of a profile: the built-in words, and what the profile adds to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::built_in::built_in;
use super::lane_words::lane_words;
use crate::config::fault::Wrong;
use crate::config::reader::{Reader, Section};
use crate::domain::safeguard::{
    Lane, LaneRule, LaneWords, RESEMBLES_PERCENT, RESEMBLES_PERCENT_MIN, Safeguards, Set,
    WORDING_PERCENT,
};

/// The safeguards of a profile, whose section may add to the built-in ones; `None` where a fault
/// is on record.
pub(super) fn safeguards(reader: &Reader, profile: &Section<'_>) -> Option<Safeguards> {
    let built_in = match built_in() {
        Ok(built_in) => built_in,
        Err(faults) => {
            reader.add(faults.clone());
            return None;
        }
    };
    let written = built_in.words.written();
    let section = profile.field("safeguards").and_then(|f| f.section());
    let lanes: BTreeMap<Lane, LaneRule> = Lane::OF_WORDS
        .into_iter()
        .map(|lane| {
            let mut rule = section
                .as_ref()
                .map_or_else(LaneRule::default, |section| own_rule(section, lane, &written.sets));
            let words = written.lanes.get(&lane).cloned().unwrap_or_default();
            let own = std::mem::replace(&mut rule.phrases, words.phrases);
            append(&mut rule.phrases, words.welsh);
            append(&mut rule.phrases, own);
            (lane, rule)
        })
        .collect();
    let (mut senders, mut recipients) = (built_in.senders.clone(), built_in.recipients.clone());
    let (mut resembles, mut wording) = (RESEMBLES_PERCENT, WORDING_PERCENT);
    if let Some(section) = section {
        let addresses = |key| section.field(key).and_then(|f| f.texts()).unwrap_or_default();
        append(&mut senders, addresses("protected_senders"));
        append(&mut recipients, addresses("protected_recipients"));
        let percent = |key, most: u8| {
            let field = section.field(key)?;
            let percent = field.whole(RESEMBLES_PERCENT_MIN.into(), most.into())?;
            u8::try_from(percent).ok()
        };
        resembles = percent("resembles_percent", RESEMBLES_PERCENT).unwrap_or(resembles);
        wording = percent("wording_percent", WORDING_PERCENT).unwrap_or(wording);
        section.close();
    }
    let safeguards = Safeguards::beside(Arc::clone(&built_in.words), lanes, senders, recipients);
    Some(safeguards.with_percents(resembles, wording))
}

/// What a profile says of a lane itself.
fn own_rule(section: &Section<'_>, lane: Lane, sets: &BTreeMap<String, Set>) -> LaneRule {
    let Some(table) = section.field(lane.name()).and_then(|f| f.section()) else {
        return LaneRule::default();
    };
    let LaneWords { mut phrases, welsh, concepts, examples } = lane_words(&table, sets);
    append(&mut phrases, welsh);
    let queue =
        table.field("queue").filter(|f| !f.node().is_unset()).and_then(|f| f.parsed(queue_name));
    table.close();
    LaneRule {
        phrases,
        concepts,
        examples,
        // The lane's own queue is not written down twice.
        queue: queue.filter(|queue| Some(queue.as_str()) != lane.default_queue()),
    }
}

fn append(all: &mut Vec<String>, more: Vec<String>) {
    for one in more {
        if !all.contains(&one) {
            all.push(one);
        }
    }
}

/// A queue's name, as it appears in the paths of the API.
pub(in crate::config) fn queue_name(text: &str) -> Result<String, Wrong> {
    let fits = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Wrong::new(
            "is not a queue's name",
            "write it in lower case with hyphens, such as head-of-service",
        ))
    }
}
