//! Reading JSON so that a fault says where it is and what would be right.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};

/// Why a text is not the JSON that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}{}: {message}", at_key(.key))]
pub struct JsonFault {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// The path to the value, `people[0].restrictions[1].limit`; empty: the whole document.
    pub key: String,
    pub message: String,
    /// The text is JSON; it holds something else than was asked for.
    pub wellformed: bool,
}

fn at_key(key: &str) -> String {
    if key.is_empty() || key == "." { String::new() } else { format!(", at `{key}`") }
}

/// Reads a whole document; anything after it is a fault.
///
/// # Errors
/// [`JsonFault`] names line, column and key.
pub fn parse<T: DeserializeOwned>(source: &str) -> Result<T, JsonFault> {
    // Tracking the position costs more than reading: only faulty input pays for it.
    serde_json::from_str(source).or_else(|_| parse_and_follow(source))
}

fn parse_and_follow<T: DeserializeOwned>(source: &str) -> Result<T, JsonFault> {
    let mut deserializer = serde_json::Deserializer::from_str(source);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let key = error.path().to_string();
        fault(error.inner(), key)
    })?;
    deserializer.end().map_err(|error| fault(&error, String::new()))?;
    Ok(value)
}

/// As [`parse`], for what people write: a key that an object has twice is a fault as well, since one of its values
/// would go unread.
///
/// # Errors
/// As [`parse`].
pub fn parse_each_key_once<T: DeserializeOwned>(source: &str) -> Result<T, JsonFault> {
    let value = parse(source)?;
    given_twice(source).map_or(Ok(value), Err)
}

const TWICE: (&str, &str) = ("the key `", "` is given twice; keep one");

/// The first key that an object in the document repeats. `None` if no key is repeated, or the text is not JSON.
pub fn given_twice(source: &str) -> Option<JsonFault> {
    let mut deserializer = serde_json::Deserializer::from_str(source);
    let error = serde_path_to_error::deserialize::<_, EachKeyOnce>(&mut deserializer).err()?;
    let fault = fault(error.inner(), error.path().to_string());
    let named = fault.message.strip_prefix(TWICE.0)?.strip_suffix(TWICE.1)?;
    let key = match fault.key.as_str() {
        "" | "." => named.to_owned(),
        path => format!("{path}.{named}"),
    };
    Some(JsonFault { key, ..fault })
}

/// Any value in which no object has a key twice.
struct EachKeyOnce;

impl<'de> Deserialize<'de> for EachKeyOnce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeyWatch)
    }
}

/// Reads an [`EachKeyOnce`].
struct KeyWatch;

impl<'de> Visitor<'de> for KeyWatch {
    type Value = EachKeyOnce;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<EachKeyOnce, E> {
        Ok(EachKeyOnce)
    }

    fn visit_i64<E>(self, _: i64) -> Result<EachKeyOnce, E> {
        Ok(EachKeyOnce)
    }

    fn visit_u64<E>(self, _: u64) -> Result<EachKeyOnce, E> {
        Ok(EachKeyOnce)
    }

    fn visit_f64<E>(self, _: f64) -> Result<EachKeyOnce, E> {
        Ok(EachKeyOnce)
    }

    fn visit_str<E>(self, _: &str) -> Result<EachKeyOnce, E> {
        Ok(EachKeyOnce)
    }

    fn visit_unit<E>(self) -> Result<EachKeyOnce, E> {
        Ok(EachKeyOnce)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<EachKeyOnce, A::Error> {
        while list.next_element::<EachKeyOnce>()?.is_some() {}
        Ok(EachKeyOnce)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<EachKeyOnce, A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = object.next_key::<String>()? {
            if seen.contains(&key) {
                return Err(de::Error::custom(format_args!("{}{key}{}", TWICE.0, TWICE.1)));
            }
            seen.insert(key);
            object.next_value::<EachKeyOnce>()?;
        }
        Ok(EachKeyOnce)
    }
}

/// Whether JSON holds no more [`values`] than this.
pub fn has_at_most(most: usize, json: &[u8]) -> bool {
    // Each value but the first takes two bytes at least.
    json.len() / 2 < most || values(json) <= most
}

/// How many values JSON holds, in lists and members, nested ones too: each takes memory, and the shortest takes
/// most for its length. What is not JSON may be counted as anything.
pub fn values(json: &[u8]) -> usize {
    let (mut seen, mut in_text, mut is_escaped) = (1_usize, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_text,
            b'"' => in_text = !in_text,
            b',' | b'[' | b'{' if !in_text => seen += 1,
            _ => {}
        }
    }
    seen
}

