//! An office in which the people of a case scenario work: its profile, its staff with a token each, its own
//! clock, on any store.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use contact_gateway::casework::{Casework, Desk};
use contact_gateway::config;
use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::contact::Contact;
use contact_gateway::domain::decision::Decision;
use contact_gateway::domain::organisation::{Organisation, OrganisationId};
use contact_gateway::domain::person::Person;
use contact_gateway::domain::profile::{Profile, Role};
use contact_gateway::domain::reach::Reach;
use contact_gateway::domain::restriction::Mode;
use contact_gateway::domain::token_life::TokenLife;
use contact_gateway::intake::roster::Rosters;
use contact_gateway::intake::{Inbound, Intake, Parts, plain};
use contact_gateway::ports::relay::RelayError;
use contact_gateway::ports::{
    Clock, Decisions, Mailer, Original, OwnMail, SendError, Stamp, Store,
};
use contact_gateway::runtime::health::Health;
use contact_gateway::runtime::http_server::Peer;
use contact_gateway::runtime::metrics::Metrics;
use contact_gateway::staff::settings::StaffMember;
use contact_gateway::staff::{self, Staff};
use contact_gateway::store::archive::FileArchive;
use contact_gateway::store::journal::FileJournal;
use http_body_util::BodyExt;
use hyper::Request;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tower::ServiceExt;

use crate::office::{Answer, Released};
use crate::store_contract::facts::put_people;

/// Mailboxes of queues, in place of a mail server.
#[derive(Default)]
pub struct Mailboxes {
    pub sent: Mutex<Vec<OwnMail>>,
    pub is_away: AtomicBool,
}

#[async_trait]
impl Mailer for Mailboxes {
    async fn send(&self, mail: OwnMail) -> Result<(), SendError> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(SendError::Relay(RelayError::Unreachable));
        }
        // Long enough for a second one to come in between.
        tokio::time::sleep(Duration::from_millis(20)).await;
        self.sent.lock().unwrap().push(mail);
        Ok(())
    }
}

/// The one organisation of such an office.
pub const ORGANISATION: &str = "office";

/// A clock that stands where it was set.
pub struct SetClock(Mutex<DateTime<Utc>>);

impl SetClock {
    pub const fn at(at: DateTime<Utc>) -> Self {
        SetClock(Mutex::new(at))
    }

    pub fn set(&self, at: DateTime<Utc>) {
        *self.0.lock().unwrap() = at;
    }
}

impl Clock for SetClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

pub struct CaseOffice {
    pub store: Arc<dyn Store>,
    pub organisation: Arc<Organisation>,
    pub clock: Arc<SetClock>,
    pub released: Arc<Released>,
    pub mailboxes: Arc<Mailboxes>,
    pub folder: tempfile::TempDir,
    archive: Arc<FileArchive>,
    intake: Arc<Intake>,
    rosters: Arc<Rosters>,
    router: Router,
}

/// A shipped profile with what a scenario lays over it.
pub fn profile(file: &Path, partial: Option<&Value>) -> Profile {
    let base = config::profile::load(file).unwrap_or_else(|faults| panic!("{faults}"));
    match partial {
        Some(partial) => config::profile::overlay(&base, partial, "scenario")
            .unwrap_or_else(|faults| panic!("{faults}")),
        None => base,
    }
}

pub fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config/profiles").join(name)
}

fn token(name: &str) -> String {
    format!("token of {name}").replace(' ', "-")
}

impl CaseOffice {
    /// Must be called within a runtime.
    pub fn open(store: Arc<dyn Store>, profile: Profile, staff: &[(String, String)]) -> Self {
        Self::with(Mode::Enforce, None, store, profile, Reach::default(), staff)
    }

