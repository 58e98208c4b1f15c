//! Stores with a key: they do what every store does, and what they write says nothing without it.

use std::path::Path;
use std::sync::Arc;

use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::person::Person;
use contact_gateway::domain::queue::{ItemState, QueueItem};
use contact_gateway::ports::documents::{Batch, Document, IndexKey};
use contact_gateway::ports::{Decisions, Store, StoreError};
use contact_gateway::runtime::tokens::hex;
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::redis::Redis;
use contact_gateway::store::settings::{Codec, Keyring};
use secrecy::SecretString;

use super::facts::{
    at, committed, digest, karbon, ledger, limited, person, put_people, request, stamp,
};
use super::servers::{self, OnRedis, until};
use super::{Ground, InFolder};

pub const OLD: &str = "k-old:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
pub const NEW: &str = "k-new://///wQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A name that is in every kind of record that [`fill`] writes.
const NAME: &str = "Blodeuwedd";

pub fn with(keys: &[&str]) -> Codec {
    let keys: Vec<SecretString> = keys.iter().map(|key| (*key).into()).collect();
    Codec::with(Some(Arc::new(Keyring::of(&keys).unwrap())))
}

pub struct Encrypted<G> {
    ground: G,
    codec: Codec,
}

impl Ground for Encrypted<InFolder> {
    fn gateway(&self) -> Arc<dyn Store> {
        Embedded::open_with(self.ground.0.path(), &self.codec).unwrap()
    }
}

impl Ground for Encrypted<OnRedis> {
    fn gateway(&self) -> Arc<dyn Store> {
        let url = SecretString::from(self.ground.url.clone());
        let redis = Redis::open_with(&url, &self.codec).unwrap();
        let connected = until("a gateway is connected", || async {
            redis.recorded(&karbon(), "nobody").await.is_ok()
        });
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(connected));
        redis
    }
}

impl Encrypted<OnRedis> {
    pub async fn clear(&self) {
        self.ground.clear().await;
    }
}

pub async fn in_folder() -> Encrypted<InFolder> {
    Encrypted { ground: super::in_folder().await, codec: with(&[OLD]) }
}

pub async fn single() -> Encrypted<OnRedis> {
    Encrypted { ground: servers::single().await, codec: with(&[OLD]) }
}

fn changed() -> AuditEvent {
    AuditEvent::PersonChanged { person: NAME.to_owned() }
}

fn named(id: &str) -> Person {
    person(id, NAME)
}

/// A record of each kind, with the name in it, under keys that don't say it.
async fn fill(store: &dyn Store) {
    let stamp = || contact_gateway::ports::Stamp { by: NAME.to_owned(), ..stamp() };
    let event = AuditEvent::PersonChanged { person: "P-1".to_owned() };
    put_people(store, &karbon(), vec![named("P-1")], stamp(), event).await.unwrap();
    store
        .commit(request("c-1", |_| {
            let mut settled = limited("c-1", at(0));
            settled.item.as_mut().unwrap().subject = Some(NAME.to_owned());
            settled.decision.flags.push(NAME.into());
            settled.additions.counted[0].issue = Some(NAME.to_owned());
            settled
        }))
        .await
        .unwrap();
    let keys = vec![IndexKey::new("place", "shelf")];
    let body = serde_json::json!({ "text": NAME });
    let document = Document::new("parcel", "a", 0, keys, &body).unwrap();
    store.write(&karbon(), Batch::new(stamp()).put(document)).await.unwrap();
}

/// Everything that [`fill`] wrote has the name in it.
async fn is_read(store: &dyn Store) {
    let person = store.person(&karbon(), "P-1").await.unwrap().unwrap();
    assert_eq!(person.name, NAME);
    let (decision, _) = store.recorded(&karbon(), "c-1").await.unwrap().unwrap();
    assert_eq!(decision.flags, [NAME.into()]);
    let item = store.item(&karbon(), "c-1").await.unwrap().unwrap();
    assert_eq!(item.subject.as_deref(), Some(NAME));
    assert_eq!(store.audit(&karbon(), 0, 9).await.unwrap()[0].by, NAME);
    let document = store.document(&karbon(), "parcel", "a").await.unwrap().unwrap();
    assert!(document.body.get().contains(NAME));
    assert_eq!(ledger(store).await.counted[0].issue.as_deref(), Some(NAME));
    let again = committed(store, request("c-1", |_| limited("c-1", at(1)))).await;
    assert!(again.repeated && !again.conflicting);
}

