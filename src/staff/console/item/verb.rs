//! What staff can do with an item, as its page offers it.

use crate::domain::flag::Flag;
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
            Verb::NotTheirs => waits && free && is_somebodys_contact(item),
        }
    }
}

/// Whether a customer made this contact: a colleague wrote a held message, and nobody wrote a reminder.
fn is_somebodys_contact(item: &QueueItem) -> bool {
    let is_contact = item.sent_by.is_none() && !item.flags.contains(&Flag::Reminder);
    is_contact && item.person.is_some()
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_a_person_sent_can_be_not_theirs() {
        let item: QueueItem = serde_json::from_value(json!({
            "id": "c", "queue": "limited", "contact": "c", "person": "P-1", "channel": "email",
            "at": "2026-11-23T10:00:00Z", "disposition": "limit", "reasons": [], "flags": [],
            "subject": null, "original_to": [], "state": "open",
        }))
        .unwrap();
        let is_offered = |item: QueueItem| Verb::NotTheirs.is_offered(&item, "Ann");
        assert!(is_offered(item.clone()));
        assert!(!is_offered(QueueItem { person: None, ..item.clone() }));
        assert!(!is_offered(QueueItem { sent_by: Some("Bo".to_owned()), ..item.clone() }));
        assert!(!is_offered(QueueItem { flags: vec![Flag::Reminder], ..item }));
    }
}
