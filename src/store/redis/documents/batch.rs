//! A batch as one script. The old record is read first, for facts that only it has (the lists that it is on); the
//! script does nothing if a record is no longer that one.

mod gone;

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::super::Redis;
use super::super::fault::rubbish;
use super::super::items;
use super::super::keys::{CHANNEL, Keys};
use super::super::marks::notes_of;
use super::super::script::{Arguments, parts, take};
use super::{members, read, written};
use crate::domain::person::Person;
use crate::domain::queue::QueueItem;
use crate::ports::StoreError;
use crate::ports::documents::{Batch, Conflict, Document, DocumentWrite, PersonWrite, WriteFault};
use crate::runtime::limits::{
    CHANGES_AT_ONCE_MAX, CHANGES_KEPT_MAX, REDIS_BULK_BYTES, REDIS_BULK_WAIT, REDIS_ONCE_KEPT,
    REDIS_PEOPLE_PIECE, REDIS_RESPONSE_WAIT,
};
use crate::runtime::tokens::hex;
use crate::store::record::{kind, unless_destroyed};

/// The bodies of the documents put.
fn body_bytes(batch: &Batch) -> usize {
    let bytes = batch.documents.iter().map(|write| match write {
        DocumentWrite::Put(document) => document.body.get().len(),
        DocumentWrite::Remove { .. } => 0,
    });
    bytes.sum()
}

/// Writes, and answers the number of the last change of people before.
pub(super) async fn write(redis: &Redis, keys: &Keys, batch: Batch) -> Result<u64, WriteFault> {
    let many = [batch.people.len(), batch.documents.len(), batch.items.len(), batch.gone.len()];
    let many: usize = many.into_iter().sum();
    let is_bulk = many > REDIS_PEOPLE_PIECE || body_bytes(&batch) > REDIS_BULK_BYTES;
    let wait = if is_bulk { REDIS_BULK_WAIT } else { REDIS_RESPONSE_WAIT };
    let stood = Stood::read(redis, keys, &batch).await?;
    let mut step = Step::new(keys, redis.token());
    let conflicts = stood.look(&batch, &mut step)?;
    for (write, record) in batch.documents.iter().zip(&stood.documents) {
        step.document(write, record.as_deref(), &batch)?;
    }
    for write in &batch.people {
        step.restrictions(write);
    }
    for write in &batch.items {
        step.item(write.was.as_ref(), &write.now)?;
    }
    for gone in &batch.gone {
        step.gone(gone);
    }
    let (on, with) = step.finish(&batch)?;
    let answer = redis.link.write(keys, &redis.scripts.batch, &on, &with, wait).await?;
    let mut answer = parts(answer)?.into_iter();
    let place: usize = take(answer.next())?;
    match place.checked_sub(1) {
        None => Ok(take::<String>(answer.next())?.parse().map_err(|_| rubbish())?),
        Some(place) => {
            let conflict = conflicts.into_iter().nth(place).ok_or_else(rubbish)?;
            Err(WriteFault::Conflict(conflict))
        }
    }
}

/// The records that a batch replaces, in its order.
struct Stood {
    documents: Vec<Option<String>>,
    people: Vec<Option<String>>,
    items: Vec<Option<String>>,
    gone: Vec<Option<String>>,
}

impl Stood {
    async fn read(redis: &Redis, keys: &Keys, batch: &Batch) -> Result<Stood, StoreError> {
        let mut of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for write in &batch.documents {
            let (kind, id) = write.names();
            of.entry(kind).or_default().push(id);
        }
        let mut documents = BTreeMap::new();
        for (kind, ids) in of {
            let records = some(redis, keys, &keys.documents(kind), &ids).await?;
            documents.extend(ids.into_iter().map(|id| (kind, id)).zip(records));
        }
        let people: Vec<&str> = batch.people.iter().map(|write| write.now.id.as_str()).collect();
        let items: Vec<&str> = batch.items.iter().map(|write| write.now.id.as_str()).collect();
        Ok(Stood {
            documents: batch
                .documents
                .iter()
                .map(|write| documents.remove(&write.names()).flatten())
                .collect(),
            people: some(redis, keys, &keys.people(), &people).await?,
            items: some(redis, keys, &keys.items(), &items).await?,
            gone: gone::stood(redis, keys, &batch.gone).await?,
        })
    }

