//! A trail and its seals as whoever can write the store sees them, tampered with at random: with the last
//! anchor, which is out of reach, each is found.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use contact_gateway::casework::sealing::anchor::Anchor;
use contact_gateway::casework::sealing::seal::{self, Link, SEAL, Seal};
use contact_gateway::casework::sealing::verify::{Finding, Verified};
use contact_gateway::domain::audit::{AuditEntry, AuditEvent, StepEntry, Variation};
use contact_gateway::domain::decision::Disposition;
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::ports::audit_trail::{TrailPage, TrailSearch};
use contact_gateway::ports::documents::{
    Batch, Document, DocumentPage, Documents, Listing, PlacePage, WriteFault,
};
use contact_gateway::ports::{AuditTrail, Stamp, StoreError};
use serde_json::{Value, json};

use super::{key, verified};
use crate::store_contract::facts::{at, entry as decided, karbon};

pub const ENTRIES: u64 = 40;
const UNDER_A_SEAL: usize = 8;
pub const TAMPERINGS: u64 = 10_000;
const SEED: u64 = 0x5EA1;

/// Numbers that look random, the same in every run (xorshift64*).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// From 0 to below a number.
    pub fn below(&mut self, sides: usize) -> usize {
        usize::try_from(self.roll() % sides as u64).unwrap()
    }
}

/// What is stored: the texts of the entries and of the seals.
#[derive(Clone, PartialEq)]
pub struct Stored {
    pub entries: Vec<String>,
    pub seals: Vec<(String, String)>,
}

#[async_trait]
impl AuditTrail for Stored {
    async fn audit(
        &self,
        _: &OrganisationId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let number = |text: &str| {
            serde_json::from_str::<Value>(text).ok().and_then(|entry| entry["number"].as_u64())
        };
        // As a store does that finds entries by their place.
        let texts = self.entries.iter().enumerate().map(|(place, text)| (place as u64 + 1, text));
        let behind = texts.filter(|(place, text)| number(text).unwrap_or(*place) > after);
        behind
            .take(limit)
            .map(|(_, text)| {
                serde_json::from_str(text).map_err(|_| StoreError::Corrupt("an entry".to_owned()))
            })
            .collect()
    }

    async fn search_audit(
        &self,
        _: &OrganisationId,
        _: TrailSearch,
    ) -> Result<TrailPage, StoreError> {
        unreachable!("nothing is searched")
    }

    async fn append_audit(
        &self,
        _: &OrganisationId,
        _: Stamp,
        _: AuditEvent,
    ) -> Result<(), StoreError> {
        unreachable!("nothing is written")
    }
}

#[async_trait]
impl Documents for Stored {
    async fn document(
        &self,
        _: &OrganisationId,
        _: &str,
        _: &str,
    ) -> Result<Option<Document>, StoreError> {
        unreachable!("seals are listed")
    }

    async fn documents(
        &self,
        _: &OrganisationId,
        kind: &str,
        _: Listing,
    ) -> Result<DocumentPage, StoreError> {
        // No anchor is in the store: these are held against those that were kept elsewhere.
        if kind != SEAL {
            return Ok(DocumentPage { documents: Vec::new(), next: None });
        }
        let mut seals = self.seals.clone();
        seals.sort();
        let documents = seals.into_iter().map(|(id, text)| {
            let body = serde_json::from_str::<Value>(&text).unwrap_or(Value::Null);
            Document::new(SEAL, id, 1, Vec::new(), &body).unwrap()
        });
        Ok(DocumentPage { documents: documents.collect(), next: None })
    }

    async fn places(
        &self,
        _: &OrganisationId,
        _: &str,
        _: Listing,
    ) -> Result<PlacePage, StoreError> {
        unreachable!("seals are listed")
    }

    async fn count_places(
        &self,
        _: &OrganisationId,
        _: &str,
        _: Listing,
    ) -> Result<usize, StoreError> {
        unreachable!("seals are listed")
    }

    async fn write(&self, _: &OrganisationId, _: Batch) -> Result<(), WriteFault> {
        unreachable!("nothing is written")
    }
}

fn event(number: u64) -> AuditEvent {
    let person = format!("P-{}", number % 7);
    match number % 5 {
        0 => AuditEvent::Step(StepEntry {
            act: "record_incident".to_owned(),
            person,
            version: number,
            ..StepEntry::default()
        }),
        1 => AuditEvent::RestrictionVaried {
            person,
            restriction: "R-1".to_owned(),
            changes: vec![Variation {
                what: "limit".to_owned(),
                from: Some(json!(2)),
                to: Some(json!(1.5)),
            }],
            reason: Some("Agreed at the review: “one call”.".to_owned()),
        },
        2 => AuditEvent::Item { item: format!("i-{number}"), action: "claim".to_owned() },
        _ => AuditEvent::Decided(decided(&format!("c-{number}"), Disposition::Limit)),
    }
}