/// How often the name is in the files of a folder.
fn found(folder: &Path) -> usize {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let bytes = files.filter(|path| path.is_file()).map(|path| std::fs::read(path).unwrap());
    bytes.map(|bytes| memchr::memmem::find_iter(&bytes, NAME).count()).sum()
}

fn database(ground: &Encrypted<InFolder>) -> rusqlite::Connection {
    rusqlite::Connection::open(Embedded::file(ground.ground.0.path())).unwrap()
}

const TABLES: [&str; 6] = ["person", "decision", "received", "item", "audit", "document"];

fn records(ground: &Encrypted<InFolder>, like: &str) -> usize {
    let count = |table: &str| -> i64 {
        let sql = format!("SELECT count(*) FROM {table} WHERE record LIKE ?1");
        database(ground).query_row(&sql, [like], |row| row.get(0)).unwrap()
    };
    usize::try_from(TABLES.into_iter().map(count).sum::<i64>()).unwrap()
}

/// Columns that are never encrypted, since records are found by them: `docs/store.md` lists what they say.
const NEVER_ENCRYPTED: [&str; 25] = [
    "audit_mark.mark",
    "change.person",
    "counted.contact",
    "counted.mode",
    "counted.person",
    "counted.restriction",
    "decision.contact",
    "document.id",
    "document.kind",
    "document_key.id",
    "document_key.kind",
    "document_key.name",
    "document_key.value",
    "item.id",
    "item.queue",
    "item.state",
    "lane.lane",
    "lane.person",
    "person.id",
    "received.contact",
    "received.person",
    "restricted.person",
    "restricted.restriction",
    "told.code",
    "told.person",
];

/// Each other column of text or bytes that has something in it, and whether all of that is encrypted.
fn columns(ground: &Encrypted<InFolder>) -> Vec<(String, bool)> {
    let database = database(ground);
    let sql = "SELECT of.name, its.name FROM sqlite_schema of, pragma_table_info(of.name) its
               WHERE of.type = 'table' AND of.name NOT LIKE 'sqlite_%'
               AND its.type IN ('TEXT', 'BLOB') AND its.name <> 'organisation' ORDER BY 1, 2";
    let mut statement = database.prepare(sql).unwrap();
    let named = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let named: Vec<(String, String)> = named.map(Result::unwrap).collect();
    let mut columns = Vec::new();
    for (table, column) in named {
        let name = format!("{table}.{column}");
        let sql = format!(
            "SELECT count(*), sum(substr(CAST({column} AS TEXT), 1, 1) = '%') FROM {table}
             WHERE {column} IS NOT NULL"
        );
        let (rows, encrypted): (i64, Option<i64>) =
            database.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        if rows > 0 && !NEVER_ENCRYPTED.contains(&name.as_str()) {
            columns.push((name, encrypted == Some(rows)));
        }
    }
    columns
}

/// What [`columns`] finds in a store that [`fill`] has filled.
fn filled(are_encrypted: bool) -> Vec<(String, bool)> {
    let columns = [
        "audit.record",
        "counted.issue",
        "decision.digest",
        "decision.record",
        "document.record",
        "item.record",
        "person.record",
        "received.record",
    ];
    columns.map(|column| (column.to_owned(), are_encrypted)).to_vec()
}

