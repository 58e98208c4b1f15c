//! What is done with a contact.

use serde::{Deserialize, Serialize};

/// What is done with a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    Deliver,
    Route,
    Limit,
    File,
}

impl Disposition {
    pub const fn name(self) -> &'static str {
        match self {
            Disposition::Deliver => "deliver",
            Disposition::Route => "route",
            Disposition::Limit => "limit",
            Disposition::File => "file",
        }
    }
}
