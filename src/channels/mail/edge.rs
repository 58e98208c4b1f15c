//! What every session of the mail edge works with.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::settings::MailSettings;
use super::spool;
use crate::domain::organisation::OrganisationId;
use crate::intake::Intake;
use crate::ports::relay::Relay;
use crate::ports::{Clock, Deliveries, Mailer};
use crate::runtime::metrics::Metrics;

/// The mail edge: one for the process, shared by its listeners.
pub struct MailEdge {
    pub(super) settings: Arc<MailSettings>,
    pub(super) intake: Arc<Intake>,
    pub(super) relay: Arc<dyn Relay>,
    pub(super) deliveries: Arc<dyn Deliveries>,
    pub(super) mailer: Arc<dyn Mailer>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) counts: Counts,
}

/// What happened on the wire that somebody may want to know of.
#[derive(Debug, Default)]
pub struct Counts {
    /// Bare CRs and LFs of trusted servers that were made CRLF.
    pub bare_ends_normalised: AtomicU64,
    /// Sessions that ended on a bare CR or LF.
    pub bare_ends_refused: AtomicU64,
    /// Messages with fields of the gateway's own names that the gateway did not write.
    pub forged_fields: AtomicU64,
    /// Messages that could not be read in full; they went on unread.
    pub unread: AtomicU64,
    /// Messages that carried a valid loop mark.
    pub passed_by_mark: AtomicU64,
}

pub(super) fn count(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

impl MailEdge {
    /// Clears the spool of what a crash left.
    ///
    /// # Errors
    /// The spool folder can't be made or read.
    pub fn new(
        settings: Arc<MailSettings>,
        intake: Arc<Intake>,
        relay: Arc<dyn Relay>,
        deliveries: Arc<dyn Deliveries>,
        mailer: Arc<dyn Mailer>,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
    ) -> std::io::Result<Self> {
        spool::clear(&settings.spool)?;
        let counts = Counts::default();
        Ok(MailEdge { settings, intake, relay, deliveries, mailer, clock, metrics, counts })
    }

    pub const fn counts(&self) -> &Counts {
        &self.counts
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
