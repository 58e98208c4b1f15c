//! The store's past: what is kept outside it and of it, and what is noticed when either is gone.

mod alone;
mod away;
mod behind;
mod originals;
mod redis;
mod stopped;
