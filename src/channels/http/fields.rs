//! Header fields on their way through the gateway.

use std::borrow::Cow;
use std::net::IpAddr;

use hyper::header::{
    CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION,
    TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Fields that concern only one connection (RFC 9110 7.6.1). `Keep-Alive` and `Proxy-Connection`
/// are old, and still sent.
static HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Fields that only the gateway may set: a sender who could set them would speak in its name.
const OURS: [&str; 1] = ["x-contact-"];

/// Fields by which a proxy says where a request came from and how it was addressed. Anybody else's
/// word on it is dropped.
const OF_PROXIES: [&str; 5] =
    ["forwarded", "x-forwarded-", "x-real-ip", "x-original-", "x-client-ip"];

/// Fields that say where a body ends.
const FRAMING: [&str; 2] = ["content-length", "transfer-encoding"];

/// Many handlers read `X_Forwarded_For` as `X-Forwarded-For` (RFC 3875 4.1.18), so that a name with
/// underscores is held to be the one with hyphens.
fn as_handlers_read(name: &HeaderName) -> Cow<'_, str> {
    let name = name.as_str();
    if name.contains('_') { Cow::Owned(name.replace('_', "-")) } else { Cow::Borrowed(name) }
}

/// Takes off what concerns the one connection, and whatever `Connection` names besides.
pub fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    // Few of them are ever there: names are compared, which costs less than looking for each.
    let of_hop = |name: &&HeaderName| HOP_BY_HOP.contains(name) || named.contains(name);
    let there: Vec<HeaderName> = headers.keys().filter(of_hop).cloned().collect();
    for name in there {
        headers.remove(name);
    }
}

/// A sender's fields, made fit for the upstream: hop-by-hop ones and forged ones off, where they
/// came from on. `Host`, cookies, `Origin` and `Referer` stay, so that the upstream's own checks
/// against forged requests go on working.
///
/// `trusted`: the peer is a proxy of the organisation's own, whose `X-Forwarded-*` hold; anybody
/// else's are dropped and replaced.
pub fn forwarded(mut headers: HeaderMap, peer: Option<IpAddr>, trusted: bool) -> HeaderMap {
    strip_hop_by_hop(&mut headers);
    let begins = |name: &str, list: &[&str]| list.iter().any(|begin| name.starts_with(begin));
    let forged: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            let read = as_handlers_read(name);
            let disguised = read != name.as_str();
            // Of two spellings of one name a handler takes either: a disguised one never holds.
            begins(&read, &OURS)
                || ((disguised || !trusted) && begins(&read, &OF_PROXIES))
                || (disguised && FRAMING.contains(&&*read))
        })
        .cloned()
        .collect();
    for name in forged {
        headers.remove(name);
    }
    if let Some(peer) = peer {
        // Every field of the name: some proxies add one of their own behind what the sender wrote.
        let before =
            headers.get_all(X_FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
        let chain: Vec<String> = before.map(str::to_owned).chain([peer.to_string()]).collect();
        if let Ok(value) = HeaderValue::try_from(chain.join(", ")) {
            headers.insert(X_FORWARDED_FOR, value);
        }
    }
    if !headers.contains_key(X_FORWARDED_HOST)
        && let Some(host) = headers.get(HOST).cloned()
    {
        headers.insert(X_FORWARDED_HOST, host);
    }
    headers.entry(X_FORWARDED_PROTO).or_insert(HeaderValue::from_static("http"));
    headers
}

/// The text of a field, where it is there once and plain.
pub fn text(headers: &HeaderMap, name: impl hyper::header::AsHeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Whether the asker would rather have JSON than a page: it names a JSON type, and no page.
pub fn prefers_json(headers: &HeaderMap) -> bool {
    let Some(accept) = text(headers, hyper::header::ACCEPT) else { return false };
    let accept = accept.to_ascii_lowercase();
    let page = accept.contains("text/html") || accept.contains("application/xhtml");
    !page && (accept.contains("json") || accept.contains("application/*"))
}

#[cfg(test)]
mod tests {
    use hyper::header::{ACCEPT, COOKIE, ORIGIN};

    use super::*;

    fn fields(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn what_connection_names_stays_on_this_connection() {
        let headers = forwarded(
            fields(&[
                ("connection", "close, X-Secret-Hop"),
                ("connection", "keep-alive"),
                ("x-secret-hop", "1"),
                ("keep-alive", "timeout=5"),
                ("te", "trailers"),
                ("upgrade", "websocket"),
                ("proxy-authorization", "Basic x"),
                ("cookie", "a=1"),
                ("origin", "https://form.example"),
                ("host", "form.example"),
            ]),
            None,
            false,
        );
        for gone in ["connection", "x-secret-hop", "keep-alive", "te", "upgrade"] {
            assert!(!headers.contains_key(gone), "{gone}");
        }
        assert!(!headers.contains_key("proxy-authorization"));
        assert!(headers.contains_key(COOKIE) && headers.contains_key(ORIGIN));
        assert_eq!(text(&headers, HOST), Some("form.example"));
        assert_eq!(text(&headers, "x-forwarded-host"), Some("form.example"));
    }

    #[test]
    fn forged_fields_are_dropped_and_forwarding_is_rewritten() {
        let forged = [
            ("x-contact-gateway-decision", "deliver"),
            ("x-contact-flag", "vip"),
            ("forwarded", "for=10.0.0.1"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-prefix", "/elsewhere"),
            ("x-real-ip", "10.0.0.1"),
            ("x_forwarded_for", "10.0.0.1"),
            ("x_contact_flag", "vip"),
            ("transfer_encoding", "chunked"),
        ];
        let peer: IpAddr = "192.0.2.7".parse().unwrap();
        let headers = forwarded(fields(&forged), Some(peer), false);
        assert!(!headers.contains_key("x-contact-gateway-decision"));
        assert!(!headers.contains_key("x-contact-flag"));
        assert!(!headers.contains_key("forwarded"));
        for gone in ["x-forwarded-prefix", "x-real-ip", "x_forwarded_for", "x_contact_flag"] {
            assert!(!headers.contains_key(gone), "{gone}");
        }
        assert!(!headers.contains_key("transfer_encoding"));
        assert_eq!(text(&headers, "x-forwarded-for"), Some("192.0.2.7"));
        assert_eq!(text(&headers, "x-forwarded-proto"), Some("http"));

        let headers = forwarded(fields(&forged), Some(peer), true);
        assert_eq!(text(&headers, "x-forwarded-for"), Some("10.0.0.1, 192.0.2.7"));
        assert_eq!(text(&headers, "x-forwarded-proto"), Some("https"));
        assert_eq!(text(&headers, "x-forwarded-prefix"), Some("/elsewhere"));
        let lines = [("x-forwarded-for", "10.0.0.1"), ("x-forwarded-for", "198.51.100.1")];
        let headers = forwarded(fields(&lines), Some(peer), true);
        assert_eq!(text(&headers, "x-forwarded-for"), Some("10.0.0.1, 198.51.100.1, 192.0.2.7"));
        assert!(!headers.contains_key("x_forwarded_for"));
        assert!(!headers.contains_key("x-contact-gateway-decision"));
    }

    #[test]
    fn a_browser_gets_a_page_and_a_program_its_json() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        let accept = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(value));
            headers
        };
        assert!(!prefers_json(&accept(browser)));
        assert!(!prefers_json(&accept("*/*")));
        assert!(!prefers_json(&HeaderMap::new()));
        assert!(prefers_json(&accept("application/json, text/plain, */*")));
        assert!(prefers_json(&accept("application/problem+json")));
    }
}
