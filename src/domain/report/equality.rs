//! Figures by protected characteristic, before any small number is hidden.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde_json::{Map, Value, json};

use super::{CaseFacts, Period, first_of_month};
use crate::domain::equality::{Characteristic, EqualityAnswers, EqualityCategories, NOT_RECORDED};
use crate::domain::tally::{Counts, count};

/// Figures with small numbers still in them. Nobody may see these before `render::figures::of_equality` hides them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EqualityFigures {
    /// Whether anybody's answers are on record.
    pub is_recorded: bool,
    figures: Map<String, Value>,
    /// The number of people, by figure and group.
    people: BTreeMap<(String, Vec<String>), u64>,
}

impl EqualityFigures {
    /// Includes small numbers.
    pub fn unprotected(&self) -> &Map<String, Value> {
        &self.figures
    }

    /// How many people a number is about: one person may have several warnings.
    pub fn people(&self, figure: &str, group: &[String]) -> u64 {
        let of = (figure.to_owned(), group.to_vec());
        self.people.get(&of).copied().unwrap_or_default()
    }

    fn put(&mut self, figure: &str, numbers: TellingNumbers) {
        let mut groups = Map::new();
        for (group, TellingNumber { many, people }) in numbers.0 {
            match group.as_slice() {
                [answer, outcome] => {
                    let of_answer = groups.entry(answer.clone()).or_insert_with(|| json!({}));
                    if let Value::Object(of_answer) = of_answer {
                        of_answer.insert(outcome.clone(), json!(many));
                    }
                }
                _ => groups.extend(group.first().map(|answer| (answer.clone(), json!(many)))),
            }
            self.people.insert((figure.to_owned(), group), people);
        }
        self.figures.insert(figure.to_owned(), Value::Object(groups));
    }
}

/// A count, and the number of people behind it.
#[derive(Default)]
struct TellingNumber {
    many: u64,
    people: u64,
}

/// Counts by answer and any further grouping.
#[derive(Default)]
struct TellingNumbers(BTreeMap<Vec<String>, TellingNumber>);

impl TellingNumbers {
    /// Adds one more person's count.
    fn add(&mut self, group: &[&str], many: u64) {
        if many > 0 {
            let group = group.iter().map(|word| (*word).to_owned()).collect();
            let number = self.0.entry(group).or_default();
            number.many += many;
            number.people += 1;
        }
    }

    /// Caps the number of people behind a count. `false` if there is no such count.
    fn tells_of(&mut self, group: &[String], people: u64) -> bool {
        let Some(number) = self.0.get_mut(group) else { return false };
        number.people = number.people.min(people);
        true
    }
}

impl Period {
    /// The days of a report: the calendar year of a day, up to the end of its last complete month. In January, the
    /// year before. If days could be chosen freely, one report could be subtracted from another; for the current year
    /// that remains possible, as the documentation says.
    pub fn of_equality(day: NaiveDate, today: NaiveDate) -> Self {
        let over = first_of_month(today).pred_opt().unwrap_or(today);
        let day = day.min(over);
        let end = NaiveDate::from_ymd_opt(day.year(), 12, 31).unwrap_or(day);
        let from = NaiveDate::from_ymd_opt(day.year(), 1, 1).unwrap_or(day);
        Period { from, to: end.min(over), today }
    }
}

