//! Connections to upstreams, kept for the next request.
//!
//! A connection is driven by the request that is on it, and by whoever reads its answer; in between it
//! stands still. So no task of its own has to be woken for each piece that comes or goes, and none is
//! left behind at a stop. Whether it still stands is seen when it is taken again.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Connection, SendRequest, handshake};
use hyper::http::uri::{Authority, Scheme};
use hyper::{Request, Response, Uri};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::coop::unconstrained;
use tokio::time::Instant;
use tower::ServiceExt;

use super::UpstreamError;
use crate::channels::http::answer::Body;
use crate::runtime::limits::{HTTP_UPSTREAM_IDLE_MAX, HTTP_UPSTREAM_IDLE_WAIT};

/// Which upstream a connection leads to.
type Place = (Scheme, Authority);

/// The connections to one upstream that wait for a request, and since when; the last used at the end.
#[derive(Default)]
struct Idle {
    lines: Mutex<Vec<(Box<Line>, Instant)>>,
}

impl Idle {
    /// The connection that was used last and still stands.
    fn take(&self) -> Option<Box<Line>> {
        // As many as may be kept; those that have ended go.
        for _ in 0..HTTP_UPSTREAM_IDLE_MAX {
            let (mut line, since) = self.lock().pop()?;
            line.drive(&mut Context::from_waker(Waker::noop()));
            if line.is_free() && since.elapsed() < HTTP_UPSTREAM_IDLE_WAIT {
                return Some(line);
            }
        }
        None
    }

