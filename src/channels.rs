//! Inbound edges: each turns bytes into a `Contact`, and a `Decision` back into bytes. No channel
//! decides.

pub mod contacts;
pub mod decisions;
pub mod http;
pub mod mail;
pub mod pipe;
pub mod telephony;
pub mod web_form;