pub fn entry(number: u64) -> AuditEntry {
    let at: DateTime<Utc> = at(i64::try_from(number).unwrap());
    AuditEntry { number, at, by: "gateway".to_owned(), event: event(number) }
}

/// Seals as the gateway makes them, from an entry on.
pub fn sealed(entries: &[AuditEntry], mut previous: Link) -> (Vec<(String, String)>, Seal) {
    let mut seals = Vec::new();
    for some in entries.chunks(UNDER_A_SEAL) {
        let seal = Seal::of(previous, some, at(100)).unwrap().unwrap();
        previous = seal.link;
        seals.push(seal);
    }
    let last = seals.last().unwrap().clone();
    let text = |seal: &Seal| (seal::id(seal.from), serde_json::to_string(seal).unwrap());
    (seals.iter().map(text).collect(), last)
}

fn untouched() -> (Stored, Anchor) {
    let entries: Vec<AuditEntry> = (1..=ENTRIES).map(entry).collect();
    let (seals, last) = sealed(&entries, Link::first(&karbon()));
    let texts = entries.iter().map(|entry| serde_json::to_string(entry).unwrap()).collect();
    (Stored { entries: texts, seals }, Anchor::sign(&karbon(), &last, at(101), &key()))
}

/// Another byte at some place of a text, which stays UTF-8.
pub fn flipped(text: &str, dice: &mut Dice) -> String {
    loop {
        let mut bytes = text.as_bytes().to_vec();
        let place = dice.below(bytes.len());
        bytes[place] ^= 1 << dice.below(8);
        if let Ok(text) = String::from_utf8(bytes) {
            return text;
        }
    }
}

fn renumbered(entries: &mut [String]) {
    for (place, text) in entries.iter_mut().enumerate() {
        let mut entry: Value = serde_json::from_str(text).unwrap();
        entry["number"] = json!(place + 1);
        *text = entry.to_string();
    }
}

/// Seals everything anew, as somebody does who knows how: a seal ends where a number is missing.
pub fn resealed(stored: &mut Stored) {
    let entries: Vec<AuditEntry> =
        stored.entries.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    let (mut seals, mut previous) = (Vec::new(), Link::first(&karbon()));
    for run in entries.chunk_by(|one, next| one.number + 1 == next.number) {
        let (more, last) = sealed(run, previous);
        previous = last.link;
        seals.extend(more);
    }
    stored.seals = seals;
}

/// One way of tampering, of many.
fn tamper(stored: &mut Stored, dice: &mut Dice) -> &'static str {
    let (entries, seals) = (stored.entries.len(), stored.seals.len());
    let place = dice.below(entries);
    match dice.below(12) {
        0 | 1 => {
            stored.entries[place] = flipped(&stored.entries[place], dice);
            "a bit of an entry"
        }
        2 => {
            let at = dice.below(seals);
            stored.seals[at].1 = flipped(&stored.seals[at].1, dice);
            "a bit of a seal"
        }
        3 => {
            stored.entries.remove(place);
            "an entry is gone"
        }
        4 => {
            stored.entries.remove(place);
            renumbered(&mut stored.entries);
            "an entry is gone, and the others have moved up"
        }
        5 => {
            stored.entries.swap(place, dice.below(entries));
            renumbered(&mut stored.entries);
            "two entries have changed places"
        }
        6 => {
            let forged = serde_json::to_string(&entry(ENTRIES + dice.roll() % 100)).unwrap();
            stored.entries.insert(place, forged);
            renumbered(&mut stored.entries);
            "an entry was put between"
        }
        7 => {
            stored.entries.truncate(place);
            "the end is gone"
        }
        8 => {
            let whole = dice.below(seals);
            stored.seals.truncate(whole);
            stored.entries.truncate(whole * UNDER_A_SEAL + dice.below(UNDER_A_SEAL));
            "the whole was taken back"
        }
        9 => {
            stored.seals.remove(dice.below(seals));
            "a seal is gone"
        }
        10 => {
            let text = serde_json::to_string(&entry(ENTRIES + 1 + dice.roll() % 100)).unwrap();
            stored.entries[place] = text;
            renumbered(&mut stored.entries);
            resealed(stored);
            "an entry is another, and everything was sealed anew"
        }
        _ => {
            stored.entries.drain(..=place.min(entries - 2));
            renumbered(&mut stored.entries);
            resealed(stored);
            "the beginning is gone, and everything was sealed anew"
        }
    }
}