/// Reads a part of a larger document. `whole` is the document, `part` a slice of it, `key` the path
/// to the part; the fault is placed in the whole.
///
/// # Errors
/// As [`parse`].
pub fn parse_part<T: DeserializeOwned>(whole: &str, part: &str, key: &str) -> Result<T, JsonFault> {
    parse(part).map_err(|fault| {
        let (line, first_column) = place(whole, part);
        let column = if fault.line == 1 { fault.column + first_column - 1 } else { fault.column };
        let key = match fault.key.as_str() {
            "" | "." => key.to_owned(),
            inner => format!("{key}.{inner}"),
        };
        JsonFault { line: fault.line + line - 1, column, key, ..fault }
    })
}

/// The line and column, from 1, at which a part of a document begins.
pub fn place(whole: &str, part: &str) -> (usize, usize) {
    let offset = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
    let before = whole.get(..offset).unwrap_or_default();
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count());
    (before.matches('\n').count() + 1, column + 1)
}

/// The fault of an error of the parser, without the place that the parser puts into its text.
pub fn fault(error: &serde_json::Error, key: String) -> JsonFault {
    let text = error.to_string();
    // serde_json puts the place behind its message; it is given apart here.
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    JsonFault {
        line: error.line().max(1),
        column: error.column().max(1),
        key,
        message: message.to_owned(),
        wellformed: error.is_data(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Pair {
        a: u32,
        b: Vec<u32>,
    }

    #[test]
    fn a_fault_names_line_column_and_key() {
        let fault = parse::<Pair>("{\"a\": 1,\n \"b\": [1, \"x\"]}").unwrap_err();
        assert_eq!((fault.line, fault.key.as_str()), (2, "b[1]"));
        let fault = parse::<Pair>("{\"a\": 1, \"c\": 2}").unwrap_err();
        assert!(fault.message.contains("unknown field `c`"), "{fault}");
        assert!(parse::<Pair>("{\"a\": 1, \"b\": []} x").is_err());
    }

    #[test]
    fn a_key_that_is_given_twice_is_named_at_any_depth() {
        let source = "{\"a\": [1, null, {\"x\": {\"y\": 1.5, \"z\": true,\n \"\\u0079\": \"q\"}}], \"b\": -1}";
        let fault = given_twice(source).unwrap();
        assert_eq!((fault.line, fault.key.as_str()), (2, "a[2].x.y"));
        assert_eq!(fault.message, "the key `y` is given twice; keep one");
        assert!(fault.wellformed);
        let fault = parse_each_key_once::<serde_json::Value>("{\"a\": 1, \"a\": 1}").unwrap_err();
        assert_eq!((fault.line, fault.key.as_str()), (1, "a"));
        // The same key in two objects, and what is no JSON.
        assert_eq!(given_twice("[{\"a\": {\"a\": 1}}, {\"a\": 2}]"), None);
        assert_eq!(given_twice("{\"a\": }"), None);
        parse_each_key_once::<Pair>("{\"a\": 1, \"b\": []}").unwrap();
    }

    #[test]
    fn values_are_counted_and_text_is_not() {
        let listed = |count: usize| format!("[{}]", vec!["0"; count].join(","));
        assert!(has_at_most(100, listed(98).as_bytes()));
        assert!(!has_at_most(100, listed(120).as_bytes()));
        let nested = format!("{}{}", "[".repeat(200), "]".repeat(200));
        assert!(!has_at_most(100, nested.as_bytes()));
        assert!(!has_at_most(100, vec![r#"{"":0}"#; 120].join(",").as_bytes()));
        let text = format!(r#"{{"a":"{} \" {}"}}"#, ",[{".repeat(200), ",".repeat(200));
        assert!(has_at_most(100, text.as_bytes()));
        assert!(!has_at_most(100, format!(r#"["\\",{}]"#, "0,".repeat(200)).as_bytes()));
    }

    #[test]
    fn a_part_is_placed_in_the_whole() {
        let whole = "{\n\"x\": {\"a\": -1,\n\"b\": []}}";
        let part = &whole[7..whole.len() - 1];
        let fault = parse_part::<Pair>(whole, part, "x").unwrap_err();
        assert_eq!((fault.line, fault.key.as_str()), (2, "x.a"));
    }
}