/// Restrictions in force on the last day, new restrictions, warnings, and appeals by their outcome, each by the
/// answers of the people concerned. `answers` are keyed by person.
pub fn by_characteristic(
    cases: &[&CaseFacts],
    answers: &BTreeMap<String, EqualityAnswers>,
    categories: &EqualityCategories,
    period: Period,
) -> EqualityFigures {
    let is_recorded = answers.values().any(|one| !one.is_empty());
    let mut figures = EqualityFigures { is_recorded, ..EqualityFigures::default() };
    for (characteristic, _) in categories.each() {
        let (mut in_force, mut new) = (TellingNumbers::default(), TellingNumbers::default());
        let (mut warnings, mut appeals) = (TellingNumbers::default(), TellingNumbers::default());
        let mut ended = TellingNumbers::default();
        for case in cases {
            let answer = answers.get(&case.person).and_then(|all| all.get(characteristic));
            let answer = answer.unwrap_or(NOT_RECORDED);
            let restrictions = &case.restrictions;
            in_force.add(&[answer], how_many(restrictions, |one| one.holds_on(period.last())));
            new.add(&[answer], how_many(restrictions, |one| period.has(one.since)));
            let ends = |day: Option<NaiveDate>| day.is_some_and(|day| period.has(day));
            ended.add(&[answer], how_many(restrictions, |one| ends(one.end)));
            warnings.add(&[answer], how_many(&case.warnings, |one| period.has(one.given)));
            for (outcome, many) in outcomes(case, period) {
                appeals.add(&[answer, outcome.as_str()], many);
            }
        }
        // Those in force a year before, plus the new ones, less those in force now, gives how many ended: one of them
        // must be hidden.
        for (answer, TellingNumber { people, .. }) in ended.0 {
            if !new.tells_of(&answer, people) {
                in_force.tells_of(&answer, people);
            }
        }
        let counted = [
            ("restrictions_in_force", in_force),
            ("new_restrictions", new),
            ("warnings", warnings),
            ("appeals_by_outcome", appeals),
        ];
        for (what, numbers) in counted {
            figures.put(&name_of(what, characteristic), numbers);
        }
    }
    figures
}

fn how_many<T>(all: &[T], is_one: impl Fn(&T) -> bool) -> u64 {
    all.iter().filter(|one| is_one(one)).count() as u64
}

fn outcomes(case: &CaseFacts, period: Period) -> Counts {
    let mut outcomes = Counts::new();
    let decided = case.appeals.iter().filter_map(|one| one.decided);
    for (_, outcome) in decided.filter(|(day, _)| period.has(*day)) {
        count(&mut outcomes, outcome);
    }
    outcomes
}

fn name_of(what: &str, characteristic: Characteristic) -> String {
    format!("{what}_by_{}", characteristic.name())
}

/// Splits a figure's name into what it counts and its characteristic.
pub fn parted(figure: &str) -> Option<(&str, Characteristic)> {
    let (what, characteristic) = figure.rsplit_once("_by_")?;
    Some((what, Characteristic::of_name(characteristic)?))
}

#[cfg(test)]
mod tests {
    use super::super::facts::{AppealFacts, RestrictionFacts, WarningFacts};
    use super::*;
    use crate::domain::equality::GivenAnswers;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn case(person: &str) -> CaseFacts {
        CaseFacts {
            person: person.to_owned(),
            warnings: vec![WarningFacts {
                given: day("2026-02-01"),
                letter_sent: None,
                grounds: Vec::new(),
                followed: true,
            }],
            incidents: Vec::new(),
            restrictions: vec![RestrictionFacts {
                since: day("2025-03-01"),
                end: None,
                suspended: Vec::new(),
                kind: "contact_quota",
                ground: "demands".to_owned(),
                review_due: None,
            }],
            reviews: Vec::new(),
            appeals: vec![AppealFacts {
                received: day("2026-03-01"),
                is_open: false,
                answer_due: None,
                decided: Some((day("2026-04-01"), "quashed")),
            }],
        }
    }

