//! Whoever guesses at an account, from outside or with half of what opens it, gets no further and stops
//! nobody else.

use std::sync::Arc;

use chrono::TimeDelta;
use contact_gateway::ports::Store;
use contact_gateway::staff::console::ConsoleSettings;
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::memory::Memory;
use hyper::StatusCode;

use super::browsing::{Browsing, PASSWORD, Seen};
use super::signing_in::{code_of, sign_in};
use crate::degraded::faulty::{Faulty, Trouble};
use crate::office::{GOVERNANCE, Office};
use crate::store_contract::{Ground as _, servers};

/// Signed in, with a second step; its key.
async fn with_second_step<'a>(office: &'a Office) -> (Browsing<'a>, String) {
    let mut ann = Browsing::signed_in(office, "Ann Hall", "agent").await;
    let secret = ann.get("/account/second-step").await.field("secret");
    let code = code_of(&secret, office);
    let fields = [("secret", secret.as_str()), ("code", &code), ("old", PASSWORD)];
    let page = ann.post("/account/second-step", &fields).await;
    assert!(page.has("Keep these recovery codes"), "{}", page.text());
    office.clock.forward(TimeDelta::seconds(30));
    (ann, secret)
}

async fn code(browsing: &mut Browsing<'_>, code: &str) -> Seen {
    browsing.post("/sign-in/code", &[("code", code), ("next", "/queues")]).await
}

/// How often the trail says this of an account.
async fn said(office: &Office, action: &str) -> usize {
    let page = office.get(GOVERNANCE, "/api/v1/audit").await.json();
    let entries = page["entries"].as_array().unwrap();
    entries.iter().filter(|one| one["action"] == action).count()
}

#[tokio::test]
async fn codes_are_not_guessed_by_signing_in_again_and_again() {
    let office = Office::open();
    let (_ann, secret) = with_second_step(&office).await;
    let mut guesser = Browsing::new(&office);
    for tries in [4, 1] {
        sign_in(&mut guesser, "ann.hall", PASSWORD, "/").await;
        for _ in 0..tries - 1 {
            assert_eq!(code(&mut guesser, "000000").await.status, StatusCode::UNAUTHORIZED);
        }
        code(&mut guesser, "000000").await;
    }
    // The password was right again, and the five wrong codes are not forgotten: half a session is over.
    assert_eq!(guesser.get("/sign-in/code").await.leads(), "/sign-in?next=%2F");
    assert_eq!(said(&office, "code_wrong").await, 5);
    sign_in(&mut guesser, "ann.hall", PASSWORD, "/").await;
    // Not even the right one, from wherever it comes.
    guesser.source = "198.51.100.9:50000";
    let right = code_of(&secret, &office);
    assert_eq!(code(&mut guesser, &right).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(said(&office, "code_wrong").await, 5, "what came too soon is not looked at");
    // Its owner waits as long, and no longer.
    office.clock.forward(TimeDelta::seconds(16));
    let mut ann = Browsing::new(&office);
    sign_in(&mut ann, "ann.hall", PASSWORD, "/").await;
    assert_eq!(code(&mut ann, &code_of(&secret, &office)).await.leads(), "/queues");
}

/// Five wrong passwords across two gateways, and a gateway that starts afterwards.
async fn guessed_by_turns(store: Arc<dyn Store>) {
    let (first, second) = (Office::on(Arc::clone(&store)), Office::on(Arc::clone(&store)));
    Browsing::signed_in(&first, "Ann Hall", "agent").await;
    for office in [&first, &second, &first, &second, &first] {
        let mut guesser = Browsing::new(office);
        let page = sign_in(&mut guesser, "ann.hall", "a guess of somebody", "/").await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    }
    let anew = Office::on(store);
    for office in [&first, &second, &anew] {
        let mut late = Browsing::new(office);
        let page = sign_in(&mut late, "ann.hall", PASSWORD, "/").await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "it comes too soon");
        let mut elsewhere = Browsing::new(office);
        elsewhere.source = "198.51.100.9:50000";
        assert_eq!(sign_in(&mut elsewhere, "ann.hall", PASSWORD, "/").await.leads(), "/");
    }
    anew.clock.forward(TimeDelta::seconds(16));
    let mut ann = Browsing::new(&anew);
    assert_eq!(sign_in(&mut ann, "ann.hall", PASSWORD, "/").await.leads(), "/");
    // Once she has signed in, every gateway has forgotten the wrong tries.
    second.clock.forward(TimeDelta::seconds(16));
    let mut ann = Browsing::new(&second);
    assert_eq!(sign_in(&mut ann, "ann.hall", "a slip", "/").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&mut ann, "ann.hall", PASSWORD, "/").await.leads(), "/");
}

