//! What the Redis store alone promises: one round trip a contact, and that no trouble of a server
//! loses, doubles or holds up anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::queue::ItemAction;
use contact_gateway::ports::audit_trail::{TrailFilter, TrailSearch};
use contact_gateway::ports::documents::{Batch, Documents, Order};
use contact_gateway::ports::{AuditTrail, Change, Decisions, ItemFilter, Queues, Register, Store};
use contact_gateway::runtime::limits::RECEIVED_PER_PERSON_MAX;
use contact_gateway::store::redis::Redis;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::Ground;
use super::facts::{
    admitted, at, committed, decided, item, journalled, karbon, ledger, limited, person, plain,
    put_people, request, stamp,
};
use super::servers::{self, OnRedis, Server, free_port, until};

/// No contact waits longer than this for the store, whatever the store does.
const DEADLINE: Duration = Duration::from_millis(1_500);
/// As long as a call may take of which nothing is sent.
const AT_ONCE: Duration = Duration::from_millis(20);

pub fn open(url: &str) -> Arc<Redis> {
    Redis::open(&SecretString::from(url.to_owned())).unwrap()
}

pub async fn commit(store: &dyn Store, contact: &str) -> Result<(), String> {
    let name = contact.to_owned();
    let before = Instant::now();
    let answer = store.commit(request(contact, move |_| limited(&name, at(0)))).await;
    let took = before.elapsed();
    assert!(took < DEADLINE, "a contact waited for {took:?}");
    answer.map(|_| ()).map_err(|fault| {
        assert!(fault.is_retryable(), "{fault}");
        fault.to_string()
    })
}

/// Commits until it works again.
pub async fn commit_again(store: &dyn Store, contact: &str) {
    until("the store works again", || async { commit(store, contact).await.is_ok() }).await;
}

async fn scripts_run(server: &Server) -> u64 {
    let info: String = server.say(&["INFO", "commandstats"]).await.unwrap();
    let calls = |name: &str| {
        let line = info.lines().find_map(|line| line.strip_prefix(name));
        let calls = line.and_then(|line| line.split(',').next()?.strip_prefix("calls="));
        calls.map_or(0, |calls| calls.parse::<u64>().unwrap())
    };
    calls("cmdstat_evalsha:") + calls("cmdstat_eval:")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_costs_one_round_trip() {
    let ground = servers::single().await;
    let store = ground.redis();
    // The script is sent whole once.
    commit(&*store, "c-first").await.unwrap();
    let before = scripts_run(&ground.servers[0]).await;
    for number in 0..50 {
        commit(&*store, &format!("c-{number}")).await.unwrap();
    }
    assert_eq!(scripts_run(&ground.servers[0]).await - before, 50);

    // A gateway that does not know the person asks once more, once.
    let other = ground.redis();
    // Whether a copy into the store is finished is asked once.
    other.people(&karbon()).await.unwrap();
    let before = scripts_run(&ground.servers[0]).await;
    for number in 50..60 {
        commit(&*other, &format!("c-{number}")).await.unwrap();
    }
    assert_eq!(scripts_run(&ground.servers[0]).await - before, 11);
    assert_eq!(ledger(&*store).await.counted.len(), 61);
}

/// A question that was cut off while a long trail was entered in the indexes leaves the rest to the next.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entering_a_long_trail_goes_on_where_a_question_was_cut_off() {
    let ground = servers::single().await;
    let store = ground.redis();
    for _ in 0..5 {
        let event = AuditEvent::PersonChanged { person: "P-0".to_owned() };
        store.append_audit(&karbon(), stamp(), event).await.unwrap();
    }
    let event = AuditEvent::PersonChanged { person: "P-9".to_owned() };
    let someone = vec![person("P-9", "A")];
    put_people(&*store, &karbon(), someone, stamp(), event).await.unwrap();
    let server = &ground.servers[0];
    let indexed = "cg1:{karbon}:indexed";
    let (marks, roll) = ("cg1:{karbon}:marked:person:P-0", "cg1:{karbon}:roll");
    let gone: i64 = server.say(&["DEL", marks, roll]).await.unwrap();
    assert_eq!(gone, 2);
    let _: String = server.say(&["SET", indexed, "1 up to 3"]).await.unwrap();
    let filter = TrailFilter { person: Some("P-0".to_owned()), ..TrailFilter::default() };
    let search = TrailSearch { filter, order: Order::Ascending, after: None, limit: 0 };
    let page = ground.redis().search_audit(&karbon(), search).await.unwrap();
    let found: Vec<u64> = page.entries.iter().map(|entry| entry.number).collect();
    assert_eq!(found, [4, 5], "those before were entered already");
    let said: String = server.say(&["GET", indexed]).await.unwrap();
    assert_eq!(said, "1", "all is entered");
    let people = ground.redis().people_page(&karbon(), None, 0).await.unwrap();
    assert!(people.is_empty(), "people are entered before the trail, and once");
}

