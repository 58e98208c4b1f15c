//! Why identifiers do not settle who somebody is.

/// Each reason on its own; a contact may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    Shared,
    Ambiguous,
    Unproven,
    Refuted,
}

impl Doubt {
    pub const ALL: [Doubt; 4] = [Doubt::Shared, Doubt::Ambiguous, Doubt::Unproven, Doubt::Refuted];

    /// The code of a reason that is this doubt.
    pub const fn code(self) -> &'static str {
        match self {
            Doubt::Shared => "identity.shared",
            Doubt::Ambiguous => "identity.ambiguous",
            Doubt::Unproven => "identity.unproven",
            Doubt::Refuted => "identity.refuted",
        }
    }

    /// The name of the flag that is this doubt.
    pub const fn flag(self) -> &'static str {
        match self {
            Doubt::Shared => "identity_shared",
            Doubt::Ambiguous => "identity_ambiguous",
            Doubt::Unproven => "identity_unproven",
            Doubt::Refuted => "identity_refuted",
        }
    }
}
