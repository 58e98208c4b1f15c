//! The lanes of safeguards, and where each leads.

use serde::{Deserialize, Serialize};

use super::queue_names;

/// The lanes, in the order in which they route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    Emergency,
    Safeguarding,
    Statutory,
    Legal,
    Appeal,
    Adjustment,
    ProtectedSender,
    ProtectedRecipient,
}

impl Lane {
    pub const ALL: [Lane; 8] = [
        Lane::Emergency,
        Lane::Safeguarding,
        Lane::Statutory,
        Lane::Legal,
        Lane::Appeal,
        Lane::Adjustment,
        Lane::ProtectedSender,
        Lane::ProtectedRecipient,
    ];

    /// The lanes that words can open; the others depend on sender or recipient.
    pub const OF_WORDS: [Lane; 6] = [
        Lane::Emergency,
        Lane::Safeguarding,
        Lane::Statutory,
        Lane::Legal,
        Lane::Appeal,
        Lane::Adjustment,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Lane::Emergency => "emergency",
            Lane::Safeguarding => "safeguarding",
            Lane::Statutory => "statutory",
            Lane::Legal => "legal",
            Lane::Appeal => "appeal",
            Lane::Adjustment => "adjustment",
            Lane::ProtectedSender => "protected_sender",
            Lane::ProtectedRecipient => "protected_recipient",
        }
    }

    /// The code of a reason that is this lane.
    pub const fn code(self) -> &'static str {
        match self {
            Lane::Emergency => "safeguard.emergency",
            Lane::Safeguarding => "safeguard.safeguarding",
            Lane::Statutory => "safeguard.statutory",
            Lane::Legal => "safeguard.legal",
            Lane::Appeal => "safeguard.appeal",
            Lane::Adjustment => "safeguard.adjustment",
            Lane::ProtectedSender => "safeguard.protected_sender",
            Lane::ProtectedRecipient => "safeguard.protected_recipient",
        }
    }

    /// Whether it is one of [`Lane::OF_WORDS`].
    pub const fn is_of_words(self) -> bool {
        !matches!(self, Lane::ProtectedSender | Lane::ProtectedRecipient)
    }

    /// The queue that the lane goes to unless the profile names another; `None`: delivered.
    pub const fn default_queue(self) -> Option<&'static str> {
        match self {
            Lane::Emergency | Lane::Safeguarding => Some(queue_names::EMERGENCY),
            Lane::Statutory | Lane::Legal => Some(queue_names::GOVERNANCE),
            Lane::Appeal => Some(queue_names::HEAD_OF_SERVICE),
            Lane::Adjustment => Some(queue_names::REVIEW),
            Lane::ProtectedSender | Lane::ProtectedRecipient => None,
        }
    }

    /// Why the contact is on the queue, in a word or two for staff.
    pub const fn says(self) -> &'static str {
        match self {
            Lane::Emergency => "It may be an emergency",
            Lane::Safeguarding => "Somebody may be at risk",
            Lane::Statutory => {
                "It may use a right given by law: to information or data, a home or a complaint"
            }
            Lane::Legal => "It may be about legal proceedings",
            Lane::Appeal => "It may be an appeal against the restriction",
            Lane::Adjustment => "It may ask for a reasonable adjustment",
            Lane::ProtectedSender => "The sender is protected",
            Lane::ProtectedRecipient => "A recipient is protected",
        }
    }
}

/// A safeguard lane that a sender can ask for by a key on the telephone, or by a button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedLane {
    Emergency,
    Appeal,
    Adjustment,
}

impl AskedLane {
    pub const ALL: [AskedLane; 3] =
        [AskedLane::Emergency, AskedLane::Appeal, AskedLane::Adjustment];

    pub const fn name(self) -> &'static str {
        match self {
            AskedLane::Emergency => "emergency",
            AskedLane::Appeal => "appeal",
            AskedLane::Adjustment => "adjustment",
        }
    }
}

impl From<AskedLane> for Lane {
    fn from(asked: AskedLane) -> Self {
        match asked {
            AskedLane::Emergency => Lane::Emergency,
            AskedLane::Appeal => Lane::Appeal,
            AskedLane::Adjustment => Lane::Adjustment,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_known_by_its_name_and_leads_to_its_queue() {
        let (emergency, governance) = (Some("emergency"), Some("governance"));
        for (lane, name, queue) in [
            (Lane::Emergency, "emergency", emergency),
            (Lane::Safeguarding, "safeguarding", emergency),
            (Lane::Statutory, "statutory", governance),
            (Lane::Legal, "legal", governance),
            (Lane::Appeal, "appeal", Some("head-of-service")),
            (Lane::Adjustment, "adjustment", Some("review")),
            (Lane::ProtectedSender, "protected_sender", None),
            (Lane::ProtectedRecipient, "protected_recipient", None),
        ] {
            assert_eq!((lane.name(), lane.default_queue()), (name, queue));
            assert_eq!(lane.code(), format!("safeguard.{name}"));
            assert_eq!(lane.is_of_words(), Lane::OF_WORDS.contains(&lane), "{lane:?}");
        }
        let mut words = Lane::ALL.map(Lane::says).to_vec();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Lane::ALL.len(), "each says something else");
    }

    #[test]
    fn a_lane_that_is_asked_for_is_the_lane_of_its_name() {
        for asked in AskedLane::ALL {
            assert_eq!(serde_json::to_value(asked).unwrap(), asked.name());
            assert_eq!(Lane::from(asked).name(), asked.name());
        }
    }
}
