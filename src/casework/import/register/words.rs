//! What the words in a register's cells mean.

use serde_json::{Map, Value, json};

use super::field::plain;
use crate::domain::case::appeal::AppealOutcome;
use crate::domain::restriction::KindName;

/// Words for restrictions, besides the kinds' own names: kind and channels.
pub const RESTRICTIONS: &[(&str, &str, &[&str])] = &[
    ("email only", "channels_only", &["email"]),
    ("e mail only", "channels_only", &["email"]),
    ("letter only", "channels_only", &["letter"]),
    ("letters only", "channels_only", &["letter"]),
    ("post only", "channels_only", &["letter"]),
    ("telephone only", "channels_only", &["telephone"]),
    ("phone only", "channels_only", &["telephone"]),
    ("in writing only", "channels_only", &["writing"]),
    ("writing only", "channels_only", &["writing"]),
    ("written contact only", "channels_only", &["writing"]),
    ("spoc", "single_point_of_contact", &[]),
    ("named contact", "single_point_of_contact", &[]),
    ("two person visits", "visits_in_pairs", &[]),
    ("appointments only", "appointment_only", &[]),
    ("by appointment only", "appointment_only", &[]),
    ("representative only", "representative_only", &[]),
    ("no contact", "contact_ended", &[]),
    ("all contact ended", "contact_ended", &[]),
];

const NUMBERS: [(&str, u64); 12] = [
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("once", 1),
    ("twice", 2),
];

/// Words for the contacts that are counted, as in `two calls a week`, with their channel; `None`: all of them.
const COUNTED: [(&str, Option<&str>); 12] = [
    ("call", Some("telephone")),
    ("calls", Some("telephone")),
    ("email", Some("email")),
    ("emails", Some("email")),
    ("letter", Some("letter")),
    ("letters", Some("letter")),
    ("visit", Some("in_person")),
    ("visits", Some("in_person")),
    ("text", Some("sms")),
    ("texts", Some("sms")),
    ("contact", None),
    ("contacts", None),
];

/// The kind with its parameters that some words mean.
pub(super) fn restriction(words: &str) -> Option<Map<String, Value>> {
    let words = plain(words);
    if let Some((_, kind, channels)) = RESTRICTIONS.iter().find(|(known, ..)| *known == words) {
        let mut found = object(json!({ "kind": kind }));
        if !channels.is_empty() {
            found.insert("channels".to_owned(), json!(channels));
        }
        return Some(found);
    }
    // Those that have parameters of their own are left to a mapping.
    let plain_kinds = [
        KindName::SinglePointOfContact,
        KindName::RepresentativeOnly,
        KindName::ReadAndFile,
        KindName::ContactEnded,
        KindName::VisitsInPairs,
        KindName::AppointmentOnly,
    ];
    let by_name = plain_kinds.into_iter().find(|kind| plain(kind.name()) == words);
    by_name.map(|kind| object(json!({ "kind": kind.name() }))).or_else(|| quota(&words))
}

/// `2 calls per week`, `one email a month`, `once a week`.
fn quota(words: &str) -> Option<Map<String, Value>> {
    let words: Vec<&str> = words
        .split(' ')
        .filter(|word| !["per", "a", "an", "each", "every", "only"].contains(word))
        .collect();
    let (number, counted, per) = match words.as_slice() {
        [number, counted, per] => (*number, Some(*counted), *per),
        [number @ ("once" | "twice"), per] => (*number, None, *per),
        _ => return None,
    };
    let named = NUMBERS.iter().find(|(name, _)| *name == number).map(|(_, number)| *number);
    let limit = named.or_else(|| number.parse().ok())?;
    let per = ["day", "week", "month"].into_iter().find(|one| *one == per)?;
    let mut found = object(json!({ "kind": "contact_quota", "limit": limit, "per": per }));
    if let Some(counted) = counted {
        let (_, channel) = COUNTED.iter().find(|(name, _)| *name == counted)?;
        if let Some(channel) = channel {
            found.insert("channels".to_owned(), json!([channel]));
        }
    }
    Some(found)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// What words for a status mean.
pub(super) fn status(words: &str) -> Option<&'static str> {
    match plain(words).as_str() {
        "active" | "current" | "live" | "open" | "in force" | "in place" => Some("active"),
        "lifted" | "removed" | "withdrawn" => Some("lifted"),
        "ended" | "expired" | "closed" | "lapsed" | "no longer in force" => Some("ended"),
        "quashed" | "overturned" => Some("quashed"),
        "under appeal" => Some("under_appeal"),
        _ => None,
    }
}

