//! One trace per contact, from the edge to the store and the server downstream (OpenTelemetry, feature `otlp`).
//!
//! A span carries names that are written in this program, the organisation's id and the contact's: nothing that a
//! sender wrote. A task knows the span that it works in, so that nothing has to be handed through. Without the feature
//! all of this compiles to nothing; without a collector it costs a look at a variable of the task.

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
/// On a trace's first span, without which it is of no contact.
#[cfg(feature = "otlp")]
const CONTACT: &str = "contact.id";

/// `[telemetry] otlp`.
#[derive(Debug, Clone)]
pub struct TraceSettings {
    /// Where requests go, with the path.
    pub endpoint: hyper::Uri,
    /// The share of contacts that are traced, from 0 to 1.
    pub sample: f64,
    /// Sent as `Authorization: Bearer`.
    pub token: Option<SecretString>,
}

/// Where a contact comes in: its trace begins there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TracedEdge {
    /// SMTP, LMTP and piped mail.
    Mail,
    Milter,
    Form,
    /// Calls and texts of a provider, which makes their ids.
    Telephony,
    /// Calls and contacts of a system of the organisation's, which may make ids of anything.
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

    /// Whether others choose the ids: these may hold an address or a number, and only their digest is shown.
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

/// What is done with a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceStep {
    /// Everything from the sender to the decision.
    Intake,
    /// Who it is from, in memory.
    LookUp,
    /// The decision itself, within the store's transaction where there is one.
    Decide,
    StoreCommit,
    StoreRead,
    /// Of the original.
    Archive,
    /// Without the store.
    Journal,
    /// The service that may add safeguards.
    Helper,
    /// To the mail server behind.
    Relay,
    /// To the form's own handler, or the existing call flow.
    Upstream,
    /// Mail of the gateway's own: a notice, or a routed form.
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

/// What makes traces; the default makes none.
#[derive(Clone, Default)]
pub struct Traces {
    #[cfg(feature = "otlp")]
    recorder: Option<Arc<Recorder>>,
}

impl Traces {
    /// Begins a contact's trace. `from`: the fields of a request whose sender is trusted, so that its trace goes on.
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

/// A span, or nothing where the contact is not traced. It ends with its last clone.
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
    /// The span in which the task works.
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

    /// Works within this span.
    #[cfg(feature = "otlp")]
    pub fn around<F: Future>(self, work: F) -> impl Future<Output = F::Output> {
        if self.is_recorded() {
            Either::Right(CURRENT.scope(self, work))
        } else {
            Either::Left(work)
        }
    }

    /// Works within this span.
    #[cfg(not(feature = "otlp"))]
    pub fn around<F: Future>(self, work: F) -> F {
        work
    }

    /// Works within a step of the current span.
    pub fn during<F: Future>(step: TraceStep, work: F) -> impl Future<Output = F::Output> {
        TraceSpan::next(step).around(work)
    }

    /// Says whose contact this is: on this span, and on the trace's first unless it has one already.
    pub fn of_contact(&self, organisation: &str, contact: &str, channel: &'static str) {
        #[cfg(feature = "otlp")]
        if let Some(recorded) = &self.recorded {
            recorded.of_contact(organisation, contact, channel);
        }
        #[cfg(not(feature = "otlp"))]
        let _ = (organisation, contact, channel);
    }

    /// Says what was decided: on this span, and on the trace's first.
    pub fn decided(&self, disposition: &'static str, repeated: bool, stale: bool) {
        #[cfg(feature = "otlp")]
        if let Some(recorded) = &self.recorded {
            recorded.decided(disposition, repeated, stale);
        }
        #[cfg(not(feature = "otlp"))]
        let _ = (disposition, repeated, stale);
    }

    /// Says what came of it, in a word of the program's own.
    pub fn came(&self, outcome: &'static str) {
        #[cfg(feature = "otlp")]
        if let Some(recorded) = &self.recorded {
            recorded.came(outcome);
        }
        #[cfg(not(feature = "otlp"))]
        let _ = outcome;
    }

    /// Says that it failed, and how, in a word of the program's own.
    pub fn failed(&self, outcome: &'static str) {
        #[cfg(feature = "otlp")]
        if let Some(recorded) = &self.recorded {
            recorded.failed(outcome);
        }
        #[cfg(not(feature = "otlp"))]
        let _ = outcome;
    }

    /// The status of an answer by HTTP, or the code of one by SMTP.
    pub fn answered(&self, code: u16) {
        #[cfg(feature = "otlp")]
        if let Some(recorded) = &self.recorded {
            recorded.answered(code);
        }
        #[cfg(not(feature = "otlp"))]
        let _ = code;
    }

    /// Lets the receiver of a request with these fields continue the trace. Without a trace they stay as they are.
    pub fn passes_on(&self, headers: &mut HeaderMap) {
        #[cfg(feature = "otlp")]
        if let Some(recorded) = &self.recorded {
            recorded.passes_on(headers);
        }
        #[cfg(not(feature = "otlp"))]
        let _ = headers;
    }

    /// The ids of the trace and of its contact, once it is known, for lines of the log.
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
