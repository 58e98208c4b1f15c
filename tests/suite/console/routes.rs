//! Every route of the console, taken from the router's own table: none opens to the wrong people.

use contact_gateway::domain::duty::Duty;
use contact_gateway::domain::permission;
use contact_gateway::staff::console::{Entry, Needs, contents};
use hyper::StatusCode;

use super::browsing::Browsing;
use crate::office::Office;

/// A route's path with something in the place of its parts.
pub(super) fn filled(entry: &Entry, item: &str, person: &str) -> String {
    filled_path(entry.path, item, person)
}

pub(super) fn filled_path(path: &str, item: &str, person: &str) -> String {
    let mut path = path.to_owned();
    for (part, value) in [
        ("{item}", item),
        ("{person}", person),
        ("{queue}", "limited"),
        ("{verb}", "release"),
        ("{login}", "ann.hall"),
        ("{organisation}", "tuntum"),
        ("{provider}", "no-such-provider"),
        ("{token}", "no-such-token"),
        ("{file}", "no-such-file.css"),
        ("{proposal}", "P-1-PR-1"),
        ("{letter}", "P-1-L-1"),
        ("{figure}", "incidents_by_ground"),
        ("{restriction}", "R-1"),
        ("{name}", "restrictions"),
        ("{merge}", "M-1"),
        ("{class}", "items"),
        ("{language}", "en"),
        ("{erasure}", "E-1"),
        ("{contact}", item),
        ("{appeal}", "P-1-A-1"),
        ("{agreement}", "P-1-G-1"),
        ("{incident}", "P-1-I-1"),
        ("{complaint}", "P-1-C-1"),
        ("{receiver}", "crm"),
        ("{event}", "e-1"),
    ] {
        path = path.replace(part, value);
    }
    assert!(!path.contains('{'), "{path}: say here what stands for its part");
    path
}

#[tokio::test]
async fn nothing_opens_without_a_session() {
    let office = Office::with_person().await;
    office.mail("c-1").await;
    office.mail("c-2").await;
    let mut nobody = Browsing::new(&office);
    let mut asked = 0;
    for entry in contents().iter().filter(|entry| entry.needs != Needs::Nothing) {
        asked += 1;
        let path = filled(entry, "c-2", "P-1");
        for cookie in [None, Some("tuntum.no-such-token"), Some("karbon."), Some("x")] {
            nobody.cookies.clear();
            nobody.cookies.extend(cookie.map(|one| ("session".to_owned(), one.to_owned())));
            let form = (entry.method == "POST").then(|| "verb=release&text=hello".to_owned());
            let answer = nobody.ask(entry.method, &path, form).await;
            match entry.method {
                "GET" => assert!(answer.leads().starts_with("/sign-in?next="), "{entry:?}"),
                _ => {
                    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{entry:?}");
                    // What somebody had written is not lost with the session.
                    assert!(answer.body.contains(">hello</textarea>"), "{entry:?}");
                }
            }
        }
    }
    assert!(asked > 25, "{asked}");
}

#[tokio::test]
async fn nothing_acts_for_another_site_or_for_no_page() {
    let office = Office::with_person().await;
    office.mail("c-1").await;
    office.mail("c-2").await;
    let mut max = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    for entry in contents().iter().filter(|entry| entry.method == "POST") {
        let path = filled(entry, "c-2", "P-1");
        for origin in
            [None, Some("null"), Some("http://evil.example"), Some("https://desk.example")]
        {
            max.origin = origin.map(str::to_owned);
            let answer = max.post(&path, &[("verb", "close")]).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{entry:?} from {origin:?}");
            assert!(answer.has("Nothing was changed"), "{}", answer.body);
        }
    }
    max.origin = Some("http://desk.example".to_owned());
    assert!(max.get("/").await.has("Mia Lund"), "still signed in: nothing was done");
}

