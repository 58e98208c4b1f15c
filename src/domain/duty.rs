//! Who may do what: the duties of each role.
//!
//! As soon as one role of a profile lists its duties, only listed duties count. If none
//! does, every role of people records, all but agents warn and propose, and the rest goes by the roles that
//! the policy names.

use serde::{Deserialize, Serialize};

use super::profile::{Profile, Role};

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

/// The role of programs, which have no duty unless the profile lists one: what they may do beside is the staff
/// listener's to say.
pub const PROGRAM: &str = "program";

/// The role of those who only record, where the profile says nothing of duties.
const AGENT: &str = "agent";

/// Roles of every organisation that read the trail and keep the settings, where the profile says
/// nothing of duties.
const GOVERNANCE: &str = "governance";
const MANAGER: &str = "manager";

/// Whether a role has a duty.
pub fn has(profile: &Profile, role: &Role, duty: Duty) -> bool {
    if !profile.duties.is_empty() {
        return profile.duties.get(role).is_some_and(|duties| duties.contains(&duty));
    }
    if role.0 == PROGRAM {
        return false;
    }
    let responsible = &profile.responsible;
    let decides = || responsible.decides.as_ref().is_some_and(|roles| roles.include(role));
    match duty {
        Duty::Record => true,
        Duty::Warn | Duty::Propose => role.0 != AGENT,
        Duty::Decide => decides(),
        Duty::SignOff => {
            let kinds = profile.kinds.values().filter_map(|rule| rule.sign_off.as_ref());
            let exceptions = profile.exceptions.values().filter_map(|rule| rule.sign_off.as_ref());
            decides() || kinds.chain(exceptions).any(|roles| roles.include(role))
        }
        Duty::Hear => profile.appeal.heard_by.as_ref().is_some_and(|roles| roles.include(role)),
        Duty::ReadAudit | Duty::Settings => role.0 == GOVERNANCE || role.0 == MANAGER,
    }
}

/// The roles that have a duty, in the order of the profile.
pub fn roles_with(profile: &Profile, duty: Duty) -> Vec<&Role> {
    profile.roles.iter().filter(|role| has(profile, role, duty)).collect()
}
