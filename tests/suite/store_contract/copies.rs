//! A copy holds what the original holds, whichever stores the two are, and the gateway goes on with
//! it exactly.

pub mod contents;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::domain::past::{Nameplate, TrailEnd};
use contact_gateway::domain::queue::{ItemState, QueueItem};
use contact_gateway::ports::portable::{Contents, CopyMark, Kind, Pages, Portable, Record};
use contact_gateway::ports::{ItemFilter, Past, Store, StoreError};
use contact_gateway::store::copy::{Copied, CopyFault, Source, copy};
use contact_gateway::store::embedded::Embedded;

use self::contents::{fill, seen};
use super::facts::{
    PERSON, admitted, at, committed, counted, decided, journalled, karbon, ledger, limited, person,
    plain, put_people, request, stamp, tuntum,
};
use super::servers::{self, OnRedis};
use super::{Ground, InFolder, InMemory, in_folder, in_memory};

/// A ground whose store can be copied.
trait Movable: Ground {
    fn portable(&self) -> Arc<dyn Portable>;
}

impl Movable for InMemory {
    fn portable(&self) -> Arc<dyn Portable> {
        Arc::clone(&self.0) as Arc<dyn Portable>
    }
}

impl Movable for InFolder {
    fn portable(&self) -> Arc<dyn Portable> {
        Embedded::open(self.0.path()).unwrap()
    }
}

impl Movable for OnRedis {
    fn portable(&self) -> Arc<dyn Portable> {
        // Connected already, as any other gateway of a test.
        drop(self.gateway());
        self.redis()
    }
}

async fn run(
    from: &dyn Portable,
    to: &dyn Portable,
    organisation: &OrganisationId,
) -> Result<Copied, CopyFault> {
    let source = Source { store: from, address: "embedded:/the/original" };
    copy(&source, to, organisation, &|| at(0), &mut |_| ()).await
}

/// What stands in one stands in the other, and counts on from there.
async fn goes_on(from: &dyn Ground, to: &dyn Ground) {
    let (original, copied) = (from.gateway(), to.gateway());
    for organisation in [karbon(), tuntum()] {
        let (one, other) =
            (seen(&*original, &organisation).await, seen(&*copied, &organisation).await);
        assert_eq!(one, other, "{organisation}");
        assert!(!one.audit.is_empty() && one.people.len() == 520);
        assert!(one.documents.len() >= 259);
    }
    let before = decided(&*copied, &karbon()).await.len();
    let last = seen(&*copied, &karbon()).await.audit.len();

    let again = committed(&*copied, request("c-5", |_| admitted("c-5", at(999)))).await;
    assert!(again.repeated && !again.conflicting);
    assert_eq!(decided(&*copied, &karbon()).await.len(), before);

    let used = ledger(&*copied).await.counted.len();
    assert_eq!(used, 10, "eight, one kept, one journalled; one was taken back");
    // The decider may see another ledger first; what it says on the right one counts.
    let next = request("c-next", |ledger| {
        let mut settled = limited("c-next", at(300));
        settled.decision.flags = vec![ledger.counted.len().to_string().into()];
        settled
    });
    let next = committed(&*copied, next).await;
    assert!(!next.repeated);
    assert_eq!(next.decision.flags, [used.to_string().into()]);
    assert_eq!(ledger(&*copied).await.counted.last(), Some(&counted(at(300))));
    let newest = copied.audit(&karbon(), u64::try_from(last).unwrap(), 0).await.unwrap();
    assert_eq!(newest.iter().map(|entry| entry.number).collect::<Vec<_>>(), [last as u64 + 1]);

    for _ in 0..2 {
        copied.uncount(&karbon(), "c-4").await.unwrap();
        assert_eq!(ledger(&*copied).await.counted.len(), used, "one more, and one taken back");
    }
    let was = copied.item(&karbon(), "c-0").await.unwrap().unwrap();
    assert_eq!(was.attached.len(), 1);
    let now = QueueItem { state: ItemState::Filed, ..was.clone() };
    let event = AuditEvent::Item { item: was.id.clone(), action: "file".to_owned() };
    assert!(copied.replace_item(&karbon(), &was, &now, stamp(), event).await.unwrap());
    let waiting = copied.items(&karbon(), "limited", ItemFilter::default()).await.unwrap();
    assert!(waiting.iter().all(|item| item.id != "c-0"));
}

