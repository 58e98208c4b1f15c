//! Documents in memory, and the lists that they are in.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::ports::documents::{BY_ID, Document, DocumentPage, Listing, Order, Place, PlacePage};
use crate::runtime::limits::PLACES_COUNTED_MAX;

/// The documents of one organisation.
#[derive(Default)]
pub(super) struct Shelf {
    /// By kind and id.
    documents: BTreeMap<(String, String), Document>,
    /// By kind and index.
    lists: BTreeMap<(String, String), BTreeSet<Place>>,
}

impl Shelf {
    pub(super) fn get(&self, kind: &str, id: &str) -> Option<&Document> {
        self.documents.get(&(kind.to_owned(), id.to_owned()))
    }

    pub(super) fn put(&mut self, document: Document) {
        self.remove(&document.kind, &document.id);
        for (index, place) in places(&document) {
            self.lists.entry((document.kind.clone(), index)).or_default().insert(place);
        }
        self.documents.insert((document.kind.clone(), document.id.clone()), document);
    }

    pub(super) fn remove(&mut self, kind: &str, id: &str) {
        let Some(gone) = self.documents.remove(&(kind.to_owned(), id.to_owned())) else { return };
        for (index, place) in places(&gone) {
            if let Some(list) = self.lists.get_mut(&(kind.to_owned(), index)) {
                list.remove(&place);
            }
        }
    }

    pub(super) fn list(&self, kind: &str, listing: &Listing) -> DocumentPage {
        let PlacePage { places, next } = self.places(kind, listing);
        let documents = places.iter().filter_map(|place| self.get(kind, &place.id)).cloned();
        DocumentPage { documents: documents.collect(), next }
    }

    pub(super) fn count(&self, kind: &str, listing: &Listing) -> usize {
        let whole = Listing { after: None, ..listing.clone() };
        let list = self.lists.get(&(kind.to_owned(), whole.index.clone()));
        let places = list.into_iter().flatten().filter(|place| whole.has(place));
        places.take(PLACES_COUNTED_MAX).count()
    }

    pub(super) fn places(&self, kind: &str, listing: &Listing) -> PlacePage {
        let none = BTreeSet::new();
        let list = self.lists.get(&(kind.to_owned(), listing.index.clone())).unwrap_or(&none);
        let after = listing.after.clone();
        let size = listing.page_size();
        // Starting at the page: earlier entries are not walked over.
        let mut found: Vec<&Place> = match listing.order {
            Order::Ascending => {
                let start = listing.from.clone().map(|value| Place { value, id: String::new() });
                let from = after.clone().max(start).map_or(Bound::Unbounded, Bound::Included);
                let later =
                    list.range((from, Bound::Unbounded)).filter(|it| Some(*it) != after.as_ref());
                later.take_while(|it| listing.has(it)).take(size + 1).collect()
            }
            Order::Descending => {
                let start = listing.to.clone().map(|value| Place { value, id: String::new() });
                let to = [after, start].into_iter().flatten().min();
                let to = to.map_or(Bound::Unbounded, Bound::Excluded);
                let earlier = list.range((Bound::Unbounded, to)).rev();
                earlier.take_while(|it| listing.has(it)).take(size + 1).collect()
            }
        };
        let is_more = found.len() > size;
        found.truncate(size);
        let places: Vec<Place> = found.into_iter().cloned().collect();
        let next = places.last().filter(|_| is_more).cloned();
        PlacePage { places, next }
    }

    /// By kind and id.
    pub(super) const fn all(&self) -> &BTreeMap<(String, String), Document> {
        &self.documents
    }
}

/// Every list that a document is in, and where.
fn places(document: &Document) -> impl Iterator<Item = (String, Place)> {
    let id = || document.id.clone();
    let keys = document
        .keys
        .iter()
        .map(move |key| (key.index.clone(), Place { value: key.value.clone(), id: id() }));
    let by_id = (BY_ID.to_owned(), Place { value: document.id.clone(), id: document.id.clone() });
    keys.chain(std::iter::once(by_id))
}
