//! Sends spans to the collector: OTLP over HTTP, in protobuf. Spans wait in a bounded queue for a task that sends
//! them, so that a slow or missing collector delays only spans.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use opentelemetry::trace::SpanId;
use opentelemetry::{Context, KeyValue};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use prost::Message as _;
use secrecy::ExposeSecret as _;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use super::recorded::Recorder;
use super::{CONTACT, TraceSettings, Traces};
use crate::runtime::http_client::{NoAuthorities, connector};
use crate::runtime::limits::{
    TRACE_ANSWER_BYTES_MAX, TRACE_BATCH_MAX, TRACE_END_WAIT, TRACE_EXPORT_WAIT, TRACE_GATHER_WAIT,
    TRACE_LOST_SAID_EVERY, TRACE_SPANS_MAX,
};
use crate::runtime::metrics::Metrics;

/// Makes traces, with the task that sends them. The task ends once the traces are dropped and the rest is sent, or
/// after [`TRACE_END_WAIT`].
///
/// # Errors
/// The collector is called by https, and the machine has no trusted certificate authorities.
pub fn export(
    settings: &TraceSettings,
    store: &'static str,
    metrics: Arc<Metrics>,
) -> Result<(Traces, impl Future<Output = ()> + use<>), NoAuthorities> {
    let (waiting, spans) = EndedSpans::channel(Arc::clone(&metrics));
    let https = settings.endpoint.scheme_str() == Some("https");
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_max_idle_per_host(1)
        .build(connector(https)?);
    let resource = Resource::builder()
        .with_service_name("contact-gateway")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let collector = Collector {
        client,
        endpoint: settings.endpoint.clone(),
        authorization: settings.token.as_ref().and_then(|token| {
            let mut value =
                HeaderValue::try_from(format!("Bearer {}", token.expose_secret())).ok()?;
            value.set_sensitive(true);
            Some(value)
        }),
        resource: ResourceAttributesWithSchema::from(&resource),
        metrics,
        said: None,
    };
    let recorder = Arc::new(Recorder::new(settings.sample, store, waiting));
    Ok((Traces { recorder: Some(recorder) }, collector.run(spans)))
}

/// The queue for ended spans.
#[derive(Clone)]
pub(super) struct EndedSpans {
    spans: mpsc::Sender<SpanData>,
    metrics: Arc<Metrics>,
}

impl EndedSpans {
    pub(super) fn channel(metrics: Arc<Metrics>) -> (EndedSpans, mpsc::Receiver<SpanData>) {
        let (spans, ended) = mpsc::channel(TRACE_SPANS_MAX);
        (EndedSpans { spans, metrics }, ended)
    }
}

impl fmt::Debug for EndedSpans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndedSpans").finish_non_exhaustive()
    }
}

impl SpanProcessor for EndedSpans {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        let is_first = span.parent_span_id == SpanId::INVALID || span.parent_span_is_remote;
        // Nothing here was a contact, or it had been answered before.
        if is_first && !span.attributes.iter().any(|one| one.key.as_str() == CONTACT) {
            return;
        }
        if self.spans.try_send(span).is_err() {
            self.metrics.spans("lost", 1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Why the collector did not accept spans. It never contains the collector's words.
#[derive(Debug, thiserror::Error)]
enum Untaken {
    #[error("it can't be reached")]
    Unreachable,
    #[error("it does not answer in time")]
    Slow,
    #[error("it answered {0}")]
    Refused(u16),
    #[error("it accepted only a part")]
    Partly,
}

struct Collector {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    endpoint: Uri,
    authorization: Option<HeaderValue>,
    resource: ResourceAttributesWithSchema,
    metrics: Arc<Metrics>,
    /// When the log last reported lost spans.
    said: Option<Instant>,
}

impl Collector {
    async fn run(mut self, mut spans: mpsc::Receiver<SpanData>) {
        let mut end = None;
        loop {
            let batch = gather(&mut spans).await;
            if batch.is_empty() {
                return;
            }
            let wait = if spans.is_closed() {
                let end = *end.get_or_insert_with(|| Instant::now() + TRACE_END_WAIT);
                end.saturating_duration_since(Instant::now())
            } else {
                TRACE_EXPORT_WAIT
            };
            self.send(batch, wait).await;
        }
    }

    async fn send(&mut self, batch: Vec<SpanData>, wait: Duration) {
        let all = batch.len() as u64;
        let sending = timeout(wait, self.sent(batch)).await;
        let (lost, why) = match sending.unwrap_or(Err(Untaken::Slow)) {
            Ok(0) => (0, None),
            Ok(rejected) => (rejected.min(all), Some(Untaken::Partly)),
            Err(why) => (all, Some(why)),
        };
        self.metrics.spans("sent", all - lost);
        self.metrics.spans("lost", lost);
        let is_said = self.said.is_some_and(|said| said.elapsed() < TRACE_LOST_SAID_EVERY);
        if let Some(why) = why.filter(|_| !is_said) {
            self.said = Some(Instant::now());
            tracing::warn!(lost, %why, "the collector did not accept traces; contacts are not affected");
        }
    }

    /// How many spans the collector rejected.
    async fn sent(&self, batch: Vec<SpanData>) -> Result<u64, Untaken> {
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.endpoint.clone();
        let fields = request.headers_mut();
        fields.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        fields.insert(
            USER_AGENT,
            HeaderValue::from_static(concat!("contact-gateway/", env!("CARGO_PKG_VERSION"))),
        );
        if let Some(authorization) = &self.authorization {
            fields.insert(AUTHORIZATION, authorization.clone());
        }
        let response = self.client.request(request).await.map_err(|_| Untaken::Unreachable)?;
        let status = response.status();
        if !status.is_success() {
            return Err(Untaken::Refused(status.as_u16()));
        }
        let body = Limited::new(response.into_body(), TRACE_ANSWER_BYTES_MAX);
        // The status says that it accepted them; the rest may be unreadable.
        let Ok(body) = body.collect().await else { return Ok(0) };
        let answer = ExportTraceServiceResponse::decode(body.to_bytes()).unwrap_or_default();
        let rejected = answer.partial_success.map_or(0, |partly| partly.rejected_spans);
        Ok(u64::try_from(rejected).unwrap_or(0))
    }
}

/// The spans of the next [`TRACE_GATHER_WAIT`], up to a request's worth; empty once there are no more to come.
async fn gather(spans: &mut mpsc::Receiver<SpanData>) -> Vec<SpanData> {
    let mut batch = Vec::new();
    if spans.recv_many(&mut batch, TRACE_BATCH_MAX).await == 0 {
        return batch;
    }
    let latest = Instant::now() + TRACE_GATHER_WAIT;
    while batch.len() < TRACE_BATCH_MAX {
        let room = TRACE_BATCH_MAX - batch.len();
        match timeout_at(latest, spans.recv_many(&mut batch, room)).await {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    batch
}
