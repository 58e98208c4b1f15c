//! Who may sign in, and which programs have tokens.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::ORIGIN;
use axum::http::{HeaderMap, StatusCode};
use chrono::NaiveDate;

use super::account::{has_password, own, proof, why_not_proven};
use super::api_tokens::{TokensPart, TypedToken, part, wrong};
use super::asked::Asked;
use super::form::{Posted, quoted};
use super::frame::{Frame, Page, Section, go, with_status};
use super::invitation::FieldFault;
use super::say;
use super::trouble::Trouble;
use super::visit::{Visit, VisitOf};
use super::words;
use crate::casework::Fault;
use crate::casework::accounts::{NewAccount, NewApiToken};
use crate::domain::account::{Account, login as login_of};
use crate::domain::invisible::is_blank;
use crate::domain::language::Language;
use crate::domain::profile::Role;
use crate::staff::Staff;
use crate::staff::permit::KeepsSettings;

/// A link that is shown only once.
struct HandedLink {
    holder: String,
    href: String,
    /// Its whole address, to be read or copied.
    address: String,
}

struct Line {
    href: String,
    name: String,
    login: String,
    role: String,
    roles: Vec<(String, String, bool)>,
    second_step: bool,
    seen: String,
    closed: bool,
    invited: bool,
    by_provider: bool,
}

#[derive(Template)]
#[template(path = "staff_settings.html")]
struct StaffPage<'a> {
    f: Frame,
    w: &'static words::StaffList,
    s: &'static words::SignIn,
    settings: &'static str,
    lines: Vec<Line>,
    roles: Vec<(String, String, bool)>,
    t: TokensPart<'a>,
    /// Whose page it is, for the password that making a token asks for.
    own_login: &'a str,
    has_password: bool,
    second_step: bool,
    link: Option<HandedLink>,
    name: &'a str,
    login: &'a str,
    faults: Vec<FieldFault>,
}

impl StaffPage<'_> {
    fn fault(&self, field: &str) -> Option<&'static str> {
        self.faults.iter().find(|one| one.field == field).map(|one| one.text)
    }
}

#[derive(Default)]
struct Filled<'a> {
    link: Option<HandedLink>,
    token: TypedToken<'a>,
    /// A token that was just made.
    made: Option<(String, String)>,
    name: &'a str,
    login: &'a str,
    role: &'a str,
    faults: Vec<FieldFault>,
    said: Option<&'static str>,
}

fn roles(visit: &Visit, chosen: &str) -> Vec<(String, String, bool)> {
    let roles = visit.organisation.profile.roles.iter();
    roles
        .map(|role| (role.0.clone(), say::role_name(role, visit.language()), role.0 == chosen))
        .collect()
}

async fn shown(staff: &Staff, visit: &Visit, filled: Filled<'_>) -> Page {
    let language = visit.language();
    let w = words::StaffList::of(language);
    let accounts = staff.casework(visit).accounts.list(&visit.organisation.id).await?;
    let lines = accounts.iter().map(|account| line(visit, account, w)).collect();
    let t = part(staff, visit, filled.token, filled.made).await?;
    let account = &visit.live.account;
    let wrong = !filled.faults.is_empty();
    let mut f = Frame::of(staff, visit, Section::Settings, w.title);
    // Where its forms post to is no page.
    "/settings/staff".clone_into(&mut f.here);
    let page = StaffPage {
        f: f.in_error(wrong).saying(filled.said),
        w,
        s: words::SignIn::of(language),
        settings: words::Settings::of(language).title,
        lines,
        roles: roles(visit, filled.role),
        t,
        own_login: &account.login,
        has_password: has_password(visit),
        second_step: account.second_step.is_some(),
        link: filled.link,
        name: filled.name,
        login: filled.login,
        faults: filled.faults,
    };
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    with_status(status, &page)
}

fn line(visit: &Visit, account: &Account, w: &words::StaffList) -> Line {
    let zone = visit.organisation.profile.timezone;
    let seen = account.last_seen.map_or_else(
        || w.never.to_owned(),
        |at| say::when(at, visit.now(), zone, visit.language()),
    );
    Line {
        href: format!("/settings/staff/{}", quoted(&account.login)),
        name: account.name.clone(),
        login: account.login.clone(),
        role: say::role_name(&account.role, visit.language()),
        roles: roles(visit, &account.role.0),
        second_step: account.second_step.is_some(),
        seen,
        closed: account.closed,
        // Somebody who was let in by a link of the demo has signed in without either.
        invited: account.password.is_none()
            && account.provider.is_none()
            && account.last_seen.is_none(),
        by_provider: account.provider.is_some(),
    }
}

pub(super) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<KeepsSettings>,
    asked: Asked,
) -> Page {
    let w = words::StaffList::of(visit.language());
    let said = (asked.text("done") == Some("yes")).then_some(w.done);
    shown(&staff, &visit, Filled { said, ..Filled::default() }).await
}

