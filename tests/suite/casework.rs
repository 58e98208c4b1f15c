//! Steps of cases through the staff API, on every store.

mod back_tests;
mod before;
mod breaches;
mod brought;
mod by_month;
mod decided_here;
mod equal;
mod followed;
mod held;
mod imported_once;
mod keeper;
pub mod letters;
mod letters_mailed;
mod lists;
mod looking;
mod merged;
mod merged_seen;
mod observing;
mod old_files;
mod released;
pub mod rig;
mod rules;
mod stories;
mod tasks;
mod tokens;
mod unanswered;
mod years;
