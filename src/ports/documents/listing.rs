//! Lists of documents: requests for a page, and the page.

use super::Document;
use crate::runtime::limits::PAGE_ITEMS_MAX;

/// The place of a document in a list, sorted by the value of its key, then by its id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub value: String,
    pub id: String,
}

/// A request for one page of a list.
#[derive(Debug, Clone)]
pub struct Listing {
    pub index: String,
    /// The lowest value, inclusive; `None`: no bound.
    pub from: Option<String>,
    /// The highest value, exclusive; `None`: no bound.
    pub to: Option<String>,
    pub order: Order,
    /// Start after this place, in the order of the list.
    pub after: Option<Place>,
    /// 0: the largest page.
    pub limit: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

impl Place {
    /// The place as a cursor for clients, which [`Place::of_cursor`] reads.
    pub fn cursor(&self) -> String {
        format!("{}|{}", self.value, self.id)
    }

    /// The place of a cursor; `None`: it is malformed. Only for an index whose values have no `|`.
    pub fn of_cursor(text: &str) -> Option<Self> {
        let (value, id) = text.split_once('|').filter(|_| !text.contains('\0'))?;
        Some(Place { value: value.to_owned(), id: id.to_owned() })
    }
}

impl Listing {
    /// The whole list.
    pub fn of(index: &str) -> Self {
        Listing {
            index: index.to_owned(),
            from: None,
            to: None,
            order: Order::Ascending,
            after: None,
            limit: 0,
        }
    }

    /// Those with exactly this value.
    pub fn with(index: &str, value: &str) -> Self {
        // No value has a byte 0, so none sorts between a value and the same value followed by a byte 1.
        let to = Some(format!("{value}\u{1}"));
        Listing { from: Some(value.to_owned()), to, ..Listing::of(index) }
    }

    /// Those whose value begins with `with`, which must not end with the last character of Unicode.
    pub fn beginning(index: &str, with: &str) -> Self {
        Listing { from: Some(with.to_owned()), to: behind(with), ..Listing::of(index) }
    }

    pub(crate) fn has(&self, place: &Place) -> bool {
        let value = place.value.as_str();
        self.from.as_deref().is_none_or(|from| value >= from)
            && self.to.as_deref().is_none_or(|to| value < to)
            && self.after.as_ref().is_none_or(|after| match self.order {
                Order::Ascending => place > after,
                Order::Descending => place < after,
            })
    }

    pub(crate) fn page_size(&self) -> usize {
        if self.limit == 0 { PAGE_ITEMS_MAX } else { self.limit.min(PAGE_ITEMS_MAX) }
    }
}

/// The first text after all those that begin with this one.
fn behind(text: &str) -> Option<String> {
    let mut characters: Vec<char> = text.chars().collect();
    let last = characters.pop()?;
    // The surrogates between U+D7FF and U+E000 are not characters.
    let next = char::from_u32(u32::from(last) + 1).or_else(|| char::from_u32(0xE000))?;
    characters.push(next);
    Some(characters.into_iter().collect())
}

/// A page of places, in the order of the list. A document appears once for each key that it has in the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacePage {
    pub places: Vec<Place>,
    /// The `after` of the next page; `None`: this is the last page.
    pub next: Option<Place>,
}

/// A page of documents, in the order of the list.
#[derive(Debug, Clone)]
pub struct DocumentPage {
    pub documents: Vec<Document>,
    /// The `after` of the next page; `None`: this is the last page.
    pub next: Option<Place>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_one_value_has_that_one_alone() {
        let listing = Listing::with("status", "open");
        let has = |value: &str| listing.has(&Place { value: value.to_owned(), id: "x".to_owned() });
        assert!(has("open"));
        assert!(!has("opem") && !has("open ") && !has("opened") && !has(""));
    }

    #[test]
    fn a_list_of_a_beginning_has_whatever_goes_on() {
        let listing = Listing::beginning("due", "2026-11-");
        let has = |value: &str| listing.has(&Place { value: value.to_owned(), id: "x".to_owned() });
        assert!(has("2026-11-") && has("2026-11-30") && has("2026-11-\u{10FFFF}"));
        assert!(!has("2026-12-01") && !has("2026-11") && !has("2026-10-31"));
        assert_eq!(behind("a\u{D7FF}").unwrap(), "a\u{E000}");
    }

    #[test]
    fn a_place_is_read_back_from_its_text() {
        let place = Place { value: "open 20260105".to_owned(), id: "P|1".to_owned() };
        assert_eq!(Place::of_cursor(&place.cursor()), Some(place));
        assert!(Place::of_cursor("open").is_none() && Place::of_cursor("a|b\0").is_none());
    }
}
