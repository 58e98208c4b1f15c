//! Two records of one person: side by side, with what merging them would change; and parting them again.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::asked::Asked;
use super::case::Refusal;
use super::form::{Posted, quoted};
use super::frame::{Frame, Page, Section, go, page, with_status};
use super::records::{self, MergeLine, known_name};
use super::refused::refusals;
use super::say;
use super::trouble::Trouble;
use super::visit::{Visit, VisitOf};
use super::words;
use crate::casework::Fault;
use crate::casework::acting::Acting;
use crate::casework::expected::{Expected, Tag};
use crate::casework::looked::Look;
use crate::casework::merge::{Consequences, Merge};
use crate::domain::audit::LookedAt;
use crate::domain::merge::Difference;
use crate::domain::person::Person;
use crate::domain::restriction::Status;
use crate::runtime::limits::PAGE_ITEMS_MAX;
use crate::staff::Staff;
use crate::staff::permit::ChangesPeople;

/// A record as one column of the comparison.
struct Side {
    href: String,
    name: String,
}

/// One row of the comparison: what it is, and what each record has of it.
struct Row {
    label: &'static str,
    cells: [Vec<String>; 2],
}

/// A quota now and after.
struct Quota {
    terms: String,
    of: String,
    now: String,
    then: String,
}

struct Pair {
    other: String,
    was: String,
    sides: [Side; 2],
    rows: Vec<Row>,
    quotas: Vec<Quota>,
    restricts: bool,
    way_open: bool,
    check: Vec<&'static str>,
    cannot: Vec<Refusal>,
}

/// A record that may be the other one.
struct Found {
    href: String,
    name: String,
    beside: String,
}

enum Stage {
    /// The record is merged into another.
    Into {
        name: String,
        href: String,
    },
    Search {
        asked: String,
        found: Vec<Found>,
        more: bool,
    },
    Pair(Box<Pair>),
}

#[derive(Template)]
#[template(path = "merging.html")]
struct MergingPage<'a> {
    f: Frame,
    w: &'static words::Merging,
    s: &'static words::Steps,
    back: String,
    name: String,
    own: String,
    stage: Stage,
    merges: Vec<MergeLine>,
    refusals: Vec<Refusal>,
    why: &'a str,
}

pub(super) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<ChangesPeople>,
    Path(id): Path<String>,
    asked: Asked,
) -> Page {
    shown(&staff, &visit, &id, &asked, Vec::new(), "").await
}

async fn shown(
    staff: &Staff,
    visit: &Visit,
    id: &str,
    asked: &Asked,
    refusals: Vec<Refusal>,
    why: &str,
) -> Page {
    let (desk, organisation) = (&staff.casework(visit).desk, &visit.organisation);
    let w = words::Merging::of(visit.language());
    let person = desk.read_person(&organisation.id, id).await?;
    let stage = match (&person.merged_into, asked.text("other")) {
        (Some(into), _) => Stage::Into {
            name: known_name(staff, visit, into).await?,
            href: format!("/people/{}", quoted(into)),
        },
        (None, Some(other)) => Stage::Pair(Box::new(pair(staff, visit, &person, other).await?)),
        (None, None) => search(staff, visit, &person, asked.text("q").unwrap_or_default()).await?,
    };
    let name = person.shown_name().to_owned();
    let wrong = !refusals.is_empty();
    let title = format!("{} – {name}", w.title);
    let template = MergingPage {
        f: Frame::of(staff, visit, Section::People, &title).in_error(wrong),
        w,
        s: words::Steps::of(visit.language()),
        back: format!("/people/{}?tab=identifiers", quoted(id)),
        name,
        own: records::merging(id),
        stage,
        merges: records::merges(staff, visit, id).await?,
        refusals,
        why,
    };
    with_status(if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &template)
}

async fn search(
    staff: &Staff,
    visit: &Visit,
    person: &Person,
    asked: &str,
) -> Result<Stage, Trouble> {
    let result = if asked.is_empty() {
        crate::casework::directory::FoundPeople::default()
    } else {
        staff.casework(visit).find_people(&visit.organisation, asked).await?
    };
    let others = result.people.iter().filter(|one| one.id != person.id);
    let found = others.map(|one| Found {
        href: format!("{}?other={}", records::merging(&person.id), quoted(&one.id)),
        name: one.shown_name().to_owned(),
        beside: [one.reference.as_deref(), one.address.as_deref()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", "),
    });
    Ok(Stage::Search { asked: asked.to_owned(), found: found.collect(), more: result.more })
}

