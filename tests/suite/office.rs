//! An office: a gateway's inside with two organisations, without listeners. The store is the one in
//! memory, the archive a folder; the time stands still until a test moves it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use contact_gateway::casework::accounts::{AccountRules, Provider};
use contact_gateway::casework::{Casework, Desk};
use contact_gateway::config;
use contact_gateway::domain::equality::{Characteristic, EqualityCategories};
use contact_gateway::domain::organisation::{Organisation, OrganisationId};
use contact_gateway::domain::profile::Role;
use contact_gateway::domain::queue::QueueItem;
use contact_gateway::domain::retention::{Class, Rule, Schedule};

use contact_gateway::intake::roster::Rosters;
use contact_gateway::intake::{Inbound, Intake, Parts, plain};
use contact_gateway::ports::{Clock, Original, Register, Release, ReleaseError, Store};
use contact_gateway::runtime::health::Health;
use contact_gateway::runtime::http_server::Peer;
use contact_gateway::runtime::metrics::Metrics;
use contact_gateway::runtime::shutdown::Shutdown;
use contact_gateway::staff::settings::StaffMember;
use contact_gateway::staff::{self, Staff};
use contact_gateway::store::archive::FileArchive;
use contact_gateway::store::journal::FileJournal;
use contact_gateway::store::memory::Memory;
use http_body_util::BodyExt;
use hyper::{Request, StatusCode};
use serde_json::Value;
use tokio::sync::mpsc;
use tower::ServiceExt;

use crate::store_contract::servers::until;

pub struct Office {
    pub store: Arc<dyn Store>,
    archive: Arc<FileArchive>,
    intake: Arc<Intake>,
    pub router: Router,
    pub staff: Arc<Staff>,
    /// The desk at which staff work.
    pub working: Desk,
    pub released: Arc<Released>,
    pub clock: Arc<StoppedClock>,
    pub tuntum: Arc<Organisation>,
    _folder: tempfile::TempDir,
    _shutdown: Shutdown,
}

/// Originals that were handed to their recipients, in place of a mail server.
#[derive(Default)]
pub struct Released {
    pub done: Mutex<Vec<(String, Bytes)>>,
    pub is_away: AtomicBool,
    /// Items that fare otherwise than the rest.
    pub fates: Mutex<HashMap<String, Fate>>,
    /// Items whose delivery was begun, each time.
    pub begun: Mutex<Vec<String>>,
}

/// How the delivery of an item goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It takes so long, and is accepted then.
    Takes(Duration),
    Refused,
}

impl Released {
    pub fn lets(&self, item: &str, fate: Fate) {
        self.fates.lock().unwrap().insert(item.to_owned(), fate);
    }

    /// How often the delivery of an item was begun.
    pub fn times_begun(&self, item: &str) -> usize {
        self.begun.lock().unwrap().iter().filter(|begun| *begun == item).count()
    }

    /// Waits until the delivery of an item was begun.
    pub async fn until_begun(&self, item: &str) {
        until("the delivery is begun", || async { self.times_begun(item) > 0 }).await;
    }
}

#[async_trait]
impl Release for Released {
    async fn release(
        &self,
        _: &OrganisationId,
        item: &QueueItem,
        original: Bytes,
    ) -> Result<(), ReleaseError> {
        self.begun.lock().unwrap().push(item.id.clone());
        if self.is_away.load(Ordering::SeqCst) {
            return Err(ReleaseError::Away("the mail server is away".to_owned()));
        }
        let fate = self.fates.lock().unwrap().get(&item.id).copied();
        match fate {
            Some(Fate::Refused) => return Err(ReleaseError::Refused("550 nobody here".to_owned())),
            Some(Fate::Takes(time)) => tokio::time::sleep(time).await,
            // Long enough for a second call to come in between.
            None => tokio::time::sleep(Duration::from_millis(50)).await,
        }
        self.done.lock().unwrap().push((item.id.clone(), original));
        Ok(())
    }
}

pub struct StoppedClock(Mutex<DateTime<Utc>>);

