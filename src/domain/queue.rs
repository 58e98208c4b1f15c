//! Queue items: where staff find contacts, and what may be done with one.

#[cfg(test)]
mod tests;
mod turn;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::audit::GATEWAY;
use super::channel::Channel;
use super::decision::Reason;
use super::disposition::Disposition;
use super::flag::Flag;

pub use super::queue_names::{
    EMERGENCY, FILED, GOVERNANCE, HEAD_OF_SERVICE, HELD, LIMITED, REVIEW,
};
pub use turn::Turn;

/// What is new in an item, passage by passage, that a list shows.
const EXCERPTS_MAX: usize = 10;

/// One contact on a queue, with why it is there.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct QueueItem {
    /// The item's id: the contact's own, so that a retry makes no second item.
    pub id: String,
    pub queue: String,
    pub contact: String,
    pub person: Option<String>,
    pub channel: Channel,
    #[serde(serialize_with = "super::instant::written")]
    pub at: DateTime<Utc>,
    pub disposition: Disposition,
    pub reasons: Vec<Reason>,
    pub flags: Vec<Flag>,
    pub subject: Option<String>,
    /// The recipients as addressed, who get a released original.
    pub original_to: Vec<String>,
    /// The colleague's address that a held outgoing message came from: that of its envelope, which may be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_by: Option<String>,
    /// The issue, the messages and the attachments (SHA-256) of the contact, with which it can be
    /// decided again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thread: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
    /// New passages, for items that may hold new evidence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub new: Vec<String>,
    /// How often this person used this safeguard lane, this time included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane_used: Option<u32>,
    /// The point of contact or deputy that it was routed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routed_to: Option<String>,
    /// When it becomes overdue: a person must read a limited or filed contact before, and a point of contact must take
    /// up a routed one. Removed once a routed one is taken up.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "super::instant::written_if_any"
    )]
    pub read_by: Option<DateTime<Utc>>,
    /// Nobody had read it or taken it up at `read_by`. What was passed on is overdue until somebody takes it up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overdue: bool,
    /// The safeguard lanes that it resembles a little, each with what it resembles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resembles: Vec<String>,
    /// Where the original is kept in the archive, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<String>,
    /// The text, for channels whose contact is its text (API, form) and for reading at a glance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    pub state: ItemState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_by: Option<String>,
    /// When it came into that name; absent on items claimed by an earlier version.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "super::instant::written_if_any"
    )]
    pub claimed_at: Option<DateTime<Utc>>,
    /// Who released, filed or closed it; absent while it waits, and on items that an earlier version finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_by: Option<String>,
    /// When that was.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "super::instant::written_if_any"
    )]
    pub done_at: Option<DateTime<Utc>>,
    /// The queue from which somebody filed it: where it goes if it is opened again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filed_from: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// Facts learnt after the decision: a voicemail, how the call went.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attached: Vec<Attached>,
}

/// Shows where the item is: no subject, text, address or name reaches a log by way of `{:?}`.
impl std::fmt::Debug for QueueItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "QueueItem({}, {}, {})", self.id, self.queue, self.state.name())
    }
}

/// Something learnt about a contact after it was decided.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// What it is: `voicemail`, `outcome`, `duration`.
    pub name: String,
    pub value: String,
}

/// Shows only the name: the value may be the address of a recording.
impl std::fmt::Debug for Attached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Attached({})", self.name)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    Open,
    Claimed,
    Read,
    Released,
    Filed,
    Closed,
}

impl ItemState {
    pub const ALL: [ItemState; 6] = [
        ItemState::Open,
        ItemState::Claimed,
        ItemState::Read,
        ItemState::Released,
        ItemState::Filed,
        ItemState::Closed,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            ItemState::Open => "open",
            ItemState::Claimed => "claimed",
            ItemState::Read => "read",
            ItemState::Released => "released",
            ItemState::Filed => "filed",
            ItemState::Closed => "closed",
        }
    }

    /// Whether somebody still has to do something with the item.
    pub const fn is_waiting(self) -> bool {
        matches!(self, ItemState::Open | ItemState::Claimed | ItemState::Read)
    }

    /// Whether somebody has claimed or read the item and not finished it.
    pub const fn is_in_hand(self) -> bool {
        matches!(self, ItemState::Claimed | ItemState::Read)
    }

    /// Whether nobody has to do anything with the item any more, and nothing of it has left the house.
    pub const fn is_put_away(self) -> bool {
        matches!(self, ItemState::Filed | ItemState::Closed)
    }
}

