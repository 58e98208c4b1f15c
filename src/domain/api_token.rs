//! Tokens of the API that are made while the gateway runs. Those of the configuration are in its file.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::profile::Role;
use super::token_life::TokenLife;

/// A token's record. It is stored under the SHA-256 of the token, and nothing else of the token is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiToken {
    /// The holder: the name under which everything done with it is on the audit trail.
    pub name: String,
    pub role: Role,
    /// The last day on which it is valid, on the organisation's clock.
    pub expires: NaiveDate,
    pub made: DateTime<Utc>,
    /// The name of who made it.
    pub made_by: String,
    /// The last day on which it was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<NaiveDate>,
}

impl ApiToken {
    /// How long it is valid. `zone`: the organisation's.
    pub const fn life(&self, zone: Tz) -> TokenLife {
        TokenLife::new(self.expires, zone)
    }
}
