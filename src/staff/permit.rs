//! What a signed-in person may do. A handler of the API works on an organisation only through [`Permitted`], one of the
//! console through `VisitOf`, and so each says what it needs: one that does not has no casework to call, and does not
//! compile.

mod steps;

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};

pub(super) use self::steps::{
    Decides, HearsAppeals, LeadsAppeals, Proposes, PutsInForce, RecordsCases, SignsOff, StepPermit,
    Warns, WritesLetters,
};
use super::auth::Caller;
use super::problem::Problem;
use super::{Staff, WithToken};
use crate::casework::accounts::{Accounts, Arrival, Entered, ProviderSignInFault};
use crate::casework::looked::Look;
use crate::casework::pressed::{PressKey, Pressed};
use crate::casework::{Casework, Fault};
use crate::domain::duty::{self, Duty};
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::permission;
use crate::domain::profile::Role;

/// The casework behind the staff listener: handed out for a [`Pass`]. What it does without one shows nobody's record.
pub(crate) struct Office {
    casework: Casework,
}

impl Office {
    pub(super) const fn new(casework: Casework) -> Self {
        Office { casework }
    }

    /// The casework of all organisations: to be asked only about the one for which the pass was given.
    pub(super) const fn casework(&self, _: Pass) -> &Casework {
        &self.casework
    }

    /// Whether the gateway has an organisation, for sign-in.
    pub(super) fn organisation(&self, id: &OrganisationId) -> Option<&Arc<Organisation>> {
        self.casework.organisation(id)
    }

    pub(super) fn organisations(&self) -> impl Iterator<Item = &Arc<Organisation>> {
        self.casework.organisations()
    }

    /// The time by the gateway's own clock.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.casework.now()
    }

    /// Accounts of staff with their sessions, for sign-in.
    pub(super) const fn accounts(&self) -> &Accounts {
        &self.casework.accounts
    }

    /// Somebody comes back from an identity provider.
    ///
    /// # Errors
    /// As [`Casework::arrive_from_provider`].
    pub(super) async fn arrive_from_provider(
        &self,
        arrival: Arrival<'_>,
    ) -> Result<Entered, ProviderSignInFault> {
        self.casework.arrive_from_provider(arrival).await
    }

    /// Notes on the trail what somebody was shown.
    ///
    /// # Errors
    /// The store is away.
    pub(super) async fn note_look(
        &self,
        organisation: &OrganisationId,
        look: Look<'_>,
    ) -> Result<(), Fault> {
        self.casework.desk.note_look(organisation, look).await
    }

    /// Carries out a form once.
    ///
    /// # Errors
    /// As [`Desk::once_pressed`](crate::casework::Desk::once_pressed).
    pub(super) async fn once_pressed<R, A>(
        &self,
        organisation: &OrganisationId,
        key: PressKey,
        act: A,
    ) -> Result<Pressed<R>, Fault>
    where
        R: Send + 'static,
        A: Future<Output = (R, Option<String>)> + Send + 'static,
    {
        self.casework.desk.once_pressed(organisation, key, act).await
    }
}

/// Proof that somebody is allowed what a [`Permit`] names: only the check gives one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pass(());

impl Pass {
    /// `None`: the role is not allowed it.
    pub(super) fn of<P: Permit>(organisation: &Organisation, role: &Role) -> Option<Self> {
        P::allows(organisation, role).then_some(Pass(()))
    }
}

/// The office and a pass to it, for a body that is written while it is read: it outlives its handler.
pub(super) struct OpenOffice {
    staff: Arc<Staff>,
    pass: Pass,
}

impl OpenOffice {
    pub(super) const fn new(staff: Arc<Staff>, pass: Pass) -> Self {
        OpenOffice { staff, pass }
    }

    pub(super) fn casework(&self) -> &Casework {
        self.staff.office.casework(self.pass)
    }
}

/// Something that a handler needs its caller to be allowed: one of some duties, which the profile gives to roles
/// ([`permission::has`]). There is no other way for a role to be allowed something.
pub trait Permit: Send + Sync + 'static {
    /// What it is, for the caller who is refused: "changes people and restrictions".
    const WHAT: &'static str;

    /// A role needs one of these; `None`: a token is enough.
    const DUTIES: Option<&'static [Duty]>;

    /// Whether programs are allowed it without a duty.
    const PROGRAMS: bool = false;

    fn allows(organisation: &Organisation, role: &Role) -> bool {
        let Some(duties) = Self::DUTIES else { return true };
        (Self::PROGRAMS && role.0 == duty::PROGRAM)
            || duties.iter().any(|duty| permission::has(&organisation.profile, role, *duty))
    }
}

/// The duties of those who work on cases, which they must be able to read.
const OF_CASES: &[Duty] =
    &[Duty::Record, Duty::Warn, Duty::Propose, Duty::Decide, Duty::SignOff, Duty::Hear];

/// Anybody with a token of the organisation: for metrics and the API's document, which name nobody.
pub struct SignedIn;

impl Permit for SignedIn {
    const WHAT: &'static str = "is signed in";
    const DUTIES: Option<&'static [Duty]> = None;
}

