//! What whoever is signed in may do. A handler works on an organisation by way of [`Permitted`] alone,
//! and so says what it needs: one that does not has no casework to call, and does not compile.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::Staff;
use super::auth::Caller;
use super::problem::Problem;
use crate::casework::Casework;
use crate::domain::duty::{self, Duty};
use crate::domain::organisation::Organisation;
use crate::domain::profile::Role;

/// The casework behind the staff listener. Only [`Permitted`] hands it out.
pub(crate) struct Office {
    casework: Casework,
}

impl Office {
    pub(super) const fn new(casework: Casework) -> Self {
        Office { casework }
    }

    /// Whether the gateway has an organisation, for sign-in.
    pub(super) fn organisation(
        &self,
        id: &crate::domain::organisation::OrganisationId,
    ) -> Option<&Arc<Organisation>> {
        self.casework.organisation(id)
    }

    /// For the console, whose route table says the duty of each page.
    pub(super) const fn for_console(&self) -> &Casework {
        &self.casework
    }
}

/// Something that a handler needs its caller to be allowed.
pub trait Permit: Send + Sync + 'static {
    /// What it is, for whoever is refused: "changes people and restrictions".
    const WHAT: &'static str;

    fn allows(organisation: &Organisation, role: &Role) -> bool;
}

/// Anybody with a token of the organisation: to work queues, log contacts, and read.
pub struct SignedIn;

impl Permit for SignedIn {
    const WHAT: &'static str = "is signed in";

    fn allows(_: &Organisation, _: &Role) -> bool {
        true
    }
}

/// Those who keep people's records.
pub struct ChangesPeople;

/// Roles that only work queues and log contacts. A policy's other roles decide, sign off or hear
/// appeals, and so may change people and restrictions.
const WORKING_ROLES: [&str; 3] = ["agent", "point_of_contact", PROGRAM];

/// The role of a program, which takes no step of a case.
const PROGRAM: &str = "program";

impl Permit for ChangesPeople {
    const WHAT: &'static str = "changes people and restrictions";

    fn allows(_: &Organisation, role: &Role) -> bool {
        !WORKING_ROLES.contains(&role.0.as_str())
    }
}

/// People, who take steps of a case. Which steps is the domain's to say, together with everything
/// else that a step breaks.
pub struct TakesSteps;

impl Permit for TakesSteps {
    const WHAT: &'static str = "takes steps of a case";

    fn allows(_: &Organisation, role: &Role) -> bool {
        role.0 != PROGRAM
    }
}

/// Those who read the audit trail: where the profile says duties, the roles with that one.
pub struct ReadsTrail;

impl Permit for ReadsTrail {
    const WHAT: &'static str = "reads the audit trail";

    fn allows(organisation: &Organisation, role: &Role) -> bool {
        let profile = &organisation.profile;
        profile.duties.is_empty() || duty::has(profile, role, Duty::ReadAudit)
    }
}

/// A caller who is allowed something, and what to do it with.
pub struct Permitted<P> {
    caller: Caller,
    staff: Arc<Staff>,
    permit: PhantomData<fn() -> P>,
}

impl<P> Permitted<P> {
    /// The casework of all organisations: to be asked about this caller's own.
    pub fn casework(&self) -> &Casework {
        &self.staff.office.casework
    }

    pub fn organisation(&self) -> &Arc<Organisation> {
        &self.caller.organisation
    }

    /// The name under which an action is on the audit trail.
    pub fn name(&self) -> &str {
        &self.caller.member.name
    }

    pub fn role(&self) -> &Role {
        &self.caller.member.role
    }
}

impl<P: Permit> FromRequestParts<Arc<Staff>> for Permitted<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, staff: &Arc<Staff>) -> Result<Self, Problem> {
        // Only a route outside `sign_in` has no caller, which is a fault of ours.
        let caller = parts.extensions.get::<Caller>().cloned().ok_or_else(Problem::internal)?;
        let role = &caller.member.role;
        if !P::allows(&caller.organisation, role) {
            let problem = Problem::new(403, "role-not-allowed", "Not allowed for this role");
            let detail = format!("nobody with the role `{}` {}", role.0, P::WHAT);
            return Err(problem.with_detail(detail));
        }
        Ok(Permitted { caller, staff: Arc::clone(staff), permit: PhantomData })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn working_roles_change_nobody_and_the_policys_own_roles_do() {
        let working = |role: &str| WORKING_ROLES.contains(&role);
        for role in ["agent", "point_of_contact", "program"] {
            assert!(working(role), "{role}");
        }
        for role in ["manager", "head_of_service", "governance", "director_of_operations"] {
            assert!(!working(role), "{role}");
        }
    }
}
