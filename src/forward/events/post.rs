//! One attempt to tell a receiver.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::letter::{MEDIA_TYPE, WireEvent};
use super::signature::{Key, sign};
use crate::runtime::http_client::{NoAuthorities, connector};
use crate::runtime::limits::{EVENT_ANSWER_WAIT, EVENT_PAUSE_MAX};

/// What a receiver said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PostAnswer {
    /// 2xx: it has the event.
    Taken,
    /// It did not take it now: away, too slow, 408, 429, 5xx. `wait`: what it asked for.
    Later { why: String, wait: Option<Duration> },
    /// It will not take this event: any other status, redirects among them.
    Refused { why: String },
    /// 410: it wants no more events (Standard Webhooks).
    Gone,
}

/// Posts events to one receiver.
pub(super) struct Post {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: Uri,
    keys: Vec<Key>,
}

impl Post {
    /// # Errors
    /// The URL is https, and the machine knows no certificate authority.
    pub(super) fn new(url: Uri, keys: Vec<Key>) -> Result<Self, NoAuthorities> {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(1)
            .build(connector(url.scheme_str() == Some("https"))?);
        Ok(Post { client, url, keys })
    }

    /// Tells the event once. Redirects are not followed: the receiver that is configured is the one
    /// that is sent.
    pub(super) async fn tell(&self, letter: &WireEvent, now: DateTime<Utc>) -> PostAnswer {
        let request = match self.request(letter, now.timestamp()) {
            Ok(request) => request,
            Err(_) => return PostAnswer::Refused { why: "the request can't be made".to_owned() },
        };
        let later = |why: &str| PostAnswer::Later { why: why.to_owned(), wait: None };
        match tokio::time::timeout(EVENT_ANSWER_WAIT, self.client.request(request)).await {
            Ok(Ok(response)) => said(response.status(), response.headers()),
            Ok(Err(_)) => later("it can't be reached"),
            Err(_) => later("it does not answer in time"),
        }
    }

    fn request(
        &self,
        letter: &WireEvent,
        timestamp: i64,
    ) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let signature = sign(&self.keys, &letter.id, timestamp, &letter.body);
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(self.url.clone())
            .header(CONTENT_TYPE, MEDIA_TYPE)
            .header(USER_AGENT, concat!("contact-gateway/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", &letter.id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature);
        if let Some(authority) = self.url.authority() {
            request = request.header(HOST, authority.as_str());
        }
        request.body(Full::new(letter.body.clone()))
    }
}

fn said(status: StatusCode, headers: &HeaderMap<HeaderValue>) -> PostAnswer {
    let why = format!("it answered {}", status.as_u16());
    match status {
        StatusCode::GONE => PostAnswer::Gone,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            PostAnswer::Later { why, wait: asked_for(headers) }
        }
        status if status.is_success() => PostAnswer::Taken,
        status if status.is_server_error() => PostAnswer::Later { why, wait: asked_for(headers) },
        _ => PostAnswer::Refused { why },
    }
}

/// `Retry-After` in seconds (RFC 9110 10.2.3), as far as the gateway waits at all. A date is not
/// read: the gateway's own pause does as well.
fn asked_for(headers: &HeaderMap<HeaderValue>) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(EVENT_PAUSE_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_what_comes_next() {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("7"))]);
        let of = |status: u16| said(StatusCode::from_u16(status).unwrap(), &headers);
        assert_eq!(of(204), PostAnswer::Taken);
        assert_eq!(of(410), PostAnswer::Gone);
        for status in [301, 302, 400, 401, 404, 413] {
            assert!(matches!(of(status), PostAnswer::Refused { .. }), "{status}");
        }
        for status in [408, 429, 500, 503] {
            let wait = Some(Duration::from_secs(7));
            assert!(
                matches!(of(status), PostAnswer::Later { wait: w, .. } if w == wait),
                "{status}"
            );
        }
    }

    #[test]
    fn a_wait_that_is_too_long_is_not_waited_for() {
        let ask = |value: &'static str| {
            asked_for(&HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]))
        };
        assert_eq!(ask("999999999"), Some(EVENT_PAUSE_MAX));
        assert_eq!(ask("Wed, 21 Oct 2026 07:28:00 GMT"), None);
    }
}
