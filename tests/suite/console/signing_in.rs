//! Signing in: accounts, sessions, waits, the second step.

use chrono::TimeDelta;
use hyper::StatusCode;
use hyper::header::SET_COOKIE;

use super::browsing::{Browsing, PASSWORD, invited};
use crate::degraded::faulty::Faulty;
use crate::office::Office;
use contact_gateway::casework::accounts::AccountRules;
use contact_gateway::domain::profile::Role;
use contact_gateway::store::memory::Memory;

pub async fn sign_in(
    browsing: &mut Browsing<'_>,
    login: &str,
    password: &str,
    next: &str,
) -> super::browsing::Seen {
    let fields =
        [("organisation", "tuntum"), ("login", login), ("password", password), ("next", next)];
    browsing.post("/sign-in", &fields).await
}

#[tokio::test]
async fn the_first_account_is_made_by_a_link_that_holds_once() {
    let office = Office::open();
    let accounts = office.staff.accounts();
    let token = accounts.first_invitation(&office.tuntum.id, None).await.unwrap().unwrap();
    let path = format!("/invitation/tuntum/{token}");
    let mut browsing = Browsing::new(&office);
    let page = browsing.get(&path).await;
    assert!(page.has("Make the first account"), "{}", page.body);
    // Everything that is wrong at once, with what was typed.
    let wrong =
        [("name", "Ann Hall"), ("login", "a b"), ("role", "manager"), ("password", "short")];
    let page = browsing.post(&path, &wrong).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("<title>Error:"), "{}", page.body);
    assert!(page.has("Enter a sign-in name") && page.has("Use at least 12 characters"));
    assert!(page.body.contains("value=\"Ann Hall\""));
    // An agent could let nobody else in.
    let agent = [
        ("name", "Ann"),
        ("login", "ann"),
        ("role", "agent"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    assert_eq!(browsing.post(&path, &agent).await.status, StatusCode::FORBIDDEN);
    let right = [
        ("name", "Ann Hall"),
        ("login", "Ann"),
        ("role", "manager"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ];
    assert_eq!(browsing.post(&path, &right).await.leads(), "/");
    assert!(browsing.get("/").await.has("Ann Hall"));
    // Used up, for others as well.
    assert!(accounts.first_invitation(&office.tuntum.id, None).await.unwrap().is_none());
    let mut other = Browsing::new(&office);
    assert_eq!(other.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(other.post(&path, &right).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_wrong_at_sign_in_is_nobodys_business() {
    let office = Office::open();
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    ann.cookies.clear();
    let unknown = sign_in(&mut ann, "nobody", PASSWORD, "/").await;
    let wrong = sign_in(&mut ann, "ann.hall", "another password", "/").await;
    assert_eq!(
        (unknown.status, wrong.status),
        (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED)
    );
    assert_eq!(
        unknown.body.replace("nobody", "X"),
        wrong.body.replace("ann.hall", "X"),
        "an unknown name and a wrong password give one page"
    );
    // Case and blanks of the name are nothing; where one wanted to go is kept.
    let right = sign_in(&mut ann, " Ann.Hall ", PASSWORD, "/queues/limited?state=all").await;
    assert_eq!(right.leads(), "/queues/limited?state=all");
    for elsewhere in ["//evil.example", "https://evil.example", "/\\evil.example"] {
        assert_eq!(sign_in(&mut ann, "ann.hall", PASSWORD, elsewhere).await.leads(), "/");
    }
    // Another organisation's name is no help.
    let fields = [("organisation", "karbon"), ("login", "ann.hall"), ("password", PASSWORD)];
    assert_eq!(ann.post("/sign-in", &fields).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn guessing_must_wait_and_nobody_is_locked_out_elsewhere_or_for_good() {
    let office = Office::open();
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let mut guesser = Browsing::new(&office);
    for _ in 0..5 {
        sign_in(&mut guesser, "ann.hall", "a guess of somebody", "/").await;
    }
    // From there not even the right one, with the same words; from elsewhere it is let in.
    let page = sign_in(&mut guesser, "ann.hall", PASSWORD, "/").await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    ann.source = "198.51.100.9:50000";
    assert_eq!(sign_in(&mut ann, "ann.hall", PASSWORD, "/").await.leads(), "/");
    office.clock.forward(TimeDelta::minutes(16));
    assert_eq!(sign_in(&mut guesser, "ann.hall", PASSWORD, "/").await.leads(), "/");
}

#[tokio::test]
async fn a_session_ends_idle_at_the_latest_and_by_hand() {
    let office = Office::open();
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let cookie = ann.cookies["session"].clone();
    assert!(cookie.starts_with("tuntum."));
    let mut desk = Browsing::new(&office);
    let made = sign_in(&mut desk, "ann.hall", PASSWORD, "/").await;
    let attributes = made.headers[SET_COOKIE].to_str().unwrap();
    assert!(attributes.contains("HttpOnly") && attributes.contains("SameSite=Lax"));
    // Used again and again it lasts, but no longer than twelve hours.
    for _ in 0..25 {
        office.clock.forward(TimeDelta::minutes(29));
        let page = ann.get("/account").await;
        if page.status == StatusCode::SEE_OTHER {
            break;
        }
        assert!(page.has("Ann Hall"));
    }
    assert_eq!(ann.get("/account").await.leads(), "/sign-in?next=%2Faccount");
    // The other one was idle.
    assert_eq!(desk.get("/").await.leads(), "/sign-in?next=%2F");
    // Listed, and ended from elsewhere.
    for browsing in [&mut ann, &mut desk] {
        sign_in(browsing, "ann.hall", PASSWORD, "/").await;
    }
    let page = ann.get("/account").await;
    assert_eq!(page.body.matches("name=\"session\"").count(), 1, "the other one can be ended");
    ann.post("/account/sessions", &[("all", "yes")]).await;
    assert_eq!(desk.get("/").await.leads(), "/sign-in?next=%2F");
    assert!(ann.get("/").await.has("My work"));
    assert_eq!(ann.post("/sign-out", &[]).await.leads(), "/sign-in?done=out");
    assert!(!ann.cookies.contains_key("session"));
    // The token itself opens nothing any more either.
    ann.cookies.insert("session".to_owned(), cookie);
    assert_eq!(ann.get("/").await.leads(), "/sign-in?next=%2F");
}

#[tokio::test]
async fn with_tls_the_cookie_is_of_this_host_and_of_tls_alone() {
    use contact_gateway::staff::console::ConsoleSettings;
    let settings = ConsoleSettings {
        public_url: Some("https://desk.example".to_owned()),
        ..ConsoleSettings::default()
    };
    let office = Office::open().with_console(settings);
    let mut ann = Browsing::new(&office);
    ann.origin = Some("https://desk.example".to_owned());
    invited(&office, "ann", "Ann Hall", "agent", &mut ann).await;
    assert!(ann.cookies.contains_key("__Host-session"), "{:?}", ann.cookies);
    let made = sign_in(&mut ann, "ann", PASSWORD, "/").await;
    let attributes = made.headers[SET_COOKIE].to_str().unwrap();
    assert!(attributes.contains("; Secure") && attributes.contains("Path=/"), "{attributes}");
    assert!(ann.get("/").await.has("My work"));
}

#[tokio::test]
async fn a_role_that_must_take_a_second_step_gets_nowhere_without_one() {
    let rules = AccountRules {
        second_step: vec![Role("customer_excellence_leader".to_owned())],
        ..AccountRules::default()
    };
    let office = Office::by(Memory::new(), rules).and_person().await;
    office.mail("c-1").await;
    office.mail("c-2").await;
    let mut max = Browsing::signed_in(&office, "Mia Lund", "customer_excellence_leader").await;
    for shut in ["/", "/queues/limited", "/items/c-2", "/items/c-2/original", "/people/P-1"] {
        assert_eq!(max.get(shut).await.leads(), "/account/second-step", "{shut}");
    }
    let took = max.post("/items/c-2", &[("verb", "take"), ("was", "x")]).await;
    assert_eq!(took.leads(), "/account/second-step");
    let item = office.get(crate::office::AGENT, "/api/v1/queues/limited/c-2").await.json();
    assert_eq!(item["state"], "open");
    assert!(max.get("/account").await.has("Mia Lund"));
    let page = max.get("/account/second-step").await;
    let secret = page.field("secret");
    let code = code_of(&secret, &office);
    let fields = [("secret", secret.as_str()), ("code", &code), ("old", PASSWORD)];
    max.post("/account/second-step", &fields).await;
    assert!(max.get("/").await.has("My work"));
    // Whose role need not is let in without.
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    assert!(ann.get("/").await.has("My work"));
}

#[tokio::test]
async fn a_second_step_is_set_up_asked_for_and_replaced_by_a_recovery_code_once() {
    let office = Office::open();
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let page = ann.get("/account/second-step").await;
    let secret = page.field("secret");
    let wrong = ann.post("/account/second-step", &[("secret", &secret), ("code", "000")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(wrong.field("secret"), secret, "the key that is in the authenticator already");
    let code = code_of(&secret, &office);
    let fields = [("secret", secret.as_str()), ("code", &code), ("old", PASSWORD)];
    let page = ann.post("/account/second-step", &fields).await;
    assert!(page.has("Keep these recovery codes"), "{}", page.body);
    let recovery = page.body.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned();

    let mut other = Browsing::new(&office);
    let asked = sign_in(&mut other, "ann.hall", PASSWORD, "/queues").await;
    assert_eq!(asked.leads(), "/sign-in/code?next=%2Fqueues");
    // Half a session opens nothing.
    assert_eq!(other.get("/queues").await.leads(), "/sign-in?next=%2Fqueues");
    let nowhere = other.get("/nowhere").await;
    assert!(
        nowhere.status == StatusCode::NOT_FOUND && !nowhere.has("Ann Hall"),
        "{}",
        nowhere.body
    );
    assert!(other.get("/sign-in/code").await.has("Enter your code"));
    // The code that was used to set it up does not count twice; the next one does.
    let used = other.post("/sign-in/code", &[("code", &code), ("next", "/queues")]).await;
    assert_eq!(used.status, StatusCode::UNAUTHORIZED);
    office.clock.forward(TimeDelta::seconds(30));
    let next = code_of(&secret, &office);
    let done = other.post("/sign-in/code", &[("code", &next), ("next", "/queues")]).await;
    assert_eq!(done.leads(), "/queues");
    assert!(other.get("/queues").await.has("Queues"));

    // The phone is lost: a recovery code, once.
    for (times, status) in [(1, StatusCode::SEE_OTHER), (2, StatusCode::UNAUTHORIZED)] {
        let mut third = Browsing::new(&office);
        sign_in(&mut third, "ann.hall", PASSWORD, "/").await;
        let answer = third.post("/sign-in/code", &[("code", &recovery.to_lowercase())]).await;
        assert_eq!(answer.status, status, "time {times}");
    }
}

/// The code of a secret now, by an implementation that is not ours to trust: RFC 6238 by hand.
pub fn code_of(secret: &str, office: &Office) -> String {
    use aws_lc_rs::hmac;
    use contact_gateway::ports::Clock;
    let secret = contact_gateway::runtime::one_time_code::of_base32(secret).unwrap();
    let step = u64::try_from(office.clock.now().timestamp() / 30).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes([tag[at], tag[at + 1], tag[at + 2], tag[at + 3]]) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

#[tokio::test]
async fn accounts_are_kept_and_the_last_administrator_stays() {
    let office = Office::open();
    let mut max = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    let page = max
        .post("/settings/staff", &[("name", "Bea Lind"), ("login", "bea"), ("role", "agent")])
        .await;
    assert!(page.has("Give them this link: Bea Lind"), "{}", page.body);
    let link = page.body.split("href=\"/invitation/").nth(1).unwrap().split('"').next().unwrap();
    let link = format!("/invitation/{link}");
    let again = max
        .post("/settings/staff", &[("name", "bea lind"), ("login", "b2"), ("role", "agent")])
        .await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "names are those on the trail");
    let mut bea = Browsing::new(&office);
    assert_eq!(bea.post(&link, &[("password", PASSWORD), ("again", PASSWORD)]).await.leads(), "/");
    // An agent does not keep the settings, and the page says who does.
    let page = bea.get("/settings/staff").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.has("Manager") && page.has("Governance"), "{}", page.body);
    for verb in ["close", "role"] {
        let page = max.post("/settings/staff/mia.lund", &[("verb", verb), ("role", "agent")]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{verb}");
        assert!(page.has("last account that keeps the settings"));
    }
    // Closed: signed out at once, and the password opens nothing.
    assert_eq!(
        max.post("/settings/staff/bea", &[("verb", "close")]).await.leads(),
        "/settings/staff?done=yes"
    );
    assert_eq!(bea.get("/").await.leads(), "/sign-in?next=%2F");
    assert_eq!(sign_in(&mut bea, "bea", PASSWORD, "/").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_language_is_chosen_and_kept() {
    let office = Office::open();
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let answer = ann.post("/language", &[("language", "cy"), ("back", "/queues?x=1")]).await;
    assert_eq!(answer.leads(), "/queues?x=1");
    let page = ann.get("/queues").await;
    assert!(page.body.contains("<html lang=\"cy-GB\">") && page.has("Ciwiau"), "{}", page.body);
    assert!(page.body.contains("lang=\"en-GB\">English</button>"));
    let answer = ann.post("/language", &[("language", "en"), ("back", "//evil.example")]).await;
    assert_eq!(answer.leads(), "/");
}

#[tokio::test]
async fn pages_come_while_the_store_takes_no_writes() {
    let store = Faulty::over(Memory::new());
    let office = Office::on(store.clone());
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    store.refuses(Some("session"));
    // Each has its last use to note.
    for path in ["/", "/queues", "/queues/limited", "/people"] {
        office.clock.forward(TimeDelta::minutes(2));
        assert_eq!(ann.get(path).await.status, StatusCode::OK, "{path}");
    }
    // What could not be noted extends nothing.
    office.clock.forward(TimeDelta::minutes(23));
    assert_eq!(ann.get("/").await.leads(), "/sign-in?next=%2F");
}
