//! Keeps every organisation's casework, until the stop.

use std::sync::Arc;

use crate::casework::{Desk, Fault};
use crate::domain::organisation::Organisation;
use crate::domain::queue::QueueItem;
use crate::ports::{Mailer, OwnMail, OwnMailKind};
use crate::runtime::limits::{KEEPER_EVERY, KEEPER_REMINDS_EVERY};
use crate::runtime::shutdown::Stopping;

pub(super) async fn keep(
    desk: Desk,
    mailer: Arc<dyn Mailer>,
    organisations: Vec<Arc<Organisation>>,
    mut stopping: Stopping,
) {
    let mut rounds: u32 = 0;
    loop {
        for organisation in &organisations {
            let reminds = rounds.is_multiple_of(KEEPER_REMINDS_EVERY);
            match stopping.unless(round(&desk, &mailer, organisation, reminds)).await {
                None => return,
                Some(Ok(())) => {}
                // The store is away, or behind: the next round does the same.
                Some(Err(fault)) if fault.is_retryable() => {
                    tracing::debug!(%fault, organisation = %organisation.id, "casework waits");
                }
                Some(Err(fault)) => {
                    tracing::error!(%fault, organisation = %organisation.id, "casework is not kept");
                }
            }
        }
        rounds = rounds.wrapping_add(1);
        if stopping.unless(tokio::time::sleep(KEEPER_EVERY)).await.is_none() {
            return;
        }
    }
}

async fn round(
    desk: &Desk,
    mailer: &Arc<dyn Mailer>,
    organisation: &Arc<Organisation>,
    reminds: bool,
) -> Result<(), Fault> {
    desk.keep_house(organisation).await?;
    if !reminds {
        return Ok(());
    }
    for item in desk.remind(organisation).await? {
        mail(mailer, organisation, item).await;
    }
    Ok(())
}

/// A reminder is mailed where its queue has a mailbox. It is on the queue whatever comes of that.
async fn mail(mailer: &Arc<dyn Mailer>, organisation: &Organisation, item: QueueItem) {
    let Some(to) = organisation.queue_mailboxes.get(&item.queue) else { return };
    let text = item.subject.unwrap_or_default();
    let mail = OwnMail {
        organisation: organisation.id.clone(),
        key: item.id,
        kind: OwnMailKind::Internal,
        to: to.clone(),
        subject: text.clone(),
        text,
        in_reply_to: None,
        original: None,
    };
    if let Err(error) = mailer.send(mail).await {
        tracing::warn!(%error, "a reminder could not be mailed; it is on its queue");
    }
}
