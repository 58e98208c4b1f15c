//! Whether a trail matches its seals, and where it does not.

use chrono::{DateTime, Utc};

use super::ANCHOR;
use super::anchor::Anchor;
pub use super::finding::Finding;
use super::seal::{self, Link, Opened, SEAL, Seal};
use crate::domain::audit::{AnchoredEntry, AuditEntry, AuditEvent};
use crate::domain::organisation::OrganisationId;
use crate::ports::documents::{BY_ID, Documents, Listing};
use crate::ports::{AuditTrail, StoreError};
use crate::runtime::limits::{PAGE_ITEMS_MAX, SEAL_LATE, TRAIL_FINDINGS_MAX};

/// The findings on a trail.
#[derive(Debug, Default)]
pub struct Verified {
    /// Entries that were read.
    pub entries: u64,
    pub seals: u64,
    /// Up to and with this entry the trail is sealed.
    pub sealed_to: u64,
    /// Anchors with which the seals agree.
    pub anchors: u64,
    /// At most [`TRAIL_FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// All of them.
    pub found: u64,
    /// Entries that are gone, and that later entries of the trail say were erased.
    pub erased: u64,
    /// The numbers of those that say so, at most [`TRAIL_FINDINGS_MAX`].
    pub erasures: Vec<u64>,
    gone: Gone,
    /// The last entry and the link of each seal that was read.
    links: Vec<(u64, Link)>,
    /// The anchors that are known.
    known: Vec<Anchor>,
    /// What entries say was signed, of a link that is in the chain, and no anchor that is known says: by their
    /// numbers, at most [`TRAIL_FINDINGS_MAX`].
    announced: Vec<(u64, AnchoredEntry)>,
}

/// Numbers of which there is no entry, until the whole trail was read: erasures are recorded after it.
#[derive(Debug, Default)]
struct Gone {
    /// First and last numbers, in their order.
    missing: Vec<(u64, u64)>,
    said: Vec<(u64, u64)>,
}

impl Verified {
    /// Notes an entry that says something of others: that they were erased, or signed for.
    fn note(&mut self, entry: &AuditEntry) {
        match &entry.event {
            AuditEvent::Erased(erased) => {
                let before = |(from, to): &(u64, u64)| from <= to && *to < entry.number;
                self.gone.said.extend(erased.entries.iter().filter(|range| before(range)));
                if !erased.entries.is_empty() && self.erasures.len() < TRAIL_FINDINGS_MAX {
                    self.erasures.push(entry.number);
                }
            }
            AuditEvent::Anchored(anchored) => self.note_anchored(entry.number, anchored),
            _ => {}
        }
    }

    /// The seal that is signed ends before the entry that says so, so that its link was read already.
    fn note_anchored(&mut self, entry: u64, anchored: &AnchoredEntry) {
        let is_of = |(to, link): &(u64, Link)| {
            *to == anchored.entry && link.to_string() == anchored.link && *to < entry
        };
        // An entry that was written while the trail is read may be of a seal that was not listed yet.
        let is_later = anchored.entry > self.sealed_to && entry > anchored.entry;
        if !is_later && !self.links.iter().any(is_of) {
            self.add(Finding::NotAnchored { entry, of: anchored.entry });
        } else if !self.known.iter().any(|anchor| says(anchor, anchored))
            && self.announced.len() < TRAIL_FINDINGS_MAX
        {
            self.announced.push((entry, anchored.clone()));
        }
    }

    /// Whether an entry says that this one was erased.
    pub(super) fn is_erased(&self, number: u64) -> bool {
        self.gone.said.iter().any(|(from, to)| (*from..=*to).contains(&number))
    }

    /// Finds entries that are missing without a record of their erasure.
    fn account(&mut self) {
        let Gone { missing, mut said } = std::mem::take(&mut self.gone);
        said.sort_unstable();
        for (from, to) in missing {
            let mut next = from;
            let within = |range: &&(u64, u64)| range.1 >= from && range.0 <= to;
            for (first, last) in said.iter().filter(within) {
                let (first, last) = ((*first).max(next), (*last).min(to));
                if first > last {
                    continue;
                }
                if first > next {
                    self.add(Finding::Missing { from: next, to: first - 1 });
                }
                self.erased += last - first + 1;
                next = last + 1;
            }
            if next <= to {
                self.add(Finding::Missing { from: next, to });
            }
        }
        self.gone.said = said;
    }

