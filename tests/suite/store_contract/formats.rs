//! How records are stored: those of a gateway from before records bore a mark are read like today's, and those of
//! a later one are no damage.

use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::past::Nameplate;
use contact_gateway::domain::queue::{ItemState, QueueItem};
use contact_gateway::ports::documents::{Batch, Document, IndexKey, Listing};
use contact_gateway::ports::{Store, StoreError};
use contact_gateway::store::embedded::Embedded;

use super::facts::{
    at, committed, item, karbon, ledger, limited, person, put_people, request, stamp,
};
use super::servers::single;
use super::{Ground, InFolder, in_folder};

const KIND: &str = "parcel";

fn parcel(version: u64, text: &str) -> Document {
    let keys = vec![IndexKey::new("place", "shelf")];
    Document::new(KIND, "a", version, keys, &serde_json::json!({ "text": text })).unwrap()
}

fn changed() -> AuditEvent {
    AuditEvent::PersonChanged { person: "P-1".to_owned() }
}

fn plate(trail: &str) -> Nameplate {
    Nameplate::new(trail.to_owned())
}

/// A record of each kind.
async fn fill(store: &dyn Store) {
    put_people(store, &karbon(), vec![person("P-1", "Ann")], stamp(), changed()).await.unwrap();
    store.commit(request("c-1", |_| limited("c-1", at(0)))).await.unwrap();
    store.write(&karbon(), Batch::new(stamp()).put(parcel(0, "one"))).await.unwrap();
    assert!(store.put_nameplate(&karbon(), None, &plate("first")).await.unwrap());
}

/// Everything that [`fill`] wrote, as it is read.
async fn whole(store: &dyn Store) -> String {
    let people = store.people(&karbon()).await.unwrap();
    let recorded = store.recorded(&karbon(), "c-1").await.unwrap().unwrap();
    let item = store.item(&karbon(), "c-1").await.unwrap().unwrap();
    let trail = store.audit(&karbon(), 0, 9).await.unwrap();
    let parcels = store.documents(&karbon(), KIND, Listing::of("place")).await.unwrap();
    let bodies: Vec<_> =
        parcels.documents.iter().map(|it| (it.version, it.body.get().to_owned())).collect();
    let end = store.trail_end(&karbon()).await.unwrap();
    let ledger = ledger(store).await;
    assert_eq!((people.people.len(), trail.len(), bodies.len()), (1, 2, 1));
    assert_eq!((ledger.counted.len(), ledger.received.len()), (1, 1));
    assert_eq!(end.nameplate.as_ref(), Some(&plate("first")));
    format!("{:?} {recorded:?} {item:?} {trail:?} {bodies:?} {ledger:?}", people.people)
}

/// Every write that replaces a record finds the one from before the mark.
async fn is_replaced(store: &dyn Store) {
    let again = committed(store, request("c-1", |_| limited("c-1", at(1)))).await;
    assert!(again.repeated && !again.conflicting);
    let was = store.item(&karbon(), "c-1").await.unwrap().unwrap();
    let now = QueueItem { state: ItemState::Read, ..was.clone() };
    assert!(store.replace_item(&karbon(), &was, &now, stamp(), changed()).await.unwrap());
    let was = store.person(&karbon(), "P-1").await.unwrap();
    let read = store.document(&karbon(), KIND, "a").await.unwrap().unwrap();
    let batch = Batch::new(stamp()).audit(changed()).person(was, person("P-1", "Ann Ardern"));
    store.write(&karbon(), batch.put(parcel(read.version, "two"))).await.unwrap();
    assert!(!store.put_nameplate(&karbon(), None, &plate("second")).await.unwrap());
    let (was, now) = (plate("first"), plate("second"));
    assert!(store.put_nameplate(&karbon(), Some(&was), &now).await.unwrap());
    assert!(store.put_nameplate(&karbon(), Some(&now), &was).await.unwrap());
    store.uncount(&karbon(), "c-1").await.unwrap();
    let ledger = ledger(store).await;
    assert!(ledger.counted.is_empty() && ledger.received.is_empty());
}

