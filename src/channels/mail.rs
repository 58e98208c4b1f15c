//! E-mail: LMTP and SMTP listeners in front of the organisation's mail server.
//!
//! The path of a message: [`listener`] accepts a [`session`], which reads commands ([`wire`]) and
//! the message ([`data`], [`spool`]); behind the final dot [`handover`] reads it ([`reading`]),
//! hands a contact for each organisation to intake, and does what was decided: relays, routes, or
//! leaves it where intake keeps it. Nothing is answered 250 before it is safe. [`milter`] takes the
//! same path for a server that keeps the message itself and asks what to do with it. Mail that leaves the
//! organisation takes it through a listener of its own, and is judged in [`outbound`].

pub mod authentication;
pub mod data;
mod doubt;
mod edge;
mod envelope;
mod handover;
pub mod listener;
pub mod mailbox;
mod message;
pub mod milter;
mod notices;
mod outbound;
pub mod own_check;
mod parts;
mod peer;
pub mod reading;
mod replies;
mod said;
mod session;
pub mod settings;
pub mod spool;
mod translate;
mod turns;
pub mod wire;

pub use edge::{MailEdge, MailEdgeFault};
