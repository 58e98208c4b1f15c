//! Figures: tables first, a chart of one, CSV; and the version for a board.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use chrono::{Datelike, NaiveDate};

use crate::domain::language::Language;
use crate::domain::report::calendar_months;
use crate::render::figures::{self, ChartWords, Row};
use crate::runtime::html;
use crate::runtime::limits::FIGURES_MONTHS_MAX;
use crate::staff::Staff;
use crate::staff::console::asked::Asked;
use crate::staff::console::frame::{Frame, Page, Section, page};
use crate::staff::console::invitation::FieldFault;
use crate::staff::console::say;
use crate::staff::console::trouble::Trouble;
use crate::staff::console::visit::{Visit, VisitOf};
use crate::staff::console::words;
use crate::staff::download::saved;
use crate::staff::permit::{KeepsEquality, Permit as _, RecordsCases};

/// One figure with its groups.
struct Figure {
    name: String,
    title: String,
    rows: Vec<(String, String)>,
    chart: String,
    open: bool,
}

#[derive(Template)]
#[template(path = "reports.html")]
struct ReportsPage {
    f: Frame,
    w: &'static words::Reports,
    from: NaiveDate,
    to: NaiveDate,
    board: bool,
    /// Who receives reports, by the policy.
    reported_to: Option<String>,
    by_month: bool,
    /// What is wrong with the days.
    wrong: Option<FieldFault>,
    /// Figures without groups.
    totals: Vec<(String, String)>,
    figures: Vec<Figure>,
    csv: String,
    /// The link to the equality figures, for those who may see them.
    equality: Option<&'static str>,
    period: String,
    /// For a board: the newest anchor of the audit trail, as `audit verify` reads it.
    anchor: Option<String>,
}

impl ReportsPage {
    fn fault(&self, field: &str) -> Option<&'static str> {
        self.wrong.as_ref().filter(|one| one.field == field).map(|one| one.text)
    }
}

/// Which days, and which readers.
struct Wanted {
    from: NaiveDate,
    to: NaiveDate,
    board: bool,
    /// Each calendar month by itself.
    by_month: bool,
}

impl Wanted {
    fn of(asked: &Asked, today: NaiveDate) -> Self {
        let day = |name: &str| asked.text(name).and_then(|day| day.parse::<NaiveDate>().ok());
        let to = day("to").unwrap_or(today);
        let first = NaiveDate::from_ymd_opt(to.year(), 1, 1).unwrap_or(to);
        Wanted {
            from: day("from").unwrap_or(first),
            to,
            board: asked.text("board").is_some(),
            by_month: asked.text("by") == Some("month"),
        }
    }

    /// What keeps the figures of these days from being shown.
    fn fault(&self, w: &words::Reports) -> Option<FieldFault> {
        if self.to < self.from {
            return Some(FieldFault { field: "to", text: w.order });
        }
        let months = calendar_months(self.from, self.to);
        (self.by_month && months > i64::from(FIGURES_MONTHS_MAX))
            .then_some(FieldFault { field: "from", text: w.too_many_months })
    }

    fn query(&self) -> String {
        let board = if self.board { "&board=yes" } else { "" };
        let by = if self.by_month { "&by=month" } else { "" };
        format!("from={}&to={}{board}{by}", self.from, self.to)
    }

    async fn rows(&self, staff: &Staff, visit: &Visit) -> Result<Vec<Row>, Trouble> {
        let desk = &staff.casework(visit).desk;
        if self.by_month {
            let months = desk.figures_by_month(&visit.organisation, self.from, self.to).await?;
            return Ok(match self.board {
                true => figures::board_by_month(&months),
                false => figures::rows_by_month(&months),
            });
        }
        let found = desk.figures(&visit.organisation, self.from, self.to).await?;
        let rows = figures::rows(&found);
        Ok(if self.board { figures::board(&rows) } else { rows })
    }
}

/// Figures without groups, and those with groups.
fn in_tables(
    rows: &[Row],
    wanted: &Wanted,
    language: Language,
) -> (Vec<(String, String)>, Vec<Figure>) {
    let w = words::Reports::of(language);
    let shown = |row: &Row| match row.count {
        Some(count) => say::count(&row.figure, count, language),
        None => w.hidden.to_owned(),
    };
    let mut totals = Vec::new();
    let mut found: Vec<Figure> = Vec::new();
    for row in rows {
        let title = title(&row.figure, language);
        if !row.is_part() {
            totals.push((title, shown(row)));
            continue;
        }
        let line = (group(row, language), shown(row));
        match found.last_mut().filter(|last| last.name == row.figure) {
            Some(last) => last.rows.push(line),
            None => found.push(Figure {
                chart: format!("/reports/chart/{}?{}", row.figure, wanted.query()),
                open: found.is_empty(),
                name: row.figure.clone(),
                title,
                rows: vec![line],
            }),
        }
    }
    (totals, found)
}

