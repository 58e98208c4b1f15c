//! Calls and text messages: signed and checked by the providers' own libraries.

mod twilio;
