//! A mail edge on the store in memory, on free ports.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use crate::store_contract::facts::put_people;
use chrono::{DateTime, Utc};
use contact_gateway::channels::mail::listener::{self, Bound, Protocol};
use contact_gateway::channels::mail::settings::{
    CheckSettings, Downstream, DownstreamAddress, DownstreamProtocol, MailSettings, MilterKept,
};
use contact_gateway::channels::mail::{MailEdge, milter};
use contact_gateway::config;
use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::organisation::{Organisation, OrganisationId};
use contact_gateway::domain::person::Person;
use contact_gateway::domain::profile::OutboundAnswers;
use contact_gateway::domain::restriction::Mode;
use contact_gateway::forward::mailer::SmtpMailer;
use contact_gateway::forward::release::MailRelease;
use contact_gateway::forward::smtp::DownstreamServer;
use contact_gateway::intake::roster::Rosters;
use contact_gateway::intake::{Intake, Parts, announce, outbound, plain};
use contact_gateway::ports::relay::Relay;
use contact_gateway::ports::{Archive, Clock, Deliveries, Mailer, Register, Stamp, Store};
use contact_gateway::runtime::metrics::Metrics;
use contact_gateway::runtime::shutdown::Shutdown;
use contact_gateway::store::archive::FileArchive;
use contact_gateway::store::journal::FileJournal;
use contact_gateway::store::memory::Memory;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub const KARBON: &str = "karbon";
pub const CALICO: &str = "calico";

/// A Wednesday morning.
pub struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> DateTime<Utc> {
        "2026-11-18T10:00:00Z".parse().unwrap()
    }
}

/// What a test may choose.
pub struct Choices {
    pub downstream_port: u16,
    /// In place of the port.
    pub downstream_socket: Option<PathBuf>,
    pub downstream_protocol: DownstreamProtocol,
    pub protocol: Protocol,
    pub trusted: bool,
    pub default_organisation: Option<OrganisationId>,
    pub size_limit: u64,
    pub authserv: Vec<String>,
    pub border: Vec<String>,
    pub milter_kept: MilterKept,
    pub check: Option<CheckSettings>,
    /// 0: a free one.
    pub milter_port: u16,
    /// Mail that leaves the organisations goes through the gateway too.
    pub way_out: Option<WayOut>,
    pub people: BTreeMap<String, Vec<Person>>,
}

/// Where mail leaves, and how the profiles treat answers past a point of contact.
#[derive(Clone, Copy)]
pub struct WayOut {
    pub port: u16,
    pub answers: Option<OutboundAnswers>,
}

impl Choices {
    pub fn new(downstream_port: u16, protocol: Protocol) -> Self {
        Choices {
            downstream_port,
            downstream_socket: None,
            downstream_protocol: DownstreamProtocol::Smtp,
            protocol,
            trusted: true,
            default_organisation: None,
            size_limit: 50 * 1024 * 1024,
            authserv: vec!["mx.karbon.example".into()],
            border: vec!["mx.karbon.example".into()],
            milter_kept: MilterKept::Discard,
            check: None,
            milter_port: 0,
            way_out: None,
            people: BTreeMap::new(),
        }
    }
}

pub struct Gateway {
    pub port: u16,
    pub milter_port: u16,
    /// 0 without such a listener.
    pub outbound_port: u16,
    pub metrics: Arc<Metrics>,
    pub store: Arc<dyn Store>,
    pub archive: Arc<dyn Archive>,
    pub release: MailRelease,
    pub folder: tempfile::TempDir,
    shutdown: Shutdown,
    tasks: JoinSet<()>,
}

fn organisation(id: &str, profile: &str) -> Arc<Organisation> {
    let file = format!("{}/config/profiles/{profile}.toml", env!("CARGO_MANIFEST_DIR"));
    let Ok(profile) = config::profile::load(Path::new(&file)) else { panic!("{file} is faulty") };
    Arc::new(Organisation {
        id: OrganisationId::new(id),
        profile: Arc::new(profile),
        mode: Mode::Enforce,
        emergency: None,
        mail_domains: vec![format!("{id}.example")],
        // One of the two has somebody on duty.
        queue_mailboxes: (id == CALICO)
            .then(|| ("emergency".to_owned(), format!("duty@{id}.example")))
            .into_iter()
            .collect(),
        notice_from: Some(format!("Contact Team <no-reply@{id}.example>")),
        equality: Default::default(),
        reach: Default::default(),
    })
}

