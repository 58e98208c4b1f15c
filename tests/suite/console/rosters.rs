//! Settings that staff work with: who answers for whom, and how letters are worded.

use contact_gateway::ports::Clock;
use contact_gateway::runtime::limits::POINTS_OF_CONTACT_MAX;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::browsing::Browsing;
use crate::office::{AGENT, GOVERNANCE, MANAGER, Office};

fn person(id: &str, contact: &str, deputies: &Value) -> Value {
    json!({
        "id": id, "name": format!("Person {id}"),
        "identifiers": [{"kind": "email", "value": format!("{id}@mail.example")}],
        "restrictions": [{
            "id": format!("{id}-R"), "kind": "single_point_of_contact", "grounds": "demands",
            "clause": "8.3", "starts": "2026-11-01", "review_due": "2027-05-01",
            "decided_by": "Max Manager", "contact": {"name": contact}, "deputies": deputies
        }]
    })
}

/// Two people whose contacts go to Sam Okoro, with Dee Price as deputy of one.
async fn office() -> Office {
    let office = Office::open();
    for (id, deputies) in [("P-1", json!([{"name": "Dee Price"}])), ("P-2", json!([]))] {
        let person = person(id, "Sam Okoro", &deputies);
        let answer = office.put(MANAGER, &format!("/api/v1/people/{id}"), &person).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    }
    office
}

async fn points(office: &Office) -> Vec<Value> {
    let answer = office.get(AGENT, "/api/v1/points-of-contact").await.json();
    answer["points_of_contact"].as_array().unwrap().clone()
}

fn days(office: &Office, from: i64, to: i64) -> (String, String) {
    let today = office.clock.now().date_naive();
    let day = |after| (today + chrono::TimeDelta::days(after)).to_string();
    (day(from), day(to))
}

