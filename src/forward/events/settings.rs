//! What a receiver of events is configured with.

use chrono_tz::Tz;
use secrecy::SecretString;

use crate::domain::event::EventKind;
use crate::domain::organisation::OrganisationId;

/// One `[[organisation.events]]`: a system that receives events.
#[derive(Debug, Clone)]
pub struct ReceiverSettings {
    pub organisation: OrganisationId,
    /// The organisation's time zone: the days of its restrictions.
    pub zone: Tz,
    /// What it is called in metrics, dead letters and the file of its place; letters, digits and
    /// hyphens.
    pub name: String,
    pub url: hyper::Uri,
    /// Several while one is being changed: each signs. As [`super::signature::Key`] reads them.
    pub secrets: Vec<SecretString>,
    pub kinds: Vec<EventKind>,
}
