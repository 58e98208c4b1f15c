//! Random tampering with a trail that has erased entries: an erasure is no finding, and no tampering passes for one.

use contact_gateway::casework::sealing::anchor::Anchor;
use contact_gateway::casework::sealing::seal::{Link, Seal};
use contact_gateway::domain::audit::{AuditEntry, AuditEvent, ErasedEntry};

use super::tampering::{Dice, ENTRIES, Stored, TAMPERINGS, entry, flipped, resealed, sealed};
use super::{key, verified};
use crate::store_contract::facts::{at, karbon};

const SEED: u64 = 0xE4A5;
/// First and last numbers: within a seal, across two, and all of one.
const GONE: [(u64, u64); 3] = [(10, 11), (15, 18), (25, 32)];
/// Entries after the erasure's beginning, of which the second one proves it.
const LATER: u64 = 6;
const PROOF: u64 = ENTRIES + 2;

struct Erased {
    /// The store as it was, under seal.
    before: Stored,
    /// The same without the erased entries, and with later ones.
    after: Stored,
    /// The newest one.
    anchor: Anchor,
}

fn gone() -> impl Iterator<Item = u64> {
    GONE.into_iter().flat_map(|(from, to)| from..=to)
}

fn written(entries: &[AuditEntry]) -> Vec<String> {
    entries.iter().map(|entry| serde_json::to_string(entry).unwrap()).collect()
}

fn read(text: &str) -> AuditEntry {
    serde_json::from_str(text).unwrap()
}

/// Without the salts of what is gone: these say nothing any more, whatever they are.
fn forgotten(text: &str) -> Option<Seal> {
    let mut seal: Seal = serde_json::from_str(text).ok()?;
    gone().for_each(|number| seal.forget(number));
    Some(seal)
}

fn erased() -> Erased {
    let mut entries: Vec<AuditEntry> = (1..=ENTRIES).map(entry).collect();
    let (seals, last) = sealed(&entries, Link::first(&karbon()));
    let before = Stored { entries: written(&entries), seals };
    entries.retain(|entry| gone().all(|number| number != entry.number));
    let mut later: Vec<AuditEntry> = (ENTRIES + 1..=ENTRIES + LATER).map(entry).collect();
    later[1].event = AuditEvent::Erased(ErasedEntry {
        erasure: "E-1".to_owned(),
        clause: "Art. 17(1)(d)".to_owned(),
        asked_by: "Gwen".to_owned(),
        approved_by: "Max".to_owned(),
        entries: GONE.to_vec(),
        ..ErasedEntry::default()
    });
    let (more, newest) = sealed(&later, last.link);
    let mut seals = before.seals.clone();
    for (_, text) in &mut seals {
        *text = serde_json::to_string(&forgotten(text).unwrap()).unwrap();
    }
    seals.extend(more);
    entries.extend(later);
    let after = Stored { entries: written(&entries), seals };
    let anchor = Anchor::sign(&karbon(), &newest, at(101), &key());
    Erased { before, after, anchor }
}

/// Puts an entry where its number belongs.
fn put(stored: &mut Stored, text: String) {
    let number = read(&text).number;
    let place = stored.entries.partition_point(|other| read(other).number < number);
    stored.entries.insert(place, text);
}

/// Takes an entry away, and has the erasure's proof name it.
fn named_and_removed(stored: &mut Stored, place: usize) {
    let number = read(&stored.entries.remove(place)).number;
    for text in &mut stored.entries {
        let mut entry = read(text);
        if let AuditEvent::Erased(erased) = &mut entry.event {
            erased.entries.push((number, number));
            *text = serde_json::to_string(&entry).unwrap();
        }
    }
}

/// One way of tampering, of many.
fn tamper(stored: &mut Stored, before: &Stored, dice: &mut Dice) -> &'static str {
    let place = dice.below(stored.entries.len());
    let numbers: Vec<u64> = gone().collect();
    let number = numbers[dice.below(numbers.len())];
    match dice.below(9) {
        0 => {
            stored.entries[place] = flipped(&stored.entries[place], dice);
            "a bit of an entry"
        }
        1 => {
            let seal = dice.below(stored.seals.len());
            stored.seals[seal].1 = flipped(&stored.seals[seal].1, dice);
            "a bit of a seal"
        }
        2 => {
            stored.entries.remove(place);
            "an entry is gone that no erasure names"
        }
        3 => {
            let index = usize::try_from(number - 1).unwrap();
            put(stored, before.entries[index].clone());
            "an erased entry is back"
        }
        4 => {
            let other = AuditEntry { number, ..entry(ENTRIES + LATER + 1 + dice.roll() % 100) };
            put(stored, serde_json::to_string(&other).unwrap());
            "another entry is where an erased one was"
        }
        5 => {
            stored.entries.retain(|text| read(text).number != PROOF);
            "the proof of the erasure is gone"
        }
        6 => {
            named_and_removed(stored, place);
            "an entry is gone, and the proof of an erasure names it"
        }
        7 => {
            named_and_removed(stored, place);
            resealed(stored);
            "an entry is gone as if erased, and everything was sealed anew"
        }
        _ => {
            let seals = 1 + dice.below(before.seals.len());
            let last: Seal = serde_json::from_str(&before.seals[seals - 1].1).unwrap();
            stored.seals = before.seals[..seals].to_vec();
            stored.entries = before.entries[..usize::try_from(last.to).unwrap()].to_vec();
            "the whole store is from before the erasure"
        }
    }
}

/// Whether entries and seals are read as before, but for salts that are forgotten.
fn is_read_as(stored: &Stored, before: &Stored) -> bool {
    let entries = |stored: &Stored| -> Vec<Option<AuditEntry>> {
        stored.entries.iter().map(|text| serde_json::from_str(text).ok()).collect()
    };
    let seals = |stored: &Stored| -> Vec<Option<Seal>> {
        stored.seals.iter().map(|(_, text)| forgotten(text)).collect()
    };
    entries(stored) == entries(before) && seals(stored) == seals(before)
}

#[tokio::test]
async fn an_erasure_is_no_finding_and_is_counted() {
    let Erased { after, anchor, .. } = erased();
    let verified = verified(&after, &[anchor]).await;
    assert_eq!(verified.findings, []);
    let many = gone().count() as u64;
    assert_eq!((verified.entries, verified.erased), (ENTRIES + LATER - many, many));
    assert_eq!((verified.erasures, verified.anchors), (vec![PROOF], 1));
}

#[tokio::test]
async fn ten_thousand_tamperings_after_an_erasure_are_all_found() {
    let Erased { before, after, anchor } = erased();
    let mut dice = Dice(SEED);
    let mut tampered = 0;
    while tampered < TAMPERINGS {
        let mut stored = after.clone();
        let how = tamper(&mut stored, &before, &mut dice);
        if is_read_as(&stored, &after) {
            continue;
        }
        tampered += 1;
        let verified = verified(&stored, std::slice::from_ref(&anchor)).await;
        assert!(verified.found > 0, "not found: {how}, the {tampered}th of {SEED:#x}");
    }
}
