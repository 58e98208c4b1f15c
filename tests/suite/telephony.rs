//! Calls and text messages: signed and checked by the providers' own libraries.

mod behind_nginx;
mod fallback;
mod generic;
mod menu;
mod nested;
mod plivo;
mod rig;
mod safeguarded;
mod sip;
mod telnyx;
mod twilio;
mod vonage;
