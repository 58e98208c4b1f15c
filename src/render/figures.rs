//! Figures as people read them: one table, from which text, CSV, JSON and charts are made, and the version
//! for a board, in which no small number is shown or can be worked out.

mod board;
mod chart;

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use crate::domain::capital::name_as_words;
use crate::domain::report::EqualityFigures;

pub use board::{ALL_ANSWERS, SMALL, board, board_by_month};
pub use chart::{ChartWords, chart, chart_in_words};

/// One figure, or one group of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The figure's published name.
    pub figure: String,
    /// Of figures by month: the month's first day.
    pub month: Option<NaiveDate>,
    /// The group: kind, ground, channel; then the group within it.
    pub group: Vec<String>,
    /// `None`: hidden.
    pub count: Option<u64>,
}

impl Row {
    /// How the figure and its group are called.
    pub fn label(&self) -> String {
        let words: Vec<String> = self.parts().map(|part| part.replace('_', " ")).collect();
        words.join(", ")
    }

    /// Whether the figure has more rows than this one.
    pub fn is_part(&self) -> bool {
        self.month.is_some() || !self.group.is_empty()
    }

    /// Of what it is the number, by published names: the month (`2026-01`), then the group.
    fn parts(&self) -> impl Iterator<Item = String> {
        let month = self.month.map(|first| first.format("%Y-%m").to_string());
        month.into_iter().chain(self.group.iter().cloned())
    }

    fn shown(&self) -> String {
        self.count.map_or_else(|| HIDDEN.to_owned(), |count| count.to_string())
    }
}

/// Shown in place of a hidden number.
pub const HIDDEN: &str = "hidden";

/// How a figure is called in a heading.
pub fn title(figure: &str) -> String {
    name_as_words(figure)
}

/// The figures of `domain::report` as rows, in their order.
pub fn rows(figures: &Map<String, Value>) -> Vec<Row> {
    let mut rows = Vec::new();
    for (figure, value) in figures {
        add(&mut rows, figure, &mut Vec::new(), value);
    }
    rows
}

/// Equality figures as rows that reveal nothing about a single person. If nothing is recorded, one row says so.
pub fn of_equality(figures: &EqualityFigures) -> Vec<Row> {
    if !figures.is_recorded {
        let group = vec![NOTHING_RECORDED.to_owned()];
        return vec![Row { figure: "equality".to_owned(), month: None, group, count: Some(0) }];
    }
    let rows = rows(figures.unprotected());
    let tells_of_few = |row: &Row| figures.people(&row.figure, &row.group) < SMALL;
    let few = rows.iter().enumerate().filter(|(_, row)| tells_of_few(row)).map(|(at, _)| at);
    board::of_equality(&rows, few.collect())
}

/// The group of the only row if nothing is recorded.
const NOTHING_RECORDED: &str = "nothing_recorded";

/// The figures of each month as rows, figure by figure.
pub fn rows_by_month(months: &[(NaiveDate, Map<String, Value>)]) -> Vec<Row> {
    let rows: Vec<Vec<Row>> = months.iter().map(|(_, figures)| rows(figures)).collect();
    figure_by_figure(months, &rows)
}

fn figure_by_figure(months: &[(NaiveDate, Map<String, Value>)], rows: &[Vec<Row>]) -> Vec<Row> {
    let Some((_, first)) = months.first() else { return Vec::new() };
    let mut all = Vec::new();
    // Every month has the same figures.
    for figure in first.keys() {
        for ((month, _), rows) in months.iter().zip(rows) {
            for row in rows.iter().filter(|row| row.figure == *figure) {
                all.push(Row { month: Some(*month), ..row.clone() });
            }
        }
    }
    all
}

fn add(rows: &mut Vec<Row>, figure: &str, group: &mut Vec<String>, value: &Value) {
    match value {
        Value::Object(groups) => {
            for (name, value) in groups {
                group.push(name.clone());
                add(rows, figure, group, value);
                group.pop();
            }
        }
        value => {
            let count = value.as_u64();
            let (figure, group) = (figure.to_owned(), group.clone());
            rows.push(Row { figure, month: None, group, count });
        }
    }
}

