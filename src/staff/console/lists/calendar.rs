//! What falls due, by week, over all cases and the organisation itself.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::IntoResponse;
use chrono::{Datelike, Days, NaiveDate};

use super::{List, ListTab, tabs};
use crate::casework::Fault;
use crate::casework::diary::DiaryAsked;
use crate::domain::diary::{Entry, State as DueState, What};
use crate::domain::language::Language;
use crate::render::calendar;
use crate::runtime::limits::CONSOLE_CALENDAR_WEEKS;
use crate::staff::Staff;
use crate::staff::console::asked::Asked;
use crate::staff::console::case::{DueLine, due_href, due_state, due_who};
use crate::staff::console::frame::{Frame, Page, Section, page};
use crate::staff::console::say;
use crate::staff::console::trouble::Trouble;
use crate::staff::console::visit::{Visit, VisitOf};
use crate::staff::console::words;
use crate::staff::download::saved;
use crate::staff::permit::RecordsCases;

struct Week {
    id: String,
    title: String,
    due: Vec<DueLine>,
}

#[derive(Template)]
#[template(path = "calendar.html")]
struct CalendarPage {
    f: Frame,
    w: &'static words::Case,
    l: &'static words::Lists,
    tabs: Vec<ListTab>,
    weeks: Vec<Week>,
    /// The days that the weeks cover.
    period: String,
    earlier: String,
    later: String,
    is_now: bool,
}

const WEEK: Days = Days::new(7);

/// The Monday of a day's week.
fn monday(day: NaiveDate) -> NaiveDate {
    day - Days::new(u64::from(day.weekday().num_days_from_monday()))
}

/// "Mon 23 Nov 2026 – Sun 29 Nov 2026".
fn days(first: NaiveDate, last: NaiveDate, language: Language) -> String {
    format!("{} – {}", say::day(first, language), say::day(last, language))
}

/// Who somebody is, by their id.
type Names = std::collections::HashMap<String, String>;

pub(in crate::staff::console) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<RecordsCases>,
    asked: Asked,
) -> Page {
    let desk = &staff.casework(&visit).desk;
    let organisation = &visit.organisation;
    let today = desk.today(organisation);
    let now = monday(today);
    let first = asked.text("from").and_then(|from| from.parse().ok()).map_or(now, monday);
    let diary = desk.diary(organisation, &DiaryAsked::default()).await?;
    let l = words::Lists::of(visit.language());
    let end = first + Days::new(7 * CONSOLE_CALENDAR_WEEKS);
    let names = names(&staff, &visit, &diary, |one| {
        (first == now && one.state == DueState::Overdue) || (first <= one.due && one.due < end)
    });
    let names = names.await?;
    let mut weeks = Vec::new();
    if first == now {
        let late = diary.iter().filter(|one| one.state == DueState::Overdue);
        let due: Vec<DueLine> = late.map(|one| line(&visit, one, &names)).collect();
        weeks.push(Week { id: "overdue".to_owned(), title: l.overdue.to_owned(), due });
    }
    let mut start = first;
    for _ in 0..CONSOLE_CALENDAR_WEEKS {
        let end = start + WEEK;
        let own = diary.iter().filter(|one| start <= one.due && one.due < end);
        let own = own.filter(|one| !(first == now && one.state == DueState::Overdue));
        let due = own.map(|one| line(&visit, one, &names)).collect();
        let title = days(start, start + Days::new(6), visit.language());
        let title = if start == now { format!("{}: {title}", l.today) } else { title };
        weeks.push(Week { id: format!("w-{start}"), title, due });
        start = end;
    }
    weeks.retain(|week| !week.due.is_empty());
    let back = first - Days::new(7 * CONSOLE_CALENDAR_WEEKS);
    let period = days(first, start - Days::new(1), visit.language());
    let title = match first == now {
        true => l.calendar.to_owned(),
        false => format!("{}: {period}", l.calendar),
    };
    page(&CalendarPage {
        f: Frame::of(&staff, &visit, Section::Cases, &title),
        w: words::Case::of(visit.language()),
        l,
        tabs: tabs(Some(List::Calendar), l),
        weeks,
        period,
        earlier: format!("/calendar?from={back}"),
        later: format!("/calendar?from={start}"),
        is_now: first == now,
    })
}

/// The names of the people whose entries are shown.
async fn names(
    staff: &Staff,
    visit: &Visit,
    diary: &[Entry],
    is_shown: impl Fn(&Entry) -> bool,
) -> Result<Names, Fault> {
    let (casework, organisation) = (staff.casework(visit), &visit.organisation.id);
    let mut names = Names::new();
    for id in diary.iter().filter(|one| is_shown(one)).filter_map(|one| one.person.as_ref()) {
        if names.contains_key(id) {
            continue;
        }
        let person = casework.person_known(organisation, id).await?;
        let name = person.map(|person| person.name.clone()).filter(|name| !name.is_empty());
        names.insert(id.clone(), name.unwrap_or_else(|| id.clone()));
    }
    Ok(names)
}

fn line(visit: &Visit, entry: &Entry, names: &Names) -> DueLine {
    let language = visit.language();
    let l = words::Lists::of(language);
    let about = match (&entry.person, entry.what) {
        (Some(person), _) => names.get(person).unwrap_or(person).clone(),
        (None, What::ProfileUnset) => say::policy_matter(&entry.about, language),
        (None, _) => l.organisation.to_owned(),
    };
    DueLine {
        what: say::due(entry.what, language),
        about,
        due: say::day(entry.due, language),
        state: due_state(entry.state, words::Case::of(language)),
        urgent: entry.state == DueState::Overdue,
        who: due_who(entry, visit),
        clause: entry.clause.clone(),
        href: due_href(entry),
    }
}

/// The same as a file for calendars; titles name nobody.
pub(in crate::staff::console) async fn ics(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<RecordsCases>,
) -> Result<axum::response::Response, Trouble> {
    let desk = &staff.casework(&visit).desk;
    let organisation = &visit.organisation;
    let diary = desk.diary(organisation, &DiaryAsked::default()).await?;
    let written = calendar::calendar(&diary, organisation.id.as_str(), desk.now());
    let headers = saved("text/calendar; charset=utf-8", "diary", "ics");
    Ok((headers, written).into_response())
}
