//! An organisation: what the decision needs to know of one landlord or public body.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::equality::EqualityCategories;
use super::profile::Profile;
use super::reach::Reach;
use super::restriction::{Mode, Restriction};

/// An organisation's id, as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganisationId(Arc<str>);

impl OrganisationId {
    pub fn new(id: &str) -> Self {
        OrganisationId(Arc::from(id))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for OrganisationId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for OrganisationId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|id| OrganisationId(Arc::from(id)))
    }
}

impl std::fmt::Display for OrganisationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One organisation with its rules and its own choices.
#[derive(Debug, Clone)]
pub struct Organisation {
    pub id: OrganisationId,
    pub profile: Arc<Profile>,
    /// `Observe`: every restriction of the organisation only records what it would have done.
    pub mode: Mode,
    /// The number that "press 1 for an emergency" connects, and that notices name.
    pub emergency: Option<String>,
    /// The organisation's own mail domains.
    pub mail_domains: Vec<String>,
    /// Mailboxes of queues: an item put on the queue is mailed there as well.
    pub queue_mailboxes: std::collections::BTreeMap<String, String>,
    /// The sender of notices.
    pub notice_from: Option<String>,
    /// How customers reach it, and in which languages it speaks to them.
    pub reach: Reach,
    /// The protected characteristics that it records.
    pub equality: EqualityCategories,
}

impl Organisation {
    /// One that enforces, and has chosen nothing else.
    pub fn new(id: &str, profile: impl Into<Arc<Profile>>) -> Self {
        Organisation {
            id: OrganisationId::new(id),
            profile: profile.into(),
            mode: Mode::Enforce,
            emergency: None,
            mail_domains: Vec::new(),
            queue_mailboxes: std::collections::BTreeMap::new(),
            notice_from: None,
            reach: Reach::default(),
            equality: EqualityCategories::default(),
        }
    }

    /// Whether a restriction acts, or only records what it would have done.
    pub fn mode_of(&self, restriction: &Restriction) -> Mode {
        match (self.mode, restriction.mode) {
            (Mode::Enforce, Mode::Enforce) => Mode::Enforce,
            (Mode::Observe, _) | (_, Mode::Observe) => Mode::Observe,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::nation::Nation;

    #[test]
    fn an_id_is_read_and_written_as_it_is() {
        let id: OrganisationId = serde_json::from_str(r#""karbon""#).unwrap();
        assert_eq!(id, OrganisationId::new("karbon"));
        assert_eq!((id.as_str(), id.to_string().as_str()), ("karbon", "karbon"));
        assert_eq!(serde_json::to_string(&id).unwrap(), r#""karbon""#);
        assert!(serde_json::from_str::<OrganisationId>("7").is_err());
    }

    #[test]
    fn a_restriction_acts_only_where_both_enforce() {
        let mut organisation =
            Organisation::new("o", Profile::silent("Bare Homes", Nation::England));
        let held = r#"{"id": "R", "kind": "contact_ended"}"#;
        let mut restriction: Restriction = serde_json::from_str(held).unwrap();
        let (enforce, observe) = (Mode::Enforce, Mode::Observe);
        for (all, one, expected) in [
            (enforce, enforce, enforce),
            (enforce, observe, observe),
            (observe, enforce, observe),
            (observe, observe, observe),
        ] {
            (organisation.mode, restriction.mode) = (all, one);
            assert_eq!(organisation.mode_of(&restriction), expected, "{all:?} {one:?}");
        }
    }
}
