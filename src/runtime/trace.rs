//! One trace per contact, from the edge to the store and the server downstream (OpenTelemetry, feature `otlp`).
//!
//! A span carries fixed names, the organisation's id and the contact's: nothing that a sender wrote. The current span
//! is a variable of the task, so no signature carries it. Without the feature all of this compiles to nothing;
//! without a collector it costs one look at that variable.

#[cfg(feature = "otlp")]
mod collector;
#[cfg(feature = "otlp")]
mod recorded;

use hyper::HeaderMap;
#[cfg(feature = "otlp")]
use hyper::header::HeaderName;
use secrecy::SecretString;

#[cfg(feature = "otlp")]
use std::sync::Arc;

#[cfg(feature = "otlp")]
use futures_util::future::Either;

#[cfg(feature = "otlp")]
pub use self::collector::export;
#[cfg(feature = "otlp")]
use self::recorded::{Recorded, Recorder};

/// W3C Trace Context.
#[cfg(feature = "otlp")]
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
#[cfg(feature = "otlp")]
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// On a trace's first span; without it, the trace is about no contact.
#[cfg(feature = "otlp")]
const CONTACT: &str = "contact.id";

/// `[telemetry] otlp`.
#[derive(Debug, Clone)]
pub struct TraceSettings {
    /// The full address for requests.
    pub endpoint: hyper::Uri,
    /// The share of contacts that are traced, from 0 to 1.
    pub sample: f64,
    /// Sent as `Authorization: Bearer`.
    pub token: Option<SecretString>,
}

/// The edge where a contact comes in and its trace begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TracedEdge {
    /// SMTP, LMTP and piped mail.
    Mail,
    Milter,
    Form,
    /// Calls and texts by a provider, which chooses their ids.
    Telephony,
    /// Calls and contacts by a system of the organisation's, whose ids may contain anything.
    Switchboard,
    /// A proxy's question about a request.
    Proxy,
    /// `POST /decisions/contact`.
    Decision,
    /// `POST /contacts` and the console.
    Logged,
}

impl TracedEdge {
    pub const fn name(self) -> &'static str {
        match self {
            TracedEdge::Mail => "mail transaction",
            TracedEdge::Milter => "milter transaction",
            TracedEdge::Form => "form submission",
            TracedEdge::Telephony | TracedEdge::Switchboard => "telephony webhook",
            TracedEdge::Proxy => "proxy question",
            TracedEdge::Decision => "decision request",
            TracedEdge::Logged => "logged contact",
        }
    }

    /// Whether others choose the ids. These may contain an address or a number, so only their digest is shown.
    pub const fn has_ids_of_others(self) -> bool {
        match self {
            TracedEdge::Switchboard | TracedEdge::Decision | TracedEdge::Logged => true,
            TracedEdge::Mail
            | TracedEdge::Milter
            | TracedEdge::Form
            | TracedEdge::Telephony
            | TracedEdge::Proxy => false,
        }
    }
}

/// A step of handling a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceStep {
    /// Everything from the sender to the decision.
    Intake,
    /// Finding the sender, in memory.
    LookUp,
    /// The decision itself, within the store's transaction if there is one.
    Decide,
    StoreCommit,
    StoreRead,
    /// Storing the original.
    Archive,
    /// Recording the decision while the store is away.
    Journal,
    /// Asking the service that may add safeguards.
    Helper,
    /// Relaying to the mail server behind.
    Relay,
    /// Forwarding to the form's own handler, or the existing call flow.
    Upstream,
    /// Sending the gateway's own mail: a notice, or a routed form.
    OwnMail,
}

impl TraceStep {
    pub const fn name(self) -> &'static str {
        match self {
            TraceStep::Intake => "intake",
            TraceStep::LookUp => "look up",
            TraceStep::Decide => "decide",
            TraceStep::StoreCommit => "store commit",
            TraceStep::StoreRead => "store read",
            TraceStep::Archive => "archive",
            TraceStep::Journal => "journal",
            TraceStep::Helper => "helper",
            TraceStep::Relay => "relay",
            TraceStep::Upstream => "upstream",
            TraceStep::OwnMail => "own mail",
        }
    }
}

/// Makes traces; the default makes none.
#[derive(Clone, Default)]
pub struct Traces {
    #[cfg(feature = "otlp")]
    recorder: Option<Arc<Recorder>>,
}

impl Traces {
    /// Begins a contact's trace. `from`: the fields of a request that is trusted to continue a trace.
    pub fn begin(&self, edge: TracedEdge, from: Option<&HeaderMap>) -> TraceSpan {
        #[cfg(feature = "otlp")]
        {
            let begun = self.recorder.as_ref().and_then(|recorder| recorder.begin(edge, from));
            TraceSpan { recorded: begun }
        }
        #[cfg(not(feature = "otlp"))]
        {
            let _ = (edge, from);
            TraceSpan {}
        }
    }
}

