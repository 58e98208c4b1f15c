//! What staff may do. Which roles have which duties is in `permission`.

use serde::{Deserialize, Serialize};

/// Something that staff may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Record incidents, appeals, adjustments, absences; work queues.
    Record,
    /// Give warnings, offer agreements and mediation.
    Warn,
    /// Propose restrictions, and write their letters.
    Propose,
    /// Put in force, vary, lift, review.
    Decide,
    SignOff,
    /// Hear appeals.
    Hear,
    ReadAudit,
    Settings,
}

impl Duty {
    pub const ALL: [Duty; 8] = [
        Duty::Record,
        Duty::Warn,
        Duty::Propose,
        Duty::Decide,
        Duty::SignOff,
        Duty::Hear,
        Duty::ReadAudit,
        Duty::Settings,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Duty::Record => "record",
            Duty::Warn => "warn",
            Duty::Propose => "propose",
            Duty::Decide => "decide",
            Duty::SignOff => "sign_off",
            Duty::Hear => "hear",
            Duty::ReadAudit => "read_audit",
            Duty::Settings => "settings",
        }
    }
}

/// The role of programs, which have no duty unless the profile lists one: the staff listener decides what else they may
/// do.
pub const PROGRAM: &str = "program";