/// Runs SQL on the database beside the store.
fn sql(ground: &InFolder, sql: &str) -> usize {
    rusqlite::Connection::open(Embedded::file(ground.0.path())).unwrap().execute(sql, []).unwrap()
}

#[tokio::test]
async fn records_from_before_the_mark_are_read_and_replaced_embedded() {
    let ground = in_folder().await;
    let store = ground.gateway();
    fill(&*store).await;
    let before = whole(&*store).await;
    for table in ["person", "decision", "received", "item", "audit", "document", "nameplate"] {
        let unmark = format!("UPDATE {table} SET record = ltrim(record) WHERE record LIKE ' {{%'");
        assert!(sql(&ground, &unmark) > 0, "{table}");
    }
    assert_eq!(whole(&*store).await, before);
    is_replaced(&*store).await;
}

/// Takes the mark off everything, in place; answers off how many records.
const UNMARK: &str = r#"
local unmarked = 0
local function bare(text)
  if string.sub(text, 1, 2) ~= ' {' then return nil end
  unmarked = unmarked + 1
  return string.sub(text, 2)
end
for _, key in ipairs(redis.call('KEYS', 'cg1:*')) do
  local of = redis.call('TYPE', key).ok
  if of == 'hash' then
    local all = redis.call('HGETALL', key)
    for i = 1, #all, 2 do
      local record = bare(all[i + 1])
      if record then redis.call('HSET', key, all[i], record) end
      if all[i] == 'counted' then
        redis.call('HSET', key, all[i], (string.gsub(all[i + 1], '" {', '"{')))
      end
    end
  elseif of == 'zset' then
    for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
      local record = bare(member)
      if record then
        redis.call('ZADD', key, redis.call('ZSCORE', key, member), record)
        redis.call('ZREM', key, member)
      end
    end
  elseif of == 'stream' and string.sub(key, -6) == ':audit' then
    local entries = redis.call('XRANGE', key, '-', '+')
    redis.call('DEL', key)
    for _, entry in ipairs(entries) do
      redis.call('XADD', key, entry[1], 'entry', bare(entry[2][2]))
    end
  elseif of == 'string' then
    local record = bare(redis.call('GET', key))
    if record then redis.call('SET', key, record) end
  end
end
return unmarked
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_from_before_the_mark_are_read_and_replaced_on_redis() {
    let ground = single().await;
    let store = ground.gateway();
    fill(&*store).await;
    let before = whole(&*store).await;
    let unmarked: usize = ground.servers[0].say(&["EVAL", UNMARK, "0"]).await.unwrap();
    // A person, a decision, an item, a document, a trace, a counted contact, two entries and the nameplate.
    assert_eq!(unmarked, 9);
    let store = ground.gateway();
    assert_eq!(whole(&*store).await, before);
    is_replaced(&*store).await;
}

#[tokio::test]
async fn a_record_of_a_later_gateway_is_refused_by_its_key_and_is_no_damage() {
    let ground = in_folder().await;
    let store = ground.gateway();
    fill(&*store).await;
    sql(&ground, "UPDATE item SET record = '%2:key-7:c2VhbGVk'");
    let fault = store.item(&karbon(), "c-1").await.unwrap_err();
    assert!(matches!(&fault, StoreError::Locked(_)), "{fault}");
    let said = fault.to_string();
    assert!(said.contains("queue item `c-1`") && !said.contains("c2VhbGVk"), "{said}");
    // Whoever has not seen it may not write over it either.
    let was = item("c-1", "limited", at(0));
    let written = store.replace_item(&karbon(), &was, &was, stamp(), changed()).await;
    assert!(matches!(written, Err(StoreError::Locked(_))), "{written:?}");
}
