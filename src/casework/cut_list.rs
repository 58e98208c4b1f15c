//! A list that is shown only up to a bound.

/// The first of something.
pub(super) struct CutList<T> {
    pub(super) first: Vec<T>,
    /// There are more than these.
    pub(super) has_more: bool,
}
