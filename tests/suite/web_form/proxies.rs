//! Decision endpoints, asked by real nginx, HAProxy, Traefik and Envoy as the guide sets them up, and
//! by hand as the latter two ask.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use contact_gateway::channels::decisions::settings::{Proxy, ProxyFields, ProxySettings, Source};
use contact_gateway::channels::web_form::settings::Reveal;
use contact_gateway::domain::identifier::Assurance;
use serde_json::json;

use crate::contacts_edge::client::{Got, raw, request};
use crate::contacts_edge::gateway::{EXPIRED_TOKEN, Gateway, Setup, TOKEN, karbon, person};
use crate::contacts_edge::upstream::Upstream;

const WAIT: Duration = Duration::from_secs(30);

/// A proxy of others, ended where a test leaves it.
pub struct Running {
    child: Child,
    pub address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A block of the guide to forms, by the words behind its fence.
pub fn guide(block: &str) -> String {
    let guide = include_str!("../../../docs/forms.md");
    let from = format!("```{block}\n");
    let start = guide.find(&from).unwrap_or_else(|| panic!("the guide has no `{block}`"));
    let rest = &guide[start + from.len()..];
    rest[..=rest.find("\n```").unwrap()].to_owned()
}

/// nginx with this inside its `server` on the port.
pub fn nginx(port: u16, before: &str, server: &str) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let config = format!(
        "daemon off; master_process off; pid {0}/pid; error_log {0}/log;\n\
         events {{ worker_connections 64; }}\n\
         http {{\n access_log off; client_body_temp_path {0}/body; proxy_temp_path {0}/proxy;\n \
         fastcgi_temp_path {0}/f; uwsgi_temp_path {0}/u; scgi_temp_path {0}/s;\n\
         {before}\n server {{\n{server}\n}}\n}}\n",
        at.display()
    );
    std::fs::write(at.join("nginx.conf"), config).unwrap();
    let mut command = Command::new("/usr/sbin/nginx");
    command.arg("-c").arg(at.join("nginx.conf")).arg("-p").arg(at).arg("-e").arg(at.join("log"));
    started(command, "the Debian package `nginx`", port, folder)
}

fn haproxy(port: u16, config: &str, lua: &str, endpoint: &str) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::write(at.join("contact-gateway.lua"), lua).unwrap();
    std::fs::write(at.join("haproxy.cfg"), config).unwrap();
    let mut command = Command::new("/usr/sbin/haproxy");
    command.arg("-db").arg("-f").arg(at.join("haproxy.cfg")).current_dir(at);
    command.env("CONTACT_GATEWAY_URL", endpoint).env("CONTACT_GATEWAY_TOKEN", TOKEN);
    started(command, "the Debian package `haproxy`", port, folder)
}

/// A program that a Python package has inside.
fn packaged(program: &str) -> Command {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/clients/bin");
    Command::new(clients.join(program))
}

const PACKAGED: &str = "the test's clients by running tests/run once";

fn traefik(port: u16, asks: u16, services: &str) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let filled = guide("yaml traefik")
        .replace("127.0.0.1:8000", &format!("127.0.0.1:{port}"))
        .replace("127.0.0.1:8001", &format!("127.0.0.1:{asks}"));
    std::fs::write(at.join("traefik.yaml"), filled).unwrap();
    std::fs::write(at.join("contact.yaml"), services).unwrap();
    let mut command = packaged("traefik");
    command.arg("--configFile=traefik.yaml").current_dir(at);
    started(command, PACKAGED, port, folder)
}

fn envoy(port: u16, config: &str) -> Running {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("envoy.yaml"), config).unwrap();
    let mut command = packaged("envoy");
    command.args(["-c", "envoy.yaml", "--disable-hot-restart", "--concurrency", "1"]);
    command.args(["-l", "warning"]).current_dir(folder.path());
    started(command, PACKAGED, port, folder)
}

