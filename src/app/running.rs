//! A running gateway: what is started, and the order in which it stops.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::time::Instant;

use super::beside::Rehearsal;
use super::binding::{bind, bind_mail};
use super::core::{self, Core};
use super::first_link::{FirstLinkFault, write_first_links};
use super::health::{with_keys, with_servers};
use super::keeper::{Keeper, tokens_that_expire};
use super::monitor::Monitor;
use super::outward::{self, Outward};
use super::sealer::Sealer;
use super::start_fault::StartFault;
use super::tasks::Tasks;
use super::unread::UnreadKeeper;
use super::{console, events};
use crate::casework::accounts::Accounts;
use crate::casework::sealing::anchor::AnchorKey;
use crate::casework::{Casework, Desk};
use crate::channels::contacts::{self, ContactsEdge, ContactsParts};
use crate::channels::mail::listener::{self, Protocol};
use crate::channels::mail::settings::MailSettings;
use crate::channels::mail::{MailEdge, milter};
use crate::config::Settings;
use crate::config::state_key::{anchor_key, pass_key};
use crate::domain::organisation::OrganisationId;
use crate::domain::token_life::TokenLife;
use crate::forward::events::dead_letter_box::DeadLetterBox;
use crate::intake::{Intake, past};
use crate::ports::past::Asker;
use crate::ports::{Clock, Decide, Deliveries, SteadyClock, Store};
use crate::runtime::descriptors;
use crate::runtime::health::{CachedCheck, Health};
use crate::runtime::http_server::{self, Bounds};
use crate::runtime::limits::{
    DRAIN_WAIT, HTTP_BODY_WHOLE_WAIT, SERVES_UNKNOWING_AFTER, STORE_COMMIT_WAIT,
};
use crate::runtime::service_manager::{HeldSocket, Sockets};
use crate::runtime::shutdown::Shutdown;
use crate::runtime::tokens::TokenTable;
use crate::staff::{self, Staff};
use crate::store;

/// Where a running gateway listens. A configured port 0 is the port that was given here.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    pub contacts: Option<SocketAddr>,
    pub staff: Option<SocketAddr>,
    /// `host:port`, or `unix:path`.
    pub smtp: Option<String>,
    pub lmtp: Option<String>,
    pub milter: Option<String>,
    pub outbound: Option<String>,
}

/// A gateway that runs.
pub struct Running {
    pub addresses: Addresses,
    shutdown: Shutdown,
    /// The listeners; each ends when its work in hand is done.
    edges: Tasks,
    core: Core,
    /// The desk of this process: staff and the keeper work at the same.
    desk: Desk,
    /// What the staff listener serves from, if there is one.
    staff: Option<Arc<Staff>>,
    /// Where listeners were to be bound.
    bound: BTreeMap<&'static str, String>,
    /// The sockets of the listeners, for the program that takes this one's place.
    sockets: Vec<HeldSocket>,
}

/// Starts a gateway: store, people, intake, then the listeners, so that nothing is accepted that
/// can't be decided. A listener whose socket is among `sockets` uses that one.
///
/// # Errors
/// [`StartFault`] names the obstacle; nothing is left running.
pub async fn start(settings: &Settings, sockets: Sockets) -> Result<Running, StartFault> {
    // Before any listener asks how many connections it may have.
    if let Some(fault) = descriptors::fault(descriptors::raise()) {
        tracing::warn!("{fault}");
    }
    let mut running = prepare(settings, sockets, None).await?;
    running.begin();
    Ok(running)
}

