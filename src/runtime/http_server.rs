//! One HTTP listener: the accept loop, its bounds, and the drain at a stop.
//!
//! `axum::serve` has neither a header timeout nor a bound on connections nor one on the drain, so
//! that the loop is our own, on hyper.

mod checked;
mod drained;
pub mod framing;

use std::convert::Infallible;
use std::error::Error;
use std::future::{Future as _, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower::{Service, ServiceExt};

use self::checked::Checked;
use self::drained::Drained;
use super::accepting::Accepting;
use super::descriptors;
use super::limits::{
    FIRST_REQUEST_WAIT, HTTP_CONNECTIONS_MAX, HTTP_HEAD_BYTES_MAX, HTTP_HEADER_WAIT,
    HTTP_LATE_CONNECTIONS_MAX, HTTP_READ_BYTES_MAX, HTTP_STAFF_CONNECTIONS_MAX, HTTP_WRITE_WAIT,
};
use super::shutdown::Stopping;

/// Who is at the other end of the connection. Every request carries it as an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// The bounds of one listener.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// What the log calls it.
    pub listener: &'static str,
    /// Connections at once. More wait to be accepted.
    pub connections_max: usize,
    /// Connections that are still accepted once the stop was called.
    pub late_max: usize,
    /// Wait for a request's header block. Over: the connection is closed.
    pub header_wait: Duration,
    /// Wait until a peer takes some more of an answer. Over: the connection is closed.
    pub write_wait: Duration,
}

impl Bounds {
    /// The bounds of a listener, as far as the process may have files open.
    pub fn of(listener: &'static str) -> Self {
        Bounds::with(listener, HTTP_CONNECTIONS_MAX)
    }

    /// Those of the staff listener.
    pub fn of_staff() -> Self {
        Bounds::with("staff", HTTP_STAFF_CONNECTIONS_MAX)
    }

    fn with(listener: &'static str, most: usize) -> Self {
        let connections_max = descriptors::fitted(most);
        let (header_wait, write_wait) = (HTTP_HEADER_WAIT, HTTP_WRITE_WAIT);
        let late_max = HTTP_LATE_CONNECTIONS_MAX;
        Bounds { listener, connections_max, late_max, header_wait, write_wait }
    }
}

/// Serves until the stop is called, then finishes the requests in hand and returns. `service` is
/// an `axum::Router`, or any other tower service whose errors are answers already.
///
/// The waiter for this function's [`Stopping`] bounds how long the drain may take.
pub async fn serve<S, B>(listener: TcpListener, service: S, bounds: Bounds, mut stopping: Stopping)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let places = Arc::new(Semaphore::new(bounds.connections_max));
    let mut connections = JoinSet::new();
    let mut accepting = Accepting::new(bounds.listener);
    let mut late = 0;
    while let Some((stream, peer, place)) =
        stopping.unless(accept(&listener, Arc::clone(&places), &mut accepting)).await.flatten()
    {
        // Those that have ended are let go of here, so that the set stays as small as the bound.
        while connections.try_join_next().is_some() {}
        late += usize::from(stopping.is_called());
        let service = service.clone();
        let stopping = stopping.clone();
        connections.spawn(async move {
            connection(stream, peer, service, bounds, stopping).await;
            drop(place);
        });
        if late >= bounds.late_max {
            break;
        }
    }
    // New connections are refused from here on; those that are open finish their request.
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// The next connection and its place among those allowed. `None` never comes in practice: the
/// semaphore is not closed by anybody.
async fn accept(
    listener: &TcpListener,
    places: Arc<Semaphore>,
    accepting: &mut Accepting,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = places.acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return Some((stream, peer, place)),
            Err(error) => accepting.failed(&error).await,
        }
    }
}

