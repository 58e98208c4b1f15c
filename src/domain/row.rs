//! The rows of the decision order, in their order.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A row of the decision order. Recorded as its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum DecisionRow {
    /// The contact was decided before.
    Recorded = 0,
    /// The sender matches nobody, or nobody with a restriction in force; or nothing could be decided.
    Unrestricted = 1,
    Safeguard = 2,
    Automatic = 3,
    /// Who sent it is in doubt.
    Identity = 4,
    Representative = 5,
    Invited = 6,
    ContactEnded = 7,
    RepresentativeOnly = 8,
    ChannelsOnly = 9,
    HoursOnly = 10,
    /// Closed issues and complaints, and what is read and filed.
    ClosedOrFiled = 11,
    Quotas = 12,
    /// Admitted, and routed to the point of contact if there is one.
    Admitted = 13,
}

impl DecisionRow {
    pub const ALL: [DecisionRow; 14] = [
        DecisionRow::Recorded,
        DecisionRow::Unrestricted,
        DecisionRow::Safeguard,
        DecisionRow::Automatic,
        DecisionRow::Identity,
        DecisionRow::Representative,
        DecisionRow::Invited,
        DecisionRow::ContactEnded,
        DecisionRow::RepresentativeOnly,
        DecisionRow::ChannelsOnly,
        DecisionRow::HoursOnly,
        DecisionRow::ClosedOrFiled,
        DecisionRow::Quotas,
        DecisionRow::Admitted,
    ];

    /// Its number in the decision order, 0 to 13.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl From<DecisionRow> for u8 {
    fn from(row: DecisionRow) -> Self {
        row.number()
    }
}

/// A number that no row has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoSuchRow(u8);

impl fmt::Display for NoSuchRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the decision order has no row {}", self.0)
    }
}

impl TryFrom<u8> for DecisionRow {
    type Error = NoSuchRow;

    fn try_from(number: u8) -> Result<Self, NoSuchRow> {
        DecisionRow::ALL.get(usize::from(number)).copied().ok_or(NoSuchRow(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_recorded_as_its_number() {
        for (number, row) in (0..).zip(DecisionRow::ALL) {
            assert_eq!(serde_json::to_value(row).unwrap(), number);
            assert_eq!(DecisionRow::try_from(number), Ok(row));
        }
        assert!(serde_json::from_str::<DecisionRow>("14").is_err());
    }
}
