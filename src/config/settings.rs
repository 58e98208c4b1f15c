//! What the gateway is configured with, resolved and checked.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;

use super::bank_holidays::Calendars;
use super::fault::Warning;
use super::tokens;
use crate::channels::decisions::settings::ProxySettings;
use crate::channels::http::look::LookSettings;
use crate::channels::mail::settings::{Bind, MailSettings};
use crate::channels::telephony::settings::TelephonySettings;
use crate::channels::web_form::settings::FormSettings;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::profile::Role;
use crate::domain::retention::Schedule;
use crate::forward::events::settings::ReceiverSettings;
use crate::forward::helper::settings::HelperSettings;
use crate::forward::oidc::settings::ProviderSettings;
use crate::runtime::tokens::sha256;
use crate::runtime::trace::TraceSettings;
use crate::staff::settings::StaffMember;
use crate::store::settings::{ArchiveQuota, ArchiveUrl, Codec, StoreUrl};

/// The whole configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    pub store: StoreUrl,
    /// How often everything in an embedded store is read to find damage.
    pub store_read_through: Duration,
    /// How records are written and read: encrypted, where there are keys.
    pub codec: Codec,
    pub archive: ArchiveUrl,
    /// How many originals are kept.
    pub archive_quota: ArchiveQuota,
    /// Folder of what the gateway keeps for itself: the key of the loop mark, messages in hand,
    /// the journal that is written while the store is away.
    pub state: PathBuf,
    pub listen: Listen,
    /// `Some` if there is a mail listener, or a downstream that takes the gateway's own mail.
    pub mail: Option<MailWithoutKey>,
    pub organisations: Vec<Arc<Organisation>>,
    pub forms: Vec<FormSettings>,
    /// The look of the pages, of organisations that have one of their own.
    pub looks: BTreeMap<OrganisationId, LookSettings>,
    pub telephony: Vec<TelephonySettings>,
    /// Decision endpoints that proxies ask.
    pub decisions: Vec<ProxySettings>,
    pub staff: Vec<StaffMember>,
    pub console: ConsoleAccess,
    /// Systems that receive events.
    pub receivers: Vec<ReceiverSettings>,
    /// Services that may add safeguard lanes, of organisations that have one.
    pub helpers: BTreeMap<OrganisationId, HelperSettings>,
    /// How long each organisation keeps its records, of those that say so.
    pub retention: BTreeMap<OrganisationId, Schedule>,
    /// Where traces go, if anywhere.
    pub traces: Option<TraceSettings>,
}

/// The HTTP listeners; `None`: not wanted.
#[derive(Debug, Clone, Default)]
pub struct Listen {
    /// Forms, telephony webhooks, decision endpoints; faces the reverse proxy.
    pub contacts: Option<SocketAddr>,
    /// Console, API, metrics, health; faces the inside.
    pub staff: Option<SocketAddr>,
    /// Reverse proxies of the organisation's own, whose `X-Forwarded-*` fields hold.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Posts of one client to forms in a minute.
    pub posts_per_minute: u32,
}

/// `[staff]`: how the console is reached, and how long somebody stays signed in.
#[derive(Debug, Clone, Default)]
pub struct ConsoleAccess {
    /// Where browsers find it; `None`: by the address that they ask.
    pub public_url: Option<String>,
    pub idle_minutes: u32,
    pub longest_hours: u32,
    /// Roles that must take a second step at sign-in.
    pub second_step: Vec<Role>,
    /// Identity providers by which staff may sign in.
    pub providers: Vec<ProviderSettings>,
}

/// Mail settings that still want the key of the loop mark, which is on disk and no part of a check.
#[derive(Debug, Clone)]
pub struct MailWithoutKey(pub(super) MailSettings);

impl MailWithoutKey {
    /// The settings with the key that [`super::state_key::pass_key`] gives.
    pub fn with_key(&self, pass_key: [u8; 32]) -> MailSettings {
        MailSettings { pass_key, ..self.0.clone() }
    }

    pub fn smtp(&self) -> Option<&Bind> {
        self.0.smtp.as_ref()
    }

    pub fn lmtp(&self) -> Option<&Bind> {
        self.0.lmtp.as_ref()
    }

    pub fn milter(&self) -> Option<&Bind> {
        self.0.milter.as_ref()
    }

    pub fn outbound(&self) -> Option<&Bind> {
        self.0.outbound.as_ref().map(|outbound| &outbound.listen)
    }
}

impl Settings {
    pub fn organisation(&self, id: &str) -> Option<&Arc<Organisation>> {
        self.organisations.iter().find(|organisation| organisation.id.as_str() == id)
    }

    /// Where listeners are to be bound, by the names that sockets have.
    pub fn bound(&self) -> BTreeMap<&'static str, String> {
        let mail = self.mail.as_ref();
        let of_mail = |bind: Option<&Bind>| bind.map(ToString::to_string);
        let all = [
            ("contacts", self.listen.contacts.map(|address| address.to_string())),
            ("staff", self.listen.staff.map(|address| address.to_string())),
            ("smtp", of_mail(mail.and_then(|mail| mail.0.smtp.as_ref()))),
            ("lmtp", of_mail(mail.and_then(|mail| mail.0.lmtp.as_ref()))),
            ("milter", of_mail(mail.and_then(|mail| mail.0.milter.as_ref()))),
            ("outbound", of_mail(mail.and_then(MailWithoutKey::outbound))),
        ];
        all.into_iter().filter_map(|(name, address)| Some((name, address?))).collect()
    }

    pub fn organisation_ids(&self) -> Vec<OrganisationId> {
        self.organisations.iter().map(|organisation| organisation.id.clone()).collect()
    }
}

/// A configuration without faults, and what somebody should know of it.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub settings: Settings,
    pub(super) warnings: Vec<Warning>,
    /// Files that secrets were read from.
    pub secret_files: std::collections::BTreeSet<PathBuf>,
    /// Every file that was read, this configuration's own first among them.
    pub(super) files: std::collections::BTreeSet<PathBuf>,
    pub(super) calendars: Calendars,
    /// The path of every key that was asked for, list indexes left out.
    pub(super) known_keys: std::collections::BTreeSet<String>,
}

impl Loaded {
    /// Tells this configuration from another one: SHA-256 over every file that it was read from.
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut all = Vec::new();
        for file in &self.files {
            all.extend(sha256(file.as_os_str().as_encoded_bytes()));
            all.extend(std::fs::read(file).map_or([0; 32], |bytes| sha256(&bytes)));
        }
        sha256(&all)
    }

    /// What a start or a check on this day warns of.
    pub fn warnings(&self, today: NaiveDate) -> Vec<Warning> {
        let calendars = self.calendars.warning(today).into_iter();
        let tokens = tokens::warnings(&self.settings.staff, &self.settings.organisations, today);
        calendars.chain(tokens).chain(self.warnings.iter().cloned()).collect()
    }

    /// Every key that the configuration may have, `organisation[].mode`.
    pub fn known_keys(&self) -> impl Iterator<Item = &str> {
        self.known_keys.iter().map(String::as_str)
    }
}
