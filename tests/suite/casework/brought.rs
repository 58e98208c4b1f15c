//! Cases that were decided elsewhere go on here by the days of the file, on every store: a JSON list with whole
//! cases, and a spreadsheet register.

use std::sync::Arc;

use contact_gateway::casework::Fault;
use contact_gateway::casework::import::{
    Format, Imported, Listed, Mapping, Missing, decode, read_people, read_register,
};
use contact_gateway::ports::Store;
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::memory::Memory;
use contact_gateway::store::redis::Redis;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::rig::{CaseOffice, profile, shipped, staff};
use crate::store_contract::servers;

const CASES: &str = include_str!("../../imports/case-file.json");
const REGISTER: &str = include_str!("../../imports/register.csv");
const MAPPING: &str = include_str!("../../imports/register.toml");

const STAFF: [(&str, &str); 2] = [("Ann", "agent"), ("Max", "manager")];

fn office(store: Arc<dyn Store>) -> CaseOffice {
    let laid = json!({
        "responsible": {"decides": "manager"}, "review": {"on_overdue": "lapse"},
        "appeal": {"in_force_during": true, "heard_by": "manager"}
    });
    let office =
        CaseOffice::open(store, profile(&shipped("tuntum.toml"), Some(&laid)), &staff(&STAFF));
    office.clock.set("2026-03-02T10:00:00Z".parse().unwrap());
    office
}

fn listed(office: &CaseOffice) -> Vec<Listed> {
    read_people(CASES, Format::Json, &office.organisation, |_, _| {}).unwrap()
}