/// Loaded once: reading a profile takes longer than a dialogue.
static ORGANISATIONS: LazyLock<Vec<Arc<Organisation>>> = LazyLock::new(|| {
    vec![organisation(KARBON, "karbon-homes"), organisation(CALICO, "calico-homes")]
});

fn organisations(way_out: Option<WayOut>) -> Vec<Arc<Organisation>> {
    let mut organisations = ORGANISATIONS.clone();
    if let Some(way_out) = way_out {
        for organisation in &mut organisations {
            let profile = &mut Arc::make_mut(organisation).profile;
            Arc::make_mut(profile).outbound_answers = way_out.answers;
        }
    }
    organisations
}

async fn put_all(store: &dyn Store, people: BTreeMap<String, Vec<Person>>, at: DateTime<Utc>) {
    for (id, people) in people {
        let stamp = Stamp { by: "test".into(), at };
        let event = AuditEvent::Imported {
            people: u32::try_from(people.len()).unwrap(),
            restrictions: 0,
            ended: Vec::new(),
            added: None,
            cases: None,
            reason: None,
        };
        let id = OrganisationId::new(&id);
        put_people(store, &id, people, stamp, event).await.unwrap();
    }
}

async fn serve_outbound(edge: Arc<MailEdge>, tasks: &mut JoinSet<()>, shutdown: &Shutdown) -> u16 {
    let (bound, port) = bound(0).await;
    tasks.spawn(listener::serve(bound, Protocol::Smtp, edge, shutdown.stopping()));
    port
}

/// The relay to the server behind, and the mailer that uses it.
fn behind(
    settings: &MailSettings,
    organisations: &[Arc<Organisation>],
    clock: &Arc<dyn Clock>,
) -> (Arc<dyn Relay>, Arc<dyn Mailer>) {
    let server = DownstreamServer::new(settings.downstream.clone(), "gw.example", &[7; 32]);
    let relay: Arc<dyn Relay> = Arc::new(server);
    let hostname = &settings.hostname;
    let mailer = SmtpMailer::new(Arc::clone(&relay), organisations, hostname, Arc::clone(clock));
    (relay, Arc::new(mailer))
}

fn leaving_by(way_out: WayOut) -> Arc<dyn Relay> {
    Arc::new(DownstreamServer::new(loopback(way_out.port), "gw.example", &[7; 32]))
}

impl Gateway {
    pub async fn start(choices: Choices) -> Gateway {
        let store: Arc<dyn Store> = Memory::new();
        Self::start_on(choices, store).await
    }

