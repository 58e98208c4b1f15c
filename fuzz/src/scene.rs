//! A mail edge with everything round it in memory: what a session needs to run for real.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use contact_gateway::channels::mail::MailEdge;
use contact_gateway::channels::mail::settings::{
    Downstream, DownstreamAddress, DownstreamProtocol, MailSettings, MilterKept,
};
use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::organisation::{Organisation, OrganisationId};
use contact_gateway::domain::person::Person;
use contact_gateway::domain::restriction::Mode;
use contact_gateway::forward::letterhead::Letterhead;
use contact_gateway::forward::mark::MarkKey;
use contact_gateway::forward::smtp::stuffing::Stuffing;
use contact_gateway::intake::roster::Rosters;
use contact_gateway::intake::{Intake, Parts};
use contact_gateway::ports::documents::{Batch, Documents};
use contact_gateway::ports::relay::{
    Capabilities, Envelope, OwnField, OwnFields, Partly, Recipient, Relay, RelayError,
    RelayedMessage, Reply, Trace, Transaction,
};
use contact_gateway::ports::{
    Archive, Clock, FetchError, Journal, JournalEntry, Keep, Mailer, Original, OutboundNote,
    OwnMail, Owner, PlainDecision, Register, SendError, Stamp, StoreError,
};
use contact_gateway::runtime::metrics::Metrics;
use contact_gateway::store::memory::Memory;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::project;

/// A moment of paused time, which advances only when all tasks are idle: once it has passed, everything that was sent
/// has been handled.
pub const QUIET: Duration = Duration::from_millis(1);

const KARBON: &str = "karbon";

pub fn organisation() -> Organisation {
    let file = project().join("config/profiles/karbon-homes.toml");
    let Ok(profile) = contact_gateway::config::profile::load(&file) else {
        panic!("a shipped profile is faulty")
    };
    Organisation {
        id: OrganisationId::new(KARBON),
        profile: Arc::new(profile),
        mode: Mode::Enforce,
        emergency: None,
        mail_domains: vec!["karbon.example".into()],
        queue_mailboxes: Default::default(),
        notice_from: Some("no-reply@karbon.example".into()),
        equality: Default::default(),
        reach: Default::default(),
    }
}

static ORGANISATION: LazyLock<Arc<Organisation>> = LazyLock::new(|| Arc::new(organisation()));

/// One who is limited, one who is routed, one who is filed.
static PEOPLE: LazyLock<Vec<Person>> = LazyLock::new(|| {
    let person = |id: &str, restriction: serde_json::Value| {
        let mut whole = serde_json::json!({
            "id": format!("R-{id}"), "status": "active", "grounds": "g", "clause": "6.2",
            "starts": "2026-11-01", "review_due": "2027-05-01", "decided_by": "A"
        });
        for (key, value) in restriction.as_object().expect("an object") {
            whole[key] = value.clone();
        }
        serde_json::json!({"id": id, "name": "Jo",
            "identifiers": [{"kind": "email", "value": format!("{id}@x.example")}],
            "restrictions": [whole]})
    };
    let contact = serde_json::json!({"name": "Pat", "email": "pat@karbon.example", "queue": "pat"});
    let people = serde_json::json!([
        person("limited", serde_json::json!({"kind": "channels_only", "channels": ["letter"]})),
        person(
            "routed",
            serde_json::json!({"kind": "single_point_of_contact", "contact": contact})
        ),
        person("quota", serde_json::json!({"kind": "contact_quota", "limit": 1, "per": "week"})),
    ]);
    serde_json::from_value(people).expect("people")
});

static SPOOL: LazyLock<tempfile::TempDir> =
    LazyLock::new(|| tempfile::tempdir().expect("a folder for the spool"));

pub struct Scene {
    pub edge: Arc<MailEdge>,
    pub behind: Arc<Behind>,
    /// Kept, so that what is recorded has somewhere to go.
    _plain: mpsc::Receiver<PlainDecision>,
    _announcements: mpsc::Receiver<OwnMail>,
}

