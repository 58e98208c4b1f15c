//! `[store] url` for Redis, in its four forms.
//!
//! ```text
//! redis://[user:password@]host[:6379][/database]        rediss:// the same over TLS
//! redis+unix:///run/redis.sock[?db=0&user=…&pass=…]
//! redis+sentinel://[user:password@]host[:26379],host…/service[/database]
//!       [?tls=true&sentinel_user=…&sentinel_password=…]
//! redis+cluster://[user:password@]host[:6379],host…[?tls=true]
//! rediss+sentinel:// and rediss+cluster:// are the same with tls=true
//! ```

use redis::sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType};
use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, TlsMode};

use crate::ports::StoreError;

/// Where the server is, and how it is found again after a failover.
pub(super) enum Address {
    Single(Box<Client>),
    /// One client for each sentinel, which asks it again for each connection.
    Sentinel(Vec<SentinelClient>),
    Cluster(Vec<ConnectionInfo>),
}

const SENTINEL_PORT: u16 = 26_379;
const REDIS_PORT: u16 = 6_379;

/// Reads a URL. The faults never quote it: it holds a password.
pub(super) fn parse(url: &str) -> Result<Address, StoreError> {
    let Some((scheme, rest)) = url.split_once("://") else { return Err(fault("has no scheme")) };
    match scheme {
        "redis" | "rediss" | "redis+unix" | "unix" => Client::open(url)
            .map(|client| Address::Single(Box::new(client)))
            .map_err(|_| fault("is not of the form redis://user:password@host:6379/0")),
        "redis+sentinel" => sentinel(&Parts::of(rest, SENTINEL_PORT)?),
        "rediss+sentinel" => sentinel(&Parts::of(rest, SENTINEL_PORT)?.over_tls()),
        "redis+cluster" => cluster(&Parts::of(rest, REDIS_PORT)?),
        "rediss+cluster" => cluster(&Parts::of(rest, REDIS_PORT)?.over_tls()),
        _ => Err(fault(
            "has an unknown scheme; there are redis, rediss, redis+unix, redis+sentinel, \
             rediss+sentinel, redis+cluster and rediss+cluster",
        )),
    }
}

fn sentinel(parts: &Parts<'_>) -> Result<Address, StoreError> {
    let mut path = parts.path.split('/');
    let service = path.next().filter(|name| !name.is_empty());
    let service = service.ok_or_else(|| fault("names no service: redis+sentinel://…/service"))?;
    let database = path.next().unwrap_or("0");
    let first = parts.hosts.first().ok_or_else(|| fault("names no host"))?;
    let data = info(parts.user, first, database)?;
    let mut node = SentinelNodeConnectionInfo::default()
        .set_redis_connection_info(data.redis_settings().clone());
    if parts.tls {
        node = node.set_tls_mode(TlsMode::Secure);
    }
    let clients = parts.hosts.iter().map(|host| {
        let (sentinel, node) = (vec![parts.sentinel(host)?], Some(node.clone()));
        SentinelClient::build(sentinel, service, node, SentinelServerType::Master)
            .map_err(|_| fault("can't be used for Sentinel"))
    });
    Ok(Address::Sentinel(clients.collect::<Result<_, _>>()?))
}

fn cluster(parts: &Parts<'_>) -> Result<Address, StoreError> {
    if !matches!(parts.path, "" | "0") {
        return Err(fault("names a database, but a Cluster has only one"));
    }
    let node = |host: &String| Ok(parts.secured(info(parts.user, host, "0")?));
    parts.hosts.iter().map(node).collect::<Result<_, _>>().map(Address::Cluster)
}

/// The parts of a URL with several hosts.
struct Parts<'a> {
    user: Option<&'a str>,
    /// Each with its port.
    hosts: Vec<String>,
    path: &'a str,
    tls: bool,
    sentinel_user: Option<String>,
    sentinel_password: Option<String>,
}

