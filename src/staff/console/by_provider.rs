//! Signing in by an identity provider: there, back, and out.
//!
//! All three are links. A form of ours may not lead to another site (`form-action 'self'`), and nothing is changed by
//! going there: somebody who comes back without this browser's own cookie is not signed in.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};

use super::asked::Asked;
use super::entrance::{flow_of, keep_flow, keep_session};
use super::form::{own_path, quoted};
use super::frame::{Page, go};
use super::sign_in::{Filled, form, organisation_of};
use super::trouble::Trouble;
use super::visit::Guest;
use super::words;
use crate::casework::Fault;
use crate::casework::accounts::{
    Arrival, Destination, ProviderFault, ProviderSignInFault, Returned, TooMany,
};
use crate::staff::Staff;

/// Sends the browser to the provider.
pub(super) async fn depart(
    State(staff): State<Arc<Staff>>,
    guest: Guest,
    Path(provider): Path<String>,
    asked: Asked,
) -> Page {
    let next = asked.text("next").and_then(own_path).unwrap_or("/");
    let chosen = asked.text("organisation").unwrap_or_default();
    let organisation = organisation_of(&staff, chosen).ok_or(Trouble::NotFound)?;
    let to = Destination {
        organisation: &organisation.id,
        next,
        invitation: asked.text("invitation"),
        source: guest.source,
    };
    match staff.accounts().depart_to_provider(&provider, to).await {
        Ok(departure) => {
            let mut response = go(&departure.url);
            keep_flow(&mut response, &guest, Some(&departure.cookie));
            Ok(response)
        }
        Err(fault) => refused(&staff, &guest, &provider, next, fault),
    }
}

/// Signs in who comes back.
pub(super) async fn arrive(
    State(staff): State<Arc<Staff>>,
    guest: Guest,
    Path(provider): Path<String>,
    headers: HeaderMap,
    asked: Asked,
) -> Page {
    let text = |name| asked.text(name).map(str::to_owned);
    let returned = Returned {
        state: text("state"),
        code: text("code"),
        error: text("error"),
        issuer: text("iss"),
    };
    let arrival = Arrival {
        provider: &provider,
        cookie: flow_of(&headers, guest.secure),
        returned,
        source: guest.source,
        browser: &guest.browser,
    };
    let mut response = match staff.office.arrive_from_provider(arrival).await {
        Ok(entered) => {
            let next = own_path(&entered.next).unwrap_or("/");
            let to = match entered.signed_in.session.half {
                true => format!("/sign-in/code?next={}", quoted(next)),
                false => next.to_owned(),
            };
            let mut response = go(&to);
            let token = Some(entered.signed_in.token.as_str());
            keep_session(&mut response, &guest, &entered.organisation, token);
            response
        }
        Err(fault) => refused(&staff, &guest, &provider, "/", fault)?,
    };
    // An answer is looked at once.
    keep_flow(&mut response, &guest, None);
    Ok(response)
}

/// Sends the browser to where it signs out at the provider.
pub(super) async fn farewell(
    State(staff): State<Arc<Staff>>,
    guest: Guest,
    Path(provider): Path<String>,
) -> Page {
    if !staff.console.providers.contains_key(&provider) {
        return Err(Trouble::NotFound);
    }
    let back = format!("{}/sign-in", staff.public_url().unwrap_or_default());
    let w = words::SignIn::of(guest.language);
    let fault = match staff.accounts().farewell_at_provider(&provider, &back, guest.source).await {
        Ok(Some(url)) => return Ok(go(&url)),
        Ok(None) => (StatusCode::SERVICE_UNAVAILABLE, w.no_farewell),
        Err(TooMany) => busy(w),
    };
    said(&staff, &guest, "/", fault)
}

/// The page for signing in, with what came between.
fn refused(
    staff: &Staff,
    guest: &Guest,
    provider: &str,
    next: &str,
    fault: ProviderSignInFault,
) -> Page {
    let w = words::SignIn::of(guest.language);
    let answer = match &fault {
        ProviderSignInFault::NoSuchProvider => return Err(Trouble::NotFound),
        ProviderSignInFault::TooMany(TooMany) => busy(w),
        ProviderSignInFault::Provider(ProviderFault::Away(_)) => {
            (StatusCode::SERVICE_UNAVAILABLE, w.provider_away)
        }
        ProviderSignInFault::Provider(ProviderFault::Over) => {
            (StatusCode::UNAUTHORIZED, w.provider_over)
        }
        ProviderSignInFault::Provider(ProviderFault::Declined) => {
            (StatusCode::UNAUTHORIZED, w.provider_declined)
        }
        ProviderSignInFault::Provider(ProviderFault::Untrusted(_)) => {
            (StatusCode::UNAUTHORIZED, w.provider_untrusted)
        }
        ProviderSignInFault::NoGroup => (StatusCode::FORBIDDEN, w.no_group),
        ProviderSignInFault::NameTaken => (StatusCode::CONFLICT, w.name_taken),
        ProviderSignInFault::Closed => (StatusCode::FORBIDDEN, w.account_closed),
        ProviderSignInFault::InvitationOver => (StatusCode::NOT_FOUND, w.invitation_over_text),
        ProviderSignInFault::AnothersIdentity => (StatusCode::CONFLICT, w.anothers_identity),
        ProviderSignInFault::Store(Fault::Contended) => (StatusCode::SERVICE_UNAVAILABLE, w.busy),
        ProviderSignInFault::Store(fault) => return Err(fault.clone().into()),
    };
    staff.metrics.sign_in_failures.inc();
    // It names the fault, and no person.
    tracing::warn!(provider, why = %fault, "nobody was signed in by the provider");
    said(staff, guest, next, answer)
}

/// The answer to too many tries from this browser's address.
const fn busy(w: &words::SignIn) -> (StatusCode, &'static str) {
    (StatusCode::TOO_MANY_REQUESTS, w.busy)
}

fn said(staff: &Staff, guest: &Guest, next: &str, fault: (StatusCode, &'static str)) -> Page {
    // Trying again begins on the page, and not where the provider's answer went.
    let guest = Guest { here: format!("/sign-in?next={}", quoted(next)), ..guest.clone() };
    form(staff, &guest, &Filled { next, fault: Some(fault), ..Filled::default() })
}
