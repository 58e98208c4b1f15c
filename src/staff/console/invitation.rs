//! The page of a link with which somebody chooses their password; the first administrator's as well.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::entrance::keep_session;
use super::form::{Posted, quoted};
use super::frame::{Frame, Page, go, with_status};
use super::provider_buttons::{Button, to_link};
use super::say::{duties, role_name};
use super::trouble::Trouble;
use super::visit::Guest;
use super::words;
use crate::casework::Fault;
use crate::casework::accounts::{Invited, NewAccount, PasswordFault};
use crate::domain::account::{Account, login as login_of};
use crate::domain::duty::Duty;
use crate::domain::invisible::is_blank;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::permission;
use crate::domain::profile::Role;
use crate::staff::Staff;

/// One thing that is wrong with a form: the field's id, and what would be right.
pub(super) struct FieldFault {
    pub field: &'static str,
    pub text: &'static str,
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationPage<'a> {
    f: Frame,
    w: &'static words::SignIn,
    action: String,
    /// Whose password it is; none: the first administrator's.
    known: Option<(String, String)>,
    roles: Vec<(String, String, bool)>,
    name: &'a str,
    login: &'a str,
    faults: Vec<FieldFault>,
    /// Providers by which they may sign in from now on.
    providers: Vec<Button>,
    /// They have a password, and signing in by a provider takes it from nobody.
    keeps_password: bool,
}

impl InvitationPage<'_> {
    fn fault(&self, field: &str) -> Option<&'static str> {
        self.faults.iter().find(|one| one.field == field).map(|one| one.text)
    }
}

#[derive(Template)]
#[template(path = "pass.html")]
struct PassPage {
    f: Frame,
    w: &'static words::SignIn,
    action: String,
    name: String,
    role: String,
    duties: String,
}

#[derive(Template)]
#[template(path = "invitation_over.html")]
struct OverPage {
    f: Frame,
    w: &'static words::SignIn,
}

type Link = Path<(String, String)>;

fn organisation_of<'a>(staff: &'a Staff, id: &str) -> Result<&'a Arc<Organisation>, Trouble> {
    staff.office.organisation(&OrganisationId::new(id)).ok_or(Trouble::NotFound)
}

struct Filled<'a> {
    name: &'a str,
    login: &'a str,
    role: &'a str,
    faults: Vec<FieldFault>,
}

fn form(
    staff: &Staff,
    guest: &Guest,
    organisation: &Organisation,
    token: &str,
    invited: Option<Invited>,
    filled: Filled<'_>,
) -> Page {
    let w = words::SignIn::of(guest.language);
    let Some(invited) = invited else {
        let f = Frame::outside(staff, guest, Some(organisation), w.invitation_over);
        return with_status(StatusCode::NOT_FOUND, &OverPage { f, w });
    };
    if let Some(account) = invited.account.as_ref().filter(|_| invited.pass) {
        let role = role_name(&account.role, guest.language);
        let f = Frame::outside(staff, guest, Some(organisation), w.pass_title);
        let action = format!("/invitation/{}/{}", organisation.id, quoted(token));
        let duties = duties(&organisation.profile, &account.role, guest.language);
        let name = account.name.clone();
        return with_status(StatusCode::OK, &PassPage { f, w, action, name, role, duties });
    }
    let title = if invited.account.is_some() { w.invitation_title } else { w.first_title };
    let profile = &organisation.profile;
    let roles = permission::roles_with(profile, Duty::Settings)
        .into_iter()
        .map(|role| (role.0.clone(), role_name(role, guest.language), role.0 == filled.role))
        .collect();
    let wrong = !filled.faults.is_empty();
    // The first account is one that opens without anybody else's help.
    let providers = match &invited.account {
        Some(_) => to_link(staff, guest, organisation, token),
        None => Vec::new(),
    };
    let has_password = |account: &Account| account.password.is_some();
    let keeps_password = invited.account.as_ref().is_some_and(has_password);
    let page = InvitationPage {
        f: Frame::outside(staff, guest, Some(organisation), title).in_error(wrong),
        w,
        action: format!("/invitation/{}/{}", organisation.id, quoted(token)),
        known: invited.account.map(|account| (account.name, account.login)),
        roles,
        name: filled.name,
        login: filled.login,
        faults: filled.faults,
        providers,
        keeps_password,
    };
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    with_status(status, &page)
}

