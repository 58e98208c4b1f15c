//! A person's case: the file to be read, and its steps. A step is a `POST` to the list that it adds to,
//! or to what it is about.

mod body;
mod lists;
pub mod shape;
mod steps;

pub use lists::*;
pub use steps::*;
