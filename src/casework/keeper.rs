//! The keeper: what has to happen in casework without anybody asking. Any gateway may keep an organisation,
//! and several may at once: whatever is done is written with what says that it was done.

mod breaches;
mod changed;
mod tokens;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

pub(super) use self::changed::LookedAt;
use self::changed::Whose;
pub use self::tokens::TokenEnd;
use super::case::record::CaseRead;
use super::lease::Held;
use super::reminder_mail::ToMail;
use super::{Desk, Fault};
use crate::domain::audit::{AuditEvent, GATEWAY};
use crate::domain::channel::Channel;
use crate::domain::decision::{Disposition, Reason};
use crate::domain::diary::reminder::{Reminder, no_way_open, of_entry, queue_of};
use crate::domain::diary::{self, Case};
use crate::domain::flag::Flag;
use crate::domain::merge;
use crate::domain::open_way;
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::domain::queue::{ItemState, QueueItem};
use crate::ports::Mailer;
use crate::ports::documents::{Batch, Document, IndexKey, OF_PERSON, WriteFault};
use crate::runtime::limits::{FOLLOWED_ENTRIES, KEEPER_CATCH_UPS_MAX, REMINDED_KNOWN_MAX};
use crate::runtime::tokens::{hex, sha256};

/// The kind of document that says that somebody was reminded.
pub(super) const REMINDED: &str = "reminded";

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
    /// One round: follows the trail to its end, or a long way towards it, and adds missing keys of the lists to case
    /// files.
    ///
    /// # Errors
    /// The store can't be read or written: the next round does the same.
    pub async fn keep_house(&self, organisation: &Arc<Organisation>) -> Result<(), Fault> {
        for _ in 0..KEEPER_CATCH_UPS_MAX {
            self.catch_up(organisation).await?;
            if self.behind(&organisation.id).await? <= FOLLOWED_ENTRIES as u64 {
                break;
            }
        }
        self.complete_case_lists(&organisation.id).await
    }

    /// Does the work left undone by a gateway that ended, and postponed work that is due. What fails stops nothing
    /// else. It goes on, and ends, whether or not the caller waits.
    ///
    /// # Errors
    /// The store can't be read: the next round does the same.
    pub async fn finish_what_was_left(
        &self,
        organisation: &Arc<Organisation>,
        mailer: &Arc<dyn Mailer>,
    ) -> Result<(), Fault> {
        let (desk, organisation) = (self.clone(), Arc::clone(organisation));
        let mailer = Arc::clone(mailer);
        self.outlive(async move {
            let effects = desk.bring_about_what_was_left(&organisation).await;
            let releases = desk.release_what_was_left(&organisation.id).await;
            let mails = desk.mail_what_was_left(&organisation, mailer.as_ref()).await;
            let letters = desk.mail_letters_left(&organisation, mailer.as_ref()).await;
            let erasures = desk.erase_what_was_left(&organisation).await;
            let sweeps = desk.sweep_what_was_left(&organisation).await;
            effects.and(releases).and(mails).and(letters).and(erasures).and(sweeps)
        })
        .await
    }

    /// Reminds of what falls due, and of people who have no way left to get through: each once, however
    /// many gateways do. How many there were now.
    ///
    /// # Errors
    /// As [`Desk::keep_house`].
    pub async fn remind(
        &self,
        organisation: &Arc<Organisation>,
        mailer: &Arc<dyn Mailer>,
    ) -> Result<usize, Fault> {
        let today = self.today(organisation);
        let (whose, mut looked_at) = self.whose(organisation, today).await?;
        let due = self.due_of(organisation, &whose, today).await?;
        let again = |_: &str, person| looked_at.again(person);
        let reminded = self.remind_of(organisation, mailer, due, today, again).await?;
        self.looked_at.lock().await.insert(organisation.id.clone(), looked_at);
        Ok(reminded)
    }

    /// Writes each of these reminders once. Calls `again` with the key and person of each that failed.
    async fn remind_of(
        &self,
        organisation: &Arc<Organisation>,
        mailer: &Arc<dyn Mailer>,
        due: Vec<About>,
        today: NaiveDate,
        mut again: impl FnMut(&str, Option<String>),
    ) -> Result<usize, Fault> {
        let (mut reminded, mut mails) = (0, true);
        for about in due {
            let known = (organisation.id.clone(), about.reminder.key.clone());
            if self.reminded.lock().await.contains(&known) {
                continue;
            }
            let (key, person) = (about.reminder.key.clone(), about.person.clone());
            match self.remind_once(organisation, today, about).await {
                Ok(None) => {}
                Ok(Some((item, to_mail))) => {
                    reminded += 1;
                    if let (Some(held), true) = (to_mail, mails) {
                        // A server that does not take one is not asked again before the next round.
                        mails = self.mail_outliving(organisation, mailer, held, item).await;
                    }
                }
                Err(fault) if fault.is_retryable() => return Err(fault),
                Err(fault) => {
                    self.say_failed(&organisation.id, "a reminder", &key, &fault);
                    again(&key, person);
                    continue;
                }
            }
            let mut known_of = self.reminded.lock().await;
            if known_of.len() >= REMINDED_KNOWN_MAX {
                known_of.clear();
            }
            known_of.insert(known);
        }
        Ok(reminded)
    }

    /// What there is to say of these people today, and of the organisation.
    async fn due_of(
        &self,
        organisation: &Organisation,
        whose: &Whose,
        today: NaiveDate,
    ) -> Result<Vec<About>, Fault> {
        let closed_of = |people: &[Arc<Person>]| -> Vec<About> {
            people.iter().filter_map(|one| closed(organisation, one, today)).collect()
        };
        match whose {
            Whose::Everybody => {
                // Others may read them all as soon as this is over.
                let cases = self.cases_with_tasks(organisation).await?;
                let mut due = due_now(organisation, &cases.read, today);
                due.extend(closed_of(&people_of(&cases.read)));
                Ok(due)
            }
            Whose::Of(people) if people.is_empty() => Ok(Vec::new()),
            Whose::Of(people) => {
                let cases = self.cases_of(organisation, people).await?;
                let mut due = due_now(organisation, &cases, today);
                due.extend(closed_of(&self.roots_of(&organisation.id, &cases).await?));
                Ok(due)
            }
        }
    }

    /// Puts a reminder on its queue, unless that was done before; then `None`. Where the queue has a mailbox,
    /// that it is to be mailed is written down with it.
    async fn remind_once(
        &self,
        organisation: &Organisation,
        today: NaiveDate,
        about: About,
    ) -> Result<Option<(QueueItem, Option<Held<ToMail>>)>, Fault> {
        // What a key is made of may have any length and any letters.
        let digest = hex(&sha256(about.reminder.key.as_bytes()));
        let id = format!("due-{}", digest.get(..32).unwrap_or(&digest));
        if self.store.document(&organisation.id, REMINDED, &id).await?.is_some() {
            return Ok(None);
        }
        let stamp = self.stamp(GATEWAY);
        let body = Reminded { key: about.reminder.key.clone(), on: today };
        let of = about.person.as_ref().map(|person| IndexKey::new(OF_PERSON, person));
        let keys = of.into_iter().collect();
        let (item, event) = about.put_on_queue(&id, stamp.at);
        let mut batch = Batch::new(stamp.clone())
            .put(Document::new(REMINDED, id.clone(), 0, keys, &body)?)
            .item(None, item.clone())
            .audit(event);
        let mut to_mail = None;
        if organisation.queue_mailboxes.contains_key(&item.queue) {
            let work = ToMail::new(id, stamp.at);
            let (held, document) = self.begun(&organisation.id, work)?;
            (to_mail, batch) = (Some(held), batch.put(document));
        }
        match self.store.write(&organisation.id, batch).await {
            Ok(()) => Ok(Some((item, to_mail))),
            // Another gateway was quicker.
            Err(WriteFault::Conflict(_)) => Ok(None),
            Err(WriteFault::Store(error)) => Err(error.into()),
        }
    }
}

