//! Whether a store is what it was known to be: the name of its trail, how far it had come, and how the two are
//! compared.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::audit::AuditEntry;

/// Which archive originals are kept in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveIdentity {
    /// A UUID. Gateways that see the same one share the archive.
    pub id: String,
    /// Where it is, as the gateway that says so has it: `file:/srv/archive`.
    pub place: String,
}

impl std::fmt::Display for ArchiveIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.id, self.place)
    }
}

/// What a store bears for an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nameplate {
    /// The names of the organisation's audit trail, oldest first, the one that it bears now last.
    pub branches: Vec<Branch>,
    /// Where the originals are that its items refer to. `None`: nobody has said so yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<ArchiveIdentity>,
}

/// The trail under one name. Wherever the same number can come to mean another entry, the name
/// changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// A UUID.
    pub trail: String,
    /// The number of the first entry under this name.
    pub from: u64,
    /// The trail that was known when an operator accepted the store as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_place_of: Option<String>,
}

impl Nameplate {
    /// Of a trail that begins here.
    pub fn new(trail: String) -> Self {
        Nameplate { branches: vec![Branch { trail, from: 1, in_place_of: None }], archive: None }
    }

    /// The name that the trail bears now.
    pub fn trail(&self) -> Option<&str> {
        self.branches.last().map(|branch| branch.trail.as_str())
    }

    /// Whether an operator has accepted this store in place of one with that trail.
    pub fn is_in_place_of(&self, trail: &str) -> bool {
        let (now, before) = match self.branches.split_last() {
            Some((now, before)) => (now, before),
            None => return false,
        };
        let named = |branch: &Branch| branch.in_place_of.as_deref() == Some(trail);
        now.trail != trail
            && (named(now) || before.iter().any(|one| named(one) || one.trail == trail))
    }

    /// The entry of this store up to which a reader that got `after` of `trail` is informed.
    pub fn place_of(&self, trail: &str, after: u64) -> u64 {
        let at = self.branches.iter().position(|branch| branch.trail == trail);
        match at.map(|at| self.branches.get(at + 1)) {
            // A trail that this store never had: all of it is new.
            None => 0,
            // The one that it has now.
            Some(None) => after,
            Some(Some(next)) => after.min(next.from.saturating_sub(1)),
        }
    }
}

/// Where an organisation's trail ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailEnd {
    /// `None`: the store bears none, which a store that was just made does.
    pub nameplate: Option<Nameplate>,
    /// `None`: the trail has no entry.
    pub last: Option<LastEntry>,
}

/// An entry of the trail, by what no two entries share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastEntry {
    pub number: u64,
    /// In whole microseconds.
    pub at: DateTime<Utc>,
}

impl LastEntry {
    pub fn of(entry: &AuditEntry) -> Self {
        let micros = entry.at.timestamp_micros();
        LastEntry {
            number: entry.number,
            at: DateTime::from_timestamp_micros(micros).unwrap_or(entry.at),
        }
    }
}

/// How far a store is known to have come: it can't have come less far and be the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub trail: String,
    pub last: Option<LastEntry>,
    /// The store was found behind this mark, with so many entries in its trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found_behind_at: Option<u64>,
}

/// A store's state, compared with the last known one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The store that was known, as far as it had come or further; or nothing was known of any.
    Well,
    /// Another one, or an older one, that an operator has accepted in its place.
    Accepted,
    Behind(Behind),
}

/// Why a store is older than last seen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Behind {
    #[error("it is empty")]
    Empty,
    #[error("it is a different store")]
    Another,
    #[error("its trail ends at entry {found}, but had reached {known}: it is an older store")]
    Older { known: u64, found: u64 },
    #[error("entry {number} of its trail is not the known one: it has been an older store")]
    Diverged { number: u64 },
    /// In words of the store that hold nothing personal.
    #[error("{0}")]
    Damaged(String),
    /// The opened store has been replaced.
    #[error("{0}")]
    Lost(String),
}