#[tokio::test]
async fn a_role_without_the_duty_is_refused_by_every_route_that_asks_it() {
    let office = Office::open();
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let mut refused = 0;
    for entry in contents() {
        let duties = entry.needs.duties();
        if duties.is_empty() {
            continue;
        }
        let agent = contact_gateway::domain::profile::Role("agent".to_owned());
        let has = |duty: &Duty| permission::has(&office.tuntum.profile, &agent, *duty);
        let allowed = duties.iter().any(has);
        let form = (entry.method == "POST").then(String::new);
        let answer = ann.ask(entry.method, &filled(&entry, "c-2", "P-1"), form).await;
        if allowed {
            assert_ne!(answer.status, StatusCode::FORBIDDEN, "{entry:?}");
        } else {
            refused += 1;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{entry:?}");
        }
    }
    assert!(refused >= 6, "{refused}");
}

#[tokio::test]
async fn another_organisations_ids_are_not_there() {
    let office = Office::with_person().await;
    office.mail("c-1").await;
    office.mail("c-2").await;
    // Somebody of Karbon asks for what is Tuntum's.
    let new = contact_gateway::casework::accounts::NewAccount {
        login: "sue".to_owned(),
        name: "Sue Grey".to_owned(),
        role: contact_gateway::domain::profile::Role("manager".to_owned()),
    };
    let karbon = crate::office::organisation("karbon", "karbon-homes.toml");
    let token = office.staff.accounts().demo_pass(&karbon, new).await.unwrap();
    let mut sue = Browsing::new(&office);
    assert_eq!(sue.post(&format!("/invitation/karbon/{token}"), &[]).await.leads(), "/");
    let mut asked = 0;
    for entry in contents() {
        let names =
            ["{item}", "{person}", "{queue}", "{login}", "{letter}", "{proposal}", "{erasure}"];
        if !names.iter().any(|name| entry.path.contains(name)) {
            continue;
        }
        asked += 1;
        let form = (entry.method == "POST")
            .then(|| "verb=close&verb=close&item=c-2&was=x&sure=yes&text=a+note".to_owned());
        let answer = sue.ask(entry.method, &filled(&entry, "c-2", "P-1"), form).await;
        let nothing = answer.status == StatusCode::NOT_FOUND
            // No role of theirs may do it to anybody.
            || answer.status == StatusCode::FORBIDDEN
            // A queue every organisation has of its own: nothing to take, and none of the items.
            || (answer.status == StatusCode::OK && entry.path.starts_with("/queues/{queue}"))
            || (answer.status == StatusCode::SEE_OTHER && answer.leads().contains("done=none"));
        assert!(nothing, "{entry:?}: {} {}", answer.status, answer.body);
        assert!(!answer.body.contains("Jo Doe") && !answer.body.contains("The same."), "{entry:?}");
    }
    assert!(asked >= 10, "{asked}");
    let item = office.get(crate::office::AGENT, "/api/v1/queues/limited/c-2").await.json();
    assert_eq!(item["state"], "open");
    assert!(item["notes"].is_null(), "{item}");
    // A cookie with the other organisation's name before it is nobody's.
    let token = sue.cookies["session"].split_once('.').unwrap().1.to_owned();
    sue.cookies.insert("session".to_owned(), format!("tuntum.{token}"));
    assert_eq!(sue.get("/").await.leads(), "/sign-in?next=%2F");
}

/// Each route of the API, so that a new one is asked too.
#[tokio::test]
async fn no_route_of_the_api_shows_or_changes_what_another_organisation_has() {
    const THEIRS: [&str; 4] = ["{person}", "{item}", "{restriction}", "{contact}"];
    let office = Office::with_person().await;
    office.mail("c-1").await;
    office.mail("c-2").await;
    let mut asked = 0;
    for route in include_str!("../routes.txt").lines() {
        let (method, path) = route.split_once(' ').unwrap();
        if !THEIRS.iter().any(|part| path.contains(part)) {
            continue;
        }
        asked += 1;
        let mut path = filled_path(path, "c-2", "P-1");
        if path.ends_with("/preview") {
            path.push_str("?other=P-1");
        }
        let body = if method == "GET" { String::new() } else { "{}".to_owned() };
        let answer = office.ask(method, Some(crate::office::STRANGER), &path, body).await;
        // What they send is read before it is looked for: an empty body is refused for what it lacks.
        let is_refused = match answer.status {
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => true,
            StatusCode::UNPROCESSABLE_ENTITY => method != "GET",
            _ => false,
        };
        assert!(is_refused, "{route}: {answer:?}");
        let said = String::from_utf8_lossy(&answer.body);
        assert!(!said.contains("Jo Doe") && !said.contains("jo@home.example"), "{route}: {said}");
    }
    assert!(asked >= 60, "{asked}");
    let trail = office.get(crate::office::GOVERNANCE, "/api/v1/audit?limit=500").await.json();
    assert!(!trail["entries"].as_array().unwrap().is_empty());
    assert!(!trail.to_string().contains("Sue Stranger"), "nothing was done: {trail}");
}