#[tokio::test]
async fn every_column_is_encrypted_unless_records_are_found_by_it() {
    let mut ground = in_folder().await;
    fill(&*ground.gateway()).await;
    assert_eq!(columns(&ground), filled(true));
    ground = Encrypted { ground: super::in_folder().await, codec: Codec::plain() };
    fill(&*ground.gateway()).await;
    assert_eq!(columns(&ground), filled(false));
    // A plain store, the next key, and that one by itself: the last has nothing left to do.
    for (keys, is_rewritten) in [(vec![OLD], true), (vec![NEW, OLD], true), (vec![NEW], false)] {
        ground.codec = with(&keys);
        let store = Embedded::open_with(ground.ground.0.path(), &ground.codec).unwrap();
        let rewritten = store.rekey(&mut |_| {}).await.unwrap();
        assert_eq!(rewritten > 0, is_rewritten, "{rewritten}");
        assert_eq!(columns(&ground), filled(true));
        is_read(&*store).await;
    }
}

#[tokio::test]
async fn what_is_written_with_a_key_says_nothing_in_the_files() {
    let plain = super::in_folder().await;
    fill(&*plain.gateway()).await;
    assert!(found(plain.0.path()) >= 5, "the search sees what is plain");
    let ground = in_folder().await;
    let store = ground.gateway();
    fill(&*store).await;
    assert_eq!(found(ground.ground.0.path()), 0);
    is_read(&*store).await;
    assert_eq!(records(&ground, "%1:k-old:%"), records(&ground, "%"));
}

/// What is never encrypted on Redis, since records are found by it: keys by the first word of their names, and of hashes
/// with fields of different kinds the fields.
const NEVER_ENCRYPTED_ON_REDIS: [&str; 21] = [
    "changes",
    "contact.at",
    "contact.counted",
    "contact.person",
    "contact.token",
    "days",
    "done",
    "in_hand",
    "indexed",
    "kinds",
    "ledger.lane",
    "ledger.told",
    "ledger.version",
    "listed",
    "marked",
    "once",
    "queues",
    "received",
    "restricted",
    "roll",
    "waiting",
];

/// Which of these have a value that is not encrypted.
const PLAIN_ON_REDIS: &str = r#"
local found = {}
local function note(of, value)
  if string.sub(value, 1, 1) ~= '%' then found[of] = true end
end
for _, key in ipairs(redis.call('KEYS', 'cg1:*')) do
  local of = string.match(key, '}:(%a+)')
  local kind = redis.call('TYPE', key).ok
  if kind == 'hash' then
    local all = redis.call('HGETALL', key)
    for i = 1, #all, 2 do
      local has_fields = of == 'contact' or of == 'ledger'
      note(has_fields and of .. '.' .. string.match(all[i], '^%a+') or of, all[i + 1])
    end
  elseif kind == 'zset' then
    for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do note(of, member) end
  elseif kind == 'set' then
    for _, member in ipairs(redis.call('SMEMBERS', key)) do note(of, member) end
  elseif kind == 'stream' then
    for _, entry in ipairs(redis.call('XRANGE', key, '-', '+')) do note(of, entry[2][2]) end
  else
    note(of, redis.call('GET', key))
  end
