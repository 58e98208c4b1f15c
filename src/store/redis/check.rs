//! What an operator may have set up wrongly, each with what to do.

use redis::Client;
use tokio::time::timeout;

use super::Redis;
use super::keys::{CHANNEL, Keys};
use super::{fault, link::Link};
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::runtime::limits::{REDIS_BACKGROUND_WAIT, REDIS_RESPONSE_WAIT};
use crate::store::SetupFault;

/// The oldest version that has all commands that the store uses (`ZMSCORE`, exclusive stream
/// ranges).
const OLDEST: (u32, u32) = (6, 2);

pub(super) async fn check(redis: &Redis) -> Result<Vec<SetupFault>, StoreError> {
    let mut faults = Vec::new();
    let nodes = timeout(REDIS_BACKGROUND_WAIT, redis.link.nodes())
        .await
        .map_err(|_| fault::no_answer())?
        .map_err(|error| fault::from_redis(&error))?;
    for node in nodes {
        faults.extend(of_node(&node).await?);
    }
    faults.extend(rights(redis, &redis.link).await?);
    faults.dedup();
    Ok(faults)
}

async fn of_node(node: &Client) -> Result<Vec<SetupFault>, StoreError> {
    let mut connection = timeout(REDIS_BACKGROUND_WAIT, node.get_multiplexed_async_connection())
        .await
        .map_err(|_| fault::no_answer())?
        .map_err(|error| fault::from_redis(&error))?;
    let mut faults = Vec::new();
    let asked: Result<String, _> =
        redis::cmd("INFO").arg("everything").query_async(&mut connection).await;
    let info = match asked {
        Ok(info) => info,
        Err(error) if error.code() == Some("NOPERM") => {
            faults.push(setup(
                "the server can't be asked for its version and settings",
                "give the store's user the right `+info`",
            ));
            return Ok(faults);
        }
        Err(error) => return Err(fault::from_redis(&error)),
    };
    // Redis managed by a provider often refuses CONFIG: then it is not known when it saves.
    let save: Vec<String> = redis::cmd("CONFIG")
        .arg("GET")
        .arg("save")
        .query_async(&mut connection)
        .await
        .unwrap_or_default();
    let saves = save.get(1).is_none_or(|save| !save.is_empty());
    faults.extend(of_info(&info, saves));
    Ok(faults)
}

/// The faults that `INFO` shows. `saves`: snapshots are written, or it is not known.
fn of_info(info: &str, saves: bool) -> Vec<SetupFault> {
    let field = |name: &str| {
        info.lines().find_map(|line| line.trim_end().strip_prefix(name)?.strip_prefix(':'))
    };
    let mut faults = Vec::new();
    let version = field("redis_version").unwrap_or("unknown");
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    if (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < OLDEST {
        faults.push(setup(&format!("the server's version is {version}"), "run Redis 6.2 or newer"));
    }
    let policy = field("maxmemory_policy").unwrap_or("noeviction");
    if policy != "noeviction" {
        faults.push(setup(
            &format!("maxmemory-policy is {policy}: a full server would drop what it holds"),
            "set maxmemory-policy to noeviction",
        ));
    }
    if field("aof_enabled") == Some("0") {
        let what = if saves {
            "appendonly is no: a crash loses everything since the last snapshot"
        } else {
            "the server writes nothing to disk: a restart loses everything"
        };
        faults.push(setup(what, "set appendonly to yes"));
    }
    faults
}

/// Whether the user may do what the scripts do.
async fn rights(redis: &Redis, link: &Link) -> Result<Vec<SetupFault>, StoreError> {
    // No organisation has this id: it would stand as `%21…`.
    let keys = Keys::of(&OrganisationId::new("!check"));
    let token = redis.token();
    let on: Vec<String> = (1..=5).map(|number| keys.once(&format!("{token}.{number}"))).collect();
    let with = [CHANNEL.as_bytes().to_vec()];
    match link.run(&keys, &redis.scripts.check, &on, &with, REDIS_RESPONSE_WAIT).await {
        Ok(_) => Ok(Vec::new()),
        Err(StoreError::Unavailable(text)) if !text.contains(fault::NO_RIGHT) => {
            Err(StoreError::Unavailable(text))
        }
        Err(_) => Ok(vec![setup(
            "the server's user may not do all that the store does",
            "give it `~cg1:* &cg1:* +@hash +@sortedset +@stream +@set +@string +@scripting \
             +@pubsub +exists +del +info +config|get`",
        )]),
    }
}

fn setup(what: &str, remedy: &str) -> SetupFault {
    SetupFault { what: what.to_owned(), remedy: remedy.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_server_has_no_faults() {
        let info = "# Server\r\nredis_version:7.0.15\r\nmaxmemory_policy:noeviction\r\n\
                    aof_enabled:1\r\n";
        assert_eq!(of_info(info, true), []);
    }

    #[test]
    fn each_fault_is_told_with_what_to_do() {
        let info = "redis_version:5.0.3\r\nmaxmemory_policy:allkeys-lru\r\naof_enabled:0\r\n";
        let faults = of_info(info, false);
        let remedies: Vec<&str> = faults.iter().map(|fault| &*fault.remedy).collect();
        assert_eq!(
            remedies,
            [
                "run Redis 6.2 or newer",
                "set maxmemory-policy to noeviction",
                "set appendonly to yes"
            ]
        );
        assert!(faults[2].what.contains("nothing"));
    }
}
