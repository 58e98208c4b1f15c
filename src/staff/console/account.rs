//! One's own account: preferences, password, second step, where one is signed in.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};

use super::asked::Asked;
use super::entrance::keep_language;
use super::form::Posted;
use super::frame::{Frame, Page, Section, go, page, with_status};
use super::invitation::{FieldFault, password_fault};
use super::say;
use super::visit::Visitor;
use super::words;
use crate::casework::accounts::{Begun, NewSecondStep, Own, PasswordFault, Proof};
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
    /// None: they sign in only by a provider, or were let in by a link of the demo.
    has_password: bool,
    by_provider: bool,
    faults: Vec<FieldFault>,
}

impl AccountPage {
    fn fault(&self, field: &str) -> Option<&'static str> {
        self.faults.iter().find(|one| one.field == field).map(|one| one.text)
    }
}

async fn shown(
    staff: &Staff,
    visit: &Visitor,
    faults: Vec<FieldFault>,
    said: Option<&'static str>,
) -> Page {
    let (language, live) = (visit.language(), &visit.live);
    let w = words::Account::of(language);
    let profile = &visit.organisation.profile;
    let sessions = staff.accounts().sessions(&visit.organisation.id, &live.account.login).await?;
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
        has_password: has_password(visit),
        by_provider: live.account.provider.is_some(),
        due: staff.accounts().wants_second_step(live),
        faults,
    };
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    with_status(status, &page)
}

pub(super) async fn show(State(staff): State<Arc<Staff>>, visit: Visitor, asked: Asked) -> Page {
    let w = words::Account::of(visit.language());
    let said = match asked.text("done") {
        Some("saved") => Some(w.saved),
        Some("password") => Some(w.changed),
        Some("ended") => Some(w.ended),
        _ => None,
    };
    shown(&staff, &visit, Vec::new(), said).await
}

/// Somebody stays: how many seconds the session lasts from now on.
pub(super) async fn stay(State(staff): State<Arc<Staff>>, visit: Visitor) -> Response {
    let accounts = staff.accounts();
    let left = |end: DateTime<Utc>| (end - visit.now()).num_seconds().max(0);
    let session = &visit.live.session;
    axum::Json(serde_json::json!({
        "ends": left(accounts.ends(session)), "ends_at_last": left(accounts.ends_at_last(session)),
    }))
    .into_response()
}

pub(super) async fn preferences(
    State(staff): State<Arc<Staff>>,
    visit: Visitor,
    posted: Posted,
) -> Page {
    let (organisation, login) = (&visit.organisation.id, &visit.live.account.login);
    let language = Language::of_tag(posted.text("language"));
    let keys = posted.has("keys");
    staff.accounts().prefer(organisation, login, language, keys).await?;
    let mut response = go("/account?done=saved");
    if let Some(language) = language {
        keep_language(&mut response, &visit.guest, language);
    }
    Ok(response)
}

pub(super) async fn password(
    State(staff): State<Arc<Staff>>,
    visit: Visitor,
    posted: Posted,
) -> Page {
    let s = words::SignIn::of(visit.language());
    let (accounts, account) = (staff.accounts(), &visit.live.account);
    let (new, again) = (posted.text("password"), posted.text("again"));
    let checked = accounts.check_password(&visit.organisation, &account.login, new, again);
    if let Err(fault) = checked {
        let field = if fault == PasswordFault::NotTheSame { "again" } else { "password" };
        let faults = vec![FieldFault { field, text: password_fault(fault, s) }];
        return shown(&staff, &visit, faults, None).await;
    }
    if accounts.change_password(own(&visit), proof(&visit, &posted), new).await? {
        return Ok(go("/account?done=password"));
    }
    not_proven(&staff, &visit, "old").await
}

/// Whether they have a password for the console, as well as or instead of a provider.
pub(super) fn has_password(visit: &Visitor) -> bool {
    visit.live.account.password.is_some()
}

/// Whose account it is that is changed.
pub(super) fn own(visit: &Visitor) -> Own<'_> {
    Own {
        organisation: &visit.organisation.id,
        account: &visit.live.account,
        session: &visit.live.id,
    }
}

