//! What a service of the organisation's own adds to the reading of a contact. It is asked only where no
//! safeguard was found by ourselves and a restriction is in force; what it fails to do changes nothing.

use super::Intake;
use crate::domain::contact::Contact;
use crate::domain::decide;
use crate::domain::organisation::Organisation;
use crate::domain::reading::{Reading, Said};
use crate::domain::sender::Sender;
use crate::runtime::limits::HELPER_WAIT_MAX;
use crate::runtime::trace::{TraceSpan, TraceStep};

impl Intake {
    /// Adds to a reading the lanes that the helper sees in the contact.
    pub(super) async fn helped(
        &self,
        organisation: &Organisation,
        sender: &Sender,
        contact: &Contact,
        reading: &mut Reading,
    ) {
        let helper = self.helper.as_ref().filter(|one| one.is_for(&organisation.id));
        let Some(helper) = helper.filter(|_| reading.hits.is_empty()) else { return };
        let words = Said::of(contact).words();
        let is_restricted = !decide::is_unrestricted(organisation, sender, self.clock.now());
        if words.trim().is_empty() || !is_restricted {
            return;
        }
        let span = TraceSpan::next(TraceStep::Helper);
        let asking = span.clone().around(helper.lanes(&organisation.id, contact.channel, &words));
        // Its own wait is shorter; this holds whatever it does.
        let said = match tokio::time::timeout(HELPER_WAIT_MAX, asking).await {
            Ok(Ok(added)) => {
                let said = if added.is_empty() { "nothing" } else { "added" };
                for one in added {
                    reading.add(one.lane, &one.because);
                }
                said
            }
            Ok(Err(fault)) => {
                tracing::debug!(%fault, "the safeguards' helper failed");
                "failed"
            }
            Err(_) => "failed",
        };
        span.came(said);
        self.metrics.asked_helper(organisation.id.as_str(), said);
    }
}
