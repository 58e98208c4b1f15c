//! The client towards forms and call flows: bodies go through as they are, redirects and errors
//! are the upstream's own answers.

mod kept;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::header::{HOST, HeaderMap, HeaderValue};
use hyper::{Request, Response, Uri};

use self::kept::Lines;
use super::answer::{Answer, Body, BoxError, collected};
use super::fields::strip_hop_by_hop;
use super::patient::patient;
use crate::runtime::http_client::{NoAuthorities, connector};

/// Why an upstream gave no answer. None of these says anything about the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    #[error("the upstream can't be reached")]
    Unreachable,
    #[error("the upstream does not answer in time")]
    Timeout,
    /// The address made of the configured one and the request's is none.
    #[error("the upstream's address can't be made")]
    Address,
}

/// An upstream's answer: in memory, or on its way because it is long.
pub enum Reply {
    Whole(Answer),
    Streaming(Response<Body>),
}

/// The client. Cheap to clone.
#[derive(Clone)]
pub struct Upstream {
    lines: Arc<Lines>,
}

impl Upstream {
    /// # Errors
    /// `https` is asked for and the machine knows no certificate authority.
    pub fn new(https: bool) -> Result<Self, NoAuthorities> {
        Ok(Upstream { lines: Arc::new(Lines::new(connector(https)?)) })
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
        // On the heap: it is most of what waits here, and copied by each that waits for it.
        let answer = tokio::time::timeout(wait, Box::pin(self.lines.send(request)))
            .await
            .map_err(|_| UpstreamError::Timeout)??;
        let (mut head, body) = answer.into_parts();
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

/// Reads an answer into memory as long as it fits; one that does not goes on as a stream, nothing
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

/// The upstream's address for a request: the configured address, what of the request's path stands
/// behind the configured path, and the request's own query, byte for byte.
///
/// # Errors
/// [`UpstreamError::Address`] where the parts make no address.
pub fn address(upstream: &Uri, behind: &str, query: Option<&str>) -> Result<Uri, UpstreamError> {
    let base = upstream.path();
    let base = if behind.is_empty() { base } else { base.strip_suffix('/').unwrap_or(base) };
    let mut target = format!("{base}{behind}");
    // The configured address's own query comes first; the request's goes on behind it.
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

/// The end-to-end fields that say what a body is, for a request of the gateway's own making.
pub fn body_fields(from: &HeaderMap) -> HeaderMap {
    let mut fields = from.clone();
    strip_hop_by_hop(&mut fields);
    fields.remove(HOST);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

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
