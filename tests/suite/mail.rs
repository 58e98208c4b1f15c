//! The mail edge against a mail server in this process: what goes over the wire, and what comes
//! out behind.

pub mod client;
mod dialogue;
mod faults;
mod fidelity;
mod gateway;
mod milter;
mod milter_packets;
mod pipe;
pub mod postfix;
mod postfix_milter;
pub mod sink;
mod slow;
mod smtp_sink;
mod sockets;
mod tls;
mod together;
