//! Documents on Redis, and batches over all that staff write.

mod batch;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Redis;
use super::fault::rubbish;
use super::keys::Keys;
use super::script::take;
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::ports::documents::{
    BY_ID, Batch, Document, DocumentPage, Documents, IndexKey, Listing, Order, Place, PlacePage,
    WriteFault,
};
use crate::runtime::limits::{PLACES_COUNTED_MAX, REDIS_BULK_WAIT, REDIS_DOCUMENTS_PIECE};
use crate::store::record::{RawValue, unless_destroyed};

#[async_trait]
impl Documents for Redis {
    async fn document(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        id: &str,
    ) -> Result<Option<Document>, StoreError> {
        Ok(unless_destroyed(one(self, &self.keys(organisation), kind, id).await)?.flatten())
    }

    async fn documents(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        listing: Listing,
    ) -> Result<DocumentPage, StoreError> {
        list(self, &self.keys(organisation), kind, &listing).await
    }

    async fn places(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        listing: Listing,
    ) -> Result<PlacePage, StoreError> {
        places(self, &self.keys(organisation), kind, &listing).await
    }

    async fn count_places(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        listing: Listing,
    ) -> Result<usize, StoreError> {
        let keys = self.keys(organisation);
        let (low, high) = bounds(&Listing { after: None, ..listing.clone() });
        let mut command = redis::cmd("ZLEXCOUNT");
        command.arg(keys.listed(kind, &listing.index)).arg(low).arg(high);
        let count: usize = take(Some(self.link.ask(&keys, &command).await?))?;
        Ok(count.min(PLACES_COUNTED_MAX))
    }

    async fn write(&self, organisation: &OrganisationId, batch: Batch) -> Result<(), WriteFault> {
        batch.check()?;
        self.is_whole(organisation).await?;
        let changes_people = batch.changes_people();
        let before = batch::write(self, &self.keys(organisation), batch).await?;
        if changes_people {
            self.tell_changes(organisation, before).await;
        }
        Ok(())
    }
}

/// A document as stored in its kind's hash.
#[derive(Serialize)]
struct Written<'a> {
    version: u64,
    keys: &'a [IndexKey],
    body: &'a RawValue,
}

#[derive(Deserialize)]
struct Read {
    version: u64,
    keys: Vec<IndexKey>,
    body: Box<RawValue>,
}

pub(super) fn written(on: &Keys, document: &Document) -> Result<String, StoreError> {
    let Document { kind, id, version, keys, body } = document;
    let about = on.codec().people().and_then(|_| document.about());
    on.write_about(about.as_deref(), kind, id, &Written { version: *version, keys, body })
}

pub(super) fn read(
    on: &Keys,
    kind: &str,
    id: String,
    record: &str,
) -> Result<Document, StoreError> {
    let Read { version, keys, body } = on.read(record, kind, &id)?;
    Ok(Document { kind: kind.to_owned(), id, version, keys, body })
}

/// As it is stored; `Destroyed` if the key of the person it was about is.
pub(super) async fn one(
    redis: &Redis,
    keys: &Keys,
    kind: &str,
    id: &str,
) -> Result<Option<Document>, StoreError> {
    let mut command = redis::cmd("HGET");
    command.arg(keys.documents(kind)).arg(id);
    let record: Option<String> = take(Some(redis.link.ask(keys, &command).await?))?;
    record.map(|record| read(keys, kind, id.to_owned(), &record)).transpose()
}

/// The ids of documents of a kind, in their order, from the nth on.
pub(super) async fn at_rank(
    redis: &Redis,
    keys: &Keys,
    kind: &str,
    rank: usize,
    many: usize,
) -> Result<Vec<String>, StoreError> {
    let mut command = redis::cmd("ZRANGE");
    command.arg(keys.listed(kind, BY_ID)).arg(rank).arg(rank + many - 1);
    let answer = redis.link.ask_within(keys, &command, REDIS_BULK_WAIT).await?;
    let members: Vec<String> = take(Some(answer))?;
    members.iter().map(|member| Ok(place(member)?.id)).collect()
}

