//! Spans that are recorded.

use std::str::FromStr as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use hyper::HeaderMap;
use hyper::header::HeaderValue;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{
    Span as _, SpanContext, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceState,
    Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider, Span, SpanProcessor};

use super::{CONTACT, TRACEPARENT, TRACESTATE, TraceStep, TracedEdge};
use crate::runtime::tokens::{hex, sha256};

/// Digits that are shown of the digest of an id chosen by others.
const DIGEST_DIGITS: usize = 16;

/// Makes traces.
pub(super) struct Recorder {
    tracer: SdkTracer,
    /// The store's name among databases (OpenTelemetry's `db.system.name`).
    store: &'static str,
}

/// What a trace's spans share.
struct Whole {
    tracer: SdkTracer,
    store: &'static str,
    edge: TracedEdge,
    /// Whether the trace began elsewhere; its state is then passed on as well.
    continued: bool,
    /// The first contact's, if a message has several organisations: attributes can be set only once.
    contact: OnceLock<String>,
    decided: OnceLock<()>,
}

/// One span.
pub(super) struct Recorded {
    span: Mutex<Span>,
    context: SpanContext,
    whole: Arc<Whole>,
    /// The trace's first span; `None` on that span itself.
    first: Option<Arc<Recorded>>,
}

/// The field of a request that identifies its trace.
struct Parent<'a>(&'a HeaderMap);

impl Extractor for Parent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        // The request's own fields pass the trace's state on; it is not for us to record.
        if key != TRACEPARENT.as_str() {
            return None;
        }
        let mut values = self.0.get_all(TRACEPARENT).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}

impl Recorder {
    /// `ended` receives finished spans.
    pub(super) fn new(
        sample: f64,
        store: &'static str,
        ended: impl SpanProcessor + 'static,
    ) -> Self {
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(sample)));
        let provider =
            SdkTracerProvider::builder().with_sampler(sampler).with_span_processor(ended).build();
        Recorder { tracer: provider.tracer("contact-gateway"), store }
    }

    /// `None` if the trace is not sampled.
    pub(super) fn begin(
        &self,
        edge: TracedEdge,
        from: Option<&HeaderMap>,
    ) -> Option<Arc<Recorded>> {
        let parent = match from {
            Some(headers) => TraceContextPropagator::new()
                .extract_with_context(&Context::new(), &Parent(headers)),
            None => Context::new(),
        };
        let builder = self.tracer.span_builder(edge.name()).with_kind(SpanKind::Server);
        let span = self.tracer.build_with_context(builder, &parent);
        if !span.is_recording() {
            return None;
        }
        let whole = Whole {
            tracer: self.tracer.clone(),
            store: self.store,
            edge,
            continued: parent.span().span_context().is_valid(),
            contact: OnceLock::new(),
            decided: OnceLock::new(),
        };
        let context = span.span_context().clone();
        let (span, whole) = (Mutex::new(span), Arc::new(whole));
        Some(Arc::new(Recorded { span, context, whole, first: None }))
    }
}

impl Recorded {
    /// `None` if this is about no contact, such as a message that is only relayed.
    pub(super) fn step(self: &Arc<Self>, step: TraceStep) -> Option<Arc<Recorded>> {
        let is_before =
            matches!(step, TraceStep::LookUp | TraceStep::StoreRead | TraceStep::Intake);
        if !is_before && self.whole.contact.get().is_none() {
            return None;
        }
        let whole = Arc::clone(&self.whole);
        let parent = Context::new().with_remote_span_context(self.context.clone());
        let mut builder = whole.tracer.span_builder(step.name()).with_kind(kind(step));
        if matches!(step, TraceStep::StoreCommit | TraceStep::StoreRead) {
            builder = builder.with_attributes([KeyValue::new("db.system.name", whole.store)]);
        }
        let span = whole.tracer.build_with_context(builder, &parent);
        let context = span.span_context().clone();
        let first = Arc::clone(self.first.as_ref().unwrap_or(self));
        Some(Arc::new(Recorded { span: Mutex::new(span), context, whole, first: Some(first) }))
    }

    fn set(&self, key: &'static str, value: impl Into<Value>) {
        let mut span = self.span.lock().unwrap_or_else(PoisonError::into_inner);
        span.set_attribute(KeyValue::new(key, value));
    }

    pub(super) fn of_contact(&self, organisation: &str, contact: &str, channel: &'static str) {
        let shown = if self.whole.edge.has_ids_of_others() {
            let digits: String =
                hex(&sha256(contact.as_bytes())).chars().take(DIGEST_DIGITS).collect();
            format!("sha256:{digits}")
        } else {
            contact.to_owned()
        };
        // A message to two organisations is a contact of each, with the same id.
        let is_new = self.whole.contact.set(shown.clone()).is_ok();
        let first = self.first.as_deref().filter(|_| is_new);
        for span in [Some(self), first].into_iter().flatten() {
            span.set(CONTACT, shown.clone());
            span.set("contact.channel", channel);
            span.set("organisation.id", organisation.to_owned());
        }
    }

