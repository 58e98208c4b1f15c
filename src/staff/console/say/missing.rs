//! What a person's file lacks, in words.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::when;
use crate::casework::not_followed::NotFollowed;
use crate::domain::language::Language;

/// "2 entries of the audit trail since Mon 23 Nov, 10:00 (numbers 7 to 9) could not be counted for this person."
pub(in crate::staff::console) fn missing(
    one: &NotFollowed,
    now: DateTime<Utc>,
    zone: Tz,
    language: Language,
) -> String {
    let (entries, since) = (one.entries, when(one.since, now, zone, language));
    let (first, last) = (one.first, one.last);
    match (language, entries) {
        (Language::English, 1) => format!(
            "1 entry of the audit trail ({since}, number {first}) could not be counted for this person. What falls \
             due, figures and timeline may be incomplete."
        ),
        (Language::English, _) => format!(
            "{entries} entries of the audit trail since {since} (numbers {first} to {last}) could not be counted for \
             this person. What falls due, figures and timeline may be incomplete."
        ),
        (Language::Welsh, 1) => format!(
            "Ni ellid cyfrif 1 cofnod o'r llwybr archwilio ({since}, rhif {first}) ar gyfer y person hwn. Gall yr \
             hyn sy'n ddyledus, ffigurau a llinell amser fod yn anghyflawn."
        ),
        (Language::Welsh, _) => format!(
            "Ni ellid cyfrif {entries} o gofnodion o'r llwybr archwilio ers {since} (rhifau {first} i {last}) ar \
             gyfer y person hwn. Gall yr hyn sy'n ddyledus, ffigurau a llinell amser fod yn anghyflawn."
        ),
    }
}