#[tokio::test]
async fn every_page_is_shut_and_names_its_language() {
    let office = Office::with_person().await;
    office.mail("c-1").await;
    office.mail("c-2").await;
    let mut max = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    for entry in contents().iter().filter(|entry| entry.method == "GET") {
        // Letters stand in frames without rights, with the style that is printed; so does a copy of a record.
        let sheet = ["/original/", "{letter}/", "/record", "/sample"]
            .iter()
            .any(|part| entry.path.contains(part));
        if entry.path.starts_with("/assets") || sheet || entry.path.ends_with("/letter") {
            continue;
        }
        let page = max.get(&filled(entry, "c-2", "P-1")).await;
        let is_page = |page: &super::browsing::Seen| {
            let kind = page.headers.get("content-type");
            kind.is_some_and(|kind| kind.to_str().unwrap().starts_with("text/html"))
        };
        if page.status == StatusCode::SEE_OTHER || !is_page(&page) {
            continue;
        }
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{entry:?}");
        assert!(!policy.contains("unsafe"), "{entry:?}: {policy}");
        assert_eq!(page.headers["cache-control"], "no-store", "{entry:?}");
        assert_eq!(page.headers["x-content-type-options"], "nosniff");
        assert!(page.body.contains("<html lang=\"en-GB\">"), "{entry:?}");
        assert!(page.body.contains("<h1"), "{entry:?}: {}", page.body);
        for inline in ["<style", " style=", "onclick", "<script>", "javascript:"] {
            assert!(!page.body.contains(inline), "{entry:?}: {inline}");
        }
    }
}

/// After signing in again, or in another language, a browser asks for the address to which it had posted.
#[tokio::test]
async fn an_address_that_only_takes_posts_leads_back_to_a_page() {
    let office = Office::with_person().await;
    office.mail("c-1").await;
    office.mail("c-2").await;
    let mut mia = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    let all = contents();
    let is_page = |path: &str| all.iter().any(|one| one.method == "GET" && one.path == path);
    let mut asked = 0;
    for entry in all.iter().filter(|one| !is_page(one.path)) {
        asked += 1;
        let mut answer = mia.get(&filled(entry, "c-2", "P-1")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{entry:?}");
        while answer.status == StatusCode::SEE_OTHER {
            answer = mia.get(answer.leads()).await;
        }
        assert_eq!(answer.status, StatusCode::OK, "{entry:?}");
    }
    assert!(asked > 10, "{asked}");
    assert_eq!(mia.get("/settings/staff/ann.hall").await.leads(), "/settings/staff");
    assert_eq!(mia.get("/take").await.leads(), "/");
}

#[tokio::test]
async fn what_pages_are_made_of_is_served_for_ever_and_to_anybody() {
    let office = Office::open();
    let mut nobody = Browsing::new(&office);
    let page = nobody.get("/sign-in").await;
    let mut files = 0;
    for part in page.body.split("\"/assets/").skip(1) {
        let name = part.split('"').next().unwrap();
        let file = nobody.get(&format!("/assets/{name}")).await;
        assert_eq!(file.status, StatusCode::OK, "{name}");
        assert!(file.headers["cache-control"].to_str().unwrap().contains("immutable"), "{name}");
        files += 1;
    }
    assert!(files >= 4, "{files}");
    assert_eq!(nobody.get("/assets/console-000000000000.css").await.status, StatusCode::NOT_FOUND);
    // What is nowhere: a page for a browser, a problem for a program.
    let page = nobody.get("/no/such/page").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.has("Page not found"));
}
