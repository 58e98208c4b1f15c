//! Adapters outward: the mail server behind the gateway, the gateway's own mail, and events for other
//! systems.

pub mod events;
pub mod helper;
pub mod letterhead;
pub mod mailer;
pub mod mark;
pub mod oidc;
pub mod release;
pub mod smtp;
