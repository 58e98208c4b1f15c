//! The rows of each list.

use super::List;
use crate::casework::case::record::CaseRead;
use crate::casework::diary::DiaryAsked;
use crate::domain::case::proposal::{Proposal, ProposalState};
use crate::domain::diary::What;
use crate::staff::Staff;
use crate::staff::console::case::{anchor, proposal_href, short};
use crate::staff::console::form::quoted;
use crate::staff::console::say;
use crate::staff::console::trouble::Trouble;
use crate::staff::console::visit::Visit;
use crate::staff::console::words;

/// One row: what it is, and a cell for each further column.
pub(super) struct Row {
    /// By which rows are in order, the most urgent first, and pages follow one another.
    pub key: String,
    pub href: String,
    pub title: String,
    pub beside: Option<String>,
    /// Text, and how it looks as a tag where it is one.
    pub cells: Vec<(String, Option<&'static str>)>,
    pub urgent: bool,
}

/// Everything of a list in one state, in its order.
pub(super) async fn of(
    staff: &Staff,
    visit: &Visit,
    list: List,
    state: &str,
) -> Result<Vec<Row>, Trouble> {
    let desk = &staff.for_console().desk;
    // First: a reader that holds everybody's files waits for no other reader.
    let diary = match list {
        List::Appeals => desk.diary(&visit.organisation, &DiaryAsked::default()).await?,
        List::Decisions | List::Incidents | List::Letters | List::Calendar => Vec::new(),
    };
    let cases = desk.cases(&visit.organisation).await?.read;
    let mut rows: Vec<Row> = match list {
        List::Decisions => cases.iter().flat_map(|case| decisions(visit, case, state)).collect(),
        List::Appeals => {
            let due = |id: &str| {
                let found =
                    diary.iter().find(|one| one.what == What::AppealAnswer && one.about == id);
                found.map(|one| (one.due, one.state))
            };
            cases.iter().flat_map(|case| appeals(visit, case, state, &due)).collect()
        }
        List::Incidents => cases.iter().flat_map(|case| incidents(visit, case, state)).collect(),
        List::Letters => cases.iter().flat_map(|case| letters(visit, case, state)).collect(),
        List::Calendar => Vec::new(),
    };
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(rows)
}

fn cell(text: impl Into<String>) -> (String, Option<&'static str>) {
    (text.into(), None)
}

fn when(visit: &Visit, at: chrono::DateTime<chrono::Utc>) -> String {
    let zone = visit.organisation.profile.timezone;
    say::when(at, visit.now(), zone, visit.language())
}

/// A key in the order of time, oldest first.
fn key(at: chrono::DateTime<chrono::Utc>, id: &str) -> String {
    format!("{}|{id}", at.format("%Y%m%dT%H%M%S"))
}

/// The same, the latest first.
fn key_back(at: chrono::DateTime<chrono::Utc>, id: &str) -> String {
    const LATEST: i64 = 99_999_999_999;
    format!("{:011}|{id}", LATEST.saturating_sub(at.timestamp()))
}

fn decisions(visit: &Visit, case: &CaseRead, state: &str) -> Vec<Row> {
    let (profile, language) = (&visit.organisation.profile, visit.language());
    let w = words::Lists::of(language);
    let unsigned = |one: &Proposal| one.exceptions.iter().any(|it| it.signature.is_none());
    let waits = |one: &&Proposal| match one.state {
        ProposalState::Waiting => true,
        ProposalState::Signed => state == "all" || unsigned(one),
        _ => state == "all" && one.is_open(),
    };
    let row = |one: &Proposal| {
        let own = one.by == visit.name();
        let tag = match one.state {
            ProposalState::Waiting => "tag held",
            ProposalState::SentBack => "tag late",
            ProposalState::Signed => "tag on",
            _ => "tag",
        };
        Row {
            key: key(one.at, &one.id),
            href: proposal_href(&case.person.id, &one.id),
            title: say::terms(&one.restriction.kind, profile, language),
            beside: own.then(|| w.yours.to_owned()),
            cells: vec![
                cell(case.person.shown_name().to_owned()),
                cell(format!("{}, {}", one.by, when(visit, one.at))),
                (say::proposal(one.state, language).to_owned(), Some(tag)),
            ],
            urgent: false,
        }
    };
    case.file.proposals.iter().filter(waits).map(row).collect()
}

fn appeals(
    visit: &Visit,
    case: &CaseRead,
    state: &str,
    due: &dyn Fn(&str) -> Option<(chrono::NaiveDate, crate::domain::diary::State)>,
) -> Vec<Row> {
    use crate::domain::diary::State as Due;
    let (profile, language) = (&visit.organisation.profile, visit.language());
    let c = words::Case::of(language);
    let wanted = case.file.appeals.iter().filter(|one| state == "all" || one.is_open());
    let row = |one: &crate::domain::case::appeal::Appeal| {
        let held = case.person.restrictions.iter().find(|it| it.id == one.restriction);
        let terms = held.map(|it| say::terms(&it.kind, profile, language));
        let known = due(&one.id).filter(|_| one.is_open());
        let late = known.is_some_and(|(_, state)| state == Due::Overdue);
        let on = known.map(|(day, _)| say::day(day, language));
        let on = match (on, late) {
            (Some(on), true) => (format!("{on}: {}", c.overdue), Some("tag late")),
            (Some(on), false) => (on, None),
            (None, _) => (say::appeal(one, language).to_owned(), Some("tag")),
        };
        let hearer = one.hearer.as_ref().map_or(c.no_hearer, |it| it.name.as_str());
        Row {
            key: known.map_or_else(
                || format!("9|{}", key_back(one.received.at, &one.id)),
                |(day, _)| format!("0{day}|{}", one.id),
            ),
            href: format!("/people/{}/case#{}", quoted(&case.person.id), anchor(&one.id)),
            title: terms.unwrap_or_else(|| one.restriction.clone()),
            beside: Some(format!("{} {}", c.received, when(visit, one.received.at))),
            cells: vec![cell(case.person.shown_name().to_owned()), on, cell(hearer)],
            urgent: late,
        }
    };
    wanted.map(row).collect()
}

fn incidents(visit: &Visit, case: &CaseRead, state: &str) -> Vec<Row> {
    use crate::domain::case::conduct::Severity;
    let t = words::CaseTerms::of(visit.language());
    let wanted = case.file.incidents.iter().filter(|one| state == "all" || one.state() == state);
    let row = |one: &crate::domain::case::conduct::Incident| {
        let severe = one.severity == Severity::Severe;
        let ground = say::capitalised(&one.ground);
        Row {
            key: key_back(one.happened_at, &one.id),
            href: format!("/people/{}/case#{}", quoted(&case.person.id), anchor(&one.id)),
            title: if severe { format!("{ground}: {}", t.severe) } else { ground },
            beside: Some(short(&one.what)),
            cells: vec![
                cell(case.person.shown_name().to_owned()),
                cell(when(visit, one.happened_at)),
                cell(one.reported_by.clone()),
            ],
            urgent: severe && one.closed.is_none(),
        }
    };
    wanted.map(row).collect()
}

fn letters(visit: &Visit, case: &CaseRead, state: &str) -> Vec<Row> {
    let language = visit.language();
    let wanted = case.file.letters.iter().filter(|one| match state {
        "to_do" => !one.has_gone(),
        "sent" => one.has_gone(),
        _ => true,
    });
    let row = |one: &crate::domain::case::letter::CaseLetter| {
        let tag = if one.has_gone() { "tag on" } else { "tag held" };
        let keyed = if state == "to_do" { key } else { key_back };
        Row {
            key: keyed(one.drafted_at, &one.id),
            href: format!("/people/{}/letters/{}", quoted(&case.person.id), quoted(&one.id)),
            title: say::letter_kind(one.kind, language).to_owned(),
            beside: None,
            cells: vec![
                cell(case.person.shown_name().to_owned()),
                cell(format!("{}, {}", one.drafted_by, when(visit, one.drafted_at))),
                (say::letter(one, language).to_owned(), Some(tag)),
            ],
            urgent: false,
        }
    };
    wanted.map(row).collect()
}
