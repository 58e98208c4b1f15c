//! A message with its envelope, as it came in.

use std::sync::Arc;

use super::settings::MailListener;
use super::spool::Content;
use super::wire::Path;
use crate::ports::relay::{Envelope, Recipient};

/// How the sender hears of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Smtp,
    Lmtp,
}

/// A message with its envelope, all there.
pub(super) struct Message {
    pub(super) protocol: Protocol,
    /// Where it came in.
    pub(super) listener: MailListener,
    pub(super) envelope: Envelope,
    pub(super) sender: Path,
    pub(super) recipients: Vec<Addressed>,
    pub(super) content: Arc<Content>,
    pub(super) client: String,
    pub(super) with: &'static str,
    pub(super) id: String,
}

impl Message {
    pub(super) fn mailboxes(&self, members: &[usize]) -> Vec<String> {
        self.members(members).map(|addressed| addressed.address.mailbox.clone()).collect()
    }

    pub(super) fn members<'a>(
        &'a self,
        members: &'a [usize],
    ) -> impl Iterator<Item = &'a Addressed> {
        members.iter().filter_map(|index| self.recipients.get(*index))
    }
}

/// One recipient: its address, and the part of its command that is replayed.
pub(super) struct Addressed {
    pub(super) address: Path,
    pub(super) recipient: Recipient,
}