    #[test]
    fn each_is_counted_by_its_persons_answer_and_nobody_is_left_out() {
        let offered = BTreeMap::from([(Characteristic::Sex, vec!["female".to_owned()])]);
        let sex = |answer: &str| {
            let given = BTreeMap::from([("sex".to_owned(), Some(answer.to_owned()))]);
            EqualityAnswers::default().with(&GivenAnswers(given))
        };
        let answers = BTreeMap::from([
            ("P-1".to_owned(), sex("female")),
            ("P-2".to_owned(), sex("prefers_not_to_say")),
        ]);
        let cases = ["P-1", "P-2", "P-3"].map(case);
        let cases: Vec<&CaseFacts> = cases.iter().collect();
        let period = Period::of_equality(day("2026-06-10"), day("2026-06-10"));
        let categories = EqualityCategories::new(offered);
        let found = by_characteristic(&cases, &answers, &categories, period);
        let each = json!({"female": 1, "not_recorded": 1, "prefers_not_to_say": 1});
        let quashed = json!({"quashed": 1});
        assert!(found.is_recorded);
        assert_eq!(
            Value::Object(found.figures.clone()),
            json!({
                "restrictions_in_force_by_sex": each, "new_restrictions_by_sex": {},
                "warnings_by_sex": each,
                "appeals_by_outcome_by_sex": {
                    "female": quashed, "not_recorded": quashed, "prefers_not_to_say": quashed
                }
            })
        );
        let group = |words: &[&str]| words.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        assert_eq!(found.people("warnings_by_sex", &group(&["female"])), 1);
        assert_eq!(found.people("appeals_by_outcome_by_sex", &group(&["female", "quashed"])), 1);
        assert_eq!(found.people("warnings_by_sex", &group(&["male"])), 0);
        let none = by_characteristic(&cases, &BTreeMap::new(), &categories, period);
        assert!(!none.is_recorded);
        let parts = parted("appeals_by_outcome_by_sex");
        assert_eq!(parts, Some(("appeals_by_outcome", Characteristic::Sex)));
    }

    #[test]
    fn many_warnings_of_one_person_tell_of_one() {
        let mut of_one = case("P-1");
        of_one.warnings = vec![of_one.warnings[0].clone(); 6];
        let cases = [of_one, case("P-2")];
        let cases: Vec<&CaseFacts> = cases.iter().collect();
        let sex = BTreeMap::from([(Characteristic::Sex, vec!["female".to_owned()])]);
        let period = Period::of_equality(day("2026-06-10"), day("2026-06-10"));
        let categories = EqualityCategories::new(sex);
        let found = by_characteristic(&cases, &BTreeMap::new(), &categories, period);
        assert_eq!(found.figures["warnings_by_sex"], json!({ "not_recorded": 7 }));
        assert_eq!(found.people("warnings_by_sex", &["not_recorded".to_owned()]), 2);
    }

    /// Those in force a year before, plus the new ones, less those in force now: that many ended.
    #[test]
    fn what_ended_of_few_is_not_given_away_by_two_reports() {
        let mut cases: Vec<CaseFacts> = (0..9).map(|at| case(&format!("P-{at}"))).collect();
        cases[0].restrictions[0].end = Some(day("2026-02-01"));
        let sex = BTreeMap::from([(Characteristic::Sex, vec!["female".to_owned()])]);
        let period = Period::of_equality(day("2026-06-10"), day("2026-06-10"));
        let categories = EqualityCategories::new(sex);
        let of = |cases: &[CaseFacts], figure: &str| {
            let cases: Vec<&CaseFacts> = cases.iter().collect();
            let found = by_characteristic(&cases, &BTreeMap::new(), &categories, period);
            found.people(figure, &["not_recorded".to_owned()])
        };
        assert_eq!(of(&cases, "restrictions_in_force_by_sex"), 1, "nothing is new");
        for one in &mut cases[1..7] {
            one.restrictions[0].since = day("2026-03-01");
        }
        assert_eq!(of(&cases, "new_restrictions_by_sex"), 1);
        assert_eq!(of(&cases, "restrictions_in_force_by_sex"), 8);
    }

    #[test]
    fn a_report_is_about_a_calendar_year_as_far_as_its_months_are_over() {
        for (asked, today, from, to) in [
            ("2026-06-10", "2026-06-10", "2026-01-01", "2026-05-31"),
            ("2026-02-03", "2026-06-30", "2026-01-01", "2026-05-31"),
            ("2025-02-03", "2026-06-10", "2025-01-01", "2025-12-31"),
            ("2026-01-20", "2026-01-20", "2025-01-01", "2025-12-31"),
            ("2030-01-20", "2026-03-01", "2026-01-01", "2026-02-28"),
        ] {
            let period = Period::of_equality(day(asked), day(today));
            assert_eq!((period.from, period.to), (day(from), day(to)), "{asked} on {today}");
        }
    }
}
