//! Before a restriction is imposed, and before somebody is contacted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use contact_gateway::casework::back_test::Draft;
use contact_gateway::domain::person::Person;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::rig::{CaseOffice, profile, shipped, staff};

const STAFF: [(&str, &str); 2] = [("Ann", "agent"), ("Max", "manager")];

fn person(restrictions: Value) -> Person {
    serde_json::from_value(json!({
        "id": "P-1", "name": "Jo Doe",
        "identifiers": [{"kind": "email", "value": "jo@home.example"}],
        "adjustments": [{"kind": "needs_channel", "channel": "telephone"}, {"kind": "large_print"}],
        "representatives": [{"name": "Ray", "until": "2027-01-31",
                             "identifiers": [{"kind": "email", "value": "ray@help.example"}]}],
        "restrictions": restrictions
    }))
    .unwrap()
}

async fn office(restrictions: Value) -> CaseOffice {
    let office =
        CaseOffice::open(Memory::new(), profile(&shipped("tuntum.toml"), None), &staff(&STAFF));
    office.clock.set("2026-11-01T00:00:00Z".parse().unwrap());
    office.put_on_record(vec![person(restrictions)]).await;
    office
}

/// Three weeks of contacts on several channels, some of which no restriction is looked at for.
fn stream() -> Vec<Value> {
    let channels = ["email", "telephone", "letter", "web_form", "email"];
    (0..60)
        .map(|number: usize| {
            let (day, hour) = (2 + number / 3, 8 + (number % 3) * 4);
            let text = match number % 11 {
                4 => "There is a gas leak, I can smell gas.",
                _ => "Please tell me when the roof is mended.",
            };
            let sender = if number % 13 == 6 { "ray@help.example" } else { "jo@home.example" };
            json!({
                "id": format!("c-{number}"), "channel": channels[number % channels.len()],
                "at": format!("2026-11-{day:02}T{hour:02}:00:00Z"),
                "from": [{"kind": "email", "value": sender, "assurance": "proven"}],
                "to": ["repairs@office.example"], "subject": "The roof", "text": text,
                "automatic": number % 17 == 9
            })
        })
        .collect()
}

/// What became of each contact of the stream.
async fn live(office: &CaseOffice) -> BTreeMap<String, String> {
    let mut decided = BTreeMap::new();
    for contact in stream() {
        let at = contact["at"].as_str().unwrap().parse().unwrap();
        office.clock.set(at);
        let decision = office.contact(&serde_json::from_value(contact).unwrap()).await;
        decided.insert(decision.contact, decision.disposition.name().to_owned());
    }
    office.clock.set("2026-11-29T00:00:00Z".parse().unwrap());
    decided
}