/// All of a start that can fail. Nothing runs before [`Running::begin`]; a rehearsal ends without it.
pub(super) async fn prepare(
    settings: &Settings,
    mut sockets: Sockets,
    rehearsal: Option<&Rehearsal<'_>>,
) -> Result<Running, StartFault> {
    let cleared = rehearsal.map_or(settings.state.as_path(), Rehearsal::cleared);
    store::refuse_unfinished(&settings.store, &settings.codec, &settings.organisation_ids())
        .await?;
    let ground = core::open(settings, rehearsal).await?;
    let clock: Arc<dyn Clock> = Arc::new(SteadyClock::after(ground.known_time()));
    // Whatever does not ask for the contacts' door waits as staff do.
    let store = ground.door(Asker::Staff);
    let mail = match &settings.mail {
        Some(mail) => {
            let mut mail = mail.with_key(pass_key(&settings.state)?);
            if rehearsal.is_some() {
                mail.spool = cleared.join("spool");
            }
            Some(Arc::new(mail))
        }
        None => None,
    };
    let deliveries: Arc<dyn Deliveries> = Arc::clone(&store) as Arc<dyn Deliveries>;
    let out = outward::outward(settings, mail.as_deref(), deliveries, &clock)?;
    let shutdown = Shutdown::new();
    let mailer = Arc::clone(&out.mailer);
    let core = core::start(settings, ground, mailer, &clock, &shutdown, rehearsal).await?;
    let desk = Desk::new(
        Arc::clone(&store),
        Arc::clone(&core.archive),
        Arc::clone(&out.release),
        Arc::clone(&clock),
    )
    .with_keys(core::erased_keys(settings));
    let mut running = Running {
        addresses: Addresses::default(),
        shutdown,
        edges: Tasks::default(),
        core,
        desk,
        staff: None,
        bound: settings.bound(),
        sockets: Vec::new(),
    };
    let dead_letters = running.start_events(settings, &store, &clock)?;
    running.start_unread_keeper(settings, &store, &clock);
    running.start_mail(mail, &out, &clock, &mut sockets).await?;
    running.start_contacts(settings, cleared, &out, &clock, &mut sockets).await?;
    let of_staff = (dead_letters, cleared, &mut sockets);
    running.start_staff(settings, &store, &out, &clock, of_staff).await?;
    for name in sockets.left() {
        tracing::warn!(name, "a socket of the service manager belongs to no configured listener");
    }
    running.sockets = sockets.into_held();
    running.start_keepers(settings, &out);
    let sealer = Sealer {
        desk: running.desk.clone(),
        organisations: settings.organisation_ids(),
        key: AnchorKey::of_seed(&anchor_key(&settings.state)?).ok_or(StartFault::AnchorKey)?,
        metrics: Arc::clone(&running.core.metrics),
    };
    running.core.followers.spawn(sealer.run(running.shutdown.stopping()));
    Ok(running)
}

impl Running {
    /// Nothing can go wrong any more: the tasks begin, the listeners last.
    fn begin(&mut self) {
        self.core.recorders.begin();
        self.core.followers.begin();
        self.edges.begin();
    }

    /// The files in the state folder that have the address at which the first account is made, by
    /// organisation; none where there are accounts, or no staff listener.
    ///
    /// # Errors
    /// The store or the folder is away: restart, or ask again.
    pub async fn first_links(
        &self,
        state: &Path,
    ) -> Result<Vec<(OrganisationId, PathBuf)>, FirstLinkFault> {
        let (Some(staff), Some(address)) = (&self.staff, self.addresses.staff) else {
            return Ok(Vec::new());
        };
        let root = staff.public_url().map_or_else(|| format!("http://{address}"), str::to_owned);
        let organisations = staff.organisation_ids();
        write_first_links(staff.accounts(), &organisations, state, &root).await
    }

    /// The console's accounts, for tasks that run apart from the listeners.
    pub fn accounts(&self) -> Option<&Accounts> {
        self.staff.as_deref().map(Staff::accounts)
    }

    /// The way in, for tasks that run apart from the listeners.
    pub fn intake(&self) -> &Arc<Intake> {
        &self.core.intake
    }

