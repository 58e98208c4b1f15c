//! What a key of the policy decides, in words: for reminders of values that nobody has chosen.

use super::in_words;
use crate::domain::language::Language;

/// Each key: English, and Welsh.
const KEYS: [(&str, &str, &str); 17] = [
    (
        "review.every_months",
        "how often restrictions are reviewed",
        "pa mor aml yr adolygir cyfyngiadau",
    ),
    (
        "review.longest_months",
        "how long a restriction may last",
        "pa mor hir y gall cyfyngiad bara",
    ),
    (
        "review.on_overdue",
        "what happens when a review is late",
        "beth sy'n digwydd pan fydd adolygiad yn hwyr",
    ),
    ("review.anchor", "from which day reviews count", "o ba ddiwrnod y cyfrifir adolygiadau"),
    ("appeal.window", "how long somebody has to appeal", "faint o amser sydd gan rywun i apelio"),
    (
        "appeal.window.from",
        "from when the time to appeal counts",
        "o ba bryd y cyfrifir yr amser i apelio",
    ),
    ("appeal.answer", "how soon an appeal is decided", "pa mor fuan y penderfynir ar apêl"),
    (
        "appeal.answer.from",
        "from when the time to decide an appeal counts",
        "o ba bryd y cyfrifir yr amser i benderfynu ar apêl",
    ),
    (
        "appeal.notify",
        "how soon somebody learns the outcome of an appeal",
        "pa mor fuan y caiff rhywun wybod canlyniad apêl",
    ),
    (
        "appeal.notify.from",
        "from when the time to notify somebody of an appeal's outcome counts",
        "o ba bryd y cyfrifir yr amser i roi gwybod i rywun am ganlyniad apêl",
    ),
    ("appeal.heard_by", "who hears appeals", "pwy sy'n gwrando apeliadau"),
    (
        "appeal.in_force_during",
        "whether a restriction holds during an appeal",
        "a yw cyfyngiad mewn grym yn ystod apêl",
    ),
    ("letter.must_say", "what letters must say", "beth sy'n rhaid i lythyrau ei ddweud"),
    ("responsible.decides", "who decides on restrictions", "pwy sy'n penderfynu ar gyfyngiadau"),
    (
        "responsible.engages_after_end",
        "who decides on new issues after contact has ended",
        "pwy sy'n penderfynu ar faterion newydd ar ôl i gysylltiad ddod i ben",
    ),
    ("staffed_hours", "when your channels are staffed", "pryd y mae staff ar eich sianeli"),
    (
        "read_within_working_days",
        "how soon filed contacts are read",
        "pa mor fuan y darllenir cysylltiadau a ffeiliwyd",
    ),
];

/// What a key decides; a key that this version does not know as its words.
pub(in crate::staff::console) fn policy_matter(key: &str, language: Language) -> String {
    policy_key(key, language)
        .map_or_else(|| super::capitalised(&key.replace('.', " ")), str::to_owned)
}

/// `None`: this version knows no such key.
fn policy_key(key: &str, language: Language) -> Option<&'static str> {
    in_words(&KEYS, key, language)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::lifecycle::unset_keys;
    use crate::domain::nation::Nation;
    use crate::domain::profile::Profile;
    use crate::domain::restriction::Restriction;

    #[test]
    fn every_value_that_a_policy_may_leave_open_has_words() {
        for kind in ["contact_ended", "read_and_file"] {
            let one =
                json!({"id": "R-1", "kind": kind, "starts": "2026-01-01", "status": "active"});
            let one: Restriction = serde_json::from_value(one).unwrap();
            let keys = unset_keys(&Profile::silent("Bare Homes", Nation::Wales), &one.kind);
            assert!(keys.len() > 10, "{keys:?}");
            for key in keys {
                for language in [Language::English, Language::Welsh] {
                    assert!(policy_key(&key, language).is_some(), "{key} has no words");
                }
            }
        }
    }

    #[test]
    fn a_matter_of_the_policy_is_never_shown_as_its_key() {
        for (key, english, welsh) in [
            ("appeal.heard_by", "who hears appeals", "pwy sy'n gwrando apeliadau"),
            ("appeal.later_key", "Appeal later key", "Appeal later key"),
        ] {
            assert_eq!(policy_matter(key, Language::English), english);
            assert_eq!(policy_matter(key, Language::Welsh), welsh);
        }
    }
}
