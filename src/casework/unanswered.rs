//! Contacts that a point of contact has not taken up within the organisation's hours pass to the next deputy who is
//! present, or to the team.

use std::sync::Arc;

use super::lease::Held;
use super::reminder_mail::ToMail;
use super::{Desk, Fault};
use crate::domain::answered_by::routed_by;
use crate::domain::audit::{AuditEvent, GATEWAY};
use crate::domain::case::CaseFile;
use crate::domain::decision::Reason;
use crate::domain::explain;
use crate::domain::organisation::Organisation;
use crate::domain::queue::{FILED, ItemState, LIMITED, Note, QueueItem};
use crate::domain::reason_code::ReasonCode;
use crate::domain::restriction::{Mode, PointOfContact, Restriction, StaffContact};
use crate::ports::documents::{Batch, WriteFault};
use crate::ports::{ItemFilter, Mailer};
use crate::runtime::limits::PAGE_PIECE_ITEMS;

/// One pass over an organisation's queues.
struct PassingOn<'a> {
    organisation: &'a Arc<Organisation>,
    mailer: &'a Arc<dyn Mailer>,
    /// `false` once the mail server has not accepted a mail: this pass sends no more.
    mails: bool,
    passed_on: u64,
}

impl Desk {
    /// Passes on the items that nobody took up in time, each once, however many gateways run. Returns how many this
    /// call passed on, even if it then failed.
    ///
    /// # Errors
    /// The store can't be read or written. Items passed on before that stay passed on.
    pub async fn pass_on_unanswered(
        &self,
        organisation: &Arc<Organisation>,
        mailer: &Arc<dyn Mailer>,
    ) -> (u64, Result<(), Fault>) {
        let mut look = PassingOn { organisation, mailer, mails: true, passed_on: 0 };
        let done = match organisation.profile.answered_within_hours {
            Some(_) => self.pass_on_all(&mut look).await,
            None => Ok(()),
        };
        (look.passed_on, done)
    }

    async fn pass_on_all(&self, look: &mut PassingOn<'_>) -> Result<(), Fault> {
        for queue in self.store.queues(&look.organisation.id).await? {
            // Limited and filed items are assigned to nobody.
            if queue.waiting > 0 && ![LIMITED, FILED].contains(&queue.queue.as_str()) {
                self.pass_on_from(look, &queue.queue).await?;
            }
        }
        Ok(())
    }

    async fn pass_on_from(&self, look: &mut PassingOn<'_>, queue: &str) -> Result<(), Fault> {
        let states = vec![ItemState::Open];
        let filter = ItemFilter { states, without_overdue: true, ..ItemFilter::default() };
        let (now, mut late) = (self.clock.now(), Vec::new());
        let looking = self.look_through(&look.organisation.id, queue, filter, |item| {
            if item.missed(now).is_some() {
                late.push(item);
            }
            late.len() < PAGE_PIECE_ITEMS
        });
        looking.await?;
        for item in late {
            let id = item.id.clone();
            match self.pass_on(look, item).await {
                Ok(()) => {}
                Err(fault) if fault.is_retryable() => return Err(fault),
                // An unreadable record must not hold up the other items.
                Err(fault) => {
                    self.say_failed(&look.organisation.id, "an unanswered contact", &id, &fault);
                }
            }
        }
        Ok(())
    }

