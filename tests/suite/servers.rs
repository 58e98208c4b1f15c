//! Mail servers and nginx as the guides set them up (`docs/mail.md`, `docs/getting-started.md`), in front of the
//! real program and behind it: guide and reality can't part.
//!
//! Debian can have one mail server installed. Postfix is; Exim and OpenSMTPD are unpacked by
//! `tests/run`, and run in a mount namespace of their own, where they find the users and folders that
//! they expect. Nothing of the machine is changed, and all ends with the process that is ended.

pub mod checks;
mod exim;
pub mod guide;
pub mod namespace;
pub mod nginx;
mod opensmtpd;
mod postfix;
mod sizes;
mod way_out;