impl About {
    /// The item, with what the trail says of it.
    fn put_on_queue(self, id: &str, at: DateTime<Utc>) -> (QueueItem, AuditEvent) {
        let About { reminder, what, about, person, state, clause } = self;
        let reason = Reason {
            code: format!("diary.{what}").into(),
            restriction: None,
            clause,
            text: reminder.text.clone(),
        };
        let item = QueueItem {
            id: id.to_owned(),
            queue: reminder.queue,
            contact: about.clone(),
            person: person.clone(),
            channel: Channel::Letter,
            at,
            disposition: Disposition::Route,
            reasons: vec![reason],
            flags: vec![Flag::Reminder],
            subject: Some(reminder.text),
            original_to: Vec::new(),
            sent_by: None,
            issue: None,
            thread: Vec::new(),
            attachments: Vec::new(),
            new: Vec::new(),
            lane_used: None,
            filed_from: None,
            routed_to: None,
            read_by: None,
            overdue: false,
            resembles: Vec::new(),
            archived: None,
            text: None,
            state: ItemState::Open,
            claimed_by: None,
            claimed_at: None,
            done_by: None,
            done_at: None,
            notes: Vec::new(),
            attached: Vec::new(),
        };
        let (what, state) = (what.to_owned(), state.to_owned());
        (item, AuditEvent::Reminded { what, about, person, state })
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

/// Everybody once, as they are enforced: by the record that others are merged into.
fn people_of(cases: &[CaseRead]) -> Vec<Arc<Person>> {
    let mut merged: HashMap<&str, Vec<Arc<Person>>> = HashMap::new();
    for person in cases.iter().map(|case| &case.person) {
        if let Some(root) = &person.merged_into {
            merged.entry(root).or_default().push(Arc::clone(person));
        }
    }
    let mut people = Vec::with_capacity(cases.len());
    for person in cases.iter().map(|case| &case.person).filter(|one| one.merged_into.is_none()) {
        let others = merged.remove(person.id.as_str()).unwrap_or_default();
        let records: Vec<Arc<Person>> = std::iter::once(Arc::clone(person)).chain(others).collect();
        people.extend(merge::together(&records).into_iter().next());
    }
    // Whose root has no case.
    people.extend(merged.into_values().flatten());
    people
}

/// What to say where a person has no way left to get through. It is said again once what restricts the
/// person, or when somebody is there to answer, is another.
fn closed(organisation: &Organisation, person: &Person, today: NaiveDate) -> Option<About> {
    let profile = &organisation.profile;
    let from = open_way::of_person(profile, person, today).err()?.from;
    let decides = profile.responsible.decides.as_ref();
    let who = decides.map(|roles| roles.as_slice().to_vec()).unwrap_or_default();
    let by =
        serde_json::to_vec(&(&person.restrictions, &person.adjustments, &profile.staffed_hours));
    let digest = hex(&sha256(&by.unwrap_or_default()));
    Some(About {
        reminder: Reminder {
            key: format!("{OPEN_WAY} {} {digest}", person.id),
            queue: queue_of(&who),
            text: no_way_open(&person.id, from),
        },
        what: OPEN_WAY,
        about: person.id.clone(),
        person: Some(person.id.clone()),
        state: "due",
        clause: profile.clause_of(OPEN_WAY).map(str::to_owned),
    })
}
