//! URLs, addresses and paths as the configuration writes them.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

use super::fault::Wrong;
use super::reader::{Field, brief};
use crate::channels::mail::settings::{Bind, Downstream, DownstreamAddress, DownstreamProtocol};
use crate::domain::identifier::{IdentifierKind, normalise};
use crate::domain::nation::Nation;
use crate::runtime::http_client;
use crate::store::settings::{RedisSettings, StoreUrl};

fn wrong<T>(wrong: impl Into<String>, right: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong::new(wrong, right))
}

const REDIS_SCHEMES: [&str; 7] = [
    "redis",
    "rediss",
    "redis+unix",
    "redis+sentinel",
    "rediss+sentinel",
    "redis+cluster",
    "rediss+cluster",
];

/// `[store] url`. Its text is never shown: it may hold a password.
pub(super) fn store(text: &str) -> Result<StoreUrl, Wrong> {
    const RIGHT: &str = "write \"embedded:FOLDER\", or a URL that begins with redis://, rediss://, \
                         redis+unix://, redis+sentinel:// or redis+cluster://";
    if let Some(folder) = text.strip_prefix("embedded:") {
        return match folder.trim() {
            "" => wrong("names no folder", RIGHT),
            folder => Ok(StoreUrl::Embedded(PathBuf::from(folder))),
        };
    }
    let scheme = text.split_once("://").map(|(scheme, _)| scheme).unwrap_or_default();
    if !REDIS_SCHEMES.contains(&scheme) {
        return wrong("is not a store", RIGHT);
    }
    // Several hosts in one URL, as Sentinel and Cluster have them, are the store's to take apart.
    match Url::parse(text) {
        Err(_) if !text.contains(',') => wrong("is not a URL", RIGHT),
        Ok(_) | Err(_) => Ok(StoreUrl::Redis(RedisSettings::from(&SecretString::from(text)))),
    }
}

/// `[archive] url`, which says nothing of a server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ArchivePlace {
    File(PathBuf),
    Bucket { name: String, prefix: String },
}

/// `[archive] url`.
pub(super) fn archive(text: &str) -> Result<ArchivePlace, Wrong> {
    const RIGHT: &str = "write \"file:FOLDER\" or \"s3://BUCKET/PREFIX\"";
    if let Some(rest) = text.strip_prefix("s3://") {
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        return match is_bucket(name) && is_prefix(prefix) {
            true => Ok(ArchivePlace::Bucket { name: name.to_owned(), prefix: prefix.to_owned() }),
            false => wrong(
                "names no bucket, or holds a prefix that can't be one",
                "write \"s3://BUCKET/PREFIX\" with letters, digits and `-_.` between slashes",
            ),
        };
    }
    match text.strip_prefix("file:").map(|path| path.strip_prefix("//").unwrap_or(path)) {
        Some(folder) if !folder.is_empty() => Ok(ArchivePlace::File(PathBuf::from(folder))),
        Some(_) | None => wrong("is not an archive", RIGHT),
    }
}

fn is_bucket(name: &str) -> bool {
    (3..=63).contains(&name.len()) && is_segment(name)
}

fn is_prefix(prefix: &str) -> bool {
    // With the longest name of an original, less than the 1,024 bytes that a key may have.
    const BYTES_MAX: usize = 200;
    prefix.is_empty() || (prefix.len() <= BYTES_MAX && prefix.split('/').all(is_segment))
}

/// Nothing that a URL would take for a way up, or for something else.
fn is_segment(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    plain && !text.is_empty() && text != "." && text != ".."
}

/// An address of an HTTP listener.
pub(super) fn socket(text: &str) -> Result<SocketAddr, Wrong> {
    text.parse().map_err(|_| {
        Wrong::new(
            format!("`{}` is not an address to listen on", brief(text)),
            "write IP:PORT, such as 127.0.0.1:8080 or [::1]:8080",
        )
    })
}

