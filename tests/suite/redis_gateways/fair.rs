//! What must hold of a run whatever went wrong in it: each contact has one decision and one entry,
//! nobody was limited wrongly, and what is counted is what a replay would have counted.
//!
//! Each person's contacts come from one sender, one after the other, so that there is one right
//! answer to each: what a replay in order would have said.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use chrono_tz::Europe::London;
use contact_gateway::domain::calendar::{Per, QuotaWindow};
use contact_gateway::domain::decision::Disposition;
use contact_gateway::domain::flag::Flag;
use contact_gateway::domain::restriction::Quota;
use contact_gateway::ports::Decisions;
use contact_gateway::runtime::limits::STORE_COMMIT_WAIT;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::served::person;
use crate::store_contract::facts::{self, karbon};
use crate::store_contract::servers::{OnRedis, Server};

/// Far above what it takes on a busy machine to replay what was decided without the store.
const PUT_RIGHT_WITHIN: Duration = Duration::from_secs(60);
/// So many have a quota; each has a sender of its own.
pub const PEOPLE: usize = 40;

fn quota(number: usize) -> Quota {
    let per = [Per::Day, Per::Week, Per::Month][number % 3];
    let window = [QuotaWindow::Rolling, QuotaWindow::Calendar][number / 3 % 2];
    Quota { limit: 5 + 5 * (u32::try_from(number).unwrap() % 7), per, window }
}

pub fn people() -> Value {
    let one = |number: usize| {
        let Quota { limit, per, window } = quota(number);
        let restriction =
            json!({"kind": "contact_quota", "limit": limit, "per": per, "window": window});
        let phone = format!("+4477009{number:05}");
        person(&format!("P-{number}"), &address(number), &phone, restriction)
    };
    (0..PEOPLE).map(one).collect()
}

pub fn address(number: usize) -> String {
    format!("p{number}@x.example")
}

/// What came of one contact.
#[derive(Debug, Clone)]
pub struct Told {
    pub id: String,
    /// The number of the person; `None`: a stranger.
    pub person: Option<usize>,
    pub at: DateTime<Utc>,
    pub disposition: Disposition,
    pub stale: bool,
    /// Of the try that was answered.
    pub took: Duration,
    /// A gateway that was killed had it before, and may have decided it without anybody's knowing.
    pub had_before: bool,
    /// A crash may have lost it: it is a stranger's, and its gateway was killed a moment later.
    pub may_be_lost: bool,
}

/// Checks a run that is over, waiting until everything is replayed; what it came to, in words.
pub async fn is_whole_and_fair(told: &[Told], server: &Server) -> String {
    let url = format!("redis://127.0.0.1:{}", server.port);
    let direct = OnRedis { url, ..OnRedis::default() };
    let store = direct.redis();
    let due: Vec<&Told> = told.iter().filter(|told| !told.may_be_lost).collect();
    let begun = Instant::now();
    loop {
        let trail: BTreeSet<String> =
            facts::decided(&*store, &karbon()).await.into_iter().collect();
        let missing: Vec<_> = due.iter().filter(|told| !trail.contains(&told.id)).collect();
        if missing.is_empty() {
            break;
        }
        assert!(begun.elapsed() < PUT_RIGHT_WITHIN, "{} are lost: {missing:#?}", missing.len());
        sleep(Duration::from_millis(100)).await;
    }
    let trail = facts::decided(&*store, &karbon()).await;
    let distinct: BTreeSet<&String> = trail.iter().collect();
    assert_eq!(distinct.len(), trail.len(), "one entry per contact");
    let answered: BTreeSet<&String> = told.iter().map(|told| &told.id).collect();
    assert!(distinct.is_subset(&answered), "an entry of a contact that nobody made");
    let stale = told.iter().filter(|told| told.stale).count();
    let longest = told.iter().map(|told| told.took).max().unwrap();
    assert!(longest < STORE_COMMIT_WAIT, "{longest:?}");

    let mut of: BTreeMap<usize, Vec<&Told>> = BTreeMap::new();
    for one in told {
        if let Some(person) = one.person {
            of.entry(person).or_default().push(one);
        }
    }
    let mut otherwise = Vec::new();
    for (number, told) in &of {
        let counts = counted(server, *number).await;
        nobody_was_limited_wrongly(*number, told, &counts);
        for one in told {
            let (recorded, _) = store.recorded(&karbon(), &one.id).await.unwrap().unwrap();
            // With restrictions unknown it counts against nobody's quota.
            let unknown = recorded.flags.contains(&Flag::RestrictionsUnknown);
            let counts = counts.contains(&one.id);
            let should_count = recorded.disposition == Disposition::Deliver && !unknown;
            // Two gateways that can't reach the store can't agree, either.
            let agrees = recorded.disposition == one.disposition || one.stale && one.had_before;
            if !agrees || counts != should_count {
                otherwise.push((one, recorded.disposition, counts));
            }
        }
    }
    assert!(otherwise.is_empty(), "{} recorded otherwise: {otherwise:#?}", otherwise.len());
    format!(
        "{} contacts, {stale} of them stale, {} lost by a crash; the longest took {longest:?}",
        told.len(),
        told.len() - trail.len()
    )
}

/// The ids of a person's contacts that quotas count.
async fn counted(server: &Server, person: usize) -> BTreeSet<String> {
    let key = format!("cg1:{{karbon}}:counted:P-{person}");
    let members: Vec<String> = server.say(&["ZRANGE", &key, "0", "-1"]).await.unwrap();
    let ids: Vec<String> = members
        .iter()
        .map(|member| {
            serde_json::from_str::<Value>(member).unwrap()["contact"].as_str().map(str::to_owned)
        })
        .map(Option::unwrap)
        .collect();
    let distinct: BTreeSet<String> = ids.iter().cloned().collect();
    assert_eq!(distinct.len(), ids.len(), "P-{person}: a contact counts twice");
    distinct
}

/// What a person was told, against a replay in order of what counts.
fn nobody_was_limited_wrongly(number: usize, told: &[&Told], counts: &BTreeSet<String>) {
    let (mut admitted, mut checked): (Vec<DateTime<Utc>>, bool) = (Vec::new(), true);
    for one in told {
        let full = quota(number).usage(admitted.iter().copied(), one.at, London).is_full();
        match one.disposition {
            Disposition::Limit => assert!(full, "{one:?} was limited wrongly"),
            Disposition::Deliver => {
                // What was admitted unchecked may not be counted yet.
                checked &= !one.stale;
                assert!(!full || !checked, "{one:?} was admitted above the quota");
            }
            Disposition::Route | Disposition::File => panic!("{one:?}"),
        }
        if counts.contains(&one.id) {
            admitted.push(one.at);
        }
    }
}
