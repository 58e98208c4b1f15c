//! Why a sender's identifiers leave in doubt who they are.

/// One reason for doubt; a contact may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    Shared,
    Ambiguous,
    Unproven,
    Refuted,
}

impl Doubt {
    pub const ALL: [Doubt; 4] = [Doubt::Shared, Doubt::Ambiguous, Doubt::Unproven, Doubt::Refuted];

    /// The reason code of this doubt.
    pub const fn code(self) -> &'static str {
        match self {
            Doubt::Shared => "identity.shared",
            Doubt::Ambiguous => "identity.ambiguous",
            Doubt::Unproven => "identity.unproven",
            Doubt::Refuted => "identity.refuted",
        }
    }

    /// The flag of this doubt.
    pub const fn flag(self) -> &'static str {
        match self {
            Doubt::Shared => "identity_shared",
            Doubt::Ambiguous => "identity_ambiguous",
            Doubt::Unproven => "identity_unproven",
            Doubt::Refuted => "identity_refuted",
        }
    }
}