/// A DNS server that is asked.
pub(super) fn nameserver(text: &str) -> Result<SocketAddr, Wrong> {
    text.parse().map_err(|_| {
        Wrong::new(
            format!("`{}` is not the address of a DNS server", brief(text)),
            "write IP:PORT, such as 127.0.0.1:53 or [::1]:53",
        )
    })
}

/// An address of a mail listener: `IP:PORT` or `unix:PATH`.
pub(super) fn bind(text: &str) -> Result<Bind, Wrong> {
    match text.strip_prefix("unix:") {
        Some("") => wrong("names no socket", "write unix:PATH"),
        Some(path) => Ok(Bind::Unix(PathBuf::from(path))),
        None => socket(text).map(Bind::Tcp).map_err(|Wrong { wrong, right }| Wrong {
            wrong,
            right: format!("{right}, or unix:PATH"),
        }),
    }
}

/// Permissions of a file, as `chmod` has them in figures.
pub(super) fn mode(text: &str) -> Result<u32, Wrong> {
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777);
    mode.ok_or_else(|| {
        Wrong::new(
            format!("`{}` is not a file mode", brief(text)),
            "write it as \"0660\", in quotes",
        )
    })
}

/// The server behind: `smtp://HOST:PORT`, `lmtp://HOST:PORT`, `smtp+unix:PATH`, `lmtp+unix:PATH`.
pub(super) fn downstream(text: &str) -> Result<Downstream, Wrong> {
    const RIGHT: &str =
        "write smtp://HOST:PORT, lmtp://HOST:PORT, smtp+unix:PATH or lmtp+unix:PATH";
    let unix = |protocol, path: &str| Downstream {
        protocol,
        address: DownstreamAddress::Unix(PathBuf::from(path)),
    };
    let split = text.split_once(':').unwrap_or((text, ""));
    match split {
        ("smtp+unix", path) if !path.is_empty() => Ok(unix(DownstreamProtocol::Smtp, path)),
        ("lmtp+unix", path) if !path.is_empty() => Ok(unix(DownstreamProtocol::Lmtp, path)),
        ("smtp", rest) => Ok(Downstream {
            protocol: DownstreamProtocol::Smtp,
            address: host_and_port(rest).ok_or_else(|| not_a_server(text, RIGHT))?,
        }),
        ("lmtp", rest) => Ok(Downstream {
            protocol: DownstreamProtocol::Lmtp,
            address: host_and_port(rest).ok_or_else(|| not_a_server(text, RIGHT))?,
        }),
        _ => Err(not_a_server(text, RIGHT)),
    }
}

fn not_a_server(text: &str, right: &str) -> Wrong {
    Wrong::new(format!("`{}` is not a mail server", brief(text)), right)
}

/// `//host:port`, nothing behind it but a slash.
fn host_and_port(rest: &str) -> Option<DownstreamAddress> {
    let rest = rest.strip_prefix("//")?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = rest.rsplit_once(':')?;
    let port: u16 = port.parse().ok().filter(|port| *port != 0)?;
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    let is_name = !host.is_empty()
        && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
    (is_address || is_name).then(|| DownstreamAddress::Tcp { host: host.to_owned(), port })
}

/// A network, or one address.
pub(super) fn network(text: &str) -> Result<IpNet, Wrong> {
    let address = || text.parse::<std::net::IpAddr>().map(IpNet::from);
    text.parse::<IpNet>().or_else(|_| address()).map_err(|_| {
        Wrong::new(
            format!("`{}` is not a network", brief(text)),
            "write an address or a network, such as 127.0.0.0/8",
        )
    })
}

/// A URL of the web, with its host.
pub(super) fn web_url(text: &str) -> Result<Url, Wrong> {
    const RIGHT: &str = "write it as https://host/path, without a password";
    match Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") || !url.has_host() => {
            wrong("is not a web URL", RIGHT)
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            wrong("holds a user or a password", RIGHT)
        }
        Ok(url) if url.fragment().is_some() => wrong("holds a fragment", RIGHT),
        Ok(url) => Ok(url),
        Err(error) => wrong(format!("is not a URL: {error}"), RIGHT),
    }
}

