//! The stable code of a reason: a safeguard's lane, or what a row of the decision order found.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::safeguard::Lane;

const SAFEGUARD: &str = "safeguard.";

/// Parsed once, where it is read; asked by its meaning everywhere else.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum ReasonCode {
    Safeguard(Lane),
    /// `<kind>.<why>`, `within_limits` and the like. A safeguard of a lane that this version does not know
    /// is one of these.
    Row(String),
}

impl ReasonCode {
    pub fn as_str(&self) -> &str {
        match self {
            ReasonCode::Safeguard(lane) => lane.code(),
            ReasonCode::Row(code) => code,
        }
    }

    /// The lane of a safeguard.
    pub const fn lane(&self) -> Option<Lane> {
        match self {
            ReasonCode::Safeguard(lane) => Some(*lane),
            ReasonCode::Row(_) => None,
        }
    }
}

impl From<&str> for ReasonCode {
    fn from(code: &str) -> Self {
        let name = code.strip_prefix(SAFEGUARD);
        let lane = name.and_then(|name| Lane::ALL.into_iter().find(|lane| lane.name() == name));
        lane.map_or_else(|| ReasonCode::Row(code.to_owned()), ReasonCode::Safeguard)
    }
}

impl From<String> for ReasonCode {
    fn from(code: String) -> Self {
        ReasonCode::from(code.as_str())
    }
}

impl From<ReasonCode> for String {
    fn from(code: ReasonCode) -> Self {
        match code {
            ReasonCode::Safeguard(lane) => lane.code().to_owned(),
            ReasonCode::Row(code) => code,
        }
    }
}

impl PartialEq<str> for ReasonCode {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for ReasonCode {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_by_its_meaning_and_written_as_it_was() {
        for lane in Lane::ALL {
            let code = ReasonCode::from(format!("safeguard.{}", lane.name()));
            assert_eq!((code.lane(), code.as_str()), (Some(lane), lane.code()));
        }
        for code in ["contact_quota.over", "safeguard.unknown", "safeguard", ""] {
            let read: ReasonCode = serde_json::from_value(code.into()).unwrap();
            assert_eq!((read.lane(), serde_json::to_value(&read).unwrap()), (None, code.into()));
        }
    }
}