pub(in crate::staff::console) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<RecordsCases>,
    asked: Asked,
) -> Page {
    let w = words::Reports::of(visit.language());
    let today = staff.casework(&visit).desk.today(&visit.organisation);
    let wanted = Wanted::of(&asked, today);
    let wrong = wanted.fault(w);
    let mut rows = match &wrong {
        Some(_) => Vec::new(),
        None => wanted.rows(&staff, &visit).await?,
    };
    rows.sort_by_key(|row| place(&row.figure));
    let language = visit.language();
    let (totals, figures) = in_tables(&rows, &wanted, language);
    let anchor = match wanted.board {
        true => {
            let desk = &staff.casework(&visit).desk;
            let anchor = desk.anchor_until(&visit.organisation.id, wanted.to).await?;
            anchor.map(|anchor| serde_json::json!(anchor).to_string())
        }
        false => None,
    };
    let (from, to) = (say::day(wanted.from, language), say::day(wanted.to, language));
    let reported_to = &visit.organisation.profile.responsible.reported_to;
    let reported_to: Vec<String> =
        reported_to.iter().map(|role| say::role_name(role, language)).collect();
    let title = if wanted.board { w.board } else { w.title };
    page(&ReportsPage {
        f: Frame::of(&staff, &visit, Section::Reports, title).in_error(wrong.is_some()),
        w,
        board: wanted.board,
        reported_to: (!reported_to.is_empty()).then(|| reported_to.join(", ")),
        by_month: wanted.by_month,
        wrong,
        totals,
        figures,
        csv: format!("/reports.csv?{}", wanted.query()),
        equality: KeepsEquality::allows(&visit.organisation, visit.role())
            .then_some(words::Equality::of(language).report),
        period: format!("{from} – {to}"),
        anchor,
        from: wanted.from,
        to: wanted.to,
    })
}

pub(in crate::staff::console) async fn csv(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<RecordsCases>,
    asked: Asked,
) -> Page {
    let today = staff.casework(&visit).desk.today(&visit.organisation);
    let wanted = Wanted::of(&asked, today);
    let rows = wanted.rows(&staff, &visit).await?;
    let written = match wanted.by_month {
        true => figures::csv_by_month(&rows),
        false => figures::csv(&rows),
    };
    let headers = saved("text/csv; charset=utf-8; header=present", "figures", "csv");
    Ok((headers, written).into_response())
}

/// One figure as a picture. The table next to it is its accessible form.
pub(in crate::staff::console) async fn chart(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<RecordsCases>,
    Path(figure): Path<String>,
    asked: Asked,
) -> Result<Response, Trouble> {
    let today = staff.casework(&visit).desk.today(&visit.organisation);
    let rows = Wanted::of(&asked, today).rows(&staff, &visit).await?;
    let language = visit.language();
    let words = ChartWords {
        title: &title(&figure, language),
        hidden: words::Reports::of(language).hidden,
        label: &|row: &Row| group(row, language),
    };
    let drawn = figures::chart_in_words(&rows, &figure, &words).ok_or(Trouble::NotFound)?;
    let mut response = drawn.into_response();
    let kind = HeaderValue::from_static("image/svg+xml");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    html::shut(response.headers_mut(), html::FOREIGN_PAGE);
    Ok(response)
}

/// The order in which figures are read: what is in force, then what led there, then what came of it.
const ORDER: [&str; 29] = [
    "restrictions_in_force",
    "new_restrictions",
    "ended_restrictions",
    "restrictions_by_kind",
    "restrictions_by_ground",
    "restrictions_older_than_years",
    "warnings",
    "warnings_without_restriction",
    "warning_letters",
    "warning_reasons",
    "incidents_by_status",
    "incidents_by_severity",
    "incidents_by_ground",
    "incident_history",
    "reviews_due",
    "reviews_overdue",
    "reviews_by_outcome",
    "appeals_received",
    "appeals_due",
    "appeals_overdue",
    "appeals_by_outcome",
    "contacts_by_disposition",
    "contacts_by_channel",
    "safeguard_hits",
    "unanswered_in_time",
    "read_by_queue",
    "minutes_to_read",
    "answered_by_queue",
    "minutes_to_answer",
];

/// The position of a figure in [`ORDER`]. An organisation's own figures come last.
fn place(figure: &str) -> usize {
    ORDER.iter().position(|known| *known == figure).unwrap_or(ORDER.len())
}

/// A figure's name; an organisation's own as it is written.
fn title(figure: &str, language: Language) -> String {
    let w = words::Reports::of(language);
    let known = match figure {
        "warning_letters" => w.warning_letters,
        "warning_reasons" => w.warning_reasons,
        "warnings" => w.warnings,
        "warnings_without_restriction" => w.warnings_without_restriction,
        "incidents_by_ground" => w.incidents_by_ground,
        "incidents_by_severity" => w.incidents_by_severity,
        "incidents_by_status" => w.incidents_by_status,
        "incident_history" => w.incident_history,
        "restrictions_in_force" => w.restrictions_in_force,
        "restrictions_by_kind" => w.restrictions_by_kind,
        "restrictions_by_ground" => w.restrictions_by_ground,
        "restrictions_older_than_years" => w.restrictions_older_than_years,
        "new_restrictions" => w.new_restrictions,
        "ended_restrictions" => w.ended_restrictions,
        "reviews_due" => w.reviews_due,
        "reviews_overdue" => w.reviews_overdue,
        "reviews_by_outcome" => w.reviews_by_outcome,
        "appeals_received" => w.appeals_received,
        "appeals_due" => w.appeals_due,
        "appeals_overdue" => w.appeals_overdue,
        "appeals_by_outcome" => w.appeals_by_outcome,
        "contacts_by_channel" => w.contacts_by_channel,
        "contacts_by_disposition" => w.contacts_by_disposition,
        "observed_by_restriction" => w.observed_by_restriction,
        "safeguard_hits" => w.safeguard_hits,
        "unanswered_in_time" => w.unanswered_in_time,
        "read_by_queue" => w.read_by_queue,
        "answered_by_queue" => w.answered_by_queue,
        "minutes_to_read" => w.minutes_to_read,
        "minutes_to_answer" => w.minutes_to_answer,
        own => return say::capitalised(own),
    };
    known.to_owned()
}

fn group(row: &Row, language: Language) -> String {
    let month = row.month.map(|first| say::month(first, language));
    let each = row.group.iter().map(|name| say::group(&row.figure, name, language));
    month.into_iter().chain(each).collect::<Vec<_>>().join(": ")
}
