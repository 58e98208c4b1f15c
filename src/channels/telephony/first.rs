//! Which webhooks begin a call: those with the shape of a provider's first request. Providers announce much
//! else at the same address, and add to it without notice. What belongs to a step of a call counts nothing.

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

/// How a webhook is taken whose call still rings: as its beginning, unless the webhook has one of the `results`,
/// which providers send only of a step of a call. A name that is not known says nothing here, since providers
/// add to a first request without notice, and a caller who is taken for one on the way would reach nobody.
pub(super) fn ringing(
    entry: &TelephonySettings,
    webhook: &Webhook,
    results: &[&'static str],
) -> Stage {
    match names(entry, webhook).iter().any(|name| results.contains(&name.as_str())) {
        true => Stage::UnderWay,
        false => Stage::First,
    }
}

/// How a webhook is taken whose call is connected. With the fields of a first request, and no others, it may
/// well be that of a call that another flow hands over.
pub(super) fn connected(
    entry: &TelephonySettings,
    webhook: &Webhook,
    known: &KnownFields,
) -> Stage {
    match names(entry, webhook).iter().all(|name| known.has(name)) {
        true => Stage::First,
        false => Stage::UnderWay,
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

/// How a webhook is taken that does not say in which state its call is.
pub(super) fn stateless(
    entry: &TelephonySettings,
    webhook: &Webhook,
    known: &KnownFields,
) -> Stage {
    let tells = |name: &String| {
        let name = name.to_ascii_lowercase().replace('_', "");
        OF_RESULTS.iter().any(|end| name.ends_with(end))
    };
    match names(entry, webhook).iter().any(|name| !known.has(name) && tells(name)) {
        true => Stage::UnderWay,
        false => Stage::First,
    }
}

/// The names of a webhook's fields that are the provider's: those of the entry's own address come back with
/// every GET.
fn names(entry: &TelephonySettings, webhook: &Webhook) -> Vec<String> {
    let mut names = webhook.names();
    if webhook.body.is_empty() {
        names.retain(|name| entry.public_url.query_pairs().all(|(ours, _)| ours != *name));
    }
    names
}
