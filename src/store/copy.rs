//! Copying what a store holds to another: page by page, then compared.
//!
//! Records are counted and digested as they are copied, and the copy's position is
//! committed with each page, so that a killed copy resumes where it stopped. At the end
//! both stores are read again: the source must still be as it was carried, and the copy as the
//! source. Only then does the copy count as whole; until then no gateway starts on it.

mod fault;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::domain::audit::{AuditEntry, AuditEvent, ErasedEntry, GATEWAY};
use crate::domain::erasure::ranges;
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::ports::portable::{CopyMark, CopyState, Kind, Portable, Record, Tally};
use crate::runtime::limits::{COPY_ERASED_RANGES_MAX, COPY_PROGRESS_EVERY};
use crate::runtime::tokens::sha256;
use crate::store::record;

pub use fault::{CopyFault, Side};

/// The store that is copied, and its address without users and passwords.
pub struct Source<'a> {
    pub store: &'a dyn Portable,
    pub address: &'a str,
}

/// Word of how a copy goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// So many of a kind are carried. `total` may be more than there are.
    Carried { organisation: OrganisationId, kind: Kind, done: u64, total: u64 },
    /// A kind is compared.
    Compared { organisation: OrganisationId, kind: Kind },
}

/// What came of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    pub organisation: OrganisationId,
    pub tallies: BTreeMap<Kind, Tally>,
    /// It had been copied before, and both still are as they were.
    pub before: bool,
}

/// Copies an organisation. `now` is when the copy counts as finished.
///
/// # Errors
/// [`CopyFault`]; the copy stays unfinished, and the same call resumes it.
pub async fn copy(
    from: &Source<'_>,
    to: &dyn Portable,
    organisation: &OrganisationId,
    now: &(dyn Fn() -> DateTime<Utc> + Send + Sync),
    told: &mut (dyn FnMut(Progress) + Send),
) -> Result<Copied, CopyFault> {
    let brought = bring(from, to, organisation, told).await?;
    finish(to, organisation, brought, now()).await
}

/// A copy of which everything is there, and is the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    mark: CopyMark,
    /// Entries of the trail that were not copied, because their people's keys are destroyed.
    destroyed: Vec<u64>,
    /// The number of the last entry that was there to copy.
    last: u64,
}

/// Marks a copy of an organisation as begun, if it is not: from then on no gateway starts on `to`.
///
/// # Errors
/// As [`copy`].
pub async fn begin(
    from: &Source<'_>,
    to: &dyn Portable,
    organisation: &OrganisationId,
) -> Result<(), CopyFault> {
    Copy::new(from, to, organisation, &mut |_| {}).mark().await.map(drop)
}

/// As [`copy`], but leaves the copy unfinished: [`finish`] is left to be called.
///
/// # Errors
/// As [`copy`].
pub async fn bring(
    from: &Source<'_>,
    to: &dyn Portable,
    organisation: &OrganisationId,
    told: &mut (dyn FnMut(Progress) + Send),
) -> Result<Brought, CopyFault> {
    let mut copy = Copy::new(from, to, organisation, told);
    let mut mark = copy.mark().await?;
    if mark.is_finished() {
        copy.is_unchanged(&mark).await?;
        return Ok(Brought { mark, destroyed: Vec::new(), last: 0 });
    }
    copy.carry(&mut mark).await?;
    copy.compare(&mut mark).await?;
    let last = copy.name().await?;
    Ok(Brought { mark, destroyed: copy.destroyed, last })
}

/// Lets gateways start on a copy that is whole.
///
/// # Errors
/// The store can't be written.
pub async fn finish(
    to: &dyn Portable,
    organisation: &OrganisationId,
    Brought { mut mark, destroyed, last }: Brought,
    at: DateTime<Utc>,
) -> Result<Copied, CopyFault> {
    let before = mark.is_finished();
    if !before {
        mark.state = CopyState::Finished { at };
        let said = said_destroyed(&destroyed, last, at);
        let kept = to.carry_in(organisation, said, &mark).await;
        kept.map_err(|error| CopyFault::Store {
            side: Side::To,
            organisation: organisation.clone(),
            error,
        })?;
    }
    Ok(Copied { organisation: organisation.clone(), tallies: mark.tallies, before })
}

struct Copy<'a> {
    from: &'a Source<'a>,
    to: &'a dyn Portable,
    organisation: &'a OrganisationId,
    told: &'a mut (dyn FnMut(Progress) + Send),
    destroyed: Vec<u64>,
}

impl<'a> Copy<'a> {
    fn new(
        from: &'a Source<'a>,
        to: &'a dyn Portable,
        organisation: &'a OrganisationId,
        told: &'a mut (dyn FnMut(Progress) + Send),
    ) -> Self {
        Copy { from, to, organisation, told, destroyed: Vec::new() }
    }
}