pub(super) async fn show(
    State(staff): State<Arc<Staff>>,
    guest: Guest,
    Path((organisation, token)): Link,
) -> Page {
    let organisation = organisation_of(&staff, &organisation)?;
    let invited = staff.accounts().invited(&organisation.id, &token).await?;
    let filled = Filled { name: "", login: "", role: "", faults: Vec::new() };
    form(&staff, &guest, organisation, &token, invited, filled)
}

/// What a password that can't be chosen lacks.
pub(super) const fn password_fault(fault: PasswordFault, w: &words::SignIn) -> &'static str {
    match fault {
        PasswordFault::TooShort => w.too_short,
        PasswordFault::TooLong => w.too_long,
        PasswordFault::Guessable => w.guessable,
        PasswordFault::NotTheSame => w.not_the_same,
    }
}

pub(super) async fn take_up(
    State(staff): State<Arc<Staff>>,
    guest: Guest,
    Path((organisation, token)): Link,
    posted: Posted,
) -> Page {
    let organisation = organisation_of(&staff, &organisation)?;
    let accounts = staff.accounts();
    let w = words::SignIn::of(guest.language);
    let invited = accounts.invited(&organisation.id, &token).await?;
    if invited.as_ref().is_some_and(|invited| invited.pass) {
        let entered = accounts.enter_by_pass(&organisation.id, &token, &guest.browser).await?;
        let mut response = go("/");
        keep_session(&mut response, &guest, &organisation.id, Some(&entered.token));
        return Ok(response);
    }
    let (name, login, role) = (posted.text("name"), posted.text("login"), posted.text("role"));
    let mut faults = Vec::new();
    let is_first = invited.as_ref().is_some_and(|invited| invited.account.is_none());
    let first = is_first.then(|| NewAccount {
        login: login.to_owned(),
        name: name.to_owned(),
        role: Role(role.to_owned()),
    });
    if is_first {
        if is_blank(name) {
            faults.push(FieldFault { field: "name", text: w.name_missing });
        }
        if login_of(login).is_none() {
            faults.push(FieldFault { field: "login", text: w.login_missing });
        }
        // A first account that may not keep the settings could not let anybody else in.
        if !permission::has(&organisation.profile, &Role(role.to_owned()), Duty::Settings) {
            return Err(Trouble::NotAllowed(&[Duty::Settings]));
        }
    }
    let known = invited.as_ref().and_then(|invited| invited.account.as_ref());
    let whose = known.map_or(login, |account| account.login.as_str());
    let (password, again) = (posted.text("password"), posted.text("again"));
    if let Err(fault) = accounts.check_password(organisation, whose, password, again) {
        let field = if fault == PasswordFault::NotTheSame { "again" } else { "password" };
        faults.push(FieldFault { field, text: password_fault(fault, w) });
    }
    let filled = |faults| Filled { name, login, role, faults };
    if invited.is_none() || !faults.is_empty() {
        return form(&staff, &guest, organisation, &token, invited, filled(faults));
    }
    match accounts.take_up(organisation, &token, first, password, &guest.browser).await {
        Ok(signed_in) => {
            let mut response = go("/");
            keep_session(&mut response, &guest, &organisation.id, Some(&signed_in.token));
            Ok(response)
        }
        Err(Fault::Exists(_)) => {
            let faults = vec![FieldFault { field: "login", text: w.taken }];
            form(&staff, &guest, organisation, &token, invited, filled(faults))
        }
        Err(Fault::NotFound(_)) => {
            form(&staff, &guest, organisation, &token, None, filled(Vec::new()))
        }
        Err(fault) => Err(fault.into()),
    }
}
