//! Handing an item over to a colleague: by the person who has it, and by those who lead.

use std::collections::BTreeSet;

use super::{Casework, Fault};
use crate::domain::duty::Duty;
use crate::domain::organisation::Organisation;
use crate::domain::permission;
use crate::domain::profile::Role;
use crate::domain::queue::{ItemAction, ItemFault, QueueItem};

/// Who does something, and as what.
#[derive(Debug, Clone, Copy)]
pub struct Actor<'a> {
    pub name: &'a str,
    pub role: &'a Role,
}

impl Actor<'_> {
    /// Whether they lead: everybody but those who only record. They hand over a colleague's items, and unclaimed ones.
    pub fn leads(&self, organisation: &Organisation) -> bool {
        permission::has(&organisation.profile, self.role, Duty::Warn)
    }

    /// Whether an item is theirs to hand over.
    pub fn may_hand_over(&self, organisation: &Organisation, item: &QueueItem) -> bool {
        let has_it = item.claimed_by.as_deref() == Some(self.name);
        item.state.is_waiting() && (has_it || self.leads(organisation))
    }
}

impl Casework {
    /// Those who can take an item over, by name: everybody who works queues.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn colleagues(&self, organisation: &Organisation) -> Result<Vec<String>, Fault> {
        let everybody = self.everybody(organisation).await?.into_iter();
        let works = |role: &Role| permission::has(&organisation.profile, role, Duty::Record);
        Ok(everybody.filter(|(_, role)| works(role)).map(|(name, _)| name).collect())
    }

    /// Puts an item, as it was read, into a colleague's name.
    ///
    /// # Errors
    /// [`ItemFault::ClaimedByAnother`]: it is not theirs to hand over, or somebody took it in the meantime;
    /// [`Fault::Refused`]: nobody of this name works queues.
    pub async fn hand_over(
        &self,
        organisation: &Organisation,
        item: QueueItem,
        to: &str,
        by: Actor<'_>,
    ) -> Result<QueueItem, Fault> {
        if item.state.is_waiting() && !by.may_hand_over(organisation, &item) {
            return Err(ItemFault::ClaimedByAnother.into());
        }
        if !self.colleagues(organisation).await?.iter().any(|name| name == to) {
            return Err(Fault::Refused("nobody of this name works on queues here".to_owned()));
        }
        let action = ItemAction::HandOver { to: to.to_owned(), held_by: item.claimed_by };
        self.desk.change_item(&organisation.id, &item.id, action, by.name).await
    }

    /// Items still in the name of people who can't sign in any more, oldest first.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn left_behind(&self, organisation: &Organisation) -> Result<Vec<QueueItem>, Fault> {
        let everybody = self.everybody(organisation).await?;
        let here: BTreeSet<&str> = everybody.keys().map(String::as_str).collect();
        self.desk.held(&organisation.id, |holder| !here.contains(holder)).await
    }
}
