//! Metrics for monitoring, and their text form (OpenMetrics 1.0).
//!
//! Labels are organisation ids, channel names and codes: never an address, a number or a name. Each set of labels is
//! bounded by the configuration, so that no sender can grow it.

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Where one contact ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ContactLabels {
    pub organisation: String,
    pub channel: &'static str,
    pub disposition: &'static str,
    /// `enforce` or `observe`.
    pub mode: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct LaneLabels {
    pub organisation: String,
    /// The safeguard lane's name.
    pub lane: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct FlagLabels {
    pub organisation: String,
    /// A decision's flag without its value: one of a few dozen that the domain knows.
    pub flag: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct NoticeLabels {
    pub organisation: String,
    pub channel: &'static str,
    /// `sent` or `failed`.
    pub result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct HelperLabels {
    pub organisation: String,
    /// `added`, `nothing` or `failed`.
    pub said: &'static str,
}

/// What happened to a message on the wire that somebody may want to know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailEvent {
    /// A bare CR or LF of a trusted server was made CRLF.
    BareEndsNormalised,
    /// A session ended on a bare CR or LF.
    BareEndsRefused,
    /// A message had fields of the gateway's own names that the gateway did not write.
    ForgedFields,
    /// A message could not be read in full; it went on unread.
    Unread,
    /// A message carried a valid loop mark.
    PassedByMark,
    /// A peer that is not listed was turned away.
    PeersRefused,
    /// A TLS handshake failed, for want of a listed certificate or otherwise.
    HandshakesFailed,
    /// A message or a recipient was deferred, for there was no room in memory.
    NoRoom,
}

impl MailEvent {
    pub const fn name(self) -> &'static str {
        match self {
            MailEvent::BareEndsNormalised => "bare_ends_normalised",
            MailEvent::BareEndsRefused => "bare_ends_refused",
            MailEvent::ForgedFields => "forged_fields",
            MailEvent::Unread => "unread",
            MailEvent::PassedByMark => "passed_by_mark",
            MailEvent::PeersRefused => "peers_refused",
            MailEvent::HandshakesFailed => "handshakes_failed",
            MailEvent::NoRoom => "no_room",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct MailLabels {
    /// [`MailEvent::name`].
    pub event: &'static str,
}

/// Why a request to the contacts listener was refused before it was read as a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abuse {
    /// One client posts to forms too often.
    FormFlooded,
    /// One client behind a proxy that asks posts too often.
    ProxyFlooded,
    /// A token that nobody has, or none.
    TokenGuessed,
    /// A webhook without a valid signature or token.
    WebhookForged,
}

impl Abuse {
    pub const ALL: [Abuse; 4] =
        [Abuse::FormFlooded, Abuse::ProxyFlooded, Abuse::TokenGuessed, Abuse::WebhookForged];

    pub const fn name(self) -> &'static str {
        match self {
            Abuse::FormFlooded => "form_flooded",
            Abuse::ProxyFlooded => "proxy_flooded",
            Abuse::TokenGuessed => "token_guessed",
            Abuse::WebhookForged => "webhook_forged",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct AbuseLabels {
    /// [`Abuse::name`].
    pub kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ListenerLabels {
    /// `smtp`, `lmtp`, `milter`, `outbound`.
    pub listener: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    pub organisation: String,
    /// The route's pattern, never the path that was asked for.
    pub route: String,
    pub status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PartLabels {
    /// `restrictions`, `store`, `archive`, `journal`, `clock`, `downstream`, `outbound`, `keys`, `seals`.
    pub part: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct QueueLabels {
    pub organisation: String,
    pub queue: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OrganisationLabels {
    pub organisation: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct TokenLabels {
    pub organisation: String,
    /// `expires_soon` or `expired`.
    pub state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct EventLabels {
    pub organisation: String,
    /// The receiver's configured name.
    pub receiver: String,
    /// `taken`, `later` or `dead`.
    pub result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct SpanLabels {
    /// `sent` or `lost`.
    pub result: &'static str,
}

/// Every metric of the process. Made once by `app`, handed around as `Arc<Metrics>`.
pub struct Metrics {
    registry: Registry,
    /// Contacts decided, without repeats.
    pub contacts: Family<ContactLabels, Counter>,
    /// Contacts whose id was decided before.
    pub repeats: Counter,
    /// Contacts that took a safeguard lane.
    pub safeguards: Family<LaneLabels, Counter>,
    /// Contacts by flag: how often a sender was in doubt, a body unread.
    pub flags: Family<FlagLabels, Counter>,
    /// Notices to limited senders.
    pub notices: Family<NoticeLabels, Counter>,
    pub helper: Family<HelperLabels, Counter>,
    /// What happened to messages on the wire.
    pub mail_events: Family<MailLabels, Counter>,
    /// Requests to the contacts listener that were refused as abuse.
    pub abuse: Family<AbuseLabels, Counter>,
    /// Decisions made without the store.
    pub degraded: Counter,
    /// From a decision to its durable record, in seconds.
    pub commit_seconds: Histogram,
    /// 1 while the store is older than last seen.
    pub store_behind: Family<OrganisationLabels, Gauge>,
    /// 1 while the clock may be wrong, by what the trail says of time.
    pub clock_doubt: Family<OrganisationLabels, Gauge>,
    /// Bytes of originals that are kept, as they were counted last.
    pub originals_bytes: Family<OrganisationLabels, Gauge>,
    /// 1 while a part works, 0 while it does not.
    pub part_up: Family<PartLabels, Gauge>,
    /// Items that wait on a queue.
    pub queue_waiting: Family<QueueLabels, Gauge>,
    pub incomplete_case_files: Family<OrganisationLabels, Gauge>,
    /// How long the oldest of them has waited, in seconds.
    pub queue_oldest_seconds: Family<QueueLabels, Gauge>,
    pub queue_overdue: Family<QueueLabels, Gauge>,
    /// Entries of the audit trail that casework has not followed yet.
    pub casework_behind: Family<OrganisationLabels, Gauge>,
    /// Sessions of mail listeners that are open.
    pub sessions: Family<ListenerLabels, Gauge>,
    /// Requests to the staff listener.
    pub requests: Family<RequestLabels, Counter>,
    /// Attempts to tell other systems of events.
    pub events: Family<EventLabels, Counter>,
    /// Failed sign-ins at the staff listener.
    pub sign_in_failures: Counter,
    /// Contacts that a point of contact did not take up in time, and that were passed on.
    pub unanswered: Family<OrganisationLabels, Counter>,
    /// API tokens that somebody has to replace.
    pub tokens: Family<TokenLabels, Gauge>,
    /// Spans of traces, by what became of them.
    pub spans: Family<SpanLabels, Counter>,
    /// Reloads that changed nothing, because the configuration could not be served.
    pub reloads_refused: Counter,
}

/// Upper bounds of the commit histogram in seconds: from a memory write to the store's deadline.
const COMMIT_BUCKETS: [f64; 12] =
    [0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

impl Metrics {
    pub fn new() -> Self {
        let mut metrics = Metrics {
            registry: Registry::with_prefix("contact_gateway"),
            contacts: Family::default(),
            repeats: Counter::default(),
            safeguards: Family::default(),
            flags: Family::default(),
            notices: Family::default(),
            helper: Family::default(),
            mail_events: Family::default(),
            abuse: Family::default(),
            degraded: Counter::default(),
            commit_seconds: Histogram::new(COMMIT_BUCKETS),
            store_behind: Family::default(),
            clock_doubt: Family::default(),
            originals_bytes: Family::default(),
            part_up: Family::default(),
            queue_waiting: Family::default(),
            incomplete_case_files: Family::default(),
            queue_oldest_seconds: Family::default(),
            queue_overdue: Family::default(),
            casework_behind: Family::default(),
            sessions: Family::default(),
            requests: Family::default(),
            events: Family::default(),
            sign_in_failures: Counter::default(),
            unanswered: Family::default(),
            tokens: Family::default(),
            spans: Family::default(),
            reloads_refused: Counter::default(),
        };
        metrics.register();
        metrics.register_operation();
        // Exported as 0 from the start: Prometheus sees no increase in a series that appears with the first burst.
        for abuse in Abuse::ALL {
            metrics.abuse.get_or_create(&AbuseLabels { kind: abuse.name() }).inc_by(0);
        }
        for result in ["sent", "lost"] {
            metrics.spans(result, 0);
        }
        metrics
    }

    /// Exports as 0 what alerts watch of an organisation, with these of a decision's flags. Otherwise a series begins
    /// with its first event, which is no increase to Prometheus.
    pub fn watch_organisation(&self, organisation: &str, flags: &[&str]) {
        let of = || organisation.to_owned();
        for flag in flags {
            let labels = FlagLabels { organisation: of(), flag: (*flag).to_owned() };
            self.flags.get_or_create(&labels).inc_by(0);
        }
        for result in ["sent", "failed"] {
            let labels = NoticeLabels { organisation: of(), channel: "email", result };
            self.notices.get_or_create(&labels).inc_by(0);
        }
        for said in ["added", "nothing", "failed"] {
            self.helper.get_or_create(&HelperLabels { organisation: of(), said }).inc_by(0);
        }
        self.unanswered.get_or_create(&OrganisationLabels { organisation: of() }).inc_by(0);
    }

    /// As [`Metrics::watch_organisation`], for a receiver of its events.
    pub fn watch_receiver(&self, organisation: &str, receiver: &str) {
        for result in ["taken", "later", "dead"] {
            let (organisation, receiver) = (organisation.to_owned(), receiver.to_owned());
            self.events.get_or_create(&EventLabels { organisation, receiver, result }).inc_by(0);
        }
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("contacts", "Contacts decided, without repeats", self.contacts.clone());
        registry.register("repeats", "Contacts decided before", self.repeats.clone());
        registry.register("safeguards", "Contacts by safeguard lane", self.safeguards.clone());
        registry.register("flags", "Contacts by flag, without repeats", self.flags.clone());
        registry.register("notices", "Notices to limited senders", self.notices.clone());
        registry.register(
            "safeguards_helper",
            "Contacts that the helper of the safeguards was asked about",
            self.helper.clone(),
        );
        registry.register("mail_events", "Events of the mail edge", self.mail_events.clone());
        registry.register("abuse", "Requests refused as abuse", self.abuse.clone());
        registry.register("degraded", "Decisions made without the store", self.degraded.clone());
        registry.register(
            "commit_seconds",
            "From a decision to its durable record",
            self.commit_seconds.clone(),
        );
        registry.register(
            "store_behind",
            "Whether the store is older than last seen",
            self.store_behind.clone(),
        );
        registry.register("clock_doubt", "The clock may be wrong", self.clock_doubt.clone());
        registry.register(
            "originals_bytes",
            "Bytes of originals that are kept",
            self.originals_bytes.clone(),
        );
        registry.register("part_up", "Whether a part works", self.part_up.clone());
        registry.register("queue_waiting", "Items waiting", self.queue_waiting.clone());
        registry.register(
            "incomplete_case_files",
            "People for whom entries of the audit trail could not be counted",
            self.incomplete_case_files.clone(),
        );
        registry.register(
            "queue_oldest_seconds",
            "How long the oldest item has waited",
            self.queue_oldest_seconds.clone(),
        );
        registry.register(
            "queue_overdue",
            "Items that nobody read, or took up, in time",
            self.queue_overdue.clone(),
        );
        registry.register(
            "casework_behind",
            "Entries of the audit trail that casework has not followed yet",
            self.casework_behind.clone(),
        );
        registry.register("sessions", "Open sessions", self.sessions.clone());
        registry.register("requests", "Requests to the staff listener", self.requests.clone());
        registry.register("events", "Events sent to other systems", self.events.clone());
        registry.register(
            "unanswered",
            "Contacts that a point of contact did not answer in time, passed on",
            self.unanswered.clone(),
        );
        registry.register(
            "tokens",
            "API tokens that expire soon or have expired",
            self.tokens.clone(),
        );
        registry.register("sign_in_failures", "Failed sign-ins", self.sign_in_failures.clone());
    }

    /// What only those who run the gateway look at.
    fn register_operation(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "trace_spans",
            "Spans of traces that the collector took, or that were lost",
            self.spans.clone(),
        );
        registry.register(
            "reloads_refused",
            "Reloads that changed nothing, because the configuration could not be served",
            self.reloads_refused.clone(),
        );
    }

    /// What the helper of the safeguards said of a contact: `added`, `nothing` or `failed`.
    pub fn asked_helper(&self, organisation: &str, said: &'static str) {
        let labels = HelperLabels { organisation: organisation.to_owned(), said };
        self.helper.get_or_create(&labels).inc();
    }

    /// Spans that the collector took (`sent`), or that were `lost`.
    pub fn spans(&self, result: &'static str, spans: u64) {
        self.spans.get_or_create(&SpanLabels { result }).inc_by(spans);
    }

    /// Whether a part works, as `ready` and the gateway's own looks found it.
    pub fn part(&self, part: &'static str, works: bool) {
        self.part_up.get_or_create(&PartLabels { part }).set(i64::from(works));
    }

    /// The text form, for one organisation: what belongs to no organisation, and its own. A token
    /// of one organisation shows nothing of another.
    pub fn text_for(&self, organisation: &str) -> String {
        let mut whole = String::new();
        // Writing to a `String` has no error of its own.
        let _ = text::encode(&mut whole, &self.registry);
        let own = format!("organisation=\"{organisation}\"");
        let mut shown = String::with_capacity(whole.len());
        for line in whole.lines() {
            if !line.contains("organisation=\"") || line.contains(&own) {
                shown.push_str(line);
                shown.push('\n');
            }
        }
        shown
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(organisation: &str) -> ContactLabels {
        ContactLabels {
            organisation: organisation.to_owned(),
            channel: "email",
            disposition: "limit",
            mode: "enforce",
        }
    }

    #[test]
    fn an_organisation_sees_its_own_counts_and_those_of_the_process() {
        let metrics = Metrics::new();
        metrics.contacts.get_or_create(&labels("karbon")).inc();
        metrics.contacts.get_or_create(&labels("calico")).inc();
        metrics.repeats.inc();
        let text = metrics.text_for("karbon");
        assert!(text.contains("contact_gateway_contacts_total{organisation=\"karbon\""), "{text}");
        assert!(!text.contains("calico"), "{text}");
        assert!(text.contains("contact_gateway_repeats_total 1"), "{text}");
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn each_kind_of_abuse_is_there_before_the_first_so_that_a_burst_is_an_increase() {
        let text = Metrics::new().text_for("karbon");
        for abuse in Abuse::ALL {
            let line = format!("contact_gateway_abuse_total{{kind=\"{}\"}} 0\n", abuse.name());
            assert!(text.contains(&line), "{line}: {text}");
        }
    }
}
