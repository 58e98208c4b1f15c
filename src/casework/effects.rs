//! The follow-up work of a step: contacts that were held go on their way.
//!
//! It is written with the step, and removed once it is done. It is done in a task that outlives the request;
//! if it is still cut off, or can't be done for now, any gateway resumes it later, and nothing happens twice.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use super::lease::{Held, Lease, Take, Work};
use super::passes::{Releases, Why};
use super::release::Went;
use super::{Desk, Fault};
use crate::domain::case::act::Act;
use crate::domain::decision::Disposition;
use crate::domain::lifecycle::{Effect, Stepped};
use crate::domain::organisation::Organisation;
use crate::domain::queue::{self, HELD, ItemAction, QueueItem};
use crate::domain::reason_code::ReasonCode;
use crate::ports::documents::{BY_ID, Document, Listing};
use crate::runtime::limits::{DECIDED_AGAIN_MAX, EFFECTS_AT_ONCE_MAX, RELEASED_BY_STEP_MAX};

/// What one step has still to bring about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    pub id: String,
    pub person: String,
    pub by: String,
    pub at: DateTime<Utc>,
    pub effects: Vec<ToDo>,
    #[serde(default)]
    lease: Lease,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ToDo {
    /// Contacts held because of this restriction are decided again.
    DecideAgain { restriction: String },
    /// What this contact counted is given back, and what a count limited is decided again.
    GiveBack { contact: String },
    /// This contact goes on its way, whatever would be decided of it.
    Release { contact: String },
    /// This contact stays filed.
    File { contact: String },
    /// This filed contact was read.
    Read { contact: String },
}

impl Work for Pending {
    const KIND: &'static str = "effect";

    fn id(&self) -> &str {
        &self.id
    }

    fn at(&self) -> DateTime<Utc> {
        self.at
    }

    fn lease(&mut self) -> &mut Lease {
        &mut self.lease
    }
}

/// The results.
#[derive(Debug, Default)]
pub(super) struct Brought {
    /// Contacts that went on their way, in the order in which they did.
    pub released: Vec<String>,
    /// Items that were decided again, with the decisions.
    pub decided: Vec<(String, Disposition)>,
    /// Something is still under way, or is tried again later.
    pub unfinished: bool,
}

/// The same while it is being done, for those who wait.
#[derive(Default)]
struct Progress(Mutex<Brought>);

impl Progress {
    fn now(&self) -> MutexGuard<'_, Brought> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn went(&self, contact: &str, went: Went) {
        match went {
            Went::Yes => self.now().released.push(contact.to_owned()),
            Went::Later => self.now().unfinished = true,
            Went::No => {}
        }
    }
}

impl Pending {
    pub(super) fn of(stepped: &Stepped, act: &Act, by: &str, at: DateTime<Utc>) -> Option<Self> {
        let mut effects: Vec<ToDo> = stepped
            .effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::DecideAgain { restriction } => {
                    Some(ToDo::DecideAgain { restriction: restriction.clone() })
                }
                Effect::Release { contact } => Some(ToDo::Release { contact: contact.clone() }),
                // `letter_mail` does: it has its own patience.
                Effect::MailLetter { .. } => None,
            })
            .collect();
        match act {
            Act::DecideEngagement(of) if of.engage == Some(false) => {
                effects.extend(of.item.clone().map(|contact| ToDo::File { contact }));
            }
            Act::MarkRead(of) => {
                effects.extend(of.item.clone().map(|contact| ToDo::Read { contact }));
            }
            _ => {}
        }
        let person = stepped.person.id.clone();
        let id = format!("{person}-{}", stepped.file.version);
        let by = by.to_owned();
        let lease = Lease::NONE;
        (!effects.is_empty()).then_some(Pending { id, person, by, at, effects, lease })
    }

    /// Of records that are parted again: what one held because of another's restrictions.
    pub(super) fn parted(
        id: String,
        person: &str,
        restrictions: &[String],
        by: &str,
        at: DateTime<Utc>,
    ) -> Self {
        let again = |one: &String| ToDo::DecideAgain { restriction: one.clone() };
        let effects = restrictions.iter().map(again).collect();
        Pending {
            id,
            person: person.to_owned(),
            by: by.to_owned(),
            at,
            effects,
            lease: Lease::NONE,
        }
    }

    /// Of a contact that was not the person's.
    pub(super) fn not_theirs(person: &str, contact: &str, by: &str, at: DateTime<Utc>) -> Self {
        Pending {
            id: format!("not-theirs {contact}"),
            person: person.to_owned(),
            by: by.to_owned(),
            at,
            effects: vec![ToDo::GiveBack { contact: contact.to_owned() }],
            lease: Lease::NONE,
        }
    }
}

impl Desk {
    /// Does the work that was written down. The caller waits for so long (`None`: to the end); the work goes on
    /// whether or not the caller does.
    pub(super) async fn brought_about(
        &self,
        organisation: &Arc<Organisation>,
        held: Held<Pending>,
        wait: Option<Duration>,
    ) -> Brought {
        let (desk, organisation) = (self.clone(), Arc::clone(organisation));
        let progress = Arc::new(Progress::default());
        let told = Arc::clone(&progress);
        let bringing = self.outlive(async move {
            let done = desk.bring_about(&organisation, &held, &told).await;
            if let Err(fault) = &done {
                desk.say_failed(&organisation.id, "an effect", &held.work.id, fault);
            }
            done
        });
        let is_done = match wait {
            None => bringing.await.is_ok(),
            Some(wait) => matches!(tokio::time::timeout(wait, bringing).await, Ok(Ok(()))),
        };
        let mut brought = std::mem::take(&mut *progress.now());
        brought.unfinished |= !is_done;
        brought
    }

