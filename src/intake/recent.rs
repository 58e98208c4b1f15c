//! Ids of unrestricted contacts decided by this process, so that the same id again is seen without
//! asking the store.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::organisation::OrganisationId;
use crate::runtime::limits::PLAIN_RECENT_MAX;

/// A bounded memory of ids and what they stood for; the oldest are forgotten first.
#[derive(Default)]
pub(super) struct Recent {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    digests: HashMap<OrganisationId, HashMap<Arc<str>, [u8; 32]>>,
    order: VecDeque<(OrganisationId, Arc<str>)>,
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
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = &mut *known;
        let before = known.digests.get(organisation).and_then(|digests| digests.get(contact));
        if let Some(before) = before {
            return Sighting { repeated: true, conflicting: *before != digest };
        }
        if known.order.len() >= PLAIN_RECENT_MAX
            && let Some((of, oldest)) = known.order.pop_front()
            && let Some(digests) = known.digests.get_mut(&of)
        {
            digests.remove(&oldest);
        }
        let contact: Arc<str> = Arc::from(contact);
        known.order.push_back((organisation.clone(), Arc::clone(&contact)));
        known.digests.entry(organisation.clone()).or_default().insert(contact, digest);
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
