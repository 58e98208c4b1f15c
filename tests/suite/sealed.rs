//! The audit trail under seal: what is changed afterwards shows, and where.

mod anchored;
mod dated_ahead;
mod erased;
mod indexed;
mod stores;
mod tampering;

use contact_gateway::casework::sealing::anchor::{Anchor, AnchorKey};
use contact_gateway::casework::sealing::verify::{Trusted, Verified, verify};
use contact_gateway::ports::AuditTrail;
use contact_gateway::ports::documents::Documents;

use crate::store_contract::facts::{at, karbon};

/// Everybody's clock in these tests, long enough after all that happens.
const LATER: i64 = 600;

pub fn key() -> AnchorKey {
    AnchorKey::of_seed(&[7; 32]).unwrap()
}

/// What is found of a store, held against anchors that were kept elsewhere.
pub async fn verified<S: AuditTrail + Documents>(store: &S, anchors: &[Anchor]) -> Verified {
    let trusted = Trusted { anchors: anchors.to_vec(), keys: vec![key().public()] };
    verify((store, store), &karbon(), &trusted, at(LATER)).await.unwrap()
}
