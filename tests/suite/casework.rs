//! Steps of cases through the staff API, on every store.

mod equal;
mod rig;
mod rules;
