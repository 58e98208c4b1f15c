//! How a lane was found.

/// How a lane was found, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FoundBy {
    /// Words in a row.
    Words,
    /// Words in any order, with gaps.
    Gaps,
    /// Sets of words near each other.
    Concept,
    /// A sentence that resembles an example.
    Example,
    /// The wording of the whole.
    Wording,
    /// The answer of the organisation's own service.
    Helper,
    /// A protected sender or recipient.
    Address,
    /// The sender's own choice, by a key or button.
    Choice,
}
