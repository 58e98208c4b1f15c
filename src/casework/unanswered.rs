//! Contacts that a point of contact has not taken up within the organisation's hours: the next deputy who is there
//! takes over, or the team.

use std::sync::Arc;

use super::lease::Held;
use super::reminder_mail::ToMail;
use super::{Desk, Fault};
use crate::domain::answered_by::PassedOn;
use crate::domain::audit::{AuditEvent, GATEWAY};
use crate::domain::decision::Reason;
use crate::domain::organisation::Organisation;
use crate::domain::queue::{FILED, ItemState, LIMITED, Note, QueueItem};
use crate::domain::restriction::{Kind, PointOfContact, Restriction};
use crate::ports::documents::{Batch, WriteFault};
use crate::ports::{ItemFilter, Mailer};
use crate::runtime::limits::PAGE_PIECE_ITEMS;

/// Why such an item is where it is now.
const UNANSWERED: &str = "single_point_of_contact.unanswered";

impl Desk {
    /// Passes on what nobody took up in time: each once, however many gateways look. How many there were now.
    ///
    /// # Errors
    /// The store can't be read or written. Items passed on by then stay so.
    pub async fn pass_on_unanswered(
        &self,
        organisation: &Arc<Organisation>,
        mailer: &Arc<dyn Mailer>,
    ) -> Result<u64, Fault> {
        if organisation.profile.answered_within_hours.is_none() {
            return Ok(0);
        }
        let mut passed_on = 0;
        for queue in self.store.queues(&organisation.id).await? {
            // What is limited or filed is nobody's in particular.
            if queue.waiting > 0 && ![LIMITED, FILED].contains(&queue.queue.as_str()) {
                passed_on += self.pass_on_from(organisation, &queue.queue, mailer).await?;
            }
        }
        Ok(passed_on)
    }

    async fn pass_on_from(
        &self,
        organisation: &Arc<Organisation>,
        queue: &str,
        mailer: &Arc<dyn Mailer>,
    ) -> Result<u64, Fault> {
        let (mut late, mut after) = (Vec::new(), None);
        loop {
            let filter = ItemFilter {
                states: vec![ItemState::Open],
                after,
                without_overdue: true,
                limit: PAGE_PIECE_ITEMS,
            };
            let items = self.store.items(&organisation.id, queue, filter).await?;
            let is_last = items.len() < PAGE_PIECE_ITEMS;
            after = items.last().map(|item| item.id.clone());
            let now = self.clock.now();
            late.extend(items.into_iter().filter(|item| item.missed(now).is_some()));
            if is_last || late.len() >= PAGE_PIECE_ITEMS {
                break;
            }
        }
        let mut passed_on = 0;
        for item in late {
            passed_on += u64::from(self.pass_on(organisation, item, mailer).await?);
        }
        Ok(passed_on)
    }

    /// `false`: somebody took it up at this moment, or another gateway was first.
    async fn pass_on(
        &self,
        organisation: &Arc<Organisation>,
        item: QueueItem,
        mailer: &Arc<dyn Mailer>,
    ) -> Result<bool, Fault> {
        let stamp = self.stamp(GATEWAY);
        let Some(mut now) = item.missed(stamp.at) else { return Ok(false) };
        let restriction = self.routed_by(organisation, &item).await?;
        let point = restriction.as_ref().and_then(point_of);
        let file = match &item.person {
            Some(person) => self.read_case(organisation, person).await.ok().map(|read| read.file),
            None => None,
        };
        // Nobody who is the subject of the person's open complaint.
        let takes_part = |name: &str| file.as_ref().is_none_or(|file| !file.is_accused(name));
        let zone = organisation.profile.timezone;
        let passed = point.and_then(|it| it.passed_on(item.at, stamp.at, zone, takes_part));
        let to = Next::of(organisation, point, passed.as_ref(), &item);
        let from = passed.as_ref().map(|passed| passed.from);
        now.queue.clone_from(&to.queue);
        now.notes
            .push(Note { handed_to: Some(to.name.clone()), ..Note::of(GATEWAY, stamp.at, "") });
        now.reasons.push(reason(organisation, restriction.as_ref(), from, &to.name));
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
            Ok(()) => {}
            Err(WriteFault::Conflict(_)) => return Ok(false),
            Err(WriteFault::Store(error)) => return Err(error.into()),
        }
        if let Some(held) = held {
            self.mail_outliving(organisation, mailer, held, now).await;
        }
        Ok(true)
    }

    /// The restriction by which an item came to a point of contact, if the person still has it.
    async fn routed_by(
        &self,
        organisation: &Organisation,
        item: &QueueItem,
    ) -> Result<Option<Restriction>, Fault> {
        let routed = item.reasons.iter().filter_map(|reason| reason.restriction.as_deref());
        let routed: Vec<&str> = routed.collect();
        let Some(person) = &item.person else { return Ok(None) };
        let Some(person) = self.store.person(&organisation.id, person).await? else {
            return Ok(None);
        };
        let records = self.records_of(&organisation.id, &person).await?;
        let all = records.iter().flat_map(|record| &record.restrictions);
        let mut own = all.filter(|one| routed.contains(&one.id.as_str()));
        Ok(own.find(|one| point_of(one).is_some()).cloned())
    }
}

fn point_of(restriction: &Restriction) -> Option<&PointOfContact> {
    match &restriction.kind {
        Kind::SinglePointOfContact(point) => Some(point),
        _ => None,
    }
}

/// Where an item goes.
struct Next {
    /// A deputy, or the team.
    name: String,
    queue: String,
    /// Who is mailed that it is there.
    mailbox: Option<String>,
}

impl Next {
    fn of(
        organisation: &Organisation,
        point: Option<&PointOfContact>,
        passed: Option<&PassedOn<'_>>,
        item: &QueueItem,
    ) -> Self {
        let team = &organisation.profile.team;
        let deputy = passed.and_then(|passed| passed.to);
        let of_deputy = deputy.and_then(|deputy| deputy.queue.clone());
        // A deputy without a queue, and the team, work the point of contact's.
        let queue = of_deputy.or_else(|| point.map(PointOfContact::queue));
        let queue = queue.unwrap_or_else(|| item.queue.clone());
        let own = match deputy {
            Some(deputy) => deputy.email.clone(),
            None => team.email.clone(),
        };
        let name = deputy.map(|deputy| deputy.name.clone());
        Next {
            name: name.or_else(|| team.name.clone()).unwrap_or_else(|| "the team".to_owned()),
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
    let from = from.unwrap_or("the point of contact");
    Reason {
        code: UNANSWERED.to_owned().into(),
        restriction: restriction.map(|one| one.id.clone()),
        clause: restriction.and_then(|one| one.clause.clone()),
        text: format!("{from} did not answer within {hours} working hours: {to} takes over."),
    }
}
