//! The safeguards of a profile: the built-in words, and what the profile adds to them.

use std::collections::BTreeMap;

use crate::config::fault::Faults;
use crate::config::node;
use crate::config::reader::{Reader, Section};
use crate::domain::safeguard::{Lane, LaneRule, Safeguards};

/// The built-in words: always in force. A profile adds to them and can't take any away.
const BUILT_IN: &str = include_str!("../../../config/safeguards.toml");
const BUILT_IN_NAME: &str = "config/safeguards.toml (built in)";

/// The lanes that are found by words.
pub(super) const WORD_LANES: [Lane; 6] = [
    Lane::Emergency,
    Lane::Safeguarding,
    Lane::Statutory,
    Lane::Legal,
    Lane::Appeal,
    Lane::Adjustment,
];

/// Words and addresses of all lanes, in the order in which they were added.
#[derive(Default)]
struct Words {
    phrases: BTreeMap<Lane, Vec<String>>,
    queues: BTreeMap<Lane, String>,
    senders: Vec<String>,
    recipients: Vec<String>,
}

/// The safeguards of a profile, whose section may add to the built-in ones; `None` where a fault
/// is on record.
pub(super) fn safeguards(reader: &Reader, profile: &Section<'_>) -> Option<Safeguards> {
    let mut words = match built_in() {
        Ok(words) => words,
        Err(faults) => {
            reader.add(faults);
            return None;
        }
    };
    if let Some(section) = profile.field("safeguards").and_then(|f| f.section()) {
        words.add(section);
    }
    Some(words.into_safeguards())
}

fn built_in() -> Result<Words, Faults> {
    let root = node::parse(BUILT_IN_NAME, BUILT_IN)?;
    let reader = Reader::default();
    let mut words = Words::default();
    if let Some(section) = reader.section(&root, "") {
        words.add(section);
    }
    if reader.is_clean() { Ok(words) } else { Err(reader.faults()) }
}

impl Words {
    fn add(&mut self, section: Section<'_>) {
        for lane in WORD_LANES {
            let Some(table) = section.field(lane.name()).and_then(|f| f.section()) else {
                continue;
            };
            let phrases = table.field("phrases").and_then(|f| f.texts()).unwrap_or_default();
            append(self.phrases.entry(lane).or_default(), phrases);
            let queue = table
                .field("queue")
                .filter(|f| !f.node().is_unset())
                .and_then(|f| f.parsed(queue_name));
            // The lane's own queue is not written down twice.
            if let Some(queue) = queue.filter(|q| Some(q.as_str()) != lane.default_queue()) {
                self.queues.insert(lane, queue);
            }
            table.close();
        }
        let addresses = |key| section.field(key).and_then(|f| f.texts()).unwrap_or_default();
        append(&mut self.senders, addresses("protected_senders"));
        append(&mut self.recipients, addresses("protected_recipients"));
        section.close();
    }

    fn into_safeguards(mut self) -> Safeguards {
        let lanes = WORD_LANES
            .into_iter()
            .map(|lane| {
                let phrases = self.phrases.remove(&lane).unwrap_or_default();
                (lane, LaneRule::new(phrases, self.queues.remove(&lane)))
            })
            .collect();
        Safeguards::new(lanes, self.senders, self.recipients)
    }
}

fn append(all: &mut Vec<String>, more: Vec<String>) {
    for one in more {
        if !all.contains(&one) {
            all.push(one);
        }
    }
}

/// A queue's name, as it stands in the paths of the API.
pub(in crate::config) fn queue_name(text: &str) -> Result<String, (String, String)> {
    let fits = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if fits {
        Ok(text.to_owned())
    } else {
        Err((
            "is not a queue's name".to_owned(),
            "write it in lower case with hyphens, as head-of-service".to_owned(),
        ))
    }
}
