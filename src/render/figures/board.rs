//! The version of figures for a board: no personal data, and no number under five that is shown or can be worked out
//! from the others.
//!
//! What could give a hidden number away: the others of its group, where their sum is known; a part and the
//! whole that it is of; steps of a count that only grows; and two reports after each other.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::Row;

/// Numbers below this, nought apart, tell of single people.
pub const SMALL: u64 = 5;

/// Figures that name people.
const OF_PEOPLE: [&str; 1] = ["incident_history"];

/// Figures whose groups add up to another figure.
const SUMS: [(&str, &[&str]); 1] =
    [("restrictions_in_force", &["restrictions_by_kind", "restrictions_by_ground"])];

/// A figure that is part of another: the rest reveals as much as the part.
const PARTS: [(&str, &str); 2] =
    [("warnings", "warnings_without_restriction"), ("appeals_due", "appeals_overdue")];

/// Two reports after each other give one of these away by the other.
const MOVES: [&str; 2] = ["new_restrictions", "ended_restrictions"];

/// A count that only falls from group to group, below another figure.
const STEPS: (&str, &str) = ("restrictions_in_force", "restrictions_older_than_years");

/// The rows that a board may see.
pub fn board(rows: &[Row]) -> Vec<Row> {
    let mut rows = of_nobody(rows);
    let mut hidden = small(&rows);
    spread(&rows, &mut hidden);
    blank(&mut rows, &hidden);
    rows
}

/// Replaces the answers of a group that can't be protected, since even the list of its answers would reveal too much.
pub const ALL_ANSWERS: &str = "all_answers";

/// Rows by protected characteristic, safe to publish. Each figure's total, and that of each column, is known from
/// other reports. `few`: the rows about fewer than [`SMALL`] people.
pub(super) fn of_equality(rows: &[Row], few: BTreeSet<usize>) -> Vec<Row> {
    let facts = Facts { rows };
    let mut hidden = few;
    hidden.extend(small(rows));
    let mut unsafe_figures = BTreeSet::new();
    for (figure, cells) in facts.columns() {
        if !facts.protect(&cells, &mut hidden) {
            unsafe_figures.insert(figure);
        }
    }
    let mut shown: Vec<Row> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        if !unsafe_figures.contains(row.figure.as_str()) {
            let count = row.count.filter(|_| !hidden.contains(&at));
            shown.push(Row { count, ..row.clone() });
        } else if shown.last().is_none_or(|last| last.figure != row.figure) {
            let group = vec![ALL_ANSWERS.to_owned()];
            shown.push(Row { group, count: None, ..row.clone() });
        }
    }
    shown
}

/// As [`board()`], by month. Assumes that the sums over the months are known as well, from another report.
pub fn board_by_month(months: &[(NaiveDate, Map<String, Value>)]) -> Vec<Row> {
    let mut rows: Vec<Vec<Row>> =
        months.iter().map(|(_, figures)| of_nobody(&super::rows(figures))).collect();
    let mut hidden: Vec<BTreeSet<usize>> = rows.iter().map(|rows| small(rows)).collect();
    let many = |hidden: &[BTreeSet<usize>]| hidden.iter().map(BTreeSet::len).sum::<usize>();
    loop {
        let before = many(&hidden);
        for (rows, hidden) in rows.iter().zip(&mut hidden) {
            spread(rows, hidden);
        }
        over_the_months(&rows, &mut hidden);
        // A number hidden because of its sum over the months may follow from the others of its month, and so on:
        // repeat.
        if many(&hidden) == before {
            break;
        }
    }
    for (rows, hidden) in rows.iter_mut().zip(&hidden) {
        blank(rows, hidden);
    }
    super::figure_by_figure(months, &rows)
}

fn over_the_months(rows: &[Vec<Row>], hidden: &mut [BTreeSet<usize>]) {
    // A figure and group, with its row in each month.
    type Series<'r> = BTreeMap<(&'r str, &'r [String]), Vec<(usize, usize)>>;
    let mut series = Series::new();
    for (month, rows) in rows.iter().enumerate() {
        for (at, row) in rows.iter().enumerate() {
            series.entry((&row.figure, &row.group)).or_default().push((month, at));
        }
    }
    for places in series.values() {
        let cells: Vec<(u64, bool)> = places
            .iter()
            .map(|(month, at)| {
                let row = rows.get(*month).and_then(|rows| rows.get(*at));
                let is_hidden = hidden.get(*month).is_some_and(|hidden| hidden.contains(at));
                (row.and_then(|row| row.count).unwrap_or_default(), is_hidden)
            })
            .collect();
        for (month, at) in further(&cells).0.into_iter().filter_map(|more| places.get(more)) {
            if let Some(hidden) = hidden.get_mut(*month) {
                hidden.insert(*at);
            }
        }
    }
}

fn of_nobody(rows: &[Row]) -> Vec<Row> {
    rows.iter().filter(|row| !OF_PEOPLE.contains(&row.figure.as_str())).cloned().collect()
}

fn small(rows: &[Row]) -> BTreeSet<usize> {
    let all = rows.iter().enumerate();
    all.filter(|(_, row)| is_small(row.count)).map(|(at, _)| at).collect()
}

