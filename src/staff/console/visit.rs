//! Who is looking at which page.

use std::marker::PhantomData;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::Extensions;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};

use super::trouble::Trouble;
use crate::casework::Casework;
use crate::casework::accounts::Live;
use crate::domain::duty::Duty;
use crate::domain::language::Language;
use crate::domain::organisation::Organisation;
use crate::domain::permission;
use crate::domain::profile::Role;
use crate::staff::Staff;
use crate::staff::permit::{OpenOffice, Pass, Permit, StepPermit};

/// A request of a browser.
#[derive(Debug, Clone)]
pub(super) struct Guest {
    pub language: Language,
    /// Path and query, as asked.
    pub here: String,
    /// Where from, as far as is known.
    pub source: Option<IpAddr>,
    /// Whether browser and proxy speak TLS.
    pub secure: bool,
    pub browser: String,
    pub now: DateTime<Utc>,
}

/// Somebody who is signed in, at a browser. Their own account is open to them; records need a [`VisitOf`].
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    pub(super) guest: Guest,
    pub(super) organisation: Arc<Organisation>,
    pub(super) live: Arc<Live>,
    /// The role must take a second step at sign-in, and none is set up.
    pub(super) owes_second_step: bool,
}

impl Visitor {
    /// Who makes a request.
    pub(super) fn of(request: &Extensions) -> Result<&Self, Trouble> {
        request.get::<Visitor>().ok_or(Trouble::SignedOut)
    }

    pub(super) fn role(&self) -> &Role {
        &self.live.account.role
    }

    /// The name on the trail.
    pub(super) fn name(&self) -> &str {
        &self.live.account.name
    }

    /// Whether to show what needs a duty.
    pub(super) fn may(&self, duty: Duty) -> bool {
        permission::has(&self.organisation.profile, self.role(), duty)
    }

    /// Whether to show what leads to a step's page.
    pub(super) fn may_open(&self, step: StepPermit) -> bool {
        step.allows(&self.organisation, self.role())
    }

    pub(super) const fn language(&self) -> Language {
        self.guest.language
    }

    pub(super) const fn now(&self) -> DateTime<Utc> {
        self.guest.now
    }

    fn pass<P: Permit>(&self) -> Result<Pass, Trouble> {
        let Some(pass) = Pass::of::<P>(&self.organisation, self.role()) else {
            return Err(Trouble::NotAllowed(P::DUTIES.unwrap_or_default()));
        };
        // One's own account is open, and nothing else before the step is set up.
        if self.owes_second_step { Err(Trouble::OwesSecondStep) } else { Ok(pass) }
    }
}

/// A visitor who was let in by a permit, whichever it was: functions that read or change records for pages ask for one.
#[derive(Debug)]
pub(super) struct Visit {
    visitor: Visitor,
    pass: Pass,
}

impl Visit {
    /// For a body that is written while it is read.
    pub(super) const fn office(&self, staff: Arc<Staff>) -> OpenOffice {
        OpenOffice::new(staff, self.pass)
    }
}

impl Deref for Visit {
    type Target = Visitor;

    fn deref(&self) -> &Visitor {
        &self.visitor
    }
}

/// What a handler takes whose route needs `P`. Nothing else makes a [`Visit`].
pub(super) struct VisitOf<P> {
    visit: Visit,
    permit: PhantomData<fn() -> P>,
}

/// Attached to a request that `P` let in, for its handler's [`VisitOf`].
struct LetIn<P> {
    pass: Pass,
    permit: PhantomData<fn() -> P>,
}

impl<P> Clone for LetIn<P> {
    fn clone(&self) -> Self {
        LetIn { pass: self.pass, permit: PhantomData }
    }
}

impl<P: Permit> VisitOf<P> {
    /// Lets a request in if `P` permits it.
    pub(super) fn let_in(request: &mut Extensions) -> Result<(), Trouble> {
        let pass = Visitor::of(request)?.pass::<P>()?;
        request.insert(LetIn::<P> { pass, permit: PhantomData });
        Ok(())
    }
}

impl<P> VisitOf<P> {
    pub(super) fn into_visit(self) -> Visit {
        self.visit
    }
}

impl<P> Deref for VisitOf<P> {
    type Target = Visit;

    fn deref(&self) -> &Visit {
        &self.visit
    }
}

impl Staff {
    /// The casework of all organisations, for a page: to be asked about the visitor's own.
    pub(super) const fn casework(&self, visit: &Visit) -> &Casework {
        self.office.casework(visit.pass)
    }
}

impl<S: Sync> FromRequestParts<S> for Guest {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Trouble> {
        parts.extensions.get::<Guest>().cloned().ok_or(Trouble::Ours)
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Trouble> {
        Visitor::of(&parts.extensions).cloned()
    }
}

impl<S: Sync, P: Permit> FromRequestParts<S> for VisitOf<P> {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Trouble> {
        let visitor = Visitor::of(&parts.extensions)?.clone();
        // Missing only if a route lacks its gate, which is our fault.
        let pass = parts.extensions.get::<LetIn<P>>().ok_or(Trouble::Ours)?.pass;
        Ok(VisitOf { visit: Visit { visitor, pass }, permit: PhantomData })
    }
}