/// The list of items in hand as older gateways leave it: without what they claimed, with what they closed or erased.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_older_gateway_claimed_is_in_hand_once_a_newer_one_has_started() {
    let ground = servers::single().await;
    let store = ground.gateway();
    for (contact, seconds) in [("c-1", 10), ("c-2", 20), ("c-3", 30)] {
        let decide = request(contact, move |_| {
            let mut settled = limited(contact, at(seconds));
            settled.item = Some(item(contact, "limited", at(seconds)));
            settled
        });
        store.commit(decide).await.unwrap();
    }
    for (id, action) in
        [("c-1", ItemAction::Claim), ("c-2", ItemAction::Claim), ("c-3", ItemAction::Close)]
    {
        let was = store.item(&karbon(), id).await.unwrap().unwrap();
        let now = was.clone().after(&action, "A. Agent", at(60)).unwrap();
        let event = AuditEvent::Item { item: id.to_owned(), action: action.name().to_owned() };
        assert!(store.replace_item(&karbon(), &was, &now, stamp(), event).await.unwrap());
    }
    let (server, list) = (&ground.servers[0], "cg1:{karbon}:in_hand");
    let gone: i64 = server.say(&["DEL", list]).await.unwrap();
    assert_eq!(gone, 1);
    let _: i64 = server.say(&["ZADD", list, "1", "c-3", "2", "erased"]).await.unwrap();
    let next = ground.gateway();
    let pages: [(Option<&str>, &[&str]); 3] =
        [(None, &["c-1", "c-2"]), (Some("c-1"), &["c-2"]), (Some("c-2"), &[])];
    for (after, found) in pages {
        let filter = ItemFilter { after: after.map(str::to_owned), ..ItemFilter::default() };
        let items = next.items_in_hand(&karbon(), filter).await.unwrap();
        let ids: Vec<&str> = items.iter().map(|item| item.id.as_str()).collect();
        assert_eq!(ids, found);
    }
    // If nothing can be written, another gateway lists what was entered before.
    server.say::<()>(&["CONFIG", "SET", "min-replicas-to-write", "1"]).await.unwrap();
    let in_hand = ground.gateway().items_in_hand(&karbon(), ItemFilter::default()).await.unwrap();
    assert_eq!(in_hand.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_holds_nobody_up() {
    let ground = servers::single().await;
    let store = ground.redis();
    commit(&*store, "c-before").await.unwrap();
    ground.servers[0].freeze();
    let mut refused_at_once = 0;
    for number in 0..20 {
        let before = Instant::now();
        commit(&*store, &format!("c-{number}")).await.unwrap_err();
        refused_at_once += usize::from(before.elapsed() < AT_ONCE);
    }
    assert!(refused_at_once >= 15, "{refused_at_once}");
    ground.servers[0].thaw();
    commit_again(&*store, "c-0").await;
    // What was sent before the freeze may have been done after it; once, in any case.
    for number in 0..20 {
        commit_again(&*store, &format!("c-{number}")).await;
    }
    assert_eq!(decided(&*store, &karbon()).await.len(), 21);
    assert_eq!(ledger(&*store).await.counted.len(), 21);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_that_comes_back_has_everything_acknowledged() {
    let mut ground = servers::single().await;
    let store = ground.redis();
    let mut known = Vec::new();
    for round in 0..3 {
        for number in 0..20 {
            let contact = format!("c-{round}-{number}");
            commit(&*store, &contact).await.unwrap();
            known.push(contact);
        }
        ground.servers[0].kill();
        commit(&*store, "c-lost").await.unwrap_err();
        ground.servers[0].restart().await;
        // Its scripts are gone with it.
        commit_again(&*store, &format!("c-{round}-again")).await;
        known.push(format!("c-{round}-again"));
    }
    assert_eq!(decided(&*store, &karbon()).await, known);
    assert_eq!(ledger(&*store).await.counted.len(), known.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_starts_without_a_server_and_finds_it_later() {
    let port = free_port();
    let store = open(&format!("redis://127.0.0.1:{port}"));
    let mut feed = store.changes();
    commit(&*store, "c-1").await.unwrap_err();
    assert!(store.people(&karbon()).await.unwrap_err().is_retryable());
    let _server = Server::start_on(port, &[], &[]).await.unwrap();
    commit_again(&*store, "c-1").await;
    store.people(&karbon()).await.unwrap();
    let changed = AuditEvent::PersonChanged { person: "P-1".to_owned() };
    let people = vec![person("P-1", "x")];
    put_people(&*store, &karbon(), people, stamp(), changed).await.unwrap();
    assert!(matches!(feed.recv().await.unwrap(), Change::Put(..)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_no_writes_has_written_nothing() {
    let ground = servers::single().await;
    let (store, server) = (ground.redis(), &ground.servers[0]);
    commit(&*store, "c-0").await.unwrap();
    let troubles = [
        (["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"], "OOM"),
        (
            ["CONFIG", "SET", "min-replicas-to-write", "1"],
            ["CONFIG", "SET", "min-replicas-to-write", "0"],
            "NOREPLICAS",
        ),
    ];
    let mut written = 1;
    for (trouble, cure, code) in troubles {
        server.say::<()>(&trouble).await.unwrap();
        let contact = format!("c-{code}");
        let fault = commit(&*store, &contact).await.unwrap_err();
        assert!(fault.contains(code), "{fault}");
        let fault = store.record_plain([plain(karbon(), "c-plain")].into()).await.unwrap_err();
        assert!(fault.is_retryable());
        assert!(store.replay(journalled("c-replay")).await.unwrap_err().is_retryable());
        assert_eq!(decided(&*store, &karbon()).await.len(), written);
        assert!(store.item(&karbon(), &contact).await.unwrap().is_none());
        server.say::<()>(&cure).await.unwrap();
        commit(&*store, &contact).await.unwrap();
        written += 1;
        assert_eq!(ledger(&*store).await.counted.len(), written);
    }
}

/// Stands between a gateway and a server. While `swallows` is set, the next answer is lost with
/// its connection, and the flag goes down.
async fn between(server: u16, swallows: Arc<AtomicBool>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let swallows = Arc::clone(&swallows);
            tokio::spawn(async move {
                let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                let (mut from_server, mut to_server) = server.into_split();
                let (mut from_client, mut to_client) = client.into_split();
                let up = tokio::spawn(async move {
                    let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
                });
                let mut piece = vec![0; 65_536];
                while let Ok(read @ 1..) = from_server.read(&mut piece).await {
                    if swallows.swap(false, Ordering::SeqCst) {
                        break;
                    }
                    if to_client.write_all(&piece[..read]).await.is_err() {
                        break;
                    }
                }
                up.abort();
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_doubles_nothing_and_is_told_as_the_first() {
    let ground = servers::single().await;
    let swallows = Arc::new(AtomicBool::new(false));
    let port = between(ground.servers[0].port, Arc::clone(&swallows)).await;
    let direct = ground.redis();
    let store = open(&format!("redis://127.0.0.1:{port}"));
    commit(&*store, "c-0").await.unwrap();
    // The follower's own looks are few; a commit's answer is what is lost.
    for number in 1..6 {
        let contact = format!("c-{number}");
        let name = contact.clone();
        swallows.store(true, Ordering::SeqCst);
        let asked = request(&name, move |_| limited(&contact, at(number)));
        let answer = committed(&*store, asked).await;
        assert!(!answer.repeated, "this call wrote it");
    }
    swallows.store(true, Ordering::SeqCst);
    let noted = AuditEvent::PersonChanged { person: "P-1".to_owned() };
    AuditTrail::append_audit(&*store, &karbon(), stamp(), noted.clone()).await.unwrap();
    swallows.store(true, Ordering::SeqCst);
    put_people(&*store, &karbon(), vec![person("P-1", "x")], stamp(), noted).await.unwrap();
    let trail = AuditTrail::audit(&*direct, &karbon(), 0, 99).await;
    assert_eq!(trail.unwrap().len(), 8);
    assert_eq!(ledger(&*direct).await.counted.len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trail_of_which_old_entries_are_gone_goes_on_with_its_numbers() {
    let ground = servers::single().await;
    let (server, store) = (&ground.servers[0], ground.redis());
    commit(&*store, "c-1").await.unwrap();
    commit(&*store, "c-2").await.unwrap();
    server.say::<i64>(&["XTRIM", "cg1:{karbon}:audit", "MAXLEN", "1"]).await.unwrap();
    store.record_plain([plain(karbon(), "c-3"), plain(karbon(), "c-4")].into()).await.unwrap();
    commit(&*store, "c-5").await.unwrap();
    let trail = AuditTrail::audit(&*store, &karbon(), 0, 99).await.unwrap();
    let numbers: Vec<u64> = trail.iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, [2, 3, 4, 5]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_of_a_person_stays_bounded_whoever_adds_to_it() {
    let ground = servers::single().await;
    let gateways = [ground.redis(), ground.redis()];
    // Longer and longer turns, so that each goes by what it knows, and by what it knew.
    let turns = [1, 2, 40, 90, 1, 1, 30, 100, 3];
    let mut number = 0;
    for (contacts, gateway) in turns.into_iter().zip(gateways.iter().cycle()) {
        for _ in 0..contacts {
            number += 1;
            let contact = format!("c-{number}");
            let name = contact.clone();
            let asked = request(&name, move |_| limited(&contact, at(number)));
            gateway.commit(asked).await.unwrap();
        }
    }
    for (kind, key) in [("ZCARD", "received"), ("HLEN", "traces")] {
        let key = format!("cg1:{{karbon}}:{key}:P-1");
        let kept: usize = ground.servers[0].say(&[kind, &key]).await.unwrap();
        assert_eq!(kept, RECEIVED_PER_PERSON_MAX);
    }
    let seen = ledger(&*gateways[0]).await;
    let kept = i64::try_from(RECEIVED_PER_PERSON_MAX).unwrap();
    assert_eq!(seen.received.first().map(|received| received.at), Some(at(number - kept + 1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rubbish_is_no_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let talker = tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let _ =
                client.write_all(&b"HTTP/1.1 400 Bad Request\r\n\r\n*3\r\n:1\r\n".repeat(9)).await;
        }
    });
    let store = open(&format!("redis://127.0.0.1:{port}"));
    for number in 0..6 {
        commit(&*store, &format!("c-{number}")).await.unwrap_err();
    }
    talker.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_finds_what_an_operator_has_set_up_wrongly() {
    let ground = servers::single().await;
    assert_eq!(ground.redis().check().await.unwrap(), []);

    let settings = ["maxmemory 100mb", "maxmemory-policy allkeys-lru", "appendonly no"];
    let careless = Server::start(&settings.map(str::to_owned)).await;
    let store = open(&format!("redis://127.0.0.1:{}", careless.port));
    let faults = store.check().await.unwrap();
    let remedies: Vec<&str> = faults.iter().map(|fault| &*fault.remedy).collect();
    assert_eq!(remedies, ["set maxmemory-policy to noeviction", "set appendonly to yes"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rights_that_a_check_asks_for_are_those_that_are_needed() {
    let ground = servers::single().await;
    let (server, port) = (&ground.servers[0], ground.servers[0].port);
    let user = async |name: &str, rights: &str| {
        let mut words = vec!["ACL", "SETUSER", name, "reset", "on", ">secret"];
        words.extend(rights.split_whitespace());
        server.say::<()>(&words).await.unwrap();
    };
    user("poor", "~cg1:* resetchannels &cg1:* +@read +@scripting +info").await;
    let poor = open(&format!("redis://poor:secret@127.0.0.1:{port}"));
    let faults = poor.check().await.unwrap();
    assert_eq!(faults.len(), 1, "{faults:?}");
    let rights = faults[0].remedy.split('`').nth(1).unwrap().to_owned();
    commit(&*poor, "c-1").await.unwrap_err();

    user("able", &rights).await;
    let able = OnRedis {
        servers: Vec::new(),
        url: format!("redis://able:secret@127.0.0.1:{port}"),
        ..OnRedis::default()
    };
    assert_eq!(able.redis().check().await.unwrap(), []);
    super::decisions::a_decision_and_all_that_goes_with_it_is_written_together(&able).await;
    ground.clear().await;
    super::items::queues_are_listed_oldest_first_page_by_page(&able).await;
    ground.clear().await;
    super::changes::every_gateway_is_told_of_every_change(&able).await;
    ground.clear().await;
    super::quotas::an_uncounted_contact_frees_its_place_once(&able).await;
    ground.clear().await;
    super::deliveries::what_was_delivered_is_remembered(&able).await;

    let refused = open(&format!("redis://able:wrong@127.0.0.1:{port}"));
    let fault = commit(&*refused, "c-1").await.unwrap_err();
    assert!(!fault.contains("wrong"), "{fault}");
}

/// A gateway that was away for a while is told that it has missed something, also where the
/// server has lost what the gateway knew and has written other changes under the same numbers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_stands_behind_what_was_told_is_a_gap() {
    let ground = servers::single().await;
    let (here, there) = (ground.redis(), ground.redis());
    let mut feed = there.changes();
    there.people(&karbon()).await.unwrap();
    let changed = || AuditEvent::PersonChanged { person: "P-1".to_owned() };
    let put = async |name: &str| {
        let people = vec![person("P-1", name)];
        put_people(&*here, &karbon(), people, stamp(), changed()).await.unwrap();
    };
    put("one").await;
    put("two").await;
    for _ in 0..2 {
        assert!(matches!(feed.recv().await.unwrap(), Change::Put(..)));
    }
    ground.clear().await;
    put("another first").await;
    assert!(matches!(feed.recv().await.unwrap(), Change::Gap(_)));
    put("another second").await;
    assert!(matches!(feed.recv().await.unwrap(), Change::Put(..)));
}

/// As `limited`, in one process: a person's contacts at many gateways, with a decider that admits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_other_gateways_overtake_is_decided_again() {
    let ground = servers::single().await;
    let gateways: Vec<_> = (0..4).map(|_| ground.gateway()).collect();
    for round in 0..40 {
        let store = &gateways[round % 4];
        let contact = format!("c-{round}");
        let name = contact.clone();
        let asked = request(&name, move |ledger| {
            let before = ledger.counted.len();
            assert!(before <= round);
            let mut settled = admitted(&contact, at(i64::try_from(round).unwrap()));
            settled.decision.flags = vec![before.to_string().into()];
            settled
        });
        let answer = committed(&**store, asked).await;
        assert_eq!(
            answer.decision.flags,
            [round.to_string().into()],
            "decided on the newest ledger"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unix_socket_is_a_way_to_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("redis.sock");
    let server = Server::start(&[format!("unixsocket {}", socket.display())]).await;
    let url = format!("redis+unix://{}?db=1", socket.display());
    let ground = OnRedis { servers: vec![server], data: 1, url };
    super::decisions::a_decision_and_all_that_goes_with_it_is_written_together(&ground).await;
    super::changes::a_change_is_told_in_time(&ground).await;
}

/// A large import on Redis: all of it at once, within the bound, and read back in pieces.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_people_are_written_at_once_and_read_in_pieces() {
    const MANY: usize = 50_000;
    let ground = servers::single().await;
    let store = ground.redis();
    let people = (0..MANY).map(|number| person(&format!("P-{number}"), "x"));
    let imported = AuditEvent::Imported {
        people: 50_000,
        restrictions: 50_000,
        ended: Vec::new(),
        added: None,
        cases: None,
        reason: None,
    };
    let before = Instant::now();
    let batch = Batch::new(stamp()).audit(imported);
    let batch = people.fold(batch, |batch, person| batch.person(None, person));
    store.write(&karbon(), batch).await.unwrap();
    println!("{MANY} people written in {:?}", before.elapsed());
    let before = Instant::now();
    assert_eq!(ground.redis().people(&karbon()).await.unwrap().people.len(), MANY);
    println!("{MANY} people read in {:?}", before.elapsed());
}