/// A span, or nothing if the contact is not traced. It ends when its last clone is dropped.
#[derive(Clone, Default)]
pub struct TraceSpan {
    #[cfg(feature = "otlp")]
    recorded: Option<Arc<Recorded>>,
}

#[cfg(feature = "otlp")]
tokio::task_local! {
    static CURRENT: TraceSpan;
}

impl TraceSpan {
    /// The current span of the task.
    pub fn current() -> TraceSpan {
        #[cfg(feature = "otlp")]
        {
            CURRENT.try_with(Clone::clone).unwrap_or_default()
        }
        #[cfg(not(feature = "otlp"))]
        {
            TraceSpan {}
        }
    }

    /// Begins a step of the current span.
    pub fn next(step: TraceStep) -> TraceSpan {
        TraceSpan::current().step(step)
    }

    /// Begins a step of this span.
    #[must_use]
    pub fn step(&self, step: TraceStep) -> TraceSpan {
        #[cfg(feature = "otlp")]
        {
            TraceSpan { recorded: self.recorded.as_ref().and_then(|parent| parent.step(step)) }
        }
        #[cfg(not(feature = "otlp"))]
        {
            let _ = step;
            TraceSpan {}
        }
    }

    pub const fn is_recorded(&self) -> bool {
        #[cfg(feature = "otlp")]
        {
            self.recorded.is_some()
        }
        #[cfg(not(feature = "otlp"))]
        {
            false
        }
    }

    /// Runs work within this span.
    #[cfg(feature = "otlp")]
    pub fn around<F: Future>(self, work: F) -> impl Future<Output = F::Output> {
        if self.is_recorded() {
            Either::Right(CURRENT.scope(self, work))
        } else {
            Either::Left(work)
        }
    }

    /// Runs work within this span.
    #[cfg(not(feature = "otlp"))]
    pub fn around<F: Future>(self, work: F) -> F {
        work
    }

    /// Runs work within a step of the current span.
    pub fn during<F: Future>(step: TraceStep, work: F) -> impl Future<Output = F::Output> {
        TraceSpan::next(step).around(work)
    }

    /// Records whose contact this is, on this span, and on the trace's first unless it has one already.
    pub fn of_contact(&self, organisation: &str, contact: &str, channel: &'static str) {
        #[cfg(feature = "otlp")]
        if let Some(recorded) = &self.recorded {
            recorded.of_contact(organisation, contact, channel);
        }
        #[cfg(not(feature = "otlp"))]
        let _ = (organisation, contact, channel);
    }

    /// Records the decision, on this span and on the trace's first.
    pub fn decided(&self, disposition: &'static str, repeated: bool, stale: bool) {
        #[cfg(feature = "otlp")]
        if let Some(recorded) = &self.recorded {
            recorded.decided(disposition, repeated, stale);
        }
        #[cfg(not(feature = "otlp"))]
        let _ = (disposition, repeated, stale);
    }

    /// Records the outcome, as a fixed word.
    pub fn came(&self, outcome: &'static str) {
        #[cfg(feature = "otlp")]
        if let Some(recorded) = &self.recorded {
            recorded.came(outcome);
        }
        #[cfg(not(feature = "otlp"))]
        let _ = outcome;
    }

    /// Records a failure, as a fixed word.
    pub fn failed(&self, outcome: &'static str) {
        #[cfg(feature = "otlp")]
        if let Some(recorded) = &self.recorded {
            recorded.failed(outcome);
        }
        #[cfg(not(feature = "otlp"))]
        let _ = outcome;
    }

    /// Records the status of an HTTP answer, or the code of an SMTP one.
    pub fn answered(&self, code: u16) {
        #[cfg(feature = "otlp")]
        if let Some(recorded) = &self.recorded {
            recorded.answered(code);
        }
        #[cfg(not(feature = "otlp"))]
        let _ = code;
    }

    /// Adds the trace to a request's fields, for its receiver to continue. Without a trace they are left unchanged.
    pub fn passes_on(&self, headers: &mut HeaderMap) {
        #[cfg(feature = "otlp")]
        if let Some(recorded) = &self.recorded {
            recorded.passes_on(headers);
        }
        #[cfg(not(feature = "otlp"))]
        let _ = headers;
    }

    /// The ids of the trace and, once known, of its contact, for log lines.
    pub fn ids(&self) -> Option<(String, Option<String>)> {
        #[cfg(feature = "otlp")]
        {
            Some(self.recorded.as_ref()?.ids())
        }
        #[cfg(not(feature = "otlp"))]
        {
            None
        }
    }
}
