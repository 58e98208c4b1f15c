//! Whole records in the browser, without script: merged and parted, held and erased by two people, let go by the
//! schedule, and queues taken to another help desk.

use chrono::TimeDelta;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::browsing::Browsing;
use crate::office::{AGENT, GOVERNANCE, MANAGER, Office};

/// Jo Doe twice: once with a quota of one a week, once with a quota of her own.
async fn office() -> Office {
    let office = Office::with_person().await;
    let twin = json!({
        "id": "P-2", "name": "Joanna Doe", "reference": "T-2",
        "identifiers": [{"kind": "email", "value": "joanna@home.example"}],
        "restrictions": [{
            "id": "R-2", "kind": "contact_quota", "limit": 2, "per": "week",
            "grounds": "demands", "clause": "8.3", "starts": "2026-11-01",
            "review_due": "2027-05-01", "decided_by": "Max Manager"
        }]
    });
    let answer = office.put(MANAGER, "/api/v1/people/P-2", &twin).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    office
}

async fn record(office: &Office, id: &str) -> Value {
    office.get(MANAGER, &format!("/api/v1/people/{id}")).await.json()
}

async fn item(office: &Office, id: &str) -> Value {
    office.get(AGENT, &format!("/api/v1/queues/limited/{id}")).await.json()
}

#[tokio::test]
async fn merging_shows_what_it_changes_and_parting_restores_all_of_it() {
    let office = office().await;
    // One is let through, one waits.
    office.mail("c-1").await;
    office.mail("c-2").await;
    let before = [record(&office, "P-1").await, record(&office, "P-2").await];
    let waits = item(&office, "c-2").await;
    let mut bo = Browsing::signed_in(&office, "Bo Carr", "governance").await;

    let page = bo.get("/people/P-1?tab=identifiers").await;
    assert!(page.body.contains("href=\"/people/P-1/merge\""), "{}", page.body);
    let page = bo.get("/people/P-1/merge?q=joanna").await;
    assert!(page.has("Joanna Doe") && page.has("T-2"), "{}", page.text());
    let page = bo.get("/people/P-1/merge?q=nobody").await;
    assert!(page.has("No other record fits that."), "{}", page.text());

    let page = bo.get("/people/P-1/merge?other=P-2").await;
    // Counters, restrictions and what waits, before.
    for said in [
        "1 contact a week (in force)",
        "2 contacts a week (in force)",
        "Limited: 1",
        "jo@home.example",
        "joanna@home.example",
        "The names differ.",
        "It can be undone",
        "1 / 1 1 / 1",
        "0 / 2 1 / 2",
    ] {
        assert!(page.has(said), "{said}: {}", page.text());
    }
    let was = page.field("was");
    let fields = [("other", "P-2"), ("was", was.as_str()), ("why", " ")];
    let refused = bo.post("/people/P-1/merge", &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.has("It does not say why") && refused.body.contains("href=\"#why\""));
    assert!(refused.body.contains("<title>Error: "), "{}", refused.body);
    assert_eq!([record(&office, "P-1").await, record(&office, "P-2").await], before);

    let fields = [("other", "P-2"), ("was", was.as_str()), ("why", "One tenancy.")];
    let merged = bo.post("/people/P-1/merge", &fields).await.leads().to_owned();
    let page = bo.get(&merged).await;
    assert!(page.has("The records are merged.") && page.has("One tenancy."), "{}", page.text());
    // A second press merges nothing again, and the record into which it went is named.
    assert_eq!(bo.post("/people/P-1/merge", &fields).await.status, StatusCode::CONFLICT);
    assert!(bo.get("/people/P-2/merge").await.has("This record is merged into Jo Doe"));
    assert!(bo.get("/people/P-1").await.has("Merged with Joanna Doe (T-2)"));

    let was = page.field("was");
    let path = merged.split('?').next().unwrap();
    let refused = bo.post(path, &[("was", was.as_str())]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fields = [("was", was.as_str()), ("why", "Two sisters.")];
    let parted = bo.post(path, &fields).await.leads().to_owned();
    let page = bo.get(&parted).await;
    assert!(page.has("The records are parted.") && page.has("Two sisters."), "{}", page.text());
    assert!(!page.body.contains("<textarea"), "there is nothing left to part");
    assert_eq!([record(&office, "P-1").await, record(&office, "P-2").await], before);
    assert_eq!(item(&office, "c-2").await, waits);
    assert!(bo.get("/people/P-1?tab=identifiers").await.has("Joanna Doe parted"));
}

#[tokio::test]
async fn records_that_cannot_be_merged_say_why_and_offer_nothing() {
    let office = office().await;
    let mut bo = Browsing::signed_in(&office, "Bo Carr", "governance").await;
    let page = bo.get("/people/P-1/merge?other=P-1").await;
    assert!(page.has("Both are the same record"), "{}", page.text());
    assert!(!page.body.contains("<textarea"), "{}", page.body);
    assert_eq!(bo.get("/people/P-1/merge?other=P-9").await.status, StatusCode::NOT_FOUND);
    assert_eq!(bo.get("/people/P-1/unmerge/M-0").await.status, StatusCode::NOT_FOUND);
    // A form that was open while the record changed.
    let fields = [("other", "P-2"), ("was", "of another day"), ("why", "One tenancy.")];
    let page = bo.post("/people/P-1/merge", &fields).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.body.contains("One tenancy."), "what was written is given back");
    // Who propose no restrictions change no records.
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    assert_eq!(ann.get("/people/P-1/merge").await.status, StatusCode::FORBIDDEN);
    assert!(!ann.get("/people/P-1?tab=identifiers").await.has("Merge with another"));
}

