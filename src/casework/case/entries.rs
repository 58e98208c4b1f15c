//! The entries of a case file that appear in the lists over all cases, and their index keys.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};

use crate::domain::case::CaseFile;
use crate::domain::case::appeal::Appeal;
use crate::domain::case::conduct::Incident;
use crate::domain::case::letter::CaseLetter;
use crate::domain::case::proposal::Proposal;
use crate::ports::documents::{IndexKey, Listing};
use crate::runtime::tokens::{hex, sha256};

/// Stands for a list's entries in any state.
pub const ALL: &str = "all";

/// A list over all case files, backed by an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CaseList {
    /// Open proposals. States: `waiting` (for a signature), or all.
    Proposals,
    /// States: `open`, or all. Open ones first, oldest received first; then closed ones, latest received first.
    Appeals,
    /// States: `open`, `answered`, `no_action`, or all. Sorted by when they happened.
    Incidents,
    /// States: `to_do`, `sent`, or all. Sorted by when they were drafted.
    Letters,
}

impl CaseList {
    const fn index(self) -> &'static str {
        match self {
            CaseList::Proposals => "proposals",
            CaseList::Appeals => "appeals",
            CaseList::Incidents => "incidents",
            CaseList::Letters => "letters",
        }
    }

    pub(super) fn listing(self, state: &str) -> Listing {
        Listing::beginning(self.index(), &format!("{state} "))
    }
}

/// An entry of one of the lists.
#[derive(Debug, Clone, Copy)]
pub enum ListedEntry<'f> {
    Proposal(&'f Proposal),
    Appeal(&'f Appeal),
    Incident(&'f Incident),
    Letter(&'f CaseLetter),
}

/// An entry with its index values: one under its state, if it has one, and one under [`ALL`].
pub(super) struct Keyed<'f> {
    pub list: CaseList,
    pub entry: ListedEntry<'f>,
    at: DateTime<Utc>,
    is_open: bool,
    pub values: Vec<String>,
}

/// Sorts by time. The id is hashed, because it may be long or give something away.
fn instant(at: DateTime<Utc>, id: &str) -> String {
    let digest = hex(&sha256(id.as_bytes()));
    format!("{} {}", at.format("%Y%m%dT%H%M%S%6f"), digest.get(..16).unwrap_or(&digest))
}

/// As [`instant`], but sorts the latest first.
fn instant_back(at: DateTime<Utc>, id: &str) -> String {
    const LATEST: i64 = 999_999_999_999;
    format!("{:012} {}", LATEST.saturating_sub(at.timestamp()), instant(at, id))
}

pub(super) fn keyed(file: &CaseFile) -> Vec<Keyed<'_>> {
    let mut all = Vec::new();
    let mut put = |list, entry, at, id: &str, state: Option<&str>, is_open| {
        let state = state.map(|state| format!("{state} {}", instant(at, id)));
        let every = match list {
            CaseList::Appeals if is_open => format!("{ALL} 0 {}", instant(at, id)),
            CaseList::Appeals => format!("{ALL} 9 {}", instant_back(at, id)),
            _ => format!("{ALL} {}", instant(at, id)),
        };
        let values = state.into_iter().chain([every]).collect();
        all.push(Keyed { list, entry, at, is_open, values });
    };
    for one in file.proposals.iter().filter(|one| one.is_open()) {
        let state = one.waits_for_signature().then_some("waiting");
        put(CaseList::Proposals, ListedEntry::Proposal(one), one.at, &one.id, state, true);
    }
    for one in &file.appeals {
        let state = one.is_open().then_some("open");
        let (entry, at) = (ListedEntry::Appeal(one), one.received.at);
        put(CaseList::Appeals, entry, at, &one.id, state, one.is_open());
    }
    for one in &file.incidents {
        let (entry, is_open) = (ListedEntry::Incident(one), one.closed.is_none());
        let state = Some(one.state());
        put(CaseList::Incidents, entry, one.happened_at, &one.id, state, is_open);
    }
    for one in &file.letters {
        let state = if one.has_gone() { "sent" } else { "to_do" };
        let entry = ListedEntry::Letter(one);
        put(CaseList::Letters, entry, one.drafted_at, &one.id, Some(state), !one.has_gone());
    }
    all
}

/// At most `most` index keys of a case file: open entries first, then the latest ones.
pub(super) fn keys(file: &CaseFile, most: usize) -> Vec<IndexKey> {
    let mut all = keyed(file);
    all.sort_by_key(|one| (Reverse(one.is_open), Reverse(one.at)));
    let keys = all.iter().flat_map(|one| {
        one.values.iter().map(|value| IndexKey::new(one.list.index(), value.as_str()))
    });
    keys.take(most).collect()
}
