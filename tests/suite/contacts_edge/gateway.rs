//! A gateway with the contacts listener alone, on a store in a folder.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::degraded::faulty::{Faulty, Trouble};
use crate::store_contract::facts::put_people;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use contact_gateway::channels::contacts::{self, ContactsEdge, ContactsParts};
use contact_gateway::channels::decisions::settings::ProxySettings;
use contact_gateway::channels::http::look::LookSettings;
use contact_gateway::channels::telephony::settings::TelephonySettings;
use contact_gateway::channels::web_form::settings::{FormFields, FormSettings, Reveal, SUBMITTING};
use contact_gateway::domain::audit::{AuditEntry, AuditEvent};
use contact_gateway::domain::nation::Nation;
use contact_gateway::domain::organisation::{Organisation, OrganisationId};
use contact_gateway::domain::person::Person;
use contact_gateway::domain::profile::Profile;
use contact_gateway::domain::queue::QueueItem;
use contact_gateway::domain::restriction::Mode;
use contact_gateway::domain::safeguard::{Lane, LaneRule, Safeguards};
use contact_gateway::intake::roster::Rosters;
use contact_gateway::intake::{Intake, Parts, announce, plain};
use contact_gateway::ports::helper::SafeguardHelper;
use contact_gateway::ports::{Clock, ItemFilter, Mailer, OwnMail, SendError, Stamp, Store};
use contact_gateway::runtime::limits::HTTP_BODY_WHOLE_WAIT;
use contact_gateway::runtime::metrics::{Abuse, AbuseLabels, Metrics};
use contact_gateway::runtime::shutdown::Shutdown;
use contact_gateway::runtime::tokens::{TokenTable, sha256};
use contact_gateway::store::archive::FileArchive;
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::journal::FileJournal;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

pub const TOKEN: &str = "a token of the organisation's";
/// Another one of the organisation's, whose last day is over when the clock starts.
pub const EXPIRED_TOKEN: &str = "an old token of the organisation's";

/// A clock that the test moves.
pub struct TestClock(Mutex<DateTime<Utc>>);

