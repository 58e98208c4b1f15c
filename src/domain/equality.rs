//! Equality monitoring: customers' answers on their protected characteristics (Equality Act 2010, section 4), used
//! only for figures. This is special-category data (UK GDPR Art. 9): no decision, answer or letter reads it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A protected characteristic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Characteristic {
    Age,
    Disability,
    GenderReassignment,
    MarriageAndCivilPartnership,
    PregnancyAndMaternity,
    Race,
    ReligionOrBelief,
    Sex,
    SexualOrientation,
}

impl Characteristic {
    pub const ALL: [Characteristic; 9] = [
        Characteristic::Age,
        Characteristic::Disability,
        Characteristic::GenderReassignment,
        Characteristic::MarriageAndCivilPartnership,
        Characteristic::PregnancyAndMaternity,
        Characteristic::Race,
        Characteristic::ReligionOrBelief,
        Characteristic::Sex,
        Characteristic::SexualOrientation,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Characteristic::Age => "age",
            Characteristic::Disability => "disability",
            Characteristic::GenderReassignment => "gender_reassignment",
            Characteristic::MarriageAndCivilPartnership => "marriage_and_civil_partnership",
            Characteristic::PregnancyAndMaternity => "pregnancy_and_maternity",
            Characteristic::Race => "race",
            Characteristic::ReligionOrBelief => "religion_or_belief",
            Characteristic::Sex => "sex",
            Characteristic::SexualOrientation => "sexual_orientation",
        }
    }

    pub fn of_name(name: &str) -> Option<Self> {
        Characteristic::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// An answer that is always offered.
pub const PREFERS_NOT_TO_SAY: &str = "prefers_not_to_say";
/// Not an answer: nobody asked, or the person did not reply. Given as one, it removes the answer on record.
pub const NOT_RECORDED: &str = "not_recorded";

/// The characteristics that an organisation records, each with the answers that it offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EqualityCategories(BTreeMap<Characteristic, Vec<String>>);

/// A person's answers. A characteristic that is left out is not recorded.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EqualityAnswers(BTreeMap<Characteristic, String>);

/// Answers to record, as somebody gave them, by the characteristic's name. Those that are left out stay as they are.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GivenAnswers(pub BTreeMap<String, Option<String>>);

/// Something given that can't be recorded. It does not repeat the answer, which is personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EqualityFault {
    /// The key as it was given.
    pub key: String,
    pub message: String,
}

impl EqualityCategories {
    pub fn new(offered: BTreeMap<Characteristic, Vec<String>>) -> Self {
        EqualityCategories(offered)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each characteristic with all possible answers.
    pub fn each(&self) -> impl Iterator<Item = (Characteristic, impl Iterator<Item = &str>)> {
        self.0.iter().map(|(one, offered)| (*one, answers(offered)))
    }

    /// The parts of `given` that can't be recorded.
    pub fn faults(&self, given: &GivenAnswers) -> Vec<EqualityFault> {
        let each = given.0.iter().filter_map(|(key, answer)| {
            let message = self.wrong(key, answer.as_deref())?;
            Some(EqualityFault { key: key.clone(), message })
        });
        each.collect()
    }

    fn wrong(&self, key: &str, answer: Option<&str>) -> Option<String> {
        let offered = Characteristic::of_name(key).and_then(|one| self.0.get(&one));
        let Some(offered) = offered else {
            let known: Vec<&str> = self.0.keys().map(|one| one.name()).collect();
            return Some(match known.as_slice() {
                [] => "is not recorded here: the configuration has no [organisation.equality]"
                    .to_owned(),
                known => format!("is not recorded here; use one of {}", known.join(", ")),
            });
        };
        let answer = answer.filter(|answer| !takes_away(answer))?;
        if answers(offered).any(|one| one == answer) {
            return None;
        }
        let mut all: Vec<&str> = answers(offered).collect();
        all.push(NOT_RECORDED);
        Some(format!(
            "is not an answer that the organisation offers; use one of {}",
            all.join(", ")
        ))
    }
}

/// The answers that are offered, and the one that always is.
fn answers(offered: &[String]) -> impl Iterator<Item = &str> {
    offered.iter().map(String::as_str).chain([PREFERS_NOT_TO_SAY])
}

fn takes_away(answer: &str) -> bool {
    answer.is_empty() || answer == NOT_RECORDED
}

impl EqualityAnswers {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn get(&self, characteristic: Characteristic) -> Option<&str> {
        self.0.get(&characteristic).map(String::as_str)
    }