    /// By Tuntum's policy, but that managers decide and that restrictions stay in force during an appeal: Ann is
    /// an agent, Bo governs, Di hears appeals.
    pub async fn enforcing_during_appeals(
        store: Arc<dyn Store>,
        now: &str,
        people: Vec<Person>,
    ) -> CaseOffice {
        let hours = json!({ "windows": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}] });
        let laid = json!({
            "appeal": {"in_force_during": true}, "responsible": {"decides": "manager"},
            "review": {"on_overdue": "lapse"}, "staffed_hours": {"telephone": hours, "letter": hours}
        });
        let people_of_staff =
            [("Ann", "agent"), ("Bo", "governance"), ("Di", "senior_member_of_staff")];
        let profile = profile(&shipped("tuntum.toml"), Some(&laid));
        let office = CaseOffice::open(store, profile, &staff(&people_of_staff));
        office.clock.set(now.parse().unwrap());
        office.put_on_record(people).await;
        office
    }

    /// An office that says how it is reached, and how its letters look.
    pub fn reached_by(
        store: Arc<dyn Store>,
        profile: Profile,
        reach: Reach,
        staff: &[(String, String)],
    ) -> Self {
        Self::with(Mode::Enforce, None, store, profile, reach, staff)
    }

    /// In an organisation that enforces, or only observes.
    pub fn open_in(
        mode: Mode,
        store: Arc<dyn Store>,
        profile: Profile,
        staff: &[(String, String)],
    ) -> Self {
        Self::with(mode, None, store, profile, Reach::default(), staff)
    }

    /// In an organisation that mails its letters itself, from an address of its own.
    pub fn mailing(store: Arc<dyn Store>, profile: Profile, staff: &[(String, String)]) -> Self {
        let from = Some("Office <letters@office.example>".to_owned());
        Self::with(Mode::Enforce, from, store, profile, Reach::default(), staff)
    }

    fn with(
        mode: Mode,
        notice_from: Option<String>,
        store: Arc<dyn Store>,
        profile: Profile,
        reach: Reach,
        staff: &[(String, String)],
    ) -> Self {
        let organisation = Arc::new(Organisation {
            mode,
            notice_from,
            reach,
            ..Organisation::new(ORGANISATION, profile)
        });
        let folder = tempfile::tempdir().unwrap();
        let archive = Arc::new(FileArchive::open(&folder.path().join("archive")).unwrap());
        let journal = Arc::new(FileJournal::open(&folder.path().join("journal")).unwrap());
        let clock = Arc::new(SetClock(Mutex::new("2026-01-01T00:00:00Z".parse().unwrap())));
        let rosters = Arc::new(Rosters::new([&organisation]));
        let metrics = Arc::new(Metrics::new());
        let (plain, plain_waiting) = mpsc::channel(16);
        let (announcements, _) = mpsc::channel(16);
        let recording: Arc<dyn Store> = Arc::clone(&store);
        let noting = Arc::clone(&journal);
        tokio::spawn(async move {
            plain::record(recording, noting, plain_waiting, Arc::default()).await;
        });
        let intake = Arc::new(Intake::new(Parts {
            organisations: vec![Arc::clone(&organisation)],
            rosters: Arc::clone(&rosters),
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
        let casework = Casework::new(desk, intake.clone(), [Arc::clone(&organisation)]);
        let members = staff.iter().map(|(name, role)| member(name, role)).collect();
        let office = Staff::new(casework, members, Health::new(), metrics);
        let router = staff::router(Arc::new(office));
        CaseOffice {
            store,
            organisation,
            clock,
            released,
            mailboxes: Arc::default(),
            folder,
            archive,
            intake,
            rosters,
            router,
        }
    }

    /// Those who mail reminders.
    pub fn mailer(&self) -> Arc<dyn Mailer> {
        self.mailboxes.clone()
    }

    /// One round of the keeper of a gateway with this desk: what was left, or put off and is due.
    pub async fn finish(&self, desk: &Desk) {
        desk.finish_what_was_left(&self.organisation, &self.mailer()).await.unwrap();
        desk.forget_days(&self.organisation.id).await.unwrap();
    }

    /// Another desk on the same store: another gateway's, or a command's.
    pub fn desk(&self) -> Desk {
        self.desk_over(self.store.clone())
    }

    /// The same, by a way of its own to the store.
    pub fn desk_over(&self, store: Arc<dyn Store>) -> Desk {
        let desk = self.wary_desk(store);
        desk.trust_clock();
        desk
    }

    /// The same, which compares the clock with the audit trail before anything is removed.
    pub fn wary_desk(&self, store: Arc<dyn Store>) -> Desk {
        Desk::new(store, self.archive.clone(), self.released.clone(), self.clock.clone())
    }

    /// Puts people on record as an import does, whatever holds them.
    pub async fn put_on_record(&self, people: Vec<Person>) {
        let stamp = Stamp { by: "import".to_owned(), at: self.clock.now() };
        let restrictions = people.iter().map(|one| one.restrictions.len()).sum::<usize>();
        let event = AuditEvent::Imported {
            people: people.len().try_into().unwrap(),
            restrictions: restrictions.try_into().unwrap(),
            ended: Vec::new(),
            added: None,
            cases: None,
            reason: None,
        };
        put_people(&*self.store, &self.organisation.id, people, stamp, event).await.unwrap();
    }

    /// Takes a step by name of whoever takes it.
    pub async fn step(&self, by: &str, person: &str, fields: Value) -> Answer {
        self.post(by, &format!("/api/v1/people/{person}/steps"), &fields).await
    }

    pub async fn post(&self, by: &str, path: &str, body: &Value) -> Answer {
        self.ask("POST", by, path, &[], body.to_string()).await
    }

    pub async fn get(&self, by: &str, path: &str) -> Answer {
        self.ask("GET", by, path, &[], String::new()).await
    }

    pub async fn ask(
        &self,
        method: &str,
        by: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header("authorization", format!("Bearer {}", token(by)));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body)).unwrap();
        request.extensions_mut().insert(Peer("192.0.2.7:50000".parse().unwrap()));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Decides a contact by the way in, and waits until it is on record.
    pub async fn contact(&self, contact: &Contact) -> Decision {
        let decision = self.decide(contact).await;
        self.recorded(&contact.id).await;
        decision
    }

    /// Decides a contact by the way in, with an original where it would be kept.
    pub async fn decide(&self, contact: &Contact) -> Decision {
        // What the change feed brings in a moment.
        self.rosters.load(self.store.as_ref(), &self.organisation.id).await.unwrap();
        let original = Original::Bytes(Bytes::from(format!("original of {}", contact.id)));
        let inbound =
            Inbound { contact: contact.clone(), digest: [7; 32], original: Some(original) };
        self.intake.receive(&self.organisation.id, inbound).await.decision
    }

    /// Waits until a contact is on record: of whom nothing restricts, a moment after it was decided.
    pub async fn recorded(&self, contact: &str) {
        let store: &dyn Decisions = self.store.as_ref();
        for _ in 0..2_000 {
            let recorded = store.recorded(&self.organisation.id, contact).await.unwrap();
            if recorded.is_some() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("{contact} was never recorded");
    }

    /// How often the original of each contact was handed on.
    pub fn times_released(&self, contact: &str) -> usize {
        let done = self.released.done.lock().unwrap();
        done.iter().filter(|(item, _)| item == contact).count()
    }
}

/// A program whose token expires, and its last day.
pub const ENDING: (&str, &str) = ("Old program", "2026-03-01");

fn member(name: &str, role: &str) -> StaffMember {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token(name).as_bytes());
    StaffMember {
        organisation: OrganisationId::new(ORGANISATION),
        name: name.to_owned(),
        role: Role(role.to_owned()),
        token_sha256: digest.as_ref().try_into().unwrap(),
        expires: (name == ENDING.0)
            .then(|| TokenLife::new(ENDING.1.parse().unwrap(), chrono_tz::Europe::London)),
    }
}

/// A list of staff, for offices that are not a scenario's.
pub fn staff(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, role)| ((*name).to_owned(), (*role).to_owned())).collect()
}

/// The fields of an answer that say what a step made.
pub fn made(answer: &Answer) -> Value {
    assert!(answer.status.is_success(), "{answer:?}: {}", answer.json());
    answer.json()["made"].clone()
}

/// The codes of all that a step breaks.
pub fn codes(answer: &Answer) -> Vec<String> {
    let broken = answer.json()["broken"].as_array().cloned().unwrap_or_default();
    broken.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}
