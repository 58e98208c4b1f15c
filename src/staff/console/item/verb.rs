//! What staff can do with an item, as its page offers it.

use crate::domain::queue::{ItemState, QueueItem};
use crate::staff::console::words;

/// What can be done, as the page offers it. In the order of the buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Take,
    PutBack,
    Read,
    Release,
    File,
    Close,
    NotTheirs,
    Note,
}

impl Verb {
    pub(super) const ALL: [Verb; 8] = [
        Verb::Take,
        Verb::PutBack,
        Verb::Read,
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
            Verb::Release => w.did_release,
            Verb::File => w.did_file,
            Verb::Close => w.did_close,
            Verb::NotTheirs => w.did_not_theirs,
            Verb::Note => w.did_note,
        }
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
            Verb::Release => waits && free && item.archived.is_some(),
            Verb::File | Verb::Close => waits && free,
            Verb::NotTheirs => waits && free && item.person.is_some(),
        }
    }
}

/// The words on its button.
pub(super) const fn label(verb: Verb, w: &words::Item) -> &'static str {
    match verb {
        Verb::Take => w.take,
        Verb::PutBack => w.put_back,
        Verb::Read => w.mark_read,
        Verb::Release => w.release,
        Verb::File => w.file,
        Verb::Close => w.close,
        Verb::NotTheirs => w.not_theirs,
        Verb::Note => w.add_note,
    }
}
