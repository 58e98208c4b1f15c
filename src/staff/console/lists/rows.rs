//! The rows of each list.

use chrono::NaiveDate;

use crate::casework::case::lists::{ListAsked, ListedEntry, ListedPage};
use crate::casework::case::record::CaseRead;
use crate::domain::case::appeal::Appeal;
use crate::domain::case::conduct::{Incident, Severity};
use crate::domain::case::letter::CaseLetter;
use crate::domain::case::proposal::{Proposal, ProposalState};
use crate::domain::diary::{self, Case, State as Due, What};
use crate::staff::Staff;
use crate::staff::console::case::{anchor, proposal_href, short};
use crate::staff::console::form::quoted;
use crate::staff::console::say;
use crate::staff::console::trouble::Trouble;
use crate::staff::console::visit::Visit;
use crate::staff::console::words;

/// One row: what it is, and a cell for each further column.
pub(super) struct Row {
    pub href: String,
    pub title: String,
    pub beside: Option<String>,
    /// Text, and how it looks as a tag where it is one.
    pub cells: Vec<(String, Option<&'static str>)>,
    pub urgent: bool,
}

/// A page of a list in one state.
pub(super) async fn of(
    staff: &Staff,
    visit: &Visit,
    asked: ListAsked<'_>,
) -> Result<ListedPage<Row>, Trouble> {
    let desk = &staff.casework(visit).desk;
    let today = desk.today(&visit.organisation);
    let row = |case: &CaseRead, entry: ListedEntry<'_>| match entry {
        ListedEntry::Proposal(one) => proposal(visit, case, one),
        ListedEntry::Appeal(one) => appeal(visit, case, one, today),
        ListedEntry::Incident(one) => incident(visit, case, one),
        ListedEntry::Letter(one) => letter(visit, case, one),
    };
    Ok(desk.case_list(&visit.organisation, asked, row).await?)
}

fn cell(text: impl Into<String>) -> (String, Option<&'static str>) {
    (text.into(), None)
}

fn when(visit: &Visit, at: chrono::DateTime<chrono::Utc>) -> String {
    let zone = visit.organisation.profile.timezone;
    say::when(at, visit.now(), zone, visit.language())
}

fn proposal(visit: &Visit, case: &CaseRead, one: &Proposal) -> Row {
    let (profile, language) = (&visit.organisation.profile, visit.language());
    let w = words::Lists::of(language);
    let tag = match one.state {
        ProposalState::Waiting => "tag held",
        ProposalState::SentBack => "tag late",
        ProposalState::Signed => "tag on",
        _ => "tag",
    };
    Row {
        href: proposal_href(&case.person.id, &one.id),
        title: say::terms(&one.restriction.kind, profile, language),
        beside: (one.by == visit.name()).then(|| w.yours.to_owned()),
        cells: vec![
            cell(case.person.shown_name().to_owned()),
            cell(format!("{}, {}", one.by, when(visit, one.at))),
            (say::proposal(one.state, language).to_owned(), Some(tag)),
        ],
        urgent: false,
    }
}

fn appeal(visit: &Visit, case: &CaseRead, one: &Appeal, today: NaiveDate) -> Row {
    let (profile, language) = (&visit.organisation.profile, visit.language());
    let c = words::Case::of(language);
    let held = case.person.restrictions.iter().find(|it| it.id == one.restriction);
    let terms = held.map(|it| say::terms(&it.kind, profile, language));
    let of_case = Case { file: &case.file, person: &case.person };
    let answer = diary::of_person(of_case, profile, today)
        .into_iter()
        .find(|it| it.what == What::AppealAnswer && it.about == one.id && one.is_open());
    let late = answer.as_ref().is_some_and(|it| it.state == Due::Overdue);
    let on = match answer.map(|it| say::day(it.due, language)) {
        Some(on) if late => (format!("{on}: {}", c.overdue), Some("tag late")),
        Some(on) => (on, None),
        None => (say::appeal(one, language).to_owned(), Some("tag")),
    };
    let hearer = one.hearer.as_ref().map_or(c.no_hearer, |it| it.name.as_str());
    Row {
        href: format!("/people/{}/case#{}", quoted(&case.person.id), anchor(&one.id)),
        title: terms.unwrap_or_else(|| one.restriction.clone()),
        beside: Some(format!("{} {}", c.received, when(visit, one.received.at))),
        cells: vec![cell(case.person.shown_name().to_owned()), on, cell(hearer)],
        urgent: late,
    }
}

fn incident(visit: &Visit, case: &CaseRead, one: &Incident) -> Row {
    let t = words::CaseTerms::of(visit.language());
    let severe = one.severity == Severity::Severe;
    let ground = say::capitalised(&one.ground);
    Row {
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
}

fn letter(visit: &Visit, case: &CaseRead, one: &CaseLetter) -> Row {
    let language = visit.language();
    let tag = if one.has_gone() { "tag on" } else { "tag held" };
    Row {
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
}