    /// Keeps a connection whose answer was read to its end.
    fn keep(&self, line: Box<Line>) {
        let now = Instant::now();
        let mut lines = self.lock();
        // The oldest are at the front.
        let old = lines.iter().take_while(|(_, since)| {
            now.saturating_duration_since(*since) >= HTTP_UPSTREAM_IDLE_WAIT
        });
        let old = old.count();
        lines.drain(..old);
        if lines.len() < HTTP_UPSTREAM_IDLE_MAX {
            lines.push((line, now));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Box<Line>, Instant)>> {
        // Nothing that holds the lock leaves the list half changed.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connections to all upstreams.
pub(super) struct Lines {
    connector: HttpsConnector<HttpConnector>,
    /// As many as upstreams are configured.
    idle: Mutex<HashMap<Place, Arc<Idle>>>,
}

impl Lines {
    pub(super) fn new(connector: HttpsConnector<HttpConnector>) -> Self {
        Lines { connector, idle: Mutex::default() }
    }

    /// Sends a request on a connection that is there already, or on a new one.
    ///
    /// A connection that turns out to be closed before it took the request is let go of, and another
    /// one takes it. A request of which anything may have been sent is not sent again: it may have
    /// been carried out.
    pub(super) async fn send(
        &self,
        mut request: Request<Body>,
    ) -> Result<Response<Carried>, UpstreamError> {
        let parts = request.uri().clone().into_parts();
        let (Some(scheme), Some(authority), Some(target)) =
            (parts.scheme, parts.authority, parts.path_and_query)
        else {
            return Err(UpstreamError::Address);
        };
        let whole = std::mem::replace(request.uri_mut(), Uri::from(target));
        let idle = self.idle((scheme, authority));
        for _ in 0..HTTP_UPSTREAM_IDLE_MAX {
            let Some(mut line) = idle.take() else { break };
            match line.ask(request).await {
                Ok(answer) => return Ok(carried(answer, line, idle)),
                Err(mut fault) => {
                    request = fault.take_message().ok_or(UpstreamError::Unreachable)?;
                }
            }
        }
        // Seldom, and far larger than the rest.
        Box::pin(async move {
            let mut line = self.connect(whole).await?;
            let answer = line.ask(request).await.map_err(|_| UpstreamError::Unreachable)?;
            Ok(carried(answer, line, idle))
        })
        .await
    }

    async fn connect(&self, whole: Uri) -> Result<Box<Line>, UpstreamError> {
        let stream = self.connector.clone().oneshot(whole).await;
        let stream = stream.map_err(|_| UpstreamError::Unreachable)?;
        let (way_in, connection) =
            handshake(stream).await.map_err(|_| UpstreamError::Unreachable)?;
        Ok(Box::new(Line { way_in, connection: Some(connection) }))
    }

    fn idle(&self, place: Place) -> Arc<Idle> {
        // Nothing that holds the lock leaves the table half changed.
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(idle.entry(place).or_default())
    }
}

/// One connection, and the way in to it.
struct Line {
    way_in: SendRequest<Body>,
    /// `None`: it has ended.
    connection: Option<Connection<MaybeHttpsStream<TokioIo<TcpStream>>, Body>>,
}

impl Line {
    /// Moves what can be moved either way. A connection that has ended is let go of, which answers
    /// whoever waits for it.
    fn drive(&mut self, context: &mut Context<'_>) {
        let connection = self.connection.as_mut();
        if connection.is_some_and(|one| Pin::new(one).poll(context).is_ready()) {
            self.connection = None;
        }
    }

    /// Whether the next request may be sent: the one before is through in both directions.
    fn is_free(&self) -> bool {
        self.connection.is_some() && self.way_in.is_ready()
    }

    /// # Errors
    /// With the request in it, where nothing of it was sent.
    async fn ask(
        &mut self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Body>>> {
        // Its answer comes by the connection alone, which is driven here: what wakes the one wakes
        // the other, and nobody has to be woken by it a second time.
        let mut answer = pin!(unconstrained(self.way_in.try_send_request(request)));
        poll_fn(|context| {
            self.drive(context);
            answer.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        })
        .await
    }
}

/// An answer's body, which drives its connection and at its end gives it back.
pub(super) struct Carried {
    body: Incoming,
    /// `None`: given back.
    on: Option<(Box<Line>, Arc<Idle>)>,
}

fn carried(answer: Response<Incoming>, line: Box<Line>, idle: Arc<Idle>) -> Response<Carried> {
    answer.map(|body| Carried { body, on: Some((line, idle)) })
}

impl Carried {
    fn give_back(&mut self) {
        if let Some((line, idle)) = self.on.take()
            && line.is_free()
        {
            idle.keep(line);
        }
    }
}

impl hyper::body::Body for Carried {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        // As with the head: pieces come by the connection alone.
        let mut nobody = Context::from_waker(Waker::noop());
        let mut piece = Pin::new(&mut self.body).poll_frame(&mut nobody);
        if piece.is_pending()
            && let Some((line, _)) = &mut self.on
        {
            line.drive(context);
            piece = Pin::new(&mut self.body).poll_frame(&mut nobody);
        }
        if matches!(piece, Poll::Ready(None)) {
            self.give_back();
        }
        piece
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Carried {
    /// Who knows the length need not ask for the end.
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures_util::future::join_all;
    use http_body_util::BodyExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::task::JoinSet;

    use super::*;
    use crate::channels::http::answer::whole;
    use crate::runtime::http_client::connector;

    /// Answers by the path that is asked for, and counts its connections.
    struct Server {
        address: SocketAddr,
        connections: Arc<AtomicUsize>,
        _serving: JoinSet<()>,
    }

    async fn server() -> Server {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                open.spawn(serve(stream));
            }
        });
        Server { address, connections, _serving: serving }
    }

    async fn serve(mut stream: TcpStream) {
        let mut asked = Vec::new();
        while stream.read_buf(&mut asked).await.is_ok_and(|bytes| bytes > 0) {
            let text = String::from_utf8(std::mem::take(&mut asked)).unwrap();
            let (answer, goes_on) = match text.split(' ').nth(1).unwrap() {
                "/chunked" => {
                    ("Transfer-Encoding: chunked\r\n\r\n2\r\nye\r\n1\r\ns\r\n0\r\n\r\n", true)
                }
                "/leaves" => ("Content-Length: 3\r\n\r\nyes", false),
                "/breaks-off" => ("Content-Length: 9\r\n\r\nyes", false),
                "/drips" => ("Content-Length: 9\r\n\r\nyes", true),
                _ => ("Content-Length: 3\r\n\r\nyes", true),
            };
            stream.write_all(b"HTTP/1.1 200 OK\r\n").await.unwrap();
            tokio::task::yield_now().await;
            stream.write_all(answer.as_bytes()).await.unwrap();
            if !goes_on {
                return;
            }
        }
    }

    async fn asked(lines: &Lines, server: &Server, path: &str) -> Response<Carried> {
        let uri = format!("http://{}{path}", server.address);
        let request = Request::post(uri).header("host", "x").body(whole("a=1")).unwrap();
        lines.send(request).await.unwrap()
    }

    async fn read(lines: &Lines, server: &Server, path: &str) -> Option<Bytes> {
        let body = asked(lines, server, path).await.into_body().collect().await;
        body.ok().map(http_body_util::Collected::to_bytes)
    }

    fn lines() -> Lines {
        Lines::new(connector(false).unwrap())
    }

    #[tokio::test]
    async fn one_connection_takes_one_request_after_the_other() {
        let (lines, server) = (lines(), server().await);
        for path in ["/", "/chunked", "/", "/chunked"] {
            assert_eq!(read(&lines, &server, path).await.unwrap(), "yes", "{path}");
        }
        assert_eq!(server.connections.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn one_that_was_closed_meanwhile_is_replaced() {
        let (lines, server) = (lines(), server().await);
        for time in 1..=3 {
            assert_eq!(read(&lines, &server, "/leaves").await.unwrap(), "yes");
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert_eq!(server.connections.load(Ordering::SeqCst), time);
        }
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_seen_to_and_its_connection_is_not_used_again() {
        let (lines, server) = (lines(), server().await);
        assert_eq!(read(&lines, &server, "/breaks-off").await, None);
        assert_eq!(read(&lines, &server, "/").await.unwrap(), "yes");
        assert_eq!(server.connections.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn an_answer_that_nobody_reads_to_its_end_closes_its_connection() {
        let (lines, server) = (lines(), server().await);
        let mut body = asked(&lines, &server, "/drips").await.into_body();
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "yes");
        drop(body);
        assert_eq!(read(&lines, &server, "/").await.unwrap(), "yes");
        assert_eq!(server.connections.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn so_many_are_kept_and_not_for_ever() {
        let (lines, server) = (lines(), server().await);
        let kept = || {
            let idle = lines.idle.lock().unwrap();
            idle.values().map(|idle| idle.lock().len()).sum::<usize>()
        };
        let at_once = HTTP_UPSTREAM_IDLE_MAX + 3;
        let answers = join_all((0..at_once).map(|_| asked(&lines, &server, "/"))).await;
        assert_eq!(server.connections.load(Ordering::SeqCst), at_once);
        for answer in answers {
            answer.into_body().collect().await.unwrap();
        }
        assert_eq!(kept(), HTTP_UPSTREAM_IDLE_MAX);
        tokio::time::pause();
        tokio::time::advance(HTTP_UPSTREAM_IDLE_WAIT).await;
        tokio::time::resume();
        assert_eq!(read(&lines, &server, "/").await.unwrap(), "yes");
        assert_eq!(server.connections.load(Ordering::SeqCst), at_once + 1);
        assert_eq!(kept(), 1);
    }
}
