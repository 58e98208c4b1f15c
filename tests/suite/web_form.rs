//! Forms behind the gateway: what goes on, what does not, and what the sender sees.

mod bytes;
mod decided;
mod repeats;
mod smuggling;
