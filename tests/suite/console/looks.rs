//! Whoever sees personal data is on the trail, whatever way they take to it.

use chrono::TimeDelta;
use contact_gateway::staff::console::contents;
use hyper::StatusCode;

use super::browsing::Browsing;
use super::cases::{Desk, proposed, step};
use super::routes::filled_path;
use crate::office::{AGENT, GOVERNANCE, Office};

/// What was looked at so far, as the trail has it.
async fn looked(office: &Office) -> Vec<(String, String, Option<String>)> {
    // The trail names people too, and is no record.
    let page = office.get(GOVERNANCE, "/api/v1/audit?limit=500").await.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    page["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["event"] == "looked")
        .map(|one| {
            (text(&one["looked_at"]), text(&one["id"]), one["because"].as_str().map(str::to_owned))
        })
        .collect()
}

async fn office() -> Office {
    let office = Office::with_person().await;
    office.mail("c-1").await;
    office.mail("c-2").await;
    office
}

/// Routes that show nobody's record, or a line of it, with why that is not noted. A route that is in neither this
/// list nor noted fails the test below.
const NOT_NOTED: [(&str, &str); 60] = [
    ("/people/new", "an empty form"),
    ("/assets/{file}", "the same for everybody"),
    ("/sign-in", "before anybody is signed in"),
    ("/sign-in/code", "before anybody is signed in"),
    ("/sign-in/oidc/{provider}", "before anybody is signed in"),
    ("/sign-in/oidc/{provider}/out", "before anybody is signed in"),
    ("/sign-in/callback/{provider}", "before anybody is signed in"),
    ("/invitation/{organisation}/{token}", "before anybody is signed in"),
    ("/accessibility", "the same for everybody"),
    ("/help", "the same for everybody"),
    ("/account", "one's own account"),
    ("/account/second-step", "one's own account"),
    ("/live", "ids and counts, which name nobody"),
    ("/", "a line each, to find what to open"),
    ("/queues", "a line each, to find what to open"),
    ("/queues/{queue}", "a line each, to find what to open"),
    ("/people", "a line each, to find what to open"),
    ("/audit", "the trail itself, which one duty opens"),
    ("/retention", "a line each, to find what to open"),
    ("/erasures/{erasure}", "what was erased, which names nobody"),
    ("/settings", "the gateway's settings and state"),
    ("/settings/profile", "the gateway's settings and state"),
    ("/settings/templates", "the gateway's settings and state"),
    ("/settings/templates/sample", "the same for everybody"),
    ("/settings/templates/{language}", "the gateway's settings and state"),
    ("/settings/rosters", "a line each, to find what to open"),
    ("/settings/rosters/leavers", "members of staff, and no record"),
    ("/api/v1/leavers", "members of staff, and no record"),
    ("/api/v1/points-of-contact", "a line each, to find what to open"),
    ("/settings/connections", "the gateway's settings and state"),
    ("/settings/staff", "the gateway's settings and state"),
    ("/cases", "a line each, to find what to open"),
    ("/decisions", "a line each, to find what to open"),
    ("/appeals", "a line each, to find what to open"),
    ("/incidents", "a line each, to find what to open"),
    ("/letters", "a line each, to find what to open"),
    ("/calendar", "a line each, to find what to open"),
    ("/calendar.ics", "a line each, to find what to open"),
    ("/reports", "figures, which name nobody"),
    ("/reports.csv", "figures, which name nobody"),
    ("/reports/chart/{figure}", "figures, which name nobody"),
    ("/reports/equality", "figures, which name nobody"),
    ("/reports/equality.csv", "figures, which name nobody"),
    ("/api/v1/reports/equality", "figures, which name nobody"),
    ("/api/v1/audit", "the trail itself, which one duty opens"),
    ("/api/v1/diary", "a line each, to find what to open"),
    ("/api/v1/diary.ics", "a line each, to find what to open"),
    ("/api/v1/erasures", "what was erased, which names nobody"),
    ("/api/v1/events/dead-letters", "the gateway's settings and state"),
    ("/api/v1/letter-templates", "the gateway's settings and state"),
    ("/api/v1/letter-templates/{language}", "the gateway's settings and state"),
    ("/api/v1/openapi.json", "the gateway's settings and state"),
    ("/api/v1/tokens", "the gateway's settings and state"),
    ("/api/v1/queues", "a line each, to find what to open"),
    ("/api/v1/reports/{name}", "figures, which name nobody"),
    ("/health/live", "the gateway's settings and state"),
    ("/api/v1/retention", "how much is due, by ids; no record"),
    ("/health/ready", "the gateway's settings and state"),
    ("/health/serving", "the gateway's settings and state"),
    ("/metrics", "the gateway's settings and state"),
];

/// Parts of paths that lead nowhere here: steps that this case is not ready for, a message that has no HTML, PDF,
/// which needs a program of its own, and a merge that there never was. What they share with the rest is that their path names whose they are.
const MAY_BE_MISSING: [&str; 4] = ["/steps/", "/original/html", "/pdf", "/unmerge/"];

/// A whole case on one desk: a restriction from elsewhere, a proposal, a letter, and items on a queue.
async fn office_with_everything() -> Office {
    let office = Office::that_chose().and_person().await;
    office.mail("c-1").await;
    office.mail("c-2").await;
    let mut desk = Desk::open(&office).await;
    proposed(&mut desk).await;
    step(&mut desk.bo, "draft_letter", "of=P-1-PR-1&kind=restriction", &[]).await.leads();
    office
}

fn is_listed(route: &str) -> bool {
    NOT_NOTED.iter().any(|(listed, _)| *listed == route)
}

#[tokio::test]
async fn every_route_that_shows_somebodys_record_leaves_an_entry() {
    let office = office_with_everything().await;
    let mut gil = Browsing::signed_in(&office, "Gil Fox", "governance").await;
    let (mut faults, mut noted) = (Vec::new(), 0);
    let mut found = std::collections::BTreeSet::new();
    let pages = contents().into_iter().filter(|one| one.method == "GET");
    let pages = pages.map(|one| one.path.to_owned());
    let api = include_str!("../routes.txt").lines().filter_map(|one| one.strip_prefix("GET "));
    for (path, is_page) in
        pages.map(|one| (one, true)).chain(api.map(|one| (one.to_owned(), false)))
    {
        found.insert(path.clone());
        if is_listed(&path) {
            continue;
        }
        let asked = filled_path(&path, "c-2", "P-1").replace("{verb}", "release");
        office.clock.forward(TimeDelta::minutes(20));
        let before = looked(&office).await.len();
        // Whatever else a page is asked for along with it.
        let status = if is_page {
            let step = if path.contains("/steps/") { "of=P-1-PR-1&" } else { "" };
            gil.get(&format!("{asked}?{step}done=take&tab=record&from=/&as=sent")).await.status
        } else {
            // With itself, which the preview says can't be: a second record is a look of its own.
            let other = if path.ends_with("/merges/preview") { "?other=P-1" } else { "" };
            office.get(GOVERNANCE, &format!("{asked}{other}")).await.status
        };
        let entries = looked(&office).await.len() - before;
        noted += usize::from(entries == 1);
        if entries != usize::from(status.is_success()) {
            faults.push(format!("{path}: {status} and {entries} entries"));
        } else if !status.is_success() && !MAY_BE_MISSING.iter().any(|part| path.contains(part)) {
            faults.push(format!("{path}: {status}, so that nothing is shown here: mend the test"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(noted >= 40, "{noted}");
    for (listed, why) in NOT_NOTED {
        assert!(found.contains(listed), "{listed} is gone: {why}");
    }
}

#[tokio::test]
async fn a_page_that_refuses_an_act_shows_the_item_and_is_noted() {
    let office = office().await;
    let mut max = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    let page = max.post("/items/c-2", &[("verb", "take"), ("was", "of another day")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.has("Jo Doe"));
    assert_eq!(looked(&office).await, [("item".to_owned(), "c-2".to_owned(), None)]);
    // Reading on is no second look, and nothing is seen of what there is not.
    max.get("/items/c-2").await;
    assert_eq!(max.get("/people/P-9").await.status, StatusCode::NOT_FOUND);
    assert_eq!(looked(&office).await.len(), 1);
    max.get("/people/P-1?tab=timeline&because=c-2").await;
    let because = Some("c-2".to_owned());
    assert_eq!(looked(&office).await[1], ("person".to_owned(), "P-1".to_owned(), because));
    office.clock.forward(TimeDelta::minutes(20));
    max.get("/items/c-2?done=take").await;
    assert_eq!(looked(&office).await.len(), 3);
}

#[tokio::test]
async fn a_token_looks_at_nothing_unnoted_either() {
    let office = office().await;
    for (path, what, id) in [
        ("/api/v1/people/P-1", "person", "P-1"),
        ("/api/v1/people/P-1/restrictions", "person", "P-1"),
        ("/api/v1/people/P-1/timeline", "person", "P-1"),
        ("/api/v1/people/P-1/case", "person", "P-1"),
        ("/api/v1/people", "people", ""),
        ("/api/v1/incidents", "incidents", ""),
        ("/api/v1/queues/limited", "queue", "limited"),
        ("/api/v1/restrictions/R-1", "person", "P-1"),
        ("/api/v1/queues/limited/c-2", "item", "c-2"),
        ("/api/v1/queues/limited/c-2/original", "original", "c-2"),
    ] {
        office.clock.forward(TimeDelta::minutes(20));
        let before = looked(&office).await.len();
        assert_eq!(office.get(AGENT, path).await.status, StatusCode::OK, "{path}");
        let after = looked(&office).await;
        assert_eq!(after.len(), before + 1, "{path}");
        let (looked_at, of, _) = after.last().unwrap();
        assert_eq!((looked_at.as_str(), of.as_str()), (what, id), "{path}");
        // A program that reads it again and again fills no trail.
        office.get(AGENT, path).await;
        assert_eq!(looked(&office).await.len(), before + 1, "{path}");
    }
}
