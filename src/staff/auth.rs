//! Who is calling, and what the caller may do.
//!
//! A bearer token (RFC 6750) is looked up by its SHA-256; a token is random and long, so that no
//! slow hash is needed, and a lookup by digest gives a guesser no timing to learn from.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::Staff;
use super::problem::Problem;
use super::settings::StaffMember;
use crate::domain::organisation::Organisation;
use crate::runtime::client::{client, one_connection};
use crate::runtime::http_server::Peer;
use crate::runtime::limits::{SIGN_IN_FAILURE_AGE, SIGN_IN_FAILURES_MAX, SIGN_IN_PEERS_MAX};
use crate::runtime::tokens::Presented;

/// Failed sign-ins by the client's address. A client that failed too often has to wait; a valid token is
/// accepted anyway, since behind a proxy that nobody said to trust all staff share one address, and nobody
/// must be able to lock them out.
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

/// Whether a request has a token that opens something; for routes that there are not.
pub(super) fn token_or_problem(staff: &Staff, request: &Request) -> Result<(), Problem> {
    caller_of(staff, request).map(|_| ())
}

/// Whether a request has one, for routes that say less without; a wrong one counts as a failed sign-in.
pub(super) fn has_token(staff: &Staff, request: &Request) -> bool {
    request.headers().contains_key(AUTHORIZATION) && caller_of(staff, request).is_ok()
}

fn caller_of(staff: &Staff, request: &Request) -> Result<Caller, Problem> {
    let presented = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let now = staff.office.now();
    let member = match staff.tokens.authorise(presented, now) {
        Presented::Holds(member) => member,
        // Who has it did not guess it: a program that goes on with an old token learns why, however often it asks.
        Presented::Expired => return Err(expired()),
        Presented::Unknown => return Err(refused(staff, request)),
    };
    let organisation =
        staff.office.organisation(&member.organisation).ok_or_else(Problem::internal)?;
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

/// That a token is needed, or after too many failures that the client must wait.
fn refused(staff: &Staff, request: &Request) -> Problem {
    staff.metrics.sign_in_failures.inc();
    let peer = request.extensions().get::<Peer>().map(|Peer(peer)| peer.ip());
    let peer = client(peer, request.headers(), &staff.console.trusted_proxies).map(one_connection);
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