fn draft(kind: Value) -> Value {
    let mut draft = json!({
        "id": "R-9", "grounds": "demands", "clause": "8.3", "starts": "2026-11-01",
        "review_due": "2027-05-01", "decided_by": "Max"
    });
    draft.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
    draft
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_back_test_is_what_live_decisions_on_the_same_stream_are() {
    let window = json!({"days": ["mon", "wed"], "from": "07:00", "to": "15:00"});
    let kinds = [
        json!({"kind": "contact_quota", "limit": 2, "per": "week"}),
        json!({"kind": "contact_quota", "limit": 1, "per": "day", "window": "rolling",
               "channels": ["email", "web_form"]}),
        json!({"kind": "channels_only", "channels": ["letter"]}),
        json!({"kind": "hours_only", "windows": [window], "channels": ["telephone", "email"]}),
        json!({"kind": "representative_only"}),
        json!({"kind": "single_point_of_contact",
               "contact": {"name": "Pat", "email": "pat@office.example"}}),
    ];
    // With a restriction that changes nothing, everything that a decision goes by is on record.
    let marker = draft(json!({"id": "R-1", "kind": "visits_in_pairs"}));
    for kind in kinds {
        let imposed = office(json!([marker, draft(kind.clone())])).await;
        let expected = live(&imposed).await;
        let before = office(json!([marker])).await;
        let was = live(&before).await;
        assert_ne!(expected, was, "{kind} restricts nothing");
        let body = json!({"restriction": draft(kind.clone()), "days": 28});
        let tested = before.post("Max", "/api/v1/people/P-1/back-tests", &body).await.json();
        let found: BTreeMap<String, String> = tested["contacts"]
            .as_array()
            .unwrap_or_else(|| panic!("{tested}"))
            .iter()
            .map(|one| {
                assert_eq!(one["was"], was[one["contact"].as_str().unwrap()]);
                assert!(one["content_unknown"].is_null(), "{one}");
                let text = |key: &str| one[key].as_str().unwrap().to_owned();
                (text("contact"), text("would"))
            })
            .collect();
        assert_eq!(found, expected, "{kind}");
        let again = before.get("Max", "/api/v1/people/P-1/case").await.json();
        assert_eq!(again["in_force"], json!(["R-1"]), "nothing was changed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lighter_forms_that_meet_the_aim_come_lightest_first() {
    let office = office(json!([])).await;
    live(&office).await;
    let quota = draft(json!({"kind": "contact_quota", "limit": 1, "per": "week"}));
    let body = json!({"restriction": quota, "days": 28, "admitted_a_week": 8});
    let tested = office.post("Max", "/api/v1/people/P-1/back-tests", &body).await.json();
    // Nothing was looked at while nothing restricted the person: that is said.
    let contacts = tested["contacts"].as_array().unwrap();
    assert!(contacts.iter().all(|one| one["content_unknown"] == true), "{tested}");
    let lighter = tested["lighter"].as_array().unwrap();
    assert!(!lighter.is_empty(), "{tested}");
    let admitted: Vec<u64> = lighter.iter().map(|one| one["admitted"].as_u64().unwrap()).collect();
    assert!(admitted.is_sorted_by(|one, next| one >= next), "{admitted:?}");
    assert!(admitted.iter().all(|admitted| *admitted <= 8 * 4), "{admitted:?}");
    assert!(lighter.iter().all(|one| one["restriction"]["mode"] != "observe"), "misses the aim");
    let agent = office.post("Ann", "/api/v1/people/P-1/back-tests", &body).await;
    assert_eq!(agent.status, 403);
    let long = json!({"restriction": quota, "days": 400});
    assert_eq!(office.post("Max", "/api/v1/people/P-1/back-tests", &long).await.status, 422);
}

#[tokio::test]
async fn whoever_would_make_contact_learns_whether_and_through_whom() {
    let point = draft(json!({"kind": "single_point_of_contact", "contact": {"name": "Pat"}}));
    let writing = draft(json!({"id": "R-8", "kind": "channels_only", "channels": ["letter"]}));
    let office = office(json!([point, writing])).await;
    let ask = |channel: &str, purpose: &str, by: Value| {
        let body = json!({"person": "P-1", "channel": channel, "purpose": purpose, "by": by});
        let office = &office;
        async move { office.post("Ann", "/api/v1/may-contact", &body).await.json() }
    };
    let codes = |answer: &Value| -> Vec<String> {
        let reasons = answer["reasons"].as_array().unwrap();
        reasons.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
    };
    office.clock.set("2026-11-10T10:00:00Z".parse().unwrap());
    let own = ask("letter", "reply", json!("Pat")).await;
    assert_eq!((&own["may"], &own["through"]), (&json!(true), &Value::Null));
    let other = ask("letter", "reply", json!("Ann")).await;
    assert_eq!((&other["may"], &other["through"]["name"]), (&json!(true), &json!("Pat")));
    assert!(codes(&other).contains(&"single_point_of_contact.other".to_owned()));
    let survey = ask("letter", "survey", Value::Null).await;
    assert_eq!((&survey["may"], &survey["through"]["name"]), (&json!(false), &json!("Pat")));
    let email = ask("email", "service", json!("Pat")).await;
    assert_eq!(email["may"], false);
    assert_eq!(codes(&email), ["adjustment", "adjustment", "channels_only"]);
    // The person needs the telephone: that stays open, both ways.
    assert_eq!(ask("telephone", "service", json!("Pat")).await["may"], true);
    let statutory = ask("email", "statutory", Value::Null).await;
    assert_eq!(
        (&statutory["may"], codes(&statutory).last().unwrap().as_str()),
        (&json!(true), "statutory")
    );
}

/// Nothing else would be done by a gateway meanwhile if the runtime's own threads tested.
#[tokio::test]
async fn a_back_test_leaves_the_runtime_to_others() {
    let office = office(json!([])).await;
    live(&office).await;
    let turns = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&turns);
    let others = tokio::spawn(async move {
        loop {
            counting.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
        }
    });
    let desk = office.desk();
    let restriction = draft(json!({"kind": "contact_quota", "limit": 1, "per": "week"}));
    let draft = Draft {
        restriction: serde_json::from_value(restriction).unwrap(),
        days: 28,
        admitted_a_week: None,
    };
    let before = turns.load(Ordering::SeqCst);
    let tested = desk.back_test(&office.organisation, "P-1", &draft).await.unwrap();
    assert_eq!(tested.contacts.len(), 60);
    assert!(turns.load(Ordering::SeqCst) > before, "nobody else had a turn");
    others.abort();
}
