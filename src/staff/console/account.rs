//! One's own account: preferences, password, second step, where one is signed in.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;

use super::asked::Asked;
use super::entrance::keep_language;
use super::form::Posted;
use super::frame::{Frame, Page, Section, go, page, with_status};
use super::invitation::{FieldFault, password_fault};
use super::say;
use super::visit::Visit;
use super::words;
use crate::casework::accounts::{NewSecondStep, PasswordFault};
use crate::domain::language::Language;
use crate::runtime::one_time_code::in_groups;
use crate::staff::Staff;

struct SessionLine {
    id: String,
    browser: String,
    seen: String,
    began: String,
    this_one: bool,
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    f: Frame,
    w: &'static words::Account,
    s: &'static words::SignIn,
    name: String,
    login: String,
    role: String,
    duties: String,
    languages: Vec<(&'static str, &'static str, bool)>,
    sessions: Vec<SessionLine>,
    second_step: Option<usize>,
    due: bool,
    faults: Vec<FieldFault>,
}

impl AccountPage {
    fn fault(&self, field: &str) -> Option<&'static str> {
        self.faults.iter().find(|one| one.field == field).map(|one| one.text)
    }
}

async fn shown(
    staff: &Staff,
    visit: &Visit,
    faults: Vec<FieldFault>,
    said: Option<&'static str>,
) -> Page {
    let (language, live) = (visit.language(), &visit.live);
    let w = words::Account::of(language);
    let profile = &visit.organisation.profile;
    let sessions =
        staff.for_console().accounts.sessions(&visit.organisation.id, &live.account.login).await?;
    let when = |at| say::when(at, visit.now(), profile.timezone, language);
    let sessions = sessions
        .into_iter()
        .map(|(id, session)| SessionLine {
            this_one: id == live.id,
            id,
            seen: when(session.seen),
            began: when(session.made),
            browser: session.browser,
        })
        .collect();
    let wrong = !faults.is_empty();
    let page = AccountPage {
        f: Frame::of(staff, visit, Section::Beside, w.title).in_error(wrong).saying(said),
        w,
        s: words::SignIn::of(language),
        name: live.account.name.clone(),
        login: live.account.login.clone(),
        role: say::role_name(visit.role(), language),
        duties: say::duties(profile, visit.role(), language),
        languages: Language::ALL
            .into_iter()
            .map(|one| (one.tag(), one.own_name(), one == language))
            .collect(),
        sessions,
        second_step: live.account.second_step.as_ref().map(|step| step.recovery.len()),
        due: staff.for_console().accounts.wants_second_step(&live.account),
        faults,
    };
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    with_status(status, &page)
}

pub(super) async fn show(State(staff): State<Arc<Staff>>, visit: Visit, asked: Asked) -> Page {
    let w = words::Account::of(visit.language());
    let said = match asked.text("done") {
        Some("saved") => Some(w.saved),
        Some("password") => Some(w.changed),
        Some("ended") => Some(w.ended),
        _ => None,
    };
    shown(&staff, &visit, Vec::new(), said).await
}

pub(super) async fn preferences(
    State(staff): State<Arc<Staff>>,
    visit: Visit,
    posted: Posted,
) -> Page {
    let (organisation, login) = (&visit.organisation.id, &visit.live.account.login);
    let language = Language::of_tag(posted.text("language"));
    let keys = posted.has("keys");
    staff.for_console().accounts.prefer(organisation, login, language, keys).await?;
    let mut response = go("/account?done=saved");
    if let Some(language) = language {
        keep_language(&mut response, &visit.guest, language);
    }
    Ok(response)
}

pub(super) async fn password(
    State(staff): State<Arc<Staff>>,
    visit: Visit,
    posted: Posted,
) -> Page {
    let language = visit.language();
    let (w, s) = (words::Account::of(language), words::SignIn::of(language));
    let (accounts, account) = (&staff.for_console().accounts, &visit.live.account);
    let (new, again) = (posted.text("password"), posted.text("again"));
    let checked = accounts.check_password(&visit.organisation, &account.login, new, again);
    if let Err(fault) = checked {
        let field = if fault == PasswordFault::NotTheSame { "again" } else { "password" };
        let faults = vec![FieldFault { field, text: password_fault(fault, s) }];
        return shown(&staff, &visit, faults, None).await;
    }
    let (organisation, old) = (&visit.organisation.id, posted.text("old"));
    if accounts.change_password(organisation, account, old, new, &visit.live.id).await? {
        return Ok(go("/account?done=password"));
    }
    let faults = vec![FieldFault { field: "old", text: w.old_wrong }];
    shown(&staff, &visit, faults, None).await
}

/// Ends the session that is named, or all but this one.
pub(super) async fn end_sessions(
    State(staff): State<Arc<Staff>>,
    visit: Visit,
    posted: Posted,
) -> Page {
    let (accounts, organisation) = (&staff.for_console().accounts, &visit.organisation.id);
    let account = &visit.live.account;
    if posted.has("all") {
        let but = Some(visit.live.id.as_str());
        accounts.end_sessions(organisation, &account.login, but, &account.name).await?;
    } else {
        accounts.end_session(organisation, account, posted.text("session")).await?;
    }
    Ok(go("/account?done=ended"))
}

#[derive(Template)]
#[template(path = "second_step.html")]
struct SecondStepPage {
    f: Frame,
    w: &'static words::SecondStep,
    grouped: String,
    new: NewSecondStep,
    wrong: bool,
}

#[derive(Template)]
#[template(path = "recovery.html")]
struct RecoveryPage {
    f: Frame,
    w: &'static words::SecondStep,
    codes: Vec<String>,
}

fn step_page(staff: &Staff, visit: &Visit, new: NewSecondStep, wrong: bool) -> Page {
    let w = words::SecondStep::of(visit.language());
    let f = Frame::of(staff, visit, Section::Beside, w.title).in_error(wrong);
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let grouped = in_groups(&new.secret);
    with_status(status, &SecondStepPage { f, w, grouped, new, wrong })
}

pub(super) async fn second_step(State(staff): State<Arc<Staff>>, visit: Visit) -> Page {
    let accounts = &staff.for_console().accounts;
    let new = accounts.new_second_step(&visit.organisation, &visit.live.account)?;
    step_page(&staff, &visit, new, false)
}

pub(super) async fn begin_second_step(
    State(staff): State<Arc<Staff>>,
    visit: Visit,
    posted: Posted,
) -> Page {
    let (accounts, account) = (&staff.for_console().accounts, &visit.live.account);
    let (organisation, secret) = (&visit.organisation.id, posted.text("secret"));
    let begun =
        accounts.begin_second_step(organisation, account, secret, posted.text("code")).await?;
    let w = words::SecondStep::of(visit.language());
    match begun {
        Some(codes) => {
            let f = Frame::of(&staff, &visit, Section::Beside, w.codes_title);
            page(&RecoveryPage { f, w, codes })
        }
        None => {
            let mut new = accounts.new_second_step(&visit.organisation, account)?;
            // The same key as before: it is in the authenticator already.
            let plain: String = secret.chars().filter(char::is_ascii_alphanumeric).collect();
            new.link = new.link.replace(&new.secret, &plain);
            new.secret = plain;
            step_page(&staff, &visit, new, true)
        }
    }
}

pub(super) async fn end_second_step(State(staff): State<Arc<Staff>>, visit: Visit) -> Page {
    let accounts = &staff.for_console().accounts;
    accounts.end_second_step(&visit.organisation.id, &visit.live.account).await?;
    Ok(go("/account?done=saved"))
}
