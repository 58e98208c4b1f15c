//! Answers that are in memory: the gateway's own, and those that are given again.

use bytes::Bytes;

use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};

use super::body::{Body, whole};

/// An answer that is in memory and can be given again.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// An answer of the gateway's own. It may concern one person, so that nothing on the way may
    /// keep it (RFC 9111 5.2.2.5).
    pub fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Answer { status, headers, body: body.into() }
    }

    /// About the memory that it takes, in bytes.
    pub fn weight(&self) -> usize {
        let fields = self.headers.iter();
        let fields: usize = fields.map(|(name, value)| name.as_str().len() + value.len()).sum();
        fields + self.body.len()
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

impl From<Answer> for Response<Body> {
    fn from(answer: Answer) -> Self {
        let mut response = Response::new(whole(answer.body));
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        response
    }
}