/// What a proxy answers, once it answers as it should.
async fn until(proxy: SocketAddr, question: &[u8], wanted: impl Fn(&Got) -> bool) -> Got {
    let since = Instant::now();
    loop {
        let got = raw(proxy, question).await;
        if wanted(&got) {
            return got;
        }
        assert!(since.elapsed() < WAIT, "{got:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn started(mut command: Command, install: &str, port: u16, folder: tempfile::TempDir) -> Running {
    let log = std::fs::File::create(folder.path().join("stderr")).unwrap();
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
    let mut child = child.unwrap_or_else(|fault| panic!("install {install}: {fault}"));
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let since = Instant::now();
    while TcpStream::connect(address).is_err() {
        let ended = child.try_wait().unwrap().is_some();
        if ended || since.elapsed() > WAIT {
            let _ = child.kill();
            panic!("{command:?} does not listen:\n{}", logs(folder.path()));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Running { child, address, _folder: folder }
}

fn logs(folder: &Path) -> String {
    let read = |name| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    format!("{}{}", read("stderr"), read("log"))
}

fn endpoint(proxy: Proxy) -> ProxySettings {
    ProxySettings {
        organisation: karbon(),
        path: "/decisions/karbon".to_owned(),
        proxy,
        fields: ProxyFields {
            email: Some(Source::Header("x-customer-email".parse().unwrap())),
            issue: Some(Source::Query("ref".to_owned())),
            ..ProxyFields::default()
        },
        assurance: Assurance::Proven,
        request_id: Some("x-request-id".parse().unwrap()),
        reveal: Reveal::Proven,
        trusted_sources: Vec::new(),
    }
}

async fn with(entry: ProxySettings) -> (Upstream, Gateway) {
    let quota = json!({"kind": "contact_quota", "limit": 1, "per": "week", "window": "calendar"});
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let ended = json!({"kind": "contact_ended"});
    let people = json!([
        person("P-1", "jo@x.example", "+447700900001", quota),
        person("P-2", "lee@x.example", "+447700900002", letters),
        person("P-3", "ash@x.example", "+447700900003", ended),
        {"id": "P-4", "name": "Kim Roe", "identifiers": [{"kind": "email", "value": "kim@x.example"}],
         "restrictions": []},
    ]);
    let setup = Setup { decisions: vec![entry], people, ..Setup::default() };
    (Upstream::start().await, Gateway::start(setup).await)
}

fn post(fields: &[(&str, &str)]) -> Vec<u8> {
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    let page = ("Accept", "text/html");
    let fields: Vec<_> = [kind, page].into_iter().chain(fields.iter().copied()).collect();
    request("POST", "/contact?ref=C-1", &fields, b"message=hello")
}

/// What a browser at the proxy sees, for each of the senders.
async fn through(proxy: SocketAddr, upstream: &Upstream, gateway: &Gateway, as_jo: (&str, &str)) {
    let looked = raw(proxy, &request("GET", "/contact", &[as_jo], b"")).await;
    assert_eq!((looked.status, looked.text().as_str()), (200, "thanks"));
    assert!(gateway.decided().await.is_empty(), "looking is no contact");
    let forged = [as_jo, ("X-Contact-Flags", "vip"), ("X-Contact-Decision", "file")];
    let first = raw(proxy, &post(&forged)).await;
    assert_eq!((first.status, first.text().as_str()), (200, "thanks"));
    let seen = upstream.seen().pop().unwrap();
    assert_eq!(seen.line(), "POST /contact?ref=C-1 HTTP/1.1");
    assert_eq!(seen.body, b"message=hello");
    assert_eq!(seen.fields("x-contact-decision"), ["deliver"]);
    assert!(seen.field("x-contact-flags").is_none_or(|flags| flags.is_empty()));
    let count = upstream.seen().len();
    let second = raw(proxy, &post(&[as_jo, ("Accept-Language", "cy")])).await;
    assert_eq!(second.status, 429, "{second:?}");
    assert_eq!(second.field("retry-after").as_deref(), Some("396000"));
    assert!(second.field("content-security-policy").unwrap().contains("sha256-"));
    let page = second.text();
    for part in
        ["<html lang=\"cy\">", "ac nid ydym wedi ei chadw", "+441910000000", "Cyfeirnod: proxy-"]
    {
        assert!(page.contains(part), "{part} is not on the page:\n{page}");
    }
    assert!(!page.contains("Rydym wedi ei chadw"), "{page}");
    assert_eq!(upstream.seen().len(), count);
    assert_eq!(gateway.decided().await.len(), 2);
    // More than nginx takes by itself; nobody asks the gateway about the body.
    let long = request("POST", "/contact", &[], &vec![b'x'; 2 * 1024 * 1024]);
    let long = raw(proxy, &long).await;
    assert_eq!((long.status, long.text().as_str()), (200, "thanks"));
    assert_eq!(upstream.seen().pop().unwrap().body.len(), 2 * 1024 * 1024);
    let unknown = raw(proxy, &post(&[])).await;
    assert_eq!((unknown.status, unknown.text().as_str()), (200, "thanks"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_asks_by_auth_request_as_the_guide_says() {
    let (upstream, gateway) = with(endpoint(Proxy::Nginx)).await;
    let port = free_port();
    let server = guide("nginx decision")
        .replace("127.0.0.1:8080", &gateway.address.to_string())
        .replace("127.0.0.1:9000", &upstream.address.to_string())
        .replace("TOKEN", TOKEN);
    let sessions = "map $cookie_session $customer_email { jo jo@x.example; lee lee@x.example; \
        ash ash@x.example; default \"\"; }";
    let nginx = nginx(port, sessions, &format!("listen 127.0.0.1:{port};\n{server}"));
    through(nginx.address, &upstream, &gateway, ("Cookie", "session=jo")).await;
    let closed = raw(nginx.address, &post(&[("Cookie", "session=lee")])).await;
    assert_eq!(closed.status, 403);
    assert!(
        closed.field("retry-after").is_none()
            && closed.text().contains("only contact us by letter")
    );
    for (size, status) in [(25 * 1024 * 1024, 200), (25 * 1024 * 1024 + 1, 413)] {
        let body = vec![b'x'; size];
        let long = raw(nginx.address, &request("POST", "/contact", &[], &body)).await;
        assert_eq!(long.status, status, "{size}");
    }
    let filed = raw(nginx.address, &post(&[("Cookie", "session=ash")])).await;
    assert_eq!((filed.status, filed.text().as_str()), (200, "thanks"));
    let seen = upstream.seen().pop().unwrap();
    assert_ne!(seen.fields("x-contact-decision"), ["deliver"], "the handler is told");
    // The gateway's own paths can't be reached by way of the proxy.
    let inside = raw(nginx.address, &request("GET", "/_contact_decision", &[], b"")).await;
    assert_eq!(inside.status, 404);
    gateway.stop().await;
    let without = raw(nginx.address, &post(&[("Cookie", "session=lee")])).await;
    assert_eq!((without.status, without.text().as_str()), (200, "thanks"), "without the gateway");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_asks_by_lua_as_the_guide_says() {
    let (upstream, gateway) = with(endpoint(Proxy::Haproxy)).await;
    let port = free_port();
    let config = guide("haproxy front")
        .replace("127.0.0.1:80\n", &format!("127.0.0.1:{port}\n"))
        .replace("127.0.0.1:9000", &upstream.address.to_string());
    let asked = format!("http://{}/decisions/karbon", gateway.address);
    let haproxy = haproxy(port, &config, &guide("lua haproxy"), &asked);
    // The session's word comes as a field here: a test has no session.
    through(haproxy.address, &upstream, &gateway, ("X-Customer-Email", "jo@x.example")).await;
    gateway.stop().await;
    let without = raw(haproxy.address, &post(&[("X-Customer-Email", "lee@x.example")])).await;
    assert_eq!((without.status, without.text().as_str()), (200, "thanks"), "without the gateway");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traefik_asks_by_forward_auth_as_the_guide_says() {
    let mut entry = endpoint(Proxy::Traefik);
    entry.trusted_sources = vec!["127.0.0.0/8".parse().unwrap()];
    let (upstream, gateway) = with(entry).await;
    let (port, asks) = (free_port(), free_port());
    let services = guide("yaml traefik contact")
        .replace("127.0.0.1:8001", &format!("127.0.0.1:{asks}"))
        .replace("127.0.0.1:8080", &gateway.address.to_string())
        .replace("127.0.0.1:9000", &upstream.address.to_string());
    let traefik = traefik(port, asks, &services);
    let looked = request("GET", "/contact", &[], b"");
    until(traefik.address, &looked, |got| got.status == 200).await;
    through(traefik.address, &upstream, &gateway, ("X-Customer-Email", "jo@x.example")).await;
    gateway.stop().await;
    let lee = post(&[("X-Customer-Email", "lee@x.example"), ("X-Contact-Flags", "vip")]);
    let without = until(traefik.address, &lee, |got| got.status == 200).await;
    assert_eq!(without.text(), "thanks", "without the gateway");
    assert_eq!(upstream.seen().pop().unwrap().field("x-contact-flags"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn envoy_asks_by_ext_authz_as_the_guide_says() {
    let (upstream, gateway) = with(endpoint(Proxy::Envoy)).await;
    let port = free_port();
    let numbered = |port: u16| format!("port_value: {port} ");
    let config = guide("yaml envoy")
        .replace("TOKEN", TOKEN)
        .replace(&numbered(8000), &numbered(port))
        .replace(&numbered(8080), &numbered(gateway.address.port()))
        .replace(&numbered(9000), &numbered(upstream.address.port()));
    let envoy = envoy(port, &config);
    through(envoy.address, &upstream, &gateway, ("X-Customer-Email", "jo@x.example")).await;
    gateway.stop().await;
    let lee = post(&[("X-Customer-Email", "lee@x.example"), ("X-Contact-Flags", "vip")]);
    let without = raw(envoy.address, &lee).await;
    assert_eq!((without.status, without.text().as_str()), (200, "thanks"), "without the gateway");
    assert_eq!(upstream.seen().pop().unwrap().field("x-contact-flags"), None);
}

/// As Traefik 3 asks: a GET without a body, the client's own fields, and where it came from.
fn forward_auth(method: &str, email: &str, id: &str, more: &str) -> Vec<u8> {
    format!(
        "GET /decisions/karbon HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: Go-http-client/1.1\r\n\
         Accept: text/html\r\nAccept-Encoding: gzip\r\nX-Customer-Email: {email}\r\n\
         X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Host: contact.karbon.example\r\n\
         X-Forwarded-Method: {method}\r\nX-Forwarded-Port: 443\r\nX-Forwarded-Proto: https\r\n\
         X-Forwarded-Server: edge\r\nX-Forwarded-Uri: /contact?ref=C-1\r\nX-Request-Id: {id}\r\n\
         {more}Connection: close\r\n\r\n"
    )
    .into_bytes()
}

#[tokio::test]
async fn traefik_is_answered_for_its_client_and_known_by_its_address() {
    let mut entry = endpoint(Proxy::Traefik);
    entry.trusted_sources = vec!["127.0.0.0/8".parse().unwrap()];
    let (_upstream, gateway) = with(entry).await;
    let ask = async |method: &str, email: &str, id: &str| -> Got {
        raw(gateway.address, &forward_auth(method, email, id, "")).await
    };
    for method in ["GET", "HEAD", "OPTIONS"] {
        assert_eq!(ask(method, "lee@x.example", "r-0").await.status, 200, "{method}");
    }
    assert!(gateway.decided().await.is_empty());
    let first = ask("POST", "jo@x.example", "r-1").await;
    assert_eq!((first.status, first.body.len()), (200, 0));
    assert_eq!(first.field("x-contact-decision").as_deref(), Some("deliver"));
    let again = ask("POST", "jo@x.example", "r-1").await;
    assert_eq!(again.status, 200, "the same request is the same contact");
    assert_eq!(gateway.decided().await.len(), 1);
    let over = ask("POST", "jo@x.example", "r-2").await;
    assert_eq!(over.status, 429);
    assert_eq!(over.field("x-contact-decision").as_deref(), Some("limit"));
    assert!(over.text().contains("we did not keep it"));
    assert_eq!(over, ask("POST", "jo@x.example", "r-2").await, "and so is its answer");
    assert_eq!(ask("POST", "lee@x.example", "r-2").await.status, 403, "never another's");
    // A body that is announced and not sent is not waited for.
    let body = forward_auth("POST", "kim@x.example", "r-3", "Content-Length: 1000\r\n");
    assert_eq!(raw_open(gateway.address, &body).await.status, 200);
    gateway.stop().await;
}

/// As [`raw`], with the sending side left open.
async fn raw_open(to: SocketAddr, request: &[u8]) -> Got {
    tokio::time::timeout(WAIT, raw(to, request)).await.unwrap()
}

/// As Envoy asks: the client's own method and path behind the prefix, no body.
fn ext_authz(method: &str, target: &str, email: &str, id: &str, token: &str) -> Vec<u8> {
    format!(
        "{method} /decisions/karbon{target} HTTP/1.1\r\nhost: contact.karbon.example\r\n\
         content-length: 0\r\nx-request-id: {id}\r\nx-customer-email: {email}\r\n\
         authorization: Bearer {token}\r\nx-envoy-internal: true\r\nx-forwarded-for: 10.0.0.1\r\n\
         x-envoy-expected-rq-timeout-ms: 2000\r\nconnection: close\r\n\r\n"
    )
    .into_bytes()
}

#[tokio::test]
async fn envoy_is_answered_for_its_client_and_known_by_its_token() {
    let (_upstream, gateway) = with(endpoint(Proxy::Envoy)).await;
    let ask = async |method: &str, email: &str, id: &str, token: &str| -> Got {
        raw(gateway.address, &ext_authz(method, "/contact?ref=C-7", email, id, token)).await
    };
    for token in ["wrong", ""] {
        let refused = ask("POST", "jo@x.example", "r-1", token).await;
        assert_eq!(refused.status, 401);
        assert_eq!(refused.json()["type"], "urn:contact-gateway:problem:unauthorised");
    }
    let expired = ask("POST", "jo@x.example", "r-1", EXPIRED_TOKEN).await;
    assert_eq!(expired.status, 401);
    assert_eq!(expired.json()["type"], "urn:contact-gateway:problem:token-expired");
    assert!(gateway.decided().await.is_empty(), "who may not ask changes nothing");
    assert_eq!(ask("GET", "lee@x.example", "r-1", TOKEN).await.status, 200);
    assert_eq!(ask("POST", "jo@x.example", "r-1", TOKEN).await.status, 200);
    let over = ask("PUT", "jo@x.example", "r-2", TOKEN).await;
    assert_eq!(over.status, 429);
    assert_eq!(over.fields("ratelimit"), ["\"contacts\";r=0;t=396000"]);
    let limited = gateway.queue("limited").await;
    assert_eq!(limited.len(), 1);
    assert_eq!(limited[0].original_to, ["/contact"]);
    assert!(limited[0].archived.is_none());
    gateway.stop().await;
}

#[tokio::test]
async fn who_is_on_record_without_a_restriction_is_answered_as_who_is_not() {
    for proxy in [Proxy::Nginx, Proxy::Haproxy, Proxy::Traefik, Proxy::Envoy] {
        let mut entry = endpoint(proxy);
        entry.trusted_sources = vec!["127.0.0.0/8".parse().unwrap()];
        let (_upstream, gateway) = with(entry).await;
        let mut answers = Vec::new();
        for email in ["kim@x.example", "nobody@x.example", ""] {
            let fields = "X-Original-Method: POST\r\nX-Original-URI: /contact\r\n";
            let question = match proxy {
                Proxy::Envoy => ext_authz("POST", "/contact", email, "r-1", ""),
                Proxy::Nginx | Proxy::Haproxy | Proxy::Traefik => {
                    forward_auth("POST", email, "r-1", fields)
                }
            };
            let before = gateway.accesses();
            let mut got = raw(gateway.address, &question).await;
            assert_eq!(gateway.accesses(), before, "{proxy:?}: the store is not asked");
            // The time of the answer alone.
            got.head = got.head.lines().filter(|line| !line.starts_with("date:")).collect();
            answers.push(got);
        }
        assert_eq!(answers[0], answers[1], "{proxy:?}");
        assert_eq!(answers[1], answers[2], "{proxy:?}");
        gateway.stop().await;
    }
}
