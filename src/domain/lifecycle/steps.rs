//! The steps, one file per subject.

pub(super) mod appeals;
pub(super) mod conduct;
pub(super) mod letters;
pub(super) mod proposals;
pub(super) mod records;
pub(super) mod restrictions;