#[tokio::test]
async fn gateways_on_one_store_count_wrong_passwords_together() {
    let folder = tempfile::tempdir().unwrap();
    guessed_by_turns(Embedded::open(&folder.path().join("store")).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_on_redis_count_wrong_passwords_together() {
    let ground = servers::single().await;
    guessed_by_turns(ground.gateway()).await;
}

#[tokio::test]
async fn what_cannot_be_counted_is_not_looked_at_and_held_against_nobody() {
    let store = Faulty::over(Memory::new());
    let office = Office::on(store.clone());
    Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let try_it = async || sign_in(&mut Browsing::new(&office), "ann.hall", PASSWORD, "/").await;
    for _ in 0..10 {
        store.has(Trouble::Away);
        assert!(try_it().await.status.is_server_error());
        store.has(Trouble::None);
        store.refuses(Some("sign_in_tries"));
        assert!(try_it().await.status.is_server_error());
    }
    store.refuses(None);
    assert_eq!(try_it().await.leads(), "/");
}

#[tokio::test(start_paused = true)]
async fn while_the_store_hangs_others_who_sign_in_are_asked_to_try_again() {
    let store = Faulty::over(Memory::new());
    let office = Office::on(store.clone());
    Browsing::signed_in(&office, "Ann Hall", "agent").await;
    store.has(Trouble::Hangs);
    let (mut first, mut second) = (Browsing::new(&office), Browsing::new(&office));
    let (hung, busy) = tokio::join!(
        sign_in(&mut first, "ann.hall", PASSWORD, "/"),
        sign_in(&mut second, "ann.hall", PASSWORD, "/"),
    );
    assert!(hung.status.is_server_error(), "{}", hung.text());
    assert!(busy.has("Too many people are signing in"), "{}", busy.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_codes_at_once_are_as_many_tries() {
    let office = Office::open();
    with_second_step(&office).await;
    let mut guesser = Browsing::new(&office);
    sign_in(&mut guesser, "ann.hall", PASSWORD, "/").await;
    let cookies = guesser.cookies.clone();
    let at_once = (0..20).map(|_| {
        let mut one = Browsing { cookies: cookies.clone(), ..Browsing::new(&office) };
        async move { code(&mut one, "000000").await.status }
    });
    futures_util::future::join_all(at_once).await;
    // Fewer where half a session was over before the last of them came.
    let looked_at = said(&office, "code_wrong").await;
    assert!((1..=5).contains(&looked_at), "{looked_at}");
}

#[tokio::test]
async fn a_stolen_session_takes_neither_password_nor_second_step() {
    let office = Office::open();
    let (mut ann, secret) = with_second_step(&office).await;
    let mut elsewhere = Browsing::new(&office);
    sign_in(&mut elsewhere, "ann.hall", PASSWORD, "/").await;
    assert_eq!(code(&mut elsewhere, &code_of(&secret, &office)).await.leads(), "/queues");
    office.clock.forward(TimeDelta::seconds(30));
    let mut thief = Browsing { cookies: ann.cookies.clone(), ..Browsing::new(&office) };
    thief.source = "198.51.100.9:50000";

    let own = thief.get("/account/second-step").await.field("secret");
    let own_code = code_of(&own, &office);
    let new = [("password", "another set of words"), ("again", "another set of words")];
    for (path, fields) in [
        ("/account/second-step/off", vec![]),
        ("/account/second-step/off", vec![("old", PASSWORD)]),
        ("/account/second-step", vec![("secret", own.as_str()), ("code", &own_code)]),
        (
            "/account/second-step",
            vec![("secret", own.as_str()), ("code", &own_code), ("old", PASSWORD)],
        ),
        ("/account/password", [&new[..], &[("old", PASSWORD)]].concat()),
    ] {
        let answer = thief.post(path, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {}", answer.text());
        assert!(answer.has("That is not your password or code"), "{}", answer.text());
    }
    // As often as one may be wrong at the door: now the right ones wait as well.
    let right = code_of(&secret, &office);
    let proof = [("old", PASSWORD), ("old_code", right.as_str())];
    let all = [&new[..], &proof].concat();
    assert_eq!(
        thief.post("/account/password", &all).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );

    // Its owner, elsewhere, changes it; every other session is over.
    office.clock.forward(TimeDelta::minutes(1));
    ann.source = "192.0.2.8:50000";
    let right = code_of(&secret, &office);
    let all = [&new[..], &[("old", PASSWORD), ("old_code", right.as_str())]].concat();
    assert_eq!(ann.post("/account/password", &all).await.leads(), "/account?done=password");
    assert_eq!(elsewhere.get("/").await.leads(), "/sign-in?next=%2F");
    assert!(ann.get("/").await.has("My work"));
    office.clock.forward(TimeDelta::seconds(30));
    let right = code_of(&secret, &office);
    let off = [("old", "another set of words"), ("old_code", right.as_str())];
    assert_eq!(ann.post("/account/second-step/off", &off).await.leads(), "/account?done=saved");
}

#[tokio::test]
async fn one_source_that_floods_the_door_is_told_to_wait_and_others_are_let_in() {
    let office = Office::open();
    Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let mut flood = Browsing::new(&office);
    flood.source = "198.51.100.9:50000";
    let mut told = false;
    for _ in 0..80 {
        let page = sign_in(&mut flood, "nobody", "x", "/").await;
        told |= page.has("Too many people are signing in");
    }
    assert!(told, "the bound was never reached");
    let mut ann = Browsing::new(&office);
    assert_eq!(sign_in(&mut ann, "ann.hall", PASSWORD, "/").await.leads(), "/");
}

#[tokio::test]
async fn a_guesser_behind_the_proxy_is_whom_the_proxy_saw() {
    let settings = ConsoleSettings {
        trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
        ..ConsoleSettings::default()
    };
    let office = Office::open().with_console(settings);
    Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let mut guesser = Browsing::new(&office);
    guesser.source = "[::ffff:10.0.0.1]:50000";
    // A line of the guesser's own, another each time; HAProxy's is behind it.
    for own in ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4", "203.0.113.5"] {
        guesser.forwarded = vec![own, "198.51.100.9"];
        sign_in(&mut guesser, "ann.hall", "a guess of somebody", "/").await;
    }
    guesser.forwarded = vec!["203.0.113.6", "198.51.100.9"];
    let page = sign_in(&mut guesser, "ann.hall", PASSWORD, "/").await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    // A colleague behind the same proxy, who is seen with a listener on `[::]` as well.
    guesser.forwarded = vec!["::ffff:192.0.2.7"];
    assert_eq!(sign_in(&mut guesser, "ann.hall", PASSWORD, "/").await.leads(), "/");
}

#[tokio::test]
async fn whoever_has_the_password_alone_pushes_nobody_out() {
    let office = Office::open();
    let (mut ann, _) = with_second_step(&office).await;
    let mut halves = Vec::new();
    for _ in 0..4 {
        let mut half = Browsing::new(&office);
        sign_in(&mut half, "ann.hall", PASSWORD, "/").await;
        office.clock.forward(TimeDelta::seconds(1));
        halves.push(half);
    }
    assert_eq!(halves[0].get("/sign-in/code").await.leads(), "/sign-in?next=%2F", "the oldest");
    assert!(halves[3].get("/sign-in/code").await.has("Enter your code"));
    assert!(ann.get("/").await.has("My work"));
    // Half a session is no place to stay.
    office.clock.forward(TimeDelta::minutes(10));
    assert_eq!(halves[3].get("/sign-in/code").await.leads(), "/sign-in?next=%2F");
    assert!(ann.get("/").await.has("My work"));
}
