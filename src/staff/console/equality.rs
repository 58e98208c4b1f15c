//! Equality monitoring: a person's answers, and the figures, each for those who may see it.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use chrono::{Datelike, NaiveDate};

use super::asked::Asked;
use super::form::{Posted, quoted};
use super::frame::{Frame, Page, Section, go, page};
use super::say;
use super::visit::{Visit, VisitOf};
use super::words;
use crate::casework::Fault;
use crate::casework::acting::Acting;
use crate::domain::equality::{Characteristic, GivenAnswers, NOT_RECORDED, PREFERS_NOT_TO_SAY};
use crate::domain::report::{EqualityFigures, Period, parted};
use crate::render::figures::{self, ALL_ANSWERS};
use crate::staff::Staff;
use crate::staff::download::saved;
use crate::staff::permit::KeepsEquality;

/// A characteristic with its possible answers.
struct Question {
    name: &'static str,
    label: &'static str,
    /// Each answer, its label, whether it is on record, and whether it is the organisation's own.
    answers: Vec<(String, String, bool, bool)>,
}

#[derive(Template)]
#[template(path = "equality.html")]
struct EqualityPage {
    f: Frame,
    w: &'static words::Equality,
    name: String,
    own: String,
    questions: Vec<Question>,
}

fn label(one: Characteristic, w: &words::Equality) -> &'static str {
    match one {
        Characteristic::Age => w.age,
        Characteristic::Disability => w.disability,
        Characteristic::GenderReassignment => w.gender_reassignment,
        Characteristic::MarriageAndCivilPartnership => w.marriage_and_civil_partnership,
        Characteristic::PregnancyAndMaternity => w.pregnancy_and_maternity,
        Characteristic::Race => w.race,
        Characteristic::ReligionOrBelief => w.religion_or_belief,
        Characteristic::Sex => w.sex,
        Characteristic::SexualOrientation => w.sexual_orientation,
    }
}

/// An answer's label, and whether it is the organisation's own, shown in English as written.
fn answer(answer: &str, w: &words::Equality) -> (String, bool) {
    let known = match answer {
        NOT_RECORDED => w.not_recorded,
        PREFERS_NOT_TO_SAY => w.prefers_not_to_say,
        ALL_ANSWERS => w.all_answers,
        own => return (own.to_owned(), true),
    };
    (known.to_owned(), false)
}

pub(super) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<KeepsEquality>,
    Path(id): Path<String>,
) -> Page {
    let (desk, organisation) = (&staff.casework(&visit).desk, &visit.organisation);
    let w = words::Equality::of(visit.language());
    let person = desk.read_person(&organisation.id, &id).await?;
    let on_record = desk.equality_of(&organisation.id, &id).await?;
    let question = |characteristic: Characteristic, offered: Vec<&str>| {
        let has = on_record.get(characteristic).unwrap_or(NOT_RECORDED);
        let mut all = vec![NOT_RECORDED];
        all.extend(offered);
        // An answer that is no longer offered stays until another is chosen.
        if !all.contains(&has) {
            all.push(has);
        }
        let each = all.into_iter().map(|one| {
            let (said, is_own) = answer(one, w);
            (one.to_owned(), said, one == has, is_own)
        });
        Question {
            name: characteristic.name(),
            label: label(characteristic, w),
            answers: each.collect(),
        }
    };
    let questions = organisation.equality.each();
    let questions = questions.map(|(one, offered)| question(one, offered.collect())).collect();
    let name = person.shown_name().to_owned();
    let title = format!("{}: {name}", w.title);
    page(&EqualityPage {
        f: Frame::of(&staff, &visit, Section::People, &title),
        w,
        name,
        own: format!("/people/{}", quoted(&id)),
        questions,
    })
}

