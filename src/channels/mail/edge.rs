//! What every session of the mail edge works with.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::message::Protocol;
use super::own_check::OwnCheck;
use super::settings::{MailDirection, MailListener, MailSettings};
use super::spool;
use super::turns::Turns;
use crate::domain::organisation::OrganisationId;
use crate::intake::Intake;
use crate::ports::relay::Relay;
use crate::ports::{Clock, Deliveries, Mailer};
use crate::runtime::limits::MAIL_READERS_MAX;
use crate::runtime::metrics::{MailEvent, MailLabels, Metrics};
use crate::runtime::tls::{Acceptor, TlsFault};

/// The mail edge: one for each direction, shared by its listeners.
pub struct MailEdge {
    pub(super) direction: MailDirection,
    pub(super) settings: Arc<MailSettings>,
    pub(super) intake: Arc<Intake>,
    pub(super) relay: Arc<dyn Relay>,
    pub(super) deliveries: Arc<dyn Deliveries>,
    pub(super) mailer: Arc<dyn Mailer>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) metrics: Arc<Metrics>,
    /// Messages that are parsed at once.
    pub(super) readers: Semaphore,
    pub(super) turns: Turns,
    /// TLS of the SMTP listeners.
    pub(super) tls: Option<Acceptor>,
    /// Where senders are checked here.
    pub(super) own_check: Option<OwnCheck>,
}

/// Why the mail edge can't start.
#[derive(Debug, thiserror::Error)]
pub enum MailEdgeFault {
    #[error("{}: the folder for messages in hand can't be used: {cause}", folder.display())]
    Spool { folder: PathBuf, cause: std::io::Error },
    #[error(transparent)]
    Tls(#[from] TlsFault),
    #[error("the resolver for checking senders can't be set up: {0}")]
    Resolver(std::io::Error),
}

impl MailEdge {
    /// Clears the spool of what a crash left.
    ///
    /// # Errors
    /// The spool folder can't be made or read, the certificate can't be used, or the resolver not be
    /// set up.
    pub fn new(
        settings: Arc<MailSettings>,
        intake: Arc<Intake>,
        relay: Arc<dyn Relay>,
        deliveries: Arc<dyn Deliveries>,
        mailer: Arc<dyn Mailer>,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, MailEdgeFault> {
        spool::clear(&settings.spool)
            .map_err(|cause| MailEdgeFault::Spool { folder: settings.spool.clone(), cause })?;
        let tls = settings.smtp_tls.as_ref().map(Acceptor::new).transpose()?;
        let own_check = match &settings.check {
            Some(check) => Some(
                OwnCheck::new(check.nameserver, &settings.hostname)
                    .map_err(MailEdgeFault::Resolver)?,
            ),
            None => None,
        };
        let readers = Semaphore::new(MAIL_READERS_MAX);
        Ok(MailEdge {
            direction: MailDirection::Inbound,
            settings,
            intake,
            relay,
            deliveries,
            mailer,
            clock,
            metrics,
            readers,
            turns: Turns::default(),
            tls,
            own_check,
        })
    }

    /// The edge of mail that leaves the organisation, relayed by `relay`.
    ///
    /// # Errors
    /// The certificate can't be used.
    pub fn outbound(&self, relay: Arc<dyn Relay>) -> Result<Self, MailEdgeFault> {
        Ok(MailEdge {
            direction: MailDirection::Outbound,
            settings: Arc::clone(&self.settings),
            intake: Arc::clone(&self.intake),
            relay,
            deliveries: Arc::clone(&self.deliveries),
            mailer: Arc::clone(&self.mailer),
            clock: Arc::clone(&self.clock),
            metrics: Arc::clone(&self.metrics),
            readers: Semaphore::new(MAIL_READERS_MAX),
            turns: Turns::default(),
            tls: self.settings.smtp_tls.as_ref().map(Acceptor::new).transpose()?,
            // Mail from inside needs no check of its sender.
            own_check: None,
        })
    }

    /// The listener that a session of this protocol came in by.
    pub(super) const fn listener(&self, protocol: Protocol) -> MailListener {
        match (self.direction, protocol) {
            (MailDirection::Outbound, _) => MailListener::Outbound,
            (MailDirection::Inbound, Protocol::Smtp) => MailListener::Smtp,
            (MailDirection::Inbound, Protocol::Lmtp) => MailListener::Lmtp,
        }
    }

    pub(super) fn count(&self, event: MailEvent, by: u64) {
        self.metrics.mail_events.get_or_create(&MailLabels { event: event.name() }).inc_by(by);
    }

    /// Remembers what downstream has taken. Trouble with it is logged and no more: the worst that
    /// follows is that a retry is delivered twice, which is better than never.
    pub(super) async fn remember(&self, delivered: Vec<(OrganisationId, String)>) {
        let mut delivered = delivered;
        delivered.sort();
        let now = self.clock.now();
        for keys in delivered.chunk_by(|one, two| one.0 == two.0) {
            let Some((organisation, _)) = keys.first() else { continue };
            let keys = keys.iter().map(|(_, key)| key.clone()).collect();
            if let Err(error) = self.deliveries.remember_delivered(organisation, keys, now).await {
                tracing::warn!(%error, "a delivery could not be remembered");
            }
        }
    }
}
