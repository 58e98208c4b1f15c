//! Mail to the mailboxes of queues and points of contact: an item on a queue with a mailbox is
//! mailed there as well. The item itself is on the queue whatever becomes of the mail.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::decision::{Decision, Disposition};
use crate::domain::organisation::Organisation;
use crate::domain::queue;
use crate::ports::{Mailer, OwnMail, OwnMailKind};

/// Attempts to send one mail; the item is on its queue either way.
const TRIES_MAX: u32 = 3;
/// Wait before the next try.
const AGAIN_AFTER: Duration = Duration::from_secs(2);

/// The mail that notifies a mailbox of a new item, if there is one to notify. A routed e-mail goes to its
/// mailbox itself, and a routed form is mailed with its fields by the form's own edge.
pub(super) fn announcement(
    organisation: &Organisation,
    contact: &Contact,
    decision: &Decision,
) -> Option<OwnMail> {
    let own_way = matches!(contact.channel, Channel::Email | Channel::WebForm);
    let (queue, to) = match decision.disposition {
        Disposition::Deliver => return None,
        Disposition::Route if own_way => return None,
        Disposition::Route => {
            let route = decision.route.as_ref()?;
            (route.queue.as_str(), route.email.clone()?)
        }
        Disposition::Limit => {
            (queue::LIMITED, organisation.queue_mailboxes.get(queue::LIMITED)?.clone())
        }
        Disposition::File => {
            (queue::FILED, organisation.queue_mailboxes.get(queue::FILED)?.clone())
        }
    };
    let reasons: Vec<String> =
        decision.reasons.iter().map(|reason| format!("- {}", reason.text)).collect();
    let text = format!(
        "A contact {} is on the queue “{queue}”.\n\nWhy:\n{}\n\nReference: {}\n",
        contact.channel.by(),
        reasons.join("\n"),
        contact.id
    );
    Some(OwnMail {
        organisation: organisation.id.clone(),
        key: format!("item:{}", contact.id),
        kind: OwnMailKind::Internal,
        to,
        subject: format!("New on the queue “{queue}”"),
        text,
        html: None,
        in_reply_to: None,
        original: None,
    })
}

/// Sends what comes until every sender is gone.
pub async fn announce(mailer: Arc<dyn Mailer>, mut mails: mpsc::Receiver<OwnMail>) {
    while let Some(mail) = mails.recv().await {
        for attempt in 1..=TRIES_MAX {
            match mailer.send(mail.clone()).await {
                Ok(()) => break,
                Err(error) if error.is_retryable() && attempt < TRIES_MAX => {
                    tokio::time::sleep(AGAIN_AFTER).await;
                }
                Err(error) => {
                    tracing::warn!(%error, attempt, "a mailbox could not be notified");
                    break;
                }
            }
        }
    }
}
