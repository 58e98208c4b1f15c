//! contact-gateway: holds every contact of a person, by e-mail, form or telephone, to what was decided on
//! how that person may make contact, and says by which clause. `ARCHITECTURE.md` is the map of the rooms.

pub mod app;
pub mod casework;
pub mod channels;
pub mod cli;
pub mod config;
pub mod domain;
pub mod forward;
pub mod intake;
pub mod ports;
pub mod render;
pub mod runtime;
pub mod staff;
pub mod store;
