//! Answers of a provider that let nobody in: wrong, somebody else's, late, or missing.

use chrono::TimeDelta;
use contact_gateway::casework::accounts::AccountRules;
use contact_gateway::domain::provider::Unknown;
use contact_gateway::ports::Clock;
use contact_gateway::runtime::limits::PROVIDER_AWAY_AGE;
use hyper::StatusCode;
use serde_json::json;

use super::browsing::{Browsing, PASSWORD, Seen};
use super::provider::{DESK, IdentityProvider, SECRET, path_of};
use super::signing_in::sign_in;

const BEGIN: &str = "/sign-in/oidc/entra?organisation=tuntum";
const UNTRUSTED: &str = "could not be trusted, so you are not signed in";

fn refused(page: &Seen, browsing: &Browsing<'_>, text: &str, what: &str) {
    assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{what}");
    assert!(page.has(text), "{what}: {}", page.text());
    assert!(!browsing.cookies.contains_key("session"), "{what}");
    assert!(!browsing.cookies.contains_key("sign-in"), "{what}: it may not be tried again");
}

#[tokio::test]
async fn a_token_that_is_not_right_in_every_point_signs_nobody_in() {
    let mut provider = IdentityProvider::open(&[DESK]);
    let office = provider.office(AccountRules::default(), Unknown::Refuse);
    let now = office.clock.now();
    let at = |minutes| (now + TimeDelta::minutes(minutes)).timestamp();
    let mut ann = Browsing::new(&office);
    for (what, mischief) in [
        ("another's nonce", json!({"claims": {"nonce": "another"}})),
        ("no nonce", json!({"without": ["nonce"]})),
        ("another audience", json!({"claims": {"aud": "another"}})),
        ("one more audience", json!({"claims": {"aud": ["console", "another"]}})),
        ("another party", json!({"claims": {"azp": "another"}})),
        ("another issuer", json!({"claims": {"iss": "https://id.example"}})),
        ("expired", json!({"claims": {"exp": at(-1)}})),
        ("not yet issued", json!({"claims": {"iat": at(10)}})),
        ("no end", json!({"without": ["exp"]})),
        ("another access token's", json!({"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}})),
        ("a key of nobody's", json!({"unknown_key": true})),
        ("a secret in place of a key", json!({"secret": SECRET})),
        ("no signature", json!({"unsigned": true})),
    ] {
        provider.mischief(mischief);
        let page = provider.through(&mut ann, BEGIN, "ann").await;
        refused(&page, &ann, UNTRUSTED, what);
    }
    assert!(office.staff.accounts().list(&office.tuntum.id).await.unwrap().is_empty());
    // The same browser, with what is right.
    provider.mischief(json!({}));
    assert_eq!(provider.through(&mut ann, BEGIN, "ann").await.leads(), "/");
}

#[tokio::test]
async fn an_answer_is_taken_once_and_of_the_browser_that_asked() {
    let provider = IdentityProvider::open(&[DESK]);
    let office = provider.office(AccountRules::default(), Unknown::Refuse);
    let mut ann = Browsing::new(&office);
    let over = "took too long, or was begun in another browser";
    let url = ann.get(BEGIN).await.leads().to_owned();
    let flow = ann.cookies["sign-in"].clone();
    let back = provider.passes(&url, "ann").await;
    let back = path_of(&back);
    // Somebody else's browser: without a cookie, with a made-up one, with one of its own.
    let mut eve = Browsing::new(&office);
    let page = eve.get(back).await;
    refused(&page, &eve, over, "no cookie");
    let other = if flow.starts_with('A') { 'B' } else { 'A' };
    eve.cookies.insert("sign-in".to_owned(), format!("{other}{}", &flow[1..]));
    let page = eve.get(back).await;
    refused(&page, &eve, over, "a changed cookie");
    eve.get(BEGIN).await;
    let page = eve.get(back).await;
    refused(&page, &eve, UNTRUSTED, "another's state");
    // An answer of one provider at the other one's address.
    let elsewhere = back.replace("/callback/entra", "/callback/other");
    let page = ann.get(&elsewhere).await;
    refused(&page, &ann, over, "another provider's");
    ann.cookies.insert("sign-in".to_owned(), flow.clone());
    let mixed = back.replace(
        &provider.issuer().replace(':', "%3A").replace('/', "%2F"),
        "https%3A%2F%2Fid.example",
    );
    assert_ne!(mixed, back);
    let page = ann.get(&mixed).await;
    refused(&page, &ann, UNTRUSTED, "another issuer's");
    // Right, once.
    ann.cookies.insert("sign-in".to_owned(), flow.clone());
    assert_eq!(ann.get(back).await.leads(), "/");
    let mut replayed = Browsing::new(&office);
    replayed.cookies.insert("sign-in".to_owned(), flow);
    let page = replayed.get(back).await;
    refused(&page, &replayed, UNTRUSTED, "a code that was used");
    // Who says no at the provider is not signed in, and nobody is who takes too long.
    let mut ann = Browsing::new(&office);
    let url = ann.get(BEGIN).await.leads().to_owned();
    let state = url.split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let no = format!("/sign-in/callback/entra?error=access_denied&state={state}");
    let page = ann.get(&no).await;
    refused(&page, &ann, "You were not signed in with your work account", "a no");
    let url = ann.get(BEGIN).await.leads().to_owned();
    let back = provider.passes(&url, "ann").await;
    office.clock.forward(TimeDelta::minutes(10));
    let page = ann.get(path_of(&back)).await;
    refused(&page, &ann, over, "too late");
}

#[tokio::test]
async fn nobody_is_led_elsewhere_and_nothing_secret_is_in_an_address() {
    let provider = IdentityProvider::open(&[DESK]);
    let office = provider.office(AccountRules::default(), Unknown::Refuse);
    let mut ann = Browsing::new(&office);
    for elsewhere in ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "%2F%5Cevil.example"] {
        let begin = format!("{BEGIN}&next={elsewhere}");
        assert_eq!(provider.through(&mut ann, &begin, "ann").await.leads(), "/", "{elsewhere}");
    }
    let departure = ann.get(BEGIN).await;
    let url = departure.leads();
    assert!(url.starts_with(&format!("{}/auth?", provider.issuer())), "{url}");
    for part in ["response_type=code", "code_challenge_method=S256", "client_id=console", "nonce="]
    {
        assert!(url.contains(part), "{part}: {url}");
    }
    assert!(url.contains("redirect_uri=http%3A%2F%2Fdesk.example%2Fsign-in%2Fcallback%2Fentra"));
    assert!(!url.contains("secret") && !url.contains(&ann.cookies["sign-in"]), "{url}");
    let cookie = departure.headers["set-cookie"].to_str().unwrap();
    for attribute in ["HttpOnly", "SameSite=Lax", "Max-Age=600", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    // No such provider, and none for the other organisation.
    for nowhere in ["/sign-in/oidc/nobody?organisation=tuntum", "/sign-in/callback/nobody?code=x"] {
        assert_eq!(ann.get(nowhere).await.status, StatusCode::NOT_FOUND, "{nowhere}");
    }
    let karbon = BEGIN.replace("tuntum", "karbon");
    assert_eq!(ann.get(&karbon).await.status, StatusCode::NOT_FOUND);
    assert!(!ann.get("/sign-in").await.body.contains("organisation=karbon"));
}

#[tokio::test]
async fn while_the_provider_is_away_passwords_open_and_the_page_says_so() {
    let mut provider = IdentityProvider::open(&[DESK]);
    let office = provider.office(AccountRules::default(), Unknown::Refuse);
    let mut max = Browsing::signed_in(&office, "Max Rhys", "manager").await;
    let mut ann = Browsing::new(&office);
    let away = "does not work at this moment";
    let url = ann.get(BEGIN).await.leads().to_owned();
    let back = provider.passes(&url, "ann").await;
    provider.ask(json!({"ask": "away"}));
    // It was there a moment ago, and is not when the code is brought.
    let page = ann.get(path_of(&back)).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.has(away) && page.has("sign in with a name and password"), "{}", page.text());
    // A gateway that starts now has never seen it.
    let late = provider.office(AccountRules::default(), Unknown::Refuse);
    let page = Browsing::new(&late).get(BEGIN).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.has(away), "{}", page.text());
    assert!(Browsing::new(&late).get("/sign-in").await.has("Or with a name and password"));
    max.cookies.clear();
    assert_eq!(sign_in(&mut max, "max.rhys", PASSWORD, "/").await.leads(), "/");
    let page = Browsing::new(&late).get("/sign-in/oidc/entra/out").await;
    assert!(page.has("Sign out on the page of your work account"), "{}", page.text());
    // Back again, nobody has to do anything: it is asked again after a moment, which the runtime's clock skips.
    provider.ask(json!({"ask": "rotate"}));
    tokio::time::pause();
    tokio::time::advance(PROVIDER_AWAY_AGE).await;
    tokio::time::resume();
    assert_eq!(provider.through(&mut Browsing::new(&late), BEGIN, "ann").await.leads(), "/");
}

#[tokio::test]
async fn one_source_that_floods_the_way_to_the_provider_must_wait() {
    let provider = IdentityProvider::open(&[DESK]);
    let office = provider.office(AccountRules::default(), Unknown::Refuse);
    let mut flood = Browsing::new(&office);
    let mut tries = 0;
    while flood.get("/sign-in/callback/entra?code=x&state=y").await.status
        == StatusCode::UNAUTHORIZED
    {
        tries += 1;
    }
    assert!(tries >= 60, "{tries}");
    // Whichever half it is: at most the one that a second gave back is let through.
    let more = [flood.get(BEGIN).await.status, flood.get(BEGIN).await.status];
    assert!(more.contains(&StatusCode::TOO_MANY_REQUESTS), "{more:?}");
    let mut ann = Browsing::new(&office);
    ann.source = "198.51.100.9:50000";
    assert_eq!(provider.through(&mut ann, BEGIN, "ann").await.leads(), "/");
}

#[tokio::test]
async fn one_source_that_floods_the_way_out_of_the_provider_must_wait() {
    let provider = IdentityProvider::open(&[DESK]);
    let office = provider.office(AccountRules::default(), Unknown::Refuse);
    let out = "/sign-in/oidc/entra/out";
    let mut flood = Browsing::new(&office);
    let mut tries = 0;
    let over = loop {
        let page = flood.get(out).await;
        if page.status != StatusCode::SEE_OTHER {
            break page;
        }
        tries += 1;
    };
    assert!(tries >= 60, "{tries}");
    assert_eq!(over.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(over.has("Try again in a few seconds"), "{}", over.text());
    let mut ann = Browsing::new(&office);
    ann.source = "198.51.100.9:50000";
    assert!(ann.get(out).await.leads().starts_with(&provider.issuer()));
}
