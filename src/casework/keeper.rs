//! The keeper: what has to happen in casework without anybody asking. Any gateway may keep an organisation,
//! and several may at once: whatever is done is written with what says that it was done.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::case::record::CaseRead;
use super::follow::GATEWAY;
use super::{Desk, Fault};
use crate::domain::audit::AuditEvent;
use crate::domain::channel::Channel;
use crate::domain::decision::{Disposition, Reason};
use crate::domain::diary::reminder::{Reminder, of_entry, queue_of};
use crate::domain::diary::{self, Case};
use crate::domain::open_way;
use crate::domain::organisation::Organisation;
use crate::domain::queue::{ItemState, QueueItem, REMINDER};
use crate::ports::documents::{Batch, Document, WriteFault};
use crate::runtime::tokens::{hex, sha256};

/// The kind of document that says that somebody was reminded.
const REMINDED: &str = "reminded";

/// The open way, where the diary's entries have the name of what falls due.
const OPEN_WAY: &str = "open_way";

/// What a reminder's document holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Reminded {
    key: String,
    on: NaiveDate,
}

/// A reminder, with what it is about.
struct About {
    reminder: Reminder,
    what: &'static str,
    about: String,
    person: Option<String>,
    state: &'static str,
    clause: Option<String>,
}

impl Desk {
    /// One round: the trail is followed, and what was left undone is done.
    ///
    /// # Errors
    /// The store can't be read or written: the next round does the same.
    pub async fn keep_house(&self, organisation: &Arc<Organisation>) -> Result<(), Fault> {
        self.catch_up(organisation).await?;
        self.bring_about_what_was_left(organisation).await
    }

    /// Reminds of what falls due, and of people who have no way left to get through: each once, however
    /// many gateways do. The items that were put on queues now.
    ///
    /// # Errors
    /// As [`Desk::keep_house`].
    pub async fn remind(&self, organisation: &Organisation) -> Result<Vec<QueueItem>, Fault> {
        let today = self.today(organisation);
        let cases = self.cases(organisation).await?;
        let mut due = due_now(organisation, &cases, today);
        due.extend(cases.iter().filter_map(|case| closed(organisation, case, today)));
        let mut items = Vec::new();
        for about in due {
            let known = (organisation.id.clone(), about.reminder.key.clone());
            if self.reminded.lock().await.contains(&known) {
                continue;
            }
            items.extend(self.remind_once(organisation, today, about).await?);
            self.reminded.lock().await.insert(known);
        }
        Ok(items)
    }

    /// Puts a reminder on its queue, unless that was done before; then `None`.
    async fn remind_once(
        &self,
        organisation: &Organisation,
        today: NaiveDate,
        about: About,
    ) -> Result<Option<QueueItem>, Fault> {
        let About { reminder, what, about, person, state, clause } = about;
        // What a key is made of may have any length and any letters.
        let digest = hex(&sha256(reminder.key.as_bytes()));
        let id = format!("due-{}", digest.get(..32).unwrap_or(&digest));
        if self.store.document(&organisation.id, REMINDED, &id).await?.is_some() {
            return Ok(None);
        }
        let stamp = self.stamp(GATEWAY);
        let reason = Reason {
            code: format!("diary.{what}").into(),
            restriction: None,
            clause,
            text: reminder.text.clone(),
        };
        let item = QueueItem {
            id: id.clone(),
            queue: reminder.queue.clone(),
            contact: about.clone(),
            person: person.clone(),
            channel: Channel::Letter,
            at: stamp.at,
            disposition: Disposition::Route,
            reasons: vec![reason],
            flags: vec![REMINDER.to_owned()],
            subject: Some(reminder.text.clone()),
            original_to: Vec::new(),
            issue: None,
            thread: Vec::new(),
            attachments: Vec::new(),
            new: Vec::new(),
            lane_used: None,
            read_by: None,
            overdue: false,
            resembles: Vec::new(),
            archived: None,
            text: None,
            state: ItemState::Open,
            claimed_by: None,
            notes: Vec::new(),
            attached: Vec::new(),
        };
        let body = Reminded { key: reminder.key, on: today };
        let (what, state) = (what.to_owned(), state.to_owned());
        let batch = Batch::new(stamp)
            .put(Document::new(REMINDED, id, 0, Vec::new(), &body)?)
            .item(None, item.clone())
            .audit(AuditEvent::Reminded { what, about, person, state });
        match self.store.write(&organisation.id, batch).await {
            Ok(()) => Ok(Some(item)),
            // Another gateway was quicker.
            Err(WriteFault::Conflict(_)) => Ok(None),
            Err(WriteFault::Store(error)) => Err(error.into()),
        }
    }
}

/// The reminders of the organisation's diary.
fn due_now(organisation: &Organisation, cases: &[CaseRead], today: NaiveDate) -> Vec<About> {
    let profile = &organisation.profile;
    let files = cases.iter().map(|one| Case { file: &one.file, person: &one.person });
    let entries = diary::of_organisation(files, profile, today);
    let with_reminder = entries.into_iter().filter_map(|entry| {
        let reminder = of_entry(&entry, profile, today)?;
        Some(About {
            reminder,
            what: entry.what.name(),
            about: entry.about,
            person: entry.person,
            state: entry.state.name(),
            clause: entry.clause,
        })
    });
    with_reminder.collect()
}

/// What to say where a person has no way left to get through. It is said again once what restricts the
/// person, or when somebody is there to answer, is another.
fn closed(organisation: &Organisation, case: &CaseRead, today: NaiveDate) -> Option<About> {
    let profile = &organisation.profile;
    let person = &case.person;
    let from = open_way::of_person(profile, person, today).err()?.from;
    let decides = profile.responsible.decides.as_ref();
    let who = decides.map(|roles| roles.as_slice().to_vec()).unwrap_or_default();
    let by =
        serde_json::to_vec(&(&person.restrictions, &person.adjustments, &profile.staffed_hours));
    let digest = hex(&sha256(&by.unwrap_or_default()));
    let text = format!(
        "No way open: in the 7 days from {from} no staffed way stays open for {}, over everything that \
         restricts them.",
        person.id
    );
    Some(About {
        reminder: Reminder {
            key: format!("{OPEN_WAY} {} {digest}", person.id),
            queue: queue_of(&who),
            text,
        },
        what: OPEN_WAY,
        about: person.id.clone(),
        person: Some(person.id.clone()),
        state: "due",
        clause: profile.clause_of(OPEN_WAY).map(str::to_owned),
    })
}
