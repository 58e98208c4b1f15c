//! Steps of cases through the staff API, on every store.

pub use self::rig::{CaseOffice, profile, shipped, staff};

mod before;
mod equal;
mod keeper;
mod letters;
mod released;
mod rig;
mod rules;
mod stories;