fn registered(office: &CaseOffice, text: &str) -> Result<Vec<Listed>, Vec<String>> {
    let mapping = Mapping::read(MAPPING).unwrap();
    read_register(text, &mapping, &office.organisation, |_, _| {})
        .map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

async fn import(office: &CaseOffice, people: Vec<Listed>) -> Result<Imported, Fault> {
    office.desk().import(&office.organisation, people, Missing::Refuse, "Ann".into()).await
}

async fn case(office: &CaseOffice, person: &str) -> Value {
    office.get("Max", &format!("/api/v1/people/{person}/case")).await.json()
}

/// The diary of a person as `what about due state`.
async fn diary(office: &CaseOffice, person: &str) -> Vec<String> {
    let found = office.get("Max", &format!("/api/v1/diary?person={person}")).await.json();
    let entries = found["entries"].as_array().or_else(|| found["diary"].as_array());
    let entries = entries.unwrap_or_else(|| panic!("{found}")).clone();
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    let keys = ["what", "about", "due", "state"];
    entries.iter().map(|entry| keys.map(|key| text(entry, key)).join(" ")).collect()
}

fn has(entries: &[String], entry: &str) {
    assert!(entries.iter().any(|one| one == entry), "{entry}: {entries:#?}");
}

async fn a_whole_case_goes_on(store: Arc<dyn Store>) {
    let office = office(store);
    let desk = office.desk();
    let planned = desk
        .preview_import(&office.organisation, listed(&office), Missing::Refuse, "Ann".into())
        .await
        .unwrap();
    assert_eq!((planned.added, planned.cases, planned.planned.len()), (2, 1, 2));
    assert_eq!(
        office.get("Max", "/api/v1/people/P-1").await.status,
        404,
        "a dry run writes nothing"
    );

    let done = import(&office, listed(&office)).await.unwrap();
    assert_eq!((done.people, done.added, done.cases, done.restrictions), (2, 2, 1, 2));
    let again = import(&office, listed(&office)).await.unwrap();
    assert_eq!((again.unchanged, again.cases, again.kept), (2, 0, Vec::new()));

    let file = case(&office, "P-1").await;
    assert_eq!(file["in_force"], json!(["R-1", "R-2"]), "{file}");
    let restraint =
        file["restraints"].as_array().unwrap().iter().find(|one| one["restriction"] == "R-1");
    let restraint = restraint.unwrap();
    assert_eq!(
        (&restraint["decided"], &restraint["letter_sent"]),
        (&json!("2025-01-30"), &json!("2025-01-31"))
    );
    assert_eq!(
        (&restraint["implemented"], &restraint["decided_elsewhere"]),
        (&json!("2025-02-03"), &json!(true))
    );
    let missing = file["missing"].as_array().unwrap();
    let lacks = |id: &str, what: &str| missing.contains(&json!({"restriction": id, "what": what}));
    assert!(!lacks("R-1", "letter") && lacks("R-2", "letter"), "{missing:?}");

    let entries = diary(&office, "P-1").await;
    has(&entries, "review R-1 2026-07-06 upcoming");
    has(&entries, "review R-1 2026-02-03 met");
    // 20 working days from its receipt elsewhere.
    has(&entries, "appeal_answer A-1 2026-03-02 due");

    // The review of R-1 lapses at the end of its day.
    for (at, held) in [("2026-07-06T22:00:00Z", true), ("2026-07-06T23:00:00Z", false)] {
        office.clock.set(at.parse().unwrap());
        let in_force = case(&office, "P-1").await["in_force"].clone();
        assert_eq!(in_force.as_array().unwrap().contains(&json!("R-1")), held, "{at}: {in_force}");
    }
}

async fn a_whole_case_comes_by_the_api(store: Arc<dyn Store>) {
    let office = office(store);
    let imported = async |query: &str, body: &str| {
        let path = format!("/api/v1/imports{query}");
        office.ask("POST", "Max", &path, &[], body.to_owned()).await
    };
    let planned = imported("?dry_run=true", CASES).await;
    assert_eq!(planned.status, 200, "{planned:?}");
    assert_eq!(planned.json()["would"].as_array().unwrap().len(), 2, "{}", planned.json());
    assert_eq!(office.get("Max", "/api/v1/people/P-1").await.status, 404, "nothing is written");

    let done = imported("?reason=Our%20register", CASES).await.json();
    let counts = |done: &Value| {
        ["people", "restrictions", "unchanged", "cases"].map(|key| done[key].clone())
    };
    assert_eq!(counts(&done), [json!(2), json!(2), json!(0), json!(1)], "{done}");
    assert_eq!(done["would"], Value::Null);
    let file = case(&office, "P-1").await;
    assert_eq!(file["in_force"], json!(["R-1", "R-2"]), "{file}");
    has(&diary(&office, "P-1").await, "review R-1 2026-07-06 upcoming");
    let again = imported("", CASES).await.json();
    assert_eq!(counts(&again), [json!(2), json!(2), json!(2), json!(0)], "{again}");

    let faulty = CASES.replacen("\"ground\": \"demands\"", "\"ground\": \"rudeness\"", 1);
    let refused = imported("", &faulty).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    let problem = refused.json();
    let fault = &problem["faults"][0];
    let (path, message) = (fault["path"].as_str().unwrap(), fault["message"].as_str().unwrap());
    assert!(path.starts_with("[0].case.incidents[0]"), "{problem}");
    assert!(message.contains("line "), "{problem}");
    let not_allowed = office.ask("POST", "Ann", "/api/v1/imports", &[], CASES.to_owned()).await;
    assert_eq!(not_allowed.status, 403, "{not_allowed:?}");
}

async fn a_register_goes_on(store: Arc<dyn Store>) {
    let office = office(store);
    // As Excel's plain CSV writes it.
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(REGISTER);
    let read = decode(&bytes, Format::Csv).unwrap();
    assert!(read.notice.is_some());
    let people = || registered(&office, &read.text).unwrap();
    let done = import(&office, people()).await.unwrap();
    assert_eq!((done.people, done.restrictions, done.cases), (4, 4, 4));
    let again = import(&office, people()).await.unwrap();
    assert_eq!((again.unchanged, again.cases, again.kept), (4, 0, Vec::new()));

    let sian = office.get("Max", "/api/v1/people/T-100").await.json();
    assert_eq!(sian["name"], "Siân O’Neill");
    let letters = &sian["restrictions"][0];
    assert_eq!(
        (&letters["starts"], &letters["review_due"]),
        (&json!("2026-01-12"), &json!("2026-07-06"))
    );
    assert_eq!(
        (&letters["kind"], &letters["grounds"]),
        (&json!("channels_only"), &json!("demands"))
    );
    has(
        &diary(&office, "T-100").await,
        "review T-100-channels_only-2026-01-12 2026-07-06 upcoming",
    );

    let al = office.get("Max", "/api/v1/people/T-101").await.json();
    assert_eq!(al["restrictions"][0]["status"], "under_appeal", "{al}");
    assert_eq!(
        (&al["restrictions"][0]["limit"], &al["restrictions"][0]["grounds"]),
        (&json!(2), &json!("demands"))
    );
    let answer = diary(&office, "T-101").await;
    let appeal = "T-101-contact_quota-2026-02-02-appeal-2026-02-16";
    has(&answer, &format!("appeal_answer {appeal} 2026-03-16 upcoming"));

    let bo = case(&office, "T-102").await;
    assert_eq!(bo["appeals"][0]["state"], "notified");
    assert!(bo["appeals"][0]["decision"]["why"].as_str().unwrap().contains("does not say"), "{bo}");
    // Overturned, and so no longer in force.
    let cy = case(&office, "T-103").await;
    assert_eq!(
        (&cy["in_force"], &cy["restrictions"][0]["status"]),
        (&json!([]), &json!("quashed"))
    );

    office.clock.set("2026-07-06T23:00:00Z".parse().unwrap());
    assert_eq!(case(&office, "T-100").await["in_force"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_from_elsewhere_go_on_on_the_embedded_store() {
    let folder = tempfile::tempdir().unwrap();
    a_whole_case_goes_on(Embedded::open(&folder.path().join("cases")).unwrap()).await;
    a_register_goes_on(Embedded::open(&folder.path().join("register")).unwrap()).await;
    a_whole_case_comes_by_the_api(Embedded::open(&folder.path().join("api")).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_from_elsewhere_go_on_on_redis() {
    for way in 0..3 {
        let server = servers::single().await;
        let store: Arc<dyn Store> = Redis::open(&SecretString::from(server.url.clone())).unwrap();
        match way {
            0 => a_whole_case_goes_on(store).await,
            1 => a_register_goes_on(store).await,
            _ => a_whole_case_comes_by_the_api(store).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_a_case_is_named_with_its_place() {
    let office = office(Memory::new());
    let faulty = CASES
        .replace("\"ground\": \"demands\"", "\"ground\": \"noise\"")
        .replace("\"letter_sent\": \"2025-01-31\"", "\"letter_sent\": \"2025-01-03\"")
        .replace("\"restriction\": \"R-2\", \"received\"", "\"restriction\": \"R-9\", \"received\"")
        .replace("\"review_due\": \"2026-07-06\"", "\"review_due\": \"2027-07-06\"");
    let faults = read_people(&faulty, Format::Json, &office.organisation, |_, _| {}).unwrap_err();
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    for (key, says) in [
        ("[0].case.incidents[0].ground", "`noise` is not a ground of the policy: demands"),
        ("[0].case.decisions[0].letter_sent", "is before `decided`"),
        ("[0].case.appeals[0].restriction", "`R-9` is not a restriction of this person"),
        ("[0].restrictions[0].review_due", "12 months after its last review"),
    ] {
        let named = faults.iter().any(|fault| fault.contains(key) && fault.contains(says));
        assert!(named, "{key}: {faults:#?}");
    }
    // What is still to come, no file knows.
    let to_come = CASES.replace("\"at\": \"2026-01-05\"", "\"at\": \"2026-04-05\"");
    let people = read_people(&to_come, Format::Json, &office.organisation, |_, _| {}).unwrap();
    let refused = import(&office, people).await.unwrap_err();
    assert!(
        matches!(&refused, Fault::Invalid(faults) if faults[0].path.contains("case.reviews[0].at")),
        "{refused:?}"
    );
    assert_eq!(office.get("Max", "/api/v1/people/P-1").await.status, 404, "nothing is half done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_a_register_is_named_with_its_row_and_heading() {
    let office = office(Memory::new());
    let faulty = REGISTER
        .replace("12/01/2026", "31/02/2026")
        .replace("2 calls per week", "Banned")
        .replace("Decision upheld", "Upheld")
        .replace("06/07/2026", "06/07/26");
    let faults = registered(&office, &faulty).unwrap_err();
    for (start, says) in [
        ("2: Date Imposed: person \"T-100\": ", "`31/02/2026` is not a date"),
        ("2: Review Date: person \"T-100\": ", "has a year of two digits"),
        ("3: Restriction: person \"T-101\": ", "`Banned` is not a known restriction"),
        ("4: Appeal Outcome: person \"T-102\": ", "`decision upheld` or `appeal upheld`"),
    ] {
        let named = faults.iter().any(|fault| fault.starts_with(start) && fault.contains(says));
        assert!(named, "{start}: {faults:#?}");
    }
    // The policy's own rules hold, as for any file.
    let too_long =
        REGISTER.replace("06/07/2026", "06/07/2027").replace("E-mail only", "Visits in pairs");
    let faults = registered(&office, &too_long.replace("Overturned,,,", "None,,,")).unwrap_err();
    let named = |start: &str| faults.iter().any(|fault| fault.starts_with(start));
    assert!(
        named("2: Review Date: person \"T-100\": it is reviewed later than 12 months"),
        "{faults:#?}"
    );
    assert!(
        named("5: Restriction: person \"T-103\": the policy of Tuntum does not allow"),
        "{faults:#?}"
    );
    let unknown = REGISTER.replace("Notes", "Colour");
    let faults = registered(&office, &unknown).unwrap_err();
    assert!(faults[0].starts_with("1: Colour: is an unknown heading"), "{faults:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_id_of_a_restriction_that_is_over_is_not_used_again() {
    let office = office(Memory::new());
    let list = |kind: &str, status: &str, starts: &str| {
        let text = json!([{"id": "P-1", "name": "Jo", "restrictions": [{
            "id": "R-1", "kind": kind, "status": status, "grounds": "demands", "clause": "8.3", "starts": starts,
            "review_due": "2026-07-06", "decided_by": "Meg", "limit": 2, "per": "week"}]}]);
        read_people(&text.to_string(), Format::Json, &office.organisation, |_, _| {}).unwrap()
    };
    import(&office, list("contact_quota", "ended", "2026-01-12")).await.unwrap();
    let other = list("contact_quota", "active", "2026-02-02");
    let refused = import(&office, other).await.unwrap_err();
    let Fault::Invalid(faults) = refused else { panic!("{refused:?}") };
    assert!(faults[0].message.contains("give the new decision a new id"), "{faults:?}");
    // The same decision may come back: it was ended by mistake.
    import(&office, list("contact_quota", "active", "2026-01-12")).await.unwrap();
    assert_eq!(case(&office, "P-1").await["in_force"], json!(["R-1"]));
    // Nor by a step.
    import(&office, list("contact_quota", "ended", "2026-01-12")).await.unwrap();
    let proposal = json!({
        "act": "propose", "restriction": {"id": "R-1", "kind": "contact_quota", "limit": 1, "per": "week",
                                          "grounds": "demands", "clause": "8.3"}, "incidents": []
    });
    let answer = office.step("Max", "P-1", proposal).await.json();
    let codes = answer["broken"].as_array().unwrap().iter();
    let is_reuse = |one: &Value| one["code"] == "state.wrong" && one["key"] == "restriction.id";
    assert!(codes.clone().any(is_reuse), "{answer}");
}
