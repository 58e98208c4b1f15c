//! Seals the audit trails, again and again, and signs for each once a day.

use std::sync::Arc;

use crate::casework::Desk;
use crate::casework::sealing::anchor::AnchorKey;
use crate::domain::organisation::OrganisationId;
use crate::runtime::limits::SEAL_EVERY;
use crate::runtime::metrics::Metrics;
use crate::runtime::shutdown::Stopping;

/// Every gateway seals; each seal is of one of them.
pub(super) struct Sealer {
    pub desk: Desk,
    pub organisations: Vec<OrganisationId>,
    pub key: AnchorKey,
    pub metrics: Arc<Metrics>,
}

impl Sealer {
    /// Waits first: what a start finds has been sealed before the stop, or is sealed a minute later.
    pub(super) async fn run(self, mut stopping: Stopping) {
        loop {
            if stopping.unless(tokio::time::sleep(SEAL_EVERY)).await.is_none() {
                return;
            }
            if stopping.unless(self.round()).await.is_none() {
                return;
            }
        }
    }

    /// An unavailable store is reported as the part `store`; only a lasting fault counts as one of sealing.
    async fn round(&self) {
        let mut works = true;
        for organisation in &self.organisations {
            match self.desk.seal(organisation, &self.key).await {
                Ok(sealed) => {
                    if let Some(anchor) = sealed.anchor {
                        // Log files are often kept elsewhere: an anchor is worth what it is kept apart.
                        tracing::info!(
                            %organisation, entry = anchor.entry, link = %anchor.link, key = anchor.key,
                            signature = anchor.signature, at = %anchor.at, "audit trail anchored"
                        );
                    }
                }
                Err(fault) if fault.is_retryable() => {
                    tracing::debug!(%fault, %organisation, "the audit trail is not sealed yet; \
                        trying again");
                }
                Err(fault) => {
                    works = false;
                    tracing::error!(%fault, %organisation, "the audit trail can't be sealed");
                }
            }
        }
        self.metrics.part("seals", works);
    }
}

#[cfg(test)]
mod tests {
    use super::super::outward::NoMailServer;
    use super::*;
    use crate::casework::sealing::seal::{self, SEAL};
    use crate::ports::documents::{Batch, Document, Documents as _};
    use crate::ports::{Clock as _, Stamp, SystemClock};
    use crate::store::archive::FileArchive;
    use crate::store::memory::Memory;

    #[tokio::test]
    async fn a_trail_that_can_not_be_sealed_is_a_part_that_does_not_work() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Arc::new(FileArchive::open(folder.path()).unwrap());
        let store = Memory::new();
        let desk = Desk::new(store.clone(), archive, Arc::new(NoMailServer), Arc::new(SystemClock));
        let (karbon, metrics) = (OrganisationId::new("karbon"), Arc::new(Metrics::new()));
        let sealer = Sealer {
            desk,
            organisations: vec![karbon.clone()],
            key: AnchorKey::of_seed(&[7; 32]).unwrap(),
            metrics: Arc::clone(&metrics),
        };
        let says = |line: &str| metrics.text_for("karbon").lines().any(|one| one == line);
        sealer.round().await;
        assert!(says("contact_gateway_part_up{part=\"seals\"} 1"));

        let damaged = Document::new(SEAL, seal::id(1), 0, Vec::new(), &"no seal").unwrap();
        let stamp = Stamp { by: "Ann".to_owned(), at: SystemClock.now() };
        store.write(&karbon, Batch::new(stamp).put(damaged)).await.unwrap();
        sealer.round().await;
        assert!(says("contact_gateway_part_up{part=\"seals\"} 0"));
    }
}
