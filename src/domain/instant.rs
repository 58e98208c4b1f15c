//! Instants in JSON: RFC 3339 in UTC, with no more digits than the instant has.
//!
//! It is the text that chrono itself writes. Chrono hands it to the serializer character by character,
//! which takes five times as long, and every decision contains several.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serializer;

/// For `serialize_with`.
pub fn written<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(at))
}

/// As [`written`], where there may be none.
pub fn written_if_any<S: Serializer>(
    at: &Option<DateTime<Utc>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serializer.serialize_some(&text(at)),
        None => serializer.serialize_none(),
    }
}

/// As [`written`], each of a list.
pub fn written_each<S: Serializer>(
    instants: &[DateTime<Utc>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(instants.iter().map(text))
}

fn text(at: &DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize;

    use super::*;

    #[derive(Serialize)]
    struct Both {
        #[serde(serialize_with = "written")]
        at: DateTime<Utc>,
        #[serde(serialize_with = "written_if_any")]
        then: Option<DateTime<Utc>>,
    }

    #[derive(Serialize)]
    struct ByChrono {
        at: DateTime<Utc>,
        then: Option<DateTime<Utc>>,
    }

    proptest! {
        #[test]
        fn an_instant_is_written_as_chrono_writes_it(
            seconds in -99_999_999_999_i64..999_999_999_999,
            digits in 0_u32..10,
            nanos in 0_u32..1_000_000_000,
            is_there: bool,
        ) {
            let nanos = nanos / 10_u32.pow(9 - digits.min(9)) * 10_u32.pow(9 - digits.min(9));
            let at = DateTime::from_timestamp(seconds, nanos).unwrap();
            let then = is_there.then_some(at);
            prop_assert_eq!(
                serde_json::to_string(&Both { at, then }).unwrap(),
                serde_json::to_string(&ByChrono { at, then }).unwrap()
            );
        }
    }
}
