//! Redis servers, started for a test on free ports of this machine and ended with it.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use contact_gateway::ports::{Decisions, Store};
use contact_gateway::store::redis::Redis;
use secrecy::SecretString;

use super::Ground;
use crate::authority::{Authority, Purpose};

/// Far above what anything takes on a busy machine.
const START_PATIENCE: Duration = Duration::from_secs(150);

/// One process of `redis-server`, ended when this is dropped.
pub struct Server {
    process: Child,
    pub port: u16,
    /// Its files, and its log.
    folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // A frozen process ends by this signal, too.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A port that nobody listens on. Somebody else may take it before the server does; then the
/// server does not start, and another one is tried.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Server {
    /// A server with these settings, each a line of `redis.conf`.
    pub async fn start(settings: &[String]) -> Server {
        for _ in 0..5 {
            if let Some(server) = Server::start_on(free_port(), settings, &[]).await {
                return server;
            }
        }
        panic!("no redis-server could be started");
    }

    /// `None`: it ended at once, the port being taken.
    pub async fn start_on(port: u16, settings: &[String], arguments: &[&str]) -> Option<Server> {
        let folder = tempfile::tempdir().unwrap();
        let mut lines = vec![
            format!("port {port}"),
            "bind 127.0.0.1".to_owned(),
            format!("dir {}", folder.path().display()),
            "save \"\"".to_owned(),
            "protected-mode no".to_owned(),
        ];
        lines.extend(settings.iter().cloned());
        std::fs::write(folder.path().join("redis.conf"), lines.join("\n")).unwrap();
        let process = spawn(folder.path(), arguments);
        let mut server = Server { process, port, folder };
        let until = Instant::now() + START_PATIENCE;
        while Instant::now() < until {
            if server.process.try_wait().unwrap().is_some() {
                return None;
            }
            if server.say::<String>(&["PING"]).await.is_ok() {
                return Some(server);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        None
    }

    /// Ends the process at once and starts it again on the same port and files.
    pub async fn restart(&mut self) {
        self.kill();
        self.start_again(&[]).await;
    }

    /// Starts the process that was ended, on the same port and files.
    pub async fn start_again(&mut self, arguments: &[&str]) {
        self.process = spawn(self.folder.path(), arguments);
        self.wait_until_it_answers().await;
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// SIGSTOP and SIGCONT: the process is there, and does nothing.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap();
        assert!(sent.success());
    }

    async fn wait_until_it_answers(&self) {
        until("the server answers", || async { self.say::<String>(&["PING"]).await.is_ok() }).await;
    }

    pub async fn say<T: redis::FromRedisValue>(&self, words: &[&str]) -> redis::RedisResult<T> {
        say(self.port, words).await
    }
}

fn spawn(folder: &Path, arguments: &[&str]) -> Child {
    let log = std::fs::File::create(folder.join("log")).unwrap();
    Command::new("redis-server")
        .arg(folder.join("redis.conf"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|fault| {
            panic!("redis-server can't be run ({fault}): apt-get install redis-server")
        })
}

/// A command by a connection of its own.
pub async fn say<T: redis::FromRedisValue>(port: u16, words: &[&str]) -> redis::RedisResult<T> {
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}"))?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let (name, rest) = words.split_first().unwrap();
    redis::cmd(name).arg(rest).query_async(&mut connection).await
}

/// Waits until this many replicas have all that the master has.
pub async fn replicated(master: &Server, replicas: usize) {
    until("the replicas are in step", || async {
        let info: String = master.say(&["INFO", "replication"]).await.unwrap_or_default();
        let mine = info.lines().find_map(|line| line.strip_prefix("master_repl_offset:"));
        let in_step = format!("offset={},", mine.unwrap_or("?").trim());
        info.lines().filter(|line| line.contains(&in_step)).count() == replicas
    })
    .await;
}

/// Waits until something holds.
pub async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let end = Instant::now() + START_PATIENCE;
    while !holds().await {
        assert!(Instant::now() < end, "{what}: waited in vain");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Servers, and the URL under which they are one store.
#[derive(Default)]
pub struct OnRedis {
    pub servers: Vec<Server>,
    /// Those that hold data, before the others.
    pub data: usize,
    pub url: String,
}

impl Ground for OnRedis {
    /// Connected already, so that a busy machine's slow start is nothing that a test measures.
    fn gateway(&self) -> Arc<dyn Store> {
        let redis = self.redis();
        let connected = until("a gateway is connected", || async {
            redis.recorded(&super::facts::karbon(), "nobody").await.is_ok()
        });
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(connected));
        redis
    }
}

impl OnRedis {
    pub fn redis(&self) -> Arc<Redis> {
        Redis::open(&SecretString::from(self.url.clone())).unwrap()
    }

    /// Forgets everything.
    pub async fn clear(&self) {
        for server in self.servers.iter().take(self.data) {
            // A replica refuses, and follows its master.
            let _ = server.say::<String>(&["FLUSHALL"]).await;
        }
    }
}

/// What is written is on disk before long: with the default `appendfsync everysec` a server may
/// hold back writes while it syncs, and lose them when it is killed.
fn appending() -> Vec<String> {
    vec!["appendonly yes".to_owned()]
}

pub async fn single() -> OnRedis {
    let mut settings = appending();
    settings.push("appendfsync always".to_owned());
    let server = Server::start(&settings).await;
    let url = format!("redis://127.0.0.1:{}", server.port);
    OnRedis { servers: vec![server], data: 1, url }
}

/// One master, two replicas, three sentinels.
pub async fn sentinel() -> OnRedis {
    sentinel_with(None).await
}

/// The same by TLS: between the servers, too.
pub async fn sentinel_by_tls(authority: &Authority, user: &str) -> OnRedis {
    sentinel_with(Some((authority, user))).await
}

/// The lines of `redis.conf` for a server that also listens on this port, by TLS.
pub fn by_tls(authority: &Authority, port: u16) -> Vec<String> {
    let issued = authority.issue("localhost", Purpose::Either);
    vec![
        format!("tls-port {port}"),
        format!("tls-cert-file {}", issued.certificate.display()),
        format!("tls-key-file {}", issued.key.display()),
        format!("tls-ca-cert-file {}", authority.certificate().display()),
        "tls-auth-clients no".to_owned(),
    ]
}

/// The port by which a server is reached, and its settings.
fn reached(tls: Option<(&Authority, &str)>, within: &str) -> (u16, Vec<String>) {
    let port = free_port();
    let settings = match tls {
        None => Vec::new(),
        Some((authority, _)) => {
            let mut settings = by_tls(authority, port);
            settings.push(format!("{within} yes"));
            settings
        }
    };
    (port, settings)
}

async fn sentinel_with(tls: Option<(&Authority, &str)>) -> OnRedis {
    let user = || tls.iter().map(|(_, user)| (*user).to_owned());
    let (by_tls, mut settings) = reached(tls, "tls-replication");
    settings.extend(appending());
    settings.extend(user());
    let master = Server::start(&settings).await;
    let master_port = if tls.is_some() { by_tls } else { master.port };
    let mut servers = vec![master];
    for _ in 0..2 {
        let (_, mut settings) = reached(tls, "tls-replication");
        settings.extend(appending());
        settings.extend(user());
        settings.push(format!("replicaof 127.0.0.1 {master_port}"));
        settings.push("repl-diskless-sync-delay 0".to_owned());
        servers.push(Server::start(&settings).await);
    }
    let mut hosts = Vec::new();
    for _ in 0..3 {
        let (by_tls, mut settings) = reached(tls, "tls-replication");
        settings.extend([
            format!("sentinel monitor main 127.0.0.1 {master_port} 2"),
            "sentinel down-after-milliseconds main 500".to_owned(),
            "sentinel failover-timeout main 3000".to_owned(),
            "sentinel parallel-syncs main 2".to_owned(),
        ]);
        let sentinel = Server::start_on(free_port(), &settings, &["--sentinel"]).await.unwrap();
        let port = if tls.is_some() { by_tls } else { sentinel.port };
        hosts.push(format!("127.0.0.1:{port}"));
        servers.push(sentinel);
    }
    for sentinel in &servers[3..] {
        until("the sentinel knows all", || async {
            let info: String = sentinel.say(&["INFO", "sentinel"]).await.unwrap_or_default();
            info.contains("slaves=2,sentinels=3")
        })
        .await;
    }
    let url = url_of("redis+sentinel", &hosts, "/main", tls.is_some());
    OnRedis { servers, data: 3, url }
}

/// With the tests' ACL user and the option for TLS, where it is spoken.
fn url_of(scheme: &str, hosts: &[String], path: &str, is_tls: bool) -> String {
    let (user, option) = if is_tls { ("able:secret@", "?tls=true") } else { ("", "") };
    format!("{scheme}://{user}{}{path}{option}", hosts.join(","))
}

/// Three masters with a replica each.
pub async fn cluster() -> OnRedis {
    cluster_with(None).await
}

/// The same by TLS: between the nodes, too.
pub async fn cluster_by_tls(authority: &Authority, user: &str) -> OnRedis {
    cluster_with(Some((authority, user))).await
}

async fn cluster_with(tls: Option<(&Authority, &str)>) -> OnRedis {
    let mut servers = Vec::new();
    let mut hosts = Vec::new();
    for _ in 0..6 {
        let (by_tls, mut settings) = reached(tls, "tls-cluster");
        settings.extend(tls.map(|_| "tls-replication yes".to_owned()));
        settings.extend(appending());
        settings.extend(tls.map(|(_, user)| user.to_owned()));
        settings.push("cluster-enabled yes".to_owned());
        settings.push(format!("cluster-port {}", free_port()));
        settings.push("cluster-node-timeout 1000".to_owned());
        settings.push("repl-diskless-sync-delay 0".to_owned());
        let server = Server::start(&settings).await;
        let port = if tls.is_some() { by_tls } else { server.port };
        hosts.push(format!("127.0.0.1:{port}"));
        servers.push(server);
    }
    let mut making = Command::new("redis-cli");
    if let Some((authority, _)) = tls {
        making.args(["--tls", "--cacert", &authority.certificate().display().to_string()]);
    }
    let made = making
        .args(["--cluster", "create"])
        .args(&hosts)
        .args(["--cluster-replicas", "1", "--cluster-yes"])
        .output()
        .unwrap_or_else(|fault| {
            panic!("redis-cli can't be run ({fault}): apt-get install redis-tools")
        });
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
    for server in &servers {
        until("the cluster is whole", || async {
            let info: String = server.say(&["CLUSTER", "INFO"]).await.unwrap_or_default();
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:6")
        })
        .await;
    }
    let url = url_of("redis+cluster", &hosts[..3], "", tls.is_some());
    OnRedis { servers, data: 6, url }
}