impl Copy<'_> {
    fn fault(&self, side: Side) -> impl Fn(StoreError) -> CopyFault + use<> {
        let organisation = self.organisation.clone();
        move |error| CopyFault::Store { side, organisation: organisation.clone(), error }
    }

    async fn keep(&self, records: Vec<Record>, mark: &CopyMark) -> Result<(), CopyFault> {
        let kept = self.to.carry_in(self.organisation, records, mark).await;
        kept.map_err(self.fault(Side::To))
    }

    /// Marks the copy as begun, so that its records can be distinguished from earlier ones.
    async fn begin(&self) -> Result<CopyMark, CopyFault> {
        if !self.to.is_empty(self.organisation).await.map_err(self.fault(Side::To))? {
            return Err(CopyFault::NotEmpty { organisation: self.organisation.clone() });
        }
        let mark = from_the_start(self.from.address);
        self.keep(Vec::new(), &mark).await?;
        Ok(mark)
    }

    /// The mark of this copy; begins it if necessary.
    async fn mark(&self) -> Result<CopyMark, CopyFault> {
        match self.to.copy_mark(self.organisation).await.map_err(self.fault(Side::To))? {
            None => self.begin().await,
            Some(mark) if mark.from != self.from.address => Err(CopyFault::OfAnother {
                organisation: self.organisation.clone(),
                from: mark.from,
            }),
            Some(mark) => Ok(mark),
        }
    }

    /// What a finished copy is, asked for again: the same, or no longer.
    async fn is_unchanged(&mut self, mark: &CopyMark) -> Result<(), CopyFault> {
        for kind in Kind::ALL {
            let now = self.tally(Side::From, kind).await?;
            if now != mark.tallies.get(&kind).copied().unwrap_or_default() {
                return Err(CopyFault::ChangedSince {
                    organisation: self.organisation.clone(),
                    kind,
                });
            }
        }
        Ok(())
    }

    async fn carry(&mut self, mark: &mut CopyMark) -> Result<(), CopyFault> {
        while let CopyState::Carrying { kind, after } = mark.state.clone() {
            self.carry_kind(kind, after, mark).await?;
            mark.state = match kind.next() {
                Some(kind) => CopyState::Carrying { kind, after: None },
                None => CopyState::Carried,
            };
        }
        self.keep(Vec::new(), mark).await
    }

    async fn carry_kind(
        &mut self,
        kind: Kind,
        after: Option<String>,
        mark: &mut CopyMark,
    ) -> Result<(), CopyFault> {
        let away = self.fault(Side::From);
        let pages = self.from.store.pages(self.organisation, kind, after).await;
        let mut pages = pages.map_err(&away)?;
        let (mut shown, total) = (mark.tallies.entry(kind).or_default().records, pages.total());
        while let Some(page) = pages.next().await.map_err(&away)? {
            page.all_read(kind).map_err(&away)?;
            let tally = mark.tallies.entry(kind).or_default();
            page.records.iter().try_for_each(|record| add(tally, record)).map_err(&away)?;
            let done = tally.records;
            mark.state = CopyState::Carrying { kind, after: Some(page.last) };
            self.keep(page.records, mark).await?;
            if done >= shown + COPY_PROGRESS_EVERY {
                shown = done;
                self.tell(kind, done, total);
            }
        }
        let done = mark.tallies.entry(kind).or_default().records;
        self.tell(kind, done, done);
        Ok(())
    }

    fn tell(&mut self, kind: Kind, done: u64, total: u64) {
        let organisation = self.organisation.clone();
        (self.told)(Progress::Carried { organisation, kind, done, total });
    }

    /// Reads both stores again. If they differ from the copy, it starts over the next time: a record written again
    /// replaces the earlier one.
    async fn compare(&mut self, mark: &mut CopyMark) -> Result<(), CopyFault> {
        for kind in Kind::ALL {
            let carried = mark.tallies.get(&kind).copied().unwrap_or_default();
            let (from, to) =
                (self.tally(Side::From, kind).await?, self.tally(Side::To, kind).await?);
            let organisation = self.organisation.clone();
            let fault = if from != carried {
                CopyFault::SourceChanged { organisation, kind }
            } else if to != from {
                CopyFault::Differs { organisation, kind, from, to }
            } else {
                (self.told)(Progress::Compared { organisation, kind });
                continue;
            };
            *mark = from_the_start(self.from.address);
            self.keep(Vec::new(), mark).await?;
            return Err(fault);
        }
        Ok(())
    }

    /// The trail keeps its name, so that a gateway that knew the one store recognises the other. The number of its
    /// last entry.
    async fn name(&self) -> Result<u64, CopyFault> {
        let end = self.from.store.trail_end(self.organisation).await;
        let end = end.map_err(self.fault(Side::From))?;
        let last = end.last.map_or(0, |last| last.number);
        let Some(plate) = end.nameplate else { return Ok(last) };
        let to = self.fault(Side::To);
        let was = self.to.trail_end(self.organisation).await.map_err(&to)?.nameplate;
        self.to.put_nameplate(self.organisation, was.as_ref(), &plate).await.map_err(&to)?;
        Ok(last)
    }

    /// All of a kind that a store holds now.
    async fn tally(&mut self, side: Side, kind: Kind) -> Result<Tally, CopyFault> {
        let store = match side {
            Side::From => self.from.store,
            Side::To => self.to,
        };
        let away = self.fault(side);
        let mut pages = store.pages(self.organisation, kind, None).await.map_err(&away)?;
        let mut tally = Tally::default();
        let is_trail = kind == Kind::Audit && side == Side::From;
        if is_trail {
            self.destroyed.clear();
        }
        while let Some(page) = pages.next().await.map_err(&away)? {
            page.all_read(kind).map_err(&away)?;
            page.records.iter().try_for_each(|record| add(&mut tally, record)).map_err(&away)?;
            if is_trail {
                self.destroyed
                    .extend(page.destroyed.iter().filter_map(|id| id.parse::<u64>().ok()));
            }
        }
        Ok(tally)
    }
}