    /// One that can't be done stops none behind it; the whole is then repeated later, and finished parts stay as they
    /// are.
    async fn bring_about(
        &self,
        organisation: &Arc<Organisation>,
        held: &Held<Pending>,
        told: &Progress,
    ) -> Result<(), Fault> {
        let bringing = async {
            let mut failed = None;
            for effect in &held.work.effects {
                if let Err(fault) = self.bring_one_about(organisation, held, effect, told).await {
                    failed.get_or_insert(fault);
                }
            }
            failed.map_or(Ok(()), Err)
        };
        let done = self.while_held(held, bringing).await;
        match &done {
            Ok(()) => self.done_with(held).await?,
            Err(_) => self.put_off(held, Desk::pause_of(held)).await?,
        }
        done
    }

    async fn bring_one_about(
        &self,
        organisation: &Arc<Organisation>,
        held: &Held<Pending>,
        effect: &ToDo,
        told: &Progress,
    ) -> Result<(), Fault> {
        let by = held.work.by.as_str();
        match effect {
            ToDo::DecideAgain { restriction } => {
                let text = format!("Decided again, since restriction {restriction} changed");
                let because = |item: &QueueItem| {
                    let mut of = item.reasons.iter().map(|reason| reason.restriction.as_deref());
                    of.any(|of| of == Some(restriction))
                };
                let which = (HELD.as_slice(), RELEASED_BY_STEP_MAX);
                let why = Why { text: &text, by };
                Box::pin(self.decide_again(organisation, held, which, because, why, told)).await
            }
            ToDo::GiveBack { contact } => {
                self.store.uncount(&organisation.id, contact).await?;
                let text = "Decided again, since a contact was not theirs";
                let by_count = |item: &QueueItem| {
                    item.contact != *contact
                        && item
                            .reasons
                            .iter()
                            .any(|reason| reason.code == ReasonCode::ContactQuotaOver)
                };
                let which = ([queue::LIMITED].as_slice(), DECIDED_AGAIN_MAX);
                let why = Why { text, by };
                Box::pin(self.decide_again(organisation, held, which, by_count, why, told)).await
            }
            ToDo::Release { contact } => {
                let why = Why { text: "Somebody decided to engage with it", by };
                let going = self.let_go(organisation, contact, why, Releases::Now);
                let went = Box::pin(going).await?;
                told.went(contact, went);
                Ok(())
            }
            ToDo::File { contact } => {
                self.act_on(organisation, contact, ItemAction::File, by).await
            }
            ToDo::Read { contact } => {
                self.act_on(organisation, contact, ItemAction::Read, by).await
            }
        }
    }

    /// Decides held contacts again, each once, the oldest first.
    async fn decide_again(
        &self,
        organisation: &Arc<Organisation>,
        held: &Held<Pending>,
        (queues, most): (&[&str], usize),
        which: impl Fn(&QueueItem) -> bool + Send + Sync,
        why: Why<'_>,
        told: &Progress,
    ) -> Result<(), Fault> {
        let person = held.work.person.as_str();
        let people = self.ids_of(&organisation.id, person).await?;
        let mut looked_at: HashSet<String> = HashSet::new();
        let (mut releases, mut failed) = (Releases::Now, None);
        loop {
            let found = self.held_items(organisation, queues, &people, most, &which).await?;
            let new: Vec<String> = found.into_iter().filter(|id| !looked_at.contains(id)).collect();
            // Looked through again: while staff work on a queue, a page may skip an item.
            if new.is_empty() || looked_at.len() >= most {
                return failed.map_or(Ok(()), Err);
            }
            for item in new {
                if self.is_closing() {
                    return Err(Fault::stopping());
                }
                if !self.holds(held).await? {
                    return Err(Fault::Contended);
                }
                let passing = self.pass_if_it_may(organisation, person, &item, why, releases);
                match Box::pin(passing).await {
                    Ok(None) => {}
                    Ok(Some(passed)) => {
                        told.now().decided.push((item.clone(), passed.disposition));
                        told.went(&item, passed.went);
                        // The receiver of originals is away: the keeper hands on the others, each at its time.
                        if passed.went == Went::Later {
                            releases = Releases::Left;
                        }
                    }
                    // The store is away, for the others as well.
                    Err(fault @ Fault::Store(_)) if fault.is_retryable() => return Err(fault),
                    Err(fault) => {
                        failed.get_or_insert(fault);
                    }
                }
                looked_at.insert(item);
            }
        }
    }

    /// Does the work left by a gateway that ended, and postponed work. What fails stops nothing behind it.
    pub(super) async fn bring_about_what_was_left(
        &self,
        organisation: &Arc<Organisation>,
    ) -> Result<(), Fault> {
        let mut listing = Listing::of(BY_ID);
        loop {
            let page =
                self.store.documents(&organisation.id, Pending::KIND, listing.clone()).await?;
            stream::iter(page.documents)
                .for_each_concurrent(EFFECTS_AT_ONCE_MAX, |document| async move {
                    if let Err(fault) = self.bring_about_left(organisation, &document).await {
                        self.say_failed(&organisation.id, "an effect", &document.id, &fault);
                    }
                })
                .await;
            match page.next {
                Some(next) if !self.is_closing() => listing.after = Some(next),
                Some(_) | None => return Ok(()),
            }
        }
    }

    async fn bring_about_left(
        &self,
        organisation: &Arc<Organisation>,
        document: &Document,
    ) -> Result<(), Fault> {
        if self.is_closing() {
            return Ok(());
        }
        match self.take_up(&organisation.id, document, Take::Due).await? {
            Some(held) => self.bring_about(organisation, &held, &Progress::default()).await,
            None => Ok(()),
        }
    }
}