impl Scene {
    pub async fn new(trusted: bool) -> Scene {
        let clock: Arc<dyn Clock> = Arc::new(Fixed);
        let organisations = vec![Arc::clone(&ORGANISATION)];
        let store = Memory::new();
        let stamp = Stamp { by: "fuzz".into(), at: clock.now() };
        let event = AuditEvent::Imported {
            people: 3,
            restrictions: 3,
            ended: Vec::new(),
            added: None,
            cases: None,
            reason: None,
        };
        let id = OrganisationId::new(KARBON);
        let batch = Batch::new(stamp).audit(event);
        let batch = PEOPLE.iter().fold(batch, |batch, person| batch.person(None, person.clone()));
        store.write(&id, batch).await.expect("memory takes people");
        let rosters = Arc::new(Rosters::new(&organisations));
        rosters.load_all(store.as_ref() as &dyn Register).await;
        let (plain, plain_out) = mpsc::channel(1024);
        let (announcements, announced) = mpsc::channel(1024);
        let metrics = Arc::new(Metrics::new());
        let behind = Arc::new(Behind::default());
        let intake = Arc::new(Intake::new(Parts {
            organisations,
            rosters,
            store: Arc::clone(&store) as _,
            archive: Arc::new(Nowhere),
            journal: Arc::new(Nowhere),
            clock: Arc::clone(&clock),
            plain,
            announcements,
            metrics: Arc::clone(&metrics),
        }));
        let edge = MailEdge::new(
            Arc::new(settings(trusted)),
            intake,
            Arc::new(Server(Arc::clone(&behind))),
            store,
            Arc::new(Nowhere),
            clock,
            metrics,
        );
        let edge = Arc::new(edge.expect("the spool can be cleared"));
        Scene { edge, behind, _plain: plain_out, _announcements: announced }
    }
}

fn settings(trusted: bool) -> MailSettings {
    let everybody = ["127.0.0.0/8".parse().expect("a network")];
    MailSettings {
        smtp: None,
        lmtp: None,
        milter: None,
        outbound: None,
        milter_kept: MilterKept::default(),
        check: None,
        socket_mode: 0o666,
        smtp_tls: None,
        accept_from: Vec::new(),
        downstream_tls: None,
        downstream: Downstream {
            protocol: DownstreamProtocol::Smtp,
            address: DownstreamAddress::Tcp { host: "127.0.0.1".into(), port: 9 },
        },
        trusted_authserv_ids: vec!["mx.karbon.example".into()],
        border_hosts: vec!["mx.karbon.example".into()],
        xforward_from: if trusted { everybody.to_vec() } else { Vec::new() },
        default_organisation: None,
        size_limit: 4096,
        hostname: "gw.example".into(),
        spool: SPOOL.path().to_owned(),
        pass_key: [7; 32],
    }
}

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).expect("a time")
    }
}

/// Keeps nothing, and says that it did.
struct Nowhere;

#[async_trait]
impl Archive for Nowhere {
    async fn keep(
        &self,
        _: &OrganisationId,
        _: Owner<'_>,
        _: Original,
    ) -> Result<Keep, StoreError> {
        Ok(Keep::Done("kept".into()))
    }

    async fn fetch(&self, _: &OrganisationId, _: &str) -> Result<Bytes, FetchError> {
        Err(StoreError::Refused("nothing is kept".into()).into())
    }

