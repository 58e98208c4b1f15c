//! Answers of the contacts listener: their body type and how the gateway's own are made.

use std::error::Error;

use bytes::{Bytes, BytesMut};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};

use super::patient::TooSlow;
use crate::runtime::body_room::{BodyRoom, held};

pub type BoxError = Box<dyn Error + Send + Sync>;

/// A body passing through: whole in memory, or streamed.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// A body that is in memory.
pub fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// Why a body could not be taken into memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CollectError {
    #[error("the body is too large")]
    TooLarge,
    #[error("the body did not arrive whole")]
    Broken,
    #[error("the body did not arrive in time")]
    TooSlow,
    /// Too many bodies are in hand.
    #[error("there is no room for the body")]
    NoRoom,
}

/// A body of up to `max` bytes, in memory.
///
/// # Errors
/// It is larger, breaks off, takes too long, or there is no room for it.
pub async fn collected(mut body: Body, max: usize) -> Result<Bytes, CollectError> {
    let mut bytes = BytesMut::new();
    let mut room = BodyRoom::default();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| match error.is::<TooSlow>() {
            true => CollectError::TooSlow,
            false => CollectError::Broken,
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > max {
            return Err(CollectError::TooLarge);
        }
        if !room.grow(bytes.len() + data.len()) {
            return Err(CollectError::NoRoom);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(held(bytes, room))
}

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
