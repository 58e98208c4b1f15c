//! The floor under the gateway's HTTP edge: hyper on the same runtime, which reads a request's body to
//! its end and answers constant bytes. `benches/load` starts it beside the gateway, with the gateway's
//! own answer.
//!
//! ```sh
//! cargo build --release --example floor
//! target/release/examples/floor 127.0.0.1:8090 ANSWER "content-type: application/json"
//! ```

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

/// What is answered to every request.
#[derive(Clone)]
struct Constant {
    headers: HeaderMap,
    body: Bytes,
}

impl Constant {
    async fn answer(
        self,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, hyper::Error> {
        let mut body = request.into_body();
        while let Some(frame) = body.frame().await {
            drop(frame?);
        }
        let mut response = Response::new(Full::new(self.body));
        *response.headers_mut() = self.headers;
        Ok(response)
    }
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap();
    let body = Bytes::from(std::fs::read(arguments.next().unwrap()).unwrap());
    let headers = arguments.map(|field| {
        let (name, value) = field.split_once(": ").unwrap();
        (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())
    });
    let constant = Constant { headers: headers.collect(), body };
    let listener = TcpListener::bind(address).await.unwrap();
    let never: Result<Infallible, std::io::Error> = serve(&listener, &constant).await;
    never.unwrap();
}

async fn serve(listener: &TcpListener, constant: &Constant) -> Result<Infallible, std::io::Error> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let constant = constant.clone();
        let answer = service_fn(move |request| constant.clone().answer(request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), answer);
        // A client that goes away is its own business.
        tokio::spawn(async move { drop(connection.await) });
    }
}
