//! How a provider is asked: by the client that all of the gateway's calls share.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper::header::{HeaderValue, USER_AGENT};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use url::Url;

use crate::runtime::http_client::{NoAuthorities, connector, is_private};
use crate::runtime::limits::{PROVIDER_ANSWER_BYTES_MAX, PROVIDER_WAIT};

/// Follows no redirect: what a provider says of itself leads nowhere else.
pub(super) struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("it names an address that would be called unencrypted")]
    Unencrypted,
    #[error("no connection")]
    Unreached,
    #[error("it is not working")]
    Broken,
    #[error("it takes too long")]
    Slow,
    #[error("its answer is longer than any of a provider's, or broke off")]
    Unreadable,
}

impl Http {
    pub(super) fn new(https: bool) -> Result<Self, NoAuthorities> {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(2)
            .build(connector(https)?);
        Ok(Http { client })
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        let url = Url::parse(&request.uri().to_string()).map_err(|_| NoAnswer::Unencrypted)?;
        if !is_private(&url) {
            return Err(NoAnswer::Unencrypted);
        }
        match tokio::time::timeout(PROVIDER_WAIT, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(NoAnswer::Slow),
        }
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        let (mut head, body) = request.into_parts();
        let name = HeaderValue::from_static(concat!("contact-gateway/", env!("CARGO_PKG_VERSION")));
        head.headers.insert(USER_AGENT, name);
        let request = Request::from_parts(head, Full::new(Bytes::from(body)));
        let response = self.client.request(request).await.map_err(|_| NoAnswer::Unreached)?;
        let (head, body) = response.into_parts();
        if head.status.is_server_error() {
            return Err(NoAnswer::Broken);
        }
        let body = Limited::new(body, PROVIDER_ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|_| NoAnswer::Unreadable)?.to_bytes();
        Ok(HttpResponse::from_parts(head, body.to_vec()))
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = NoAnswer;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, NoAnswer>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}
