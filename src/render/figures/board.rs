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
    let known: Vec<Option<u64>> = rows.iter().map(|row| row.count).collect();
    let facts = Facts { rows, known: &known };
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
    known: &'a [Option<u64>],
}

impl Facts<'_> {
    fn count(&self, at: usize) -> u64 {
        self.known.get(at).copied().flatten().unwrap_or_default()
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
        let figures: BTreeSet<&str> = self
            .rows
            .iter()
            .filter(|row| !row.group.is_empty() && row.figure != STEPS.1)
            .map(|row| row.figure.as_str())
            .collect();
        for figure in figures {
            let cells = self.of(figure);
            let columns: BTreeSet<Option<&String>> = cells
                .iter()
                .filter_map(|at| self.rows.get(*at))
                .map(|row| row.group.get(1))
                .collect();
            for column in columns {
                let of_column =
                    |at: &&usize| self.rows.get(**at).is_some_and(|row| row.group.get(1) == column);
                let cells: Vec<usize> = cells.iter().filter(of_column).copied().collect();
                self.protect(&cells, hidden);
            }
        }
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(figure: &str, group: &[&str], count: u64) -> Row {
        let group = group.iter().map(|one| (*one).to_owned()).collect();
        Row { figure: figure.to_owned(), month: None, group, count: Some(count) }
    }

    /// Restrictions by kind and by ground, with their sum and their ages.
    fn restrictions(kinds: &[u64], grounds: &[u64], older: &[u64]) -> Vec<Row> {
        let names = ["a", "b", "c", "d", "e"];
        let named = |figure: &str, counts: &[u64]| -> Vec<Row> {
            names.iter().zip(counts).map(|(name, count)| row(figure, &[*name], *count)).collect()
        };
        let mut rows = vec![row("restrictions_in_force", &[], kinds.iter().sum())];
        rows.extend(named("restrictions_by_kind", kinds));
        rows.extend(named("restrictions_by_ground", grounds));
        rows.extend(named("restrictions_older_than_years", older));
        rows
    }

    fn of<'r>(rows: &'r [Row], figure: &str) -> Vec<&'r Row> {
        rows.iter().filter(|row| row.figure == figure).collect()
    }

    /// Every way in which hidden numbers of a group could be, each at least one, with a known sum.
    fn ways(group: &[&Row], sum: u64) -> Vec<Vec<u64>> {
        let shown: u64 = group.iter().filter_map(|row| row.count).sum();
        let many = group.iter().filter(|row| row.count.is_none()).count();
        let mut ways: Vec<Vec<u64>> = vec![Vec::new()];
        for _ in 0..many {
            ways = ways
                .into_iter()
                .flat_map(|way| {
                    (1..=sum).map(move |next| way.iter().copied().chain([next]).collect())
                })
                .filter(|way: &Vec<u64>| way.iter().sum::<u64>() + shown <= sum)
                .collect();
        }
        ways.retain(|way| way.iter().sum::<u64>() + shown == sum);
        ways
    }

    /// What somebody who knows the sum can say of each hidden number: never one value, and never only
    /// that it is small.
    fn nothing_is_given_away(group: &[&Row], sum: u64) {
        let ways = ways(group, sum);
        let many = group.iter().filter(|row| row.count.is_none()).count();
        for at in 0..many {
            let values: BTreeSet<u64> = ways.iter().map(|way| way[at]).collect();
            assert!(values.len() >= 2, "{group:?} of {sum} can only be {values:?}");
            assert!(values.iter().any(|value| *value >= SMALL), "{group:?} of {sum}: {values:?}");
        }
    }

    /// Splits a sum into so many groups, by cuts.
    fn split(sum: u64, cuts: &[u64]) -> Vec<u64> {
        let mut cuts: Vec<u64> = cuts.iter().map(|cut| cut % (sum + 1)).collect();
        cuts.sort_unstable();
        let mut before = 0;
        let mut parts = Vec::new();
        for cut in cuts.into_iter().chain([sum]) {
            parts.push(cut - before);
            before = cut;
        }
        parts
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn no_hidden_number_can_be_worked_out(
            sum in 0..16_u64,
            kinds in proptest::collection::vec(0..100_u64, 0..4),
            grounds in proptest::collection::vec(0..100_u64, 0..4),
            older in proptest::collection::vec(0..100_u64, 4),
        ) {
            let mut older: Vec<u64> = older.iter().map(|one| one % (sum + 1)).collect();
            older.sort_unstable_by_key(|one| std::cmp::Reverse(*one));
            let rows = restrictions(&split(sum, &kinds), &split(sum, &grounds), &older);
            let seen = board(&rows);
            for row in &seen {
                prop_assert!(!is_small(row.count), "{row:?} is shown");
            }
            let total = of(&seen, "restrictions_in_force")[0].count;
            for group in ["restrictions_by_kind", "restrictions_by_ground"] {
                let group = of(&seen, group);
                let hides = group.iter().any(|row| row.count.is_none());
                match total {
                    Some(total) if hides => nothing_is_given_away(&group, total),
                    Some(_) => {}
                    // The sum must not be there for the adding.
                    None => prop_assert!(hides || sum == 0, "{group:?}"),
                }
            }
            let older_seen = of(&seen, "restrictions_older_than_years");
            if older_seen.iter().all(|row| row.count.is_some()) && total.is_some() {
                let counts = std::iter::once(total).chain(older_seen.iter().map(|row| row.count));
                let counts: Vec<u64> = counts.flatten().collect();
                for pair in counts.windows(2) {
                    prop_assert!(!is_small(Some(pair[0] - pair[1])), "{counts:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_left_of_a_whole_is_hidden_with_its_part() {
        let rows = [row("warnings", &[], 20), row("warnings_without_restriction", &[], 18)];
        let seen = board(&rows);
        assert_eq!(seen[0].count, Some(20));
        assert_eq!(seen[1].count, None);
    }

    #[test]
    fn two_reports_after_each_other_give_nothing_away() {
        let rows = [row("new_restrictions", &[], 9), row("ended_restrictions", &[], 2)];
        assert!(board(&rows).iter().all(|row| row.count.is_none()));
    }

    /// What is hidden in one month could be worked out from the other months and the sum of all.
    #[test]
    fn a_month_is_not_given_away_by_the_others() {
        let month = |first: &str, letters: u64, limited: u64, routed: u64| {
            let by = serde_json::json!({"limit": limited, "route": routed});
            let figures = serde_json::json!({
                "warning_letters": letters, "contacts_by_disposition": by, "incident_history": {"P-1": 9}
            });
            let Value::Object(figures) = figures else { unreachable!() };
            (first.parse::<NaiveDate>().unwrap(), figures)
        };
        let seen = board_by_month(&[
            month("2026-01-01", 2, 40, 60),
            month("2026-02-01", 8, 50, 70),
            month("2026-03-01", 9, 3, 80),
        ]);
        let of = |figure: &str, group: &[&str]| -> Vec<Option<u64>> {
            let fits = |row: &&Row| row.figure == figure && row.group[..] == *group;
            seen.iter().filter(fits).map(|row| row.count).collect()
        };
        assert_eq!(of("warning_letters", &[]), [None, None, Some(9)]);
        // March is small: another month is hidden in its series, the other group in its month, and so on.
        assert_eq!(of("contacts_by_disposition", &["limit"]), [None, Some(50), None]);
        assert_eq!(of("contacts_by_disposition", &["route"]), [None, Some(70), None]);
        assert!(seen.iter().all(|row| row.figure != "incident_history"));
    }

    #[test]
    fn nobody_is_in_it() {
        let rows = [row("incident_history", &["P-1"], 30), row("warning_letters", &[], 30)];
        let seen = board(&rows);
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].count, Some(30));
    }

    #[test]
    fn columns_of_channels_are_protected_each() {
        let cell = |channel: &str, disposition: &str, count| {
            row("contacts_by_channel", &[channel, disposition], count)
        };
        let rows = [
            cell("email", "limit", 2),
            cell("telephone", "limit", 30),
            cell("email", "deliver", 50),
            cell("telephone", "deliver", 60),
        ];
        let seen: Vec<Option<u64>> = board(&rows).iter().map(|row| row.count).collect();
        assert_eq!(seen, [None, None, Some(50), Some(60)]);
    }
}