    pub async fn start_on(choices: Choices, store: Arc<dyn Store>) -> Gateway {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(Fixed);
        let organisations = organisations(choices.way_out);
        let settings = Arc::new(settings(&choices, folder.path()));
        let (relay, mailer) = behind(&settings, &organisations, &clock);
        put_all(&*store, choices.people, clock.now()).await;
        let rosters = Arc::new(Rosters::new(&organisations));
        rosters.load_all(store.as_ref() as &dyn Register).await;
        let archive: Arc<dyn Archive> =
            Arc::new(FileArchive::open(&folder.path().join("archive")).unwrap());
        let journal = Arc::new(FileJournal::open(&folder.path().join("journal")).unwrap());
        let metrics = Arc::new(Metrics::new());
        let (plain, plain_out) = tokio::sync::mpsc::channel(1000);
        let (announcements, announced) = tokio::sync::mpsc::channel(1000);
        let intake = Arc::new(Intake::new(Parts {
            organisations,
            rosters,
            store: Arc::clone(&store),
            archive: Arc::clone(&archive),
            journal: Arc::clone(&journal) as _,
            clock: Arc::clone(&clock),
            plain,
            announcements,
            metrics: Arc::clone(&metrics),
        }));
        let deliveries: Arc<dyn Deliveries> = Arc::clone(&store) as _;
        let leaves_by = choices.way_out.map_or_else(|| Arc::clone(&relay), leaving_by);
        let release =
            MailRelease::new(Arc::clone(&leaves_by), Arc::clone(&deliveries), Arc::clone(&clock));
        let edge = MailEdge::new(
            settings,
            Arc::clone(&intake),
            Arc::clone(&relay),
            deliveries,
            Arc::clone(&mailer),
            clock,
            Arc::clone(&metrics),
        );
        let edge = Arc::new(edge.unwrap());
        let (listener, port) = bound(0).await;
        let (milter_listener, milter_port) = bound(choices.milter_port).await;
        let shutdown = Shutdown::new();
        let mut tasks = JoinSet::new();
        let recorder = Arc::clone(&store) as _;
        tasks.spawn(plain::record(recorder, journal, plain_out, Arc::default()));
        let (mut outbound_port, left) = (0, Arc::clone(&store));
        if choices.way_out.is_some() {
            let edge = Arc::new(edge.outbound(leaves_by).unwrap());
            outbound_port = serve_outbound(edge, &mut tasks, &shutdown).await;
            tasks.spawn(outbound::write_what_is_left(intake, left, shutdown.stopping()));
            tasks.spawn(announce::announce(mailer, announced));
        }
        let (edge, other) = (Arc::clone(&edge), edge);
        tasks.spawn(listener::serve(listener, choices.protocol, edge, shutdown.stopping()));
        tasks.spawn(milter::serve(milter_listener, other, shutdown.stopping()));
        Gateway {
            port,
            milter_port,
            outbound_port,
            metrics,
            store,
            archive,
            release,
            folder,
            shutdown,
            tasks,
        }
    }

    /// How often an event of the mail edge was counted.
    pub fn counted(&self, event: &str) -> u64 {
        let text = self.metrics.text_for(KARBON);
        let name = format!("contact_gateway_mail_events_total{{event=\"{event}\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(name.as_str()));
        line.map_or(0, |value| value.parse().unwrap())
    }

    /// Files of messages in hand.
    pub fn spooled(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("spool")).unwrap().count()
    }

    pub async fn queue(
        &self,
        id: &str,
        queue: &str,
    ) -> Vec<contact_gateway::domain::queue::QueueItem> {
        let id = OrganisationId::new(id);
        self.store.items(&id, queue, Default::default()).await.unwrap()
    }

    pub async fn stop(self) {
        drop(self.stopped().await);
    }

    /// As [`Gateway::stop`]; what it leaves on the disk.
    pub async fn stopped(self) -> tempfile::TempDir {
        let Gateway { shutdown, mut tasks, store, folder, .. } = self;
        drop(store);
        assert!(shutdown.stop(std::time::Duration::from_secs(10)).await, "a session hangs");
        while tasks.join_next().await.is_some() {}
        folder
    }
}

fn loopback(port: u16) -> Downstream {
    let address = DownstreamAddress::Tcp { host: "127.0.0.1".into(), port };
    Downstream { protocol: DownstreamProtocol::Smtp, address }
}

/// 0: a free port.
async fn bound(port: u16) -> (Bound, u16) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (Bound::Tcp(listener), port)
}

fn settings(choices: &Choices, folder: &Path) -> MailSettings {
    MailSettings {
        smtp: None,
        lmtp: None,
        milter: None,
        outbound: None,
        milter_kept: choices.milter_kept,
        socket_mode: 0o666,
        smtp_tls: None,
        accept_from: Vec::new(),
        downstream_tls: None,
        check: choices.check.clone(),
        downstream: Downstream {
            protocol: choices.downstream_protocol,
            address: match &choices.downstream_socket {
                Some(path) => DownstreamAddress::Unix(path.clone()),
                None => DownstreamAddress::Tcp {
                    host: "127.0.0.1".into(),
                    port: choices.downstream_port,
                },
            },
        },
        trusted_authserv_ids: choices.authserv.clone(),
        border_hosts: choices.border.clone(),
        xforward_from: if choices.trusted {
            vec!["127.0.0.0/8".parse().unwrap()]
        } else {
            Vec::new()
        },
        default_organisation: choices.default_organisation.clone(),
        size_limit: choices.size_limit,
        hostname: "gw.example".into(),
        spool: folder.join("spool"),
        pass_key: [7; 32],
    }
}
