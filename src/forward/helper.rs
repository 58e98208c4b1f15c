//! Asks a service of the organisation's own which safeguard lanes a text may belong to.
//!
//! It is sent the words and the channel, never who wrote: `{"channel": "email", "text": "…"}`, and answers
//! `{"lanes": ["emergency"], "because": "…"}`. Whatever else happens is as if it had said nothing.

pub mod settings;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use hyper::{Method, Request, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use self::settings::HelperSettings;
use crate::domain::channel::Channel;
use crate::domain::organisation::OrganisationId;
use crate::domain::safeguard::Lane;
use crate::ports::helper::{AddedLane, HelperFault, SafeguardHelper};
use crate::runtime::http_client::{NoAuthorities, connector};
use crate::runtime::limits::{
    HELPER_ANSWER_BYTES_MAX, HELPER_ASKED_MAX, HELPER_BECAUSE_CHARS_MAX, HELPER_FAILURES_MAX,
    HELPER_LEFT_ALONE, HELPER_TEXT_BYTES_MAX,
};
use crate::runtime::trace::TraceSpan;

/// The services of all organisations.
pub struct HttpHelpers {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    services: BTreeMap<OrganisationId, Service>,
}

struct Service {
    settings: HelperSettings,
    asked: Semaphore,
    /// Failures in a row, and until when it is not asked because of them, in seconds since 1970.
    failures: AtomicU32,
    left_until: AtomicI64,
}

#[derive(Serialize)]
struct Question<'a> {
    channel: Channel,
    text: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    lanes: Vec<String>,
    #[serde(default)]
    because: String,
}

impl HttpHelpers {
    /// # Errors
    /// A service is called by https, and the machine knows no certificate authority.
    pub fn new(settings: BTreeMap<OrganisationId, HelperSettings>) -> Result<Self, NoAuthorities> {
        let https = settings.values().any(|one| one.url.scheme_str() == Some("https"));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(4)
            .build(connector(https)?);
        let service = |settings| Service {
            settings,
            asked: Semaphore::new(HELPER_ASKED_MAX),
            failures: AtomicU32::new(0),
            left_until: AtomicI64::new(0),
        };
        let services = settings.into_iter().map(|(of, settings)| (of, service(settings)));
        Ok(HttpHelpers { client, services: services.collect() })
    }

    async fn ask(&self, url: &Uri, question: Vec<u8>) -> Result<Answer, HelperFault> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, concat!("contact-gateway/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(Bytes::from(question)))
            .map_err(|_| HelperFault::Away)?;
        TraceSpan::current().passes_on(request.headers_mut());
        let response = self.client.request(request).await.map_err(|_| HelperFault::Away)?;
        if !response.status().is_success() {
            return Err(HelperFault::Unreadable);
        }
        let body = Limited::new(response.into_body(), HELPER_ANSWER_BYTES_MAX);
        let body = body.collect().await.map_err(|_| HelperFault::Unreadable)?.to_bytes();
        serde_json::from_slice(&body).map_err(|_| HelperFault::Unreadable)
    }
}

impl Service {
    fn is_left_alone(&self, now: i64) -> bool {
        now < self.left_until.load(Ordering::Relaxed)
    }

    fn heard(&self, works: bool, now: i64) {
        if works {
            self.failures.store(0, Ordering::Relaxed);
        } else if self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= HELPER_FAILURES_MAX {
            self.failures.store(0, Ordering::Relaxed);
            self.left_until.store(now.saturating_add(left_alone()), Ordering::Relaxed);
        }
    }
}

fn left_alone() -> i64 {
    i64::try_from(HELPER_LEFT_ALONE.as_secs()).unwrap_or(i64::MAX)
}

#[async_trait]
impl SafeguardHelper for HttpHelpers {
    fn is_for(&self, organisation: &OrganisationId) -> bool {
        self.services.contains_key(organisation)
    }

    async fn lanes(
        &self,
        organisation: &OrganisationId,
        channel: Channel,
        words: &str,
    ) -> Result<Vec<AddedLane>, HelperFault> {
        let Some(service) = self.services.get(organisation) else { return Ok(Vec::new()) };
        let now = chrono::Utc::now().timestamp();
        let Ok(_turn) = service.asked.try_acquire() else { return Err(HelperFault::Busy) };
        if service.is_left_alone(now) {
            return Err(HelperFault::Busy);
        }
        let text = words.get(..words.floor_char_boundary(HELPER_TEXT_BYTES_MAX)).unwrap_or(words);
        // Plain values: writing them can't fail.
        let question = serde_json::to_vec(&Question { channel, text }).unwrap_or_default();
        let asking = self.ask(&service.settings.url, question);
        let answer = tokio::time::timeout(service.settings.wait, asking).await;
        let answer = answer.unwrap_or(Err(HelperFault::Slow));
        service.heard(answer.is_ok(), now);
        answer.map(lanes_of)
    }
}

/// The lanes that words can open, each once; what else it names is left out.
fn lanes_of(answer: Answer) -> Vec<AddedLane> {
    let because: String = answer.because.chars().take(HELPER_BECAUSE_CHARS_MAX).collect();
    let named =
        |lane: &Lane| lane.is_of_words() && answer.lanes.iter().any(|name| name == lane.name());
    let added = |lane| AddedLane { lane, because: because.clone() };
    Lane::ALL.into_iter().filter(named).map(added).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_adds_the_lanes_that_words_can_open_and_nothing_else() {
        let answer: Answer = serde_json::from_str(
            r#"{"lanes":["appeal","emergency","emergency","protected_sender","x"],"because":"b","score":1}"#,
        )
        .unwrap();
        let lanes: Vec<Lane> = lanes_of(answer).into_iter().map(|added| added.lane).collect();
        assert_eq!(lanes, [Lane::Emergency, Lane::Appeal]);
        assert!(lanes_of(serde_json::from_str("{}").unwrap()).is_empty());
    }

    #[test]
    fn a_service_that_fails_again_and_again_is_left_alone_for_a_while() {
        let settings =
            HelperSettings { url: Uri::from_static("http://x/"), wait: std::time::Duration::ZERO };
        let helpers =
            HttpHelpers::new(BTreeMap::from([(OrganisationId::new("a"), settings)])).unwrap();
        let service = helpers.services.get(&OrganisationId::new("a")).unwrap();
        for _ in 0..HELPER_FAILURES_MAX - 1 {
            service.heard(false, 100);
        }
        assert!(!service.is_left_alone(100));
        service.heard(true, 100);
        for _ in 0..HELPER_FAILURES_MAX {
            assert!(!service.is_left_alone(100));
            service.heard(false, 100);
        }
        assert!(service.is_left_alone(100));
        assert!(!service.is_left_alone(100 + left_alone()));
    }
}
