//! Leavers: who takes over from them, and which of their work is left.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::NaiveDate;

use super::asked::Asked;
use super::form::{Posted, quoted};
use super::frame::{Frame, Page, Section, go, with_status};
use super::say;
use super::visit::{Visit, VisitOf};
use super::words;
use crate::casework::Fault;
use crate::casework::accounts::AccountEnd;
use crate::casework::leaving::{Leaver, LeaverOnRecord, LeaverRecorded, OpenWork};
use crate::domain::restriction::StaffContact;
use crate::staff::Staff;
use crate::staff::permit::KeepsSettings;

/// A leaver in the list.
struct Line {
    name: String,
    on: String,
    successor: Option<String>,
    /// The outcome for account and claimed items, once the day has come.
    done: Option<(&'static str, usize)>,
    /// Whether the leaving can be taken back: before the day, or while people would be theirs again.
    may_stay: bool,
}

/// The outcome of the last form.
struct Moved {
    name: String,
    /// Says what happens on the day, or has happened.
    when: String,
    /// Each person's link and name, the restriction, and who takes over.
    people: Vec<(String, String, String, String)>,
    refused: Vec<String>,
    /// The link to each piece of work, its kind and its id.
    open: Vec<(String, &'static str, String)>,
}

/// The form as typed.
#[derive(Default)]
struct Typed {
    name: String,
    on: String,
    successor: String,
    email: String,
}

#[derive(Template)]
#[template(path = "leavers.html")]
struct LeaversPage {
    f: Frame,
    w: &'static words::Leavers,
    back: &'static str,
    leavers: Vec<Line>,
    /// The names to choose from.
    staff: Vec<String>,
    typed: Typed,
    /// Each field at fault, the advice, and whether that is in English because it names people.
    faults: Vec<(&'static str, String, bool)>,
    moved: Option<Moved>,
}

impl LeaversPage {
    fn is_wrong(&self, field: &str) -> bool {
        self.fault(field).is_some()
    }

    fn fault(&self, field: &str) -> Option<&str> {
        self.faults.iter().find(|(of, ..)| *of == field).map(|(_, text, _)| text.as_str())
    }
}

const fn account(end: AccountEnd, w: &words::Leavers) -> &'static str {
    match end {
        AccountEnd::Nobodys => w.no_account,
        AccountEnd::Closed => w.closed,
        AccountEnd::LastAdministrator => w.last,
    }
}

/// `answering`: everybody that restrictions name.
fn line(
    visit: &Visit,
    one: LeaverOnRecord,
    answering: &BTreeSet<String>,
    w: &words::Leavers,
) -> Line {
    Line {
        may_stay: !one.is_done || answering.contains(&one.name),
        on: say::day(one.on, visit.language()),
        done: one.is_done.then(|| (account(one.account, w), one.items)),
        name: one.name,
        successor: one.successor,
    }
}

fn open_line(one: OpenWork, w: &words::Leavers) -> (String, &'static str, String) {
    let what = match one.what {
        "proposal" => w.proposal,
        "signature" => w.signature,
        "letter" => w.letter,
        _ => w.appeal,
    };
    (format!("/people/{}/case", quoted(&one.person)), what, one.id)
}

fn moved(visit: &Visit, done: LeaverRecorded, w: &words::Leavers) -> Moved {
    let when = if done.leaving.is_done {
        account(done.leaving.account, w).to_owned()
    } else {
        w.on_the_day.replace("{day}", &say::day(done.leaving.on, visit.language()))
    };
    let people = done.handed_over.into_iter().map(|one| {
        (format!("/people/{}", quoted(&one.person)), one.shown, one.restriction, one.to)
    });
    Moved {
        name: done.leaving.name,
        when,
        people: people.collect(),
        refused: done.refused.iter().map(|one| one.person.shown_name().to_owned()).collect(),
        open: done.open.into_iter().map(|one| open_line(one, w)).collect(),
    }
}

async fn shown(
    staff: &Staff,
    visit: &Visit,
    typed: Typed,
    faults: Vec<(&'static str, String, bool)>,
    moved: Option<Moved>,
    said: Option<&str>,
) -> Page {
    let (casework, organisation) = (staff.casework(visit), &visit.organisation);
    let w = words::Leavers::of(visit.language());
    let answering = casework.points_of_contact(organisation).await?.members;
    let mut names = answering.clone();
    names.extend(casework.everybody(organisation).await?.into_keys());
    let leavers = casework.leavers(&organisation.id).await?;
    let wrong = !faults.is_empty();
    let template = LeaversPage {
        f: Frame::of(staff, visit, Section::Cases, w.title).in_error(wrong).saying(said),
        w,
        back: words::WhoAnswers::of(visit.language()).title,
        leavers: leavers.into_iter().map(|one| line(visit, one, &answering, w)).collect(),
        staff: names.into_iter().collect(),
        typed,
        faults,
        moved,
    };
    with_status(if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &template)
}

pub(super) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<KeepsSettings>,
    asked: Asked,
) -> Page {
    let w = words::Leavers::of(visit.language());
    let said = (asked.text("done") == Some("stays")).then_some(w.stayed);
    shown(&staff, &visit, Typed::default(), Vec::new(), None, said).await
}

pub(super) async fn take_back(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<KeepsSettings>,
    posted: Posted,
) -> Page {
    let (casework, organisation) = (staff.casework(&visit), &visit.organisation);
    let (role, by, name) = (visit.role(), visit.name(), posted.text("name"));
    casework.take_back_leaver(organisation, role, by, name).await?;
    Ok(go("/settings/rosters/leavers?done=stays"))
}

pub(super) async fn record(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<KeepsSettings>,
    posted: Posted,
) -> Page {
    let w = words::Leavers::of(visit.language());
    let text = |name| posted.text(name).trim().to_owned();
    let typed = Typed {
        name: text("name"),
        on: text("on"),
        successor: text("successor"),
        email: text("email"),
    };
    if typed.name.is_empty() {
        let fault = ("name", w.name_missing.to_owned(), false);
        return shown(&staff, &visit, typed, vec![fault], None, None).await;
    }
    let Ok(on) = typed.on.parse::<NaiveDate>() else {
        let fault = ("on", w.day_missing.to_owned(), false);
        return shown(&staff, &visit, typed, vec![fault], None, None).await;
    };
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    let successor = some(&typed.successor).map(|name| StaffContact {
        name,
        email: some(&typed.email),
        phone: None,
        queue: None,
        sip: None,
        roster: None,
    });
    let leaver = Leaver { name: &typed.name, on, successor };
    let (casework, role) = (staff.casework(&visit), visit.role());
    let done = casework.record_leaver(&visit.organisation, role, visit.name(), &leaver).await;
    let faults: Vec<(&'static str, String, bool)> = match done {
        Ok(done) => {
            let moved = moved(&visit, done, w);
            return shown(&staff, &visit, Typed::default(), Vec::new(), Some(moved), None).await;
        }
        Err(Fault::Invalid(faults)) => {
            let said = faults.into_iter().map(|one| format!("{}: {}", one.path, one.message));
            said.map(|text| ("successor", text, true)).collect()
        }
        Err(Fault::NotFound(_)) => vec![("name", w.nobody.to_owned(), false)],
        Err(Fault::Refused(_)) => vec![("name", w.last.to_owned(), false)],
        Err(fault) => return Err(fault.into()),
    };
    shown(&staff, &visit, typed, faults, None, None).await
}
