//! The one way in: identify → look up → decide → commit → outcome.
//!
//! A channel turns bytes into a [`Contact`], hands it to [`Intake::receive`], and turns the
//! [`Outcome`] back into bytes. No channel decides, and `receive` has no error: trouble of the
//! store is a decision of its own (`degraded`).

pub mod announce;
mod degraded;
mod handed_in;
mod look_up;
mod measure;
pub mod plain;
pub mod put_right;
mod receive;
mod recent;
mod restricted;
pub mod roster;

pub use receive::{Identified, Intake, Parts};

use crate::domain::contact::Contact;
use crate::domain::decision::Decision;
use crate::ports::Original;

/// A contact as a channel hands it in.
#[derive(Debug, Clone)]
pub struct Inbound {
    pub contact: Contact,
    /// SHA-256 of the content that the contact's id stands for.
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
    /// The decision and all that goes with it are on disk. `false` only while the store is away
    /// and even the local journal could not be written: then the contact must be delivered, or
    /// answered so that its sender tries again.
    pub durable: bool,
    /// The profile asks that this e-mail is deferred (451) while the counters are away.
    pub defer: bool,
}
