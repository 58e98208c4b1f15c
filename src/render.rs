//! What people read besides notices and letters, from what the domain knows to the form in which it is
//! read: figures as tables, CSV, JSON and charts, the diary as a calendar. Pure: no I/O.

pub mod calendar;
pub mod figures;
#[cfg(feature = "pdf")]
pub mod pdf;
pub mod record;
pub mod register;
pub mod tickets;