    async fn discard(&self, _: &OrganisationId, _: &str) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl Journal for Nowhere {
    async fn append(&self, _: JournalEntry) -> Result<(), StoreError> {
        Ok(())
    }

    async fn pending(&self) -> Result<Vec<(u64, JournalEntry)>, StoreError> {
        Ok(Vec::new())
    }

    async fn append_outbound(&self, _: OutboundNote) -> Result<(), StoreError> {
        Ok(())
    }

    async fn pending_outbound(&self) -> Result<Vec<(u64, OutboundNote)>, StoreError> {
        Ok(Vec::new())
    }

    async fn done(&self, _: u64) -> Result<(), StoreError> {
        Ok(())
    }

    async fn rejected(&self, _: u64, _: String) -> Result<(), StoreError> {
        Ok(())
    }

    async fn try_rejected(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl Mailer for Nowhere {
    async fn send(&self, _: OwnMail) -> Result<(), SendError> {
        Ok(())
    }
}

/// A message that the server behind has taken.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken {
    pub sender: Vec<u8>,
    pub recipients: Vec<Vec<u8>>,
    pub disposition: Option<&'static str>,
    /// As it arrived at the gateway.
    pub original: Vec<u8>,
    /// As it goes out, dot and all, but for what differs from one time to the next.
    pub wire: Vec<u8>,
}

/// What the server behind was given.
#[derive(Default)]
pub struct Behind {
    pub taken: Mutex<Vec<Taken>>,
}

struct Server(Arc<Behind>);

/// The server's answer about a path: addresses say what is to happen to them.
fn answer(path: &[u8]) -> Reply {
    let says = |what: &[u8]| path.windows(what.len()).any(|part| part == what);
    match () {
        () if says(b"refused") => Reply::new(550, "5.1.1 no such user"),
        () if says(b"later") => Reply::new(450, "4.2.0 busy"),
        () => Reply::new(250, "2.1.5 Ok"),
    }
}

impl Server {
    fn take(&self, sender: &[u8], recipients: Vec<Vec<u8>>, letter: &RelayedMessage) {
        let Original::Bytes(original) = &letter.original else { return };
        let taken = Taken {
            sender: sender.to_vec(),
            recipients,
            disposition: letter.trace.decision.as_ref().map(|made| made.disposition.name()),
            original: original.to_vec(),
            wire: wire_form(letter, sender, original),
        };
        self.0.taken.lock().expect("nobody panics").push(taken);
    }
}

fn wire_form(letter: &RelayedMessage, sender: &[u8], original: &[u8]) -> Vec<u8> {
    let mut letter = letter.clone();
    letter.trace.id = "1".into();
    let mut wire = Vec::new();
    let mut stuffing = Stuffing::new();
    let letterhead = Letterhead::new("gw.example", MarkKey::new(&[7; 32]));
    stuffing.push(&letterhead.write(&letter, sender), &mut wire);
    let kept = match letter.trace.own_fields {
        OwnFields::TakenOff => letter.header.without_own(&letter.head, letter.length),
        OwnFields::Stay => std::iter::once(0..letter.length).collect(),
    };
    for range in kept {
        let at = |offset| usize::try_from(offset).expect("within the message");
        stuffing.push(&original[at(range.start)..at(range.end)], &mut wire);
    }
    stuffing.finish(&mut wire);
    wire
}

#[async_trait]
impl Relay for Server {
    async fn capabilities(&self) -> Capabilities {
        Capabilities::unknown()
    }

    async fn answers(&self) -> bool {
        true
    }

    async fn open(
        &self,
        envelope: &Envelope,
        first: &Recipient,
    ) -> Result<Result<(Box<dyn Transaction>, Reply), Reply>, RelayError> {
        let reply = answer(&envelope.sender);
        if !reply.is_positive() {
            return Ok(Err(reply));
        }
        let server = Server(Arc::clone(&self.0));
        let sender = envelope.sender.to_vec();
        let mut open = Open { server, sender, recipients: Vec::new() };
        let reply = open.recipient(first).await?;
        Ok(Ok((Box::new(open), reply)))
    }

    fn own_fields(&self, _: &Trace, _: &[u8]) -> Vec<OwnField> {
        Vec::new()
    }

    async fn deliver(
        &self,
        envelope: &Envelope,
        recipients: &[Recipient],
        partly: Partly,
        letter: &RelayedMessage,
        _: Instant,
    ) -> Result<Vec<Reply>, RelayError> {
        let replies: Vec<Reply> = recipients.iter().map(|to| answer(&to.path)).collect();
        let all = replies.iter().all(Reply::is_positive);
        if all || partly == Partly::Allowed {
            let taken = recipients.iter().zip(&replies).filter(|(_, reply)| reply.is_positive());
            let taken: Vec<Vec<u8>> = taken.map(|(to, _)| to.path.to_vec()).collect();
            if !taken.is_empty() {
                self.take(&envelope.sender, taken, letter);
            }
            return Ok(replies);
        }
        let unsent = |reply: Reply| {
            if reply.is_positive() { Reply::new(451, "4.3.0 unsent") } else { reply }
        };
        Ok(replies.into_iter().map(unsent).collect())
    }

    fn own_mark(
        &self,
        mark: &str,
        sender: &[u8],
        digest: &[u8; 32],
        recipients: &[String],
        now: DateTime<Utc>,
    ) -> Option<String> {
        MarkKey::new(&[7; 32]).verified(mark, sender, digest, recipients, now)
    }
}

struct Open {
    server: Server,
    sender: Vec<u8>,
    recipients: Vec<Vec<u8>>,
}

#[async_trait]
impl Transaction for Open {
    async fn recipient(&mut self, recipient: &Recipient) -> Result<Reply, RelayError> {
        let reply = answer(&recipient.path);
        if reply.is_positive() {
            self.recipients.push(recipient.path.to_vec());
        }
        Ok(reply)
    }

    async fn deliver(
        self: Box<Self>,
        letter: &RelayedMessage,
        _: Instant,
    ) -> Result<Vec<Reply>, RelayError> {
        let taken = self.recipients.len();
        self.server.take(&self.sender, self.recipients, letter);
        Ok(vec![Reply::new(250, "2.0.0 Ok"); taken])
    }

    async fn abandon(self: Box<Self>) {}
}
