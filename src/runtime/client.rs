//! Whose request it is, and how often one client may submit something: a bound on flooding a form or guessing that
//! affects nobody else.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use hyper::header::{HeaderMap, HeaderName};
use ipnet::IpNet;

use super::limits::POST_CLIENTS_MAX;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Posts by client address.
pub struct Pace {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
    trusted_proxies: Vec<IpNet>,
}

impl Pace {
    /// `per_minute`: at once, and again in every minute.
    pub fn new(per_minute: NonZeroU32, trusted_proxies: Vec<IpNet>) -> Self {
        Pace {
            limiter: RateLimiter::keyed(Quota::per_minute(per_minute)),
            clock: DefaultClock::default(),
            trusted_proxies,
        }
    }

    /// Counts one more post of a request's client.
    ///
    /// # Errors
    /// It made too many; how long to wait.
    pub fn take(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Result<(), Duration> {
        match client(peer, headers, &self.trusted_proxies) {
            Some(client) => self.take_of(client),
            None => Ok(()),
        }
    }

    /// Counts one more request of an authorised proxy's client. It is trusted to say who that is,
    /// wherever it runs; where it does not, nobody is counted: one who floods would shut out everybody
    /// behind it.
    ///
    /// # Errors
    /// As [`Pace::take`].
    pub fn take_for(&self, proxy: Option<IpAddr>, headers: &HeaderMap) -> Result<(), Duration> {
        let Some(proxy) = proxy.map(|proxy| proxy.to_canonical()) else { return Ok(()) };
        let itself = IpNet::from(proxy);
        let trusted: Vec<IpNet> = self.trusted_proxies.iter().copied().chain([itself]).collect();
        match client(Some(proxy), headers, &trusted) {
            Some(client) if client != proxy => self.take_of(client),
            Some(_) | None => Ok(()),
        }
    }

    /// Counts one more of this client.
    ///
    /// # Errors
    /// As [`Pace::take`].
    pub fn take_of(&self, client: IpAddr) -> Result<(), Duration> {
        // A program of this machine, or a proxy that nobody said to trust: everybody would share one
        // bound, and one who floods would shut all others out.
        if client.is_loopback() {
            return Ok(());
        }
        if self.limiter.len() > POST_CLIENTS_MAX {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&one_connection(client)).map_err(|over| {
            // Whole seconds, as Retry-After has them (RFC 9110 10.2.3).
            let wait = over.wait_time_from(self.clock.now());
            Duration::from_secs(wait.as_secs().saturating_add(1))
        })
    }
}

/// Where a request began: the peer, or if that is a trusted proxy, the address it names, and so on from the last to the
/// first, through every field of the name (some proxies add one of their own). A peer that is not trusted can name
/// anybody, and is the client.
pub fn client(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut client = peer?.to_canonical();
    let fields: Vec<&str> =
        headers.get_all(X_FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok()).collect();
    let named = fields.iter().flat_map(|field| field.split(',')).map(str::trim).rev();
    for name in named {
        if !is_trusted(&client) {
            break;
        }
        let Ok(address) = name.parse::<IpAddr>() else { break };
        client = address.to_canonical();
    }
    Some(client)
}

/// One subscriber has a whole /64 of IPv6 (RFC 6177), and would otherwise be a new client with each post.
pub fn one_connection(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & (u128::MAX << 64))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(chain: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(X_FORWARDED_FOR, chain.parse().unwrap());
        headers
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_client_is_the_last_that_no_trusted_proxy_vouches_for() {
        let trusted: Vec<IpNet> =
            vec!["127.0.0.0/8".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        for (peer, chain, expected) in [
            ("192.0.2.1", "198.51.100.1", "192.0.2.1"),
            ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("127.0.0.1", "203.0.113.9, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
            ("127.0.0.1", "not an address", "127.0.0.1"),
            ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
            // A listener on `[::]` sees IPv4 so.
            ("::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("::ffff:192.0.2.1", "198.51.100.1", "192.0.2.1"),
        ] {
            let found = client(Some(ip(peer)), &headers(chain), &trusted);
            assert_eq!(found, Some(ip(expected)), "{peer}, {chain}");
        }
        assert_eq!(client(None, &HeaderMap::new(), &trusted), None);
        // HAProxy's `option forwardfor` adds a line, and leaves what the client sent in front of it.
        let mut lines = headers("203.0.113.9");
        lines.append(X_FORWARDED_FOR, "198.51.100.1".parse().unwrap());
        assert_eq!(client(Some(ip("10.0.0.1")), &lines, &trusted), Some(ip("198.51.100.1")));
    }

    #[test]
    fn a_proxy_that_asks_is_trusted_with_its_clients_and_never_counted_itself() {
        let pace = Pace::new(NonZeroU32::new(1).unwrap(), Vec::new());
        let proxy = Some(ip("198.51.100.9"));
        assert!(pace.take_for(proxy, &headers("192.0.2.1")).is_ok());
        assert!(pace.take_for(proxy, &headers("192.0.2.1")).is_err());
        // A client that the sender invented in front of it is not the one who asked.
        assert!(pace.take_for(proxy, &headers("203.0.113.5, 192.0.2.1")).is_err());
        assert!(pace.take_for(proxy, &headers("192.0.2.2")).is_ok());
        for _ in 0..3 {
            assert!(pace.take_for(proxy, &HeaderMap::new()).is_ok());
        }
    }

    #[test]
    fn one_subscriber_is_one_client() {
        assert_eq!(
            one_connection(ip("2001:db8:1:2::1")),
            one_connection(ip("2001:db8:1:2:ffff::"))
        );
        assert_ne!(one_connection(ip("2001:db8:1:2::1")), one_connection(ip("2001:db8:1:3::1")));
        assert_eq!(one_connection(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    }

    #[test]
    fn one_who_floods_waits_and_everybody_else_does_not() {
        let pace = Pace::new(NonZeroU32::new(2).unwrap(), vec!["127.0.0.1/32".parse().unwrap()]);
        let proxy = Some(ip("127.0.0.1"));
        let flood = headers("192.0.2.1");
        assert!(pace.take(proxy, &flood).is_ok() && pace.take(proxy, &flood).is_ok());
        let wait = pace.take(proxy, &flood).unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(31), "{wait:?}");
        assert!(pace.take(proxy, &headers("192.0.2.2")).is_ok());
        for _ in 0..5 {
            assert!(pace.take(proxy, &HeaderMap::new()).is_ok(), "this machine's own programs");
        }
    }
}