async fn pair(
    staff: &Staff,
    visit: &Visit,
    person: &Arc<Person>,
    other: &str,
) -> Result<Pair, Trouble> {
    let (desk, organisation) = (&staff.casework(visit).desk, &visit.organisation);
    let w = words::Merging::of(visit.language());
    let found = desk.preview_merge(organisation, &person.id, other).await?;
    let other = desk.read_person(&organisation.id, other).await?;
    // The path says whose record is shown, and this is another's.
    let look = Look { what: LookedAt::Person, id: &other.id, because: None, by: visit.name() };
    desk.note_look(&organisation.id, look).await?;
    let terms = terms(visit, [person, &other]);
    let own = cells(staff, visit, person, &found, &terms).await?;
    let theirs = cells(staff, visit, &other, &found, &terms).await?;
    let rows = own.into_iter().zip(theirs);
    let rows =
        rows.map(|((label, own), (_, theirs))| Row { label, cells: [own, theirs] }).collect();
    Ok(Pair {
        other: other.id.clone(),
        was: Tag::of(person.as_ref()).as_str().to_owned(),
        sides: [person, &other].map(|one| Side {
            href: format!("/people/{}", quoted(&one.id)),
            name: one.shown_name().to_owned(),
        }),
        rows,
        quotas: quotas(&found, &terms, [person, &other]),
        restricts: found.restrictions.iter().any(|one| one.in_force),
        way_open: found.way_open,
        check: found.differences.iter().map(|one| difference(*one, w)).collect(),
        cannot: refusals(&found.broken, visit.language()),
    })
}

/// The words of every restriction on either record, by its id.
fn terms(visit: &Visit, people: [&Arc<Person>; 2]) -> BTreeMap<String, String> {
    let (profile, language) = (&visit.organisation.profile, visit.language());
    let all = people.into_iter().flat_map(|person| &person.restrictions);
    all.map(|one| (one.id.clone(), say::terms(&one.kind, profile, language))).collect()
}

/// What a record has, row by row.
async fn cells(
    staff: &Staff,
    visit: &Visit,
    person: &Person,
    found: &Consequences,
    terms: &BTreeMap<String, String>,
) -> Result<Vec<(&'static str, Vec<String>)>, Trouble> {
    let language = visit.language();
    let (w, p) = (words::Merging::of(language), words::Person::of(language));
    let identifiers = person.identifiers.iter().map(|one| {
        let shared = if one.shared { format!(" ({})", w.shared) } else { String::new() };
        format!("{}{shared}", say::identifier_value(one.kind, &one.value))
    });
    let own = found.restrictions.iter().filter(|one| one.of == person.id);
    let restrictions = own.map(|one| {
        let terms = terms.get(&one.id).cloned().unwrap_or_else(|| one.id.clone());
        let state = match one.status {
            _ if one.in_force => w.in_force,
            Status::Active => w.not_in_force,
            over => say::status(over, language),
        };
        format!("{terms} ({state})")
    });
    let timeline = staff
        .casework(visit)
        .desk
        .person_timeline(&visit.organisation, &person.id, None, PAGE_ITEMS_MAX)
        .await?;
    let mut waiting: BTreeMap<&str, usize> = BTreeMap::new();
    let mut seen = std::collections::BTreeSet::new();
    for item in timeline.entries.iter().filter_map(|one| one.item.as_ref()) {
        if item.state.is_waiting() && seen.insert(&item.id) {
            *waiting.entry(&item.queue).or_default() += 1;
        }
    }
    let waiting = waiting
        .into_iter()
        .map(|(queue, many)| format!("{}: {many}", say::queue(queue, language).0));
    let spoken = person.language.map_or(p.language_unknown, |one| one.own_name());
    Ok(vec![
        (p.reference, person.reference.iter().cloned().collect()),
        (p.address, person.address.iter().cloned().collect()),
        (p.language, vec![spoken.to_owned()]),
        (w.known_by, identifiers.collect()),
        (w.restrictions, restrictions.collect()),
        (w.waiting, waiting.collect()),
    ])
}

fn quotas(
    found: &Consequences,
    terms: &BTreeMap<String, String>,
    people: [&Arc<Person>; 2],
) -> Vec<Quota> {
    let used = |one: &crate::domain::merge::QuotaShown| format!("{} / {}", one.used, one.limit);
    let then = |id: &str| {
        let after = found.quotas_after.iter().find(|one| one.restriction == id);
        after.map(used).unwrap_or_default()
    };
    let each = found.quotas_before.iter().map(|one| Quota {
        terms: terms.get(&one.restriction).cloned().unwrap_or_else(|| one.restriction.clone()),
        of: people
            .into_iter()
            .find(|person| person.id == one.of)
            .map_or_else(|| one.of.clone(), |person| person.shown_name().to_owned()),
        now: used(one),
        then: then(&one.restriction),
    });
    each.collect()
}

const fn difference(one: Difference, w: &words::Merging) -> &'static str {
    match one {
        Difference::Name => w.d_name,
        Difference::Reference => w.d_reference,
        Difference::Address => w.d_address,
        Difference::Language => w.d_language,
        Difference::PointsOfContact => w.d_points,
        Difference::Shared => w.d_shared,
    }
}

/// The record as the page showed it.
fn expected(posted: &Posted) -> Expected {
    match posted.text("was") {
        "" => Expected::Existing,
        was => Expected::OneOf(vec![Tag::from(was.to_owned())]),
    }
}

