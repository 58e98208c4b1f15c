//! contact-gateway (map in work)

pub mod app;
pub mod casework;
pub mod channels;
pub mod cli;
pub mod config;
pub mod domain;
pub mod forward;
pub mod intake;
pub mod ports;
pub mod runtime;
pub mod staff;
pub mod store;
