//! What staff can do with an item, as its page offers it.

use crate::domain::queue::{ItemState, QueueItem};
use crate::staff::console::words;

/// What can be done, as the page offers it. In the order of the buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Take,
    PutBack,
    Read,
    Reopen,
    HandOver,
    Release,
    File,
    Close,
    NotTheirs,
    Note,
}

impl Verb {
    pub(super) const ALL: [Verb; 10] = [
        Verb::Take,
        Verb::PutBack,
        Verb::Read,
        Verb::Reopen,
        Verb::HandOver,
        Verb::Release,
        Verb::File,
        Verb::Close,
        Verb::NotTheirs,
        Verb::Note,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Verb::Take => "take",
            Verb::PutBack => "put_back",
            Verb::Read => "read",
            Verb::Reopen => "reopen",
            Verb::HandOver => "hand_over",
            Verb::Release => "release",
            Verb::File => "file",
            Verb::Close => "close",
            Verb::NotTheirs => "not_theirs",
            Verb::Note => "note",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        Verb::ALL.into_iter().find(|verb| verb.name() == name)
    }

    /// What leaves the house, or can't be undone, is asked about on a page of its own.
    pub(super) const fn is_final(self) -> bool {
        matches!(self, Verb::Release | Verb::NotTheirs)
    }

    pub(super) const fn said(self, w: &words::Item) -> &'static str {
        match self {
            Verb::Take => w.did_take,
            Verb::PutBack => w.did_put_back,
            Verb::Read => w.did_read,
            Verb::Reopen => w.did_reopen,
            Verb::HandOver => w.did_hand_over,
            Verb::Release => w.did_release,
            Verb::File => w.did_file,
            Verb::Close => w.did_close,
            Verb::NotTheirs => w.did_not_theirs,
            Verb::Note => w.did_note,
        }
    }

    /// What takes it back, where the domain has an inverse and nothing has left the house.
    const fn inverse(self) -> Option<Verb> {
        match self {
            Verb::Take => Some(Verb::PutBack),
            Verb::PutBack => Some(Verb::Take),
            Verb::Read | Verb::File | Verb::Close => Some(Verb::Reopen),
            Verb::Reopen | Verb::HandOver | Verb::Release | Verb::NotTheirs | Verb::Note => None,
        }
    }

    /// The same, where the item is still as this verb left it.
    pub(super) fn undo(self, item: &QueueItem, by: &str) -> Option<Verb> {
        let as_left = match self {
            Verb::Read => item.state == ItemState::Read,
            Verb::File => item.state == ItemState::Filed,
            Verb::Close => item.state == ItemState::Closed,
            _ => true,
        };
        self.inverse().filter(|inverse| as_left && inverse.is_offered(item, by))
    }

    /// A button of its own among the others; handing over also asks for the colleague.
    pub(super) const fn is_button(self) -> bool {
        !matches!(self, Verb::Note | Verb::HandOver)
    }

    pub(super) fn is_offered(self, item: &QueueItem, by: &str) -> bool {
        let held = item.claimed_by.as_deref();
        let free = held.is_none_or(|holder| holder == by);
        let waits = item.state.is_waiting();
        match self {
            Verb::Note => true,
            Verb::Take => waits && held.is_none(),
            Verb::PutBack => waits && held == Some(by),
            Verb::Read => waits && free && item.state != ItemState::Read,
            Verb::Reopen if item.state == ItemState::Read => free,
            Verb::Reopen => item.state.is_put_away(),
            // Who may hand over depends on the role as well: the page asks casework.
            Verb::HandOver => waits,
            Verb::Release => waits && free && item.archived.is_some(),
            Verb::File | Verb::Close => waits && free,
            // A colleague's message is never "not theirs".
            Verb::NotTheirs => waits && free && item.person.is_some() && item.sent_by.is_none(),
        }
    }
}

/// The words on its button.
pub(super) fn label(verb: Verb, item: &QueueItem, w: &words::Item) -> &'static str {
    match verb {
        Verb::Take => w.take,
        Verb::PutBack => w.put_back,
        Verb::Read => w.mark_read,
        Verb::Reopen if item.state == ItemState::Read => w.mark_unread,
        Verb::Reopen => w.reopen,
        Verb::HandOver => w.hand_over,
        Verb::Release => w.release,
        Verb::File => w.file,
        Verb::Close => w.close,
        Verb::NotTheirs => w.not_theirs,
        Verb::Note => w.add_note,
    }
}
