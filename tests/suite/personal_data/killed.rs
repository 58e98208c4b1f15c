//! `kill -9` of the real program while it sweeps, on an encrypted store: every record is as it was, or gone with its
//! proof, and the next start does the rest. `SEED` repeats a run.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use contact_gateway::casework::Desk;
use contact_gateway::casework::sealing::verify::Trusted;
use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::ledger::Additions;
use contact_gateway::domain::queue::ItemState;
use contact_gateway::ports::documents::{BY_ID, Batch, Document, Listing};
use contact_gateway::ports::{Archive as _, Original, Owner, Store, SystemClock};
use contact_gateway::store::archive::FileArchive;
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::redis::Redis;
use contact_gateway::store::settings::{Codec, Keyring, PersonKeys};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::backup::killed::seed;
use crate::backup::{Site, bare, done};
use crate::fuzz::chance::Chance;
use crate::kill_keeping::keys;
use crate::office::Released;
use crate::served::{Place, person};
use crate::store_contract::facts::{PERSON, item, journalled, karbon, stamp};
use crate::store_contract::servers::{self, until};

/// Kills of a started gateway for each class, after that of the command.
const KILLS: usize = 4;
/// Contacts of somebody on record, and as many of nobody.
const EACH: u64 = 150;
/// What one step removes at most.
const STEP: u64 = 20;
/// Far above what a start and some steps take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// A contact whose item was dealt with long ago.
struct Kept {
    id: String,
    /// Of its original.
    reference: String,
    is_of_nobody: bool,
}

/// A class of records, and what its rule cites.
#[derive(Clone, Copy)]
struct Swept {
    class: &'static str,
    clause: &'static str,
    /// What its proof counts step by step.
    what: &'static str,
}

const CONTACTS: Swept = Swept { class: "contacts", clause: "Schedule 4.1", what: "contacts" };
const ITEMS: Swept = Swept { class: "items", clause: "Schedule 4.2", what: "items" };

fn codec(place: &Place) -> Codec {
    let key = std::fs::read_to_string(place.folder.path().join("first")).unwrap();
    let key = SecretString::from(key.trim().to_owned());
    let keyring = Arc::new(Keyring::of(std::slice::from_ref(&key)).unwrap());
    let people = PersonKeys::at(place.folder.path().join("people-keys"), Arc::clone(&keyring));
    Codec::with(Some(keyring)).with_people(Arc::new(people))
}

/// Store and archive as another gateway opens them, with no key of a person or day in memory.
struct Opened {
    store: Arc<dyn Store>,
    embedded: Option<Arc<Embedded>>,
    archive: Arc<FileArchive>,
}

impl Drop for Opened {
    fn drop(&mut self) {
        if let Some(embedded) = &self.embedded {
            tokio::task::block_in_place(|| embedded.close());
        }
    }
}

impl Opened {
    async fn audited(&self) -> BTreeSet<String> {
        let (mut contacts, mut after) = (BTreeSet::new(), 0);
        loop {
            let page = self.store.audit(&karbon(), after, 100).await.unwrap();
            let Some(last) = page.last() else { return contacts };
            after = last.number;
            for entry in page {
                if let AuditEvent::Decided(decided) = entry.event {
                    assert!(contacts.insert(decided.contact), "an entry twice");
                }
            }
        }
    }

    /// The proof of the class, as far as it has come.
    async fn proof(&self, swept: Swept) -> Value {
        let listing = Listing::of(BY_ID);
        let page = self.store.documents(&karbon(), "erasure_proof", listing).await.unwrap();
        let proofs = page.documents.iter().map(|one| one.read::<Value>().unwrap());
        let mut of_class = proofs.filter(|proof| proof["clause"] == swept.clause);
        let proof = of_class.next().unwrap_or_default();
        assert!(of_class.next().is_none(), "two proofs of {}", swept.class);
        proof
    }

    async fn removed(&self, swept: Swept, what: &str) -> u64 {
        self.proof(swept).await["removed"][what].as_u64().unwrap_or_default()
    }

    async fn is_complete(&self, swept: Swept) -> bool {
        self.proof(swept).await["is_complete"] == true
    }
}

struct Rig {
    site: Site,
    url: Option<String>,
    kept: Vec<Kept>,
}

