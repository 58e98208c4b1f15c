//! JSON bodies, read in one pass that keeps the members asked for and nothing else: a body of 25 MB
//! may hold millions of values, and each that is kept costs many times its bytes.
//!
//! A duplicate key is seen twice: whether a form's handler uses the first or the last is not
//! ours to guess.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::found::{Found, is_named};
use crate::runtime::limits::FORM_LENIENT_BYTES_MAX;

mod lenient;

pub use lenient::made_strict;

/// A field asked for: its name, and the steps to it. A pointer (RFC 6901) where it starts with `/`,
/// else a member of the outermost object.
struct Asked {
    name: String,
    steps: Vec<String>,
}

impl Asked {
    fn new(name: &str) -> Self {
        let steps = match name.strip_prefix('/') {
            Some(pointer) => {
                pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
            }
            None => vec![name.to_owned()],
        };
        Asked { name: name.to_owned(), steps }
    }
}

/// Reads the configured fields from a body as strict readers do, and where those refuse it as lenient ones.
/// `None`: neither can read it as JSON, or it nests deeper than serde_json's bound.
pub(super) fn read(body: &[u8], kept: Found) -> Option<Found> {
    let again = kept.anew();
    strictly(body, kept).or_else(|| {
        let is_small = body.len() <= FORM_LENIENT_BYTES_MAX;
        is_small.then(|| strictly(&made_strict(body), again)).flatten()
    })
}

fn strictly(body: &[u8], mut kept: Found) -> Option<Found> {
    let asked: Vec<Asked> = kept.names().map(Asked::new).collect();
    let ways = asked.iter().map(|asked| Way { name: &asked.name, left: &asked.steps }).collect();
    let mut json = serde_json::Deserializer::from_slice(body);
    Place { ways, kept: &mut kept }.deserialize(&mut json).ok()?;
    json.end().ok()?;
    Some(kept)
}

/// The rest of the way to a field asked for; nothing: it is here, and all below belongs to it.
#[derive(Clone, Copy)]
struct Way<'a> {
    name: &'a str,
    left: &'a [String],
}

/// A place in the document.
struct Place<'a, 'k> {
    ways: Vec<Way<'a>>,
    kept: &'k mut Found,
}

impl<'a> Place<'a, '_> {
    /// The ways that go on by a step, or end above it. A pointer's steps are exact; a member is found as
    /// form handlers find a field.
    fn below(&self, is_step: impl Fn(&str, bool) -> bool) -> Vec<Way<'a>> {
        let goes_on = |way: &Way<'a>| match way.left.split_first() {
            None => Some(*way),
            Some((step, left)) => {
                let exact = way.name.starts_with('/');
                is_step(step, exact).then_some(Way { name: way.name, left })
            }
        };
        self.ways.iter().filter_map(goes_on).collect()
    }

    fn scalar(self, text: &str) {
        let mut is_asked = false;
        for way in self.ways.iter().filter(|way| way.left.is_empty()) {
            is_asked = true;
            self.kept.named(way.name, text);
        }
        if !is_asked {
            self.kept.other(text);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.ways.is_empty() && !self.kept.wants_others() {
            return deserializer.deserialize_ignored_any(IgnoredAny).map(|_| ());
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.scalar(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.scalar(&value.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.scalar(&value.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.scalar(&value.to_string());
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.scalar(value);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut at = 0_usize;
        loop {
            let ways = self.below(|step, _| step.parse() == Ok(at));
            if list.next_element_seed(Place { ways, kept: &mut *self.kept })?.is_none() {
                return Ok(());
            }
            at += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let ways =
                self.below(|step, exact| if exact { step == key } else { is_named(&key, step) });
            map.next_value_seed(Place { ways, kept: &mut *self.kept })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(body: &str, name: &str) -> Vec<String> {
        let kept = read(body.as_bytes(), Found::new([name], false)).unwrap();
        kept.values(name).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn members_are_found_by_name_and_pointer_every_time_they_stand() {
        let body = r#"{"email":"a@x.example","customer":{"tel/no":447700900001,"mails":["b@x.example"]},"email":"c@x.example","ref":null}"#;
        assert_eq!(values(body, "email"), ["a@x.example", "c@x.example"]);
        assert_eq!(values(body, "/customer/tel~1no"), ["447700900001"]);
        assert_eq!(values(body, "/customer/mails/0"), ["b@x.example"]);
        assert_eq!(values(body, "/customer/mails"), ["b@x.example"]);
        assert!(values(body, "ref").is_empty());
        assert!(values(body, "/email/x").is_empty());
        let kept = read(body.as_bytes(), Found::new(["email"], true)).unwrap();
        assert_eq!(kept.others(), "447700900001\nb@x.example\n");
    }

    #[test]
    fn what_a_strict_reader_refuses_is_read_as_a_lenient_one_does() {
        for body in [
            "{\"text\":\"one\ntwo\",\"email\":\"a@x.example\"}",
            r#"{"text":"\ud83d","email":"a@x.example"}"#,
            r#"{"score":NaN,"email":"a@x.example",}"#,
        ] {
            assert_eq!(values(body, "email"), ["a@x.example"], "{body}");
        }
        // Nothing of the first reading is left over.
        let body = r#"{"email":"a@x.example","email":"b@x.example","n":Infinity}"#;
        assert_eq!(values(body, "email"), ["a@x.example", "b@x.example"]);
        for broken in ["{'email':'a@x.example'}", "email=a@x.example", "{\"email\":\"a@x.example\""]
        {
            assert!(read(broken.as_bytes(), Found::new(["email"], false)).is_none(), "{broken}");
        }
    }

    #[test]
    fn what_nests_without_end_is_not_read_and_breaks_nothing() {
        for nested in ["[", "{\"email\":", "[{\"a\":"] {
            let body = nested.repeat(400_000);
            assert!(read(body.as_bytes(), Found::new(["email"], false)).is_none());
            assert!(read(body.as_bytes(), Found::new(["email"], true)).is_none());
            // Inside of what nobody asked for.
            let ignored = format!("{{\"x\":{body}");
            assert!(read(ignored.as_bytes(), Found::new(["email"], false)).is_none());
        }
        let closed =
            format!("{{\"x\":{}{},\"email\":\"a@x\"}}", "[".repeat(400_000), "]".repeat(400_000));
        assert_eq!(values(&closed, "email"), ["a@x"]);
    }
}
