//! Lists over all case files: proposals, appeals, incidents and letters. Each file is indexed by its entries
//! ([`super::entries`]), so that a page reads only the files of the people on it.

use std::collections::{BTreeMap, HashMap};
use std::sync::PoisonError;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::entries::keyed;
pub use super::entries::{ALL, CaseList, ListedEntry};
use super::record::{self, CASE, CaseRead};
use crate::casework::named::changed;
use crate::casework::{Desk, Fault};
use crate::domain::audit::GATEWAY;
use crate::domain::case::CaseFile;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::ports::documents::{BY_ID, Batch, Document, Listing, Order, Place, WriteFault};
use crate::runtime::limits::{CASES_PIECE, STEP_TRIES_MAX};

/// The kind of the marks of these lists. One says that all case files are indexed: its id is the version of the keys.
const CASE_LISTS: &str = "case_lists";
const KEYS_VERSION: &str = "1";
/// The other one says until when every file was checked: [`KeysChecked`].
const CHECKED: &str = "checked";

/// Every case file was checked for its keys, by whichever gateway.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct KeysChecked {
    on: NaiveDate,
    /// Up to which entry of the trail.
    number: u64,
}

/// A request for one page of a list.
#[derive(Debug, Clone)]
pub struct ListAsked<'a> {
    pub list: CaseList,
    /// One of the list's states, or [`ALL`].
    pub state: &'a str,
    pub order: ListOrder,
    /// Start after this place: the `next` of the page before.
    pub after: Option<&'a str>,
    /// 0: the largest page.
    pub limit: usize,
}

/// The order of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListOrder {
    OldestFirst,
    LatestFirst,
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct ListedPage<T> {
    pub rows: Vec<T>,
    /// The `after` of the next page; `None`: this is the last page.
    pub next: Option<String>,
}

