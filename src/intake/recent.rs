//! Ids of unrestricted contacts decided by this process, so that the same id again is seen without
//! asking the store.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use crate::domain::organisation::OrganisationId;
use crate::runtime::limits::PLAIN_RECENT_MAX;

/// A bounded memory of ids and what they stood for; the oldest are forgotten first.
#[derive(Default)]
pub(super) struct Recent {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    digests: HashMap<(OrganisationId, Box<str>), [u8; 32]>,
    order: VecDeque<(OrganisationId, Box<str>)>,
}

/// Whether an id was seen before, and with other content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sighting {
    pub repeated: bool,
    pub conflicting: bool,
}

impl Recent {
    pub(super) fn see(
        &self,
        organisation: &OrganisationId,
        contact: &str,
        digest: [u8; 32],
    ) -> Sighting {
        let key = (organisation.clone(), Box::from(contact));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = known.digests.get(&key) {
            return Sighting { repeated: true, conflicting: *before != digest };
        }
        if known.order.len() >= PLAIN_RECENT_MAX
            && let Some(oldest) = known.order.pop_front()
        {
            known.digests.remove(&oldest);
        }
        known.order.push_back(key.clone());
        known.digests.insert(key, digest);
        Sighting { repeated: false, conflicting: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_seen_once_and_never_across_organisations() {
        let recent = Recent::default();
        let (a, b) = (OrganisationId::new("a"), OrganisationId::new("b"));
        assert!(!recent.see(&a, "1", [1; 32]).repeated);
        assert!(!recent.see(&b, "1", [2; 32]).repeated);
        assert_eq!(recent.see(&a, "1", [1; 32]), Sighting { repeated: true, conflicting: false });
        assert!(recent.see(&a, "1", [3; 32]).conflicting);
    }

    #[test]
    fn the_oldest_ids_are_forgotten_at_the_bound() {
        let recent = Recent::default();
        let a = OrganisationId::new("a");
        for id in 0..=PLAIN_RECENT_MAX {
            recent.see(&a, &id.to_string(), [0; 32]);
        }
        assert!(!recent.see(&a, "0", [0; 32]).repeated);
        assert!(recent.see(&a, &PLAIN_RECENT_MAX.to_string(), [0; 32]).repeated);
    }
}