pub(super) async fn record(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<KeepsEquality>,
    Path(id): Path<String>,
    posted: Posted,
) -> Page {
    let (desk, organisation) = (&staff.casework(&visit).desk, &visit.organisation);
    let on_record = desk.equality_of(&organisation.id, &id).await?;
    let mut given = BTreeMap::new();
    for (characteristic, _) in organisation.equality.each() {
        let answer = posted.text(characteristic.name());
        if !answer.is_empty() && answer != on_record.get(characteristic).unwrap_or(NOT_RECORDED) {
            given.insert(characteristic.name().to_owned(), Some(answer.to_owned()));
        }
    }
    let acting = Acting::from(visit.name());
    desk.record_equality(organisation, &id, &GivenAnswers(given), acting).await?;
    Ok(go(&format!("/people/{}?tab=record&done=equality", quoted(&id))))
}

/// A figure by one characteristic.
struct Figure {
    name: String,
    title: String,
    /// The group's parts, each with whether it is in English; and its number.
    rows: Vec<(Vec<(String, bool)>, String)>,
}

#[derive(Template)]
#[template(path = "equality_report.html")]
struct ReportPage {
    f: Frame,
    w: &'static words::Equality,
    r: &'static words::Reports,
    year: i32,
    period: String,
    is_recorded: bool,
    figures: Vec<Figure>,
}

async fn counted(
    staff: &Staff,
    visit: &Visit,
    asked: &Asked,
) -> Result<(EqualityFigures, Period), Fault> {
    let (desk, organisation) = (&staff.casework(visit).desk, &visit.organisation);
    let year = asked.text("year").and_then(|year| year.parse().ok());
    let day = year.and_then(|year| NaiveDate::from_ymd_opt(year, 12, 31));
    let day = day.unwrap_or_else(|| desk.today(organisation));
    desk.equality_figures(organisation, day).await
}

pub(super) async fn report(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<KeepsEquality>,
    asked: Asked,
) -> Page {
    let language = visit.language();
    let (w, r) = (words::Equality::of(language), words::Reports::of(language));
    let (found, period) = counted(&staff, &visit, &asked).await?;
    let rows = if found.is_recorded { figures::of_equality(&found) } else { Vec::new() };
    let mut figures: Vec<Figure> = Vec::new();
    for row in &rows {
        let shown = row.count.map_or_else(|| r.hidden.to_owned(), |count| count.to_string());
        let mut group = row.group.iter();
        let own = group.next().map(|own| answer(own, w));
        // Only appeals have a group within an answer.
        let within = group.map(|name| (say::group("appeals_by_outcome", name, language), false));
        let line: Vec<(String, bool)> = own.into_iter().chain(within).collect();
        match figures.last_mut().filter(|last| last.name == row.figure) {
            Some(last) => last.rows.push((line, shown)),
            None => figures.push(Figure {
                title: title(&row.figure, w, r),
                name: row.figure.clone(),
                rows: vec![(line, shown)],
            }),
        }
    }
    let days = (say::day(period.from, language), say::day(period.to, language));
    page(&ReportPage {
        f: Frame::of(&staff, &visit, Section::Reports, w.report),
        w,
        r,
        year: period.to.year(),
        period: format!("{} – {}", days.0, days.1),
        is_recorded: found.is_recorded,
        figures,
    })
}

fn title(figure: &str, w: &words::Equality, r: &words::Reports) -> String {
    let Some((what, characteristic)) = parted(figure) else { return figure.to_owned() };
    let what = match what {
        "restrictions_in_force" => r.restrictions_in_force,
        "new_restrictions" => r.new_restrictions,
        "warnings" => r.warnings,
        "appeals_by_outcome" => r.appeals_by_outcome,
        other => other,
    };
    format!("{what}: {}", label(characteristic, w))
}

pub(super) async fn csv(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<KeepsEquality>,
    asked: Asked,
) -> Page {
    let (found, _) = counted(&staff, &visit, &asked).await?;
    let headers = saved("text/csv; charset=utf-8; header=present", "equality", "csv");
    Ok((headers, figures::csv(&figures::of_equality(&found))).into_response())
}
