//! Queues and their items, as the API's document describes them.

use chrono::{DateTime, Utc};
use utoipa::ToSchema;

use super::{Channel, Disposition, Reason};

#[derive(ToSchema)]
pub struct QueueCount {
    pub queue: String,
    pub waiting: u64,
    pub oldest_at: Option<DateTime<Utc>>,
    /// How many of them nobody has read, or taken up, in time.
    pub overdue: u64,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ItemState {
    Open,
    Claimed,
    Read,
    Released,
    Filed,
    Closed,
}

/// One contact on a queue, with why it is there.
#[derive(ToSchema)]
pub struct QueueItem {
    pub id: String,
    pub queue: String,
    pub contact: String,
    pub person: Option<String>,
    pub channel: Channel,
    pub at: DateTime<Utc>,
    pub disposition: Disposition,
    pub reasons: Vec<Reason>,
    pub flags: Vec<String>,
    pub subject: Option<String>,
    /// The recipients of a release.
    pub original_to: Vec<String>,
    /// The colleague's address that a held outgoing message came from.
    pub sent_by: Option<String>,
    /// The issue that the contact named.
    pub issue: Option<String>,
    /// Message-ids of the contact and of what it answers.
    pub thread: Option<Vec<String>>,
    /// SHA-256 of each attachment.
    pub attachments: Option<Vec<String>>,
    /// The new parts, if it may hold new evidence.
    pub new: Option<Vec<String>>,
    /// How often this person used this safeguard lane.
    pub lane_used: Option<u32>,
    /// The point of contact or deputy that it was routed to.
    pub routed_to: Option<String>,
    /// For a limited or filed contact: by when a person must read it. For a contact routed to a point of contact, if
    /// the organisation has set a time: by when they must take it up before somebody else takes over; gone once
    /// somebody has taken it up.
    pub read_by: Option<DateTime<Utc>>,
    /// Nobody read it in time; or it was passed on because nobody took it up in time, and nobody has since.
    pub overdue: Option<bool>,
    /// The safeguard lanes that it resembles a little, each with what it resembles.
    pub resembles: Option<Vec<String>>,
    /// There is an original.
    pub archived: Option<String>,
    pub text: Option<String>,
    pub state: ItemState,
    pub claimed_by: Option<String>,
    /// When it came into that name.
    pub claimed_at: Option<DateTime<Utc>>,
    /// Who released, filed or closed it.
    pub done_by: Option<String>,
    pub done_at: Option<DateTime<Utc>>,
    /// The queue from which it was filed.
    pub filed_from: Option<String>,
    pub notes: Option<Vec<Note>>,
}

#[derive(ToSchema)]
pub struct Note {
    pub by: String,
    pub at: DateTime<Utc>,
    /// Empty where something was done and nothing written.
    pub text: String,
    /// The colleague who got the item.
    pub handed_to: Option<String>,
}
