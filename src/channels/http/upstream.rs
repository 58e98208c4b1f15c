//! The client towards forms and call flows: bodies go through as they are, redirects and errors
//! are the upstream's own answers.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::header::{HOST, HeaderMap, HeaderValue};
use hyper::{Request, Response, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::answer::Answer;
use super::body::{Body, BoxError, TooSlow, collected};
use super::fields::strip_hop_by_hop;
use super::patient::patient;
use crate::runtime::http_client::{NoAuthorities, connector};
use crate::runtime::limits::{HTTP_UPSTREAM_IDLE_MAX, HTTP_UPSTREAM_IDLE_WAIT};
use crate::runtime::trace::{TraceSpan, TraceStep};

/// Why an upstream gave no answer. None of these says anything about the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    #[error("the upstream can't be reached")]
    Unreachable,
    #[error("the upstream does not answer in time")]
    Timeout,
    #[error("the body of the request did not come in time")]
    TooSlow,
    /// The configured address and the request's path do not make a valid one.
    #[error("the upstream's address can't be made")]
    Address,
}

impl UpstreamError {
    const fn name(self) -> &'static str {
        match self {
            UpstreamError::Unreachable => "unreachable",
            UpstreamError::Timeout => "timeout",
            UpstreamError::TooSlow => "body too slow",
            UpstreamError::Address => "no address",
        }
    }
}

/// An upstream's answer: in memory, or streamed because it is long.
pub enum Reply {
    Whole(Answer),
    Streaming(Response<Body>),
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct Upstream {
    client: Client<HttpsConnector<HttpConnector>, Body>,
}

impl Upstream {
    /// # Errors
    /// `https` is asked for and the machine knows no certificate authority.
    pub fn new(https: bool) -> Result<Self, NoAuthorities> {
        // A request is sent again by itself only where nothing of it was sent: the connection that it was meant for had
        // been closed in the meantime.
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(HTTP_UPSTREAM_IDLE_MAX)
            .pool_idle_timeout(HTTP_UPSTREAM_IDLE_WAIT)
            .set_host(false)
            .build(connector(https)?);
        Ok(Upstream { client })
    }

    /// Sends a request and gives the answer's head, its body still on the way. The answer's
    /// hop-by-hop fields are off, all others are as they came, repeated ones too.
    ///
    /// # Errors
    /// No answer within `wait`.
    pub async fn send(
        &self,
        mut request: Request<Body>,
        wait: Duration,
    ) -> Result<Response<Body>, UpstreamError> {
        if !request.headers().contains_key(HOST) {
            let host = host_of(request.uri()).ok_or(UpstreamError::Address)?;
            request.headers_mut().insert(HOST, host);
        }
        let span = TraceSpan::next(TraceStep::Upstream);
        span.passes_on(request.headers_mut());
        let answer = tokio::time::timeout(wait, self.client.request(request))
            .await
            .map_err(|_| UpstreamError::Timeout)
            .and_then(|answer| answer.map_err(|error| cause(&error)));
        match &answer {
            Ok(answer) => span.answered(answer.status().as_u16()),
            Err(error) => span.failed(error.name()),
        }
        let (mut head, body) = answer?.into_parts();
        strip_hop_by_hop(&mut head.headers);
        Ok(Response::from_parts(head, patient(body)))
    }