/// The entries of a copied trail that say which numbers are missing, and why.
fn said_destroyed(destroyed: &[u64], last: u64, at: DateTime<Utc>) -> Vec<Record> {
    // The last of all may be one of them.
    let last = destroyed.iter().copied().fold(last, u64::max);
    let erasure = uuid::Uuid::new_v4().to_string();
    let all = ranges(destroyed.iter().copied());
    let end = last + all.chunks(COPY_ERASED_RANGES_MAX).len() as u64;
    let said = |(number, ranges): (u64, &[(u64, u64)])| {
        let event = AuditEvent::Erased(erased(&erasure, ranges, number == end));
        Record::Audit(Box::new(AuditEntry { number, at, by: GATEWAY.to_owned(), event }))
    };
    (last + 1..).zip(all.chunks(COPY_ERASED_RANGES_MAX)).map(said).collect()
}

fn erased(erasure: &str, ranges: &[(u64, u64)], is_complete: bool) -> ErasedEntry {
    let many: u64 = ranges.iter().map(|(from, to)| to - from + 1).sum();
    ErasedEntry {
        erasure: erasure.to_owned(),
        clause: "the keys of the people or days concerned were destroyed".to_owned(),
        asked_by: GATEWAY.to_owned(),
        approved_by: GATEWAY.to_owned(),
        entries: ranges.to_vec(),
        removed: BTreeMap::from([("entries".to_owned(), many)]),
        is_complete,
    }
}

fn from_the_start(address: &str) -> CopyMark {
    CopyMark {
        from: address.to_owned(),
        state: CopyState::Carrying { kind: Kind::People, after: None },
        tallies: BTreeMap::new(),
    }
}

fn add(tally: &mut Tally, record: &Record) -> Result<(), StoreError> {
    let digest = sha256(&record::content(record)?);
    let (words, _) = digest.as_chunks::<8>();
    for (sum, word) in tally.sum.iter_mut().zip(words) {
        *sum = sum.wrapping_add(u64::from_be_bytes(*word));
    }
    tally.records += 1;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_missing_numbers_are_named_by_several_entries_behind_the_last() {
        let apart = (1..=COPY_ERASED_RANGES_MAX as u64 + 1).map(|number| number * 2);
        let missing: Vec<u64> = apart.chain([2_003]).collect();
        let at = DateTime::UNIX_EPOCH;
        let said = said_destroyed(&missing, 1_500, at).into_iter().map(|record| match record {
            Record::Audit(entry) => match entry.event {
                AuditEvent::Erased(erased) => (entry.number, erased),
                other => panic!("{other:?}"),
            },
            _ => panic!("another record"),
        });
        let said: Vec<(u64, ErasedEntry)> = said.collect();
        let numbers: Vec<u64> = said.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [2_004, 2_005]);
        let (first, last) = (&said[0].1, &said[1].1);
        assert_eq!(first.entries.len(), COPY_ERASED_RANGES_MAX);
        assert_eq!(last.entries, [(2_002, 2_003)]);
        assert_eq!((first.is_complete, last.is_complete), (false, true));
        assert_eq!(first.erasure, last.erasure);
        assert_eq!((first.removed["entries"], last.removed["entries"]), (1_000, 2));
        assert!(said_destroyed(&[], 1_500, at).is_empty());
    }
}
