//! Settings: the policy as the program reads it, and whether everything works.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::form::quoted;
use super::frame::{Frame, Page, Section, page};
use super::look::PolicyAsRead;
use super::say;
use super::visit::{Visit, VisitOf};
use super::words;
use crate::domain::duty::Duty;
use crate::domain::restriction::{KindName, Mode};
use crate::staff::Staff;
use crate::staff::permit::KeepsSettings;

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    f: Frame,
    w: &'static words::Settings,
    keeping: &'static words::Keeping,
    rosters: &'static str,
    templates: &'static str,
    mode: &'static str,
    open: usize,
}

fn policy(staff: &Staff, visit: &Visit) -> PolicyAsRead {
    staff.console.policies.get(&visit.organisation.id).cloned().unwrap_or_default()
}

pub(super) async fn show(State(staff): State<Arc<Staff>>, visit: VisitOf<KeepsSettings>) -> Page {
    let w = words::Settings::of(visit.language());
    let mode = match visit.organisation.mode {
        Mode::Enforce => w.mode_enforce,
        Mode::Observe => w.mode_observe,
    };
    let open = policy(&staff, &visit).open.len();
    let f = Frame::of(&staff, &visit, Section::Settings, w.title);
    let language = visit.language();
    page(&SettingsPage {
        f,
        w,
        keeping: words::Keeping::of(language),
        rosters: words::WhoAnswers::of(language).title,
        templates: words::LetterTemplates::of(language).title,
        mode,
        open,
    })
}

struct KindLine {
    name: &'static str,
    /// `None`: the policy does not say.
    allowed: Option<bool>,
    clause: String,
    sign_off: String,
}

#[derive(Template)]
#[template(path = "policy.html")]
struct PolicyPage {
    f: Frame,
    w: &'static words::Settings,
    name: String,
    version: String,
    policy: PolicyAsRead,
    kinds: Vec<KindLine>,
    roles: Vec<(String, String)>,
}

pub(super) async fn profile(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<KeepsSettings>,
) -> Page {
    let language = visit.language();
    let w = words::Settings::of(language);
    let profile = &visit.organisation.profile;
    let kinds = KindName::ALL
        .into_iter()
        .map(|kind| {
            let rule = profile.kinds.get(&kind);
            KindLine {
                name: say::kind(kind, language),
                allowed: rule.map(|rule| rule.allowed),
                clause: rule.and_then(|rule| rule.clause.clone()).unwrap_or_default(),
                sign_off: rule
                    .and_then(|rule| rule.sign_off.as_ref())
                    .map(|roles| {
                        let names =
                            roles.as_slice().iter().map(|role| say::role_name(role, language));
                        names.collect::<Vec<_>>().join(", ")
                    })
                    .unwrap_or_default(),
            }
        })
        .collect();
    let roles = profile
        .roles
        .iter()
        .map(|role| (say::role_name(role, language), say::duties(profile, role, language)))
        .collect();
    page(&PolicyPage {
        f: Frame::of(&staff, &visit, Section::Settings, w.policy),
        w,
        name: profile.policy.clone().unwrap_or_else(|| profile.name.clone()),
        version: profile.version.clone(),
        policy: policy(&staff, &visit),
        kinds,
        roles,
    })
}

#[derive(Template)]
#[template(path = "connections.html")]
struct ConnectionsPage {
    f: Frame,
    w: &'static words::Settings,
    parts: Vec<(String, Option<String>)>,
    dead: Vec<(String, String, String)>,
    /// Who, a link to their record for those who may open it, and what is missing.
    lacking: Vec<(String, Option<String>, String)>,
}

pub(super) async fn connections(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<KeepsSettings>,
) -> Page {
    let w = words::Settings::of(visit.language());
    let zone = visit.organisation.profile.timezone;
    let states = staff.health.states().await;
    let parts = states.into_iter().map(|one| (part(one.part, w), one.fault)).collect();
    let dead = staff.casework(&visit).dead_letters(&visit.organisation.id).await;
    let dead = dead
        .into_iter()
        .map(|one| {
            let at = say::when(one.tried_at, visit.now(), zone, visit.language());
            (one.receiver, one.why, at)
        })
        .collect();
    let found = staff.casework(&visit).desk.all_not_followed(&visit.organisation.id).await?;
    let lacking = found
        .into_iter()
        .map(|one| {
            let href =
                visit.may(Duty::Record).then(|| format!("/people/{}/case", quoted(&one.person)));
            let what = say::missing(&one, visit.now(), zone, visit.language());
            (one.person, href, what)
        })
        .collect();
    let f = Frame::of(&staff, &visit, Section::Settings, w.connections);
    page(&ConnectionsPage { f, w, parts, dead, lacking })
}

/// What a part of the gateway is called.
fn part(name: &str, w: &words::Settings) -> String {
    let known = match name {
        "restrictions" => w.p_restrictions,
        "store" => w.p_store,
        "clock" => w.p_clock,
        "archive" => w.p_archive,
        "journal" => w.p_journal,
        "downstream" => w.p_downstream,
        "outbound" => w.p_outbound,
        "keys" => w.p_keys,
        other => return say::capitalised(other),
    };
    known.to_owned()
}
