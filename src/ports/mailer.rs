//! The gateway's own mail.

use async_trait::async_trait;
use bytes::Bytes;

use super::relay::RelayError;
use crate::domain::organisation::OrganisationId;

/// A message that the gateway itself sends: a notice to a sender, a copy to a route's mailbox, a letter.
#[derive(Clone)]
pub struct OwnMail {
    pub organisation: OrganisationId,
    /// The message's id is made of this key: the same key again is the same message.
    pub key: String,
    pub kind: OwnMailKind,
    pub to: String,
    pub subject: String,
    pub text: String,
    /// The same as a page, to the byte; with the text.
    pub html: Option<String>,
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
    /// To a person, approved by somebody: from the organisation's address, to which what can't be delivered
    /// comes back.
    Letter,
}

/// Why a mail was not sent. Never holds an address or a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    #[error("there is no mail server behind the gateway; set [mail] downstream")]
    NoServer,
    #[error("the organisation has no notice_from")]
    NoSender,
    #[error("the host name makes no address")]
    HostName,
    #[error("the recipient is not an address")]
    Recipient,
    #[error("the mail could not be written")]
    Unwritable,
    #[error("the mail server is slow")]
    Slow,
    #[error("the mail server did not answer")]
    NoAnswer,
    /// The server's reply code.
    #[error("the mail server answered {0}")]
    Answered(u16),
    #[error(transparent)]
    Relay(#[from] RelayError),
}

impl SendError {
    /// Whether the same mail may be accepted later.
    pub const fn is_retryable(&self) -> bool {
        match self {
            SendError::Slow | SendError::NoAnswer | SendError::Relay(_) => true,
            // RFC 5321 4.2.1: 5yz is permanent.
            SendError::Answered(code) => *code / 100 != 5,
            SendError::NoServer
            | SendError::NoSender
            | SendError::HostName
            | SendError::Recipient
            | SendError::Unwritable => false,
        }
    }
}

/// Sends the gateway's own mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    async fn send(&self, mail: OwnMail) -> Result<(), SendError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_sent_again_where_the_server_may_take_it_later() {
        for later in [
            SendError::Slow,
            SendError::NoAnswer,
            SendError::Answered(452),
            SendError::Relay(RelayError::Unreachable),
        ] {
            assert!(later.is_retryable(), "{later}");
        }
        for never in [SendError::NoServer, SendError::NoSender, SendError::Answered(550)] {
            assert!(!never.is_retryable(), "{never}");
        }
    }
}
