//! Mistakes that an operator may have made, each with its remedy.

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionAddr};
use tokio::time::timeout;

use super::Redis;
use super::keys::CHANNEL;
use super::link::{Link, Way};
use super::{fault, script};
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::runtime::limits::{REDIS_BACKGROUND_WAIT, REDIS_BULK_WAIT, REDIS_RESPONSE_WAIT};
use crate::store::SetupFault;

/// The oldest version that has all commands that the store uses (`ZMSCORE`, exclusive stream
/// ranges).
const OLDEST: (u32, u32) = (6, 2);

/// What the store's user needs; `docs/redis.md` shows the same.
const RIGHTS: &str = "~cg1:* resetchannels &cg1:* +@hash +@sortedset +@stream +@set +@string \
                                 +@scripting +@pubsub +exists +del +info +role +ping +select +wait \
                                 +config|get +cluster|slots +scan";

pub(super) async fn check(redis: &Redis) -> Result<Vec<SetupFault>, StoreError> {
    let mut faults = Vec::new();
    let nodes = timeout(REDIS_BACKGROUND_WAIT, redis.link.servers().nodes())
        .await
        .map_err(|_| fault::no_answer())?
        .map_err(|error| fault::from_redis(&error))?;
    let mut usable = true;
    for node in nodes {
        let found = of_node(&node, &redis.link).await?;
        usable &= found.usable;
        faults.extend(found.faults);
    }
    // A server of another kind lacks what the store asks for, whatever the user may do.
    if usable {
        faults.extend(rights(redis, &redis.link).await?);
    }
    faults.dedup();
    Ok(faults)
}

/// The findings at one server.
struct Found {
    faults: Vec<SetupFault>,
    /// It is of the version and kind that the store needs.
    usable: bool,
}

async fn of_node(node: &Client, link: &Link) -> Result<Found, StoreError> {
    // Nobody waits for it but an operator: a machine that is busy may take its time.
    let settings = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(REDIS_BULK_WAIT))
        .set_response_timeout(Some(REDIS_BULK_WAIT));
    let connecting =
        timeout(REDIS_BULK_WAIT, node.get_multiplexed_async_connection_with_config(&settings))
            .await;
    let unanswered = || match node.get_connection_info().addr() {
        // A port without TLS takes a greeting for the beginning of a command, and waits.
        ConnectionAddr::TcpTls { .. } => fault::no_answer_by_tls(),
        _ => fault::no_answer(),
    };
    let mut connection = connecting.map_err(|_| unanswered())?.map_err(|error| {
        if error.is_timeout() { unanswered() } else { fault::from_redis(&error) }
    })?;
    let asked: Result<String, _> = redis::cmd("INFO").query_async(&mut connection).await;
    let info = match asked {
        Ok(info) => info,
        Err(error) if error.code() == Some("NOPERM") => {
            let faults = vec![setup(
                "the server can't be asked for its version and settings: its user may not run INFO",
                &format!("give the store's user the right `+info`; it needs `{RIGHTS}`"),
            )];
            return Ok(Found { faults, usable: true });
        }
        Err(error) => return Err(fault::from_redis(&error)),
    };
    let mut faults = of_kind(&info, link.servers().way());
    let usable = faults.is_empty();
    faults.extend(of_settings(&info, saves(&mut connection).await));
    if link.replicas_asked() > 0 {
        faults.extend(of_replicas(&info, link.replicas_asked()));
    }
    Ok(Found { faults, usable })
}

/// Whether snapshots are written. Redis managed by a provider often refuses CONFIG: then it is not
/// known, and taken for yes.
async fn saves(connection: &mut MultiplexedConnection) -> bool {
    let mut asking = redis::cmd("CONFIG");
    asking.arg("GET").arg("save");
    let save: Vec<String> = asking.query_async(connection).await.unwrap_or_default();
    save.get(1).is_none_or(|save| !save.is_empty())
}

fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.trim_end().strip_prefix(name)?.strip_prefix(':'))
}