    pub(super) fn decided(&self, disposition: &'static str, repeated: bool, stale: bool) {
        let is_new = self.whole.decided.set(()).is_ok();
        let first = self.first.as_deref().filter(|_| is_new);
        for span in [Some(self), first].into_iter().flatten() {
            span.set("contact.disposition", disposition);
            span.set("contact.repeated", repeated);
            span.set("contact.stale", stale);
        }
    }

    pub(super) fn came(&self, outcome: &'static str) {
        self.set("outcome", outcome);
    }

    pub(super) fn failed(&self, outcome: &'static str) {
        self.set("outcome", outcome);
        let mut span = self.span.lock().unwrap_or_else(PoisonError::into_inner);
        span.set_status(Status::error(outcome));
    }

    pub(super) fn answered(&self, code: u16) {
        self.set("answer.code", i64::from(code));
    }

    pub(super) fn passes_on(&self, headers: &mut HeaderMap) {
        let flags = self.context.trace_flags() & TraceFlags::SAMPLED;
        let (trace, span) = (self.context.trace_id(), self.context.span_id());
        let parent = format!("00-{trace}-{span}-{:02x}", flags.to_u8());
        let Ok(parent) = HeaderValue::try_from(parent) else { return };
        headers.insert(TRACEPARENT, parent);
        // The state belongs to a trace that began elsewhere, and is kept only if it can be read.
        let is_state = |value: &HeaderValue| {
            value.to_str().is_ok_and(|text| TraceState::from_str(text).is_ok())
        };
        let stays = self.whole.continued && headers.get_all(TRACESTATE).iter().all(is_state);
        if !stays {
            headers.remove(TRACESTATE);
        }
    }

    pub(super) fn ids(&self) -> (String, Option<String>) {
        (self.context.trace_id().to_string(), self.whole.contact.get().cloned())
    }
}

const fn kind(step: TraceStep) -> SpanKind {
    match step {
        TraceStep::Intake | TraceStep::LookUp | TraceStep::Decide => SpanKind::Internal,
        TraceStep::StoreCommit
        | TraceStep::StoreRead
        | TraceStep::Archive
        | TraceStep::Journal
        | TraceStep::Helper
        | TraceStep::Relay
        | TraceStep::Upstream
        | TraceStep::OwnMail => SpanKind::Client,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::metrics::Metrics;
    use crate::runtime::trace::collector::EndedSpans;

    fn recorder(sample: f64) -> Recorder {
        let (waiting, _) = EndedSpans::channel(Arc::new(Metrics::new()));
        Recorder::new(sample, "sqlite", waiting)
    }

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    const ELSEWHERE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_trace_that_began_elsewhere_goes_on_and_keeps_its_state() {
        let from = headers(&[("traceparent", ELSEWHERE), ("tracestate", "a=1")]);
        let first = recorder(0.0).begin(TracedEdge::Form, Some(&from)).unwrap();
        let mut to = from;
        assert!(first.step(TraceStep::Upstream).is_none(), "no contact yet");
        first.of_contact("karbon", "form-1", "web_form");
        first.step(TraceStep::Upstream).unwrap().passes_on(&mut to);
        let parent = to.get("traceparent").unwrap().to_str().unwrap();
        assert!(parent.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{parent}");
        assert_ne!(parent, ELSEWHERE);
        assert_eq!(to.get("tracestate").unwrap(), "a=1");
        let unsampled = headers(&[("traceparent", ELSEWHERE.replace("-01", "-00").as_str())]);
        assert!(recorder(1.0).begin(TracedEdge::Form, Some(&unsampled)).is_none());
    }

    #[test]
    fn a_trace_of_ours_takes_no_state_along() {
        let mut to = headers(&[("traceparent", ELSEWHERE), ("tracestate", "a=1")]);
        for from in [None, Some(headers(&[("traceparent", "no trace")]))] {
            let first = recorder(1.0).begin(TracedEdge::Form, from.as_ref()).unwrap();
            first.passes_on(&mut to);
            let parent = to.get("traceparent").unwrap().to_str().unwrap();
            assert!(!parent.contains("0af7651916cd43dd8448eb211c80319c"), "{parent}");
            assert!(to.get("tracestate").is_none());
        }
        assert!(recorder(0.0).begin(TracedEdge::Form, None).is_none());
    }

    #[test]
    fn an_id_that_others_chose_is_shown_as_its_digest() {
        for (edge, shown) in [
            (TracedEdge::Mail, "mail-ada@example.org"),
            (TracedEdge::Logged, "sha256:0123456789abcdef"),
        ] {
            let first = recorder(1.0).begin(edge, None).unwrap();
            assert_eq!(first.ids().1, None, "of no contact yet");
            let intake = first.step(TraceStep::Intake).unwrap();
            intake.of_contact("karbon", "mail-ada@example.org", "email");
            let contact = first.ids().1.unwrap();
            assert_eq!(contact.len(), shown.len(), "{contact}");
            assert_eq!(contact.contains('@'), edge == TracedEdge::Mail);
        }
    }
}
