//! A contact as it is posted.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::Deserialize;

/// Nothing is copied that needs no unescaping.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "a contact has these fields, of these kinds, whoever looks at them")]
pub(super) struct Contact<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow)]
    channel: Cow<'a, str>,
    at: DateTime<Utc>,
    #[serde(borrow)]
    from: Vec<Sender<'a>>,
    #[serde(borrow)]
    subject: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) text: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "as for a contact")]
struct Sender<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    value: Cow<'a, str>,
    #[serde(borrow)]
    assurance: Cow<'a, str>,
}
