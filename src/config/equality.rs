//! `[organisation.equality]`: what an organisation records for equality figures.

use std::collections::{BTreeMap, BTreeSet};

use super::reader::Field;
use crate::domain::equality::{
    Characteristic, EqualityCategories, NOT_RECORDED, PREFERS_NOT_TO_SAY,
};
use crate::runtime::limits::{EQUALITY_ANSWER_CHARS_MAX, EQUALITY_ANSWERS_MAX};

pub(super) fn read(field: &Field<'_>) -> EqualityCategories {
    let mut offered = BTreeMap::new();
    let Some(section) = field.section() else { return EqualityCategories::default() };
    for characteristic in Characteristic::ALL {
        let Some(field) = section.field(characteristic.name()) else { continue };
        if let Some(answers) = answers(&field) {
            offered.insert(characteristic, answers);
        }
    }
    section.close();
    EqualityCategories::new(offered)
}

fn answers(field: &Field<'_>) -> Option<Vec<String>> {
    let mut known = BTreeSet::new();
    let items = field.items()?;
    if items.is_empty() || items.len() > EQUALITY_ANSWERS_MAX {
        let right = format!("list from 1 to {EQUALITY_ANSWERS_MAX} answers");
        field.fault(format!("has {} answers", items.len()), right);
        return None;
    }
    let mut answers = Vec::new();
    for item in items {
        let answer = item.words()?.trim().to_owned();
        if [PREFERS_NOT_TO_SAY, NOT_RECORDED].contains(&answer.as_str()) {
            item.fault("is offered anyway", "leave it out");
        } else if answer.chars().count() > EQUALITY_ANSWER_CHARS_MAX {
            let right = format!("write up to {EQUALITY_ANSWER_CHARS_MAX} characters");
            item.fault("is too long", right);
        } else if !known.insert(answer.to_lowercase()) {
            item.fault("is in the list already", "name each answer once");
        } else {
            answers.push(answer);
        }
    }
    Some(answers)
}
