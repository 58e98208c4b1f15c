//! Whose turn it is on a queue: what nobody has read in time, then what resembles a safeguard lane,
//! then the rest, each oldest first.

use chrono::{DateTime, Utc};

use super::{ItemState, QueueItem};
use crate::domain::disposition::Disposition;

/// What lies between two turns in the numbers that stores order by: 126 years, in microseconds. Three of
/// them and an instant are still whole numbers of a double, in which Redis keeps scores.
const APART_MICROS: i64 = 4_000_000_000_000_000;

/// An item's place on its queue, before its age counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// Nobody has read it, or taken it up, in time.
    Overdue,
    /// Limited or filed, and a little like a safeguard lane; nobody has read it.
    Resembles,
    InOrder,
}

impl Turn {
    pub const ALL: [Turn; 3] = [Turn::Overdue, Turn::Resembles, Turn::InOrder];

    const fn offset(self) -> i64 {
        match self {
            Turn::Overdue => -2 * APART_MICROS,
            Turn::Resembles => -APART_MICROS,
            Turn::InOrder => 0,
        }
    }

    /// The first number of the turn that comes after this one; places from it on are not this turn's.
    pub const fn end(self) -> i64 {
        match self {
            Turn::InOrder => i64::MAX,
            Turn::Overdue | Turn::Resembles => self.offset() + APART_MICROS,
        }
    }

    /// When an item was made, from its place on a queue.
    pub fn made_at(place: i64) -> Option<DateTime<Utc>> {
        let turn = Turn::ALL.into_iter().find(|turn| place < turn.end()).unwrap_or(Turn::InOrder);
        DateTime::from_timestamp_micros(place.saturating_sub(turn.offset()))
    }
}

impl QueueItem {
    pub fn turn(&self) -> Turn {
        match self.state {
            ItemState::Open | ItemState::Claimed if self.overdue => Turn::Overdue,
            ItemState::Open | ItemState::Claimed if !self.resembles.is_empty() => Turn::Resembles,
            ItemState::Open
            | ItemState::Claimed
            | ItemState::Read
            | ItemState::Released
            | ItemState::Filed
            | ItemState::Closed => Turn::InOrder,
        }
    }

    /// The number by which a queue is ordered; ties go by id.
    pub fn place(&self) -> i64 {
        let at = self.at.timestamp_micros();
        match self.turn() {
            Turn::InOrder => at,
            turn @ (Turn::Overdue | Turn::Resembles) => {
                at.clamp(0, APART_MICROS - 1) + turn.offset()
            }
        }
    }

    /// Whether somebody still has to read it or take it up.
    pub fn is_unread(&self) -> bool {
        match self.disposition {
            Disposition::Limit | Disposition::File => {
                matches!(self.state, ItemState::Open | ItemState::Claimed)
            }
            // Claiming it counts as taking it up.
            Disposition::Route => self.read_by.is_some() && self.state == ItemState::Open,
            Disposition::Deliver => false,
        }
    }

    /// The item after an action. Once a routed item is taken up, it has no `read_by` any more and is not overdue, even
    /// if it waits again.
    #[must_use]
    pub(super) fn taken_up(mut self) -> Self {
        if self.disposition == Disposition::Route && self.state != ItemState::Open {
            self.read_by = None;
            self.overdue = false;
        }
        self
    }

    /// The item once it is known that nobody read it in time; `None`: somebody has, there is time left,
    /// or it is known already.
    pub fn missed(&self, at: DateTime<Utc>) -> Option<QueueItem> {
        let is_late = self.read_by.is_some_and(|read_by| read_by <= at);
        (is_late && self.is_unread() && !self.overdue)
            .then(|| QueueItem { overdue: true, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_missed_comes_first_then_what_resembles_a_lane_then_the_rest() {
        let turns = Turn::ALL.map(|turn| turn.offset() + 1_800_000_000_000_000);
        assert!(turns.is_sorted());
        for (turn, place) in Turn::ALL.into_iter().zip(turns) {
            assert!(place < turn.end());
            assert_eq!(Turn::made_at(place), DateTime::from_timestamp(1_800_000_000, 0));
            // Redis keeps it as a double.
            assert!(place.abs() < 1 << f64::MANTISSA_DIGITS);
        }
    }
}
