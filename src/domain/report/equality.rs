//! Figures by protected characteristic, before any small number is hidden.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde_json::{Map, Value, json};

use super::{CaseFacts, Period, first_of_month};
use crate::domain::equality::{Characteristic, EqualityAnswers, EqualityCategories, NOT_RECORDED};
use crate::domain::tally::{Counts, count};

/// Figures of which small numbers must be hidden before anybody sees them: `render::figures::of_equality` does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EqualityFigures {
    /// Whether anything is recorded of anybody.
    pub is_recorded: bool,
    figures: Map<String, Value>,
}

impl EqualityFigures {
    /// With their small numbers.
    pub fn unprotected(&self) -> &Map<String, Value> {
        &self.figures
    }
}

impl Period {
    /// The days that equality figures are about: the calendar year of a day, as far as its months are over. In January
    /// it is the year before. Any other choice of days would let two reports give away what each of them hides.
    pub fn of_equality(day: NaiveDate, today: NaiveDate) -> Self {
        let over = first_of_month(today).pred_opt().unwrap_or(today);
        let day = day.min(over);
        let end = NaiveDate::from_ymd_opt(day.year(), 12, 31).unwrap_or(day);
        let from = NaiveDate::from_ymd_opt(day.year(), 1, 1).unwrap_or(day);
        Period { from, to: end.min(over), today }
    }
}

/// Restrictions in force on the last day, new restrictions, warnings, and appeals by their outcome, each by the answers
/// of the people whose they are. `answers` are by person.
pub fn by_characteristic(
    cases: &[&CaseFacts],
    answers: &BTreeMap<String, EqualityAnswers>,
    categories: &EqualityCategories,
    period: Period,
) -> EqualityFigures {
    let mut figures = Map::new();
    for (characteristic, _) in categories.each() {
        let (mut in_force, mut new, mut warnings) = (Counts::new(), Counts::new(), Counts::new());
        let mut appeals: BTreeMap<String, Counts> = BTreeMap::new();
        for case in cases {
            let answer = answers.get(&case.person).and_then(|all| all.get(characteristic));
            let answer = answer.unwrap_or(NOT_RECORDED);
            for one in &case.restrictions {
                if one.holds_on(period.last()) {
                    count(&mut in_force, answer);
                }
                if period.has(one.since) {
                    count(&mut new, answer);
                }
            }
            for _ in case.warnings.iter().filter(|one| period.has(one.given)) {
                count(&mut warnings, answer);
            }
            let decided = case.appeals.iter().filter_map(|one| one.decided);
            for (_, outcome) in decided.filter(|(day, _)| period.has(*day)) {
                count(appeals.entry(answer.to_owned()).or_default(), outcome);
            }
        }
        let named = |what: &str| name_of(what, characteristic);
        figures.insert(named("restrictions_in_force"), json!(in_force));
        figures.insert(named("new_restrictions"), json!(new));
        figures.insert(named("warnings"), json!(warnings));
        figures.insert(named("appeals_by_outcome"), json!(appeals));
    }
    EqualityFigures { is_recorded: answers.values().any(|one| !one.is_empty()), figures }
}

fn name_of(what: &str, characteristic: Characteristic) -> String {
    format!("{what}_by_{}", characteristic.name())
}

/// What a figure counts, and by which characteristic.
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
            Value::Object(found.figures),
            json!({
                "restrictions_in_force_by_sex": each, "new_restrictions_by_sex": {},
                "warnings_by_sex": each,
                "appeals_by_outcome_by_sex": {
                    "female": quashed, "not_recorded": quashed, "prefers_not_to_say": quashed
                }
            })
        );
        let none = by_characteristic(&cases, &BTreeMap::new(), &categories, period);
        assert!(!none.is_recorded);
        let parts = parted("appeals_by_outcome_by_sex");
        assert_eq!(parts, Some(("appeals_by_outcome", Characteristic::Sex)));
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