/// What a member of staff wrote on an item, or did with it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub by: String,
    pub at: DateTime<Utc>,
    /// Empty where they did something and wrote nothing.
    pub text: String,
    /// The colleague who got the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed_to: Option<String>,
}

impl Note {
    /// What somebody wrote.
    pub fn of(by: &str, at: DateTime<Utc>, text: impl Into<String>) -> Self {
        Note { by: by.to_owned(), at, text: text.into(), handed_to: None }
    }

    /// In English, for whatever has no language of its own: what was written, or else what was done.
    pub fn in_english(&self) -> Cow<'_, str> {
        match &self.handed_to {
            Some(to) => format!("Handed over to {to}.").into(),
            None => self.text.as_str().into(),
        }
    }
}

/// Shows only the time.
impl std::fmt::Debug for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Note(at {})", self.at)
    }
}

/// The action on the audit trail when an item that was kept without its original gets it.
pub const ORIGINAL_KEPT: &str = "original_kept";

impl QueueItem {
    /// The item after somebody said that it is not the person's: nobody's, whatever its state.
    #[must_use]
    pub fn disowned(mut self, by: &str, at: DateTime<Utc>) -> Self {
        if !self.flags.contains(&Flag::NotTheirs) {
            self.flags.push(Flag::NotTheirs);
            self.person = None;
            self.notes.push(Note::of(by, at, "Not theirs: taken off the person's record."));
        }
        self
    }
}

/// What staff can do with an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemAction {
    Claim,
    /// Give up one's claim: anybody may take it.
    PutBack,
    /// Put it into a colleague's name. `held_by`: in whose name it was when that was decided.
    HandOver {
        to: String,
        held_by: Option<String>,
    },
    Read,
    /// Take back that it was read, filed or closed: nothing has left the house by any of these. Anybody can open a
    /// filed or closed item again, regardless of who had it.
    Reopen,
    /// Hand the kept original to its recipients, once.
    Release,
    File,
    Close,
    Note(String),
}

impl ItemAction {
    pub const fn name(&self) -> &'static str {
        match self {
            ItemAction::Claim => "claim",
            ItemAction::PutBack => "put_back",
            ItemAction::HandOver { .. } => "hand_over",
            ItemAction::Read => "read",
            ItemAction::Reopen => "reopen",
            ItemAction::Release => "release",
            ItemAction::File => "file",
            ItemAction::Close => "close",
            ItemAction::Note(_) => "note",
        }
    }
}

/// Why an action is not possible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ItemFault {
    #[error("the item is {0} already; nothing more can be done with it")]
    Done(&'static str),
    #[error("the item is claimed by somebody else")]
    ClaimedByAnother,
    #[error(
        "the item is {0}: it was neither read, filed nor closed, so there is nothing to take back"
    )]
    NothingDone(&'static str),
    #[error("the item's original is not kept, so there is nothing to release")]
    NothingKept,
    #[error("the item is a message of your own; somebody else must release it")]
    OwnMessage,
}

impl QueueItem {
    /// Whether a held outgoing message came from this address; nothing else did.
    pub fn is_from(&self, address: &str) -> bool {
        let sent_by = self.sent_by.as_deref().filter(|sent_by| !sent_by.is_empty());
        sent_by.is_some_and(|sent_by| sent_by.eq_ignore_ascii_case(address.trim()))
    }

