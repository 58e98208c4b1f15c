//! Seals the audit trails, again and again, and signs for each once a day.

use crate::casework::Desk;
use crate::casework::sealing::anchor::AnchorKey;
use crate::domain::organisation::OrganisationId;
use crate::runtime::limits::SEAL_EVERY;
use crate::runtime::shutdown::Stopping;

/// Every gateway seals; each seal is of one of them.
pub(super) struct Sealer {
    pub desk: Desk,
    pub organisations: Vec<OrganisationId>,
    pub key: AnchorKey,
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

    async fn round(&self) {
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
                    tracing::error!(%fault, %organisation, "the audit trail can't be sealed");
                }
            }
        }
    }
}