impl StoppedClock {
    pub fn forward(&self, time: TimeDelta) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for StoppedClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// An organisation with a shipped profile, enforcing.
pub fn organisation(id: &str, profile: &str) -> Arc<Organisation> {
    organisation_that_chose(id, profile, &serde_json::json!({}))
}

/// The same, with what it chose where its policy is silent.
pub fn organisation_that_chose(id: &str, profile: &str, chosen: &Value) -> Arc<Organisation> {
    let profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/profiles").join(profile);
    let profile = config::profile::load(&profile).unwrap_or_else(|faults| panic!("{faults}"));
    let profile = config::profile::overlay(&profile, chosen, "chosen")
        .unwrap_or_else(|faults| panic!("{faults}"));
    Arc::new(Organisation {
        emergency: Some("+441150000000".to_owned()),
        mail_domains: vec![format!("{id}.example")],
        equality: recorded_for_equality(),
        ..Organisation::new(id, profile)
    })
}

/// Two characteristics.
fn recorded_for_equality() -> EqualityCategories {
    let words = |one: &str, other: &str| vec![one.to_owned(), other.to_owned()];
    EqualityCategories::new(
        [
            (Characteristic::Disability, words("yes", "no")),
            (Characteristic::Sex, words("female", "male")),
        ]
        .into(),
    )
}

pub const AGENT: &str = "token-of-an-agent";
pub const OTHER_AGENT: &str = "token-of-another-agent";
pub const MANAGER: &str = "token-of-a-manager";
/// Reads the trail.
pub const GOVERNANCE: &str = "token-of-governance";
pub const STRANGER: &str = "token-of-the-other-organisation";

fn member(organisation: &str, name: &str, role: &str, token: &str) -> StaffMember {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes());
    StaffMember {
        organisation: OrganisationId::new(organisation),
        name: name.to_owned(),
        role: Role(role.to_owned()),
        token_sha256: digest.as_ref().try_into().unwrap(),
        expires: None,
    }
}

impl Office {
    /// Must be called within a runtime.
    pub fn open() -> Office {
        Office::on(Memory::new())
    }

    /// On a store of one's own.
    pub fn on(store: Arc<dyn Store>) -> Office {
        Office::by(store, AccountRules::default())
    }

    /// With rules for accounts of one's own.
    pub fn by(store: Arc<dyn Store>, rules: AccountRules) -> Office {
        Office::of(store, rules, organisation("tuntum", "tuntum.toml"), Vec::new())
    }

    #[cfg(feature = "oidc")]
    /// With identity providers, by the time of today: they don't know any other.
    pub fn with_providers(rules: AccountRules, providers: Vec<(String, Provider)>) -> Office {
        let tuntum = organisation("tuntum", "tuntum.toml");
        let office = Office::of(Memory::new(), rules, tuntum, providers);
        office.clock.forward(Utc::now() - office.clock.now());
        office
    }

    /// An office that chose what restrictions need, so that a case can go the whole way.
    pub fn that_chose() -> Office {
        Office::that_chose_and_writes_from(None)
    }

    /// The same with an address of its own, from which letters are mailed.
    pub fn that_mails() -> Office {
        Office::that_chose_and_writes_from(Some("contact@tuntum.example".to_owned()))
    }

    fn that_chose_and_writes_from(notice_from: Option<String>) -> Office {
        let weekdays = serde_json::json!({"windows": [
            {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}]});
        let chosen = serde_json::json!({
            "appeal": {"in_force_during": true},
            "responsible": {"decides": "manager"},
            "staffed_hours": {"telephone": weekdays, "letter": weekdays, "email": weekdays},
        });
        let tuntum = organisation_that_chose("tuntum", "tuntum.toml", &chosen);
        let tuntum = Organisation { notice_from, ..Organisation::clone(&tuntum) };
        // Cases take weeks: nobody is signed out on the way.
        let month = TimeDelta::days(30);
        let times = contact_gateway::domain::account::SessionTimes {
            idle: month,
            longest: month,
            half: month,
        };
        let rules = AccountRules { times, ..AccountRules::default() };
        Office::of(Memory::new(), rules, Arc::new(tuntum), Vec::new())
    }

