//! Hyper that passes every request on to one upstream and its answer back, over connections that are kept:
//! the floor under a proxy on the gateway's runtime that reads nothing, decides nothing and records nothing.

use hyper::body::Incoming;
use hyper::header::HOST;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::answer::serve;

pub(super) async fn pass(address: &str, upstream: &str) {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<_, Incoming> = Client::builder(TokioExecutor::new()).build(connector);
    let upstream = upstream.to_owned();
    let answer = move |mut request: Request<Incoming>| {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = format!("http://{upstream}{path}").parse::<Uri>().unwrap();
        request.headers_mut().insert(HOST, upstream.parse().unwrap());
        let asked = client.request(request);
        async move { Ok::<Response<Incoming>, _>(asked.await.unwrap()) }
    };
    serve(address, answer).await.unwrap();
}
