//! What has to happen with a step beside what it writes: contacts that were held go on their way.
//!
//! What is to happen is written with the step, and taken off once it has happened: a gateway that ends in
//! between leaves it for the next, and nothing of it happens twice.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Asked;
use crate::casework::again::{HELD, Why};
use crate::casework::{Desk, Fault};
use crate::domain::case::act::Act;
use crate::domain::case::lifecycle::{Effect, Stepped};
use crate::domain::organisation::Organisation;
use crate::domain::queue::{ItemAction, QueueItem};
use crate::ports::StoreError;
use crate::ports::documents::{BY_ID, Batch, Document, Listing, WriteFault};
use crate::runtime::limits::{EFFECT_LEFT_AFTER, RELEASED_BY_STEP_MAX};

/// The kind of document that holds what a step has still to bring about.
pub(in crate::casework) const EFFECT: &str = "effect";

/// What one step has still to bring about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub id: String,
    pub person: String,
    pub by: String,
    pub at: chrono::DateTime<chrono::Utc>,
    pub effects: Vec<ToDo>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToDo {
    /// What was held because of this restriction is decided again.
    DecideAgain { restriction: String },
    /// This contact goes on its way, whatever would be decided of it.
    Release { contact: String },
    /// This contact stays filed.
    File { contact: String },
    /// This filed contact was read.
    Read { contact: String },
}

impl Pending {
    pub(super) fn of(
        stepped: &Stepped,
        asked: Asked<'_>,
        at: chrono::DateTime<chrono::Utc>,
    ) -> Option<Self> {
        let mut effects: Vec<ToDo> = stepped
            .effects
            .iter()
            .map(|effect| match effect {
                Effect::DecideAgain { restriction } => {
                    ToDo::DecideAgain { restriction: restriction.clone() }
                }
                Effect::Release { contact } => ToDo::Release { contact: contact.clone() },
            })
            .collect();
        match asked.act {
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
        let by = asked.by.to_owned();
        (!effects.is_empty()).then_some(Pending { id, person, by, at, effects })
    }

    pub(super) fn document(&self, read_at: u64) -> Result<Document, StoreError> {
        Document::new(EFFECT, self.id.clone(), read_at, Vec::new(), self)
    }
}

impl Desk {
    /// Brings about what a step left to do, and takes it off the list. The contacts that were released
    /// by it now, in the order in which they came.
    pub(super) async fn bring_about(
        &self,
        organisation: &Arc<Organisation>,
        pending: &Pending,
    ) -> Result<Vec<String>, Fault> {
        let mut released = Vec::new();
        for effect in &pending.effects {
            match effect {
                ToDo::DecideAgain { restriction } => {
                    let now = self.decide_again(organisation, pending, restriction).await?;
                    released.extend(now);
                }
                ToDo::Release { contact } => {
                    let why = Why { text: "Somebody decided to engage with it", by: &pending.by };
                    self.let_go(organisation, contact, why).await?;
                    released.push(contact.clone());
                }
                ToDo::File { contact } => {
                    self.work_contact(organisation, contact, ItemAction::File, &pending.by).await?;
                }
                ToDo::Read { contact } => {
                    self.work_contact(organisation, contact, ItemAction::Read, &pending.by).await?;
                }
            }
        }
        self.done_with(organisation, pending).await?;
        Ok(released)
    }

    /// What was held because of a restriction that is no longer what it was.
    async fn decide_again(
        &self,
        organisation: &Arc<Organisation>,
        pending: &Pending,
        restriction: &str,
    ) -> Result<Vec<String>, Fault> {
        let Some(person) = self.store.person(&organisation.id, &pending.person).await? else {
            return Ok(Vec::new());
        };
        let because = |item: &QueueItem| {
            item.reasons.iter().any(|reason| reason.restriction.as_deref() == Some(restriction))
        };
        let held = self
            .held_items(organisation, &HELD, &pending.person, RELEASED_BY_STEP_MAX, because)
            .await?;
        let text = format!("Decided again, since restriction {restriction} changed");
        let why = Why { text: &text, by: &pending.by };
        let mut released = Vec::new();
        for item in held {
            if self.pass_if_it_may(organisation, &person, &item, why).await?.is_some() {
                released.push(item.contact);
            }
        }
        Ok(released)
    }

    async fn work_contact(
        &self,
        organisation: &Organisation,
        contact: &str,
        action: ItemAction,
        by: &str,
    ) -> Result<(), Fault> {
        match self.store.item(&organisation.id, contact).await? {
            Some(item) => self.act_on(organisation, &item, action, by).await,
            None => Ok(()),
        }
    }

    async fn done_with(&self, organisation: &Organisation, pending: &Pending) -> Result<(), Fault> {
        let stored = self.store.document(&organisation.id, EFFECT, &pending.id).await?;
        let Some(stored) = stored else { return Ok(()) };
        let batch = Batch::new(self.stamp(&pending.by)).remove(&stored);
        match self.store.write(&organisation.id, batch).await {
            // Another gateway was quicker.
            Ok(()) | Err(WriteFault::Conflict(_)) => Ok(()),
            Err(WriteFault::Store(error)) => Err(error.into()),
        }
    }

    /// Brings about what a gateway that ended left undone.
    pub(in crate::casework) async fn bring_about_what_was_left(
        &self,
        organisation: &Arc<Organisation>,
    ) -> Result<(), Fault> {
        let page = self.store.documents(&organisation.id, EFFECT, Listing::of(BY_ID)).await?;
        for document in page.documents {
            let pending: Pending = document.read()?;
            // Whoever took the step is most likely at it.
            if self.clock.now() - pending.at >= EFFECT_LEFT_AFTER {
                self.bring_about(organisation, &pending).await?;
            }
        }
        Ok(())
    }
}
