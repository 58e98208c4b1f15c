//! The one way in: identify → look up → decide → commit → outcome.
//!
//! A channel turns bytes into a [`Contact`], hands it to [`Intake::receive`], and turns the
//! [`Outcome`] back into bytes. No channel decides, and `receive` has no error: trouble of the
//! store is a decision of its own (`degraded`).

pub mod announce;
mod degraded;
mod handed_in;
mod helped;
mod kept;
mod look_up;
mod measure;
pub mod outbound;
pub mod passed;
pub mod past;
pub mod plain;
mod receive;
mod recent;
pub mod replay;
mod restricted;
pub mod roster;
pub mod standing;
pub mod treatment;
mod verdict;

use std::collections::HashMap;
use std::sync::Arc;

use hyper::HeaderMap;
use tokio::sync::mpsc;

use self::outbound::OutboundWarnings;
use self::recent::Recent;
use self::roster::Rosters;
use self::standing::Standing;
use crate::domain::contact::Contact;
use crate::domain::decision::Decision;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::sender::Sender;
use crate::ports::helper::SafeguardHelper;
use crate::ports::{Archive, Clock, Journal, Original, OwnMail, PlainDecision, Store};
use crate::runtime::metrics::Metrics;
use crate::runtime::trace::{TraceSpan, TracedEdge, Traces};

/// A contact as a channel hands it in.
#[derive(Debug, Clone)]
pub struct Inbound {
    pub contact: Contact,
    /// SHA-256 of the content behind the contact's id.
    pub digest: [u8; 32],
    /// The bytes as they came, kept of whatever is not simply delivered. `None`: the contact's
    /// own text is all there is (API, calls).
    pub original: Option<Original>,
}

/// What came of a contact.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub decision: Decision,
    /// The id was decided before: this is the recorded decision, nothing was counted.
    pub repeated: bool,
    /// The id was decided before, with other content.
    pub conflicting: bool,
    /// The decision and all that goes with it are on disk, or it is a delivery that leaves no trace but an audit entry.
    /// `false`: neither the store nor the local journal took it. The treatment still follows the decision: where the
    /// sender can't be asked to try again, it is one to deliver.
    pub durable: bool,
    /// `Some`: nothing is accepted, and the sender is asked to try again.
    pub defer: Option<Again>,
    /// The contact is decided and its text is on its item, but the original is not: as much is kept as may
    /// be (`kept`).
    pub unkept: bool,
}

/// Why a sender is asked to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// The profile asks for it while the counters are away.
    CountersAway,
    /// What would have to be kept can't be: the disk is full, or its archive away.
    NotKept,
}

/// Who a contact is from, as far as is known without the store.
pub enum Identified {
    /// Nobody who ever had a restriction: nothing of the store is needed.
    Plain(Sender),
    /// The store is needed to decide: its sender may have, or have had, a restriction. A channel
    /// that would look something up for such a sender need not for others.
    Known(Sender),
    /// The organisation's people are not loaded yet.
    PeopleUnknown,
}

impl Identified {
    /// Whether the store is needed to decide.
    pub const fn may_be_restricted(&self) -> bool {
        !matches!(self, Identified::Plain(_))
    }
}

/// What intake works with.
pub struct Parts {
    pub organisations: Vec<Arc<Organisation>>,
    pub rosters: Arc<Rosters>,
    pub store: Arc<dyn Store>,
    pub archive: Arc<dyn Archive>,
    pub journal: Arc<dyn Journal>,
    pub clock: Arc<dyn Clock>,
    /// The other end is drained by [`plain::record`].
    pub plain: mpsc::Sender<PlainDecision>,
    /// The other end is drained by [`announce::announce`].
    pub announcements: mpsc::Sender<OwnMail>,
    pub metrics: Arc<Metrics>,
}

/// The contact use case, shared by every channel.
pub struct Intake {
    organisations: HashMap<OrganisationId, Arc<Organisation>>,
    by_mail_domain: HashMap<String, Arc<Organisation>>,
    rosters: Arc<Rosters>,
    store: Arc<dyn Store>,
    /// As those reach it who can wait: for what is noted behind the answer.
    patient: Arc<dyn Store>,
    archive: Arc<dyn Archive>,
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    /// Decisions on unrestricted contacts, on their way to the store.
    plain: mpsc::Sender<PlainDecision>,
    announcements: mpsc::Sender<OwnMail>,
    recent: Recent,
    outbound_warnings: OutboundWarnings,
    standing: Arc<Standing>,
    archive_standing: Standing,
    metrics: Arc<Metrics>,
    helper: Option<Arc<dyn SafeguardHelper>>,
    traces: Traces,
}

impl Intake {
    pub fn new(parts: Parts) -> Self {
        let of_domains = |one: &Arc<Organisation>| {
            let owner = Arc::clone(one);
            one.mail_domains.clone().into_iter().map(move |domain| (domain, Arc::clone(&owner)))
        };
        Intake {
            by_mail_domain: parts.organisations.iter().flat_map(of_domains).collect(),
            organisations: parts
                .organisations
                .into_iter()
                .map(|one| (one.id.clone(), one))
                .collect(),
            rosters: parts.rosters,
            patient: Arc::clone(&parts.store),
            store: parts.store,
            archive: parts.archive,
            journal: parts.journal,
            clock: parts.clock,
            plain: parts.plain,
            announcements: parts.announcements,
            recent: Recent::default(),
            outbound_warnings: OutboundWarnings::default(),
            standing: Arc::default(),
            archive_standing: Standing::default(),
            metrics: parts.metrics,
            helper: None,
            traces: Traces::default(),
        }
    }

    /// Notes what is learnt behind the answer by another way to the store, one that waits longer.
    #[must_use]
    pub fn with_patient(mut self, store: Arc<dyn Store>) -> Self {
        self.patient = store;
        self
    }

    /// Asks the organisation's own service where no safeguard is found.
    #[must_use]
    pub fn with_helper(mut self, helper: Arc<dyn SafeguardHelper>) -> Self {
        self.helper = Some(helper);
        self
    }

    /// Traces contacts.
    #[must_use]
    pub fn with_traces(mut self, traces: Traces) -> Self {
        self.traces = traces;
        self
    }

    /// Begins the trace of a contact. `from`: the fields of a request whose sender is trusted to continue a trace.
    pub fn trace(&self, edge: TracedEdge, from: Option<&HeaderMap>) -> TraceSpan {
        self.traces.begin(edge, from)
    }

    /// Learns how the store answers commits, from intake and from those who record apart from it.
    pub fn standing(&self) -> Arc<Standing> {
        Arc::clone(&self.standing)
    }

    /// What keeps commits from succeeding, as of the last ones.
    pub fn store_fault(&self) -> Option<String> {
        self.standing.fault()
    }

    /// What keeps originals from being kept, as of the last ones.
    pub fn archive_fault(&self) -> Option<String> {
        self.archive_standing.fault()
    }

    /// What keeps the local journal from taking entries, now or as soon as the disk is full, or from replaying them.
    pub fn journal_fault(&self) -> Option<String> {
        self.journal.fault()
    }

    pub fn organisation(&self, id: &OrganisationId) -> Option<Arc<Organisation>> {
        self.organisations.get(id).map(Arc::clone)
    }

    pub fn organisations(&self) -> impl Iterator<Item = &Arc<Organisation>> {
        self.organisations.values()
    }
}