/// A server of buckets, without the bucket.
pub(super) fn server_of_buckets(text: &str) -> Result<Url, Wrong> {
    let url = web_url(text)?;
    match url.query().is_none() && url.path() == "/" {
        true => Ok(url),
        false => {
            wrong("holds more than a server", "write it as https://HOST:PORT, without the bucket")
        }
    }
}

/// The region that requests are signed for.
pub(super) fn region(text: &str) -> Result<String, Wrong> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match plain && (1..=64).contains(&text.len()) {
        true => Ok(text.to_owned()),
        false => wrong("is not a region", "write it as the server calls it, such as \"eu-west-2\""),
    }
}

/// The issuer of an identity provider, as written: a token names it to the letter (OpenID Connect Core 2).
pub(super) fn issuer(text: &str) -> Result<String, Wrong> {
    let url = web_url(text)?;
    if url.query().is_some() {
        return wrong("holds a query", "write it as the provider's own documents name it");
    }
    if !http_client::is_private(&url) {
        return wrong(
            "would be asked unencrypted",
            "write an https:// URL; http:// is for a provider on this machine",
        );
    }
    Ok(text.trim().to_owned())
}

/// Where browsers find a site of ours: only scheme and host.
pub(super) fn public_origin(text: &str) -> Result<String, Wrong> {
    const RIGHT: &str = "write it as \"https://staff.example.org\", without a path";
    match Url::parse(text) {
        Ok(url)
            if matches!(url.scheme(), "http" | "https")
                && url.host_str().is_some()
                && url.path() == "/"
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty() =>
        {
            Ok(url.origin().ascii_serialization())
        }
        Ok(_) | Err(_) => wrong("is not the address of a site", RIGHT),
    }
}

/// A URL that requests are sent to.
pub(super) fn upstream(text: &str) -> Result<hyper::Uri, Wrong> {
    let url = web_url(text)?;
    url.as_str().parse().map_err(|_| {
        Wrong::new("is not a URL that the gateway can call", "write it as http://host:port/path")
    })
}

/// The base address of a collector of traces (OTLP over HTTP); the path is added to it.
pub(super) fn collector(text: &str, has_token: bool) -> Result<hyper::Uri, Wrong> {
    const TRACES: &str = "/v1/traces";
    const RIGHT: &str = "write it as http://HOST:4318, where the collector accepts OTLP over HTTP";
    let mut url = web_url(text)?;
    if url.query().is_some() {
        return wrong("holds a query", RIGHT);
    }
    if has_token && !http_client::is_private(&url) {
        return wrong(
            "would be sent the token unencrypted",
            "write an https:// URL; http:// is for a collector on this machine",
        );
    }
    if !url.path().ends_with(TRACES) {
        let path = format!("{}{TRACES}", url.path().trim_end_matches('/'));
        url.set_path(&path);
    }
    url.as_str().parse().map_err(|_| Wrong::new("is not a URL that the gateway can call", RIGHT))
}

/// A path on the contacts listener.
pub(super) fn listener_path(text: &str) -> Result<String, Wrong> {
    const RIGHT: &str = "write it as /organisation/form, without a query or a slash at its end";
    let plain =
        text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~'));
    let dotted = text.split('/').any(|part| part == "." || part == "..");
    if !text.starts_with('/') || !plain || dotted || text.contains("//") {
        return wrong(format!("`{}` is not a path", brief(text)), RIGHT);
    }
    if text.len() > 1 && text.ends_with('/') {
        return wrong(format!("`{}` ends with a slash", brief(text)), RIGHT);
    }
    Ok(text.to_owned())
}

