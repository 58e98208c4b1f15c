//! Real gateways on one Redis: the built program, each with a configuration, an archive and a
//! state folder of its own, and one person's quota between them.

mod failover;
mod fair;
mod faults;
pub mod fleet;
mod late;
mod processes;
mod quota;
mod relay;
mod round_trips;
