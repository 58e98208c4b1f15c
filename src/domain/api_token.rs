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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_is_valid_through_its_last_day_and_its_record_has_nothing_else() {
        let written = json!({"name": "Housing system", "role": "program", "expires": "2027-06-30",
            "made": "2026-06-30T10:00:00Z", "made_by": "Ann Bell"});
        let token: ApiToken = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(&token).unwrap(), written);
        let life = token.life(Tz::Europe__London);
        assert_eq!(life.last_day(), token.expires);
        assert_eq!(life.end(), "2027-06-30T23:00:00Z".parse::<DateTime<Utc>>().unwrap());
        let mut more = written;
        more["token"] = json!("secret");
        assert!(serde_json::from_value::<ApiToken>(more).is_err());
    }
}
