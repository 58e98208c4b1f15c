//! The gateway's own mail.

use async_trait::async_trait;
use bytes::Bytes;

use super::StoreError;
use crate::domain::organisation::OrganisationId;

/// A message that the gateway itself writes: a notice to a sender, or a copy to a route's mailbox.
#[derive(Clone)]
pub struct OwnMail {
    pub organisation: OrganisationId,
    /// The message's id is made of this key: the same key again is the same message.
    pub key: String,
    pub kind: OwnMailKind,
    pub to: String,
    pub subject: String,
    pub text: String,
    /// The Message-ID that it answers, and the references to carry.
    pub in_reply_to: Option<String>,
    /// The original, carried as an attachment inside the organisation (never to a sender).
    pub original: Option<Bytes>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnMailKind {
    /// To a limited sender: null reverse-path, `Auto-Submitted: auto-replied` (RFC 3834).
    Notice,
    /// To a mailbox of the organisation.
    Internal,
}

/// Sends the gateway's own mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    async fn send(&self, mail: OwnMail) -> Result<(), StoreError>;
}