/// Hides every number from which a hidden one could be worked out.
fn spread(rows: &[Row], hidden: &mut BTreeSet<usize>) {
    let facts = Facts { rows };
    facts.parts(hidden);
    facts.steps(hidden);
    facts.groups(hidden);
    facts.sums(hidden);
    facts.moves(hidden);
}

fn blank(rows: &mut [Row], hidden: &BTreeSet<usize>) {
    for at in hidden {
        if let Some(row) = rows.get_mut(*at) {
            row.count = None;
        }
    }
}

/// Which more cells of a group to hide, the smallest first, until the hidden numbers are ambiguous: at least two, and
/// together so many that each may be small or not. Also returns whether that was possible. A cell: its number, and
/// whether it is hidden already.
fn further(cells: &[(u64, bool)]) -> (Vec<usize>, bool) {
    let mut shown: Vec<(usize, u64)> = Vec::new();
    let (mut many, mut sum, mut more) = (0_u64, 0_u64, Vec::new());
    for (at, (count, is_hidden)) in cells.iter().enumerate() {
        if *is_hidden {
            many += 1;
            sum += count;
        } else if *count > 0 {
            shown.push((at, *count));
        }
    }
    shown.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    loop {
        if many == 0 || (many >= 2 && sum >= many + SMALL - 1) {
            return (more, true);
        }
        let Some((at, count)) = shown.pop() else { return (more, false) };
        many += 1;
        sum += count;
        more.push(at);
    }
}

fn is_small(count: Option<u64>) -> bool {
    count.is_some_and(|count| (1..SMALL).contains(&count))
}

struct Facts<'a> {
    rows: &'a [Row],
}

impl Facts<'_> {
    fn count(&self, at: usize) -> u64 {
        self.rows.get(at).and_then(|row| row.count).unwrap_or_default()
    }

    /// The rows of a figure.
    fn of(&self, figure: &str) -> Vec<usize> {
        let named = |(_, row): &(usize, &Row)| row.figure == figure;
        self.rows.iter().enumerate().filter(named).map(|(at, _)| at).collect()
    }

    fn single(&self, figure: &str) -> Option<usize> {
        self.of(figure).first().copied()
    }

    fn parts(&self, hidden: &mut BTreeSet<usize>) {
        for (whole, part) in PARTS {
            let (Some(whole), Some(part)) = (self.single(whole), self.single(part)) else {
                continue;
            };
            let rest = self.count(whole).saturating_sub(self.count(part));
            if is_small(Some(rest)) || hidden.contains(&part) || hidden.contains(&whole) {
                hidden.insert(part);
            }
        }
    }

    fn steps(&self, hidden: &mut BTreeSet<usize>) {
        let (whole, steps) = STEPS;
        let steps = self.of(steps);
        let Some(mut before) = self.single(whole).map(|at| self.count(at)) else { return };
        let mut small = false;
        for at in &steps {
            small |= is_small(Some(before.saturating_sub(self.count(*at))));
            small |= hidden.contains(at);
            before = self.count(*at);
        }
        small |= self.single(whole).is_some_and(|at| hidden.contains(&at));
        if small {
            hidden.extend(steps);
        }
    }

    /// Groups of one figure, and of one column of it, whose sum is taken to be known.
    fn groups(&self, hidden: &mut BTreeSet<usize>) {
        for (figure, cells) in self.columns() {
            if figure != STEPS.1 {
                self.protect(&cells, hidden);
            }
        }
    }

    /// The columns of each figure that has groups, with their cells.
    fn columns(&self) -> Vec<(&str, Vec<usize>)> {
        let mut columns: BTreeMap<(&str, Option<&String>), Vec<usize>> = BTreeMap::new();
        for (at, row) in self.rows.iter().enumerate().filter(|(_, row)| !row.group.is_empty()) {
            columns.entry((&row.figure, row.group.get(1))).or_default().push(at);
        }
        columns.into_iter().map(|((figure, _), cells)| (figure, cells)).collect()
    }

    /// Hides more of a group ([`further`]). Returns whether the group is then safe.
    fn protect(&self, cells: &[usize], hidden: &mut BTreeSet<usize>) -> bool {
        let known: Vec<(u64, bool)> =
            cells.iter().map(|at| (self.count(*at), hidden.contains(at))).collect();
        let (more, is_safe) = further(&known);
        hidden.extend(more.into_iter().filter_map(|at| cells.get(at)));
        is_safe
    }

    /// Where a group can't be protected while its sum is shown, the sum is hidden too, and with it
    /// whatever else adds up to it.
    fn sums(&self, hidden: &mut BTreeSet<usize>) {
        for (sum, groups) in SUMS {
            let Some(sum) = self.single(sum) else { continue };
            let mut safe = !hidden.contains(&sum);
            for group in groups {
                safe &= self.protect(&self.of(group), hidden);
            }
            if !safe {
                hidden.insert(sum);
                let all = groups.iter().flat_map(|group| self.of(group));
                hidden.extend(all.chain(self.of(STEPS.1)).filter(|at| self.count(*at) > 0));
            }
        }
    }

    fn moves(&self, hidden: &mut BTreeSet<usize>) {
        let moves: Vec<usize> = MOVES.iter().filter_map(|figure| self.single(figure)).collect();
        if moves.iter().any(|at| hidden.contains(at)) {
            hidden.extend(moves);
        }
    }
}

#[cfg(test)]
mod tests;