/// Compares a store with its last known state. `marked`: the entry of the store that has the number of
/// the last one known.
pub fn compare(mark: Option<&Mark>, end: &TrailEnd, marked: Option<LastEntry>) -> Standing {
    let Some(mark) = mark else { return Standing::Well };
    let Some(plate) = &end.nameplate else {
        let is_empty = end.last.is_none();
        return Standing::Behind(if is_empty { Behind::Empty } else { Behind::Another });
    };
    if plate.trail() != Some(mark.trail.as_str()) {
        return match plate.is_in_place_of(&mark.trail) {
            true => Standing::Accepted,
            false if end.last.is_none() => Standing::Behind(Behind::Empty),
            false => Standing::Behind(Behind::Another),
        };
    }
    let Some(known) = mark.last else { return Standing::Well };
    let found = end.last.map_or(0, |last| last.number);
    if found < known.number {
        return Standing::Behind(Behind::Older { known: known.number, found });
    }
    match marked {
        Some(entry) if entry == known => Standing::Well,
        _ => Standing::Behind(Behind::Diverged { number: known.number }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn branch(trail: &str, from: u64, in_place_of: Option<&str>) -> Branch {
        Branch { trail: trail.to_owned(), from, in_place_of: in_place_of.map(str::to_owned) }
    }

    #[test]
    fn a_place_in_a_trail_is_found_by_the_trails_name() {
        let plate = Nameplate {
            branches: vec![branch("a", 1, None), branch("b", 51, Some("a"))],
            archive: None,
        };
        for (trail, after, place) in
            [("b", 70, 70), ("a", 60, 50), ("a", 40, 40), ("another", 60, 0)]
        {
            assert_eq!(plate.place_of(trail, after), place, "{trail} {after}");
        }
    }

    #[test]
    fn what_was_accepted_is_known_by_what_it_took_the_place_of() {
        let plate = Nameplate {
            branches: vec![branch("a", 1, None), branch("b", 51, None), branch("c", 1, Some("x"))],
            archive: None,
        };
        for (trail, is) in [("a", true), ("b", true), ("x", true), ("c", false), ("y", false)] {
            assert_eq!(plate.is_in_place_of(trail), is, "{trail}");
        }
        assert_eq!(plate.trail(), Some("c"));
    }

    fn entry(number: u64, second: i64) -> LastEntry {
        LastEntry { number, at: DateTime::from_timestamp(second, 0).unwrap() }
    }

    #[test]
    fn a_store_is_well_as_far_as_it_was_known_or_further() {
        let mark =
            |trail: &str, last| Mark { trail: trail.to_owned(), last, found_behind_at: None };
        let end = |branches: Vec<Branch>, last| TrailEnd {
            nameplate: (!branches.is_empty()).then_some(Nameplate { branches, archive: None }),
            last,
        };
        let (a, known) = (|| vec![branch("a", 1, None)], Some(entry(7, 70)));
        let b = || vec![branch("a", 1, None), branch("b", 5, Some("a"))];
        let c = || vec![branch("c", 1, None)];
        let older = Behind::Older { known: 7, found: 6 };
        for (mark, end, marked, standing) in [
            (None, end(c(), None), None, Standing::Well),
            (Some(mark("a", known)), end(a(), known), known, Standing::Well),
            (Some(mark("a", known)), end(a(), Some(entry(9, 90))), known, Standing::Well),
            (Some(mark("a", None)), end(a(), None), None, Standing::Well),
            (Some(mark("a", known)), end(a(), Some(entry(6, 60))), None, Standing::Behind(older)),
            (
                Some(mark("a", known)),
                end(a(), Some(entry(9, 90))),
                Some(entry(7, 71)),
                Standing::Behind(Behind::Diverged { number: 7 }),
            ),
            (Some(mark("a", known)), end(vec![], None), None, Standing::Behind(Behind::Empty)),
            (Some(mark("a", known)), end(c(), None), None, Standing::Behind(Behind::Empty)),
            (Some(mark("a", known)), end(c(), known), known, Standing::Behind(Behind::Another)),
            (Some(mark("a", known)), end(vec![], known), known, Standing::Behind(Behind::Another)),
            (Some(mark("a", known)), end(b(), Some(entry(6, 66))), None, Standing::Accepted),
            (Some(mark("b", known)), end(a(), known), known, Standing::Behind(Behind::Another)),
        ] {
            assert_eq!(compare(mark.as_ref(), &end, marked), standing, "{mark:?} {end:?}");
        }
    }

    #[test]
    fn a_trail_begins_at_its_first_entry_and_an_archive_is_shown_with_its_place() {
        let plate = Nameplate::new("a".to_owned());
        assert_eq!(plate, Nameplate { branches: vec![branch("a", 1, None)], archive: None });
        let bare = Nameplate { branches: Vec::new(), archive: None };
        assert_eq!(
            (bare.trail(), bare.is_in_place_of("a"), bare.place_of("a", 7)),
            (None, false, 0)
        );
        let archive =
            ArchiveIdentity { id: "u-1".to_owned(), place: "file:/srv/archive".to_owned() };
        assert_eq!(archive.to_string(), "u-1 (file:/srv/archive)");
    }

    #[test]
    fn an_entry_is_known_by_its_number_and_its_instant_in_whole_microseconds() {
        let entry: AuditEntry = serde_json::from_str(
            r#"{"number": 7, "at": "2026-11-21T10:00:00.000001999Z", "by": "Ann", "event": "released", "item": "c-1"}"#,
        )
        .unwrap();
        let at = "2026-11-21T10:00:00.000001Z".parse().unwrap();
        assert_eq!(LastEntry::of(&entry), LastEntry { number: 7, at });
    }
}
