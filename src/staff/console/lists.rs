//! Lists that are made from all cases: what waits for a signature, appeals, incidents, letters.

mod calendar;
mod reports;
mod rows;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::asked::Asked;
use super::form::quoted;
use super::frame::{Frame, Page, Section, page};
use super::visit::Visit;
use super::words;
use crate::casework::diary::DiaryAsked;
use crate::domain::diary::State as DueState;
use crate::runtime::limits::CONSOLE_ROWS;
use crate::staff::Staff;

pub(super) use self::calendar::{ics, show as calendar};
pub(super) use self::reports::{chart, csv, show as reports};
use self::rows::Row;

/// The lists, in the order of their tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Decisions,
    Appeals,
    Incidents,
    Letters,
    Calendar,
}

/// What a list is called, and what it says.
struct Said {
    href: &'static str,
    title: &'static str,
    lead: &'static str,
    none: &'static str,
    /// What can be shown of it; the first where nothing is asked.
    states: Vec<(&'static str, &'static str)>,
    columns: Vec<&'static str>,
}

impl List {
    const ALL: [List; 5] =
        [List::Decisions, List::Appeals, List::Incidents, List::Letters, List::Calendar];

    fn said(self, w: &'static words::Lists) -> Said {
        let said = |href, title, lead, none, states, columns| Said {
            href,
            title,
            lead,
            none,
            states,
            columns,
        };
        let every = ("all", w.every);
        match self {
            List::Decisions => said(
                "/decisions",
                w.decisions,
                w.decisions_lead,
                w.decisions_none,
                vec![("waiting", w.waiting), every],
                vec![w.proposal, w.person, w.proposed, w.state],
            ),
            List::Appeals => said(
                "/appeals",
                w.appeals,
                w.appeals_lead,
                w.appeals_none,
                vec![("open", w.open), every],
                vec![w.appeal, w.person, w.due, w.hearer],
            ),
            List::Incidents => said(
                "/incidents",
                w.incidents,
                w.incidents_lead,
                w.incidents_none,
                vec![("open", w.open), ("answered", w.answered), ("no_action", w.no_action), every],
                vec![w.incident, w.person, w.happened, w.reported_by],
            ),
            List::Letters => said(
                "/letters",
                w.letters,
                w.letters_lead,
                w.letters_none,
                vec![("to_do", w.to_do), ("sent", w.sent), every],
                vec![w.letter, w.person, w.drafted, w.state],
            ),
            List::Calendar => said(
                "/calendar",
                w.calendar,
                w.calendar_lead,
                w.nothing_due,
                Vec::new(),
                Vec::new(),
            ),
        }
    }
}

/// A tab of the lists: where it leads, what it is called, whether it is open.
pub(super) type ListTab = (&'static str, &'static str, bool);

fn tabs(open: Option<List>, w: &'static words::Lists) -> Vec<ListTab> {
    let tab = |one: List| {
        let said = one.said(w);
        (said.href, said.title, open == Some(one))
    };
    List::ALL.map(tab).to_vec()
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    f: Frame,
    w: &'static words::Lists,
    tabs: Vec<ListTab>,
    said: Said,
    count: usize,
    states: Vec<(&'static str, &'static str, bool)>,
    filtered: bool,
    rows: Vec<Row>,
    next: Option<String>,
    first: Option<String>,
}

/// One list, as its address asks.
async fn shown(staff: &Staff, visit: &Visit, list: List, asked: &Asked) -> Page {
    let w = words::Lists::of(visit.language());
    let said = list.said(w);
    let wanted = asked.text("state");
    let first_state = said.states.first().map_or("", |one| one.0);
    let known = said.states.iter().find(|one| Some(one.0) == wanted);
    let state = known.map_or(first_state, |one| one.0);
    let all = rows::of(staff, visit, list, state).await?;
    let count = all.len();
    let after = asked.text("after");
    let start = after.map_or(0, |after| all.partition_point(|row| row.key.as_str() <= after));
    let mut rows: Vec<Row> = all.into_iter().skip(start).take(CONSOLE_ROWS + 1).collect();
    let more = rows.len() > CONSOLE_ROWS;
    rows.truncate(CONSOLE_ROWS);
    let here = format!("{}?state={state}", said.href);
    let last = rows.last().map(|row| row.key.clone()).filter(|_| more);
    let title = match after {
        Some(_) => format!("{} ({})", said.title, w.next.to_lowercase()),
        None => said.title.to_owned(),
    };
    page(&ListPage {
        f: Frame::of(staff, visit, Section::Cases, &title),
        w,
        tabs: tabs(Some(list), w),
        count,
        states: said.states.iter().map(|one| (one.0, one.1, one.0 == state)).collect(),
        filtered: state != first_state,
        next: last.map(|last| format!("{here}&after={}", quoted(&last))),
        first: after.map(|_| here.clone()),
        said,
        rows,
    })
}

macro_rules! pages {
    ($($name:ident: $list:ident;)*) => {$(
        pub(super) async fn $name(
            State(staff): State<Arc<Staff>>,
            visit: Visit,
            asked: Asked,
        ) -> Page {
            shown(&staff, &visit, List::$list, &asked).await
        }
    )*};
}

pages! {
    decisions: Decisions;
    appeals: Appeals;
    incidents: Incidents;
    letters: Letters;
}

#[derive(Template)]
#[template(path = "cases.html")]
struct CasesPage {
    f: Frame,
    w: &'static words::Lists,
    tabs: Vec<ListTab>,
    doors: Vec<(&'static str, &'static str, &'static str, usize)>,
}

/// The lists, each with how much waits.
pub(super) async fn doors(State(staff): State<Arc<Staff>>, visit: Visit) -> Page {
    let w = words::Lists::of(visit.language());
    let mut doors = Vec::new();
    for list in List::ALL {
        let said = list.said(w);
        let waiting = match said.states.first() {
            Some((state, _)) => rows::of(&staff, &visit, list, state).await?.len(),
            None => {
                let desk = &staff.for_console().desk;
                let diary = desk.diary(&visit.organisation, &DiaryAsked::default()).await?;
                let late = |state| matches!(state, DueState::Overdue | DueState::Due);
                diary.iter().filter(|one| late(one.state)).count()
            }
        };
        doors.push((said.href, said.title, said.lead, waiting));
    }
    page(&CasesPage {
        f: Frame::of(&staff, &visit, Section::Cases, w.title),
        w,
        tabs: tabs(None, w),
        doors,
    })
}