async fn connection<S, B>(
    stream: TcpStream,
    peer: SocketAddr,
    service: S,
    bounds: Bounds,
    mut stopping: Stopping,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    // Answers are small and written whole: waiting to fill a segment only adds delay.
    let _ = stream.set_nodelay(true);
    let service = service.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        request
    });
    let stream = Checked::new(Drained::new(stream, bounds.write_wait));
    let has_begun = stream.has_begun();
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.header_wait)
        .max_header_size(HTTP_HEAD_BYTES_MAX)
        .max_buf_size(HTTP_READ_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut served = pin!(served);
    tokio::select! {
        // A peer that goes away in the middle is its own business; nobody is left to answer.
        _ = served.as_mut() => return,
        () = stopping.called() => {}
    }
    // Hyper would close a connection of which it has read nothing, though a request may be on its way:
    // the peer was accepted, and not refused.
    if !has_begun.load(Ordering::Relaxed) {
        let first_byte_or_end = poll_fn(|context| match served.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if has_begun.load(Ordering::Relaxed) => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        });
        if timeout(FIRST_REQUEST_WAIT, first_byte_or_end).await == Ok(true) {
            return;
        }
    }
    served.as_mut().graceful_shutdown();
    let _ = served.await;
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::extract::Extension;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::runtime::limits::HEADS_MEMORY_BYTES_MAX;
    use crate::runtime::room::IncomingRoom;
    use crate::runtime::shutdown::Shutdown;

    async fn started(router: Router, bounds: Bounds) -> (SocketAddr, Shutdown) {
        let shutdown = Shutdown::new();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, router, bounds, shutdown.stopping()));
        (address, shutdown)
    }

    async fn answer(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    #[tokio::test]
    async fn a_request_knows_its_peer() {
        let router = Router::new().route(
            "/",
            get(|Extension(Peer(peer)): Extension<Peer>| async move { peer.ip().to_string() }),
        );
        let (address, shutdown) = started(router, Bounds::of("test")).await;
        assert!(answer(address, GET).await.ends_with("127.0.0.1"));
        assert!(shutdown.stop(Duration::from_secs(5)).await);
    }

    #[tokio::test]
    async fn long_heads_share_one_room() {
        let router = Router::new().route("/", get(|| async { "answered" }));
        let (address, shutdown) = started(router, Bounds::of("test")).await;
        let with_head_of =
            |bytes: usize| GET.replace("x\r", &format!("x\r\nX-Long: {}\r", "a".repeat(bytes)));
        let mut taken = IncomingRoom::for_head();
        assert!(taken.grow(HEADS_MEMORY_BYTES_MAX));
        assert!(answer(address, &with_head_of(4_000)).await.ends_with("answered"));
        // In one piece and in many.
        for bytes in [9_000, 30_000] {
            assert!(answer(address, &with_head_of(bytes)).await.starts_with("HTTP/1.1 400"));
        }
        taken.clear();
        assert!(answer(address, &with_head_of(30_000)).await.ends_with("answered"));
        assert!(shutdown.stop(Duration::from_secs(5)).await);
    }

    #[tokio::test]
    async fn a_stop_finishes_the_request_in_hand_and_takes_no_new_one() {
        let router = Router::new().route(
            "/",
            get(|| async {
                tokio::time::sleep(Duration::from_millis(300)).await;
                "whole"
            }),
        );
        let (address, shutdown) = started(router, Bounds::of("test")).await;
        let in_hand = tokio::spawn(answer(address, GET));
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(shutdown.stop(Duration::from_secs(5)).await);
        assert!(in_hand.await.unwrap().ends_with("whole"));
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn a_connection_that_was_accepted_before_a_stop_may_send_its_request() {
        let router = Router::new().route("/", get(|| async { "answered" }));
        let (address, shutdown) = started(router, Bounds::of("test")).await;
        let mut late = TcpStream::connect(address).await.unwrap();
        let silent = TcpStream::connect(address).await.unwrap();
        // Both are accepted once a third one behind them is served.
        assert!(answer(address, GET).await.ends_with("answered"));
        let stopped = tokio::spawn(shutdown.stop(Duration::from_secs(20)));
        tokio::time::sleep(Duration::from_millis(100)).await;
        late.write_all(GET.as_bytes()).await.unwrap();
        let mut read = String::new();
        late.read_to_string(&mut read).await.unwrap();
        assert!(read.ends_with("answered"), "{read:?}");
        assert!(stopped.await.unwrap(), "the silent one holds the stop up for a moment only");
        drop(silent);
    }

    #[tokio::test]
    async fn once_a_stop_is_called_those_that_wait_are_served_and_a_flood_is_not() {
        let router = Router::new().route("/", get(|| async { "answered" }));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        for _ in 0..5 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(GET.as_bytes()).await.unwrap();
            waiting.push(stream);
        }
        let shutdown = Shutdown::new();
        let stopping = shutdown.stopping();
        let stopped = tokio::spawn(shutdown.stop(Duration::from_secs(20)));
        // The stop is called meanwhile, and the runtime has heard that connections wait.
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(stopping.is_called());
        serve(listener, router, Bounds { late_max: 2, ..Bounds::of("test") }, stopping).await;
        assert!(stopped.await.unwrap());
        let mut answered = 0;
        for mut stream in waiting {
            let mut read = String::new();
            // One that was not accepted is reset.
            let _ = stream.read_to_string(&mut read).await;
            answered += usize::from(read.ends_with("answered"));
        }
        assert_eq!(answered, 2);
    }

    #[tokio::test]
    async fn a_peer_that_sends_no_header_is_closed() {
        let bounds = Bounds { header_wait: Duration::from_millis(50), ..Bounds::of("test") };
        let (address, shutdown) = started(Router::new(), bounds).await;
        let answer = tokio::time::timeout(Duration::from_secs(5), answer(address, "GET / HT"));
        assert!(answer.await.is_ok());
        assert!(shutdown.stop(Duration::from_secs(5)).await);
    }

    #[tokio::test]
    async fn a_peer_that_reads_nothing_of_its_answer_is_closed() {
        let bounds = Bounds { write_wait: Duration::from_millis(50), ..Bounds::of("test") };
        // More than the buffers of both ends hold.
        let router = Router::new().route("/", get(|| async { vec![b'x'; 64 * 1024 * 1024] }));
        let (address, shutdown) = started(router, bounds).await;
        let mut deaf = TcpStream::connect(address).await.unwrap();
        deaf.write_all(GET.as_bytes()).await.unwrap();
        let mut first = [0; 12];
        deaf.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        assert!(shutdown.stop(Duration::from_secs(20)).await, "its connection is in nobody's way");
        drop(deaf);
    }

    #[tokio::test]
    async fn connections_above_the_bound_wait_for_a_place() {
        let bounds = Bounds { connections_max: 1, ..Bounds::of("test") };
        let router = Router::new().route("/", get(|| async { "ok" }));
        let (address, shutdown) = started(router, bounds).await;
        let holder = TcpStream::connect(address).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        let waiting = tokio::spawn(answer(address, GET));
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!waiting.is_finished());
        drop(holder);
        assert!(waiting.await.unwrap().ends_with("ok"));
        assert!(shutdown.stop(Duration::from_secs(5)).await);
    }
}