    /// Passes one item on. Does nothing if somebody has just taken it up, or another gateway was first.
    async fn pass_on(&self, look: &mut PassingOn<'_>, item: QueueItem) -> Result<(), Fault> {
        let organisation = look.organisation;
        let stamp = self.stamp(GATEWAY);
        let Some(mut now) = item.missed(stamp.at) else { return Ok(()) };
        let restriction = self.restriction_of(organisation, &item).await?;
        let point = restriction.as_ref().and_then(|one| routed_by(one, &item));
        let files = self.files_about(organisation, &item).await?;
        // Not to anybody about whom the person has an open complaint.
        let takes_part = |name: &str| !files.iter().any(|file| file.is_accused(name));
        let zone = organisation.profile.timezone;
        let had = item.routed_to.as_deref();
        let deputy = point
            .zip(had)
            .and_then(|(point, had)| point.next_after(had, stamp.at, zone, takes_part));
        let to = Next::of(organisation, point, deputy, &item);
        now.queue.clone_from(&to.queue);
        now.notes
            .push(Note { handed_to: Some(to.name.clone()), ..Note::of(GATEWAY, stamp.at, "") });
        now.reasons.push(reason(organisation, restriction.as_ref(), had, &to.name));
        let event = AuditEvent::Unanswered {
            item: item.id.clone(),
            from: item.queue.clone(),
            to: to.queue.clone(),
        };
        let mut batch =
            Batch::new(stamp.clone()).item(Some(item.clone()), now.clone()).audit(event);
        let mut held: Option<Held<ToMail>> = None;
        if let Some(mailbox) = to.mailbox {
            let text = format!(
                "A contact was not answered in time and is yours now: {} on the queue {}.",
                item.id, to.queue
            );
            let work = ToMail::new(item.id.clone(), stamp.at).saying(mailbox, text);
            let (begun, document) = self.begun(&organisation.id, work)?;
            (held, batch) = (Some(begun), batch.put(document));
        }
        match self.store.write(&organisation.id, batch).await {
            Ok(()) => look.passed_on += 1,
            Err(WriteFault::Conflict(_)) => return Ok(()),
            Err(WriteFault::Store(error)) => return Err(error.into()),
        }
        if let (Some(held), true) = (held, look.mails) {
            look.mails = self.mail_outliving(organisation, look.mailer, held, now).await;
        }
        Ok(())
    }

    /// The restriction that routed the item, if the person still has it and it is enforced.
    async fn restriction_of(
        &self,
        organisation: &Organisation,
        item: &QueueItem,
    ) -> Result<Option<Restriction>, Fault> {
        let Some(person) = &item.person else { return Ok(None) };
        let Some(person) = self.store.person(&organisation.id, person).await? else {
            return Ok(None);
        };
        let records = self.records_of(&organisation.id, &person).await?;
        let mut all = records.iter().flat_map(|record| &record.restrictions);
        let is_it = |one: &&Restriction| {
            organisation.mode_of(one) == Mode::Enforce && routed_by(one, item).is_some()
        };
        Ok(all.find(is_it).cloned())
    }

    /// The case files of all records of an item's person.
    async fn files_about(
        &self,
        organisation: &Organisation,
        item: &QueueItem,
    ) -> Result<Vec<CaseFile>, Fault> {
        let Some(person) = &item.person else { return Ok(Vec::new()) };
        let mut files = Vec::new();
        for record in self.ids_of(&organisation.id, person).await? {
            match self.read_case(organisation, &record).await {
                Ok(read) => files.push(read.file),
                // Erased in the meantime.
                Err(Fault::NotFound(_)) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(files)
    }
}

/// Where an item is passed on to.
struct Next {
    /// A deputy, or the team.
    name: String,
    queue: String,
    /// The address to notify.
    mailbox: Option<String>,
}

impl Next {
    fn of(
        organisation: &Organisation,
        point: Option<&PointOfContact>,
        deputy: Option<&StaffContact>,
        item: &QueueItem,
    ) -> Self {
        let team = &organisation.profile.team;
        let of_deputy = deputy.and_then(|deputy| deputy.queue.clone());
        // A deputy without a queue, and the team, work on the point of contact's queue.
        let queue = of_deputy.or_else(|| point.map(PointOfContact::queue));
        let queue = queue.unwrap_or_else(|| item.queue.clone());
        let own = match deputy {
            Some(deputy) => deputy.email.clone(),
            None => team.email.clone(),
        };
        let name = deputy.map(|deputy| deputy.name.clone());
        Next {
            name: name
                .or_else(|| team.name.clone())
                .unwrap_or_else(|| explain::THE_TEAM.to_owned()),
            mailbox: own.or_else(|| organisation.queue_mailboxes.get(&queue).cloned()),
            queue,
        }
    }
}

fn reason(
    organisation: &Organisation,
    restriction: Option<&Restriction>,
    from: Option<&str>,
    to: &str,
) -> Reason {
    let hours = organisation.profile.answered_within_hours.unwrap_or_default();
    Reason {
        code: ReasonCode::PointOfContactUnanswered,
        restriction: restriction.map(|one| one.id.clone()),
        clause: restriction.and_then(|one| one.clause.clone()),
        text: explain::unanswered(from, hours, to),
    }
}