impl Rig {
    async fn new(url: Option<&str>) -> Rig {
        let site = bare(url).await;
        keys(&site.place, &["first"]);
        let form = "[[organisation.form]]\npath = \"/karbon/contact\"";
        let rule = |swept: Swept| {
            format!("{} = {{ months = 12, clause = \"{}\" }}\n", swept.class, swept.clause)
        };
        let more = format!(
            "[organisation.retention]\n{}{}[[organisation.staff]]\nname = \"Max\"\n\
             role = \"manager\"\ntoken_sha256 = \"{}\"\n{form}",
            rule(CONTACTS),
            rule(ITEMS),
            "01".repeat(32)
        );
        site.place.change(form, &more);
        let mut rig = Rig { site, url: url.map(str::to_owned), kept: Vec::new() };
        rig.fill().await;
        done(rig.site.place.command("audit").args(["--organisation", "karbon", "seal"]));
        let letters = json!({"kind": "channels_only", "channels": ["letter"]});
        let jo = person(PERSON, "jo@x.example", "+447700900001", letters);
        tokio::task::block_in_place(|| rig.site.place.import(&json!([jo])));
        let served = rig.site.place.serve();
        assert!(served.has_its_store().await);
        tokio::task::block_in_place(|| served.stop());
        rig
    }

    fn open(&self) -> Opened {
        let (codec, folder) = (codec(&self.site.place), self.site.place.folder.path());
        let archive = FileArchive::open(&folder.join("archive")).unwrap();
        let archive = Arc::new(archive.with_codec(codec.clone()));
        if let Some(url) = &self.url {
            let store = Redis::open_with(&SecretString::from(url.clone()), &codec).unwrap();
            return Opened { store, embedded: None, archive };
        }
        let embedded = Embedded::open_with(&folder.join("store"), &codec).unwrap();
        Opened { store: Arc::clone(&embedded) as Arc<dyn Store>, embedded: Some(embedded), archive }
    }

    /// Contacts of some days long past, of somebody on record and of nobody by turns, each with its original.
    async fn fill(&mut self) {
        let opened = self.open();
        let mut at: DateTime<Utc> = "2024-03-01T08:00:00Z".parse().unwrap();
        for number in 0..2 * EACH {
            let (id, is_of_nobody) = (format!("c-{number:03}"), number % 2 == 1);
            let of = (!is_of_nobody).then(|| PERSON.to_owned());
            let owner = Owner { person: of.as_deref(), ..Owner::contact(&id) };
            let original = Original::Bytes(format!("original of {id}").into());
            let keep = opened.archive.keep(&karbon(), owner, original).await.unwrap();
            let reference = keep.reference().unwrap();
            let mut item = item(&id, "limited", at);
            (item.state, item.archived) = (ItemState::Filed, Some(reference.clone()));
            item.person.clone_from(&of);
            let mut entry = journalled(&id);
            entry.settled.additions = Additions::default();
            entry.settled.item = Some(item);
            entry.settled.decision.person.clone_from(&of);
            entry.settled.audit.person.clone_from(&of);
            entry.settled.audit.contact_at = at;
            (entry.person, entry.at) = (of, at);
            opened.store.replay(entry).await.unwrap();
            self.kept.push(Kept { id, reference, is_of_nobody });
            at += TimeDelta::minutes(30);
        }
    }

    fn retention(&self, words: &[&str]) -> Command {
        let mut command = self.site.place.command("retention");
        command.args(["--organisation", "karbon"]).args(words);
        command
    }

    /// Waits until the sweep has removed some more, has ended, or its process has.
    async fn comes_further(
        opened: &Opened,
        swept: Swept,
        chance: &mut Chance,
        mut has_ended: impl FnMut() -> bool,
    ) {
        let wanted = opened.removed(swept, swept.what).await + 1 + chance.below(30);
        let end = Instant::now() + PATIENCE;
        while opened.removed(swept, swept.what).await < wanted
            && !opened.is_complete(swept).await
            && !has_ended()
        {
            assert!(Instant::now() < end, "the sweep of {} does not go on", swept.class);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(chance.below(40_000))).await;
    }

    /// As if the lease of the one that was killed had run out.
    async fn lease_is_over(opened: &Opened) {
        let page = opened.store.documents(&karbon(), "retention", Listing::of(BY_ID)).await;
        for work in page.unwrap().documents {
            let mut body: Value = work.read().unwrap();
            body["lease"] = json!({"until": "2024-01-01T00:00:00Z", "tries": 0});
            let put = Document::new("retention", work.id, work.version, Vec::new(), &body).unwrap();
            opened.store.write(&karbon(), Batch::new(stamp()).put(put)).await.unwrap();
        }
    }

