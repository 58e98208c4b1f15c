//! What requests bring: taken into memory here and nowhere else, counted in the room that all bodies share, and
//! held there until the request is answered.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::Request;
use axum::http::Extensions;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http_body_util::BodyExt as _;

use crate::runtime::room::IncomingRoom;

/// The room of one request's body and of what is made of it.
#[derive(Clone)]
struct InHand(Arc<Mutex<Counted>>);

struct Counted {
    room: IncomingRoom,
    bytes: usize,
}

/// Why a body is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotTaken {
    TooLarge,
    /// Too many bodies are in hand.
    NoRoom,
    /// It did not arrive whole: its sender is gone.
    Broken,
}

/// Gives each request its room, which is free again once it is answered. Stands around every route.
pub(super) async fn in_hand(mut request: Request, next: Next) -> Response {
    let counted = Counted { room: IncomingRoom::for_staff(), bytes: 0 };
    let held = InHand(Arc::new(Mutex::new(counted)));
    request.extensions_mut().insert(held.clone());
    let response = next.run(request).await;
    held.give_back();
    response
}

impl InHand {
    fn more(&self, bytes: usize) -> Result<(), NotTaken> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = counted.bytes.saturating_add(bytes);
        if !counted.room.grow(whole) {
            return Err(NotTaken::NoRoom);
        }
        counted.bytes = whole;
        Ok(())
    }

    fn give_back(&self) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.room.clear();
        counted.bytes = 0;
    }
}

/// Takes room for what is made of a body, in bytes.
///
/// # Errors
/// [`NotTaken::NoRoom`].
pub(super) fn make_room(of: &Extensions, bytes: usize) -> Result<(), NotTaken> {
    // A route outside of `in_hand` takes no body at all.
    of.get::<InHand>().ok_or(NotTaken::NoRoom)?.more(bytes)
}

/// A body of up to `max` bytes, in memory.
///
/// # Errors
/// It is larger, breaks off, or there is no room for it.
pub(super) async fn taken(of: &Extensions, mut body: Body, max: usize) -> Result<Bytes, NotTaken> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| NotTaken::Broken)?.into_data() else { continue };
        let whole = bytes.len() + data.len();
        if whole > max {
            return Err(NotTaken::TooLarge);
        }
        if whole > bytes.capacity() {
            // What is made is counted, not what is in it.
            let more = whole.max(2 * bytes.capacity()).min(max) - bytes.len();
            make_room(of, bytes.len() + more - bytes.capacity())?;
            bytes.reserve_exact(more);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Bytes::from(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::limits::STAFF_MEMORY_BYTES_MAX;

    fn request() -> (InHand, Extensions) {
        let counted = Counted { room: IncomingRoom::for_staff(), bytes: 0 };
        let held = InHand(Arc::new(Mutex::new(counted)));
        let mut extensions = Extensions::new();
        extensions.insert(held.clone());
        (held, extensions)
    }

    #[tokio::test]
    async fn a_body_and_what_is_made_of_it_take_room_until_the_answer() {
        let (held, request) = request();
        let body = Body::from(vec![b'a'; 5_000]);
        assert_eq!(taken(&request, body, 5_000).await.unwrap().len(), 5_000);
        make_room(&request, 10_000).unwrap();
        let mut others = IncomingRoom::for_staff();
        assert!(!others.grow(STAFF_MEMORY_BYTES_MAX - 12 * 1024));
        held.give_back();
        assert!(others.grow(STAFF_MEMORY_BYTES_MAX));
        assert_eq!(make_room(&request, 1), Err(NotTaken::NoRoom));
        assert_eq!(taken(&request, Body::from("a"), 10).await, Err(NotTaken::NoRoom));
        assert_eq!(taken(&request, Body::empty(), 10).await.unwrap(), "");
    }

    #[tokio::test]
    async fn a_larger_body_and_one_without_a_room_are_not_taken() {
        let (_held, request) = request();
        assert_eq!(taken(&request, Body::from("abc"), 2).await, Err(NotTaken::TooLarge));
        let none = Extensions::new();
        assert_eq!(taken(&none, Body::from("a"), 2).await, Err(NotTaken::NoRoom));
    }
}
