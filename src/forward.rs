//! Adapters outward: the mail server behind the gateway, and the gateway's own mail.

pub mod letterhead;
pub mod mailer;
pub mod mark;
pub mod release;
pub mod smtp;
