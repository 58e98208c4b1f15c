//! What the tests of forms and calls stand on: a gateway with people in it, upstreams that record
//! every byte, and a client that sends exactly what it is told.

pub mod client;
pub mod gateway;
pub mod sdk;
pub mod upstream;