    /// The item as a list shows it: of its texts the beginning, `most` characters.
    #[must_use]
    pub fn with_excerpt(mut self, most: usize) -> QueueItem {
        let texts = self.text.iter_mut().chain(&mut self.subject).chain(&mut self.new);
        for text in texts {
            if let Some((at, _)) = text.char_indices().nth(most) {
                text.truncate(at);
                text.push('…');
                text.shrink_to_fit();
            }
        }
        self.new.truncate(EXCERPTS_MAX);
        self
    }

    /// The item after an action by a member of staff. Claiming an item twice, or marking a read one as read, is not a
    /// fault: a double click changes nothing.
    ///
    /// # Errors
    /// [`ItemFault`] where the action is not possible in the item's state.
    pub fn after(
        mut self,
        action: &ItemAction,
        by: &str,
        at: DateTime<Utc>,
    ) -> Result<QueueItem, ItemFault> {
        if let ItemAction::Note(text) = action {
            self.notes.push(Note::of(by, at, text.as_str()));
            return Ok(self);
        }
        if *action == ItemAction::Reopen && self.state.is_put_away() {
            return Ok(self.opened_again(by));
        }
        if !self.state.is_waiting() {
            return Err(ItemFault::Done(self.state.name()));
        }
        let holder = self.claimed_by.as_deref();
        let expected = match action {
            ItemAction::HandOver { held_by, .. } => held_by.as_deref(),
            // The gateway puts back the items of somebody who has left.
            ItemAction::PutBack if by == GATEWAY => holder,
            _ => Some(by),
        };
        let is_handed_over = matches!(action, ItemAction::HandOver { .. });
        if holder != expected && (holder.is_some() || is_handed_over) {
            return Err(ItemFault::ClaimedByAnother);
        }
        self.state = match action {
            ItemAction::Claim => {
                if self.claimed_by.is_none() {
                    self.claimed_at = Some(at);
                }
                self.claimed_by = Some(by.to_owned());
                if self.state == ItemState::Read { ItemState::Read } else { ItemState::Claimed }
            }
            ItemAction::PutBack => {
                (self.claimed_by, self.claimed_at) = (None, None);
                if self.state == ItemState::Read { ItemState::Read } else { ItemState::Open }
            }
            ItemAction::HandOver { to, .. } => {
                let handed_to = Some(to.clone());
                self.notes.push(Note { handed_to, ..Note::of(by, at, "") });
                (self.claimed_by, self.claimed_at) = (Some(to.clone()), Some(at));
                if self.state == ItemState::Read { ItemState::Read } else { ItemState::Claimed }
            }
            ItemAction::Reopen if self.state != ItemState::Read => {
                return Err(ItemFault::NothingDone(self.state.name()));
            }
            ItemAction::Reopen if self.claimed_by.is_some() => ItemState::Claimed,
            ItemAction::Reopen => ItemState::Open,
            ItemAction::Read => ItemState::Read,
            ItemAction::Release if self.archived.is_none() => return Err(ItemFault::NothingKept),
            ItemAction::Release => ItemState::Released,
            ItemAction::File => {
                self.filed_from = Some(std::mem::replace(&mut self.queue, FILED.to_owned()));
                ItemState::Filed
            }
            ItemAction::Close => ItemState::Closed,
            ItemAction::Note(_) => self.state,
        };
        if !self.state.is_waiting() {
            (self.done_by, self.done_at) = (Some(by.to_owned()), Some(at));
        }
        Ok(self.taken_up())
    }

    /// The filed or closed item as it waits again, whoever had it: they may have left since. It stays in the name
    /// of whoever opens it, if it was in theirs.
    fn opened_again(mut self, by: &str) -> QueueItem {
        if let Some(queue) = self.filed_from.take() {
            self.queue = queue;
        }
        self.claimed_by = self.claimed_by.filter(|holder| holder == by);
        self.claimed_at = self.claimed_at.filter(|_| self.claimed_by.is_some());
        (self.done_by, self.done_at) = (None, None);
        let mut waits = self.taken_up();
        waits.state = if waits.claimed_by.is_some() { ItemState::Claimed } else { ItemState::Open };
        waits
    }
}
