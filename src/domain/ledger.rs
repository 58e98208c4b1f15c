//! What is remembered of one person's contacts, as far as a decision needs it, and what a decision
//! adds to it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::decision::Decision;
use super::restriction::Mode;

/// The record of one person that a decision reads. Everything in it is bounded by the store
/// (`runtime::limits`), newest kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ledger {
    /// The decision recorded for this very contact id, if there is one.
    pub recorded: Option<Decision>,
    /// What was counted, for every quota, at least as far back as the longest period reaches.
    pub counted: Vec<Counted>,
    /// Contacts received before, oldest first; filled where [`super::decide::needs_received`] asks.
    pub received: Vec<Received>,
    /// When the person was last notified of each reason code.
    pub told: Vec<Told>,
    /// How often the person used each safeguard lane, by lane name.
    pub lanes_used: Vec<(String, u32)>,
}

/// One contact that a quota counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    pub restriction: String,
    /// Observed quotas count in counters of their own.
    pub mode: Mode,
    #[serde(serialize_with = "super::instant::written")]
    pub at: DateTime<Utc>,
    /// For `issue_quota`: the issue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
}

/// The traces of one received contact: enough to tell repetition from news, and no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    pub contact: String,
    #[serde(serialize_with = "super::instant::written")]
    pub at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    /// The contact was admitted or filed, so that its issue counts as known.
    #[serde(default)]
    pub makes_issue_known: bool,
    /// Message-ids of the contact and of what it answered.
    #[serde(default)]
    pub thread: Vec<String>,
    /// SHA-256 of each attachment, lower-case hex.
    #[serde(default)]
    pub attachments: Vec<String>,
    /// Fingerprints of the text's word triples ([`super::evidence::fingerprint`]).
    #[serde(default, with = "super::fingerprints")]
    pub text: Vec<u64>,
}

/// How far the instant of one notice may be ahead of that of a later one. Further: it was written
/// by a clock that was wrong, and the later one takes its place.
pub const TOLD_AHEAD_MAX: chrono::TimeDelta = chrono::TimeDelta::days(1);

/// The person was notified why a contact was limited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub code: String,
    #[serde(serialize_with = "super::instant::written")]
    pub at: DateTime<Utc>,
}

/// What one decision adds to the ledger. All of it is committed with the decision, or none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Additions {
    pub counted: Vec<Counted>,
    pub received: Option<Received>,
    pub told: Option<Told>,
    pub lane: Option<String>,
}

impl Ledger {
    /// Adds what is remembered on another record of the same person.
    pub fn join(&mut self, other: Ledger) {
        self.counted.extend(other.counted);
        self.counted.sort_by_key(|counted| counted.at);
        self.received.extend(other.received);
        self.received.sort_by_key(|received| received.at);
        for told in other.told {
            match self.told.iter_mut().find(|known| known.code == told.code) {
                Some(known) => known.at = known.at.max(told.at),
                None => self.told.push(told),
            }
        }
        for (lane, times) in other.lanes_used {
            match self.lanes_used.iter_mut().find(|(known, _)| *known == lane) {
                Some((_, known)) => *known += times,
                None => self.lanes_used.push((lane, times)),
            }
        }
    }

    /// Takes in what a decision adds: what a store does in its own form.
    pub fn absorb(&mut self, additions: &Additions) {
        self.counted.extend(additions.counted.iter().cloned());
        self.received.extend(additions.received.iter().cloned());
        if let Some(told) = &additions.told {
            self.told.retain(|before| before.code != told.code);
            self.told.push(told.clone());
        }
        if let Some(lane) = &additions.lane {
            match self.lanes_used.iter_mut().find(|(used, _)| used == lane) {
                Some((_, times)) => *times += 1,
                None => self.lanes_used.push((lane.clone(), 1)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u32) -> DateTime<Utc> {
        format!("2026-11-25T{hour:02}:00:00Z").parse().unwrap()
    }

    fn counted(hour: u32) -> Counted {
        Counted { restriction: "R-1".to_owned(), mode: Mode::Enforce, at: at(hour), issue: None }
    }

    fn received(hour: u32) -> Received {
        Received {
            contact: format!("c-{hour}"),
            at: at(hour),
            issue: None,
            makes_issue_known: false,
            thread: Vec::new(),
            attachments: Vec::new(),
            text: Vec::new(),
        }
    }

    fn told(code: &str, hour: u32) -> Told {
        Told { code: code.to_owned(), at: at(hour) }
    }

    fn used(lane: &str, times: u32) -> (String, u32) {
        (lane.to_owned(), times)
    }

    #[test]
    fn ledgers_of_two_records_are_one_in_the_order_of_time() {
        let mut ledger = Ledger {
            recorded: None,
            counted: vec![counted(8), counted(10)],
            received: vec![received(8), received(10)],
            told: vec![told("a", 8), told("b", 9)],
            lanes_used: vec![used("legal", 3), used("appeal", 1)],
        };
        ledger.join(Ledger {
            recorded: None,
            counted: vec![counted(7), counted(9)],
            received: vec![received(9)],
            told: vec![told("b", 10), told("c", 7), told("a", 7)],
            lanes_used: vec![used("appeal", 2), used("emergency", 1)],
        });
        let expected = Ledger {
            recorded: None,
            counted: [7, 8, 9, 10].map(counted).to_vec(),
            received: [8, 9, 10].map(received).to_vec(),
            // The later of the two notices counts.
            told: vec![told("a", 8), told("b", 10), told("c", 7)],
            lanes_used: vec![used("legal", 3), used("appeal", 3), used("emergency", 1)],
        };
        assert_eq!(ledger, expected);
    }

    #[test]
    fn a_decision_adds_what_it_counted_and_what_was_said_last() {
        let mut ledger = Ledger::default();
        let lane = |name: &str| Some(name.to_owned());
        let said = |hour| Additions {
            counted: vec![counted(hour)],
            received: Some(received(hour)),
            told: Some(told("a", hour)),
            lane: lane("appeal"),
        };
        ledger.absorb(&said(8));
        ledger.absorb(&Additions {
            told: Some(told("b", 9)),
            lane: lane("legal"),
            ..Additions::default()
        });
        ledger.absorb(&said(10));
        ledger.absorb(&said(11));
        ledger.absorb(&Additions::default());
        let expected = Ledger {
            recorded: None,
            counted: [8, 10, 11].map(counted).to_vec(),
            received: [8, 10, 11].map(received).to_vec(),
            told: vec![told("b", 9), told("a", 11)],
            lanes_used: vec![used("appeal", 3), used("legal", 1)],
        };
        assert_eq!(ledger, expected);
    }
}
