//! Signing in and out, and the language.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::asked::Asked;
use super::entrance::{keep_language, keep_session, session_of, visiting};
use super::form::{Posted, own_path, quoted};
use super::frame::{Frame, Page, go, page, with_status};
use super::provider_buttons::{Button, buttons};
use super::trouble::Trouble;
use super::visit::{Guest, Visitor};
use super::words;
use crate::casework::accounts::{Attempt, Code, SignInFault};
use crate::domain::language::Language;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::staff::Staff;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    f: Frame,
    w: &'static words::SignIn,
    /// Id and name of each, where there is more than one to choose from.
    organisations: Vec<(&'a str, &'a str, bool)>,
    login: &'a str,
    next: &'a str,
    fault: Option<&'static str>,
    providers: Vec<Button>,
    /// The provider at which somebody who just signed out may still be signed in.
    still_there: Option<String>,
}

/// What the form is filled with.
#[derive(Default)]
pub(super) struct Filled<'a> {
    pub organisation: Option<&'a str>,
    pub login: &'a str,
    pub next: &'a str,
    /// With what the page is answered, and says.
    pub fault: Option<(StatusCode, &'static str)>,
}

pub(super) fn form(staff: &Staff, guest: &Guest, filled: &Filled<'_>) -> Page {
    let w = words::SignIn::of(guest.language);
    let all: Vec<&Arc<Organisation>> = staff.office.organisations().collect();
    let only = match all.as_slice() {
        [one] => Some(one.as_ref()),
        _ => None,
    };
    let organisations = if only.is_some() {
        Vec::new()
    } else {
        all.iter()
            .map(|one| {
                let id = one.id.as_str();
                (id, one.profile.name.as_str(), filled.organisation == Some(id))
            })
            .collect()
    };
    let frame = Frame::outside(staff, guest, only, w.title).in_error(filled.fault.is_some());
    let form = SignInPage {
        f: frame,
        w,
        organisations,
        login: filled.login,
        next: filled.next,
        fault: filled.fault.map(|(_, text)| text),
        providers: buttons(staff, guest, &all, filled.next),
        still_there: None,
    };
    let status = filled.fault.map_or(StatusCode::OK, |(status, _)| status);
    with_status(status, &form)
}

pub(super) async fn show(State(staff): State<Arc<Staff>>, guest: Guest, asked: Asked) -> Page {
    let next = asked.text("next").and_then(own_path).unwrap_or("/");
    let w = words::SignIn::of(guest.language);
    let filled = Filled { organisation: asked.text("organisation"), next, ..Filled::default() };
    // Not an error: somebody just signed out.
    let mut guest = guest;
    guest.here = format!("/sign-in?next={}", quoted(next));
    if asked.text("done") == Some("out") {
        let frame =
            Frame::outside(&staff, &guest, None, w.title).saying(Some(w.signed_out)).forgetting();
        return signed_out(&staff, &guest, frame, &filled, asked.text("by"));
    }
    form(&staff, &guest, &filled)
}

fn signed_out(
    staff: &Staff,
    guest: &Guest,
    frame: Frame,
    filled: &Filled<'_>,
    by: Option<&str>,
) -> Page {
    let w = words::SignIn::of(frame.language);
    let all: Vec<&Arc<Organisation>> = staff.office.organisations().collect();
    let organisations = match all.as_slice() {
        [_] => Vec::new(),
        several => several
            .iter()
            .map(|one| {
                let id = one.id.as_str();
                (id, one.profile.name.as_str(), filled.organisation == Some(id))
            })
            .collect(),
    };
    let known = by.filter(|by| staff.console.providers.contains_key(*by));
    let still_there = known.map(|by| format!("/sign-in/oidc/{}/out", quoted(by)));
    let form = SignInPage {
        f: frame,
        w,
        organisations,
        login: "",
        next: filled.next,
        fault: None,
        providers: buttons(staff, guest, &all, filled.next),
        still_there,
    };
    page(&form)
}

/// Which organisation is meant: the one that is chosen, or the only one.
pub(super) fn organisation_of<'a>(staff: &'a Staff, chosen: &str) -> Option<&'a Arc<Organisation>> {
    let mut all = staff.office.organisations();
    match (all.next(), all.next()) {
        (Some(only), None) => Some(only),
        _ => staff.office.organisation(&OrganisationId::new(chosen)),
    }
}