/// Every list that a document is in, with the member that it is there.
pub(super) fn members(keys: &Keys, document: &Document) -> Vec<(String, String)> {
    let Document { kind, id, .. } = document;
    let own = document.keys.iter().map(|key| (key.index.as_str(), key.value.as_str()));
    own.chain([(BY_ID, id.as_str())])
        .map(|(index, value)| (keys.listed(kind, index), format!("{value}\0{id}")))
        .collect()
}

/// No value and no id has a byte 0, so that members are ordered by value, then by id.
fn place(member: &str) -> Result<Place, StoreError> {
    let (value, id) = member.split_once('\0').ok_or_else(rubbish)?;
    Ok(Place { value: value.to_owned(), id: id.to_owned() })
}

async fn places(
    redis: &Redis,
    keys: &Keys,
    kind: &str,
    listing: &Listing,
) -> Result<PlacePage, StoreError> {
    let size = listing.page_size();
    let command = range(&keys.listed(kind, &listing.index), listing);
    let found: Vec<String> = take(Some(redis.link.ask(keys, &command).await?))?;
    let is_more = found.len() > size;
    let places: Vec<Place> =
        found.iter().take(size).map(|member| place(member)).collect::<Result<_, _>>()?;
    let next = places.last().filter(|_| is_more).cloned();
    Ok(PlacePage { places, next })
}

async fn list(
    redis: &Redis,
    keys: &Keys,
    kind: &str,
    listing: &Listing,
) -> Result<DocumentPage, StoreError> {
    let PlacePage { places, next } = places(redis, keys, kind, listing).await?;
    if places.is_empty() {
        return Ok(DocumentPage { documents: Vec::new(), next });
    }
    // A few at a time: a page of large ones would hold up the connection that decisions share.
    let mut records: Vec<Option<String>> = Vec::with_capacity(places.len());
    for piece in places.chunks(REDIS_DOCUMENTS_PIECE) {
        let mut command = redis::cmd("HMGET");
        command.arg(keys.documents(kind));
        for place in piece {
            command.arg(&place.id);
        }
        let answer = redis.link.ask_within(keys, &command, REDIS_BULK_WAIT).await?;
        records.extend(take::<Vec<Option<String>>>(Some(answer))?);
    }
    let mut documents = Vec::with_capacity(places.len());
    for (place, record) in places.into_iter().zip(records) {
        // It may have been removed, or listed elsewhere, between the two commands.
        let Some(record) = record else { continue };
        let document = unless_destroyed(read(keys, kind, place.id, &record))?;
        let Some(document) = document else { continue };
        let is_there = listing.index == BY_ID
            || document
                .keys
                .iter()
                .any(|key| key.index == listing.index && key.value == place.value);
        if is_there {
            documents.push(document);
        }
    }
    Ok(DocumentPage { documents, next })
}

/// The members of a page, and one more to know whether there is one.
fn range(list: &str, listing: &Listing) -> redis::Cmd {
    let (low, high) = bounds(listing);
    let mut command = redis::cmd(match listing.order {
        Order::Ascending => "ZRANGEBYLEX",
        Order::Descending => "ZREVRANGEBYLEX",
    });
    command.arg(list);
    match listing.order {
        Order::Ascending => command.arg(low).arg(high),
        Order::Descending => command.arg(high).arg(low),
    };
    command.arg("LIMIT").arg(0).arg(listing.page_size() + 1);
    command
}

/// Between which members a page lies, as Redis writes bounds.
fn bounds(listing: &Listing) -> (String, String) {
    let member = |place: &Place| format!("({}\0{}", place.value, place.id);
    let (from, to) = (listing.from.as_ref(), listing.to.as_ref());
    let mut low = from.map_or("-".to_owned(), |from| format!("[{from}"));
    let mut high = to.map_or("+".to_owned(), |to| format!("({to}"));
    match (listing.order, &listing.after) {
        (Order::Ascending, Some(after)) if from.is_none_or(|from| after.value >= *from) => {
            low = member(after);
        }
        (Order::Descending, Some(after)) if to.is_none_or(|to| after.value < *to) => {
            high = member(after);
        }
        (_, _) => {}
    }
    (low, high)
}