impl<'a> Parts<'a> {
    fn of(rest: &'a str, port: u16) -> Result<Self, StoreError> {
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (Some(user), hosts),
            None => (None, authority),
        };
        let hosts: Vec<String> = hosts
            .split(',')
            .filter(|host| !host.is_empty())
            .map(|host| {
                let behind = host.rsplit_once(']').map_or(host, |(_, behind)| behind);
                if behind.contains(':') { host.to_owned() } else { format!("{host}:{port}") }
            })
            .collect();
        if hosts.is_empty() {
            return Err(fault("names no host"));
        }
        let mut parts =
            Parts { user, hosts, path, tls: false, sentinel_user: None, sentinel_password: None };
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "tls" => parts.tls = value == "true",
                "sentinel_user" => parts.sentinel_user = Some(value.into_owned()),
                "sentinel_password" => parts.sentinel_password = Some(value.into_owned()),
                _ => {
                    return Err(fault(
                        "has an unknown option; there are tls, sentinel_user and \
                         sentinel_password",
                    ));
                }
            }
        }
        Ok(parts)
    }

    fn over_tls(mut self) -> Self {
        self.tls = true;
        self
    }

    fn sentinel(&self, host: &str) -> Result<ConnectionInfo, StoreError> {
        let plain = info(None, host, "")?;
        let mut settings = plain.redis_settings().clone();
        if let Some(user) = &self.sentinel_user {
            settings = settings.set_username(user);
        }
        if let Some(password) = &self.sentinel_password {
            settings = settings.set_password(password);
        }
        Ok(self.secured(plain.set_redis_settings(settings)))
    }

    fn secured(&self, info: ConnectionInfo) -> ConnectionInfo {
        match info.addr().clone() {
            ConnectionAddr::Tcp(host, port) if self.tls => info.set_addr(ConnectionAddr::TcpTls {
                host,
                port,
                insecure: false,
                tls_params: None,
            }),
            _ => info,
        }
    }
}

fn info(user: Option<&str>, host: &str, database: &str) -> Result<ConnectionInfo, StoreError> {
    let user = user.map(|user| format!("{user}@")).unwrap_or_default();
    format!("redis://{user}{host}/{database}")
        .into_connection_info()
        .map_err(|_| fault("has a host, user or database that can't be read"))
}

fn fault(what: &str) -> StoreError {
    StoreError::Refused(format!("the store's url {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        for url in [
            "redis://127.0.0.1",
            "redis://user:pass@localhost:6380/2",
            "redis+unix:///run/redis/redis.sock?db=1",
        ] {
            assert!(matches!(parse(url), Ok(Address::Single(_))), "{url}");
        }
        for url in [
            "redis+sentinel://a,b:26380,[::1]/main",
            "rediss+sentinel://a,b:26380/main",
            "redis+sentinel://u:p%40ss@a,b/main/3?sentinel_user=s&sentinel_password=x%26y",
        ] {
            assert!(matches!(parse(url), Ok(Address::Sentinel(_))), "{url}");
        }
        for url in
            ["redis+cluster://u:p@a,b:7001,[::1]?tls=true", "rediss+cluster://u:p@a,b:7001,[::1]"]
        {
            match parse(url) {
                Ok(Address::Cluster(nodes)) => {
                    let addresses: Vec<String> =
                        nodes.iter().map(|node| node.addr().to_string()).collect();
                    assert_eq!(addresses, ["a:6379", "b:7001", "::1:6379"]);
                    assert_eq!(nodes[0].redis_settings().username(), Some("u"));
                    let tls = nodes.iter().all(|node| {
                        matches!(node.addr(), ConnectionAddr::TcpTls { insecure: false, .. })
                    });
                    assert!(tls, "{url}");
                }
                Ok(_) | Err(_) => panic!("a cluster's url is read"),
            }
        }
    }

    #[test]
    fn a_fault_says_what_is_wrong_and_never_quotes_the_url() {
        for url in [
            "localhost",
            "http://u:secret@h",
            "redis://u:secret@",
            "redis+sentinel://u:secret@a,b",
            "redis+sentinel://u:secret@/main",
            "redis+cluster://",
            "redis+cluster://u:secret@a/3",
            "redis+cluster://u:secret@a?tsl=true",
            "redis+sentinel://u:secret@a/main/notanumber",
        ] {
            match parse(url) {
                Ok(_) => panic!("{url}"),
                Err(fault) => {
                    assert!(!fault.to_string().contains("secret"), "{fault}");
                    assert!(!fault.is_retryable());
                }
            }
        }
    }
}
