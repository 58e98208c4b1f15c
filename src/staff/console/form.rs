//! Forms as browsers post them, and own paths.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::Extensions;

use super::trouble::Trouble;
use super::visit::Visitor;
use crate::runtime::limits::{
    CONSOLE_FIELD_BYTES, CONSOLE_FIELDS_MAX, CONSOLE_FORM_BYTES_MAX, CONSOLE_OPEN_FORM_BYTES_MAX,
};
use crate::staff::incoming;

/// Fields of the console's forms that hold a password or a code.
const SECRETS: [&str; 5] = ["password", "again", "old", "old_code", "code"];

/// A posted form: fields in their order, any of them more than once.
#[derive(Clone)]
pub(super) struct Posted(Arc<[(String, String)]>);

impl Posted {
    fn of(body: &[u8]) -> Posted {
        Posted(form_urlencoded::parse(body).into_owned().collect())
    }

    /// The form that a request brings, in up to `max` bytes. What is made of it counts as the body does.
    pub(super) async fn read(of: &Extensions, body: Body, max: usize) -> Result<Self, Trouble> {
        let body = incoming::taken(of, body, max).await?;
        let fields = memchr::memchr_iter(b'&', &body).count() + 1;
        if fields > CONSOLE_FIELDS_MAX {
            return Err(Trouble::TooLong);
        }
        incoming::make_room(of, body.len() + fields * CONSOLE_FIELD_BYTES)?;
        Ok(Posted::of(&body))
    }

    /// The first field of a name, or an empty text.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Every field of a name: check-boxes.
    pub(super) fn every<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// What somebody wrote: everything that is more than a word, and what is called `text`; never a password.
    pub(super) fn written(&self) -> String {
        let texts = self.0.iter().filter(|(name, value)| {
            let value = value.trim();
            !value.is_empty()
                && !SECRETS.contains(&name.as_str())
                && (name == "text" || value.contains(char::is_whitespace))
        });
        texts.map(|(_, value)| value.trim()).collect::<Vec<_>>().join("\n\n")
    }

    pub(super) fn all(&self) -> &[(String, String)] {
        &self.0
    }
}

impl<S: Sync> FromRequest<S> for Posted {
    type Rejection = Trouble;

    async fn from_request(mut request: Request, _: &S) -> Result<Self, Trouble> {
        // Of somebody who is signed in it was read on the way here.
        if let Some(read) = request.extensions_mut().remove::<Posted>() {
            return Ok(read);
        }
        let max = match request.extensions().get::<Visitor>() {
            Some(_) => CONSOLE_FORM_BYTES_MAX,
            None => CONSOLE_OPEN_FORM_BYTES_MAX,
        };
        let (parts, body) = request.into_parts();
        Posted::read(&parts.extensions, body, max).await
    }
}

/// Where to go on, if it is a path of ours: no other host, nothing that a browser reads as one.
pub(super) fn own_path(written: &str) -> Option<&str> {
    const PATH_BYTES_MAX: usize = 2_000;
    let is_path = written.starts_with('/') && !written.starts_with("//");
    // Browsers take a backslash for a slash, and drop control characters.
    let plain = written.bytes().all(|byte| (b'!'..=b'~').contains(&byte) && byte != b'\\');
    (is_path && plain && written.len() <= PATH_BYTES_MAX).then_some(written)
}

/// A part of a path or a value of a query, quoted.
pub(super) fn quoted(text: &str) -> String {
    let quoted: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    // In a path a blank is not a plus.
    quoted.replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_paths_are_gone_on_to() {
        for own in ["/", "/queues/limited?after=x#row", "/items/a%2Fb"] {
            assert_eq!(own_path(own), Some(own));
        }
        for other in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "javascript:alert(1)",
            "/a b",
            "/ŵ",
        ] {
            assert_eq!(own_path(other), None, "{other:?}");
        }
        assert_eq!(own_path(&format!("/{}", "a".repeat(3_000))), None);
    }

    #[test]
    fn what_is_quoted_can_stand_in_a_path() {
        assert_eq!(quoted("a/b c?d&e=ŵ"), "a%2Fb%20c%3Fd%26e%3D%C5%B5");
    }
}
