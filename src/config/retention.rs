//! `[organisation.retention]`: how long records are kept.

use super::reader::Field;
use crate::domain::retention::{Class, Rule, Schedule};

/// No schedule has a longer period.
const MONTHS_MAX: u32 = 1_200;

const APPROVED: [(&str, bool); 2] = [("by_second_person", false), ("automatic", true)];

pub(super) fn read(field: &Field<'_>) -> Schedule {
    let mut schedule = Schedule::new();
    let Some(section) = field.section() else { return schedule };
    for class in Class::ALL {
        let Some(one) = section.field(class.name()).and_then(|field| field.section()) else {
            continue;
        };
        let months =
            one.need("months", "how many months it is kept").and_then(|f| f.whole(1, MONTHS_MAX));
        let clause = one.need("clause", "the clause of your schedule").and_then(|f| f.words());
        let automatic =
            one.field("approved").map_or(Some(false), |f| f.choice("who approves", &APPROVED));
        one.close();
        if let (Some(months), Some(clause), Some(automatic)) = (months, clause, automatic) {
            schedule.insert(class, Rule { months, clause: clause.to_owned(), automatic });
        }
    }
    section.close();
    schedule
}
