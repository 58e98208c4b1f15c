//! Who is calling, and what the caller may do.
//!
//! A bearer token (RFC 6750) is looked up by its SHA-256; a token is random and long, so that no
//! slow hash is needed, and a lookup by digest gives a guesser no timing to learn from. Tokens of the configuration are
//! in memory. Others, which begin with their organisation's id, are looked up in the store with each request.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::Staff;
use super::problem::{Problem, STORE_AWAY_WAIT};
use super::settings::StaffMember;
use crate::casework::Fault;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::runtime::client::{client, one_connection};
use crate::runtime::http_server::Peer;
use crate::runtime::limits::{SIGN_IN_FAILURE_AGE, SIGN_IN_FAILURES_MAX, SIGN_IN_PEERS_MAX};
use crate::runtime::tokens::{Presented, bearer, sha256};

/// Failed sign-ins by the client's address. A client that failed too often has to wait. A valid token is accepted
/// anyway: behind a proxy that is not listed as trusted all staff share one address, and nobody must be able to lock
/// them out.
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

/// Who is calling, for [`super::permit::Permitted`]: a member of staff or a program, of one organisation.
#[derive(Clone)]
pub struct Caller {
    pub member: Arc<StaffMember>,
    pub organisation: Arc<Organisation>,
}

/// Lets a request through with its [`Caller`], or refuses it. Wraps every route except health.
pub(super) async fn sign_in(
    State(staff): State<Arc<Staff>>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    match caller_of(&staff, &parts).await {
        Ok(caller) => {
            parts.extensions.insert(caller);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// Whether a request has a token that opens something; for routes that there are not.
pub(super) async fn token_or_problem(staff: &Staff, request: &Parts) -> Result<(), Problem> {
    caller_of(staff, request).await.map(|_| ())
}

/// Whether a request has one, for routes that say less without; a wrong one counts as a failed sign-in.
pub(super) async fn has_token(staff: &Staff, request: &Parts) -> bool {
    request.headers.contains_key(AUTHORIZATION) && caller_of(staff, request).await.is_ok()
}

async fn caller_of(staff: &Staff, request: &Parts) -> Result<Caller, Problem> {
    let presented = request.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let now = staff.office.now();
    let member = match staff.tokens.authorise(presented, now) {
        Presented::Holds(member) => Presented::Holds(Arc::clone(member)),
        Presented::Expired => Presented::Expired,
        Presented::Unknown => made_here(staff, presented.and_then(bearer)).await?,
    };
    let member = match member {
        Presented::Holds(member) => member,
        // Who has it did not guess it: a program that goes on with an old token learns why, however often it asks.
        Presented::Expired => return Err(expired()),
        Presented::Unknown => return Err(refused(staff, request)),
    };
    let organisation =
        staff.office.organisation(&member.organisation).ok_or_else(Problem::internal)?;
    match organisation_asked(request.uri.query()) {
        Some(asked) if asked != organisation.id.as_str() => {
            let problem = Problem::new(403, "other-organisation", "Not this token's organisation");
            Err(problem.with_detail("the token belongs to another organisation".to_owned()))
        }
        Some(_) | None => Ok(Caller { member, organisation: Arc::clone(organisation) }),
    }
}

/// What a token opens that was made in the console or by the API.
async fn made_here(
    staff: &Staff,
    token: Option<&str>,
) -> Result<Presented<Arc<StaffMember>>, Problem> {
    let of = token.and_then(|token| token.rsplit_once('.')).map(|(id, _)| OrganisationId::new(id));
    let organisation = of.and_then(|id| staff.office.organisation(&id));
    let (Some(token), Some(organisation)) = (token, organisation) else {
        return Ok(Presented::Unknown);
    };
    let presented = staff.accounts().present_api_token(organisation, token).await;
    Ok(match presented.map_err(not_checked)? {
        Presented::Expired => Presented::Expired,
        Presented::Unknown => Presented::Unknown,
        Presented::Holds(found) => Presented::Holds(Arc::new(StaffMember {
            organisation: organisation.id.clone(),
            expires: Some(found.life(organisation.profile.timezone)),
            name: found.name,
            role: found.role,
            token_sha256: sha256(token.as_bytes()),
        })),
    })
}

/// Says nothing of the store: nobody has shown yet that they may know.
fn not_checked(fault: Fault) -> Problem {
    if !fault.is_retryable() {
        return Problem::from(fault);
    }
    Problem::new(503, "store-unavailable", "Try again")
        .with_detail("the token can't be checked at the moment".to_owned())
        .with_retry_after(STORE_AWAY_WAIT)
}

/// `?organisation=`, as callers may give it along with any route.
fn organisation_asked(query: Option<&str>) -> Option<String> {
    form_urlencoded::parse(query?.as_bytes())
        .find(|(key, _)| key == "organisation")
        .map(|(_, value)| value.into_owned())
}

/// That a token is needed, or after too many failures that the client must wait.
fn refused(staff: &Staff, request: &Parts) -> Problem {
    staff.metrics.sign_in_failures.inc();
    let peer = request.extensions.get::<Peer>().map(|Peer(peer)| peer.ip());
    let peer = client(peer, &request.headers, &staff.console.trusted_proxies).map(one_connection);
    if peer.is_some_and(|peer| staff.failures.is_one_too_many(peer)) {
        return Problem::new(429, "too-many-sign-ins", "Too many failed sign-ins")
            .with_retry_after(SIGN_IN_FAILURE_AGE);
    }
    token_needed()
}

fn expired() -> Problem {
    Problem::new(401, "token-expired", "The token has expired")
        .with_detail("ask the people who run the gateway for a new one".to_owned())
        .with_challenge()
}

fn token_needed() -> Problem {
    Problem::new(401, "sign-in-needed", "A token is needed")
        .with_detail("send `Authorization: Bearer …` with a token of the organisation".to_owned())
        .with_challenge()
}

#[cfg(test)]
mod tests {
    use super::*;

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
