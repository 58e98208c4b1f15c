//! How a lane was found.

/// By what a lane was found, the surest first.
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
    /// How it is put.
    Wording,
    /// What a service of the organisation's own said.
    Helper,
    /// Sender or recipient.
    Address,
    /// What the sender asked for by a key.
    Choice,
}