impl Desk {
    /// One page of a list; `row` converts each entry. A page may be short although others follow: an entry that changed
    /// during the read is in another place now.
    ///
    /// # Errors
    /// [`Fault::Refused`]: `after` is not the `next` of a page.
    pub async fn case_list<T>(
        &self,
        organisation: &Organisation,
        asked: ListAsked<'_>,
        row: impl Fn(&CaseRead, ListedEntry<'_>) -> T,
    ) -> Result<ListedPage<T>, Fault> {
        self.complete_case_lists(&organisation.id).await?;
        let list = asked.list;
        let not_one = || Fault::Refused("`after` is not the `next` of a page".to_owned());
        let after = asked.after.map(|text| Place::of_cursor(text).ok_or_else(not_one));
        let listing = Listing {
            order: match asked.order {
                ListOrder::OldestFirst => Order::Ascending,
                ListOrder::LatestFirst => Order::Descending,
            },
            after: after.transpose()?,
            limit: asked.limit,
            ..list.listing(asked.state)
        };
        let page = self.store.places(&organisation.id, CASE, listing).await?;
        // Each file is read once, and only one is in memory at a time.
        let mut of_people: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
        for (number, place) in page.places.iter().enumerate() {
            of_people.entry(&place.id).or_default().push((number, &place.value));
        }
        let mut rows: Vec<Option<T>> = page.places.iter().map(|_| None).collect();
        for (person, places) in of_people {
            let case = match self.read_case(organisation, person).await {
                Ok(case) => case,
                // Erased in the meantime.
                Err(Fault::NotFound(_)) => continue,
                Err(fault) => return Err(fault),
            };
            let own = keyed(&case.file).into_iter().filter(|one| one.list == list);
            let by_value: HashMap<String, ListedEntry<'_>> = own
                .flat_map(|one| one.values.into_iter().map(move |value| (value, one.entry)))
                .collect();
            for (number, value) in places {
                if let (Some(slot), Some(entry)) = (rows.get_mut(number), by_value.get(value)) {
                    *slot = Some(row(&case, *entry));
                }
            }
        }
        let next = page.next.as_ref().map(Place::cursor);
        Ok(ListedPage { rows: rows.into_iter().flatten().collect(), next })
    }

    /// How many entries a list has in a state, counted up to [`PLACES_COUNTED_MAX`].
    ///
    /// [`PLACES_COUNTED_MAX`]: crate::runtime::limits::PLACES_COUNTED_MAX
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn count_listed(
        &self,
        organisation: &OrganisationId,
        list: CaseList,
        state: &str,
    ) -> Result<usize, Fault> {
        self.complete_case_lists(organisation).await?;
        Ok(self.store.count_places(organisation, CASE, list.listing(state)).await?)
    }

    /// Adds the keys of these lists to case files written before there were any, unless that was done. Several gateways
    /// may do so at once; an interrupted run is completed at the next call.
    ///
    /// # Errors
    /// The store can't be read, or keys are missing and can't be written.
    pub(in crate::casework) async fn complete_case_lists(
        &self,
        organisation: &OrganisationId,
    ) -> Result<(), Fault> {
        let known = || self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        if known().contains_key(organisation) {
            return Ok(());
        }
        if self.store.document(organisation, CASE_LISTS, KEYS_VERSION).await?.is_none() {
            self.give_all_keys(organisation).await?;
            let done = Document::new(CASE_LISTS, KEYS_VERSION, 0, Vec::new(), &())?;
            self.write_mark(organisation, done).await;
        }
        known().entry(organisation.clone()).or_default();
        Ok(())
    }

    /// Adds missing keys to case files that an older gateway has written since: to every file once a day, by whichever
    /// gateway is first; at another start on that day, to those of people named by the trail since.
    ///
    /// # Errors
    /// The store can't be read or written: the next call tries again.
    pub async fn renew_case_lists(&self, organisation: &Organisation) -> Result<(), Fault> {
        let (id, today) = (&organisation.id, self.today(organisation));
        let known = || self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        if known().get(id).is_some_and(|on| *on == Some(today)) {
            return Ok(());
        }
        // Read before the files are: what is written in the meantime is checked the next time.
        let number = self.followed_to(id).await?;
        let mark = self.store.document(id, CASE_LISTS, CHECKED).await?;
        let checked = mark.as_ref().and_then(|mark| mark.read::<KeysChecked>().ok());
        let checked = checked.filter(|checked| checked.on == today && checked.number <= number);
        let named = match checked {
            Some(checked) => self.named_since(id, checked.number, changed).await?,
            None => None,
        };
        match named {
            Some(named) => {
                for person in named {
                    self.give_keys_of(id, &person).await?;
                }
            }
            None => self.give_all_keys(id).await?,
        }
        let now = KeysChecked { on: today, number };
        let read_at = mark.as_ref().map_or(0, |mark| mark.version);
        let now = Document::new(CASE_LISTS, CHECKED, read_at, Vec::new(), &now)?;
        self.write_mark(id, now).await;
        known().insert(id.clone(), Some(today));
        Ok(())
    }

    /// Writes a mark. Without it, the next process checks every file again.
    async fn write_mark(&self, organisation: &OrganisationId, mark: Document) {
        match self.store.write(organisation, Batch::new(self.stamp(GATEWAY)).put(mark)).await {
            // On a conflict, another gateway was first.
            Ok(()) | Err(WriteFault::Conflict(_)) => {}
            Err(WriteFault::Store(error)) => {
                self.say_failed(organisation, "a mark", CASE_LISTS, &Fault::from(error));
            }
        }
    }

    /// Brings every file's keys up to date, and writes only files whose keys differ.
    async fn give_all_keys(&self, organisation: &OrganisationId) -> Result<(), Fault> {
        let mut listing = Listing { limit: CASES_PIECE, ..Listing::of(BY_ID) };
        loop {
            listing.after = self.give_keys(organisation, &listing).await?;
            if listing.after.is_none() {
                return Ok(());
            }
        }
    }

    /// Brings the keys of one page of files up to date; returns where the next page starts.
    async fn give_keys(
        &self,
        organisation: &OrganisationId,
        listing: &Listing,
    ) -> Result<Option<Place>, Fault> {
        for _ in 0..STEP_TRIES_MAX {
            let page = self.store.documents(organisation, CASE, listing.clone()).await?;
            if self.write_keys(organisation, &page.documents).await? {
                return Ok(page.next);
            }
        }
        Err(Fault::Contended)
    }

    /// The same for the file of one person, if there is one.
    async fn give_keys_of(&self, organisation: &OrganisationId, person: &str) -> Result<(), Fault> {
        for _ in 0..STEP_TRIES_MAX {
            let Some(file) = self.store.document(organisation, CASE, person).await? else {
                return Ok(());
            };
            if self.write_keys(organisation, &[file]).await? {
                return Ok(());
            }
        }
        Err(Fault::Contended)
    }

    /// Writes those of these files whose keys differ; `false`: one of them was changed in the meantime.
    async fn write_keys(
        &self,
        organisation: &OrganisationId,
        documents: &[Document],
    ) -> Result<bool, Fault> {
        let mut batch = Batch::new(self.stamp(GATEWAY));
        for document in documents {
            let file = document.read::<CaseFile>();
            match file.and_then(|file| record::document(&file, document.version)) {
                Ok(now) if now.keys != document.keys => {
                    batch = batch.put(Document { keys: now.keys, ..document.clone() });
                }
                Ok(_) => {}
                // An unreadable file must not keep the others out of the lists.
                Err(error) => {
                    let fault = Fault::from(error);
                    self.say_failed(organisation, "a case file", &document.id, &fault);
                }
            }
        }
        if batch.documents.is_empty() {
            return Ok(true);
        }
        match self.store.write(organisation, batch).await {
            Ok(()) => Ok(true),
            Err(WriteFault::Conflict(_)) => Ok(false),
            Err(WriteFault::Store(error)) => Err(error.into()),
        }
    }
}