    async fn start_mail(
        &mut self,
        mail: Option<Arc<MailSettings>>,
        out: &Outward,
        clock: &Arc<dyn Clock>,
        sockets: &mut Sockets,
    ) -> Result<(), StartFault> {
        let (Some(mail), Some(relay)) = (mail, &out.relay) else { return Ok(()) };
        let deliveries = self.core.store.door(Asker::Contacts) as Arc<dyn Deliveries>;
        let edge = Arc::new(MailEdge::new(
            Arc::clone(&mail),
            Arc::clone(&self.core.intake),
            Arc::clone(relay),
            deliveries,
            Arc::clone(&out.mailer),
            Arc::clone(clock),
            Arc::clone(&self.core.metrics),
        )?);
        let listeners = [(&mail.smtp, Protocol::Smtp), (&mail.lmtp, Protocol::Lmtp)];
        for (address, protocol) in listeners {
            let Some(address) = address else { continue };
            let (what, place) = match protocol {
                Protocol::Smtp => ("smtp", &mut self.addresses.smtp),
                Protocol::Lmtp => ("lmtp", &mut self.addresses.lmtp),
            };
            let bound = bind_mail(what, address, &mail, place, sockets).await?;
            let stopping = self.shutdown.stopping();
            self.edges.spawn(listener::serve(bound, protocol, Arc::clone(&edge), stopping));
        }
        if let (Some(outbound), Some(relay)) = (&mail.outbound, &out.outbound) {
            let place = &mut self.addresses.outbound;
            let bound = bind_mail("outbound", &outbound.listen, &mail, place, sockets).await?;
            let edge = Arc::new(edge.outbound(Arc::clone(relay))?);
            let stopping = self.shutdown.stopping();
            self.edges.spawn(listener::serve(bound, Protocol::Smtp, edge, stopping));
        }
        if let Some(address) = &mail.milter {
            let place = &mut self.addresses.milter;
            let bound = bind_mail("milter", address, &mail, place, sockets).await?;
            self.edges.spawn(milter::serve(bound, edge, self.shutdown.stopping()));
        }
        Ok(())
    }

    async fn start_contacts(
        &mut self,
        settings: &Settings,
        cleared: &Path,
        out: &Outward,
        clock: &Arc<dyn Clock>,
        sockets: &mut Sockets,
    ) -> Result<(), StartFault> {
        let Some(address) = settings.listen.contacts else { return Ok(()) };
        let tokens = settings
            .staff
            .iter()
            .map(|member| (member, member.expires.map(TokenLife::end)))
            .map(|(member, end)| (member.token_sha256, member.organisation.clone(), end));
        let edge = ContactsEdge::new(ContactsParts {
            forms: settings.forms.clone(),
            telephony: settings.telephony.clone(),
            decisions: settings.decisions.clone(),
            tokens: TokenTable::expiring(tokens),
            trusted_proxies: settings.listen.trusted_proxies.clone(),
            posts_per_minute: NonZeroU32::new(settings.listen.posts_per_minute)
                .unwrap_or(NonZeroU32::MIN),
            looks: settings.looks.clone(),
            spool: cleared.join("forms"),
            body_wait: HTTP_BODY_WHOLE_WAIT,
            intake: Arc::clone(&self.core.intake),
            mailer: Arc::clone(&out.mailer),
            clock: Arc::clone(clock),
        })?;
        let listener = bind("contacts", address, sockets).await?;
        self.addresses.contacts = listener.local_addr().ok();
        self.edges.spawn(contacts::serve(listener, edge, self.shutdown.stopping()));
        Ok(())
    }

