//! Entries that the store rejects, or that can't be read back: they stay in the journal, and keep no other waiting.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct Rejected {
    /// Why, by number.
    why: BTreeMap<u64, String>,
    /// Those that no page has for now.
    left_out: BTreeSet<u64>,
}

impl Rejected {
    pub(super) fn put(&mut self, number: u64, why: String) {
        self.why.insert(number, why);
        self.left_out.insert(number);
    }

    pub(super) fn done(&mut self, number: u64) {
        self.why.remove(&number);
        self.left_out.remove(&number);
    }

    pub(super) fn try_again(&mut self) {
        self.left_out.clear();
    }

    pub(super) fn leaves_out(&self, number: u64) -> bool {
        self.left_out.contains(&number)
    }

    /// For health: how many there are, and why the oldest; `None`: none.
    pub(super) fn fault(&self) -> Option<String> {
        let (_, why) = self.why.first_key_value()?;
        let count = self.why.len();
        Some(format!(
            "entries of the journal that can't be replayed: {count}, the oldest because {why}; they are kept, and \
             tried again every minute"
        ))
    }
}