/// The table as text, in columns.
pub fn table(rows: &[Row]) -> String {
    let named: Vec<(String, String)> = rows
        .iter()
        .map(|row| {
            let label = match row.is_part() {
                true => format!("{}: {}", title(&row.figure), row.label()),
                false => title(&row.figure),
            };
            (label, row.shown())
        })
        .collect();
    let width = named.iter().map(|(label, _)| label.chars().count()).max().unwrap_or_default();
    let digits = named.iter().map(|(_, count)| count.len()).max().unwrap_or_default();
    let line = |(label, count): &(String, String)| format!("{label:<width$}  {count:>digits$}\n");
    named.iter().map(line).collect()
}

/// RFC 4180, with a byte order mark so that spreadsheets read names as UTF-8.
pub fn csv(rows: &[Row]) -> String {
    written(rows, &["group", "within"])
}

/// As [`csv()`], with a column for the month.
pub fn csv_by_month(rows: &[Row]) -> String {
    written(rows, &["month", "group", "within"])
}

fn written(rows: &[Row], groups: &[&str]) -> String {
    let mut out = format!("\u{feff}figure,{},count\r\n", groups.join(","));
    for row in rows {
        let parts: Vec<String> = row.parts().collect();
        let own = (0..groups.len()).map(|at| parts.get(at).map_or("", String::as_str));
        let shown = row.shown();
        let cells: Vec<&str> =
            std::iter::once(row.figure.as_str()).chain(own).chain([shown.as_str()]).collect();
        out.push_str(&line(&cells));
    }
    out
}

/// One line of CSV.
pub fn line(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| csv_cell(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

/// A cell that no spreadsheet takes for a formula: names of grounds and channels may come from files
/// that somebody else wrote.
fn csv_cell(text: &str) -> String {
    let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let safe = if runs { format!("'{text}") } else { text.to_owned() };
    if safe.contains(['"', ',', '\r', '\n']) || runs {
        format!("\"{}\"", safe.replace('"', "\"\""))
    } else {
        safe
    }
}

/// The figures as JSON, as they were; a hidden number is `null`.
pub fn json(rows: &[Row]) -> Value {
    let mut all = Map::new();
    for row in rows {
        let parts: Vec<String> = row.parts().collect();
        let path: Vec<&str> = parts.iter().map(String::as_str).collect();
        set(&mut all, &row.figure, &path, row.count);
    }
    Value::Object(all)
}

fn set(place: &mut Map<String, Value>, name: &str, path: &[&str], count: Option<u64>) {
    let [next, rest @ ..] = path else {
        place.insert(name.to_owned(), json!(count));
        return;
    };
    let inner = place.entry(name.to_owned()).or_insert_with(|| json!({}));
    if let Value::Object(inner) = inner {
        set(inner, next, rest, count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> Map<String, Value> {
        let Value::Object(figures) = json!({
            "contacts_by_channel": {"email": {"deliver": 9, "limit": 2}},
            "restrictions_by_ground": {"=cmd|' /C calc'!A0": 1, "demands, \"many\"": 12},
            "warning_letters": 7,
        }) else {
            unreachable!()
        };
        figures
    }

    #[test]
    fn a_table_has_every_number_once() {
        let text = table(&rows(&figures()));
        assert!(text.contains("Contacts by channel: email, deliver"), "{text}");
        assert!(
            text.lines().any(|line| line.starts_with("Warning letters ") && line.ends_with(" 7"))
        );
        assert_eq!(text.lines().count(), 5);
    }

    #[test]
    fn csv_reads_back_and_runs_nothing() {
        let written = csv(&rows(&figures()));
        let bare = written.strip_prefix('\u{feff}').unwrap();
        let mut reader = csv::Reader::from_reader(bare.as_bytes());
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(records.len(), 5);
        for cell in records.iter().flatten() {
            assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
        }
        assert!(records.iter().any(|one| &one[1] == "demands, \"many\"" && &one[3] == "12"));
        assert!(bare.lines().count() == 6 && bare.ends_with("\r\n"));
    }

    #[test]
    fn json_is_what_it_was() {
        assert_eq!(json(&rows(&figures())), Value::Object(figures()));
    }
}