    /// Compares the stored record with what the caller read, and has the script check whether it is still
    /// the same. The records are compared as they are written: one of an older gateway lacks what ours
    /// has. What each look that fails would mean.
    fn look(&self, batch: &Batch, step: &mut Step<'_>) -> Result<Vec<Conflict>, WriteFault> {
        let mut conflicts = Vec::new();
        for (write, stands) in batch.documents.iter().zip(&self.documents) {
            let (kind, id) = write.names();
            let read = |it| unless_destroyed(read(step.keys, kind, id.to_owned(), it));
            let is = stands.as_deref().map(read).transpose()?.flatten();
            let same = is.map_or(0, |is| is.version) == write.read_at();
            step.look(step.keys.documents(kind), id, stands.as_deref());
            conflicts.push(agreed(same, write.conflict())?);
        }
        for (write, stands) in batch.people.iter().zip(&self.people) {
            let id = &write.now.id;
            let read = |it| unless_destroyed(step.keys.read::<Person>(it, kind::PERSON, id));
            let is = stands.as_deref().map(read).transpose()?.flatten();
            step.look(step.keys.people(), id, stands.as_deref());
            let conflict = Conflict::Person { id: id.clone() };
            conflicts.push(agreed(is.as_ref() == write.was.as_deref(), conflict)?);
        }
        for (write, stands) in batch.items.iter().zip(&self.items) {
            let id = &write.now.id;
            let read = |it| unless_destroyed(step.keys.read::<QueueItem>(it, kind::ITEM, id));
            let is = stands.as_deref().map(read).transpose()?.flatten();
            step.look(step.keys.items(), id, stands.as_deref());
            let conflict = Conflict::Item { id: id.clone() };
            conflicts.push(agreed(is == write.was, conflict)?);
        }
        for (gone, stands) in batch.gone.iter().zip(&self.gone) {
            conflicts.extend(gone::look(gone, stands.as_deref(), step)?);
        }
        Ok(conflicts)
    }
}

fn agreed(same: bool, conflict: Conflict) -> Result<Conflict, WriteFault> {
    if same { Ok(conflict) } else { Err(WriteFault::Conflict(conflict)) }
}

async fn some(
    redis: &Redis,
    keys: &Keys,
    hash: &str,
    ids: &[&str],
) -> Result<Vec<Option<String>>, StoreError> {
    let mut records = Vec::with_capacity(ids.len());
    for ids in ids.chunks(REDIS_PEOPLE_PIECE) {
        let mut command = redis::cmd("HMGET");
        command.arg(hash).arg(ids);
        let answer = redis.link.ask_within(keys, &command, REDIS_BULK_WAIT).await?;
        records.extend(take::<Vec<Option<String>>>(Some(answer))?);
    }
    Ok(records)
}

/// What the script is given.
struct Step<'a> {
    keys: &'a Keys,
    on: Vec<String>,
    places: BTreeMap<String, usize>,
    looks: Vec<(usize, String, String)>,
    writes: Vec<Vec<String>>,
    kinds: BTreeSet<String>,
}

impl<'a> Step<'a> {
    fn new(keys: &'a Keys, token: String) -> Self {
        let mut step = Step {
            keys,
            on: Vec::new(),
            places: BTreeMap::new(),
            looks: Vec::new(),
            writes: Vec::new(),
            kinds: BTreeSet::new(),
        };
        for key in [keys.once(&token), keys.people(), keys.changes(), keys.audit()] {
            step.place(key);
        }
        step
    }

