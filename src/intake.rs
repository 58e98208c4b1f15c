//! The one way in: identify → look up → decide → commit → outcome.
//!
//! A channel turns bytes into a [`Contact`], hands it to [`Intake::receive`], and turns the
//! [`Outcome`] back into bytes. No channel decides, and `receive` has no error: trouble of the
//! store is a decision of its own (`degraded`).

pub mod announce;
mod degraded;
mod handed_in;
mod helped;
mod kept;
mod look_up;
mod measure;
pub mod passed;
pub mod past;
pub mod plain;
pub mod put_right;
mod receive;
mod recent;
mod restricted;
pub mod roster;
pub mod standing;

pub use receive::{Identified, Intake, Parts};

use crate::domain::contact::Contact;
use crate::domain::decision::Decision;
use crate::ports::Original;

/// A contact as a channel hands it in.
#[derive(Debug, Clone)]
pub struct Inbound {
    pub contact: Contact,
    /// SHA-256 of the content behind the contact's id.
    pub digest: [u8; 32],
    /// The bytes as they came, kept of whatever is not simply delivered. `None`: the contact's
    /// own text is all there is (API, calls).
    pub original: Option<Original>,
}

/// What came of a contact.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub decision: Decision,
    /// The id was decided before: this is the recorded decision, nothing was counted.
    pub repeated: bool,
    /// The id was decided before, with other content.
    pub conflicting: bool,
    /// The decision and all that goes with it are on disk, or it is a delivery that leaves no trace but
    /// an audit entry. `false`: neither the store nor the local journal took it. What is to be done is
    /// still what the decision says: where the sender can't be asked to try again, it is one to deliver.
    pub durable: bool,
    /// `Some`: nothing is accepted, and the sender is asked to try again.
    pub defer: Option<Again>,
    /// The contact is decided and its text is on its item, but the original is not: as much is kept as may
    /// be (`kept`). Where nobody else is handed the original, a sender who has it still is asked to keep
    /// it, unless the contact came by a safeguard lane.
    pub unkept: bool,
}

/// Why a sender is asked to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// The profile asks for it while the counters are away.
    CountersAway,
    /// What would have to be kept can't be: the disk is full, or its archive away.
    NotKept,
}
