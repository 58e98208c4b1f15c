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
use super::trouble::Trouble;
use super::visit::{Visit, VisitOf};
use super::words;
use crate::casework::case::lists::{CaseList, ListAsked, ListOrder};
use crate::runtime::limits::{CONSOLE_ROWS, PLACES_COUNTED_MAX};
use crate::staff::Staff;
use crate::staff::permit::RecordsCases;

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

    /// The list that its rows come from, and their order; `None`: it has none.
    fn asked(self, state: &str) -> Option<(CaseList, ListOrder)> {
        use ListOrder::{LatestFirst, OldestFirst};
        match self {
            List::Decisions => Some((CaseList::Proposals, OldestFirst)),
            List::Appeals => Some((CaseList::Appeals, OldestFirst)),
            List::Incidents => Some((CaseList::Incidents, LatestFirst)),
            // For letters that are still to be sent, the longest waiting comes first.
            List::Letters if state == "to_do" => Some((CaseList::Letters, OldestFirst)),
            List::Letters => Some((CaseList::Letters, LatestFirst)),
            List::Calendar => None,
        }
    }

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

/// A count as shown, with a plus at the bound, where counting stops.
fn counted(count: usize) -> String {
    if count < PLACES_COUNTED_MAX { count.to_string() } else { format!("{PLACES_COUNTED_MAX}+") }
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
    count: String,
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
    let Some((listed, order)) = list.asked(state) else { return Err(Trouble::NotFound) };
    let after = asked.text("after");
    let wanted = ListAsked { list: listed, state, order, after, limit: CONSOLE_ROWS };
    let found = rows::of(staff, visit, wanted).await?;
    let desk = &staff.casework(visit).desk;
    let count = desk.count_listed(&visit.organisation.id, listed, state).await?;
    let here = format!("{}?state={state}", said.href);
    let title = match after {
        Some(_) => format!("{} ({})", said.title, w.next.to_lowercase()),
        None => said.title.to_owned(),
    };
    page(&ListPage {
        f: Frame::of(staff, visit, Section::Cases, &title),
        w,
        tabs: tabs(Some(list), w),
        count: counted(count),
        states: said.states.iter().map(|one| (one.0, one.1, one.0 == state)).collect(),
        filtered: state != first_state,
        next: found.next.map(|next| format!("{here}&after={}", quoted(&next))),
        first: after.map(|_| here.clone()),
        said,
        rows: found.rows,
    })
}

macro_rules! pages {
    ($($name:ident: $list:ident;)*) => {$(
        pub(super) async fn $name(
            State(staff): State<Arc<Staff>>,
            visit: VisitOf<RecordsCases>,
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
    doors: Vec<(&'static str, &'static str, &'static str, Option<String>)>,
    rosters: &'static words::WhoAnswers,
    settings: &'static words::Settings,
}

/// The lists, each with how much waits.
pub(super) async fn doors(State(staff): State<Arc<Staff>>, visit: VisitOf<RecordsCases>) -> Page {
    let w = words::Lists::of(visit.language());
    let (desk, mut doors) = (&staff.casework(&visit).desk, Vec::new());
    for list in List::ALL {
        let said = list.said(w);
        let asked = said.states.first().and_then(|(state, _)| Some((*state, list.asked(state)?.0)));
        let waiting = match asked {
            Some((state, listed)) => {
                Some(counted(desk.count_listed(&visit.organisation.id, listed, state).await?))
            }
            // Counting what falls due would read everybody's case file.
            None => None,
        };
        doors.push((said.href, said.title, said.lead, waiting));
    }
    page(&CasesPage {
        f: Frame::of(&staff, &visit, Section::Cases, w.title),
        w,
        tabs: tabs(None, w),
        doors,
        rosters: words::WhoAnswers::of(visit.language()),
        settings: words::Settings::of(visit.language()),
    })
}
