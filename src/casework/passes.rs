//! A held contact passes: its item says so, and what follows is written down with that, so that nothing can come
//! in between.

use chrono::{DateTime, Utc};

use super::lease::Take;
use super::release::{ToRelease, Went};
use super::{Desk, Fault};
use crate::domain::audit::AuditEvent;
use crate::domain::flag::Flag;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::queue::{ItemAction, ItemFault, Note, QueueItem};
use crate::ports::documents::{Batch, WriteFault};
use crate::runtime::limits::ITEM_TRIES_MAX;

/// Whether items are released here and now, or left to the keeper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Releases {
    Now,
    Left,
}

impl Desk {
    /// Hands on a held contact, whatever would be decided of it now; if nothing of it was kept, its item says so.
    pub(super) async fn let_go(
        &self,
        organisation: &Organisation,
        contact: &str,
        why: Why<'_>,
        releases: Releases,
    ) -> Result<Went, Fault> {
        let text = format!("{}.", why.text);
        self.let_pass(&organisation.id, contact, Why { text: &text, ..why }, releases).await
    }

    /// Notes on a held item that it passes. Where its original is kept, that it is to be released is written
    /// down in the same step, so that nothing can come in between; otherwise the item stays for staff.
    pub(super) async fn let_pass(
        &self,
        organisation: &OrganisationId,
        item: &str,
        why: Why<'_>,
        releases: Releases,
    ) -> Result<Went, Fault> {
        for _ in 0..ITEM_TRIES_MAX {
            let Some(was) = self.store.item(organisation, item).await? else { return Ok(Went::No) };
            // Somebody has dealt with it.
            if !was.state.is_waiting() {
                return Ok(Went::No);
            }
            let (mut batch, is_new) = self.noted(&was, why);
            let mut held = None;
            if was.archived.is_some() {
                match self.release_of(organisation, item).await? {
                    None => {
                        let at = self.clock.now();
                        let work = ToRelease::new(item.to_owned(), why.by.to_owned(), at);
                        let document = match releases {
                            Releases::Left => self.left(work)?,
                            Releases::Now => {
                                let (begun, document) = self.begun(organisation, work)?;
                                held = Some(begun);
                                document
                            }
                        };
                        batch = batch.put(document);
                    }
                    // Written down before: by this very work, which was cut off, or by staff.
                    Some(document) if !is_new => {
                        let taken = self.take_up(organisation, &document, Take::Due).await?;
                        return match taken {
                            Some(held) => self.went(organisation, &held).await,
                            None => Ok(Went::Later),
                        };
                    }
                    Some(_) => {}
                }
            } else if !is_new {
                return Ok(Went::No);
            }
            match self.store.write(organisation, batch).await {
                Ok(()) => {}
                Err(WriteFault::Conflict(_)) => continue,
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
            return match held {
                Some(held) => self.went(organisation, &held).await,
                None if was.archived.is_some() => Ok(Went::Later),
                None => Ok(Went::No),
            };
        }
        Err(Fault::Contended)
    }

    /// The item that the contact has now is its point of contact's: the one that was held is closed, unless
    /// somebody else has it in hand.
    pub(super) async fn close_as_passed(
        &self,
        organisation: &OrganisationId,
        item: &str,
        why: Why<'_>,
    ) -> Result<Went, Fault> {
        for _ in 0..ITEM_TRIES_MAX {
            let Some(was) = self.store.item(organisation, item).await? else { return Ok(Went::No) };
            let (mut batch, _) = self.noted(&was, why);
            let noted = passing(&was, why, batch.stamp.at);
            let went = match noted.after(&ItemAction::Close, why.by, batch.stamp.at) {
                Ok(closed) => {
                    batch.items.clear();
                    let action = ItemAction::Close.name().to_owned();
                    let event = AuditEvent::Item { item: was.id.clone(), action };
                    batch = batch.item(Some(was), closed).audit(event);
                    Went::Yes
                }
                // Somebody has dealt with it.
                Err(ItemFault::Done(_)) => return Ok(Went::No),
                Err(_) if batch.items.is_empty() => return Ok(Went::No),
                Err(_) => Went::No,
            };
            match self.store.write(organisation, batch).await {
                Ok(()) => return Ok(went),
                Err(WriteFault::Conflict(_)) => {}
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
        }
        Err(Fault::Contended)
    }

    /// A batch that notes on an item that it passes; `false`: that was noted before, and it writes nothing.
    fn noted(&self, was: &QueueItem, why: Why<'_>) -> (Batch, bool) {
        let stamp = self.stamp(why.by);
        let now = passing(was, why, stamp.at);
        let is_new = now != *was;
        let mut batch = Batch::new(stamp);
        if is_new {
            let event = AuditEvent::Item { item: was.id.clone(), action: AGAIN.to_owned() };
            batch = batch.item(Some(was.clone()), now).audit(event);
        }
        (batch, is_new)
    }

    /// Works on an item in the name of the person who took a step. Somebody else may hold it, or have dealt with it.
    pub(super) async fn act_on(
        &self,
        organisation: &Organisation,
        item: &str,
        action: ItemAction,
        by: &str,
    ) -> Result<(), Fault> {
        match self.change_item(&organisation.id, item, action, by).await {
            Ok(_) | Err(Fault::Item(_) | Fault::NotFound(_)) => Ok(()),
            Err(fault) => Err(fault),
        }
    }
}

/// An item with the note that it passes, once.
fn passing(was: &QueueItem, why: Why<'_>, at: DateTime<Utc>) -> QueueItem {
    let mut now = was.clone();
    if !is_flagged(was) {
        now.flags.push(Flag::PassesNow);
        now.notes.push(Note::of(why.by, at, why.text));
    }
    now
}

fn is_flagged(item: &QueueItem) -> bool {
    item.flags.contains(&Flag::PassesNow)
}

/// Whether an item passes but stays where it is: nothing of it is kept that could be handed on.
pub(super) fn stays_flagged(item: &QueueItem) -> bool {
    is_flagged(item) && item.archived.is_none()
}

/// The verb's name on the audit trail.
pub(super) const AGAIN: &str = "decided-again";

/// Why contacts are decided again, for the note on each, and who has it done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Why<'a> {
    pub text: &'a str,
    pub by: &'a str,
}