    fn of(
        store: Arc<dyn Store>,
        rules: AccountRules,
        tuntum: Arc<Organisation>,
        providers: Vec<(String, Provider)>,
    ) -> Office {
        let folder = tempfile::tempdir().unwrap();
        let archive = Arc::new(FileArchive::open(&folder.path().join("archive")).unwrap());
        let journal = Arc::new(FileJournal::open(&folder.path().join("journal")).unwrap());
        let clock = Arc::new(StoppedClock(Mutex::new("2026-11-23T10:00:00Z".parse().unwrap())));
        let karbon = organisation("karbon", "karbon-homes.toml");
        let organisations = vec![Arc::clone(&tuntum), karbon];
        let rosters = Arc::new(Rosters::new(&organisations));
        let metrics = Arc::new(Metrics::new());
        let shutdown = Shutdown::new();
        let (plain, plain_waiting) = mpsc::channel(16);
        let (announcements, announcements_waiting) = mpsc::channel(16);
        drop(announcements_waiting);
        let recording: Arc<dyn Store> = Arc::clone(&store);
        let noting = Arc::clone(&journal);
        tokio::spawn(async move {
            plain::record(recording, noting, plain_waiting, Arc::default()).await;
        });
        let (register, following): (Arc<dyn Register>, _) = (store.clone(), Arc::clone(&rosters));
        let (changes, stopping) = (store.changes(), shutdown.stopping());
        tokio::spawn(async move { following.follow(register, changes, stopping).await });
        let intake = Arc::new(Intake::new(Parts {
            organisations: organisations.clone(),
            rosters,
            store: Arc::clone(&store),
            archive: archive.clone(),
            journal,
            clock: clock.clone(),
            plain,
            announcements,
            metrics: Arc::clone(&metrics),
        }));
        let released = Arc::new(Released::default());
        let desk = Desk::new(store.clone(), archive.clone(), released.clone(), clock.clone());
        // Months pass at once, and no gateway has signed for the days between.
        desk.trust_clock();
        let casework = Casework::new(desk.clone(), intake.clone(), organisations)
            .with_account_rules(rules)
            .with_providers(providers);
        let rule = Rule { months: 12, clause: "Schedule 4.2".to_owned(), automatic: false };
        let schedule = Schedule::from([(Class::Items, rule)]);
        let casework = casework.with_retention([(tuntum.id.clone(), schedule)].into());
        let members = vec![
            member("tuntum", "Ann Agent", "agent", AGENT),
            member("tuntum", "Abe Agent", "agent", OTHER_AGENT),
            member("tuntum", "Max Manager", "customer_excellence_leader", MANAGER),
            member("tuntum", "Gil Governance", "governance", GOVERNANCE),
            member("karbon", "Sue Stranger", "manager", STRANGER),
        ];
        let health = Health::new()
            .with("store", || async { Ok(()) })
            .with("downstream", || async { Err("no connection".to_owned()) });
        let staff = Arc::new(Staff::new(casework, members, health, metrics));
        let router = staff::router(Arc::clone(&staff));
        Office {
            store,
            archive,
            intake,
            router,
            staff,
            working: desk,
            released,
            clock,
            tuntum,
            _folder: folder,
            _shutdown: shutdown,
        }
    }

    /// The desk of another process on the same store: what the commands work at.
    pub fn desk(&self) -> Desk {
        let desk = Desk::new(
            self.store.clone(),
            self.archive.clone(),
            self.released.clone(),
            self.clock.clone(),
        );
        desk.trust_clock();
        desk
    }

    /// An office with one person on record who may make contact once a week.
    pub async fn with_person() -> Office {
        Office::open().and_person().await
    }

    /// With what a console is configured with.
    pub fn with_console(mut self, console: staff::console::ConsoleSettings) -> Office {
        drop(std::mem::replace(&mut self.router, Router::new()));
        let staff = Arc::into_inner(self.staff).expect("the router alone held it");
        self.staff = Arc::new(staff.with_console(console));
        self.router = staff::router(Arc::clone(&self.staff));
        self
    }