async fn a_copy_holds_what_the_original_holds(from: &dyn Movable, to: &dyn Movable) {
    fill(&*from.gateway()).await;
    let (source, target) = (from.portable(), to.portable());
    assert_eq!(source.organisations().await.unwrap(), [karbon(), tuntum()]);
    assert_eq!(target.organisations().await.unwrap(), []);
    for organisation in [karbon(), tuntum()] {
        let copied = run(&*source, &*target, &organisation).await.unwrap();
        assert!(!copied.before);
        assert_eq!(copied.tallies[&Kind::People].records, 520);
        let again = run(&*source, &*target, &organisation).await.unwrap();
        assert!(again.before && again.tallies == copied.tallies);
    }
    assert_eq!(target.organisations().await.unwrap(), [karbon(), tuntum()]);
    goes_on(from, to).await;
    // In use since: it is no copy of this any more, and is left alone.
    from.gateway().append_audit(&karbon(), stamp(), changed()).await.unwrap();
    let fault = run(&*source, &*target, &karbon()).await.unwrap_err();
    assert!(matches!(fault, CopyFault::ChangedSince { kind: Kind::Audit, .. }), "{fault}");
}

fn changed() -> AuditEvent {
    AuditEvent::PersonChanged { person: PERSON.to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_embedded_and_memory() {
    a_copy_holds_what_the_original_holds(&in_folder().await, &in_memory().await).await;
    a_copy_holds_what_the_original_holds(&in_memory().await, &in_folder().await).await;
    a_copy_holds_what_the_original_holds(&in_folder().await, &in_folder().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_redis_and_the_others() {
    a_copy_holds_what_the_original_holds(&in_folder().await, &servers::single().await).await;
    a_copy_holds_what_the_original_holds(&servers::single().await, &in_folder().await).await;
    a_copy_holds_what_the_original_holds(&in_memory().await, &servers::single().await).await;
    a_copy_holds_what_the_original_holds(&servers::single().await, &in_memory().await).await;
    a_copy_holds_what_the_original_holds(&servers::single().await, &servers::single().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_sentinel_and_from_it() {
    let ground = servers::sentinel().await;
    a_copy_holds_what_the_original_holds(&in_folder().await, &ground).await;
    ground.clear().await;
    a_copy_holds_what_the_original_holds(&ground, &in_memory().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_cluster_and_from_it() {
    let ground = servers::cluster().await;
    a_copy_holds_what_the_original_holds(&in_folder().await, &ground).await;
    ground.clear().await;
    a_copy_holds_what_the_original_holds(&ground, &in_memory().await).await;
}

/// A store whose pages or arrivals are meddled with.
struct Meddled {
    inner: Arc<dyn Portable>,
    /// Somebody who still works on it while deliveries are read, once.
    works: Option<Arc<dyn Store>>,
    done: AtomicBool,
    /// Arrivals until one fails; before it is written where even, behind it where odd.
    until: AtomicUsize,
    /// An item is lost on its way, once.
    loses: bool,
}

impl Meddled {
    fn with(inner: Arc<dyn Portable>) -> Meddled {
        let until = AtomicUsize::new(usize::MAX);
        Meddled { inner, works: None, done: AtomicBool::new(false), until, loses: false }
    }
}

#[async_trait]
impl Past for Meddled {
    async fn trail_end(&self, organisation: &OrganisationId) -> Result<TrailEnd, StoreError> {
        self.inner.trail_end(organisation).await
    }

    async fn put_nameplate(
        &self,
        organisation: &OrganisationId,
        was: Option<&Nameplate>,
        now: &Nameplate,
    ) -> Result<bool, StoreError> {
        self.inner.put_nameplate(organisation, was, now).await
    }
}

#[async_trait]
impl Contents for Meddled {
    async fn organisations(&self) -> Result<Vec<OrganisationId>, StoreError> {
        self.inner.organisations().await
    }

    async fn pages<'s>(
        &'s self,
        organisation: &OrganisationId,
        kind: Kind,
        after: Option<String>,
    ) -> Result<Box<dyn Pages + 's>, StoreError> {
        if let Some(store) = &self.works
            && kind == Kind::Documents
            && !self.done.swap(true, Ordering::SeqCst)
        {
            let late = request("c-late", |_| limited("c-late", at(500)));
            store.commit(late).await.unwrap();
            let was = store.item(&karbon(), "c-1").await.unwrap().unwrap();
            let now = QueueItem { queue: "review".to_owned(), ..was.clone() };
            store.replace_item(&karbon(), &was, &now, stamp(), changed()).await.unwrap();
        }
        self.inner.pages(organisation, kind, after).await
    }

    async fn copy_mark(
        &self,
        organisation: &OrganisationId,
    ) -> Result<Option<CopyMark>, StoreError> {
        self.inner.copy_mark(organisation).await
    }
}

#[async_trait]
impl Portable for Meddled {
    async fn is_empty(&self, organisation: &OrganisationId) -> Result<bool, StoreError> {
        self.inner.is_empty(organisation).await
    }

    async fn carry_in(
        &self,
        organisation: &OrganisationId,
        mut records: Vec<Record>,
        mark: &CopyMark,
    ) -> Result<(), StoreError> {
        let are_items = records.iter().any(|record| matches!(record, Record::Item(_)));
        if self.loses && are_items && !self.done.swap(true, Ordering::SeqCst) {
            records.pop();
        }
        let left = self.until.fetch_sub(1, Ordering::SeqCst);
        let broken = || Err(StoreError::Unavailable("broken off".to_owned()));
        if left == 2 {
            return broken();
        }
        self.inner.carry_in(organisation, records, mark).await?;
        if left == 1 { broken() } else { Ok(()) }
    }
}

/// Broken off before or behind every second or third step, it goes on and ends the same.
async fn goes_on_where_it_was_broken_off(from: &dyn Movable, to: &dyn Movable) {
    fill(&*from.gateway()).await;
    let (source, target) = (from.portable(), to.portable());
    let mut breaks = 0;
    for organisation in [karbon(), tuntum()] {
        loop {
            let meddled = Meddled::with(Arc::clone(&target));
            meddled.until.store(3 + breaks % 2, Ordering::SeqCst);
            match run(&*source, &meddled, &organisation).await {
                Ok(_) => break,
                Err(fault) => assert!(fault.is_retryable(), "{fault}"),
            }
            breaks += 1;
            let mark = target.copy_mark(&organisation).await.unwrap();
            assert!(mark.is_none_or(|mark| !mark.is_finished()));
            assert!(breaks < 200);
        }
    }
    assert!(breaks > 10, "{breaks}");
    goes_on(from, to).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_to_redis_goes_on_where_it_was_broken_off() {
    goes_on_where_it_was_broken_off(&in_folder().await, &servers::single().await).await;
    goes_on_where_it_was_broken_off(&servers::single().await, &in_folder().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_changes_meanwhile_is_copied_to_redis_and_a_folder_again() {
    let to: [Box<dyn Movable>; 2] =
        [Box::new(servers::single().await), Box::new(in_folder().await)];
    for to in to {
        let from = in_folder().await;
        fill(&*from.gateway()).await;
        let mut source = Meddled::with(from.portable());
        source.works = Some(from.gateway());
        let target = to.portable();
        let fault = run(&source, &*target, &karbon()).await.unwrap_err();
        assert!(matches!(fault, CopyFault::SourceChanged { .. }), "{fault}");
        assert!(fault.to_string().contains("a gateway still runs on it"));
        assert!(!target.copy_mark(&karbon()).await.unwrap().unwrap().is_finished());
        for organisation in [karbon(), tuntum()] {
            run(&source, &*target, &organisation).await.unwrap();
        }
        let (one, other) =
            (seen(&*from.gateway(), &karbon()).await, seen(&*to.gateway(), &karbon()).await);
        assert_eq!(one, other);
    }
}

/// Somebody has looked for people on the store that is copied to, while nobody was there yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_with_a_copy_is_found_where_redis_had_an_index_before() {
    let to = servers::single().await;
    let (from, target) = (in_folder().await, to.portable());
    let early = to.gateway();
    assert!(early.people_page(&karbon(), None, 10).await.unwrap().is_empty());
    assert!(early.restricted(&karbon(), "R-1").await.unwrap().is_empty());
    fill(&*from.gateway()).await;
    for organisation in [karbon(), tuntum()] {
        run(&*from.portable(), &*target, &organisation).await.unwrap();
    }
    let copied = to.gateway();
    assert_eq!(copied.people_page(&karbon(), None, 10).await.unwrap().len(), 10);
    assert!(!copied.restricted(&karbon(), "R-1").await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lost_on_the_way_is_named() {
    let (from, to) = (in_folder().await, in_folder().await);
    fill(&*from.gateway()).await;
    let mut target = Meddled::with(to.portable());
    target.loses = true;
    let fault = run(&*from.portable(), &target, &karbon()).await.unwrap_err();
    let CopyFault::Differs { organisation, kind, from: held, to: arrived } = &fault else {
        panic!("{fault}")
    };
    assert_eq!((organisation, *kind), (&karbon(), Kind::Items));
    assert_eq!(arrived.records + 1, held.records);
    assert!(fault.to_string().contains("`karbon`: items: FROM holds"), "{fault}");
    run(&*from.portable(), &target, &karbon()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_takes_nobodys_place_in_a_folder_or_on_redis() {
    let from = in_memory().await;
    fill(&*from.gateway()).await;
    for to in [&in_folder().await as &dyn Movable, &servers::single().await] {
        let theirs = plain(karbon(), "theirs");
        to.gateway().record_plain([theirs].into()).await.unwrap();
        let target = to.portable();
        let fault = run(&*from.portable(), &*target, &karbon()).await.unwrap_err();
        assert!(matches!(fault, CopyFault::NotEmpty { .. }), "{fault}");
        assert_eq!(decided(&*to.gateway(), &karbon()).await, ["theirs"]);
        // Another organisation is another matter.
        run(&*from.portable(), &*target, &tuntum()).await.unwrap();
        let source = Source { store: &*from.portable(), address: "embedded:/another" };
        let copied = copy(&source, &*target, &tuntum(), &|| at(0), &mut |_| ()).await;
        assert!(matches!(copied.unwrap_err(), CopyFault::OfAnother { .. }));
    }
}

/// Also a gateway that was started while Redis was away: it asks as soon as it can.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_gateway_works_on_an_unfinished_copy_on_redis() {
    let (from, to) = (in_folder().await, servers::single().await);
    fill(&*from.gateway()).await;
    let source = from.portable();
    let broken = Meddled::with(to.portable());
    broken.until.store(6, Ordering::SeqCst);
    run(&*source, &broken, &karbon()).await.unwrap_err();
    let gateway = to.gateway();
    let refusals = [
        gateway.people(&karbon()).await.map(|_| ()),
        gateway.commit(request("c-0", |_| admitted("c-0", at(0)))).await.map(|_| ()),
        gateway.replay(journalled("c-0")).await,
        gateway.record_plain([plain(karbon(), "c-0")].into()).await,
        put_people(&*gateway, &karbon(), vec![person("P-1", "x")], stamp(), changed()).await,
    ];
    for refusal in refusals {
        let fault = refusal.unwrap_err();
        assert!(fault.is_retryable(), "what was journalled stays there");
        assert!(fault.to_string().contains("an unfinished copy of `karbon`"), "{fault}");
    }
    assert_eq!(gateway.people(&tuntum()).await.unwrap().people.len(), 0);
    run(&*source, &*to.portable(), &karbon()).await.unwrap();
    assert_eq!(gateway.people(&karbon()).await.unwrap().people.len(), 520);
}
