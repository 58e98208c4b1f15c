use proptest::prelude::*;

use super::*;

fn row(figure: &str, group: &[&str], count: u64) -> Row {
    let group = group.iter().map(|one| (*one).to_owned()).collect();
    Row { figure: figure.to_owned(), month: None, group, count: Some(count) }
}

/// Restrictions by kind and by ground, with their total and their ages.
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

/// All values that a group's hidden numbers could have, each at least one, given their total.
fn ways(group: &[&Row], sum: u64) -> Vec<Vec<u64>> {
    let shown: u64 = group.iter().filter_map(|row| row.count).sum();
    let many = group.iter().filter(|row| row.count.is_none()).count();
    let mut ways: Vec<Vec<u64>> = vec![Vec::new()];
    for _ in 0..many {
        ways = ways
            .into_iter()
            .flat_map(|way| (1..=sum).map(move |next| way.iter().copied().chain([next]).collect()))
            .filter(|way: &Vec<u64>| way.iter().sum::<u64>() + shown <= sum)
            .collect();
    }
    ways.retain(|way| way.iter().sum::<u64>() + shown == sum);
    ways
}

/// What somebody who knows the total can infer about each hidden number: never its value, and never merely that it is
/// small.
fn nothing_is_given_away(group: &[&Row], sum: u64) {
    let ways = ways(group, sum);
    let many = group.iter().filter(|row| row.count.is_none()).count();
    for at in 0..many {
        let values: BTreeSet<u64> = ways.iter().map(|way| way[at]).collect();
        assert!(values.len() >= 2, "{group:?} of {sum} can only be {values:?}");
        assert!(values.iter().any(|value| *value >= SMALL), "{group:?} of {sum}: {values:?}");
    }
}

/// Splits a total into groups at these cuts.
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
                // Adding up must not give the total.
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

/// A number hidden in one month could be worked out from the other months and the total.
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
    // March is small, so another month of its series is hidden, and the other group in that month, and so on.
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_answer_can_be_worked_out_from_what_is_shown_and_the_sum(
        sum in 1..20_u64,
        cuts in proptest::collection::vec(0..100_u64, 0..5),
    ) {
        let names = ["a", "b", "c", "d", "e", "f"];
        let counts = split(sum, &cuts);
        let each = names.iter().zip(&counts).filter(|(_, count)| **count > 0);
        let rows: Vec<Row> = each.map(|(name, count)| row("x_by_sex", &[*name], *count)).collect();
        let seen = of_equality(&rows, BTreeSet::new());
        prop_assert!(seen.iter().all(|row| !is_small(row.count)), "{seen:?}");
        let is_whole = seen.iter().any(|row| row.group == [ALL_ANSWERS]);
        if is_whole {
            prop_assert_eq!(seen.len(), 1, "{:?}", seen);
            prop_assert_eq!(seen[0].count, None);
        } else if seen.iter().any(|row| row.count.is_none()) {
            nothing_is_given_away(&of(&seen, "x_by_sex"), sum);
        } else {
            prop_assert_eq!(seen, rows);
        }
    }
}

#[test]
fn a_group_that_the_sum_would_give_away_does_not_even_name_its_answers() {
    let rows = [
        row("warnings_by_sex", &["female"], 2),
        row("warnings_by_race", &["one"], 20),
        row("warnings_by_race", &["another"], 9),
        row("appeals_by_sex", &["female", "upheld"], 9),
        row("appeals_by_sex", &["female", "quashed"], 1),
        row("appeals_by_sex", &["male", "upheld"], 8),
    ];
    let seen = of_equality(&rows, BTreeSet::new());
    let shown: Vec<(&str, &str, Option<u64>)> =
        seen.iter().map(|row| (row.figure.as_str(), row.group[0].as_str(), row.count)).collect();
    assert_eq!(
        shown,
        [
            ("warnings_by_sex", "all_answers", None),
            ("warnings_by_race", "one", Some(20)),
            ("warnings_by_race", "another", Some(9)),
            ("appeals_by_sex", "all_answers", None),
        ]
    );
}

/// Six warnings of one person reveal as much as one.
#[test]
fn a_number_that_tells_of_few_people_is_hidden_with_another() {
    let rows = [
        row("warnings_by_race", &["one"], 6),
        row("warnings_by_race", &["another"], 9),
        row("warnings_by_race", &["third"], 20),
    ];
    let seen = of_equality(&rows, BTreeSet::from([0]));
    let counts: Vec<Option<u64>> = seen.iter().map(|row| row.count).collect();
    assert_eq!(counts, [None, None, Some(20)]);
    let seen = of_equality(&rows[..1], BTreeSet::from([0]));
    assert_eq!((seen.len(), seen[0].count), (1, None));
    assert_eq!(seen[0].group, [ALL_ANSWERS]);
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