    pub(super) fn add(&mut self, finding: Finding) {
        self.found += 1;
        if self.findings.len() < TRAIL_FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}

/// What a trail is held against.
#[derive(Debug, Default)]
pub struct Trusted {
    /// Every anchor that is known, those of the store too.
    pub anchors: Vec<Anchor>,
    /// Public keys of gateways, hexadecimal; none: any.
    pub keys: Vec<String>,
}

/// Reads a whole trail, its seals and what signs for them.
///
/// # Errors
/// The store can't be read.
pub async fn verify(
    (trail, documents): (&dyn AuditTrail, &dyn Documents),
    organisation: &OrganisationId,
    trusted: &Trusted,
    now: DateTime<Utc>,
) -> Result<Verified, StoreError> {
    let mut reader = Reader { trail, organisation, after: 0, page: Vec::new(), is_at_end: false };
    let mut verified = Verified { known: trusted.anchors.clone(), ..Verified::default() };
    let mut previous = Some(Link::first(organisation));
    let mut listing = Listing { limit: SEALS_AT_ONCE, ..Listing::of(BY_ID) };
    loop {
        let page = documents.documents(organisation, SEAL, listing.clone()).await?;
        for document in &page.documents {
            let Ok(from) = document.id.parse::<u64>() else {
                verified.add(Finding::Seal { from: verified.sealed_to + 1 });
                continue;
            };
            let sealed: Option<Seal> = document.read().ok();
            let sealed = sealed.filter(|seal| seal.from == from && seal::id(from) == document.id);
            let opened = sealed.and_then(|seal| seal.opened().map(|opened| (seal, opened)));
            let Some((sealed, opened)) = opened else {
                verified.add(Finding::Seal { from });
                previous = None;
                continue;
            };
            verified.seals += 1;
            let joins = previous.is_none_or(|previous| previous == sealed.previous);
            if from <= verified.sealed_to || !joins {
                verified.add(Finding::Seal { from });
            }
            let passed = reader.skip_to(from, &mut verified).await?;
            if from > verified.sealed_to + 1 && previous.is_some() {
                let (from, to) = (verified.sealed_to + 1, from - 1);
                if passed {
                    verified.add(Finding::Unsealed { from, to });
                } else {
                    verified.gone.missing.push((from, to));
                }
            }
            reader.compare(&sealed, &opened, &mut verified).await?;
            verified.sealed_to = verified.sealed_to.max(sealed.to);
            previous = Some(sealed.link);
            verified.links.push((sealed.to, sealed.link));
        }
        let Some(next) = page.next else { break };
        listing.after = Some(next);
    }
    reader.rest(&mut verified, now).await?;
    verified.account();
    hold(organisation, trusted, &mut verified);
    compare_announced((documents, organisation), &mut verified).await?;
    Ok(verified)
}

/// Looks in the store for anchors that were made while the trail was read, and finds entries that record one that
/// nobody knows.
async fn compare_announced(
    (documents, organisation): (&dyn Documents, &OrganisationId),
    verified: &mut Verified,
) -> Result<(), StoreError> {
    let mut listing = Listing::of(BY_ID);
    while !verified.announced.is_empty() {
        let page = documents.documents(organisation, ANCHOR, listing.clone()).await?;
        let stored: Vec<Anchor> = page.documents.iter().filter_map(|it| it.read().ok()).collect();
        verified.announced.retain(|(_, said)| !stored.iter().any(|anchor| says(anchor, said)));
        let Some(next) = page.next else { break };
        listing.after = Some(next);
    }
    for (entry, said) in std::mem::take(&mut verified.announced) {
        verified.add(Finding::NotAnchored { entry, of: said.entry });
    }
    Ok(())
}

/// Whether an anchor is the one that an entry records.
fn says(anchor: &Anchor, said: &AnchoredEntry) -> bool {
    let AnchoredEntry { entry, link, key, signature } = said;
    anchor.entry == *entry
        && anchor.signature == *signature
        && anchor.key == *key
        && anchor.link.to_string() == *link
}

/// A seal takes up to some 64 KiB.
const SEALS_AT_ONCE: usize = 20;

/// Holds the seals against every anchor.
fn hold(organisation: &OrganisationId, trusted: &Trusted, verified: &mut Verified) {
    for anchor in &trusted.anchors {
        let (entry, at) = (anchor.entry, anchor.at);
        let is_trusted = anchor.organisation == *organisation
            && (trusted.keys.is_empty() || trusted.keys.contains(&anchor.key))
            && anchor.is_signed();
        if !is_trusted {
            verified.add(Finding::Untrusted { entry, at });
        } else if verified.links.contains(&(entry, anchor.link)) {
            verified.anchors += 1;
        } else {
            verified.add(Finding::Rewritten { entry, at });
        }
    }
}

/// Reads a trail once, from its first entry on.
struct Reader<'a> {
    trail: &'a dyn AuditTrail,
    organisation: &'a OrganisationId,
    /// The number of the last entry that was taken, or passed over.
    after: u64,
    /// Read, and not yet taken: the next one last.
    page: Vec<AuditEntry>,
    is_at_end: bool,
}