/// An e-mail address. Its text is never shown.
pub(super) fn address(field: &Field<'_>, nation: Nation) -> Option<String> {
    field.parsed(|text| match normalise(IdentifierKind::Email, text, nation) {
        // A message may carry a display name; a mailbox of the organisation is only an address.
        Ok(_) if !text.contains(['<', ':', ' ']) => Ok(text.trim().to_owned()),
        Ok(_) | Err(_) => Err(Wrong::new(
            "is not an e-mail address",
            "write it as name@example.org, without a display name",
        )),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_and_archives() {
        let Ok(StoreUrl::Embedded(folder)) = store("embedded:var/x") else { panic!("a store") };
        assert_eq!(folder.to_str(), Some("var/x"));
        for url in [
            "redis://:secret@127.0.0.1:6379/0",
            "rediss://redis.example",
            "redis+unix:///run/redis.sock",
            "redis+sentinel://a:26379,b:26379/main",
            "redis+cluster://a:7000,b:7001",
        ] {
            assert!(matches!(store(url), Ok(StoreUrl::Redis(_))), "{url}");
        }
        for url in ["embedded:", "sqlite:x", "redis", "redis://[", ""] {
            let Wrong { wrong, right } = store(url).unwrap_err();
            assert!(!format!("{wrong}{right}").contains("secret"));
        }
        assert_eq!(archive("file:var/a").unwrap(), ArchivePlace::File("var/a".into()));
        assert_eq!(archive("file:///srv/a").unwrap(), ArchivePlace::File("/srv/a".into()));
        for (url, prefix) in [
            ("s3://bucket", ""),
            ("s3://bucket/", ""),
            ("s3://bucket/karbon", "karbon"),
            ("s3://bucket/a/b.c/", "a/b.c"),
        ] {
            let bucket = ArchivePlace::Bucket { name: "bucket".into(), prefix: prefix.into() };
            assert_eq!(archive(url).unwrap(), bucket, "{url}");
        }
        for url in
            ["s3://", "s3://b", "s3:bucket", "s3://bucket//a", "s3://bucket/../a", "s3://u:p@b"]
        {
            assert!(archive(url).is_err(), "{url}");
        }
    }

    #[test]
    fn downstream_servers() {
        let tcp = |host: &str, port| DownstreamAddress::Tcp { host: host.to_owned(), port };
        for (text, address) in [
            ("smtp://127.0.0.1:10026", tcp("127.0.0.1", 10026)),
            ("smtp://[::1]:25", tcp("::1", 25)),
            ("lmtp://mail.internal:24", tcp("mail.internal", 24)),
            ("lmtp+unix:/run/lmtp", DownstreamAddress::Unix("/run/lmtp".into())),
        ] {
            assert_eq!(downstream(text).unwrap().address, address, "{text}");
        }
        for text in ["smtp://host", "smtp://:25", "http://host:25", "lmtp+unix:", "smtp://a b:25"] {
            assert!(downstream(text).is_err(), "{text}");
        }
    }

    #[test]
    fn paths_and_urls() {
        assert!(listener_path("/karbon/contact").is_ok());
        for path in ["karbon", "/a?b", "/a/", "/a//b", "/a/../b", "/a b"] {
            assert!(listener_path(path).is_err(), "{path}");
        }
        assert!(upstream("http://127.0.0.1:9000/contact").is_ok());
        for (text, whole) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("https://otlp.example/a/", "https://otlp.example/a/v1/traces"),
            ("https://otlp.example/v1/traces", "https://otlp.example/v1/traces"),
        ] {
            assert_eq!(collector(text, true).unwrap(), whole);
        }
        assert!(collector("http://collector:4318", false).is_ok());
        assert!(collector("http://collector:4318", true).is_err());
        assert!(collector("https://collector/?a=b", false).is_err());
        for url in ["ftp://x", "http://", "/x", "http://u:p@x/", "http://x/#a"] {
            assert!(web_url(url).is_err(), "{url}");
        }
        assert!(network("10.0.0.1").is_ok() && network("10.0.0.0/8").is_ok());
        assert!(network("10.0.0.0/99").is_err());
    }
}
