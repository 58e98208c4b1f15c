//! Calls and text messages: signed and checked by the providers' own libraries.

mod behind_nginx;
mod fallback;
mod generic;
mod menu;
mod nested;
mod plivo;
pub mod rig;
mod safeguarded;
mod sip;
mod telnyx;
mod twilio;
mod unread;
mod vonage;
