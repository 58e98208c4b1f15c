//! The mail of a reminder to its queue's mailbox: written down with the reminder, and taken off once a server has
//! taken it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::lease::{Held, Lease, Take, Work};
use super::{Desk, Fault, NotDone, say_not_done};
use crate::domain::organisation::Organisation;
use crate::domain::queue::QueueItem;
use crate::ports::documents::{BY_ID, Listing};
use crate::ports::{Mailer, OwnMail, OwnMailKind};
use crate::runtime::limits::REMINDER_MAILED_FOR;

/// A reminder that is to be mailed to its queue's mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ToMail {
    item: String,
    at: DateTime<Utc>,
    /// Recipient and text; `None`: the queue's mailbox and the item's subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    own: Option<(String, String)>,
    #[serde(default)]
    lease: Lease,
}

impl Work for ToMail {
    const KIND: &'static str = "reminder_mail";

    fn id(&self) -> &str {
        &self.item
    }

    fn at(&self) -> DateTime<Utc> {
        self.at
    }

    fn lease(&mut self) -> &mut Lease {
        &mut self.lease
    }
}

impl ToMail {
    pub(super) const fn new(item: String, at: DateTime<Utc>) -> Self {
        ToMail { item, at, own: None, lease: Lease::NONE }
    }

    /// With a recipient and a text of its own.
    #[must_use]
    pub(super) fn saying(self, to: String, text: String) -> Self {
        ToMail { own: Some((to, text)), ..self }
    }
}

impl Desk {
    /// Mails a reminder; a stop does not cut that off.
    pub(super) async fn mail_outliving(
        &self,
        organisation: &Arc<Organisation>,
        mailer: &Arc<dyn Mailer>,
        held: Held<ToMail>,
        item: QueueItem,
    ) -> bool {
        let (desk, organisation) = (self.clone(), Arc::clone(organisation));
        let mailer = Arc::clone(mailer);
        let mailing = self
            .outlive(async move { desk.mail(&organisation, mailer.as_ref(), &held, &item).await });
        mailing.await.unwrap_or(false)
    }

    /// Mails a reminder to the mailbox of its queue; `false`: that is tried again later. It is on the queue
    /// whatever comes of that.
    async fn mail(
        &self,
        organisation: &Organisation,
        mailer: &dyn Mailer,
        held: &Held<ToMail>,
        item: &QueueItem,
    ) -> Result<bool, Fault> {
        let of_queue = || {
            let to = organisation.queue_mailboxes.get(&item.queue)?;
            Some((to.clone(), item.subject.clone().unwrap_or_default()))
        };
        let Some((to, text)) = held.work.own.clone().or_else(of_queue) else {
            self.done_with(held).await?;
            return Ok(true);
        };
        let mail = OwnMail {
            organisation: organisation.id.clone(),
            key: item.id.clone(),
            kind: OwnMailKind::Internal,
            to,
            subject: text.clone(),
            text,
            html: None,
            in_reply_to: None,
            original: None,
        };
        let error = match self.while_held(held, mailer.send(mail)).await {
            Ok(()) => {
                self.done_with(held).await?;
                return Ok(true);
            }
            Err(error) => error,
        };
        let is_tried_again =
            error.is_retryable() && self.clock.now() - held.work.at < REMINDER_MAILED_FOR;
        let work = NotDone { what: "the mail of a reminder", id: &item.id };
        say_not_done(&organisation.id, work, &error, is_tried_again);
        if is_tried_again {
            self.put_off(held, Desk::pause_of(held)).await?;
        } else {
            self.done_with(held).await?;
        }
        Ok(!is_tried_again)
    }

    /// Mails the reminders whose mail was put off, or cut off, as long as somebody has to deal with them.
    pub(super) async fn mail_what_was_left(
        &self,
        organisation: &Organisation,
        mailer: &dyn Mailer,
    ) -> Result<(), Fault> {
        let mut listing = Listing::of(BY_ID);
        loop {
            let id = &organisation.id;
            let page = self.store.documents(id, ToMail::KIND, listing.clone()).await?;
            for document in &page.documents {
                if self.is_closing() {
                    return Ok(());
                }
                let Some(held) = self.take_up::<ToMail>(id, document, Take::Due).await? else {
                    continue;
                };
                let is_mailed = match self.store.item(id, &held.work.item).await? {
                    Some(item) if item.state.is_waiting() => {
                        self.mail(organisation, mailer, &held, &item).await?
                    }
                    Some(_) | None => {
                        self.done_with(&held).await?;
                        true
                    }
                };
                if !is_mailed {
                    return Ok(());
                }
            }
            match page.next {
                Some(next) => listing.after = Some(next),
                None => return Ok(()),
            }
        }
    }
}
