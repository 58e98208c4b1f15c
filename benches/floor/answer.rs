//! Hyper on the gateway's runtime, which reads a request's body to its end and answers constant bytes: the
//! floor under the gateway's HTTP edge.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

pub(super) type Answered = Result<Response<Full<Bytes>>, hyper::Error>;

pub(super) fn headers(fields: impl Iterator<Item = String>) -> HeaderMap {
    let headers = fields.map(|field| {
        let (name, value) = field.split_once(": ").unwrap();
        (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())
    });
    headers.collect()
}

pub(super) async fn answer(address: &str, body: Bytes, headers: HeaderMap) {
    let answer = move |request: Request<Incoming>| {
        let (body, headers) = (body.clone(), headers.clone());
        async move {
            let mut asked = request.into_body();
            while let Some(frame) = asked.frame().await {
                drop(frame?);
            }
            Ok(with(headers, body))
        }
    };
    serve(address, answer).await.unwrap();
}

pub(super) fn with(headers: HeaderMap, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.headers_mut() = headers;
    response
}

pub(super) async fn serve<A, F, B>(address: &str, answer: A) -> Result<Infallible, std::io::Error>
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Response<B>, hyper::Error>> + Send + 'static,
    B: Body<Data = Bytes, Error: std::error::Error + Send + Sync> + Send + 'static,
{
    let listener = TcpListener::bind(address).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service_fn(answer.clone()));
        // A client that goes away is its own business.
        tokio::spawn(async move { drop(connection.await) });
    }
}