    /// Kills the command that sweeps, then every gateway that goes on with it.
    async fn swept_by_force(&self, swept: Swept, chance: &mut Chance) {
        done(&mut self.retention(&["ask", swept.class, "--by", "Front desk"]));
        let opened = self.open();
        let mut approving = self.retention(&["approve", swept.class, "--by", "Max"]);
        approving.stdout(Stdio::null()).stderr(Stdio::null());
        let mut approving = approving.spawn().unwrap();
        let has_ended = || approving.try_wait().unwrap().is_some();
        Rig::comes_further(&opened, swept, chance, has_ended).await;
        approving.kill().unwrap();
        approving.wait().unwrap();
        self.nothing_is_half_gone().await;
        let mut cut_off = 0;
        while cut_off < KILLS && !opened.is_complete(swept).await {
            cut_off += 1;
            Rig::lease_is_over(&opened).await;
            let served = self.site.place.serve();
            Rig::comes_further(&opened, swept, chance, || false).await;
            tokio::task::block_in_place(|| served.kill());
            self.nothing_is_half_gone().await;
        }
        assert_ne!(cut_off, 0, "the command was killed too late");
    }

    /// A gateway that is left in peace does the rest.
    async fn finished(&self, swept: Swept, removed: Value) {
        let opened = self.open();
        let served = self.site.place.serve();
        until("it is swept", || opened.is_complete(swept)).await;
        tokio::task::block_in_place(|| served.stop());
        let proof = opened.proof(swept).await;
        assert_eq!(proof["removed"], removed, "{proof}");
        drop(opened);
        self.nothing_is_half_gone().await;
        done(self.site.place.command("audit").args(["--organisation", "karbon", "verify"]));
    }

    /// Each contact is as it was, or gone with all that is its and with its proof. An original goes after its item, in
    /// the step after: until then its proof does not count it.
    async fn nothing_is_half_gone(&self) {
        // A server may still do what it was sent last.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let opened = self.open();
        let (store, of) = (opened.store.as_ref(), karbon());
        let audited = opened.audited().await;
        let (mut contacts, mut of_nobody, mut of_people, mut originals) = (0, 0, 0, 0);
        for Kept { id, reference, is_of_nobody } in &self.kept {
            let has_item = store.item(&of, id).await.unwrap().is_some();
            let is_decided = store.recorded(&of, id).await.unwrap().is_some();
            let has_original = opened.archive.fetch(&of, reference).await.is_ok();
            assert!(has_original || !has_item, "{id}: the original is gone, the item is not");
            assert_eq!(is_decided, audited.contains(id), "{id}: half of its decision is gone");
            if *is_of_nobody {
                assert_eq!(is_decided, has_item, "{id} is half gone");
                of_nobody += u64::from(!has_item);
            } else {
                assert!(is_decided, "{id}: only its item is due");
                of_people += u64::from(!has_item);
            }
            contacts += u64::from(!is_decided);
            originals += u64::from(!has_original);
        }
        for what in ["contacts", "entries"] {
            assert_eq!(opened.removed(CONTACTS, what).await, contacts, "{what}");
        }
        assert_eq!(opened.removed(CONTACTS, "items").await, of_nobody);
        assert_eq!(opened.removed(ITEMS, "items").await, of_people);
        let mut proven = 0;
        for swept in [CONTACTS, ITEMS] {
            proven += opened.removed(swept, "originals").await;
        }
        assert!(proven <= originals, "{proven} are proven to be gone, {originals} are");
        let items = of_nobody + of_people;
        assert!(items - proven <= STEP, "{items} items are gone, {proven} originals");
        let desk = Desk::new(
            Arc::clone(&opened.store),
            opened.archive.clone(),
            Arc::new(Released::default()),
            Arc::new(SystemClock),
        );
        let trail = desk.verify_trail(&of, Trusted::default()).await.unwrap();
        assert_eq!(trail.findings, [], "{trail:?}");
        assert_eq!(trail.erased, contacts, "{trail:?}");
        drop(desk);
        drop(opened);
        // Every record can be read, and the original of every item.
        done(self.site.place.command("check").arg("--store"));
    }
}

async fn killed_while_it_sweeps(url: Option<&str>) {
    let mut chance = Chance(seed());
    let rig = Rig::new(url).await;
    rig.swept_by_force(CONTACTS, &mut chance).await;
    // The lease of the last one that was killed runs out by itself.
    let all = json!({"contacts": EACH, "entries": EACH, "items": EACH, "originals": EACH});
    rig.finished(CONTACTS, all).await;
    rig.swept_by_force(ITEMS, &mut chance).await;
    Rig::lease_is_over(&rig.open()).await;
    rig.finished(ITEMS, json!({"items": EACH, "originals": EACH})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_of_the_embedded_store_that_is_killed_leaves_nothing_half_gone() {
    killed_while_it_sweeps(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_of_redis_that_is_killed_leaves_nothing_half_gone() {
    let ground = servers::single().await;
    killed_while_it_sweeps(Some(&ground.url)).await;
}
