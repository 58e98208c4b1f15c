//! Steps of cases through the staff API, on every store.

mod equal;
mod keeper;
mod rig;
mod rules;