pub(super) async fn sign_in(State(staff): State<Arc<Staff>>, guest: Guest, posted: Posted) -> Page {
    let w = words::SignIn::of(guest.language);
    let next = own_path(posted.text("next")).unwrap_or("/");
    let login = posted.text("login");
    let chosen = posted.text("organisation");
    let filled = |text| {
        let fault = Some((StatusCode::UNAUTHORIZED, text));
        Filled { organisation: Some(chosen), login, next, fault }
    };
    let Some(organisation) = organisation_of(&staff, chosen) else {
        return form(&staff, &guest, &filled(w.wrong));
    };
    let attempt = Attempt {
        login,
        password: posted.text("password"),
        source: guest.source,
        browser: &guest.browser,
    };
    match staff.accounts().sign_in(&organisation.id, attempt).await {
        Ok(signed_in) => {
            let to = if signed_in.session.half {
                format!("/sign-in/code?next={}", quoted(next))
            } else {
                next.to_owned()
            };
            let mut response = go(&to);
            keep_session(&mut response, &guest, &organisation.id, Some(&signed_in.token));
            Ok(response)
        }
        Err(SignInFault::Refused | SignInFault::Over) => {
            staff.metrics.sign_in_failures.inc();
            form(&staff, &guest, &filled(w.wrong))
        }
        Err(SignInFault::Busy) => form(&staff, &guest, &filled(w.busy)),
        Err(SignInFault::Store(fault)) => Err(fault.into()),
    }
}

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage<'a> {
    f: Frame,
    w: &'static words::SignIn,
    next: &'a str,
    wrong: bool,
}

fn code_form(staff: &Staff, guest: &Guest, next: &str, wrong: bool) -> Page {
    let w = words::SignIn::of(guest.language);
    let f = Frame::outside(staff, guest, None, w.code_title).in_error(wrong);
    let status = if wrong { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    with_status(status, &CodePage { f, w, next, wrong })
}

pub(super) async fn show_code(
    State(staff): State<Arc<Staff>>,
    guest: Guest,
    headers: HeaderMap,
    asked: Asked,
) -> Page {
    let next = asked.text("next").and_then(own_path).unwrap_or("/");
    match visiting(&staff, &headers, &guest).await? {
        Some(visit) if visit.live.session.half => code_form(&staff, &guest, next, false),
        Some(_) => Ok(go(next)),
        None => Ok(go(&format!("/sign-in?next={}", quoted(next)))),
    }
}

pub(super) async fn take_code(
    State(staff): State<Arc<Staff>>,
    guest: Guest,
    headers: HeaderMap,
    posted: Posted,
) -> Page {
    let next = own_path(posted.text("next")).unwrap_or("/");
    let Some((organisation, token)) = session_of(&staff, &headers, guest.secure) else {
        return Ok(go(&format!("/sign-in?next={}", quoted(next))));
    };
    let code = Code { typed: posted.text("code"), source: guest.source };
    match staff.accounts().take_second_step(&organisation.id, &token, code).await {
        Ok(()) => Ok(go(next)),
        Err(SignInFault::Refused | SignInFault::Busy) => {
            staff.metrics.sign_in_failures.inc();
            code_form(&staff, &guest, next, true)
        }
        Err(SignInFault::Over) => {
            staff.metrics.sign_in_failures.inc();
            Ok(go(&format!("/sign-in?next={}", quoted(next))))
        }
        Err(SignInFault::Store(fault)) => Err(fault.into()),
    }
}

pub(super) async fn sign_out(State(staff): State<Arc<Staff>>, visit: Visitor) -> Page {
    let (organisation, live) = (&visit.organisation.id, &visit.live);
    staff.accounts().end_session(organisation, &live.account, &live.id).await?;
    // The provider's own session is another: a page of ours leads there, since a form may not (CSP `form-action`).
    let to = match &live.session.provider {
        Some(provider) => format!("/sign-in?done=out&by={}", quoted(&provider.name)),
        None => "/sign-in?done=out".to_owned(),
    };
    let mut response = go(&to);
    keep_session(&mut response, &visit.guest, organisation, None);
    // Drafts are personal data; the page does the same where a browser doesn't know this (W3C Clear Site Data).
    let all = HeaderValue::from_static("\"storage\"");
    response.headers_mut().insert(HeaderName::from_static("clear-site-data"), all);
    Ok(response)
}

/// Keeps the language that somebody chose, and goes back to where they were.
pub(super) async fn language(guest: Guest, posted: Posted) -> Page {
    let chosen = Language::of_tag(posted.text("language")).ok_or(Trouble::NotFound)?;
    let mut response = go(own_path(posted.text("back")).unwrap_or("/"));
    keep_language(&mut response, &guest, chosen);
    Ok(response)
}