    /// The same, with the answer's body in memory.
    ///
    /// # Errors
    /// No whole answer within `wait`, or one above `bytes_max`.
    pub async fn whole(
        &self,
        request: Request<Body>,
        wait: Duration,
        bytes_max: usize,
    ) -> Result<Answer, UpstreamError> {
        tokio::time::timeout(wait, async {
            let (head, body) = self.send(request, wait).await?.into_parts();
            let body = collected(body, bytes_max).await.map_err(|_| UpstreamError::Unreachable)?;
            Ok(Answer { status: head.status, headers: head.headers, body })
        })
        .await
        .map_err(|_| UpstreamError::Timeout)?
    }
}

/// Why a request gave no answer: because of its sender, or of the upstream.
fn cause(error: &(dyn Error + 'static)) -> UpstreamError {
    let mut next = Some(error);
    while let Some(cause) = next {
        if cause.is::<TooSlow>() {
            return UpstreamError::TooSlow;
        }
        next = cause.source();
    }
    UpstreamError::Unreachable
}

/// The same fields in as much memory as they take. Read from a connection, each is a part of the whole
/// buffer that it was read into, and one answer that is remembered would keep all of that.
fn of_their_own(mut headers: HeaderMap) -> HeaderMap {
    let mut whole = Vec::with_capacity(headers.values().map(HeaderValue::len).sum());
    for value in headers.values() {
        whole.extend_from_slice(value.as_bytes());
    }
    let mut rest = Bytes::from(whole);
    for value in headers.values_mut() {
        let own = rest.split_to(value.len().min(rest.len()));
        // What was a value is one.
        if let Ok(own) = HeaderValue::from_maybe_shared(own) {
            *value = own;
        }
    }
    headers
}

/// Reads an answer into memory as long as it fits; one that does not is streamed, nothing
/// of it lost.
pub async fn settle(answer: Response<Body>, bytes_max: usize) -> Reply {
    let (head, mut body) = answer.into_parts();
    let mut held = Vec::new();
    loop {
        let frame = match body.frame().await {
            None => {
                let headers = of_their_own(head.headers);
                return Reply::Whole(Answer { status: head.status, headers, body: held.into() });
            }
            Some(frame) => frame,
        };
        let data = match frame {
            Ok(frame) => frame.into_data().unwrap_or_default(),
            Err(error) => {
                // The sender sees the answer break off where the upstream broke it off.
                let parts = futures_util::stream::iter([
                    Ok(hyper::body::Frame::data(Bytes::from(held))),
                    Err(error),
                ]);
                let body = http_body_util::StreamBody::new(parts).boxed_unsync();
                return Reply::Streaming(Response::from_parts(head, body));
            }
        };
        held.extend_from_slice(&data);
        if held.len() > bytes_max {
            let start = futures_util::stream::iter([Ok::<_, BoxError>(hyper::body::Frame::data(
                Bytes::from(held),
            ))]);
            let rest = http_body_util::BodyStream::new(body);
            let parts = futures_util::StreamExt::chain(start, rest);
            let body = http_body_util::StreamBody::new(parts).boxed_unsync();
            return Reply::Streaming(Response::from_parts(head, body));
        }
    }
}

/// The upstream's address for a request: the configured address, the rest of the request's path after the configured
/// path, and the request's own query, byte for byte.
///
/// # Errors
/// [`UpstreamError::Address`] where the parts make no address.
pub fn address(upstream: &Uri, behind: &str, query: Option<&str>) -> Result<Uri, UpstreamError> {
    let base = upstream.path();
    let base = if behind.is_empty() { base } else { base.strip_suffix('/').unwrap_or(base) };
    let mut target = format!("{base}{behind}");
    // The configured address's own query comes first; the request's follows.
    for (separator, query) in ['?', '&'].into_iter().zip(upstream.query().into_iter().chain(query))
    {
        target.push(separator);
        target.push_str(query);
    }
    let mut parts = upstream.clone().into_parts();
    parts.path_and_query = Some(target.parse().map_err(|_| UpstreamError::Address)?);
    Uri::from_parts(parts).map_err(|_| UpstreamError::Address)
}

fn host_of(uri: &Uri) -> Option<HeaderValue> {
    HeaderValue::try_from(uri.authority()?.as_str()).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::task::JoinSet;

    use super::*;
    use crate::channels::http::body::whole;

    /// The body of each request.
    const SENT: &str = "a=1";

    /// Answers by the path that is asked for, and counts its connections.
    struct Server {
        url: String,
        connections: Arc<AtomicUsize>,
        _serving: JoinSet<()>,
    }

    impl Server {
        async fn start() -> Server {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
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
            Server { url, connections, _serving: serving }
        }

        fn connections(&self) -> usize {
            self.connections.load(Ordering::SeqCst)
        }
    }

    async fn serve(mut stream: TcpStream) {
        let mut asked = Vec::new();
        while stream.read_buf(&mut asked).await.is_ok_and(|bytes| bytes > 0) {
            // A request's head and its body may come apart.
            if !asked.ends_with(SENT.as_bytes()) {
                continue;
            }
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

    async fn asked(upstream: &Upstream, server: &Server, path: &str) -> Response<Body> {
        let request = Request::post(format!("{}{path}", server.url)).body(whole(SENT)).unwrap();
        upstream.send(request, Duration::from_secs(30)).await.unwrap()
    }

    async fn read(upstream: &Upstream, server: &Server, path: &str) -> Option<Bytes> {
        let body = asked(upstream, server, path).await.into_body().collect().await;
        body.ok().map(http_body_util::Collected::to_bytes)
    }

    /// Until connections are free again, which a task of each sees to.
    async fn freed() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    #[tokio::test]
    async fn one_connection_takes_one_request_after_the_other() {
        let (upstream, server) = (Upstream::new(false).unwrap(), Server::start().await);
        for path in ["/", "/chunked", "/", "/chunked"] {
            assert_eq!(read(&upstream, &server, path).await.unwrap(), "yes", "{path}");
            freed().await;
        }
        assert_eq!(server.connections(), 1);
    }

    #[tokio::test]
    async fn so_many_are_kept_and_not_for_ever() {
        let (upstream, server) = (Upstream::new(false).unwrap(), Server::start().await);
        let at_once = HTTP_UPSTREAM_IDLE_MAX + 3;
        let all = || join_all((0..at_once).map(|_| read(&upstream, &server, "/")));
        assert!(all().await.iter().all(Option::is_some));
        assert_eq!(server.connections(), at_once);
        freed().await;
        assert!(all().await.iter().all(Option::is_some));
        assert_eq!(server.connections(), at_once + 3);
        freed().await;
        tokio::time::pause();
        tokio::time::advance(HTTP_UPSTREAM_IDLE_WAIT * 2).await;
        tokio::time::resume();
        assert_eq!(read(&upstream, &server, "/").await.unwrap(), "yes");
        assert_eq!(server.connections(), at_once + 4);
    }

    #[tokio::test]
    async fn one_that_was_closed_meanwhile_is_replaced() {
        let (upstream, server) = (Upstream::new(false).unwrap(), Server::start().await);
        for time in 1..=3 {
            assert_eq!(read(&upstream, &server, "/leaves").await.unwrap(), "yes");
            assert_eq!(server.connections(), time);
        }
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_seen_to_and_its_connection_is_not_used_again() {
        let (upstream, server) = (Upstream::new(false).unwrap(), Server::start().await);
        assert_eq!(read(&upstream, &server, "/breaks-off").await, None);
        assert_eq!(read(&upstream, &server, "/").await.unwrap(), "yes");
        assert_eq!(server.connections(), 2);
    }

    #[tokio::test]
    async fn an_answer_that_nobody_reads_to_its_end_closes_its_connection() {
        let (upstream, server) = (Upstream::new(false).unwrap(), Server::start().await);
        let mut body = asked(&upstream, &server, "/drips").await.into_body();
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "yes");
        drop(body);
        assert_eq!(read(&upstream, &server, "/").await.unwrap(), "yes");
        assert_eq!(server.connections(), 2);
    }

    #[test]
    fn the_path_behind_and_the_query_go_on_as_they_are() {
        let upstream: Uri = "http://127.0.0.1:9000/contact".parse().unwrap();
        let at = |behind, query| address(&upstream, behind, query).unwrap().to_string();
        assert_eq!(at("", None), "http://127.0.0.1:9000/contact");
        assert_eq!(
            at("/step/2", Some("a=%2F+b&a=")),
            "http://127.0.0.1:9000/contact/step/2?a=%2F+b&a="
        );
        assert_eq!(at("/", None), "http://127.0.0.1:9000/contact/");
    }

    #[test]
    fn fields_of_their_own_are_the_same_fields() {
        let mut headers = HeaderMap::new();
        let read = Bytes::from_static(b"a=1b=2 \xfftext/html");
        for (name, part) in
            [("set-cookie", 0..3), ("set-cookie", 3..8), ("content-type", 8..17), ("empty", 0..0)]
        {
            let value = HeaderValue::from_maybe_shared(read.slice(part)).unwrap();
            headers.append(name, value);
        }
        assert_eq!(of_their_own(headers.clone()), headers);
        assert_eq!(of_their_own(HeaderMap::new()), HeaderMap::new());
    }

    #[test]
    fn a_bare_upstream_and_one_with_a_query_work_too() {
        let bare: Uri = "http://form.example".parse().unwrap();
        assert_eq!(address(&bare, "", None).unwrap(), "http://form.example/");
        assert_eq!(address(&bare, "/a", None).unwrap(), "http://form.example/a");
        let query: Uri = "http://form.example/x?site=1".parse().unwrap();
        assert_eq!(address(&query, "", Some("b=2")).unwrap(), "http://form.example/x?site=1&b=2");
    }
}
