//! The frame of every page: title, band, sections, foot.

use askama::Template;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};

use super::assets::names;
use super::trouble::Trouble;
use super::visit::{Guest, Visitor};
use super::words;
use crate::domain::duty::Duty;
use crate::domain::language::Language;
use crate::domain::organisation::Organisation;
use crate::runtime::tokens;
use crate::staff::Staff;

/// What a handler makes of a request.
pub(super) type Page = Result<Response, Trouble>;

/// The parts of the console, as the navigation names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    MyWork,
    Queues,
    People,
    Cases,
    Reports,
    Audit,
    Settings,
    /// None of those.
    Beside,
}

/// One link of the navigation.
pub(super) struct SectionLink {
    pub href: &'static str,
    pub text: &'static str,
    pub current: bool,
}

/// A button next to the last action: it posts a verb to an item as it is now.
pub(super) struct Undo {
    pub action: String,
    pub verb: &'static str,
    pub label: &'static str,
    pub was: String,
    pub from: String,
}

/// What every template has as `f`.
pub(super) struct Frame {
    pub w: &'static words::Frame,
    pub language: Language,
    pub title: String,
    pub organisation: String,
    pub css: &'static str,
    pub script: &'static str,
    pub icon: &'static str,
    pub brand: String,
    pub sections: Vec<SectionLink>,
    /// Whose session it is; none before signing in.
    pub who: Option<String>,
    /// The key of this page's forms, under which each acts once.
    pub press: String,
    /// Path and query of this page.
    pub here: String,
    /// The last action.
    pub said: Option<String>,
    /// What takes it back.
    pub undo: Option<Undo>,
    pub keys: bool,
    /// Where the worker is that holds this browser's stream, for who may see it.
    pub worker: Option<&'static str>,
    /// The number of the trail from which on this page wants to know what changes.
    pub since: Option<u64>,
    /// Whose session it is, for what the browser keeps: drafts of one account are no other's.
    pub account: Option<String>,
    /// Seconds until the session ends if nothing is asked for, and at the latest.
    pub ends: Option<(i64, i64)>,
    /// Somebody signed out: the browser keeps nothing of theirs.
    pub forget: bool,
}

impl Frame {
    /// A page of somebody who is signed in. `title`: what the page is, "E-mail from Jo, Mon 23 Nov".
    pub(super) fn of(staff: &Staff, visit: &Visitor, section: Section, title: &str) -> Frame {
        let mut frame = Frame::outside(staff, &visit.guest, Some(&visit.organisation), title);
        frame.who = Some(visit.name().to_owned());
        // Without random bytes the forms act each time they are sent.
        frame.press = tokens::token().unwrap_or_default();
        frame.keys = visit.live.account.keys;
        frame.sections = sections(visit, section, frame.w);
        frame.worker = visit.may(Duty::Record).then(|| names().worker.as_str());
        frame.account = Some(format!("{}/{}", visit.organisation.id, visit.live.account.login));
        let (accounts, session) = (staff.accounts(), &visit.live.session);
        let left = |end: DateTime<Utc>| (end - visit.now()).num_seconds().max(0);
        frame.ends = Some((left(accounts.ends(session)), left(accounts.ends_at_last(session))));
        frame
    }

    /// A page of anybody.
    pub(super) fn outside(
        staff: &Staff,
        guest: &Guest,
        organisation: Option<&Organisation>,
        title: &str,
    ) -> Frame {
        let w = words::Frame::of(guest.language);
        let look = organisation.and_then(|one| staff.console.looks.get(&one.id));
        let name = look
            .and_then(|look| look.name.clone())
            .or_else(|| organisation.map(|one| one.profile.name.clone()));
        let names = names();
        let whole = match &name {
            Some(name) => format!("{title} – {name}"),
            None => format!("{title} – {}", w.product),
        };
        Frame {
            w,
            language: guest.language,
            title: whole,
            organisation: name.unwrap_or_default(),
            css: &names.css,
            script: &names.script,
            icon: &names.icon,
            brand: staff.assets.brand(organisation.map(|one| &one.id)).to_owned(),
            sections: Vec::new(),
            who: None,
            press: String::new(),
            here: guest.here.clone(),
            said: None,
            undo: None,
            keys: false,
            worker: None,
            since: None,
            account: None,
            ends: None,
            forget: false,
        }
    }

    /// A page that says what changes after it was made. `since`: read before anything that it shows.
    #[must_use]
    pub(super) const fn since(mut self, since: u64) -> Frame {
        self.since = Some(since);
        self
    }

    #[must_use]
    pub(super) fn saying(mut self, said: Option<&str>) -> Frame {
        self.said = said.map(str::to_owned);
        self
    }

    #[must_use]
    pub(super) fn undoable(mut self, undo: Option<Undo>) -> Frame {
        self.undo = undo;
        self
    }

    /// A page before which somebody signed out.
    #[must_use]
    pub(super) const fn forgetting(mut self) -> Frame {
        self.forget = true;
        self
    }

    /// With "Error:" before the title, as a page with a form that was not right has it.
    #[must_use]
    pub(super) fn in_error(mut self, wrong: bool) -> Frame {
        if wrong {
            self.title = format!("{} {}", self.w.error, self.title);
        }
        self
    }

    pub(super) const fn tag(&self) -> &'static str {
        self.language.regional_tag()
    }

    pub(super) const fn other(&self) -> Language {
        self.language.other()
    }
}

fn sections(visit: &Visitor, current: Section, w: &'static words::Frame) -> Vec<SectionLink> {
    let all = [
        (Section::MyWork, "/", w.my_work, Duty::Record),
        (Section::Queues, "/queues", w.queues, Duty::Record),
        (Section::People, "/people", w.people, Duty::Record),
        (Section::Cases, "/cases", w.cases, Duty::Record),
        (Section::Reports, "/reports", w.reports, Duty::Record),
        (Section::Audit, "/audit", w.audit, Duty::ReadAudit),
        (Section::Settings, "/settings", w.settings, Duty::Settings),
    ];
    all.into_iter()
        .filter(|(.., duty)| visit.may(*duty))
        .map(|(section, href, text, _)| SectionLink { href, text, current: section == current })
        .collect()
}

/// A page as a response.
pub(super) fn page(template: &impl Template) -> Page {
    with_status(StatusCode::OK, template)
}

pub(super) fn with_status(status: StatusCode, template: &impl Template) -> Page {
    let html = template.render().map_err(|_| Trouble::Ours)?;
    let mut response = (status, html).into_response();
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}

/// Goes on to a page by GET, after a form was posted (RFC 9110 15.4.4).
pub(super) fn go(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(axum::http::header::LOCATION, to);
    }
    response
}
