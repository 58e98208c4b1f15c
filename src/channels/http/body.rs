//! Bodies of requests and answers: in memory, or passing through.

use std::error::Error;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};

use crate::runtime::room::{Gathered, IncomingRoom};

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
    let mut gathered = Gathered::new(Vec::new(), IncomingRoom::for_body());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| match error.is::<TooSlow>() {
            true => CollectError::TooSlow,
            false => CollectError::Broken,
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if gathered.bytes().len() + data.len() > max {
            return Err(CollectError::TooLarge);
        }
        if !gathered.push(&data, max) {
            return Err(CollectError::NoRoom);
        }
    }
    Ok(gathered.finish())
}

/// Too long was waited for the next piece of a body, or for all of it.
#[derive(Debug, thiserror::Error)]
#[error("the body did not come in time")]
pub struct TooSlow;
