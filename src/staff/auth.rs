//! Who is calling, and what the caller may do.
//!
//! A bearer token (RFC 6750) is looked up by its SHA-256; a token is random and long, so that no
//! slow hash is needed, and a lookup by digest gives a guesser no timing to learn from.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::Staff;
use super::problem::Problem;
use super::settings::StaffMember;
use crate::domain::organisation::Organisation;
use crate::domain::profile::Role;
use crate::runtime::http_server::Peer;
use crate::runtime::limits::{SIGN_IN_FAILURE_AGE, SIGN_IN_FAILURES_MAX, SIGN_IN_PEERS_MAX};

/// Failed sign-ins by peer address. A peer that failed too often has to wait; a valid token is
/// accepted anyway, since behind a proxy all staff share one address, and nobody must be able
/// to lock them out.
pub(super) struct SignInFailures {
    limiter: Option<DefaultKeyedRateLimiter<IpAddr>>,
}

impl SignInFailures {
    pub(super) fn new() -> Self {
        let quota = Quota::with_period(SIGN_IN_FAILURE_AGE).and_then(|quota| {
            NonZeroU32::new(SIGN_IN_FAILURES_MAX).map(|burst| quota.allow_burst(burst))
        });
        SignInFailures { limiter: quota.map(RateLimiter::keyed) }
    }

    /// Counts one more; `true`: the peer failed too often.
    fn is_one_too_many(&self, peer: IpAddr) -> bool {
        let Some(limiter) = &self.limiter else { return false };
        if limiter.len() > SIGN_IN_PEERS_MAX {
            limiter.retain_recent();
        }
        limiter.check_key(&peer).is_err()
    }
}

/// Who is calling, for handlers: a member of staff or a program, of one organisation.
#[derive(Clone)]
pub struct Caller {
    pub member: Arc<StaffMember>,
    pub organisation: Arc<Organisation>,
}

impl Caller {
    /// The name under which an action is on the audit trail.
    pub fn name(&self) -> &str {
        &self.member.name
    }

    /// # Errors
    /// 403 where the role does not change people and restrictions.
    pub fn must_change_people(&self) -> Result<(), Problem> {
        if may_change_people(&self.member.role) {
            return Ok(());
        }
        Err(Problem::new(403, "role-not-allowed", "Not allowed for this role").with_detail(
            format!("the role `{}` does not change people and restrictions", self.member.role.0),
        ))
    }
}

/// Roles that only work queues and log contacts. A policy's other roles decide, sign off or hear
/// appeals, and so may change people and restrictions.
const WORKING_ROLES: [&str; 3] = ["agent", "point_of_contact", "program"];

/// Whether a role may change people and restrictions.
pub fn may_change_people(role: &Role) -> bool {
    !WORKING_ROLES.contains(&role.0.as_str())
}

/// Lets a request through with its [`Caller`], or refuses it. Stands around every route but health.
pub(super) async fn sign_in(
    State(staff): State<Arc<Staff>>,
    mut request: Request,
    next: Next,
) -> Response {
    match caller_of(&staff, &request) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

fn caller_of(staff: &Staff, request: &Request) -> Result<Caller, Problem> {
    let presented = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let member = staff.tokens.authorise(presented);
    let Some(member) = member else { return Err(refused(staff, request)) };
    let organisation =
        staff.casework.organisation(&member.organisation).ok_or_else(Problem::internal)?;
    match organisation_asked(request.uri().query()) {
        Some(asked) if asked != organisation.id.as_str() => {
            let problem = Problem::new(403, "other-organisation", "Not this token's organisation");
            Err(problem.with_detail("the token belongs to another organisation".to_owned()))
        }
        Some(_) | None => {
            Ok(Caller { member: Arc::clone(member), organisation: Arc::clone(organisation) })
        }
    }
}

/// `?organisation=`, as callers may give it along with any route.
fn organisation_asked(query: Option<&str>) -> Option<String> {
    form_urlencoded::parse(query?.as_bytes())
        .find(|(key, _)| key == "organisation")
        .map(|(_, value)| value.into_owned())
}

fn refused(staff: &Staff, request: &Request) -> Problem {
    staff.metrics.sign_in_failures.inc();
    let peer = request.extensions().get::<Peer>().map(|Peer(peer)| peer.ip());
    if peer.is_some_and(|peer| staff.failures.is_one_too_many(peer)) {
        return Problem::new(429, "too-many-sign-ins", "Too many failed sign-ins")
            .with_retry_after(SIGN_IN_FAILURE_AGE);
    }
    Problem::new(401, "sign-in-needed", "A token is needed")
        .with_detail("send `Authorization: Bearer …` with a token of the organisation".to_owned())
        .with_challenge()
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Only a route outside `sign_in` has no caller, which is a fault of ours.
        parts.extensions.get::<Caller>().cloned().ok_or_else(Problem::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn working_roles_change_nobody_and_the_policys_own_roles_do() {
        for role in ["agent", "point_of_contact", "program"] {
            assert!(!may_change_people(&Role(role.to_owned())), "{role}");
        }
        for role in ["manager", "head_of_service", "governance", "director_of_operations"] {
            assert!(may_change_people(&Role(role.to_owned())), "{role}");
        }
    }

    #[test]
    fn a_peer_that_fails_again_and_again_is_one_too_many() {
        let failures = SignInFailures::new();
        let peer = IpAddr::from([192, 0, 2, 1]);
        for _ in 0..SIGN_IN_FAILURES_MAX {
            assert!(!failures.is_one_too_many(peer));
        }
        assert!(failures.is_one_too_many(peer));
        assert!(!failures.is_one_too_many(IpAddr::from([192, 0, 2, 2])));
    }

    #[test]
    fn the_organisation_is_read_from_any_place_of_the_query() {
        assert_eq!(organisation_asked(Some("limit=2&organisation=a%20b")).as_deref(), Some("a b"));
        assert_eq!(organisation_asked(Some("limit=2")), None);
    }
}
