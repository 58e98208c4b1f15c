//! One stream of events for a browser (Server-Sent Events, HTML Living Standard 9.2): ids and counts of what
//! comes and changes on queues. The pages add it to their content, and also work without it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use tokio::time::Instant;

use super::asked::Asked;
use super::visit::VisitOf;
use crate::casework::live::News;
use crate::runtime::limits::{
    LIVE_POLL, LIVE_SESSION_CHECK, LIVE_SILENCE, LIVE_STREAMS_MAX, LIVE_STREAMS_OF_SESSION_MAX,
};
use crate::staff::Staff;
use crate::staff::permit::WorksQueues;

pub(super) const PATH: &str = "/live";

/// How long a browser waits before it opens a stream that broke off again.
const OPEN_AGAIN: Duration = Duration::from_secs(3);
/// When a browser may try again if too many streams are open, in seconds.
const NO_PLACE_WAIT: &str = "60";

/// Streams that are open, by session.
#[derive(Default)]
pub struct Streams(Arc<Mutex<HashMap<String, usize>>>);

impl Streams {
    /// A place for one more, or the status with which it is refused.
    fn place(&self, session: &str) -> Result<Place, StatusCode> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.values().sum::<usize>() >= LIVE_STREAMS_MAX {
            return Err(StatusCode::SERVICE_UNAVAILABLE);
        }
        let own = open.entry(session.to_owned()).or_default();
        if *own >= LIVE_STREAMS_OF_SESSION_MAX {
            return Err(StatusCode::TOO_MANY_REQUESTS);
        }
        *own += 1;
        Ok(Place { streams: Arc::clone(&self.0), session: session.to_owned() })
    }
}

/// An open stream's place, free again when it ends.
struct Place {
    streams: Arc<Mutex<HashMap<String, usize>>>,
    session: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = open.get_mut(&self.session) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                open.remove(&self.session);
            }
        }
    }
}

/// What an event says. Ids and counts: never a name, an address or a text.
#[derive(Serialize)]
struct Said<'a> {
    n: u64,
    /// Number, queue, item.
    came: Vec<(u64, &'a str, &'a str)>,
    /// Number, item.
    changed: Vec<(u64, &'a str)>,
    waiting: &'a std::collections::BTreeMap<String, u64>,
    missed: bool,
    /// Items that somebody opened or left.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    here: &'a [String],
}

fn event(news: &News, here: &[String]) -> Event {
    let said = Said {
        n: news.number,
        came: news
            .came
            .iter()
            .map(|one| (one.number, one.queue.as_str(), one.item.as_str()))
            .collect(),
        changed: news.changed.iter().map(|one| (one.number, one.item.as_str())).collect(),
        waiting: &news.waiting,
        missed: news.missed,
        here,
    };
    let text = serde_json::to_string(&said).unwrap_or_default();
    Event::default().id(news.number.to_string()).retry(OPEN_AGAIN).data(text)
}

/// One browser's stream, while it lasts.
struct Stream {
    staff: Arc<Staff>,
    visit: VisitOf<WorksQueues>,
    _place: Place,
    /// The number behind which it goes on; none: nothing was sent yet.
    after: Option<u64>,
    waiting: Option<std::collections::BTreeMap<String, u64>>,
    /// The last step of those who open items and leave them.
    seen: Option<u64>,
    spoke: Instant,
    checked: Instant,
}

impl Stream {
    /// The next event; none: the stream ends, and a browser that may opens another.
    async fn next(mut self) -> Option<(Event, Stream)> {
        loop {
            let desk = &self.staff.casework(&self.visit).desk;
            if self.checked.elapsed() >= LIVE_SESSION_CHECK {
                let accounts = &self.staff.casework(&self.visit).accounts;
                let organisation = &self.visit.organisation.id;
                if !accounts.still_lives(organisation, &self.visit.live).await.ok()? {
                    return None;
                }
                self.checked = Instant::now();
            }
            // A store that is away ends it; the browser comes again.
            let news = desk.news(&self.visit.organisation.id, self.after).await.ok()?;
            self.after = Some(news.number);
            let (seen, here) = self.staff.presence.changed(&self.visit.organisation.id, self.seen);
            self.seen = Some(seen);
            let is_new = news.missed
                || !here.is_empty()
                || !news.came.is_empty()
                || !news.changed.is_empty()
                || self.waiting.as_ref() != Some(&news.waiting);
            if is_new {
                self.spoke = Instant::now();
                self.waiting = Some(news.waiting.clone());
                return Some((event(&news, &here), self));
            }
            if self.spoke.elapsed() >= LIVE_SILENCE {
                self.spoke = Instant::now();
                // No data: the browser notes the number, and tells nobody.
                let silence = Event::default().id(news.number.to_string()).comment("");
                return Some((silence, self));
            }
            tokio::select! {
                () = tokio::time::sleep(LIVE_POLL) => {}
                () = desk.until_closing() => return None,
            }
        }
    }
}

/// Where to go on: what the browser got last, or what its page was made from.
fn goes_on(headers: &HeaderMap, asked: &Asked) -> Option<u64> {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    last.and_then(|last| last.trim().parse().ok()).or_else(|| asked.number("after"))
}

pub(super) async fn stream(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<WorksQueues>,
    headers: HeaderMap,
    asked: Asked,
) -> Response {
    let place = match staff.streams.place(&visit.live.id) {
        Ok(place) => place,
        Err(status) => return (status, [(RETRY_AFTER, NO_PLACE_WAIT)]).into_response(),
    };
    let now = Instant::now();
    let stream = Stream {
        after: goes_on(&headers, &asked),
        waiting: None,
        seen: None,
        staff,
        visit,
        _place: place,
        spoke: now,
        checked: now,
    };
    let events = stream::unfold(Some(stream), |stream| async move {
        let (event, stream) = Box::pin(stream?.next()).await?;
        Some((Ok::<_, Infallible>(event), Some(stream)))
    });
    let mut response = Sse::new(events).into_response();
    let headers = response.headers_mut();
    // Proxies hand on each event as it comes; nginx reads the one, others the other.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store, no-transform"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_so_many_streams_and_a_place_that_is_left_is_free() {
        let streams = Streams::default();
        let mut held: Vec<Place> =
            (0..LIVE_STREAMS_OF_SESSION_MAX).map(|_| streams.place("a").ok().unwrap()).collect();
        assert_eq!(streams.place("a").err(), Some(StatusCode::TOO_MANY_REQUESTS));
        assert!(streams.place("b").is_ok());
        held.pop();
        assert!(streams.place("a").is_ok());
        drop(held);
        assert!(streams.0.lock().unwrap().is_empty());
    }

    #[test]
    fn all_streams_together_are_bounded() {
        let streams = Streams::default();
        let held: Vec<Place> =
            (0..LIVE_STREAMS_MAX).map(|n| streams.place(&n.to_string()).ok().unwrap()).collect();
        assert_eq!(streams.place("one more").err(), Some(StatusCode::SERVICE_UNAVAILABLE));
        drop(held);
        assert!(streams.place("one more").is_ok());
    }
}