/// An invitation, as the browser that asked for it would reach it. That the request's origin is our own was checked
/// before (`own_origin`).
fn link(
    staff: &Staff,
    visit: &Visit,
    headers: &HeaderMap,
    token: &str,
    holder: &str,
) -> HandedLink {
    let path = format!("/invitation/{}/{}", visit.organisation.id, token);
    let holder = holder.to_owned();
    if let Some(url) = &staff.console.public_url {
        let address = format!("{}{path}", url.trim_end_matches('/'));
        return HandedLink { holder, href: address.clone(), address };
    }
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    let origin = origin.filter(|origin| origin.starts_with("http"));
    HandedLink { holder, address: format!("{}{path}", origin.unwrap_or_default()), href: path }
}

pub(super) async fn invite(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<KeepsSettings>,
    headers: HeaderMap,
    posted: Posted,
) -> Page {
    let s = words::SignIn::of(visit.language());
    let (name, login, role) = (posted.text("name"), posted.text("login"), posted.text("role"));
    let mut faults = Vec::new();
    if is_blank(name) {
        faults.push(FieldFault { field: "name", text: s.name_missing });
    }
    if login_of(login).is_none() {
        faults.push(FieldFault { field: "login", text: s.login_missing });
    }
    let filled = |faults| Filled { name, login, role, faults, ..Filled::default() };
    if !faults.is_empty() {
        return shown(&staff, &visit, filled(faults)).await;
    }
    let new =
        NewAccount { login: login.to_owned(), name: name.to_owned(), role: Role(role.to_owned()) };
    match staff.casework(&visit).accounts.invite(&visit.organisation, new, visit.name()).await {
        Ok(token) => {
            let link = Some(link(&staff, &visit, &headers, &token, name));
            shown(&staff, &visit, Filled { link, ..Filled::default() }).await
        }
        Err(Fault::Exists(_)) => {
            let taken = FieldFault { field: "login", text: s.taken };
            shown(&staff, &visit, filled(vec![taken])).await
        }
        Err(fault) => Err(fault.into()),
    }
}

/// Makes a token for a program, and shows it once.
pub(super) async fn make_token(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<KeepsSettings>,
    posted: Posted,
) -> Page {
    let w = words::ApiTokens::of(visit.language());
    let (name, role) = (posted.text("token_name"), posted.text("token_role"));
    let token = TypedToken { name, role, expires: posted.text("expires") };
    let refused = |(field, text)| {
        let faults = vec![FieldFault { field, text }];
        Filled { token, faults, ..Filled::default() }
    };
    let (accounts, organisation) = (&staff.casework(&visit).accounts, &visit.organisation);
    let Ok(expires) = token.expires.parse::<NaiveDate>() else {
        return shown(&staff, &visit, refused(("token-expires", w.day_wrong))).await;
    };
    let new = NewApiToken { name: name.to_owned(), role: Role(role.to_owned()), expires };
    // A code counts once: it is asked for only if there is nothing else to mend.
    let new = match accounts.check_api_token(organisation, new).await {
        Ok(new) => new,
        Err(fault) => return shown(&staff, &visit, refused(wrong(fault, w)?)).await,
    };
    if !accounts.prove(own(&visit), proof(&visit, &posted)).await? {
        staff.metrics.sign_in_failures.inc();
        return shown(&staff, &visit, refused(("old", why_not_proven(&visit)))).await;
    }
    match accounts.make_api_token(organisation, new, visit.name()).await {
        Ok(made) => {
            let made = Some((made.record.name, made.token));
            shown(&staff, &visit, Filled { made, ..Filled::default() }).await
        }
        Err(fault) => shown(&staff, &visit, refused(wrong(fault, w)?)).await,
    }
}

/// Revokes a token, at once.
pub(super) async fn revoke_token(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<KeepsSettings>,
    Path(token): Path<String>,
) -> Page {
    let (accounts, organisation) = (&staff.casework(&visit).accounts, &visit.organisation.id);
    accounts.revoke_api_token(organisation, &token, visit.name()).await?;
    Ok(go("/settings/staff?done=yes"))
}

/// Changes one account, by the button that was pressed.
pub(super) async fn change(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<KeepsSettings>,
    Path(login): Path<String>,
    headers: HeaderMap,
    posted: Posted,
) -> Page {
    let (accounts, organisation, by) =
        (&staff.casework(&visit).accounts, &visit.organisation, visit.name());
    let done = match posted.text("verb") {
        "role" => {
            let role = Role(posted.text("role").to_owned());
            accounts.give_role(organisation, &login, role, by).await.map(drop)
        }
        "close" => accounts.close(organisation, &login, by).await.map(drop),
        "reopen" => accounts.reopen(&organisation.id, &login, by).await.map(drop),
        "link" => match accounts.invite_again(&organisation.id, &login, by).await {
            Ok(token) => {
                let link = Some(link(&staff, &visit, &headers, &token, &login));
                return shown(&staff, &visit, Filled { link, ..Filled::default() }).await;
            }
            Err(fault) => Err(fault),
        },
        _ => return Err(Trouble::NotFound),
    };
    match done {
        Ok(()) => Ok(go("/settings/staff?done=yes")),
        Err(Fault::Refused(why)) if why == "last_administrator" => {
            let text = last(visit.language());
            let faults = vec![FieldFault { field: "accounts", text }];
            shown(&staff, &visit, Filled { faults, ..Filled::default() }).await
        }
        Err(fault) => Err(fault.into()),
    }
}

const fn last(language: Language) -> &'static str {
    words::StaffList::of(language).last
}