#[tokio::test]
async fn two_people_erase_and_a_hold_keeps_them_from_it() {
    let office = office().await;
    office.mail("c-1").await;
    office.mail("c-2").await;
    let mut gil = Browsing::signed_in(&office, "Gil Fox", "governance").await;
    let mut mia = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    const PAGE: &str = "/people/P-1/erasure";
    assert!(gil.get("/people/P-1?tab=record").await.body.contains(&format!("href=\"{PAGE}\"")));
    let page = gil.get(PAGE).await;
    for said in [
        "Contacts 2",
        "Items on queues 1",
        "The person's record 1",
        "A restriction is in force",
        "Backups, until they are deleted themselves",
    ] {
        assert!(page.has(said), "{said}: {}", page.text());
    }
    // What is missing is said beside its field, and what was typed stays.
    let page = gil.post(PAGE, &[("verb", "ask"), ("reason", "She asked us to.")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in ["href=\"#clause\"", "href=\"#despite\"", ">She asked us to.</textarea>"] {
        assert!(page.body.contains(field), "{field}: {}", page.body);
    }
    let ask = [
        ("verb", "ask"),
        ("clause", "Art. 17(1)(d)"),
        ("reason", "She asked us to."),
        ("despite", "It was imposed without grounds."),
    ];
    let leads = gil.post(PAGE, &ask).await.leads().to_owned();
    let page = gil.get(&leads).await;
    assert!(page.has("It waits for somebody else's approval."), "{}", page.text());
    // Whoever asked sees who may approve, and no button that would.
    assert!(page.has("somebody else must approve it") && page.has("Manager"), "{}", page.text());
    assert!(!page.has("Erase it for good"), "{}", page.text());
    let own = gil.post(&format!("{PAGE}/approval"), &[]).await;
    assert_eq!(own.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(own.has("The person who asked for it can't approve it"), "{}", own.text());
    assert_eq!(gil.post(PAGE, &ask).await.leads(), PAGE, "a second press asks once");

    // Held, nothing goes.
    let unsaid = mia.post(PAGE, &[("verb", "hold"), ("hold_why", "")]).await;
    assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY);
    mia.post(PAGE, &[("verb", "hold"), ("hold_why", "A claim.")]).await.leads();
    let page = mia.get("/retention").await;
    assert!(page.has("Jo Doe A claim. Mia Lund"), "{}", page.text());
    assert!(page.has("Jo Doe Art. 17(1)(d) Gil Fox"), "{}", page.text());
    let held = mia.post(&format!("{PAGE}/approval"), &[]).await;
    assert!(held.has("The record is held"), "{}", held.text());
    assert!(!mia.get(PAGE).await.has("Erase it for good"));
    mia.post(PAGE, &[("verb", "end_hold")]).await.leads();

    let page = mia.get(PAGE).await;
    assert!(page.has("Erase it for good") && page.has("She asked us to."), "{}", page.text());
    let proof = mia.post(&format!("{PAGE}/approval"), &[]).await.leads().to_owned();
    let page = mia.get(&proof).await;
    for said in ["Proof of erasure complete", "Gil Fox", "Mia Lund", "Contacts 2"] {
        assert!(page.has(said), "{said}: {}", page.text());
    }
    assert!(!page.has("Jo Doe") && !page.body.contains("P-1"), "it names nobody");
    assert_eq!(mia.get("/people/P-1").await.status, StatusCode::NOT_FOUND);
    assert_eq!(record(&office, "P-2").await["name"], "Joanna Doe");
    let erasures = office.get(GOVERNANCE, "/api/v1/erasures").await.json();
    assert_eq!(erasures["erasures"].as_array().unwrap().len(), 1);
    assert!(mia.get("/retention").await.has("Gil Fox Mia Lund complete"));
    assert_eq!(mia.get("/erasures/none").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_request_is_taken_back_and_welsh_pages_say_the_same() {
    let office = office().await;
    let mut gil = Browsing::signed_in(&office, "Gil Fox", "governance").await;
    let ask = [("verb", "ask"), ("clause", "Art. 17"), ("despite", "It is old.")];
    gil.post("/people/P-2/erasure", &ask).await.leads();
    let leads = gil.post("/people/P-2/erasure", &[("verb", "withdraw")]).await.leads().to_owned();
    assert!(gil.get(&leads).await.has("The request is taken back."));
    assert!(gil.get("/retention").await.has("Nothing waits for approval."));
    gil.post("/language", &[("language", "cy"), ("back", "/retention")]).await.leads();
    for (path, said) in [
        ("/retention", "Nid oes dim yn aros am gymeradwyaeth."),
        ("/people/P-2/erasure", "Dileu popeth am Joanna Doe"),
        ("/people/P-1/merge?other=P-2", "Y ddau gofnod ochr yn ochr"),
    ] {
        let page = gil.get(path).await;
        assert!(page.has(said), "{path}: {}", page.text());
        assert!(page.body.contains("<html lang=\"cy-GB\">"), "{path}");
    }
}

#[tokio::test]
async fn what_the_schedule_lets_go_is_removed_by_two_people() {
    let office = office().await;
    office.mail("c-1").await;
    office.mail("c-2").await;
    let close = json!({});
    let closed = office.post(AGENT, "/api/v1/queues/limited/c-2/close", &close).await;
    assert!(closed.status.is_success(), "{closed:?}");
    let mut gil = Browsing::signed_in(&office, "Gil Fox", "governance").await;
    let page = gil.get("/retention").await;
    assert!(page.has("12 months") && page.has("Nothing to do."), "{}", page.text());
    office.clock.forward(TimeDelta::days(400));
    let mut gil = Browsing::signed_in(&office, "Gil Lee", "governance").await;
    let mut mia = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    // Nothing goes before it is counted.
    office.working.keep_house(&office.tuntum).await.unwrap();
    let page = gil.get("/retention").await;
    assert!(page.has("The first of them") && page.has("c-2"), "{}", page.text());
    let leads = gil.post("/retention/items", &[("verb", "ask")]).await.leads().to_owned();
    let page = gil.get(&leads).await;
    assert!(page.has("You asked for it: somebody else must approve it."), "{}", page.text());
    let own = gil.post("/retention/items/approval", &[]).await;
    assert_eq!(own.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(own.has("The person who asked for it can't approve it"), "{}", own.text());
    let proof = mia.post("/retention/items/approval", &[]).await.leads().to_owned();
    let page = mia.get(&proof).await;
    assert!(page.has("Items on queues 1") && page.has("Schedule 4.2"), "{}", page.text());
    assert_eq!(mia.get("/items/c-2").await.status, StatusCode::NOT_FOUND);
    assert_eq!(mia.post("/retention/none", &[("verb", "ask")]).await.status, StatusCode::NOT_FOUND);
}

/// The text of a letter that a spreadsheet would take for a formula, and longer than a list shows.
fn long() -> String {
    let hedge = "The hedge by the car park wants cutting again this month, ";
    format!("=HYPERLINK(\"http://x.example\") {} Ŵyn", hedge.repeat(20))
}

#[tokio::test]
async fn a_queue_goes_to_another_help_desk_whole_and_runs_nothing_there() {
    let office = office().await;
    for id in ["l-1", "l-2", "l-3", "l-4", "l-5", "l-6"] {
        let letter = json!({
            "id": id, "channel": "letter", "text": long(),
            "from": [{"kind": "email", "value": "jo@home.example", "assurance": "proven"}],
        });
        let answer = office.post(AGENT, "/api/v1/contacts", &letter).await;
        assert!(answer.status.is_success(), "{answer:?}");
    }
    let note = json!({"text": "Ring her on Monday."});
    let noted = office.post(AGENT, "/api/v1/queues/limited/l-3/note", &note).await;
    assert!(noted.status.is_success(), "{noted:?}");
    let taken = office.post(AGENT, "/api/v1/queues/limited/l-2/claim", &json!({})).await;
    assert!(taken.status.is_success(), "{taken:?}");

    let answer = office.get(AGENT, "/api/v1/exports/limited").await;
    assert_eq!(answer.headers["content-type"], "application/jsonl");
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    let tickets: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<&str> = tickets.iter().map(|one| one["external_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 5, "more than are read at once: {ids:?}");
    assert!(
        ids.iter().all(|id| tickets.iter().filter(|one| one["external_id"] == *id).count() == 1)
    );
    let of = |id: &str| tickets.iter().find(|one| one["external_id"] == id).unwrap();
    assert_eq!(of("l-3")["description"], long());
    assert_eq!(of("l-3")["comments"][0]["body"], "Ring her on Monday.");
    assert_eq!(of("l-3")["requester"]["email"], "jo@home.example");
    assert_eq!((&of("l-3")["status"], &of("l-2")["status"]), (&json!("new"), &json!("open")));
    assert_eq!(of("l-2")["assignee"], "Ann Agent");

    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let page = ann.get("/queues/limited").await;
    assert!(page.body.contains("/queues/limited/export?format=csv"), "{}", page.body);
    let file = ann.get("/queues/limited/export?format=csv&state=waiting").await;
    assert_eq!(file.headers["content-disposition"], "attachment; filename=\"limited.csv\"");
    let bare = file.body.strip_prefix('\u{feff}').unwrap();
    let mut reader = csv::Reader::from_reader(bare.as_bytes());
    let head: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), 5);
    let at = |name: &str| head.iter().position(|one| one == name).unwrap();
    assert!(records.iter().any(|one| &one[at("external_id")] == "l-3"));
    for one in &records {
        assert!(!one[at("description")].starts_with('='), "{one:?}");
        assert!(one[at("description")].ends_with("Ŵyn"), "{one:?}");
    }
    assert_eq!(ann.get("/queues/none/export").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn somebody_is_put_on_record_and_their_record_changed() {
    let office = office().await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let mut bo = Browsing::signed_in(&office, "Bo Carr", "manager").await;
    assert!(!ann.get("/people").await.has("Add a person"));
    assert!(bo.get("/people").await.has("Add a person"));
    let none = bo.post("/people/new", &[("name", " "), ("reference", "T-9")]).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(none.has("Give a name.") && none.body.contains("value=\"T-9\""), "{}", none.text());
    // Nor is a name one that nobody sees.
    let unseen = bo.post("/people/new", &[("name", "\u{200b}\u{ad}")]).await;
    assert_eq!(unseen.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unseen.has("Give a name."), "{}", unseen.text());
    let fields = [
        ("name", "Ada Wynne"),
        ("reference", "T-9"),
        ("language", "cy"),
        ("emails", "ada@mail.example\nno address"),
        ("phones", "0115 496 0177"),
        ("why", "Rang about a neighbour"),
    ];
    let wrong = bo.post("/people/new", &fields).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("href=\"#emails\"") && wrong.has("no address"), "{}", wrong.text());
    let fields = fields.map(|(name, value)| match name {
        "emails" => (name, "ada@mail.example"),
        _ => (name, value),
    });
    let added = bo.post("/people/new", &fields).await;
    let own = added.leads().split('?').next().unwrap().to_owned();
    let page = bo.get(added.leads()).await;
    for text in ["Ada Wynne", "T-9", "ada@mail.example", "0115 496 0177", "Change the record"] {
        assert!(page.has(text), "{text}: {}", page.text());
    }
    // A colleague changes it meanwhile: nothing is lost and nothing overwritten.
    let form = bo.get(&format!("{own}/edit")).await;
    let was = form.field("was");
    let theirs = [("was", was.as_str()), ("name", "Ada Wyn"), ("emails", "ada@mail.example")];
    bo.post(&format!("{own}/edit"), &theirs).await.leads();
    let late = [("was", was.as_str()), ("name", "Ada Wynn"), ("emails", "wynn@mail.example")];
    let refused = bo.post(&format!("{own}/edit"), &late).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.has("Somebody changed this record") && refused.has("wynn@mail.example"));
    let was = refused.field("was");
    let again = [("was", was.as_str()), ("name", "Ada Wynn"), ("emails", "wynn@mail.example")];
    bo.post(&format!("{own}/edit"), &again).await.leads();
    let id = own.rsplit('/').next().unwrap();
    let stored = record(&office, id).await;
    assert_eq!(stored["name"], "Ada Wynn");
    assert_eq!(stored["identifiers"].as_array().unwrap().len(), 1, "{stored}");
    assert_eq!(stored["identifiers"][0]["value"], "wynn@mail.example");
    let trail = bo.get("/audit?by=Bo+Carr").await;
    assert!(trail.has(&format!("Made the record {id}")), "{}", trail.text());
    // What restricts somebody is not changed by it, nor what is shared with others.
    let before = record(&office, "P-1").await;
    let form = bo.get("/people/P-1/edit").await;
    let was = form.field("was");
    let emails = before["identifiers"][0]["value"].as_str().unwrap();
    let new = [("was", was.as_str()), ("name", "Jo D."), ("emails", emails)];
    bo.post("/people/P-1/edit", &new).await.leads();
    assert_eq!(record(&office, "P-1").await["restrictions"], before["restrictions"]);
}

#[tokio::test]
async fn a_form_that_is_sent_twice_puts_one_person_on_record() {
    let office = office().await;
    let mut bo = Browsing::signed_in(&office, "Bo Carr", "manager").await;
    let id = bo.get("/people/new").await.field("id");
    let ada = [("id", id.as_str()), ("name", "Ada Wynne"), ("emails", "no address")];
    // What is wrong with it is mended under the same id.
    let wrong = bo.post("/people/new", &ada).await;
    assert_eq!((wrong.status, wrong.field("id")), (StatusCode::UNPROCESSABLE_ENTITY, id.clone()));
    let ada = [("id", id.as_str()), ("name", "Ada Wynne"), ("emails", "ada@mail.example")];
    let added = bo.post("/people/new", &ada).await;
    assert_eq!(added.leads(), format!("/people/{id}?tab=identifiers"));
    let stored = record(&office, &id).await;
    // Pressed again, or gone back to and filled in for somebody else.
    for name in ["Ada Wynne", "Bea Moss"] {
        let fields = [("id", id.as_str()), ("name", name), ("emails", "bea@mail.example")];
        let again = bo.post("/people/new", &fields).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(again.has("Somebody was put on record with this form already"), "{}", again.text());
        assert!(again.body.contains("bea@mail.example"), "what was typed is given back");
        assert_eq!(record(&office, &id).await, stored);
    }
    assert!(!bo.get("/people?q=Bea").await.has("Bea Moss"));
    // An id of somebody else's is none of a form's.
    let before = record(&office, "P-1").await;
    let other = bo.post("/people/new", &[("id", "P-1"), ("name", "Cy Dunn")]).await;
    assert_ne!(other.leads(), "/people/P-1?tab=identifiers");
    assert_eq!(record(&office, "P-1").await, before);
    assert_ne!(bo.get("/people/new").await.field("id"), id);
}