/// Whether `INFO` is that of a server which the store can use at all, found in this way.
fn of_kind(info: &str, way: Way) -> Vec<SetupFault> {
    let mut faults = Vec::new();
    let version = field(info, "redis_version").unwrap_or("unknown");
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    if (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < OLDEST {
        faults.push(setup(&format!("the server's version is {version}"), "run Redis 6.2 or newer"));
    }
    let mode = field(info, "redis_mode").unwrap_or("standalone");
    match (mode, way) {
        ("cluster", Way::Single | Way::Sentinel) => faults.push(setup(
            "the server is a node of a Cluster, and holds the keys of some organisations only",
            "write the store's url as redis+cluster://HOST:PORT,HOST:PORT",
        )),
        ("sentinel", Way::Single | Way::Cluster) => faults.push(setup(
            "the server is a sentinel, which holds nothing itself",
            "write the store's url as redis+sentinel://HOST:PORT,HOST:PORT/SERVICE",
        )),
        (mode, Way::Cluster) if mode != "cluster" => faults.push(setup(
            "the server is not a node of a Cluster",
            "write the store's url as redis://HOST:PORT, or make it a node of the Cluster",
        )),
        (_, Way::Single) if field(info, "role") == Some("slave") => faults.push(setup(
            "the server is a replica, which takes no writes",
            "name its master in the store's url, or its sentinels with \
             redis+sentinel://HOST:PORT,HOST:PORT/SERVICE",
        )),
        (_, Way::Single | Way::Sentinel | Way::Cluster) => {}
    }
    faults
}

/// The settings that would lose something. `saves`: snapshots are written, or it is not known.
fn of_settings(info: &str, saves: bool) -> Vec<SetupFault> {
    let mut faults = Vec::new();
    let policy = field(info, "maxmemory_policy").unwrap_or("noeviction");
    if policy != "noeviction" {
        faults.push(setup(
            &format!("maxmemory-policy is {policy}: a full server would discard data"),
            "set maxmemory-policy to noeviction",
        ));
    }
    if field(info, "aof_enabled") == Some("0") {
        let what = if saves {
            "appendonly is no: a crash loses everything since the last snapshot"
        } else {
            "the server writes nothing to disk: a restart loses everything"
        };
        faults.push(setup(what, "set appendonly to yes"));
    }
    faults
}

/// Whether a master has the replicas that must acknowledge. A Cluster's url may name replicas, too.
fn of_replicas(info: &str, asked: u32) -> Option<SetupFault> {
    let replicas: u32 = field(info, "connected_slaves")?.parse().ok()?;
    if field(info, "role") != Some("master") || replicas >= asked {
        return None;
    }
    Some(setup(
        &format!(
            "replicas_acknowledged is {asked}, and {replicas} replicas follow the server: it \
             would count as away"
        ),
        "set replicas_acknowledged to the number of replicas, or find out why some are gone",
    ))
}

/// Whether the user may do what the store does.
async fn rights(redis: &Redis, link: &Link) -> Result<Vec<SetupFault>, StoreError> {
    // No organisation has this id: it would be written `%21…`.
    let keys = redis.keys(&OrganisationId::new("!check"));
    let token = redis.token();
    let on: Vec<String> = (1..=5).map(|number| keys.once(&format!("{token}.{number}"))).collect();
    let mut with = script::Arguments::default();
    with.push(CHANNEL);
    let mut lacks: Vec<String> =
        match link.run(&keys, &redis.scripts.check, &on, &with, REDIS_RESPONSE_WAIT).await {
            Ok(answer) => script::take(Some(answer))?,
            // Refused before the script could try anything.
            Err(StoreError::Unavailable(text)) if text.contains(fault::NO_RIGHT) => {
                return Ok(vec![lacking("run scripts on keys that begin with `cg1:`")]);
            }
            Err(error) => return Err(error),
        };
    if !lacks.iter().any(|what| what == "channel") && !link.may_listen().await {
        lacks.push("SUBSCRIBE".to_owned());
    }
    if !link.may_wait().await {
        lacks.push("WAIT".to_owned());
    }
    let (places, commands): (Vec<String>, Vec<String>) =
        lacks.into_iter().partition(|what| what == "keys" || what == "channel");
    let mut faults = Vec::new();
    if !commands.is_empty() {
        faults.push(lacking(&format!("run {}", commands.join(", "))));
    }
    for place in places {
        faults.push(match place.as_str() {
            "keys" => lacking("touch keys that begin with `cg1:`"),
            _ => lacking(&format!("use the channel `{CHANNEL}`")),
        });
    }
    Ok(faults)
}

fn lacking(what: &str) -> SetupFault {
    setup(&format!("the server's user may not {what}"), &format!("give it `{RIGHTS}`"))
}

fn setup(what: &str, remedy: &str) -> SetupFault {
    SetupFault { what: what.to_owned(), remedy: remedy.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remedies(faults: &[SetupFault]) -> Vec<&str> {
        faults.iter().map(|fault| &*fault.remedy).collect()
    }

    #[test]
    fn the_documented_user_has_exactly_these_rights() {
        let docs = include_str!("../../../docs/redis.md");
        assert!(docs.contains(&format!("ACL SETUSER gateway on >PASSWORD {RIGHTS}\n")));
    }

    #[test]
    fn a_sound_server_has_no_faults() {
        let info = "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nrole:master\r\n\
                    maxmemory_policy:noeviction\r\naof_enabled:1\r\n";
        assert_eq!(of_kind(info, Way::Single), []);
        assert_eq!(of_settings(info, true), []);
    }

    #[test]
    fn each_fault_is_told_with_what_to_do() {
        let info = "redis_version:5.0.3\r\nmaxmemory_policy:allkeys-lru\r\naof_enabled:0\r\n";
        assert_eq!(remedies(&of_kind(info, Way::Single)), ["run Redis 6.2 or newer"]);
        let faults = of_settings(info, false);
        assert_eq!(
            remedies(&faults),
            ["set maxmemory-policy to noeviction", "set appendonly to yes"]
        );
        assert!(faults[1].what.contains("nothing"));
    }

    #[test]
    fn replicas_that_are_not_there_are_told() {
        let info = "role:master\r\nconnected_slaves:1\r\n";
        assert_eq!(of_replicas(info, 1), None);
        assert!(of_replicas(info, 2).unwrap().what.contains("1 replicas follow"));
        assert_eq!(of_replicas("role:slave\r\nconnected_slaves:0\r\n", 2), None);
    }

    #[test]
    fn a_server_of_another_kind_is_told_with_the_url_that_fits() {
        for (mode, role, way, scheme) in [
            ("cluster", "master", Way::Single, "redis+cluster://"),
            ("cluster", "master", Way::Sentinel, "redis+cluster://"),
            ("sentinel", "", Way::Single, "redis+sentinel://"),
            ("sentinel", "", Way::Cluster, "redis+sentinel://"),
            ("standalone", "master", Way::Cluster, "redis://"),
            ("standalone", "slave", Way::Single, "its master"),
        ] {
            let info = format!("redis_version:7.0.15\r\nredis_mode:{mode}\r\nrole:{role}\r\n");
            let faults = of_kind(&info, way);
            assert_eq!(faults.len(), 1, "{mode} {way:?}");
            assert!(faults[0].remedy.contains(scheme), "{:?}", faults[0]);
        }
    }
}
