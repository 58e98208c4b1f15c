//! Forms behind the gateway: what goes on, what does not, and what the sender sees.

mod alike;
mod as_handlers;
mod asked_for;
mod by_https;
mod bytes;
mod decided;
mod methods;
mod neutral;
mod paced;
pub mod proxies;
mod released;
mod repeats;
mod safeguarded;
mod smuggling;
mod ways_round;