pub(super) async fn merge(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<ChangesPeople>,
    Path(id): Path<String>,
    posted: Posted,
) -> Page {
    let (other, why) = (posted.text("other"), posted.text("why"));
    let acting = Acting::from(visit.name()).because(Some(why));
    let desk = &staff.casework(&visit).desk;
    let done = desk.merge(&visit.organisation, &id, other, &expected(&posted), acting).await;
    match done {
        Ok(merge) => {
            Ok(go(&format!("/people/{}/unmerge/{}?done=merged", quoted(&id), quoted(&merge.id))))
        }
        Err(Fault::Broken(broken)) => {
            let refusals = refusals(&broken, visit.language());
            let asked = Asked::of(&[("other", other)]);
            shown(&staff, &visit, &id, &asked, refusals, why).await
        }
        Err(fault) => Err(fault.into()),
    }
}

#[derive(Template)]
#[template(path = "parting.html")]
struct PartingPage<'a> {
    f: Frame,
    w: &'static words::Merging,
    s: &'static words::Steps,
    back: String,
    name: String,
    own: String,
    was: String,
    /// The records, each with its address.
    kept: (String, String),
    other: (String, String),
    merged: String,
    merged_why: String,
    undone: Option<Undone>,
    refusals: Vec<Refusal>,
    why: &'a str,
}

struct Undone {
    parted: String,
    why: String,
    undivided: Vec<String>,
    more: bool,
}

async fn merge_of(staff: &Staff, visit: &Visit, id: &str, merge: &str) -> Result<Merge, Trouble> {
    let all = staff.casework(visit).desk.merges(&visit.organisation, id).await?;
    all.into_iter().find(|one| one.id == merge).ok_or(Trouble::NotFound)
}

pub(super) async fn show_merge(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<ChangesPeople>,
    Path((id, merge)): Path<(String, String)>,
    asked: Asked,
) -> Page {
    let w = words::Merging::of(visit.language());
    let said = match asked.text("done") {
        Some("merged") => Some(w.merged.to_owned()),
        Some("parted") => Some(match asked.number("released").filter(|many| *many > 0) {
            Some(many) => format!("{} {} {many}.", w.done_parted, w.released),
            None => w.done_parted.to_owned(),
        }),
        _ => None,
    };
    let template = parting(&staff, &visit, &id, &merge, Vec::new(), "").await?;
    let f = template.f.saying(said.as_deref());
    page(&PartingPage { f, ..template })
}

async fn parting<'a>(
    staff: &Staff,
    visit: &Visit,
    id: &str,
    merge: &str,
    refusals: Vec<Refusal>,
    why: &'a str,
) -> Result<PartingPage<'a>, Trouble> {
    let desk = &staff.casework(visit).desk;
    let w = words::Merging::of(visit.language());
    let person = desk.read_person(&visit.organisation.id, id).await?;
    let one = merge_of(staff, visit, id, merge).await?;
    let zone = visit.organisation.profile.timezone;
    let said = |at, by: &str| {
        format!("{} {} {by}", say::when(at, visit.now(), zone, visit.language()), w.by)
    };
    let href = |record: &str| format!("/people/{}", quoted(record));
    let kept = (known_name(staff, visit, &one.person).await?, href(&one.person));
    let other = (known_name(staff, visit, &one.other).await?, href(&one.other));
    let name = person.shown_name().to_owned();
    Ok(PartingPage {
        f: Frame::of(staff, visit, Section::People, &format!("{} – {name}", w.part_title))
            .in_error(!refusals.is_empty()),
        w,
        s: words::Steps::of(visit.language()),
        back: format!("/people/{}?tab=identifiers", quoted(id)),
        name,
        own: format!("/people/{}/unmerge/{}", quoted(id), quoted(merge)),
        was: Tag::of(person.as_ref()).as_str().to_owned(),
        kept,
        other,
        merged: said(one.at, &one.by),
        merged_why: one.why,
        undone: one.undone.map(|undone| Undone {
            parted: said(undone.at, &undone.by),
            why: undone.why,
            undivided: undone.undivided,
            more: undone.more,
        }),
        refusals,
        why,
    })
}

pub(super) async fn part(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<ChangesPeople>,
    Path((id, merge)): Path<(String, String)>,
    posted: Posted,
) -> Page {
    let why = posted.text("why");
    let acting = Acting::from(visit.name()).because(Some(why));
    let casework = staff.casework(&visit);
    let expected = expected(&posted);
    match casework.unmerge(&visit.organisation, &id, &merge, &expected, acting).await {
        Ok(parted) => Ok(go(&format!(
            "/people/{}/unmerge/{}?done=parted&released={}",
            quoted(&id),
            quoted(&merge),
            parted.released.len()
        ))),
        Err(Fault::Broken(broken)) => {
            let refusals = refusals(&broken, visit.language());
            let template = parting(&staff, &visit, &id, &merge, refusals, why).await?;
            with_status(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
        Err(fault) => Err(fault.into()),
    }
}
