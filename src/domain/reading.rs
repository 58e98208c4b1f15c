//! What a contact's words say, read once: the search takes longer than all the rest of a decision,
//! and a decision that is made again, on another ledger, needs nothing read again.

use super::contact::Contact;
use super::evidence::{fingerprint, text_of};
use super::profile::Profile;
use super::safeguard::Hit;

/// What was read in one contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Every lane that the contact falls into, in routing order.
    pub hits: Vec<Hit>,
    /// Of the sender's own text.
    pub fingerprints: Vec<u64>,
}

impl Reading {
    pub fn of(profile: &Profile, contact: &Contact) -> Self {
        Reading {
            hits: profile.safeguards.hits(contact),
            fingerprints: fingerprint(text_of(contact)),
        }
    }
}
