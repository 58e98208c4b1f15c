//! What a contact's words say, read once: the search takes longer than all the rest of a decision,
//! and a decision that is made again, on another ledger, needs nothing read again.

use super::contact::Contact;
use super::evidence::{fingerprint, text_of};
use super::profile::Profile;
use super::safeguard::{Hit, Matches, Resemblance};

/// What was read in one contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Every lane that the contact falls into, in routing order.
    pub hits: Vec<Hit>,
    /// The example of every other lane that it is a little like, in routing order: not enough to open
    /// the lane, and enough to be read before what resembles none.
    pub resembles: Vec<Resemblance>,
    /// Of the sender's own text.
    pub fingerprints: Vec<u64>,
}

impl Reading {
    pub fn of(profile: &Profile, contact: &Contact) -> Self {
        let Matches { hits, mut resembles } = profile.safeguards.matches(contact);
        resembles.retain(|like| hits.iter().all(|hit| hit.lane != like.lane));
        Reading { hits, resembles, fingerprints: fingerprint(text_of(contact)) }
    }
}
