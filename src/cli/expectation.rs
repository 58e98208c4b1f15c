//! Comparing a decision with what a scenario expects of it.
//!
//! Objects are compared by the keys named; each element of an expected array must be found, in any
//! order; `[]` is an empty array; `null` is null or absent; times are compared as instants.

use chrono::DateTime;
use serde_json::Value;

/// One way in which a decision differs from the expected one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The path of the value, `notice.next_slot`.
    pub at: String,
    pub expected: String,
    pub found: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: expected {}, found {}", self.at, self.expected, self.found)
    }
}

/// Every difference; empty: the decision is as expected.
pub fn differences(expected: &Value, found: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    compare("", expected, found, &mut differences);
    differences
}

fn compare(at: &str, expected: &Value, found: &Value, differences: &mut Vec<Difference>) {
    let differs = match (expected, found) {
        (Value::Object(wanted), Value::Object(there)) => {
            for (key, wanted) in wanted {
                let at = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                let there = there.get(key).unwrap_or(&Value::Null);
                compare(&at, wanted, there, differences);
            }
            return;
        }
        (Value::Array(wanted), Value::Array(there)) if wanted.is_empty() => !there.is_empty(),
        (Value::Array(wanted), Value::Array(there)) => {
            for wanted in wanted {
                if !there.iter().any(|there| matches_whole(wanted, there)) {
                    differences.push(difference(at, &format!("an element {wanted}"), found));
                }
            }
            return;
        }
        (Value::String(wanted), Value::String(there)) => !same_text(wanted, there),
        (Value::Number(wanted), Value::Number(there)) => wanted.as_f64() != there.as_f64(),
        (wanted, there) => wanted != there,
    };
    if differs {
        differences.push(difference(at, &expected.to_string(), found));
    }
}

fn matches_whole(expected: &Value, found: &Value) -> bool {
    differences(expected, found).is_empty()
}

fn same_text(wanted: &str, there: &str) -> bool {
    wanted == there
        || matches!(
            (DateTime::parse_from_rfc3339(wanted), DateTime::parse_from_rfc3339(there)),
            (Ok(wanted), Ok(there)) if wanted == there
        )
}

fn difference(at: &str, expected: &str, found: &Value) -> Difference {
    let at = if at.is_empty() { "the decision" } else { at };
    Difference { at: at.to_owned(), expected: expected.to_owned(), found: found.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_keys_named_count_and_null_is_absent() {
        let found = json!({"a": 1, "b": {"c": [1, 2]}, "route": null});
        for expected in
            [json!({"a": 1}), json!({"b": {"c": [2]}}), json!({"route": null, "notice": null})]
        {
            assert_eq!(differences(&expected, &found), vec![], "{expected}");
        }
        for expected in
            [json!({"a": 2}), json!({"b": {"c": []}}), json!({"b": {"c": [3]}}), json!({"b": null})]
        {
            assert_eq!(differences(&expected, &found).len(), 1, "{expected}");
        }
    }

    #[test]
    fn times_are_compared_as_instants() {
        let found = json!({"t": "2026-11-23T00:00:00Z"});
        assert!(differences(&json!({"t": "2026-11-23T01:00:00+01:00"}), &found).is_empty());
        assert_eq!(differences(&json!({"t": "2026-11-23"}), &found).len(), 1);
    }

    #[test]
    fn array_elements_are_found_in_any_order_and_may_be_partial() {
        let found = json!({"reasons": [{"code": "a", "text": "x"}, {"code": "b", "text": "y"}]});
        let expected = json!({"reasons": [{"code": "b"}, {"code": "a"}]});
        assert!(differences(&expected, &found).is_empty());
    }
}
