//! The mail edge against a mail server in this process: what goes over the wire, and what comes
//! out behind.

mod client;
mod dialogue;
mod faults;
mod fidelity;
mod gateway;
mod pipe;
mod postfix;
pub mod sink;
mod slow;
mod smtp_sink;
