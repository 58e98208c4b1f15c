//! A case scenario through the API says what `simulate --cases` says of it, answer for answer.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use contact_gateway::domain::language::Language;
use contact_gateway::domain::letter::Template;
use contact_gateway::domain::reach::Reach;
use contact_gateway::ports::Store;
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::memory::Memory;
use contact_gateway::store::redis::Redis;
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::rig::{CaseOffice, profile};
use crate::cases::files;
use crate::store_contract::servers;

/// Of so many files, by their place in the list, each store takes one.
const EVERY: usize = 6;

fn simulated(profile: &Path, file: &Path) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_contact-gateway"))
        .args(["simulate", "--cases", "--profile"])
        .arg(profile)
        .arg(file)
        .env_remove("CONTACT_GATEWAY_CONFIG")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Takes all steps of a scenario through the API.
async fn through_the_api(store: Arc<dyn Store>, base: &Path, file: &Path) -> Vec<Value> {
    let scenario: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let laid = profile(base, scenario.get("profile"));
    let list = |key: &str| scenario[key].as_array().cloned().unwrap_or_default();
    let mut staff: Vec<(String, String)> = list("staff")
        .iter()
        .map(|one| (text(&one["name"]).to_owned(), text(&one["role"]).to_owned()))
        .collect();
    staff.push(("reader".to_owned(), "governance".to_owned()));
    let mut reach = Reach::default();
    if let Some(template) = scenario["letters"].as_str() {
        reach.letters.english = Template::read("letters", Language::English, template).unwrap();
    }
    let office = CaseOffice::reached_by(store, laid, reach, &staff);
    let people = list("people").into_iter().map(|one| serde_json::from_value(one).unwrap());
    let steps = list("steps");
    office.clock.set(text(&steps[0]["at"]).parse().unwrap());
    office.put_on_record(people.collect()).await;
    let mut answers = Vec::new();
    for (index, step) in steps.into_iter().enumerate() {
        office.clock.set(text(&step["at"]).parse().unwrap());
        answers.push(answered(&office, index + 1, step).await);
    }
    // Each original that was let go went once.
    for contact in answers.iter().filter_map(|answer| answer["released"].as_array()).flatten() {
        assert_eq!(office.times_released(text(contact)), 1, "{contact}");
    }
    answers
}

async fn answered(office: &CaseOffice, number: usize, step: Value) -> Value {
    let Value::Object(mut fields) = step else { panic!("{step}") };
    fields.remove("expect");
    let at = fields.remove("at").unwrap();
    if fields.get("contact").is_some_and(Value::is_object) {
        let mut contact = fields["contact"].clone();
        if contact["at"].is_null() {
            contact["at"] = at;
        }
        return json!(office.contact(&serde_json::from_value(contact).unwrap()).await);
    }
    if let Some(of) = fields.remove("diary") {
        let person = of["person"].as_str().map(|id| format!("?person={id}")).unwrap_or_default();
        let answer = office.get("reader", &format!("/api/v1/diary{person}")).await;
        return json!({ "step": number, "diary": answer.json()["diary"] });
    }
    if let Some(person) = fields.remove("in_force") {
        let answer = office.get("reader", &format!("/api/v1/people/{}/case", text(&person))).await;
        return json!({ "step": number, "in_force": answer.json()["in_force"] });
    }
    if let Some(of) = fields.remove("figures") {
        let path =
            format!("/api/v1/reports/figures?from={}&to={}", text(&of["from"]), text(&of["to"]));
        let mut figures = office.get("reader", &path).await.json()["figures"].take();
        // A simulation has no queues on which anything waits.
        for of_queues in
            ["minutes_to_read", "minutes_to_answer", "read_by_queue", "answered_by_queue"]
        {
            figures[of_queues] = json!({});
        }
        return json!({ "step": number, "figures": figures });
    }
    let (person, by) = (fields.remove("person").unwrap(), fields.remove("by").unwrap());
    taken(office, number, text(&by), text(&person), fields).await
}

async fn taken(
    office: &CaseOffice,
    number: usize,
    by: &str,
    person: &str,
    fields: Map<String, Value>,
) -> Value {
    let answer = office.step(by, person, Value::Object(fields)).await;
    let said = answer.json();
    if !answer.status.is_success() {
        assert_eq!(answer.problem(), "step-refused", "{said}");
        return json!({ "step": number, "ok": false, "refused": said["broken"] });
    }
    let mut shown = json!({ "step": number, "ok": true, "made": said["made"] });
    for key in ["broken", "released"] {
        if !said[key].is_null() {
            shown[key] = said[key].clone();
        }
    }
    shown
}

/// What differs between both, with the step that it is.
fn differences(file: &Path, simulated: &[Value], answered: &[Value]) -> Vec<String> {
    let name = file.file_name().unwrap().to_string_lossy();
    let mut found = Vec::new();
    if simulated.len() != answered.len() {
        found.push(format!("{name}: {} and {} answers", simulated.len(), answered.len()));
    }
    for (index, (one, other)) in simulated.iter().zip(answered).enumerate() {
        if one != other {
            found.push(format!(
                "{name}: step {}:\n  simulated {one}\n  answered  {other}",
                index + 1
            ));
        }
    }
    found
}

async fn compare(files: &[(PathBuf, PathBuf)], mut store: impl FnMut() -> Arc<dyn Store>) {
    let mut found = Vec::new();
    for (profile, file) in files {
        let answered = through_the_api(store(), profile, file).await;
        found.extend(differences(file, &simulated(profile, file), &answered));
    }
    assert!(found.is_empty(), "{} differences\n{}", found.len(), found.join("\n"));
}

/// Others for each store, so that each is seen on one.
fn some(from: usize) -> Vec<(PathBuf, PathBuf)> {
    files().into_iter().skip(from).step_by(EVERY).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenarios_go_through_the_api_as_they_are_simulated() {
    for from in [1, 4] {
        compare(&some(from), || Memory::new()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_scenarios_go_as_they_are_simulated() {
    for from in [2, 5] {
        compare(&some(from), || Memory::new()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenarios_go_the_same_on_the_embedded_store() {
    let folder = tempfile::tempdir().unwrap();
    let mut number = 0;
    compare(&some(0), || {
        number += 1;
        Embedded::open(&folder.path().join(number.to_string())).unwrap()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenarios_go_the_same_on_redis() {
    for (profile, file) in some(3) {
        let server = servers::single().await;
        let store: Arc<dyn Store> = Redis::open(&SecretString::from(server.url.clone())).unwrap();
        compare(&[(profile, file)], || Arc::clone(&store)).await;
    }
}