#[tokio::test]
async fn a_queue_named_after_its_reader_is_called_theirs() {
    let office = office().await;
    let contact = |number: u32| {
        json!({
            "id": format!("c-{number}"), "channel": "letter", "text": "The fence.",
            "from": [{"kind": "email", "value": "P-1@mail.example"}],
        })
    };
    // Until intake knows of the restriction.
    for number in 0..400 {
        office.post(AGENT, "/api/v1/contacts", &contact(number)).await;
        let queues = office.get(AGENT, "/api/v1/queues").await.json();
        if queues.to_string().contains("sam-okoro") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let mut sam = Browsing::signed_in(&office, "Sam Okoro", "agent").await;
    let mut kim = Browsing::signed_in(&office, "Kim Reed", "agent").await;
    for page in ["/", "/queues", "/queues/sam-okoro"] {
        assert!(sam.get(page).await.has("Yours: what people"), "{page}");
        assert!(!kim.get(page).await.has("Yours:"), "{page}");
    }
}

#[tokio::test]
async fn an_absence_is_recorded_once_for_everybody_that_somebody_answers() {
    let office = office().await;
    let mut kim = Browsing::signed_in(&office, "Kim Reed", "agent").await;
    let page = kim.get("/settings/rosters").await;
    assert!(page.has("Sam Okoro") && page.has("Person P-1") && page.has("Person P-2"));
    assert!(page.has("Dee Price") && page.has("no deputy"), "{}", page.text());

    let (today, week) = days(&office, 0, 7);
    let fields = [("contact", "Sam Okoro"), ("from", &today), ("to", &week)];
    let done = kim.post("/settings/rosters", &fields).await;
    let page = kim.get(done.leads()).await;
    assert!(
        page.has("The absence is recorded. Restrictions that name them: 2."),
        "{}",
        page.text()
    );
    let absence = json!({"contact": "Sam Okoro", "from": today, "to": week});
    let points_now = points(&office).await;
    assert_eq!(points_now.len(), 2, "{points_now:?}");
    for point in &points_now {
        assert_eq!(point["absences"], json!([absence]), "{point}");
    }
    // A deputy answers for one person; nobody answers for the other, and the page says from when.
    assert_eq!(points_now[0]["answers"], "Dee Price");
    assert_eq!(points_now[0].get("uncovered"), None);
    assert_eq!(points_now[1]["uncovered"], json!(today));
    assert!(page.has("Nobody covers from"), "{}", page.text());

    // Recorded again, it adds nothing; a deputy's absence is only on the restrictions that name the deputy.
    let again = office.post(AGENT, "/api/v1/absences", &absence).await;
    assert_eq!(again.status, StatusCode::CREATED, "{again:?}");
    assert_eq!(again.json(), json!({"recorded": [], "already": ["P-1-R", "P-2-R"], "refused": []}));
    let deputy = json!({"contact": "Dee Price", "from": today, "to": today});
    let answer = office.post(AGENT, "/api/v1/absences", &deputy).await.json();
    assert_eq!(answer["recorded"], json!(["P-1-R"]), "{answer}");
    // It is on the person's file like any step.
    let timeline = office.get(AGENT, "/api/v1/people/P-1/timeline").await.json().to_string();
    assert_eq!(timeline.matches("record_absence").count(), 2, "{timeline}");
}

#[tokio::test]
async fn an_absence_that_can_not_be_is_said_at_its_field_and_what_was_typed_stays() {
    let office = office().await;
    let mut kim = Browsing::signed_in(&office, "Kim Reed", "agent").await;
    let (early, late) = days(&office, 1, 3);
    let wrong = [
        ("", early.as_str(), late.as_str(), "Choose who is away", "#contact"),
        ("Sam Okoro", "", late.as_str(), "Give a day", "#from"),
        ("Sam Okoro", late.as_str(), early.as_str(), "The last day is before the first", "#to"),
        ("Nobody", early.as_str(), late.as_str(), "No restriction names them", "#contact"),
    ];
    for (contact, from, to, said, field) in wrong {
        let fields = [("contact", contact), ("from", from), ("to", to)];
        let page = kim.post("/settings/rosters", &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
        assert!(
            page.has(said) && page.body.contains(&format!("href=\"{field}\"")),
            "{}",
            page.body
        );
        assert!(page.body.contains(&format!("value=\"{to}\"")), "{said}: {}", page.body);
    }
    assert!(points(&office).await.iter().all(|one| one["absences"] == json!([])));
    let unknown = json!({"contact": "Nobody", "from": early, "to": late});
    let answer = office.post(AGENT, "/api/v1/absences", &unknown).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{answer:?}");
    let backwards = json!({"contact": "Sam Okoro", "from": late, "to": early});
    let answer = office.post(AGENT, "/api/v1/absences", &backwards).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{answer:?}");
}

#[tokio::test]
async fn of_many_the_first_by_contact_are_listed_and_everybody_may_be_away() {
    let office = Office::open();
    let all: Vec<Value> = (0..=POINTS_OF_CONTACT_MAX)
        .map(|number| match number {
            // The first by the person's id, and the last by the contact's name.
            0 => person("P-0000", "Zoe Last", &json!([{"name": "Yan Deputy"}])),
            _ => person(&format!("P-{number:04}"), "Ann First", &json!([])),
        })
        .collect();
    let loaded = office.post(MANAGER, "/api/v1/imports", &json!(all)).await;
    assert_eq!(loaded.status, StatusCode::OK, "{loaded:?}");
    let page = office.get(AGENT, "/api/v1/points-of-contact").await.json();
    assert_eq!(page["more"], true);
    let listed = page["points_of_contact"].as_array().unwrap();
    assert_eq!(listed.len(), POINTS_OF_CONTACT_MAX);
    assert!(listed.iter().all(|one| one["contact"]["name"] == "Ann First"));
    let mut kim = Browsing::signed_in(&office, "Kim Reed", "agent").await;
    let page = kim.get("/settings/rosters").await;
    assert!(page.has("More people have a point of contact than this page shows."));
    assert!(!page.has("Person P-0000"), "{}", page.text());
    for name in ["Ann First", "Yan Deputy", "Zoe Last"] {
        assert!(page.body.contains(&format!("<option>{name}</option>")), "{name}");
    }
    assert!(page.body.contains("<a href=\"/cases\">"), "{}", page.body);
}

#[tokio::test]
async fn every_sample_letter_can_be_looked_at_in_both_languages_and_sizes() {
    let office = Office::open();
    let mut bo = Browsing::signed_in(&office, "Bo Carr", "manager").await;
    let page = bo.get("/settings/templates").await;
    assert!(page.has("may be sent") && page.has("not approved: not sent"), "{}", page.text());
    for language in ["en", "cy"] {
        for size in ["", "&size=large"] {
            let mut said = std::collections::BTreeSet::new();
            for sample in 1..100 {
                let asked = format!("?language={language}&sample={sample}{size}");
                let page = bo.get(&format!("/settings/templates/sample{asked}")).await;
                if page.status == StatusCode::NOT_FOUND {
                    break;
                }
                assert_eq!(page.status, StatusCode::OK, "{asked}");
                assert!(page.body.contains(&format!("<html lang=\"{language}")), "{asked}");
                said.insert(page.body.clone());
            }
            assert!(said.len() > 30, "{language}{size}: {}", said.len());
        }
    }
    let none = bo.get("/settings/templates/sample?sample=999").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    let none = bo.get("/settings/templates?sample=0").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

async fn leaves(office: &Office, leaver: &Value) -> crate::office::Answer {
    office.post(GOVERNANCE, "/api/v1/leavers", leaver).await
}

#[tokio::test]
async fn who_leaves_is_refused_where_nobody_would_be_left_with_everybody_concerned() {
    let office = office().await;
    let (today, _) = days(&office, 0, 0);
    for wrong in [
        json!({"name": "Sam Okoro", "on": today}),
        json!({"name": "Sam Okoro", "on": today, "successor": {"name": "Sam Okoro"}}),
    ] {
        let refused = leaves(&office, &wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
        let text = refused.json().to_string();
        assert!(text.contains("P-2"), "{text}");
        assert_eq!(text.contains("P-1\\\""), wrong["successor"].is_object(), "{text}");
    }
    assert!(points(&office).await.iter().all(|one| one["absences"] == json!([])));
    let nobody = leaves(&office, &json!({"name": "Nobody", "on": today})).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    let agent = office.post(AGENT, "/api/v1/leavers", &json!({"name": "x", "on": today})).await;
    assert_eq!(agent.problem(), "role-not-allowed");
    assert_eq!(office.get(GOVERNANCE, "/api/v1/leavers").await.json(), json!({"leavers": []}));
}

#[tokio::test]
async fn a_successor_who_leaves_elsewhere_is_refused() {
    let office = office().await;
    let eves = person("P-3", "Eve Long", &json!([{"name": "Fay Moss"}]));
    assert_eq!(office.put(MANAGER, "/api/v1/people/P-3", &eves).await.status, StatusCode::CREATED);
    let (today, later) = days(&office, 0, 30);
    let eve = leaves(&office, &json!({"name": "Eve Long", "on": later})).await;
    assert_eq!(eve.status, StatusCode::CREATED, "{eve:?}");
    let to_eve = json!({"name": "Sam Okoro", "on": today, "successor": {"name": "Eve Long"}});
    let refused = leaves(&office, &to_eve).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
    let text = refused.json().to_string();
    assert!(text.contains("P-1") && text.contains("P-2") && !text.contains("P-3"), "{text}");
    // Somebody who answers nobody would hand over their claims.
    let _kim = Browsing::signed_in(&office, "Kim Reed", "agent").await;
    let _ned = Browsing::signed_in(&office, "Ned Shaw", "agent").await;
    let ned = leaves(&office, &json!({"name": "Ned Shaw", "on": later})).await;
    assert_eq!(ned.status, StatusCode::CREATED, "{ned:?}");
    for (name, why) in [
        ("Ned Shaw", "leaves as well"),
        ("Kim Reed", "is the one who leaves"),
        ("Eve Long", "no member of staff"),
        ("Kim Read", "no member of staff"),
    ] {
        let to_them = json!({"name": "Kim Reed", "on": today, "successor": {"name": name}});
        let refused = leaves(&office, &to_them).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}: {refused:?}");
        let text = refused.json().to_string();
        assert!(text.contains("successor") && text.contains(why), "{name}: {text}");
    }
    let listed = office.get(GOVERNANCE, "/api/v1/leavers").await.json();
    assert_eq!(listed["leavers"].as_array().unwrap().len(), 2, "{listed}");
    for point in points(&office).await.iter().filter(|one| one["person"] != "P-3") {
        assert_eq!(point["absences"], json!([]), "{point}");
    }
}

#[tokio::test]
async fn only_who_keeps_the_settings_puts_a_successor_before_the_deputies() {
    let office = office().await;
    let (today, _) = days(&office, 0, 0);
    let path = "/api/v1/people/P-1/absences";
    let absence = json!({"restriction": "P-1-R", "contact": "Sam Okoro", "from": today,
        "to": "9999-12-31", "successor": {"name": "Ann Agent"}});
    let refused = office.post(AGENT, path, &absence).await;
    assert!(refused.status.is_client_error(), "{refused:?}");
    assert!(refused.json().to_string().contains("`settings`"), "{refused:?}");
    assert_eq!(points(&office).await[0]["deputies"], json!([{"name": "Dee Price"}]));
}

#[tokio::test]
async fn who_stays_after_all_answers_again() {
    let office = office().await;
    let (today, later) = days(&office, 0, 3);
    let sam = json!({"name": "Sam Okoro", "on": today, "successor": {"name": "Ann Agent"}});
    assert_eq!(leaves(&office, &sam).await.status, StatusCode::CREATED);
    assert!(points(&office).await.iter().all(|one| one["answers"] == "Ann Agent"));
    let path = "/api/v1/leavers/Sam%20Okoro";
    let agent = office.ask("DELETE", Some(AGENT), path, String::new()).await;
    assert_eq!(agent.problem(), "role-not-allowed");
    let done = office.ask("DELETE", Some(GOVERNANCE), path, String::new()).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{done:?}");
    assert_eq!(office.get(GOVERNANCE, "/api/v1/leavers").await.json(), json!({"leavers": []}));
    for point in points(&office).await {
        assert_eq!((&point["answers"], &point["absences"]), (&json!("Sam Okoro"), &json!([])));
    }
    let again = office.ask("DELETE", Some(GOVERNANCE), path, String::new()).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    let ever = json!({"name": "Sam Okoro", "on": "9999-12-31", "successor": {"name": "Ann Agent"}});
    assert!(leaves(&office, &ever).await.status.is_client_error());

    let sam = json!({"name": "Sam Okoro", "on": later, "successor": {"name": "Ann Agent"}});
    assert_eq!(leaves(&office, &sam).await.status, StatusCode::CREATED);
    let mut gil = Browsing::signed_in(&office, "Gil Fox", "governance").await;
    assert!(gil.get("/settings/rosters/leavers").await.has("They stay after all"));
    let back = gil.post("/settings/rosters/leavers/stay", &[("name", "Sam Okoro")]).await;
    let page = gil.get(back.leads()).await;
    for text in ["It is taken back: they stay", "Nobody is recorded as leaving."] {
        assert!(page.has(text), "{text}: {}", page.text());
    }
    assert!(points(&office).await.iter().all(|one| one["absences"] == json!([])));
}

#[tokio::test]
async fn the_trail_says_who_recorded_a_leaving_and_who_took_it_back() {
    let office = office().await;
    let (_, later) = days(&office, 0, 3);
    let _kim = Browsing::signed_in(&office, "Kim Reed", "agent").await;
    // Kim answers nobody, and Sam has no account.
    for (name, path) in [("Kim Reed", "Kim%20Reed"), ("Sam Okoro", "Sam%20Okoro")] {
        let leaver = json!({"name": name, "on": later, "successor": {"name": "Ann Agent"}});
        let done = leaves(&office, &leaver).await;
        assert_eq!(done.status, StatusCode::CREATED, "{done:?}");
        let path = format!("/api/v1/leavers/{path}");
        let back = office.ask("DELETE", Some(GOVERNANCE), &path, String::new()).await;
        assert_eq!(back.status, StatusCode::NO_CONTENT, "{back:?}");
    }
    let trail = office.get(GOVERNANCE, "/api/v1/audit?limit=500").await.json();
    let entries = trail["entries"].as_array().unwrap();
    let gils = |one: &&Value| one["event"] == "account" && one["by"] == "Gil Governance";
    let said: Vec<Value> =
        entries.iter().filter(gils).map(|one| json!([one["account"], one["action"]])).collect();
    for who in ["kim.reed", "Sam Okoro"] {
        for action in ["leaving_recorded", "leaving_taken_back"] {
            let entry = json!([who, action]);
            assert_eq!(said.iter().filter(|one| **one == entry).count(), 1, "{entry}: {said:?}");
        }
    }
    let mut gil = Browsing::signed_in(&office, "Gil Fox", "governance").await;
    let page = gil.get("/audit").await;
    for text in ["Recorded that kim.reed leaves", "Took back that kim.reed leaves"] {
        assert!(page.has(text), "{text}: {}", page.text());
    }
}

#[tokio::test]
async fn a_successor_answers_from_that_day_and_the_contact_on_record_stays() {
    let office = office().await;
    let (today, later) = days(&office, 0, 3);
    let successor = json!({"name": "Ann Agent", "email": "ann@tuntum.example"});
    let leaver = json!({"name": "Sam Okoro", "on": later, "successor": successor});
    let done = leaves(&office, &leaver).await;
    assert_eq!(done.status, StatusCode::CREATED, "{done:?}");
    let done = done.json();
    let to: Vec<&Value> =
        done["handed_over"].as_array().unwrap().iter().map(|one| &one["to"]).collect();
    assert_eq!(to, ["Ann Agent", "Ann Agent"]);
    assert_eq!((&done["refused"], &done["open"]), (&json!([]), &json!([])));
    assert_eq!(done["leaving"]["is_done"], false, "{done}");
    for point in points(&office).await {
        assert_eq!(point["answers"], "Sam Okoro");
        assert_eq!(point["deputies"][0], successor);
    }
    // Another day takes the place of the first.
    let now = json!({"name": "Sam Okoro", "on": today, "successor": successor});
    let done = leaves(&office, &now).await.json();
    assert_eq!(done["leaving"]["is_done"], true, "{done}");
    for point in points(&office).await {
        assert_eq!(point["answers"], "Ann Agent");
        assert_eq!(point["contact"]["name"], "Sam Okoro", "the customer knows no other");
        assert_eq!(point["absences"].as_array().unwrap().len(), 1, "{point}");
    }
    // The successor can't hand back to a leaver.
    let round = json!({"name": "Ann Agent", "on": later, "successor": {"name": "Sam Okoro"}});
    let refused = leaves(&office, &round).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
}

#[tokio::test]
async fn claims_go_on_and_the_account_closes_when_the_day_has_come() {
    let office = Office::that_chose().and_person().await;
    office.mail("c-1").await;
    office.mail("c-2").await;
    office.mail("c-3").await;
    let mut kim = Browsing::signed_in(&office, "Kim Reed", "agent").await;
    for item in ["c-2", "c-3"] {
        let to = json!({"to": "Kim Reed"});
        let path = format!("/api/v1/queues/limited/{item}/hand-over");
        let handed = office.post(MANAGER, &path, &to).await;
        assert!(handed.status.is_success(), "{handed:?}");
    }
    let (_, later) = days(&office, 0, 1);
    let leaver = json!({"name": "Kim Reed", "on": later});
    assert_eq!(leaves(&office, &leaver).await.status, StatusCode::CREATED);
    let holder = async |item: &str| {
        let path = format!("/api/v1/queues/limited/{item}");
        office.get(AGENT, &path).await.json()["claimed_by"].clone()
    };
    let desk = office.desk();
    desk.see_off_leavers(&office.tuntum).await.unwrap();
    assert_eq!(holder("c-2").await, "Kim Reed", "the day has not come");
    assert_eq!(kim.get("/account").await.status, StatusCode::OK);
    office.clock.forward(chrono::TimeDelta::days(1));
    desk.see_off_leavers(&office.tuntum).await.unwrap();
    for item in ["c-2", "c-3"] {
        assert_eq!(holder(item).await, Value::Null, "{item}");
    }
    assert!(kim.get("/account").await.leads().starts_with("/sign-in"));
    let listed = office.get(GOVERNANCE, "/api/v1/leavers").await.json();
    let left = &listed["leavers"][0];
    assert_eq!((&left["account"], &left["items"]), (&json!("closed"), &json!(2)), "{listed}");
    assert_eq!(left["is_done"], true);
    // A second round, or another gateway, does nothing more.
    let newest = desk.newest_number(&office.tuntum.id).await.unwrap();
    desk.see_off_leavers(&office.tuntum).await.unwrap();
    assert_eq!(desk.newest_number(&office.tuntum.id).await.unwrap(), newest);
    // Taking it back would give nobody back to them.
    let mut gil = Browsing::signed_in(&office, "Gil Fox", "governance").await;
    let page = gil.get("/settings/rosters/leavers").await;
    assert!(page.has("Kim Reed") && !page.has("They stay after all"), "{}", page.text());
}

#[tokio::test]
async fn the_console_says_who_takes_over_for_whom() {
    let office = office().await;
    let (today, _) = days(&office, 0, 0);
    let mut kim = Browsing::signed_in(&office, "Kim Reed", "agent").await;
    assert!(!kim.get("/settings/rosters").await.body.contains("/settings/rosters/leavers"));
    assert_eq!(kim.get("/settings/rosters/leavers").await.status, StatusCode::FORBIDDEN);
    let mut gil = Browsing::signed_in(&office, "Gil Fox", "governance").await;
    assert!(gil.get("/settings/rosters").await.body.contains("/settings/rosters/leavers"));
    // The form begins without a choice.
    let nobody = [("name", ""), ("on", today.as_str()), ("successor", ""), ("email", "")];
    let refused = gil.post("/settings/rosters/leavers", &nobody).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.has("Choose who leaves") && refused.body.contains("id=\"name-fault\""));
    let fields = [("name", "Sam Okoro"), ("on", today.as_str()), ("successor", ""), ("email", "")];
    let refused = gil.post("/settings/rosters/leavers", &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.has("P-2") && refused.body.contains("href=\"#successor\""), "{}", refused.body);
    let fields =
        [("name", "Sam Okoro"), ("on", today.as_str()), ("successor", "Eve Long"), ("email", "")];
    let done = gil.post("/settings/rosters/leavers", &fields).await;
    assert_eq!(done.status, StatusCode::OK);
    assert!(
        done.has("Person P-1") && done.has("Person P-2") && done.has("Eve Long"),
        "{}",
        done.text()
    );
    assert!(done.has("They stay after all"), "{}", done.text());
    let page = gil.get("/settings/rosters").await;
    assert!(page.has("Sam Okoro: leaves on"), "{}", page.text());
}
