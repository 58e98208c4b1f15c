//! Webhooks that are signed correctly and can't be read. They go on, since nobody knows whose they are, and leave a
//! trace.

use tokio::time::Instant;

use super::settings::{Product, Provider, TelephonySettings};
use super::webhook::Webhook;
use super::{TelephonyEdge, generic, key_of};
use crate::channels::http::answer::Answer;
use crate::channels::http::once::Given;
use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::flag::Flag;
use crate::domain::mention::MENTION_CHARS_MAX;
use crate::intake::passed::Passed;

impl TelephonyEdge {
    /// Passes on a webhook that can't be read, flagged, with an audit entry on the timelines of those whose
    /// identifiers stand in it.
    pub(super) async fn unread(
        &self,
        entry: &TelephonySettings,
        webhook: &Webhook,
        fault: &str,
        deadline: Instant,
    ) -> Given<Answer> {
        // The fault may quote the body.
        tracing::warn!(path = entry.path, "a webhook could not be read; it is passed on");
        let (key, now) = (key_of(entry, webhook), Instant::now());
        if let Some(organisation) = self.intake.organisation(&entry.organisation)
            && self.unread.get(&key, now).is_none()
        {
            self.unread.put(key, now, ());
            let id = format!("call-unread-{}", uuid::Uuid::now_v7().simple());
            let contact = Contact {
                unread: true,
                obscure: Some(beginning(webhook)),
                ..Contact::new(id, channel(entry.product), self.clock.now())
            };
            self.intake.note_passed(&organisation, &contact, Passed::Unread);
        }
        let flags = [Flag::Unread];
        match entry.provider {
            Provider::Generic => Given::ForGood(generic::undecided(webhook, Some(fault), &flags)),
            Provider::Twilio
            | Provider::Vonage
            | Provider::Telnyx
            | Provider::Plivo
            | Provider::Sip => self.pass_on(entry, webhook, &flags, deadline).await,
        }
    }
}

const fn channel(product: Product) -> Channel {
    match product {
        Product::Voice => Channel::Telephone,
        Product::Messaging => Channel::Sms,
    }
}

/// The beginning of what a webhook says: its body, or without one its query.
fn beginning(webhook: &Webhook) -> String {
    let query = webhook.query.as_deref().unwrap_or_default().as_bytes();
    let said = if webhook.body.is_empty() { query } else { &webhook.body };
    String::from_utf8_lossy(said.get(..MENTION_CHARS_MAX).unwrap_or(said)).into_owned()
}
