//! What surrounds every page: who comes in, in which language, and what goes out.
//!
//! The session is a random token in a cookie that no script reads, `organisation.token`; what is kept of
//! it is a digest. A handler's trouble becomes a page here, where it is known who sees it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT, ACCEPT_LANGUAGE, COOKIE, HeaderMap, HeaderValue, SET_COOKIE, USER_AGENT,
};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::drafts::Wrote;
use super::live;
use super::presence;
use super::trouble::Trouble;
use super::trouble_page::in_words;
use super::visit::{Guest, Visitor};
use crate::domain::language::Language;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::runtime::client::client;
use crate::runtime::html;
use crate::runtime::http_server::Peer;
use crate::runtime::limits::PROVIDER_SIGN_IN_MINUTES;
use crate::staff::Staff;
use crate::staff::auth::token_or_problem;
use crate::staff::problem::Problem;

/// With the prefix a browser accepts it only from this origin, only over TLS, for every path (RFC
/// 6265bis 4.1.3.2). Without TLS, on a loopback address, no browser would keep it.
const SECURE_COOKIE: &str = "__Host-session";
const PLAIN_COOKIE: &str = "session";
/// While somebody signs in at a provider.
const SECURE_FLOW_COOKIE: &str = "__Host-sign-in";
const PLAIN_FLOW_COOKIE: &str = "sign-in";
const LANGUAGE_COOKIE: &str = "language";

/// Lets a browser in, with who sits at it.
pub(super) async fn enter(
    State(staff): State<Arc<Staff>>,
    mut request: Request,
    next: Next,
) -> Response {
    let mut guest = guest_of(&staff, &request);
    let (visit, trouble) = match visiting(&staff, request.headers(), &guest).await {
        Ok(visit) => (visit, None),
        Err(trouble) => (None, Some(trouble)),
    };
    if let Some(preferred) = visit.as_ref().and_then(|visit| visit.live.account.language)
        && cookie(request.headers(), LANGUAGE_COOKIE).is_none()
    {
        guest.language = preferred;
    }
    let visit = visit.map(|visit| Visitor { guest: guest.clone(), ..visit });
    request.extensions_mut().insert(guest.clone());
    // A session that is half a one opens nothing but the page of its other half.
    let whole = visit.clone().filter(|visit| !visit.live.session.half);
    if let Some(whole) = whole.clone() {
        request.extensions_mut().insert(whole);
    }
    let is_asset = guest.here.starts_with("/assets/");
    let mut response = next.run(request).await;
    let failed = response.extensions_mut().remove::<Trouble>();
    if let Some(failed) = failed {
        // A store that is away makes everybody look signed out: say what is true.
        let failed = match (failed, trouble) {
            (Trouble::SignedOut, Some(away)) => away,
            (failed, _) => failed,
        };
        let wrote = response.extensions_mut().remove::<Wrote>().map(|Wrote(wrote)| wrote);
        response = in_words(&staff, &guest, whole.as_ref(), failed, wrote);
    }
    if !is_asset && !response.headers().contains_key("content-security-policy") {
        html::shut(response.headers_mut(), html::OWN_PAGE);
    }
    response
}

pub(super) fn guest_of(staff: &Staff, request: &Request) -> Guest {
    let headers = request.headers();
    let peer = request.extensions().get::<Peer>().map(|Peer(peer)| peer.ip());
    let trusted = peer.is_some_and(|peer| staff.console.trusts(peer));
    let field = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let secure = match &staff.console.public_url {
        Some(url) => url.starts_with("https:"),
        None => trusted && field("x-forwarded-proto") == Some("https"),
    };
    let language = cookie(headers, LANGUAGE_COOKIE)
        .and_then(Language::of_tag)
        .unwrap_or_else(|| asked_language(headers));
    Guest {
        language,
        here: request.uri().path_and_query().map_or("/", |here| here.as_str()).to_owned(),
        source: client(peer, headers, &staff.console.trusted_proxies),
        secure,
        browser: browser(headers),
        now: staff.office.now(),
    }
}

/// Who is signed in at this browser, the second step taken or not.
pub(super) async fn visiting(
    staff: &Staff,
    headers: &HeaderMap,
    guest: &Guest,
) -> Result<Option<Visitor>, Trouble> {
    let Some((organisation, token)) = session_of(staff, headers, guest.secure) else {
        return Ok(None);
    };
    let accounts = staff.accounts();
    // A stream reconnects by itself, and a page keeps saying that it is open: neither shows that somebody is there.
    let path = guest.here.split('?').next().unwrap_or_default();
    let live = if path == live::PATH || presence::is_beat(path) {
        accounts.peek(&organisation.id, &token).await?
    } else {
        accounts.live(&organisation.id, &token).await?
    };
    let Some(live) = live else { return Ok(None) };
    let owes_second_step = accounts.wants_second_step(&live);
    let live = Arc::new(live);
    Ok(Some(Visitor { guest: guest.clone(), organisation, live, owes_second_step }))
}

/// The organisation and the token that the cookie names.
pub(super) fn session_of(
    staff: &Staff,
    headers: &HeaderMap,
    secure: bool,
) -> Option<(Arc<Organisation>, String)> {
    let name = if secure { SECURE_COOKIE } else { PLAIN_COOKIE };
    let (organisation, token) = cookie(headers, name)?.rsplit_once('.')?;
    let organisation = staff.office.organisation(&OrganisationId::new(organisation))?;
    Some((Arc::clone(organisation), token.to_owned()))
}

