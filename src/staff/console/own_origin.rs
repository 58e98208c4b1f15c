//! Only pages of ours act: a request that changes something says that it comes from our own origin.
//!
//! No token is hidden in forms. Every browser of today sends `Sec-Fetch-Site` (on TLS and loopback) or
//! `Origin` with each post; a request with neither is not from a browser, and is refused.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{HOST, HeaderMap, ORIGIN};
use axum::http::{Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::trouble::Trouble;
use super::visit::Guest;
use crate::staff::Staff;

/// Refuses what another site, or no page at all, would have done.
pub(super) async fn only(
    State(staff): State<Arc<Staff>>,
    request: Request,
    next: Next,
) -> Response {
    let looks = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let secure = request.extensions().get::<Guest>().is_some_and(|guest| guest.secure);
    let public = staff.console.public_url.as_deref();
    if looks || is_own(request.headers(), public, secure) {
        next.run(request).await
    } else {
        Trouble::OtherSite.into_response()
    }
}

fn is_own(headers: &HeaderMap, public: Option<&str>, secure: bool) -> bool {
    let field = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // A header that is there and says otherwise is never outweighed by the other one.
    let from = field("sec-fetch-site");
    if from.is_some_and(|from| from != "same-origin") {
        return false;
    }
    let Some(origin) = field(ORIGIN.as_str()) else { return from.is_some() };
    let Ok(origin) = origin.parse::<Uri>() else { return false };
    let own = match public {
        Some(public) => public.parse::<Uri>().ok(),
        None => field(HOST.as_str()).and_then(|host| {
            let scheme = if secure { "https" } else { "http" };
            format!("{scheme}://{host}").parse::<Uri>().ok()
        }),
    };
    own.is_some_and(|own| place(&own).is_some() && place(&own) == place(&origin))
}

/// Scheme, host and port.
fn place(uri: &Uri) -> Option<(&str, String, u16)> {
    let scheme = uri.scheme_str()?;
    let usual = if scheme == "https" { 443 } else { 80 };
    Some((scheme, uri.host()?.to_ascii_lowercase(), uri.port_u16().unwrap_or(usual)))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;
    use axum::http::HeaderValue;

    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let field = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        fields.iter().map(field).collect()
    }

    #[test]
    fn only_our_own_origin_acts() {
        let host = ("host", "desk.example:8081");
        for own in [
            headers(&[host, ("origin", "http://desk.example:8081")]),
            headers(&[host, ("sec-fetch-site", "same-origin")]),
            headers(&[
                host,
                ("sec-fetch-site", "same-origin"),
                ("origin", "http://desk.example:8081"),
            ]),
        ] {
            assert!(is_own(&own, None, false), "{own:?}");
        }
        for other in [
            headers(&[host]),
            headers(&[host, ("origin", "null")]),
            headers(&[host, ("origin", "http://desk.example")]),
            headers(&[host, ("origin", "https://desk.example:8081")]),
            headers(&[host, ("origin", "http://desk.example.evil.example:8081")]),
            headers(&[host, ("sec-fetch-site", "same-site")]),
            headers(&[
                host,
                ("sec-fetch-site", "cross-site"),
                ("origin", "http://desk.example:8081"),
            ]),
            headers(&[host, ("sec-fetch-site", "same-origin"), ("origin", "http://evil.example")]),
            headers(&[("origin", "http://desk.example:8081")]),
        ] {
            assert!(!is_own(&other, None, false), "{other:?}");
        }
    }

    #[test]
    fn a_public_address_counts_whatever_the_proxy_made_of_the_host() {
        let public = Some("https://desk.example");
        let behind =
            |origin: &'static str| headers(&[("host", "127.0.0.1:8081"), ("origin", origin)]);
        assert!(is_own(&behind("https://desk.example"), public, true));
        assert!(is_own(&behind("https://desk.example:443"), public, true));
        assert!(!is_own(&behind("http://127.0.0.1:8081"), public, true));
    }
}
