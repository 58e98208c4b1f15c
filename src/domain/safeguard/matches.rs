//! The findings in a text: the lanes that it opens, and those that it resembles.

use std::fmt;

use super::Lane;
use super::found_by::FoundBy;
use super::vocabulary::Spelling;

/// A lane that a contact falls into, and what it was found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub lane: Lane,
    /// The words that were found, or the example; for protected people, empty.
    pub by: String,
    pub part: FoundBy,
    /// How the words were spelt.
    pub spelling: Spelling,
}

/// What of a lane a contact is like: one of its examples, its wording, or words that say too little by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resemblance {
    pub lane: Lane,
    pub percent: u8,
    /// So many percent open the lane.
    pub threshold: u8,
    /// What matched, depending on `part`: the example, words that show the wording, or words that count only if the
    /// wording does not speak against them.
    pub by: String,
    pub part: FoundBy,
}

impl Resemblance {
    pub const fn opens(&self) -> bool {
        self.percent >= self.threshold
    }

    /// What matched, in a few words for staff.
    pub fn says(&self) -> String {
        let how = match self.part {
            FoundBy::Example => "resembles",
            FoundBy::Wording => "wording",
            FoundBy::Words
            | FoundBy::Gaps
            | FoundBy::Concept
            | FoundBy::Helper
            | FoundBy::Address
            | FoundBy::Choice => "says",
        };
        format!("{how}: {}", self.by)
    }

    /// How near it comes to opening the lane.
    pub(super) fn nearness(&self) -> u32 {
        u32::from(self.percent) * 100 / u32::from(self.threshold.max(1))
    }
}

impl fmt::Display for Resemblance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({} %)", self.lane.name(), self.says(), self.percent)
    }
}

/// All that a text has to do with lanes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matches {
    /// Every lane that it falls into, each once, in routing order.
    pub hits: Vec<Hit>,
    /// What it is at least a little like, the best of each lane, in routing order. What opened a lane is in
    /// it as well.
    pub resembles: Vec<Resemblance>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(percent: u8, threshold: u8, part: FoundBy) -> Resemblance {
        Resemblance { lane: Lane::Emergency, percent, threshold, by: "gas".to_owned(), part }
    }

    #[test]
    fn it_opens_the_lane_from_its_threshold_on() {
        for (percent, threshold, opens, nearness) in
            [(21, 42, false, 50), (41, 42, false, 97), (42, 42, true, 100), (72, 36, true, 200)]
        {
            let like = like(percent, threshold, FoundBy::Example);
            assert_eq!((like.opens(), like.nearness()), (opens, nearness), "{percent}");
        }
        assert_eq!(like(1, 0, FoundBy::Example).nearness(), 100);
    }

    #[test]
    fn staff_read_how_it_was_found() {
        for (part, says) in [
            (FoundBy::Example, "resembles: gas"),
            (FoundBy::Wording, "wording: gas"),
            (FoundBy::Words, "says: gas"),
        ] {
            assert_eq!(like(21, 42, part).says(), says);
        }
        let shown = like(21, 42, FoundBy::Wording).to_string();
        assert_eq!(shown, "emergency: wording: gas (21 %)");
    }
}