/// Whether it is read as before: a digit of an instant's fraction that says nothing is no change.
fn is_read_as(stored: &Stored, before: &Stored) -> bool {
    let entries = |stored: &Stored| {
        let read = stored.entries.iter().map(|text| serde_json::from_str::<AuditEntry>(text).ok());
        read.collect::<Vec<_>>()
    };
    let seals = |stored: &Stored| {
        let read = stored
            .seals
            .iter()
            .map(|(id, text)| (id.clone(), serde_json::from_str::<Seal>(text).ok()));
        read.collect::<Vec<_>>()
    };
    entries(stored) == entries(before) && seals(stored) == seals(before)
}

fn places(verified: &Verified) -> String {
    verified.findings.iter().map(|finding| format!("{finding}; ")).collect()
}

#[tokio::test]
async fn an_untouched_trail_has_no_finding() {
    let (stored, anchor) = untouched();
    let verified = verified(&stored, &[anchor]).await;
    assert_eq!(verified.found, 0, "{}", places(&verified));
    assert_eq!((verified.entries, verified.seals, verified.sealed_to), (ENTRIES, 5, ENTRIES));
    assert_eq!(verified.anchors, 1);
}

#[tokio::test]
async fn ten_thousand_tamperings_are_all_found() {
    let (whole, anchor) = untouched();
    let mut dice = Dice(SEED);
    let mut tampered = 0;
    while tampered < TAMPERINGS {
        let mut stored = whole.clone();
        let how = tamper(&mut stored, &mut dice);
        if is_read_as(&stored, &whole) {
            continue;
        }
        tampered += 1;
        let verified = verified(&stored, std::slice::from_ref(&anchor)).await;
        assert!(verified.found > 0, "not found: {how}, the {tampered}th of {SEED:#x}");
    }
}

/// Where it is said to be.
#[tokio::test]
async fn a_finding_says_where() {
    let (whole, anchor) = untouched();
    let anchors = [anchor.clone()];
    let mut stored = whole.clone();
    stored.entries[16] = stored.entries[16].replace("gateway", "Gateway");
    assert_eq!(verified(&stored, &anchors).await.findings, [Finding::Altered { entry: 17 }]);

    let mut stored = whole.clone();
    stored.entries[16].truncate(20);
    assert_eq!(verified(&stored, &anchors).await.findings, [Finding::Unreadable { entry: 17 }]);

    let mut stored = whole.clone();
    stored.entries.drain(16..18);
    assert_eq!(verified(&stored, &anchors).await.findings, [Finding::Missing { from: 17, to: 18 }]);

    let mut stored = whole.clone();
    stored.seals[2].1 = stored.seals[2].1.replace("\"to\":24", "\"to\":23");
    assert_eq!(verified(&stored, &anchors).await.findings, [Finding::Seal { from: 17 }]);

    let mut stored = whole.clone();
    stored.seals.remove(2);
    let found = verified(&stored, &anchors).await.findings;
    assert_eq!(found[0], Finding::Seal { from: 25 }, "{found:?}");
    assert_eq!(found[1], Finding::Unsealed { from: 17, to: 24 }, "{found:?}");

    let mut stored = whole.clone();
    stored.entries[3] = stored.entries[3].replace("gateway", "Gateway");
    resealed(&mut stored);
    let rewritten = Finding::Rewritten { entry: ENTRIES, at: at(101) };
    assert_eq!(verified(&stored, &anchors).await.findings, [rewritten]);
    assert_eq!(verified(&stored, &[]).await.found, 0, "only an anchor that was kept tells");

    let mut forged = anchor.clone();
    forged.entry = 8;
    let untrusted = Finding::Untrusted { entry: 8, at: at(101) };
    assert_eq!(verified(&whole, &[forged]).await.findings, [untrusted]);
    let stranger =
        contact_gateway::casework::sealing::anchor::AnchorKey::of_seed(&[8; 32]).unwrap();
    let last: Seal = serde_json::from_str(&whole.seals[4].1).unwrap();
    let strange = Anchor::sign(&karbon(), &last, at(101), &stranger);
    let untrusted = Finding::Untrusted { entry: ENTRIES, at: at(101) };
    assert_eq!(verified(&whole, &[strange]).await.findings, [untrusted]);
}

/// Entries as they were sealed once. An event whose JSON changes would make every old trail look tampered
/// with: a new version may add lines here, and change none.
#[test]
fn the_json_that_is_sealed_stays_as_it_is() {
    for line in include_str!("sealed-entries.txt").lines() {
        let entry: AuditEntry =
            serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
        assert_eq!(serde_json::to_value(&entry).unwrap().to_string(), line);
    }
}
