//! Which webhooks begin a call: those with the shape of a provider's first request. Providers announce much
//! else at the same address, and add to it without notice; what is not plainly a first request counts
//! nothing.

use super::settings::TelephonySettings;
use super::webhook::Webhook;

/// What a webhook about a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A call comes in, and its document is asked for.
    First,
    /// Something asks, or tells, on the way of a call.
    UnderWay,
    /// A report on a call.
    Report,
}

/// Names of fields: whole ones, and the beginnings of others.
pub(super) struct KnownFields {
    pub whole: &'static [&'static str],
    pub begin: &'static [&'static str],
}

impl KnownFields {
    fn has(&self, name: &str) -> bool {
        self.whole.contains(&name) || self.begin.iter().any(|begin| name.starts_with(begin))
    }
}

/// Ends of the names of fields that tell how something went, without underscores and in lower case. No
/// first request has one of them, unless it is among the names known of it.
const OF_RESULTS: [&str; 12] = [
    "status",
    "result",
    "event",
    "sequencenumber",
    "digits",
    "dtmf",
    "speech",
    "payload",
    "reason",
    "cause",
    "recordingurl",
    "answeredby",
];

/// How a webhook is taken whose call is in a state in which it may be new.
pub(super) fn stage(
    entry: &TelephonySettings,
    webhook: &Webhook,
    known: &KnownFields,
    rings: bool,
) -> Stage {
    let ours: Vec<String> =
        entry.public_url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    let mut unknown = Vec::new();
    for name in webhook.names() {
        if !(known.has(&name) || webhook.body.is_empty() && ours.contains(&name)) {
            unknown.push(name.to_ascii_lowercase().replace('_', ""));
        }
    }
    let tells = |name: &String| OF_RESULTS.iter().any(|end| name.ends_with(end));
    // A call that rings has had no document, so that whatever a provider adds to its request is no result of
    // one. Later the same fields, and no others, may well be those of a call that another flow hands over.
    match (rings, unknown.is_empty(), unknown.iter().any(tells)) {
        (true, _, false) | (false, true, _) => Stage::First,
        (true, _, true) | (false, false, _) => Stage::UnderWay,
    }
}