/// One cookie's value.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(';'))
        .filter_map(|one| one.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// Has the browser keep a session; `None`: forget it.
pub(super) fn keep_session(
    response: &mut Response,
    guest: &Guest,
    organisation: &OrganisationId,
    token: Option<&str>,
) {
    let (name, secure) =
        if guest.secure { (SECURE_COOKIE, "; Secure") } else { (PLAIN_COOKIE, "") };
    // Gone with the browser: how long it lasts is for the store to say.
    let value = match token {
        Some(token) => format!("{organisation}.{token}; Path=/; HttpOnly; SameSite=Lax{secure}"),
        None => format!("; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{secure}"),
    };
    put_cookie(response, &format!("{name}={value}"));
}

/// What a browser keeps while somebody signs in at a provider.
pub(super) fn flow_of(headers: &HeaderMap, secure: bool) -> Option<&str> {
    cookie(headers, if secure { SECURE_FLOW_COOKIE } else { PLAIN_FLOW_COOKIE })
}

/// Has the browser keep that for as long as it may take; `None`: forget it.
pub(super) fn keep_flow(response: &mut Response, guest: &Guest, flow: Option<&str>) {
    let (name, secure) =
        if guest.secure { (SECURE_FLOW_COOKIE, "; Secure") } else { (PLAIN_FLOW_COOKIE, "") };
    let (value, age) = match flow {
        Some(flow) => (flow, PROVIDER_SIGN_IN_MINUTES * 60),
        None => ("", 0),
    };
    // The provider's answer comes from another site, by a link: that much a lax cookie allows.
    let cookie = format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
    put_cookie(response, &cookie);
}

/// Has the browser keep a language for a year.
pub(super) fn keep_language(response: &mut Response, guest: &Guest, language: Language) {
    let secure = if guest.secure { "; Secure" } else { "" };
    let tag = language.tag();
    put_cookie(
        response,
        &format!("{LANGUAGE_COOKIE}={tag}; Path=/; Max-Age=31536000; SameSite=Lax{secure}"),
    );
}

fn put_cookie(response: &mut Response, cookie: &str) {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

/// The language that a browser asks for most: Welsh if it comes before English.
fn asked_language(headers: &HeaderMap) -> Language {
    let asked = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let best = asked.unwrap_or_default().split(',').filter_map(|entry| {
        let (tag, weight) = entry.split_once(";q=").unwrap_or((entry, "1"));
        Some((Language::of_tag(tag.trim())?, weight.trim().parse::<f32>().ok()?))
    });
    let mut found = (Language::English, 0.0);
    for (language, weight) in best {
        if weight > found.1 {
            found = (language, weight);
        }
    }
    found.0
}

/// "Firefox on Windows": enough to know one's own again.
fn browser(headers: &HeaderMap) -> String {
    let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let first = |known: &[(&str, &'static str)], other: &'static str| {
        known.iter().find(|(mark, _)| agent.contains(mark)).map_or(other, |(_, name)| *name)
    };
    let program = first(
        &[
            ("Edg/", "Edge"),
            ("OPR/", "Opera"),
            ("Firefox/", "Firefox"),
            ("Chrome/", "Chrome"),
            ("Safari/", "Safari"),
        ],
        "?",
    );
    let system = first(
        &[
            ("Windows", "Windows"),
            ("iPhone", "iPhone"),
            ("iPad", "iPad"),
            ("Android", "Android"),
            ("Mac OS X", "macOS"),
            ("CrOS", "ChromeOS"),
            ("Linux", "Linux"),
        ],
        "?",
    );
    format!("{program}, {system}")
}

/// What no route has: a page for browsers, a problem for programs.
pub(in crate::staff) async fn unknown(
    State(staff): State<Arc<Staff>>,
    request: Request,
) -> Response {
    let headers = request.headers();
    let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_program = request.uri().path().starts_with("/api/") || !accepts.contains("text/html");
    if is_program {
        let (parts, _) = request.into_parts();
        return match token_or_problem(&staff, &parts).await {
            Ok(()) => Problem::no_such_route().into_response(),
            Err(problem) => problem.into_response(),
        };
    }
    let guest = guest_of(&staff, &request);
    let visit = visiting(&staff, request.headers(), &guest).await.ok().flatten();
    let visit = visit.filter(|visit| !visit.live.session.half);
    let mut response = in_words(&staff, &guest, visit.as_ref(), Trouble::NotFound, None);
    html::shut(response.headers_mut(), html::OWN_PAGE);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; session=karbon.x; language=cy"));
        assert_eq!(cookie(&headers, "session"), Some("karbon.x"));
        assert_eq!(cookie(&headers, "language"), Some("cy"));
        assert_eq!(cookie(&headers, "sess"), None);
    }

    #[test]
    fn welsh_is_for_who_asks_for_it_first() {
        let of = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(value));
            asked_language(&headers)
        };
        for welsh in ["cy", "cy-GB, en;q=0.8", "en;q=0.5, cy;q=0.9", "fr, cy;q=0.1"] {
            assert_eq!(of(welsh), Language::Welsh, "{welsh}");
        }
        for english in ["", "en", "en, cy;q=0.9", "fr", "cy;q=0, en"] {
            assert_eq!(of(english), Language::English, "{english}");
        }
    }
}