    /// With that person on record.
    pub async fn and_person(self) -> Office {
        let office = self;
        let answer = office.put(MANAGER, "/api/v1/people/P-1", &person()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        office.settle("P-1").await;
        office
    }

    /// Waits until intake's own record of a person says this.
    pub async fn settle(&self, person: &str) {
        for _ in 0..400 {
            let preview = self.post(MANAGER, "/api/v1/decisions/preview", &letter("settle")).await;
            if preview.json()["person"] == person {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("intake never saw the change");
    }

    pub async fn get(&self, token: &str, path: &str) -> Answer {
        self.ask("GET", Some(token), path, String::new()).await
    }

    pub async fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.ask("POST", Some(token), path, body.to_string()).await
    }

    pub async fn put(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.ask("PUT", Some(token), path, body.to_string()).await
    }

    pub async fn ask(&self, method: &str, token: Option<&str>, path: &str, body: String) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.send(request, body).await
    }

    /// Reads something in the form that is accepted.
    pub async fn ask_for(&self, token: &str, path: &str, accept: &str) -> Answer {
        let request = Request::builder().uri(path).header("accept", accept);
        let request = request.header("authorization", format!("Bearer {token}"));
        self.send(request, String::new()).await
    }

    /// Changes a record in the state that it bears this tag.
    pub async fn change_if(&self, method: &str, path: &str, tag: &str, body: &Value) -> Answer {
        let request = Request::builder().method(method).uri(path).header("if-match", tag);
        let request = request.header("authorization", format!("Bearer {MANAGER}"));
        self.send(request, body.to_string()).await
    }

    /// A request with any body.
    pub async fn send(
        &self,
        request: hyper::http::request::Builder,
        body: impl Into<Body>,
    ) -> Answer {
        let body: Body = body.into();
        let mut request = request.body(body).unwrap();
        request.extensions_mut().insert(Peer("192.0.2.7:50000".parse().unwrap()));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// The same with an original of one's own.
    pub async fn mail_of(&self, id: &str, original: Vec<u8>) {
        let contact = serde_json::from_value(email(id)).unwrap();
        let original = Original::Bytes(Bytes::from(original));
        let inbound = Inbound { contact, digest: [7; 32], original: Some(original) };
        self.intake.receive(&self.tuntum.id, inbound).await;
    }

    /// A contact by e-mail with its original, as the mail channel hands it in.
    pub async fn mail(&self, id: &str) -> contact_gateway::intake::Outcome {
        self.mail_at(id, "2026-11-23T10:00:00Z").await
    }

    /// The same at a time of its own.
    pub async fn mail_at(&self, id: &str, at: &str) -> contact_gateway::intake::Outcome {
        let mut contact = email(id);
        contact["at"] = at.into();
        let contact = serde_json::from_value(contact).unwrap();
        let original = Original::Bytes(Bytes::from_static(ORIGINAL));
        let inbound = Inbound { contact, digest: [7; 32], original: Some(original) };
        self.intake.receive(&self.tuntum.id, inbound).await
    }
}

pub const ORIGINAL: &[u8] = b"From: jo@home.example\r\nSubject: Again\r\n\r\nThe same.\r\n";

pub fn email(id: &str) -> Value {
    serde_json::json!({
        "id": id, "channel": "email", "at": "2026-11-23T10:00:00Z",
        "from": [{"kind": "email", "value": "jo@home.example"}],
        "to": ["repairs@tuntum.example"], "subject": "Again", "text": "The same."
    })
}

pub fn letter(id: &str) -> Value {
    serde_json::json!({
        "id": id, "channel": "letter",
        "from": [{"kind": "email", "value": "jo@home.example"}],
        "text": "A letter about the fence."
    })
}

pub fn person() -> Value {
    serde_json::json!({
        "id": "P-1", "name": "Jo Doe",
        "identifiers": [
            {"kind": "email", "value": "jo@home.example"},
            {"kind": "phone", "value": "0115 496 0123"}
        ],
        "restrictions": [{
            "id": "R-1", "kind": "contact_quota", "limit": 1, "per": "week",
            "grounds": "demands", "clause": "8.3", "starts": "2026-11-01",
            "review_due": "2027-05-01", "decided_by": "Max Manager"
        }]
    })
}

/// What the staff listener answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: hyper::HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The name of the problem, without what stands before every one.
    pub fn problem(&self) -> String {
        let kind = self.json()["type"].as_str().unwrap_or_default().to_owned();
        assert_eq!(self.headers["content-type"], "application/problem+json");
        kind.strip_prefix("urn:contact-gateway:problem:").unwrap().to_owned()
    }
}
