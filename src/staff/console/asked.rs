//! What an address asks for after its `?`. What can't be read is as if it were not there: addresses are
//! typed, cut and sent on.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

pub(super) struct Asked(Vec<(String, String)>);

impl Asked {
    /// As if it had been asked for by address.
    pub(super) fn of(asked: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Asked(asked.iter().map(owned).collect())
    }

    /// The first value of a name, unless it is empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim());
        found.filter(|value| !value.is_empty())
    }

    pub(super) fn all(&self) -> &[(String, String)] {
        &self.0
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Asked(form_urlencoded::parse(query.as_bytes()).into_owned().collect()))
    }
}
