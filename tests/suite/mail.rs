//! The mail edge against a mail server in this process: what goes over the wire, and what comes
//! out behind.

pub mod client;
mod dialogue;
mod dns;
mod faults;
mod fidelity;
mod gateway;
mod in_hand;
mod milter;
pub mod milter_packets;
mod outbound;
mod own_check;
mod pipe;
pub mod postfix;
mod postfix_milter;
mod returned;
mod signatures;
mod signer;
pub mod sink;
mod slow;
mod smtp_sink;
mod sockets;
mod tls;
mod together;
