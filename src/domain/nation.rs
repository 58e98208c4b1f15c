//! The nations whose law and bank holidays apply to a policy.

use serde::{Deserialize, Serialize};

/// The UK nations, whose bank holidays differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nation {
    England,
    Wales,
    Scotland,
    NorthernIreland,
}

impl Nation {
    pub const ALL: [Nation; 4] =
        [Nation::England, Nation::Wales, Nation::Scotland, Nation::NorthernIreland];

    pub const fn name(self) -> &'static str {
        match self {
            Nation::England => "england",
            Nation::Wales => "wales",
            Nation::Scotland => "scotland",
            Nation::NorthernIreland => "northern_ireland",
        }
    }

    /// The numbering plan in which national numbers are read (CLDR region).
    pub const fn region(self) -> rlibphonenumber::Region {
        match self {
            Nation::England | Nation::Wales | Nation::Scotland | Nation::NorthernIreland => {
                rlibphonenumber::Region::GB
            }
        }
    }
}
