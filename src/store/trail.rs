//! Finding entries of the audit trail without reading all of it: how a search uses the notes of every store on an
//! entry (`ports::trail_index`).

use crate::domain::audit::AuditEntry;
use crate::ports::audit_trail::{TrailFilter, TrailPage, TrailSearch};
use crate::ports::documents::Order;
use crate::ports::trail_index::{BLOCK, of_disposition, of_flag};
pub(super) use crate::ports::trail_index::{block, day, decided_marks, marks, of_person};
use crate::runtime::limits::{AUDIT_LOOKED_AT_MAX, PAGE_ITEMS_MAX};

/// By what a search goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// The numbers under a mark.
    Marked(String),
    /// The numbers of the blocks in which days from one to another have entries.
    Days(i64, i64),
    /// All.
    Trail,
}

impl Source {
    pub(super) fn of(filter: &TrailFilter) -> Source {
        if let Some(person) = &filter.person {
            return Source::Marked(of_person(person));
        }
        if let Some(flag) = &filter.flag {
            return Source::Marked(of_flag(flag));
        }
        if let Some(mark) = filter.disposition.and_then(of_disposition) {
            return Source::Marked(mark.to_owned());
        }
        if filter.from.is_none() && filter.to.is_none() {
            return Source::Trail;
        }
        Source::Days(filter.from.map_or(i64::MIN, day), filter.to.map_or(i64::MAX, day))
    }
}

/// A search under way: what it is given piece by piece, until its page is full.
pub(super) struct Search {
    search: TrailSearch,
    page: TrailPage,
    looked_at: usize,
    /// The last that was looked at.
    at: Option<u64>,
    /// The blocks of numbers that are looked at, in their order; `None`: all.
    blocks: Option<Vec<u64>>,
}

/// The numbers from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: u64,
    pub(super) to: u64,
}

impl Search {
    pub(super) fn new(search: TrailSearch) -> Self {
        let at = search.after;
        Search { search, page: TrailPage::default(), looked_at: 0, at, blocks: None }
    }

    /// Looks only at these blocks.
    pub(super) fn within(mut self, mut blocks: Vec<u64>) -> Self {
        blocks.sort_unstable();
        blocks.dedup();
        self.blocks = Some(blocks);
        self
    }

    pub(super) fn order(&self) -> Order {
        self.search.order
    }

    fn page_size(&self) -> usize {
        match self.search.limit {
            0 => PAGE_ITEMS_MAX,
            limit => limit.min(PAGE_ITEMS_MAX),
        }
    }

    /// How many to hand over next.
    pub(super) fn piece(&self) -> usize {
        self.page_size().max(1)
    }

    /// The numbers that are looked at next; `None`: no more are.
    pub(super) fn range(&self) -> Option<Range> {
        let (low, high) = match (self.search.order, self.at) {
            (_, None) => (1, u64::MAX),
            (Order::Ascending, Some(at)) => (at.checked_add(1)?, u64::MAX),
            (Order::Descending, Some(at)) => (1, at.checked_sub(1).filter(|high| *high > 0)?),
        };
        let Some(blocks) = &self.blocks else { return Some(Range { from: low, to: high }) };
        let is_in = |block: &&u64| first(**block).max(low) <= last(**block).min(high);
        let block = *match self.search.order {
            Order::Ascending => blocks.iter().find(is_in),
            Order::Descending => blocks.iter().rev().find(is_in),
        }?;
        Some(Range { from: first(block).max(low), to: last(block).min(high) })
    }

    /// Takes the entries found in a range, in the search's order: each number, with its entry unless the key of that is
    /// destroyed. `is_all`: the range has no more. `true`: the page is full, or the search is at its end.
    pub(super) fn take(
        &mut self,
        range: Range,
        found: Vec<(u64, Option<AuditEntry>)>,
        is_all: bool,
    ) -> bool {
        for (number, entry) in found {
            self.looked_at += 1;
            self.at = Some(number);
            self.page.entries.extend(entry.filter(|entry| self.search.filter.has(entry)));
            if self.page.entries.len() == self.page_size() {
                self.page.next = self.at;
                return true;
            }
        }
        if is_all {
            self.at = Some(match self.search.order {
                Order::Ascending => range.to,
                Order::Descending => range.from,
            });
            if self.range().is_none() {
                return true;
            }
        }
        if self.looked_at >= AUDIT_LOOKED_AT_MAX {
            self.page.next = self.at;
            return true;
        }
        false
    }

    pub(super) fn into_page(self) -> TrailPage {
        self.page
    }
}

/// The first number of a block.
const fn first(block: u64) -> u64 {
    match block {
        0 => 1,
        block => block.saturating_mul(BLOCK),
    }
}

const fn last(block: u64) -> u64 {
    block.saturating_mul(BLOCK).saturating_add(BLOCK - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(order: Order, after: Option<u64>, blocks: &[u64]) -> Search {
        let filter = TrailFilter::default();
        let search = Search::new(TrailSearch { filter, order, after, limit: 2 });
        search.within(blocks.to_vec())
    }

    #[test]
    fn blocks_cover_every_number_once() {
        assert_eq!((first(0), last(0), first(1), last(1)), (1, 1_023, 1_024, 2_047));
        for number in [1, 1_023, 1_024, 2_047, 2_048] {
            let of = block(number);
            assert!(first(of) <= number && number <= last(of), "{number}");
        }
    }

    #[test]
    fn a_search_goes_from_block_to_block_in_its_order() {
        let up = search(Order::Ascending, Some(1_100), &[5, 0, 1]);
        assert_eq!(up.range(), Some(Range { from: 1_101, to: 2_047 }));
        let up = search(Order::Ascending, Some(2_047), &[5, 0, 1]);
        assert_eq!(up.range(), Some(Range { from: 5_120, to: 6_143 }));
        assert_eq!(search(Order::Ascending, Some(6_143), &[5]).range(), None);
        let down = search(Order::Descending, Some(5_120), &[5, 0, 1]);
        assert_eq!(down.range(), Some(Range { from: 1_024, to: 2_047 }));
        assert_eq!(search(Order::Descending, Some(1), &[0]).range(), None);
        assert_eq!(search(Order::Ascending, None, &[]).range(), None);
    }

    #[test]
    fn a_search_without_blocks_ends_at_the_end() {
        let filter = TrailFilter::default();
        for order in [Order::Ascending, Order::Descending] {
            let asked = TrailSearch { filter: filter.clone(), order, after: None, limit: 2 };
            let mut search = Search::new(asked);
            let range = search.range().unwrap();
            assert!(search.take(range, Vec::new(), true));
            assert_eq!(search.into_page().next, None);
        }
    }
}