    /// The place of a key among those that the script is given, from 1.
    fn place(&mut self, key: String) -> usize {
        let next = self.on.len() + 1;
        *self.places.entry(key).or_insert_with_key(|key| {
            self.on.push(key.clone());
            next
        })
    }

    fn look(&mut self, hash: String, field: &str, stands: Option<&str>) {
        let place = self.place(hash);
        let digest =
            stands.map(|record| hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, record.as_bytes()).as_ref()));
        self.looks.push((place, field.to_owned(), digest.unwrap_or_default()));
    }

    fn write(&mut self, words: &[&str]) {
        if let [_, key, ..] = words {
            self.place((*key).to_owned());
        }
        self.writes.push(words.iter().map(|word| (*word).to_owned()).collect());
    }

    /// The stored record says which lists it is in.
    fn document(
        &mut self,
        write: &DocumentWrite,
        stands: Option<&str>,
        batch: &Batch,
    ) -> Result<(), StoreError> {
        let (kind, id) = write.names();
        let hash = self.keys.documents(kind);
        let read = |stands| unless_destroyed(read(self.keys, kind, id.to_owned(), stands));
        if let Some(document) = stands.map(read).transpose()?.flatten() {
            for (list, member) in members(self.keys, &document) {
                self.write(&["ZREM", &list, &member]);
            }
        }
        let DocumentWrite::Put(document) = write else {
            self.write(&["HDEL", &hash, id]);
            return Ok(());
        };
        let document: Document = document.clone().written(batch.stamp.at);
        self.write(&["HSET", &hash, id, &written(self.keys, &document)?]);
        for (list, member) in members(self.keys, &document) {
            self.write(&["ZADD", &list, "0", &member]);
        }
        if self.kinds.insert(kind.to_owned()) {
            self.write(&["SADD", &self.keys.kinds(), kind]);
        }
        Ok(())
    }

    /// By which restrictions a person is found. Those that are gone stay listed, which a reader sees.
    fn restrictions(&mut self, write: &PersonWrite) {
        let was = write.was.as_deref().map_or(&[][..], |was| &was.restrictions);
        for now in &write.now.restrictions {
            if !was.iter().any(|was| was.id == now.id) {
                self.write(&["SADD", &self.keys.restricted(&now.id), &write.now.id]);
            }
        }
    }

    fn item(&mut self, was: Option<&QueueItem>, now: &QueueItem) -> Result<(), StoreError> {
        let was_on = was.map(|was| was.queue.as_str());
        items::put(self.keys, was_on, now, |words| self.write(words))
    }

    fn finish(self, batch: &Batch) -> Result<(Vec<String>, Arguments), StoreError> {
        let mut with = Arguments::default();
        with.push(REDIS_ONCE_KEPT.as_secs().to_string());
        with.size(CHANGES_KEPT_MAX);
        with.size(CHANGES_AT_ONCE_MAX);
        with.push(CHANNEL);
        with.push(self.keys.tag());
        with.size(self.looks.len());
        for (place, field, digest) in self.looks {
            with.size(place);
            with.push(field);
            with.push(digest);
        }
        with.size(batch.people.len());
        for write in &batch.people {
            with.push(&write.now.id);
            let id = &write.now.id;
            with.push(self.keys.write_about(Some(id), kind::PERSON, id, &write.now)?);
        }
        let gone: Vec<&str> = batch.people_gone().collect();
        with.size(gone.len());
        for id in gone {
            with.push(id);
        }
        with.size(batch.audit.len());
        for event in &batch.audit {
            let of = batch.concerned_by(event);
            let stamp = batch.stamp.clone();
            with.push(self.keys.write_audit(stamp, event.clone(), of.first().copied())?);
            with.push(notes_of(batch.stamp.at, event, of)?);
        }
        for words in self.writes {
            with.size(words.len());
            for word in words {
                with.push(word);
            }
        }
        Ok((self.on, with))
    }
}