/// Those who log contacts, and ask whether somebody may be contacted: all that a program does.
pub struct HandsIn;

impl Permit for HandsIn {
    const WHAT: &'static str = "logs contacts";
    const DUTIES: Option<&'static [Duty]> = Some(&[Duty::Record]);
    const PROGRAMS: bool = true;
}

/// Those who work queues, and read what waits there.
pub struct WorksQueues;

impl Permit for WorksQueues {
    const WHAT: &'static str = "works queues";
    const DUTIES: Option<&'static [Duty]> = Some(&[Duty::Record]);
}

/// Those who read people's records, restrictions and cases.
pub struct ReadsCases;

impl Permit for ReadsCases {
    const WHAT: &'static str = "reads records and cases";
    const DUTIES: Option<&'static [Duty]> = Some(OF_CASES);
}

/// People, who take steps of a case. Which duty a step needs the domain says and asks for, together with
/// everything else that the step breaks.
pub struct TakesSteps;

impl Permit for TakesSteps {
    const WHAT: &'static str = "takes steps of a case";
    const DUTIES: Option<&'static [Duty]> = None;

    fn allows(_: &Organisation, role: &Role) -> bool {
        role.0 != duty::PROGRAM
    }
}

/// Those who keep people's records: who may propose restrictions.
pub struct ChangesPeople;

/// A role that every organisation has, for points of contact. They propose, and records are kept by
/// others, unless the profile lists duties.
const POINT_OF_CONTACT: &str = "point_of_contact";

impl Permit for ChangesPeople {
    const WHAT: &'static str = "changes people and restrictions";
    const DUTIES: Option<&'static [Duty]> = Some(&[Duty::Propose]);

    fn allows(organisation: &Organisation, role: &Role) -> bool {
        let profile = &organisation.profile;
        let only_answers = profile.duties.is_empty() && role.0 == POINT_OF_CONTACT;
        !only_answers && permission::has(profile, role, Duty::Propose)
    }
}

/// Those who read the audit trail, and whole records.
pub struct ReadsTrail;

impl Permit for ReadsTrail {
    const WHAT: &'static str = "reads the audit trail";
    const DUTIES: Option<&'static [Duty]> = Some(&[Duty::ReadAudit]);
}

/// Those who answer for personal data: they ask for erasures, and hold records.
pub struct AnswersForData;

impl Permit for AnswersForData {
    const WHAT: &'static str = "answers for personal data";
    const DUTIES: Option<&'static [Duty]> = Some(&[Duty::ReadAudit]);
}

/// Who may record and see customers' protected characteristics, and see them counted.
pub struct KeepsEquality;

impl Permit for KeepsEquality {
    const WHAT: &'static str = "keeps equality data";
    const DUTIES: Option<&'static [Duty]> = Some(&[Duty::ReadAudit]);
}

/// Those who approve what others asked to erase.
pub struct ApprovesErasures;

impl Permit for ApprovesErasures {
    const WHAT: &'static str = "approves erasures";
    const DUTIES: Option<&'static [Duty]> = Some(&[Duty::ReadAudit, Duty::Settings]);
}

/// Those who keep the settings, and what passes between the gateway and other systems.
pub struct KeepsSettings;

impl Permit for KeepsSettings {
    const WHAT: &'static str = "keeps the settings";
    const DUTIES: Option<&'static [Duty]> = Some(&[Duty::Settings]);
}

/// A caller who is allowed something, and what to do it with.
pub struct Permitted<P> {
    caller: Caller,
    staff: Arc<Staff>,
    pass: Pass,
    permit: PhantomData<fn() -> P>,
}

impl<P> Permitted<P> {
    /// The casework of all organisations: to be asked about this caller's own.
    pub fn casework(&self) -> &Casework {
        self.staff.office.casework(self.pass)
    }

    pub(super) fn office(&self) -> OpenOffice {
        OpenOffice::new(Arc::clone(&self.staff), self.pass)
    }

    pub fn organisation(&self) -> &Arc<Organisation> {
        &self.caller.organisation
    }

    /// Refuses a caller without another permit that the request turned out to need.
    pub(super) fn must<Q: Permit>(&self) -> Result<(), Problem> {
        match Pass::of::<Q>(self.organisation(), self.role()) {
            Some(_) => Ok(()),
            None => Err(not_allowed::<Q>(self.role())),
        }
    }

    /// The tokens that the configuration gives to the organisation.
    pub(super) fn configured_tokens(&self) -> impl Iterator<Item = &WithToken> {
        self.staff.configured_tokens(&self.organisation().id)
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
        let pass = Pass::of::<P>(&caller.organisation, role);
        let pass = pass.ok_or_else(|| not_allowed::<P>(role))?;
        Ok(Permitted { caller, staff: Arc::clone(staff), pass, permit: PhantomData })
    }
}

fn not_allowed<P: Permit>(role: &Role) -> Problem {
    Problem::new(403, "role-not-allowed", "Not allowed for this role").with_detail(format!(
        "nobody with the role `{}` {}",
        role.0,
        P::WHAT
    ))
}