/// What comes next.
enum Next {
    Entry(Box<AuditEntry>),
    /// It can't be read.
    Unreadable(u64),
    End,
}

impl Reader<'_> {
    async fn next(&mut self) -> Result<Next, StoreError> {
        if self.page.is_empty() && !self.is_at_end {
            match self.trail.audit(self.organisation, self.after, PAGE_ITEMS_MAX).await {
                Ok(page) => {
                    self.is_at_end = page.is_empty();
                    self.page = page;
                    self.page.reverse();
                }
                Err(StoreError::Corrupt(_)) => return self.one().await,
                Err(error) => return Err(error),
            }
        }
        let Some(entry) = self.page.pop() else { return Ok(Next::End) };
        self.after = entry.number;
        Ok(Next::Entry(Box::new(entry)))
    }

    /// One by one, where some of a page can't be read.
    async fn one(&mut self) -> Result<Next, StoreError> {
        match self.trail.audit(self.organisation, self.after, 1).await {
            Ok(mut page) => match page.pop() {
                Some(entry) => {
                    self.after = entry.number;
                    Ok(Next::Entry(Box::new(entry)))
                }
                None => Ok(Next::End),
            },
            Err(StoreError::Corrupt(_)) => {
                self.after += 1;
                Ok(Next::Unreadable(self.after))
            }
            Err(error) => Err(error),
        }
    }

    /// Passes over what comes before an entry. Whether there was anything.
    async fn skip_to(&mut self, number: u64, verified: &mut Verified) -> Result<bool, StoreError> {
        let mut passed = false;
        while self.after + 1 < number {
            let before = self.after;
            match self.next().await? {
                Next::Entry(entry) if entry.number >= number => {
                    self.put_back(*entry, before);
                    break;
                }
                Next::Entry(entry) => {
                    verified.entries += 1;
                    verified.note(&entry);
                }
                Next::Unreadable(entry) => verified.add(Finding::Unreadable { entry }),
                Next::End => break,
            }
            passed = true;
        }
        Ok(passed)
    }

    fn put_back(&mut self, entry: AuditEntry, before: u64) {
        self.page.push(entry);
        self.after = before;
    }

    /// Holds the entries of a seal against it.
    async fn compare(
        &mut self,
        sealed: &Seal,
        opened: &Opened,
        verified: &mut Verified,
    ) -> Result<(), StoreError> {
        let mut wanted = sealed.from.max(self.after + 1);
        while wanted <= sealed.to {
            let before = self.after;
            match self.next().await? {
                Next::Entry(entry) => {
                    let number = entry.number;
                    if number > wanted {
                        let to = sealed.to.min(number - 1);
                        verified.gone.missing.push((wanted, to));
                    }
                    if number > sealed.to {
                        self.put_back(*entry, before);
                        return Ok(());
                    }
                    verified.entries += 1;
                    verified.note(&entry);
                    if number < wanted || !opened.has(&entry) {
                        verified.add(Finding::Altered { entry: number });
                    }
                    wanted = number + 1;
                }
                Next::Unreadable(entry) => {
                    verified.add(Finding::Unreadable { entry });
                    wanted = entry + 1;
                }
                Next::End => {
                    verified.gone.missing.push((wanted, sealed.to));
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Looks at what has no seal yet.
    async fn rest(
        &mut self,
        verified: &mut Verified,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut late: Option<(u64, u64)> = None;
        loop {
            // Of the entries up to the last seal it is known which are missing.
            let wanted = self.after.max(verified.sealed_to) + 1;
            match self.next().await? {
                Next::Entry(entry) => {
                    verified.entries += 1;
                    verified.note(&entry);
                    let number = entry.number;
                    if number > wanted {
                        verified.gone.missing.push((wanted, number - 1));
                    }
                    if entry.at + SEAL_LATE < now {
                        late = Some((late.map_or(number, |(from, _)| from), number));
                    }
                }
                Next::Unreadable(entry) => verified.add(Finding::Unreadable { entry }),
                Next::End => break,
            }
        }
        if let Some((from, to)) = late {
            verified.add(Finding::Unsealed { from, to });
        }
        Ok(())
    }
}
