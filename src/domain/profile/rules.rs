//! The rules of a profile that a decision on a restricted contact follows, as a digest: whether a decision can be made
//! again under the rules that it was made under.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use serde::Serialize;

use super::Profile;
use crate::domain::channel::Channel;
use crate::domain::digest::digest_of;
use crate::domain::restriction::KindName;
use crate::domain::safeguard::Lane;

/// The digest, worked out once. A copy of a profile works out its own, since it may be changed before that.
#[derive(Default)]
pub struct RulesDigest(OnceLock<String>);

impl Clone for RulesDigest {
    fn clone(&self) -> Self {
        RulesDigest::default()
    }
}

/// Profiles are the same if all else is.
impl PartialEq for RulesDigest {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for RulesDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RulesDigest")
    }
}

/// What [`super::super::decide`] reads of a profile, apart from what is recorded with each decision: whether the day was
/// a bank holiday, and what the assurance asked for made of the sender.
#[derive(Serialize)]
struct Rules<'p> {
    timezone: &'static str,
    clauses: Vec<(KindName, Option<&'p str>)>,
    channel_groups: &'p BTreeMap<String, Option<Vec<Channel>>>,
    new_text_share: f64,
    /// The lanes that have a queue.
    routed: Vec<&'static str>,
}

impl Profile {
    /// The digest of the rules that a decision follows.
    pub fn rules(&self) -> &str {
        self.rules.0.get_or_init(|| {
            let has_queue = |lane: &Lane| self.safeguards.queue(*lane).is_some();
            let rules = Rules {
                timezone: self.timezone.name(),
                clauses: KindName::ALL.map(|kind| (kind, self.clause_for(kind))).to_vec(),
                channel_groups: &self.channel_groups,
                new_text_share: self.evidence.new_text_share,
                routed: Lane::ALL.into_iter().filter(has_queue).map(Lane::name).collect(),
            };
            // All of it has a JSON form.
            digest_of(&serde_json::to_vec(&rules).unwrap_or_default())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::nation::Nation;
    use crate::domain::profile::KindRule;

    #[test]
    fn other_rules_have_another_digest_and_a_copy_has_its_own() {
        let profile = Profile::silent("Bare Homes", Nation::England);
        let known = profile.rules().to_owned();
        let mut copy = profile.clone();
        assert_eq!(copy.rules(), known);
        let rule = KindRule { allowed: true, clause: Some("8.3".to_owned()), sign_off: None };
        copy = Profile { kinds: [(KindName::ContactQuota, rule)].into(), ..profile.clone() };
        assert_ne!(copy.rules(), known);
        let renamed = Profile { name: "Other Homes".to_owned(), ..profile.clone() };
        assert_eq!(renamed.rules(), known, "no decision depends on the name");
        assert_eq!(profile.rules(), known);
    }
}
