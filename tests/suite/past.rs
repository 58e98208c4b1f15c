//! The store's past: what is kept outside it and of it, and what is noticed when either is gone.

mod alone;
mod away;
pub mod behind;
mod clock;
mod damaged;
mod originals;
mod redis;
mod stopped;
