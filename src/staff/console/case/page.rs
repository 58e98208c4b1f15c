//! One person's case: due dates, possible steps, and everything on file with its state in words.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};

use super::cards::{self, Card, Maker};
use super::describe;
use super::due::{self, DueLine};
use super::offered::{self, StepLink};
use super::setting::Desktop;
use crate::casework::diary::DiaryAsked;
use crate::domain::case::proposal::Proposal;
use crate::domain::restriction::Restriction;
use crate::staff::Staff;
use crate::staff::console::asked::Asked;
use crate::staff::console::frame::{Frame, Page, Section, page};
use crate::staff::console::person::head::{Head, Tab, record_name};
use crate::staff::console::visit::{Visit, VisitOf};
use crate::staff::console::words;
use crate::staff::permit::RecordsCases;

/// Cards of one kind under one heading.
struct Part {
    id: String,
    title: String,
    cards: Vec<Card>,
}

impl Part {
    /// Of another record of the person: its places on the page are its own.
    fn of_record(self, number: usize, record: &str) -> Part {
        let named = |id: String| format!("{id}-of-{number}");
        let cards = self.cards.into_iter().map(|card| {
            let id = named(card.id);
            Card { id, ..card }
        });
        Part {
            id: named(self.id),
            title: format!("{}: {record}", self.title),
            cards: cards.collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "case.html")]
struct CasePage {
    f: Frame,
    w: &'static words::Case,
    s: &'static words::Steps,
    head: Head,
    due: Vec<DueLine>,
    now: Vec<StepLink>,
    more: Vec<StepLink>,
    parts: Vec<Part>,
    because: Option<String>,
    lacks: Option<String>,
    looking: &'static str,
}

/// Steps that begin something, offered on every case: those often needed, and the others.
const OFTEN: [&str; 4] = ["record_incident", "give_warning", "propose", "offer_agreement"];
const SELDOM: [&str; 5] = [
    "record_adjustment",
    "record_mediation",
    "reconcile_adjustment",
    "record_staff_complaint",
    "record_action",
];

pub(in crate::staff::console) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<RecordsCases>,
    Path(person): Path<String>,
    asked: Asked,
) -> Page {
    let (desk, organisation) = (&staff.casework(&visit).desk, &visit.organisation);
    let filter = DiaryAsked { person: Some(person.clone()), ..DiaryAsked::default() };
    let diary = desk.diary(organisation, &filter).await?;
    let desktop = Desktop::open(&staff, &visit, &person).await?;
    let desktop = desktop.with_contacts(desk, organisation).await?;
    let because = asked.text("because");
    let lacks = crate::staff::console::person::lacking(&staff, &visit, &person).await?;
    let make = Maker::new(&visit, &desktop);
    let own = &desktop.read.person;
    let all_records = desk.all_records(&organisation.id, own).await?;
    let head = Head::of(&visit, &all_records.whole, Some(Tab::Case), because);
    let head = head.naming(&all_records.records);
    let said = said(&visit, &asked);
    let (mut due, mut all) = (due::lines(&visit, &desktop, &diary), parts(make));
    // Entries of another record are shown with their record, and worked on there.
    for (index, other) in all_records.records.iter().filter(|one| one.id != own.id).enumerate() {
        let filter = DiaryAsked { person: Some(other.id.clone()), ..DiaryAsked::default() };
        let diary = desk.diary(organisation, &filter).await?;
        let beside = Desktop::open(&staff, &visit, &other.id).await?;
        let beside = beside.with_contacts(desk, organisation).await?;
        let record = format!("{} {}", head.w.of_record, record_name(other));
        due.extend(due::lines_from_afar(&visit, &beside, &diary, &record));
        let shown = parts(Maker::new(&visit, &beside));
        all.extend(shown.into_iter().map(|part| part.of_record(index + 1, &record)));
    }
    let open = |acts: &[&str]| -> Vec<StepLink> {
        acts.iter().filter_map(|act| offered::open(&visit, &desktop, act, "")).collect()
    };
    page(&CasePage {
        f: Frame::of(&staff, &visit, Section::People, &head.page_title()).saying(said.as_deref()),
        w: make.w,
        s: words::Steps::of(visit.language()),
        due,
        now: open(&OFTEN),
        more: open(&SELDOM),
        parts: all,
        lacks,
        because: because.map(|item| crate::staff::console::item::href(item, "/", None)),
        looking: words::Person::of(visit.language()).looking,
        head,
    })
}

/// The last action, and how many contacts it released.
pub(super) fn said(visit: &Visit, asked: &Asked) -> Option<String> {
    let step = asked.text("done").and_then(describe::step)?.as_taken_by(&visit.organisation);
    let w = words::Case::of(visit.language());
    let mut said = step.done.of(visit.language()).to_owned();
    match asked.number("released") {
        Some(1) => said.push_str(&format!(" {}", w.released_one)),
        Some(number) if number > 1 => said.push_str(&format!(" {} {number}.", w.released)),
        _ => {}
    }
    Some(said)
}

fn parts(make: Maker<'_>) -> Vec<Part> {
    let (file, person, w) = (&make.desktop.read.file, &make.desktop.read.person, make.w);
    let (now, profile) = (make.visit.now(), &make.visit.organisation.profile);
    let mut restrictions: Vec<&Restriction> = person.restrictions.iter().collect();
    restrictions.sort_by_key(|one| {
        let starts = one.starts.map(|starts| starts.start(profile.timezone));
        (!one.is_in_force(now, profile), std::cmp::Reverse(starts))
    });
    let mut proposals: Vec<&Proposal> = file.proposals.iter().rev().collect();
    proposals.sort_by_key(|one| !one.is_open());
    let mut agreements: Vec<Card> =
        file.agreements.iter().rev().map(|one| cards::agreement(make, one)).collect();
    agreements.extend(file.mediations.iter().rev().map(|one| cards::mediation(make, one)));
    let mut beside: Vec<Card> =
        file.staff_complaints.iter().rev().map(|one| cards::complaint(make, one)).collect();
    beside.extend(file.reconciliations.iter().rev().map(|one| cards::reconciliation(make, one)));
    beside.extend(file.actions.iter().rev().map(|one| cards::action(make, one)));
    let part =
        |id: &str, title: &str, cards| Part { id: id.to_owned(), title: title.to_owned(), cards };
    let all = [
        part(
            "appeals",
            w.appeals,
            file.appeals.iter().rev().map(|one| cards::appeal(make, one)).collect(),
        ),
        part(
            "restrictions",
            w.restrictions,
            restrictions.into_iter().map(|one| cards::restriction(make, one)).collect(),
        ),
        part(
            "proposals",
            w.proposals,
            proposals.into_iter().map(|one| cards::proposal(make, one)).collect(),
        ),
        part(
            "letters",
            w.letters,
            file.letters.iter().rev().map(|one| cards::letter(make, one)).collect(),
        ),
        part(
            "incidents",
            w.incidents,
            file.incidents.iter().rev().map(|one| cards::incident(make, one)).collect(),
        ),
        part(
            "warnings",
            w.warnings,
            file.warnings.iter().rev().map(|one| cards::warning(make, one)).collect(),
        ),
        part("agreements", w.agreements, agreements),
        part(
            "reviews",
            w.reviews,
            file.reviews.iter().rev().map(|one| cards::review(make, one)).collect(),
        ),
        part("beside", w.beside, beside),
    ];
    all.into_iter().filter(|part| !part.cards.is_empty()).collect()
}