impl TestClock {
    pub fn forward(&self, by: TimeDelta) {
        let mut now = self.0.lock().unwrap();
        *now += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// Keeps what the gateway writes.
#[derive(Default)]
pub struct Outbox(Mutex<Vec<OwnMail>>, std::sync::atomic::AtomicBool);

impl Outbox {
    /// No mailbox takes anything from now on.
    pub fn refuses(&self) {
        self.1.store(true, std::sync::atomic::Ordering::SeqCst);
    }

    pub fn all(&self) -> Vec<OwnMail> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl Mailer for Outbox {
    async fn send(&self, mail: OwnMail) -> Result<(), SendError> {
        if self.1.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(SendError::Answered(550));
        }
        self.0.lock().unwrap().push(mail);
        Ok(())
    }
}

/// How a test's gateway is set up.
pub struct Setup {
    pub forms: Vec<FormSettings>,
    pub telephony: Vec<TelephonySettings>,
    pub decisions: Vec<ProxySettings>,
    pub people: serde_json::Value,
    pub emergency: Option<&'static str>,
    pub notice_from: Option<&'static str>,
    pub mode: Mode,
    pub nation: Nation,
    pub trusted_proxies: Vec<ipnet::IpNet>,
    pub posts_per_minute: NonZeroU32,
    pub looks: BTreeMap<OrganisationId, LookSettings>,
    /// Of the queue `emergency`.
    pub emergency_mailbox: Option<&'static str>,
    pub helper: Option<Arc<dyn SafeguardHelper>>,
    /// How long the body of one request may take.
    pub body_wait: Duration,
}

impl Default for Setup {
    fn default() -> Self {
        Setup {
            forms: Vec::new(),
            telephony: Vec::new(),
            decisions: Vec::new(),
            people: serde_json::json!([]),
            emergency: Some("+441910000000"),
            notice_from: None,
            mode: Mode::Enforce,
            nation: Nation::England,
            trusted_proxies: Vec::new(),
            posts_per_minute: NonZeroU32::new(60).unwrap(),
            looks: BTreeMap::new(),
            emergency_mailbox: None,
            helper: None,
            body_wait: HTTP_BODY_WHOLE_WAIT,
        }
    }
}

pub struct Gateway {
    pub address: SocketAddr,
    pub clock: Arc<TestClock>,
    pub store: Arc<Embedded>,
    watched: Arc<Faulty>,
    pub outbox: Arc<Outbox>,
    metrics: Arc<Metrics>,
    shutdown: Option<Shutdown>,
    tasks: Vec<JoinHandle<()>>,
    folder: Arc<tempfile::TempDir>,
}

pub fn karbon() -> OrganisationId {
    OrganisationId::new("karbon")
}

/// A form at `/karbon/contact`.
pub fn form_to(upstream: SocketAddr) -> FormSettings {
    let name = |name: &str| Some(name.to_owned());
    FormSettings {
        organisation: karbon(),
        path: "/karbon/contact".to_owned(),
        upstream: format!("http://{upstream}/contact").parse().unwrap(),
        fields: FormFields {
            email: name("email"),
            phone: name("tel"),
            account: None,
            text: name("message"),
            subject: name("subject"),
            issue: name("ref"),
        },
        submit: None,
        methods: SUBMITTING.to_vec(),
        body_limit: 25 * 1024 * 1024,
        timeout: Duration::from_secs(10),
        reveal: Reveal::Asserted,
    }
}

/// A person whose one identifier is an e-mail address and a number, under one restriction.
pub fn person(
    id: &str,
    email: &str,
    phone: &str,
    restriction: serde_json::Value,
) -> serde_json::Value {
    let mut whole = serde_json::json!({
        "id": format!("R-{id}"), "status": "active", "mode": "enforce", "grounds": "frequency",
        "clause": "6.2", "starts": "2026-01-01", "decided_by": "A", "signed_off_by": "B"
    });
    for (key, value) in restriction.as_object().unwrap() {
        whole[key] = value.clone();
    }
    serde_json::json!({
        "id": id, "name": "Jo Doe",
        "identifiers": [{"kind": "email", "value": email}, {"kind": "phone", "value": phone}],
        "restrictions": [whole]
    })
}

fn profile(nation: Nation) -> Profile {
    let emergency = LaneRule::new(vec!["emergency".to_owned(), "gas leak".to_owned()], None);
    Profile {
        safeguards: Safeguards::new(
            BTreeMap::from([(Lane::Emergency, emergency)]),
            Vec::new(),
            Vec::new(),
        ),
        ..Profile::silent("Karbon Homes", nation)
    }
}

impl Setup {
    fn organisation(&self) -> Organisation {
        Organisation {
            id: karbon(),
            profile: Arc::new(profile(self.nation)),
            mode: self.mode,
            emergency: self.emergency.map(str::to_owned),
            mail_domains: vec!["karbon.example".to_owned()],
            queue_mailboxes: self
                .emergency_mailbox
                .map(|mailbox| ("emergency".to_owned(), mailbox.to_owned()))
                .into_iter()
                .collect(),
            notice_from: self.notice_from.map(str::to_owned),
            equality: Default::default(),
            reach: Default::default(),
        }
    }
}

impl Gateway {
    pub async fn start(setup: Setup) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Gateway::start_in(folder, setup).await
    }

    /// Starts on a folder that may hold an earlier gateway's data.
    pub async fn start_in(folder: Arc<tempfile::TempDir>, setup: Setup) -> Self {
        let path = folder.path();
        let store = Embedded::open(&path.join("store")).unwrap();
        let clock = Arc::new(TestClock(Mutex::new("2026-11-18T10:00:00Z".parse().unwrap())));
        let organisation = Arc::new(setup.organisation());
        let watched = Faulty::over(Arc::clone(&store) as Arc<dyn Store>);
        let people: Vec<Person> = serde_json::from_value(setup.people).unwrap();
        put(store.as_ref(), people, clock.now()).await;
        let rosters = Arc::new(Rosters::new([&organisation]));
        assert!(rosters.load_all(store.as_ref()).await);
        let outbox = Arc::new(Outbox::default());
        let (plain, plain_end) = mpsc::channel(64);
        let (announcements, announcements_end) = mpsc::channel(64);
        let journal = Arc::new(FileJournal::open(&path.join("journal")).unwrap());
        let metrics = Arc::new(Metrics::new());
        let mut intake = Intake::new(Parts {
            organisations: vec![organisation],
            rosters,
            store: Arc::clone(&watched) as Arc<dyn Store>,
            archive: Arc::new(FileArchive::open(&path.join("archive")).unwrap()),
            journal: Arc::clone(&journal) as _,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            plain,
            announcements,
            metrics: Arc::clone(&metrics),
        });
        if let Some(helper) = setup.helper {
            intake = intake.with_helper(helper);
        }
        let intake = Arc::new(intake);
        let recorder = Arc::clone(&store);
        let mailer = Arc::clone(&outbox) as Arc<dyn Mailer>;
        let mut tasks = vec![
            tokio::spawn(plain::record(recorder, journal, plain_end, Arc::default())),
            tokio::spawn(announce::announce(Arc::clone(&mailer), announcements_end)),
        ];
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let edge = ContactsEdge::new(ContactsParts {
            forms: setup.forms,
            telephony: setup.telephony,
            decisions: setup.decisions,
            tokens: TokenTable::expiring([
                (sha256(TOKEN.as_bytes()), karbon(), None),
                (sha256(EXPIRED_TOKEN.as_bytes()), karbon(), Some(clock.now())),
            ]),
            trusted_proxies: setup.trusted_proxies,
            posts_per_minute: setup.posts_per_minute,
            looks: setup.looks,
            spool: path.join("spool"),
            body_wait: setup.body_wait,
            intake,
            mailer,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
        })
        .unwrap();
        let shutdown = Shutdown::new();
        tasks.push(tokio::spawn(contacts::serve(listener, edge, shutdown.stopping())));
        let shutdown = Some(shutdown);
        Gateway { address, clock, store, watched, outbox, metrics, shutdown, tasks, folder }
    }

    /// How often intake has called the store.
    pub fn accesses(&self) -> usize {
        self.watched.accesses()
    }

    /// How many requests were refused for this.
    pub fn refused_for(&self, abuse: Abuse) -> u64 {
        self.metrics.abuse.get_or_create(&AbuseLabels { kind: abuse.name() }).get()
    }

    /// The store is in trouble from now on.
    pub fn store_is(&self, trouble: Trouble) {
        self.watched.has(trouble);
    }

    pub fn archive(&self) -> FileArchive {
        FileArchive::open(&self.folder.path().join("archive")).unwrap()
    }

    pub fn spool(&self) -> Vec<std::path::PathBuf> {
        files(&self.folder.path().join("spool"))
    }

    pub async fn queue(&self, queue: &str) -> Vec<QueueItem> {
        use contact_gateway::ports::Queues;
        let filter = ItemFilter { limit: 100, ..ItemFilter::default() };
        self.store.items(&karbon(), queue, filter).await.unwrap()
    }

    /// The decisions on the audit trail.
    pub async fn decided(&self) -> Vec<AuditEntry> {
        use contact_gateway::ports::AuditTrail;
        let entries = self.store.audit(&karbon(), 0, 500).await.unwrap();
        entries.into_iter().filter(|entry| matches!(entry.event, AuditEvent::Decided(_))).collect()
    }

    /// The same as JSON, once there are so many.
    pub async fn entries(&self, wanted: usize) -> Vec<serde_json::Value> {
        for _ in 0..500 {
            let entries = self.decided().await;
            if entries.len() >= wanted {
                return entries.into_iter().map(|one| serde_json::to_value(one).unwrap()).collect();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("fewer than {wanted} entries");
    }

    /// Stops in order; what the store knows stays in the folder.
    pub async fn stop(mut self) -> Arc<tempfile::TempDir> {
        assert!(self.shutdown.take().unwrap().stop(Duration::from_secs(10)).await);
        for task in self.tasks.drain(..) {
            task.await.unwrap();
        }
        self.store.close();
        Arc::clone(&self.folder)
    }
}

async fn put(store: &Embedded, people: Vec<Person>, at: DateTime<Utc>) {
    let event = AuditEvent::Imported {
        people: u32::try_from(people.len()).unwrap(),
        restrictions: u32::try_from(people.len()).unwrap(),
        ended: Vec::new(),
        added: None,
        cases: None,
        reason: None,
    };
    let stamp = Stamp { by: "test".to_owned(), at };
    put_people(store, &karbon(), people, stamp, event).await.unwrap();
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}
