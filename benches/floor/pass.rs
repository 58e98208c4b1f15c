//! Hyper that passes every request on to one upstream and its answer back, over connections that are kept:
//! the floor under a proxy on the gateway's runtime that reads nothing, decides nothing and records nothing.

use hyper::body::{Body, Incoming};
use hyper::header::HOST;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::answer::serve;

pub(super) async fn pass(address: &str, upstream: &str) {
    let (client, upstream) = (client(), upstream.to_owned());
    let answer = move |mut request: Request<Incoming>| {
        lead(&mut request, &upstream);
        let asked = client.request(request);
        async move { Ok::<Response<Incoming>, _>(asked.await.unwrap()) }
    };
    serve(address, answer).await.unwrap();
}

pub(super) fn client<B>() -> Client<HttpConnector, B>
where
    B: Body<Data: Send> + Send,
{
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

/// Makes it a request to the upstream, an address and port.
pub(super) fn lead<B>(request: &mut Request<B>, upstream: &str) {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let whole = format!("http://{upstream}{path}").parse::<Uri>().unwrap();
    *request.uri_mut() = whole;
    request.headers_mut().insert(HOST, upstream.parse().unwrap());
}