end
local list = {}
for of in pairs(found) do list[#list + 1] = of end
table.sort(list)
return list
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_redis_everything_is_encrypted_unless_records_are_found_by_it() {
    let ground = single().await;
    let plain = async || -> Vec<String> {
        let found: Vec<String> =
            ground.ground.servers[0].say(&["EVAL", PLAIN_ON_REDIS, "0"]).await.unwrap();
        let is_known = |of: &String| NEVER_ENCRYPTED_ON_REDIS.contains(&of.as_str());
        assert!(found.iter().any(is_known), "{found:?}");
        found.into_iter().filter(|of| !is_known(of)).collect()
    };
    fill(&*ground.ground.gateway()).await;
    let records = [
        "audit",
        "contact.decision",
        "contact.digest",
        "counted",
        "documents",
        "items",
        "people",
        "traces",
    ];
    assert_eq!(plain().await, records);
    ground.clear().await;
    fill(&*ground.gateway()).await;
    assert_eq!(plain().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_with_a_key_says_nothing_on_redis() {
    let ground = single().await;
    let held = async |with: &str| -> usize {
        let script = format!(
            "local found = 0
             for _, key in ipairs(redis.call('KEYS', '*')) do
               local dump = redis.call('DUMP', key)
               if string.find(key .. (dump or ''), '{with}', 1, true) then found = found + 1 end
             end
             return found"
        );
        // What is dumped is not compressed.
        let server = &ground.ground.servers[0];
        let _: String = server.say(&["CONFIG", "SET", "rdbcompression", "no"]).await.unwrap();
        server.say(&["EVAL", &script, "0"]).await.unwrap()
    };
    let plain = ground.ground.gateway();
    fill(&*plain).await;
    let digits = hex(&digest("c-1"));
    assert!(held(NAME).await >= 4, "the search sees what is plain");
    assert_eq!(held(&digits).await, 1, "the digest of the contact");
    ground.clear().await;
    let store = ground.gateway();
    fill(&*store).await;
    assert_eq!((held(NAME).await, held(&digits).await), (0, 0));
    assert!(held("%1:k-old:").await >= 6);
    is_read(&*store).await;
}

#[tokio::test]
async fn a_store_that_was_plain_is_encrypted_as_it_is_written_and_keys_take_turns() {
    let mut ground = in_folder().await;
    ground.codec = Codec::plain();
    fill(&*ground.gateway()).await;
    let all = records(&ground, "%");
    assert_eq!(records(&ground, " %"), all);
    for (keys, mark) in [(vec![OLD], "%1:k-old:%"), (vec![NEW, OLD], "%1:k-new:%")] {
        ground.codec = with(&keys);
        let store = ground.gateway();
        is_read(&*store).await;
        let was = store.item(&karbon(), "c-1").await.unwrap().unwrap();
        let state = if was.state == ItemState::Read { ItemState::Open } else { ItemState::Read };
        let now = QueueItem { state, ..was.clone() };
        assert!(store.replace_item(&karbon(), &was, &now, stamp(), changed()).await.unwrap());
        assert_eq!(records(&ground, mark), 2, "the item and the entry about it");
        is_read(&*store).await;
    }
}

#[tokio::test]
async fn without_its_key_a_record_is_refused_and_nothing_is_written_over_it() {
    let mut ground = in_folder().await;
    fill(&*ground.gateway()).await;
    for codec in [Codec::plain(), with(&[NEW])] {
        ground.codec = codec;
        let store = ground.gateway();
        let fault = store.item(&karbon(), "c-1").await.unwrap_err();
        assert!(matches!(&fault, StoreError::Locked(why) if why.contains("`k-old`")), "{fault}");
        let before = records(&ground, "%");
        let written = put_people(&*store, &karbon(), vec![named("P-2")], stamp(), changed()).await;
        // A person who is new can be written; a record that stands can't be replaced.
        assert!(written.is_ok(), "{written:?}");
        assert_eq!(records(&ground, "%"), before + 2);
        let was = ground.gateway().person(&karbon(), "P-1").await;
        assert!(matches!(was, Err(StoreError::Locked(_))), "{was:?}");
        database(&ground).execute("DELETE FROM person WHERE id = 'P-2'", []).unwrap();
    }
}

#[tokio::test]
async fn records_that_are_exchanged_in_the_file_are_noticed() {
    let ground = in_folder().await;
    let store = ground.gateway();
    fill(&*store).await;
    put_people(&*store, &karbon(), vec![named("P-2")], stamp(), changed()).await.unwrap();
    let exchange = "UPDATE person SET record = (SELECT record FROM person WHERE id = 'P-2')
                    WHERE id = 'P-1'";
    assert_eq!(database(&ground).execute(exchange, []).unwrap(), 1);
    let fault = store.person(&karbon(), "P-1").await.unwrap_err();
    assert!(matches!(&fault, StoreError::Corrupt(what) if what.contains("P-1")), "{fault}");
    assert_eq!(store.person(&karbon(), "P-2").await.unwrap().unwrap().name, NAME);
}
