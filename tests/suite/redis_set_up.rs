//! What an operator of Redis gets wrong, as the real program tells it: `check --store` says no and
//! names it with its remedy, `serve` warns with the same words and runs on what it has.

use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::authority::Authority;
use crate::served::{Behind, Place};
use crate::store_contract::servers::{self, Server, by_tls, free_port, until};
use crate::store_contract::tls;

/// One thing that is wrong, and what is said of it.
struct Wrong {
    url: String,
    /// The file of the authority that is trusted.
    trusts: Option<PathBuf>,
    /// `replicas_acknowledged`.
    acknowledged: usize,
    says: Vec<&'static str>,
}

fn wrong(url: String, says: &[&'static str]) -> Wrong {
    Wrong { url, trusts: None, acknowledged: 0, says: says.to_vec() }
}

fn place(wrong: &Wrong) -> Place {
    let nobody: SocketAddr = "127.0.0.1:9".parse().unwrap();
    let place = Place::new(&Behind { mail: 9, form: nobody, calls: nobody }, "a secret");
    place.store_at(&wrong.url);
    if wrong.acknowledged > 0 {
        let setting = format!("replicas_acknowledged = {}\n[archive]", wrong.acknowledged);
        place.change("[archive]", &setting);
    }
    place
}

/// What `check --store` says, and how it ends.
fn checked(wrong: &Wrong) -> (Option<i32>, String) {
    let place = place(wrong);
    let mut check = place.command("check");
    check.arg("--store");
    check.envs(wrong.trusts.iter().map(|file| ("SSL_CERT_FILE", file)));
    let output = tokio::task::block_in_place(|| check.output().unwrap());
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

async fn is_told(wrong: &Wrong) {
    let (ended, said) = checked(wrong);
    assert_eq!(ended, Some(1), "{}: {said}", wrong.url);
    for text in &wrong.says {
        assert!(said.contains(text), "{}: `{text}` is not in\n{said}", wrong.url);
    }
    assert!(!said.contains("hunter2"), "{said}");
}

/// As `is_told`, and `serve` tells it as well.
async fn is_told_at_start(wrong: &Wrong) {
    is_told(wrong).await;
    let place = place(wrong);
    let served = tokio::task::block_in_place(|| place.serve());
    until("the gateway has warned", || async {
        let said = served.said();
        let warnings: Vec<&String> = said.iter().filter(|l| l.starts_with("warning: ")).collect();
        wrong.says.iter().all(|text| warnings.iter().any(|warning| warning.contains(text)))
    })
    .await;
    served.kill();
}

const KEEPS: [&str; 1] = ["appendonly yes"];

fn lines(some: &[&str]) -> Vec<String> {
    some.iter().map(|line| (*line).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_that_evicts_or_keeps_nothing_on_disk_is_told() {
    let settings = lines(&["maxmemory 100mb", "maxmemory-policy allkeys-lru"]);
    let server = Server::start(&settings).await;
    let says = [
        "maxmemory-policy is allkeys-lru",
        "set maxmemory-policy to noeviction",
        "the server writes nothing to disk: a restart loses everything",
        "set appendonly to yes",
    ];
    is_told_at_start(&wrong(format!("redis://127.0.0.1:{}", server.port), &says)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_with_a_user_that_lacks_rights_names_each() {
    let mut settings = lines(&KEEPS);
    settings.push(
        "user poor on >hunter2 ~cg1:* resetchannels &cg1:* +@all -hset -xadd -zmscore -subscribe"
            .into(),
    );
    settings.push("user elsewhere on >hunter2 ~other:* &other:* +@all".into());
    settings.push("user deaf on >hunter2 ~cg1:* &other:* +@all".into());
    settings.push("user silent on >hunter2 ~cg1:* resetchannels &cg1:* +@all -info".into());
    settings.push(tls::able());
    let server = Server::start(&settings).await;
    let url = |user: &str| format!("redis://{user}:hunter2@127.0.0.1:{}", server.port);
    let remedy = "give it `~cg1:* resetchannels &cg1:* +@hash";
    let says = ["the server's user may not run HSET, ZMSCORE, XADD, SUBSCRIBE", remedy];
    is_told_at_start(&wrong(url("poor"), &says)).await;
    is_told(&wrong(url("elsewhere"), &["keys that begin with `cg1:`", remedy])).await;
    is_told(&wrong(url("deaf"), &["may not use the channel `cg1:changes`", remedy])).await;
    is_told(&wrong(url("silent"), &["may not run INFO", "+info"])).await;

    let sound = wrong(format!("redis://able:secret@127.0.0.1:{}", server.port), &[]);
    let (ended, said) = checked(&sound);
    assert_eq!(ended, Some(0), "{said}");
}

/// A user that may do everything but `WAIT` writes nothing where replicas must acknowledge; one
/// server says so, and each that the url of a Cluster names.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_with_a_user_that_may_not_wait_for_its_replicas_is_told() {
    const REMEDY: &str = "give it `~cg1:* resetchannels &cg1:* +@hash";
    let user = tls::able().replace(" +wait ", " ").replace("user able ", "user hasty ");
    let settings = lines(&KEEPS);
    let users = [user, tls::able()];
    let master = Server::start(&[settings.clone(), users.to_vec()].concat()).await;
    let follows = format!("replicaof 127.0.0.1 {}", master.port);
    let _replica = Server::start(&[settings, vec![follows]].concat()).await;
    servers::replicated(&master, 1).await;
    let as_user = |user: &str, acknowledged: usize, says: &[&'static str]| Wrong {
        acknowledged,
        ..wrong(format!("redis://{user}:secret@127.0.0.1:{}", master.port), says)
    };
    let hasty = as_user("hasty", 1, &["the server's user may not run WAIT", REMEDY]);
    is_told_at_start(&hasty).await;
    let (_, said) = checked(&hasty);
    assert_eq!(said.matches("may not run WAIT").count(), 1, "said once: {said}");
    // Nobody waits for replicas: the right is not needed.
    for sound in [as_user("hasty", 0, &[]), as_user("able", 1, &[])] {
        let (ended, said) = checked(&sound);
        assert_eq!(ended, Some(0), "{said}");
    }
    is_told(&as_user("able", 2, &["replicas_acknowledged is 2, and 1 replicas follow"])).await;
    let both = ["may not run WAIT", "replicas_acknowledged is 2, and 1 replicas follow"];
    let (_, said) = checked(&as_user("hasty", 2, &[]));
    assert!(both.iter().all(|what| said.matches(what).count() == 1), "each once: {said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_with_a_wrong_password_or_nobody_there_is_told() {
    let mut settings = lines(&KEEPS);
    settings.push(tls::able());
    let server = Server::start(&settings).await;
    let url = format!("redis://able:hunter2@127.0.0.1:{}", server.port);
    is_told_at_start(&wrong(url, &["the server refuses the user or password"])).await;
    let url = format!("redis://127.0.0.1:{}", free_port());
    is_told_at_start(&wrong(url, &["nothing listens at the address"])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_by_tls_of_a_strange_authority_or_none_is_told() {
    let authority = Authority::new();
    let other = Authority::new();
    let port = free_port();
    let mut settings = by_tls(&authority, port);
    settings.extend(lines(&KEEPS));
    let server = Server::start(&settings).await;
    let strange = Wrong {
        trusts: Some(other.certificate()),
        ..wrong(
            format!("rediss://localhost:{port}"),
            &["the server's certificate is not trusted", "SSL_CERT_FILE"],
        )
    };
    is_told(&strange).await;
    let plain = Wrong {
        trusts: Some(authority.certificate()),
        ..wrong(
            format!("rediss://localhost:{}", server.port),
            &["Redis did not answer in time by TLS", "tls-port"],
        )
    };
    is_told(&plain).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sentinel_service_that_nobody_watches_is_told() {
    let master = Server::start(&lines(&KEEPS)).await;
    let watched = [format!("sentinel monitor main 127.0.0.1 {} 1", master.port)];
    let sentinel = Server::start_on(free_port(), &watched, &["--sentinel"]).await.unwrap();
    let url = format!("redis+sentinel://127.0.0.1:{}/mian", sentinel.port);
    let says = ["the sentinels name no master for the service", "sentinel monitor"];
    is_told_at_start(&wrong(url, &says)).await;
    let url = format!("redis://127.0.0.1:{}", sentinel.port);
    let says = ["the server is a sentinel", "redis+sentinel://HOST:PORT,HOST:PORT/SERVICE"];
    is_told(&wrong(url, &says)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_node_or_a_replica_as_a_single_redis_is_told() {
    let cluster_port = format!("cluster-port {}", free_port());
    let node =
        Server::start(&lines(&["appendonly yes", "cluster-enabled yes", &cluster_port])).await;
    let says = ["the server is a node of a Cluster", "redis+cluster://HOST:PORT,HOST:PORT"];
    is_told_at_start(&wrong(format!("redis://127.0.0.1:{}", node.port), &says)).await;

    let ground = servers::single().await;
    let master = &ground.servers[0];
    let url = format!("redis+cluster://127.0.0.1:{}", master.port);
    is_told(&wrong(url, &["the server is not a node of a Cluster", "redis://HOST:PORT"])).await;

    let of = format!("replicaof 127.0.0.1 {}", master.port);
    let replica = Server::start(&lines(&["appendonly yes", &of])).await;
    let says = ["the server is a replica", "name its master"];
    is_told(&wrong(format!("redis://127.0.0.1:{}", replica.port), &says)).await;
}

/// A server that says it is 5.0, and knows no command that came later.
async fn answer(client: TcpStream) -> Option<()> {
    const INFO: &str = "# Server\r\nredis_version:5.0.14\r\nredis_mode:standalone\r\nrole:master\r\n\
                        maxmemory_policy:noeviction\r\naof_enabled:1\r\n";
    let mut client = BufReader::new(client);
    loop {
        let words = command(&mut client).await?;
        let answer = match words.first()?.as_str() {
            "INFO" => format!("${}\r\n{INFO}\r\n", INFO.len()),
            "CONFIG" => "*2\r\n$4\r\nsave\r\n$0\r\n\r\n".to_owned(),
            "PING" => "+PONG\r\n".to_owned(),
            other => format!("-ERR unknown command `{other}`\r\n"),
        };
        client.get_mut().write_all(answer.as_bytes()).await.ok()?;
    }
}

/// An array of bulk strings (RESP), as every client sends its commands.
async fn command(client: &mut BufReader<TcpStream>) -> Option<Vec<String>> {
    let words = number(client, '*').await?;
    let mut command = Vec::new();
    for _ in 0..words {
        let mut word = vec![0; number(client, '$').await? + 2];
        client.read_exact(&mut word).await.ok()?;
        word.truncate(word.len() - 2);
        command.push(String::from_utf8(word).ok()?.to_uppercase());
    }
    Some(command)
}

async fn number(client: &mut BufReader<TcpStream>, kind: char) -> Option<usize> {
    let mut line = String::new();
    client.read_line(&mut line).await.ok()?;
    line.trim_end().strip_prefix(kind)?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_redis_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let old = tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(answer(client));
        }
    });
    let says = ["the server's version is 5.0.14", "run Redis 6.2 or newer"];
    is_told_at_start(&wrong(format!("redis://127.0.0.1:{port}"), &says)).await;
    old.abort();
}