    fn start_events(
        &mut self,
        settings: &Settings,
        store: &Arc<dyn Store>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Arc<DeadLetterBox>, StartFault> {
        let (metrics, stopping) = (&self.core.metrics, self.shutdown.stopping());
        events::start(settings, store, clock, metrics, &stopping, &mut self.core.followers)
    }

    fn start_unread_keeper(
        &mut self,
        settings: &Settings,
        store: &Arc<dyn Store>,
        clock: &Arc<dyn Clock>,
    ) {
        let keeper = UnreadKeeper {
            queues: Arc::clone(store) as _,
            organisations: settings.organisation_ids(),
            clock: Arc::clone(clock),
        };
        self.core.followers.spawn(keeper.run(self.shutdown.stopping()));
    }

    async fn start_staff(
        &mut self,
        settings: &Settings,
        store: &Arc<dyn Store>,
        out: &Outward,
        clock: &Arc<dyn Clock>,
        (dead_letters, cleared, sockets): (Arc<DeadLetterBox>, &Path, &mut Sockets),
    ) -> Result<(), StartFault> {
        let Some(address) = settings.listen.staff else { return Ok(()) };
        let desk = self.desk.clone();
        let decide = Arc::clone(&self.core.intake) as Arc<dyn Decide>;
        let casework = Casework::new(desk, decide, settings.organisations.iter().cloned())
            .with_retention(settings.retention.clone())
            .with_dead_letters(dead_letters)
            .with_directory(Arc::clone(&self.core.rosters) as _)
            .with_account_rules(console::rules(settings))
            .with_providers(console::providers(settings)?);
        let health = with_keys(self.health(settings, out, clock), settings);
        let metrics = Arc::clone(&self.core.metrics);
        let monitor = Monitor {
            health: health.clone(),
            queues: Arc::clone(store) as _,
            documents: Arc::clone(store) as _,
            organisations: settings.organisation_ids(),
            clock: Arc::clone(clock),
            metrics: Arc::clone(&metrics),
            waited: BTreeSet::new(),
            failing: BTreeSet::new(),
        };
        self.core.followers.spawn(monitor.run(self.shutdown.stopping()));
        let staff = Staff::new(casework, settings.staff.clone(), health, metrics)
            .with_console(console::settings(settings))
            .with_folder(cleared.to_owned())
            .map_err(|cause| StartFault::Downloads { folder: cleared.to_owned(), cause })?;
        let staff = Arc::new(staff);
        self.staff = Some(Arc::clone(&staff));
        let listener = bind("staff", address, sockets).await?;
        self.addresses.staff = listener.local_addr().ok();
        let router = staff::router(staff);
        let stopping = self.shutdown.stopping();
        self.edges.spawn(http_server::serve(listener, router, Bounds::of_staff(), stopping));
        Ok(())
    }

    fn start_keepers(&mut self, settings: &Settings, out: &Outward) {
        let keeper = Keeper {
            desk: self.desk.clone(),
            mailer: Arc::clone(&out.mailer),
            organisations: settings.organisations.clone(),
            retention: settings.retention.clone(),
            tokens: tokens_that_expire(settings),
            metrics: Arc::clone(&self.core.metrics),
        };
        let followers = &mut self.core.followers;
        followers.spawn(keeper.clone().keep(self.shutdown.stopping()));
        followers.spawn(keeper.clone().finish(self.shutdown.stopping()));
        followers.spawn(keeper.forget(self.shutdown.stopping()));
    }

    /// Ready means: the people are known, store and archive answer and are the same as before, and the mail server
    /// behind answers.
    fn health(&self, settings: &Settings, out: &Outward, clock: &Arc<dyn Clock>) -> Health {
        let rosters = Arc::clone(&self.core.rosters);
        let asked = settings.organisations.first().map(|one| one.id.clone());
        // As contacts find it: they are what a gateway must be ready for.
        let vouched = Arc::clone(&self.core.store);
        let store = vouched.door(Asker::Contacts);
        let (committing, keeping, journalling) = (
            Arc::clone(&self.core.intake),
            Arc::clone(&self.core.intake),
            Arc::clone(&self.core.intake),
        );
        let answers = Arc::new(CachedCheck::new(move || {
            let (store, asked) = (Arc::clone(&store), asked.clone());
            async move {
                let Some(organisation) = asked else { return Ok(()) };
                let answered = store.delivered(&organisation, &["health".to_owned()]).await;
                answered.map(|_| ()).map_err(|error| error.to_string())
            }
        }));
        let archive = Arc::clone(&self.core.archive);
        let reached = Arc::new(CachedCheck::new(move || {
            let archive = Arc::clone(&archive);
            async move { archive.answers().await.map_err(|error| error.to_string()) }
        }));
        let (known, begun) = (Arc::clone(&rosters), Instant::now());
        let mut health = Health::new()
            .serving_while(move || known.are_known() || begun.elapsed() >= SERVES_UNKNOWING_AFTER)
            .with("restrictions", move || {
                let known = rosters.are_known();
                async move {
                    if known { Ok(()) } else { Err("the restrictions are not loaded".to_owned()) }
                }
            })
            .with("store", move || {
                let answers = Arc::clone(&answers);
                let behind = vouched.fault();
                let failing = committing.store_fault();
                async move {
                    if let Some(fault) = behind {
                        return Err(fault);
                    }
                    // A store that answers questions need not take commits.
                    failing.map_or(Ok(()), Err)?;
                    answers.answer().await
                }
            });
        let telling = Arc::clone(clock);
        health = health
            .with("clock", move || {
                let wrong = telling.fault();
                async move { wrong.map_or(Ok(()), Err) }
            })
            .with("archive", move || {
                let (failing, reached) = (keeping.archive_fault(), Arc::clone(&reached));
                async move {
                    // An archive that can be reached may still refuse originals.
                    failing.map_or(Ok(()), Err)?;
                    reached.answer().await
                }
            })
            .with("journal", move || {
                let failing = journalling.journal_fault();
                async move { failing.map_or(Ok(()), Err) }
            });
        with_servers(health, out)
    }

    /// Copies of the sockets, to rehearse the start of the next configuration.
    ///
    /// # Errors
    /// There are no descriptors left.
    pub fn copied(&self, next: &Settings) -> std::io::Result<Sockets> {
        Sockets::copied(&self.sockets, |held| self.is_wanted(held, next))
    }

    /// Whether a socket listens where the next configuration wants it.
    fn is_wanted(&self, held: &HeldSocket, next: &Settings) -> bool {
        !held.is_own || self.bound.get(held.name()) == next.bound().get(held.name())
    }

    /// The sockets of listeners that never began, whose files stay.
    pub(super) fn into_sockets(self) -> Vec<HeldSocket> {
        self.sockets.iter().for_each(HeldSocket::stays);
        self.sockets
    }

    /// Counts a reload that changed nothing, because the next configuration can't be served.
    pub fn reload_refused(&self) {
        self.core.metrics.reloads_refused.inc();
    }

    /// As [`Running::stop`], and hands on the sockets that listen where the next configuration wants them, with those
    /// that were opened for it. Connections to these wait until the next program accepts them.
    pub async fn hand_on(
        mut self,
        next: &Settings,
        opened: Vec<HeldSocket>,
    ) -> (bool, Vec<HeldSocket>) {
        let mut sockets = std::mem::take(&mut self.sockets);
        sockets.retain(|held| self.is_wanted(held, next));
        sockets.iter().for_each(HeldSocket::stays);
        sockets.extend(opened);
        (self.stop().await, sockets)
    }

    /// Stops: no new work is accepted, work in hand is finished, decisions are recorded; `true`:
    /// all of it within its time.
    pub async fn stop(self) -> bool {
        let Running { shutdown, mut edges, core, desk, staff, sockets, .. } = self;
        // Kept open for a reload only: while they are, the kernel accepts connections that nobody serves.
        drop(sockets);
        let end = tokio::time::Instant::now() + DRAIN_WAIT;
        desk.close();
        let mut in_time = shutdown.stop(DRAIN_WAIT).await;
        edges.shutdown().await;
        drop(staff);
        // A delivery under way is cut off only where it takes too long; another gateway finishes it.
        in_time &= tokio::time::timeout_at(end, desk.closed()).await.is_ok();
        let Core { store, rosters, intake, mut followers, mut recorders, .. } = core;
        followers.shutdown().await;
        // The recorders end with the last sender, which intake holds.
        drop(intake);
        let recorded = async { while recorders.join_next().await.is_some() {} };
        in_time &= tokio::time::timeout(DRAIN_WAIT, recorded).await.is_ok();
        in_time
            & tokio::time::timeout(STORE_COMMIT_WAIT, past::remember(store, rosters)).await.is_ok()
    }
}