/// What a cell about an appeal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Appealed {
    Never,
    Open,
    Decided(AppealOutcome),
}

/// What words for the outcome of an appeal mean.
///
/// # Errors
/// They may mean either, or are not known: what would be right.
pub(super) fn appealed(words: &str) -> Result<Appealed, String> {
    let outcome = match plain(words).as_str() {
        "" | "none" | "no" | "n a" | "na" | "no appeal" | "not appealed" => {
            return Ok(Appealed::Never);
        }
        "pending" | "open" | "received" | "awaiting" | "awaiting decision" | "awaiting outcome"
        | "in progress" | "being heard" => return Ok(Appealed::Open),
        "decision upheld" | "restriction upheld" | "dismissed" | "appeal dismissed"
        | "rejected" | "appeal rejected" | "not upheld" | "appeal not upheld" | "unsuccessful" => {
            AppealOutcome::Upheld
        }
        "varied" | "amended" | "changed" | "partly upheld" | "partially upheld" => {
            AppealOutcome::Varied
        }
        "quashed"
        | "overturned"
        | "decision overturned"
        | "decision quashed"
        | "allowed"
        | "appeal allowed"
        | "appeal upheld"
        | "successful" => AppealOutcome::Quashed,
        "upheld" => {
            return Err(format!(
                "`{words}` may mean that the decision was upheld, or the appeal; write `decision upheld` or \
                 `appeal upheld`, or say it in the mapping under [appeal_outcomes]"
            ));
        }
        _ => {
            return Err(format!(
                "`{words}` is not a known outcome; write `decision upheld`, `varied`, `quashed`, \
                 `pending` \
                 or `none`, or say it in the mapping under [appeal_outcomes]"
            ));
        }
    };
    Ok(Appealed::Decided(outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_registers_are_kinds() {
        for (words, kind) in [
            ("E-mail only", json!({"kind": "channels_only", "channels": ["email"]})),
            ("Single Point of Contact", json!({"kind": "single_point_of_contact"})),
            ("Visits in pairs", json!({"kind": "visits_in_pairs"})),
            (
                "2 calls per week",
                json!({"kind": "contact_quota", "limit": 2, "per": "week", "channels": ["telephone"]}),
            ),
            ("Twice a month", json!({"kind": "contact_quota", "limit": 2, "per": "month"})),
        ] {
            assert_eq!(restriction(words).map(Value::Object), Some(kind), "{words}");
        }
        for words in ["Banned", "some calls a week", "2 faxes a week", "contact quota"] {
            assert_eq!(restriction(words), None, "{words}");
        }
    }

    #[test]
    fn every_word_for_a_restriction_is_written_as_it_is_compared() {
        for (words, ..) in RESTRICTIONS {
            assert_eq!(*words, plain(words));
            assert!(restriction(words).is_some());
        }
    }

    #[test]
    fn an_outcome_that_may_mean_either_is_refused() {
        assert!(appealed("Upheld").unwrap_err().contains("`decision upheld` or `appeal upheld`"));
        assert_eq!(appealed("Decision upheld"), Ok(Appealed::Decided(AppealOutcome::Upheld)));
        assert_eq!(appealed("Appeal upheld"), Ok(Appealed::Decided(AppealOutcome::Quashed)));
        assert_eq!(appealed("N/A"), Ok(Appealed::Never));
        assert!(appealed("ask Jo").is_err());
    }
}