    /// The answers, updated with those given. Unknown characteristics are ignored: check
    /// [`EqualityCategories::faults`] first.
    #[must_use]
    pub fn with(mut self, given: &GivenAnswers) -> Self {
        for (key, answer) in &given.0 {
            let Some(characteristic) = Characteristic::of_name(key) else { continue };
            match answer.as_deref().filter(|answer| !takes_away(answer)) {
                Some(answer) => self.0.insert(characteristic, answer.to_owned()),
                None => self.0.remove(&characteristic),
            };
        }
        self
    }
}

impl GivenAnswers {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Shows only how many answers there are.
impl fmt::Debug for EqualityAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EqualityAnswers({})", self.0.len())
    }
}

/// Shows only how many answers there are.
impl fmt::Debug for GivenAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GivenAnswers({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn categories() -> EqualityCategories {
        let words = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
        EqualityCategories::new(BTreeMap::from([
            (Characteristic::Sex, words(&["female", "male"])),
            (Characteristic::Disability, words(&["yes", "no"])),
        ]))
    }

    fn given(all: &[(&str, Option<&str>)]) -> GivenAnswers {
        let each = all.iter().map(|(key, answer)| ((*key).to_owned(), answer.map(str::to_owned)));
        GivenAnswers(each.collect())
    }

    #[test]
    fn names_are_those_that_are_stored() {
        for one in Characteristic::ALL {
            assert_eq!(serde_json::to_value(one).unwrap(), one.name());
            assert_eq!(Characteristic::of_name(one.name()), Some(one));
        }
    }

    #[test]
    fn an_answer_stays_until_another_is_given_or_it_is_taken_away() {
        let first = given(&[("sex", Some("female")), ("disability", Some("prefers_not_to_say"))]);
        assert_eq!(categories().faults(&first), []);
        let answers = EqualityAnswers::default().with(&first);
        let answers = answers.with(&given(&[("disability", Some("no"))]));
        assert_eq!(answers.get(Characteristic::Sex), Some("female"));
        assert_eq!(answers.get(Characteristic::Disability), Some("no"));
        for away in [None, Some(""), Some("not_recorded")] {
            let away = given(&[("sex", away)]);
            assert_eq!(categories().faults(&away), []);
            assert_eq!(answers.clone().with(&away).get(Characteristic::Sex), None);
        }
    }

    #[test]
    fn only_what_the_organisation_offers_is_recorded_and_no_fault_repeats_an_answer() {
        let faults = categories().faults(&given(&[
            ("race", Some("somewhat secret")),
            ("sex", Some("somewhat secret")),
            ("star_sign", None),
        ]));
        let keys: Vec<&str> = faults.iter().map(|one| one.key.as_str()).collect();
        assert_eq!(keys, ["race", "sex", "star_sign"]);
        assert!(faults.iter().all(|one| !one.message.contains("secret")), "{faults:?}");
        assert!(faults[1].message.contains("female, male, prefers_not_to_say"), "{faults:?}");
        let none = EqualityCategories::default().faults(&given(&[("sex", Some("female"))]));
        assert!(none[0].message.contains("[organisation.equality]"), "{none:?}");
    }

    #[test]
    fn no_answer_is_in_a_log() {
        let given = given(&[("sex", Some("female"))]);
        let answers = EqualityAnswers::default().with(&given);
        assert_eq!(format!("{given:?} {answers:?}"), "GivenAnswers(1) EqualityAnswers(1)");
    }
}
