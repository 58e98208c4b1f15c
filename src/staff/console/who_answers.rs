//! Cases: who answers for whom. Points of contact with their deputies and absences, and when channels are staffed.

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
use crate::casework::points_of_contact::{Answering, Away};
use crate::domain::duty::Duty;
use crate::domain::moment::Moment;
use crate::domain::point_of_contact::{Routed, Taker};
use crate::staff::Staff;
use crate::staff::permit::RecordsCases;

/// A member of staff, with everybody whose contacts they answer.
struct Contact {
    name: String,
    people: Vec<Line>,
}

/// One restricted person.
struct Line {
    href: String,
    name: String,
    /// As the organisation knows them: "T-55812".
    reference: Option<String>,
    /// Who receives contacts now.
    now: String,
    deputies: Vec<String>,
    absences: Vec<String>,
    /// The first day on which all of them are away, if no team is named.
    uncovered: Option<String>,
}

/// The absence form as typed.
#[derive(Default)]
struct Typed {
    contact: String,
    from: String,
    to: String,
}

#[derive(Template)]
#[template(path = "who_answers.html")]
struct RostersPage {
    f: Frame,
    w: &'static words::WhoAnswers,
    /// The name of the page that the link back leads to.
    back: &'static str,
    contacts: Vec<Contact>,
    more: bool,
    /// The link to leavers, for those who may record them.
    leavers: Option<&'static str>,
    /// The members of staff who may be away.
    members: BTreeSet<String>,
    /// A channel, and when it is staffed.
    hours: Vec<(&'static str, Vec<String>)>,
    /// The team that receives contacts while everybody else is away.
    team: Option<String>,
    typed: Typed,
    /// The field at fault, and what to do about it.
    fault: Option<(&'static str, String)>,
}

fn line(visit: &Visit, one: &Answering) -> Line {
    let profile = &visit.organisation.profile;
    let (language, zone, at) = (visit.language(), profile.timezone, visit.now());
    let w = words::WhoAnswers::of(language);
    let today = at.with_timezone(&zone).date_naive();
    let Routed { taker, route, .. } = one.point.route(at, zone, &profile.team);
    let by_name = route.name.unwrap_or_else(|| w.team.to_owned());
    let to_come = one.point.absences.iter().filter(|absence| absence.to.day(zone) >= today);
    let uncovered = one.point.first_uncovered(today, zone, &profile.team);
    Line {
        href: format!("/people/{}", quoted(&one.person.id)),
        name: one.person.shown_name().to_owned(),
        reference: one.person.reference.clone().filter(|reference| !reference.is_empty()),
        now: match taker {
            Taker::Contact | Taker::Deputy => by_name,
            Taker::Team => profile.team.name.clone().unwrap_or_else(|| w.team.to_owned()),
        },
        deputies: one.point.deputies.iter().map(|deputy| deputy.name.clone()).collect(),
        absences: to_come
            .map(|absence| {
                let day = |moment: Moment| say::day(moment.day(zone), language);
                if absence.is_for_good(zone) {
                    return format!("{}: {} {}", absence.contact, w.leaves, day(absence.from));
                }
                format!("{}: {} – {}", absence.contact, day(absence.from), day(absence.to))
            })
            .collect(),
        uncovered: uncovered.map(|on| say::day(on, language)),
    }
}

/// Grouped by contact; `all` is sorted by contact.
fn by_contact(visit: &Visit, all: &[Answering]) -> Vec<Contact> {
    all.chunk_by(|a, b| a.point.contact.name == b.point.contact.name)
        .filter_map(|chunk| {
            let name = chunk.first()?.point.contact.name.clone();
            Some(Contact { name, people: chunk.iter().map(|one| line(visit, one)).collect() })
        })
        .collect()
}

async fn shown(
    staff: &Staff,
    visit: &Visit,
    typed: Typed,
    fault: Option<(&'static str, String)>,
    said: Option<String>,
) -> Page {
    let organisation = &visit.organisation;
    let profile = &organisation.profile;
    let language = visit.language();
    let found = staff.casework(visit).points_of_contact(organisation).await?;
    let staffed = profile.staffed_hours.iter().flatten();
    let w = words::WhoAnswers::of(language);
    let wrong = fault.is_some();
    let template = RostersPage {
        f: Frame::of(staff, visit, Section::Cases, w.title).in_error(wrong).saying(said.as_deref()),
        w,
        back: words::Lists::of(language).title,
        contacts: by_contact(visit, &found.first),
        more: found.more,
        leavers: visit.may(Duty::Settings).then_some(words::Leavers::of(language).link),
        members: found.members,
        hours: staffed
            .map(|(channel, hours)| {
                (say::channel(*channel, language), say::staffed(hours, language))
            })
            .collect(),
        team: profile
            .team
            .is_named()
            .then(|| profile.team.known_by().collect::<Vec<_>>().join(", ")),
        typed,
        fault,
    };
    with_status(if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &template)
}

pub(super) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<RecordsCases>,
    asked: Asked,
) -> Page {
    let w = words::WhoAnswers::of(visit.language());
    let said = asked.number("recorded").map(|count| w.recorded.replace("{n}", &count.to_string()));
    shown(&staff, &visit, Typed::default(), None, said).await
}

/// Records an absence on every restriction that names the member of staff.
pub(super) async fn record(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<RecordsCases>,
    posted: Posted,
) -> Page {
    let w = words::WhoAnswers::of(visit.language());
    let text = |name| posted.text(name).trim().to_owned();
    let typed = Typed { contact: text("contact"), from: text("from"), to: text("to") };
    let (from, to) = (typed.from.parse::<NaiveDate>(), typed.to.parse::<NaiveDate>());
    let fault = match (&from, &to) {
        _ if typed.contact.is_empty() => Some(("contact", w.nobody_chosen)),
        (Err(_), _) => Some(("from", w.day_missing)),
        (_, Err(_)) => Some(("to", w.day_missing)),
        (Ok(from), Ok(to)) => (to < from).then_some(("to", w.wrong_way_round)),
    };
    let (Ok(from), Ok(to), None) = (from, to, fault) else {
        let fault = fault.map(|(field, right)| (field, right.to_owned()));
        return shown(&staff, &visit, typed, fault, None).await;
    };
    let away = Away { contact: &typed.contact, from, to };
    let (casework, role) = (staff.casework(&visit), visit.role());
    let done = casework.record_absence(&visit.organisation, role, visit.name(), &away).await;
    let done = match done {
        Err(Fault::NotFound(_)) => {
            let fault = Some(("contact", w.nobody.to_owned()));
            return shown(&staff, &visit, typed, fault, None).await;
        }
        other => other?,
    };
    if done.refused.is_empty() {
        let count = done.recorded.len() + done.already.len();
        return Ok(go(&format!("/settings/rosters?recorded={count}")));
    }
    let names: Vec<&str> = done.refused.iter().map(|one| one.person.shown_name()).collect();
    let count = done.recorded.len() + done.already.len();
    let fault = w.not_recorded.replace("{n}", &count.to_string());
    let fault = fault.replace("{names}", &names.join(", "));
    shown(&staff, &visit, typed, Some(("contact", fault)), None).await
}
