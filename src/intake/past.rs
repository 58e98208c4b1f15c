//! The store's past is not forgotten with the store.
//!
//! Outside the store the gateway keeps the name of the store's trail, how far that had got, and the people needed for
//! enforcement ([`crate::ports::keepsakes::Keepsakes`]). [`Vouched`] guards the store: everything goes through it. A store
//! that is empty, a different one, damaged or older than remembered is *behind*: then nothing is written to it, as if
//! it were away, so that decisions are made on the last known restrictions and wait in the journal (`degraded`), and
//! nobody's restrictions are read from it. It is behind until an operator has accepted it as it is, or a newer one is
//! in its place; either is noticed by looking.
//!
//! A store is examined when it is first used, every second, before changes of people are passed on, before
//! people are loaded, and before the first write after one that failed. Whether the files of an
//! embedded store are still those that were opened is looked at before every write.
//!
//! Contacts and staff each have a way of their own to the store ([`Asker`]), which may be slow for one and not for the
//! other, or lead to another server. So what is found by one way is relied on by that one only; what one finds to be
//! wrong, both look at.
//!
//! [`Asker`]: crate::ports::past::Asker

mod keeper;
mod organisation;
mod unopened;
mod vouched;

pub use keeper::{keep, remember};
pub use unopened::Unopened;
pub use vouched::{Parts, Vouched, other_archive};

use crate::ports::StoreError;
use crate::ports::past::Stores;

/// Reopens the store if the opened one is lost.
pub type Reopen = dyn Fn() -> Result<Stores, StoreError> + Send + Sync;