/// The password, and the code of the step that there is, as they were typed.
pub(super) fn proof<'a>(visit: &Visitor, posted: &'a Posted) -> Proof<'a> {
    Proof {
        password: posted.text("old"),
        code: posted.text("old_code"),
        source: visit.guest.source,
    }
}

async fn not_proven(staff: &Staff, visit: &Visitor, field: &'static str) -> Page {
    staff.metrics.sign_in_failures.inc();
    shown(staff, visit, vec![FieldFault { field, text: why_not_proven(visit) }], None).await
}

pub(super) fn why_not_proven(visit: &Visitor) -> &'static str {
    let w = words::Account::of(visit.language());
    if has_password(visit) { w.not_proven } else { w.not_proven_lately }
}

/// Ends the session that is named, or all but this one.
pub(super) async fn end_sessions(
    State(staff): State<Arc<Staff>>,
    visit: Visitor,
    posted: Posted,
) -> Page {
    let (accounts, organisation) = (staff.accounts(), &visit.organisation.id);
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
    a: &'static words::Account,
    grouped: String,
    new: NewSecondStep,
    has_password: bool,
    /// There is a step already: its code is asked for as well.
    replaces: bool,
    faults: Vec<FieldFault>,
}

impl SecondStepPage {
    fn fault(&self, field: &str) -> Option<&'static str> {
        self.faults.iter().find(|one| one.field == field).map(|one| one.text)
    }
}

#[derive(Template)]
#[template(path = "recovery.html")]
struct RecoveryPage {
    f: Frame,
    w: &'static words::SecondStep,
    codes: Vec<String>,
}

fn step_page(staff: &Staff, visit: &Visitor, new: NewSecondStep, faults: Vec<FieldFault>) -> Page {
    let w = words::SecondStep::of(visit.language());
    let wrong = !faults.is_empty();
    let f = Frame::of(staff, visit, Section::Beside, w.title).in_error(wrong);
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (a, grouped) = (words::Account::of(visit.language()), in_groups(&new.secret));
    let replaces = visit.live.account.second_step.is_some();
    let has_password = has_password(visit);
    with_status(status, &SecondStepPage { f, w, a, grouped, new, has_password, replaces, faults })
}

pub(super) async fn second_step(State(staff): State<Arc<Staff>>, visit: Visitor) -> Page {
    let accounts = staff.accounts();
    let new = accounts.new_second_step(&visit.organisation, &visit.live.account)?;
    step_page(&staff, &visit, new, Vec::new())
}

pub(super) async fn begin_second_step(
    State(staff): State<Arc<Staff>>,
    visit: Visitor,
    posted: Posted,
) -> Page {
    let (accounts, account) = (staff.accounts(), &visit.live.account);
    let (secret, code) = (posted.text("secret"), posted.text("code"));
    let begun =
        accounts.begin_second_step(own(&visit), proof(&visit, &posted), secret, code).await?;
    let w = words::SecondStep::of(visit.language());
    let fault = match begun {
        Begun::Codes(codes) => {
            let f = Frame::of(&staff, &visit, Section::Beside, w.codes_title);
            return page(&RecoveryPage { f, w, codes });
        }
        Begun::WrongCode => FieldFault { field: "code", text: w.wrong },
        Begun::NotProven => {
            staff.metrics.sign_in_failures.inc();
            let field = if has_password(&visit) { "old" } else { "code" };
            FieldFault { field, text: why_not_proven(&visit) }
        }
    };
    let mut new = accounts.new_second_step(&visit.organisation, account)?;
    // The same key as before: it is in the authenticator already.
    let plain: String = secret.chars().filter(char::is_ascii_alphanumeric).collect();
    new.link = new.link.replace(&new.secret, &plain);
    new.secret = plain;
    step_page(&staff, &visit, new, vec![fault])
}

pub(super) async fn end_second_step(
    State(staff): State<Arc<Staff>>,
    visit: Visitor,
    posted: Posted,
) -> Page {
    let accounts = staff.accounts();
    if accounts.end_second_step(own(&visit), proof(&visit, &posted)).await? {
        return Ok(go("/account?done=saved"));
    }
    not_proven(&staff, &visit, "off").await
}
