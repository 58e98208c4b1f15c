//! Which roles have which duties.
//!
//! As soon as one role of a profile lists its duties, only listed duties count. If none does, every role of people
//! records, all but agents warn and propose, and other duties follow the roles that the policy names.

use super::duty::{Duty, PROGRAM};
use super::profile::{Profile, Role};

/// The role of those who only record, where the profile says nothing of duties.
const AGENT: &str = "agent";

/// Roles of every organisation that read the trail and keep the settings, where the profile says
/// nothing of duties.
const GOVERNANCE: &str = "governance";

const MANAGER: &str = "manager";

/// Whether a role has a duty.
pub fn has(profile: &Profile, role: &Role, duty: Duty) -> bool {
    if role.is_none() {
        return false;
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::nation::Nation;
    use crate::domain::profile::Roles;

    #[test]
    fn without_listed_duties_they_follow_the_roles_that_the_policy_names() {
        let mut profile = Profile::silent("Bare Homes", Nation::England);
        let role = |name: &str| Role(name.to_owned());
        profile.responsible.decides = Roles::any_of(vec![role("panel")]);
        profile.appeal.heard_by = Roles::any_of(vec![role("board")]);
        let of = |profile: &Profile, name: &str| -> Vec<Duty> {
            let has = |duty: &Duty| has(profile, &role(name), *duty);
            Duty::ALL.into_iter().filter(has).collect()
        };
        let all = [Duty::Record, Duty::Warn, Duty::Propose];
        assert_eq!(of(&profile, "agent"), [Duty::Record]);
        assert_eq!(of(&profile, "officer"), all);
        assert_eq!(of(&profile, "panel"), [&all[..], &[Duty::Decide, Duty::SignOff]].concat());
        assert_eq!(of(&profile, "board"), [&all[..], &[Duty::Hear]].concat());
        for name in ["governance", "manager"] {
            let settings = [Duty::ReadAudit, Duty::Settings];
            assert_eq!(of(&profile, name), [&all[..], &settings].concat(), "{name}");
        }
        assert_eq!(of(&profile, ""), []);
        assert_eq!(of(&profile, PROGRAM), []);
        // As soon as one role lists duties, only those count.
        profile.duties.insert(role("officer"), [Duty::Hear].into_iter().collect());
        assert_eq!(of(&profile, "officer"), [Duty::Hear]);
        assert_eq!(of(&profile, "panel"), []);
    }

    #[test]
    fn who_is_named_for_a_kind_or_an_exception_signs_off_and_roles_come_in_the_policys_order() {
        use crate::domain::profile::{Exception, ExceptionRule, KindRule};
        use crate::domain::restriction::KindName;
        let mut profile = Profile::silent("Bare Homes", Nation::England);
        let role = |name: &str| Role(name.to_owned());
        let by = |name: &str| Roles::any_of(vec![role(name)]);
        let kind = KindRule { allowed: true, clause: None, sign_off: by("head") };
        profile.kinds.insert(KindName::ContactEnded, kind);
        let exception =
            ExceptionRule { allowed: true, when: None, clause: None, sign_off: by("director") };
        profile.exceptions.insert(Exception::NoWarning, exception);
        profile.roles = ["officer", "head", "agent", "director"].map(role).to_vec();
        let names = |duty| -> Vec<&str> {
            roles_with(&profile, duty).into_iter().map(|role| role.0.as_str()).collect()
        };
        assert_eq!(names(Duty::SignOff), ["head", "director"]);
        assert_eq!(names(Duty::Propose), ["officer", "head", "director"]);
        assert_eq!(names(Duty::Record), ["officer", "head", "agent", "director"]);
        assert_eq!(names(Duty::Decide), [] as [&str; 0]);
    }
}
